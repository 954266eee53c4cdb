#!/usr/bin/env bash
# scripts/sign.sh, as far as it can be tested on a machine without Secure Boot. tests/debian/secure_boot.t does the rest.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
modules=build/modules/$(<"$kdir/include/config/kernel.release")
directory=$(mktemp -d "$PWD/build/sign-test.XXXXXX")
temporary+=("$directory")
for who in one two; do
	scripts/sandbox.sh openssl req -new -x509 -newkey rsa:2048 -nodes -subj "/CN=$who" -keyout "$directory/$who.key" \
		-outform DER -out "$directory/$who.der" 2>/dev/null
done
cp "$modules/hello_world.ko" "$directory/module.ko"
cp "$directory/one.key" "$directory/one.key.good"
sign() { run scripts/sandbox.sh scripts/sign.sh "$@"; }
signer() { scripts/sandbox.sh modinfo -F signer "$directory/module.ko"; }

sign --key "$directory/one.key" --certificate "$directory/one.der" "$directory/module.ko"
is "$status $(signer)" "0 one" "it signs with one's own key"
size=$(stat -c %s "$directory/module.ko")
sign --key "$directory/two.key" --certificate "$directory/two.der" "$directory/module.ko"
is "$status $(signer)" "0 two" "a new signature replaces that of a signed file"
# (A signature is some hundred bytes. The certificates' random numbers may differ by a few in length.)
is "$(grep -c 'Module signature appended' "$directory/module.ko") $((($(stat -c %s "$directory/module.ko") - size) / 10))" "1 0" "… and the first one is gone"
cp "$directory/module.ko" "$directory/before.ko"
sign --installed "$directory/module.ko"
is "$status $stderr $(cmp "$directory/module.ko" "$directory/before.ko")" "0  " "--installed does nothing if there is no key"

echo "no module" >"$directory/text"
sign --key "$directory/one.key" --certificate "$directory/one.der" "$directory/text"
like "$status $stderr" '^1 .*not a module: ' "a file that is not a module gives 1"
sign --key "$directory/no.key" --certificate "$directory/one.der" "$directory/module.ko"
like "$status $stderr" '^1 .*cannot read .*/no.key' "a key that does not exist is named"
sign --key "$directory/one.key"
like "$status $stderr" '^2 .*--key and --certificate go together' "a key without its certificate gives 2"
cp "$directory/before.ko" "$directory/module.ko"
echo broken >"$directory/one.key"
sign --key "$directory/one.key" --certificate "$directory/one.der" "$directory/module.ko"
like "$status $stderr" '^1 .*could not be signed with' "a broken key gives 1"
is "$(cmp "$directory/module.ko" "$directory/before.ko")" "" "… and the module has not changed"
run scripts/sandbox.sh bash -c 'xz --check=crc32 -k "$0/module.ko" && cp "$0/module.ko.xz" "$0/before.xz"' "$directory"
cp "$directory/one.key.good" "$directory/one.key"
sign --key "$directory/one.key" --certificate "$directory/one.der" "$directory/module.ko.xz"
like "$status $stderr" '^1 .*a compressed module cannot be signed: .*module\.ko\.xz'$'\n''.*Unpack it' "a compressed module is refused"
is "$(cmp "$directory/module.ko.xz" "$directory/before.xz")" "" "… and is as it was"
ln -s module.ko "$directory/link.ko"
chmod 640 "$directory/module.ko"
sign --key "$directory/one.key" --certificate "$directory/one.der" "$directory/link.ko"
is "$status $(signer) $(stat -c %a "$directory/module.ko") $(readlink "$directory/link.ko") $(echo "$directory"/*.new)" \
	"0 one 640 module.ko $directory/*.new" "by a link, the module that it leads to is signed, and keeps its mode"

# Only root may mount something in the sandbox.
if ((EUID)); then
	skip "on a full disk a module stays as it was" "not root"
	skip "modules are signed with a key in /var/lib" "not root"
else
	# shellcheck disable=SC2016 # it is for the shell inside
	run scripts/sandbox.sh bash -c 'mount -t tmpfs none /mnt -o size=$(($(stat -c %s "$0/before.ko") * 3 / 2)) && cp "$0/before.ko" /mnt/module.ko &&
	scripts/sign.sh --key "$0/one.key" --certificate "$0/one.der" /mnt/module.ko; echo "status $?"; cmp "$0/before.ko" /mnt/module.ko; ls /mnt' "$directory"
	is "$stdout" "status 1"$'\n'"module.ko" "on a full disk a module stays as it was"
	like "$stderr" 'module\.ko could not be written \(is there room on the disk' "… and that is said"
	# (In the sandbox, everything outside the checkout is lost when the command ends, also the key and the installed modules.)
	run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key /tmp/installed; mount --bind /tmp/key /var/lib && mkdir -p /var/lib/shim-signed/mok &&
	cp "$0/one.key.good" /var/lib/shim-signed/mok/MOK.priv && cp "$0/one.der" /var/lib/shim-signed/mok/MOK.der &&
	installed=/tmp/installed/lib/modules/$2 && mkdir -p $installed && touch $installed/modules.{order,builtin,builtin.modinfo} &&
	make -s modules_install KDIR="$1" INSTALL_MOD_PATH=/tmp/installed && modinfo -F signer $(find /tmp/installed -name "hello_world.ko*")
	grep -o "^updates/hello_world" $installed/modules.dep' "$directory" "$kdir" "${modules##*/}"
	is "$(tail -n 2 <<<"$stdout")" "one"$'\n'"updates/hello_world" "make modules_install signs, if there is a key, and makes modprobe's list"
	run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key; mount --bind /tmp/key /var/lib && mkdir -p /var/lib/{dkms,shim-signed/mok} &&
		cp "$0/one.key.good" /var/lib/shim-signed/mok/MOK.priv && cp "$0/one.der" /var/lib/shim-signed/mok/MOK.der &&
		cp "$0/two.key" /var/lib/dkms/mok.key && cp "$0/two.der" /var/lib/dkms/mok.pub &&
		cp "$1/hello_world.ko" /tmp/ && scripts/sign.sh --installed /tmp/hello_world.ko && modinfo -F signer /tmp/hello_world.ko' "$directory" "$modules"
	is "$status $stdout" "0 two" "if dkms has a key, it is the one that signs"
	# (What cannot be signed needs no key.)
	run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key; mount --bind /tmp/key /var/lib
		for file in "$0/none" "$0/text" "$0/module.ko.xz"; do scripts/sign.sh "$file"; echo "$?$(find /var/lib -mindepth 1)"; done
		cp "$1/hello_world.ko" /tmp/ && scripts/sign.sh /tmp/hello_world.ko; stat -c "%n %A" /var/lib/shim-signed/mok/*
		cp "$0/module.ko.xz" /tmp/ && scripts/sign.sh --installed /tmp/module.ko.xz; echo "$?"; cmp "$0/module.ko.xz" /tmp/module.ko.xz' "$directory" "$modules"
	is "$stdout" "1
1
1
/var/lib/shim-signed/mok/MOK.der -rw-r--r--
/var/lib/shim-signed/mok/MOK.priv -rw-------
1" "a key is made only when there is a module to sign, and nobody else can read it"
	like "$stderr" 'cannot read .*/none.*not a module: .*/text.*a compressed module cannot be signed: .*Making a key.*Signed with /var.*a compressed module cannot be signed' "… and the messages say what is wrong with a file"
	# (The running kernel seems to be that of the virtual machine.)
	run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key /tmp/bin; mount --bind /tmp/key /var/lib && mkdir -p /var/lib/shim-signed/mok &&
		cp "$0/one.key.good" /var/lib/shim-signed/mok/MOK.priv && cp "$0/one.der" /var/lib/shim-signed/mok/MOK.der &&
		printf "#!/bin/sh\n[ \"\$*\" != -r ] || exec echo %s\nexec /usr/bin/uname \"\$@\"\n" "${1##*/}" >/tmp/bin/uname && chmod +x /tmp/bin/uname &&
		mount -t tmpfs none /mnt && cp "$1/hello_world.ko" /mnt/ && echo hello_world.o >/mnt/modules.order && mount --bind /mnt "$1" &&
		PATH=/tmp/bin:$PATH scripts/sign.sh && modinfo -F signer "$1/hello_world.ko"' "$directory" "$modules"
	like "$status $stdout $stderr" '^0 one .*: 1 module'$'\n' "without a name, it signs the modules of the running kernel"
	# (A stand-in for mokutil, on a machine with UEFI firmware.)
	run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key; mount --bind /tmp/key /var/lib && mkdir -p /var/lib/{dkms,shim-signed/mok} &&
		cp "$0/one.key.good" /var/lib/shim-signed/mok/MOK.priv && cp "$0/one.der" /var/lib/shim-signed/mok/MOK.der &&
		cp "$0/two.key" /var/lib/dkms/mok.key && cp "$0/two.der" /var/lib/dkms/mok.pub &&
		mount -t tmpfs none /sys && mkdir -p /sys/firmware/efi/efivars /tmp/bin &&
		printf "#!/bin/sh\ncmp -s \"\$2\" \"$0/one.der\" && echo \"\$2 is already enrolled\"\n" >/tmp/bin/mokutil && chmod +x /tmp/bin/mokutil &&
		cp "$1/hello_world.ko" /tmp/ && PATH=/tmp/bin:$PATH scripts/sign.sh --installed /tmp/hello_world.ko && modinfo -F signer /tmp/hello_world.ko' "$directory" "$modules"
	is "$status $stdout" "0 one" "… but one that is enrolled is preferred"

	# (Stand-ins for the firmware, a kernel that loads only signed modules, and mokutil, which says what is in the file said.)
	cat >"$directory/firmware" <<'SCRIPT'
mkdir -p /tmp/key /tmp/bin
mount --bind /tmp/key /var/lib && mkdir -p /var/lib/shim-signed/mok && mount -t tmpfs none /sys || exit
mkdir -p /sys/firmware/efi/efivars /sys/module/module/parameters /sys/kernel/security
cp "$0/one.key.good" /var/lib/shim-signed/mok/MOK.priv && cp "$0/one.der" /var/lib/shim-signed/mok/MOK.der && cp "$1/hello_world.ko" /tmp/ || exit
printf '#!/bin/sh\n[ "$1" != --test-key ] || exec cat /tmp/said\necho "mokutil $*" && read -r answer && exit "$answer"\n' >/tmp/bin/mokutil
chmod +x /tmp/bin/mokutil
PATH=/tmp/bin:$PATH
says() {
	echo "== $1"
	echo "$1" >/tmp/said
	echo "${2:-0}" | scripts/sign.sh /tmp/hello_world.ko 2>&1 | sed -n '/^Signed/d; s/^sign.sh: //; /Choose:/d; p'
	echo "status ${PIPESTATUS[1]}"
}
says 'is not enrolled'
says 'is not enrolled' 1
says 'is already enrolled'
says 'is already in the enrollment request'
rm /tmp/bin/mokutil
says nothing
for lockdown in '[none] integrity confidentiality' 'none [integrity] confidentiality' 'none integrity [confidentiality]'; do
	echo "$lockdown" >/sys/kernel/security/lockdown
	echo "== $lockdown"
	scripts/sign.sh --state | sed 1s/^[^:]*://
done
rm /sys/kernel/security/lockdown
for enforced in N Y; do
	echo "$enforced" >/sys/module/module/parameters/sig_enforce
	echo "== $enforced"
	scripts/sign.sh --state | sed 1s/^[^:]*://
done
for said in 'is not enrolled' 'is already enrolled' 'is already in the enrollment request'; do
	printf '#!/bin/sh\necho "%s"\n' "$said" >/tmp/bin/mokutil && chmod +x /tmp/bin/mokutil
	echo "== $said"
	scripts/sign.sh --state | sed 1s/^[^:]*://
done
SCRIPT
	run scripts/sandbox.sh bash -c "$(<"$directory/firmware")" "$directory" "$modules"
	at_boot='  Reboot. Before Linux starts, a blue screen, "Perform MOK management", waits for only ten seconds: press a key.'
	own='Sign them with your own key, and enrol it: sudo make sign (docs/secure-boot.md)'
	off='Or switch Secure Boot off in the firmware.'
	machine='Or use a virtual machine, whose kernel loads any module: make vm, make demo'
	asks='mokutil asks for a password. You will need it once, at the next boot.'
	import='mokutil --import /var/lib/shim-signed/mok/MOK.der'
	is "$stdout" "== is not enrolled
$asks
$import
The key will be enrolled at the next boot.
$at_boot
status 0
== is not enrolled
$asks
$import
error: mokutil could not ask for the key to be enrolled
  By hand: sudo $import
status 1
== is already enrolled
The key is enrolled.
status 0
== is already in the enrollment request
The key will be enrolled at the next boot.
$at_boot
status 0
== nothing
error: the key cannot be enrolled without mokutil
  Debian, Ubuntu: sudo apt-get install mokutil
status 1
== [none] integrity confidentiality
 this kernel loads any module
== none [integrity] confidentiality
 this kernel is locked down (integrity), as with Secure Boot, and loads only signed modules
$own
$off
$machine
== none integrity [confidentiality]
 this kernel is locked down (confidentiality), as with Secure Boot, and loads only signed modules
$own
$off
$machine
== N
 this kernel loads any module
== Y
 this kernel loads only signed modules (module.sig_enforce)
$own
Or boot without module.sig_enforce.
$machine
== is not enrolled
 this kernel loads only signed modules (module.sig_enforce)
$own
Or boot without module.sig_enforce.
$machine
== is already enrolled
 this kernel loads only signed modules (module.sig_enforce)
Sign them with this machine's key, which is enrolled: sudo make sign
Or boot without module.sig_enforce.
$machine
== is already in the enrollment request
 this kernel loads only signed modules (module.sig_enforce)
Reboot, and enrol this machine's key on the blue screen; then: sudo make sign (docs/secure-boot.md)
Or boot without module.sig_enforce.
$machine" "the key is enrolled if it is not yet; --state says why a kernel loads only signed modules, and what to do"

	# (A stand-in for dkms, which would make a new pair, as the real one does.)
	for file in shim-signed/mok/MOK.priv shim-signed/mok/MOK.der dkms/mok.key dkms/mok.pub; do
		run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key /tmp/bin; mount --bind /tmp/key /var/lib && mkdir -p /var/lib/{dkms,shim-signed/mok} &&
			printf "#!/bin/sh\necho new | tee /var/lib/dkms/mok.key >/var/lib/dkms/mok.pub\n" >/tmp/bin/dkms && chmod +x /tmp/bin/dkms &&
			{ [[ $2 == dkms/* ]] || rm /tmp/bin/dkms; } && echo mine >"/var/lib/$2" && cp "$1/hello_world.ko" /tmp/ && cd "$0" || exit
			PATH=/tmp/bin:$PATH scripts/sign.sh /tmp/hello_world.ko; echo "$?"
			cd /var/lib && grep -r "" dkms shim-signed' "$PWD" "$modules" "$file"
		is "$stdout" "1"$'\n'"$file:mine" "$file alone is not replaced by a new key"
		like "$stderr" "error: a key and its certificate belong together, but there is only /var/lib/$file"$'\n'".*Put (the key|its certificate) there, too: /var/lib/" "… and the message names what is missing"
	done
	run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key /tmp/bin; mount --bind /tmp/key /var/lib && mkdir /var/lib/dkms && cp "$1/hello_world.ko" /tmp/ &&
		printf "#!/bin/sh\ncp $0/two.key /var/lib/dkms/mok.key && cp $0/two.der /var/lib/dkms/mok.pub\n" >/tmp/bin/dkms && chmod +x /tmp/bin/dkms &&
		PATH=/tmp/bin:$PATH scripts/sign.sh /tmp/hello_world.ko >&2; modinfo -F signer /tmp/hello_world.ko; ls /var/lib' "$directory" "$modules"
	is "$stdout" $'two\ndkms' "if there is no key, but dkms, it is dkms that makes one"
	run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key; mount --bind /tmp/key /var/lib && cp "$0/hello_world.ko" /tmp/ &&
		scripts/sign.sh /tmp/hello_world.ko; cd /var/lib/shim-signed/mok && stat -c "%n %a" *' "$modules"
	is "$stdout" $'MOK.der 644\nMOK.priv 600' "if there is no key, both files of a pair are made, and only root can read the key"
fi
sign
like "$status $stderr" '^1 .*no modules are built for the running kernel' "if nothing is built, the message says so"
sign --state
is "$status" 0 "--state works everywhere"
like "$stdout" "^Linux $(uname -r | sed 's/[.+]/\\&/g'): " "… and is about the running kernel"
drop=()
((EUID)) || drop=(setpriv --reuid 1000 --regid 1000 --clear-groups)
if reachable; then
	run "${drop[@]}" scripts/sign.sh "$directory/module.ko"
	like "$status $stderr" '^1 .*only root can read the key' "for an ordinary user, the message says why it does not work"
else
	skip "for an ordinary user, the message says why it does not work" "no other user can reach this checkout"
fi

done_testing
