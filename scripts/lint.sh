#!/usr/bin/env bash
# Usage: scripts/lint.sh
#
# Checks every source file with its language's own tools: rustfmt, the kernel's clippy lints, shellcheck, shfmt; and all text
# with scripts/prose.sh. It runs in the sandbox (make lint) and changes nothing; scripts/lint.sh --fix formats the files.
#
# The exit status is 0 if there is nothing to say.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"

check=(--check) diff=(-d)
(($# <= 1)) || bad_usage "one option at most"
case ${1:-} in
-h | --help) usage && exit ;;
--fix) check=() diff=(-w) ;;
'') ;;
*) bad_usage "unknown option $1" ;;
esac
in_sandbox || exec "$top/scripts/sandbox.sh" "$top/scripts/$program" "$@"

cd "$top"
failed=0

lint() {
	local name=$1
	shift
	if "$@"; then
		say "$name: ${green}clean${plain}"
	else
		say "$name: ${red}failed${plain}"
		failed=1
	fi
}

sources() { find . \( -path ./build -o -path ./.git \) -prune -o -type f \( "$@" \) -print0; }

# Clippy goes by what rustc is told, so it runs where the modules are built; it has to be as silent as rustc.
clippy() {
	local kdir output
	kdir=$(scripts/rust-headers.sh)
	lock "$build/clippy.lock" "it runs clippy"
	# What is not compiled again does not warn again.
	remove "$build/clippy"
	output=$(make --no-print-directory modules KDIR="$kdir" MO="$build/clippy/$(kdir_release "$kdir")" CLIPPY=1 2>&1) || {
		printf '%s\n' "$output"
		return 1
	}
	grep -A 12 -E '^(warning|error)' <<<"$output" && return 1
	return 0
}

mapfile -d '' rust < <(sources -name '*.rs')
mapfile -d '' shell < <(sources -name '*.sh' -o -name '*.t' -o -path './.ci/run')

lint rustfmt rustfmt "${check[@]}" "${rust[@]}"
lint clippy clippy
lint shellcheck shellcheck "${shell[@]}"
lint shfmt shfmt -ln bash "${diff[@]}" "${shell[@]}"
lint prose scripts/prose.sh
exit "$failed"
