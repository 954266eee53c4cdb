# shellcheck shell=bash disable=SC2154
# For sandbox.sh, debian.sh and tests, which make a Debian with mmdebstrap. Scripts source it after common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# mmdebstrap needs a root. For an ordinary user, it runs in a user namespace, whose root is that user. So all files belong to
# the user. What mmdebstrap mounts is in a namespace, too. It is gone when the last program there ends, whatever ended it.
as_root=(unshare --mount)
((EUID == 0)) || as_root=(unshare --map-root-user --map-auto --mount)

# root_mmdebstrap ARG…: calls mmdebstrap as that root. It mounts this machine's /dev, /proc and /sys in the new Debian. Whoever
# removes that directory, even while mmdebstrap runs, does not see these mounts, and so removes nothing of this machine.
root_mmdebstrap() { "${as_root[@]}" mmdebstrap --mode=root "$@"; }

# mirror: prints the mirror that this machine's apt uses, if it is a Debian.
mirror() {
	if [[ -n ${MIRROR:-} ]]; then
		echo "$MIRROR"
		return
	fi
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }' || :
}

# make_scratch RECORD: makes a directory for mmdebstrap to work in. It is not in a private home, because mmdebstrap's other users
# must be able to reach it. The path is written to the file RECORD, so that a later run can remove the directory if this run is
# killed.
make_scratch() {
	local place=$build/tmp
	mkdir -p "$place"
	if ((EUID)) && ! reachable_by_others "$place"; then place=/var/tmp; fi
	mktemp -d "$place/rust-lkm.XXXXXX" | tee "$1"
}
