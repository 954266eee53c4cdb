# shellcheck shell=bash disable=SC2154
# What sandbox.sh and debian.sh need to make a Debian with mmdebstrap. Sourced after common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# The mirror of the host, if it is a Debian whose apt knows one.
mirror() {
	if [[ -n ${MIRROR:-} ]]; then
		echo "$MIRROR"
		return
	fi
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }' || :
}

# Where mmdebstrap works: its other users have to reach that, and cannot through a private home. It is written
# down in RECORD, so that what a killed run leaves can be found.
# make_scratch RECORD
make_scratch() {
	local place=$build/tmp
	mkdir -p "$place"
	if ((EUID)) && ! reachable_by_others "$place"; then place=/var/tmp; fi
	mktemp -d "$place/rust-lkm.XXXXXX" | tee "$1"
}
