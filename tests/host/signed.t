#!/usr/bin/env bash
# A module that is signed with a key that the kernel does not know.

. "$(dirname "$0")/../tap.sh" || exit
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
like "$(scripts/sandbox.sh modinfo -F signer "$directory/stranger.ko")" 'A stranger' "… and modinfo names the signer"

run scripts/vm.sh --strip --add "$directory/stranger.ko" bash -c '
	load() { insmod stranger.ko; echo "status $?"; dmesg --read-clear | grep -oE "[^]]* unavailable key .*|[^ ]* module verification failed.*|[^ ]* Hello World"; }
	load
	rmmod hello_world
	echo 1 >/sys/module/module/parameters/sig_enforce
	load
	cp stranger.ko hello_world.ko
	scripts/demo.sh hello_world 2>&1
	echo "status $?"'
is "$(head -n 5 <<<"$stdout")" "status 0
hello_world: module verification failed: signature and/or required key missing - tainting kernel
hello_world: Hello World
status 1
 Loading of module with unavailable key is rejected" "a kernel that does not insist on signatures loads it; one that insists refuses it; the log says why"
is "$(tail -n +6 <<<"$stdout")" "demo.sh: this kernel loads only signed modules (module.sig_enforce); and it does not trust the key that signed hello_world.ko
  Sign them with your own key, and enrol it: sudo make sign (docs/secure-boot.md)
  Or boot without module.sig_enforce.
  Or use a virtual machine, whose kernel loads any module: make vm, make demo
status 3" "… and the tour says so before it begins"
is "$(grep -v '^Making the file system' <<<"$stderr")" "insmod: ERROR: could not insert module stranger.ko: Key was rejected by service" "… and so does insmod"

done_testing
