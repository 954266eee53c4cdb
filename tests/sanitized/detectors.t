#!/usr/bin/env bash
# vm: --smp 2 --append kmemleak=on --append slab_debug=F --append kasan_multi_shot
#
# Tests the detectors of the sanitized kernel: each must find the fault that is made for it, in C and in Rust, and the log gate
# must notice its report. The test has a machine of its own, because lockdep turns itself off when it first finds something. (So
# lockdep_c.t is another test.) Without kasan_multi_shot, KASAN would turn itself off, too.

. "$(dirname "$0")/../kernel.sh" || exit

# made MODULE FAULT: loads the module, which makes the fault, and unloads it again.
made() {
	kmsg_mark
	insmod "tests/$1.ko" what="$2"
	rmmod "$1"
}

# found DETECTOR MODULE FAULT REGEX: checks that the log has a report that matches, and that the gate treats it as a splat.
found() {
	made "$2" "$3"
	expect_splat "$4"
	like "$(kmsg)" "$4" "$2: $1 finds $3"
}

# Lockdep comes first, because it turns itself off when anything else is found.
found PROVE_RCU detect_c rcu 'WARNING: suspicious RCU usage'
found PROVE_LOCKING detect_rust lock_order 'WARNING: possible circular locking dependency detected'

for module in detect_c detect_rust; do
	found KASAN $module use_after_free 'BUG: KASAN: slab-use-after-free in '
	found KASAN $module out_of_bounds 'BUG: KASAN: slab-out-of-bounds in '
	found DEBUG_ATOMIC_SLEEP $module sleep 'BUG: sleeping function called from invalid context'

	made $module leak
	kmsg >/dev/null
	like "$(leaks)" 'unreferenced object .*comm "insmod"' "$module: kmemleak finds leak"
	expect_splat 'kmemleak: [0-9]+ new suspected memory leaks'
	like "$(kmsg)" 'kmemleak: [0-9]+ new suspected memory leaks' "… and says so in the log"
	echo clear >"$kmemleak"
done
found KASAN detect_c double_free 'BUG: KASAN: double-free in '
found KASAN detect_c out_of_bounds_vmalloc 'BUG: KASAN: vmalloc-out-of-bounds in '
found KASAN detect_c out_of_bounds_global 'BUG: KASAN: global-out-of-bounds in '
found UBSAN detect_c shift 'UBSAN: shift-out-of-bounds in '
found DEBUG_LIST detect_c list 'kernel BUG at lib/list_debug\.c'
found DEBUG_OBJECTS detect_c timer 'ODEBUG: free active'

# proc_fs::File forbids this, but the compiler allows it: if a file is leaked, its entry outlives the module.
made detect_rust leaked_file
kmsg_mark
status=0
cat /proc/detect_leaked 2>/dev/null || status=$?
is "$status" 137 "detect_rust: opening a leaked file after its module is unloaded ends the process"
expect_splat 'BUG: KASAN: vmalloc-out-of-bounds in proc_reg_open'
expect_splat 'BUG: unable to handle page fault'
expect_splat 'Oops: 0000'
like "$(kmsg)" 'BUG: KASAN: vmalloc-out-of-bounds in proc_reg_open' "… because procfs calls functions that no longer exist"

# A panic in Rust is a BUG. It ends the process that opens the file, and the file stays in use for ever.
kmsg_mark
insmod tests/detect_rust.ko what=panics
while IFS='|' read -r fault message; do
	kmsg_mark
	status=0
	cat "/proc/detect_$fault" 2>/dev/null || status=$?
	is "$status" 139 "detect_rust: $fault ends the process that causes it"
	expect_splat 'kernel BUG at|Oops: invalid opcode'
	like "$(kmsg)" "$message" "… and the log has the panic"
done <<-'PANICS'
	overflow|attempt to add with overflow
	assertion|unsafe precondition\(s\) violated: slice::get_unchecked
PANICS

# The findings are expected to leave taint, a module that cannot be unloaded, and memory of the processes that the kernel has
# ended.
gate_before=$(gate_state) more_tests=1
done_testing
