#!/usr/bin/env bash
# Runs the tests inside lkm/ (tests/kunit/) with KUnit. KUnit reports each result in KTAP, and each becomes a result here.

. "$(dirname "$0")/../kernel.sh" || exit

# Loading a module with KUnit tests taints the kernel. There is a taint bit for this.
gate_taint=$((gate_taint | 1 << 18))
gate_before=$(gate_state)

kmsg_mark
insmod tests/lkm_kunit.ko

# Run them twice: a second run notices what the first one left behind.
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
		like "$results" "(^|"$'\n'")ok 1 $suite(\$|"$'\n'")" "$run run, $suite: KUnit says that all tests passed"
		total=$((total + count))
	done
done
ok $((total == 0)) "there were tests: $total"

rmmod lkm_kunit
# The log has the same results, and the messages about wrong values of parameters.
kmsg >/dev/null
done_testing
