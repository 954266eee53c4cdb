#!/usr/bin/env bash
# vm: --smp 1
#
# The tour: what it prints, and what it says where it cannot run.

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/shown.sh"

# The kernel prints some messages only for the first foreign module. This is it.
insmod hello_world.ko
rmmod hello_world

ours() { lsmod | grep -E "^($modules) "; }
modules=$(scripts/demo.sh --list | awk 'NR > 1 { printf "|" } { printf "%s", $1 }')

# ---- The whole tour.

run scripts/demo.sh
is "$status $stderr" "0 " "the whole tour is as expected"
is_as_shown "$stdout" "$(<tests/demo.out)" "its output is that in tests/demo.out"
is "$(ours)" "" "it leaves no module loaded"
like "$stdout" '✓ [0-9]+ of [0-9]+ expectations held' "it ends with a summary"
read -r held all < <(sed -n 's/^✓ \([0-9]*\) of \([0-9]*\) expectations held.*/\1 \2/p' <<<"$stdout")
same "$held" "$all" "all expectations held"
is "$(grep -c '^✓' <<<"$stdout")" "$((held + 1))" "each has its mark"

# ---- Parts of it.

run scripts/demo.sh --list
is "$(awk '{ print $1 }' <<<"$stdout" | tr '\n' ' ')" "hello_world startstop simple module_param proc_hello jiffies seconds chardev modprobe tickets anatomy " \
	"--list lists the chapters"
run scripts/demo.sh startstop proc_hello
is "$status $(grep '^──' <<<"$stdout" | tr '\n' ' ')" "0 ── startstop ── ── proc_hello ── " "chapters can be chosen"
run scripts/demo.sh nothing
is "$status $stdout" "2 " "a chapter that does not exist gives 2"
like "$stderr" "there is no chapter 'nothing'; there are: hello_world .* anatomy" "… and is named"
run scripts/demo.sh --unknown
is "$status" 2 "an unknown option gives 2"
run scripts/demo.sh --help
like "$status $stdout" '^0 Usage: scripts/demo.sh' "--help prints the usage"

# ---- A failed expectation: another module has the name of one of these.

scratch=$(mktemp -d)
cp -a scripts startstop ./*.ko "$scratch"
sed 's/Short is the life/Large is the life/' startstop.ko >"$scratch/startstop.ko"
run "$scratch/scripts/demo.sh" startstop
is "$status" 1 "an expectation that does not hold gives 1"
like "$stdout" $'\n✗ stop.rs printed its message\n' "… and is marked"
like "$stdout" '✗ 2 of 3 expectations held' "… and counted"

# ---- A machine without strace.

mkdir "$scratch/bin"
ln -sf /usr/bin/* /usr/sbin/* "$scratch/bin/"
rm "$scratch/bin/strace"
run env PATH="$scratch/bin" scripts/demo.sh anatomy
like "$status $stdout" '^0 .*# insmod hello_world.ko.*There is no strace here to show that call: sudo apt-get install strace.*✓ [0-9]+ of' "without strace the tour goes on, and says what it lacks"
is "$(ours)" "" "… and no module stays loaded"

# ---- Interrupted.

for signal in INT TERM HUP; do
	env --default-signal=INT scripts/demo.sh jiffies >"$scratch/out" 2>&1 &
	tour=$!
	await /proc/jiffies
	kill -"$signal" "$tour"
	status=0
	wait "$tour" || status=$?
	is "$status" "$((128 + $(kill -l "$signal")))" "SIG$signal ends it with the signal's status"
	is "$(ours)" "" "… and no module stays loaded"
done

# (The tour is told to end when it wants to unload the first of two modules.)
mkdir "$scratch/first"
cat >"$scratch/first/rmmod" <<RMMOD
#!/bin/bash
mkdir "$scratch/told" 2>/dev/null || exec $(type -P rmmod) "\$@"
kill -TERM "\$(<"$scratch/tour")"
RMMOD
chmod +x "$scratch/first/rmmod"
PATH=$scratch/first:$PATH scripts/demo.sh tickets >"$scratch/out" 2>&1 &
echo "$!" >"$scratch/tour"
status=0
wait "$!" || status=$?
is "$status $(ours)" "143 " "… also if one of them needs another"

# ---- Where it cannot run.

# refused TEXT WAY-OUT DESCRIPTION: checks that the tour refused, with TEXT as the cause, and named the WAY-OUT.
refused() {
	is "$status $stdout" "3 " "$3: the tour refuses, and changes nothing"
	like "$stderr" "$1" "$3: the cause"
	like "$stderr" "$2" "$3: the way out"
}

run setpriv --reuid 1000 --regid 1000 --clear-groups scripts/demo.sh
refused 'only root can load modules' 'sudo scripts/demo.sh' "not root"

rm "$scratch/simple.ko"
run "$scratch/scripts/demo.sh"
refused 'simple.ko is not built' $'\n  make\n' "modules not built"

sed "s/vermagic=[0-9]/vermagic=1/" simple.ko >"$scratch/simple.ko"
run "$scratch/scripts/demo.sh"
refused "simple.ko is built for kernel 1[^ ]*, and $(uname -r | sed 's/[.+]/\\&/g') is running" 'make clean && make' "built for another kernel"

insmod simple.ko
run scripts/demo.sh
refused 'a module simple is already loaded' 'sudo rmmod simple' "a module of that name loaded"
is "$(ours | awk '{ print $1 }')" simple "… which stays"
rmmod simple

# The same module by another name.
sed 's/proc_hello/proc_other/g' proc_hello.ko >"$scratch/proc_other.ko"
insmod "$scratch/proc_other.ko"
run scripts/demo.sh
refused 'another module has already made /proc/hello' 'Find it with lsmod' "a name in /proc taken"
run scripts/demo.sh startstop
is "$status" 0 "… but the other chapters run"
rmmod proc_other
insmod module_param.ko
run scripts/demo.sh modprobe
is "$status" 0 "… and a chapter needs only its own modules"
rmmod module_param

# kernel_says FILE TEXT: fakes what a kernel says if it loads only signed modules. (sig_enforce.t runs on such a kernel.)
kernel_says() {
	echo "$2" >"$scratch/says"
	mount --bind "$scratch/says" "$1"
	run scripts/demo.sh
	umount "$1"
}
kernel_says /sys/kernel/security/lockdown 'none [integrity] confidentiality'
refused 'locked down \(integrity\), as with Secure Boot, and loads only signed modules' 'sudo make sign.*switch Secure Boot off.*make vm' "lockdown"
kernel_says /sys/module/module/parameters/sig_enforce Y
refused 'loads only signed modules \(module.sig_enforce\)' 'boot without module.sig_enforce' "module.sig_enforce"

rm -r "$scratch"
kmsg >/dev/null
done_testing
