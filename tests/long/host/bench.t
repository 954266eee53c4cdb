#!/usr/bin/env bash
# bench/: a short run gives every figure, and if two runs disagree, that is reported.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

directory=$(mktemp -d "$PWD/build/bench-test.XXXXXX")
temporary+=("$directory")

run bench/bench.sh --quick --runs 1
is "$status" 0 "a short run succeeds"
like "$stdout" $'\npread\n  floor_read ' "it prints a table"
is "$(grep -c '^  jiffies ' <<<"$stdout")" 14 "it measures jiffies in each of the 14 ways"
is "$(grep -c "^  chardev .* of C's twin" <<<"$stdout")" 5 "it measures the device in each of the 5 ways, against its twin in C"
is "$(grep -c "^  own .* of miscdevice" <<<"$stdout")" 5 "it compares the crate's devices with the kernel crate's miscdevice in each of these ways"
for module in hello_world startstop simple module_param proc_hello jiffies seconds chardev; do
	like "$stdout" $'\n'"$module +[0-9]+ +[0-9.]+ +[0-9]+" "it measures the loading of $module"
done
is "$(scripts/sandbox.sh python3 -c '
import json
data = json.load(open("build/bench/quick.json"))
pread = data["instructions"]["pread"]
print(all(pread["floor_read"]["value"] < pread[f]["value"] < 100000 for f in ("jiffies", "jiffies_book", "jiffies_seq")))
')" True "in its JSON, the floor is lower than every file"

is "$(scripts/sandbox.sh python3 -c '
import json
data = json.load(open("build/bench/quick.json"))
pread = data["instructions"]["pread"]
print(all(pread["jiffies"]["value"] < pread[f]["value"] for f in ("jiffies_book", "jiffies_seq")))
')" True "a pread of /proc/jiffies costs less than in C"
run bench/bench.sh --quick --kernel 0.0.0-none
is "$status" 1 "--kernel chooses the kernel, and one that does not exist gives 1"
like "$(<build/log/bench.log)" 'apt knows no headers of kernel 0.0.0-none' "… and is named"
run bench/bench.sh --functions
is "$status" 0 "--functions succeeds: its sums are those that are counted in loops"
like "$stdout" $'\n''<lkm::proc_fs::number::Number<lkm::jiffies::jiffies>>::read_iter \[jiffies\] +[1-9]' "it shows the module's own functions, with readable names"
# Check each sum against its rows, and against the count for the same file.
is "$(awk '
	NR == FNR { if ($2 == "pread") counted[$1] = $3; next }
	/^pread / { for (i = 2; i <= 6; i++) name[i] = $i; files += 5; split("", sum); next }
	/^open-read/ { exit }
	/^sum / { for (i = 2; i <= 6; i++) {
		off = $i - counted[name[i]]
		good += sum[i] > $i - 1 && sum[i] < $i + 1 && off < 0.05 * $i && off > -0.05 * $i
	} }
	NF > 5 && !/^(sum|counted) / { for (i = 2; i <= 6; i++) sum[i] += $(NF - 6 + i) }
	END { print files + 0, good + 0 }' build/bench/run.1 - <<<"$stdout")" "10 10" "each sum is the sum of its rows, and near the figure of a short run"
# The check of the sums: if a call is left out, the sum is less than the count.
run scripts/sandbox.sh python3 -B -c '
import sys
sys.path.insert(0, "bench")
import functions
print(functions.disagreement("pread", "jiffies", 929, 930) or "none")
print(functions.disagreement("pread", "jiffies", 900, 930))'
is "$stdout" $'none\njiffies pread: 900.0 gone through, but 930.0 counted' "a sum that is more than 1 % off is reported"

run bench/bench.sh --readers
is "$status $(grep -cE '^ +[124]  (floor_read_iter|jiffies|jiffies_book|jiffies_seq) +[1-9][0-9]* +[0-9.]+$' <<<"$stdout")" "0 12" \
	"--readers counts the reads of 1, 2 and 4 readers"

run bench/bench.sh --build
is "$status" 0 "--build measures how long building takes"
is "$(awk 'NR > 1 && $2 > 0 && $3 > 0 { print $1 }' <<<"$stdout" | paste -sd' ')" "from-clean one-touched" "… from clean, and after touching one module"

# Another checkout, so that this one's chart stays.
mkdir -p "$directory/checkout"/{build/bench,docs}
cp -a bench scripts "$directory/checkout/"
cp build/bench/quick.json "$directory/checkout/build/bench.json"
run scripts/sandbox.sh "$directory/checkout/bench/bench.sh" --chart
is "$status" 0 "--chart draws the chart again"
like "$(<"$directory/checkout/docs/bench.svg")" '<svg.*</svg>' "… which is a picture"

# Two runs that differ in one figure.
cp build/bench/run.1 "$directory/one"
awk '$1 == "jiffies" && $2 == "pread" { $3 *= 1.02 } { print }' "$directory/one" >"$directory/two"
run scripts/sandbox.sh bench/report.py --quick none build/bench/modules build/bench/measure "$directory"/{one,one}
is "$status $stderr" "0 " "two runs that agree are fine"
run scripts/sandbox.sh bench/report.py --quick none build/bench/modules build/bench/measure "$directory"/{one,two}
is "$status" 1 "two runs that do not agree are a failure"
like "$stderr" '^runs disagree by more than 1 %: jiffies pread: [0-9]+, [0-9]+$' "… and the message names only jiffies' pread"

# (Stand-ins for make, which makes a clone whose sandbox does not work, and for what waits.)
mkdir "$directory/first-run"
cat >"$directory/first-run/make" <<'STANDIN'
#!/bin/bash
echo "[1/2] Downloading and installing the toolchain … done, 5 s"
echo "[2/2] Making the headers … done, 5 s"
printf '#!/bin/sh\necho "no sandbox" >&2\nexit 1\n' >"$3/scripts/sandbox.sh"
timeout 2 bash -c 'while :; do :; done'
[[ -e ${0%/*}/builds ]] || { echo "it does not build" && exit 1; }
STANDIN
chmod +x "$directory/first-run/make"
for program in sync sleep; do ln -s /bin/true "$directory/first-run/$program"; done
first_run() { run env PATH="$directory/first-run:$PATH" bench/first-run.sh HEAD; }
first_run
like "$status $stderr" '^1 .*make demo failed in a clone of .*'$'\n''.*it does not build'$'\n''.*build/log/first-run-old\.log' "bench/first-run.sh: a run that fails is an error"
like "$(<build/log/first-run-old.log)" 'it does not build' "… and its output is kept"
touch "$directory/first-run/builds"
first_run
like "$status $stderr" '^1 .*hello_world.rs was not built' "… also a module that cannot be built"
is "$(grep -c differs <<<"$stderr") $(grep -c "no sandbox" build/log/first-run-old-module.log)" "0 3" "… which ends it, and whose output is kept"
run bench/first-run.sh nonsense
like "$status $stderr" '^2 .*there is no commit nonsense' "bench/first-run.sh: a commit that does not exist gives 2"
run bench/bench.sh --nonsense
is "$status" 2 "an unknown option gives 2"
like "$(bench/bench.sh --help)" '^Usage: bench/bench\.sh ' "--help says how it is called"

done_testing
