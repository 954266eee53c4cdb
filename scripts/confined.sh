#!/usr/bin/env bash
# Usage: scripts/confined.sh [OPTIONS] COMMAND [ARG...]
#
# Runs COMMAND, which may be a broken script, where it can harm nothing: on a copy of this checkout, which has the same
# path and the same sandbox and kernels. All else is read-only or empty, and there is no network. What COMMAND changes
# is gone when it ends.
#
#   --sources DIR  begin with this copy of the checkout; it is made first if there is none
#   --changes DIR  keep there what COMMAND changes, and begin with what an earlier COMMAND has changed
#   --help         this text
#
# COMMAND is root, but only of a user namespace. For the kernel it is a user that owns nothing on this machine.
# Both directories have to be outside of an overlay file system (as the root of a container often is).
# The exit status is COMMAND's; 1 if there is no way to run it, 2 if the options are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

sources='' changes=''
while (($#)); do
	case $1 in
	--sources | --changes)
		[[ -n ${2:-} ]] || bad_usage "$1 needs a directory"
		if [[ $1 == --sources ]]; then sources=$2; else changes=$2; fi
		shift 2
		;;
	-h | --help) usage && exit ;;
	--)
		shift
		break
		;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
(($#)) || bad_usage "a COMMAND is needed"
! in_sandbox || die "the sandbox is no place to begin from" "Call it outside of scripts/sandbox.sh."

# Ids that no user has, if this is a machine's real root; in a container the ids that it was given.
first_id=1000000000 ids=65536
if ((EUID)) || ! awk -v id="$first_id" '$1 <= id && id < $1 + $3 { found = 1 } END { exit !found }' /proc/self/uid_map; then
	first_id=0
fi
own() { if ((EUID == 0)); then chown -hR "$first_id:$first_id" "$@"; fi; }

scratch=''
if [[ -z $sources || -z $changes ]]; then
	place=$(layerable "${TMPDIR:-/tmp}" /dev/shm)
	scratch=$(mktemp -d "$place/confined.XXXXXX")
	trap 'remove "$scratch"' EXIT
	chmod 755 "$scratch"
fi
sources=$(realpath -m "${sources:-$scratch/sources}")
changes=$(realpath -m "${changes:-$scratch/changes}")
for path in "$top" "$sources" "$changes"; do
	[[ $path != *[:,\\]* ]] ||
		die "$path cannot be mounted, for a character in it" "':', ',' and '\\' are not possible."
done

mkdir -p "$(dirname "$sources")" "$(dirname "$changes")"
if ((first_id)); then
	for path in "$top" "$(dirname "$sources")" "$(dirname "$changes")"; do
		reachable_by_others "$path" || die "$path cannot be reached by a user that owns nothing, as COMMAND is" \
			"chmod o+x for each directory on the way, or a clone elsewhere."
	done
fi

# The sources, and what was built from them.
copy_sources() {
	local path
	mkdir -p "$1.partial"/build/{sandbox,kernels,vm}
	(cd "$top" && git ls-files -z -co --exclude-standard | xargs -0 cp -a --parents -t "$1.partial")
	for path in "$build"/modules "$build"/vm/accel "$build"/vm/base.*; do
		[[ ! -e $path ]] || cp -a "$path" "$1.partial/${path#"$top/"}"
	done
	own "$1.partial"
	mv "$1.partial" "$1"
}
if [[ ! -d $sources ]]; then copy_sources "$sources"; fi

# For each layer a directory for what changes. Of what this user does not own, the directories and files that the scripts
# write to begin as copies of his.
if [[ ! -d $changes ]]; then
	mkdir -p "$changes.partial"/{sources,sandbox,kernels}/{upper,work,seen}
	for layer in sandbox kernels; do
		upper=$changes.partial/$layer/upper
		[[ ! -d $build/$layer ]] || (cd "$build/$layer/" &&
			find . -mindepth 1 -maxdepth 1 -type d -exec mkdir -p "$upper/{}" \; &&
			find . -maxdepth 1 -type f -exec cp -a --parents -t "$upper" {} +)
	done
	for root in "$changes.partial"/sandbox/upper/*/; do mkdir -p "$root"/{tmp,root} "$root/$build"; done
	own "$changes.partial"
	layerable "$changes.partial" >/dev/null
	mv "$changes.partial" "$changes"
fi

# In the namespaces: one layer on the other, and then nothing else that could be written to.
enter() {
	local layer lower seen=$changes/sources/seen
	for layer in sources sandbox kernels; do
		lower=$build/$layer
		[[ $layer != sources ]] || lower=$sources
		[[ $layer == sources ]] || seen=$changes/sources/seen/build/$layer
		[[ -d $lower ]] || continue
		mount -t overlay overlay -o "userxattr,lowerdir=$(realpath "$lower"),upperdir=$changes/$layer/upper,workdir=$changes/$layer/work" "$seen"
	done
	# A loop must not fill the disk, or the table of processes.
	ulimit -f 4194304 -u 4096
	local options=(
		--ro-bind / / --tmpfs /tmp --tmpfs /var/tmp --tmpfs /run --tmpfs /root --dev /dev --proc /proc
		--bind "$changes/sources/seen" "$top" --chdir "$top"
		--unshare-pid --unshare-ipc --unshare-uts --unshare-net --unshare-cgroup-try --hostname confined --die-with-parent --new-session
		--clearenv --setenv PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --setenv HOME /root --setenv LANG C.UTF-8
	)
	local name
	for name in SUITE ARCH KERNEL TESTS; do
		[[ -z ${!name:-} ]] || options+=(--setenv "$name" "${!name}")
	done
	exec bwrap "${options[@]}" -- "$@"
}
inside=(unshare --mount bash -c "$(declare -p top build sources changes); $(declare -f enter); set -eu; enter \"\$@\"" -)

if ((EUID)); then
	# newuidmap gives the user's own subordinate ids.
	command=(unshare --user --map-auto --map-root-user "${inside[@]}" "$@")
else
	coproc holder { exec unshare --user sh -c 'echo; read -r _'; }
	read -r _ <&"${holder[0]}" || die "this machine lets nobody make a user namespace"
	# shellcheck disable=SC2154 # coproc sets it
	echo "0 $first_id $ids" | tee "/proc/$holder_PID/uid_map" >"/proc/$holder_PID/gid_map"
	exec {namespace}<"/proc/$holder_PID/ns/user"
	kill "$holder_PID"
	wait "$holder_PID" 2>/dev/null || :
	command=(nsenter "--user=/proc/self/fd/$namespace" "${inside[@]}" "$@")
fi
[[ -n $scratch ]] || exec "${command[@]}"

status=0
"${command[@]}" || status=$?
exit "$status"
