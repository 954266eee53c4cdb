#!/usr/bin/env bash
# vm: --icount
# jiffies when their low 32 bits wrap, five minutes after boot, and after three more wraps.
#
# It needs a machine of its own with one CPU, because at the end it moves jiffies. With QEMU's "-icount shift=0,sleep=off",
# sleeping takes no time. Without it, this test takes five minutes.

. "$(dirname "$0")/kernel.sh" || exit

# now: prints the hundredths of a second since boot.
now() {
	local up
	read -r up _ </proc/uptime
	printf '%d\n' "$((10#${up/./}))"
}

kernel_jiffies() { sed -n '/^jiffies: /{s///p;q}' /proc/timer_list; }

# check: adds to wrong if /proc/seconds is not the time since the load. That is the time by /proc/uptime, plus jump, the
# hundredths of a second by which jiffies was moved.
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

# (Not 10 seconds, so that it does not always read at the same part of a second.)
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
# The measured rate is near to one that Kconfig allows.
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
