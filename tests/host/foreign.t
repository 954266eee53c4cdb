#!/usr/bin/env bash
# foreign.sh: what it lists and what it refuses. (tests/all/host/foreign.t builds and loads the modules.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)

run scripts/foreign.sh --list
is "$status $(wc -l <<<"$stdout")" "0 $(grep -c '^obj-' "$kdir/samples/rust/Makefile")" "all samples of the kernel are listed"
is "$(grep -c '^CONFIG_SAMPLE_RUST_DRIVER_USB rust_driver_usb allowed' <<<"$stdout")" \
	"$(grep -c '^CONFIG_USB=y' "$kdir/include/config/auto.conf")" "… and the kernel's configuration decides which are allowed"
run scripts/foreign.sh 0.0.0-none
like "$status $stdout$stderr" '^1 .*0\.0\.0-none' "a kernel that does not exist gives 1, and is named"
run scripts/foreign.sh --none
is "$status" 2 "an unknown option gives 2"
run scripts/foreign.sh one two
is "$status" 2 "two kernels give 2"

done_testing
