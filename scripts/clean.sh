#!/usr/bin/env bash
# Usage: scripts/clean.sh [--all]
#
# Removes what building the modules left, wherever it stopped; with --all the whole of build/, that is the
# sandbox and the kernels too.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
-h | --help) usage && exit ;;
'' | --all) ;;
*) bad_usage "unknown option $1" ;;
esac

# What make leaves at the top, and what kbuild leaves beside the sources if it is called without MO=.
find "$top" -path "$build" -prune -o -path "$top/.git" -prune -o \( -type f -o -type l \) \( \
	-name '*.ko' -o -name '*.o' -o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' -o \
	-name modules.order -o -name Module.symvers -o -name rust-project.json \) -exec rm -f {} +

if [[ ${1:-} == --all ]]; then
	for record in "$build"/sandbox/*.scratch; do
		[[ ! -e $record ]] || remove "$(<"$record")"
	done
	remove "$build"
else
	remove "$build"/{modules,clippy,doc}
fi
