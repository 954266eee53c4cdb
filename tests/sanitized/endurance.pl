# For endurance.t.
#
# perl -I tests endurance.pl cycles N "FILE ARGUMENTS"…: loads and unloads each module N times. Prints how often it did that in
# all.
# perl -I tests endurance.pl reads N: makes N reads of the files in /proc. Meanwhile, their modules may be unloaded and loaded.
# Prints how many reads were whole, how often a file was missing, and each other result.
use strict;
use warnings;
use POSIX ();
use syscalls;

my ($what, $times, @modules) = @ARGV;

sub cycles {
	my $done = 0;
	for (@modules) {
		my ($path, $name, $arguments) = m{^((?:.*/)?([^/]*)\.ko) ?(.*)} or die "$_?\n";
		for (1 .. $times) {
			$_ eq "done" or die "$name: $_\n" for insmod($path, $arguments), rmmod($name);
			$done++;
		}
	}
	print "$done\n";
}

sub reads {
	my %whole = (hello => qr/^Hello World\n\z/, jiffies => qr/^\d+\n\z/, seconds => qr/^\d+\n\z/);
	my (%file, %other);
	my ($reads, $gone) = (0, 0);
	while ($reads < $times) {
		for my $name (keys %whole) {
			my $file = $file{$name} //= openf("/proc/$name");
			my $text = $file =~ /^\d+$/ ? pread($file, 64, 0) : $file;
			if ($text =~ $whole{$name}) { $reads++; next }
			$text eq "ENOENT" || $text eq "EIO" ? $gone++ : $other{$text}++;
			POSIX::close($file) if $file =~ /^\d+$/;
			delete $file{$name};
		}
	}
	printf "%d %d %s\n", $reads, $gone, join(" ", sort keys %other);
}

$what eq "cycles" ? cycles() : reads();
