#!/usr/bin/env bash
# vm: --smp 4
#
# Readers, writers and unloading at the same time, for every piece of state that lkm/ shares between processes.
# (docs/reliability.md lists them.) On 4 CPUs, and then on 2.

. "$(dirname "$0")/../kernel.sh" || exit

modules=(proc_hello jiffies seconds tests/proc_files tests/proc_kinds tests/param_file chardev)

kmsg_mark
for module in "${modules[@]}"; do insmod "$module.ko"; done
for cpus in 4 2; do
	for ((cpu = cpus; cpu < 4; cpu++)); do echo 0 >"/sys/devices/system/cpu/cpu$cpu/online"; done
	same "$(nproc)" "$cpus" "$cpus CPUs are on"
	count=0
	while IFS='|' read -r name times wrong; do
		ok "$((times < 100))" "$cpus CPUs: $name ($times times)"
		is "$wrong" "" "… always right"
		count=$((count + 1))
	done < <(perl -I tests tests/sanitized/stress.pl 15 2>&1)
	is "$count" 8 "$cpus CPUs: each piece of state was tested"
done
for cpu in 2 3; do echo 1 >"/sys/devices/system/cpu/cpu$cpu/online"; done

rmmod "${modules[@]##*/}"
# (The log has lines about a CPU that is turned off and on. On a busy host its timer may not be found to work.)
is "$(kmsg | grep -vE '^(smpboot: |Booting Node|kvm-|Will online and init hotplugged CPU|Clockevents: could not switch|<warn> Could not switch to high resolution)')" "" "none of this logs a message"
done_testing
