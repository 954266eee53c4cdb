# shellcheck shell=bash disable=SC2034,SC2154
# Helpers for the tests of scripts/dev.sh. Sourced after tap.sh, in the checkout.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# A new module, number, with a second test, in Perl, that reads a file.
directory=$(mktemp -d)
temporary+=("$directory")
own=$directory/number
said=$directory/said
scripts/new-module.sh "$own" 2>/dev/null
printf '%s\n' '#!/usr/bin/perl' 'open my $file, "<", "tests/word" or die;' 'print "1..1\nok 1 - perl reads the word ", <$file>;' >"$own/tests/number_perl.t"
chmod +x "$own/tests/number_perl.t"
echo one >"$own/tests/word"
git -C "$own" add -A
git -C "$own" -c user.name=test -c user.email=test@localhost commit -qm "A module"

# left: lists the files that dev.sh leaves behind, also the directories of its machines. (Other tests run machines at the same
# time.)
left() { (cd build/vm && ls -d . dev.* ${ran:+$ran} 2>/dev/null); }
ran=''
left_before=$(left)

# start_dev COMMAND…: starts dev.sh in a process group of its own, as at a terminal. (What runs in the background ignores SIGINT,
# perhaps also this test.) Its output goes to $said.
start_dev() {
	: >"$said"
	set -m
	env --default-signal=INT "$@" </dev/null >"$said" 2>&1 &
	dev=$!
	set +m
	from=1
}
trap '[[ -z ${dev:-} ]] || kill -TERM -- "-$dev" 2>/dev/null; rm -rf "${temporary[@]}"' EXIT

# end_dev: ends it with Ctrl-C, and waits for the end of all its processes. (Leave out those that have ended, but for which no
# process has waited yet.)
running() { pgrep -g "$dev" --runstates D,R,S,T -a; }
end_dev() {
	local i
	ran=$(find build/vm -path '*/dev.*/port.run' -printf '%T@ %p\n' | sort -n | tail -n 1)
	ran=$(<"${ran#* }")
	kill -INT -- "-$dev"
	for ((i = 0; i < 300; i++)); do
		running >/dev/null || break
		sleep 0.1
	done
}

# shown REGEX DESCRIPTION: waits until the output since the last call of next matches. It waits no longer if dev.sh has ended.
shown() {
	local tenths=0 text
	until text=$(tail -n +"$from" "$said") && [[ $text =~ $1 ]]; do
		running >/dev/null || tenths=$((tenths < 1190 ? 1190 : tenths))
		if ((++tenths > 1200)); then
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

# at_terminal TEXT: runs dev.sh at a terminal, where TEXT is typed as soon as it is ready. Prints what the terminal shows.
at_terminal() {
	rm -f "$directory/asked"
	{
		await "$directory/asked"
		printf '%s\n' "$1"
		sleep 5
	} | timeout --foreground 300 script -qec "make --no-print-directory -C $own dev; echo status \$?" /dev/null | while IFS= read -r line; do
		printf '%s\n' "$line"
		[[ $line != *'dev.sh:'*'ready: '* ]] || touch "$directory/asked"
	done | tr -d '\r'
}
