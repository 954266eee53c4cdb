#!/usr/bin/env bash
# vm: --smp 1
#
# Compares what simple prints with values that the kernel shows elsewhere, and with a gcd() calculated by hand.

. "$(dirname "$0")/kernel.sh" || exit

# clock: prints the kernel's jiffies, and its time in nanoseconds.
clock() { sed -n '/^now at /{s/[^0-9]//gp}; /^jiffies: /{s///p;q}' /proc/timer_list | tac; }

{ read -r first && read -r first_ns; } < <(clock)
kmsg_mark
before=$(clock | head -n 1)
insmod simple.ko
after=$(clock | head -n 1)
log=$(kmsg)
jiffies=$(sed -n 's/^simple: jiffies = //p' <<<"$log")

# HZ is one of the values that Kconfig allows: the one nearest to the measured number of jiffies in a second.
sleep 1
{ read -r last && read -r last_ns; } < <(clock)
rate=$(((last - first) * 1000000000 / (last_ns - first_ns)))
for hz in 100 250 300 1000; do ((rate > hz * 11 / 10)) || break; done

is "$log" "simple: GOLDEN_RATIO_PRIME = 7046029254386353131
simple: jiffies = $jiffies
simple: HZ = $hz" "loading prints the golden ratio prime, jiffies and HZ, each on a line"
ok "$((jiffies < before || jiffies > after))" "jiffies is the value at that moment: $before <= $jiffies <= $after"

kmsg_mark
rmmod simple
is "$(kmsg)" "simple: gcd(3300, 24) = 12" "unloading prints the greatest common divisor of 3300 and 24"
is "$(nm -u simple.ko | grep -w gcd | tr -d ' ')" Ugcd "... which the kernel's own gcd() computes"

done_testing
