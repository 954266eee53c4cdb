#!/usr/bin/env bash
# Checks every promise of lkm/chardev.rs with /dev/chardev, a pipe of bytes.

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/perl.sh"

device=/dev/chardev
perl 'sub dev { openf("/dev/chardev", O_RDWR | ($_[0] // 0)) }
	sub size { my $n = pack("i", -1); my $r = ioctln($_[0], 0x80047801, $n); $r eq "done" ? unpack("i", $n) : $r }
	sub clear { ioctln($_[0], 0x7802, 0) }
	sub done { POSIX::close($_) for @_ }
	use Time::HiRes "sleep", "time"; use IO::Select; $SIG{PIPE} = "IGNORE";'
devices() { grep -w chardev /proc/devices; }
users() { lsmod | awk '$1 == "chardev" { print $3 }'; }

kmsg_mark
run insmod chardev.ko
is "$status $stderr" "0 " "insmod loads it without a word"

# --- What appears, and where.

is "$(stat -c '%F %a %U' $device)" "character special file 666 root" "/dev/chardev is a character device that everybody can read and write"
major=$(stat -c %Hr $device)
is "$(devices)" "$major chardev" "/proc/devices has its major number"
is "$(</sys/class/chardev/chardev/dev)" "$major:0" "/sys/class/chardev/chardev has its number"
is "$(</sys/module/chardev/parameters/capacity)" 4096 "the capacity is a parameter"

# --- A pipe.

echo hello >$device
is "$(cat $device)" hello "cat reads what was written, and then ends"
is "$(perl '$f = dev(O_NONBLOCK); print readn($f, 10); done($f)')" EAGAIN "bytes that were read are gone"
is "$(perl '$f = dev(); print writen($f, "abc"), writen($f, "defg"), readn($f, 2), readn($f, 2), readn($f, 99); done($f)')" 34abcdefg \
	"bytes keep their order, whatever the sizes of reads and writes"
is "$(perl '$f = dev(O_NONBLOCK); say length readn($f, 0); say writen($f, "") + 0, " ", size($f); done($f)')" $'0\n0 0' \
	"reading and writing 0 bytes does not wait"
is "$(perl '$f = dev(); $g = dev(); writen($f, "x" x 4000); readn($g, 3999); writen($g, join "", 0 .. 999); print readn($f, 4096); done($f, $g)' | md5sum)" \
	"$(perl 'print "x", join "", 0 .. 999' | md5sum)" "bytes keep their order where the ring buffer wraps"

# --- Waiting: for data, for room, until a signal.

is "$(perl '$f = dev(); $start = time; if (!fork) { sleep 0.3; $g = dev(); writen($g, "late"); exit }
	print readn($f, 9), time - $start >= 0.2 ? " waited" : " at once"; wait; done($f)')" "late waited" "reading waits for data"
is "$(perl '$f = dev(); writen($f, "x" x 4096); $start = time; if (!fork) { sleep 0.3; readn($f, 100); exit }
	print writen($f, "y" x 100), time - $start >= 0.2 ? " waited" : " at once"; wait; clear($f); done($f)')" "100 waited" "writing waits for room"
is "$(perl '$f = dev(); if (!fork) { readn($f, 5000) for 1 .. 3; exit }
	print writen($f, "z" x 9000); sleep 0.1 while size($f); wait; done($f)')" 9000 "a write larger than the pipe goes through it in pieces"
signal='use POSIX ":signal_h"; sigaction(SIGALRM, POSIX::SigAction->new(sub { $alarms++ }, undef, RESTART)); $alarms = 0;'
is "$(perl "${signal/RESTART/0}"'$f = dev(); Time::HiRes::ualarm(200_000); print readn($f, 1), " $alarms"; done($f)')" "EINTR 1" \
	"a signal ends a read that waits"
is "$(perl "${signal/RESTART/0}"'$f = dev(); writen($f, "x" x 4096); Time::HiRes::ualarm(200_000); print writen($f, "y"), " $alarms"; clear($f); done($f)')" "EINTR 1" \
	"… and a write"
# (The child writes when the signal has come, however busy the machine is.)
is "$(perl "${signal/RESTART/SA_RESTART}"'$f = dev(); pipe(my $from, my $to); $SIG{ALRM} = "DEFAULT";
	sigaction(SIGALRM, POSIX::SigAction->new(sub { $alarms++; syswrite $to, "x" }, undef, SA_RESTART));
	if (!fork) { sysread $from, my $told, 1; sleep 0.2; writen($f, "later"); POSIX::_exit(0) }
	Time::HiRes::ualarm(200_000); print readn($f, 9), " $alarms"; wait; done($f)')" "later 1" "with SA_RESTART, the read goes on waiting"
is "$(perl "${signal/RESTART/SA_RESTART}"'$f = dev(); writen($f, "x" x 4096); pipe(my $from, my $to); $SIG{ALRM} = "DEFAULT";
	sigaction(SIGALRM, POSIX::SigAction->new(sub { $alarms++; syswrite $to, "x" }, undef, SA_RESTART));
	if (!fork) { sysread $from, my $told, 1; sleep 0.2; clear($f); POSIX::_exit(0) }
	Time::HiRes::ualarm(200_000); print writen($f, "later"), " $alarms"; wait; clear($f); done($f)')" "5 1" "… and so does the write"
is "$(perl "${signal/RESTART/0}"'$f = dev(); Time::HiRes::ualarm(200_000); print writen($f, "x" x 5000), " $alarms ", size($f); clear($f); done($f)')" "4096 1 4096" \
	"a write that a signal ends has written the bytes that fitted"

is "$(perl "${signal/RESTART/0}"'$f = dev(); writen($f, "x" x 4095); Time::HiRes::ualarm(200_000); print writen($f, "yy"), " $alarms ", size($f); clear($f); done($f)')" "1 1 4096" \
	"… also if that was one byte"

# --- Not waiting.

is "$(perl '$f = dev(O_NONBLOCK); print readn($f, 1), " ", writen($f, "x" x 5000), " ", writen($f, "x"), " ", size($f); clear($f); done($f)')" \
	"EAGAIN 4096 EAGAIN 4096" "O_NONBLOCK: a call that would wait fails with EAGAIN, and a write takes the bytes that fit"
is "$(perl '$f = dev(O_NONBLOCK); print writen($f, "x" x 4095), " ", writen($f, "yy"); clear($f); done($f)')" "4095 1" "… also if that is one byte"
is "$(perl 'use Fcntl; $f = dev(); open(F, "+<&=", $f); fcntl(F, F_SETFL, O_NONBLOCK); print readn($f, 1); close F')" EAGAIN "fcntl can set O_NONBLOCK later"
if [[ -e /proc/sys/kernel/io_uring_disabled ]]; then
	is "$(perl '$u = uring(); $f = dev(); print uring_read($u, $f, 9), " ", writen($f, "hello"), " ", uring_result($u); done($f, $u)')" "done 5 hello" "a read that io_uring makes waits for a writer, too"
else
	skip "a read that io_uring makes" "this kernel has no io_uring"
fi

# --- poll, select, epoll.

is "$(perl 'open(F, "+<", "/dev/chardev"); $s = IO::Select->new(*F); $f = fileno F;
	sub ready { (@{[$s->can_read(0)]} ? "r" : "-") . (@{[$s->can_write(0)]} ? "w" : "-") . " " }
	print ready; writen($f, "x"); print ready; writen($f, "x" x 4095); print ready; readn($f, 1); print ready; clear($f); print ready; close F')" \
	"-w rw r- rw -w " "select reports which calls would not wait"
is "$(perl '$f = dev(); writen($f, "x"); open(R, "<", "/dev/chardev"); open(W, ">", "/dev/chardev");
	print map { my $s = IO::Select->new($_); scalar(() = $s->can_read(0)), scalar(() = $s->can_write(0)), " " } *R, *W; clear($f); done($f); close R; close W')" \
	"10 01 " "… only of those that the file was opened for"
is "$(perl 'open(F, "<", "/dev/chardev"); $s = IO::Select->new(*F); $start = time;
	if (!fork) { sleep 0.3; $g = dev(); writen($g, "x"); sleep 0.3; POSIX::_exit(0) }
	print scalar $s->can_read(5); print time - $start >= 0.2 && time - $start < 4 ? " woken" : " not", readn(fileno F, 9);
	$start = time; print scalar $s->can_read(5), time - $start < 4 ? " woken" : " not", length readn(fileno F, 9); wait; close F')" \
	"1 wokenx1 woken0" "data wakes poll, and so does the last writer when it closes the file"
is "$(perl 'open(F, "+<", "/dev/chardev"); $s = IO::Select->new(*F); writen(fileno F, "x" x 4096);
	if (!fork) { sleep 0.3; clear(fileno F); POSIX::_exit(0) }
	$start = time; print scalar $s->can_write(5), time - $start < 4 ? " woken" : " not"; wait; close F')" "1 woken" "… and so does a clear, which makes room"
# (select checks the file again when its time is over. epoll does not: it reports only what has woken it.)
is "$(perl '$f = openf("/dev/chardev", O_RDONLY); $e = epoll(); watch($e, $f, "IN"); print events($e, 0), "|";
	if (!fork) { sleep 0.2; $g = openf("/dev/chardev", O_WRONLY); writen($g, "x"); sleep 0.2; POSIX::_exit(0) }
	print events($e, 60_000) eq "$f:IN" ? "data " : "?", readn($f, 9), events($e, 60_000) eq "$f:HUP" ? " end" : "?"; wait; done($f, $e)')" \
	"|data x end" "data wakes epoll, and so does the last writer when it closes the file"
is "$(perl '$f = openf("/dev/chardev", O_WRONLY); $e = epoll(); writen($f, "x" x 4096); watch($e, $f, "OUT"); print events($e, 0), "|";
	if (!fork) { sleep 0.2; $g = openf("/dev/chardev", O_RDONLY); readn($g, 1); POSIX::_exit(0) }
	print events($e, 60_000) eq "$f:OUT" ? "room" : "?"; wait; clear($f); done($f, $e)')" "|room" "… and so does room"
is "$(perl '$f = dev(); $e = epoll(); watch($e, $f, "RDNORM WRNORM"); print events($e, 0), " "; writen($f, "x"); print events($e, 0) =~ s/$f://r; clear($f); done($f, $e)' | sed 's/^[0-9]*://')" \
	"WRNORM RDNORM+WRNORM" "the events have their other names, too: RDNORM and WRNORM"
is "$(perl '$f = dev(); ($level, $edge) = (epoll(), epoll()); watch($level, $f, "IN"); watch($edge, $f, "IN ET"); $n = sub { scalar(() = events($_[0], 0) =~ /^$f:IN$/) };
	print map { writen($f, "x") if $_ % 2 == 0; $n->($level), $n->($edge), " " } 0 .. 3; clear($f); print $n->($level), $n->($edge); done($f, $level, $edge)')" \
	"11 10 11 10 00" "edge-triggered epoll reports each write once; level-triggered epoll reports data as long as there is some"
is "$(perl '$f = dev(); $e = epoll(); watch($e, $f, "IN OUT"); print watch($e, $f, "IN"); print rmmod("chardev") eq "done" ? " gone" : " in use"; done($f); $g = dev(); writen($g, "x");
	print " [", events($e, 0), "] "; clear($g); done($g); print rmmod("chardev"), " [", events($e, 0), "] ", insmod("chardev.ko"); done($e)')" \
	"EEXIST in use [] done [] done" "closing a file ends the watch on it, and then the module can be unloaded"

# --- Bad addresses.

is "$(perl '$f = dev(); $page = page(); $hole = hole(); writen($f, "0123456789");
	print read_at($f, $hole, 3), " ", read_at($f, $hole - 4, 10), " ", bytes($hole - 4, 4), " ", readn($f, 99); done($f)')" "EFAULT 4 0123 456789" \
	"a read copies what fits before a bad page, and the other bytes stay in the pipe"
is "$(perl '$f = dev(O_NONBLOCK); $hole = hole(); print write_from($f, $hole, 3), " ", write_from($f, $hole - 4, 10), " ", size($f); clear($f); done($f)')" \
	"EFAULT 4 4" "a write takes the bytes before a bad page"

# --- What a pipe cannot do, and the ioctls of this one.

is "$(perl '$f = dev(); writen($f, "x"); print join " ", lseek($f, 0, SEEK_SET), lseek($f, 0, SEEK_CUR), pread($f, 1, 0), pwriten($f, "x", 0), size($f); clear($f); done($f)')" \
	"ESPIPE ESPIPE ESPIPE ESPIPE 1" "the device has no position, so lseek, pread and pwrite fail"
is "$(perl '$f = dev(); writen($f, "xyz"); print join " ", size($f), clear($f), size($f); done($f)')" "3 done 0" "one ioctl returns the number of bytes, another throws them away"
is "$(perl '$f = dev(); writen($f, "xyz"); $r = openf("/dev/chardev", O_RDONLY); print join " ", clear($r), size($r); clear($f); done($f, $r)')" "EBADF 3" \
	"… but only through a file that is open for writing"
is "$(perl '$f = dev(); print join " ", map { ioctln($f, $_, 0) } 0x7801, 0x80047802, 0x80087801, 0x7803, 0x7002, 0x5401; done($f)')" \
	"ENOTTY ENOTTY ENOTTY ENOTTY ENOTTY ENOTTY" "any other ioctl is ENOTTY"
is "$(perl '$f = dev(); print ioctln($f, 0x80047801, hole()); done($f)')" EFAULT "ioctl with a bad address is EFAULT"
is "$(perl '$f = openf("/dev/chardev", O_RDONLY); print writen($f, "x"); done($f); $f = openf("/dev/chardev", O_WRONLY); print readn($f, 1); done($f)')" \
	EBADFEBADF "reading needs a file that is open for reading, and writing one that is open for writing"

# --- Who has it open.

is "$(perl 'for $how (O_RDONLY, O_WRONLY) { $f = openf("/dev/chardev", $how); print dev(O_EXCL), " "; done($f) }')" "EBUSY EBUSY " \
	"O_EXCL is EBUSY, whether others read or write"
is "$(perl '$f = dev(); print dev(O_EXCL); done($f); $f = dev(O_EXCL); print " ", dev(), " ", dev(O_EXCL), " ", $f > 0; done($f); $f = dev(); print " ", $f > 0; done($f)')" \
	"EBUSY EBUSY EBUSY 1 1" "O_EXCL: the only open file, or EBUSY"
is "$(perl '$f = openf("/dev/chardev", O_RDONLY); $w = openf("/dev/chardev", O_WRONLY); $v = openf("/dev/chardev", O_WRONLY);
	writen($w, "ab"); print readn($f, 1); done($w); print readn($f, 1);
	$start = time; if (!fork) { sleep 0.3; done($v); POSIX::_exit(0) } done($v); print length readn($f, 1), time - $start >= 0.2 ? " waited" : " at once";
	wait; done($f)')" "ab0 waited" "a reader gets the end of the file when the last writer has closed it"
is "$(perl '$f = openf("/dev/chardev", O_RDONLY); $w = openf("/dev/chardev", O_WRONLY); $none = openf("/dev/chardev", 3);
	writen($w, "a"); readn($f, 1); done($w); print readn($f, 1), "|", readn($none, 1), writen($none, "x"); done($f, $none)')" "|EBADFEBADF" \
	"a file that is open for neither reading nor writing does not count as a writer"
is "$(perl '$f = openf("/dev/chardev", O_RDONLY | O_NONBLOCK); print readn($f, 1); done($f)')" EAGAIN "a reader that has read nothing yet waits for the first writer"

# --- While it is in use.

is "$(users)" 0 "nobody uses it"
exec {reader}<$device
like "$(users)" '^[1-9]$' "lsmod counts an open file"
run rmmod chardev
is "$status $stderr" "1 rmmod: ERROR: Module chardev is in use" "rmmod is refused while it is open"
exec {reader}<&- {writer}>$device
run rmmod chardev
is "$status" 1 "… for writing, too"
exec {writer}>&-
is "$(users)" 0 "a closed file is not counted"
is "$(kmsg)" "" "none of this logs a message"
run rmmod chardev
is "$status $stderr" "0 " "rmmod unloads it"
not_there $device "rmmod removes the device"
not_there /sys/class/chardev "… its class"
is "$(devices)" "" "… and its number"

# --- Its capacity, loading and unloading.

insmod chardev.ko capacity=1
is "$(
	cat $device &
	printf '%s' 'one by one' >$device
	wait
)" "one by one" "a pipe of one byte works"
rmmod chardev
run insmod chardev.ko capacity=0
like "$status $stderr" '^1 .*Invalid parameters' "a capacity of 0 is EINVAL"
not_there $device "… and leaves no device behind"
is "$(devices)" "" "… and no number"
run insmod chardev.ko capacity=1048577
like "$status $stderr" '^1 .*Invalid parameters' "a capacity of more than 1 MiB is EINVAL"
run insmod chardev.ko capacity=1048576
is "$status $stderr" "0 " "1 MiB is allowed"
rmmod chardev
is "$(perl 'my %r; for (1 .. 300) { $r{insmod("chardev.ko")}++; $r{rmmod("chardev")}++ } print map { "$_ $r{$_}" } keys %r')" "done 600" \
	"it can be loaded and unloaded 300 times, because it frees its number"
insmod chardev.ko
run insmod chardev.ko
like "$status $stderr" '^1 .*File exists' "it cannot be loaded twice"
rmmod chardev

# --- Several at once: each writer's bytes come out once, in order.

insmod chardev.ko capacity=256
is "$(perl '
	my (@in, @out);
	for my $w (0 .. 2) {
		next if fork;
		my $f = openf("/dev/chardev", O_WRONLY);
		for (my $i = 0; $i < 20000; $i += 20) { my $t = join "", map { pack "NN", $w, $_ } $i .. $i + 19; writen($f, $t) == 160 or die }
		POSIX::_exit(0);
	}
	for my $r (0 .. 2) {
		pipe(my $from, my $to);
		if (fork) { push @out, $from; next }
		my $f = openf("/dev/chardev", O_RDONLY); my (%last, %count); my $wrong = 0;
		while (length(my $t = readn($f, 128))) {
			die $t if length($t) % 8;
			while ($t =~ /(.{8})/gs) { my ($w, $i) = unpack "NN", $1; $wrong++ if $i <= ($last{$w} // -1); $last{$w} = $i; $count{$w}++ }
		}
		print $to join " ", $wrong, map { $count{$_} // 0 } 0 .. 2;
		close $to; POSIX::_exit(0);
	}
	1 while wait > 0;
	my @sum; for my $o (@out) { my $n = 0; $sum[$n++] += $_ for split / /, <$o> } print "@sum"')" "0 20000 20000 20000" \
	"3 writers and 3 readers: nothing is lost, duplicated or reordered"
rmmod chardev
is "$(kmsg)" "" "none of this logs a message, either"
done_testing
