#!/usr/bin/env bash
# Tests test.sh and test-mutants.sh in a small checkout with tests made for it: if anything is wrong with a test, the run fails
# and shows it.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

mkdir -p build
checkout=$(mktemp -d "$PWD/build/test-runner.XXXXXX")
temporary+=("$checkout")
# (A mutant runs as a user that owns nothing, and must be able to reach it.)
chmod 755 "$checkout"
mkdir -p "$checkout"/{tests/{host,long/host,mutants},build/vm,build/kernels,build/modules}
cp -a scripts "$checkout"
ln -s "$PWD/build/sandbox" "$checkout/build/sandbox"
cp -a tests/{tap,kernel,log_gate}.sh "$checkout/tests/"
printf 'vm-modules book:\n\t@true\n' >"$checkout/Makefile"

# a_test NAME STATEMENTS: makes a test.
a_test() { printf '#!/usr/bin/env bash\n# A test.\n\n. "$(dirname "$0")/%s"\n\n%s\n' "$(sed 's,[^/]*$,,; s,[^/]*/,../,g' <<<"$1")tap.sh" "$2" >"$checkout/tests/$1.t"; }

# a_run ARG…: runs test.sh in that checkout, as if a person called it.
a_run() { run env -u TESTS -u KERNEL "$checkout/scripts/test.sh" "$@"; }
summary() { tail -n 1 <<<"$stdout"; }

a_test host/good 'is 1 1 "one is one"
skip "two is two" "there is no two"
done_testing'
a_test long/host/slow 'is 3 3 "three is three"
done_testing'
a_run
is "$status $(summary)" "0 1 passed, 0 failed, 1 skipped" "if all tests pass, it gives 0, and counts them"
like "$(<"$checkout/build/test/host-good.tap")" 'ok 1 - one is one' "a test's output is in its .tap"
is "$(scripts/sandbox.sh perl -MTAP::Formatter::JUnit -e 'print "ok"')" ok "the sandbox has the Perl module that writes JUnit XML"
like "$(<"$checkout/build/test/junit.xml")" '<testcase[^>]*one is one' "the results are in junit.xml"
a_run slow
is "$status $(summary)" "0 1 passed, 0 failed, 0 skipped" "a NAME chooses tests by their path, also in tests/long/"
a_run --long
is "$status $(summary)" "0 1 passed, 0 failed, 0 skipped" "--long runs the tests in tests/long/, and no others"
mkdir -p "$checkout/tests/all/host"
a_test all/host/longest 'is 6 6 "six is six"
done_testing'
a_run --all
is "$status $(summary) $(cd "$checkout/build/test" && echo *.tap)" "0 1 passed, 0 failed, 0 skipped all-host-longest.tap" \
	"--all runs the tests in tests/all/, and no others"
rm -r "$checkout/tests/all"
lost=''
for part in test test-long test-debian test-sanitized test-longest test-mutants lint; do
	[[ " $(make -n test-all | sed -n 's/.*for part in \(.*\); do.*/\1/p') " == *" $part "* ]] && grep -q "^$part:" Makefile || lost+="$part "
done
is "$lost" "" "make test-all runs all parts"
printf '#!/bin/sh\necho "$2" >>"$0.asked"\n[ "$2" != "$(cat "$0.fails")" ]\n' >"$checkout/make"
chmod +x "$checkout/make"
parts=$(make -n test-all | sed -n 's/.*for part in \(.*\); do.*/\1/p' | wc -w)
for fails in none test-debian; do
	rm -f "$checkout/make.asked"
	echo "$fails" >"$checkout/make.fails"
	run make --no-print-directory test-all MAKE="$checkout/make"
	results+="$status $(grep -c . "$checkout/make.asked") "
done
is "$results" "0 $parts 2 $parts " "… also after one that fails, and then it fails itself"
a_test guest 'is 4 4 "four is four"
done_testing'
# in_vm STATUS: makes a stand-in for vm.sh, which runs the tests here, and ends with this status.
in_vm() {
	printf '#!/bin/bash\nuntil [[ $1 == - ]]; do shift; done\nshift\nfor file; do echo "== begin $file"; bash "$file" 2>&1; echo "== end $?"; done\nstatus=%s\n((!status)) || echo "its message" >&2\nexit "${status:-0}"\n' \
		"$1" >"$checkout/scripts/vm.sh"
}
in_vm 0
a_run --guest
is "$status $(summary) $(cd "$checkout/build/test" && echo *.tap)" "0 1 passed, 0 failed, 0 skipped guest.tap" \
	"--guest runs the tests in a virtual machine, and no others"
in_vm 125
a_run --guest
is "$status $(summary)" "1 1 passed, 1 failed, 0 skipped" "a machine that panics after its last test is a failure"
in_vm 134
a_run --guest
is "$status $(summary) $(grep -c 'These tests run again: tests/guest.t' <<<"$stderr")" "1 1 passed, 1 failed, 0 skipped 1" \
	"if QEMU itself crashes, the tests run again, once"
in_vm '$([[ -e $0.before ]] || { touch $0.before; echo 134; })'
a_run --guest
is "$status $(summary) $(grep -c '^  its message' <<<"$stderr")" "0 1 passed, 0 failed, 0 skipped 1" "… and if they pass then, they have passed"
# (A machine that ends during the second of three tests.)
for name in more never; do cp "$checkout/tests/guest.t" "$checkout/tests/$name.t"; done
cat >"$checkout/scripts/vm.sh" <<'STANDIN'
#!/bin/bash
printf '%s\n' "== begin tests/guest.t" "ok 1 - four" 1..1 "== end 0" "== begin tests/more.t" "ok 1 - four"
exit 125
STANDIN
a_run --guest
is "$status $(summary) $(cd "$checkout/build/test" && grep -h '^not ok' ./*.tap | paste -sd ' ')" \
	"1 2 passed, 2 failed, 0 skipped not ok - tests/more.t ended with status 125 not ok - tests/never.t ended with status 125" \
	"if the machine ends too early, the tests that had not ended have failed"
rm "$checkout"/tests/{more,never}.t
in_vm 0

# (Another stand-in, for the script that builds the kernel.)
mkdir -p "$checkout"/{tests/sanitized,kernel/include/config}
echo 9.9.9-sanitized >"$checkout/kernel/include/config/kernel.release"
printf '#!/bin/bash\n[[ $1 == tests/sanitized.config ]] && echo %s/kernel\n' "$checkout" >"$checkout/scripts/source-kernel.sh"
a_test long/storm 'is 5 5 "five is five"
done_testing'
a_test sanitized/faults 'is "$KERNEL" 9.9.9-sanitized "the kernel is the sanitized one"
done_testing'
a_run --sanitized
is "$status $(summary) $(cd "$checkout/build/test-9.9.9-sanitized" && echo *.tap)" \
	"0 2 passed, 0 failed, 0 skipped guest.tap sanitized-faults.tap" \
	"--sanitized runs them on the kernel of tests/sanitized.config, with the tests in tests/sanitized/"
a_run --long --sanitized
is "$status $(summary) $(cd "$checkout/build/test-9.9.9-sanitized" && echo *.tap)" \
	"0 3 passed, 0 failed, 0 skipped guest.tap long-storm.tap sanitized-faults.tap" "… and with --long also those in tests/long/"
rm "$checkout"/tests/{guest,long/storm,sanitized/faults}.t
mkdir "$checkout/tests/debian"
a_test debian/readme 'is 7 7 "seven is seven"
done_testing'
a_run --debian
is "$status $(summary) $(cd "$checkout/build/test" && echo *.tap)" "0 1 passed, 0 failed, 0 skipped debian-readme.tap" \
	"--debian runs the tests in tests/debian/, and no others"
rm -r "$checkout/tests/debian"
a_run nothing
is "$status" 1 "a NAME that no test has gives 1"
like "$stderr" "no test has 'nothing' in its name" "… and is named"

a_test host/bad 'is 1 2 "one is two"
ok 0 "fine"
done_testing'
a_run bad
is "$status $(summary)" "1 1 passed, 1 failed, 0 skipped" "a test that fails gives 1"
like "$stderr" $'not ok 1 - one is two\n.*# expected:\n.*# 2\n.*# got:\n.*# 1\n' "… and shows what was expected and what was seen"
a_run
is "$status $(summary)" "1 2 passed, 1 failed, 1 skipped" "… also if other tests pass"

cp tests/logs/panic.log "$checkout/tests/"
a_test host/bad 'tap_lines=200
is "$(cat "$(dirname "$0")/../panic.log")" "" "the log has nothing"
done_testing'
a_run bad
like "$stderr" 'kernel BUG at .*Rust code panicked: index out of bounds: the len is 4 but the index is 4.*process: cat' \
	"if the result has a crash in it, the crash is explained"

for nothing in '' 0; do
	a_test host/bad "same '$nothing' '$nothing' 'two counts'
done_testing"
	a_run bad
	is "$status $(summary)" "1 0 passed, 1 failed, 0 skipped" "same fails if it compares nothing ('$nothing') with nothing"
done
a_test host/bad 'same 5 5 "two counts"
done_testing'
a_run bad
is "$status" 0 "… and passes if it compares equal values"
# (Find calls of "is" whose expected value is nothing but a variable or the output of a command.)
is "$(grep -nE '^\s*is .*" "\$(\w+|\{[^" ]*\}|\([^(].*\))" "' tests/*.t tests/*/*.t tests/*/*/*.t)" "" "every test that compares two such values uses same"

a_test host/bad 'ok 0 "fine"
exit 7'
a_run bad
is "$status" 1 "a test that ends early gives 1"
a_test host/bad 'plan 2
ok 0 "fine"
done_testing'
a_run bad
is "$status" 1 "a test that runs less than it planned gives 1"
a_test host/bad 'no_such_program
ok 0 "fine"
done_testing'
a_run bad
is "$status" 1 "a test that lacks a program gives 1"
# A script calls test.sh, which runs two tests that do not end. Stop only test.sh.
for name in one two; do
	a_test "host/$name" 'touch "$0.begun"; (sleep 1000.'$$'; :); done_testing'
done
setsid bash -c '"$0" host/ </dev/null & echo $! >"$1/pid"; wait $!; echo "$? and goes on"' "$checkout/scripts/test.sh" "$checkout" \
	>"$checkout/caller" 2>/dev/null &
caller=$!
if (($(nproc) > 1)); then await "$checkout/tests/host/two.t.begun"; fi
await "$checkout/tests/host/one.t.begun"
kill "$(<"$checkout/pid")"
wait "$caller"
is "$(<"$checkout/caller")" "143 and goes on" "stopping a run does not stop its caller"
sleeping=''
for process in /proc/[0-9]*; do
	[[ $(tr '\0' ' ' 2>&- <"$process/cmdline") != "sleep 1000.$$ " ]] || sleeping+=$process
done
is "$sleeping" "" "… but it stops each of its tests, and what they have started"
rm "$checkout"/tests/host/{one,two}.t*

# A run that is killed, and so cannot stop its tests.
a_test host/one 'touch "$0.begun"; until [[ -e $0.let ]]; do sleep 0.1; done; touch "$0.ended"; done_testing'
env -u TESTS -u KERNEL "$checkout/scripts/test.sh" one </dev/null >/dev/null 2>&1 &
await "$checkout/tests/host/one.t.begun"
kill -KILL $!
wait $! 2>/dev/null
run env -u TESTS -u KERNEL timeout 60 "$checkout/scripts/test.sh" good
is "$status" 0 "the next run does not wait for processes that a killed run left behind"
touch "$checkout/tests/host/one.t.let"
await "$checkout/tests/host/one.t.ended"
# (A process that is left of that run still writes the result of the test.)
sleep 1
rm "$checkout"/tests/host/one.t*

# Two runs at once.
a_test host/one 'touch "$0.begun"; until [[ -e $0.let ]]; do sleep 0.1; done; ok 0 "let"; done_testing'
a_run_of_two() { env -u TESTS -u KERNEL "$checkout/scripts/test.sh" one </dev/null >"$checkout/$1" 2>&1; }
a_run_of_two first &
await "$checkout/tests/host/one.t.begun"
a_run_of_two second &
await "$checkout/second" 'waiting for another run: it is running the tests'
touch "$checkout/tests/host/one.t.let"
wait
is "$(tail -qn 1 "$checkout"/{first,second})" $'1 passed, 0 failed, 0 skipped\n1 passed, 0 failed, 0 skipped' \
	"two runs at once: the second says that it waits, and both are complete"
rm "$checkout"/tests/host/one.t*

a_test host/bad 'done_testing'
a_run bad
is "$status" 1 "a file that tests nothing gives 1"
echo : >"$checkout/tests/host/bad.t"
a_run bad
is "$status $(summary)" "1 0 passed, 1 failed, 0 skipped" "… also if it prints nothing at all"
rm "$checkout/tests/host/bad.t"
printf 'vm-modules:\n\t@false\n' >"$checkout/Makefile"
a_run
is "$status" 2 "if the modules cannot be built, it gives the status of make"
not_there "$checkout/build/test/host-good.tap" "… and the results of an earlier run are gone"

# ---- Mutants: one is caught, one is not, one does not apply.

if ! reachable; then
	skip "mutants are tried" "they run as another user, and none can reach this checkout"
	done_testing
fi
printf 'vm-modules book:\n\t@true\n' >"$checkout/Makefile"
echo 1 >"$checkout/one"
echo build >"$checkout/.gitignore"
git -C "$checkout" init -q
a_test host/one 'is "$(<"$(dirname "$0")/../../one")" 1 "one is one"
done_testing'
printf 'Breaks: the number\nTest: one\n\n--- a/one\n+++ b/one\n@@ -1 +1 @@\n-1\n+2\n' >"$checkout/tests/mutants/number.patch"
mutants() { run env -u TESTS -u KERNEL "$checkout/scripts/test-mutants.sh" "$@"; }
mutants
is "$status" 0 "if all defects are caught, it gives 0"
like "$stdout" 'number +the number +caught by one is one' "… and names the test that caught one"
echo kept >"$checkout/build/mutants/patches/report"
exec {lock}>"$checkout/build/mutants/patches.lock"
flock "$lock"
env -u TESTS -u KERNEL "$checkout/scripts/test-mutants.sh" number {lock}>&- </dev/null >"$checkout/waited" 2>&1 &
await "$checkout/waited" '.'
like "$(<"$checkout/waited")" '^test-mutants.sh: waiting for another run: it is trying the defects …$' "two runs at once: the second says that it waits"
is "$(<"$checkout/build/mutants/patches/report")" "kept" "… and leaves the results of the first alone"
exec {lock}>&-
wait
like "$(<"$checkout/waited")" 'number .*caught by one is one' "… until that has ended"
mkdir -p "$checkout/tests/sanitized"
a_test sanitized/one 'is "$KERNEL $(<"$(dirname "$0")/../../one")" "9.9.9-sanitized 1" "one is one there"
done_testing'
sed 's,Test: one,Test: --sanitized sanitized/one,' "$checkout/tests/mutants/number.patch" >"$checkout/tests/mutants/there.patch"
mutants there
like "$status $stdout" '^0 there .* caught by one is one there' "a defect whose test needs the sanitized kernel is tried on that kernel"
rm "$checkout/tests/mutants/there.patch" "$checkout/tests/sanitized/one.t"
sed 's/Test: one/Test: good/' "$checkout/tests/mutants/number.patch" >"$checkout/tests/mutants/unseen.patch"
mutants unseen
is "$status" 1 "a defect that is not caught gives 1"
like "$stdout" 'NOT CAUGHT' "… and is shown"
a_test host/broken 'ok 1 "broken by itself"
done_testing'
sed 's/Test: one/Test: broken/' "$checkout/tests/mutants/number.patch" >"$checkout/tests/mutants/broken.patch"
mutants broken
like "$status $stdout" '^1 broken .* NOT CAUGHT: the test fails without the defect, too' "a test that fails without the defect, too, proves nothing"
rm "$checkout/tests/host/broken.t"
printf 'Breaks: the build\nTest: one\n\n--- a/Makefile\n+++ b/Makefile\n@@ -1,2 +1,2 @@\n vm-modules book:\n-\t@true\n+\t@false\n' >"$checkout/tests/mutants/build.patch"
mutants build
like "$status $stdout" '^1 build .* NO MUTANT: it does not build' "a defect that does not build proves nothing"
rm "$checkout/tests/mutants/build.patch"
sed 's/^-1$/-3/' "$checkout/tests/mutants/number.patch" >"$checkout/tests/mutants/old.patch"
mutants old
is "$status" 1 "a patch that no longer applies gives 1"
like "$stdout" 'NO PATCH: it no longer applies' "… and is shown"

done_testing
