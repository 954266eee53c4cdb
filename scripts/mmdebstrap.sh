# shellcheck shell=bash disable=SC2154
# For sandbox.sh and debian.sh, which make a Debian with mmdebstrap. Sourced after common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

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
