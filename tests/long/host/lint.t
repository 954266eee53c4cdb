#!/usr/bin/env bash
# Runs lint.sh in a copy of this checkout: it finds no mistake, each of its tools finds one that is made, and --fix corrects the
# formatting.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
copy=$(mktemp -d "$PWD/build/lint-test.XXXXXX")
temporary+=("$copy")
# (Where mistakes are tried there is no repository.)
if [[ -e .git ]]; then
	git ls-files -z -co --exclude-standard | perl -0lne 'print if -e' | xargs -0 cp -a --parents -t "$copy"
else
	find . -mindepth 1 -maxdepth 1 ! -name build -exec cp -a -t "$copy" {} +
fi
# The copy uses the kernel of this checkout.
mkdir -p "$copy/build/kernels"
kernel=$(dirname "$kdir")
ln -s "$kernel" "$copy/build/kernels/"
basename "$kernel" >"$copy/build/kernels/default-trixie"
# (prose.sh would download this.)
[[ ! -d build/codespell ]] || cp -a build/codespell "$copy/build/"
lint() { run scripts/sandbox.sh "$copy/scripts/lint.sh" "$@"; }

lint
is "$status" 0 "lint.sh reports nothing"
is "$(grep -c ': clean' <<<"$stderr")" 5 "… with each of its five tools"

# A mistake in the formatting: a space too many. Below, other mistakes: unsafe without a reason, a word that is not quoted.
sed -i 's/^use kernel/use  kernel/' "$copy/hello_world.rs"
sed -i 's/^set -euo/  set -euo/' "$copy/scripts/common.sh"
lint --fix
is "$(cmp hello_world.rs "$copy/hello_world.rs" && cmp scripts/common.sh "$copy/scripts/common.sh" && echo same)" same "--fix formats the files"

sed -i 's/^use kernel/use  kernel/' "$copy/hello_world.rs"
sed -i 's/^set -euo/  set -euo/' "$copy/scripts/common.sh"
sed -i '/\/\/ SAFETY/d' "$copy/lkm/math.rs"
printf '#!/usr/bin/env bash\necho $1\n' >"$copy/scripts/unquoted.sh"
# A phrase from the list, and a misspelled word. (They are not written in one piece here, because lint.sh would find them.)
printf '\nThis is made %s.\n' 'a''new' >>"$copy/README.md"
printf '// You will %s it.\n' 'rec''ieve' >>"$copy/lkm/math.rs"
lint
is "$status" 1 "mistakes give 1"
for tool in rustfmt clippy shellcheck shfmt prose; do
	like "$stderr" "$tool: failed" "… and $tool finds one"
done
like "$stdout" 'unsafe block missing a safety comment' "unsafe without its SAFETY comment is found"
like "$stdout" './README.md:[0-9]+: "a''new": again' "a phrase that docs/style.txt names is found, with what to write instead"
like "$stdout" './lkm/math.rs:[0-9]+: rec''ieve ==> receive' "a misspelled word is found"
printf '%s\n' '# It works for' '# all that.' >"$copy/phrase"
run scripts/prose.sh "$copy/phrase"
is "$status $stdout" "1 $copy/phrase:2: \"for ""all that\": still; or say what \"that\" is" "… also if it goes on in the next line of a comment"
cd "$copy" || exit
run "$OLDPWD/scripts/prose.sh" phrase
cd "$OLDPWD" || exit
is "$status ${stdout%%:*}" "1 $copy/phrase" "… in the file of the working directory"
run scripts/prose.sh nope
is "$status" 2 "prose.sh: a file that does not exist gives 2"

done_testing
