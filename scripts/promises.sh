#!/usr/bin/env bash
# Usage: scripts/promises.sh [--check]
#
# Writes tests/promises.md, from tests/promises.txt: a table of the promises in the README, the documents, the scripts' --help and
# the Makefile, with the test that checks each. It is an error if the table would be wrong: if a document no longer makes a
# promise, if a test has no such description, or if a document says something (a section, an entry, a message, an option, an exit
# status …) that has no test.
#
#   --check  write nothing; a table that is out of date is an error, too
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
	die "some promises have no test" "tests/promises.txt names the test of each promise; its first lines explain how."
cmp -s "$page" "$written" && exit
[[ -z $check ]] || die "$page is not up to date" "scripts/promises.sh"
replace "$page" "$written"
say "$page is made."
