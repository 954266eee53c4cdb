#!/usr/bin/env bash
# Checks what README.md and docs/ say apart from commands in the virtual machine: builds the module in the README from the
# README's own text, and checks that links, quoted lines and messages exist.

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../shown.sh"
cd "$(dirname "$0")/../.." || exit

documents=(README.md docs/*.md docs/guide/*.md)
make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
scratch=$(mktemp -d "$PWD/build/docs-test.XXXXXX")
temporary+=("$scratch")

# blocks FILE START: prints the text of the blocks that begin with ```START.
blocks() {
	awk -v start="\`\`\`$2" '/^ *```/ { inside = ($0 == start); next } inside' "$1"
}

# ---- Your own module, from the README's text.

mkdir "$scratch/checkout"
cp -a Kbuild Makefile lkm scripts "$scratch/checkout/"
blocks README.md rust >"$scratch/checkout/number.rs"
edit=$(sed -n 's/^ *`\(obj-m := number.o\) jiffies.o …`.*/\1/p' README.md)
is "$edit" "obj-m := number.o" "the README says what to write into Kbuild"
# (Leave out the other modules, which every test builds.)
sed -i "s/^obj-m :=.*/$edit/; /^obj-m += hello/d; /^startstop-y/d" "$scratch/checkout/Kbuild"
run scripts/sandbox.sh make -C "$scratch/checkout" modules KDIR="$kdir" MO="$scratch/made"
is "$status" 0 "the README's module is built"
is "$(grep -A 5 -E '^(warning|error)' <<<"$stdout$stderr")" "" "… without a warning"
sh_block tests/README.md '#!/usr/bin/env bash' >"$scratch/shown.t"
run scripts/vm.sh --add "$scratch/made/number.ko" --add "$scratch/shown.t" \
	bash -c 'TAG=number bash tests/docs.t && mv shown.t tests/ && bash tests/shown.t'
is "$status" 0 "in the VM, it does what the README shows"
like "$stdout" 'ok 2 - README.md: cat /proc/number' "… all of it"
is "$(grep '^not ok' <<<"$stdout")" "" "… with the output that is shown"
like "$stdout" 'ok 2 - loading prints the greeting, and nothing else' "the test that tests/README.md shows passes"

# ---- The targets of links exist, and so do the lines that are quoted from sources.

broken='' quoted=''
for document in "${documents[@]}"; do
	directory=$(dirname "$document")
	while read -r target; do
		[[ $target == http* ]] && continue
		[[ $target != '#'* ]] || target=${document##*/}$target
		[[ -e $directory/${target%%#*} ]] || broken+="$document: $target"$'\n'
		heading=${target#*#}
		if [[ $target == *'#'* ]]; then
			sed -n 's/^#\+ //p' "$directory/${target%%#*}" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-' | grep -qx -- "$heading" ||
				broken+="$document: $target"$'\n'
		fi
	done < <(grep -oE '\]\([^)]+\)' "$document" | sed 's/^](//; s/)$//')
	# [file](path): `line`
	while IFS='|' read -r target line; do
		grep -qF -- "$line" "$directory/$target" || quoted+="$document: $target has no: $line"$'\n'
	done < <(grep -oE '\]\([^)]+\): `[^`]+`' "$document" | sed -E 's/^\]\(([^)]+)\): `(.*)`$/\1|\2/')
done
is "$broken" "" "the target of each link exists"
is "$quoted" "" "each line that is quoted is in its file"

# ---- The targets and scripts that are named exist, and so do the messages.

unknown=''
while read -r target; do
	make -n "$target" KDIR="$kdir" >/dev/null 2>&1 || unknown+="make $target"$'\n'
done < <(grep -ohE '(^|`|sudo )make [a-z][a-z_-]*' "${documents[@]}" | sed 's/.*make //' | sort -u)
while read -r script; do
	# (A script that is only sourced need not be executable.)
	[[ -x $script || $(head -n 1 "$script" 2>&1) == '# shellcheck shell=bash'* ]] || unknown+="$script"$'\n'
done < <(grep -ohE '\bscripts/[a-z-]+\.sh' "${documents[@]}" | sort -u)
is "$unknown" "" "each target and script that is named exists"

# (The whole message must be on one line of a script. Where the document has …, the script has a variable.)
lost=''
while IFS= read -r line; do
	rest=${line#*.sh: } rest=${rest#error: } rest=${rest#warning: }
	regex=$(sed 's/[][\\.^$*+?(){}|]/\\&/g; s/ *… */.*/g' <<<"$rest")
	[[ -z $rest ]] || grep -qE -- "$regex" scripts/*.sh scripts/vm/*.sh tests/*.sh packaging/rust-headers/* || lost+="$line"$'\n'
done < <(for document in "${documents[@]}"; do blocks "$document" text; done)
is "$lost" "" "each message that is shown is in a script"

# ---- README.md installs the packages that completing headers needs.

is "$(sed -n '/^sudo apt-get install make/ { s/sudo apt-get install //; s/ *#.*//; p; q }' README.md | tr ' ' '\n')" \
	"$(scripts/rust-headers.sh --needs)" "README.md installs what rust-headers.sh needs, and nothing else"

# ---- Only the crate has unsafe code.

is "$(grep -lw unsafe ./*.rs startstop/*.rs "$scratch/checkout/number.rs")" "" "no module has unsafe code"
ok "$(($(grep -cw 'unsafe {' lkm/proc_fs.rs) == 0))" "… but the crate has some"

# ---- The tour at a terminal, and the file for an editor.

screen=$( (sleep 3 && for ((i = 0; i < 40; i++)); do printf ' ' && sleep 0.3; done) |
	TERM=xterm script -qec "scripts/vm.sh scripts/demo.sh --pause startstop" /dev/null)
like "$screen" $'\e\\[32m✓\e\\[m stop.rs printed its message' "at a terminal the tour has colours, and --pause goes on with each key"

# (With TESTS=1, like every build during the tests: the objects are shared.)
line=$(sed -n 's/^\*\*In an editor:\*\* `\([^`]*\)`.*/\1/p' README.md)
rm -f rust-project.json
run bash -ec "${line/make rust-analyzer/make rust-analyzer TESTS=1}"
is "$status $(readlink rust-project.json)" "0 build/modules/$(<"$kdir/include/config/kernel.release")/rust-project.json" "the README's command for an editor does what it says"
run scripts/sandbox.sh make -C "$scratch/checkout" rust-analyzer KDIR="$kdir" MO="$scratch/made"
is "$status" 0 "make rust-analyzer works"
missing=''
while read -r file; do
	[[ -e ${file/#"$scratch/checkout/build/sandbox"/"$PWD/build/sandbox"} ]] || missing+="$file"$'\n'
done < <(grep -oE '"root_module": "[^"]*' "$scratch/made/rust-project.json" | sed 's/.*"//')
is "$missing" "" "… and each source that its file names exists"
like "$(<"$scratch/made/rust-project.json")" '/number.rs"' "… your own module too"

done_testing
