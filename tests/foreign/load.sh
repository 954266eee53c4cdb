#!/usr/bin/env bash
# Loads and unloads the modules that foreign.sh has built and copied into load/ of the virtual machine.

. "$(dirname "$0")/../kernel.sh" || exit
directory=load

while read -r file; do
	insmod "$directory/$file" || echo "Bail out! $file cannot be loaded"
done <"$directory/needed"

# The messages of our modules. (The messages of the kernel's samples are not checked.)
declare -A says=(
	[foreign_mixed]="foreign_mixed: the sum is 4711"
	[foreign_crates]=$'foreign_crates: of two\nforeign_crates: crates'
)

# A tracepoint can be enabled before its module is loaded.
tracing=/sys/kernel/tracing
[[ -e $tracing/trace ]] || mount -t tracefs none "$tracing" 2>/dev/null || :
[[ ! -e $tracing/set_event ]] || echo ":mod:foreign_macros" >"$tracing/set_event"
# (Some architectures warn by a function in C.)
! grep -q foreign_macros "$directory/modules" || expect_splat 'main\.rs|WARNING: rust/helpers/bug\.c'

# shellcheck disable=SC2154 # run sets status and stderr
while read -r file; do
	name=$(basename "$file" .ko)
	kmsg_mark
	run insmod "$directory/$file"
	is "$status $stderr" "0 " "$file can be loaded"
	is "$(awk -v name="$name" '$1 == name { print $5 }' /proc/modules)" Live "… and is live"
	if [[ $name == foreign_macros && -e $tracing/trace ]]; then
		like "$(<"$tracing/trace")" 'rust_sample_loaded: magic=4711' "… its tracepoint is traced"
	fi
	run rmmod "$name"
	is "$status $stderr" "0 " "… and can be unloaded"
	log=$(kmsg)
	if [[ $name == foreign_macros ]]; then
		like "$log" $'^foreign_macros: once\nforeign_macros: switched: false\nforeign_macros: switched: true\n.*foreign_macros: warned: true$' \
			"… it has printed its first line once, has switched its branch, and has warned"
	elif [[ -n ${says[$name]:-} ]]; then
		is "$log" "${says[$name]}" "… it has printed its messages"
	fi
done <"$directory/modules"

tac "$directory/needed" | while read -r file; do rmmod "$(basename "$file" .ko)"; done
done_testing
