#!/usr/bin/env bash
# A module that is signed, by somebody whom the kernel does not know.

. "$(dirname "$0")/../tap.sh"
cd "$(dirname "$0")/../.." || exit

kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
modules=build/modules/$(<"$kdir/include/config/kernel.release")
directory=$(mktemp -d "$PWD/build/signed-test.XXXXXX")
temporary+=("$directory")

# shellcheck disable=SC2016 # it is the sandbox's shell that expands them
run scripts/sandbox.sh bash -euc '
	openssl req -new -x509 -newkey rsa:2048 -nodes -subj "/CN=A stranger" -keyout "$0/key" -out "$0/certificate"
	"$1/scripts/sign-file" sha256 "$0/key" "$0/certificate" "$2/hello_world.ko" "$0/stranger.ko"' "$directory" "$kdir" "$modules"
is "$status" 0 "a module can be signed with a key of one's own"
like "$(scripts/sandbox.sh modinfo -F signer "$directory/stranger.ko")" 'A stranger' "… and says so"

# loads ARGUMENTS: boots with these, and loads it.
loads() {
	run scripts/vm.sh --strip --append "$1" --add "$directory/stranger.ko" bash -c \
		'insmod stranger.ko; echo "status $?"; dmesg | grep -E "unavailable key|verification failed|Hello World"'
}
loads ""
like "$stdout" $'^status 0\n' "a kernel that does not insist on signatures loads it"
like "$stdout" 'hello_world: module verification failed: signature and/or required key missing - tainting kernel' "… and says that it does not know the key"
loads module.sig_enforce=1
is "$stderr" "insmod: ERROR: could not insert module stranger.ko: Key was rejected by service" "one that insists refuses"
# shellcheck disable=SC2001 # it is for each line
is "$(sed 's/^\[[^]]*\] //' <<<"$stdout")" $'status 1\nLoading of module with unavailable key is rejected' "… and the log says why"

done_testing
