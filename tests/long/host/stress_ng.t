#!/usr/bin/env bash
# Runs stress-ng, which knows nothing about our modules, on them: gets the program, and runs stress_ng.sh in the virtual machine.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

. tests/long/host/programs.sh
scripts/vm.sh --strip --add "$programs" bash tests/long/host/stress_ng.sh
