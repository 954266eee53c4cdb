#!/usr/bin/env bash
# In the virtual machine: ioctl by a program of 32 bits. ioctl32.t runs it.
#
# shellcheck disable=SC2154 # run sets them

. "$(dirname "$0")/../../kernel.sh" || exit

insmod chardev.ko
printf 12345 >/dev/chardev
run ioctl32/ioctl32
is "$status $stderr" "0 " "a program of 32 bits asks by ioctl, and gets the right answers"
run rmmod chardev
is "$status $stderr" "0 " "it has closed the device"
done_testing
