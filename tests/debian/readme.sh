# shellcheck shell=bash disable=SC2034,SC2154
# README.md's "On your own machine", typed in a whole Debian. Tests source it after tap.sh and shown.sh, from the top of the checkout.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# The block's lines; those up to the reboot, and those after it.
block() { sh_block README.md "sudo apt-get install make gcc"; }
before_reboot=$(block | sed '/then reboot/q')
after_reboot=$(block | sed '1,/then reboot/d')

mkdir -p build/tmp build/log
typing=$(mktemp -d "$PWD/build/tmp/typed.XXXXXX")
temporary+=("$typing")
log=$typing/log
: >"$log"

# What types lines at a terminal there, as a person does, who says yes when asked. Around what a line prints it says which line
# that is, and its status. (What is typed before the question may be lost.)
type_lines='export TERM=linux
cd rust-lkm 2>/dev/null
for line; do
	echo "== line: $line"
	while echo y; do sleep 5; done 2>/dev/null | script -q -e -E never -c "$line" /dev/null
	echo "== status: ${PIPESTATUS[1]}"
done'

# typed OPTION… LINES: types the lines in a machine that debian.sh starts with the options. The log gets what comes.
typed() {
	local lines
	mapfile -t lines <<<"${!#}"
	run scripts/debian.sh --timeout 3600 "${@:1:$#-1}" bash -c "$type_lines" - "${lines[@]}"
	# As it is read on the screen: without colours, and of a line that is written again and again the last state.
	sed -E 's/\r+$//; s/.*\r//; s/\x1b(\[[0-9;?]*[a-zA-Z]|[78()][B0]?)//g; /^$/d' <<<"$stdout" >"$typing/out"
	is "$status $(grep -c '^== status: ' "$typing/out")" "0 ${#lines[@]}" "the machine runs to its end, and each line is typed"
	[[ -z $stderr ]] || diag "$stderr"
	{ cat "$typing/out" && echo "$stderr"; } >>"$log"
}

# of LINE: what it printed.
of() { line=$1 awk '$0 == "== line: " ENVIRON["line"] { on = 1; next } /^== status: / { on = 0 } on' "$log"; }
# of_part TEXT: what the line of README.md printed that has TEXT in it.
of_part() { of "$(block | grep -F -- "$1" | head -n 1)"; }
# Which lines failed, and how.
failed_lines() { awk '/^== line: / { line = substr($0, 10) } /^== status: / && $3 != 0 { print line " gave " $3 }' "$log"; }
# What somebody who reads it would take for an error. (The tour shows some on purpose, and the whole log of the kernel has many
# words.)
errors() {
	awk '/^== line: / { passed_over = /demo\.sh|sudo dmesg$/ } !passed_over' "$log" |
		grep -iE '(^|[^-_a-z])(error|warning|failed|failure|cannot|unable|not found|no such|missing|skipping)([^-_a-z]|$)' || :
}
