# shellcheck shell=bash
# Helpers for the tests, which print TAP (https://testanything.org). Sourced by each of them.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# A test takes no arguments.
case $#$* in
0) ;;
1-h | 1--help)
	sed -n '2,/^$/ { s/^# \{0,1\}//; p }' "$0"
	exit
	;;
*)
	echo "${0##*/}: error: a test takes no arguments; --help says what it is about" >&2
	exit 2
	;;
esac
unset CDPATH

tap_count=0 tap_failed=0 tap_planned=''
# If a result is not as expected, show this many lines of it.
tap_lines=40
# A test that gets no directory of its own must end. Otherwise it would work in /.
mktemp() {
	command mktemp "$@" && return
	echo "Bail out! mktemp $* failed" >/proc/$$/fd/1
	kill $$
}
# These are removed when the test ends, but not what is mounted there.
tap_directory=$(mktemp -d)
temporary=("$tap_directory")
trap 'rm -rf --one-file-system "${temporary[@]}"' EXIT

plan() {
	tap_planned=$1
	echo "1..$1"
}

# ok STATUS DESCRIPTION: passes if STATUS is 0.
ok() {
	tap_count=$((tap_count + 1))
	if (($1 == 0)); then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
	fi
}

# is GOT EXPECTED DESCRIPTION: passes if both are the same text.
is() {
	if [[ $1 == "$2" ]]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		diag "expected:" "$(head -n "$tap_lines" <<<"$2")" "got:" "$(head -n "$tap_lines" <<<"$1")"
	fi
}

# same GOT EXPECTED DESCRIPTION: like is, for two values that were both read or counted. Two empty values do not pass: this is
# what a test gets if it could read neither.
same() {
	if [[ $2 =~ ^[[:space:]]*0?$ ]]; then
		ok 1 "$3"
		diag "there is nothing to compare with"
	else
		is "$@"
	fi
}

# like GOT REGEX DESCRIPTION: passes if GOT matches REGEX, a POSIX extended regular expression (as in bash).
like() {
	if [[ $1 =~ $2 ]]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		diag "expected a match of: $2" "got:" "$(head -n "$tap_lines" <<<"$1")"
	fi
}

# there PATH DESCRIPTION: passes if PATH exists. not_there PATH DESCRIPTION: passes if it does not.
there() {
	local status=0
	[[ -e $1 ]] || status=1
	ok "$status" "$2"
}

not_there() {
	local status=0
	[[ ! -e $1 ]] || status=1
	ok "$status" "$2"
}

diag() { printf '%s\n' "$@" | sed 's/^/# /' >&2; }

# If a program is missing, the results say nothing about the modules. So end the test.
command_not_found_handle() {
	echo "Bail out! $1: command not found" >/proc/$$/fd/1
	kill $$
}

# skip DESCRIPTION REASON: reports a test that cannot run here.
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# reachable: succeeds if another user can reach the checkout, which is the working directory. In root's home, none can.
reachable() { ((EUID)) || setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$PWD/tests"; }

tap_end() {
	# For prove, a plan of 0 tests means that the file was skipped.
	((tap_count)) || ok 1 "the file tests something"
	[[ -n $tap_planned ]] || echo "1..$tap_count"
	[[ -z $tap_planned ]] || ((tap_count == tap_planned)) || diag "planned $tap_planned tests, ran $tap_count"
	((tap_failed == 0)) || diag "$tap_failed of $tap_count tests failed"
	exit "$((tap_failed != 0))"
}

# await FILE [REGEX]: waits until FILE exists (and one of its lines matches). After 30 seconds (or $await_seconds) it ends the test.
await() {
	local tenths=0
	until [[ -e $1 ]] && { (($# == 1)) || grep -qE "$2" "$1"; }; do
		if ((++tenths > ${await_seconds:-30} * 10)); then
			echo "Bail out! waited ${await_seconds:-30} seconds in vain for $1${2:+ to have $2}"
			exit 1
		fi
		sleep 0.1
	done
}

# run COMMAND…: runs it, and sets status, stdout and stderr.
# shellcheck disable=SC2034 # they are for the test that calls it
run() {
	status=0
	"$@" </dev/null >"$tap_directory/stdout" 2>"$tap_directory/stderr" || status=$?
	stdout=$(<"$tap_directory/stdout") stderr=$(<"$tap_directory/stderr")
}

# session ID: prints the processes of a session (those that a `setsid COMMAND` has started, and their children), one line each:
# "PID COMMAND".
session() {
	local process rest state id
	for process in /proc/[0-9]*; do
		rest=$(cat "$process/stat" 2>/dev/null) || continue
		read -r state _ _ id _ <<<"${rest##*) }"
		[[ $id != "$1" || $state == Z ]] || echo "${process#/proc/} $(tr '\0' ' ' 2>/dev/null <"$process/cmdline")"
	done
}

# signal_session SIGNAL ID: sends the signal to all processes of the session.
signal_session() {
	local processes
	mapfile -t processes < <(session "$2" | cut -d ' ' -f 1)
	((${#processes[@]} == 0)) || kill -"$1" "${processes[@]}" 2>/dev/null
}

done_testing() { tap_end; }
