#!/usr/bin/env bash
# Usage: scripts/matrix.sh [OPTIONS] [PART]
#
# Finds out which of Debian's kernels the modules work with. It takes the newest kernel of each series, from each suite and
# flavour in scripts/platform.sh. For each kernel it completes the headers, builds the modules, runs the tests that need
# a kernel, and tries modules of other projects (scripts/foreign.sh). The tests of the tools (tests/host/) do not depend on the
# kernel: make test runs them.
# With PART, it takes only kernels whose "SUITE ARCH RELEASE" contains PART: 7.3, arm64, "sid x86".
#
# If a series has no signed image yet, it takes the unsigned one. If there is none of these either, on x86, it builds the
# kernel from its source, with the options of tests/sanitized.config.
#
# A table of all results is in build/matrix/kernels.md, and after a run without PART also in docs/kernels.md. The output
# for each kernel is in build/matrix/RELEASE.log, the output of its tests in build/test-RELEASE/.
#
#   --from DIR  build the modules in DIR instead, and run their tests; the table is then only in DIR/build/matrix/kernels.md
#   --again  try all kernels again, and ask the archive again. Otherwise a kernel that has passed is not tried again until the
#            sources change, and the archive is asked once a day
#   --help   this text
#
# If a kernel fails, the others are still tried. Sandboxes and kernels that did not exist before are removed when they are no
# longer needed. The exit status is 0 if all passed, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"

part='' again='' from='' from_option=() of=()
while (($#)); do
	case $1 in
	-h | --help) usage && exit ;;
	--again) again=1 ;;
	--from)
		[[ -n ${2:-} ]] || bad_usage "--from needs a directory"
		from=$(module_directory "$2") || exit
		from_option=(--from "$from") of=("M=$from")
		shift
		;;
	-*) bad_usage "unknown option $1" ;;
	*)
		[[ -z $part ]] || bad_usage "one PART at most"
		part=$1
		;;
	esac
	shift
done

cd "$top"
made=${from:-$top}/build matrix=${from:-$top}/build/matrix lists=$build/matrix
used=()
if [[ -n $from ]]; then
	own_build "$from"
	mapfile -t used < <(used_by "$from")
fi
mkdir -p "$matrix" "$lists"
lock "$lists/lock" "it is trying all kernels"

# sources: prints what a result depends on, apart from the kernel.
sources() {
	[[ -z $from ]] || find "$from" "${used[@]}" \( -name .git -o -name build -o -path "$top" \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
	find Kbuild Makefile ./*.rs lkm startstop scripts tests docs README.md -type f ! -path docs/kernels.md -print0 |
		sort -z | xargs -0 sha256sum
}

# offered SUITE: prints the list of rust-headers.sh for SUITE and ARCH. If it has to ask the archive, it makes their sandbox.
offered() {
	local SUITE=$1
	choose_platform
	local list=$lists/$sandbox_name.list
	if [[ ! $list -nt $lists/begun && (-n $again || -z $(find "$list" -mtime -1 2>/dev/null)) ]]; then
		scripts/sandbox.sh scripts/rust-headers.sh --list >"$list.$$" || return
		mv "$list.$$" "$list"
	fi
	sed 1d "$list"
}

# chosen FLAVOURS <LIST: prints "release version" of the newest kernel of each series and flavour that is completed or can be.
# For a series without a signed image: the newest of the plain flavour, and its source package if it has no image at all.
chosen() {
	awk -v flavours="$1" -v plain="$debian_arch" -v arch="$ARCH" '
		BEGIN { n = split(flavours, list, ","); for (i = 1; i <= n; i++) wanted[list[i]] = 1 }
		{
			match($1, /^[0-9]+\.[0-9]+/); series = substr($1, 1, RLENGTH)
			flavour = $1; sub(/^[^-]*-(rc[0-9]*-)?/, "", flavour)
			unsigned = /not signed/; no_image = /cannot be: no image/ && arch == "x86"
			if (!(flavour in wanted) || (/cannot be:/ && !no_image)) next
		}
		unsigned || no_image {
			if (flavour == plain && !(series in early))
				line[early[series] = ++lines] = $1 " " $2 (no_image ? " linux-source-" series : "")
			next
		}
		!((series, flavour) in seen) { seen[series, flavour] = signed[series] = 1; line[++lines] = $1 " " $2 }
		END {
			for (series in signed) if (series in early) delete line[early[series]]
			for (i = 1; i <= lines; i++) if (i in line) print line[i]
		}'
}

# kernel_of RELEASE [SOURCE=VERSION]: completes the headers, or builds the kernel if its SOURCE is given. Prints the build tree.
kernel_of() {
	if (($# > 1)); then
		scripts/sandbox.sh scripts/source-kernel.sh tests/sanitized.config "$2"
	else
		scripts/sandbox.sh scripts/rust-headers.sh "$1"
	fi
}

# try RELEASE [SOURCE=VERSION]: sets headers, modules, tests and foreign to the result of each step, or to nothing if it was not
# reached.
try() {
	local log=$matrix/$1.log kdir path
	headers='' modules='' tests='' foreign='' rustc='' gcc='' symbols=''
	export KERNEL=$1
	if ! kdir=$(kernel_of "$@" 2>>"$log"); then
		headers=failed
		return 1
	fi
	KERNEL=$(kdir_release "$kdir")
	rustc=$(kdir_config "$kdir" RUSTC_VERSION_TEXT | cut -d ' ' -f 2)
	gcc=$(kdir_config "$kdir" CC_VERSION_TEXT | sed 's/.*\(clang\) version \([^ ]*\).*/\1 \2/; t; s/.* //')
	symbols=$(scripts/sandbox.sh scripts/rust-headers.sh --check "$kdir" | tee -a "$log" |
		sed -n 's/^symbols: *all \([0-9]*\) .*/\1/p')
	headers=${symbols:-failed}
	[[ -n $symbols ]] || return 1
	for path in "${used[@]}"; do make --no-print-directory modules M="$path" >>"$log" 2>&1 || :; done
	if ! make --no-print-directory vm-modules TESTS=1 "${of[@]}" >>"$log" 2>&1; then
		modules=failed
		return 1
	fi
	modules="built${2:+, and the kernel from its source}"
	if grep -qE '(^|: )warning[:[]' "$log"; then modules+=", with warnings"; fi
	local status=0
	scripts/test.sh "${from_option[@]:---guest}" >"$matrix/$1.tests" 2>>"$log" || status=$?
	tests=$(tail -n 1 "$matrix/$1.tests")
	if [[ -n $from ]]; then
		foreign=-
	elif ! foreign=$(scripts/foreign.sh 2>>"$log"); then
		foreign=failed
		status=1
	fi
	return "$status"
}

# A result is one line: KEY DATE SUITE ARCH RELEASE VERSION RUSTC GCC SYMBOLS MODULES TESTS FOREIGN SECONDS VERDICT.
record() {
	local IFS=$'\t'
	echo "$*" >"$matrix/new.result"
	mv "$matrix/new.result" "$matrix/$5.result"
}

# passed_before RELEASE KEY
passed_before() {
	[[ -z $again && -r $matrix/$1.result ]] || return 1
	awk -F '\t' -v key="$2" '{ exit !($1 == key && $NF == "passed") }' "$matrix/$1.result"
}

there() { (cd "$build" && printf '%s\n' sandbox/* kernels/* modules/*); }

# remove_made NAME…: removes those that this run has made, unless another run holds one of the locks among them.
remove_made() {
	local name fd held=()
	for name; do
		[[ $name == *.@(use|lock) && -e $build/$name ]] || continue
		exec {fd}<"$build/$name"
		held+=("$fd")
		if ! flock -n "$fd"; then
			say "build/$1 stays, because another run uses it."
			set --
			break
		fi
	done
	for name; do
		[[ -e $build/$name ]] || continue
		grep -qxF "$name" <<<"$before" || remove "$build/$name"
	done
	for fd in "${held[@]}"; do exec {fd}>&-; done
}

# offered_here: prints the same list without the kernels of the suite below, which is tried by itself. (experimental is on top of
# sid.)
offered_here() {
	local below=''
	[[ $base_suite == "$SUITE" ]] || below=$(offered "$base_suite") || below=''
	offered "$SUITE" | awk -v below="$below" 'index("\n" below, "\n" $1 " ") == 0'
}

try_all_of() {
	local flavours=$1 list release version package key start verdict
	list=$(offered_here) || {
		say "$SUITE $ARCH: ${red}failed${plain}: there is no sandbox"
		failed=1
		return 0
	}
	while read -r release version package; do
		[[ "$SUITE $ARCH $release" == *"$part"* ]] || continue
		grep -qxF "$release" <<<"$done_before" && continue
		done_before+=$'\n'$release
		key=$sources.$version
		if passed_before "$release" "$key"; then
			say "$(printf '%-28s passed before' "$release")"
			continue
		fi
		start=$SECONDS verdict=passed
		say "$(printf '%-28s …' "$release")"
		: >"$matrix/$release.log"
		try "$release" ${package:+"$package=$version"} || verdict=failed
		record "$key" "$(date +%F)" "$SUITE" "$ARCH" "$release" "$version" "${rustc:--}" "${gcc:--}" "${headers:--}" \
			"${modules:--}" "${tests:--}" "${foreign:--}" "$((SECONDS - start))" "$verdict"
		if [[ $verdict == failed ]]; then
			failed=1
			say "$(printf '%-28s %sfailed%s, %d s: %s/%s.log, %s/test-%s/' \
				"$release" "$red" "$plain" "$((SECONDS - start))" "${matrix#"$top"/}" "$release" "${made#"$top"/}" "$KERNEL")"
		else
			say "$(printf '%-28s %spassed%s, %d s: %s' "$release" "$green" "$plain" "$((SECONDS - start))" "$tests")"
		fi
		remove_made "kernels/$KERNEL" "kernels/$KERNEL.lock" "modules/$KERNEL"
	done < <(chosen "$flavours" <<<"$list")
	remove_made "sandbox/$sandbox_name" "sandbox/$sandbox_name.use" "sandbox/$sandbox_name.lock"
}

# table: prints the results, and why the other kernels cannot be tried, as the end of a document.
table() {
	local list
	printf 'Tested on %s.\n\n' "$(cut -f 2 "$matrix"/*.result | sort | tail -n 1)"
	echo '| kernel | package | Debian | rustc | gcc | Rust symbols | modules | tests | not ours | time |'
	echo '|---|---|---|---|---|---|---|---|---|---|'
	cat "$matrix"/*.result | sort -t $'\t' -k 5,5Vr | awk -F '\t' '{
		# (Lines that an older script wrote lack a field.)
		if (NF == 14) printf "| %s%s | %s | %s | %s | %s | %s | %s | %s | %s | %d s |\n",
			$5, $14 == "passed" ? "" : " **failed**", $6, $3, $7, $8, $9, $10, $11, $12, $13 }'
	printf '\nThese suites have more kernels, which cannot be tried:\n\n'
	for list in "$lists"/*.list; do
		sed -n 's/^\([0-9]*\.[0-9]*\)[^ ]* .*cannot be: /\1 /p' "$list" | sort -u |
			awk -v name="$(basename "$list" .list)" '{ series = $1; sub(/^[^ ]* /, ""); print "- " series " in " name ": " $0 }'
	done
}

touch "$lists/begun"
sources=$(sources | sha256sum | cut -c1-16)
before=$(there)
done_before='' failed=0
# This is where a new series is tried first.
export ANY_KERNEL=1
for ((i = ${#suites[@]} - 1; i >= 0; i--)); do
	read -r SUITE _ _ all <<<"${suites[i]}"
	for line in "${arches[@]}"; do
		ARCH=${line%% *}
		export SUITE ARCH
		choose_platform
		# If PART names another suite or architecture, do not make a sandbox for this one.
		for word in $part; do
			if row "$word" "${suites[@]}" >/dev/null && [[ $word != "$SUITE" ]]; then continue 2; fi
			if row "$word" "${arches[@]}" >/dev/null && [[ $word != "$ARCH" ]]; then continue 2; fi
		done
		flavours=$(tr , '\n' <<<"$all" | grep -E "(^|-)$debian_arch(-|\$)" | paste -sd ,) || continue
		try_all_of "$flavours"
	done
done

[[ -n $done_before ]] || die "no kernel has '$part' in its name" "There are: $(cut -d ' ' -f 1 "$lists"/*.list | grep '^[0-9]' | paste -sd ' ')"
table >"$matrix/kernels.md"
if [[ -z $part$from ]]; then
	grep -q '^<!-- make matrix writes' docs/kernels.md || die "docs/kernels.md has no line that begins with: <!-- make matrix writes" \
		"Write this line where the results begin, and call it again. They are in ${matrix#"$top"/}/kernels.md."
	{
		sed '/^<!-- make matrix writes/q' docs/kernels.md
		cat "$matrix/kernels.md"
	} >"$matrix/document.md"
	replace docs/kernels.md "$matrix/document.md"
	say "docs/kernels.md has the results."
else
	say "${matrix#"$top"/}/kernels.md has the results."
fi
exit "$failed"
