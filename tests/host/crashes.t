#!/usr/bin/env bash
# What docs/crashes.md shows: each mistake is made, and what comes is compared with what is shown there. And what vm.sh says of a
# machine that dies of one.

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../shown.sh"
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules TESTS=1 >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
release=$(<"$kdir/include/config/kernel.release")
scratch=$(mktemp -d "$PWD/build/crashes-test.XXXXXX")
temporary+=("$scratch")

# A command that hangs in the kernel, and is ended by its timeout, meanwhile.
(
	status=0
	scripts/vm.sh --smp 2 --timeout 45 insmod tests/crashes/deadlock.ko </dev/null >"$scratch/hanging" 2>&1 || status=$?
	echo "status $status" >>"$scratch/hanging"
) &
hanging=$!

# ---- Those that make tells, in a checkout with one module.

mkdir "$scratch/checkout"
cp -a Makefile hello_world.rs lkm scripts tests "$scratch/checkout/"
echo 'obj-m := hello_world.o' >"$scratch/checkout/Kbuild"

# type COMMAND: sets output.
type_command() {
	output=$(scripts/sandbox.sh bash -c "cd '$scratch/checkout' && make() { command make --no-print-directory modules KDIR='$kdir' MO='$scratch/made' 2>&1; } && $1") && status=0 || status=$?
	[[ $1 != make ]] || statuses+="$status "
}
check_command() {
	type_command "$2"
	is_as_shown "$output" "$3" "docs/crashes.md: $2"
}
statuses=''
each_command docs/crashes.md "console build" '$ ' check_command

is "$statuses" "0 2 0 0 2 0 " "a name that is not the file's, and floating point, are errors"

# The module with the large array is built; it ends a machine.
there "$scratch/made/buffer.ko" "a large array is no error, as in C"
run scripts/vm.sh --smp 1 --add "$scratch/made/buffer.ko" --timeout 60 bash -c 'echo "<6>before" >/dev/kmsg; insmod buffer.ko'
is "$status" 125 "a machine that dies of a module gives 125"
like "$stderr" 'build/log/crash-[0-9a-zA-Z-]*\.log' "its log is named"
log=$(grep -oE 'build/log/crash-[0-9a-zA-Z-]*\.log' <<<"$stderr" | head -n 1)
cp "$log" "$scratch/died.log"
like "$stderr" $'vm.sh: the kernel\'s log .*\nThe stack was too small.*buffer.rs:19' "it says what happened, and in which line"
like "$stderr" 'The kernel gave up: ' "… and that it was the end"
run scripts/vm.sh --strip true
like "$(<"$log")" 'before' "the log is still there after the next machine, with what was said before the crash"

# ---- Those that the machine tells.

# A crash in init leaves a part of insmod's stack in a list of the kernel, into which the next insmod may run. So each of
# these has a machine of its own.
typed='' said='' statuses=''
for blocks in unwraps null_pointer '(?s)\A(?!.*(unwraps|null_pointer))'; do
	run scripts/vm.sh --smp 2 --timeout 300 env TAG=crashes BLOCKS="$blocks" tests/docs.t
	statuses+="$status " typed+=$stdout$'\n' said+=$stderr$'\n'
done
is "$statuses" "0 0 0 " "docs/crashes.md is typed in three machines"
docs_log=$(grep -oE 'build/log/crash-[0-9a-zA-Z-]*\.log' <<<"$stderr" | head -n 1)
stdout=$typed stderr=$said
is "$(grep -A 12 '^not ok' <<<"$stdout")" "" "… and all is as shown"
is "$(grep -c '^ok .*decode.sh' <<<"$stdout")" "$(grep -c '^# .*decode.sh' <(awk '/^```/ { inside = ($0 == "```console crashes"); next } inside' docs/crashes.md docs/guide/*.md))" \
	"… each crash explained"
like "$stderr" "contains this:.*unwraps.rs:25:27.*out_of_bounds.rs:35:5.*proc_taken.rs:27" "vm.sh explains them too, as it ends"
like "$stderr" "out_of_bounds; its parameters: index=4" "… with the parameters that the module had"
is "$(grep -c '^Rust code panicked' <<<"$stderr")" 2 "… each of them once"

wait "$hanging"
hanging=$(<"$scratch/hanging")
like "$hanging" 'status 124$' "a module that hangs is ended by the timeout"
like "$hanging" 'insmod \(process [0-9]+\) has been in the kernel for .*tests/crashes/deadlock\.rs:36' "… and where it hangs is said"

# ---- The log of another machine: it is enough to have the modules, wherever they are.

log=$docs_log
mkdir "$scratch/elsewhere"
cp "build/modules/$release/tests/crashes/out_of_bounds.ko" "$scratch/elsewhere/"
# decoded FILE…: what it says of the log without the time, and without what it does not know of the modules.
decoded() { sed 's/^\[[^]]*\] //' "$log" | scripts/decode.sh --only "$@"; }
like "$(decoded "$scratch/elsewhere")" 'out_of_bounds::prime  tests/crashes/out_of_bounds.rs:35' "with the modules of a directory a log gives files and lines"
like "$(decoded "$scratch/elsewhere/out_of_bounds.ko")" 'out_of_bounds::prime  tests/crashes/out_of_bounds.rs:35' "… and with one that is named"
like "$(decoded "$scratch/elsewhere")" 'no proc_taken.ko here' "… and says which are not there"
scripts/sandbox.sh strip --strip-debug "$scratch/elsewhere/out_of_bounds.ko"
like "$(decoded "$scratch/elsewhere")" '::open \[out_of_bounds\].*out_of_bounds.ko has no line numbers: it was stripped' "a module without debug information is said to be so"
# (its functions are of other sizes than those in the log)
cp "build/modules/$release/proc_hello.ko" "$scratch/elsewhere/out_of_bounds.ko"
like "$(decoded "$scratch/elsewhere")" '::open \[out_of_bounds\].*or is not the file that was loaded' "neither does it guess by a module that is another"
done_testing
