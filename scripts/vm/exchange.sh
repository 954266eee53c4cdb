#!/bin/bash
# Runs in the machine of dev.sh. It gets new modules and tests from outside, through a port of its own, and loads, unloads or runs
# them. init.sh starts it. It reads these lines:
#
#   file SIZE MODE PATH and then the file
#   unload NAME
#   load PATH [PARAMETER=VALUE...]
#   test PATH
#
# After each line except "file" it prints new lines of the kernel's log ("log …") or the output of the test ("out …"), and then
# "done STATUS". STATUS is that of rmmod, insmod or the test; or "hangs" (then the log has the stack of the process, too), or
# "crashed" if the kernel has crashed. Before a test it prints "limit SECONDS". If the kernel crashes while nothing is asked, it
# prints the log and "crashed". If init.sh finds a process of the shell that hangs, it prints its stack and "stuck".

port=${1:-}
if [[ $$ == 1 || ! -c $port || ! -r /run.vm || -z ${RUST_LKM:-} ]]; then
	echo "${0##*/}: error: this works only in the machine of scripts/dev.sh" >&2
	exit 2
fi
cd /modules || exit
exec {port_fd}<>"$port"
. "$RUST_LKM/scripts/vm/within.sh"
. "$RUST_LKM/scripts/vm/parameters.sh"

say() { printf '%s\n' "$*" >&"$port_fd"; }
say_lines() { while IFS= read -r line || [[ -n $line ]]; do say "$1 $line"; done; }

# run SECONDS COMMAND…: sets status to that of the command, or to "hangs".
run() {
	within "$@" >/run/exchange.output 2>&1
	[[ $status != hangs ]] || say_lines log <<<"$hanging"
}

# (The number of lines does not show what is new: it stays the same when the kernel drops the oldest ones.)
log_last=$(dmesg | tail -n 1)
# new_log [hidden]
new_log() {
	local lines first
	mapfile -t lines < <(dmesg)
	for ((first = ${#lines[@]}; first > 0; first--)); do [[ ${lines[first - 1]} != "$log_last" ]] || break; done
	[[ -n ${1:-} ]] || ((first == ${#lines[@]})) || printf '%s\n' "${lines[@]:first}" | say_lines log
	log_last=${lines[-1]}
}

# modules_used: prints those of other repositories that are loaded.
modules_used() {
	local path
	for path in /lib/modules/*/extra/*.ko; do
		path=${path##*/} path=${path%.ko}
		[[ ! -d /sys/module/${path//-/_} ]] || echo "$path"
	done
}

crashed=0

say ready
pending=''
while :; do
	read -r -t 2 line <&"$port_fd"
	result=$?
	pending+=$line
	if ((result > 128)); then
		# Nothing is asked.
		read -r crashes </sys/kernel/oops_count
		if ((crashes > crashed)); then
			crashed=$crashes
			sleep 1
			tell_parameters
			new_log
			say crashed
		elif [[ -e /run/stuck ]]; then
			say_lines log </run/stuck
			rm /run/stuck
			say stuck
		fi
		continue
	fi
	((result == 0)) || exit
	read -r word first rest <<<"$pending"
	pending='' status=0
	case $word in
	file)
		read -r mode path <<<"$rest"
		[[ $path != */* ]] || mkdir -p "${path%/*}"
		head -c "$first" <&"$port_fd" >"$path.new"
		chmod "$mode" "$path.new"
		mv "$path.new" "$path"
		continue
		;;
	unload) [[ ! -d /sys/module/$first ]] || run 5 rmmod "$first" ;;
	load)
		read -ra parameters <<<"$rest"
		# (dev.sh does not load those of other repositories that it uses. vm.sh has put them into extra/.)
		for module in $(modinfo -F depends "$first" | tr , ' '); do
			[[ $status == hangs || $(modinfo -n "$module" 2>/dev/null) != */extra/* ]] || run 10 modprobe "$module"
		done
		[[ $status == hangs ]] || run 10 insmod "$first" "${parameters[@]}"
		;;
	test)
		# (No module is loaded when a test begins.)
		for module in $(modules_used); do [[ $status == hangs ]] || run 5 modprobe -r "$module"; done
		if [[ -x $first ]]; then command=("./$first"); else command=(bash "$first"); fi
		limit=$(test_limit)
		say "limit $limit"
		run "$limit" "${command[@]}"
		;;
	esac
	# (Each crash is reported once.)
	read -r crashes </sys/kernel/oops_count
	answer=$status
	((crashes == crashed)) || { answer=crashed && tell_parameters; }
	crashed=$crashes
	# (Reading the log takes time here. So the messages of an unload are shown together with those of the next load. A test
	# looks at the log itself.)
	if [[ $word == test ]]; then
		say_lines out </run/exchange.output
		if [[ $answer == crashed || $answer == hangs ]]; then new_log; else new_log hidden; fi
	else
		[[ $word == unload && $answer == 0 ]] || new_log
		[[ $status == 0 ]] || say_lines out </run/exchange.output
	fi
	say "done $answer"
done
