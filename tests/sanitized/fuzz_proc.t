#!/usr/bin/env bash
# vm: --smp 4
#
# 4 processes at once make random system calls on the files in /proc, while the modules are unloaded and loaded.
#
# Each run has its own seed, and prints it. To repeat a run: make vm, then SEED=NUMBER CASES=NUMBER tests/sanitized/fuzz_proc.t

. "$(dirname "$0")/../kernel.sh" || exit

seed=${SEED:-$(od -A n -N 3 -t u4 /dev/urandom | tr -d ' ')}
cases=${CASES:-10000}
diag "seed: $seed"

kmsg_mark
modules=(proc_hello jiffies seconds tests/proc_kinds)
load() { if [[ $1 == */* ]]; then insmod "$1.ko" start=300; else insmod "$1.ko"; fi; }
for module in "${modules[@]}"; do load "$module"; done
directory=$(mktemp -d)
for process in 1 2 3 4; do
	perl -I tests tests/sanitized/fuzz_proc.pl "$((seed + process))" "$cases" >"$directory/$process" 2>&1 &
done
cycles=0 failed=''
while [[ -n $(jobs -rp) ]]; do
	for module in "${modules[@]}"; do rmmod "${module##*/}" && load "$module" || failed+="$module "; done
	cycles=$((cycles + 1))
	sleep 1
done
total=0
for process in 1 2 3 4; do
	output=$(<"$directory/$process")
	is "$(sed '$d' <<<"$output" | head -n 20)" "" "process $process: every result is a permitted one (seed $seed)"
	like "$(tail -n 1 <<<"$output")" '^done: ([1-9][0-9]*) results, ([1-9][0-9]*) errors$' "process $process: ${output##*$'\n'}"
	total=$((total + BASH_REMATCH[1] + BASH_REMATCH[2]))
done
ok $((total < cases)) "$total system calls, while each module is unloaded and loaded $cycles times"
ok $((cycles == 0)) "… at least once"
is "$failed" "" "… always successfully"

rmmod "${modules[@]##*/}"
is "$(kmsg)" "" "none of this logs a message"
rm -r "$directory"
done_testing
