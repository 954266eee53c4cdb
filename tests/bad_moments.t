#!/usr/bin/env bash
# Loads broken modules, and loads and unloads modules at the wrong moment. All of this is refused, with the right message.

. "$(dirname "$0")/kernel.sh" || exit

# (All but next_ticket, which needs another one.)
modules=(chardev hello_world jiffies module_param proc_hello seconds simple startstop tickets)
directory=$(mktemp -d)

# refused FILE ERROR DESCRIPTION: checks that insmod refuses FILE with ERROR.
refused() {
	run insmod "$1"
	is "$stderr" "insmod: ERROR: could not insert module $1: $2" "$3"
}

# ---- Loading twice, and unloading twice.

for module in "${modules[@]}"; do
	kmsg_mark
	insmod "$module.ko"
	kmsg >/dev/null
	kmsg_mark
	refused "$module.ko" "File exists" "$module: a second load is refused"
	is "$(kmsg)" "" "$module: … without a word in the log"
	kmsg_mark
	rmmod "$module"
	kmsg >/dev/null
	run rmmod "$module"
	is "$status $stderr" "1 rmmod: ERROR: Module $module is not currently loaded" "$module: a second unload is refused"
done

# ---- Files that are not valid modules.

kmsg_mark
for module in "${modules[@]}"; do
	size=$(stat -c %s "$module.ko")
	head -c "$((size / 2))" "$module.ko" >"$directory/cut.ko"
	refused "$directory/cut.ko" "Invalid module format" "$module: cut to half of its size"
done
is "$(kmsg | sort -u)" "<err> Invalid ELF section header overflow" "… and the log says what is wrong with them"

# with OFFSET BYTES: makes a copy of hello_world that has these bytes (written as for printf %b) at OFFSET.
with() {
	cp hello_world.ko "$directory/changed.ko"
	printf '%b' "$2" | dd of="$directory/changed.ko" bs=1 seek="$1" conv=notrunc status=none
}
kmsg_mark
: >"$directory/empty.ko"
refused "$directory/empty.ko" "Invalid parameters" "an empty file"
with 1 X
refused "$directory/changed.ko" "Invalid module format" "a flipped byte in the ELF magic"
with 16 '\02'
refused "$directory/changed.ko" "Invalid module format" "an executable instead of an object (e_type)"
with 18 '\03'
refused "$directory/changed.ko" "Invalid module format" "another machine's code (e_machine)"
with 40 '\0377\0377\0377\0377'
refused "$directory/changed.ko" "Invalid module format" "sections beyond the end of the file (e_shoff)"
kmsg >/dev/null

kmsg_mark
# Change the first digit of the release in vermagic, which the kernel compares as text.
offset=$(grep -abo 'vermagic=' hello_world.ko | head -n 1 | cut -d: -f1)
with "$((offset + 9))" 1
refused "$directory/changed.ko" "Invalid module format" "a module of another kernel"
like "$(kmsg)" "^<err> (changed|hello_world): version magic '1[^']*' should be '$(uname -r | sed 's/[.+]/\\&/g') " "… and the log names its version"

kmsg_mark
# Change the name of a function that it needs to one that no kernel has.
sed 's/call_printk/call_prinTk/g' hello_world.ko >"$directory/changed.ko"
run insmod "$directory/changed.ko"
is "$stderr" "insmod: ERROR: could not insert module $directory/changed.ko: Unknown symbol in module" "a symbol that the kernel does not export"
like "$(kmsg)" '^<warn> hello_world: Unknown symbol _RNv[^ ]*call_prinTk \(err -2\)$' "… and the log names it"

kmsg_mark
mkdir "$directory/a directory"
refused "$directory/a directory" "Is a directory" "a directory"
run insmod "$directory/none.ko"
is "$stderr" "insmod: ERROR: could not load module $directory/none.ko: No such file or directory" "a file that does not exist"
run setpriv --reuid 65534 --clear-groups insmod hello_world.ko
is "$stderr" "insmod: ERROR: could not insert module hello_world.ko: Operation not permitted" "not root"
run insmod hello_world.ko no_such_parameter=1
is "$status" 0 "an unknown parameter is no error"
rmmod hello_world
is "$(kmsg)" $'<warn> hello_world: unknown parameter \'no_such_parameter\' ignored\nhello_world: Hello World\nhello_world: Goodbye World' \
	"… and the log names it"

rm -r "$directory"
done_testing
