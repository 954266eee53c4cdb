#!/bin/bash
# shellcheck disable=SC2154 # vm.sh sets size, command, terminal and run
#
# The first program of the virtual machine: mounts what a module needs to be looked at, runs the command that
# vm.sh was given, hands its status over and switches off.
#
# Anywhere else it would harm: it mounts over /tmp, and it switches off. So it goes on only as the first process of a kernel
# that vm.sh has started. Such a kernel has no /proc yet, and passes to it the name of the run, which is in /run.vm too.

# shellcheck disable=SC1091 # vm.sh writes it
if [[ $$ != 1 || $# != 1 || -e /proc/self || ! -r /run.vm ]] || ! . /run.vm || [[ $1 != "$run" ]]; then
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

export TERM NO_COLOR
[[ -n $NO_COLOR ]] || unset NO_COLOR
cd /modules || exit

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

echo "$status" >/dev/vport0p1
echo o >/proc/sysrq-trigger
sleep 60
