#!/usr/bin/env bash
# Usage: scripts/promises.sh [--check]
#
# Writes tests/promises.md: each promise of the README, the documents, the scripts' --help and the Makefile,
# and the test that holds it, from tests/promises.txt. It is an error if the table would not be
# true: if a document does not make a promise any more, if a test has no such description, or if the
# documents say something (a section, an entry, a message, an option, an exit status …) for which no test is named.
#
#   --check  writes nothing; a table that is not up to date is an error too
#   --help   this text
#
# The exit status is 0 if there is no error, 1 if there is one, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

check=''
case ${1:-} in
-h | --help) usage && exit ;;
--check) check=1 && shift ;;
-*) bad_usage "unknown option $1" ;;
esac
(($# == 0)) || bad_usage "unknown argument $1"

cd "$top"
page=tests/promises.md
written=$(mktemp)
trap 'rm -f "$written"' EXIT
perl tests/promises.pl "$page" README.md docs/*.md docs/guide/*.md Makefile scripts/*.sh bench/bench.sh >"$written" ||
	die "some promises are not held" "tests/promises.txt names the test for each, and says how."
cmp -s "$page" "$written" && exit
[[ -z $check ]] || die "$page is not up to date" "scripts/promises.sh"
# (not into the page itself: a full disk would leave none)
cp --preserve=mode "$page" "$page.new"
cat "$written" >"$page.new"
mv "$page.new" "$page"
say "$page is made."
