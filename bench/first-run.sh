#!/usr/bin/env bash
# Usage: bench/first-run.sh COMMIT
#
# Compares the first make demo of a new clone with that of COMMIT. Each runs twice, in the order old, new, new, old. It prints the
# seconds of the sandbox, of the headers and of all, and the CPU time of the whole machine. Then it builds hello_world.rs with the
# headers of both, and says whether the modules are the same. This takes about a quarter of an hour. Do not use the machine
# meanwhile. What is not committed is not measured.
#
#   --help  this text
#
# The exit status is 0; 1 if a run failed, or if the modules differ; 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/common.sh" || exit

case ${1:-} in
-h | --help) usage && exit ;;
-*) bad_usage "unknown option $1" ;;
esac
(($# == 1)) || bad_usage "it takes one COMMIT"
commit=$(git -C "$top" rev-parse --verify -q "$1^{commit}") || bad_usage "there is no commit $1"

clones=$build/first-run log=$build/log/first-run
mkdir -p "$build/log"
lock "$clones.lock" "it is measuring the first run"
remove "$clones"
mkdir -p "$clones"
trap 'remove "$clones"' EXIT

# The machine's CPU time, in seconds.
cpu_time() { awk -v hertz="$(getconf CLK_TCK)" '$1 == "cpu" { print ($2 + $3 + $4 + $7 + $8) / hertz }' /proc/stat; }

# first_run NAME COMMIT: prints "NAME SANDBOX HEADERS ALL CPU", in seconds. The clone stays.
first_run() {
	local clone=$clones/$1 began cpu
	remove "$clone"
	git clone -q "$top" "$clone"
	git -C "$clone" checkout -q --detach "$2"
	# (The disk must come to rest, also after another clone was removed.)
	sync
	sleep 10
	began=$EPOCHREALTIME cpu=$(cpu_time)
	make --no-print-directory -C "$clone" demo >"$log-$1.log" 2>&1 </dev/null ||
		die "make demo failed in a clone of $2" "$(tail -n 1 "$log-$1.log")" "The whole output is in ${log#"$top"/}-$1.log."
	tr '\r' '\n' <"$log-$1.log" | awk -v name="$1" -v all="$began $EPOCHREALTIME" -v cpu="$cpu $(cpu_time)" '
		match($0, /^\[[0-9]+\/[0-9]+\].* done, [0-9]+ s/) {
			if (/the toolchain/) sandbox += $(NF - 1); else headers += $(NF - 1)
		}
		END { split(all, a, " "); split(cpu, c, " "); printf "%s %d %d %.0f %.0f\n", name, sandbox, headers, a[2] - a[1], c[2] - c[1] }'
}

# module NAME: builds hello_world.rs with the headers of that clone, and prints the module's path.
module() {
	local clone=$clones/$1
	(
		cd "$clone"
		mkdir build/same
		cp "$top/hello_world.rs" build/same/
		echo 'obj-m := hello_world.o' >build/same/Kbuild
		kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
		scripts/sandbox.sh make -s -C "$kdir" M="$PWD/build/same"
		# (The debug information has the path, and the build ID depends on it.)
		scripts/sandbox.sh strip --strip-debug --remove-section=.note.gnu.build-id build/same/hello_world.ko
	) >"$log-$1-module.log" 2>&1 || die "hello_world.rs was not built" "$(tail -n 1 "$log-$1-module.log")" \
		"The whole output is in ${log#"$top"/}-$1-module.log."
	echo "$clone/build/same/hello_world.ko"
}

printf '%-6s %10s %10s %10s %10s\n' '' sandbox headers all CPU
for run in old new new old; do
	first_run "$run" "$([[ $run == new ]] && echo HEAD || echo "$commit")"
done | tee "$clones/runs" | while read -r name figures; do
	# shellcheck disable=SC2086 # four words
	printf '%-6s %8s s %8s s %8s s %8s s\n' "$name" $figures
done
awk '{ for (i = 2; i <= 5; i++) sum[$1, i] += $i }
	END { printf "%-6s", "ratio"; for (i = 2; i <= 5; i++) printf " %10.2f", sum["new", i] / sum["old", i]; print "" }' "$clones/runs"
old=$(module old) || exit
new=$(module new) || exit
cmp "$old" "$new" || die "hello_world.ko differs"
say "hello_world.ko is the same."
