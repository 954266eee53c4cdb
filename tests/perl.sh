# shellcheck shell=bash
# Runs perl with the system calls of syscalls.pm. For speed, one process runs all statements of a test. Sourced after kernel.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

coproc SERVER { perl -I "$(dirname "${BASH_SOURCE[0]}")" -Msyscalls -E '$| = 1; $/ = "\0"; while (<STDIN>) { chomp; eval; print $@, "\0" }' 2>&1; }
exec {to}>&"${SERVER[1]}" {from}<&"${SERVER[0]}"

# perl_hangs STATEMENTS: ends the test, also from within a $(…).
perl_hangs() {
	printf 'Bail out! for five minutes there was no answer to: %s\n' "${1//$'\n'/ }" >"/proc/$$/fd/1"
	kill "$SERVER_PID"
	kill $$
}

# perl STATEMENTS: runs them, and prints their output.
perl() {
	local reply
	printf '%s\0' "$1" >&"$to"
	IFS= read -r -d '' -t 300 reply <&"$from" || perl_hangs "$1"
	printf '%s' "$reply"
}
