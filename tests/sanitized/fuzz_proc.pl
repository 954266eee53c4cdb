# Usage: perl -I tests fuzz_proc.pl SEED CASES
#
# Makes CASES system calls with random arguments on the files in /proc, and prints the results that are wrong. All choices depend
# on SEED. The last line is "done", with how many calls gave data, and how many an error.
use strict;
use warnings;
no warnings "portable";
use Errno;
use POSIX ();
use syscalls;

my ($seed, $cases) = @ARGV;
srand($seed);

# For each file, a function that checks a part of its text from some offset on. Below: sizes, and how much a write may take.
my $list = join "", map { 2 * $_ . "\n" } grep { $_ != 7 } 1 .. 300; # (13 is an error, and 14 has no line)
my %files = (
	hello   => sub { my ($text, $offset) = @_; return $text eq substr("Hello World\n", $offset, length $text) },
	jiffies => sub { $_[0] =~ /^\d*\n?\z/ },
	seconds => sub { $_[0] =~ /^\d*\n?\z/ },
	"proc_kinds/list" => sub { my ($text, $offset) = @_; return $text eq substr($list, $offset, length $text) },
	"proc_kinds/table" => sub { $_[0] =~ /^[-0-9a-fx Somen()N\n]*\z/ },
	"proc_kinds/limit" => sub { $_[0] =~ /^\d*\n?\z/ },
	# (What is written there can be the end of what was read from another file, before the page that is missing.)
	"proc_kinds/notes" => sub { $_[0] =~ /^[-.\w() \n]*\z/ },
	"proc_kinds/1/2/3" => sub { my ($text, $offset) = @_; return $text eq substr("deep\n", $offset, length $text) },
);
my %most = ("proc_kinds/list" => length $list, "proc_kinds/table" => 300, "proc_kinds/notes" => 2**20);
my %written = ("proc_kinds/limit" => 8, "proc_kinds/notes" => 100);
my @names = sort keys %files;

my %number = (
	x86_64 => {
		read => 0, write => 1, open => 2, close => 3, fstat => 5, poll => 7, lseek => 8, mmap => 9, ioctl => 16, pread => 17,
		pwrite => 18, readv => 19, dup => 32, sendfile => 40, fcntl => 72, flock => 73, fsync => 74, ftruncate => 77,
		getdents => 78, readahead => 187, fadvise => 221, splice => 275, tee => 276, fallocate => 285, preadv => 295,
		copy_file_range => 326, preadv2 => 327,
	},
);
my $call = $number{(POSIX::uname())[4]} or die "no system call numbers for this machine\n";

sub pick { return $_[rand @_] }

my $hole = hole();
my @sizes = (0, 1, 2, 5, 11, 12, 13, 99, 4095, 4096, 4097, 65536, 2**31 - 1, 2**31, 2**32, 2**62, -1);
my @offsets = (0, 0, 0, 1, 2, 5, 11, 12, 13, 20, 21, 4096, 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, -1, -2**63);
my @pointers = (0, 1, 8, $hole, $hole - 1, $hole - 2, $hole - 11, -1, -4096, 0x7fff_ffff_f000, 0x8000_0000_0000,
	-0x7800_0000_0000, -0x8000_0000);
my $most = 65536;
my (@open, $data, $errors) = ();

pipe(my $from, my $to) or die;
for ($from, $to) { fcntl($_, 4, POSIX::O_NONBLOCK()) }
sub drain { 1 while sysread($from, my $text, 65536) }

# One call in five gets a bad pointer, the others a buffer of this size.
my $memory;
sub place {
	my ($n) = @_;
	return pick(@pointers) if rand() < 0.2;
	$memory = "." x $most;
	return unpack("J", pack("P", $memory));
}

sub wrong { print "case $_[0]: $_[1]\n" }

# Check the $got bytes that a read of up to $n bytes has put into a good buffer, from $offset (undef: not known).
sub check {
	my ($case, $name, $got, $n, $offset) = @_;
	return wrong($case, "$name: $got bytes, asked for $n") if $n >= 0 && $got > $n;
	return wrong($case, "$name: $got bytes") if $got > ($most{$name} // 21);
	my $text = substr($memory, 0, $got);
	wrong($case, "$name: more was written than returned") if substr($memory, $got) =~ /[^.]/;
	wrong($case, "$name at " . ($offset // "?") . ": '$text'")
		if $got && !(defined $offset || $name =~ /jiffies|seconds|table|limit|notes/ ? $files{$name}->($text, $offset)
			: index({ hello => "Hello World\n", "proc_kinds/list" => $list, "proc_kinds/1/2/3" => "deep\n" }->{$name}, $text) >= 0);
}

# Errors that the calls may give, whatever their arguments.
my %may = map { $_ => 1 } qw(EBADF EFAULT EINVAL EIO EAGAIN ENOENT ENXIO ESPIPE EACCES EPERM ENOTDIR EISDIR ENODEV ENOTTY
	EOVERFLOW EOPNOTSUPP EEXIST ENOSYS EFBIG EXDEV ETXTBSY EMFILE ENOMEM ELOOP E2BIG ERANGE);

for my $case (1 .. $cases) {
	my $op = pick(qw(open open close read read pread pread pread readv preadv preadv2 lseek lseek write pwrite ioctl mmap
		poll fstat fsync ftruncate fallocate flock fadvise readahead getdents dup fcntl sendfile splice tee copy_file_range));
	my $result;
	if ($op eq "open" || !@open) {
		next if @open > 20;
		my $name = pick(@names);
		my $flags = pick(0, 0, 0, 0, 1, 2, 3, 0x800, 0x400, 0x4000, 0x40, 0xc0, 0x200, 0x10000, 0x200000, 0x80000, int rand 2**24);
		my $path = "/proc/$name";
		$result = syscall($call->{open}, $path, $flags & ~0x410000, 0);
		push @open, [$result, $name] if $result >= 0;
	} else {
		my $i = int rand @open;
		my ($fd, $name) = @{$open[$i]};
		my ($n, $offset) = (pick(@sizes), pick(@offsets));
		undef $memory;
		if ($op eq "close") {
			$result = syscall($call->{close}, $fd);
			splice @open, $i, 1;
		} elsif ($op eq "read") {
			$result = syscall($call->{read}, $fd, place($n), $memory && $n > $most ? $most : $n);
			check($case, $name, $result, $n, undef) if $memory && $result >= 0;
		} elsif ($op eq "pread") {
			$result = syscall($call->{pread}, $fd, place($n), $memory && $n > $most ? $most : $n, $offset);
			check($case, $name, $result, $n, $offset) if $memory && $result >= 0;
		} elsif ($op =~ /^(readv|preadv|preadv2)$/) {
			# Two pieces of one memory.
			my $first = int rand 8;
			my $place = place($n);
			my $rest = $memory ? 100 : abs $n;
			my $iov = pack("JJJJ", $place, $first, $place + $first, $rest);
			my $count = pick(2, 2, 2, 0, 1, 1024, 1025, -1);
			$iov .= pack("JJ", 0, 0) x 1022 if $count > 2;
			$result = $op eq "readv" ? syscall($call->{readv}, $fd, $iov, $count)
				: $op eq "preadv" ? syscall($call->{preadv}, $fd, $iov, $count, $offset, 0)
				: syscall($call->{preadv2}, $fd, $iov, $count, $offset, 0, pick(0, 0, 1, 2, 8, 16, 0xff));
			check($case, $name, $result, $first + $rest, $op eq "readv" || $offset == -1 ? undef : $offset) if $memory && $result >= 0;
		} elsif ($op eq "lseek") {
			my $whence = pick(0, 0, 0, 1, 1, 2, 3, 4, 5, -1);
			$result = syscall($call->{lseek}, $fd, $offset, $whence);
			wrong($case, "$name: lseek relative to $whence gave $result") if $result >= 0 && ($whence < 0 || $whence > 1);
		} elsif ($op eq "write" || $op eq "pwrite") {
			my $place = place(1);
			# Sometimes write a value that the limit accepts.
			if ($memory && rand() < 0.3) { ($memory, $n) = ("42\n" . "." x ($most - 3), 3); $place = unpack("J", pack("P", $memory)) }
			$result = syscall($call->{$op}, $fd, $place, $n, $offset);
			my $may = $written{$name} // 0;
			wrong($case, "$name: $op of $n gave $result") if $result > $may || $n >= 0 && $result > $n || ($result == 0 && $n != 0);
		} elsif ($op eq "ioctl") {
			$result = syscall($call->{ioctl}, $fd, pick(0x541b, 0x5401, 1, 2, 0x5421, 0x80086601, 0x40086602, 0x6611, int rand 2**16), place(8));
		} elsif ($op eq "mmap") {
			$result = syscall($call->{mmap}, 0, 4096, pick(1, 3), pick(1, 2), $fd, 0);
			wrong($case, "$name could be mapped") if $result >= 0;
		} elsif ($op eq "poll") {
			my $set = pack("lss", $fd, pick(1, 4, 0x1f, -1), 0);
			$result = syscall($call->{poll}, $set, 1, 0);
		} elsif ($op eq "fstat") {
			$result = syscall($call->{fstat}, $fd, place(144));
		} elsif ($op =~ /^(fsync|getdents)$/) {
			$result = syscall($call->{$op}, $fd, place(4096), 4096);
			wrong($case, "$name: $op worked") if $result >= 0;
		} elsif ($op eq "ftruncate") {
			# procfs accepts it, and does nothing.
			$result = syscall($call->{ftruncate}, $fd, $offset);
		} elsif ($op eq "fallocate") {
			$result = syscall($call->{fallocate}, $fd, pick(0, 1, 2, 3), $offset, $n);
			wrong($case, "$name: fallocate worked") if $result >= 0;
		} elsif ($op eq "flock") {
			$result = syscall($call->{flock}, $fd, pick(5, 6, 8, 4));
		} elsif ($op eq "fadvise" || $op eq "readahead") {
			$result = syscall($call->{$op}, $fd, $offset, $n, int rand 8);
		} elsif ($op eq "dup") {
			next if @open > 20;
			$result = syscall($call->{dup}, $fd);
			push @open, [$result, $name] if $result >= 0;
		} elsif ($op eq "fcntl") {
			$result = syscall($call->{fcntl}, $fd, pick(1, 3, 4), pick(0, 0x400, 0x800, 0x4000));
		} else {
			my $out = fileno $to;
			my $at = pack("q", $offset);
			$n = pick(0, 1, 5, 99, 4096, 65536);
			$result = $op eq "sendfile" ? syscall($call->{sendfile}, $out, $fd, 0, $n)
				: $op eq "splice" ? syscall($call->{splice}, $fd, pick(0, $at), $out, 0, $n, 2)
				: $op eq "tee" ? syscall($call->{tee}, $fd, $out, $n, 2)
				: syscall($call->{copy_file_range}, $fd, 0, pick($out, $fd), 0, $n, 0);
			wrong($case, "$name: $op gave $result bytes") if $result > ($most{$name} // 21);
			drain();
		}
	}
	if ($result < 0) {
		$errors++;
		my ($error) = grep { $may{$_} && exists &{"Errno::$_"} && Errno->can($_)->() == $! } keys %may;
		wrong($case, "$op: $!") if !$error;
	} else {
		$data++;
	}
}
syscall($call->{close}, $_->[0]) for @open;
print "done: $data results, $errors errors\n";
