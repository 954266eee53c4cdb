# Reads the kernel's log for kernel.sh, which asks on stdin, a line each:
#   mark         writes a record, reads the log up to it, and answers with its sequence number
#   lines START  as mark; and leaves what came since START in DIRECTORY/lines, without what every foreign module
#                causes, and of a splat its first line only; of another level than info, this comes first: "<err> TEXT"
# The answer is empty if that record did not arrive.
#
# perl kmsg.pl DIRECTORY NOISE. What was read is in DIRECTORY/log, a record a line, as "SEQUENCE TEXT": /dev/kmsg
# numbers its records, so that none can go unnoticed. DIRECTORY/seen gets "START END" of each request for lines.

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
	# The kernel takes few records a second of one open file.
	open(my $mark, ">", "/dev/kmsg") or die "/dev/kmsg: $!";
	syswrite($mark, "$text\n");
	while (1) {
		my $read = sysread($kmsg, my $record, 8192);
		if (!defined $read) {
			# EPIPE: some were overwritten before they were read. The gap in the numbers tells that.
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
