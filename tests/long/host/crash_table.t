#!/usr/bin/env bash
# The table in docs/crashes.md: tests/crashes.sh makes each of these mistakes again.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

# places: prints what each row names. (The figures differ from kernel to kernel, and the line in the loop from run to run.)
places() { sed -n 's/endless\.rs:[0-9]*/endless.rs:…/; s/^| \(.*\) | [0-9]* | [0-9]* | \(`.*`\) | \(.*\) |$/\1: \2 \3/p'; }
run tests/crashes.sh
is "$status" 0 "the explanation of each mistake names its line"
same "$(places <<<"$stdout")" "$(places <docs/crashes.md | grep -v 'sanitized')" "… as the table in docs/crashes.md says"
run tests/crashes.sh --unknown
is "$status" 2 "an unknown option gives 2"
done_testing
