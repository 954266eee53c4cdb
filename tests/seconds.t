#!/usr/bin/env bash
# vm: --icount
# Compares /proc/seconds with /proc/uptime, which counts hundredths of a second.

. "$(dirname "$0")/kernel.sh" || exit

# now: prints the hundredths of a second since boot.
now() {
	local up
	read -r up _ </proc/uptime
	printf '%d\n' "$((10#${up/./}))"
}

# /proc/seconds may be early or late by a jiffy, which is at most a hundredth of a second. The other one is for uptime's rounding.
slack=2

is "$(nproc)" 1 "--icount gives one CPU"

kmsg_mark
for load in first second; do
	wrong='' seen=()
	loading=$(now)
	insmod seconds.ko
	loaded=$(now)
	# The shortest and the longest time that may have passed since the load are known. The value must be between their whole seconds.
	while before=$(now) && ((before < loaded + 500)); do
		seconds=$(</proc/seconds)
		after=$(now)
		seen[seconds]=$seconds
		((seconds >= (before - loaded - slack) / 100 && seconds <= (after - loading + slack) / 100)) ||
			wrong+="$seconds: $((before - loaded)) to $((after - loading)) hundredths since the load"$'\n'
		sleep 0.1
	done
	is "$wrong" "" "after the $load load it shows the whole seconds since then"
	is "${seen[*]:0:5}" "0 1 2 3 4" "... from 0 on, without a gap"
	rmmod seconds
done
is "$(kmsg)" "" "loading and unloading print nothing"
ok "$(
	[[ ! -e /proc/seconds ]]
	echo $?
)" "unloading removes the file"

done_testing
