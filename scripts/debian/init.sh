#!/bin/bash
# shellcheck disable=SC2154 # debian.sh sets made_by, user, size, command and terminal, in front of this text
#
# A systemd unit runs this as root in the machine of debian.sh. It puts files into the user's home, runs the command of
# debian.sh, passes its status on, and switches the machine off.
#
# Anywhere else that would do harm. So it continues only if debian.sh has written the lines in front of it, and if the machine
# has the disk of debian.sh.

if [[ ${made_by:-} != debian.sh || ! -e /dev/disk/by-id/virtio-home ]]; then
	echo "init.sh: error: this works only in the machine of scripts/debian.sh" >&2
	exit 2
fi

home=$(getent passwd "$user" | cut -d : -f 6)
as_user=(runuser -u "$user" -- env HOME="$home" USER="$user" LOGNAME="$user" SHELL=/bin/bash TERM="${TERM:-linux}")
cd "$home" || exit
"${as_user[@]}" tar -x -f - </dev/disk/by-id/virtio-home

if [[ -n $terminal ]]; then
	# The terminal forgets its size when nobody has it open.
	exec 3<>/dev/hvc0
	stty rows "${size% *}" cols "${size#* }" -onlcr <&3
	if ((${#command[@]})); then
		set -- "${as_user[@]}" bash -lc '"$@"' - "${command[@]}"
	else
		set -- runuser -l "$user"
	fi
	setsid --ctty --wait "$@" <&3 >&3 2>&1 3>&-
	status=$?
else
	# A port can be open only once, but programs may open /dev/stderr again. So the command gets pipes.
	exec 3> >(exec cat >/dev/vport0p2)
	stdout=$!
	exec 4> >(exec cat >/dev/vport0p3)
	stderr=$!
	"${as_user[@]}" bash -lc '"$@"' - "${command[@]}" </dev/null >&3 2>&4 3>&- 4>&-
	status=$?
	exec 3>&- 4>&-
	# A process that the command left behind may keep the pipes open.
	(sleep 2 && kill "$stdout" "$stderr") 2>/dev/null &
	wait "$stdout" "$stderr"
fi

# (If the machine is already going down, for example by a reboot, the command has not ended by itself.)
if [[ $(systemctl is-system-running) != stopping ]]; then
	echo "$status" >/dev/vport0p1
	systemctl --no-block poweroff
fi
