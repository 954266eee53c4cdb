#!/usr/bin/env bash
# source-kernel.sh: which arguments it refuses. (tests/long/host/source_kernel.t needs the kernel's source.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

mkdir -p build
directory=$(mktemp -d "$PWD/build/source-kernel-test.XXXXXX")
temporary+=("$directory")

run scripts/source-kernel.sh --help
like "$status $stdout" '^0 Usage: scripts/source-kernel.sh' "--help prints the usage"
run scripts/source-kernel.sh --unknown
is "$status" 2 "an unknown option gives 2"
run scripts/source-kernel.sh "$directory/none.config"
is "$status" 2 "a fragment that does not exist gives 2"
run scripts/source-kernel.sh tests/sanitized.config
like "$status $stderr" '^1 .*this must run in the sandbox' "outside the sandbox, it says where to run it"
like "$(scripts/sandbox.sh scripts/rust-headers.sh --source)" '^linux-source-[0-9.]+=[0-9]' "rust-headers.sh names the source package"
run scripts/source-kernel.sh
is "$status" 2 "no fragment gives 2"
run scripts/source-kernel.sh tests/sanitized.config linux-source-0.0=1 more
is "$status" 2 "three arguments give 2"
run scripts/source-kernel.sh "$directory"
like "$status $stderr" "^2 .*no such file: $directory" "a directory is not a fragment"
touch "$directory/a name.config" "$directory/.config"
for file in 'a name.config' .config; do
	run scripts/source-kernel.sh "$directory/$file"
	like "$status $stderr" "^2 .*the name of $directory/$file cannot be part of a kernel's release" "a name that no release can have is refused: $file"
done

done_testing
