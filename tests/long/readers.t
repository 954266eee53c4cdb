#!/usr/bin/env bash
# vm: --smp 2
#
# Many readers at once read the files in /proc.
# shellcheck disable=SC2154 # run sets them

. "$(dirname "$0")/../kernel.sh" || exit

kmsg_mark
for module in proc_hello jiffies seconds; do insmod "$module.ko"; done

# 64 readers read for 20 seconds, or longer if detectors make everything slow. In the middle, the modules are unloaded and loaded.
seconds=20
[[ -z $sanitized ]] || seconds=120
perl -e '
	use strict; use warnings;
	my ($seconds, $readers) = @ARGV;
	my $end = time + $seconds;
	for (1 .. $readers) {
		next if fork;
		my (%seen, $reads);
		while (time < $end) {
			for my $file (qw(hello jiffies seconds)) {
				open(my $f, "<", "/proc/$file") or do { $seen{"open: $!"}++; next };
				while (1) {
					my $read = sysread($f, my $text, 100);
					if (!defined $read) { $seen{"read: $!"}++; last }
					last if !$read;
					$seen{$text =~ ($file eq "hello" ? qr/^Hello World\n$/ : qr/^\d+\n$/) ? "whole" : "torn: $text"}++;
				}
			}
		}
		print "$seen{$_} $_\n" for keys %seen;
		exit;
	}
	1 while wait > 0;' "$seconds" 64 >/tmp/readers &
sleep "$((seconds / 2))"
run rmmod seconds jiffies proc_hello
is "$status $stderr" "0 " "rmmod works while 64 readers read"
for module in proc_hello jiffies seconds; do insmod "$module.ko"; done
wait
is "$(cut -d' ' -f2- /tmp/readers | sort -u | grep -vxE 'whole|open: No such file or directory|read: Input/output error')" "" \
	"64 readers see whole texts, or ENOENT or EIO while the modules are unloaded"
diag "$(awk '$2 == "whole" { n += $1 } END { print n }' /tmp/readers) reads"
ok "$(($(grep -c ' whole$' /tmp/readers) != 64))" "each of the 64 readers read something"

rmmod seconds jiffies proc_hello
is "$(kmsg)" "" "none of this logs a message"
done_testing
