#!/usr/bin/env bash
# vm: --smp 2 --no-strip
#
# What docs/crashes.md shows of the sanitized kernel.

cd "$(dirname "$0")/../.." || exit
exec env TAG=sanitized bash tests/docs.t
