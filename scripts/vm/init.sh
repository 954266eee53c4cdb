#!/bin/bash
# shellcheck disable=SC2154 # vm.sh sets size, command, terminal, timeout, exchange and run
#
# The first program of the virtual machine: mounts what a module needs to be looked at, runs the command that
# vm.sh was given, hands its status over and switches off.
#
# Anywhere else it would harm: it mounts over /tmp, and it switches off. So it goes on only as the first process of a kernel
# that vm.sh has started. Such a kernel has no /proc yet, and passes to it the name of the run, which is in /run.vm too.
# (UEFI firmware adds an argument.)

# shellcheck disable=SC1091 # vm.sh writes it
if [[ $$ != 1 || $# == 0 || ${*:2} != "${2:+initrd=initrd}" || -e /proc/self || ! -r /run.vm ]] || ! . /run.vm || [[ $1 != "$run" ]]; then
	echo "${0##*/}: error: this is for the machine that scripts/vm.sh makes, and does nothing elsewhere" >&2
	exit 2
fi

# (LC_CTYPE, and not LANG: each program would read a dozen files more, for what C has too.)
export PATH=/usr/local/sbin:/usr/sbin:/usr/bin HOME=/root LC_CTYPE=C.UTF-8
mount -t proc proc /proc
# No namespace can change what this says.
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

# What the modules say belongs on the console too: it is what is left of a machine that dies. (During the boot it would take time.)
[[ " $(</proc/cmdline) " == *" loglevel="* ]] || echo 7 >/proc/sys/kernel/printk

# stuck SECONDS: sets found to where each process is that has run nothing of its own for so long, though it does not sleep: it is
# in a module's code, or waits for something that cannot be interrupted. Each is told once. (What runs does not show its stack to
# another CPU; so both have to share one.)
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

# What decode.sh says of a crash has the module's parameters, if the log has them.
tell_parameters() {
	local module taint value text values
	for module in /sys/module/*/parameters; do
		module=${module%/parameters} values=''
		taint=''
		read -r taint 2>/dev/null <"$module/taint" || [[ -n $taint ]] || continue
		for value in "$module"/parameters/*; do
			text=''
			read -r text 2>/dev/null <"$value" || [[ -n $text ]] || continue
			values+=" ${value##*/}=$text"
		done
		echo "<4>parameters of ${module##*/}:$values" >/dev/kmsg
	done
}

if [[ -n $terminal ]]; then
	# The terminal follows the size of that around it. And who waits for a prompt that does not come is told why.
	(
		exec 3<>/dev/hvc0 4<>/dev/vport0p5
		while IFS= read -r -t 5 new_size <&4 || (($? > 128)); do
			# shellcheck disable=SC2086 # rows and columns
			[[ -z $new_size ]] || stty rows ${new_size% *} cols ${new_size#* } <&3
			stuck 10
			[[ -n $found ]] || continue
			tell_log
			{
				"$RUST_LKM/scripts/decode.sh" --only --here --source /modules /modules <<<"$found"
				echo "What hangs in the kernel cannot be ended. Ctrl-A, then X, ends the machine."
			} >&3 2>&1
		done
	) &
elif ((timeout > 30)); then
	# Before the machine is ended because of its timeout, its log gets what it is busy with.
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
	# A port can be open only once, and programs open /dev/stderr again: so they get pipes.
	exec 3> >(exec cat >/dev/vport0p2)
	stdout=$!
	exec 4> >(exec cat >/dev/vport0p3)
	stderr=$!
	"${command[@]}" </dev/null >&3 2>&4 3>&- 4>&-
	status=$?
	exec 3>&- 4>&-
	# A process that the command left behind may keep them open.
	(sleep 2 && kill "$stdout" "$stderr") 2>/dev/null &
	wait "$stdout" "$stderr"
fi

read -r oopses </sys/kernel/oops_count
read -r warnings </sys/kernel/warn_count
((oopses + warnings == 0)) || tell_parameters

echo "$status" >/dev/vport0p1
echo o >/proc/sysrq-trigger
sleep 60
