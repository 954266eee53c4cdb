#!/usr/bin/env bash
# bench/: a short run gives every figure, and two runs that disagree are said to.

. "$(dirname "$0")/../../tap.sh"
cd "$(dirname "$0")/../../.." || exit

directory=$(mktemp -d "$PWD/build/bench-test.XXXXXX")
temporary+=("$directory")

run bench/bench.sh --quick --runs 1
is "$status" 0 "a short run ends well"
like "$stdout" $'\npread\n  floor_read ' "it prints a table"
is "$(grep -c '^  jiffies ' <<<"$stdout")" 14 "it measures jiffies in each of the 14 ways"
for module in hello_world startstop simple module_param proc_hello jiffies seconds; do
	like "$stdout" $'\n'"$module +[0-9]+ +[0-9.]+ +[0-9]+" "it measures the loading of $module"
done
is "$(scripts/sandbox.sh python3 -c '
import json
data = json.load(open("build/bench/quick.json"))
pread = data["instructions"]["pread"]
print(all(pread["floor_read"]["value"] < pread[f]["value"] < 100000 for f in ("jiffies", "jiffies_book", "jiffies_seq")))
')" True "its JSON has a floor that is lower than every file"

# Two runs that are alike but for one figure.
cp build/bench/run.1 "$directory/one"
awk '$1 == "jiffies" && $2 == "pread" { $3 *= 1.02 } { print }' "$directory/one" >"$directory/two"
run scripts/sandbox.sh bench/report.py --quick none build/bench/modules build/bench/measure "$directory"/{one,one}
is "$status $stderr" "0 " "two runs that agree are fine"
run scripts/sandbox.sh bench/report.py --quick none build/bench/modules build/bench/measure "$directory"/{one,two}
is "$status" 1 "two that do not are a failure"
like "$stderr" '^runs disagree by more than 1 %: jiffies pread: [0-9]+, [0-9]+$' "which is said to be of jiffies' pread only"

run bench/bench.sh --nonsense
is "$status" 2 "an unknown option is a wrong usage"
like "$(bench/bench.sh --help)" '^Usage: bench/bench\.sh ' "--help says how it is called"

done_testing
