#!/usr/bin/env bash
# vm: --smp 2 --append kmemleak=on --append slab_debug=F
#
# Loads modules hundreds of times, and reads their files thousands of times. After that, kmemleak must find nothing.
# A stock kernel has no kmemleak. There, the test does ten times as much, and the kernel must have as much memory as before:
# scripts/vm.sh --strip --timeout 0 tests/sanitized/endurance.t
# (A kernel with detectors keeps freed memory for a while, so the amount of memory says nothing there.)

. "$(dirname "$0")/../kernel.sh" || exit

cycles=2000 reads=10000000
[[ -z $sanitized ]] || cycles=200 reads=200000
directory=$(mktemp -d)

# endure N "FILE ARGUMENTS"…: loads and unloads each module N times, and sets endured to how often it did that. It reads the log
# before it is full.
endure() {
	local left=$1 batch count
	shift
	endured=0
	while ((left)); do
		batch=$((left < 100 ? left : 100))
		kmsg_mark
		count=$(perl -I tests tests/sanitized/endurance.pl cycles "$batch" "$@" 2>&1)
		[[ $count =~ ^[0-9]+$ ]] || { endured=$count && return; }
		kmsg >>"$directory/said"
		endured=$((endured + count)) left=$((left - batch))
	done
}

# memory: makes the kernel free all memory that it can. Then prints the number of objects in each slab cache, and of pages: of
# vmalloc, of the per-CPU allocator, and pages that are free or that the kernel counts elsewhere.
memory() {
	sync
	sleep 1
	echo 3 >/proc/sys/vm/drop_caches
	echo 1 >/proc/sys/vm/compact_memory # this also takes back the pages that each CPU has set aside
	sleep 1
	{
		awk 'NR > 2 { print $1, $2 }' /proc/slabinfo
		awk '/^(VmallocUsed|Percpu):/ { print $1, $2 / 4 }
			/^(MemFree|Buffers|Cached|AnonPages|Slab|PageTables|KernelStack):/ { kb += $2 }
			END { print "pages", kb / 4 }' /proc/meminfo
	} | sort
}

# lost BEFORE AFTER LOADS: prints what has grown by more than half an object per load, or half a page of vmalloc, or by two pages
# of all. (The number of all pages changes by up to a thousand by itself.)
lost() {
	join "$1" "$2" | awk -v loads="$3" '
		{ more = $1 == "pages" ? $2 - $3 : $3 - $2 }
		more > ($1 == "pages" ? 2 : 0.5) * loads { print $1, more " more" }'
}

modules=(hello_world startstop simple module_param proc_hello jiffies seconds chardev tickets)
# The kernel logs each time that caches are dropped, unless this is turned off.
kmsg_mark
echo 4 >/proc/sys/vm/drop_caches
like "$(kmsg)" 'drop_caches: 4$' "caches can be dropped without a message"

# The first loads create objects that the kernel then keeps.
endure 20 "${modules[@]/%/.ko}"
for module in "${modules[@]}"; do
	# If each load loses memory, it does so the second time, too. Memory that the kernel keeps for itself grows only once.
	for ((try = 1; try <= 2; try++)); do
		: >"$directory/said"
		[[ -n $sanitized ]] || memory >"$directory/before"
		endure "$cycles" "$module.ko"
		[[ -z $sanitized ]] || break
		memory >"$directory/after"
		lost=$(lost "$directory/before" "$directory/after" "$cycles")
		[[ -n $lost ]] || break
	done
	same "$endured" "$cycles" "$module is loaded and unloaded $cycles times"
	[[ -n $sanitized ]] || is "$lost" "" "… and then the kernel has as much memory as before"
	is "$(sed -E 's/[0-9]+/N/g' "$directory/said" | sort | uniq -c | awk -v n="$cycles" '$1 % n { print }')" "" "… and the log has each of its lines equally often"
done
if [[ -z $sanitized ]]; then
	memory >"$directory/before"
	endure 200 "tests/detect_rust.ko what=leak"
	memory >"$directory/after"
	like "$(lost "$directory/before" "$directory/after" 200)" 'kmalloc' "a module that loses an object with each load is noticed"
fi

kmsg_mark
for module in proc_hello jiffies seconds; do insmod "$module.ko"; done
for process in 1 2 3 4; do
	perl -I tests tests/sanitized/endurance.pl reads "$((reads / 4))" >"$directory/reads.$process" 2>&1 &
done
times=0
while [[ -n $(jobs -rp) ]]; do
	sleep 1
	rmmod proc_hello jiffies seconds && insmod proc_hello.ko && insmod jiffies.ko && insmod seconds.ko && times=$((times + 1))
done
wait
is "$(cut -d' ' -f3- "$directory"/reads.? | tr -d '\n')" "" "$reads reads by 4 processes are whole, or fail because the module is not loaded"
ok "$(awk -v n="$reads" '$1 ~ /^[0-9]+$/ { reads += $1; gone += $2 } END { print !(reads >= n && gone > 0) }' "$directory"/reads.?)" "… with at least that many whole reads, and some that failed"
ok "$((times == 0))" "… while the modules are unloaded and loaded $times times"
rmmod proc_hello jiffies seconds
is "$(kmsg)" "" "none of this logs a message"

rm -r "$directory"
done_testing
