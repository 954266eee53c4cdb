#!/usr/bin/env bash
# vm: --smp 2
#
# What a panic in a module's code does, as the crate's documentation says under "# Panics". It has a machine of its own, because
# the processes that hang stay.

. "$(dirname "$0")/kernel.sh" || exit

# On the sanitized kernel, KASAN reports more: a process that waits for the lock reads the lock's owner, a process that was ended
# and freed. A BUG with a lock held always has this effect, also in C.
if [[ -n $sanitized ]]; then
	skip "what a panic leaves behind" "the detectors report it, and detectors.t tests them"
	done_testing
fi

# A BUG taints the kernel (bit 7).
gate_taint=$((gate_taint | 1 << 7))

hung=0
# hangs PID FUNCTION DESCRIPTION: checks that the process waits in a function of the kernel or of the module whose name contains
# FUNCTION, and that no signal ends it.
hangs() {
	local tenths=0 stack=''
	hung=$((hung + 1))
	until [[ $stack == *"$2"* ]] || ((++tenths > 300)); do
		sleep 0.1
		stack=$(cat "/proc/$1/stack" 2>&1)
	done
	kill -9 "$1"
	sleep 0.5
	like "$(sed -n 's/^State:\t//p' "/proc/$1/status" 2>&1) $stack" "^[$waiting] .*$2[^+]*\+" "$3"
}

# A process waits uninterruptibly. But a real-time kernel looks at the owner of the lock first, which here is the process itself, or
# was freed. Then it may warn of a deadlock, and let the process wait in another state.
waiting=D
[[ $(uname -v) != *PREEMPT_RT* ]] || waiting=DSR

# ends DESCRIPTION COMMAND…: checks that a BUG ends the command, as SIGSEGV does.
ends() {
	local status=0
	"${@:2}" || status=$?
	is "$status" 139 "$1"
}

# ---- The rule of a parameter.

parameters=/sys/module/panics_rule/parameters
insmod tests/panics_rule.ko
kmsg_mark
echo 2147483646 >$parameters/number
is "$(<$parameters/number)" 2147483646 "the rule accepts a value"
ends "a panic in a rule ends the process that writes" bash -c "echo 2147483647 >$parameters/number"
expect_splat 'kernel BUG at|Oops: invalid opcode'
like "$(kmsg)" 'panicked at .*panics_rule\.rs:.*attempt to add with overflow' "… and the log says where and why"
# From here on nothing may read the parameters. So their state is not compared.
cat $parameters/other &
hangs $! param_attr_show "after that, a process that reads a parameter of the module waits for ever"
rmmod panics_rule &
hangs $! kernfs_drain "… and so does rmmod"

# The same while it is loaded. The module needs another name, because the first one cannot be unloaded.
sed 's/panics_rule/panics_load/g' tests/panics_rule.ko >"$tap_directory/panics_load.ko"
kmsg_mark
ends "a panic in a rule ends the process that loads" insmod "$tap_directory/panics_load.ko" number=2147483647
expect_splat 'kernel BUG at|Oops: invalid opcode'
like "$(kmsg)" 'attempt to add with overflow' "… and the log says why"
like "$(grep '^panics_load ' /proc/modules)" ' Loading ' "… and the module stays half loaded"

# ---- The code of a file. Each module needs another name of the same length, for the same reason.

# Two processes use the same open file. It has a lock for its offset, and that of a Show or of a List has one for its text, too: the
# panic leaves both locked.
for how in number show text list open read write; do
	name=panics_${how:0:4}
	sed "s/panics_file/$name/g" tests/panics_file.ko >"$tap_directory/$name.ko"
	insmod "$tap_directory/$name.ko" how="$how"
	kmsg_mark
	# (The open of a number panics, too.)
	[[ $how == number || $how == open ]] || exec 3<>"/proc/$name"
	case $how in
	number | open) call=(cat "/proc/$name") ;;
	text | write) call=(bash -c 'echo >&3') ;;
	*) call=(bash -c 'cat <&3') ;;
	esac
	ends "$how: a panic ends the process that makes the call" "${call[@]}"
	expect_splat 'kernel BUG at|Oops: invalid opcode'
	like "$(kmsg)" 'panicked at .*panics_[a-z]*\.rs:.*attempt to add with overflow' "… and the log says where and why"
	if [[ $how != number && $how != open ]]; then
		cat <&3 &
		hangs $! fdget_pos "… and whoever goes on with the same open file waits for ever"
	fi
	if [[ $how == show || $how == list ]]; then
		perl -I tests -Msyscalls -e 'pread(3, 1, 0)' &
		hangs $! read_iter "… also with pread"
	fi
	rmmod "$name" &
	hangs $! proc_entry_rundown "$how: after that, rmmod waits for ever"
done
exec 3>&-

sed "s/panics_file/panics_drop/g" tests/panics_file.ko >"$tap_directory/panics_drop.ko"
insmod "$tap_directory/panics_drop.ko" how=drop
cat /proc/panics_drop &
hangs $! proc_entry_rundown "a file whose own code removes it waits for itself for ever"

# ---- The methods of a device.

insmod tests/panics_device.ko
kmsg_mark
ends "open: a panic ends the process that opens" bash -c ': >/dev/panics_device'
expect_splat 'kernel BUG at|Oops: invalid opcode'
like "$(kmsg)" 'panicked at .*panics_device\.rs:.*attempt to add with overflow' "… and the log says where and why"
like "$(rmmod panics_device 2>&1)" 'Module panics_device is in use' "… and the module stays in use"

# The process cannot end: as its file is closed, release waits for the lock that read has taken.
kmsg_mark
cat /dev/panics_device &
hangs $! 7release "read: after a panic with a lock held, release waits for the lock for ever"
expect_splat 'kernel BUG at|Oops: invalid opcode'
like "$(kmsg)" 'panicked at .*panics_device\.rs:.*attempt to add with overflow' "… and the log says where and why"
dd if=/dev/panics_device bs=1 count=1 2>/dev/null &
hangs $! 9read_iter "… and so does everybody else who wants it"

# The panics are expected to leave taint, and modules that cannot be unloaded.
gate_before=$(gate_state) more_tests=1
if [[ $waiting != D ]]; then
	# (At most one for each process that hangs.)
	while ((hung-- > 0)) && read -r _; do expect_splat 'rtmutex deadlock detected'; done < <(dmesg | grep 'rtmutex deadlock detected')
fi
# (On arm64 a BUG ends a process while its interrupts are masked and its context is the kernel's. Some kernels warn of each, once.)
for warning in 'Unexpected DAIF value' 'WARNING: .*kernel/context_tracking\.c'; do
	if [[ $(uname -m) == aarch64 ]] && dmesg | grep -q "$warning"; then
		expect_splat "$warning"
	fi
done
done_testing
