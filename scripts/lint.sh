#!/usr/bin/env bash
# Usage: scripts/lint.sh [--fix] [--from DIR]
#
# Checks every source file with the tools of its language: rustfmt, the kernel's clippy lints, shellcheck, shfmt; and all text
# with scripts/prose.sh. It runs in the sandbox, and changes nothing.
#
#   --fix       format the files
#   --from DIR  the files in DIR, which has other modules; their text is not checked
#   --help      this text
#
# The exit status is 0 if all checks pass, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"

check=(--check) diff=(-d)
sources=$top saved=()
while (($#)); do
	case $1 in
	-h | --help) usage && exit ;;
	--fix)
		check=() diff=(-w)
		saved+=("$1")
		;;
	--from)
		[[ -n ${2:-} ]] || bad_usage "--from needs a directory"
		sources=$(module_directory "$2") || exit
		saved+=("$1" "$sources")
		shift
		;;
	*) bad_usage "unknown option $1" ;;
	esac
	shift
done
if ! in_sandbox; then
	visible=()
	if [[ $sources != "$top" ]]; then
		own_build "$sources"
		visible=(--writable "$sources")
	fi
	exec "$top/scripts/sandbox.sh" "${visible[@]}" "$top/scripts/$program" "${saved[@]}"
fi

cd "$sources"
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

files() { find . \( -path ./build -o -path ./.git -o -path "$(checkout_in "$sources")" \) -prune -o -type f \( "$@" \) -print0; }

# Clippy needs the flags of rustc, so this builds the modules with it. There must be no message.
clippy() {
	local kdir output of=()
	kdir=$("$top/scripts/rust-headers.sh")
	lock "$build/clippy.lock" "it is running clippy"
	# (Only files that are compiled again give their warnings again.)
	remove "$sources/build/clippy"
	[[ $sources == "$top" ]] || of=("M=$sources")
	output=$(make -C "$top" --no-print-directory modules KDIR="$kdir" MO="$sources/build/clippy/$(kdir_release "$kdir")" CLIPPY=1 "${of[@]}" 2>&1) || {
		printf '%s\n' "$output"
		return 1
	}
	grep -A 12 -E '^(warning|error)' <<<"$output" && return 1
	return 0
}

mapfile -d '' rust < <(files -name '*.rs')
mapfile -d '' shell < <(files -name '*.sh' -o -name '*.t' -o -path './.ci/run')

((${#rust[@]} + ${#shell[@]})) || say "there is nothing to check in $sources: no Rust and no shell"
[[ -e .rustfmt.toml || -e rustfmt.toml ]] || check+=(--config-path "$top")
((${#rust[@]} == 0)) || lint rustfmt rustfmt "${check[@]}" "${rust[@]}"
((${#rust[@]} == 0)) || lint clippy clippy
((${#shell[@]} == 0)) || lint shellcheck shellcheck --external-sources "--source-path=SCRIPTDIR:$top:$top/tests" "${shell[@]}"
((${#shell[@]} == 0)) || lint shfmt shfmt -ln bash "${diff[@]}" "${shell[@]}"
[[ $sources != "$top" ]] || lint prose scripts/prose.sh
exit "$failed"
