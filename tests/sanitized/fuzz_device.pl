# Usage: perl -I tests fuzz_device.pl SEED CASES
#
# Makes CASES system calls with random arguments on /dev/chardev, and prints the results that are wrong. All choices depend on
# SEED. The last line is "done", with how many calls gave data, and how many an error.
use strict;
use warnings;
no warnings "portable";
use Errno;
use POSIX ":signal_h";
use Time::HiRes "ualarm";
use syscalls;

my ($seed, $cases) = @ARGV;
srand($seed);
# A signal ends calls that wait. It is sent again and again, because one could come too early.
my $action = POSIX::SigAction->new(sub { }, POSIX::SigSet->new, 0);
# (It must not interrupt perl's own work.)
$action->safe(1);
sigaction(SIGALRM, $action) or die;

my %call = (
	read => 0, write => 1, open => 2, close => 3, fstat => 5, poll => 7, lseek => 8, mmap => 9, ioctl => 16, pread => 17,
	pwrite => 18, readv => 19, writev => 20, dup => 32, sendfile => 40, fcntl => 72, flock => 73, fsync => 74,
	ftruncate => 77, getdents => 78, fadvise => 221, splice => 275, fallocate => 285, preadv2 => 327, pwritev2 => 328,
);
sub pick { return $_[rand @_] }

my $capacity = 4096;
my ($size, $clear) = (0x80047801, 0x7802);
my @bad = (0, 1, hole(), 2**47 - 1, 2**63, 0xffff888000000000, -1);
my @sizes = (0, 1, 2, 7, 8, 100, 4095, 4096, 4097, 10000, 2**31 - 1, 2**32, 2**62, -1);
my ($most, $memory) = (12000);
pipe(my $from, my $to) or die;
for ($from, $to) { fcntl($_, 4, POSIX::O_NONBLOCK()) }

# place BYTE: returns the address of a buffer full of BYTE or, in one of five cases, a bad address.
sub place {
	undef $memory;
	return pick(@bad) if rand() < 0.2;
	$memory = $_[0] x $most;
	return unpack("J", pack("P", $memory));
}

my ($data, $errors, @open) = (0, 0);
sub wrong { print "case $_[0]: $_[1]\n" }
# Everybody writes only small letters. A buffer for reading is full of dots.
sub check_read {
	my ($case, $op, $got, $n) = @_;
	wrong($case, "$op: $got bytes, asked for $n") if $n >= 0 && $got > $n || $got > $capacity;
	return if !$memory;
	wrong($case, "$op: it has read " . substr($memory, 0, 20)) if substr($memory, 0, $got) !~ /^[a-z]*\z/;
	wrong($case, "$op: more was written than returned") if substr($memory, $got) =~ /[^.]/;
}
my %may = map { $_ => 1 } qw(EAGAIN EBADF EBUSY EXDEV EFAULT EINTR EINVAL EACCES EOVERFLOW ENODEV ENOENT ENOMEM ENOTTY ENOTDIR EOPNOTSUPP EPERM ESPIPE ENXIO EIO);

for my $case (1 .. $cases) {
	my $op = pick(qw(open open close read read read write write write readv writev pread pwrite preadv2 pwritev2 ioctl ioctl ioctl lseek
		poll fcntl dup mmap fstat sendfile splice fsync ftruncate fallocate fadvise flock getdents));
	my ($result, $n) = (undef, pick(@sizes));
	my $fits = $n >= 0 && $n <= $most;
	if ($op eq "open" || !@open) {
		next if @open > 8;
		my $path = "/dev/chardev";
		# Use O_EXCL rarely, because then nobody else can do anything.
		$result = syscall($call{open}, $path, pick(0, 1, 2, 2, 3, 0x800, 0x801, 0x802, 0x802, rand() < 0.1 ? 0x80 : 0x800, 0x400, 0x4000, 0x200, 0x200000), 0);
		push @open, $result if $result >= 0;
	} else {
		my $i = int rand @open;
		my $fd = $open[$i];
		ualarm(5_000, 5_000);
		if ($op eq "close") {
			$result = syscall($call{close}, $fd);
			splice @open, $i, 1;
		} elsif ($op eq "read" || $op eq "pread") {
			my $place = place(".");
			my $asked = $memory && !$fits ? $most : $n;
			$result = syscall($call{$op}, $fd, $place, $asked, pick(0, 1, 2**40, -1));
			check_read($case, $op, $result, $asked) if $result >= 0;
			wrong($case, "pread: $result") if $op eq "pread" && $result >= 0;
		} elsif ($op eq "write" || $op eq "pwrite") {
			my $place = place(pick("a" .. "z"));
			my $asked = $memory && !$fits ? $most : $n;
			$result = syscall($call{$op}, $fd, $place, $asked, pick(0, 1, 2**40, -1));
			wrong($case, "$op of $asked gave $result") if $result > $most || $asked >= 0 && $result > $asked || $op eq "pwrite" && $result >= 0;
			wrong($case, "write from bad memory gave $result") if !$memory && $result > 0;
		} elsif ($op =~ /v/) {
			my $place = place($op =~ /read/ ? "." : "q");
			my $first = int rand 99;
			my $iov = pack("JJJJ", $place, $first, $place + $first, 5000) . pack("JJ", 0, 0) x 1022;
			$result = syscall($call{$op}, $fd, $iov, pick(2, 2, 1, 0, 1024, -1), pick(-1, -1, 0), 0, pick(0, 0, 8, 2, 16, 0xff));
			check_read($case, $op, $result, 5100) if $op =~ /read/ && $result >= 0;
			wrong($case, "$op gave $result") if $result > 5100;
		} elsif ($op eq "ioctl") {
			my $number = pick($size, $size, $size, $clear, 0x7803, 0x80087801, 0x40047801, 0x40049409, 0x5421, int rand 2**32);
			if ($number == $size && rand() < 0.8) {
				my $bytes = pack("i", -1);
				$result = syscall($call{ioctl}, $fd, $number, $bytes);
				my $there = unpack("i", $bytes);
				wrong($case, "ioctl: $there bytes") if $result >= 0 && ($there < 0 || $there > $capacity);
			} else {
				$result = syscall($call{ioctl}, $fd, $number, pick(@bad));
				wrong($case, sprintf("ioctl %#x gave %d", $number, $result)) if $result > 0 || $result == 0 && $number == $size;
			}
		} elsif ($op eq "lseek") {
			$result = syscall($call{lseek}, $fd, pick(0, 1, 2**62, -1), pick(0 .. 5, -1));
			wrong($case, "lseek gave $result") if $result >= 0;
		} elsif ($op eq "poll") {
			my $set = pack("lss", $fd, pick(1, 4, 0x1f, -1), 0);
			$result = syscall($call{poll}, $set, 1, pick(0, 3));
			my $ready = unpack("x6S", $set);
			wrong($case, sprintf("poll says %#x", $ready)) if $result >= 0 && $ready & ~0x175;
		} elsif ($op eq "fcntl") {
			$result = syscall($call{fcntl}, $fd, pick(1, 3, 4, 4, 4), pick(0, 0x400, 0x800, 0x800, 0x2000, 0x4000));
		} elsif ($op eq "dup") {
			next if @open > 8;
			$result = syscall($call{dup}, $fd);
			push @open, $result if $result >= 0;
		} elsif ($op eq "mmap") {
			$result = syscall($call{mmap}, 0, 4096, pick(1, 3), pick(1, 2), $fd, 0);
			wrong($case, "it could be mapped") if $result >= 0;
		} elsif ($op eq "sendfile" || $op eq "splice") {
			$result = $op eq "sendfile" ? syscall($call{sendfile}, fileno $to, $fd, 0, 100) : syscall($call{splice}, $fd, 0, fileno $to, 0, 100, 2);
			wrong($case, "$op gave $result") if $result > 100;
			1 while sysread($from, my $text, 65536);
		} elsif ($op eq "fstat") {
			$result = syscall($call{fstat}, $fd, place("."));
		} else {
			$result = syscall($call{$op}, $fd, pick(0, 1, 4096), pick(0, 1, 4096), pick(0, 4));
		}
		ualarm(0);
	}
	if ($result < 0) {
		$errors++;
		my $errno = $! + 0;
		wrong($case, "$op: $!") if !grep { exists &{"Errno::$_"} && Errno->can($_)->() == $errno } keys %may;
	} else {
		$data++;
	}
	# Sometimes close all files, so that others can open the device, and the module can be unloaded.
	if (rand() < 0.02) { syscall($call{close}, $_) for splice @open }
}
syscall($call{close}, $_) for @open;
print "done: $data results, $errors errors\n";
