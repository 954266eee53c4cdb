# System calls that tests need and that perl does not have, or changes.
#
# Each returns the result of the system call, or the name of its errno.
package syscalls;
use strict;
use warnings;
use Errno;
use Exporter 'import';
use Fcntl qw(O_RDONLY O_WRONLY O_RDWR O_EXCL O_NONBLOCK SEEK_SET SEEK_CUR SEEK_END);
use POSIX ();
our @EXPORT = qw(O_RDONLY O_WRONLY O_RDWR O_EXCL O_NONBLOCK SEEK_SET SEEK_CUR SEEK_END
	openf pread pwriten readn read_at lseek writen write_from ioctln ioctlv sendfile splicen epoll watch events uring uring_read uring_result page hole bytes errname insmod rmmod);

my %number = (
	x86_64 => {
		read => 0, write => 1, mmap => 9, munmap => 11, ioctl => 16, pread => 17, pwrite => 18, sendfile => 40, delete_module => 176, epoll_ctl => 233,
		splice => 275, epoll_pwait => 281, epoll_create1 => 291, finit_module => 313,
	},
	aarch64 => {
		epoll_create1 => 20, epoll_ctl => 21, epoll_pwait => 22, ioctl => 29, read => 63, write => 64, pread => 67, pwrite => 68, sendfile => 71, splice => 76, delete_module => 106, munmap => 215, mmap => 222, finit_module => 273,
	},
);
# (Linux has one list for all architectures that are newer than it, and the same numbers everywhere for newer calls.)
$number{loongarch64} = $number{aarch64};
my ($io_uring_setup, $io_uring_enter) = (425, 426);
my $arch = (POSIX::uname())[4];
my $call = $number{$arch} or die "no system call numbers for $arch\n";

sub errname {
	my $errno = $! + 0;
	return (grep { Errno->can($_)->() == $errno } qw(EIO EACCES EFAULT EINVAL EAGAIN ENOENT EBADF EBUSY EINTR ENOTTY ESPIPE E2BIG EDOM ERANGE EEXIST ENOMEM))[0]
		// "errno $errno";
}

sub result {
	my ($n, $buffer) = @_;
	return errname() if $n < 0;
	return substr($$buffer, 0, $n);
}

sub openf { my ($path, $mode) = @_; return POSIX::open($path, $mode // O_RDONLY) // errname() }

sub readn {
	my ($fd, $n) = @_;
	my $buffer = "." x ($n || 1);
	return result(syscall($call->{read}, $fd, $buffer, $n), \$buffer);
}

sub pread {
	my ($fd, $n, $offset) = @_;
	my $buffer = "." x ($n || 1);
	return result(syscall($call->{pread}, $fd, $buffer, $n, $offset), \$buffer);
}

# read_at FD, ADDRESS, SIZE: read(2) to that address.
sub read_at {
	my ($fd, $address, $n) = @_;
	my $got = syscall($call->{read}, $fd, $address, $n);
	return $got < 0 ? errname() : $got;
}

sub lseek {
	my ($fd, $offset, $whence) = @_;
	my $at = POSIX::lseek($fd, $offset, $whence);
	return defined $at && $at != -1 ? $at + 0 : errname();
}

sub writen { my ($fd, $text) = @_; return POSIX::write($fd, $text, length $text) // errname() }

sub pwriten {
	my ($fd, $text, $offset) = @_;
	my $put = syscall($call->{pwrite}, $fd, $text, length $text, $offset);
	return $put < 0 ? errname() : $put;
}

# write_from FD, ADDRESS, SIZE: write(2) from that address.
sub write_from {
	my ($fd, $address, $n) = @_;
	my $put = syscall($call->{write}, $fd, $address, $n);
	return $put < 0 ? errname() : $put;
}

# ioctln FD, COMMAND, ARGUMENT: ARGUMENT is a string or an address. Returns "done", or the error.
sub ioctln {
	my ($fd, $command) = @_;
	return syscall($call->{ioctl}, $fd, $command, $_[2]) < 0 ? errname() : "done";
}

# The value that the device returns.
sub ioctlv {
	my $value = syscall($call->{ioctl}, @_);
	return $value == -1 ? errname() : $value;
}

sub sendfile {
	my ($out, $in, $n) = @_;
	my $got = syscall($call->{sendfile}, $out, $in, 0, $n);
	return $got < 0 ? errname() : $got;
}

sub splicen {
	my ($in, $out, $n) = @_;
	my $got = syscall($call->{splice}, $in, 0, $out, 0, $n, 0);
	return $got < 0 ? errname() : $got;
}

# epoll: returns a new epoll descriptor, or the error. watch EPOLL, FD, EVENTS: EVENTS are the words "IN", "OUT", "RDNORM",
# "WRNORM" and "ET"; HUP is always reported. Returns "done", or the error.
# events EPOLL, MILLISECONDS: waits at most this long, and returns the events, as "FD:EVENTS" in the order of FD.
my %event = (IN => 1, OUT => 4, ERR => 8, HUP => 16, RDNORM => 64, WRNORM => 256, ET => 1 << 31);
# (On x86_64 the struct has no padding.)
my $epoll_event = $arch eq "x86_64" ? "LQ" : "Lx4Q";
sub epoll { my $fd = syscall($call->{epoll_create1}, 0); return $fd < 0 ? errname() : $fd }

sub watch {
	my ($epoll, $fd, $events) = @_;
	my $bits = 0;
	$bits |= $event{$_} for split / /, $events;
	my $add = 1;
	return syscall($call->{epoll_ctl}, $epoll, $add, $fd, pack($epoll_event, $bits, $fd)) < 0 ? errname() : "done";
}

sub events {
	my ($epoll, $timeout) = @_;
	my $size = length pack($epoll_event, 0, 0);
	my $buffer = "\0" x (8 * $size);
	my $n = syscall($call->{epoll_pwait}, $epoll, $buffer, 8, $timeout, 0, 0);
	return errname() if $n < 0;
	return join " ", sort map {
		my ($bits, $fd) = unpack $epoll_event, substr($buffer, $_ * $size, $size);
		"$fd:" . join "+", grep { $bits & $event{$_} } sort keys %event;
	} 0 .. $n - 1;
}

# uring: returns a new io_uring, or the error. uring_read RING, FD, SIZE: begins a read(2). uring_result RING: waits for it, and
# returns what it has read, or the error. There can be one read at a time.
my ($uring_ring, $uring_entries, $uring_buffer, %uring);
sub uring {
	($uring_ring, $uring_entries) = (0x21000000, 0x22000000);
	my ($read_write, $private_fixed_anonymous, $no_mmap) = (3, 0x32, 1 << 14);
	for ($uring_ring, $uring_entries) {
		syscall($call->{mmap}, $_, 4096, $read_write, $private_fixed_anonymous, -1, 0) == $_ or die "mmap: $!\n";
	}
	my $parameters = pack "x8 L x60 Q x32 Q", $no_mmap, $uring_entries, $uring_ring;
	my $fd = syscall($io_uring_setup, 1, $parameters);
	return errname() if $fd < 0;
	my @offset = unpack "x40 L8 x8 L8", $parameters;
	@uring{qw(tail array cq_head cq_mask cqes)} = @offset[1, 6, 8, 10, 13];
	return $fd;
}

sub uring_read {
	my ($ring, $fd, $size) = @_;
	my $read = 22;
	$uring_buffer = "." x $size;
	poke($uring_entries, pack("CCSlQPLx36", $read, 0, 0, $fd, 0, $uring_buffer, $size));
	my ($tail) = unpack "L", bytes($uring_ring + $uring{tail}, 4);
	poke($uring_ring + $uring{array}, pack("L", 0));
	poke($uring_ring + $uring{tail}, pack("L", $tail + 1));
	return syscall($io_uring_enter, $ring, 1, 0, 0, 0, 0) == 1 ? "done" : errname();
}

sub uring_result {
	my ($ring) = @_;
	my $get_events = 1;
	return errname() if syscall($io_uring_enter, $ring, 0, 1, $get_events, 0, 0) < 0;
	my ($head) = unpack "L", bytes($uring_ring + $uring{cq_head}, 4);
	my ($mask) = unpack "L", bytes($uring_ring + $uring{cq_mask}, 4);
	my ($n) = unpack "x8 l", bytes($uring_ring + $uring{cqes} + 16 * ($head & $mask), 16);
	poke($uring_ring + $uring{cq_head}, pack("L", $head + 1));
	$! = $n < 0 ? -$n : 0;
	return result($n, \$uring_buffer);
}

# poke ADDRESS, BYTES: writes into memory.
sub poke {
	my ($address, $bytes) = @_;
	my ($out, $in) = POSIX::pipe();
	POSIX::write($in, $bytes, length $bytes);
	syscall($call->{read}, $out, $address, length $bytes) == length $bytes or die "poke: $!\n";
	POSIX::close($_) for $out, $in;
}

# page: returns the address of a page after which nothing is mapped. (It is a low address, because perl cuts the result of mmap()
# to 32 bits.)
sub page {
	my ($address, $size) = (0x20000000, POSIX::sysconf(&POSIX::_SC_PAGESIZE));
	my ($read_write, $private_fixed_anonymous) = (3, 0x32);
	syscall($call->{mmap}, $address, 2 * $size, $read_write, $private_fixed_anonymous, -1, 0) == $address
		or die "mmap: $!\n";
	syscall($call->{munmap}, $address + $size, $size) == 0 or die "munmap: $!\n";
	return $address;
}

# hole: returns the first address after that page.
sub hole { return page() + POSIX::sysconf(&POSIX::_SC_PAGESIZE) }

# insmod FILE ARGUMENTS and rmmod NAME: call the kernel directly, because the programs take longer than the kernel does. They
# return "done", or the error.
my %module;
sub insmod {
	my ($path, $arguments) = (@_, "");
	if (!$module{$path}) { open($module{$path}, "<", $path) or die "$path: $!\n" }
	return syscall($call->{finit_module}, fileno $module{$path}, $arguments, 0) == 0 ? "done" : "$!";
}

sub rmmod {
	my ($name) = @_;
	return syscall($call->{delete_module}, $name, POSIX::O_NONBLOCK()) == 0 ? "done" : "$!";
}

sub bytes { my ($address, $n) = @_; return unpack("P$n", pack("J", $address)) }

1;
