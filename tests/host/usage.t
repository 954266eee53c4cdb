#!/usr/bin/env bash
# How every script is called: --help says it, and what cannot be understood gives 2 and points there.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

# Those that are sourced have no first line for it.
mapfile -t scripts < <(grep -l '^#!' scripts/*.sh bench/*.sh)
is "$(grep -L '^# Usage: ' "${scripts[@]}")" "" "every script has a usage"

for script in "${scripts[@]}"; do
	run "$script" --help
	like "$status $stdout" "^0 Usage: $script" "$script --help prints its usage"
	is "$stderr" "" "… and nothing else"
	run "$script" --unknown
	is "$status $stdout" "2 " "$script: an unknown option gives 2"
	like "$stderr" "$(basename "$script"): error: .*"$'\n'".*--help explains how to call it" "… and points to the help"
done

# What needs an argument, or takes one at most.
run scripts/doc.sh
is "$status" 2 "doc.sh without a place gives 2"
run scripts/doc.sh tests
is "$status" 1 "doc.sh where nothing is built gives 1"
like "$stderr" 'nothing is built in .*/tests' "… and says so"
run scripts/depmod.sh
is "$status" 2 "depmod.sh without a release gives 2"
run scripts/test.sh one two
is "$status" 2 "test.sh with two names gives 2"
run scripts/rust-headers.sh one two
is "$status" 2 "rust-headers.sh with two releases gives 2"

# A name that does not exist is an error at once, before anything is built.
for target in demo test test-long test-sanitized; do
	run make --no-print-directory "$target" T=nope
	like "$status $stderr" "^2 .*(there is no chapter 'nope'; there are: hello_world .* anatomy|no test has 'nope' in its name.*There are: .*hello_world.t)" \
		"make $target T=nope lists those there are"
	is "$stdout" "" "… and builds nothing"
done

# A hint that names a target names one that there is.
unknown=''
while read -r target; do
	grep -q "^$target:" Makefile || unknown+="make $target"$'\n'
done < <(grep -ohE '"make [a-z][a-z-]*|: make [a-z][a-z-]*|; make [a-z][a-z-]*' scripts/*.sh | sed 's/.*make //' | sort -u)
is "$unknown" "" "every target that a message names is there"

done_testing
