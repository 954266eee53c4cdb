#!/usr/bin/env bash
# make M=DIR: builds, tests, checks and cleans modules of all kinds in a directory that is not part of this checkout.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

directory=$(mktemp -d)
temporary+=("$directory")
own=$directory/own
mkdir -p "$own"/{tests,deep}
git init -q "$own"

# A module with only the kernel crate (its text is from Rust for Linux's template), one with our crate, one in Rust and C, and one
# in C.
printf '%s\n' "obj-m := counts.o" "include $PWD/lkm/Kbuild.include" "obj-m += plain.o mixed.o deep/" "mixed-y := main.o sum.o" >"$own/Kbuild"
sed 's/"jiffies"/"counts"/' jiffies.rs >"$own/counts.rs"
cat >"$own/plain.rs" <<'RUST'
// SPDX-License-Identifier: GPL-2.0

//! A module that uses the kernel crate only.

use kernel::prelude::*;

module! {
    type: Plain,
    name: "plain",
    authors: ["Somebody"],
    description: "It keeps numbers",
    license: "GPL",
}

struct Plain {
    numbers: KVec<i32>,
}

impl kernel::Module for Plain {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut numbers = KVec::new();
        numbers.push(72, GFP_KERNEL)?;
        Ok(Plain { numbers })
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        pr_info!("My numbers are {:?}\n", self.numbers);
    }
}
RUST
cp tests/foreign/mixed/sum.c "$own/"
sed 's/foreign_mixed/mixed/' tests/foreign/mixed/main.rs >"$own/main.rs"
echo 'obj-m := in_c.o' >"$own/deep/Makefile"
cat >"$own/deep/in_c.c" <<'C'
// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

static int __init in_c_init(void)
{
	pr_info("in_c: hello from C\n");
	return 0;
}

static void __exit in_c_exit(void)
{
}

module_init(in_c_init);
module_exit(in_c_exit);
MODULE_DESCRIPTION("C alone");
MODULE_LICENSE("GPL");
C
a_test() { printf '#!/usr/bin/env bash\n# A test.\n\n. "$RUST_LKM/tests/kernel.sh" || exit\n\n%s\ndone_testing\n' "$2" >"$own/tests/$1.t"; }
a_test all 'for module in counts plain mixed deep/in_c; do
	kmsg_mark
	run insmod "$module.ko"
	run rmmod "${module##*/}"
	is "$status $(kmsg | sed "s/.*is //")" "0 ${said[$module]}" "$module says what it should"
done'
sed -i '/kernel.sh/a declare -A said=([counts]="" [plain]="plain: My numbers are [72]" [mixed]=4711 [deep/in_c]="in_c: hello from C")\n\ncat /modules/deep/in_c.c | grep -q "C alone" || echo "not ok - the sources are there"' "$own/tests/all.t"
printf '#!/usr/bin/perl\n# A test in another language.\nprint "1..1\\nok 1 - perl speaks TAP\\n";\n' >"$own/tests/perl.t"
chmod +x "$own/tests/perl.t"
# A link of the author's.
ln -s "$directory/kept/old.ko" "$own/old.ko"
cp -r "$own" "$directory/sources"

run make --no-print-directory M="$own" test
is "$status $(tail -n 1 <<<"$stdout")" "0 7 passed, 0 failed, 0 skipped" "modules of all kinds are built, and their tests run in the virtual machine"
release=$(cd "$own/build/modules" && echo *)
is "$(cd "$own/build/modules/$release" && find . -name '*.ko' | sort | paste -sd ' ')" "./counts.ko ./deep/in_c.ko ./mixed.ko ./plain.ko" \
	"the modules are in the directory's build/modules/, with a directory for each kernel"
is "$(diff -r --no-dereference --exclude=build "$directory/sources" "$own")" "" "… and nothing is beside the sources"
like "$(git -C "$own" status --porcelain)" '^[^/]*Kbuild' "git sees the sources"
is "$(git -C "$own" status --porcelain | grep build/)" "" "… and nothing of build/"
mkdir -p "$own/target/deep" "$own/.config"
echo target/ >>"$own/.git/info/exclude"
touch "$own"/target/deep/object "$own"/{.config/file,'two words',gone}
git -C "$own" add Kbuild gone
rm "$own/gone"
run scripts/vm.sh --strip --from "$own" find . -name target -o -name file -o -name 'two words' -o -name Kbuild
is "$status $(sort <<<"$stdout" | paste -sd ' ') $stderr" "0 ./.config/file ./Kbuild ./two words " "the machine gets what git knows or does not ignore, and nothing else"
git -C "$own" rm -q --cached -r .
mv "$own/.git" "$directory/git"
run scripts/vm.sh --strip --from "$own" find . -name object -o -name file
is "$status $(sort <<<"$stdout" | paste -sd ' ')" "0 ./.config/file ./target/deep/object" "… without git, all files"
mv "$directory/git" "$own/.git"
rm -r "$own"/{target,.config,'two words'}
like "$(<"$own/build/test/all.tap")" 'ok 4 - deep/in_c says what it should' "what a test printed is in build/test/"

touch "$own/plain.rs"
run make --no-print-directory M="$own" V=1
like "$status $stdout$stderr" $'^0 .*rustc --edition=[^\n]*plain\\.rs' "V=1 shows the commands"
touch "$own/plain.rs"
run make --no-print-directory M="$own"
like "$status $stdout$stderr" '^0 .*RUSTC \[M\] plain\.o' "without it, make says what it builds"
is "$(grep -vE '^  [A-Z]+ |^$' <<<"$stdout"$'\n'"$stderr")" "" "… and nothing else"

# ---- The gates.

a_test log 'run insmod plain.ko
run rmmod plain'
a_test state 'run insmod deep/in_c.ko
kmsg >/dev/null'
rm "$own"/tests/{all,perl}.t
run make --no-print-directory M="$own" test
is "$status $(tail -n 1 <<<"$stdout")" "2 2 passed, 2 failed, 0 skipped" "the log gate and the state gate work there, too"
like "$stderr" 'unexpected: plain: My numbers are \[72\]' "… a log line that no test looked at is shown"
like "$stderr" '> module in_c' "… and a module that is still loaded"
run make --no-print-directory M="$own" test T=nope
like "$status $stderr" "^2 .*no test in $own/tests has 'nope' in its name"$'\n'".*tests/log.t tests/state.t" "a T=NAME that does not exist: the message lists the tests"

# ---- A crash. (Modules of the same name, for other kernels, are not used to explain it.)

sed 's/Plain/Falls/; s/"plain"/"falls"/; s/numbers\.push.*/pr_info!("{}\\n", numbers.pop().unwrap());/' "$own/plain.rs" >"$own/falls.rs"
line=$(sed -n '/unwrap/=' "$own/falls.rs")
echo 'obj-m += falls.o' >>"$own/Kbuild"
rm "$own"/tests/{log,state}.t
a_test falls 'run insmod falls.ko
is "$status" 0 "it is loaded"'
for ((i = 1; i < 20; i++)); do mkdir "$own/build/modules/$i.0" && cp "$own/build/modules/$release/plain.ko" "$own/build/modules/$i.0/falls.ko"; done
run make --no-print-directory M="$own" test
like "$status $stderr" "^2 .*the calls that led there.*falls::Falls as.*  falls.rs:$line" "a crash is explained, with the line"
like "$stderr" "the console's log in $PWD/build/log/console.log" "… and with the whole path of the log, because the author may work elsewhere"
{
	await "$directory/screen" 'To leave'
	printf 'insmod falls.ko\n'
	await "$directory/screen" 'process:'
	printf 'exit\n'
	await "$directory/screen" 'decode.sh'
} | timeout 120 script -qefc "make --no-print-directory M=$own vm" "$directory/screen" >/dev/null
screen=$(tr -d '\r' <"$directory/screen")
command=$(sed -n "s/.*there is a crash in the kernel's log: //p" <<<"$screen")
run bash -c "cd $own && $command"
like "$status $stdout" "^0 .*Rust code panicked.*falls.rs:$line" "the command that make vm shows for it works in that directory"
rm -r "$own"/falls.rs "$own"/tests/falls.t "$own"/build/modules/?*.0
sed -i '/falls/d' "$own/Kbuild"

# ---- A test that does not end.

cp tests/crashes/deadlock.rs "$own/"
line=$(sed -n '/total\.lock() += /=' "$own/deadlock.rs")
echo 'obj-m += deadlock.o' >>"$own/Kbuild"
run bash -c "cd /; $(sed -n '/^test_limit() {/,/^}/p' scripts/vm/within.sh); test_limit"
like "A test may take $stdout seconds" "^$(grep -o 'A test may take [0-9]* seconds' docs/your-own-module.md)\$" "without settings, a test may take as long as docs/your-own-module.md says"
echo 'timeout=08' >"$own/tests/settings"
a_test 1_sleeps 'is 1 1 "it has begun"
bash -c "sleep 1000; :"'
a_test 2_busy 'perl -e "1 while 1"'
a_test 3_short 'is 1 1 "a test after one that was ended"'
a_test 4_deadlock 'exec insmod deadlock.ko'
a_test 5_late 'is 1 1 "never seen"'
run make --no-print-directory M="$own" test
is "$status $(tail -n 1 <<<"$stdout")" "2 4 passed, 4 failed, 0 skipped" "tests that do not end are stopped, and the others run"
is "$(grep -l '^not ok - it ends within 8 seconds (timeout=16 in tests/settings allows more)' "$own"/build/test/*.tap | sed 's,.*/,,' | paste -sd ' ')" \
	"1_sleeps.tap 2_busy.tap 4_deadlock.tap" "… and each test that took too long is reported"
like "$stderr" 'sleep \(process [0-9]+\) has been in the kernel for 8 seconds.*hrtimer_nanosleep' "… and the program that a test waits for is named"
like "$stderr" 'task perl:[0-9]+ has been running for 8 seconds, and not in the kernel' "… also if that program is busy"
like "$stderr" "insmod \(process [0-9]+\) has been in the kernel for 8 seconds.*deadlock\.rs:$line" "… and the line of a module that hangs"
like "$(<"$own/build/test/5_late.tap")" '^not ok - it did not run, because tests/4_deadlock.t cannot be ended' "a test that hangs in the kernel ends the machine"
is "$(grep 'syntax error' <<<"$stderr")" "" "… and test.sh can read what that machine says at its end"
rm "$own"/deadlock.rs "$own"/tests/*.t "$own/tests/settings"
sed -i '/deadlock/d' "$own/Kbuild"
a_test state 'run insmod deep/in_c.ko
kmsg >/dev/null'

# ---- A module of two crates.

cp -r tests/foreign/crates "$directory/crates"
run make --no-print-directory M="$directory/crates"
is "$status $(grep -E 'warning|error|not built' <<<"$stdout$stderr")" "0 " "a module of two crates is built, without a warning"
sed -i 's/name: "foreign_crates"/name: "other"/' "$directory/crates/main.rs"
run make --no-print-directory M="$directory/crates"
like "$status $stderr" "^2 .*error: the module's name is \"other\", but its file is foreign_crates.ko.*--> main\.rs:[0-9]+" "… and the name is looked at where module! is"

# ---- The other targets.

run make --no-print-directory M="$own" rust-analyzer
is "$status" 0 "rust-analyzer"
names=$(scripts/sandbox.sh --show "$own" python3 -c 'import json, sys
print(" ".join(sorted(crate["display_name"] for crate in json.load(open(sys.argv[1]))["crates"])))' "$own/rust-project.json")
like "$names" '^.*counts .* kernel lkm .* main .* plain' "… and its file has these modules and both crates"
is "$(readlink "$own/rust-project.json") $(diff -r --exclude=build --exclude=.git --exclude=tests "$directory/sources" "$own")" \
	"build/modules/$release/rust-project.json Only in $own: rust-project.json" "… and it is a link to build/, the only thing beside the sources"
# The programs that an editor calls, with a stand-in for the sandbox.
mkdir -p "$directory/editor"/{scripts,objects}
cp -r scripts/{editor,rust-project.py} "$directory/editor/scripts/"
printf '#!/bin/sh\necho "$SUITE $ARCH: $*"\n' >"$directory/editor/scripts/sandbox.sh"
chmod +x "$directory/editor/scripts/sandbox.sh"
echo '{"crates": [{"display_name": "kernel", "cfg": []}], "sysroot": "/usr"}' >"$directory/editor/objects/rust-project.json"
touch "$directory/editor/objects/modules.order"
run scripts/sandbox.sh --writable "$directory/editor" env SUITE=sid ARCH=other \
	"$directory/editor/scripts/rust-project.py" "$own" "$directory/editor/objects" build/sandbox/sid-other
sysroot=$(sed -n 's/.*"sysroot": "\(.*\)".*/\1/p' "$directory/editor/objects/rust-project.json")
is "$status$stderr $sysroot" "0 $directory/editor/build/editor/sid-other" "an editor gets the programs of the sandbox that the modules were built in"
run "$sysroot/bin/rustc" --version
is "$stdout" "sid other: --made /usr/bin/rustc --version" "… its compiler, whatever SUITE= and ARCH= the editor has"
run env RUST_ANALYZER_INTERNALS_DO_NOT_USE=1 "$sysroot/libexec/rust-analyzer-proc-macro-srv" --format
is "$stdout" "sid other: --made env RUST_ANALYZER_INTERNALS_DO_NOT_USE=1 /usr/libexec/rust-analyzer-proc-macro-srv --format" "… and what runs its macros"
sed -i 's/^    numbers: /  numbers: /' "$own/plain.rs"
run make --no-print-directory M="$own" lint
like "$status $stdout" "^2 Diff in $own/plain.rs" "lint checks these sources"
is "$(grep ': ' <<<"$stderr" | grep -v -e '^make' -e 'waiting for another run' | sort | paste -sd ' ')" \
	"clippy: clean rustfmt: failed shellcheck: clean shfmt: clean" "… with all its tools for sources"
run make --no-print-directory M="$own" clean
is "$status $(cd "$own" && echo *)" "0 Kbuild counts.rs deep main.rs old.ko plain.rs sum.c tests" "clean leaves the sources and the author's links, and no build/"

# ---- Directories that are refused.

mkdir "$directory"/{empty,"odd name","it's"}
for line in "$directory/nope|there is no directory $directory/nope" \
	"$directory/empty|there is nothing in $directory/empty that kbuild can build" \
	"$directory/odd name|kbuild and make cannot handle the path of the modules: $directory/odd name" \
	"$directory/it's|kbuild and make cannot handle the path of the modules: $directory/it's"; do
	run make --no-print-directory M="${line%%|*}" vm
	like "$status $stderr" "^2 .*error: ${line#*|}" "refused: ${line#*|}"
done
# (Each target says it in the same words.)
for target in modules test lint matrix clean gdb; do
	run make --no-print-directory M="$directory/nope/nor/this" "$target"
	like "$status $stderr" "^2 .*error: there is no directory $directory/nope/nor/this" "make $target names a directory that does not exist"
done
run make --no-print-directory M="$own" demo
like "$status $stderr" '^2 .*M=DIR works only with these targets: modules ' "a target that does not work with M=DIR is refused"
# This checkout inside the directory, like a submodule. (It is a copy of the parts that are needed.)
around=$directory/around
mkdir -p "$around"/{build,rust-lkm/build}
cp -r scripts lkm Makefile LICENSE .rustfmt.toml "$around/rust-lkm/"
echo '"' | tee "$around/rust-lkm/bad.sh" "$around/rust-lkm/build/bad.t" >"$around/rust-lkm/bad.rs"
echo 'obj-m := in_c.o' >"$around/Kbuild"
printf '#!/bin/sh\ntrue\n' >"$around/good.sh"
printf '# make M=DIR of rust-lkm has made this directory, and removes files in it.\n*\n' >"$around/build/.gitignore"
run scripts/sandbox.sh --writable "$around" "$around/rust-lkm/scripts/lint.sh" --from "$around"
is "$status $(grep ': ' <<<"$stderr" | sort | paste -sd ' ')" "0 shellcheck: clean shfmt: clean" "a checkout inside the directory: lint leaves it out"
"$around/rust-lkm/scripts/watch.py" "$around" >"$directory/watched" &
watcher=$!
for ((i = 0; i < 100; i++)); do
	echo true >>"$around/rust-lkm/scripts/one.sh"
	echo true >>"$around/good.sh"
	[[ ! -s $directory/watched ]] || break
	sleep 0.1
done
echo true >>"$around/rust-lkm/scripts/one.sh"
echo true >>"$around/last.sh"
await "$directory/watched" last.sh
is "$(sort -u "$directory/watched" | paste -sd ' ')" "saved $around/good.sh saved $around/last.sh" "… and so does make dev"
# A directory that comes with sources in it.
mkdir -p "$directory/new/below"
touch "$directory/new/below/new.rs"
mv "$directory/new" "$around/"
await "$directory/watched" new.rs
is "$(tail -n 1 "$directory/watched")" "saved $around/new/below/new.rs" "… which notices the sources in a new directory"
# Directories that are gone before they can be watched, as git and editors make them.
for ((i = 0; i < 500; i++)); do mkdir "$around/gone" && rmdir "$around/gone"; done
echo true >>"$around/still.sh"
await "$directory/watched" still.sh
is "$(tail -n 1 "$directory/watched")" "saved $around/still.sh" "… and goes on if directories come and go"
# More than the kernel keeps, while the program is stopped.
events=$(</proc/sys/fs/inotify/max_queued_events)
kill -STOP "$watcher"
for ((i = 0; i < 2 * events; i++)); do : >"$around/many.$((i % 2))"; done
echo true >>"$around/lost.sh"
kill -CONT "$watcher"
await "$directory/watched" "saved $around\$"
kill "$watcher"
is "$(tail -n 1 "$directory/watched")" "saved $around" "… and more saves than the kernel keeps"

# A directory build/ that something else made.
mkdir -p "$directory/tracked"/{build/{test,modules,log},tests}
echo 'obj-m := in_c.o' >"$directory/tracked/Kbuild"
cp "$own/deep/in_c.c" "$directory/tracked/"
touch "$directory/tracked/tests/none.t" "$directory"/tracked/build/{test,modules,log}/mine
echo '*' >"$directory/tracked/build/.gitignore"
before=$(cd "$directory/tracked" && find . | sort)
for target in modules test vm lint matrix dev gdb; do
	run make --no-print-directory M="$directory/tracked" "$target"
	like "$status $stderr" "^2 .*error: $directory/tracked/build was made by somebody else,.*Rename yours" "a build/ that something else made: make $target refuses it"
done
run make --no-print-directory M="$directory/tracked" clean
like "$status $stderr" "^0 clean.sh: $directory/tracked/build stays as it is" "… make clean leaves it alone"
same "$(cd "$directory/tracked" && find . | sort)" "$before" "… and nothing in it is touched"
# One that was interrupted when it made build/.
rm -r "$directory/tracked/build"
for file in . .gitignore; do
	mkdir -p "$directory/tracked/build"
	touch "$directory/tracked/build/$file"
	run make --no-print-directory M="$directory/tracked" path
	is "$status $stderr$(tail -n 1 "$directory/tracked/build/.gitignore")" "0 *" "a build/ that an interrupted run has left is taken"
	rm -r "$directory/tracked/build"
done
rm "$directory"/tracked/tests/*.t
run make --no-print-directory M="$directory/tracked" lint
is "$status $stderr" "0 there is nothing to check in $directory/tracked: no Rust and no shell" "make lint says so if there is only C"
touch "$own/modules.order"
run make --no-print-directory M="$own" modules
like "$status $stderr" "^2 .*a build without MO= has left objects beside the sources in $own"$'\n'".*make M=$own clean removes them" "objects of an earlier build beside the sources are an error, which says what to do"

done_testing
