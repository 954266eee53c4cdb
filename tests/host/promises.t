#!/usr/bin/env bash
# Each promise in the documents has a test that checks it, and tests/promises.md names it. Then, in a copy: a promise without a
# test is noticed, and so is a promise that no document makes.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

run scripts/promises.sh --check
is "$status $stderr" "0 " "every promise has a test, and tests/promises.md has all of them"

copy=$(mktemp -d)
temporary+=("$copy")

# changed FILE SED: changes FILE in a copy, and runs promises.sh there.
changed() {
	rm -rf "${copy:?}"/*
	cp -a --parents README.md Makefile docs scripts tests bench/bench.sh "$copy"
	sed -i "$2" "$copy/$1"
	cmp -s "$1" "$copy/$1" && stderr="nothing was changed" && return
	run "$copy/scripts/promises.sh" --check
}

# noticed TEXT DESCRIPTION: checks that it failed, with a message that has TEXT.
noticed() { like "$status $stderr" "^1 .*$1" "$2"; }

changed tests/promises.md '$d'
noticed 'tests/promises.md is not up to date' "a table that is not up to date is an error"
run "$copy/scripts/promises.sh"
is "$status $(cmp tests/promises.md "$copy/tests/promises.md" && echo same)" "0 same" "… and promises.sh makes it again"

changed README.md 's/is the tour/was the tour/'
noticed 'README.md does not say: `make demo` is the tour: it loads each module' "a promise that its document no longer makes is an error"
changed README.md '$a\\n`make demo` is the tour: it loads each module'
noticed 'README.md says more than once: `make demo` is the tour: it loads each module' "words that are in the document twice are an error"
changed tests/hello_world.t 's/insmod loads it without a word/insmod loads it/'
noticed 'tests/hello_world.t has no test: insmod loads it without a word' "a description that its test no longer has is an error"
changed tests/bad_moments.t 's/" "not root"/" "nobody"/'
noticed 'tests/bad_moments.t has no test: not root' "a changed description is an error"
changed tests/promises.txt 's,hello_world.t: insmod,goodbye_world.t: insmod,'
noticed 'there is no tests/goodbye_world.t' "a test that does not exist is an error"
changed tests/promises.txt 's/^= Makefile/= Kbuild/'
noticed 'there is no document Kbuild' "an unknown document is an error"

# unheld NAME: checks the message that NAME, which was added to a document, has no test.
unheld() { noticed "names no test for $1" "no test for $1"; }

changed README.md '/^|---/a| new | row |'
unheld 'README.md, table row: \| new'
changed docs/guide/01-first-module.md '/^### More exercises/a\\n4. New.'
unheld 'docs/guide/01-first-module.md, exercise: New.'
changed docs/troubleshooting.md '/^\*\*File exists/i**New**: it is.\n'
unheld 'docs/troubleshooting.md, entry: \*\*New'
changed docs/troubleshooting.md '/no rustc on this machine/ipreflight.sh: error: new'
unheld 'docs/troubleshooting.md, message: preflight.sh: error: new'
changed docs/rust-headers.md '/^6\. /i6. New.'
unheld 'docs/rust-headers.md, item: New.'
changed Makefile '/^clean:/inew: ## a target'
unheld 'Makefile, target: make new'
changed scripts/vm.sh '/^#   --console/i#   --new  an option'
unheld 'scripts/vm.sh, option: --new'
changed scripts/vm.sh '/^#   124/i#   99   another'
unheld 'scripts/vm.sh, exit status: *99'
changed scripts/preflight.sh 's/^# The exit status is 0/# The exit status is 9 if it is new, 0/'
unheld 'scripts/preflight.sh, exit status: 9'
changed docs/kernels.md '/^## What has been tried/i## New\n\nText.\n'
unheld 'docs/kernels.md, section: New'
changed docs/kernels.md '$a\\n| new | row |'
is "$status $stderr" "0 " "the results that make matrix writes need no test"
changed docs/reliability.md '$a- New.'
is "$status $stderr" "0 " "the list of what was not covered needs no test, either"
changed docs/reliability.md '/^- \*\*Not built/i- New.'
is "$status $stderr" "0 " "… nor what a run of make test-mutants came to"
changed docs/reliability.md '/^- \*\*Faults/i- New.'
unheld 'docs/reliability.md, item: New'

run scripts/promises.sh --help
like "$status $stdout" '^0 Usage: scripts/promises.sh' "--help prints the usage"
run scripts/promises.sh --unknown
is "$status" 2 "an unknown option gives 2"

done_testing
