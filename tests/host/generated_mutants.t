#!/usr/bin/env bash
# generated-mutants.sh, its generator and confined.sh, in a small checkout with tests and mutants made for it: each mistake gets
# the right verdict, and none can harm this machine.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

if ! reachable; then
	skip "mutants are made and tried" "they run as another user, and none can reach this checkout"
	done_testing
fi
scripts/sandbox.sh true
top=$PWD
mkdir -p build
directory=$(mktemp -d "$PWD/build/generated-mutants.XXXXXX")
temporary+=("$directory")
# (A user that owns nothing must be able to reach it, even in a private directory.)
chmod 755 "$directory"
checkout=$directory/checkout
mkdir -p "$checkout"/{tests/{host,mutants},build/{vm,kernels,modules,codespell,mutator/bin}}
cp -a scripts "$checkout/"
ln -s "$PWD/build/sandbox" "$checkout/build/sandbox"
cp -a tests/{tap,kernel,log_gate}.sh "$checkout/tests/"
cp -a tests/mutants/{generate.py,commands.py,*.rules,requirements.txt} "$checkout/tests/mutants/"
cd "$checkout" || exit
git init -q
echo build >.gitignore
printf 'vm-modules book:\n\t@true\n' >Makefile

# ---- Confined: a command removes, writes and kills all that it can.

echo precious >"$directory/precious"
sleep 1000 &
bystander=$!
# (Not beside the checkout: if this test runs in a confined copy itself, the checkout is in an overlay.)
layers=$(mktemp -d)
chmod 755 "$layers"
temporary+=("$layers")
confined() { run scripts/confined.sh --sources "$layers/sources" --changes "$layers/changes" "$@"; }
confined bash -c 'echo "$PWD $(id -u)"; ls scripts/confined.sh'
is "$status $stdout" "0 $checkout 0"$'\nscripts/confined.sh' "a confined command is root, in a copy of the checkout at the same path"
confined bash -c 'echo changed >Makefile; rm -r scripts; cat Makefile'
is "$status $stdout $(wc -l <Makefile) $(ls scripts/vm.sh)" "0 changed 2 scripts/vm.sh" "it can change the copy, but not the checkout"
confined -- cat Makefile
is "$stdout" changed "--changes keeps what it has changed"
confined bash -c 'for file; do rm -rf "$file"; echo harm >"$file"; done; kill -KILL "$0"; rm -rf --no-preserve-root /etc /home /usr "$1/.." "$1"/../../../sandbox; exit 3' \
	"$bystander" "$directory/precious" "$directory/new" /etc/hostname /usr/bin/true /proc/sysrq-trigger /proc/sys/kernel/printk /dev/sda /boot/harm
is "$status $(cat "$directory/precious") $(cd "$directory" && echo *)" "3 precious checkout precious" \
	"neither rm -rf nor writing reaches anything outside"
ok "$(kill -0 "$bystander" && echo 0)" "… nor does kill"
kill "$bystander"
confined bash -c 'echo harm >/tmp/harm; cat /tmp/harm'
is "$stdout $(echo /tmp/har[m])" "harm /tmp/har[m]" "it has a /tmp of its own"
confined bash -c 'mount -t proc proc /proc; mount -t sysfs sys /sys; mount -o remount,rw /; hostname harm; for file in /proc/sysrq-trigger /proc/sys/kernel/panic /etc/harm; do [[ -e ${file%/*}/. ]] && : >>"$file" && echo "$file"; done'
is "$stdout $(echo /etc/har[m])" " /etc/har[m]" "mounting gives it no more access"
confined bash -c 'timeout 5 bash -c "</dev/tcp/127.0.0.1/22"; ls /sys/class/net'
is "$(tail -n 1 <<<"$stdout")" lo "it has no network"
run scripts/confined.sh bash -c 'scripts/sandbox.sh bash -c "echo \$RUST_LKM_SUITE; touch here"; ls here; exit 4'
is "$status $stdout" $'4 trixie\nhere' "the sandbox works inside, and the status is passed on"
not_there here "… and without --changes nothing is kept"
if ((EUID == 0)) && [[ $(</proc/self/uid_map) =~ ' 4294967295'$ ]]; then
	chmod 700 "$directory"
	run scripts/confined.sh true
	like "$status $stderr" '^1 .*COMMAND runs as a user that owns nothing, and cannot reach .*'$'\n''  chmod o\+x each directory on the way' "root: a checkout that only its owner can reach is refused"
	chmod 755 "$directory"
else
	skip "root: a checkout that only its owner can reach is refused" "only root becomes another user"
fi
run scripts/confined.sh --sources "$layers/new/place/sources" --changes "$layers/other/place/changes" ls Makefile
is "$status $stdout" "0 Makefile" "the directories of both options may be below others that do not exist yet"
echo known >deleted
git add deleted
rm deleted
run scripts/confined.sh ls deleted Makefile
like "$status $stdout" '^2 Makefile$' "a deleted file is no error"
git rm -q --cached deleted
run scripts/confined.sh
is "$status" 2 "confined.sh without a command gives 2"
run scripts/sandbox.sh scripts/confined.sh true
like "$status $stderr" '^1 .*this cannot run in the sandbox' "in the sandbox, confined.sh refuses to run"
run scripts/confined.sh --changes "$layers/a:b" true
like "$status $stderr" '^1 .*cannot be mounted, because of a character in the path' "a path that cannot be mounted is refused"

# ---- The generator, with a stand-in for the package: it adds 1 to each digit.

mkdir -p "$directory/python/universalmutator"
cat >"$directory/python/universalmutator/mutator.py" <<'STANDIN'
import re
def parseRules(files):
    return files
def mutants_regexp(source, ruleFiles, ignorePatterns, ignoreStringOnly):
    return [(1, line[:m.start()] + str(int(m[0]) + 1) + line[m.end():], (m[0], "rule " + m[0]), None)
            for line in source for m in re.finditer("[0-9]", line)]
STANDIN
: >"$directory/python/universalmutator/__init__.py"
for name in one.rs two.rs one.sh Kbuild; do seq -f "$name %g 5" 0 30 >"$directory/$name"; done
generate() {
	rm -rf "$directory/made"
	mkdir "$directory/made"
	(cd "$directory" && "$top/scripts/sandbox.sh" env PYTHONPATH="$directory/python" python3 "$checkout/tests/mutants/generate.py" "$1" "$2" made one.rs two.rs one.sh Kbuild)
	(cd "$directory/made" && cat -- *)
}
first=$(generate 40 7)
same "$(generate 40 7)" "$first" "the same seed gives the same mutants"
ok "$([[ $(generate 40 8) == "$first" ]] && echo 1 || echo 0)" "… and another seed gives others"
is "$(grep -cxE '(one|two)\.rs' <<<"$first") $(grep -cxE 'one\.sh|Kbuild' <<<"$first")" "20 20" "half of them are in Rust, and half in shell and make"
is "$(sed -n '1~4p; 2~4p' <<<"$first" | paste -d: - - | sort | uniq -d)" "" "no line is chosen twice while there are others"
is "$(generate 1000 7 | wc -l)" "$((4 * $(cat "$directory"/{one.rs,two.rs,one.sh,Kbuild} | grep -oE '\b[0-9]+' | grep -o . | wc -l)))" "it makes no more mutants than there are"

# ---- The verdicts, with a stand-in for the generator that makes these mutants.

cat >build/mutator/bin/python3 <<'STANDIN'
#!/bin/bash
directory=$4 n=0
echo "$2 $3" >build/asked
while IFS='|' read -r file line mutated; do
	[[ " ${*:5} " == *" $file "* ]] || continue
	n=$((n + 1))
	printf '%s\n' "$file" "$line" "$(sed -n "${line}p" "$file")" "$mutated" >"$directory/000$n"
done <build/made
STANDIN
chmod +x build/mutator/bin/python3
cp tests/mutants/requirements.txt build/mutator/
printf '#!/bin/bash\n# Removes.\n\nrm -rf "$1/work"\necho done\nsleep 0\n[[ -e $1 ]] || exit 3\n' >scripts/tidy.sh
chmod +x scripts/tidy.sh
# A stand-in for vm.sh, which runs its command here.
printf '#!/bin/bash\n# vm\n\nuntil [[ $1 == bash ]]; do shift; done\n"$@"\n' >scripts/vm.sh
a_test() { printf '#!/usr/bin/env bash\n# A test.\n\n. "$(dirname "$0")/%stap.sh"\n\n%s\ndone_testing\n' "$2" "$3" >"tests/$1.t"; }
a_test host/tidy ../ 'place=$(mktemp -d); touch "$place/kept"
run scripts/tidy.sh "$place"
is "$stdout" "done" "it says that it is done"
there "$place/kept" "nothing else is removed"'
a_test guest '' 'like "$(<one.rs)" "one" "one is one"'
a_test more_guest '' 'ok 0 "fine"'
a_test host/other ../ 'ok 0 "fine"'
a_test host/mutants ../ 'ok 1 "never asked"'
echo 'one' >one.rs
mkdir templates
echo 'two' >templates/two.rs
echo "$checkout/one.rs" >build/modules/.one.o.cmd
a_test host/new ../ '# new-module.sh
is "$(<templates/two.rs)" two "two is two"'
printf '%s\n' scripts/tidy.sh '- sleep 0' '+ sleep 0.0' '= no time is no time' >tests/mutants/equivalent.txt

mutants() { run env -u TESTS -u KERNEL scripts/generated-mutants.sh --limit 3 "$@"; }
# (Not from the report: if build/ is in an overlay, the report is somewhere else.)
verdicts() { grep -oE '^[0-9]{4}  .*' <<<"$stderr" | sed -E 's/^[0-9]* +//; s/ +/ /g; s/ \([0-9]+ s\)$//' | sort; }

cat >build/made <<'MADE'
scripts/tidy.sh|4|rm -rf "$1"
scripts/tidy.sh|5|echo fine
scripts/tidy.sh|5|if echo done
scripts/tidy.sh|6|sleep 0.0
MADE
mutants --seed 99 --workers 1 4
is "$status $(<build/asked)" "0 4 99" "if all mistakes are caught, do not parse or are listed, it gives 0; the generator gets the seed"
is "$(verdicts)" "scripts/tidy.sh:4 caught tests/host/tidy.t: nothing else is removed
scripts/tidy.sh:5 caught tests/host/tidy.t: it says that it is done
scripts/tidy.sh:5 not built bash -n
scripts/tidy.sh:6 equivalent no time is no time" "each has a verdict: the test and its message, or the reason"
like "$stderr" 'Seed: 99' "the seed is printed"
like "$stdout" '\| scripts/tidy.sh \| 4 \| 1 \| 1 \| 2 \| 0 \| 0 \| 0 \|' "… and a table by file"
like "$stdout" '2 of 2 mistakes were caught \(seed 99\)' "… with the total"
is "$(git ls-files -o --exclude-standard | grep -c .) $(sed -n 4p scripts/tidy.sh)" "$(git ls-files -o --exclude-standard | grep -c .) rm -rf \"\$1/work\"" "the checkout has not changed"

report=build/mutants/generated/report.tsv
if [[ -e $report ]]; then
	sed -i 2,3d "$report"
	mutants --seed 99 --workers 1 4
	is "$(verdicts | wc -l)" 2 "after an interrupted run, the next one goes on with the mistakes that are left"
	like "$stderr$stdout" '2 of them were tried by an earlier run.*\| scripts/tidy.sh \| 4 \| 1 \| 1 \| 2 \| 0 \| 0 \| 0 \|' "… and the table has all of them"
else
	skip "after an interrupted run, the next one goes on" "this checkout is in an overlay, where the results of a run are not kept"
fi
mutants --seed 99 --workers 1 4
is "$(verdicts | wc -l)" 4 "after a complete run, the next one begins again"

cat >build/made <<'MADE'
scripts/tidy.sh|6|sleep 1
scripts/tidy.sh|6|sleep 1000
scripts/tidy.sh|7|[[ -e $1 ]] || exit 4
one.rs|1|two
MADE
mutants --seed 1 tidy
is "$status" 2 "without a number of mutants it gives 2"
mutants --seed 1 4
is "$status" 1 "a mistake that survives gives 1"
is "$(verdicts | head -n 3)" "one.rs:1 equivalent the machine code is the same
scripts/tidy.sh:6 survived
scripts/tidy.sh:6 survived tests/host/tidy.t goes on for ever" "a mistake that no test notices or that never ends has survived; with the same machine code it is equivalent"
mutants --seed 1 4 '^one\.rs$'
is "$status $(verdicts)" "0 one.rs:1 equivalent the machine code is the same" "with REGEX, only mistakes in files whose path matches are tried"
echo 'templates/two.rs|1|three' >build/made
mutants --seed 1 1
is "$status $(verdicts)" "0 templates/two.rs:1 caught tests/host/new.t: two is two" "what no module of this checkout is built from is not called equivalent"
echo 'one.rs|1|two' >build/made
a_test host/ui ../ 'like "$(<one.rs)" "one" "it is refused by name"'
mutants --seed 1 4 one.rs
is "$status $(verdicts)" "0 one.rs:1 caught tests/host/ui.t: it is refused by name" "… but the test of code that must not compile, which is in no module, is run"
rm tests/host/ui.t
a_test host/ui ../ 'ok 0 "others are refused"'
printf '%s\n' 'one' 'const CHECK: () = {' '    check(1);' '};' 'fn after() {}' '    assert!(' '        true,' '        "false"' '    );' 'fn last() {}' 'pub trait Shared: Sync {}' >one.rs
printf 'one.rs|%s|\n' 3 5 8 10 11 >build/made
mutants --seed 1 5 one.rs
is "$status $(verdicts)" "1 one.rs:10 equivalent the machine code is the same
one.rs:11 survived tests/host/ui.t knows nothing of this refusal
one.rs:3 survived tests/host/ui.t knows nothing of this refusal
one.rs:5 equivalent the machine code is the same
one.rs:8 survived tests/host/ui.t knows nothing of this refusal" "a refusal that this test does not know is not called equivalent"
echo 'one' >one.rs
echo 'one.rs|1|two' >build/made
mutants --list --seed 1 4 one.rs
is "$status $stdout" $'0 one.rs:1\n- one\n+ two' "--list only makes the mistakes"
echo 'scripts/tidy.sh|5|if echo done' >build/made
run make -f "$top/Makefile" --no-print-directory test-mutants G=4 SEED=77 T=tidy
is "$(<build/asked)" "4 77" "make test-mutants G=N SEED=S makes N mistakes with the seed S"
mutants 4 'one('
like "$status $stderr" "^2 .*'one\(' is not a regular expression" "a REGEX that cannot be read gives 2"
mutants 4 nothing
like "$status $stderr" "^1 .*no file that can be mutated has a path that matches 'nothing'" "a REGEX that no path matches gives 1"

echo 'scripts/tidy.sh|6|sleep 1' >build/made
mkdir -p tests/long/host
a_test long/host/slow ../../ 'run scripts/tidy.sh .; like "$(grep ^sleep scripts/tidy.sh)" "sleep 0$" "it does not sleep"'
a_test long/host/other ../../ 'like "$(grep ^sleep scripts/tidy.sh)" "sleep 1" "it sleeps"'
mutants --seed 1 1
is "$status $(verdicts)" "0 scripts/tidy.sh:6 caught tests/long/host/slow.t: it does not sleep" "what no test of make test notices is tried with those of make test-long that name the file"
like "$stderr" 'left out, because they fail without any mistake: tests-long-host-other.t$' "… and one of these that fails without it is only left out"
rm -r tests/long
mkdir -p tests/debian build/debian/any
touch build/debian/any/root.img
a_test debian/machine ../ 'run scripts/tidy.sh .; like "$(grep ^sleep scripts/tidy.sh)${more_tests:-}" "sleep 0$" "it does not sleep, and this is not in a machine of vm.sh"'
mutants --seed 1 1
is "$status $(verdicts)" "0 scripts/tidy.sh:6 caught tests/debian/machine.t: it does not sleep, and this is not in a machine of vm.sh" "… and with the test of make test-debian, if its disks are there"
is "$(grep '^| scripts/tidy.sh' <<<"$stdout")" "| scripts/tidy.sh | 1 | 0 | 0 | 1 | 1 | 0 | 0 |" "… and counted as one of the longer tests"
rm -r tests/debian build/debian

# Which tests run the line of a mistake?
cat >scripts/branch.sh <<'SCRIPT'
#!/bin/bash
# Branches.

elsewhere() {
	echo here
}
never() {
	echo never
}
if [[ $1 == left ]]; then
	echo \
		left
else
	echo right
fi
case $1 in
left) bash -c "$(declare -f elsewhere); elsewhere" ;;
*) never ;;
esac
SCRIPT
chmod +x scripts/branch.sh
a_test host/branch ../ 'run scripts/branch.sh left
is "$stdout" "left
here" "it goes to the left"
like "$(<scripts/branch.sh)" "echo right.*[*][)] never" "the other side is there"'
cat >build/made <<'MADE'
scripts/branch.sh|5|	echo there
scripts/branch.sh|8|	echo ever
scripts/branch.sh|10|if [[ $1 != left ]]; then
scripts/branch.sh|12|		wrong
scripts/branch.sh|14|	echo wrong
scripts/branch.sh|17|right) bash -c "$(declare -f elsewhere); elsewhere" ;;
scripts/branch.sh|18|*) : ;;
MADE
mutants --seed 1 7
is "$(verdicts)" "scripts/branch.sh:10 caught tests/host/branch.t: it goes to the left
scripts/branch.sh:12 caught tests/host/branch.t: it goes to the left
scripts/branch.sh:14 survived no test runs this line
scripts/branch.sh:17 caught tests/host/branch.t: it goes to the left
scripts/branch.sh:18 caught tests/host/branch.t: the other side is there
scripts/branch.sh:5 caught tests/host/branch.t: it goes to the left
scripts/branch.sh:8 survived no test runs this line" "only tests that run the line can notice a mistake in it; if that cannot be told, all that run the script are tried"
rm scripts/branch.sh tests/host/branch.t
echo 'scripts/tidy.sh|6|sleep 1' >build/made
printf '%s\n' scripts/tidy.sh '- sleep 0' '+ sleep 1' '@ [[ -e $1 ]]' '= not this' scripts/tidy.sh '- sleep 0' '+ sleep 1' '@ [[ -e $1 ]] || exit 3' '= it is here' \
	scripts/tidy.sh '- sleep 0' '+' '= nothing is left' >tests/mutants/equivalent.txt
echo 'scripts/tidy.sh|6|' >>build/made
mutants --seed 1 2
is "$(verdicts)" $'scripts/tidy.sh:6 equivalent it is here\nscripts/tidy.sh:6 equivalent nothing is left' "a reason can be for one of several equal lines, by the line after it"
: >tests/mutants/equivalent.txt
sed -i 2d build/made
a_test host/other ../ 'bash scripts/tid*.sh . >/dev/null
[[ ! -e once ]] || ok 0 "fine"
if [[ ! -e once ]]; then grep -q "sleep 0" scripts/tid*.sh; ok "$?" "by chance"; touch once; fi'
mutants --seed 1 1
is "$status $(verdicts)" "1 scripts/tidy.sh:6 survived" "a test that does not name the file must fail twice: once may be chance"
a_test host/other ../ 'bash scripts/tid*.sh . >/dev/null
grep -q "sleep 0" scripts/tid*.sh
ok "$?" "the text"'
mutants --seed 1 1
is "$status $(verdicts)" "0 scripts/tidy.sh:6 caught tests/host/other.t: the text" "… and if it does, the mistake is caught"
a_test host/tidy ../ 'ok 1 "wrong by itself"'
mutants --seed 1 1
like "$status $stderr" '^1 .*tests/host/tidy.t fails without any mistake, and is left out: wrong by itself.*left out, because they fail.*: tests-host-tidy.t' "a test that fails without a mistake proves nothing, and the message says so"

# A machine without Debian's python3-venv: Python has the module venv, but not ensurepip.
rm build/mutator/requirements.txt
mkdir "$directory/without"
printf '#!/bin/sh\ncase $* in *ensurepip*) exit 1 ;; esac\n' >"$directory/without/python3"
chmod +x "$directory/without/python3"
run env PATH="$directory/without:$PATH" scripts/generated-mutants.sh 1
like "$status $stderr" '^1 .*python3, or its module venv, is missing.*sudo apt-get install python3-venv' "without what installs the mutator, the message names the package"

done_testing
