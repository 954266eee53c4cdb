#!/usr/bin/env bash
# doc.sh: the documentation of the crate lkm, and the examples in it, which must compile.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
modules=$PWD/build/modules/$(<"$kdir/include/config/kernel.release")
copy=$(mktemp -d "$PWD/build/doc-test.XXXXXX")
temporary+=("$copy")
cp -a lkm scripts "$copy/"
doc() { run scripts/sandbox.sh "$copy/scripts/doc.sh" "$@"; }

# (Each example begins and ends with a line of ```.)
examples=$(($(grep -rhE '^ *//[!/] ```$' lkm --include='*.rs' | wc -l) / 2))
ok "$((examples < 10))" "the crate has examples"
doc "$modules"
is "$status $stderr" "0 build/doc/lkm/index.html is made.
$examples examples compile." "its documentation is made, and each of its $examples examples compiles"
like "$(<"$copy/build/doc/lkm/proc_fs/index.html")" "href=\"file://${kdir//+/\\+}/include/linux/[a-z_]+\.h\"" "a link to a header of the kernel leads to the one of the build tree"
is "$(grep -rl 'srctree/' "$copy/build/doc/lkm" | head -n 3)" "" "… as all of them do"
sed -i '0,/^\/\/\/ ```$/s//&\n\/\/\/ let number: u32 = "text";/' "$copy/lkm/proc_fs/number.rs"
doc "$modules"
like "$status $stderr" '^1 .*error\[E0308\].*let number: u32 = "text".*an example in lkm/ does not compile' "an example that does not compile is an error"
doc "$copy"
like "$status $stderr" "^1 .*nothing is built in $copy" "a directory without modules is refused"
touch "$copy/.jiffies.o.cmd"
doc "$copy"
like "$status $stderr" "^1 .*cannot parse kbuild's command in $copy" "… and one with commands that it cannot parse"
rm -f "$modules"/examples.*

done_testing
