#!/usr/bin/env bash
# vm: --append module.sig_enforce=1
#
# A kernel that wants signatures, as one under Secure Boot does, takes none of these modules.

. "$(dirname "$0")/kernel.sh"

for module in hello_world jiffies module_param proc_hello seconds simple startstop; do
	kmsg_mark
	run insmod "$module.ko"
	is "$stderr" "insmod: ERROR: could not insert module $module.ko: Key was rejected by service" "$module is refused"
	is "$(kmsg)" "Loading of unsigned module is rejected" "… and the log says why"
done

# A signature is taken for one by the line that it ends with.
{ cat hello_world.ko && printf '~Module signature appended~\n'; } >/tmp/signed.ko
kmsg_mark
run insmod /tmp/signed.ko
is "$status" 1 "a signature that is none is refused"
kmsg >/dev/null

done_testing
