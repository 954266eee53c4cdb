#!/bin/bash
# shellcheck disable=SC2154 # vm.sh sets size, command, terminal, timeout, exchange and run
#
# The first program of the virtual machine. It mounts the file systems that one needs to look at a module, runs the command of
# vm.sh, passes its status on, and switches the machine off.
#
# Anywhere else it would do harm: it mounts over /tmp, and it switches off. So it continues only as the first process of a
# kernel that vm.sh has started. Such a kernel has no /proc yet, and passes the name of the run as the last argument. The same name
# is in /run.vm. (Before it come words of --append that the kernel does not know. UEFI firmware adds one behind it.)

passed=''
for word; do [[ $word == initrd=initrd ]] || passed=$word; done
# shellcheck disable=SC1091 # vm.sh writes it
if [[ $$ != 1 || -z $passed || -e /proc/self || ! -r /run.vm ]] || ! . /run.vm || [[ $passed != "$run" ]]; then
	echo "${0##*/}: error: this works only in the machine that scripts/vm.sh makes" >&2
	exit 2
fi

# (With LANG instead of LC_CTYPE, each program would read a dozen more files, and nothing would change.)
export PATH=/usr/local/sbin:/usr/sbin:/usr/bin HOME=/root LC_CTYPE=C.UTF-8
mount -t proc proc /proc
# (No namespace can change this file.)
[[ " $(</proc/cmdline) " == *" -- $run "* ]] || exit 2
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
mount -t securityfs security /sys/kernel/security
mount -t debugfs debug /sys/kernel/debug
mount -t tracefs trace /sys/kernel/tracing
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
hostname vm

export TERM NO_COLOR RUST_LKM EDITOR=nano
[[ -n $NO_COLOR ]] || unset NO_COLOR
cd /modules || exit

# Messages of the modules go to the console, too, because only the console is left when the machine dies. (Messages of the boot
# do not: they would take time.)
[[ " $(</proc/cmdline) " == *" loglevel="* ]] || echo 7 >/proc/sys/kernel/printk

# stuck SECONDS: looks for processes that have not run in user space for so long, although they do not sleep: they are in a
# module's code, or wait for something that cannot be interrupted. It sets found to their stacks. Each is reported once. (The
# stack of a running process cannot be read from another CPU, so this puts both on the same one.)
declare -A since=() worked=()
stuck() {
	local stat text fields now stack
	found=''
	read -r now _ </proc/uptime
	now=${now%.*}
	for stat in /proc/[0-9]*/stat; do
		read -r text 2>/dev/null <"$stat" || continue
		local pid=${text%% *} name=${text#*\(}
		name=${name%)*}
		# (state, parent, …, time in user space)
		read -ra fields <<<"${text##*) }"
		[[ ${fields[0]} == [RD] && ${fields[1]} != [02] ]] || continue
		if [[ ${worked[$pid]-} != "${fields[11]}" ]]; then
			worked[$pid]=${fields[11]} since[$pid]=$now
			continue
		fi
		((now - ${since[$pid]:-$now} >= $1)) || continue
		taskset -pc 0 "$pid" >/dev/null 2>&1
		stack=$(taskset -c 0 cat "/proc/$pid/stack" 2>/dev/null)
		[[ ${fields[0]} == D || $stack == *'['[a-z]*']'* ]] || continue
		found+="task $name:$pid has been in the kernel for $((now - since[$pid])) seconds"$'\n'$stack$'\n'
		since[$pid]=''
	done
}

tell_log() {
	local line
	while IFS= read -r line; do [[ -z $line ]] || echo "<4>$line" >/dev/kmsg; done <<<"$found"
}

. "$RUST_LKM/scripts/vm/parameters.sh"

if [[ -n $terminal ]]; then
	# Make this terminal as large as the one around it. If a command hangs, say where, because no prompt will come.
	(
		exec 3<>/dev/hvc0 4<>/dev/vport0p5
		while IFS= read -r -t 5 new_size <&4 || (($? > 128)); do
			# shellcheck disable=SC2086 # rows and columns
			[[ -z $new_size ]] || stty rows ${new_size% *} cols ${new_size#* } <&3
			stuck 10
			[[ -n $found ]] || continue
			tell_log
			# (dev.sh has the line numbers, which the modules here lack.)
			if [[ -n $exchange ]]; then
				printf '%s' "$found" >/run/stuck.new
				mv /run/stuck.new /run/stuck
				continue
			fi
			{
				"$RUST_LKM/scripts/decode.sh" --only --here --source /modules /modules <<<"$found"
				echo "A process that hangs in the kernel cannot be ended. Ctrl-A, then X, ends the machine."
			} >&3 2>&1
		done
	) &
elif ((timeout > 30)); then
	# Shortly before the timeout ends the machine, write to the log what it is busy with.
	(
		read -r now _ </proc/uptime
		sleep $((timeout * 8 / 10 - 5 - ${now%.*}))
		stuck 5
		sleep 5
		stuck 5
		[[ -z $found ]] || tell_log
		tell_parameters
	) &
fi

[[ -z $exchange ]] || "$RUST_LKM/scripts/vm/exchange.sh" /dev/vport0p6 &

if [[ -n $terminal ]]; then
	# The terminal forgets its size when nobody has it open.
	exec 3<>/dev/hvc0
	stty rows "${size% *}" cols "${size#* }" -onlcr <&3
	setsid --ctty --wait "${command[@]}" <&3 >&3 2>&1 3>&-
	status=$?
else
	# A port can be open only once, but programs may open /dev/stderr again. So the command gets pipes.
	exec 3> >(exec cat >/dev/vport0p2)
	stdout=$!
	exec 4> >(exec cat >/dev/vport0p3)
	stderr=$!
	"${command[@]}" </dev/null >&3 2>&4 3>&- 4>&-
	status=$?
	exec 3>&- 4>&-
	# A process that the command left behind may keep the pipes open.
	(sleep 2 && kill "$stdout" "$stderr") 2>/dev/null &
	wait "$stdout" "$stderr"
fi

read -r oopses </sys/kernel/oops_count
read -r warnings </sys/kernel/warn_count
((oopses + warnings == 0)) || tell_parameters

echo "$status" >/dev/vport0p1
echo o >/proc/sysrq-trigger
sleep 60
