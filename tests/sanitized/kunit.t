#!/usr/bin/env bash
# What KUnit makes of the tests of lkm/ from within (tests/kunit/): its results are KTAP, and each becomes one here.

. "$(dirname "$0")/../kernel.sh" || exit

# Loading a module with KUnit tests taints the kernel, with a bit of its own.
gate_taint=$((gate_taint | 1 << 18))
gate_before=$(gate_state)

kmsg_mark
insmod tests/lkm_kunit.ko

# Twice: a second run finds what the first one left.
total=0
for run in first second; do
	for source in tests/kunit/*.rs; do
		suite=$(sed -n 's/^#\[kunit_tests(\(.*\))\]$/\1/p' "$source")
		echo 1 >"/sys/kernel/debug/kunit/$suite/run"
		results=$(<"/sys/kernel/debug/kunit/$suite/results")
		count=0
		while read -r verdict name; do
			[[ $name != *SKIP* ]] || verdict=skipped
			is "$verdict" ok "$run run, $suite: $name"
			count=$((count + 1))
		done < <(sed -nE 's/^    ok [0-9]+/ok/p; s/^    not ok [0-9]+/not_ok/p' <<<"$results")
		same "$count" "$(grep -c '^    #\[test\]' "$source")" "$run run, $suite: each test of $source was run"
		like "$results" "(^|"$'\n'")ok 1 $suite(\$|"$'\n'")" "$run run, $suite: KUnit says that all of it is well"
		total=$((total + count))
	done
done
ok $((total == 0)) "there were tests: $total"

rmmod lkm_kunit
# The same results, and what parameters say of wrong values.
kmsg >/dev/null
done_testing
