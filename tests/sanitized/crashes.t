#!/usr/bin/env bash
# vm: --smp 2 --no-strip
#
# Types the commands that docs/crashes.md shows for the sanitized kernel.

cd "$(dirname "$0")/../.." || exit
exec env TAG=sanitized bash tests/docs.t
