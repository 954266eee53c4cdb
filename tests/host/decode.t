#!/usr/bin/env bash
# decode.sh: how it explains the logs in tests/logs/, which are from real crashes, and what it prints if there is no crash.
# (crashes.t checks that it finds the right lines with the modules.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

directory=$(mktemp -d)
temporary+=("$directory")
# A directory with no modules.
mkdir "$directory/none"

# decode ARG…: calls decode.sh with this standard input. Sets status, stdout and stderr.
decode() {
	status=0
	stdout=$(scripts/decode.sh "$@" 2>"$directory/stderr") || status=$?
	stderr=$(<"$directory/stderr")
}

for log in tests/logs/*.log; do
	decode --only "$log" "$directory/none"
	is "$status $stdout" "0 $(cat "${log%.log}.said")" "$log: it says what happened, and which calls led there"
done

decode --only "$directory/none" <tests/logs/panic.log
same "$stdout" "$(cat tests/logs/panic.said)" "a log can come from standard input"
for prefix in 'Nov 24 12:00:00 host kernel: ' '<4>' '#   ' '  | '; do
	decode --only "$directory/none" < <(sed "s/^/$prefix/; s/\$/\r/" tests/logs/panic.log)
	same "$stdout" "$(cat tests/logs/panic.said)" "… with '$prefix' before each line, as other programs write it"
done
decode --only "$directory/none" < <(sed 's/^\[[^]]*\] //' tests/logs/panic.log)
same "$stdout" "$(cat tests/logs/panic.said)" "… without the time"

# It prints the whole log, with its explanations between the lines.
for log in tests/logs/*.log; do
	decode "$log" "$directory/none"
	is "$(diff <(cat "$log") <(printf '%s\n' "$stdout") | grep -c '^<')" 0 "$log: every line of the log is printed"
done
decode "$directory/none" < <(printf 'hello_world: Hello World\nnot a crash\n\001\377garbage\n')
is "$status $stderr" "0 " "a log without a crash is no error"
is "$(printf '%s' "$stdout" | tr -d "\001\377")" $'hello_world: Hello World\nnot a crash\ngarbage' "… and is printed unchanged"
decode --only "$directory/none" <<<'[    1.000000] number: WARNING: the value is large'
is "$status $stdout" "0 " "a module's own warning is no warning of the kernel"
decode --only "$directory/none" </dev/null
is "$status $stdout$stderr" "0 " "an empty log is no error"
bad=''
for log in tests/logs/*.log; do
	for lines in 1 2 3 5 8 13 21 34; do
		decode "$directory/none" < <(head -n "$lines" "$log")
		[[ $status == 0 && -z $stderr ]] || bad+="$log, $lines lines: $status $stderr"$'\n'
		[[ $(diff <(head -n "$lines" "$log") <(printf '%s\n' "$stdout") | grep -c '^<') == 0 ]] || bad+="$log, $lines lines: some are lost"$'\n'
	done
done
is "$bad" "" "a log that is cut off is printed, and is no error"

# Check that it explains everything that the log gate calls a splat.
silent=''
while IFS='|' read -r _ line; do
	decode --only "$directory/none" <<<"$line"
	[[ $stdout == *[a-z]* ]] || silent+="$line"$'\n'
done < <(sed -n "/^done <<'SPLATS'/,/^SPLATS/p" tests/host/log_gate.t | sed '1d;$d')
is "$silent" "" "it explains each kind of splat that the log gate knows"

decode --only "$directory/none" < <(cat tests/logs/hung.log tests/logs/hung.log)
is "$(grep -c 'has been waiting' <<<"$stdout") $(grep -c 'The same again' <<<"$stdout")" "1 1" "a report that the log repeats is explained once"
decode --last "$directory/none" < <(cat tests/logs/panic.log tests/logs/null.log)
same "$stdout" "$(cat tests/logs/null.said)" "--last explains only the last report"
decode --only "$directory/none" < <(cat tests/logs/panic.log && echo "parameters of out_of_bounds: index=4")
like "$stdout" 'module:  out_of_bounds; its parameters: index=4' "it shows the parameters that are in the log"

# The same report as arm64 prints it: its trace repeats the place of the crash, and the function that called it.
sed -E 's/BUG: kernel NULL pointer dereference, address:/Unable to handle kernel NULL pointer dereference at virtual address/
	s/#PF: supervisor read access.*/  CM = 0, WnR = 0, TnD = 0, TagAccess = 0/; s/Oops: Oops: 0000/Internal error: Oops: 0000000096000004/
	s/RIP: 0010:(.*)/pc : \1\n[   13.522600] lr : do_one_initcall+0x54\/0x310/; s/Call Trace:/Call trace:/
	s/ <TASK>/ init_module+0x1b\/0xff0 [null_pointer] (P)/; /RIP: 0033|\? |#PF|R[A-D]X:|CR2|R[0-9]+:|<\/TASK>/d' tests/logs/null.log >"$directory/arm64.log"
decode --only "$directory/arm64.log" "$directory/none"
same "$stdout" "$(cat tests/logs/null.said)" "a report of arm64 is explained as one of x86 is"

# The sources may be elsewhere.
mkdir -p "$directory/other/src"
printf 'one\ntwo\nlet x = none.unwrap();\nfour\n' >"$directory/other/src/elsewhere.rs"
panic=$'rust_kernel: panicked at /build/src/elsewhere.rs:3:14:\nits words'
decode --only "$directory/none" <<<"$panic"
is "$stdout" $'\nRust code panicked: its words\n  --> /build/src/elsewhere.rs:3:14' "if a source is not here, it still names the line"
decode --only --source "$directory/other" "$directory/none" <<<"$panic"
like "$stdout" $'3 \\| let x = none.unwrap\\(\\);\n +\\|              \\^' "--source says where the sources are, and a caret shows the place"

# A machine without binutils: the sandbox has them. It sees neither the directory that one is in, nor /sys, nor the same /proc.
mkdir -p "$directory"/{few,log/modules}
for program in /usr/bin/* /usr/sbin/* /bin/*; do ln -sf "$program" "$directory/few/"; done
rm -f "$directory"/few/{*addr2line,readelf,c++filt}
top=$PWD
read -r parameter < <(grep -ls . /sys/module/*/parameters/*)
parameter=${parameter#/sys/module/}
sed "s/out_of_bounds/${parameter%%/*}/g" tests/logs/panic.log >"$directory/log/here.log"
cp tests/logs/panic.log "$directory/log/"
echo "$panic" >"$directory/log/elsewhere.log"
cp hello_world.rs "$directory/log/modules/hello_world.ko"
cd "$directory/log" || exit
without() { PATH=$directory/few run "$@"; }
without "$(realpath --relative-to="$PWD" "$top")/scripts/decode.sh" --only panic.log modules
same "$status $stdout" "0 $(cat "$top/tests/logs/panic.said")" "on a machine without binutils it works from any directory, by any path"
without "$top/scripts/decode.sh" --only elsewhere.log modules --source ../other
like "$status $stdout" $'^0 .*3 \\| let x = none.unwrap\\(\\);' "… with --source"
cat "$top"/tests/logs/{panic,null}.log >two.log
without "$top/scripts/decode.sh" --last two.log modules
same "$stdout" "$(<"$top/tests/logs/null.said")" "… with --last"
without "$top/scripts/decode.sh" --last --here here.log modules/hello_world.ko
like "$status $stdout" "^0 .*module:  ${parameter%%/*}; its parameters: .*${parameter##*/}=" "… with --here, too"
cd "$top" || exit
# For modules of another architecture it needs binutils of that.
mkdir -p "$directory/stand-in/scripts"
cp scripts/{decode,common,kdir,platform}.sh "$directory/stand-in/scripts/"
printf '#!/bin/sh\necho "in the sandbox of $ARCH: $*"\n' >"$directory/stand-in/scripts/sandbox.sh"
chmod +x "$directory/stand-in/scripts/sandbox.sh"
if [[ $(uname -m) == x86_64 ]]; then other=arm64; else other=x86; fi
ln -sf "$(type -P true)" "$directory/few/readelf"
ln -sf "$(type -P true)" "$directory/few/addr2line"
ln -sf "$(type -P true)" "$directory/few/c++filt"
ARCH=$other without "$directory/stand-in/scripts/decode.sh" tests/logs/panic.log
is "$status $stdout" "0 in the sandbox of $other: $directory/stand-in/scripts/decode.sh" "ARCH=$other where only this machine's binutils are: those of that sandbox"
# shellcheck disable=SC2016 # the inner shell's
run bash -c '. scripts/common.sh && . scripts/platform.sh && for line in "${arches[@]}"; do
	read -r _ _ triplet _ <<<"$line" && grep -q "^export DECODE_TOOLS=.*=$triplet-" scripts/decode.sh || echo "$triplet"
done'
is "$status $stdout" "0 " "it knows the tools for each architecture that kernels can be of"

run scripts/decode.sh "$directory/missing"
is "$status" 1 "a log that does not exist gives 1"
like "$stderr" "error: .*/missing does not exist" "… and is named"
run scripts/decode.sh tests/logs/panic.log tests/logs/null.log
is "$status" 2 "two logs give 2"

done_testing
