# shellcheck shell=bash disable=SC2034
# Judges a piece of the kernel's log. kernel.sh sources this file; log_gate.t gives it logs made for it.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# Lines that the kernel prints for every foreign module, or about itself, whatever the modules do.
expected_noise='^([a-z_0-9]+: loading out-of-tree module taints kernel\.|[a-z_0-9]+: module verification failed: signature and/or required key missing - tainting kernel|test mark [0-9.]+|random: crng init done|clocksource: .*|tsc: .*|sched_clock: .*|perf: interrupt took too long .*|hrtimer: interrupt took .*|CE: [a-z]+ increased min_delta_ns to [0-9]+ nsec)$'

splat='^(BUG|WARNING|UBSAN|Oops|KASAN|INFO: task .* blocked|INFO: rcu)|kernel BUG at|Kernel panic|general protection fault|unable to handle|watchdog: .*lockup|rcu: .*detected stall|rcu_.* detected .*stall|BUG: KASAN|KASAN:|kmemleak: [1-9]|possible .* detected|suspicious RCU usage|cut here'

# log_gate START END SEEN SPLATS <RECORDS: prints what is wrong between the marks START and END. SEEN
# is a file with a line "FIRST LAST" for each range that the test has looked at. SPLATS is a file of regexes; each must match in
# one splat. If something cannot be found or read, that is a finding, too. The status is 0 if there are no findings.
log_gate() {
	awk -v start="$1" -v end="$2" -v seen="$3" -v splats="$4" -v noise="$expected_noise" -v splat="$splat" '
		function finding(text) { print text; found = 1 }
		function end_block(    i) {
			for (i = 1; i <= declared; i++) if (!met[i] && block ~ regex[i]) { met[i] = 1; block = ""; return }
			finding("splat:" block); block = ""
		}
		BEGIN {
			if (start !~ /^[0-9]+$/ || end !~ /^[0-9]+$/) finding("the log could not be marked")
			if ((getline line < seen) < 0 || (getline regex_line < splats) < 0) finding("the test left no account of what it saw")
			close(seen); close(splats)
			while ((getline line < seen) > 0) { split(line, range, " "); n++; first[n] = range[1]; last[n] = range[2] }
			while ((getline line < splats) > 0) regex[++declared] = line
			expected = start + 0
		}
		{
			sequence = $1 + 0
			if (sequence < start || sequence > end) next
			text = substr($0, length($1) + 2)
			if (sequence != expected && !cut) { cut = 1; finding("the log has a gap before record " sequence " (expected " expected ")") }
			expected = sequence + 1
			if (text ~ /cut here/) { if (in_block) end_block(); in_block = 1; block = "" }
			if (in_block) {
				block = block "\n  " text
				if (text ~ /end trace/) { in_block = 0; end_block() }
				next
			}
			if (text ~ splat) { block = "\n  " text; end_block(); next }
			if (text ~ noise) next
			for (i = 1; i <= n; i++) if (sequence > first[i] && sequence < last[i]) next
			finding("unexpected: " text)
		}
		END {
			if (in_block) end_block()
			if (expected != end + 1) finding("the log ends before the test did")
			for (i = 1; i <= declared; i++) if (!met[i]) finding("expected a splat that did not come: " regex[i])
			exit found
		}'
}
