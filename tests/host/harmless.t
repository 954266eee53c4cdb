#!/usr/bin/env bash
# Calls each executable file of this repository, also in wrong ways. It must do its work, or say in one line why it cannot, and it
# must leave the machine as it was. This runs in a copy where nothing is built, as root of a namespace that an ordinary user has
# made. Such a root may mount file systems and change the host name, but cannot reach the machine itself.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

# (Another user may not be able to reach a directory below this checkout.)
directory=$(mktemp -d)
temporary+=("$directory")
copy=$directory/checkout
mkdir "$copy" "$directory"/{bin,call}
tar -c --exclude=build --exclude=./.git --exclude="./*.ko" --exclude=./rust-project.json . | tar -x -C "$copy"
# Stand-ins for the programs that would use the network.
for program in mmdebstrap apt-get; do printf '#!/bin/sh\nexit 100\n' >"$directory/bin/$program"; done
chmod +x "$directory"/bin/*
chmod -R go+rX "$directory"
user=()
if ((EUID == 0)); then
	user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	chown -R 65534:65534 "$copy" "$directory/call"
fi

cat >"$directory/inside" <<'INSIDE'
# DIRECTORY COMMAND… [/ COMMAND…]: calls each command. The output of the first is in DIRECTORY/call/1.stdout, and so on. Prints
# what they have changed.
directory=$1
shift
state() {
	cat /proc/self/mountinfo
	hostname
	find . -name build -prune -o -type d -printf '%p %y %m\n' -o -printf '%p %y %m %s %T@ %l\n' | sort
	find /tmp /var/tmp /root -path "$directory" -prune -o -printf '%p %y %m\n' | sort
	# (Processes have two seconds to end.)
	local tenth process processes
	for tenth in {1..20}; do
		processes=''
		for process in /proc/[0-9]*; do
			[[ $process == /proc/1 || $process == "/proc/$$" ]] || processes+=$(tr '\0' ' ' 2>&1 <"$process/cmdline")
		done
		[[ -n $processes ]] || break
		sleep 0.1
	done
	echo "$processes"
}
state >"$directory/call/before" 2>&1
number=1
while (($#)); do
	command=()
	while (($#)) && [[ $1 != / ]]; do command+=("$1") && shift; done
	(($# == 0)) || shift
	timeout 100 "${command[@]}" </dev/null >"$directory/call/$number.stdout" 2>"$directory/call/$number.stderr"
	echo $? >"$directory/call/$number.status"
	number=$((number + 1))
done
state >"$directory/call/after" 2>&1
diff "$directory"/call/{before,after}
# (bwrap would wait for processes that are left behind. Usually there are none.)
kill -KILL -1 2>/dev/null
INSIDE

# in_namespace OPTION… COMMAND…: runs COMMAND as the root of a new namespace.
in_namespace() {
	"${user[@]}" bwrap --unshare-all --hostname before --uid 0 --gid 0 --cap-add ALL --ro-bind / / --dev /dev --proc /proc \
		--tmpfs /tmp --tmpfs /var/tmp --tmpfs /root --bind "$directory" "$directory" --chdir "$copy" \
		--setenv HOME /root --setenv PATH "$directory/bin:/usr/sbin:/usr/bin:/sbin:/bin" --unsetenv TESTS --unsetenv KERNEL "$@"
}

# call COMMAND… [/ COMMAND…]: calls each command in a namespace. Sets changes to what they have changed.
call() {
	rm -f "$directory"/call/*
	changes=$(in_namespace bash "$directory/inside" "$directory" "$@" 2>&1)
	answer 1
}

# answer NUMBER: sets status, stdout and stderr to those of that command.
answer() {
	status='' stdout='' stderr=''
	[[ -e $directory/call/$1.status ]] || return 0
	status=$(<"$directory/call/$1.status") stdout=$(<"$directory/call/$1.stdout") stderr=$(<"$directory/call/$1.stderr")
}

# Check that it notices changes.
call bash -c 'mount -t tmpfs none /mnt'
like "$changes" ' /mnt .*tmpfs' "a new mount is noticed"
call hostname other
like "$changes" '< before.*> other' "a changed host name is noticed"
call bash -c 'sleep 100 & disown'
like "$changes" '> sleep 100' "a process that is left behind is noticed"
call touch README.md lkm/new /var/tmp/new
like "$changes" '> \./README.md.*> \./lkm/new.*> /var/tmp/new' "a file that is changed or left behind is noticed"
rm "$copy/lkm/new"

mapfile -t files < <(cd "$copy" && find . -type f \( -perm /111 -o -exec sh -c 'head -c 2 "$1" | grep -q "^#!"' - {} \; \) -printf '%P\n' | sort)
ok "$((${#files[@]} < 50))" "there are files to call"
arch=$(bash -c '. scripts/common.sh && . scripts/platform.sh && choose_platform && echo "$ARCH"')
loading='' guest_tests=0
for file in "${files[@]}"; do
	read -r interpreter <"$copy/$file"
	[[ $interpreter == '#!'* ]] || ok 1 "$file is executable, and names its interpreter"
	interpreter=${interpreter#'#!'}
	if ! type -P "${interpreter%% *}" >/dev/null; then
		skip "$file does no harm" "this machine has no $interpreter"
		continue
	fi
	command=("./$file")
	[[ -x $copy/$file ]] || command=(bash "./$file")

	# (Called without an argument, these tests would run.)
	nothing=(/ "${command[@]}")
	[[ $file != tests/@(*host|debian)/*.t ]] || nothing=()
	call "${command[@]}" --help / "${command[@]}" --nonsense / "${command[@]}" nonsense -x 'a b' '' "${nothing[@]}"
	is "$changes" "" "$file leaves the machine as it was, if called with --help, with nonsense or without arguments"
	rm -rf "$copy"/{,templates/module/}build
	# (This passes everything on to a program in the sandbox, and there is none.)
	if grep -q '^exec .*sandbox\.sh' "$copy/$file"; then
		said=''
		for number in 1 2 3 4; do
			answer "$number"
			said+="$status$stdout $stderr"$'\n'
		done
		refused="1 sandbox.sh: error: there is no sandbox, or it is not up to date; this makes it: SUITE=trixie ARCH=$arch $copy/scripts/sandbox.sh true"$'\n'
		is "$said" "$refused$refused$refused$refused" "$file says in one line that there is no sandbox, and does not make it"
		continue
	fi
	like "$status ${stdout:+answers} $(grep -c . <<<"$stderr")" '^(0 answers 0|[1-9][0-9]*  1)$' \
		"$file --help answers, or refuses in one line"
	answer 2
	like "$status $(grep -c . <<<"$stderr")" '^2 [12]$' "$file --nonsense gives 2, and says what is wrong"
	answer 3
	like "$status ${stderr:0:1}" '^[1-9][0-9]* .' "$file nonsense fails, with a message"
	if [[ $file == tests/*.t && $file != tests/@(*host|debian)/*.t ]]; then
		answer 4
		[[ "$status $stderr" == "2 "*": error: this test loads modules, "* ]] || loading+="$file: $status $stderr"$'\n'
		guest_tests=$((guest_tests + 1))
	fi
done
is "$loading" "" "no test loads a module into a kernel that is not in a virtual machine"
ok "$((guest_tests < 20))" "… and there are tests that load modules"

# The first program of the virtual machine, even as the first process of something that looks like such a machine.
links=()
for link in bin sbin lib lib64; do
	if [[ -L /$link ]]; then links+=(--symlink "usr/$link" "/$link"); else links+=(--ro-bind "/$link" "/$link"); fi
done
run in_namespace --as-pid-1 --tmpfs / --ro-bind /usr /usr "${links[@]}" --ro-bind "$copy/scripts/vm/init.sh" /init --chdir / \
	bash -c 'mkdir /proc /modules && echo "run=run.123456 command=(echo harm)" >/run.vm && exec bash /init run.123456'
is "$status $stdout" "2 " "the machine's first program does nothing if no kernel of vm.sh has started it"

call bash ./scripts/vm/bashrc
is "$status $stdout$stderr" "2 bashrc: error: this is for the shell in the virtual machine; by itself it does nothing" "scripts/vm/bashrc: it says what it is for"

call bash ./scripts/vm/exchange.sh /dev/null
is "$status $stdout$stderr$changes" "2 exchange.sh: error: this works only in the machine of scripts/dev.sh" "scripts/vm/exchange.sh: a device alone does not make it work here"

# Files that other scripts source.
while IFS= read -r file; do
	for argument in '' --help; do
		call bash "./$file" ${argument:+"$argument"}
		is "$status $stdout$stderr" "2 ${file##*/}: error: other scripts source this file; by itself it does nothing" \
			"$file${argument:+ $argument}: it says that it can only be sourced"
	done
done < <(cd "$copy" && grep -rl --include=*.sh '^# shellcheck shell=bash' scripts tests)

done_testing
