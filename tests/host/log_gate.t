#!/usr/bin/env bash
# Tests the log gate itself with logs made for it: a clean one, one with each kind of splat, one cut off, one overrun.

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../log_gate.sh"

directory=$(mktemp -d)
temporary+=("$directory")
: >"$directory/none"
echo "10 14" >"$directory/seen"

# numbered FIRST: gives the lines of a log their sequence numbers.
numbered() { awk -v n="$1" '{ print n++, $0 }'; }

# gate LOG [SEEN [SPLATS]]: prints the findings in LOG from record 10 to 20, and the status.
gate() {
	local status=0
	log_gate "${start-10}" "${end-20}" "${2-$directory/none}" "${3-$directory/none}" <<<"$1" || status=$?
	echo "status $status"
}

quiet=$(printf 'test mark 1.%s\n' {10..20} | numbered 10)
is "$(gate "$quiet")" "status 0" "a log without lines of the test passes"

# with LINE…: prints the quiet log with these lines instead of its first ones.
with() {
	{ echo "test mark 1.10" && printf '%s\n' "$@" && printf 'test mark 1.%s\n' {30..40}; } | head -n 11 | numbered 10
}

is "$(gate "$(with 'hello_world: loading out-of-tree module taints kernel.' 'hello_world: module verification failed: signature and/or required key missing - tainting kernel')")" \
	"status 0" "lines that the kernel prints for every foreign module pass"
is "$(gate "$(with 'hello_world: Hello World')")" $'unexpected: hello_world: Hello World\nstatus 1' "a line that the test did not look at is a finding"
is "$(gate "$(with 'hello_world: Hello World')" "$directory/seen")" "status 0" "a line that the test looked at is no finding"
is "$(gate "$(with a b c d)" "$directory/seen")" $'unexpected: d\nstatus 1' "a line after the last look is a finding"

while IFS='|' read -r name line; do
	is "$(gate "$(with "$line")" "$directory/seen")" $'splat:\n  '"$line"$'\nstatus 1' "$name is a finding, although the test looked at it"
done <<'SPLATS'
a NULL dereference|BUG: kernel NULL pointer dereference, address: 0000000000000000
a bad page|BUG: Bad page state in process cat  pfn:0
a lock-up|watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [cat:1]
sleeping in atomic context|BUG: sleeping function called from invalid context at mm/slub.c:1
KASAN|BUG: KASAN: slab-use-after-free in read+0x1/0x2
UBSAN|UBSAN: array-index-out-of-bounds in a.c:1:1
an oops|Oops: 0000 [#1] SMP
a kernel BUG|kernel BUG at mm/slub.c:1!
a warning|WARNING: fs/proc/generic.c:1 at proc_register+0x1/0x2, CPU#0: insmod/1
a panic|Kernel panic - not syncing: Fatal exception
a general protection fault|Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP
a page fault in the kernel|BUG: unable to handle page fault for address: ffff
a hung task|INFO: task rmmod:1 blocked for more than 120 seconds.
an RCU stall|rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
a leak|kmemleak: 1 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
a circular lock order|WARNING: possible circular locking dependency detected
recursive locking|WARNING: possible recursive locking detected
RCU misuse|WARNING: suspicious RCU usage
SPLATS

warning=("------------[ cut here ]------------" "proc_dir_entry '/proc/x' already registered" "WARNING: a.c:1 at b+0x1/0x2"
	"Call Trace:" "---[ end trace 0000000000000000 ]---")
echo "'/proc/x' already registered" >"$directory/splats"
is "$(gate "$(with "${warning[@]}")" "$directory/none" "$directory/splats")" "status 0" "all lines of a declared splat pass"
like "$(gate "$(with "${warning[@]/\/x/\/y}")" "$directory/none" "$directory/splats")" 'splat:.*expected a splat that did not come.*status 1' \
	"a splat that was not declared is a finding, and so is a declared one that is missing"
is "$(gate "$quiet" "$directory/none" "$directory/splats")" $'expected a splat that did not come: \'/proc/x\' already registered\nstatus 1' \
	"a declared splat that does not come is a finding"
like "$(gate "$(with "${warning[@]}" "${warning[@]}")" "$directory/none" "$directory/splats")" 'splat:.*status 1' \
	"one declaration covers only one splat"

# If something is wrong with the log, the gate fails.
is "$(gate "")" $'the log ends before the test did\nstatus 1' "an empty log is a finding"
is "$(gate "$(head -n 5 <<<"$quiet")")" $'the log ends before the test did\nstatus 1' "a log that ends early is a finding"
is "$(gate "$(tail -n 5 <<<"$quiet")")" $'the log has a gap before record 16 (expected 10)\nstatus 1' "a ring buffer that was overrun is a finding"
is "$(gate "$(sed 5d <<<"$quiet")")" $'the log has a gap before record 15 (expected 14)\nstatus 1' "a log with a record cut out is a finding"
is "$(start='' gate "$quiet" | head -n 1)" "the log could not be marked" "a log without a beginning is a finding"
is "$(end='' gate "$quiet" | head -n 1)" "the log could not be marked" "a log without an end is a finding"
is "$(gate "$quiet" "$directory/missing" | head -n 1)" "the test left no account of what it saw" "a lost account is a finding"

done_testing
