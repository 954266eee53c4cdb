#!/usr/bin/env bash
# vm: --smp 2
#
# What a panic in a module's code does: what the documentation of the crate says under "# Panics". In a machine of its own,
# as what hangs stays.

. "$(dirname "$0")/kernel.sh" || exit

# There KASAN sees that whoever waits for the lock looks at its owner, which was ended and is freed. That is what a BUG
# with a lock held is like, also in C.
if [[ -n $sanitized ]]; then
	skip "what a panic leaves behind" "the detectors find it, and the test of them is detectors.t"
	done_testing
fi

# A BUG taints the kernel (bit 7).
gate_taint=$((gate_taint | 1 << 7))

# hangs PID FUNCTION DESCRIPTION: the process waits in that function of the kernel, and no signal ends it.
hangs() {
	local tenths=0 stack=''
	until [[ $stack == *"$2"* ]] || ((++tenths > 300)); do
		sleep 0.1
		stack=$(cat "/proc/$1/stack" 2>&1)
	done
	kill -9 "$1"
	sleep 0.5
	like "$(sed -n 's/^State:\t//p' "/proc/$1/status" 2>&1) $stack" "^D .*$2\+" "$3"
}

# ended STATUS DESCRIPTION: a BUG ends a process as SIGSEGV does.
ended() { is "$1" 139 "$2"; }

# ---- The rule of a parameter.

parameters=/sys/module/panics_rule/parameters
insmod tests/panics_rule.ko
kmsg_mark
echo 2147483646 >$parameters/number
is "$(<$parameters/number)" 2147483646 "a rule decides"
bash -c "echo 2147483647 >$parameters/number"
ended "$?" "a rule that panics ends the process that writes"
expect_splat 'kernel BUG at|Oops: invalid opcode'
like "$(kmsg)" 'panicked at .*panics_rule\.rs:.*attempt to add with overflow' "… and the log says where and why"
# From here on nothing may read the parameters, which is why their state is not compared.
cat $parameters/other &
hangs $! param_attr_show "whoever reads a parameter of the module then waits for ever"
rmmod panics_rule &
hangs $! kernfs_drain "… and so does rmmod"

# The same when it is loaded; the module needs another name, as the first one cannot go.
sed 's/panics_rule/panics_load/g' tests/panics_rule.ko >"$tap_directory/panics_load.ko"
kmsg_mark
insmod "$tap_directory/panics_load.ko" number=2147483647
ended "$?" "a rule that panics ends the process that loads"
expect_splat 'kernel BUG at|Oops: invalid opcode'
like "$(kmsg)" 'attempt to add with overflow' "… and the log says why"
like "$(grep '^panics_load ' /proc/modules)" ' Loading ' "… and the module stays half loaded"

# ---- The code of a file. Each module needs another name, for the same reason; of the same length.

for how in number show drop; do
	name=panics_${how:0:4}
	sed "s/panics_file/$name/g" tests/panics_file.ko >"$tap_directory/$name.ko"
	insmod "$tap_directory/$name.ko" how="$how"
	kmsg_mark
	if [[ $how != drop ]]; then
		cat "/proc/$name"
		ended "$?" "$how: a panic ends the process that reads"
		expect_splat 'kernel BUG at|Oops: invalid opcode'
		like "$(kmsg)" 'panicked at .*panics_[a-z]*\.rs:.*attempt to add with overflow' "… and the log says where and why"
		rmmod "$name" &
		hangs $! proc_entry_rundown "$how: rmmod then waits for ever"
	else
		cat "/proc/$name" &
		hangs $! proc_entry_rundown "a file that is removed by its own code waits for itself, for ever"
	fi
done

# What the panics leave is expected: taint, and modules that cannot go.
gate_before=$(gate_state) more_tests=1
done_testing
