#!/usr/bin/env bash
# Runs a 32-bit program that calls ioctl on /dev/chardev. ioctl32.t runs this in the virtual machine.
#
# shellcheck disable=SC2154 # run sets them

. "$(dirname "$0")/../../kernel.sh" || exit

insmod chardev.ko
printf 12345 >/dev/chardev
run ioctl32/ioctl32
is "$status $stderr" "0 " "a 32-bit program gets the right answers from ioctl"
run rmmod chardev
is "$status $stderr" "0 " "after that, nobody uses the device"
done_testing
