#!/usr/bin/env bash
# stress-ng, which knows nothing of our modules, at work on them: gets it, and runs stress_ng.sh in the virtual machine.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

. tests/long/host/programs.sh
scripts/vm.sh --strip --add "$programs" bash tests/long/host/stress_ng.sh
