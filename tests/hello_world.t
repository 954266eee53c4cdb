#!/usr/bin/env bash
# vm: --smp 1
#
# Loads and unloads hello_world, and reads what it prints to the kernel's log.

. "$(dirname "$0")/kernel.sh" || exit

modules() { lsmod | awk 'NR > 1 { print $1 }' | sort; }

before=$(modules)

kmsg_mark
run insmod hello_world.ko
is "$status $stderr" "0 " "insmod loads it without a word"
is "$(kmsg)" "hello_world: Hello World" "loading prints the greeting, and nothing else"
like "$(lsmod | grep '^hello_world ')" '^hello_world +[0-9]+ +0$' "lsmod lists it, with no users"
like "$(grep '^hello_world ' /proc/modules)" ' Live ' "/proc/modules says that it is live"

kmsg_mark
run insmod hello_world.ko
is "$stderr" "insmod: ERROR: could not insert module hello_world.ko: File exists" "loading it again is refused"
is "$(kmsg)" "" "a refused load prints nothing"

kmsg_mark
run rmmod hello_world
is "$status $stderr" "0 " "rmmod unloads it without a word"
is "$(kmsg)" "hello_world: Goodbye World" "unloading prints the farewell, and nothing else"
is "modules: $(modules)" "modules: $before" "nothing stays loaded"

run rmmod hello_world
is "$stderr" "rmmod: ERROR: Module hello_world is not currently loaded" "unloading it again is refused"

kmsg_mark
modprobe hello_world
modprobe --remove hello_world
is "$(kmsg)" $'hello_world: Hello World\nhello_world: Goodbye World' "modprobe finds, loads and removes it"

is "$(modinfo -F description hello_world.ko)" "Hello World" "modinfo gives the description"
is "$(modinfo -F license hello_world.ko)" "GPL" "modinfo gives the licence"

without=''
for module in ./*.ko docs/guide/solutions/*.ko; do
	for field in author description license; do
		[[ -n $(modinfo -F "$field" "$module") ]] || without+="$module has no $field"$'\n'
	done
done
is "$without" "" "every module says who has made it, what it is, and its licence"

done_testing
