#!/usr/bin/env bash
# vm: --smp 1
#
# A module that is built from several files, and what it prints.

. "$(dirname "$0")/kernel.sh" || exit

kmsg_mark
run insmod startstop.ko
is "$status $stderr" "0 " "insmod loads it without a word"
is "$(kmsg)" "startstop: Hello, world - this is the kernel speaking" "loading prints what start.rs says"

kmsg_mark
run rmmod startstop
is "$status $stderr" "0 " "rmmod unloads it without a word"
is "$(kmsg)" "startstop: Short is the life of a kernel module" "unloading prints what stop.rs says"

done_testing
