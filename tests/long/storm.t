#!/usr/bin/env bash
# vm: --smp 2
#
# Loads and unloads a module on two CPUs at the same time, and loads and unloads one while its parameter is written to.

. "$(dirname "$0")/../kernel.sh" || exit

directory=$(mktemp -d)

# ---- Loading and unloading at the same time: 1000 rounds on each of two CPUs, with the system calls themselves.

storm() {
	perl -I tests -e '
		use strict; use warnings; use syscalls;
		my ($module, $rounds) = @ARGV;
		my (%seen, $loaded, $unloaded);
		for (1 .. $rounds) {
			my $load = insmod("$module.ko");
			if ($load eq "done") { $loaded++ } else { $seen{"load: $load"}++ }
			my $unload = rmmod($module);
			if ($unload eq "done") { $unloaded++ } else { $seen{"unload: $unload"}++ }
		}
		print "$_\n" for sort keys %seen;
		print STDERR "$loaded $unloaded\n"' "$@"
}
# The errors that the other CPU may cause: the module is loaded already, is being loaded or unloaded, or is unloaded already.
expected='^(load: (File exists|Device or resource busy|No such file or directory)|unload: (No such file or directory|Device or resource busy|Resource temporarily unavailable))$'
for module in hello_world jiffies chardev; do
	kmsg_mark
	for cpu in 0 1; do
		taskset --cpu-list "$cpu" bash -c "$(declare -f storm); storm $module 1000" >"$directory/storm.$cpu" 2>"$directory/count.$cpu" &
	done
	wait
	is "$(cat "$directory"/storm.? | grep -vE "$expected")" "" "$module: 2000 loads and unloads at the same time give only permitted errors"
	read -r loaded unloaded < <(awk '{ a += $1; b += $2 } END { print a, b }' "$directory"/count.?)
	diag "$module: $loaded loads, $unloaded unloads"
	# If two processes load a file at the same time, the kernel loads it once, and both succeed.
	ok "$((loaded < unloaded || unloaded < 20))" "… and many succeed"
	rmmod "$module" 2>/dev/null && ((unloaded++))
	log=$(kmsg)
	if [[ $module == hello_world ]]; then
		same "$(grep -c 'Hello World' <<<"$log")" "$unloaded" "… and one unload follows each load"
		is "$(grep -vxE 'hello_world: (Hello|Goodbye) World' <<<"$log")" "" "… and the log has only the greetings and farewells"
		is "$(uniq -d <<<"$log")" "" "… in turn"
	else
		is "$log" "" "… and none of this logs a message"
	fi
done

# ---- A parameter is written to while its module is unloaded.

kmsg_mark
perl -e '
	my ($written, $stop) = (0, 0);
	$SIG{TERM} = sub { $stop = 1 };
	until ($stop) {
		open(my $f, "+<", "/sys/module/module_param/parameters/my_limit") or next;
		for (1 .. 100) { defined syswrite($f, 1 + $_ % 100) and $written++ }
	}
	print $written' >"$directory/written" &
writer=$!
wrong=0
for ((i = 0; i < 50; i++)); do
	insmod module_param.ko || wrong=$((wrong + 1))
	limit=$(cat /sys/module/module_param/parameters/my_limit)
	((limit >= 1 && limit <= 100)) || wrong=$((wrong + 1))
	rmmod module_param || wrong=$((wrong + 1))
done
kill "$writer"
wait "$writer"
written=$(<"$directory/written")
ok "$((written < 1000))" "a parameter is written to $written times"
is "$wrong" 0 "… while its module is loaded and unloaded"
is "$(kmsg | sed 's/my_limit = .*/my_limit/' | sort | uniq -c | awk '{ print $1 }' | sort -u | paste -sd' ')" "50" "… and prints each line 50 times"

rm -r "$directory"
done_testing
