#!/bin/bash
# Runs in the machine of dev.sh. It gets new modules and tests from outside, through a port of its own, and loads, unloads or runs
# them. init.sh starts it. It reads these lines:
#
#   file SIZE PATH      and then the file
#   unload NAME
#   load PATH [PARAMETER=VALUE...]
#   test PATH
#
# After each line except "file" it prints new lines of the kernel's log ("log …") or the output of the test ("out …"), and then
# "done STATUS". STATUS is that of rmmod, insmod or the test; or "hangs", or "crashed" if the kernel has crashed.

port=${1:-}
if [[ $$ == 1 || ! -c $port ]]; then
	echo "${0##*/}: error: this works only in the machine of scripts/dev.sh" >&2
	exit 2
fi
cd /modules || exit
exec {port_fd}<>"$port"
mkfifo /run/exchange
exec {done_fd}<>/run/exchange

say() { printf '%s\n' "$*" >&"$port_fd"; }
say_lines() { while IFS= read -r line || [[ -n $line ]]; do say "$1 $line"; done; }

# within SECONDS COMMAND…: sets status to that of the command, or to "hangs". (A process that hangs in the kernel cannot be
# ended.)
within() {
	(
		"${@:2}" </dev/null >/run/exchange.output 2>&1
		echo "$?" >&"$done_fd"
	) &
	read -r -t "$1" status <&"$done_fd" || status=hangs
}

log_seen=$(dmesg | wc -l)
# new_log [hidden]
new_log() {
	local lines
	mapfile -t lines < <(dmesg)
	[[ -n ${1:-} ]] || ((${#lines[@]} <= log_seen)) || printf '%s\n' "${lines[@]:log_seen}" | say_lines log
	log_seen=${#lines[@]}
}

crashed=0

say ready
while read -r word first rest <&"$port_fd"; do
	status=0
	case $word in
	file)
		[[ $rest != */* ]] || mkdir -p "${rest%/*}"
		head -c "$first" <&"$port_fd" >"$rest.new"
		mv "$rest.new" "$rest"
		continue
		;;
	unload) [[ ! -d /sys/module/$first ]] || within 5 rmmod "$first" ;;
	load)
		read -ra parameters <<<"$rest"
		within 10 insmod "$first" "${parameters[@]}"
		;;
	test)
		if [[ -x $first ]]; then command=("./$first"); else command=(bash "$first"); fi
		within 300 "${command[@]}"
		;;
	esac
	# (Reading the log takes time here. So the messages of an unload are shown together with those of the next load.)
	[[ $word == test || ($word == unload && $status == 0) ]] || new_log
	# (A test looks at the log itself.)
	[[ $word != test && $status == 0 ]] || say_lines out </run/exchange.output
	# (Each crash is reported once.)
	read -r crashes </sys/kernel/oops_count
	if ((crashes > crashed)); then
		status=crashed
		[[ $word != test ]] || new_log
	elif [[ $word == test ]]; then
		new_log hidden
	fi
	crashed=$crashes
	say "done $status"
done
