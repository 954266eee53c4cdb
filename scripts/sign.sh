#!/usr/bin/env bash
# Usage: scripts/sign.sh [OPTIONS] [FILE...]
#        scripts/sign.sh --state
#
# Signs modules, so that a kernel under Secure Boot loads them: the FILEs, or those that make has built for the running kernel.
# The first time it makes a key, and asks for it to be enrolled (with mokutil). You choose a password now, and confirm at the next
# boot: docs/secure-boot.md shows each step. Only root can read the key, so call it with: sudo make sign
#
# If dkms is installed, the key is the one that dkms signs with: /var/lib/dkms/mok.key and mok.pub. Otherwise it is in
# /var/lib/shim-signed/mok/, as in Debian's and Ubuntu's documents. If there are both, the one that is enrolled is used.
#
#   --key FILE --certificate FILE  sign with this key, which must be enrolled already; no other key is made or enrolled
#   --installed  sign FILEs if there is a key, otherwise do nothing; enrol nothing. make modules_install uses this
#   --state  say which modules this kernel loads, and if the key is enrolled
#   --help   this text
#
# A FILE that has a signature gets a new one. The exit status is 0, 1 if something failed, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/secure-boot.sh"

key='' certificate='' installed='' state=''
while (($#)); do
	case $1 in
	--key | --certificate)
		(($# > 1)) || bad_usage "$1 needs a value"
		if [[ $1 == --key ]]; then key=$2; else certificate=$2; fi
		shift 2
		;;
	--installed) installed=1 && shift ;;
	--state) state=1 && shift ;;
	-h | --help) usage && exit ;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
[[ ${key:+1} == "${certificate:+1}" ]] || bad_usage "--key and --certificate go together"
named=$key

if [[ -n $state ]]; then
	tell_state
	exit
fi

find_key() { [[ -n $key ]] || choose_key; }

# alone: ends the script if there is half of a pair. dkms and openssl would replace it, and a key that is enrolled would be lost.
alone() {
	local pair file key certificate missing
	for pair in "${key_places[@]}"; do
		read -r key certificate <<<"$pair"
		for file in "$key" "$certificate"; do
			[[ -e $file || -L $file ]] || continue
			missing=("Put the key there, too: $key")
			[[ $file != "$key" ]] || missing=("Put its certificate there, too: $certificate"
				"If that is elsewhere, as PEM: sudo openssl x509 -in FILE -outform DER -out $certificate")
			die "a key and its certificate belong together, but there is only $file" "${missing[@]}" \
				"If you do not need it any longer, move $file away; then sudo make sign makes a new pair."
		done
	done
}

# dkms makes its own key when it first needs one, and uses no other.
make_key() {
	alone
	if type -P dkms >/dev/null && dkms generate_mok >&2; then
		! find_key || return 0
	fi
	read -r key certificate <<<"${key_places[-1]}"
	say "Making a key for this machine's modules: $key"
	# (Everybody may read the certificate: preflight.sh asks if it is enrolled.)
	(umask 022 && mkdir -p "$(dirname "$key")")
	# This key can sign modules, but no boot loader or kernel: the last number tells shim so.
	(umask 077 && openssl req -new -x509 -newkey rsa:2048 -nodes -days 36500 -sha256 -subj "/CN=$(uname -n) module signing key" \
		-addext keyUsage=digitalSignature -addext extendedKeyUsage=codeSigning,1.3.6.1.4.1.2312.16.1.2 \
		-outform DER -keyout "$key.new" -out "$certificate.new" 2>"$key.log") ||
		die "openssl could not make a key" "$(tail -n 1 "$key.log")"
	rm "$key.log"
	chmod 644 "$certificate.new"
	mv "$certificate.new" "$certificate"
	mv "$key.new" "$key"
}

enrol() {
	case $(key_state "$certificate") in
	enrolled) say "The key is enrolled." ;;
	waiting) say_next_boot "The key will be enrolled at the next boot." ;;
	no-firmware) say "UEFI firmware has not booted this machine, so there is no Secure Boot, and no need to enrol the key." ;;
	no-mokutil) die "the key cannot be enrolled without mokutil" "Debian, Ubuntu: sudo apt-get install mokutil" ;;
	*)
		say "mokutil asks for a password. You will need it once, at the next boot."
		mokutil --import "$certificate" || die "mokutil could not ask for the key to be enrolled" \
			"By hand: sudo mokutil --import $certificate"
		say_next_boot "The key will be enrolled at the next boot."
		;;
	esac
}

say_next_boot() {
	printf '%s\n' "$1" \
		"  Reboot. Before Linux starts, a blue screen, \"Perform MOK management\", waits for only ten seconds: press a key." \
		"  Choose: Enroll MOK, Continue, Yes; type the password; Reboot. Pictures of it: docs/secure-boot.md" >&2
}

# sign_file RELEASE: prints the path of sign-file: the kernel's own, or that of another kernel, which writes the same.
sign_file() {
	local tool release=$1
	for tool in "$(completed "$release")/scripts/sign-file" "/lib/modules/$release/build/scripts/sign-file" \
		"/usr/src/linux-headers-$release/scripts/sign-file" /usr/lib/linux-kbuild-*/scripts/sign-file "$kernels"/*/build/scripts/sign-file; do
		[[ -x $tool ]] && echo "$tool" && return
	done
	die "sign-file of kernel $release is not here" "Debian: sudo apt-get install linux-headers-$release"
}

# unsign FILE: removes a signature. A file's last 40 bytes say if it has one, and how long that is. (Every Debian has perl.)
unsign() {
	perl -e '
		open my $file, "+<:raw", $ARGV[0] or die "$ARGV[0]: $!\n";
		my ($size, $end) = (-s $file, "");
		exit if $size < 40;
		seek $file, $size - 40, 0;
		read $file, $end, 40;
		exit if substr($end, 12) ne "~Module signature appended~\n";
		my $length = unpack "N", substr $end, 8, 4;
		exit if $length > $size - 40;
		truncate $file, $size - 40 - $length or die "$ARGV[0]: $!\n"' "$1"
}

# check_modules FILE…: ends the script if one of them cannot be signed.
check_modules() {
	local file
	for file; do
		[[ -r $file ]] || die "cannot read $file"
		modinfo -F vermagic "$file" >/dev/null 2>&1 || die "not a module: $file"
		# (modinfo also reads compressed ones, but a signature belongs to what is inside.)
		[[ $(head -c 4 "$file") == $'\x7fELF' ]] || die "a compressed module cannot be signed: $file" \
			"Unpack it, sign it, and compress it again."
	done
}

sign() {
	local file release tool
	for file; do
		release=$(modinfo -F vermagic "$file")
		tool=$(sign_file "${release%% *}") || exit
		# Sign a copy, and put it in the place of the file only when it is complete there. The file keeps its owner.
		new=$(realpath -- "$file").new
		cp "$file" "$work/module.ko"
		unsign "$work/module.ko"
		"$tool" sha256 "$key" "$certificate" "$work/module.ko" || die "$file could not be signed with $key"
		{ cp --preserve=all "$file" "$new" && cat "$work/module.ko" >"$new" && mv "$new" "${new%.new}" && new=""; } 2>/dev/null ||
			die "$file could not be written (is there room on the disk?)"
	done
}

PATH=$PATH:/usr/sbin:/sbin
if [[ -n $installed ]]; then
	find_key && [[ -r $key ]] || exit 0
	check_modules "$@"
else
	if (($# == 0)); then
		modules=$build/modules/$(uname -r)
		[[ -r $modules/modules.order ]] || die "no modules are built for the running kernel, $(uname -r)" "make"
		mapfile -t files < <(sed "s,^,$modules/,; s/o\$/ko/" "$modules/modules.order")
		((${#files[@]})) || die "there is no module in $modules" "make"
		set -- "${files[@]}"
	fi
	[[ -n $named ]] || ((EUID == 0)) || die "only root can read the key" "sudo make sign"
	# (A key is made only if there is something to sign.)
	check_modules "$@"
	[[ -n $named ]] || find_key || make_key
fi
for file in "$key" "$certificate"; do [[ -r $file ]] || die "cannot read $file"; done
work=$(mktemp -d) new=''
trap 'rm -rf "$work" ${new:+"$new"}' EXIT
sign "$@"
[[ -z $installed ]] || exit 0
say "Signed with $key: $#$( (($# == 1)) && echo " module" || echo " modules")"
[[ -n $named ]] || enrol
