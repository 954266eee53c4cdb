#!/usr/bin/env bash
# /dev/chardev in the hands of programs that know nothing of it: gets them, and runs device.sh in the virtual machine.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

. tests/long/host/programs.sh
# shellcheck disable=SC2154 # programs.sh sets it
scripts/vm.sh --strip --add "$programs" bash tests/long/host/device.sh
