#!/usr/bin/env bash
# What chapter 13 of the guide says about the owner of a device: without one, the module can go while its device is open, and the
# next call crashes. (tests/from_c.t makes the mistakes that crash nothing.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules TESTS=1 >/dev/null 2>&1

# after_rmmod MODULE: unloads it while its device is open, and then reads. (rmmod inherits the open file, and closes it when it ends.)
after_rmmod() {
	run scripts/vm.sh --smp 1 --timeout 300 --append oops=panic bash -c 'insmod "$1"
		exec 3<>/dev/chardev; echo hello >&3
		rmmod "$2"
		head -n 1 <&3' - "$1" "$(basename "$1" .ko)"
}
after_rmmod tests/classical/chardev_book.ko
is "$status" 125 "in C, the module is unloaded while its device is open, and the next call ends the machine"
like "$stderr" 'An address was used where there is no memory.*filp_(close|flush).*process: rmmod' "… which is in rmmod itself"
after_rmmod chardev.ko
is "$status $stdout" "0 hello" "… in Rust, rmmod is refused, and the call works"
like "$stderr" 'Module chardev is in use' "… with this message"

done_testing
