#!/usr/bin/env bash
# Makes each mistake in docs/crashes.md, and compares the messages with those that it shows. Also checks what vm.sh says if a
# module crashes the machine.

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../shown.sh"
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules TESTS=1 >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
release=$(<"$kdir/include/config/kernel.release")
scratch=$(mktemp -d "$PWD/build/crashes-test.XXXXXX")
temporary+=("$scratch")

# Meanwhile, a command hangs in the kernel until its timeout ends it.
(
	status=0
	scripts/vm.sh --smp 2 --timeout 45 insmod tests/crashes/deadlock.ko </dev/null >"$scratch/hanging" 2>&1 || status=$?
	echo "status $status" >>"$scratch/hanging"
) &
hanging=$!

# ---- Mistakes that make reports, in a checkout with one module.

mkdir "$scratch/checkout"
cp -a Makefile hello_world.rs lkm scripts tests "$scratch/checkout/"
# (Lines of the reader that have the same words.)
printf '%s\n' 'obj-m := hello_world.o' '# salute.o' '# halves.o' '# my_buffer.o' >"$scratch/checkout/Kbuild"
cp "$scratch/checkout/Kbuild" "$scratch/Kbuild"

# type_command COMMAND: types it in that checkout. Sets output.
type_command() {
	output=$(scripts/sandbox.sh bash -c "cd '$scratch/checkout' && make() { command make --no-print-directory modules KDIR='$kdir' MO='$scratch/made' 2>&1; } && $1") && status=0 || status=$?
	[[ $1 != make ]] || statuses+="$status "
}
check_command() {
	type_command "$2"
	is_as_shown "$output" "$3" "docs/crashes.md: $2"
	if [[ $output == *'bytes of the stack'* ]]; then
		type_command "make again"
		like "$output" 'bytes of the stack' "… and the warning comes again, although nothing has changed"
	fi
}
statuses=''
each_command docs/crashes.md "console build" '$ ' check_command

is "$statuses" "0 2 0 0 2 0 " "a name that differs from the file's is an error, and so is floating point"

same "$(<"$scratch/checkout/Kbuild")" "$(<"$scratch/Kbuild")" "… and in the end Kbuild is as it was"
is "$(cd "$scratch/checkout" && echo *.rs)" hello_world.rs "… and so are the sources"

# The module with the large array can be built. It crashes the machine.
# (Its source has to be there for the explanation.)
cp tests/crashes/buffer.rs "$scratch/checkout/"
there "$scratch/made/buffer.ko" "a large array is no error, as in C"
run scripts/vm.sh --smp 1 --add "$scratch/made/buffer.ko" --timeout 60 bash -c 'echo "<6>before" >/dev/kmsg; insmod buffer.ko'
is "$status" 125 "a machine that a module crashes gives 125"
like "$stderr" 'build/log/crash-[0-9a-zA-Z-]*\.log' "the message names the log"
log=$(grep -oE 'build/log/crash-[0-9a-zA-Z-]*\.log' <<<"$stderr" | head -n 1)
cp "$log" "$scratch/died.log"
like "$stderr" $'vm.sh: the kernel\'s log .*\nThe stack was too small.*buffer.rs:19' "it says what happened, and on which line"
like "$stderr" 'The kernel gave up: ' "… and that the kernel gave up"
run scripts/vm.sh --strip true
like "$(<"$log")" 'before' "the log still exists after the next machine has run, with the lines from before the crash"

# ---- Mistakes that the machine reports.

# A crash in init leaves a part of insmod's stack in a list of the kernel, which the next insmod may use. So each of these has a
# machine of its own.
typed='' said='' statuses=''
for blocks in unwraps null_pointer '(?s)\A(?!.*(unwraps|null_pointer))'; do
	run scripts/vm.sh --smp 2 --timeout 300 env TAG=crashes BLOCKS="$blocks" tests/docs.t
	statuses+="$status " typed+=$stdout$'\n' said+=$stderr$'\n'
done
is "$statuses" "0 0 0 " "the commands in docs/crashes.md are typed in three machines"
docs_log=$(grep -oE 'build/log/crash-[0-9a-zA-Z-]*\.log' <<<"$stderr" | head -n 1)
stdout=$typed stderr=$said
is "$(grep -A 12 '^not ok' <<<"$stdout")" "" "… and the output is as shown"
is "$(grep -c '^ok .*decode.sh' <<<"$stdout")" "$(grep -c '^# .*decode.sh' <(awk '/^```/ { inside = ($0 == "```console crashes"); next } inside' docs/crashes.md docs/guide/*.md))" \
	"… and each crash is explained"
like "$stderr" "contains this:.*unwraps.rs:25:27.*out_of_bounds.rs:35:5.*proc_taken.rs:27" "vm.sh explains them, too, when it ends"
like "$stderr" "out_of_bounds; its parameters: index=4" "… with the parameters that the module had"
is "$(grep -c '^Rust code panicked' <<<"$stderr")" 2 "… each of them once"

wait "$hanging"
hanging=$(<"$scratch/hanging")
like "$hanging" 'status 124$' "the timeout ends a module that hangs"
like "$hanging" 'insmod \(process [0-9]+\) has been in the kernel for .*tests/crashes/deadlock\.rs:36' "… and the message says where it hangs"

# ---- The log of another machine: the modules are enough, wherever they are.

log=$docs_log
mkdir "$scratch/elsewhere"
cp "build/modules/$release/tests/crashes/out_of_bounds.ko" "$scratch/elsewhere/"
# decoded FILE…: prints the explanations of the log, from which the times are removed.
decoded() { sed 's/^\[[^]]*\] //' "$log" | scripts/decode.sh --only "$@"; }
like "$(decoded "$scratch/elsewhere")" 'out_of_bounds::prime  tests/crashes/out_of_bounds.rs:35' "with the modules in a directory, a log gives files and lines"
like "$(decoded "$scratch/elsewhere/out_of_bounds.ko")" 'out_of_bounds::prime  tests/crashes/out_of_bounds.rs:35' "… and with one module that is named"
like "$(decoded "$scratch/elsewhere")" 'no proc_taken.ko here' "… and the message names the modules that are missing"
scripts/sandbox.sh strip --strip-debug "$scratch/elsewhere/out_of_bounds.ko"
like "$(decoded "$scratch/elsewhere")" '::open \[out_of_bounds\].*out_of_bounds.ko has no line numbers: it was stripped' "the message says if a module has no debug information"
# (Its functions have other sizes than those in the log.)
cp "build/modules/$release/proc_hello.ko" "$scratch/elsewhere/out_of_bounds.ko"
like "$(decoded "$scratch/elsewhere")" '::open \[out_of_bounds\].*or is not the file that was loaded' "if a module is not the one that was loaded, the message says so, and does not guess"
done_testing
