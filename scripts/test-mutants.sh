#!/usr/bin/env bash
# Usage: scripts/test-mutants.sh [NAME]
#
# Tests the tests: each patch in tests/mutants/ puts one small defect into a copy of the sources, and the test
# that the patch names has to fail. With NAME, only the patches whose name has NAME in it.
#
# A patch begins with two lines, "Breaks: WHAT" and "Test: NAME", a name as for make test T=NAME; after "--sanitized"
# one as for make test-sanitized T=NAME.
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

make --no-print-directory vm-modules TESTS=1 >&2
if grep -q '^Test: --sanitized' "${patches[@]}"; then
	scripts/sandbox.sh scripts/source-kernel.sh tests/sanitized.config >/dev/null
fi
mutants=$build/mutants
remove "$mutants"
mkdir -p "$mutants"
trap 'trap - INT TERM; kill 0' INT TERM

# A copy of the sources which makes use of this checkout's sandbox and kernels.
copy() {
	mkdir -p "$1/build/vm"
	git ls-files -z -co --exclude-standard | xargs -0 cp -a --parents -t "$1"
	ln -s "$build/sandbox" "$1/build/sandbox"
	cp -al "$build/kernels" "$1/build/"
	cp -a "$build/modules" "$1/build/"
	find "$1/build/modules" -name '.*.cmd' -exec sed -i "s,$top/,$1/,g" {} +
}

# try PATCH COPY: applies the patch and runs its test. Prints the verdict.
try() {
	local patch=$top/$1 name status=0 what test=() start=$SECONDS verdict
	name=$(basename "$1" .patch)
	what=$(sed -n 's/^Breaks: //p' "$patch")
	read -ra test < <(sed -n 's/^Test: //p' "$patch")
	cd "$2"
	rm -rf build/test*
	# (The copy is no part of the repository around it.)
	export GIT_CEILING_DIRECTORIES=$mutants
	if ! git apply "$patch" >"$mutants/$name.log" 2>&1; then
		verdict="NO PATCH ANY MORE: it does not apply"
	else
		timeout 1200 scripts/test.sh "${test[@]}" </dev/null >"$mutants/$name.log" 2>&1 || status=$?
		if ((status == 0)); then
			verdict="NOT CAUGHT"
		elif ((status == 124)); then
			verdict="NOT CAUGHT: the test goes on for ever"
		elif [[ ! -s $(echo build/test*/junit.xml) ]]; then
			verdict="NO MUTANT: it does not build"
		else
			verdict="caught by $(sed -n 's/^not ok [0-9]* *- //p; s/^not ok - //p' build/test*/*.tap | head -n 1)"
		fi
		git apply --reverse "$patch"
	fi
	printf '%-28s %-50s %s (%d s)\n' "$name" "$what" "$verdict" "$((SECONDS - start))" | tee -a "$mutants/report"
}

# Two workers take the patches from one list.
printf '%s\n' "${patches[@]}" >"$mutants/list"
worker() {
	local patch
	copy "$1"
	while patch=$(flock "$mutants/list" sed -i -e "1{w $1.next" -e 'd}' "$mutants/list" && cat "$1.next") && [[ -n $patch ]]; do
		(try "$patch" "$1")
		: >"$1.next"
	done
}
worker "$mutants/1" &
worker "$mutants/2" &
wait

caught=$(grep -c ' caught by ' "$mutants/report" || :)
grep -v ' caught by ' "$mutants/report" | sed "s/^/${red}/; s/\$/${plain}/" >&2 || :
echo "$caught of ${#patches[@]} defects were caught"
((caught == ${#patches[@]}))
