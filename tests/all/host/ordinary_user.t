#!/usr/bin/env bash
# An ordinary user with a new clone, on a minimal Debian that has only the packages that README.md names. make demo is killed, as
# by a loss of power, then interrupted, then run to its end; then come all tests. Then root, with another clone, runs both. The
# Debian can be made only by root. If an ordinary user calls this test, it uses a clone on this machine.

. "$(dirname "$0")/../../tap.sh" || exit
. "$(dirname "$0")/../../shown.sh"
cd "$(dirname "$0")/../../.." || exit

# README's first block: the packages that it installs, and its commands.
block=$(sh_commands README.md "sudo apt-get install git")
packages=$(sed -n 's/^sudo apt-get install //p' <<<"$block")
mapfile -t commands < <(grep '^make ' <<<"$block")
is "${commands[*]}" "make demo make test" "README's first block installs packages, and has two commands"

if ((EUID == 0)); then
	scripts/sandbox.sh --preflight
	mkdir -p build
	minimal=$(mktemp -d "$PWD/build/minimal.XXXXXX")
	machine=$minimal/root
	temporary+=("$minimal")
	url=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }')
	# (Keep apt's lists, as after apt-get update. The clock may be ahead of the mirror.)
	. scripts/mmdebstrap.sh && run root_mmdebstrap --variant=minbase --skip=cleanup/apt/lists --aptopt='Acquire::Check-Valid-Until "false"' \
		--include="${packages// /,}" trixie "$machine" ${url:+"$url"}
	is "$status" 0 "a minimal Debian with these packages is made"
	((status == 0)) || diag "$(tail -n 5 <<<"$stderr")"
	cp /etc/resolv.conf /etc/hosts "$machine/etc/"
	user=lkm
	chroot "$machine" useradd -m -s /bin/bash "$user"
	# The script "inside" runs a command that sees only the files and processes of that Debian. (After a plain chroot, it could not
	# make namespaces.) When the command has ended, the names of those that still run are in the file "left".
	cat >"$minimal/inside" <<'INSIDE'
mount --bind "$1" "$1"
for place in sys dev; do mount --rbind "/$place" "$1/$place"; done
mount -t proc proc "$1/proc"
cd "$1" && pivot_root . . && umount -l . && cd "$2" || exit
shift 2
trap : INT TERM
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
status=$?
for ((i = 0; i < 30; i++)); do
	sleep 1
	left=''
	for process in /proc/[0-9]*; do
		[[ $process == "/proc/$$" ]] || { read -rd '' name 2>/dev/null <"$process/cmdline" && left+="$name "; }
	done
	[[ -n $left ]] || break
done
echo "left: $left" >/var/left
exit "$status"
INSIDE
	inside=(unshare --mount --pid --fork --kill-child bash "$minimal/inside" "$machine")
	as_user=("${inside[@]}" "/home/$user/clone" setpriv --reuid "$user" --regid "$user" --init-groups env HOME="/home/$user" USER="$user")
	as_root=("${inside[@]}" /root/clone env HOME=/root USER=root)
	home=$machine/home/$user
	git clone -q --no-hardlinks . "$home/clone"
	git clone -q --no-hardlinks . "$machine/root/clone"
	chown -R "$(stat -c %u:%g "$home")" "$home/clone"
	is "$("${as_user[@]}" id -un) $("${as_user[@]}" pwd)" "$user /home/$user/clone" "it has an ordinary user, and a clone"
	for program in rustc qemu-system-x86_64 pgrep patch; do not_there "$machine/usr/bin/$program" "it has no $program"; done
	places=("$machine/tmp" "$machine/var/tmp")
	owner=$(stat -c %u "$home")
else
	user=$(id -un) owner=$(id -u)
	home=$(mktemp -d)
	temporary+=("$home")
	as_user=(env -i HOME="$home" USER="$user" PATH=/usr/bin:/bin)
	as_root=()
	git clone -q . "$home/clone"
	places=(/tmp /var/tmp)
fi
cd "$home/clone" || exit
foreign() { find "${places[@]}" \( -name 'rust-lkm.*' -o -name 'mmdebstrap.*' -o -name 'tmp.*' \) -user "$owner" 2>/dev/null | sort; }
before=$(foreign)

# demo_until TEXT SIGNAL: starts make demo, and sends the signal to all its processes when it has printed TEXT.
demo_until() {
	: >"$home/out"
	setsid "${as_user[@]}" env --default-signal=INT make demo </dev/null >"$home/out" 2>&1 &
	session=$!
	local seconds=0
	until grep -q "$1" "$home/out"; do
		sleep 1
		((++seconds < 300)) || break
	done
	sleep 5
	[[ -z ${machine:-} ]] || rm -f "$machine/var/left"
	signal_session "$2" "$session"
	wait "$session" 2>/dev/null
	sleep 1
}

demo_until "Downloading and installing" KILL
not_there build/sandbox/trixie "killed while the sandbox is made: there is no sandbox"

demo_until "Making the Rust metadata" INT
there build/sandbox/trixie "the next run made the sandbox"
is "$(find build/kernels -maxdepth 2 -name build ! -path '*.partial/*')" "" "interrupted while the metadata is made: no build tree looks complete"
if ((EUID == 0)); then left=$(<"$machine/var/left"); else left="left: $(session "$session" | grep -w make)"; fi
is "$left" "left: " "interrupted: no make is still running"

start=$SECONDS
run "${as_user[@]}" bash -c "${commands[0]}"
is "$status" 0 "make demo succeeds"
diag "make demo took $((SECONDS - start)) s with the sandbox made"
like "$stdout" 'hello_world: Hello World' "the module greets"
like "$stdout" 'hello_world: Goodbye World' "and says goodbye"
like "$stderr" 'all [0-9]{4} that the kernel exports' "every Rust symbol that the kernel exports was made again"
is "$(find . ! -user "$owner")" "" "everything belongs to the user"
size=$(du -sm build | cut -f1)
diag "disk under build/: $size MB"
ok "$((size > 4000))" "build/ takes less than 4 GB"

start=$SECONDS
run "${as_user[@]}" make demo
is "$status" 0 "make demo succeeds again"
diag "make demo, warm, took $((SECONDS - start)) s"

# tested COMMAND… DESCRIPTION: runs make test, and shows what failed in it.
tested() {
	start=$SECONDS
	run "${@:1:$#-1}"
	is "$status $(tail -n 1 <<<"$stdout" | grep -oE '[0-9]+ failed')" "0 0 failed" "${@: -1}"
	diag "make test took $((SECONDS - start)) s: $(tail -n 1 <<<"$stdout")"
	((status == 0)) || diag "$(grep -E '^  not ok|^build/test' <<<"$stderr")"
}
tested "${as_user[@]}" bash -c "${commands[1]}" "make test succeeds"
if ((${#as_root[@]})); then
	run "${as_root[@]}" bash -c "${commands[0]}"
	is "$status" 0 "root: make demo succeeds"
	tested "${as_root[@]}" bash -c "${commands[1]}" "root: make test succeeds"
	# (The disk may be small.)
	rm -rf --one-file-system "$machine/root/clone"
fi

run "${as_user[@]}" make clean
is "$status" 0 "make clean succeeds"
is "$(find . -path ./build/sandbox -prune -o \( -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \) -print)" "" "make clean leaves no module"
run "${as_user[@]}" make distclean
is "$status" 0 "make distclean succeeds"
is "$("${as_user[@]}" git status --porcelain --ignored)" "" "make distclean leaves the clone as it was"
is "foreign: $(foreign)" "foreign: $before" "nothing is left outside the clone"

done_testing
