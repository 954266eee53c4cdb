#!/usr/bin/env bash
# mymodule: its messages, its parameter, and its file in /proc. (make test runs this in a virtual machine, as root.)
#
# kernel.sh defines run, is, like, kmsg … It also makes the test fail if the test has not looked at a line of the kernel's log, or
# if the module leaves something behind.

. "$RUST_LKM/tests/kernel.sh" || exit 2

kmsg_mark
run insmod mymodule.ko number=7
is "$status $stderr" "0 " "insmod loads it"
is "$(kmsg)" "mymodule: the number is 7" "it says its number"
is "$(cat /proc/mymodule)" 7 "its file has the number"

parameter=/sys/module/mymodule/parameters/number
echo -1 >"$parameter"
is "$(cat /proc/mymodule)" -1 "the number can be changed"
run bash -c "echo 101 >$parameter"
like "$status $stderr" '^1 .*Invalid argument' "… but not to one that is too large"

kmsg_mark
run rmmod mymodule
is "$(kmsg)" "mymodule: the number was -1" "it says what the number was"
not_there /proc/mymodule "its file is gone"
done_testing
