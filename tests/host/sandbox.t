#!/usr/bin/env bash
# sandbox.sh: the sandbox is made once, and completely or not at all, whatever happens meanwhile. To be quick, a stand-in for
# mmdebstrap copies a few programs of the real sandbox. (tests/all/host/ordinary_user.t makes a real one.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

# Root can try what happens to another user.
another=1
reachable || another=''
scripts/sandbox.sh true
real=$PWD/build/sandbox/trixie readme=$PWD/README.md
mkdir -p build
directory=$(mktemp -d "$PWD/build/sandbox-test.XXXXXX")
temporary+=("$directory")
checkout=$directory/checkout
mkdir -p "$checkout" "$directory/bin"
cp -a scripts "$checkout/"
cd "$checkout" || exit
made=$checkout/build/sandbox/trixie

# (It also needs the mount points that sandbox.sh expects in every Debian.)
(cd "$real" && tar -cf "$directory/root.tar" bin lib lib64 etc/passwd etc/hosts etc/resolv.conf run \
	usr/bin/{bash,true,sh,dash,env,echo,touch,id,sleep,cat,dirname} \
	usr/lib/*/{libc.so.6,libtinfo.so.6*,ld-linux*} usr/lib64 --no-recursion dev proc tmp)

# The file "behaviour" says what the stand-in does. It writes its arguments to the file "calls". It makes the Debian in the
# directory that one of them names.
cat >"$directory/bin/mmdebstrap" <<STANDIN
#!/usr/bin/env bash
echo "\${*//\$'\n'/ }" >>"$directory/calls"
echo "\$TMPDIR" >"$directory/temporary"
for to; do [[ \$to != /* ]] || break; done
debian() { mkdir -p "\$to/root" && tar --no-same-owner -xf "$directory/root.tar" -C "\$to" && touch "\$to/dev/device" && chmod u+s "\$to/usr/bin/true"; }
case \$(<"$directory/behaviour") in
slow) sleep 300 ;;
"when let") until [[ -e "$directory/let" || ! -e "$directory/calls" ]]; do sleep 0.1; done && debian ;;
fail) echo "E: cannot reach the mirror" >&2 && exit 100 ;;
no-programs) if [[ "\$*" == *extract* ]]; then exit 100; else debian; fi ;;
*) debian ;;
esac
STANDIN
chmod +x "$directory/bin/mmdebstrap"
PATH=$directory/bin:$PATH
export PATH

behave() {
	echo "$1" >"$directory/behaviour"
	: >"$directory/calls"
}
calls() { wc -l <"$directory/calls"; }
begun() { await "$directory/calls" .; }
unmade() { rm -rf "$checkout/build/sandbox"; }

behave ok
run scripts/sandbox.sh echo hello
is "$status $stdout" "0 hello" "a command runs in it, and stdout has only its output"
like "$stderr" '\[1/1\] Downloading and installing the toolchain … done, [0-9]+ s' "stderr says what is done, and how long it took"
like "$(<"$directory/calls")" 'Acquire::Check-Valid-Until "false"' "a mirror that is a frozen copy is accepted"
is "$(<"$directory/temporary")" "$made.tmp" "mmdebstrap's temporary files are under build/"
not_there "$made.tmp" "… and are removed"
is "$(ls -A "$made/dev")" "" "device files of the Debian are removed"
is "$(find "$made" -perm /6000)" "" "no program in it runs as its owner"
run scripts/sandbox.sh -- bash -c 'exit 42'
is "$status $stderr" "42 " "the second time, nothing is made, and the status is passed on"
is "$(calls)" 1 "mmdebstrap was called once"
run scripts/sandbox.sh --made echo hello
is "$status $stdout$stderr" "0 hello" "--made: a command runs in a sandbox that is made"

run scripts/sandbox.sh touch /usr/bin/written
is "$status" 1 "the sandbox itself cannot be written to"
run scripts/sandbox.sh touch scripts/written
is "$status $(stat -c %u scripts/written)" "0 $(id -u)" "the checkout can be written to, and the file belongs to the caller"
run scripts/sandbox.sh bash -c 'echo "$PWD $RUST_LKM_SUITE ${HOSTNAME:-}"; type -P cargo'
is "$stdout" "$checkout trixie sandbox" "inside, the checkout has the same path, and PATH is the sandbox's own"
echo "from outside" >"$directory/shown"
run scripts/sandbox.sh cat "$directory/shown"
is "$status" 1 "a file outside the checkout does not exist inside"
run scripts/sandbox.sh --show "$directory/shown" cat "$directory/shown"
is "$status $stdout" "0 from outside" "… but --show makes it visible"
echo "from there" >"$directory/second"
run scripts/sandbox.sh --show "$directory/shown" --show "$directory/second" cat "$directory"/{shown,second}
is "$status $stdout" $'0 from outside\nfrom there' "… which can be given again"
mkdir "$directory/own"
run scripts/sandbox.sh --show "$directory/own" touch "$directory/own/written"
is "$status" 1 "… and not writable"
cd "$directory/own" || exit
# (It looks for lkm-uses there.)
printf '%s\n' "x := \$(shell touch $directory/touched)" "lkm-uses := $directory/used/build/modules/\$(KERNELRELEASE)" >Kbuild
mkdir "$directory/used"
echo "from the other" >"$directory/used/file"
run "$checkout/scripts/sandbox.sh" --show "$directory/own" cat "$directory/used/file"
is "$status $stdout" "0 from the other" "the repository of modules that those in a directory use is visible, too"
not_there "$directory/touched" "… but commands in their Kbuild write nothing outside of the sandbox"
run "$checkout/scripts/sandbox.sh" --writable "$directory/own" bash -c 'echo "$PWD"; echo built >written'
is "$status $stdout $(<written)" "0 $directory/own built" "--writable allows building in a directory"
cd "$checkout" || exit
run scripts/sandbox.sh --show "${checkout%/*}" touch scripts/written
is "$status" 0 "a checkout inside a directory that is shown is writable, too"
run scripts/sandbox.sh --show "${checkout%/*}" touch "${checkout%/*}/written"
is "$status" 1 "… but the directory around it is not"
run scripts/sandbox.sh --writable "$directory/missing" true
is "$status" 2 "--writable of a directory that does not exist gives 2"
run scripts/sandbox.sh scripts/sandbox.sh echo nested
is "$status $stdout" "0 nested" "called inside, it runs the command there"
run_by=(KERNEL=1 ANY_KERNEL=2 TERM=3 COLORTERM=4 NO_COLOR=5 CI=6 http_proxy=7 https_proxy=8 no_proxy=9)
run env "${run_by[@]}" scripts/sandbox.sh env
same "$(grep -xF "$(printf '%s\n' "${run_by[@]}")" <<<"$stdout" | sort)" "$(printf '%s\n' "${run_by[@]}" | sort)" \
	"the variables that say how to run things are passed on"
run env SECRET=1 scripts/sandbox.sh env
like "$stdout" 'RUST_LKM_SUITE=trixie' "the environment has the sandbox's variables"
is "$(cut -d= -f1 <<<"$stdout" | grep -vxE 'PATH|HOME|LANG|PWD|(RUST_LKM_)?SUITE|ARCH|(ANY_)?KERNEL|(COLOR)?TERM|NO_COLOR|CI|(https?|no)_proxy')" "" \
	"… and no others of the caller's"

behave ok
sed -i 's/^	make gcc bc/	another-package make gcc bc/' scripts/sandbox.sh
run scripts/sandbox.sh true
is "$(calls)" 1 "it is made again when its recipe has changed"
behave ok
run scripts/sandbox.sh --rebuild true
is "$(calls)" 1 "--rebuild makes it again"
behave ok
MIRROR=http://127.0.0.1:9/none run scripts/sandbox.sh --rebuild true
like "$(<"$directory/calls")" " trixie $made.partial http://127.0.0.1:9/none\$" "MIRROR= names the mirror"

# Another suite, or another architecture than this machine's, has a sandbox of its own beside the first.
behave ok
SUITE=experimental run scripts/sandbox.sh bash -c 'echo "$SUITE $RUST_LKM_SUITE"'
is "$status $stdout" "0 experimental experimental" "SUITE= chooses the Debian"
like "$(<"$directory/calls")" ' experimental main.* sid [^ ]*/experimental.partial' "… experimental's kernels on top of sid"
behave ok
SUITE=sid run scripts/sandbox.sh --suite testing bash -c 'echo "$SUITE"'
is "$stdout" testing "--suite comes before SUITE="
if [[ $(uname -m) == x86_64 ]]; then other=(arm64 arm64 "amd64,arm64"); else other=(x86 amd64 "arm64,amd64"); fi
behave ok
ARCH=${other[0]} run scripts/sandbox.sh bash -c 'echo "$ARCH $RUST_LKM_SUITE"; [[ -x /guest/usr/bin/bash ]] && echo programs'
is "$status $stdout" "0 ${other[0]} trixie-${other[0]}"$'\nprograms' "ARCH= chooses the architecture: the toolchain, and programs for it"
like "$(sed -n 1p "$directory/calls")" "--architectures=${other[2]} .*linux-headers-${other[1]}:${other[1]}/trixie-backports" \
	"… with the compiler that its headers depend on"
like "$(sed -n 2p "$directory/calls")" "--variant=extract --architectures=${other[1]} " "… and the programs are only unpacked"
run scripts/sandbox.sh bash -c 'echo "$RUST_LKM_SUITE"'
is "$stdout $stderr" "trixie " "the first sandbox has not changed"
behave no-programs
ARCH=${other[0]} run scripts/sandbox.sh --rebuild true
is "$status" 1 "if the mirror does not have the programs, that is an error"
like "$stderr" "mmdebstrap could not get the programs for ${other[0]}" "… and the message says so"
not_there "$checkout/build/sandbox/trixie-${other[0]}" "… and no half of a sandbox is left"

# interrupted SIGNAL: sends the signal while the sandbox is being made.
interrupted() {
	unmade
	behave slow
	# A shell's background commands ignore SIGINT; commands that a person types do not.
	setsid env --default-signal=INT scripts/sandbox.sh true </dev/null >"$directory/out" 2>&1 &
	session=$!
	begun
	kill -"$1" "$session"
	wait "$session" 2>/dev/null
	status=$?
}
for signal in INT TERM KILL; do
	interrupted "$signal"
	is "$status" "$((128 + $(kill -l "$signal")))" "SIG$signal ends it at once"
	not_there "$made" "SIG$signal leaves nothing that looks like a sandbox"
	if [[ $signal != KILL ]]; then
		is "$(session "$session")" "" "SIG$signal leaves no process behind"
	fi
	# After KILL, end everything, as a loss of power would. (After the other signals, nothing is left, so the next run need not
	# wait.)
	signal_session KILL "$session"
	behave ok
	run scripts/sandbox.sh echo whole
	is "$status $stdout" "0 whole" "after SIG$signal, the next run makes a whole one"
done

unmade
behave "when let"
scripts/sandbox.sh echo first >"$directory/first" 2>&1 &
begun
scripts/sandbox.sh echo second >"$directory/second" 2>&1 &
await "$directory/second" 'waiting for another run: it is making the sandbox'
ok 0 "two at once: the second says that it waits"
touch "$directory/let"
wait
is "$(tail -qn 1 "$directory"/{first,second})" $'first\nsecond' "two at once: both get their sandbox"
is "$(calls)" 1 "two at once: it is made once"

behave ok
scripts/sandbox.sh bash -c 'touch scripts/begun; until [[ -e scripts/let || ! -e scripts/begun ]]; do sleep 0.1; done; env echo undisturbed' >"$directory/user" &
await scripts/begun
scripts/sandbox.sh --rebuild true >"$directory/rebuild" 2>&1 &
rebuild=$!
await "$directory/rebuild" 'waiting for another run: it is using the sandbox'
is "$(calls)" 0 "--rebuild waits for commands that run in the sandbox, and says so"
touch scripts/let
wait "$rebuild"
is "$? $(calls)" "0 1" "… and then makes it"
wait
is "$(<"$directory/user")" "undisturbed" "--rebuild does not disturb commands that run in the sandbox"

unmade
behave fail
run scripts/sandbox.sh true
is "$status" 1 "a mirror that cannot be reached gives 1"
like "$stderr" 'E: cannot reach the mirror' "… with mmdebstrap's own message"
like "$stderr" 'The whole output is in build/log/sandbox-trixie.log' "… and the path of the log"
not_there "$made" "… and there is no sandbox"
like "$(<build/log/sandbox-trixie.log)" 'cannot reach the mirror' "the log has the output"

printf '#!/bin/sh\necho Avail\necho 1G\n' >"$directory/bin/df"
chmod +x "$directory/bin/df"
mkdir -p "$made.partial/left"
behave ok
run scripts/sandbox.sh true
not_there "$made.partial" "what an earlier run has left is removed before the disk is measured"
is "$status $(calls)" "1 0" "too little disk is found before anything is downloaded"
like "$stderr" 'too little disk: 1 GB are free' "… and the message says so"
rm "$directory/bin/df"

# A machine that has only the basic programs, for an ordinary user and for root. (The keyring is not a program, so it is there.)
needs=$(awk '$1 !~ /^#/ && $2 !~ /^\// { printf "%s%s", n++ ? " " : "", $1 }' scripts/host-needs)
is "$(sed -n 's/^sudo apt-get install \(git .*\)/\1/p' "$readme")" "$(awk '!/^#/ { printf "%s%s", n++ ? " " : "", $1 }' scripts/host-needs)" \
	"the README has the same packages as scripts/host-needs"
mkdir "$directory/basic"
for program in bash env cat grep sed awk id dirname cut mkdir flock cmp df tail head tr stat date rm sh; do
	ln -s "$(type -P "$program")" "$directory/basic/$program"
done
if ((EUID == 0)); then
	printf '#!/bin/sh\necho "$*" >>%s/apt\n' "$directory" >"$directory/basic/apt-get"
	chmod +x "$directory/basic/apt-get"
	run env PATH="$directory/basic" scripts/sandbox.sh --preflight
	like "$stderr" "Installing what this machine lacks: $needs" "root: missing packages are installed, and the message names them"
	like "$(<"$directory/apt")" "install -y --no-install-recommends $needs" "root: apt-get installs them"
	printf '#!/bin/sh\necho "E: no such package"; exit 100\n' >"$directory/basic/apt-get"
	run env PATH="$directory/basic" scripts/sandbox.sh --preflight
	is "$status" 1 "root: an apt-get that fails gives 1"
	like "$stderr" "apt-get could not install $needs"$'.*\n''  E: no such package' "… and shows apt-get's own message"
	rm -rf build
	chmod -R go+rX "$directory"
	ordinary=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	install -d -o 65534 build
else
	ordinary=()
fi
if [[ -n $another ]]; then
	run "${ordinary[@]}" env PATH="$directory/basic" scripts/sandbox.sh true
	is "$status" 1 "an ordinary user who lacks the programs gets an error"
	like "$stderr" "sudo apt-get install $needs" "… with the one command to run"
	said=$stderr
	run "${ordinary[@]}" env PATH="$directory/basic" scripts/test.sh
	is "$status $stdout $stderr" "1  $said" "… and make test says just the same"
else
	skip "an ordinary user who lacks the programs gets an error" "no other user can reach this checkout"
fi

# Files that root has made in the checkout of another user.
if ((EUID == 0)) && [[ -n $another ]]; then
	mkdir -p build/log
	run "${ordinary[@]}" env PATH="$directory/bin:/usr/bin:/bin" scripts/sandbox.sh true
	like "$status $stderr" "^1 .*user nobody cannot write to $PWD/build/log/, which belongs to root"$'\n'"  sudo chown -R nobody: $PWD/build" \
		"a directory that belongs to another user is named"
	rm -r build/log
else
	skip "a directory that belongs to another user is named" "only root can be another user, who must reach this checkout"
fi

# An ordinary user, for whom bubblewrap makes a user namespace.
if ((EUID == 0)) && [[ -n $another ]] && "${ordinary[@]}" bwrap --unshare-user --unshare-pid --ro-bind / / --proc /proc true 2>/dev/null; then
	behave ok
	scripts/sandbox.sh true 2>/dev/null
	chown -R 65534:65534 build
	run "${ordinary[@]}" env PATH="$directory/bin:/usr/bin:/bin" scripts/sandbox.sh bash -c 'echo "$EUID"; echo inside >build/written; cat build/written'
	is "$status $stdout $stderr $(stat -c %u build/written)" "0 0
inside  65534" "an ordinary user is root inside, and the files belong to the user"
	run "${ordinary[@]}" env PATH="$directory/bin:/usr/bin:/bin" scripts/sandbox.sh touch /usr/bin/written
	is "$status" 1 "… who cannot write to the sandbox itself, either"
	rm -rf build
	install -d -o 65534 build
else
	skip "an ordinary user is root inside" "only root can be another user, who must reach this checkout, and be allowed user namespaces"
fi

# A machine that has the programs, but does not let this user use them.
mkdir -p "$directory/forbidden"
printf '#!/bin/sh\necho "bwrap: no permission" >&2; echo more >&2; exit 1\n' >"$directory/forbidden/bwrap"
chmod +x "$directory/forbidden/bwrap"
run env PATH="$directory/forbidden:$PATH" scripts/sandbox.sh --preflight
is "$status" 1 "if bubblewrap may not make a namespace, that is an error"
like "$stderr" '^[^'$'\n'']*error:.* bubblewrap cannot make a user namespace here: bwrap: no permission'$'\n''  These sysctls' "… with the first line of bubblewrap's own message"
if ((EUID == 0)) && [[ -n $another ]]; then
	ln -s /bin/true "$directory/forbidden/newuidmap"
	ln -sf /bin/true "$directory/forbidden/bwrap"
	run "${ordinary[@]}" env PATH="$directory/forbidden:$directory/bin:/usr/bin:/bin" scripts/sandbox.sh --preflight
	is "$status" 1 "a user without subordinate ids gets an error"
	like "$stderr" 'user nobody has no subordinate user ids, which mmdebstrap needs'$'.*\n''.*usermod --add-subuids' "… with the one command to run"
else
	skip "a user without subordinate ids gets an error" "only root can be another user, who must reach this checkout"
fi
# This user has the ids, but root of a namespace may not mount.
printf '#!/bin/sh\ncase "$*" in *subuid) ;; *) exec /usr/bin/grep "$@" ;; esac\n' >"$directory/forbidden/grep"
printf '#!/bin/sh\necho "unshare: not permitted" >&2; exit 1\n' >"$directory/forbidden/unshare"
ln -sf /bin/true "$directory/forbidden/bwrap"
chmod +x "$directory/forbidden"/{grep,unshare}
[[ -n $another ]] || ordinary=()
run "${ordinary[@]}" env PATH="$directory/forbidden:$directory/bin:/usr/bin:/bin" scripts/sandbox.sh --preflight
like "$status $stderr" '^1 [^'$'\n'']*mmdebstrap cannot be root in a namespace here: unshare: not permitted' "if unshare may not make one for mmdebstrap, that is an error"

run scripts/sandbox.sh --suite nonesuch true
is "$status" 2 "an unknown suite gives 2"
like "$stderr" 'unknown suite nonesuch \(known: trixie testing sid experimental\)' "… and the message lists the known ones"
ARCH=vax run scripts/sandbox.sh true
is "$status" 2 "an unknown architecture gives 2"
like "$stderr" 'unknown architecture ARCH=vax \(known: x86 arm64 loongarch\)' "… and the message lists the known ones"
run scripts/sandbox.sh --help
like "$status $stdout" '^0 Usage: scripts/sandbox.sh' "--help prints the usage"

done_testing
