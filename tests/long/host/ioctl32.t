#!/usr/bin/env bash
# Compiles a 32-bit program that calls ioctl on /dev/chardev, and runs ioctl32.sh in the virtual machine.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

mkdir -p build/ioctl32
scripts/sandbox.sh gcc -m32 -O2 -Wall -Werror -ffreestanding -fno-stack-protector -fno-pie -no-pie -static -nostdlib \
	-o build/ioctl32/ioctl32 tests/long/host/ioctl32.c || {
	echo "Bail out! ioctl32.c cannot be compiled"
	exit 1
}
scripts/vm.sh --strip --add "$PWD/build/ioctl32" bash tests/long/host/ioctl32.sh
