#!/usr/bin/env bash
# README.md's "On your own machine" in the smallest Debian from testing, as tests/long/host/minimal.t types it in the stable one.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit
SUITE=testing exec bash tests/long/host/minimal.t
