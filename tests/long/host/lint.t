#!/usr/bin/env bash
# lint.sh in a copy of this checkout: it has nothing to say, each of its tools finds what is wrong, and --fix puts right
# what is only a matter of form.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
copy=$(mktemp -d "$PWD/build/lint-test.XXXXXX")
temporary+=("$copy")
git ls-files -z -co --exclude-standard | perl -0lne 'print if -e' | xargs -0 cp -a --parents -t "$copy"
# Its kernel is the one of this checkout.
mkdir -p "$copy/build/kernels"
kernel=$(dirname "$kdir")
ln -s "$kernel" "$copy/build/kernels/"
basename "$kernel" >"$copy/build/kernels/default-trixie"
lint() { run scripts/sandbox.sh "$copy/scripts/lint.sh" "$@"; }

lint
is "$status" 0 "lint.sh has nothing to say"
is "$(grep -c ': clean' <<<"$stderr")" 5 "… by each of its five tools"

# Of form: a space too many. Of content: unsafe without a reason, a word that is not quoted.
sed -i 's/^use kernel/use  kernel/' "$copy/hello_world.rs"
sed -i 's/^set -euo/  set -euo/' "$copy/scripts/common.sh"
lint --fix
is "$(cmp hello_world.rs "$copy/hello_world.rs" && cmp scripts/common.sh "$copy/scripts/common.sh" && echo same)" same "--fix formats the files"

sed -i 's/^use kernel/use  kernel/' "$copy/hello_world.rs"
sed -i 's/^set -euo/  set -euo/' "$copy/scripts/common.sh"
sed -i '/\/\/ SAFETY/d' "$copy/lkm/math.rs"
printf '#!/usr/bin/env bash\necho $1\n' >"$copy/scripts/unquoted.sh"
# A phrase of the list, and a word that is not spelled right. (Not written here, where lint.sh would find them.)
printf '\nThis is made %s.\n' 'a''new' >>"$copy/README.md"
printf '// You will %s it.\n' 'rec''ieve' >>"$copy/lkm/math.rs"
lint
is "$status" 1 "what is wrong gives 1"
for tool in rustfmt clippy shellcheck shfmt prose; do
	like "$stderr" "$tool: failed" "… found by $tool"
done
like "$stdout" 'unsafe block missing a safety comment' "unsafe without its SAFETY comment is found"
like "$stdout" './README.md:[0-9]+: "a''new": again' "a phrase that docs/style.txt names is found, with what to write instead"
like "$stdout" './lkm/math.rs:[0-9]+: rec''ieve ==> receive' "a misspelled word is found"
run scripts/prose.sh nope
is "$status" 2 "prose.sh: a file that is not there gives 2"

done_testing
