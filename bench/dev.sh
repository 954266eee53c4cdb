#!/usr/bin/env bash
# Usage: bench/dev.sh [SAVES]
#
# Measures make dev: saves a source of a new module SAVES times (default 20), and measures how long it takes until the line that the
# module's init prints is shown. It prints the times, the median and the maximum. Do not use the machine meanwhile. (It also prints
# how busy the machine was.)
#
#   --help  this text
#
# The exit status is 0; 1 if a save was not followed by its line; 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/common.sh" || exit

case ${1:-} in
-h | --help) usage && exit ;;
-*) bad_usage "unknown option $1" ;;
esac
(($# <= 1)) || bad_usage "one number of SAVES at most"
saves=${1:-20}
[[ $saves =~ ^[1-9][0-9]*$ ]] || bad_usage "SAVES is a number, not '$saves'"

directory=$(mktemp -d)
own=$directory/number machine=''
trap '[[ -z $machine ]] || { kill "$machine" 2>/dev/null || :; wait "$machine" 2>/dev/null || :; }; rm -rf "$directory"' EXIT
said=$("$top/scripts/new-module.sh" "$own" 2>&1) || die "new-module.sh could not make a module" "$said"
coproc dev { exec "$top/scripts/dev.sh" --from "$own" </dev/null 2>&1; }
# shellcheck disable=SC2154 # coproc sets it
machine=$dev_PID
exec {shown}<&"${dev[0]}"

# until_shown TEXT
until_shown() {
	local line
	while IFS= read -r -t 120 line <&"$shown"; do
		[[ $line != *"$1"* ]] || return 0
	done
	die "'$1' was not shown"
}

until_shown "dev.sh: ready"
times=()
for ((i = 1; i <= saves; i++)); do
	sleep 1
	sed -E "s/the number( of save [0-9]+)? is/the number of save $i is/" "$own/number.rs" >"$directory/next"
	begin=${EPOCHREALTIME/[.,]/}
	cp "$directory/next" "$own/number.rs"
	until_shown "number: the number of save $i is"
	times+=($((${EPOCHREALTIME/[.,]/} - begin)))
	say "save $i: $((times[-1] / 1000)) ms"
	until_shown "loaded, "
done
mapfile -t sorted < <(printf '%s\n' "${times[@]}" | sort -n)
ms() { printf '%d.%02d s' "$(($1 / 1000000))" "$(($1 / 10000 % 100))"; }
echo "$saves saves: median $(ms "${sorted[saves / 2]}"), worst $(ms "${sorted[-1]}"); load $(cut -d ' ' -f 1 /proc/loadavg) on $(nproc) CPUs"
