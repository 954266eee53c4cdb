#!/usr/bin/env bash
# vm: --smp 2 --append kmemleak=on --append slab_debug=F --append kasan_multi_shot
#
# The detectors of the sanitized kernel are proven: each has to find the fault that is made for it, in C and in Rust, and the
# log gate has to see what it says. In a machine of its own, as lockdep turns
# itself off with what it finds first (so that lockdep_c.t is another one), and KASAN would without kasan_multi_shot.

. "$(dirname "$0")/../kernel.sh" || exit

# made MODULE FAULT: loads it with that fault, and unloads it again.
made() {
	kmsg_mark
	insmod "tests/$1.ko" what="$2"
	rmmod "$1"
}

# found DETECTOR MODULE FAULT REGEX: REGEX is what the detector says in the log, and the gate has to take it for a splat.
found() {
	made "$2" "$3"
	expect_splat "$4"
	like "$(kmsg)" "$4" "$2: $1 finds $3"
}

# Lockdep first: it takes everything else that is found for a reason to turn itself off.
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

# What proc_fs::File says must not be done, and the compiler lets pass: the entry of a file that was leaked outlives its module.
made detect_rust leaked_file
kmsg_mark
cat /proc/detect_leaked 2>/dev/null
is "$?" 137 "detect_rust: who opens a file that was leaked is ended, when its module is gone"
expect_splat 'BUG: KASAN: vmalloc-out-of-bounds in proc_reg_open'
expect_splat 'BUG: unable to handle page fault'
expect_splat 'Oops: 0000'
like "$(kmsg)" 'BUG: KASAN: vmalloc-out-of-bounds in proc_reg_open' "… as procfs looks for functions that are not there"

# A panic in Rust is a BUG: it ends the process that opens the file, and the file stays in use for ever.
kmsg_mark
insmod tests/detect_rust.ko what=panics
while IFS='|' read -r fault message; do
	kmsg_mark
	cat "/proc/detect_$fault" 2>/dev/null
	is "$?" 139 "detect_rust: $fault ends who does it"
	expect_splat 'kernel BUG at|Oops: invalid opcode'
	like "$(kmsg)" "$message" "… and the log has the panic"
done <<-'PANICS'
	overflow|attempt to add with overflow
	assertion|unsafe precondition\(s\) violated: slice::get_unchecked
PANICS

# What the findings leave is expected: taint, the module that cannot go, and what the processes had that were ended in the kernel.
gate_before=$(gate_state) more_tests=1
done_testing
