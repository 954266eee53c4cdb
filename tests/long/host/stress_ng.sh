#!/usr/bin/env bash
# Runs stress-ng on the files of the modules, and on the modules themselves. stress_ng.t runs this in the virtual machine.
#
# shellcheck disable=SC2154 # kernel.sh sets them

. "$(dirname "$0")/../../kernel.sh" || exit

seconds=10

# stress STRESSOR WORKERS ARGUMENT…: runs the stressor for some seconds. Sets status, and operations to their number.
stress() {
	run env LD_LIBRARY_PATH="$PWD/programs/lib" "${only[@]}" programs/bin/stress-ng --temp-path /tmp \
		--timeout "$seconds" --metrics-brief "--$1" "$2" "${@:3}"
	operations=$(sed -nE "s/.* $1 +([0-9]+) .*/\1/p" <<<"$stdout$stderr" | head -n 1)
}

# only_these DIRECTORY PATH…: from now on, stress will find only these files in DIRECTORY.
# shellcheck disable=SC2016 # the shell that it is for expands it
only_these() {
	only=(unshare --mount bash -euc '
		directory=$1 paths=$2
		shift 2
		for path in $paths; do
			if [[ -d $path ]]; then mkdir -p "/tmp/only$path"; else install -D /dev/null "/tmp/only$path"; fi
			mount --bind "$path" "/tmp/only$path"
		done
		mount --rbind "/tmp/only$directory" "$directory"
		exec "$@"' - "$1" "${*:2}")
}

# worked DESCRIPTION: checks that stress-ng found nothing wrong, and did something.
worked() {
	is "$status" 0 "$1"
	((operations > 0)) || diag "$stdout" "$stderr"
	ok "$((!(operations > 0)))" "… and it did something"
	diag "$operations operations"
}

kmsg_mark
for module in proc_hello jiffies seconds module_param; do insmod "$module.ko"; done
like "$(kmsg)" 'module_param: my_limit = 10' "the modules are loaded"

kmsg_mark
only_these /proc /proc/hello /proc/jiffies /proc/seconds
stress procfs 4
worked "stress-ng reads, maps, seeks and polls our files in /proc, with 4 workers and their threads"
only_these /sys /sys/module/{proc_hello,jiffies,seconds,module_param}
stress sysfs 4
worked "stress-ng does the same with our files in /sys/module"
is "$(kmsg)" "" "… and none of this logs a message"
is "$(cat /proc/hello)" "Hello World" "/proc/hello still says Hello World"
like "$(</proc/jiffies) $(</proc/seconds)" '^[0-9]+ [0-9]+$' "… and the other files still have numbers"
run rmmod module_param seconds jiffies proc_hello
is "$status $stderr" "0 " "nothing uses the modules any more"

kmsg_mark
only=()
stress module 2 --module-name hello_world
worked "stress-ng loads and unloads hello_world, with 2 workers"
# (It may be loaded or not.)
rmmod hello_world 2>/dev/null || :
log=$(kmsg)
is "$(grep -vxE 'hello_world: (Hello|Goodbye) World' <<<"$log")" "" "… and the log has only its greetings and farewells"
is "$(grep -c Hello <<<"$log")" "$(grep -c Goodbye <<<"$log")" "… as many of each"

# --dev-file chooses one device. Without it, stress-ng would use all of /dev.
kmsg_mark
insmod chardev.ko
stress dev 4 --dev-file /dev/chardev
worked "stress-ng opens, maps and polls /dev/chardev and calls ioctl on it, with 4 workers"
echo still there >/dev/chardev
like "$(dd if=/dev/chardev bs=4096 iflag=nonblock status=none 2>/dev/null)" $'still there$' "… and the device works as before"
run rmmod chardev
is "$status $stderr" "0 " "… and nobody uses it"
is "$(kmsg)" "" "… and none of this logs a message"

done_testing
