#!/usr/bin/env bash
# README.md's "On your own machine" in the smallest Debian from testing, as tests/long/host/minimal.t types it in the stable one.

SUITE=testing exec "$(dirname "$0")/../../long/host/minimal.t"
