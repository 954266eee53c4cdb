#!/usr/bin/env bash
# dev.sh: a saved module is loaded in the running machine; after a mistake and a crash there is a message, and a working machine.
# (tests/long/host/dev.t has more kinds of mistakes.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit
. tests/dev.sh || exit

# A second module, in a file with a dash in its name. (Neither needs the other, so dev.sh may load them in any order. It keeps to
# this order.)
sed 's/name: "number"/name: "an_other"/; s/c"number"/c"other"/; s/Number/Other/' "$own/number.rs" >"$own/an-other.rs"
sed -i 's/number\.o/& an-other.o/' "$own/Kbuild"
git -C "$own" add -A

start_dev make --no-print-directory -C "$own" dev T=number P='an-other.number=9 number=5 number=7 an_other.number=8'
shown 'dev.sh: ready: save a source' "the machine starts"
like "$(<"$said")" 'number: the number is 7' "… with the module, and the parameter that was set"
like "$(<"$said")" 'an_other: the number is 8' "… and the second module, whose parameter has a value of its own"
like "$(<"$said")" 'dev.sh: tests/number.t passed' "… and the test is run"
shown 'dev.sh: tests/number_perl.t passed' "… and so is a test in another language"
order=$(grep -oE -m 2 '(number|an_other): the number is' "$said")
next

echo two >"$own/tests/word"
change 'the number is' 'the number now is'
shown 'dev.sh: number loaded, [0-9.]+ s after the save' "a saved source is built and loaded"
shown 'number: the number was 7.*number: the number now is 7' "… with the same parameter, and the log shows both"
if [[ $order == number* ]]; then
	shown 'an_other: the number was 8.*number: the number was 7.*number: the number now is 7.*an_other: the number is 8' \
		"… and the module that was loaded after it is unloaded before, and loaded again"
else
	shown 'number: the number was 7.*number: the number now is 7' "… and the module that was loaded before it stays"
fi
shown 'not ok 2 - it says its number.*dev.sh: tests/number.t failed' "… and the named test is run"
shown 'ok 1 - perl reads the word two.*dev.sh: tests/number_perl.t passed' "… in any language, with the present files in tests/"
next

change 'Result<Self>' 'Result<Slef>'
shown 'error\[E0412\]: cannot find type `Slef`.* --> [^ ]*number.rs:[0-9]+:[0-9]+' "a mistake is shown with the compiler's message"
next
sed -i 's/Slef/Self/; s/now is/is/' "$own/number.rs"
shown 'dev.sh: tests/number.t passed' "… and when it is corrected, dev.sh goes on"
next

change 'pr_info!("the number is' 'let none: Option<i32> = None; pr_info!("{}", none.unwrap()); pr_info!("the number is'
shown 'Rust code panicked: .* --> number.rs:[0-9]+:[0-9]+.*none.unwrap\(\)' "a crash is shown, with the line"
shown 'dev.sh: the kernel has crashed \(loading number\): starting a fresh machine' "… and a message says that a fresh machine is started"
shown 'dev.sh: the fresh machine is ready, without number' "… without the module that crashed"
next
change 'let none: .*unwrap()); pr_info' 'pr_info'
shown 'dev.sh: tests/number.t passed' "when the mistake is corrected, the module is loaded there"

end_dev
is "$after" "" "Ctrl-C ends all processes"
nothing_left "… and leaves nothing in build/"
is "$(cd "$own" && git status --short)" "M  Kbuild
A  an-other.rs
 M tests/word" "… or beside the sources"

at_terminal 'cat /proc/number'
like "$(tr -d '\n' <<<"$screen")" 'ready: save a source; to leave: exit.*[^0-9]42[^0-9].*exit' "at a terminal, there is a shell in the machine"
like "$screen" $'\nstatus 0$' "… and leaving it ends the machine"
nothing_left "… and leaves nothing in build/"

# A machine that does not start. (A copy of the scripts has a stand-in for vm.sh.)
copy=$(mktemp -d "$PWD/build/dev-test.XXXXXX")
temporary+=("$copy")
cp -a Makefile Kbuild lkm scripts "$copy/"
mkdir -p "$copy/build/kernels"
ln -s "$PWD/build/sandbox" "$copy/build/"
kernel=$(dirname "$(scripts/sandbox.sh scripts/rust-headers.sh)")
# (Hard links cost nothing, but cannot be made between two layers, for example those of confined.sh.)
cp -al "$kernel" "$copy/build/kernels/" 2>/dev/null || { rm -rf "$copy"/build/kernels/* && cp -a "$kernel" "$copy/build/kernels/"; }
# shellcheck disable=SC2016 # the sandbox's shell expands it
basename "$kernel" >"$copy/build/kernels/default-$(scripts/sandbox.sh bash -c 'echo "$RUST_LKM_SUITE"')"
printf '%s\n' '#!/bin/bash' 'echo "vm.sh: error: it cannot start" >&2' 'exit 125' >"$copy/scripts/vm.sh"
run timeout 500 "$copy/scripts/dev.sh" --from "$own"
like "$status $stderr" '^1 .*dev\.sh: starting the machine …'$'\n''vm\.sh: error: it cannot start'$'\n''dev\.sh: error: the virtual machine did not start$' "a machine that does not start gives 1, with its message"
is "$(ls "$copy/build/vm")" "" "… and leaves nothing in build/"

run scripts/dev.sh --from "$own" nope
like "$status $stderr" "^1 .*no test in $own/tests has 'nope' in its name"$'\n'".*tests/number.t" "a test that does not exist gives 1"
mkdir "$directory/testless"
echo 'obj-m := testless.o' >"$directory/testless/Kbuild"
run scripts/dev.sh --from "$directory/testless" nope
is "$(grep 'There are' <<<"$stderr")" "  There are: none" "… and if there is no test at all, the list says so"
run scripts/dev.sh --from "$own" --set 'number 7'
like "$status $stderr" "^2 .*--set takes NAME=VALUE" "a parameter without a value gives 2"

done_testing
