# shellcheck shell=bash disable=SC2034
# What a kernel asks of modules, and whether this machine's key for them is known to it. Sourced after common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# Where a key and its certificate are, the first place that has them first; a new one goes to the last.
key_places=(
	"/var/lib/dkms/mok.key /var/lib/dkms/mok.pub"
	"/var/lib/shim-signed/mok/MOK.priv /var/lib/shim-signed/mok/MOK.der"
)

# Why the running kernel takes signed modules only; nothing if it takes any.
signed_only() {
	local lockdown
	lockdown=$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/security/lockdown 2>/dev/null) || lockdown=none
	if [[ $lockdown == integrity || $lockdown == confidentiality ]]; then
		echo "this kernel is locked down ($lockdown), as with Secure Boot, and takes signed modules only"
	elif [[ $(cat /sys/module/module/parameters/sig_enforce 2>/dev/null) == Y ]]; then
		echo "this kernel takes signed modules only (module.sig_enforce)"
	fi
}

# key_state CERTIFICATE: enrolled, waiting (for the next boot), new, no-firmware or no-mokutil.
key_state() {
	local said
	[[ -d /sys/firmware/efi/efivars ]] || { echo no-firmware && return; }
	type -P mokutil >/dev/null || { echo no-mokutil && return; }
	# (Its exit status differs from version to version.)
	said=$(LC_ALL=C mokutil --test-key "$1" 2>&1) || :
	case $said in
	*"enrollment request"*) echo waiting ;;
	*"already enrolled"*) echo enrolled ;;
	*) echo new ;;
	esac
}

# ways_out WHY: what can be done where a kernel takes signed modules only, a line each.
ways_out() {
	local pair key certificate state=''
	for pair in "${key_places[@]}"; do
		read -r key certificate <<<"$pair"
		if [[ -e $certificate ]]; then
			state=$(key_state "$certificate")
			break
		fi
	done
	case $state in
	enrolled) echo "Sign them with this machine's key, which is enrolled: sudo make sign" ;;
	waiting) echo "Reboot, and enrol this machine's key on the blue screen; then: sudo make sign (docs/secure-boot.md)" ;;
	*) echo "Sign them with a key of yours, and enrol that: sudo make sign (docs/secure-boot.md)" ;;
	esac
	if [[ $1 == *sig_enforce* ]]; then
		echo "Or boot without module.sig_enforce."
	else
		echo "Or switch Secure Boot off in the firmware."
	fi
	echo "Or take a virtual machine, whose kernel takes any: make vm, make demo"
}

tell_state() {
	local why
	why=$(signed_only)
	if [[ -z $why ]]; then
		echo "Linux $(uname -r): this kernel takes any module"
		return
	fi
	echo "Linux $(uname -r): $why"
	ways_out "$why"
}
