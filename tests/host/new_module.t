#!/usr/bin/env bash
# new-module.sh: each target of the new module's Makefile works at once; names and directories that cannot work are refused.

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../shown.sh"
cd "$(dirname "$0")/../.." || exit

top=$PWD
directory=$(mktemp -d)
temporary+=("$directory")
own=$directory/number
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost

# ---- Names and places.

touch "$directory/file"
mkdir -p "$directory/full"
touch "$directory/full/file"
while IFS='|' read -r name reason; do
	run scripts/new-module.sh "$directory/$name"
	like "$status $stderr" "^1 new-module.sh: error: $reason" "refused: $name"
	# The files from before are still there, and no others.
	is "$(cd "$directory" && find . | sort | paste -sd ' ')" ". ./file ./full ./full/file" "… and nothing is made"
done <<'NAMES'
my-module|a module cannot be named 'my-module': use small letters .*a possible one is my_module
Module|a module cannot be named 'Module': use small letters .*a possible one is module
9lives|a module cannot be named '9lives': use small letters .*a possible one is lives
größe|a module cannot be named 'größe': use small letters
two words|a module cannot be named 'two words': use small letters
_x|a module cannot be named '_x': use small letters
match|a module cannot be named 'match': that is a keyword of Rust
self|a module cannot be named 'self': that is a keyword of Rust
kernel|a module cannot be named 'kernel': a crate that every module uses has that name
lkm|a module cannot be named 'lkm': a crate that every module uses has that name
jiffies|a module cannot be named 'jiffies': there is a module of that name already \(a module of rust-lkm: jiffies\)
startstop|a module cannot be named 'startstop': there is a module of that name already
libata|a module cannot be named 'libata': there is a module of that name already \(drivers/ata/libata\)
mt76_usb|a module cannot be named 'mt76_usb': there is a module of that name already \(drivers/net/wireless/mediatek/mt76/mt76-usb\)
result|a module cannot be named 'result': its type would have the name Result, which Rust or the kernel crate uses for something else
this_module|a module cannot be named 'this_module': its type would have the name ThisModule, which
zerocopy|a module cannot be named 'zerocopy': a crate that every module uses has that name
obj|a module cannot be named 'obj': kbuild uses obj-y or obj-m for something else
rustflags|a module cannot be named 'rustflags': kbuild uses rustflags-y or rustflags-m for something else
uptime|a module cannot be named 'uptime': /proc/uptime exists
a123456789a123456789a123456789a123456789a123456789a12345|a module cannot be named .*: the kernel allows at most 55 letters
full|.*/full is not empty
file|.*/file is a file
NAMES
# Modules of a kernel that nothing else here knows of. (rust-headers.sh writes this list: rust_headers.t.)
mkdir -p "$directory/kernel/kernels/1.0"
printf '%s\n' dummy snd-pcsp >"$directory/kernel/kernels/1.0/names"
for name in dummy snd_pcsp; do
	RUST_HEADERS_BUILD="$directory/kernel" run scripts/new-module.sh "$directory/$name"
	like "$status $stderr" "^1 .*a module cannot be named '$name': there is a module of that name already \\(a module of the kernel: ${name/_/-}\\)" \
		"refused: $name, of which only the list of the kernel's modules knows"
done
rm -r "$directory/kernel"
# All names in the preludes of Rust and of the kernel crate, and all crates and variables that kbuild has for a module.
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
prelude=$({ sed 's,//.*,,' "$kdir/rust/kernel/prelude.rs" && scripts/sandbox.sh bash -c 'cat /usr/src/rustc-*/library/core/src/prelude/{common,v1,mod}.rs' 2>/dev/null | sed 's,//.*,,'; } |
	grep -v '^ *#' | grep -oE '\b[A-Z][A-Za-z]*[a-z][A-Za-z]*\b' | sort -u)
crates=$(find "$kdir/rust" -maxdepth 1 -name 'lib*.rmeta' -printf '%f\n' -o -name 'lib*.so' -printf '%f\n' | sed 's/^lib//; s/\..*//' | sort -u)
variables=$(grep -ohE '\$\((always|[a-z]*flags|extra|lib|obj|subdir|dtb)-[ym]\)' "$kdir"/scripts/Makefile.{build,lib} | sed 's/^$(//; s/-.*//' | sort -u)
accepted=''
for name in $(sed -E 's/([A-Z])/_\L\1/g; s/^_//' <<<"$prelude") $crates $variables; do
	run scripts/new-module.sh "$directory/$name"
	[[ $status == 1 && $stderr == *"a module cannot be named '$name'"* ]] || accepted+="$name "
	rm -rf "${directory:?}/$name"
done
is "$accepted" "" "refused: every name that hides a name in the preludes, a crate or a variable of kbuild"
ok "$(($(wc -w <<<"$prelude") < 50 || $(wc -w <<<"$crates") < 8 || $(wc -w <<<"$variables") < 6))" "… and these are many"
run scripts/new-module.sh "$directory/odd name/mine"
like "$status $stderr" "^1 .*error: kbuild and make cannot handle the path of the module" "refused: a path that kbuild cannot handle"
run scripts/new-module.sh mine
like "$status $stderr" "^1 .*error: $top/mine is in this checkout of rust-lkm"$'\n'".*Your own module must be outside: scripts/new-module.sh ${top%/*}/mine" "refused: in the checkout"
not_there mine "… and nothing is made"
run scripts/new-module.sh /proc/none/mine
like "$status $stderr" "^1 [^ ]*new-module.sh: error: mkdir: [^"$'\n'"]*/proc/none[^"$'\n'"]*"$'\n'"  Choose another directory.$" "a directory that cannot be made is named, and nothing else is said"
# (A full disk, for example.)
mkdir "$directory/bin" "$directory/empty"
printf '#!/bin/sh\nexit 1\n' >"$directory/bin/cp"
chmod +x "$directory/bin/cp"
for name in new/half empty; do
	run env PATH="$directory/bin:$PATH" scripts/new-module.sh "$directory/$name"
	is "$status $(echo "$directory/$name"*)" "1 $directory/$name*" "if it cannot be made, nothing is left: $name"
done

# ---- It works as docs/your-own-module.md says.

# (Where it is to be, there is nothing yet.)
own=$directory/new/place/number
run env GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0="A Person" bash -ec "$(sh_block docs/your-own-module.md scripts/new-module.sh | sed "s,\.\./number,$own,")"
is "$status $(tail -n 1 <<<"$stdout")" "0 9 passed, 0 failed, 0 skipped" "a module is made, and its test passes"
# (make dev has host/dev.t. make vm comes below.)
is "$(sh_commands README.md scripts/new-module.sh | grep -vxE 'make (vm|dev)')" \
	"$(sh_commands docs/your-own-module.md scripts/new-module.sh)" "… with the commands in README.md"
like "$stderr" "The module number is in $own" "… and it says where"
is "$(git -C "$own" status --short | paste -sd ' ')" \
	"A  .editorconfig A  .gitignore A  .rustfmt.toml A  Kbuild A  LICENSE A  Makefile A  README.md A  ci.sh A  number.rs A  tests/number.t" \
	"all its files are in a git repository"
is "$(grep -rnE '[Mm]y_?[Mm]odule|"You"' "$own" --exclude-dir=.git)" "" "… with its own name in them"
like "$(<"$own/number.rs")" 'type: Number,' "… its type, too"
same "$(sed -n 's/^RUST_LKM ?= //p' "$own/Makefile")" "$(realpath --relative-to="$own" "$top")" "its Makefile has the relative path to the checkout"
is "$(cmp LICENSE "$own/LICENSE" && grep -c '^// SPDX-License-Identifier: GPL-2.0$' "$own/number.rs")" 1 "the licence is the GPL-2.0"
git -C "$own" commit -qm "A module"

in_own() { run make --no-print-directory -C "$own" "$@"; }
in_own
is "$status" 0 "make"
is "$(grep -iE 'warning|error' <<<"$stdout$stderr")" "" "… without a warning"
there "$(echo "$own"/build/modules/*/number.ko)" "… builds it"
sh_block docs/your-own-module.md '. "$RUST_LKM/tests/kernel.sh"' >"$directory/shown.t"
run scripts/vm.sh --add "$(echo "$own"/build/modules/*/number.ko)" --add "$directory/shown.t" \
	bash -c 'TAG=own bash tests/docs.t && bash shown.t'
is "$status $(grep '^not ok' <<<"$stdout")" "0 " "it does what docs/your-own-module.md shows"
like "$stdout" 'ok 7 - docs/your-own-module.md: dmesg' "… all of it"
like "$stdout" 'ok 2 - it says its number' "… and the test that it shows passes"
in_own lint
is "$status $(grep -c ': .*clean' <<<"$stderr")" "0 4" "make lint reports nothing"
in_own rust-analyzer
like "$status $(cat "$own/rust-project.json")" "^0 .*number.rs" "make rust-analyzer"
screen=$(echo 'insmod number.ko number=7; cat /proc/number; exit' | script -qec "make --no-print-directory -C $own vm" /dev/null)
like "$(tr -d '\r\n' <<<"$screen")" '[^=]7exit' "make vm"
is "$(git -C "$own" status --short)" "" "git shows no change after all this"
in_own clean
is "$status $(git -C "$own" status --short --ignored)" "0 " "make clean leaves nothing"

# A failure is noticed: the module prints something that the test does not expect.
sed -i 's/the number is/the NUMBER is/' "$own/number.rs"
in_own test
like "$status $stderr" '^2 .*not ok 2 - it says its number' "its test finds a mistake"

# ---- make without the checkout; and the script for continuous integration, which clones the checkout.

mkdir "$directory/ci"
git clone -q "$own" "$directory/ci/number"
mkdir -p "$directory/origin/scripts" "$directory/origin/lkm"
cp lkm/Kbuild.include "$directory/origin/lkm/"
printf '#!/bin/sh\necho preflight\n' >"$directory/origin/scripts/sandbox.sh"
chmod +x "$directory/origin/scripts/sandbox.sh"
printf 'test lint:\n\t@echo "ran $@ of $(notdir $(M))"\n' >"$directory/origin/Makefile"
git init -q "$directory/origin"
git -C "$directory/origin" add -A
git -C "$directory/origin" commit -qm "A stand-in"
sed -i 's,^RUST_LKM ?= .*,RUST_LKM ?= ../rust-lkm,' "$directory/ci/number/Makefile"
run make -C "$directory/ci/number" test
like "$status $stderr" '^2 .*make: error: rust-lkm is not in ../rust-lkm .*set RUST_LKM' "without the checkout, make says so"
run env RUST_LKM_URL="$directory/origin" "$directory/ci/number/ci.sh"
is "$status $(grep -v '^make' <<<"$stdout" | paste -sd ' ')" "0 preflight ran test of number ran lint of number" \
	"ci.sh clones the checkout, and runs the tests and lint"
sed -i 's/^\(test\) lint:/lint:/; $a test:\n\t@false' "$directory/ci/rust-lkm/Makefile"
run "$directory/ci/number/ci.sh"
like "$status $stdout" '^1 .*ran lint of number' "… if one fails, it still runs the other, and fails"
run "$directory/ci/number/ci.sh" nonsense
is "$status $stdout $stderr" "2  ci.sh: error: unknown argument nonsense" "… an argument is an error, and then it runs nothing"
run "$directory/ci/number/ci.sh" --help
like "$status $stdout $stderr" '^0 Usage: ./ci.sh.* $' "… but --help prints its usage"

# The place that this checkout comes from may have letters that mean something to sed.
GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0='https://me:secret@localhost/a|b&c' run scripts/new-module.sh "$directory/odd"
is "$status $(bash -c "$(grep '^RUST_LKM_URL=' "$directory/odd/ci.sh")"'; echo "$RUST_LKM_URL"')" '0 https://localhost/a|b&c' "ci.sh has the place where the checkout comes from, without a password"

# ---- The template itself, and a directory inside a git repository.

run make --no-print-directory M=templates/module modules
is "$status" 0 "the template is a module, too"
make --no-print-directory M=templates/module clean
git init -q "$directory/all"
run scripts/new-module.sh "$directory/all/part"
not_there "$directory/all/part/.git" "inside a git repository, it does not make another one"

done_testing
