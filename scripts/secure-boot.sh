# shellcheck shell=bash disable=SC2034
# Finds out if the kernel loads only signed modules, and if this machine's key is enrolled. Sourced after common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# Where the key and its certificate may be. A new pair is made at the last place.
key_places=(
	"/var/lib/dkms/mok.key /var/lib/dkms/mok.pub"
	"/var/lib/shim-signed/mok/MOK.priv /var/lib/shim-signed/mok/MOK.der"
)

# signed_only: prints why the running kernel loads only signed modules; nothing if it loads any.
signed_only() {
	local lockdown
	lockdown=$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/security/lockdown 2>/dev/null) || lockdown=none
	if [[ $lockdown == integrity || $lockdown == confidentiality ]]; then
		echo "this kernel is locked down ($lockdown), as with Secure Boot, and loads only signed modules"
	elif [[ $(cat /sys/module/module/parameters/sig_enforce 2>/dev/null) == Y ]]; then
		echo "this kernel loads only signed modules (module.sig_enforce)"
	fi
}

# key_state CERTIFICATE: prints enrolled, waiting (for the next boot), new, no-firmware or no-mokutil.
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

# choose_key: sets key and certificate to the first pair that is enrolled, or else to the first that exists. Fails if there is none.
choose_key() {
	local pair first=''
	for pair in "${key_places[@]}"; do
		read -r key certificate <<<"$pair"
		[[ -e $key && -e $certificate ]] || continue
		[[ $(key_state "$certificate") != enrolled ]] || return 0
		first=${first:-$pair}
	done
	read -r key certificate <<<"$first"
	[[ -n $first ]]
}

# ways_out WHY: prints what one can do if a kernel loads only signed modules, one way per line.
ways_out() {
	local key certificate state=''
	if choose_key; then state=$(key_state "$certificate"); fi
	case $state in
	enrolled) echo "Sign them with this machine's key, which is enrolled: sudo make sign" ;;
	waiting) echo "Reboot, and enrol this machine's key on the blue screen; then: sudo make sign (docs/secure-boot.md)" ;;
	*) echo "Sign them with your own key, and enrol it: sudo make sign (docs/secure-boot.md)" ;;
	esac
	if [[ $1 == *sig_enforce* ]]; then
		echo "Or boot without module.sig_enforce."
	else
		echo "Or switch Secure Boot off in the firmware."
	fi
	echo "Or use a virtual machine, whose kernel loads any module: make vm, make demo"
}

tell_state() {
	local why
	why=$(signed_only)
	if [[ -z $why ]]; then
		echo "Linux $(uname -r): this kernel loads any module"
		return
	fi
	echo "Linux $(uname -r): $why"
	ways_out "$why"
}
