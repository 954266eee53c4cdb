#!/usr/bin/env bash
# Uses /dev/chardev with ordinary programs: gets the programs, and runs device.sh in the virtual machine.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

. tests/long/host/programs.sh
# shellcheck disable=SC2154 # programs.sh sets it
scripts/vm.sh --strip --add "$programs" bash tests/long/host/device.sh
