#!/usr/bin/env bash
# Loads modules into a kernel that firmware with Secure Boot has verified, and that is locked down for this reason. The kernel
# must refuse a module that is not signed, that a stranger has signed, or that was changed after it was signed. It must load a
# module if the firmware knows the key. Types the commands in docs/secure-boot.md. (tests/debian/secure_boot.t enrols a key, as a
# person does.)

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../shown.sh" || exit
cd "$(dirname "$0")/../.." || exit

kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
modules=build/modules/$(<"$kdir/include/config/kernel.release")
directory=$(mktemp -d "$PWD/build/secure-boot.XXXXXX")
temporary+=("$directory")
for who in stranger owner; do
	scripts/sandbox.sh openssl req -new -x509 -newkey rsa:2048 -nodes -subj "/CN=The $who" -keyout "$directory/$who.key" \
		-out "$directory/$who.pem" 2>/dev/null
done
mkdir "$directory/signed"
cp "$modules"/*.ko "$directory/signed/"
cp "$modules/hello_world.ko" "$directory/stranger.ko"
sign() { scripts/sandbox.sh scripts/sign.sh --key "$directory/$1.key" --certificate "$directory/$1.pem" "${@:2}"; }
run sign owner "$directory"/signed/*.ko
is "$status" 0 "sign.sh signs all modules"
run sign stranger "$directory/stranger.ko"
cp "$directory/signed/hello_world.ko" "$directory/changed.ko"
printf x | dd of="$directory/changed.ko" bs=1 seek=3000 conv=notrunc status=none

# type_documented TEXT: prints a script that runs the commands of a block in docs/secure-boot.md, and prints each command after
# its prompt. The block begins with ```console TEXT.
block() { awk -v start="\`\`\`console $1" '/^```/ { inside = ($0 == start); next } inside' docs/secure-boot.md; }
type_documented() {
	block "$1" | sed -n 's/^# //p' | while IFS= read -r line; do printf 'echo %q; { %s; } 2>&1; ' "# $line" "$line"; done
}

run scripts/vm.sh --strip --secure-boot --add "$directory/stranger.ko" bash -c "$(type_documented refused)
	echo == stranger; insmod stranger.ko; dmesg | grep -c 'Loading of module with unavailable key is rejected'
	echo == tour; scripts/demo.sh; echo \"status \$?\""
is "$status" 0 "firmware with Secure Boot on starts the kernel"
is_as_shown "$(sed '/^== stranger/,$d' <<<"$stdout")" "$(block refused)" "docs/secure-boot.md shows how an unsigned module is refused"
like "$stdout" '== stranger'$'\n''1'$'\n' "a module that a stranger has signed is refused, and the log says why"
like "$stderr" 'insmod: ERROR: could not insert module stranger.ko: Key was rejected by service' "… and so does insmod"
like "$stdout" '== tour'$'\n''status 3$' "the tour refuses"
like "$stderr" 'locked down \(integrity\).*'$'\n''  Sign them .* sudo make sign .*'$'\n''  Or switch Secure Boot off.*'$'\n''  Or .* make vm' "… and names the three ways"

run scripts/vm.sh --strip --enrol "$directory/owner.pem" --add "$directory/signed" --add "$directory/changed.ko" --add "$directory/stranger.ko" \
	bash -c "cp signed/*.ko .; $(type_documented enrolled)
	echo == refused; for file in changed stranger; do insmod \$file.ko || echo \"\$file refused\"; done
	echo == tour; scripts/demo.sh; echo \"status \$?\""
is_as_shown "$(sed '/^== refused/,$d' <<<"$stdout")" "$(block enrolled)" "docs/secure-boot.md shows how a signed module is loaded, with taint O and without E"
like "$stdout" '== refused'$'\n''changed refused'$'\n''stranger refused'$'\n' "a module that was changed after it was signed is refused, and so is the stranger's"
like "$stdout" '([0-9]+) of \1 expectations held.*status 0$' "the tour runs"

run scripts/vm.sh --enrol "$directory/no.pem" true
like "$status $stderr" "^2 .*there is no $directory/no.pem" "a certificate that does not exist is named"

done_testing
