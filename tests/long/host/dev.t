#!/usr/bin/env bash
# dev.sh: after mistakes of all kinds there is a message, and a working machine. (tests/host/dev.t has what is used all the time.)

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

. tests/dev.sh || exit

start_dev make --no-print-directory -C "$own" dev T=number P=number=7
shown 'dev.sh: ready: save a source' "the machine starts"
next

# The kernel warns.
change 'c"number"' 'c"uptime"'
shown "The kernel warns.* number.rs:[0-9]+.*number was not loaded" "a warning of the kernel is shown, with the line"
next
change 'c"uptime"' 'c"number"'
shown 'dev.sh: tests/number.t passed' "… and when the mistake is corrected, dev.sh goes on"
next

# A test that leaves its module, and more lines in the log than the kernel keeps.
cp "$own/tests/number.t" "$directory/number.t"
printf '%s\n' 'run insmod number.ko' 'for ((i = 0; i < 5000; i++)); do echo "<6>a line to fill the log of the kernel, number $i of 5000"; done >/dev/kmsg' 'exit 1' >>"$own/tests/number.t"
shown 'dev.sh: tests/number_perl.t passed' "a test that ends too early"
next
cp "$directory/number.t" "$own/tests/"
shown 'number: the number is 7.*dev.sh: tests/number.t passed' "… leaves nothing for the next run of it"
next
change 'the number is' 'the number now is'
shown 'number: the number was 7.*number: the number now is 7' "when the log is full, its new lines are still shown"
shown 'dev.sh: tests/number_perl.t passed' "… and the tests run"
next
change 'now is' 'is'
shown 'dev.sh: tests/number_perl.t passed' "… each time"
next

# The machine goes on, but does not answer.
echo 'system q{(sleep 2; for i in /proc/[0-9]*; do grep -q exchange.sh $i/cmdline && kill -STOP ${i#/proc/}; done) >/dev/null 2>&1 &};' >>"$own/tests/number_perl.t"
shown 'dev.sh: tests/number_perl.t passed' "a test leaves a process that will stop the program that answers"
next
sleep 3
git -C "$own" checkout -q tests
shown 'dev.sh: the machine no longer answers \(unloading number\): starting a fresh machine' "a machine that does not answer is told"
shown 'number: the number is 7.*dev.sh: the fresh machine is ready' "… and a fresh machine is started, with the module"
next

# The kernel crashes between two saves.
echo 'system q{(sleep 8; echo 99 >/sys/module/number/parameters/number; cat /proc/number) >/dev/null 2>&1 &};' >>"$own/tests/number_perl.t"
change 'number.load()))' 'if number.load() == 99 { None::<i32>.unwrap() } else { number.load() }))'
shown 'dev.sh: tests/number_perl.t passed' "a test leaves a process that will make the kernel crash"
shown 'Rust code panicked: .* --> number.rs:[0-9]+:.*dev.sh: the kernel has crashed: starting a fresh machine' "a crash between two saves is shown, too, at once"
shown 'Rust code panicked.*its parameters: number=99' "… with the parameters of the module"
shown 'dev.sh: the fresh machine is ready' "… and a fresh machine is started"
next
git -C "$own" checkout -q tests
change 'if number.load() == 99 .* else { number.load() }' 'number.load()'
shown 'dev.sh: tests/number_perl.t passed' "… and dev.sh goes on"
next

# A module cannot be unloaded.
change 'pr_info!("the number was' 'loop { core::hint::spin_loop() } #[allow(unreachable_code)] { } pr_info!("the number was'
shown 'rmmod \(process [0-9]+\) has been in the kernel for 5 seconds.* number.rs:[0-9]+.*dev.sh: unloading number hangs: starting a fresh machine' "a module that does not end is reported"
shown 'dev.sh: the fresh machine is ready' "… and a fresh machine is started"
shown 'number: the number is 7' "… with the module"
next

end_dev
is "$after" "" "Ctrl-C ends all processes"
nothing_left "… and leaves nothing in build/"
git -C "$own" checkout -q .

# ---- At a terminal. (Without the test, which would print more.)

# The shell makes the kernel crash. (The modules in the machine have no line numbers.)
change 'number.load()))' 'if number.load() == 99 { None::<i32>.unwrap() } else { number.load() }))'
at_terminal 'echo 99 >/sys/module/number/parameters/number; cat /proc/number' 'the next save starts'
like "$screen" 'Rust code panicked.* --> number.rs:[0-9]+.*its parameters: number=99.*the next save starts a fresh machine' \
	"a crash that the shell causes is told with its line"
git -C "$own" checkout -q .

# A program that the shell has started hangs in the module. (It runs in the background here, so that the shell can be left.)
change 'number.load()))' '{ while number.load() == 77 { core::hint::spin_loop() } number.load() }))'
at_terminal 'echo 77 >/sys/module/number/parameters/number; cat /proc/number &' 'has been in the kernel'
like "$screen" 'cat \(process [0-9]+\) has been in the kernel for [0-9]+ seconds.* number.rs:[0-9]+' \
	"a program of the shell that hangs is told with its line"
git -C "$own" checkout -q .

# ---- A module that is in use cannot be unloaded. (A device is in use while it is open.)

held=$directory/held
scripts/new-module.sh "$held" 2>/dev/null
sed 's/"chardev"/"held"/; s/c"chardev"/c"held"/; s/Chardev/Held/' chardev.rs >"$held/held.rs"
rm "$held"/tests/*.t
printf '%s\n' '#!/bin/bash' 'echo 1..1; insmod held.ko && rmmod held && echo "ok 1 - loaded"' \
	'(until [[ -c /dev/held ]]; do sleep 0.1; done; sleep infinity 3<>/dev/held) >/dev/null 2>&1 &' >"$held/tests/held.t"
start_dev scripts/dev.sh --from "$held" held
shown 'dev.sh: tests/held.t passed.*ready: save a source' "a test leaves a process that has the device of the module open"
next
sleep 3
sed -i 's/pub struct/struct/; s/a pipe of bytes"/a pipe"/' "$held/held.rs"
shown 'ERROR: Module held is in use.*dev.sh: held cannot be unloaded: starting a fresh machine' "when a module is in use, rmmod's message is shown"
shown 'dev.sh: the fresh machine is ready.*dev.sh: tests/held.t passed' "… and a fresh machine is started, with the module"
kill -INT -- "-$dev"
wait "$dev"
dev=''

# ---- The modules of this checkout, of which one needs another that comes after it in Kbuild.

start_dev scripts/dev.sh ticket
shown 'dev.sh: ready: save a source' "modules are loaded in the order in which they need each other"
is "$(grep 'was not loaded' "$said")" '' "… each of them"
next
touch hello_world.rs
shown 'dev.sh: hello_world.rs was saved.*hello_world: Hello World.*dev.sh: tests/tickets.t .*hello_world: Hello World' \
	"a module that is saved is loaded, too, and again after the test"
next
sleep 1
places ticket
[[ $ran != */run.?* ]] || kill_machine
shown 'dev.sh: the machine has ended.*: starting a fresh machine.*hello_world: Hello World.*dev.sh: the fresh machine is ready' "… and loaded again in a fresh machine"
kill -INT -- "-$dev"
wait "$dev"
dev=''

run bench/dev.sh 1
like "$status $stdout" '^0 1 saves: median [0-9.]+ s, worst [0-9.]+ s; load ' "bench/dev.sh measures it"

done_testing
