#!/usr/bin/env bash
# Checks that the guide shows the code of the files that it names, that its commands for one's own machine do what it shows, and
# that no link in the book is broken. (tests/docs.t types the commands for the virtual machine, tests/solutions.t tries the
# solutions.)

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../shown.sh"
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
scratch=$(mktemp -d "$PWD/build/guide-test.XXXXXX")
temporary+=("$scratch")

# ---- The code.

run scripts/book.sh --check
is "$status $stderr" "0 " "the code in the guide is that of the files"
mkdir "$scratch/checkout"
cp -a README.md docs scripts lkm startstop bench tests ./*.rs Makefile Kbuild "$scratch/checkout/"
sed -i 's/Hello World\\n/Hello world\\n/' "$scratch/checkout/hello_world.rs"
run "$scratch/checkout/scripts/book.sh" --check
like "$status $stderr" '^1 .*\+ .*pr_info!\("Hello world.*scripts/book.sh --code' "changed code is noticed, and the message says what to do"
run "$scratch/checkout/scripts/book.sh" --code
run "$scratch/checkout/scripts/book.sh" --check
is "$status $stderr" "0 " "… and --code writes it into the guide"
sed -i 's,<!-- code: seconds.rs /\^impl,<!-- code: seconds.rs /^no such,' "$scratch/checkout/docs/guide/06-time.md"
run "$scratch/checkout/scripts/book.sh" --code
like "$status $stderr" '^1 .*06-time.md:[0-9]+: seconds.rs has no lines from /\^no such' "lines that do not exist are an error"
is "$(cmp "$scratch/checkout/docs/guide/06-time.md" <(sed 's,seconds.rs /^impl,seconds.rs /^no such,' docs/guide/06-time.md))" "" "… and change nothing"

# ---- Commands on one's own machine.

cp hello_world.rs "$scratch/checkout/"
cp docs/guide/*.md "$scratch/checkout/docs/guide/"
# (Leave out the modules that every test builds.)
echo 'obj-m :=' >"$scratch/checkout/Kbuild"
rm "$scratch/checkout/"{chardev,jiffies,module_param,proc_hello,seconds,simple}.rs
check_command() {
	local output
	output=$(scripts/sandbox.sh bash -c "cd '$scratch/checkout' && make() { command make --no-print-directory modules KDIR='$kdir' MO='$scratch/made' 2>&1; } && $2") || :
	is_as_shown "$output" "$3" "$1: $2"
}
for page in docs/guide/*.md; do each_command "$page" "console build" '$ ' check_command; done
there "$scratch/made/my_greeting.ko" "the guide's first module is built"
# (The build tree that chapter 12 names is here the one that was completed.)
command=$(sh_commands docs/guide/12-own-machine.md "make KDIR=/path/to/build/tree")
run scripts/sandbox.sh bash -c "cd '$scratch/checkout' && ${command/\/path\/to\/build\/tree/"$kdir"}"
is "$status ${command:0:4}" "0 make" "with the path of a build tree, the command in chapter 12 works: $command"
there "$(echo "$scratch/checkout/build/modules"/*/my_greeting.ko)" "… and the module is built for that kernel"

# ---- Exercises have solutions, and each solution has an exercise.

is "$(grep -L '^## Exercises$' docs/guide/[01]*.md)" "" "every chapter has exercises"
is "$(comm -3 <(grep -ohE '\]\(solutions/[a-z/_]+\.rs' docs/guide/[01]*.md | sed 's,.*solutions/,,' | sort -u) \
	<(cd docs/guide/solutions && find . -name '*.rs' | sed 's,^\./,,' | sort))" "" "each solution belongs to a chapter"

# ---- The book.

run make --no-print-directory book
is "$status" 0 "make book makes it"
broken=$(perl tests/links.pl build/book)
is "$broken" "" "the target of each link in it exists"
ok "$(($(find build/book/docs/guide -name '*.html' | wc -l) < 17))" "it has all chapters"
like "$(<build/book/docs/guide/01-first-module.html)" '<link rel="stylesheet" href="[./]*style.css' "its pages have the style"
like "$(<build/book/docs/guide/01-first-module.html)" '<script src="[./]*book.js' "… and the script that copies commands without the prompt"
is "$(find build/book/ -name 'searchindex*.js*' -size -100k)" "" "… and it has an index for searching"
cp -r build/book "$scratch/book"
sed -i 's/solutions\/greeting.rs"/solutions\/welcome.rs"/' "$scratch/book/docs/guide/01-first-module.html"
like "$(perl tests/links.pl "$scratch/book")" '01-first-module.html: solutions/welcome.rs' "a broken link is noticed"

done_testing
