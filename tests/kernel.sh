# shellcheck shell=bash disable=SC2154
# For tests that load modules: tap.sh, with the kernel's log, and a gate around each test. Sourced.
#
# The gate is two more tests at the end. Of all that the log has gained, each line has to be one that the test
# looked at (by kmsg), or one that the kernel says of any foreign module; a splat has to be declared
# (expect_splat). And the machine has to be as before: modules, /proc, /sys/module, taint.

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/log_gate.sh"

# ---- The log, as "SEQUENCE TEXT": /dev/kmsg numbers its records, so that none can go unnoticed. What has come is
# kept in $gate_directory/log, so that each record is read once.

gate_directory=$(mktemp -d)
trap 'rm -rf "$gate_directory"' EXIT
touch "$gate_directory"/{log,seen,splats}
exec {kmsg_fd}</dev/kmsg
perl -e 'sysseek(STDIN, 0, 2) or die "/dev/kmsg: $!"' <&"$kmsg_fd"

# log_mark: writes a record, and reads the log up to it. Prints its sequence number; nothing if it did not arrive.
log_mark() {
	local text="test mark $BASHPID.$RANDOM$RANDOM"
	echo "$text" >/dev/kmsg
	# dd ends with an error where the log ends.
	dd iflag=nonblock bs=8192 status=none <&"$kmsg_fd" 2>/dev/null |
		sed -nE 's/^[0-9]+,([0-9]+),[^;]*;/\1 /; T; s/\\x5c/\\/g; p' >>"$gate_directory/log"
	tail -n 5 "$gate_directory/log" | sed -n "s/^\([0-9]*\) $text\$/\1/p"
}

# ---- The test's own part of it.

gate_start=$(log_mark)
kmsg_start=$gate_start

# kmsg_mark: what kmsg prints begins here.
kmsg_mark() { kmsg_start=$(log_mark); }

# kmsg: the lines since kmsg_mark, without those that every foreign module causes. A splat is one line, its first.
kmsg() {
	local end
	end=$(log_mark)
	if [[ -z $kmsg_start || -z $end ]]; then
		echo "(the kernel log could not be read)"
		return
	fi
	echo "$kmsg_start $end" >>"$gate_directory/seen"
	awk -v start="$kmsg_start" -v end="$end" -v noise="$expected_noise" '
		$1 <= start || $1 >= end { next }
		{ text = substr($0, length($1) + 2) }
		text ~ /cut here/ { block = 1; next }
		block { if (block++ == 1) print "splat: " text; if (text ~ /end trace/) block = 0; next }
		text !~ noise { print text }' "$gate_directory/log"
}

# expect_splat REGEX: one splat that has it in one of its lines is what this test is about.
expect_splat() { printf '%s\n' "$1" >>"$gate_directory/splats"; }

# ---- The state of the machine.

# Taint bits that loading our modules sets: out-of-tree (12) and unsigned (13); and a warning's (9), if declared.
gate_state() {
	local allowed=$((1 << 12 | 1 << 13)) taint
	taint=$(</proc/sys/kernel/tainted)
	[[ ! -s $gate_directory/splats ]] || allowed=$((allowed | 1 << 9))
	echo "taint $((taint & ~allowed & ~${gate_taint:-0}))"
	awk '{ print "module", $1 }' /proc/modules | sort
	find /proc -maxdepth 1 -name '[!0-9]*' -printf '/proc/%f\n' | sort
	find /sys/module -mindepth 1 -maxdepth 1 -printf '/sys/module/%f\n' | sort
}

# What an earlier test's declared splat has left.
gate_taint=$(($(</proc/sys/kernel/tainted) & 1 << 9))
gate_before=$(gate_state)

done_testing() {
	local findings end
	end=$(log_mark)
	findings=$(log_gate "$gate_start" "$end" "$gate_directory"/{seen,splats} <"$gate_directory/log") || :
	is "$findings" "" "the kernel log has nothing that was not expected"
	is "$(diff <(echo "$gate_before") <(gate_state))" "" "the machine is as before: modules, /proc, /sys/module, taint"
	tap_end
}
