#!/usr/bin/env bash
# Builds modules of other projects with the completed headers. Then it removes each file that they need, one at a time: --check
# must find it missing.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
release=$(<"$kdir/include/config/kernel.release")

samples=$(scripts/foreign.sh --list | grep -c ' allowed$')
run scripts/foreign.sh
is "$status $stdout" "0 $((samples + 4)) of $((samples + 4)) modules" \
	"they are built by plain make, loaded and unloaded; so are modules with macros, in Rust and C, of several crates, and with clippy"
is "$(grep -c 'Once more' "build/log/rust-headers-$release.log" 2>/dev/null)" 0 "the headers were made from a part of the source"

directory=$(mktemp -d "$PWD/build/foreign-test.XXXXXX")
temporary+=("$directory")
cp -al "$kdir" "$directory/tree"
mapfile -t needed < <(cd "$kdir" && ls rust/*.rmeta rust/*.so rust/kernel/generated_arch_*.rs scripts/target.json include/generated/rustc_cfg 2>/dev/null)
for file in "${needed[@]}"; do
	mv "$directory/tree/$file" "$directory/kept"
	run scripts/sandbox.sh scripts/rust-headers.sh --check "$directory/tree"
	like "$status $stdout" "^1 .*metadata: +incomplete, ${file%.*}[.{]?[^ ]* is missing" "--check notices that $file is missing"
	mv "$directory/kept" "$directory/tree/$file"
done
run scripts/sandbox.sh scripts/rust-headers.sh --check "$directory/tree"
is "$status" 0 "… and finds nothing if all files are there"
done_testing
