#!/usr/bin/env bash
# Usage: scripts/test-mutants.sh [NAME]
#
# Tests the tests: each patch in tests/mutants/ puts one small defect into a copy of the sources (scripts/confined.sh), and
# the test that the patch names must fail. With NAME, it takes only the patches whose names contain NAME.
#
# A patch begins with two lines, "Breaks: WHAT" and "Test: NAME". NAME is as in make test T=NAME, or after "--sanitized" as in
# make test-sanitized T=NAME. That test is also run without a defect, once: if it fails then, too, it proves nothing.
# The exit status is 0 if every defect was caught; 1 if one was not, or if a patch no longer applies or builds.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

case ${1:-} in
-h | --help) usage && exit ;;
-*) bad_usage "unknown option $1" ;;
esac
(($# <= 1)) || bad_usage "one NAME at most"

cd "$top"
shopt -s nullglob
patches=(tests/mutants/*"${1:-}"*.patch)
((${#patches[@]})) || die "no patch has '${1:-}' in its name"

lock "$build/mutants/patches.lock" "it is trying the defects"
# (The book downloads mdbook. There is no network where the defects are tried.)
make --no-print-directory vm-modules book TESTS=1 >&2
if grep -q '^Test: --sanitized' "${patches[@]}"; then
	scripts/sandbox.sh scripts/source-kernel.sh tests/sanitized.config >/dev/null
fi
remove "$build/mutants/patches"
mutants=$(make_layers "$build/mutants/patches")
[[ $mutants == "$build"/* ]] || trap 'remove "$mutants"' EXIT
trap 'trap - INT TERM; kill 0' INT TERM

# passes NAME…: succeeds if that test passes without a defect.
passes() {
	local changes=$mutants/passes.${*//[ \/]/-}
	(
		flock 9
		[[ -s $changes.status ]] || {
			status=0
			timeout --foreground 1200 scripts/confined.sh --sources "$mutants/sources" --changes "$changes" scripts/test.sh "$@" \
				</dev/null >"$changes.log" 2>&1 || status=$?
			remove "$changes"
			echo "$status" >"$changes.status"
		}
	) 9>"$changes.lock"
	[[ $(<"$changes.status") == 0 ]]
}

# try PATCH: applies the patch to a copy, runs its test there, and prints the verdict.
try() {
	local patch=$1 name status=0 what test=() start=$SECONDS verdict changes
	name=$(basename "$1" .patch)
	what=$(sed -n 's/^Breaks: //p' "$patch")
	read -ra test < <(sed -n 's/^Test: //p' "$patch")
	changes=$mutants/changes.$name
	local confined=(scripts/confined.sh --sources "$mutants/sources" --changes "$changes")
	# (A repository around the checkout must not count.)
	if ! "${confined[@]}" env GIT_CEILING_DIRECTORIES="$(dirname "$top")" git apply <"$patch" >"$mutants/$name.log" 2>&1; then
		verdict="NO PATCH: it no longer applies"
	else
		! grep -qE '^\+\+\+ b/scripts/(rust-headers|kdir)\.sh' "$patch" || keep_headers "${confined[@]}"
		timeout --foreground 1200 "${confined[@]}" scripts/test.sh "${test[@]}" </dev/null >"$mutants/$name.log" 2>&1 || status=$?
		if ((status == 0)); then
			verdict="NOT CAUGHT"
		elif ((status == 124)); then
			verdict="NOT CAUGHT: the test goes on for ever"
		elif [[ ! -s $(echo "$changes"/sources/upper/build/test*/junit.xml) ]]; then
			verdict="NO MUTANT: it does not build"
		elif ! passes "${test[@]}"; then
			verdict="NOT CAUGHT: the test fails without the defect, too"
		else
			verdict="caught by $(sed -n 's/^not ok [0-9]* *- //p; s/^not ok - //p' "$changes"/sources/upper/build/test*/*.tap | head -n 1)"
		fi
	fi
	remove "$changes"
	printf '%-28s %-50s %s (%d s)\n' "$name" "$what" "$verdict" "$((SECONDS - start))" | tee -a "$mutants/report"
}

# Two workers take the patches from one list.
printf '%s\n' "${patches[@]}" >"$mutants/list"
worker() {
	local patch
	while patch=$(flock "$mutants/list.lock" sed -i -e "1{w $1.next" -e 'd}' "$mutants/list" && cat "$1.next") && [[ -n $patch ]]; do
		(try "$patch")
		: >"$1.next"
	done
}
: >"$mutants/1.next"
: >"$mutants/2.next"
# (Make the copy before, so that the workers do not both make it.)
scripts/confined.sh --sources "$mutants/sources" true
worker "$mutants/1" &
worker "$mutants/2" &
wait

caught=$(grep -c ' caught by ' "$mutants/report" || :)
grep -v ' caught by ' "$mutants/report" | sed "s/^/${red}/; s/\$/${plain}/" >&2 || :
echo "$caught of ${#patches[@]} defects were caught"
((caught == ${#patches[@]}))
