#!/usr/bin/env bash
# scripts/sign.sh, as far as it can be tried on a machine without Secure Boot. tests/debian/secure_boot.t does the rest.

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
is "$status $(signer)" "0 one" "a key of one's own signs"
size=$(stat -c %s "$directory/module.ko")
sign --key "$directory/two.key" --certificate "$directory/two.der" "$directory/module.ko"
is "$status $(signer)" "0 two" "a file that is signed gets another signature, and not a second"
is "$(grep -c 'Module signature appended' "$directory/module.ko") $(stat -c %s "$directory/module.ko")" "1 $size" "… the first is gone"
cp "$directory/module.ko" "$directory/before.ko"
sign --installed "$directory/module.ko"
is "$status $stderr $(cmp "$directory/module.ko" "$directory/before.ko")" "0  " "--installed does nothing where there is no key"

echo "no module" >"$directory/text"
sign --key "$directory/one.key" --certificate "$directory/one.der" "$directory/text"
like "$status $stderr" '^1 .*not a module: ' "a file that is no module gives 1"
sign --key "$directory/no.key" --certificate "$directory/one.der" "$directory/module.ko"
like "$status $stderr" '^1 .*cannot read .*/no.key' "a key that is not there is named"
sign --key "$directory/one.key"
like "$status $stderr" '^2 .*--key and --certificate go together' "a key without its certificate gives 2"
cp "$directory/before.ko" "$directory/module.ko"
echo broken >"$directory/one.key"
sign --key "$directory/one.key" --certificate "$directory/one.der" "$directory/module.ko"
like "$status $stderr" '^1 .*could not be signed with' "a key that is none gives 1"
is "$(cmp "$directory/module.ko" "$directory/before.ko")" "" "… and the module is as it was"
# (In the sandbox all but the checkout is gone when the command ends, the key and what was installed too.)
run scripts/sandbox.sh bash -c 'mkdir -p /tmp/key /tmp/installed; mount --bind /tmp/key /var/lib && mkdir -p /var/lib/shim-signed/mok &&
	cp "$0/one.key.good" /var/lib/shim-signed/mok/MOK.priv && cp "$0/one.der" /var/lib/shim-signed/mok/MOK.der &&
	make -s modules_install KDIR="$1" INSTALL_MOD_PATH=/tmp/installed && modinfo -F signer $(find /tmp/installed -name "hello_world.ko*")' "$directory" "$kdir"
is "$status $(tail -n 1 <<<"$stdout")" "0 one" "make modules_install signs, where there is a key"
sign
like "$status $stderr" '^1 .*no modules are built for the running kernel' "where nothing is built, that is said"
sign --state
is "$status" 0 "--state can be asked anywhere"
like "$stdout" "^Linux $(uname -r | sed 's/[.+]/\\&/g'): " "… and is about the running kernel"
drop=()
((EUID)) || drop=(setpriv --reuid 1000 --regid 1000 --clear-groups)
run "${drop[@]}" scripts/sign.sh "$directory/module.ko"
like "$status $stderr" '^1 .*only root can read the key' "an ordinary user is told why not"

done_testing
