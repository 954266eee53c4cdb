#!/usr/bin/env bash
# vm: --smp 1 --append gates=1
#
# Tests the gates of kernel.sh with small tests made for them: whatever a test leaves behind in the machine is a finding. (It has
# a machine of its own, because the kernel stays tainted.)

. "$(dirname "$0")/kernel.sh" || exit

# inner STATEMENTS: runs them as a test. Sets status, and findings to what the gates have printed.
inner() {
	run bash -c '. tests/kernel.sh; ok 0 "fine"; '"$1"'; done_testing' "${2:-tests/inner}"
	findings=$(sed -n 's/^# \([<>] \|unexpected: \)/\1/p' <<<"$stderr")
	kmsg >/dev/null
}

inner 'insmod hello_world.ko; rmmod hello_world; kmsg >/dev/null'
is "$status $findings" "0 " "a test that leaves nothing behind passes, although its module is foreign and unsigned"
inner 'insmod hello_world.ko; kmsg >/dev/null'
is "$status $findings" $'1 > module hello_world\n> /sys/module/hello_world' "a module that stays loaded is a finding"
inner 'rmmod hello_world; kmsg >/dev/null'
is "$status $findings" $'1 < module hello_world\n< /sys/module/hello_world' "… and so is one that is no longer loaded"
inner 'insmod proc_hello.ko; kmsg >/dev/null'
is "$status $findings" $'1 > module proc_hello\n> /proc/hello\n> /sys/module/proc_hello' "a file in /proc that stays is a finding"
inner 'rmmod proc_hello; kmsg >/dev/null'
inner 'echo "<6>something" >/dev/kmsg'
is "$status $findings" "1 unexpected: something" "a line in the log that the test has not looked at is a finding"
for command in 'ls /no' 'x=$(ls /no)'; do
	inner "$command; kmsg >/dev/null"
	like "$status $stderr" "^1 .*line [0-9]+, status [0-9]: .*ls /no" "a command that fails is a finding"
done
inner 'false || ok 0 "it is false"; if false; then :; fi; run false; fails() { false; true; }; fails; kmsg >/dev/null'
is "$status $findings" "0 " "… but not in a condition, after run, or in a function"
inner 'false; kmsg >/dev/null' elsewhere/tests/inner
is "$status $findings" "0 " "… nor in a test of somebody else"
for level in emerg alert crit err warn notice debug; do levels+=("<$level> one"); done
inner 'kmsg_mark; for level in 0 1 2 3 4 5 7 6; do echo "<$level>one" >/dev/kmsg; done; kmsg | grep one; ok 0 fine'
is "$status $(grep one <<<"$stdout")" "0 $(printf '%s\n' "${levels[@]}" one)" "kmsg tells the level of a line, if it is not info"

# All taint bits except those that any foreign, unsigned module sets.
all=$(((1 << 19) - 1 & ~(1 << 12 | 1 << 13)))
inner "echo $all >/proc/sys/kernel/tainted"
is "$status $findings" "1 < taint 0
> taint $all" "each new taint bit is a finding"
# This was done on purpose, so it is no finding of this test.
gate_before=$(gate_state)

done_testing
