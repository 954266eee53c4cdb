#!/usr/bin/env bash
# Reads the files in /proc with ordinary programs.

. "$(dirname "$0")/kernel.sh" || exit

kmsg_mark
for module in proc_hello jiffies seconds; do insmod "$module.ko"; done

for file in hello jiffies seconds; do
	pattern='^[0-9]+$'
	[[ $file != hello ]] || pattern='^Hello World$'
	while IFS='|' read -r tool command; do
		output=$(eval "${command//FILE//proc/$file}")
		like "$output" "$pattern" "$tool reads /proc/$file"
	done <<-'TOOLS'
		cat|cat FILE
		dd by one byte|dd if=FILE bs=1 status=none
		dd by four bytes|dd if=FILE bs=4 status=none
		head|head -c 100 FILE
		tac|tac FILE
		grep|grep . FILE
		awk|awk '{ print }' FILE
		sed|sed -n p FILE
		sort|sort FILE
		the shell|echo "$(<FILE)"
		perl, seeking|perl -e 'open(F, "<", "FILE") or die; read(F, $a, 3); seek(F, 0, 0); print <F>'
		cp|cp FILE /tmp/copy && cat /tmp/copy
	TOOLS
done
is "$(cmp /proc/hello <(echo "Hello World") && echo same)" "same" "cmp finds the right text in /proc/hello"
run find /proc -maxdepth 1 -type f -name '[hjs][eio]*' -size 0 -perm 444
is "$(grep -xE '/proc/(hello|jiffies|seconds)' <<<"$stdout" | sort)" $'/proc/hello\n/proc/jiffies\n/proc/seconds' \
	"find sees plain files of size 0 that everybody can read"

rmmod seconds jiffies proc_hello
is "$(kmsg)" "" "none of this logs a message"
done_testing
