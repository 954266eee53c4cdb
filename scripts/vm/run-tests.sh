#!/bin/bash
# Runs tests in the machine of test.sh, one after the other: run-tests.sh FILE…
#
# Lines that no test prints separate their outputs. A test that takes longer than it may (within.sh) fails, and is ended. If it
# cannot be ended, the machine is of no more use for the other tests.

if [[ ! -r /run.vm || -z ${RUST_LKM:-} ]]; then
	echo "${0##*/}: error: this works only in the machine that scripts/vm.sh makes" >&2
	exit 2
fi
. "$RUST_LKM/scripts/vm/within.sh"

stopped=''
for file; do
	echo "== begin $file"
	export more_tests=$(($# - ++n))
	if [[ -n $stopped ]]; then
		echo "not ok - it did not run, because $stopped cannot be ended"
		echo "== end 1"
		continue
	fi
	if [[ -x $file ]]; then command=("./$file"); else command=(bash "$file"); fi
	limit=$(test_limit)
	within "$limit" "${command[@]}" 2>&1
	if [[ $status == hangs ]]; then
		printf '\nnot ok - it ends within %s seconds (timeout=%s in tests/settings allows more)\n' "$limit" "$((2 * limit))"
		printf '%s\n' "$hanging" | sed 's/^/# /'
		kill -KILL -- "-$process_group"
		wait_for_end 5 || stopped=$file
		status=1
	fi
	echo "== end $status"
done
