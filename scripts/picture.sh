#!/usr/bin/env bash
# Usage: scripts/picture.sh [CHAPTER...]
#
# Makes docs/tour.svg, the picture of the tour in the README, from a real run of these chapters (default:
# hello_world proc_hello) in the virtual machine. The picture has its own background, so that it is readable on light
# and on dark pages. This needs ansifilter and script (Debian: ansifilter, bsdutils).

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

case ${1:-} in
-h | --help) usage && exit ;;
-*) bad_usage "unknown option $1" ;;
esac
(($#)) || set -- hello_world proc_hello
for command in ansifilter script; do
	type -P "$command" >/dev/null || die "this machine lacks $command" "Debian: sudo apt-get install ansifilter bsdutils"
done

cd "$top"
make --no-print-directory vm-modules
mkdir -p build/tmp
ansi=$(mktemp build/tmp/tour.XXXXXX)
svg=$ansi.svg
trap 'rm -f "$ansi" "$svg"' EXIT
# At a terminal, for the colours. The command is one that a person would type.
env -u NO_COLOR TERM=xterm-256color script -qec "make --no-print-directory demo T='$*'" /dev/null </dev/null |
	sed -n 's/\r//g; /A tour of/,$p' >"$ansi"
grep -q 'expectations held' "$ansi" || die "the tour did not finish"

ansifilter --svg --encoding=UTF-8 --font=monospace --doc-title="A tour of the modules" \
	--height="$((20 * $(wc -l <"$ansi") + 30))" --width=930 "$ansi" |
	sed -e 's/^rect {.*/rect { fill: #0d1117; rx: 8px; }/' \
		-e 's/^g { /g { fill: #d1d7e0; /' \
		-e 's/font-weight:bold;fill:#7f7f7f/font-weight:bold;fill:#ffffff/; s/#00cd00/#3fb950/g; s/#00cdcd/#79c0ff/g; s/#cd0000/#ff7b72/g' \
		-e 's/<desc>.*</<desc>A real run of the tour: make demo<\//; s,<//desc>,</desc>,' >"$svg"
mv "$svg" docs/tour.svg
say "docs/tour.svg is made."
