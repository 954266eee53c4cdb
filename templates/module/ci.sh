#!/usr/bin/env bash
# Usage: ./ci.sh
#
# For continuous integration: runs the tests and lint, on a Debian or Ubuntu where bubblewrap works (a container must be a
# privileged one). It clones rust-lkm from RUST_LKM_URL if it is missing. As root it also installs the programs that rust-lkm needs.

set -euo pipefail
case ${1:-} in
'') ;;
-h | --help) sed -n '2,/^$/ { s/^#//; s/^ //; p }' "$0" && exit ;;
*) echo "ci.sh: error: unknown argument $1" >&2 && exit 2 ;;
esac
cd "$(dirname "$0")"
RUST_LKM=${RUST_LKM:-$(sed -n 's/^RUST_LKM ?= //p' Makefile)}
RUST_LKM_URL=${RUST_LKM_URL:-}
export RUST_LKM

if [[ ! -e $RUST_LKM/lkm/Kbuild.include ]]; then
	git clone --depth 1 "${RUST_LKM_URL:?must be set to the URL for cloning rust-lkm}" "$RUST_LKM"
fi
"$RUST_LKM/scripts/sandbox.sh" --preflight

# Run both, even if the first fails.
failed=0
for part in test lint; do make "$part" || failed=1; done
exit "$failed"
