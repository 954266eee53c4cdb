#!/usr/bin/env bash
# vm: --append lockdown=integrity
#
# A kernel that loads only signed modules (because it is locked down, for example by Secure Boot) refuses all of these.

. "$(dirname "$0")/kernel.sh" || exit

# refused INSMOD LOG TOUR: checks what insmod, the log and the tour say.
refused() {
	local module
	for module in hello_world jiffies module_param proc_hello seconds simple startstop; do
		kmsg_mark
		run insmod "$module.ko"
		is "$stderr" "insmod: ERROR: could not insert module $module.ko: $1" "$module is refused: $1"
		is "$(kmsg)" "<notice> $2" "… and the log says why"
	done
	run scripts/demo.sh
	is "$status $stdout" "3 " "… the tour refuses"
	like "$stderr" "$3" "… and says why"
	like "$(<docs/troubleshooting.md)" "$1.*$2" "… and the document has these messages"
}

refused 'Operation not permitted' 'Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7' \
	'this kernel is locked down \(integrity\)'

echo 1 >/sys/module/module/parameters/sig_enforce
refused 'Key was rejected by service' 'Loading of unsigned module is rejected' 'locked down \(integrity\)'

# The kernel recognises a signature by its last line.
{ cat hello_world.ko && printf '~Module signature appended~\n'; } >/tmp/signed.ko
kmsg_mark
run insmod /tmp/signed.ko
is "$status" 1 "a fake signature is refused"
kmsg >/dev/null

done_testing
