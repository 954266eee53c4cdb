# shellcheck shell=bash disable=SC2154
# For tests that load modules: tap.sh, functions that read the kernel's log, and gates. Sourced.
#
# The gates are more tests at the end. For each new line in the log, the test must have looked at it (kmsg), or it must be one
# that the kernel prints for any foreign module. A splat must be declared (expect_splat). The machine must be as before:
# modules, /proc, /sys/module, taint. In the tests of this checkout, no command at the top level may fail, unless it is in a condition or
# after run.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh" || exit
# shellcheck disable=SC1091 # as scripts/vm/init.sh knows it
if ! (. /run.vm && [[ " $(</proc/cmdline) " == *" -- $run "* ]]) 2>/dev/null; then
	echo "${0##*/}: error: this test loads modules, and so is for the virtual machine: make test T=$(basename "$0" .t)" >&2
	exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/log_gate.sh"

# The commands that failed.
failed_commands='' own_test=''
if [[ $(realpath -- "$0") == "$(realpath -- "$(dirname "${BASH_SOURCE[0]}")")"/* ]]; then
	own_test=1
	trap 'failed_commands+="line $LINENO, status $?: $BASH_COMMAND; "' ERR
fi

# ---- The log: kmsg.pl reads each record once, and keeps it in $gate_directory/log.

gate_directory=$(mktemp -d)
temporary+=("$gate_directory")
touch "$gate_directory"/{log,seen,splats}
mkfifo "$gate_directory"/{ask,answer}
# It is not a job of this shell. Otherwise a test that waits for its own jobs would also wait for this one.
(perl "$(dirname "${BASH_SOURCE[0]}")/kmsg.pl" "$gate_directory" "$expected_noise" \
	<"$gate_directory/ask" >"$gate_directory/answer" &)
exec {gate_ask}>"$gate_directory/ask" {gate_answer}<"$gate_directory/answer"

# gate_request TEXT: sets mark to the sequence number of the record that marks this moment, or to nothing if there is none.
gate_request() {
	echo "$1" >&"$gate_ask"
	read -r -t 30 mark <&"$gate_answer" || mark=''
}

# ---- The part of the log that the test asks for.

gate_request mark
gate_start=$mark kmsg_start=$mark

# kmsg_mark: kmsg will print the lines from here on.
kmsg_mark() {
	gate_request mark
	kmsg_start=$mark
}

# kmsg: prints the lines since kmsg_mark, without those that every foreign module causes. Of a splat, it prints only the first
# line. If the level of a line is not info, the level comes first: "<err> …".
kmsg() {
	gate_request "lines ${kmsg_start:-none}"
	if [[ -n $kmsg_start && -n $mark ]]; then
		[[ ! -s $gate_directory/lines ]] || printf '%s\n' "$(<"$gate_directory/lines")"
	else
		echo "(the kernel log could not be read)"
	fi
}

# expect_splat REGEX: this test causes one splat, which has a line that matches.
expect_splat() { printf '%s\n' "$1" >>"$gate_directory/splats"; }

# ---- The state of the machine.

# Taint bits that loading our modules sets: out-of-tree (12) and unsigned (13), and the bit of a declared warning (9).
gate_state() {
	local allowed=$((1 << 12 | 1 << 13)) taint
	taint=$(</proc/sys/kernel/tainted)
	[[ ! -s $gate_directory/splats ]] || allowed=$((allowed | 1 << 9))
	echo "taint $((taint & ~allowed & ~${gate_taint:-0}))"
	awk '{ print "module", $1 }' /proc/modules | sort
	find /proc -maxdepth 1 -name '[!0-9]*' -printf '/proc/%f\n' | sort
	find /sys/module -mindepth 1 -maxdepth 1 -printf '/sys/module/%f\n' | sort
	# lockdep turns itself off when it first finds something.
	[[ ! -e /proc/lockdep_stats ]] || grep debug_locks /proc/lockdep_stats
}

# The taint that an earlier test's declared splat has left.
gate_taint=$(($(</proc/sys/kernel/tainted) & 1 << 9))
gate_before=$(gate_state)

# ---- The kernel of tests/sanitized.config.

# This is set on that kernel. It is slow, and keeps freed memory for a while.
sanitized=''
# shellcheck disable=SC2034 # for the tests
[[ $(uname -r) != *-sanitized ]] || sanitized=1
# Tests of memory ask for kmemleak: "# vm: --append kmemleak=on --append slab_debug=F". It would make all other tests slower.
# (Without slab_debug it does not find the leak of detectors.t; docs/reliability.md has a possible reason.)
kmemleak=/sys/kernel/debug/kmemleak

# leaks: prints the objects that nothing points to. kmemleak reports none that is younger than 5 seconds, and needs two scans.
leaks() {
	sleep 5
	{ echo scan >"$kmemleak" && echo scan >"$kmemleak"; } 2>&1 || echo "kmemleak is off"
	cat "$kmemleak"
}

done_testing() {
	local findings
	trap - ERR
	[[ -z $own_test ]] || is "$failed_commands" "" "no command failed whose status the test does not look at"
	# This takes some seconds, and also finds what earlier tests have lost. So only the last test in a machine does it.
	if ((${more_tests:-0} == 0)) && grep -qw kmemleak=on /proc/cmdline; then is "$(leaks)" "" "no memory is lost"; fi
	gate_request mark
	findings=$(log_gate "$gate_start" "$mark" "$gate_directory"/{seen,splats} <"$gate_directory/log") || :
	# (Show the whole splat: test.sh says where it comes from.)
	local tap_lines=200
	is "$findings" "" "the kernel log has nothing that was not expected"
	is "$(diff <(echo "$gate_before") <(gate_state))" "" "the machine is as before: modules, /proc, /sys/module, taint"
	tap_end
}
