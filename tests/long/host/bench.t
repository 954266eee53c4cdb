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

is "$(scripts/sandbox.sh python3 -c '
import json
data = json.load(open("build/bench/quick.json"))
pread = data["instructions"]["pread"]
print(all(pread["jiffies"]["value"] < pread[f]["value"] for f in ("jiffies_book", "jiffies_seq")))
')" True "a pread of /proc/jiffies costs less than in C"
run bench/bench.sh --quick --kernel 0.0.0-none
is "$status" 1 "--kernel names the kernel, and one that there is not gives 1"
like "$(<build/log/bench.log)" 'apt knows no headers of kernel 0.0.0-none' "… and is named"
run bench/bench.sh --readers
is "$status $(grep -cE '^ +[124]  (floor_read_iter|jiffies|jiffies_book|jiffies_seq) +[1-9][0-9]* +[0-9.]+$' <<<"$stdout")" "0 12" \
	"--readers counts the reads of 1, 2 and 4 readers"

run bench/bench.sh --build
is "$status" 0 "--build measures how long building takes"
is "$(awk 'NR > 1 && $2 > 0 && $3 > 0 { print $1 }' <<<"$stdout" | paste -sd' ')" "from-clean one-touched" "… from clean, and after touching one module"

# Another checkout, for the chart not to be this one's.
mkdir -p "$directory/checkout"/{build/bench,docs}
cp -a bench scripts "$directory/checkout/"
cp build/bench/quick.json "$directory/checkout/build/bench.json"
run scripts/sandbox.sh "$directory/checkout/bench/bench.sh" --chart
is "$status" 0 "--chart draws the chart again"
like "$(<"$directory/checkout/docs/bench.svg")" '<svg.*</svg>' "… which is a picture"

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
