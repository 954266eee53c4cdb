# Usage: perl -I tests stress.pl SECONDS
#
# For stress.t: several processes use each piece of state that lkm/ shares between processes. Prints a line for each: its name,
# how much was done, and what was wrong.
use strict;
use warnings;
no warnings "portable";
use Time::HiRes qw(time);
use Fcntl qw(F_SETFL);
use syscalls;

my ($seconds) = @ARGV;

# crew NAME [WORK…]: runs each WORK in a process of its own, all at once, until the time is over. Each returns how much it did,
# and what was wrong. At the end, $after returns what else is wrong.
our $after = sub { () };
sub crew {
	my ($name, @work) = @_;
	my $end = time + $seconds;
	my @from;
	for my $work (@work) {
		pipe(my $read, my $write) or die;
		push @from, $read;
		next if fork;
		my ($done, @wrong) = $work->(sub { time < $end });
		print $write join("\t", $done, @wrong[0 .. ($#wrong < 4 ? $#wrong : 4)]), "\n";
		close $write;
		POSIX::_exit(0);
	}
	my ($total, $idle, @wrong) = (0, 0);
	for my $read (@from) {
		my ($done, @more) = split /\t/, <$read> // "0\tended early\n";
		chomp($done, @more);
		$total += $done;
		$idle++ if !$done;
		push @wrong, @more;
	}
	push @wrong, "$idle of " . @work . " did nothing" if $idle;
	1 while wait > 0;
	push @wrong, $after->();
	print join("|", $name, $total, join("; ", @wrong)), "\n";
}

# ---- file->private_data: the sample of one open file, which 4 processes share. (The numbers of proc_files_count have 10 digits.)

my $shared = openf("/proc/proc_files_count");
crew("the sample of one open file", map { my $me = $_; sub {
	my ($more) = @_;
	my ($reads, $last, @wrong) = (0, 0);
	while ($more->()) {
		for (1 .. 50) {
			my $at = ($me + $reads) % 4;
			my $text = pread($shared, 99, $at);
			push @wrong, "at $at: $text" if $text !~ /^\d+\n\z/ || length $text != 11 - $at;
			if (!$at) {
				# This is a new sample, which no other process gets. Later samples are larger.
				push @wrong, "$text after $last" if $text <= $last;
				$last = $text + 0;
			}
			$reads++;
		}
	}
	return ($reads, @wrong);
} } 0 .. 3);

# ---- The text of one open file, in its seq_file: the same for printed text.

my $passes = openf("/proc/proc_files_passes");
crew("the text of one open file", map { my $me = $_; sub {
	my ($more) = @_;
	my ($reads, $last, @wrong) = (0, 0);
	while ($more->()) {
		for (1 .. 50) {
			my $at = ($me + $reads) % 4;
			my $text = pread($passes, 99, $at);
			push @wrong, "at $at: $text" if $text !~ /^\d+\n\z/ || length $text != 11 - $at;
			if (!$at) {
				push @wrong, "$text after $last" if $text <= $last;
				$last = $text + 0;
			}
			$reads++;
		}
	}
	return ($reads, @wrong);
} } 0 .. 3);

# ---- The place of an open file in a list: 2 processes read, also with a descriptor that they share; 2 add and remove entries.

sysopen(my $command, "/proc/proc_kinds/command", 1) or die;
syswrite($command, "+" . 2 * $_) for 1 .. 5; # (not 14, and 13 is an error)
my $list = openf("/proc/proc_kinds/list");
crew("the place of an open file in a list", (map { sub {
	my ($more) = @_;
	my ($reads, @wrong) = 0;
	while ($more->()) {
		# The shared descriptor: the piece may begin and end anywhere, but has only digits and newlines.
		my $text = readn($list, 50);
		push @wrong, $text if $text !~ /^[\d\n]*\z/;
		lseek($list, 0, SEEK_SET) if $text eq "";
		# A descriptor of its own.
		my $own = openf("/proc/proc_kinds/list");
		my $all = "";
		while (($text = readn($own, 3)) ne "") { $all .= $text }
		POSIX::close($own);
		my @keys = split /\n/, $all;
		push @wrong, "keys: @keys" if join(" ", grep { !($_ % 2) } @keys) ne "2 4 6 8 10" || grep { $keys[$_] <= $keys[$_ - 1] } 1 .. $#keys;
		$reads++;
	}
	return ($reads, @wrong);
} } 0, 1), (map { my $me = $_; sub {
	my ($more) = @_;
	my $changes = 0;
	while ($more->()) {
		syswrite($command, ($changes % 2 ? "+" : "-") . (4 * int(rand 3) + 1 + 2 * $me)) and $changes++ or $changes++;
	}
	return $changes;
} } 0, 1));

# ---- The state of one open file of a stream, which 4 processes share. Each time, a process writes one byte 10 times.

my $notes = openf("/proc/proc_kinds/notes", O_RDWR);
crew("the state of one open file", map { my $me = $_; sub {
	my ($more) = @_;
	my ($times, @wrong) = 0;
	while ($more->()) {
		push @wrong, "write: $!" if $times < 200 && writen($notes, $me x 10) != 10;
		my $text = pread($notes, 10000, 0);
		push @wrong, "torn" if $text !~ /^(([0-3])\2{9})*\z/;
		$times++;
	}
	return ($times, @wrong);
} } 0 .. 3);

# ---- One open file of a device, and its pipe, which 4 processes share.

my $device = openf("/dev/chardev", O_RDWR | O_NONBLOCK);
ioctln($device, 0x7802, 0); # what an earlier run has left
pipe(my $sums, my $sum) or die;
{
	local $after = sub {
		my $left = pack("i", -1);
		ioctln($device, 0x8004_7801, $left);
		sysread($sums, my $balances, 32);
		my $balance = 0;
		$balance += $_ for unpack("q*", $balances);
		return $balance == unpack("i", $left) ? () : "the pipe has " . unpack("i", $left) . " bytes and not $balance";
	};
	crew("one open file of a device", map { my $me = $_; sub {
		my ($more) = @_;
		my ($times, $balance, @wrong) = (0, 0);
		my $size = pack("i", -1);
		open(my $file, "+<&=", $device) or die;
		my $ready = "";
		vec($ready, $device, 1) = 1;
		while ($more->()) {
			my $put = writen($device, $me x (1 + rand 300));
			$put =~ /^\d+$/ ? ($balance += $put) : $put eq "EAGAIN" || push @wrong, "write: $put";
			my $text = readn($device, 1 + int rand 300);
			$text =~ /^[0-3]+\z/ ? ($balance -= length $text) : $text eq "EAGAIN" || push @wrong, "read: $text";
			ioctln($device, 0x8004_7801, $size) eq "done" or push @wrong, "ioctl";
			push @wrong, "size: " . unpack("i", $size) if unpack("i", $size) !~ /^\d+$/ || unpack("i", $size) > 4096;
			select(my $in = $ready, my $out = $ready, undef, 0) or push @wrong, "neither readable nor writable";
			fcntl($file, F_SETFL, O_RDWR | O_NONBLOCK) or push @wrong, "fcntl: $!";
			$times++;
		}
		syswrite($sum, pack("q", $balance));
		return ($times, @wrong);
	} } 0 .. 3);
}

# ---- A parameter that is written and read at the same time. If its 8 bytes differ, the value is torn.

my $byte = 0;
crew("a writable parameter", (map { my $me = $_; sub {
	my ($more) = @_;
	my ($writes, @wrong) = 0;
	open(my $file, "+<", "/sys/module/param_file/parameters/pattern") or die;
	while ($more->()) {
		for (1 .. 50) {
			my $value = ($writes * 2 + $me) % 256 * 0x0101_0101_0101_0101;
			syswrite($file, sprintf "0x%x", $value) or push @wrong, "write: $!";
			syswrite($file, sprintf "0x%x", $value ^ 0x10) and push @wrong, "a value was taken that the rule refuses";
			$writes++;
		}
	}
	return ($writes, @wrong);
} } 0, 1), (map { my $path = $_; sub {
	my ($more) = @_;
	my ($reads, %seen, @wrong) = 0;
	while ($more->()) {
		my $file = openf($path);
		for (1 .. 50) {
			my $text = pread($file, 99, 0);
			my ($number) = $text =~ /^(\d+)\n\z/;
			push @wrong, "$path: $text" if !defined $number || sprintf("%016x", $number) !~ /^(..)\1{7}$/;
			$seen{$text} = 1;
			$reads++;
		}
		POSIX::close($file);
	}
	push @wrong, "$path: always the same" if keys %seen < 2;
	return ($reads, @wrong);
} } "/proc/param_file", "/proc/param_file", "/sys/module/param_file/parameters/pattern"));

# ---- The offset of one open file, which read(2) moves and 4 processes share: each read gets a piece of the text or, at the end,
# nothing.

crew("the offset of one open file", map { my $me = $_; sub {
	my ($more) = @_;
	my ($reads, @wrong) = 0;
	while ($more->()) {
		for (1 .. 50) {
			my $text = readn($shared, 3);
			push @wrong, $text if $text !~ /^(\d*\n?)\z/ || length $text > 3;
			if ($text ne "") { $reads++ }
			elsif ($me == 0 && lseek($shared, 0, SEEK_SET) ne "0") { push @wrong, "lseek: $!" }
		}
	}
	return ($reads, @wrong);
} } 0 .. 3);

# ---- The entry in /proc and its data: readers, while the modules are unloaded and loaded.

my %text = (hello => qr/^Hello World\n\z/, jiffies => qr/^\d+\n\z/, seconds => qr/^\d+\n\z/, proc_files_count => qr/^\d+\n\z/);
my %module = (hello => "proc_hello", jiffies => "jiffies", seconds => "seconds", proc_files_count => "tests/proc_files");
crew("an entry that goes, and its data", (map { my ($name, $again) = @$_; sub {
	my ($more) = @_;
	my ($reads, $old, @wrong) = (0, -1);
	while ($more->()) {
		my $file = openf("/proc/$name");
		if ($file !~ /^\d+$/) { push @wrong, "open: $file" if $file ne "ENOENT"; next }
		for (1 .. 20) {
			my $read = pread($file, 99, 0);
			$read =~ $text{$name} ? $reads++ : $read eq "EIO" || push @wrong, "$name: $read";
		}
		# A descriptor that is kept, even after the module is unloaded.
		if ($old >= 0 && !$again) { my $read = pread($old, 99, 0); $read =~ /^(EIO|.*\n)\z/ or push @wrong, "$name, kept: $read" }
		POSIX::close($again ? $file : $old) if $again || $old >= 0;
		$old = $file if !$again;
	}
	return ($reads, @wrong);
} } map { [$_, 0], [$_, 1] } keys %text), (map { my $name = $_; sub {
	my ($more) = @_;
	my ($cycles, @wrong) = 0;
	my $module = $module{$name} =~ s,.*/,,r;
	while ($more->()) {
		system("rmmod", $module) == 0 or push @wrong, "rmmod $module";
		push @wrong, "/proc/$name is there" if -e "/proc/$name";
		system("insmod", "$module{$name}.ko") == 0 or push @wrong, "insmod $module";
		push @wrong, "/proc/$name is not there" if !-e "/proc/$name";
		$cycles++;
	}
	return ($cycles, @wrong);
} } keys %module));
