#!/usr/bin/env bash
# vm: --smp 1
#
# Lockdep finds a wrong order of locks in a module in C. (detectors.t tests the same in Rust.)

. "$(dirname "$0")/../kernel.sh" || exit

kmsg_mark
insmod tests/detect_c.ko what=lock_order
rmmod detect_c
expect_splat 'WARNING: possible circular locking dependency detected'
like "$(kmsg)" 'WARNING: possible circular locking dependency detected' "detect_c: PROVE_LOCKING finds lock_order"
is "$(sed -n 's/^ *debug_locks: *//p' /proc/lockdep_stats)" 0 "… and then turns itself off"

gate_before=$(gate_state)
done_testing
