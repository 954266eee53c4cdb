#!/usr/bin/env bash
# Usage: scripts/test.sh [--long | --all] [--guest | --sanitized | --debian] [NAME]
#        scripts/test.sh --from DIR [NAME]
#
# Builds the modules and runs the tests: tests/*.t in a virtual machine (tests that ask for the same options share one,
# "# vm: OPTIONS" in their second line), and tests/host/*.t here. With NAME, it runs only those whose path has NAME in it,
# also in tests/long/. It runs as many at a time as there are CPUs.
#
#   --long  instead, those in tests/long/, which take minutes: storms, whole builds, a clone that has nothing
#   --all   instead, those in tests/all/, which take longer still: packages in a Debian made for it
#   --guest instead, only those in a virtual machine
#   --debian instead, only those in tests/debian/, which boot a whole Debian (scripts/debian.sh), one after the other
#   --sanitized  all those, and tests/sanitized/, on the kernel of tests/sanitized.config, which is built once; with --long
#           those in tests/long/ too. (Those in host/ are about this machine, and not about the kernel.)
#   --from DIR  instead, build the modules in DIR, and run DIR/tests/*.t in a virtual machine; what they print is in DIR/build/test/
#   --help  this text
#
# KERNEL=RELEASE in the environment chooses the kernel, and its results are in build/test-RELEASE/.
#
# What each test printed is in build/test/NAME.tap, all results are in build/test/junit.xml.
# The exit status is 0 if all passed, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

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
		from=$(module_directory "$2")
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
scripts/sandbox.sh --preflight
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
# Results of an earlier run are none of this one's, even if nothing can be built.
rm -rf "$results"
mkdir -p "$results"
make --no-print-directory vm-modules TESTS=1 "${of[@]}" >&2
# From here on the modules are as the tests need them; a test that makes them again must not change them.
export TESTS=1
# A test that calls make means what it says there: T= and the like are for this one.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL T

# result FILE: where its output goes.
result() { echo "$results/$(sed 's,^tests/,,; s,/,-,g; s,\.t$,,' <<<"$1").tap"; }

# ended FILE STATUS SECONDS: says how a test went. A status that its results do not explain is a failure too.
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
		echo "not ok - $1 says nothing" >>"$tap"
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

# A machine that runs longer is ended. Detectors take time.
timeout=$((${#sanitized} ? 2400 : 900))

# run_in_vm OPTIONS FILE…: one machine for all of them; its output is told apart by lines that no test prints.
# (init_on_alloc=0: what a module does not set is not 0 by chance; and zeroing takes a tenth of the time. loglevel=5: the tests
# read the log themselves; the console is for what goes wrong.)
run_in_vm() {
	local line file='' start options log cut=''
	read -ra options <<<"$1"
	shift
	for file; do : >"$(result "$file")"; done
	log=$(result "$file").log
	file=''
	scripts/vm.sh "${from_option[@]}" --strip --timeout "$timeout" --append init_on_alloc=0 --append loglevel=5 "${options[@]}" bash -c 'for file; do
		echo "== begin $file"
		if [[ -x $file ]]; then command=("./$file"); else command=(bash "$file"); fi
		more_tests=$(($# - ++n)) "${command[@]}" 2>&1
		echo "== end $?"
	done' - "$@" 2>"$log" | while IFS= read -r line; do
		case $line in
		'== begin '*) file=${line#== begin } start=$SECONDS ;;
		'== end '*)
			ended "$file" "${line#== end }" "$((SECONDS - start))"
			file=''
			;;
		*) [[ -z $file ]] || printf '%s\n' "$line" >>"$(result "$file")" ;;
		esac
	done || {
		for file; do
			grep -q '^1\.\.' "$(result "$file")" || { cut=1 && ended "$file" 125 0; }
		done
		# It was the end of the machine itself that was a bad one.
		[[ -n $cut ]] || ended "$file" 125 0
		sed 's/^/  /' "$log" >&2
	}
}

# without_locks COMMAND…: what outlives a run that was killed would keep the next one waiting.
without_locks() {
	local fd
	for fd in "${locks[@]}"; do exec {fd}>&-; done
	"$@"
}

# As many at a time as there are CPUs: more of them slow each other down by more than they gain.
# Each has a process group of its own, so that an interrupt ends all of it, and nobody else.
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
# What takes longest goes first: the machines of tests/sanitized/, which does things hundreds of times; those that most tests
# share; the tests that boot machines of their own; what is short comes last, so that no CPU is without work for long.
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

failed=0 decode=()
[[ -z $from ]] || decode=(--source "$from" "$from/build/modules")
scripts/sandbox.sh "${visible[@]}" prove --formatter TAP::Formatter::JUnit --exec cat "$results"/*.tap >"$results/junit.xml" 2>"$results/prove.log" ||
	failed=1

count() { cat "$results"/*.tap | grep -cE "$1" || :; }
skipped=$(count '^ok .*# SKIP')
bad=$(count '^not ok')
if ((failed)); then
	say "" "${red}What failed, with what was expected and seen:${plain}"
	for tap in "$results"/*.tap; do
		awk -v file="${tap#"$top"/}" '
			/^not ok/ { if (!named++) print file; print "  " $0; more = 1; next }
			/^#/ { if (more) print "    " $0; next }
			{ more = 0 }' "$tap" | scripts/decode.sh "${decode[@]}" >&2
	done
	# A test that ended too early has no failure to show.
	((bad)) || sed 's/^/  /' "$results/prove.log" >&2
	say "All that they printed is in ${results#"$top"/}/*.tap, the console's log in build/log/console.log."
	((bad)) || bad=1
fi
echo "$(($(count '^ok') - skipped)) passed, $bad failed, $skipped skipped"
exit "$failed"
