#!/bin/bash
# shellcheck disable=SC2154 # debian.sh sets made_by, user, size, command and terminal, in front of this text
#
# What a unit of systemd runs in the machine of debian.sh, as root: puts files into the user's home, runs the command that
# debian.sh was given, hands its status over and switches off.
#
# Anywhere else that would harm. So it goes on only as debian.sh has put it together, and where that machine's disk is.

if [[ ${made_by:-} != debian.sh || ! -e /dev/disk/by-id/virtio-home ]]; then
	echo "init.sh: error: this is for the machine of scripts/debian.sh; anywhere else it does nothing" >&2
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
	# A port can be open only once, and programs open /dev/stderr again: so they get pipes.
	exec 3> >(exec cat >/dev/vport0p2)
	stdout=$!
	exec 4> >(exec cat >/dev/vport0p3)
	stderr=$!
	"${as_user[@]}" bash -lc '"$@"' - "${command[@]}" </dev/null >&3 2>&4 3>&- 4>&-
	status=$?
	exec 3>&- 4>&-
	# A process that the command left behind may keep them open.
	(sleep 2 && kill "$stdout" "$stderr") 2>/dev/null &
	wait "$stdout" "$stderr"
fi

# (When the machine goes down for another reason, the command has not ended by itself.)
if [[ $(systemctl is-system-running) != stopping ]]; then
	echo "$status" >/dev/vport0p1
	systemctl --no-block poweroff
fi
