#!/usr/bin/env bash
# The defects of make test-mutants: each patch applies to the present sources, and names a test that exists.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

applies() { git apply --check "$1" 2>/dev/null; }

tests=$(find tests -name '*.t')
does_not_apply='' no_test=''
for patch in tests/mutants/*.patch; do
	applies "$patch" || does_not_apply+="$patch "
	test=$(sed -nE '1{/^Breaks: ./!q}; 2s/^Test: (--(sanitized|long) )?//p' "$patch")
	[[ -n $test && $tests == *"$test"* ]] || no_test+="$patch "
done
is "$does_not_apply" "" "each patch applies"
is "$no_test" "" "… and says what it breaks, and which test must notice"
run applies <(printf -- '--- a/Kbuild\n+++ b/Kbuild\n@@ -1 +1 @@\n-no such line\n+another\n')
is "$status" 1 "a patch that does not apply would be noticed"

done_testing
