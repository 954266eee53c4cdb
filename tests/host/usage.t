#!/usr/bin/env bash
# Every script has --help. A script that is called in a wrong way gives 2, and its message names --help.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

# (Files that are only sourced have no #! line.)
mapfile -t scripts < <(grep -l '^#!' scripts/*.sh bench/*.sh)
is "$(grep -L '^# Usage: ' "${scripts[@]}")" "" "every script has a usage"

for script in "${scripts[@]}"; do
	run "$script" --help
	like "$status $stdout" "^0 Usage: $script" "$script --help prints its usage"
	is "$stderr" "" "… and nothing else"
	run "$script" --unknown
	is "$status $stdout" "2 " "$script: an unknown option gives 2"
	like "$stderr" "$(basename "$script"): error: .*--unknown.*"$'\n'".*--help explains how to call it" "… and points to the help"
done

# Scripts, and options of theirs, that need an argument. (The help shows it in capital letters.)
options() { "$1" --help | sed -nE 's/^ +(--[a-z-]+) "?[A-Z].*/\1/p' | sed "s,^,$1 ,"; }
mapfile -t calls < <(printf 'scripts/%s.sh\n' depmod doc generated-mutants new-module source-kernel && for script in "${scripts[@]}"; do options "$script"; done)
ok "$((${#calls[@]} < 40))" "the helps show at least 35 options that need an argument"
for call in "${calls[@]}"; do
	read -ra words <<<"$call"
	run "${words[@]}"
	like "$status $stdout$stderr" "^2 ${words[0]##*/}: error: [^"$'\n'"]*${words[1]:-(missing|needs|takes|one)}[^"$'\n'"]*"$'\n'"  ${words[0]##*/} --help" "$call: without an argument it gives 2, and says what is missing"
done
run scripts/doc.sh tests
is "$status" 1 "doc.sh with a directory where nothing is built gives 1"
like "$stderr" 'nothing is built in .*/tests' "… and says so"
directory=$(mktemp -d)
temporary+=("$directory")

echo 'obj-m := none.o' >"$directory/Kbuild"

# Scripts, and options of theirs, that take a number of arguments.
mapfile -t limited < <(grep -lE 'bad_usage "one ' scripts/*.sh | grep -vx scripts/clean.sh)
for call in "${limited[@]/%/ 1 2 3 4}" "scripts/clean.sh --from $directory 1" "scripts/rust-headers.sh --"{check,remove,list,needs,deb-hook}" 1 2" "scripts/test.sh 1 2" \
	"scripts/preflight.sh --"{default,sources,uses}" 1 2 3" "scripts/preflight.sh 1 2 3"; do
	read -ra words <<<"$call"
	run "${words[@]}"
	like "$status $stdout$stderr" "^2 ${words[0]##*/}: error: .*(one |takes? )" "$call: too many arguments give 2"
done

for call in {clean,dev,gdb,lint,matrix,test,vm}.sh\ --from preflight.sh\ --sources; do
	read -ra words <<<"scripts/$call $directory/none"
	run "${words[@]}"
	like "$status $stderr" "^1 ${words[0]##*/}: error: there is no directory $directory/none"$'(\n  [^\n]*)*$' "$call: a directory that does not exist is named, and nothing else is said"
done

# A name that does not exist is an error, before anything is built.
for target in demo test test-long test-sanitized; do
	run make --no-print-directory "$target" T=nope
	like "$status $stderr" "^2 .*(there is no chapter 'nope'; there are: hello_world .* anatomy|no test has 'nope' in its name.*There are: .*hello_world.t)" \
		"make $target T=nope lists the names that exist"
	is "$stdout" "" "… and builds nothing"
done

# What make calls, with stand-ins that print their name and arguments. make itself must print nothing.
mkdir -p "$directory/stand-in"/{scripts,bench,kdir/include/config}
echo 1.0 >"$directory/stand-in/kdir/include/config/kernel.release"
cp Makefile "$directory/stand-in/"
for script in scripts/*.sh bench/bench.sh; do
	printf '%s\n' '#!/bin/bash' '[[ $1 != scripts/rust-headers.sh ]] || exec echo kdir' 'printf "%s\n" "${0##*/}$(printf " <%s>" "${@/#$PWD/.}")" | sed "s/ <>$//"' '[[ ! -e fails || " $* " != *" $(cat fails) "* ]]' >"$directory/stand-in/$script"
done
chmod +x "$directory/stand-in"/*/*
calls() { run env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u TESTS -u CLIPPY -u T -u P -u G -u K -u M -u B -u V -u SEED -u KDIR make --no-print-directory -C "$directory/stand-in" "$@"; }
while IFS='|' read -r words expected; do
	read -ra words <<<"$words"
	calls "${words[@]}"
	is "$status $(tail -n 1 <<<"$stdout") $stderr" "0 $expected " "make ${words[*]} calls $expected"
	is "$(grep -vE '^[a-z-]+\.sh( <[^>]*>)*$' <<<"$stdout")" "" "… and prints nothing of its own"
done <<'TABLE'
demo|vm.sh <scripts/demo.sh>
vm|vm.sh
gdb|gdb.sh <hello_world>
dev|dev.sh
debian|debian.sh <--checkout>
test|test.sh
test-long|test.sh <--long>
test-debian|test.sh <--debian>
test-sanitized|test.sh <--sanitized>
test-longest|test.sh <--all>
test-mutants|test-mutants.sh
test-mutants G=3|generated-mutants.sh <3>
test-mutants G=3 SEED=4|generated-mutants.sh <--seed> <4> <3>
matrix|matrix.sh
bench|bench.sh
bench B=--build|bench.sh <--build>
lint|lint.sh
book|book.sh
doc|sandbox.sh <scripts/doc.sh> <build/modules/1.0>
sign|sign.sh
vm-modules|sandbox.sh <make> <--no-print-directory> <modules> <KDIR=kdir>
clean|clean.sh
distclean|clean.sh <--all>
M=own vm|vm.sh <--from> <./own>
M=own gdb|gdb.sh <--from> <./own>
M=own dev|dev.sh <--from> <./own>
M=own test|test.sh <--from> <./own>
M=own matrix|matrix.sh <--from> <./own>
M=own lint|lint.sh <--from> <./own>
M=own clean|clean.sh <--from> <./own>
TABLE
calls -s test-all
is "$status $(grep -E '^(test|lint)' <<<"$stdout" | paste -sd ' ') $stderr" \
	"0 test.sh test.sh <--long> test.sh <--debian> test.sh <--sanitized> test.sh <--all> test-mutants.sh lint.sh " "make test-all runs all of them"
echo --long >"$directory/stand-in/fails"
calls -s test-all
is "$status $(grep -cE '^(test|lint)' <<<"$stdout")" "2 7" "… also if one fails, and then fails, too"
rm "$directory/stand-in/fails"

calls help
is "$status $(sed -nE 's/^  ([a-z_-]+) +[^ ].*/\1/p' <<<"$stdout" | paste -sd ' ') $(wc -l <<<"$stdout") $stderr" \
	"0 $(sed -nE 's/^([a-z_-]+):.* ## .*/\1/p' Makefile | paste -sd ' ') $(grep -cE '^[a-z_-]+:.* ## ' Makefile) " "make help lists the targets, with a text for each"

# The value of a variable is one word for the script, whatever is in it.
for call in 'demo T' 'gdb T' 'dev T' 'dev P' 'test T' 'test-long T' 'test-debian T' 'test-sanitized T' 'test-longest T' 'test-mutants T' 'test-mutants G=3 T' \
	'test-mutants G' 'test-mutants G=3 SEED' 'matrix K'; do
	text="(it's,\$|\`that\`)&"
	[[ $call == 'dev P' ]] || text+=' <it>'
	read -ra words <<<"$call"
	calls "${words[@]::${#words[@]}-1}" "${words[-1]}=$text"
	is "$status $(tail -n 1 <<<"$stdout" | grep -cF " <$text>") $stderr" "0 1 " "make $call=TEXT gives it to the script as one word"
done

# If a hint names a target, the target must exist.
unknown=''
while read -r target; do
	grep -q "^$target:" Makefile || unknown+="make $target"$'\n'
done < <(grep -ohE '"make [a-z][a-z-]*|: make [a-z][a-z-]*|; make [a-z][a-z-]*' scripts/*.sh | sed 's/.*make //' | sort -u)
is "$unknown" "" "every target that a message names exists"

# The lock that was taken last is released first.
run bash -c '. scripts/common.sh; lock "$0/first" one; lock "$0/second" two; unlock; for name in first second; do flock -n "$0/$name" echo "$name"; done || :' "$directory"
is "$stdout" second "unlock releases the lock that was taken last"

# What a minimal Debian lacks, and what is hard to notice elsewhere. (The virtual machine has these.)
procps='(^[^:]*:[0-9]*:[[:blank:]]*|[|;&(!] ?|(then|do|else|if|while|until|run|exec) )(sudo )?(ps|pgrep|pkill|pidof|killall|uptime|watch|top|lsof|fuser)([[:blank:]);]|$)'
for line in 'left=$(pgrep -f qemu)' $'\t\tpkill -f qemu' 'if pgrep qemu; then' 'run ps' 'x=$(ps)'; do like "a.sh:1:$line" "$procps" "what a minimal Debian lacks is found: ${line##*$'\t'}"; done
is "$(grep -nE "$procps" scripts/*.sh .ci/run tests/*.sh tests/{host,long/host,all/host,debian}/*.{t,sh} Makefile 2>/dev/null | grep -vE '^(tests.host.usage.t|[^:]*:[0-9]*:[[:blank:]]*#)')" "" "no command or test on this machine needs one"

# A test that sets a trap for its end must remove what tap.sh would have removed.
is "$(grep -rnE '^\s*trap .*EXIT' tests --include='*.t' --include=dev.sh | grep -vF '"${temporary[@]}"')" "" "no test leaves its directory in /tmp"

done_testing
