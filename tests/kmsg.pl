# Reads the kernel's log for kernel.sh, which sends one of these lines to its stdin:
#   mark         write a record, read the log up to it, and answer with its sequence number
#   lines START  the same; and write the lines since START to DIRECTORY/lines, without those that every foreign module causes. Of
#                a splat, write only the first line. If the level of a line is not info, the level comes first: "<err> TEXT"
# If the record did not arrive, the answer is empty.
#
# perl kmsg.pl DIRECTORY NOISE: DIRECTORY/log has all records that were read, each as a line "SEQUENCE TEXT". /dev/kmsg numbers
# its records, so none can be missed. For each request for lines, DIRECTORY/seen gets a line "START END".

use strict;
use warnings;
use Errno;
use Fcntl;
use IO::Handle;

my ($directory, $noise) = @ARGV;
sysopen(my $kmsg, "/dev/kmsg", O_RDONLY | O_NONBLOCK) or die "/dev/kmsg: $!";
defined sysseek($kmsg, 0, 2) or die "/dev/kmsg: $!";
open(my $log, ">>", "$directory/log") or die "$directory/log: $!";
$log->autoflush;
STDOUT->autoflush;
my (@records, $marks);
my @levels = qw(emerg alert crit err warn notice info debug);

sub mark {
	my $text = "test mark $$." . ++$marks;
	# The kernel accepts only a few records per second from one open file.
	open(my $mark, ">", "/dev/kmsg") or die "/dev/kmsg: $!";
	syswrite($mark, "$text\n");
	while (1) {
		my $read = sysread($kmsg, my $record, 8192);
		if (!defined $read) {
			# EPIPE: some records were overwritten before they were read. The gap in the numbers shows that.
			next if $!{EPIPE} || $!{EINTR};
			return;
		}
		my ($priority, $sequence, $line) = $record =~ /^(\d+),(\d+),[^;]*;(.*)/ or next;
		$line =~ s/\\x5c/\\/g;
		push @records, [$sequence, $line, $levels[$priority & 7]];
		print $log "$sequence $line\n";
		return $sequence if $line eq $text;
	}
}

sub lines {
	my ($start, $end) = @_;
	my ($block, @lines) = 0;
	for (@records) {
		my ($sequence, $line, $level) = @$_;
		next if $sequence <= $start || $sequence >= $end;
		if ($line =~ /cut here/) { $block = 1; next }
		if ($block) {
			push @lines, "splat: $line" if $block++ == 1;
			$block = 0 if $line =~ /end trace/;
		} elsif ($line !~ /$noise/) {
			push @lines, $level eq "info" ? $line : "<$level> $line";
		}
	}
	return @lines;
}

while (my $request = <STDIN>) {
	my $end = mark();
	if ($request =~ /^lines (\d+)/) {
		open(my $file, ">", "$directory/lines") or die "$directory/lines: $!";
		open(my $seen, ">>", "$directory/seen") or die "$directory/seen: $!";
		if ($end) {
			print $file map { "$_\n" } lines($1, $end);
			print $seen "$1 $end\n";
		}
	}
	print $end // "", "\n";
}
