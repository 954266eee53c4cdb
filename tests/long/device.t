#!/usr/bin/env bash
# vm: --smp 2
#
# Passes 10 million bytes through /dev/chardev. There are several readers and writers; some wait in the call, the others do not.
# Each writer's bytes must come out once, in order.
# shellcheck disable=SC2154 # run sets them

. "$(dirname "$0")/../kernel.sh" || exit

# Each record has 8 bytes: the number of its writer, and its own number. Half of the 6 writers and of the 6 readers wait in the
# call, the other half in select.
crowd='
	use strict; use warnings; use Fcntl; use IO::Select; use Errno;
	my ($each, $writers) = @ARGV;
	sub ready { my ($can, $f) = @_; IO::Select->new($f)->$can(120) or die "nothing for two minutes\n" }
	# Keep the device open for writing until all have begun. Otherwise, a reader that comes first would get the end of the file.
	sysopen(my $keep, "/dev/chardev", O_WRONLY) or die $!;
	for my $writer (0 .. $writers - 1) {
		next if fork;
		close $keep;
		srand $writer;
		my $polls = $writer % 2;
		sysopen(my $f, "/dev/chardev", O_WRONLY | ($polls ? O_NONBLOCK : 0)) or die $!;
		for (my $next = 0; $next < $each;) {
			my $n = 1 + int rand 600;
			$n = $each - $next if $n > $each - $next;
			my $text = join "", map { pack "NN", $writer, $_ } $next .. $next + $n - 1;
			for (my $done = 0; $done < length $text;) {
				ready(can_write => $f) if $polls;
				my $put = syswrite($f, $text, length($text) - $done, $done);
				if (defined $put) { $done += $put } elsif (!$polls || !$!{EAGAIN}) { die "write: $!\n" }
			}
			$next += $n;
		}
		exit;
	}
	my @from;
	for my $reader (0 .. 5) {
		pipe(my $from, my $to) or die $!;
		push @from, $from;
		next if fork;
		close $keep;
		srand 100 + $reader;
		my $polls = $reader % 2;
		# (A reader that has read nothing yet waits for a writer, even after the last one. So no reader waits in the call before it has
		# data.)
		sysopen(my $f, "/dev/chardev", O_RDONLY | O_NONBLOCK) or die $!;
		my (@last, $bytes, $wrong) = (-1) x $writers;
		for ($bytes = $wrong = 0;;) {
			ready(can_read => $f) if $polls || !$bytes;
			my $got = sysread($f, my $text, 8 * (1 + int rand 700));
			if (!defined $got) { ($polls || !$bytes) && $!{EAGAIN} ? next : die "read: $!\n" }
			last if !$got;
			fcntl($f, F_SETFL, 0) if !$polls && !$bytes;
			$bytes += $got;
			my @numbers = unpack "N*", $text;
			print $to pack "N*", @numbers;
			while (my ($writer, $number) = splice @numbers, 0, 2) {
				$wrong++ if $number <= ($last[$writer] // 1e10);
				$last[$writer] = $number;
			}
		}
		print $to pack "NN", 0xffffffff, $wrong;
		exit;
	}
	close $keep;
	# Check that the readers got each record once.
	my ($bytes, $wrong, $doubled, @seen) = (0, 0, 0, ("") x $writers);
	my $select = IO::Select->new(@from);
	my %rest;
	while ($select->count) {
		for my $from ($select->can_read) {
			my $got = sysread($from, my $text, 65536);
			if (!$got) { $select->remove($from); next }
			$rest{$from} .= $text;
			my $whole = substr($rest{$from}, 0, 8 * int(length($rest{$from}) / 8), "");
			my @numbers = unpack "N*", $whole;
			while (my ($writer, $number) = splice @numbers, 0, 2) {
				if ($writer == 0xffffffff) { $wrong += $number; next }
				$bytes += 8;
				$doubled++ if vec($seen[$writer], $number, 1)++;
			}
		}
	}
	1 while wait > 0;
	my $lost = grep { my $writer = $_; unpack("%32b*", $seen[$writer]) != $each } 0 .. $writers - 1;
	print "$bytes bytes, $doubled doubled, $lost writers with losses, $wrong out of order\n";'

total=0
for capacity in 4096 64; do
	kmsg_mark
	insmod chardev.ko capacity="$capacity"
	each=208334
	((capacity == 4096)) || each=2084
	run perl -e "$crowd" "$each" 6
	is "$status $stdout$stderr" "0 $((each * 6 * 8)) bytes, 0 doubled, 0 writers with losses, 0 out of order" \
		"capacity $capacity: 6 writers and 6 readers: nothing is lost, duplicated or reordered"
	[[ $stdout =~ ^[0-9]+ ]] && total=$((total + BASH_REMATCH[0]))
	run rmmod chardev
	is "$status $stderr" "0 " "capacity $capacity: after that, nobody uses it"
	is "$(kmsg)" "" "capacity $capacity: none of this logs a message"
done
ok "$((total < 10000000))" "this was at least 10 million bytes"
done_testing
