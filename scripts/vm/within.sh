# shellcheck shell=bash
# Runs a command that may hang. Sourced in the virtual machine.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

mkfifo /run/within
exec {within_fd}<>/run/within

# within SECONDS COMMAND…: sets status to that of the command. If it takes longer (0: it may take any time), status is "hangs",
# process_group has what it started, and hanging says where it is. (A process that hangs in the kernel cannot be ended.)
within() {
	local process children before
	(
		setsid "${@:2}" </dev/null {within_fd}>&- &
		echo "$!" >/run/within.process
		status=0
		wait "$!" 2>/dev/null || status=$?
		echo "$status" >&"$within_fd"
	) &
	wait_for_end "$1" && return
	status=hangs
	process_group=$(</run/within.process)
	process=$process_group
	# (If a test hangs, it waits for the program that does.)
	while children='' && { read -r children 2>/dev/null <"/proc/$process/task/$process/children" || [[ -n $children ]]; }; do
		read -ra children <<<"$children"
		process=${children[-1]}
	done
	# (The stack of a running process can be read only on its own CPU. If that is never free, there is no stack.)
	taskset -pc 0 "$process" >/dev/null 2>&1
	before=$(user_time "$process")
	taskset -c 0 cat "/proc/$process/stack" >/run/within.stack 2>/dev/null &
	sleep 1
	hanging="task $(<"/proc/$process/comm"):$process has been "
	if [[ $(user_time "$process") == "$before" ]]; then
		hanging+="in the kernel for $1 seconds"$'\n'$(</run/within.stack)
	else
		hanging+="running for $1 seconds, and not in the kernel"
	fi
}

# user_time PROCESS: prints how long it has run outside the kernel, in clock ticks.
user_time() {
	local text fields
	read -r text 2>/dev/null <"/proc/$1/stat" || return 0
	read -ra fields <<<"${text##*) }"
	echo "${fields[11]}"
}

# wait_for_end SECONDS: sets status to that of the command, or fails.
wait_for_end() {
	local limit=()
	(($1 == 0)) || limit=(-t "$1")
	read -r "${limit[@]}" status <&"$within_fd"
}

# test_limit: prints how many seconds a test may take. As for the kernel's own tests, the line timeout=SECONDS in a file settings
# says so.
test_limit() {
	local limit
	# (bash takes a number that begins with 0 for an octal one.)
	limit=$(sed -nE 's/^timeout=0*([0-9]+)$/\1/p' tests/settings 2>/dev/null)
	echo "${limit:-60}"
}
