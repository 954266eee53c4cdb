#!/usr/bin/env bash
# Usage: scripts/foreign.sh [--only NAME] [RELEASE]
#        scripts/foreign.sh --list [RELEASE]
#
# Proves that the completed headers of kernel RELEASE (default: KERNEL=RELEASE in the environment, or the one that
# rust-headers.sh chooses) work for Rust modules of other projects. It builds each module with plain `make -C KDIR M=DIRECTORY`,
# without our Makefile and lkm/, loads and unloads it in that kernel, in a virtual machine, and reads the kernel's log. The modules
# are:
#
#   - those of the kernel's own samples/rust/ that its configuration allows: everything that a sample depends on or selects
#     is in the kernel;
#   - those in tests/foreign/: with macros that include generated files, with Rust and C, with several crates;
#   - one of these again, with clippy: make CLIPPY=1.
#
# The output of make and of the machine is in build/foreign/RELEASE/log, which the next run replaces. The last line of stdout is
# "N of N modules".
#
#   --only NAME  build and load only the modules with NAME in their path, for example: samples/rust_minimal
#   --list  only list the samples, and say which of them the configuration allows
#   --help  this text
#
# The exit status is 0 if all of them work, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
choose_platform

list='' only=''
while (($#)); do
	case $1 in
	-h | --help) usage && exit ;;
	--list) list=1 && shift ;;
	--only)
		only=${2:-}
		[[ -n $only ]] || bad_usage "--only needs a NAME"
		shift 2
		;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
(($# <= 1)) || bad_usage "one RELEASE at most"
[[ -z ${1:-} || $1 =~ $a_release ]] || bad_usage "'$1' is not a kernel's release"
[[ -z $list || -z $only ]] || bad_usage "--list lists all samples: leave out --only"

cd "$top"
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh ${1:+"$1"})
release=$(kdir_release "$kdir")
out=$build/foreign/$release
log=$out/log

# samples: prints a line "CONFIG_OPTION module state" for each module in samples/rust/. The state is "allowed", or the condition
# in Kconfig that the kernel's configuration does not meet.
samples() {
	[[ -r $kdir/samples/rust/Kconfig ]] || die "there are no samples in ${kdir#"$top"/}" "scripts/rust-headers.sh $release completes it again."
	awk -F '[= ]' '
		FNR == NR { if (/^CONFIG_/) value[substr($1, 8)] = $2; next }
		FILENAME ~ /Makefile$/ {
			if (match($0, /^obj-\$\(CONFIG_[A-Z0-9_]+\)/)) {
				option = substr($0, 14, RLENGTH - 14); sub(/^.*\+= */, ""); sub(/\.o.*/, ""); module[option] = $0
			}
			next
		}
		function met(condition,    side) {
			gsub(/[ \t()]/, "", condition)
			if (condition ~ /^![A-Z0-9_]+$/) return !(substr(condition, 2) in value)
			if (condition ~ /^[A-Z0-9_]+$/) return condition in value
			if (condition ~ /^[A-Z0-9_]+!?=[ymn]$/) {
				split(condition, side, /!?=/)
				return ((side[1] in value ? value[side[1]] : "n") == side[2]) == (condition !~ /!=/)
			}
			print "cannot understand this of Kconfig: " condition >"/dev/stderr"; exit failed = 1
		}
		function all_met(conditions,    part, any, i, j, n, m, ok) {
			n = split(conditions, part, /&&/)
			for (i = 1; i <= n; i++) {
				m = split(part[i], any, /\|\|/); ok = 0
				for (j = 1; j <= m; j++) if (met(any[j])) ok = 1
				if (!ok) return 0
			}
			return 1
		}
		function done() { if (option in module) print "CONFIG_" option, module[option], (state == "" ? "allowed" : state) }
		FNR == 1 { option = "" }
		/^(config|menuconfig|endif)/ { done(); option = $2; state = "" }
		/^\t(depends on|select) / {
			condition = $0; sub(/^\t(depends on|select) */, "", condition)
			if (!all_met(condition)) { sub(/^\t/, ""); state = $0 }
		}
		END { if (failed) exit 1 }' "$kdir/include/config/auto.conf" "$kdir/samples/rust/Makefile" "$kdir/samples/rust/Kconfig"
}

all=$(samples)
if [[ -n $list ]]; then
	printf '%s\n' "$all"
	exit
fi

# build_in DIRECTORY ARG…: builds it with plain make. (A kernel built by clang needs modules built by clang.)
build_in() {
	local llvm=()
	[[ $(kdir_config "$kdir" CC_IS_CLANG) != y ]] || llvm=(LLVM=1)
	scripts/sandbox.sh make --no-print-directory -k -C "$kdir" M="$out/$1" "${llvm[@]}" "${@:2}"
}

# expected: prints the modules that should be built.
expected() {
	{
		awk '$3 == "allowed" { print "samples/" $2 ".ko" }' <<<"$all"
		for directory in tests/foreign/*/; do
			sed -n "s,^obj-m := \(.*\)\.o,$(basename "$directory")/\1.ko,p" "$directory/Kbuild"
		done
		sed -n 's,^obj-m := \(.*\)\.o,clippy/\1.ko,p' tests/foreign/mixed/Kbuild
	} | { grep -F -- "$only" || :; }
}

# build_all: copies the directories with modules, and builds them.
build_all() {
	local options source directory failed=0
	for directory in $(printf '%s\n' "${built[@]%%/*}" | uniq); do
		options=()
		case $directory in
		samples)
			source=$kdir/samples/rust
			mapfile -t options < <(awk 'FNR == NR { wanted[$1]; next } ("samples/" $2 ".ko") in wanted { print $1 "=m" }' \
				<(printf '%s\n' "${built[@]}") - <<<"$all")
			;;
		clippy) source=tests/foreign/mixed options=(CLIPPY=1) ;;
		*) source=tests/foreign/$directory ;;
		esac
		cp -r "$source" "$out/$directory"
		build_in "$directory" "${options[@]}" || failed=1
	done
	return "$failed"
}

# needed_modules: gets the kernel's own modules that these depend on, and notes the order for loading them. Debian has them in the
# image's package, or in one beside it.
needed_modules() {
	local wanted name package version
	wanted=$(for name in "${built[@]}"; do scripts/sandbox.sh modinfo -F depends "$out/$name"; done | tr , '\n' | grep . | sort -u) || :
	: >"$out/needed"
	[[ -n $wanted ]] || return 0
	version=$(scripts/sandbox.sh scripts/rust-headers.sh --source "$release")
	version=${version#*=}
	mkdir -p "$out/deb" "$out/needed-modules"
	for package in "linux-modules-$release" "linux-image-$release" "linux-image-$release-unsigned"; do
		# shellcheck disable=SC2016 # for the inner shell
		scripts/sandbox.sh bash -c 'cd "$1" && apt-get download "$2"' - "$out/deb" "$package${cross:+:$debian_arch}=$version" || continue
		# shellcheck disable=SC2016
		scripts/sandbox.sh bash -c '
			cd "$1"
			dpkg-deb --fsys-tarfile deb/*.deb | tar -x --strip-components=1 --wildcards -C needed-modules "*.ko*"
			rm -r deb/*.deb
			modules=$(find needed-modules -type d -path "*/lib/modules/$2") && [[ -n $modules ]] || exit
			touch "$modules"/modules.{order,builtin,builtin.modinfo}
			depmod -b "${modules%/lib/modules/*}" "$2"
			for name in $3; do
				modprobe -d "$PWD/${modules%/lib/modules/*}" -S "$2" --show-depends "$name" || exit
			done | while read -r _ file _; do
				cp "$file" . && file=${file##*/}
				[[ $file != *.xz ]] || { xz -d "$file" && file=${file%.xz}; }
				echo "$file"
			done | awk "!seen[\$0]++" >needed
			rm -r needed-modules' - "$out" "$release" "$(tr '\n' ' ' <<<"$wanted")" && return
	done
	echo "no package has these modules of the kernel: $wanted"
	return 1
}

load_all() {
	local status=0
	mkdir "$out/load"
	(cd "$out" && shopt -s nullglob && cp --parents "${built[@]}" needed ./*.ko load/)
	printf '%s\n' "${built[@]}" >"$out/load/modules"
	scripts/vm.sh --kernel "$release" --add "$out/load" bash tests/foreign/load.sh >"$out/load.tap" || status=$?
	cat "$out/load.tap"
	return "$status"
}

mapfile -t built < <(expected)
((${#built[@]})) || die "no module has '$only' in its path" "There are: $(only='' && expected | sed 's/\.ko$//' | paste -sd ' ')"
lock "$out.lock" "it is building modules for $release"
rm -rf "$out"
mkdir -p "$out"
steps 3 "$log"
step "Building ${#built[@]} modules of other projects" "not all modules could be built against the headers of $release" build_all
for name in "${built[@]}"; do
	[[ -s $out/$name ]] || die "$name was not made" "The whole output is in ${log#"$top"/}."
done
step "Getting the kernel's modules that they need" "apt-get could not get the modules of $release" needed_modules
step "Loading and unloading them in $release" "not all of them work: see ${out#"$top"/}/load.tap" load_all
find "$out" -mindepth 1 -maxdepth 1 ! -name log ! -name load.tap -exec rm -r {} +
echo "${#built[@]} of ${#built[@]} modules"
