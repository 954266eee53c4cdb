#!/usr/bin/env bash
# vm: --smp 4
#
# 4 processes at once make random system calls on /dev/chardev. Whenever nobody has it open, the module is unloaded and loaded.
#
# Each run has its own seed, and prints it. To repeat a run: make vm, then SEED=NUMBER CASES=NUMBER tests/sanitized/fuzz_device.t

. "$(dirname "$0")/../kernel.sh" || exit

seed=${SEED:-$(od -A n -N 3 -t u4 /dev/urandom | tr -d ' ')}
cases=${CASES:-10000}
diag "seed: $seed"

kmsg_mark
insmod chardev.ko
directory=$(mktemp -d)
for process in 1 2 3 4; do
	perl -I tests tests/sanitized/fuzz_device.pl "$((seed + process))" "$cases" >"$directory/$process" 2>&1 &
done
refused=0 cycles=0 failed=''
while [[ -n $(jobs -rp) ]]; do
	if rmmod chardev 2>/dev/null; then
		cycles=$((cycles + 1))
		insmod chardev.ko || failed+='insmod '
	else
		refused=$((refused + 1))
	fi
	sleep 0.1
done
total=0
for process in 1 2 3 4; do
	output=$(<"$directory/$process")
	is "$(sed '$d' <<<"$output" | head -n 20)" "" "process $process: every result is a permitted one (seed $seed)"
	like "$(tail -n 1 <<<"$output")" '^done: ([1-9][0-9]*) results, ([1-9][0-9]*) errors$' "process $process: ${output##*$'\n'}"
	total=$((total + BASH_REMATCH[1] + BASH_REMATCH[2]))
done
ok $((total < cases)) "$total system calls; rmmod was refused $refused times, and worked $cycles times"
ok $((refused == 0)) "… refused at least once"
is "$failed" "" "it could always be loaded again"

run rmmod chardev
# shellcheck disable=SC2154 # run sets them
is "$status $stderr" "0 " "after that, nobody uses it"
is "$(kmsg)" "" "none of this logs a message"
rm -r "$directory"
done_testing
