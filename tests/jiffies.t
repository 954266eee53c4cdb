#!/usr/bin/env bash
# vm: --smp 1
#
# Compares /proc/jiffies with another place that shows the kernel's jiffies: /proc/timer_list.

. "$(dirname "$0")/kernel.sh" || exit

kmsg_mark
insmod jiffies.ko

wrong='' first=$(</proc/jiffies)
for _ in {1..50}; do
	before=$(</proc/jiffies)
	kernel=$(sed -n 's/^jiffies: //p' /proc/timer_list | head -n 1)
	after=$(</proc/jiffies)
	((before <= kernel && kernel <= after)) || wrong+="$before $kernel $after"$'\n'
	sleep 0.02
done
is "$wrong" "" "the kernel's own value is always between two readings"
ok "$((after - first < 50))" "... and the value grows"
is "$(perl -e '
	open my $f, "<", "/proc/jiffies"; my $last = 0;
	for (1 .. 20000) { sysseek $f, 0, 0; sysread $f, my $now, 99; $bad++ if $now < $last; $last = $now }
	print $bad // "never"')" never "it never goes back"

rmmod jiffies
is "$(kmsg)" "" "loading and unloading print nothing"
ok "$(
	[[ ! -e /proc/jiffies ]]
	echo $?
)" "unloading removes the file"

done_testing
