#!/usr/bin/env bash
# Usage: scripts/confined.sh [OPTIONS] COMMAND [ARG...]
#
# Runs COMMAND, which may be a broken script, where it can do no harm: in a copy of this checkout, with the same path, sandbox and
# kernels. Everything else is read-only or empty, and there is no network. What COMMAND changes is lost when it ends.
#
#   --sources DIR  use this copy of the checkout; if it does not exist, it is made first
#   --changes DIR  keep what COMMAND changes in DIR, and begin with the changes of earlier runs there
#   --help         this text
#
# COMMAND is root, but only in a user namespace. If root calls this, the kernel treats COMMAND as a user that owns
# nothing on this machine. If an ordinary user calls it, the kernel treats COMMAND as that user. Only read-only mounts protect the
# user's files then. This is enough against mistakes, but a program that means harm could make these mounts writable again.
# Both directories must be outside of overlay file systems. (The root of a container is often one.)
# The exit status is COMMAND's; 1 if it cannot be run, 2 if the options are wrong.

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
! in_sandbox || die "this cannot run in the sandbox" "Call it outside of scripts/sandbox.sh."

# For the real root of a machine, ids that no user has. In a container, the ids that it has.
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
		die "$path cannot be mounted, because of a character in the path" "It must not contain ':', ',' or '\\'."
done

mkdir -p "$(dirname "$sources")" "$(dirname "$changes")"
if ((first_id)); then
	for path in "$top" "$(dirname "$sources")" "$(dirname "$changes")"; do
		reachable_by_others "$path" || die "COMMAND runs as a user that owns nothing, and cannot reach $path" \
			"chmod o+x each directory on the way to it, or use a clone in another place."
	done
fi

# copy_sources DIR: copies the sources, and what was built from them.
copy_sources() {
	local path
	mkdir -p "$1.partial"/build/{sandbox,kernels,debian,vm}
	(cd "$top" && checkout_files | xargs -0 cp -a --parents -t "$1.partial")
	# (The directories with usr are packages that a command has unpacked. COMMAND could not download them.)
	for path in "$build"/modules "$build"/vm/accel "$build"/vm/base.* "$build"/*/usr; do
		[[ ! -e $path ]] || (cd "$top" && cp -a --parents -t "$1.partial" "${path#"$top/"}")
	done
	own "$1.partial"
	mv "$1.partial" "$1"
}
if [[ ! -d $sources ]]; then copy_sources "$sources"; fi

# Each layer gets a directory for its changes. COMMAND's user does not own the sandbox, the kernels, and the disks of a Debian.
# So the directories and files that the scripts write to are copied there first.
if [[ ! -d $changes ]]; then
	mkdir -p "$changes.partial"/{sources,sandbox,kernels,debian}/{upper,work,seen}
	for layer in sandbox kernels debian; do
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

# enter COMMAND…: runs in the namespaces. Mounts the layers, makes everything else read-only, and runs COMMAND.
enter() {
	local layer lower seen=$changes/sources/seen
	for layer in sources sandbox kernels debian; do
		lower=$build/$layer
		[[ $layer != sources ]] || lower=$sources
		[[ $layer == sources ]] || seen=$changes/sources/seen/build/$layer
		[[ -d $lower ]] || continue
		mount -t overlay overlay -o "userxattr,lowerdir=$(realpath "$lower"),upperdir=$changes/$layer/upper,workdir=$changes/$layer/work" "$seen"
	done
	# An endless loop must not fill the disk or the table of processes.
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
	# newuidmap maps the user's own subordinate ids.
	command=(unshare --user --map-auto --map-root-user "${inside[@]}" "$@")
else
	coproc holder { exec unshare --user sh -c 'echo; read -r _'; }
	read -r _ <&"${holder[0]}" || die "this machine does not allow user namespaces"
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
