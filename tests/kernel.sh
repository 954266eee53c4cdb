# shellcheck shell=bash disable=SC2154
# For tests that load modules: tap.sh, with the kernel's log, and a gate around each test. Sourced.
#
# The gate is two more tests at the end. Of all that the log has gained, each line has to be one that the test
# looked at (by kmsg), or one that the kernel says of any foreign module; a splat has to be declared
# (expect_splat). And the machine has to be as before: modules, /proc, /sys/module, taint.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh" || exit
# shellcheck disable=SC1091 # as scripts/vm/init.sh knows it
if ! (. /run.vm && [[ " $(</proc/cmdline) " == *" -- $run "* ]]) 2>/dev/null; then
	echo "${0##*/}: error: this test loads modules, and so is for the virtual machine: make test T=$(basename "$0" .t)" >&2
	exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/log_gate.sh"

# ---- The log: kmsg.pl reads it, once each record, and keeps it in $gate_directory/log.

gate_directory=$(mktemp -d)
temporary+=("$gate_directory")
touch "$gate_directory"/{log,seen,splats}
mkfifo "$gate_directory"/{ask,answer}
# Not a job of this shell's: a test that waits for its own would wait for it too.
(perl "$(dirname "${BASH_SOURCE[0]}")/kmsg.pl" "$gate_directory" "$expected_noise" \
	<"$gate_directory/ask" >"$gate_directory/answer" &)
exec {gate_ask}>"$gate_directory/ask" {gate_answer}<"$gate_directory/answer"

# gate_request TEXT: sets mark to the sequence number of the record that marks this moment; to nothing if there is none.
gate_request() {
	echo "$1" >&"$gate_ask"
	read -r -t 30 mark <&"$gate_answer" || mark=''
}

# ---- The test's own part of it.

gate_request mark
gate_start=$mark kmsg_start=$mark

# kmsg_mark: what kmsg prints begins here.
kmsg_mark() {
	gate_request mark
	kmsg_start=$mark
}

# kmsg: the lines since kmsg_mark, without those that every foreign module causes. A splat is one line, its first.
# Of another level than info, this comes first: "<err> …".
kmsg() {
	gate_request "lines ${kmsg_start:-none}"
	if [[ -n $kmsg_start && -n $mark ]]; then
		[[ ! -s $gate_directory/lines ]] || printf '%s\n' "$(<"$gate_directory/lines")"
	else
		echo "(the kernel log could not be read)"
	fi
}

# expect_splat REGEX: one splat that has it in one of its lines is what this test is about.
expect_splat() { printf '%s\n' "$1" >>"$gate_directory/splats"; }

# ---- The state of the machine.

# Taint bits that loading our modules sets: out-of-tree (12) and unsigned (13); and a warning's (9), if declared.
gate_state() {
	local allowed=$((1 << 12 | 1 << 13)) taint
	taint=$(</proc/sys/kernel/tainted)
	[[ ! -s $gate_directory/splats ]] || allowed=$((allowed | 1 << 9))
	echo "taint $((taint & ~allowed & ~${gate_taint:-0}))"
	awk '{ print "module", $1 }' /proc/modules | sort
	find /proc -maxdepth 1 -name '[!0-9]*' -printf '/proc/%f\n' | sort
	find /sys/module -mindepth 1 -maxdepth 1 -printf '/sys/module/%f\n' | sort
	# lockdep turns itself off with the first thing that it finds.
	[[ ! -e /proc/lockdep_stats ]] || grep debug_locks /proc/lockdep_stats
}

# What an earlier test's declared splat has left.
gate_taint=$(($(</proc/sys/kernel/tainted) & 1 << 9))
gate_before=$(gate_state)

# ---- What the kernel of tests/sanitized.config is and knows.

# Set if this is it: it is slow, and keeps for a while what was freed.
sanitized=''
# shellcheck disable=SC2034 # for the tests
[[ $(uname -r) != *-sanitized ]] || sanitized=1
# Tests of memory ask for it: "# vm: --append kmemleak=on --append slab_debug=F". It makes all others slower. (Without slab_debug
# it does not find what detectors.t loses; docs/reliability.md has what may be the reason.)
kmemleak=/sys/kernel/debug/kmemleak

# leaks: the objects that nothing points to. It takes none that is younger than 5 seconds, and two scans to be sure.
leaks() {
	sleep 5
	{ echo scan >"$kmemleak" && echo scan >"$kmemleak"; } 2>&1 || echo "kmemleak is off"
	cat "$kmemleak"
}

done_testing() {
	local findings
	# It takes some seconds, and finds what earlier tests have lost, too: the last one in a machine does it.
	if ((${more_tests:-0} == 0)) && grep -qw kmemleak=on /proc/cmdline; then is "$(leaks)" "" "no memory is lost"; fi
	gate_request mark
	findings=$(log_gate "$gate_start" "$mark" "$gate_directory"/{seen,splats} <"$gate_directory/log") || :
	# (A whole splat: test.sh says of it where it comes from.)
	local tap_lines=200
	is "$findings" "" "the kernel log has nothing that was not expected"
	is "$(diff <(echo "$gate_before") <(gate_state))" "" "the machine is as before: modules, /proc, /sys/module, taint"
	tap_end
}
