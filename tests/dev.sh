# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154
# Helpers for the tests of scripts/dev.sh. Sourced after tap.sh, in the checkout.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# A new module, number, with a test that cannot be executed, and a second one, in Perl, that reads a file. (It has a repository of
# its own, also if /tmp is in one.)
unset "${!GIT_@}"
directory=$(mktemp -d)
temporary+=("$directory")
own=$directory/number
said=$directory/said
scripts/new-module.sh "$own" 2>/dev/null
printf '%s\n' '#!/usr/bin/perl' 'open my $file, "<", "tests/word" or die;' 'print "1..1\nok 1 - perl reads the word ", <$file>;' >"$own/tests/number_perl.t"
chmod +x "$own/tests/number_perl.t"
chmod -x "$own/tests/number.t"
echo one >"$own/tests/word"
git init -q "$own"
git -C "$own" add -A
git -C "$own" -c user.name=test -c user.email=test@localhost commit -qm "A module"

# start_dev COMMAND…: starts dev.sh in a process group of its own, as at a terminal. (What runs in the background ignores SIGINT,
# perhaps also this test.) Its output goes to $said.
dev=''
start_dev() {
	: >"$said"
	set -m
	env --default-signal=INT "$@" </dev/null >"$said" 2>&1 &
	dev=$!
	set +m
	from=1
}
trap '! running >/dev/null || kill -TERM -- "-$dev"; rm -rf --one-file-system "${temporary[@]}"' EXIT

# running: prints the processes of dev.sh's group, and fails if there are none. (Leave out those that have ended, but for which no
# process has waited yet.)
running() {
	local process rest state group found=1
	[[ -n $dev ]] || return 1
	for process in /proc/[0-9]*; do
		rest=$(cat "$process/stat" 2>/dev/null) || continue
		read -r state _ group _ <<<"${rest##*) }"
		[[ $group == "$dev" && $state != [ZX] ]] || continue
		echo "${process#/proc/} $(tr '\0' ' ' 2>/dev/null <"$process/cmdline")"
		found=0
	done
	return "$found"
}

# places [ARGUMENTS]: finds the directories of the dev.sh that runs for $own (or with these arguments): its own, and that of its
# machine.
places() {
	local process
	work='' ran=''
	for process in /proc/[0-9]*; do
		[[ $(tr '\0' ' ' 2>/dev/null <"$process/cmdline") == *"/dev.sh ${1:---from $own} "* ]] || continue
		work=$(tr '\0' '\n' 2>/dev/null <"$process/environ" | sed -n 's/^RUST_LKM_DEV=//p')
		[[ -z $work || ! -s $work/port.run ]] || { ran=$(<"$work/port.run") && return; }
	done
}

# kill_machine: kills the QEMU whose run is in $ran.
kill_machine() {
	local process
	for process in /proc/[0-9]*; do
		[[ $(tr '\0' ' ' 2>/dev/null <"$process/cmdline") != qemu-system-*"$ran/"* ]] || kill -KILL "${process#/proc/}"
	done
}

# nothing_left DESCRIPTION: checks that the places, which it must know, are gone.
nothing_left() {
	[[ -n $work && -n $ran && ! -e $work && ! -e $ran ]]
	ok "$?" "$1"
}

# end_dev: ends it with Ctrl-C, and sets after to the processes that are left.
end_dev() {
	local i status=0
	places
	[[ -d $work && -d $ran ]] || status=1
	ok "$status" "it has a directory while it runs, and so has its machine"
	kill -INT -- "-$dev"
	for ((i = 0; i < 300; i++)); do
		running >/dev/null || break
		sleep 0.1
	done
	after=$(running)
	wait "$dev"
	dev=''
}

# shown REGEX DESCRIPTION: waits until the output since the last call of next matches: for a minute, and for five until the first
# machine is ready. It waits no longer if dev.sh has ended.
shown() {
	local began=$SECONDS limit=60 tries=0 text
	grep -q 'ready: ' "$said" || limit=300
	until text=$(tail -n +"$from" "$said") && [[ $text =~ $1 ]]; do
		((++tries % 20)) || running >/dev/null || limit=0
		if ((SECONDS - began >= limit)); then
			ok 1 "$2"
			diag "expected a match of: $1" "got:" "$text"
			return
		fi
		sleep 0.1
	done
	ok 0 "$2"
}
next() { from=$(($(wc -l <"$said") + 1)); }

# change FROM TO: changes the source, as an editor does.
change() { sed -i "s|$1|$2|" "$own/number.rs"; }

# at_terminal TEXT [REGEX]: runs dev.sh at a terminal, where TEXT is typed as soon as it is ready, and "exit" when the screen shows
# REGEX. Sets screen to what the terminal shows.
at_terminal() {
	local await_seconds=300
	rm -f "$directory"/{ready,screen,places}
	{
		# (It prints for the terminal, so await must not.)
		await "$directory/ready" >&2
		printf '%s\n' "$1"
		(($# == 1)) || await "$directory/screen" "$2" >&2
		places
		declare -p work ran >"$directory/places"
		printf 'exit\n'
		sleep 5
	} | timeout --foreground 600 script -qec "make --no-print-directory -C $own dev; echo status \$?" /dev/null | while IFS= read -r line; do
		printf '%s\n' "${line//$'\r'/}" >>"$directory/screen"
		[[ $line != *'dev.sh:'*'ready: '* ]] || touch "$directory/ready"
	done
	if [[ ! -s $directory/places ]]; then
		echo "Bail out! dev.sh at a terminal has not come so far: $(tail -n 5 "$directory/screen" 2>/dev/null)"
		exit 1
	fi
	# shellcheck disable=SC1091 # places is written above
	. "$directory/places"
	screen=$(<"$directory/screen")
}
