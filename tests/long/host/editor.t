#!/usr/bin/env bash
# rust-analyzer, as an editor runs it, finds no mistakes in the sources here, and finds where names are defined.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

mkdir -p build
scratch=$(mktemp -d "$PWD/build/editor-test.XXXXXX")
temporary+=("$scratch")
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
mkdir "$scratch/checkout"
cp -a Kbuild Makefile ./*.rs lkm startstop scripts tests docs "$scratch/checkout/"
# Files under build/ do not belong to the project.
mkdir -p "$scratch/checkout/build/other"
ln -s "$PWD/build/sandbox" "$scratch/checkout/build/"
cp hello_world.rs "$scratch/checkout/build/other/stray.rs"
echo 'obj-m := stray.o' >"$scratch/checkout/build/other/Kbuild"

# (The modules of the tests are not among them: rust-analyzer 1.85 does not know Arc well enough for two of these.)
run scripts/sandbox.sh make -C "$scratch/checkout" rust-analyzer TESTS= KDIR="$kdir" MO="$scratch/made"
is "$status" 0 "make rust-analyzer works"
crates=$(perl -ne 'print "$1 " if /"display_name": "(.*)"/' "$scratch/made/rust-project.json")
like "$crates" ' lkm .*jiffies .*hello_world startstop ' "its file has lkm and the modules, also the one with several files"
is "$(grep -c stray <<<"$crates")" 0 "… and nothing else under build/"

# diagnostics [DIR]: prints the mistakes that it finds, each after the name of the file.
diagnostics() {
	scripts/sandbox.sh rust-analyzer diagnostics "${1:-$scratch/checkout}" 2>&1 |
		awk '/^processing crate/ { sub(/.*module: /, ""); file = $0; looked++; next }
			/^(Error|Warning) / { print file ": " $0 }
			END { print looked > "/dev/stderr" }'
}
found=$(diagnostics 2>"$scratch/looked")
like "$(<"$scratch/looked")" '^[2-9][0-9]' "rust-analyzer checks the modules and lkm"
is "$found" "" "… and finds no mistakes"

scripts/new-module.sh "$scratch/number" 2>/dev/null
run make --no-print-directory -C "$scratch/number" rust-analyzer
is "$status" 0 "make rust-analyzer works for a new module"
found=$(diagnostics "$scratch/number" 2>"$scratch/looked")
like "$(<"$scratch/looked")" '^[1-9]' "rust-analyzer checks the new module"
is "$found" "" "… and finds no mistakes"

sed -i 's/pr_info!("Hello World\\n")/pr_inf!("Hello World\\n")/' "$scratch/checkout/hello_world.rs"
sed -i 's/proc_fs::File::new(/proc_fs::File::knew(/' "$scratch/checkout/seconds.rs"
found=$(diagnostics 2>/dev/null)
like "$(grep hello_world.rs <<<"$found")" 'Error .*pr_inf' "a macro that does not exist is found"
like "$(grep seconds.rs <<<"$found")" 'Error .*no such associated item' "… and so is a function that lkm does not have"

# definition FILE TEXT: prints the place to which an editor goes from TEXT in FILE.
definition() {
	scripts/sandbox.sh python3 tests/long/host/definition.py "$scratch/checkout" "$@"
}
(cd "$scratch/checkout" && cp -a "$OLDPWD"/{hello_world,seconds}.rs .)
like "$(definition hello_world.rs 'pr_info!')" '/rust/kernel/print\.rs:[0-9]+$' "from pr_info!, an editor goes to the kernel crate"
like "$(definition proc_hello.rs 'File::new')" '/lkm/proc_fs\.rs:[0-9]+$' "… and from a name in lkm to lkm"

done_testing
