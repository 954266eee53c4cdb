#!/usr/bin/env bash
# vm: --smp 1
#
# Checks the code of every module: small stack frames, no floating point, no vectors.

. "$(dirname "$0")/kernel.sh" || exit

limit=512

# frames FILE: prints for each function how many bytes of stack it takes at most: the number that it subtracts from the stack
# pointer, and 8 for each push. Fails if there is no code.
frames() {
	objdump -d --no-show-raw-insn "$1" | awk '
		/^[0-9a-f]+ <.*>:$/ { report(); name = $2; pushes = sub_ = 0; functions++ }
		/\tpush / { pushes += 8 }
		/\tsub +\$0x[0-9a-f]+,%rsp/ { match($0, /0x[0-9a-f]+/); n = hex(substr($0, RSTART + 2, RLENGTH - 2)); if (n > sub_) sub_ = n }
		/\tsub +%[a-z0-9]+,%rsp/ { sub_ = 1e9 }
		/\tstp .*\[sp, #-[0-9]+\]!/ || /\tsub\tsp, sp, #0x[0-9a-f]+/ {
			if (match($0, /#-[0-9]+\]!/)) pushes += substr($0, RSTART + 2, RLENGTH - 4)
			else { match($0, /#0x[0-9a-f]+/); sub_ += hex(substr($0, RSTART + 3, RLENGTH - 3)) }
		}
		function hex(s,  i, n) { for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return n }
		function report() { if (name != "") print pushes + sub_, name }
		END { report(); exit !functions }'
}

for module in *.ko; do
	sizes=$(frames "$module")
	ok $? "$module has code to check"
	is "$(awk -v limit=$limit '$1 >= limit' <<<"$sizes")" "" \
		"$module: no function takes $limit bytes of stack; the most is $(sort -n <<<"$sizes" | tail -n 1 | cut -d ' ' -f 1)"
	is "$(objdump -d --no-show-raw-insn "$module" | grep -E '%[xyz]mm[0-9]|%st\b|%mm[0-7]|	(f(ld|st|add|mul|div|ild|ist)[a-z]*|fxsave|fninit|emms)\b|\b[vqdsh][0-9]+\.[0-9]*[bhsd]\b|	f(mov|add|mul|div|cvt)[a-z]*	')" "" \
		"$module: no floating point or vector register"
done

done_testing
