#!/usr/bin/env bash
# A fresh clone in the hands of an ordinary user, who loses power, changes their mind, and then goes through
# with it: make demo, from nothing to a module in a running kernel. Takes about four minutes.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

if ((EUID == 0)); then
	# What an ordinary user would have had to ask for.
	scripts/sandbox.sh --preflight
	type -P newuidmap >/dev/null || apt-get -qq install uidmap >/dev/null
	user=rust-lkm-test
	theirs=(-user "$user" -o)
	userdel -r "$user" 2>/dev/null
	useradd -m -s /bin/bash "$user"
	trap '"${as_user[@]}" bash -c "kill -KILL -1"; sleep 1; userdel -r "$user" 2>/dev/null; rm -rf "${temporary[@]}"' EXIT
	home=$(getent passwd "$user" | cut -d: -f6)
	as_user=(setpriv --reuid "$user" --regid "$user" --init-groups env -i HOME="$home" USER="$user" PATH=/usr/bin:/bin)
	git clone -q --no-hardlinks . "$home/clone"
	chown -R "$user:" "$home/clone"
else
	user=$(id -un)
	theirs=()
	home=$(mktemp -d)
	temporary+=("$home")
	as_user=(env -i HOME="$home" USER="$user" PATH=/usr/bin:/bin)
	git clone -q . "$home/clone"
fi
cd "$home/clone" || exit
foreign() { find /tmp /var/tmp \( "${theirs[@]}" -name 'rust-lkm.*' -o -name 'mmdebstrap.*' \) 2>/dev/null | sort; }
before=$(foreign)

# demo_until TEXT SIGNAL: begins make demo, and sends it all a signal once it has printed TEXT.
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
	signal_session "$2" "$session"
	wait "$session" 2>/dev/null
	sleep 1
}

demo_until "Downloading and installing" KILL
not_there build/sandbox/trixie "killed while the sandbox is made: there is none"

demo_until "Making the Rust metadata" INT
there build/sandbox/trixie "the next run made the sandbox"
is "$(find build/kernels -maxdepth 2 -name build ! -path '*.partial/*')" "" "interrupted while the metadata is made: no build tree looks complete"
is "$(session "$session" | grep -w make)" "" "interrupted: no make goes on"

start=$SECONDS
run "${as_user[@]}" make demo
is "$status" 0 "make demo gets through"
diag "make demo took $((SECONDS - start)) s with the sandbox made"
like "$stdout" 'hello_world: Hello World' "the module greets"
like "$stdout" 'hello_world: Goodbye World' "and takes its leave"
like "$stderr" 'all [0-9]{4} that the kernel exports' "every Rust symbol that the kernel exports was made again"
is "$(find . ! -user "$user")" "" "everything belongs to the user"
size=$(du -sm build | cut -f1)
diag "disk under build/: $size MB"
ok "$((size > 4000))" "build/ takes less than 4 GB"

start=$SECONDS
run "${as_user[@]}" make demo
is "$status" 0 "and again"
diag "make demo, warm, took $((SECONDS - start)) s"

run "${as_user[@]}" make clean
is "$status" 0 "make clean"
is "$(find . -path ./build/sandbox -prune -o \( -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \) -print)" "" "make clean leaves no module"
run "${as_user[@]}" make distclean
is "$status" 0 "make distclean"
is "$("${as_user[@]}" git status --porcelain --ignored)" "" "make distclean leaves the clone as it was"
is "foreign: $(foreign)" "foreign: $before" "nothing was left outside the clone"

done_testing
