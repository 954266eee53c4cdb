#!/usr/bin/env bash
# vm: --icount
# jiffies past the wrap of their low 32 bits, five minutes after boot, and past three more.
#
# For a machine of its own, as it moves jiffies in the end: QEMU with one CPU. With "-icount shift=0,sleep=off" sleeping
# takes no time; without it this takes the five minutes.

. "$(dirname "$0")/kernel.sh" || exit

# now: hundredths of a second since boot.
now() {
	local up
	read -r up _ </proc/uptime
	printf '%d\n' "$((10#${up/./}))"
}

kernel_jiffies() { sed -n '/^jiffies: /{s///p;q}' /proc/timer_list; }

# check: adds to wrong if /proc/seconds is not what has passed since the load by /proc/uptime, and by how jiffies were moved (jump,
# hundredths too).
check() {
	local seconds passed
	seconds=$(</proc/seconds)
	passed=$(($(now) - loaded + jump))
	((seconds * 100 >= passed - 105 && seconds * 100 <= passed + 5)) ||
		wrong+="$seconds after $passed hundredths"$'\n'
}

wrap=$((1 << 32)) jump=0 wrong=''

insmod jiffies.ko
first=$(kernel_jiffies) start=$(now)
((first < wrap)) || {
	echo "Bail out! jiffies are past the wrap already: $first"
	exit 1
}
insmod seconds.ko
loaded=$(now)

# (a tenth of a second less than ten of them, so that it is not always asked at the same part of a second)
while check && (($(kernel_jiffies) < wrap)); do
	sleep 9.9
done
is "$wrong" "" "/proc/seconds is right up to the wrap"
wrong=''
sleep 20
check
is "$wrong" "" "... and past it"
hz=$((($(kernel_jiffies) - first) * 100 / ($(now) - start)))
jiffies=$(</proc/jiffies)
ok "$((jiffies < wrap))" "/proc/jiffies has more than 32 bits: $jiffies"

echo 1 >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
insmod tests/jiffies_jump.ko
# The rate that was measured is next to one that can be configured.
for exact in 100 250 300 1000; do ((hz > exact * 11 / 10)) || break; done
jump=$((3 * wrap * 100 / exact))
wrong=''
for ((i = 0; i < 10; i++)); do
	check
	sleep 0.1
done
is "$wrong" "" "/proc/seconds is right three wraps later"
before=$(kernel_jiffies) jiffies=$(</proc/jiffies) after=$(kernel_jiffies)
ok "$((before > jiffies || jiffies > after || jiffies < 4 * wrap))" "... and /proc/jiffies, too: $jiffies"

rmmod jiffies seconds jiffies_jump
done_testing
