#!/usr/bin/env bash
# Usage: scripts/rust-headers.sh [RELEASE]
#        scripts/rust-headers.sh --list
#        scripts/rust-headers.sh --check [KDIR]
#        scripts/rust-headers.sh --source [RELEASE]
#        scripts/rust-headers.sh --needs
#        scripts/rust-headers.sh --deb [RELEASE]
#        scripts/rust-headers.sh --deb-hook
#        rust-headers --install [RELEASE]
#        rust-headers --remove [RELEASE]
#
# Adds the missing Rust metadata to Debian's packaged headers of kernel RELEASE. It makes the metadata from the kernel's source,
# and proves that it belongs to the kernel: every Rust symbol that the kernel exports must come out again. It prints the path
# of the completed build tree, for: make KDIR=...
#
# In the sandbox of a checkout (scripts/sandbox.sh scripts/rust-headers.sh) the default for RELEASE is the newest kernel whose
# image, headers and source are in the archive in the same version. On your own Debian it is the running kernel. KERNEL=RELEASE
# in the environment overrides both.
#
#   --list   list the kernels that apt knows, newest first: which are completed, which can be, and why others cannot
#   --check  say if a build tree (default: the running kernel's) is complete and fits its kernel, and which compiler it
#            needs
#   --source print the source package of RELEASE, as PACKAGE=VERSION
#   --needs  print the Debian packages that are needed for completing headers
#   --deb    make a Debian package of the metadata, build/packages/linux-librust-*.deb, and print its path. Where it is
#            installed, anybody can build Rust modules with make -C /lib/modules/RELEASE/build M=$PWD
#   --deb-hook  make the Debian package rust-headers, and print its path. It has this tool as /usr/sbin/rust-headers, and a
#            hook that runs --install whenever headers of a kernel are installed
#   --install  (as root) put the metadata beside the installed headers of RELEASE. It comes from a ready package if there is
#            one (/etc/rust-headers.conf); otherwise it is made
#   --remove   (as root) remove what --install has put there; without RELEASE, for all kernels whose headers are gone
#   --help   this text
#
# Only --install and --remove need root. The exit status is 0 if the tree is complete, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
. "$top/scripts/packages.sh"
. "$top/scripts/installed.sh"
choose_platform

# The command that messages name: the script of a checkout, or the program of the package rust-headers.
tool=${RUST_HEADERS_TOOL:-scripts/rust-headers.sh}
newer_lists="sudo apt-get update"
! in_sandbox || newer_lists="scripts/sandbox.sh --rebuild true"

# Packages of another architecture have its name after theirs.
foreign=${cross:+:$debian_arch}

# Lines of "package version" for every kernel of this architecture that apt knows.
archive() {
	apt-cache pkgnames linux- | sed -nE 's/^(linux-(headers|binary|image|source)-[a-z-]*[0-9][^:]*).*/\1/p' |
		sort -u | sed -E "/^linux-source-/!s/\$/$foreign/" |
		xargs -r apt-cache madison | awk '{ sub(/:.*/, "", $1); print $1, $3 }' | sort -u
}

# Lines of "release version image-package source-package state", newest release first. The state is "possible",
# or why that kernel cannot be completed.
kernels_of_archive() {
	archive | awk '
		{ has[$1, $2] = 1 }
		$1 ~ /^linux-headers-[0-9]/ && $1 !~ /-common(-[a-z]+)?$/ {
			release = substr($1, length("linux-headers-") + 1); n++; releases[n] = release; versions[n] = $2
		}
		END {
			for (i = 1; i <= n; i++) {
				release = releases[i]; version = versions[i]
				match(release, /^[0-9]+\.[0-9]+/); source = "linux-source-" substr(release, 1, RLENGTH)
				image = ""
				names = "linux-binary-" release " linux-image-" release
				names = names " linux-binary-unsigned-" release " linux-image-" release "-unsigned"
				count = split(names, name, " ")
				for (k = count; k; k--) if ((name[k], version) in has) image = name[k]
				state = "possible"
				if (!((source, version) in has)) state = "the source of that version is gone"
				else if (image == "") state = "no image yet, or no longer"
				print release, version, (image == "" ? "-" : image), source, state
			}
		}' | sort -k1,1Vr -k2,2Vr
}

# Only the headers package shows how a kernel is configured. The Rust part of the configuration is kept in $known/RELEASE_VERSION.
known=$kernels/known

# learn <KERNELS: downloads the configurations of kernels that may be possible to complete, unless they are known.
learn() {
	local release version state file known_fd work_fd wanted=()
	while read -r release version _ _ state; do
		[[ $state != possible || -e $known/${release}_$version ]] || wanted+=("linux-headers-$release$foreign=$version")
	done
	((${#wanted[@]})) || return 0
	((${#wanted[@]} == 1)) || say "Getting the configuration of ${#wanted[@]} kernels, once …"
	mkdir -p "$known"
	# (A run holds the lock of its directory. One without a lock was left by a run that was ended.)
	exec {known_fd}<"$known"
	flock "$known_fd"
	for work in "$known"/new.??????; do
		if [[ -d $work ]] && flock -n "$work" true; then rm -rf "$work"; fi
	done
	work=$(mktemp -d "$known/new.XXXXXX")
	exec {work_fd}<"$work"
	flock "$work_fd"
	exec {known_fd}>&-
	(cd "$work" && apt-get download "${wanted[@]}" >/dev/null 2>log) ||
		warn "apt-get could not download all configurations: $(tail -n 1 "$work/log")"
	for file in "$work"/*.deb; do
		[[ -e $file ]] || continue
		# (What is wrong with a file that is cut off, or with the disk, must not be remembered as the configuration.)
		if release=$(dpkg-deb -f "$file" Package) && release=${release#linux-headers-} &&
			dpkg-deb --fsys-tarfile "$file" | tar -xO "./usr/src/linux-headers-$release/.config" >"$work/config" &&
			{ grep -E '^CONFIG_RUST(C_VERSION_TEXT)?=' "$work/config" || (($? == 1)); } >"$work/known"; then
			mv "$work/known" "$known/${release}_$(dpkg-deb -f "$file" Version)"
		else
			warn "${file##*/} is damaged, or the disk is full"
		fi
	done
	rm -r "$work"
	exec {work_fd}>&-
}

# judged <KERNELS: prints the same lines, but with states that also consider the configurations.
judged() {
	local release version image source state file wanted here
	here=$(version_of rustc)
	while read -r release version image source state; do
		file=$known/${release}_$version
		if [[ $state == possible && -e $file ]]; then
			wanted=$(sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="\(.*\)"/\1/p' "$file")
			if ! grep -qx CONFIG_RUST=y "$file"; then
				state="built without CONFIG_RUST"
			elif in_sandbox && [[ $wanted != "$here" ]]; then
				state="built by ${wanted%% (*}, but this is ${here%% (*}"
			fi
		fi
		echo "$release $version $image $source $state"
	done
}

# The newest release that can be completed, of the plain flavour and with a signed image.
newest() {
	local all kernel release
	all=$(kernels_of_archive)
	while read -r kernel; do
		learn <<<"$kernel"
		release=$(judged <<<"$kernel" | awk '$5 == "possible" { print $1 }')
		[[ -z $release ]] || { echo "$release" && return; }
	done < <(awk -v flavour="$debian_arch" '
		$5 == "possible" && $3 !~ /unsigned/ && $1 ~ "[0-9]-" flavour "$"' <<<"$all")
}

list() {
	local release version image source state all
	all=$(kernels_of_archive)
	learn <<<"$all"
	printf '%-34s %-24s %s\n' KERNEL PACKAGE STATE
	while read -r release version image source state; do
		if is_complete "$release" "$version"; then
			state=completed
		elif [[ $state == possible ]]; then
			state="can be completed"
		else
			state="cannot be: $state"
		fi
		[[ $image != *unsigned* ]] || state+=" (its image is not signed yet)"
		printf '%-34s %-24s %s\n' "$release" "$version" "$state"
	done < <(judged <<<"$all")
}

check() {
	local kdir=${1:-$(default_kdir)} missing rustc file
	[[ -f $kdir/include/config/auto.conf ]] || die "not the build tree of a kernel: $kdir"
	needs_temporary
	echo "kernel:       $(kdir_release "$kdir")"
	echo "CONFIG_RUST:  $(kdir_config "$kdir" RUST | grep . || echo off)"
	echo "rustc wanted: $(kdir_config "$kdir" RUSTC_VERSION_TEXT)"
	rustc=$(fitting_rustc "$kdir" || :)
	echo "rustc found:  ${rustc:-none that fits}"
	# Only that compiler can read which other crates a crate needs.
	missing=$(if [[ -n $rustc ]]; then all_missing "$kdir" "$rustc"; else missing_metadata "$kdir"; fi)
	if [[ -n $missing ]]; then
		while read -r file; do echo "metadata:     incomplete, $file is missing"; done <<<"$missing"
		exit 1
	fi
	echo "metadata:     complete$([[ -n $rustc ]] || echo ", as far as one can tell without that compiler")"
	# (Arch's tree has all that a module needs, but not these.)
	if ! compgen -G "$kdir/rust/exports_*_generated.h" >/dev/null; then
		echo "symbols:      cannot be compared, because this tree does not say which were made"
	elif [[ ! -r $kdir/Module.symvers ]]; then
		echo "symbols:      cannot be compared, because this tree does not say which the kernel has"
	else
		compare_symbols "$kdir" || exit
	fi
}

# compare_symbols KDIR: checks that exactly those Rust symbols were made again that the kernel exports. Their names contain a
# hash of the crate and of the compiler.
compare_symbols() {
	local kernel made
	kernel=$(awk -F '\t' '$3 == "vmlinux" && $2 ~ /^(_R|rust_)/ { print $2 }' "$1/Module.symvers" | LC_ALL=C sort)
	made=$(sed -n 's/^EXPORT_SYMBOL_RUST_GPL(\(.*\));$/\1/p' "$1"/rust/exports_*_generated.h | LC_ALL=C sort)
	if [[ -n $kernel && $kernel == "$made" ]]; then
		echo "symbols:      all $(wc -l <<<"$kernel") that the kernel exports"
		return
	fi
	echo "symbols:      they are not the kernel's"
	LC_ALL=C comm -23 <(echo "$kernel") <(echo "$made") | grep . | head -n 3 | sed 's/^/  only in the kernel: /' || :
	LC_ALL=C comm -13 <(echo "$kernel") <(echo "$made") | grep . | head -n 3 | sed 's/^/  only made here:     /' || :
	return 1
}

# The packages that are needed for making the metadata on one's own Debian. A second word is the package's program or file, if
# that has another name. README.md names the same packages.
needed=(
	make gcc bc flex bison "dwarves pahole" openssl python3 "xz-utils xz"
	"libelf-dev /usr/include/libelf.h" "libssl-dev /usr/include/openssl/opensslv.h"
	# (Without rustfmt, bindgen breaks lines elsewhere. The metadata contains line numbers, so it would differ.)
	rustc rustfmt "rust-src /usr/lib/rustlib/src/rust/library/core/src/lib.rs" bindgen clang
)

# needs: names all missing programs in one message.
needs() {
	local line package it packages=() missing=()
	for line in "apt apt-get" "dpkg dpkg-deb" "${needed[@]}"; do
		package=${line% *} it=${line#* }
		[[ $it == /* && -e $it ]] || type -P "$it" >/dev/null || { packages+=("$package") && missing+=("$it"); }
	done
	((${#missing[@]} == 0)) || die "this machine lacks: ${missing[*]}" \
		"Debian: sudo apt-get install ${packages[*]}" \
		"Or use the sandbox of a checkout: scripts/sandbox.sh scripts/rust-headers.sh $release"
}

# With --install: the version of the installed headers. (Then no kernel image is needed, because nothing is booted.)
installed=''

download() {
	local depends package packages=("linux-headers-$release$foreign=$version" "$source=$version")
	[[ -n $installed ]] || packages+=("$image$foreign=$version")
	depends=$(apt-cache show "linux-headers-$release$foreign=$version" | sed -n 's/^Depends: //p')
	while read -r package; do
		packages+=("$package=$version")
	done < <(grep -oE 'linux-(headers|kbuild)-[^ ,]*' <<<"$depends")
	mkdir "$work/deb"
	(cd "$work/deb" && apt-get download "${packages[@]}")
}

# left_out: patterns for the nine tenths of the kernel's source that the Rust metadata does not depend on. (Kconfig reads a file in
# every directory, and the bindings include headers of some drivers.)
left_out() {
	local directory arch
	for directory in drivers sound fs net; do printf '%s\n' "$source/$directory/*."{c,S}; done
	for directory in drivers/{accel,gpu,infiniband,media,net,scsi,staging} sound; do echo "$source/$directory/*.h"; done
	printf '%s\n' "$source"/tools/{perf,testing} "$source/Documentation/*.*"
	# All architectures whose names begin with another letter.
	arch=$(sed -n 's/^override ARCH = //p' "$work/build/.kernelvariables")
	arch=${arch:-$ARCH}
	printf '%s\n' "$source/arch/[!${arch::1}]*/*."{c,h,S,dts,dtsi}
}

# unpack_source [PATTERN…]: unpacks the source, except for the files that match a PATTERN.
#
# The parsers of the procedural macros are compiled without optimisation. That saves a minute of CPU time, and the macros produce
# the same code.
unpack_source() {
	mkdir -p "$work/source"
	tar --no-same-owner -xf "$work/unpacked/usr/src/$source".tar.* -C "$work/source" --strip-components=1 "${@/#/--exclude=}"
	sed -i.packaged 's/ --crate-type rlib -O / --crate-type rlib /' "$work/source/rust/Makefile"
}

unpack() {
	local deb tree patterns
	mkdir "$work"/{unpacked,build}
	for deb in "$work"/deb/*.deb; do
		if [[ $deb == */"$image"[_.]* ]]; then
			# (An older image package also has all modules.)
			dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/unpacked" --wildcards '*/vmlinuz*'
		else
			dpkg-deb -x "$deb" "$work/unpacked"
		fi
	done
	dpkg-deb --field "$work"/deb/linux-headers-"$release"*.deb >"$work/control"
	rm -r "$work/deb"
	[[ -n $installed ]] || cp "$(find "$work/unpacked" -name 'vmlinuz*' -type f)" "$work/vmlinuz"

	# Debian's headers are in three packages, with links by absolute path from one to the other. This makes one tree of
	# them, which needs no root and can be moved.
	rm -f "$work"/unpacked/usr/src/linux-headers-*/{scripts,tools}
	for tree in "$work"/unpacked/usr/src/linux-headers-{*-common*,"$release"} "$work"/unpacked/usr/lib/linux-kbuild-*; do
		cp -alf "$tree/." "$work/build/"
	done
	cp -lf "$work"/unpacked/usr/src/linux-headers-*-common*/Makefile "$work/build/Makefile"

	mapfile -t patterns < <(left_out)
	unpack_source "${patterns[@]}"
}

# .kernelvariables has the compiler and the names that the kernel was built with. A patch of Debian's makes kbuild read it.
kernel_make() {
	make -C "$work/source" O="$work/object" RUSTC="$work/rustc" "$@"
}

# wrap_rustc: writes a script that calls the compiler, with paths renamed to the place where packages.sh installs the sources. Then
# the output is the same wherever it is made, and messages name files that a reader can open. (kbuild has no variable for
# options of everything that it compiles.)
wrap_rustc() {
	local scope='' place=/usr/src/linux-headers-$release
	# The kernel's own Makefile may rename paths only in some places. This renames them everywhere.
	! "$rustc" --remap-path-scope=all --version >/dev/null 2>&1 || scope=--remap-path-scope=all
	printf '#!/bin/sh\nexec %q %s "$@"\n' "$rustc" \
		"--remap-path-prefix=$work/source=$place --remap-path-prefix=$work/object=$place $scope" >"$work/rustc"
	chmod +x "$work/rustc"
}

# make_from_part ARG…: runs kernel_make. If it fails, too much of the source may have been left out: it tries again with all
# of it.
make_from_part() {
	kernel_make "$@" && return
	echo "Once more, with the whole of the source."
	unpack_source
	kernel_make "$@"
}

configure() {
	mkdir "$work/object"
	cp "$work/build/.config" "$work/object/"
	# The compiler for 32-bit programs is not installed here. It makes only a part of the kernel's image.
	sed -E '/^(override|export) CROSS(32_COMPILE|_COMPILE_COMPAT)/d' "$work/build/.kernelvariables" >"$work/object/.kernelvariables"
	wrap_rustc
	# (syncconfig saves a second run of Kconfig, because the target prepare finds its result. It fails if the source has an option
	# that is not in the configuration. Then olddefconfig shows which.)
	make_from_part syncconfig </dev/null || kernel_make olddefconfig
	# Lines of "< CONFIG_OPTION=the package's" and "> CONFIG_OPTION=ours".
	diff "$work/build/.config" "$work/object/.config" | grep '^[<>]' >"$work/build/differences" || :
	cat "$work/build/differences"
	differences_allowed
}

# Options of the configuration that may differ, because they have no effect on Rust:
# - the versions of tools that work on compiled objects, and the revision of gcc's package. (What a newer gcc can do has options
#   of its own, which may not differ.)
# - the part for 32-bit programs (see configure)
# - whether there is a C library to link programs with. For another architecture there is none.
may_differ='(LD|AS|PAHOLE)_VERSION|CC_VERSION_TEXT|(THUMB2_)?COMPAT_VDSO|CC_CAN_LINK.*'

differences_allowed() { ! grep -vE "^[<>] (# )?CONFIG_($may_differ)[ =]" "$work/build/differences"; }

# These build programs that work on finished objects. There are no such objects here, and linux-kbuild has the programs.
not_needed=(CONFIG_OBJTOOL= CONFIG_DEBUG_INFO_BTF= CONFIG_DEBUG_INFO_BTF_MODULES=)

prepare() { make_from_part -j"$(nproc)" "${not_needed[@]}" prepare; }

assemble() {
	mv "$work/source/rust/Makefile.packaged" "$work/source/rust/Makefile"
	copy_rust_metadata "$work/source" "$work/object" "$work/build"
	# These scripts write rust-project.json; extract-vmlinux is for vm.sh.
	find "$work/source/scripts" -maxdepth 1 -type f \( -name '*rust*' -o -name '*.sh' -o -name Makefile \
		-o -name extract-vmlinux \) \
		-exec cp -an -t "$work/build/scripts" {} +
	local missing
	missing=$(all_missing "$work/build" "$rustc")
	[[ -z $missing ]] || { echo "This was not made:" "$missing" && return 1; }
	rm -rf "$work"/{source,object,unpacked}
}

# module_names: prints the names of the kernel's own modules, for new-module.sh: those for which the configuration has an option that
# can be m (tristate) and is m or y. They are in the Makefiles of its source. (The image's package has them, too, but it is too
# large to be looked through, and not all of it is unpacked.)
module_names() {
	{
		find "$work/source" -name 'Kconfig*' -exec cat {} +
		grep '=[my]$' "$work/build/.config"
		find "$work/source" \( -name Makefile -o -name Kbuild \) -exec sed -z 's/\\\n/ /g' {} +
	} | tr '\0' '\n' | awk '
		/^[ \t]*(menu)?config[ \t]/ { option = $2; next }
		/^[ \t]*(def_)?tristate/ { tristate[option] = 1; next }
		/^CONFIG_[A-Za-z0-9_]+=[my]$/ {
			option = substr($0, 8, length($0) - 9)
			if (/m$/ || option in tristate) built[option] = 1
			next
		}
		match($0, /^[ \t]*obj-\$\(CONFIG_[A-Za-z0-9_]+\)[ \t]*[:+]?=/) {
			option = substr($0, RSTART, RLENGTH); gsub(/^.*CONFIG_|\).*/, "", option)
			if (!(option in built)) next
			$0 = substr($0, RSTART + RLENGTH); sub(/#.*/, "")
			for (i = 1; i <= NF; i++) if ($i ~ /^[A-Za-z0-9_-]+\.o$/) print substr($i, 1, length($i) - 2)
		}' | sort -u
}

# A tree that was completed by another recipe is completed again. (What only compares is not a part of it.)
recipe() {
	declare -f left_out unpack_source unpack module_names kernel_make make_from_part wrap_rustc configure prepare assemble copy_rust_metadata
	echo "${not_needed[*]}"
}

# is_complete RELEASE [VERSION]: succeeds if the tree is complete, and made from that version of the headers. (Debian may give
# several versions the same release. A kernel with a file key was built by source-kernel.sh, and is complete.)
is_complete() {
	[[ ! -e $kernels/$1/key ]] || return 0
	cmp -s "$kernels/$1/recipe" <(recipe) && [[ -z ${2:-} || $(headers_field "$1" Version) == "$2" ]]
}

die_of_rustc() {
	die "no rustc here is the one that built kernel $release" "kernel's rustc: $(kdir_config "$1" RUSTC_VERSION_TEXT)" \
		"the rustc here: $(all_rustc | while read -r rustc; do version_of "$rustc"; done | paste -sd , | grep . || echo none)"
}

complete() {
	local version image source state rustc line what="headers, image and source"
	[[ -z $installed ]] || what="headers and source"
	work=$kernels/$release.partial

	line=$(kernels_of_archive | awk -v release="$release" -v version="$installed" '
		$1 == release && (version == "" || $2 == version) && !n++')
	[[ -n $line ]] || die "apt knows no headers of kernel $release${installed:+ of version $installed}" \
		"$tool --list shows what there is." \
		"Kernels with Rust come from trixie-backports, testing or sid. Is one of these in apt's sources?"
	read -r release version image source state <<<"$line"
	[[ $state == possible || ($state == "no image"* && -n $installed) ]] || die "kernel $release cannot be completed: $state" \
		"$tool --list shows which can be."

	say "Completing the headers of kernel $release, once, in $(completed "$release" | sed "s,^$top/,,")"
	rm -rf "$work"
	mkdir -p "$work"
	steps 6 "$build/log/rust-headers-$release.log"
	step "Downloading $what" \
		"apt-get could not download version $version of linux; the mirror may have a newer one by now ($newer_lists)" \
		download
	step "Unpacking" "could not unpack the packages (is there room on the disk?)" unpack
	module_names >"$work/names"

	[[ $(kdir_config "$work/build" RUST) == y ]] ||
		die "kernel $release was built without Rust (CONFIG_RUST is off)"
	rustc=$(fitting_rustc "$work/build") || die_of_rustc "$work/build"
	# kbuild takes the first rustc of PATH for its own programs, and bindgen the first rustfmt: these may be rustup's.
	[[ $(type -P rustc) == "$rustc" ]] || PATH=$(dirname "$rustc"):$PATH

	step "Configuring as the package was" \
		"the configuration came out different here, because some tool is not the one that built the kernel" configure
	[[ ! -s $work/build/differences ]] || say "$(echo "These options differ from the package's configuration. They have no effect on Rust:" &&
		sed 's/^/  /' "$work/build/differences")"
	step "Making the Rust metadata" "the kernel's source could not be prepared" prepare
	step "Putting the build tree together" "could not put the build tree together (is there room on the disk?)" assemble
	step "Comparing the exported Rust symbols with the kernel's" \
		"the metadata does not fit kernel $release" compare_symbols "$work/build"
	say "$(tail -n 1 "$step_log")"
	recipe >"$work/recipe"
	rm -rf "${kernels:?}/$release"
	mv "$work" "$kernels/$release"
}

source_of='' answer=completed
case ${1:-} in
-h | --help)
	usage | sed "s,^\(Usage:\|      \) scripts/rust-headers\.sh,\1 $tool,; s,build/packages,${packages#"$top"/},"
	exit
	;;
--list | --needs)
	(($# == 1)) || bad_usage "$1 takes no argument"
	if [[ $1 == --list ]]; then list; else printf '%s\n' "${needed[@]%% *}"; fi
	exit
	;;
--check)
	(($# <= 2)) || bad_usage "one KDIR at most"
	check "${@:2}"
	exit
	;;
--source) source_of=1 && shift ;;
--deb) answer=deb && shift ;;
--deb-hook)
	(($# == 1)) || bad_usage "--deb-hook takes no argument"
	deb_hook
	exit
	;;
--install) answer=install_metadata && shift ;;
--remove)
	(($# <= 2)) || bad_usage "one RELEASE at most"
	remove_metadata "${@:2}"
	exit
	;;
-*) bad_usage "unknown option $1" ;;
esac
release=${1:-${KERNEL:-}}
(($# <= 1)) || bad_usage "one RELEASE at most"
[[ -z $release || $release =~ $a_release ]] || bad_usage "'$release' is not a kernel's release"

# Asking apt takes a second. The answer holds as long as the sandbox is the same.
default=$kernels/default-${RUST_LKM_SUITE:-native}
if [[ -z $release ]] && in_sandbox; then
	if [[ -s $default && $default -nt /etc/rust-lkm-recipe ]]; then
		release=$(<"$default")
	else
		release=$(newest)
		[[ -n $release ]] || die "apt knows no kernel that can be completed" "$tool --list shows why."
		mkdir -p "$kernels"
		echo "$release" >"$default"
	fi
fi
release=${release:-$(uname -r)}

if [[ -n $source_of ]]; then
	kernels_of_archive | awk -v release="$release" '$1 == release && !n++ { print $4 "=" $2 } END { exit !n }' ||
		die "apt knows no kernel $release" "$tool --list shows what there is."
	exit
fi

if [[ $answer == install_metadata ]]; then
	install_metadata "$release"
	exit
fi
# A package is made for the version that the archive has now.
wanted=''
if [[ $answer == deb ]]; then
	[[ ! -e $kernels/$release/key ]] || die "kernel $release was built here, so there are no headers that a package could depend on" \
		"Its tree is complete: $(completed "$release")"
	wanted=$(kernels_of_archive | awk -v release="$release" '$1 == release && $5 == "possible" && !n++ { print $2 }')
fi
# (While --deb packs the tree, --install must not remove it.)
if [[ $answer == deb ]] || ! is_complete "$release" "$wanted"; then
	is_complete "$release" "$wanted" || needs
	lock "$kernels/$release.lock" "it is completing the headers of $release"
	is_complete "$release" "$wanted" || complete
	[[ $answer == deb ]] || unlock
fi
"$answer" "$release"
