#!/usr/bin/env bash
# Usage: scripts/generated-mutants.sh [OPTIONS] NUMBER [REGEX]
#
# Tests the tests. It makes NUMBER small mistakes by rules, half of them in Rust, half in shell and make, each in a copy of the
# sources, and runs the tests of make test until one fails. With REGEX, it changes only files whose path matches it.
#
#   --seed SEED  make the same mistakes again (default: a random seed, which is printed)
#   --limit SECONDS  a test may run five times as long as without a mistake, and this much longer (default: 120)
#   --workers N  try N mistakes at once (default: as many as there are CPUs)
#   --list       only make the mistakes, and print what they change
#   --help       this text
#
# A mistake that does not build or parse is left out. So is one that changes neither the machine code of a module nor the
# compiler's messages. (If its line looks like a condition that the compiler checks, it survives, because tests/host/ui.t should notice it.)
#
# Each test runs without a mistake first, and that run says which lines of the scripts it reaches. With a mistake in a line, only the
# tests that reach it are run, and those that compare texts. Those that have caught other mistakes in the same file come first, then
# those that name the file or its modules, and then all others. If none of them fails, the tests of make test-long that name the file
# are run, and one of make test-debian, if its disks were made. If a mistake has no effect, list it with the reason in
# tests/mutants/equivalent.txt.
#
# Each test runs in scripts/confined.sh, where a broken script can do no harm. The output of the tests is in
# build/mutants/generated/, with a table of all mutants, report.tsv. At the end it prints a table by file. After an interrupted
# run, the same command with the same seed continues with the mistakes that are left.
#
# The exit status is 0 if no mistake survived; 1 if one did, or if a test of make test fails without any; 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

seed=$RANDOM workers=$(nproc) limit=120 list=''
while (($#)); do
	case $1 in
	--seed | --workers | --limit)
		[[ -n ${2:-} ]] || bad_usage "$1 needs a value"
		case $1 in
		--seed) seed=$2 ;;
		--workers) workers=$2 ;;
		--limit) limit=$2 ;;
		esac
		shift 2
		;;
	--list) list=1 && shift ;;
	-h | --help) usage && exit ;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
number=${1:-}
[[ $number =~ ^[1-9][0-9]*$ ]] || bad_usage "NUMBER is missing: how many mistakes to make"
[[ $workers =~ ^[1-9][0-9]*$ ]] || bad_usage "--workers takes a number, not '$workers'"
[[ $limit =~ ^[1-9][0-9]*$ ]] || bad_usage "--limit takes seconds, not '$limit'"
(($# <= 2)) || bad_usage "one REGEX at most"
status=0
grep -E -- "${2:-}" </dev/null 2>/dev/null || status=$?
((status == 1)) || bad_usage "'$2' is not a regular expression"

cd "$top"
mutants=$(make_layers "$build/mutants/generated")
[[ $mutants == "$build"/* ]] || trap 'remove "$mutants"' EXIT
lock "$mutants/lock" "it is trying mutants"
generated=$mutants/made report=$mutants/report.tsv
sources=$mutants/sources

# ---- Make the mistakes.

mapfile -t files < <(checkout_files | tr "\0" "\n" |
	{ grep -E '(\.(rs|h|sh|mk|include)|(^|/)(Kbuild|Makefile))$' || :; } |
	{ grep -vE '^(tests|bench)/' || :; } | { grep -E -- "${2:-}" || :; })
((${#files[@]})) || die "no file that can be mutated has a path that matches '$2'"

# The mutator is a Python package. It is installed under build/.
python=$build/mutator/bin/python3 wanted=tests/mutants/requirements.txt
if ! cmp -s "$wanted" "$build/mutator/$(basename "$wanted")"; then
	python3 -c 'import ensurepip, venv' 2>/dev/null || die "python3, or its module venv, is missing: it installs the program that makes mistakes" \
		"sudo apt-get install python3-venv"
	remove "$build/mutator"
	steps 1 "$build/log/mutator.log"
	# shellcheck disable=SC2016 # the inner shell's
	step "Installing the mutator" "the mutator could not be installed (can pip reach its index?)" sh -ec '
		python3 -m venv "$1" && "$1/bin/python3" -m pip install --no-deps -r "$2" && cp "$2" "$1/"' - "$build/mutator" "$wanted"
fi
remove "$generated"
mkdir -p "$generated"
"$python" tests/mutants/generate.py "$number" "$seed" "$generated" "${files[@]}"
say "Seed: $seed"

# read_mutant ID: sets file, line, original and mutated.
read_mutant() {
	{ read -r file && read -r line && IFS= read -r original && IFS= read -r mutated; } <"$generated/$1"
}

trimmed() { sed -E 's/^\s+//; s/\s+$//' <<<"$1"; }

# reason: prints why this mistake has no effect, if the list has it: the file, "- the line", "+ the mistake", and "= the reason". If
# the file has that line more than once, there is "@ the next line", too.
reason() {
	awk -v file="$file" -v original="- $(trimmed "${original//\\/\\\\}")" -v mutated="+ $(trimmed "${mutated//\\/\\\\}")" \
		-v next_line="@ $(trimmed "$(sed -n "$((line + 1))p" "$file" | sed 's/\\/\\\\/g')")" '
		BEGIN { sub(/ $/, "", mutated) }
		$0 == file { state = 1; next }
		state == 1 { state = ($0 == original) ? 2 : 0; next }
		state == 2 { state = ($0 == mutated) ? 3 : 0; next }
		state == 3 && /^@ / { state = ($0 == next_line) ? 3 : 0; next }
		state == 3 { print substr($0, 3); exit }' tests/mutants/equivalent.txt
}

if [[ -n $list ]]; then
	for mutant in "$generated"/*; do
		read_mutant "${mutant##*/}"
		printf '%s:%s\n- %s\n+ %s\n' "$file" "$line" "$(trimmed "$original")" "$(trimmed "$mutated")"
	done
	exit
fi

# ---- Prepare the tests.

# Build the modules for the tests. Keep what an earlier run has learned about the same sources.
# (The book downloads mdbook, and lint.sh codespell. There is no network where the defects are tried.)
make --no-print-directory vm-modules book TESTS=1 >&2
scripts/sandbox.sh bash -c '. scripts/common.sh; unpacked_package codespell'
key=$(checkout_files | xargs -0 sha256sum -- | sha256sum)
if [[ $(cat "$sources.key" 2>/dev/null) != "$key" ]]; then
	remove "$sources" "$mutants/passed" "$mutants/which"
	echo "$key" >"$sources.key"
fi
# Continue a run that was interrupted.
which="$number $seed ${2:-}"
touch "$report"
tried=$(wc -l <"$report")
if [[ $(cat "$mutants/which" 2>/dev/null) == "$which" ]] && ((tried < $(find "$generated" -type f | wc -l))); then
	say "$tried of them were tried by an earlier run."
else
	remove "$mutants"/{logs,report.tsv}
	echo "$which" >"$mutants/which"
fi
mkdir -p "$mutants/passed" "$mutants/logs"
remove "$mutants"/changes.*
touch "$report" "$mutants/history.tsv"

# Leave out mutants.t: it tests only that patches apply to the text.
mapfile -t tests < <(printf '%s\n' tests/*.t tests/host/*.t | grep -vx tests/host/mutants.t)

mapfile -t long_tests < <(compgen -G 'tests/long/host/*.t' || :)
# (Only the test that needs nothing but these disks. There is no network here.)
[[ -z $(compgen -G "$build/debian/*/root.img") ]] || long_tests+=(tests/debian/machine.t)
# This test compares the compiler's messages for code that must not compile.
refusals=tests/host/ui.t
# These look at the text of the sources, the first three at nothing else.
compares_texts='host/(docs|guide|promises)\.t' reads_texts='host/(docs|guide|promises|usage)\.t'

limit_of_one=$limit

options_of() { sed -n '2s/^# vm: *//p' "$1"; }

# confined CHANGES LIMIT COMMAND…: returns its status, or 124 after LIMIT seconds.
confined() {
	TESTS=1 timeout --foreground --kill-after=5 "$2" "$top/scripts/confined.sh" --sources "$sources" --changes "$1" "${@:3}" </dev/null
}

# watched LOG CHANGES LIMIT COMMAND…: like confined, but stops as soon as a test has failed. If it has printed nothing for twice
# the limit of one test (or for $silence seconds), it returns 124.
watched() {
	local log=$1 pid status=0 silent=''
	: >"$log"
	TESTS=1 timeout --foreground --kill-after=5 "$3" "$top/scripts/confined.sh" --sources "$sources" --changes "$2" "${@:4}" \
		</dev/null >"$log" 2>"$log.stderr" &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		(($(date +%s) - $(stat -c %Y "$log") < ${silence:-$((2 * limit_of_one))})) || silent=1
		if [[ -n $silent ]] || grep -qE '^(not ok|Bail out)' "$log"; then kill "$pid" 2>/dev/null; fi
	done
	wait "$pid" || status=$?
	[[ -z $silent ]] || status=124
	return "$status"
}

# failed_in LOG: prints the first failure in it, or what is wrong with the output if it is not that of a complete test.
failed_in() {
	awk '/^not ok/ { sub(/^not ok [0-9]* *-? */, ""); print; found = 1; exit }
		/^Bail out/ { print; found = 1; exit }
		/^ok/ { passed++ }
		/^1\.\./ { planned = substr($0, 4) + 0 }
		/^== begin / { passed = 0; planned = "" }
		/^== end / { if (passed == 0 || passed != planned || $3 != 0) { print "it ended too early"; found = 1; exit } ended++ }
		END { if (!found && !ended && (passed == 0 || passed != planned)) print "it ended too early" }' "$1"
}

# in_machine TEST: succeeds if the test runs in a virtual machine of vm.sh.
in_machine() { [[ $1 == tests/*.t && $1 != */host/* && $1 != */debian/* ]]; }

# run_tests CHANGES LIMIT LOG TEST…: runs one test of this machine, or several in one virtual machine. Sets failure.
run_tests() {
	local changes=$1 limit=$2 log=$3 status=0 options
	shift 3
	failure=''
	if ! in_machine "$1"; then
		watched "$log" "$changes" "$limit" bash "$1" || status=$?
	else
		read -ra options <<<"$(options_of "$1")"
		# shellcheck disable=SC2016 # the guest's
		watched "$log" "$changes" "$((limit + 30))" scripts/vm.sh --strip --timeout "$limit" --append init_on_alloc=0 "${options[@]}" bash -c '
			for file; do
				echo "== begin $file"
				more_tests=1 bash "$file" 2>&1
				status=$?
				echo "== end $status"
				((status == 0)) || break
			done' - "$@" || status=$?
		(($(grep -c '^== end' "$log" || :) == $#)) || grep -q '^not ok' "$log" ||
			failure="the virtual machine ended too early"
	fi
	if ((status == 124)) && ! grep -q '^not ok' "$log"; then
		# (scripts/test.sh, too, stops a virtual machine that does not end. It does not stop a test of this machine.)
		failure='HANGS'
		! in_machine "$1" || failure="the virtual machine goes on for ever"
	else
		failure=$(failed_in "$log" | head -n 1)${failure:+ ($failure)}
		[[ -n $failure ]] || ((status == 0)) || failure="it ended with status $status"
	fi
	[[ -z $failure ]]
}

# telling: changes each script so that it writes each command that it runs, with its line, to descriptor 77, if that is open. (This
# stands in the empty line after the first comment, which is the help.)
telling() {
	local script
	# shellcheck disable=SC2016 # the script expands them
	for script in scripts/*.sh scripts/*/*.sh; do
		tell='[ -z "${BASH_VERSION-}" ] || ! { : >&77; } 2>/dev/null || { PS4="+@ \${BASH_SOURCE:-}:\$LINENO@ " BASH_XTRACEFD=77; set -x; }' \
			awk 'NR > 1 && !told && !NF { $0 = ENVIRON["tell"]; told = 1 } { print }' "$script" >/tmp/told
		cat /tmp/told >"$script"
	done
}

# lines_in: prints the lines that are named in what such scripts have written, once each, as scripts/NAME:LINE.
lines_in() { sed -nE 's,^\++@ ([^@]*/)?(scripts/[^@]+:[0-9]+)@ .*,\2,p' | LC_ALL=C sort -u; }

# known TEST: succeeds if the test passes here without a mistake. It tries that once, and sets seconds to the time that it took. The
# file TEST.lines gets the lines of scripts that it has run.
known() {
	local file=$mutants/passed/${1//\//-} began=$SECONDS
	(
		flock 9
		[[ ! -s $file ]] || exit 0
		copy=$mutants/changes.known.$BASHPID
		confined "$copy" 60 bash -c "$(declare -f telling); telling"
		# (Once more, because one failure may be chance.)
		if passes_in "$copy" "$1" "$file" || passes_in "$copy" "$1" "$file"; then
			echo "$((SECONDS - began))" >"$file"
		else
			warn "$1 fails without any mistake, and is left out: $failure. Its output is in $file.log."
			echo failed >"$file"
		fi
		lines_in <"$file.trace" >"$file.lines"
		remove "$copy" "$file.trace"
	) 9>"$file.lock"
	seconds=$(<"$file")
	[[ $seconds != failed ]]
}

# passes_in CHANGES TEST FILE: runs the test there. What the scripts tell goes to FILE.trace.
passes_in() {
	if [[ $2 == make ]]; then build_in "$1" "$3.log" 77>"$3.trace"; else silence=900 run_tests "$1" 1800 "$3.log" "$2" 77>"$3.trace"; fi
}

known_bad() { grep -qsx failed "$mutants/passed/${1//\//-}"; }

build_in() { confined "$1" 900 make --no-print-directory vm-modules TESTS=1 >"$2" 2>&1; }

# The machine code of each module: its sections, without debug information and the build ID.
machine_code() {
	scripts/sandbox.sh bash -c 'shopt -s globstar nullglob; cd "$1" && for module in build/modules/*/**/*.ko; do
		objcopy --strip-debug --remove-section=.note.gnu.build-id --remove-section=.BTF "$module" /tmp/module && echo "${module##*/} $(sha256sum </tmp/module)"
	done' - "$1"
}

# ---- One mutant.

# one_for TEST: prints the test that stands for this one. (On this machine, all tests in virtual machines with the same options run
# the same lines of the scripts.)
one_for() {
	local test
	for test in "${tests[@]}"; do
		if [[ $1 == "$test" ]] || { in_machine "$1" && in_machine "$test" && [[ $(options_of "$1") == "$(options_of "$test")" ]]; }; then
			echo "$test"
			return
		fi
	done
	echo "$1"
}

lines_of() { cat "$mutants/passed/$(tr / - <<<"$1").lines" 2>/dev/null || :; }

# runs_it TEST: succeeds if the test has run the script. (The machine's own scripts run whenever vm.sh does.)
runs_it() {
	local one script=$file
	one=$(one_for "$1")
	case $file in
	scripts/vm/exchange.sh) script=scripts/dev.sh ;;
	scripts/vm/*) script=scripts/vm.sh ;;
	scripts/debian/*) script=scripts/debian.sh ;;
	esac
	known "$one" && grep -qF "$script:" <(lines_of "$one")
}

# runs_elsewhere: succeeds if the script runs in virtual machines, too.
runs_elsewhere() { [[ $file =~ ^scripts/(common|decode|kdir|platform|secure-boot)\.sh$ ]]; }

# reach: sets lines to those of which a test must run one, so that it can notice the mistake in $file:$line. If that cannot be
# told, to none. It fails if no test runs this command.
reach() {
	local kind first last function among run elsewhere=''
	lines=()
	run=$(cat "$mutants"/passed/*.lines | sed -n "s,^$file:,,p" | sort -nu)
	# These scripts also run, or only run, in a virtual machine. It does not write their lines.
	[[ -n $run && $file != scripts/*/* && $file != scripts/demo.sh ]] || return 0
	! runs_elsewhere || elsewhere=1
	while read -r kind first last function; do
		((first <= line && line <= last)) || continue
		among=$(awk -v first="$first" -v last="$last" 'first <= $1 && $1 <= last' <<<"$run")
		case $kind in
		function)
			# Another bash runs a function that is given to bash -c. It does not write its lines.
			[[ -z $among ]] || continue
			[[ -n $elsewhere ]] || grep -qE "declare -f.* \"?$function\b" scripts/*.sh
			return
			;;
		item) break ;;
		command)
			[[ -z $among ]] || mapfile -t lines <<<"$among"
			[[ -n $among$elsewhere ]]
			return
			;;
		esac
	done < <(sed -n "s,^$file ,,p" "$mutants/commands")
	# In a pattern of a case, or beside the commands.
	mapfile -t lines < <(awk -v line="$line" '$1 <= line { before = $1 } $1 > line && !after { after = $1 } END { print before "\n" after }' <<<"$run" | grep .)
}

# reaches TEST: succeeds if the test has run one of these lines.
reaches() {
	local one
	((${#lines[@]})) || return 0
	! { in_machine "$1" && runs_elsewhere; } || return 0
	one=$(one_for "$1")
	known "$one" && grep -qxFf <(printf "$file:%s\n" "${lines[@]}") <(lines_of "$one")
}

# notices TEST MODULE…: succeeds if the test can notice the mistake, because it runs the modules or the script.
notices() {
	case $file in
	# (A repository that new-module.sh makes begins with these.)
	templates/*) grep -qF new-module.sh "$1" ;;
	lkm/*.sh) grep -qE 'exports|tickets' "$1" ;;
	# (Some tests in a virtual machine are about all modules. docs.t takes its commands from the documents.)
	*.rs | *.h) grep -qwE -- "$(IFS='|' && echo "${*:2}")" "$1" || [[ $1 == tests/docs.t ]] || { [[ $1 != tests/host/* ]] && grep -qF '*.ko' "$1"; } ;;
	*.sh) if ((${#lines[@]})); then reaches "$1"; else grep -qF -- "$(basename "$file")" "$1" || runs_it "$1"; fi ;;
	esac || [[ $1 =~ $reads_texts ]]
}

# ordered MODULE…: prints the tests. Those that are most likely to notice a mistake in $file (and in these modules) come first.
ordered() {
	local test name score module
	name=$(basename "$file")
	for test in "${tests[@]}"; do
		score=$(awk -F '\t' -v file="$file" -v test="$test" '$1 == file && $2 == test { n++ } END { print n + 0 }' "$mutants/history.tsv")
		for module; do
			! grep -qw -- "$module" "$test" || score=$((score + 5))
		done
		! grep -qF -- "$name" "$test" || score=$((score + 2))
		# Tests that only compare texts come last.
		[[ ! $test =~ $compares_texts ]] || score=-1
		echo "$score $(cat "$mutants/passed/${test//\//-}" 2>/dev/null || echo 20) $test"
	done | sort -k 1,1nr -k 2,2n
}

# verdict TEXT…: adds the mutant to the report.
verdict() {
	local took=$((SECONDS - start)) from to
	from=$(trimmed "$original") to=$(trimmed "$mutated")
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$id" "$file" "$line" "$1" "$2" "$took" "$from" "$to" >>"$report"
	printf '%s  %-32s %-10s %s (%d s)\n      - %s\n      + %s\n' "$id" "$file:$line" "$1" "$2" "$took" "$from" "$to" >&2
}

caught() {
	printf '%s\t%s\n' "$file" "$1" >>"$mutants/history.tsv"
	verdict caught "$1: $2"
}

# fails_again TEST: an unexpected failure can be chance, on a busy machine. So such a test must fail twice.
fails_again() {
	named "$1" "${modules[@]}" || ! run_tests "$changes" "$time" "$log.again" "$1"
}

# named TEST MODULE…: succeeds if the test names the file, or one of these modules.
named() {
	local module
	for module in "$(basename "$file")" "${@:2}"; do
		! grep -qwF -- "$module" "$1" || return 0
	done
	return 1
}

# refuses: succeeds if the line looks like part of what the compiler refuses: one of our conditions, its text, or a bound. (A line
# elsewhere, with a value that only such a condition uses, is not found.)
refuses() {
	awk -v line="$line" '
		{ match($0, /[^ \t]/) }
		inside && RSTART > 0 && RSTART <= inside { inside = 0 }
		!inside && /(assert|panic|compile_error|build_assert|build_error)!|on_unimplemented|const CHECK: \(\)|const \{|^ *where$/ { inside = RSTART }
		NR == line { found = inside || /[^A-Za-z_](Send|Sync)([^A-Za-z_]|$)|\047static/ }
		END { exit !found }' "$sources/$file"
}

# is_built: succeeds if make vm-modules has read the file.
is_built() { grep -qrF --include='.*.cmd' -- "$top/$file" "$build/modules"; }

try() {
	local id=$1 changes=$mutants/changes.$1 log=$mutants/logs/$1 start=$SECONDS why failure='' modules=() hung='' seconds lines=() unreached=''
	read_mutant "$id"
	why=$(reason)
	if [[ -n $why ]]; then
		verdict equivalent "$why"
		return
	fi
	trap 'remove "$changes"' RETURN
	awk -v line="$line" -v mutated="${mutated//\\/\\\\}" 'NR == line { $0 = mutated } { print }' "$sources/$file" >"$log"
	if [[ $file == *.sh ]] && ! bash -n "$log" 2>/dev/null; then
		verdict "not built" "bash -n"
		return
	fi
	# shellcheck disable=SC2016 # the inner shell's
	TESTS=1 "$top/scripts/confined.sh" --sources "$sources" --changes "$changes" bash -c 'cat >"$1"' - "$file" <"$log"
	[[ $file != scripts/@(rust-headers|kdir).sh ]] || keep_headers confined "$changes" 60

	if [[ $file == scripts/*.sh ]] && ! reach; then unreached="no test runs this line"; fi
	if { [[ $file != scripts/* ]] || { [[ -z $unreached ]] && runs_it make && reaches make; }; } && ! build_in "$changes" "$log"; then
		case $file in
		*.sh) caught "make vm-modules" "$(tail -n 1 "$log")" ;;
		*) verdict "not built" "$(grep -m 1 -E '^error|\*\*\*' "$log" || tail -n 1 "$log")" ;;
		esac
		return
	fi
	if [[ $file == *.rs || $file == *.h ]] && is_built; then
		# (All changed files are in the upper layer.)
		confined "$changes" 300 bash -c "$(declare -f machine_code); machine_code $(printf %q "$top")" >"$log.code" || :
		if (($(wc -l <"$log.code") != $(wc -l <"$mutants/machine_code"))); then
			verdict survived "the modules cannot be compared"
			return
		fi
		mapfile -t modules < <({ diff "$mutants/machine_code" "$log.code" || :; } | sed -n 's/^> \(.*\)\.ko .*/\1/p')
		if ((${#modules[@]} == 0)); then
			# (Code that must not compile is in no module.)
			if [[ ! -e $refusals ]] || { known "$refusals" && run_tests "$changes" "$((limit + 5 * seconds))" "$log" "$refusals"; }; then
				if refuses; then verdict survived "$refusals knows nothing of this refusal"; else verdict equivalent "the machine code is the same"; fi
			elif [[ ${failure:-HANGS} == HANGS ]]; then
				verdict survived "$refusals cannot tell"
			else
				caught "$refusals" "$failure"
			fi
			return
		fi
	fi

	local test units=() batch chosen group at i
	# Tests with the same likelihood and the same options share a virtual machine.
	declare -A group_of=()
	while read -r score _ test; do
		if [[ $test == tests/host/* ]]; then
			units+=("$test ")
		else
			group="$((score > 0)) $(options_of "$test")"
			if [[ -z ${group_of[$group]:-} ]]; then
				group_of[$group]=${#units[@]}
				units+=("")
			fi
			at=${group_of[$group]}
			units[at]+="$test "
		fi
	done < <(ordered "${modules[@]}")
	for ((i = 0; i < ${#units[@]}; i++)); do
		read -ra batch <<<"${units[i]}"
		((${#batch[@]})) || continue
		chosen=() time=$limit
		for test in "${batch[@]}"; do
			[[ -z $unreached || $test =~ $reads_texts ]] || continue
			if known_bad "$test" || ! notices "$test" "${modules[@]}"; then continue; fi
			seconds=20
			[[ $test != tests/host/* ]] || known "$test" || continue
			chosen+=("$test") time=$((time + 5 * seconds))
		done
		((${#chosen[@]})) || continue
		if ! run_tests "$changes" "$time" "$log" "${chosen[@]}"; then
			test=$(sed -n 's/^== begin //p' "$log" | tail -n 1)
			test=${test:-${chosen[0]}} why=$failure
			if [[ $why == HANGS ]]; then
				hung+="$test "
			elif known "$test" && fails_again "$test"; then
				caught "$test" "$why"
				return
			else
				# Run the others without it.
				units+=("${units[i]//"$test "/}")
			fi
		fi
	done
	for test in "${long_tests[@]}"; do
		if ! named "$test" || ! known "$test"; then continue; fi
		# (Now the lines that it runs are known, too.)
		if [[ $file == scripts/*.sh ]]; then
			if ! reach || ! reaches "$test"; then continue; fi
			unreached=''
		fi
		! silence=900 run_tests "$changes" "$((limit + 5 * seconds))" "$log" "$test" || continue
		if [[ $failure != HANGS ]]; then
			caught "$test" "$failure"
			return
		fi
		hung+="$test "
	done
	verdict survived "$unreached${hung:+ $hung goes on for ever}"
}

# Which lines of the scripts belong together.
# shellcheck disable=SC2016 # the inner shell's
scripts/sandbox.sh bash -eo pipefail -c 'for file in scripts/*.sh scripts/*/*.sh; do
	shfmt --to-json <"$file" | python3 tests/mutants/commands.py | sed "s,^,$file ,"
done' >"$mutants/commands"

[[ -s $mutants/machine_code && $mutants/machine_code -nt $sources.key ]] || machine_code "$top" >"$mutants/machine_code"
# (Make the copy before, so that the workers do not all make it.)
confined "$mutants/changes.first" 60 true
remove "$mutants/changes.first"
trap 'trap - INT TERM; kill 0' INT TERM

# A mistake in a script needs to know which lines each test runs.
if grep -qsx 'scripts/.*\.sh' <(sed -sn 1p "$generated"/*); then
	say "Running each test without a mistake, to see which lines of the scripts it runs …"
	for test in make "${tests[@]}"; do
		[[ $test == make || $test == "$(one_for "$test")" ]] || continue
		while (($(jobs -rp | wc -l) >= workers)); do wait -n || :; done
		(known "$test") || : &
	done
	wait
fi

find "$generated" -type f -printf '%f\n' | sort | comm -23 - <(cut -f 1 "$report" | sort) >"$mutants/list"
worker() {
	local id next=$mutants/next.$1
	while flock "$mutants/list.lock" sed -i -e "1{w $next" -e 'd}' "$mutants/list" && id=$(<"$next") && [[ -n $id ]]; do
		: >"$next"
		(try "$id")
	done
}
for ((i = 0; i < workers; i++)); do
	: >"$mutants/next.$i"
	worker "$i" &
done
wait
# ---- The result.

(($(wc -l <"$report") == $(find "$generated" -type f | wc -l))) || die "not all mutants were tried" "Those that were tried are in ${report#"$top/"}."

awk -F '\t' -v compares_texts="${compares_texts//\\/\\\\}" '
	{ made[$2]++; made["all"]++; count[$2, $4]++; count["all", $4]++ }
	$4 == "caught" && $5 ~ "^tests/(long|debian)" { long[$2]++; long["all"]++ }
	$4 == "caught" && $5 ~ compares_texts { texts[$2]++; texts["all"]++ }
	function row(file) {
		printf "| %s | %d | %d | %d | %d | %d | %d | %d |\n", file, made[file], count[file, "not built"], count[file, "equivalent"], count[file, "caught"],
			long[file], texts[file], count[file, "survived"]
	}
	END {
		print "| file | made | not built | equivalent | caught | … by longer tests | … by their text | survived |\n|---|---|---|---|---|---|---|---|"
		n = asorti_files()
		for (i = 1; i <= n; i++) row(files[i])
		row("all")
	}
	function asorti_files(    file, n, i, j, swap) {
		for (file in made) if (file != "all") files[++n] = file
		for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (files[j] < files[i]) { swap = files[i]; files[i] = files[j]; files[j] = swap }
		return n
	}' "$report"
echo "$(grep -c $'\tcaught\t' "$report" || :) of $(grep -cE $'\t(caught|survived)\t' "$report" || :) mistakes were caught (seed $seed)"
left_out=$(grep -slx failed "$mutants"/passed/{make,tests-*.t} || :)
[[ -z $left_out ]] || warn "left out, because they fail without any mistake: ${left_out//"$mutants/passed/"/}"
left_out=$(grep -vE '^$|/tests-(long|debian)-' <<<"$left_out" || :)
[[ -z $left_out ]] && ! grep -q $'\tsurvived\t' "$report"
