#!/usr/bin/env bash
# vm: --smp 4
#
# Random parameters: arguments of insmod, and texts that are written to the files in sysfs. The same module in C gets the same,
# and both must do the same.
#
# Each run has its own seed, and prints it. To repeat a run: make vm, then SEED=NUMBER CASES=NUMBER tests/sanitized/fuzz_params.t

. "$(dirname "$0")/../kernel.sh" || exit

seed=${SEED:-$(od -A n -N 3 -t u4 /dev/urandom | tr -d ' ')}
cases=${CASES:-1000}
diag "seed: $seed"

# printed MODULE: prints from the log what the module says of its numbers. (Not of charp, the only name that begins with c: each
# language has its own way to print bytes that are no text.)
printed() { sed -nE "s/^$1: ([rwa]_[abd-z][a-z]*(\[[0-2]\])? = [a-z0-9-]+)\$/\1/p" <<<"$log"; }

taken=0 refused=0 lines=0 differences='' logged=''
# The modules print their parameters. Read the log before it is full.
for ((case = 0; case < cases; case += 40)); do
	kmsg_mark
	output=$(perl -I tests tests/sanitized/fuzz_params.pl "$seed" "$case" "$((case + 39))" 2>&1)
	log=$(kmsg)
	lines=$((lines + $(printed param_types | wc -l)))
	difference=$(diff <(printed param_types) <(printed param_types_c) | sed "s/^/cases from $case: /")
	[[ $log != *"could not be read"* ]] || difference+="cases from $case: the log could not be read"
	[[ -z $difference ]] || logged+=$difference$'\n'
	counts=${output##*$'\n'}
	if [[ $counts =~ ^([0-9]+)\ ([0-9]+)$ ]]; then
		taken=$((taken + BASH_REMATCH[1])) refused=$((refused + BASH_REMATCH[2]))
		output=$(sed '$d' <<<"$output")
	fi
	[[ -z $output ]] || differences+=$output$'\n'
done
is "$(head -n 20 <<<"$differences")" "" "Rust and C do the same with all of them (seed $seed)"
is "$(head -n 20 <<<"$logged")" "" "… and their code has the same values (seed $seed)"
ok "$((lines < cases))" "… which are many: $lines"
same "$((taken + refused))" "$cases" "$cases cases: $taken accepted, $refused refused"
ok "$((taken < cases / 20 || refused < cases / 20))" "… and at least one in 20 of each"

done_testing
