# shellcheck shell=bash disable=SC2034,SC2154
# Types README.md's "On your own machine" in a whole Debian. Tests source this after tap.sh and shown.sh, at the top of the
# checkout.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# The lines of the block, the lines up to the reboot, and the lines after it.
block() { sh_block README.md "sudo apt-get install make gcc"; }
before_reboot=$(block | sed '/then reboot/q')
after_reboot=$(block | sed '1,/then reboot/d')

mkdir -p build/tmp build/log
typing=$(mktemp -d "$PWD/build/tmp/typed.XXXXXX")
temporary+=("$typing")
log=$typing/log
: >"$log"

# A script that types lines at a terminal there, as a person does, and answers every question with yes. It prints each line before
# its output, and its status after it. (It types yes again and again, because an answer before the question may be lost.)
type_lines='export TERM=linux
cd rust-lkm 2>/dev/null
for line; do
	echo "== line: $line"
	while echo y; do sleep 5; done 2>/dev/null | script -q -e -E never -c "$line" /dev/null
	echo "== status: ${PIPESTATUS[1]}"
done'

# typed OPTION… LINES: types the lines in a machine that debian.sh starts with the options. Adds the output to the log.
typed() {
	local lines
	mapfile -t lines <<<"${!#}"
	run scripts/debian.sh --timeout 3600 "${@:1:$#-1}" bash -c "$type_lines" - "${lines[@]}"
	# Keep what a person sees on the screen: no colours, and only the last state of a line that is written again and again.
	sed -E 's/\r+$//; s/.*\r//; s/\x1b(\[[0-9;?]*[a-zA-Z]|[78()][B0]?)//g; /^$/d' <<<"$stdout" >"$typing/out"
	is "$status $(grep -c '^== status: ' "$typing/out")" "0 ${#lines[@]}" "the machine runs to its end, and each line is typed"
	[[ -z $stderr ]] || diag "$stderr"
	{ cat "$typing/out" && echo "$stderr"; } >>"$log"
}

# of LINE: prints the output of that line.
of() { line=$1 awk '$0 == "== line: " ENVIRON["line"] { on = 1; next } /^== status: / { on = 0 } on' "$log"; }
# of_part TEXT: prints the output of the line of README.md that contains TEXT.
of_part() { of "$(block | grep -F -- "$1" | head -n 1)"; }
# failed_lines: prints the lines that failed, with their status.
failed_lines() { awk '/^== line: / { line = substr($0, 10) } /^== status: / && $3 != 0 { print line " gave " $3 }' "$log"; }
# errors: prints the output that a reader would take for an error. (It leaves out the tour, which shows some on purpose, and the
# kernel's whole log, which has many words.)
errors() {
	awk '/^== line: / { passed_over = /demo\.sh|sudo dmesg$/ } !passed_over' "$log" |
		grep -iE '(^|[^-_a-z])(error|warning|failed|failure|cannot|unable|not found|no such|missing|skipping)([^-_a-z]|$)' || :
}
