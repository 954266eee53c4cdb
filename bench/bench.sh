#!/usr/bin/env bash
# Usage: bench/bench.sh [--quick] [--runs N] [--kernel RELEASE]
#        bench/bench.sh --functions
#        bench/bench.sh --readers
#        bench/bench.sh --build
#        bench/bench.sh --chart
#
# Counts the instructions that the modules execute, and those of the same modules in C, in a virtual machine whose clock
# counts instructions. Prints a table, writes build/bench.json, and draws the chart docs/bench.svg from it.
#
#   --runs N   boot the machine N times, and compare the runs (default 2)
#   --quick    only a few iterations, to show that the harness works; no chart, and the figures mean little
#   --functions  show in which functions the instructions of a read are, by stepping through some calls; fails if their sum
#              differs by more than 1 % from the cost of loops of them
#   --readers  reads per second by 1, 2 and 4 readers on as many virtual CPUs, as a ratio to the floor's.
#              This measures time: do not use the machine meanwhile
#   --build    the seconds of a build from clean, and after touching one module, in Rust and in C. Do not use the machine
#              meanwhile
#   --chart    only draw the chart again, from build/bench.json
#
# The exit status is 0; 1 if something failed, or if two runs disagree by more than 1 %; 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/common.sh" || exit
. "$top/scripts/kdir.sh"

runs=2 quick='' what=instructions kernel=()
while (($#)); do
	case $1 in
	-h | --help) usage && exit ;;
	--quick) quick=1 && shift ;;
	--functions | --readers | --build | --chart) what=${1#--} && shift ;;
	--runs | --kernel)
		(($# > 1)) || bad_usage "$1 needs a value"
		if [[ $1 == --runs ]]; then runs=$2; else kernel=("$2"); fi
		shift 2
		;;
	*) bad_usage "unknown argument $1" ;;
	esac
done
[[ $runs =~ ^[1-9][0-9]*$ ]] || bad_usage "--runs takes a number, not '$runs'"

cd "$top"
out=$build/bench
lock "$out/lock" "it is counting"

modules=(hello_world startstop simple module_param proc_hello jiffies seconds chardev)
twins=(hello_world_c startstop_c simple_c module_param_c hello_book jiffies_book seconds_book chardev_c)
others=(floor {hello,jiffies,seconds}_seq kinds {text,list}_seq devices)
files=(/proc/{floor_read,floor_read_iter,jiffies,jiffies_book,jiffies_seq,seconds,seconds_book,seconds_seq}
	/proc/{hello,hello_book,hello_seq,uptime,version} /proc/{text,text_seq,list,list_seq})
devices=(/dev/chardev /dev/chardev_c /dev/own /dev/own_misc)
loaded=("${modules[@]:4}" "${twins[@]:4}" "${others[@]}")

# Everything that is measured, in one directory. Debugging information does not stay in memory: it is taken away, so
# that reading it from the file is not measured either.
prepare() {
	local kdir
	kdir=$(kdir)
	scripts/sandbox.sh make --no-print-directory modules KDIR="$kdir" MO="$out/modules" BENCH=1
	rm -rf "$out/measure"
	mkdir "$out/measure"
	find "$out/modules" -name '*.ko' -exec cp {} "$out/measure" \;
	scripts/sandbox.sh sh -c 'strip --strip-debug -R .BTF "$@"' sh "$out"/measure/*.ko
	scripts/sandbox.sh gcc -O2 -Wall -Werror -static -o "$out/measure/bench" bench/bench.c
}

# (With loglevel=4, messages do not go to the serial console, whose cost would be counted, too.)
vm() { scripts/vm.sh ${kernel:+--kernel "${kernel[0]}"} --timeout 0 --append loglevel=4 --add "$out/measure" "$@"; }

# The machine is idle for a minute first. That takes no time, because its clock skips idle time.
load='cd measure && for module in $load; do insmod $module.ko || exit; done'
guest="$load"'
sleep 60
./bench files $n $loops $files || exit
./bench devices $n $loops $devices || exit
for module in $load; do rmmod $module; done
sleep 10
./bench modules $loops $modules'

instructions() {
	local n=2000 loops=15 run results=()
	if [[ -n $quick ]]; then n=20 loops=3; fi
	steps "$((runs + 1))" "$build/log/bench.log"
	step "Building the modules and their equals in C" "they could not be built" prepare
	for ((run = 1; run <= runs; run++)); do
		results+=("$out/run.$run")
		step "Counting instructions" "the virtual machine did not finish" measure "$out/run.$run" --icount env \
			n="$n" loops="$loops" load="${loaded[*]}" files="${files[*]}" devices="${devices[*]}" \
			modules="${modules[*]} ${twins[*]} ${others[*]}" bash -c "$guest"
	done
	scripts/sandbox.sh bench/report.py ${quick:+--quick} "$(kdir_release "$(kdir)")" "$out/modules" "$out/measure" "${results[@]}" || exit
}

# measure FILE ARG…
measure() {
	local file=$1
	shift
	vm "$@" >"$file"
}

functions() {
	steps 2 "$build/log/bench.log"
	step "Building the modules and their equals in C" "they could not be built" prepare
	step "Going through reads, one instruction at a time" "that went wrong, or the sums do not agree" go_through
	cat "$out/functions"
}

go_through() {
	scripts/sandbox.sh bench/functions.py "$(kdir_release "$(kdir)")" "$out/measure" >"$out/functions"
}

readers() {
	local number
	steps 4 "$build/log/bench.log"
	step "Building the modules and their equals in C" "they could not be built" prepare
	for number in 1 2 4; do
		step "$number readers on as many virtual CPUs" "the virtual machine did not finish" measure "$out/readers.$number" \
			--smp "$number" env number="$number" load="jiffies floor jiffies_book jiffies_seq" \
			bash -c "$load; "'./bench readers $number 5 /proc/{floor_read_iter,jiffies,jiffies_book,jiffies_seq}'
	done
	awk '
		BEGIN { print "CPUs  file             reads per second  of the floor" }
		FNR == 1 { floor = $3 }
		{ split($2, operation, /[,-]/); printf "%4d  %-16s %16d  %13.2f\n", operation[4], $1, $3, $3 / floor }
	' "$out"/readers.[124]
}

# seconds COMMAND…: how long it took, the median of five times. Before each, what $before says is done.
seconds() {
	local i start
	for ((i = 0; i < 5; i++)); do
		eval "$before" >&2
		start=${EPOCHREALTIME/./}
		"$@" >&2
		echo "$((${EPOCHREALTIME/./} - start))"
	done | sort -n | sed -n 3p
}

# kbuild TARGET…: in the sandbox, as make does it. The C ones and the Rust ones are the same seven modules, without chardev.
kbuild() {
	scripts/sandbox.sh make --no-print-directory -C "$(kdir)" M="$top" MO="$out/build" BENCH=1 -j"$(nproc)" "$@"
}

build() {
	local targets touched
	mkdir -p "$out/build"
	steps 4 "$build/log/bench.log"
	for touched in hello_world.rs bench/c/hello_world_c.c; do
		targets=("${modules[@]:0:7}")
		targets=("${targets[@]/%/.ko}")
		if [[ $touched == *.c ]]; then
			targets=("${twins[@]:0:7}")
			targets=("${targets[@]/#/bench/c/}")
			targets=("${targets[@]/%/.ko}")
		fi
		step "From clean, five times: ${touched##*.}" "the modules could not be built" clean_builds
		step "After touching $touched, five times" "the modules could not be built" touched_builds
	done
	awk 'BEGIN { print "seconds             Rust      C  ratio" }
		{ printf "%-18s %5.1f  %5.1f  %5.2f\n", $1, $2 / 1e6, $3 / 1e6, $2 / $3 }' \
		<(echo "from-clean $(<"$out/clean.rs") $(<"$out/clean.c")") <(echo "one-touched $(<"$out/touched.rs") $(<"$out/touched.c")")
}

clean_builds() {
	local before='rm -rf "$out/build" && mkdir "$out/build"'
	seconds kbuild "${targets[@]}" >"$out/clean.${touched##*.}"
}

touched_builds() {
	local before='touch "$touched"'
	seconds kbuild "${targets[@]}" >"$out/touched.${touched##*.}"
}

kdir() { scripts/sandbox.sh scripts/rust-headers.sh ${kernel:+"${kernel[0]}"}; }

chart() { scripts/sandbox.sh bench/report.py --chart; }

"$what"
