#!/usr/bin/env bash
# Usage: scripts/test.sh [--long | --all] [--guest | --sanitized | --debian] [NAME]
#        scripts/test.sh --from DIR [NAME]
#
# Builds the modules and runs the tests: tests/*.t in a virtual machine, and tests/host/*.t on this machine. Tests with the same
# options ("# vm: OPTIONS" in the second line) share a virtual machine. With NAME, it runs only the tests whose path contains
# NAME, also those in tests/long/. It runs as many tests at once as there are CPUs.
#
#   --long  instead, run the tests in tests/long/, which take minutes: storms, whole builds, an empty clone
#   --all   instead, run the tests in tests/all/, which take even longer: packages in a Debian made for them
#   --guest run only the tests that run in a virtual machine
#   --debian instead, run the tests in tests/debian/, which boot a whole Debian (scripts/debian.sh), one after the other
#   --sanitized  run those of --guest, and tests/sanitized/, on the kernel of tests/sanitized.config, which is built once; with
#           --long also those in tests/long/. (The tests in host/ are left out: they are not about the kernel.)
#   --from DIR  instead, build the modules in DIR, and run DIR/tests/*.t in a virtual machine; their output is in DIR/build/test/
#   --help  this text
#
# KERNEL=RELEASE in the environment chooses the kernel. Then the results are in build/test-RELEASE/.
#
# The output of each test is in build/test/NAME.tap, and all results are in build/test/junit.xml.
# The exit status is 0 if all passed, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"

long='' all='' guest_only='' sanitized='' debian='' from='' name=''
while (($#)); do
	case $1 in
	-h | --help) usage && exit ;;
	--long) long=1 ;;
	--all) all=1 ;;
	--guest) guest_only=1 ;;
	--debian) debian=1 ;;
	--sanitized) sanitized=1 guest_only=1 ;;
	--from)
		[[ -n ${2:-} ]] || bad_usage "--from needs a directory"
		from=$(module_directory "$2") || exit
		shift
		;;
	-*) bad_usage "unknown option $1" ;;
	*)
		[[ -z $name ]] || bad_usage "one NAME at most"
		name=$1
		;;
	esac
	shift
done

[[ -z $from || -z $long$all$sanitized$debian ]] || bad_usage "--from DIR has tests/*.t only"

cd "$top"
scripts/sandbox.sh --preflight || exit
guest=() host=()
shopt -s nullglob
directories=()
[[ -n $long$all$from && -z $sanitized ]] || directories+=(tests)
[[ -n $from || (-z $long && (-z $name || -n $all)) ]] || directories+=(tests/long)
[[ -z $all ]] || directories+=(tests/all)
[[ -z $sanitized ]] || directories+=(tests/sanitized)
if [[ -n $from ]]; then
	cd "$from"
	for file in tests/*.t; do [[ ${file#tests/} != *"$name"* ]] || guest+=("$file"); done
	((${#guest[@]})) || die "no test in $from/tests${name:+ has '$name' in its name}" \
		"There are: $(echo tests/*.t | sed 's/^$/none; a test is a program tests\/NAME.t that prints TAP/')"
	cd "$top"
fi
for directory in "${directories[@]}"; do
	for file in "$directory"/*.t; do [[ ${file#tests/} != *"$name"* ]] || guest+=("$file"); done
	[[ -z $guest_only ]] || continue
	for file in "$directory"/host/*.t; do [[ ${file#tests/} != *"$name"* ]] || host+=("$file"); done
done
if [[ -n $debian ]]; then
	guest=() host=()
	for file in tests/debian/*.t; do [[ ${file#tests/} != *"$name"* ]] || host+=("$file"); done
fi
((${#guest[@]} + ${#host[@]})) || die "no test has '$name' in its name" "There are: $(cd tests && echo {,long/,all/}{,host/}*.t)" \
	"With make test-debian: $(cd tests && echo debian/*.t)" "With make test-sanitized, also: $(cd tests && echo sanitized/*.t)"

if [[ -n $sanitized ]]; then
	kdir=$(scripts/sandbox.sh scripts/source-kernel.sh tests/sanitized.config)
	KERNEL=$(<"$kdir/include/config/kernel.release")
	export KERNEL
fi
of=() from_option=() visible=()
if [[ -n $from ]]; then
	own_build "$from"
	of=("M=$from") from_option=(--from "$from") visible=(--show "$from")
fi
results=${from:-$top}/build/test${KERNEL:+-$KERNEL}

lock "$results.lock" "it is running the tests"
# Remove the results of an earlier run first, so that none are left if the build fails.
rm -rf "$results"
mkdir -p "$results"
make --no-print-directory vm-modules TESTS=1 "${of[@]}" >&2
# The modules are now built as the tests need them. If a test builds them again, the result must be the same.
export TESTS=1
# A test may call make. T= and other variables of the make that called this script must not apply there.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL T

# result FILE: prints the path of its output.
result() { echo "$results/$(sed 's,^tests/,,; s,/,-,g; s,\.t$,,' <<<"$1").tap"; }

# ended FILE STATUS SECONDS: reports the result of a test. If its status is not 0 although no result is a failure, that is a
# failure, too.
ended() {
	local tap good bad verdict
	tap=$(result "$1")
	bad=$(grep -c '^not ok' "$tap" || :)
	if (($2 != 0 && bad == 0)); then
		echo "not ok - $1 ended with status $2" >>"$tap"
		bad=1
	fi
	good=$(grep -c '^ok' "$tap" || :)
	if ((good + bad == 0)); then
		echo "not ok - $1 printed no result" >>"$tap"
		bad=1
	fi
	if ((bad)); then verdict="${red}$bad failed${plain}, "; else verdict="${green}ok${plain}, "; fi
	say "$(printf '%-28s %s%d passed, %d s' "$1" "$verdict" "$good" "$3")"
}

run_here() {
	local start=$SECONDS status=0
	"${@:2}" </dev/null >"$(result "$1")" 2>&1 || status=$?
	ended "$1" "$status" "$((SECONDS - start))"
}

# A machine that runs longer is stopped. (Detectors make the kernel slow.)
timeout=$((${#sanitized} ? 2400 : 900))

# run_in_vm OPTIONS FILE…: runs all of them in one machine. If QEMU itself crashes, it runs them again, once.
# (With init_on_alloc=0, memory that a module does not set is not 0 by chance, and the tests take a tenth less time. With
# loglevel=5, the console shows only what goes wrong; the tests read the log themselves.)
run_in_vm() {
	local line file='' start options log cut='' status=0
	read -ra options <<<"$1"
	shift
	for file; do : >"$(result "$file")"; done
	log=$(result "$file").log
	file=''
	scripts/vm.sh "${from_option[@]}" --strip --timeout "$timeout" --append init_on_alloc=0 --append loglevel=5 "${options[@]}" \
		bash -c 'exec "$RUST_LKM/scripts/vm/run-tests.sh" "$@"' - "$@" 2>"$log" | while IFS= read -r line; do
		case $line in
		'== begin '*) file=${line#== begin } start=$SECONDS ;;
		'== end '*)
			ended "$file" "${line#== end }" "$((SECONDS - start))"
			file=''
			;;
		*) [[ -z $file ]] || printf '%s\n' "$line" >>"$(result "$file")" ;;
		esac
	done || status=$?
	((status)) || return 0
	sed 's/^/  /' "$log" >&2
	if ((status == 134)) && [[ -z ${again:-} ]]; then
		say "These tests run again: $*"
		again=1 run_in_vm "${options[*]}" "$@"
		return
	fi
	for file; do
		grep -q '^1\.\.' "$(result "$file")" || { cut=1 && ended "$file" "$status" 0; }
	done
	# If all tests have finished, the machine itself ended badly.
	[[ -n $cut ]] || ended "$file" "$status" 0
}

# without_locks COMMAND…: runs it without our locks. If this run is killed and the command lives on, the next run must not wait.
without_locks() {
	local fd
	for fd in "${locks[@]}"; do exec {fd}>&-; done
	"$@"
}

# start COMMAND…: starts the command when a CPU is free. (Running more at once would take longer.) Each command has its own
# process group, so that an interrupt ends exactly its processes.
start() {
	while (($(jobs -rp | wc -l) >= (${#debian} ? 1 : $(nproc)))); do wait -n || :; done
	set -m
	without_locks "$@" </dev/null &
	set +m
}
interrupted() {
	local group
	trap - INT TERM HUP
	for group in $(jobs -p); do kill -TERM -- "-$group" 2>/dev/null || :; done
	wait
	kill -"$1" $$
}
for signal in INT TERM HUP; do
	# shellcheck disable=SC2064 # the signal's name is known now
	trap "interrupted $signal" "$signal"
done

declare -A machines=()
for file in "${guest[@]}"; do
	asked=$(sed -n '2s/^# vm: *//p' "${from:-.}/$file")
	machines[" $asked"]+="$file "
done
start_machine() {
	local files
	read -ra files <<<"${machines[$1]}"
	start run_in_vm "$1" "${files[@]}"
}
# Start the longest first, so that no CPU is idle at the end: the machines of tests/sanitized/, which repeat things hundreds of
# times; then the machines that most tests share; then tests that boot their own machines; and then the short tests.
mapfile -t machines_by_size < <(for options in "${!machines[@]}"; do
	group=${machines[$options]}
	only_sanitized=1
	! grep -qE 'tests/(long/)?[^/ ]+\.t' <<<"$group" || only_sanitized=0
	echo "$only_sanitized|${#group}|$options"
done | sort -t '|' -k 1,1nr -k 2,2nr | cut -d '|' -f 3)
for options in "${machines_by_size[@]}"; do start_machine "$options"; done
((${#host[@]} == 0)) ||
	mapfile -t host < <({ grep -Hc 'scripts/vm\.sh' "${host[@]}" || :; } | sort -t : -k 2,2nr | cut -d : -f 1)
for file in "${host[@]}"; do start run_here "$file" bash "$file"; done
wait

failed=0 decode=() console_log=build/log/console.log
scripts/sandbox.sh "${visible[@]}" prove --formatter TAP::Formatter::JUnit --exec cat "$results"/*.tap >"$results/junit.xml" 2>"$results/prove.log" ||
	failed=1

count() { cat "$results"/*.tap | grep -cE "$1" || :; }
skipped=$(count '^ok .*# SKIP')
bad=$(count '^not ok')
if ((failed)); then
	if [[ -n $from ]]; then
		release=$(kdir_release "$(scripts/sandbox.sh scripts/rust-headers.sh)")
		decode=(--source "$from" "$from/build/modules/$release") console_log=$top/$console_log
	fi
	say "" "${red}These tests failed. Expected and actual results:${plain}"
	for tap in "$results"/*.tap; do
		awk -v file="${tap#"$top"/}" '
			/^not ok/ { if (!named++) print file; print "  " $0; more = 1; next }
			/^#/ { if (more) print "    " $0; next }
			{ more = 0 }' "$tap" | scripts/decode.sh "${decode[@]}" >&2
	done
	# (A test that ended too early has no failed line.)
	((bad)) || sed 's/^/  /' "$results/prove.log" >&2
	say "The tests' whole output is in ${results#"$top"/}/*.tap, the console's log in $console_log."
	((bad)) || bad=1
fi
echo "$(($(count '^ok') - skipped)) passed, $bad failed, $skipped skipped"
exit "$failed"
