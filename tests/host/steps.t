#!/usr/bin/env bash
# The steps that scripts show: their progress at a terminal and elsewhere, a failure, an interrupt.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

directory=$(mktemp -d)
temporary+=("$directory")
cat >"$directory/steps" <<'SCRIPT'
. scripts/common.sh
program=steps
steps 2 "$1/log"
step "Waiting" "cannot wait" sleep 1.5
step "${@:2}"
SCRIPT
run bash "$directory/steps" "$directory" "Counting" "cannot count" seq 3
is "$status $stdout" "0 " "steps print nothing on stdout"
without_times() { sed 's/, [0-9] s$/, N s/'; }
is "$(without_times <<<"$stderr")" $'[1/2] Waiting … done, N s\n[2/2] Counting … done, N s' "each is one line, with the time that it took"
like "$stderr" 'done, [1-9] s.*done, [0-9] s' "… in seconds"
is "$(<"$directory/log")" $'== [1/2] Waiting\n== [2/2] Counting\n1\n2\n3' "the log has what they print"
run bash "$directory/steps" "$directory" "Counting" "cannot count" bash -c 'seq 9; echo bad >&2; exit 7'
is "$status $(sed 1d <<<"$stderr")" "1 [2/2] Counting … failed
  | 6
  | 7
  | 8
  | 9
  | bad
steps: error: cannot count
  The whole output is in $directory/log." "if one fails, the last lines of its output are shown, with what it means"

at_terminal() { script -qefc "bash '$directory/steps' '$directory' Counting 'cannot count' true" /dev/null </dev/null; }
screen=$(env -u NO_COLOR TERM=xterm bash -c "$(declare -f at_terminal); directory=$directory; at_terminal")
like "$screen" $'\r\e\[K\[1/2\] Waiting … [0-9] s .*\r\e\[K\[1/2\] Waiting … [1-9] s .*\r\e\[K\[1/2\] Waiting … \e\[32mdone' "at a terminal, a step shows the seconds that have passed"
ok "$(($(grep -o $'\e\[K' <<<"$screen" | wc -l) > 30))" "… and lets the CPU rest between two updates"
screen=$(NO_COLOR=1 at_terminal)
is "$(tr -d '\r' <<<"$screen" | without_times)" $'[1/2] Waiting … done, N s\n[2/2] Counting … done, N s' "… but without colour with NO_COLOR"

# Ctrl-C ends what the step runs, too.
setsid env --default-signal=INT bash "$directory/steps" "$directory" "Sleeping" "cannot sleep" sh -c 'echo $$ >"$0"; exec sleep 1000' "$directory/child" \
	</dev/null 2>"$directory/said" &
await "$directory/child" '[0-9]'
kill -INT "-$!"
wait $!
is "$? $(kill -0 "$(<"$directory/child")" 2>&1 | grep -c .) $(tail -n 1 "$directory/said")" "130 1 steps: interrupted; run it again to continue." "an interrupt ends the step, and the script"

done_testing
