#!/usr/bin/env bash
# vm.sh: the input and output of the virtual machine, and the messages if the machine ends badly.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

directory=$(mktemp -d)
temporary+=("$directory")

# start NAME ARG…: runs vm.sh ARG… in the background, four at a time, because some only wait. (If a machine does not end, that is
# a failure. The test does not wait for it for ever.)
start() {
	local name=$1
	shift
	while (($(jobs -rp | wc -l) >= 4)); do wait -n; done
	{
		timeout --signal=KILL 120 scripts/vm.sh "$@" </dev/null >"$directory/$name.stdout" 2>"$directory/$name.stderr"
		echo "$?" >"$directory/$name.status"
	} &
}

# ended NAME: sets status, stdout and stderr to those of that run.
ended() {
	status=$(<"$directory/$1.status")
	stdout=$(<"$directory/$1.stdout")
	stderr=$(<"$directory/$1.stderr")
}

# A run that is killed cannot clean up. The next run does.
scripts/vm.sh sleep "1000.$$" </dev/null >"$directory/killed" 2>&1 &
killed=$!
for ((i = 0; i < 300; i++)); do
	left=$(grep -ls "\"1000\.$$\"" build/vm/run.??????/overlay.cpio)
	[[ -z $left ]] || break
	sleep 0.1
done
kill -KILL "$killed"
wait "$killed" 2>/dev/null
left=${left%/*}
there "$left" "a run that is killed leaves its directory behind"

echo "from the host" >"$directory/added"
echo "too" >"$directory/second"
socket=build/${directory##*/}.gdb hang_socket=build/${directory##*/}.hang
temporary+=("$socket" "$hang_socket")
start debugger --gdb "$socket" --timeout 60 bash -c 'echo let go; sleep 1; echo o >/proc/sysrq-trigger; sleep 60'
# Wait long enough for a boot. Then send gdb's command to detach.
{
	await "$socket"
	sleep 5
	cp "$directory/debugger.stdout" "$directory/before"
	scripts/sandbox.sh perl -MIO::Socket::UNIX -e '
		my $gdb = IO::Socket::UNIX->new($ARGV[0]) or die;
		print $gdb "\$D#44";
		$gdb->flush;
		<$gdb>' "$socket" >/dev/null
} &
start inside --no-strip --strip --smp 3 --memory 700M --append loglevel=3 --append "rust_lkm=1 nokaslr" -- bash -c '
	echo to stdout; echo to stderr >&2; echo again >/dev/stderr; echo twice >/dev/stdout
	nproc; grep -o "rust_lkm=1" /proc/cmdline; awk "/MemTotal/ { print \$2 < 700000 }" /proc/meminfo
	readelf -SW hello_world.ko | grep -cE "\.(BTF|debug_info) "; insmod hello_world.ko && cat /sys/module/hello_world/initstate
	exit 42'
start place --strip --no-strip --console --add "$directory/added" --add "$directory/second" bash -c 'echo "<1>seen on the console" >/dev/kmsg
	pwd; id -u; echo $(cat added second); ls hello_world.ko scripts/vm.sh tests/tap.sh; printf "<%s>\n" "$@"
	echo $(ls /sys/class/net)/$(ls /sys/block); readelf -SW hello_world.ko | grep -c "\.BTF "; rm -rf *
	exit 255' - 'two words' "it's" '$HOME' ''
start line --strip 'echo a; echo b'
start panic --smp 1 bash -c 'echo before; sleep 1; echo c >/proc/sysrq-trigger'
# (A machine that waits for a debugger hangs without any output.)
start rule --strip --timeout 60 bash -c 'insmod tests/panics_rule.ko; bash -c "echo 2147483647 >/sys/module/panics_rule/parameters/number"; exit 9'
start hang --gdb "$hang_socket" --timeout 3 true

# A person at a terminal, which script(1) makes. Each line is typed when the screen shows the text before it, and the prompt.
# (readline prints 2004h when it begins to read.)
# at_terminal NAME [OPTION…]: starts a session of this name. Its window gets smaller when the file NAME.resize exists.
in_vain=''
at_terminal() {
	session=$directory/$1
	mkfifo "$session.keys"
	TERM=xterm timeout --kill-after=5 480 script -qefc "stty rows 33 cols 111; (until [ -e '$session.resize' ]; do sleep 0.2; done; stty rows 20 cols 77 </dev/tty) &
		scripts/vm.sh ${*:2}; echo ended with \$?; touch '$session.resize'" "$session.screen" <"$session.keys" >/dev/null &
	exec {keys}>"$session.keys"
}
# (If the session has ended, a write must not end this test, too.)
type_keys() { (trap '' PIPE && printf '%b' "$1" >&"$keys") 2>/dev/null || in_vain=${in_vain:-$1}; }
type_after() {
	local tenths=0
	# (If the text did not appear in time, end this session and those after it.)
	[[ -z $in_vain ]] || { type_keys '\001x' && return; }
	until grep -zqs "$1" "$session.screen"; do
		if ((++tenths == 1200)); then
			in_vain=$1
			type_keys '\001x'
			return
		fi
		sleep 0.1
	done
	[[ -z $2 ]] || type_keys "$2"
}
# (Nobody types anything in the first one.)
at_terminal idle --timeout 20
idle_keys=$keys
at_terminal screen
type_after 'To leave.*2004h' 'stty size; tty\n'
# (The process that prints "at" must be the one that Ctrl-C is for. Between two commands, a shell takes Ctrl-C for itself.)
type_after '/dev/hvc0.*2004h' 'bash -c "echo at; exec sleep 1000"\n'
type_after $'2004l\r*at' '\003'
type_after $'2004l\r*at.*2004h' 'echo "interrupted: $?"\n'
type_after 'interrupted: [0-9].*2004h' 'sleep 1000 &\n'
type_after '\[1\] [0-9].*2004h' 'jobs\n'
type_after 'Running.*2004h' 'ls hel\t\n'
type_after 'Running.*hello_world.ko.*hello_world.ko.*2004h' 'echo resize; until [[ $(stty size) == "20 77" ]]; do sleep 0.2; done; echo "re"sized\n'
type_after 'echo resize' '' && touch "$session.resize"
type_after 'resized.*2004h' 'type -P nano less clear which; sh -c "echo \$0 there"\n'
type_after 'sh there.*2004h' 'modprobe hello_w\t\n'
type_after 'modprobe hello_world .*2004h' 'rmmod hello_w\t\n'
type_after 'rmmod hello_world .*2004h' 'lsmod | grep -c hello; insmod tests/crashes/unwraps.ko\n'
type_after 'insmod tests/crashes/unwraps.ko.*process:.*2004h' 'exit 7\n'
type_after 'ended with' ''
exec {keys}>&-
# A command that hangs in the kernel: the shell does not come back, and Ctrl-A X ends the machine. (It is insmod with another name.)
at_terminal hanging
type_after 'To leave.*2004h' 'cp $(type -P insmod) "/tmp/a) b"; (exec -a insmod "/tmp/a) b" tests/crashes/endless.ko)\n'
type_after 'endless.ko.*Ctrl-A' '\001x'
type_after 'ended with' ''
exec {keys}>&-
session=$directory/idle keys=$idle_keys
type_after 'ended with' ''
exec {keys}>&-
wait

not_there "$left" "… and the next run removes it"

ended inside
is "$status" 42 "status 42 is passed on"
is "$(head -n 2 <<<"$stdout")" $'to stdout\ntwice' "stdout has only the command's output, also if it opens /dev/stdout again"
is "$stderr" $'to stderr\nagain' "stderr has only the command's output, also if it opens /dev/stderr again"
is "$(sed -n 3,5p <<<"$stdout")" $'3\nrust_lkm=1\n1' "--smp, --append and --memory reach the machine"
is "$(sed 1,5d <<<"$stdout")" $'0\nlive' "--strip removes debug information, and the modules can be loaded"

ended place
is "$status" 255 "status 255 is passed on"
is "$(head -n 6 <<<"$stdout")" $'/modules\n0\nfrom the host too\nhello_world.ko\nscripts/vm.sh\ntests/tap.sh' \
	"it runs as root in /modules, with the modules, scripts/, tests/ and the files of --add"
is "$(sed -n 7,10p <<<"$stdout")" $'<two words>\n<it\'s>\n<$HOME>\n<>' "arguments arrive as they were given"
is "$(sed 1,10d <<<"$stdout")" $'lo/\n1' "the machine has no disk and no network; the modules have type information (BTF)"
like "$stderr" 'seen on the console' "--console shows the kernel's console"

release=$(basename "$(dirname "$(scripts/sandbox.sh scripts/rust-headers.sh)")")
there "build/modules/$release/hello_world.ko" "a file that a command removes in the machine still exists outside"

ended panic
is "$status" 125 "a panic gives 125"
is "$stdout" "before" "output from a second before the panic is not lost"
like "$stderr" 'vm.sh: error: the VM ended before the command did' "after a panic, the message says that the VM ended early"
like "$stderr" 'Kernel panic - not syncing: sysrq triggered crash' "after a panic, the end of the console is shown"

ended line
is "$status" 127 "a command line given as one word is not a command"
like "$stderr" "'echo a; echo b' was taken as the name of one program.*bash -c 'echo a; echo b'" "… and the message says how to give one"

ended hang
is "$status" 124 "a hang gives 124"
like "$stderr" 'still running after 3 seconds' "after a hang, the message names the timeout"
idle=$(tr -d '\r' <"$directory/idle.screen")
like "$idle" 'still running after 20 seconds(.*)ended with 124' "--timeout is for a shell, too"

ended rule
is "$status" 9 "a machine in which nobody can read a module's parameters any more ends as others do"
like "$stderr" 'Rust code panicked.*module:  panics_rule' "… and the panic that caused this is explained"

ended debugger
is "$(<"$directory/before")<$stdout>" "<let go>" "--gdb waits for a debugger, and runs the command when the debugger continues"
is "$status" 125 "a power-off before the command's end gives 125"

screen=$(tr -d '\r' <"$directory/screen.screen")
is "$in_vain" "" "the screen shows everything that the test waits for"
like "$screen" $'33 111\n/dev/hvc0\n' "the shell has a terminal of the right size"
like "$screen" 'interrupted: 130' "Ctrl-C ends a command in the shell, not the machine"
like "$screen" 'Running +sleep 1000' "the shell has job control"
like "$screen" 'ls hello_world.ko' "file names are completed"
like "$screen" 'ended with 7' "the shell's status is passed on"
like "$screen" 'To leave: exit or Ctrl-D. If nothing answers any more: Ctrl-A, then X' "the start says how to leave"
like "$screen" 'resized' "the shell's terminal follows the size of the terminal around it"
like "$screen" $'bin/nano\n/usr/bin/less\n/usr/bin/clear\n/usr/bin/which\nsh there\n' "the machine has an editor, less, clear, which and sh"
like "$screen" $'modprobe hello_world \n' "the shell completes modprobe's argument to a name"
like "$screen" $'rmmod hello_world \n' "… and so is rmmod's"
like "$screen" $'0\n.*Rust code panicked.*unwraps.rs:25:27' "after a command that made the kernel crash, it says where"
like "$screen" "there is a crash in the kernel's log: scripts/decode.sh build/log/crash-" "… and where the log is, at the end"
is "$(grep -c 'Rust code panicked' <<<"$screen")" 1 "… but the explanation is not repeated"
hanging=$(tr -d '\r' <"$directory/hanging.screen")
like "$hanging" 'a\) b \(process [0-9]+\) has been in the kernel for [0-9]+ seconds.*endless\.rs:[0-9]+.*module:  endless' \
	"when a command hangs in the kernel, it says where"
like "$hanging" 'Ctrl-A, then X, ends the machine.*ended with 125' "… and how to end it, which works"

# leave TYPED: prints the status of the machine's shell after this is typed. (It runs the same bash with the same startup file,
# but without the machine.)
leave() {
	run scripts/sandbox.sh bash -c 'printf "$1" | bash --rcfile scripts/vm/bashrc -i' - "$1"
	echo "$status"
}
is "$(leave 'false\nexit\n') $(leave 'false\n') $(leave 'true\nexit 3\n') $(leave '(exit 5); exit\n')" "0 0 3 0" \
	"exit and Ctrl-D after a failed command are no failure, and exit 3 is 3"

usage_error() {
	run scripts/vm.sh "${@:2}"
	is "$status" 2 "$1 gives 2"
	like "$stderr" '--help explains how to call it' "$1 points to the help"
}
usage_error "an unknown option" --unknown
usage_error "an option without its value" --kernel
usage_error "a wrong number of CPUs" --smp none
usage_error "a wrong timeout" --timeout soon
usage_error "an unknown accelerator" --accel turbo

run scripts/vm.sh --kernel 0.0.0 true
is "$status" 125 "a kernel that does not exist gives 125"
like "$stderr" "kernel 0.0.0 is not here.*There are: ([^ ]+ )*${release//+/\\+}( |\$)" "a kernel that does not exist is named, and there is a list"
is "$(sed -n 's/.*There are: //p' <<<"$stderr" | tr ' ' '\n' | grep -v '^[0-9]')" "" "… and nothing else"

if [[ $(uname -m) == x86_64 ]]; then other=arm64 own=x86; else other=x86 own=arm64; fi
# (Run it in this sandbox, so that the one for the other architecture need not be made.)
run scripts/sandbox.sh env ARCH=$other scripts/vm.sh --kernel "$release" true
is "$status" 125 "a kernel of another architecture gives 125"
like "$stderr" "kernel ${release//+/\\+} is not for ARCH=$other" "a kernel of another architecture is named"
like "$stderr" "ARCH=$own makes a machine for it" "… with the way out"

run scripts/vm.sh --help
is "$status" 0 "--help gives 0"
like "$stdout" '^Usage: scripts/vm.sh' "--help prints the usage"

# A checkout in which nothing is built, and a stand-in for QEMU that does what the file "behaviour" says.
mkdir -p build
around=$(mktemp -d "$PWD/build/vm-test.XXXXXX")
temporary+=("$around")
bare=$around/rust-lkm
mkdir -p "$bare"/{bin,build/vm}
mkdir "$bare/tests"
cp -a scripts ./*.rs "$bare"
cp -l build/vm/base.*.cpio "$bare/build/vm/"
cat >"$bare/bin/qemu-system-x86_64" <<STANDIN
#!/bin/bash
echo "\$*" >>"$bare/calls"
for word; do
	[[ \$word != file,id=status,path=* ]] || status=\${word##*=}
	[[ \$word != */initramfs ]] || { cpio --quiet -t <"\${word%/*}/overlay.cpio" >"$bare/files"; grep -a '^timeout="[0-9]*"\$' "\${word%/*}/overlay.cpio" >"$bare/limit"; }
done
case "\$(<"$bare/behaviour") \$*" in
"killed "*) kill -KILL \$\$ ;;
"panics "*)
	for word; do
		[[ \$word != file,id=console,path=* ]] || { echo "a line of the boot"; cat "$PWD/tests/logs/panic.log"; } >"\${word##*=}"
	done
	exit
	;;
"crashes "*) echo "its last words" >&2 && kill -ABRT \$\$ ;;
"fails "* | "without KVM "*"-accel kvm"*) echo "its own words" >&2 && exit 1 ;;
esac
echo 0 >"\$status"
STANDIN
chmod +x "$bare/bin/qemu-system-x86_64"

# bare BEHAVIOUR ARG…: runs vm.sh there. Also sets calls to the accelerators that QEMU was called with.
bare() {
	echo "$1" >"$bare/behaviour"
	: >"$bare/calls"
	run scripts/sandbox.sh env PATH="$bare/bin:/usr/sbin:/usr/bin" "$bare/scripts/vm.sh" "${@:2}"
	calls=$(grep -o -- '-accel [a-z]*' "$bare/calls" | paste -sd' ')
}
bare works true
is "$status" 125 "without any kernel, it gives 125"
like "$stderr" 'vm.sh: error: there is no kernel to boot yet'$'\n  ''make vm-modules gets one' "… and says how to get one"
bare works --kernel 9.9.9 true
is "$status $(grep 'There are' <<<"$stderr")" "125   There are: none" "… also if one is named: there are none"
mkdir -p "$bare/build/kernels/9.9.9"
touch "$bare/build/kernels/9.9.9/vmlinuz"
bare works --kernel 9.9.9 --accel tcg true
is "$status $calls" "0 -accel tcg" "--kernel and --accel choose the kernel and the accelerator"
like "$stderr" 'vm.sh: warning: no modules are built for kernel 9.9.9; make vm-modules builds them' "if no modules are built, the message says so"
echo 'obj-m := mine.o' >"$around/Kbuild"
bare works --kernel 9.9.9 --accel tcg --from "$around" true
is "$status $(grep -E '^modules/(Kbuild|rust-lkm)' "$bare/files" | paste -sd ' ')" "0 modules/Kbuild" \
	"--from: a checkout inside the directory is not copied with the sources"
bare works --kernel 9.9.9 --accel tcg --timeout 08 true
is "$status $(<"$bare/limit") $(grep 'value too great' <<<"$stderr")" '0 timeout="8" ' "a timeout that begins with 0 is no octal number"
# Two machines of a new checkout.
rm "$bare"/build/vm/base.*.cpio
for run in 1 2; do
	scripts/sandbox.sh env PATH="$bare/bin:/usr/sbin:/usr/bin" "$bare/scripts/vm.sh" --kernel 9.9.9 --accel tcg true </dev/null >"$directory/new.$run" 2>&1 &
	making[run]=$!
done
wait "${making[1]}"
is "$? $(grep -h '^Making' "$directory"/new.[12])" "0 Making the file system of the virtual machine, once …" "two machines at once make their file system once"
wait "${making[2]}"
is "$? $(cat "$directory"/new.[12] | grep -c 'waiting for another run: it is making the file system')" "0 1" "… and the other one waits for it"
printf '#!/bin/sh\nrm "%s"/build/vm/base.*.cpio\nexec /usr/sbin/depmod "$@"\n' "$bare" >"$bare/bin/depmod"
chmod +x "$bare/bin/depmod"
bare works --kernel 9.9.9 --accel tcg true
is "$status $(echo "$bare"/build/vm/base.*.cpio)" "0 $bare/build/vm/base.*.cpio" "… and it may be removed while a machine is being made, by a run with another recipe"
rm "$bare/bin/depmod"
bare panics --kernel 9.9.9 --accel tcg true
like "$status $stderr" '^125 .*The last lines of its console [^|]*:'$'\n''  \| [^|]*panicked at .*/out_of_bounds.rs:35:5' \
	"of a console with a panic, the lines from the first one on are shown: it names the place"
is "$(grep 'decode\.pl' <<<"$stderr")" "" "… and no tool complains because nothing is built here"
bare fails --kernel 9.9.9 --accel tcg true
is "$status" 125 "a QEMU that fails gives 125"
like "$stderr" 'vm.sh: error: QEMU failed:'$'\n''  its own words' "… with QEMU's own message"
bare crashes --kernel 9.9.9 --accel tcg true
like "$status $stderr" '^134 .*vm.sh: error: QEMU itself crashed, so try again:'$'\n''  its last words' "one that crashes gives 134"
for seconds in 0 100; do
	bare killed --kernel 9.9.9 --accel tcg --timeout $seconds true
	like "$status $stderr" '^125 .*vm.sh: error: something has killed QEMU: perhaps the kernel' "one that is killed is told apart from a timeout (--timeout $seconds)"
done
if [[ -w /dev/kvm ]]; then
	bare "without KVM" --kernel 9.9.9 true
	is "$status $calls" "0 -accel kvm -accel tcg" "if a trial boot fails, KVM is not used"
	bare works --kernel 9.9.9 true
	is "$calls" "-accel tcg" "… and KVM is not tried again"
	rm "$bare/build/vm/accel"
	bare works --kernel 9.9.9 true
	is "$calls" "-accel kvm -accel kvm" "if it works, KVM is used"
else
	skip "if a trial boot works, KVM is used" "this machine has no KVM"
fi

# (Runs of other tests hold the locks of their directories.)
unused=''
for run in build/vm/run.??????; do
	# A new directory may have no lock yet.
	[[ ! -d $run ]] || ! flock -n "$run" true || { sleep 2 && [[ ! -d $run ]]; } || ! flock -n "$run" true || unused+="$run"$'\n'
done
is "$unused" "" "no run leaves anything behind"

done_testing
