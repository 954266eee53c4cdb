#!/usr/bin/env bash
# Tests what /dev/chardev does not use of lkm/chardev.rs: a device without methods, one with a position, one that breaks rules.

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/perl.sh"

perl 'sub dev { openf("/dev/$_[0]", $_[1] // O_RDWR) } sub done { POSIX::close($_) for @_ } use IO::Select;'

zero=$(stat -c '%t:%T %a %i' /dev/zero)
kmsg_mark
run insmod tests/chardev_kinds.ko
is "$status $stderr" "0 " "insmod loads it without a word"
is "$(kmsg)" "" "names and modes that are not allowed are EINVAL"
is "$(stat -c %a /dev/{nothing,digits,boaster} | paste -sd ' ')" "600 640 606" "each device has its mode"

same "$(stat -c '%t:%T %a %i' /dev/zero)" "$zero" "a file in /dev that has the name of a device already stays as it is"
like "$(</sys/class/zero/zero/dev)" '^[0-9]+:0$' "… and the device has no node"

# --- Methods that are not implemented.

is "$(perl '$f = dev("nothing"); print join " ", readn($f, 1), writen($f, "x"), lseek($f, 0, SEEK_SET), pread($f, 1, 0), ioctln($f, 1, 0); done($f)')" \
	"EINVAL EINVAL ESPIPE ESPIPE ENOTTY" "a call that a device does not implement fails as for any device"
is "$(perl 'open(F, "+<", "/dev/nothing"); $s = IO::Select->new(*F); print scalar($s->can_read(0)), scalar($s->can_write(0)); close F')" 11 \
	"a device without poll is always ready"

# --- Waiting.

is "$(perl '$f = dev("asker", O_RDONLY); $g = dev("asker", O_RDONLY | O_NONBLOCK); print join ", ", readn($f, 99), readn($g, 99); done($f, $g)')" \
	"may wait, must not wait" "a device is told whether a call may wait"
if [[ -e /proc/sys/kernel/io_uring_disabled ]]; then
	is "$(perl '$u = uring(); $f = dev("asker", O_RDONLY); print join ", ", uring_read($u, $f, 99), uring_result($u), readn($f, 99); done($f, $u)')" \
		"done, must not wait, may wait" "… also if io_uring makes the call, for a file without O_NONBLOCK"
else
	skip "a call that io_uring makes" "this kernel has no io_uring"
fi

# --- A position.

is "$(perl '$f = dev("digits"); print join " ", readn($f, 3), readn($f, 3), pread($f, 2, 8), readn($f, 99), length readn($f, 1); done($f)')" \
	"012 345 89 6789 0" "reading moves the position, pread does not"
is "$(perl '$f = dev("digits"); print join " ", lseek($f, 4, SEEK_SET), readn($f, 1), lseek($f, 2, SEEK_CUR), readn($f, 1), lseek($f, -1, SEEK_END), readn($f, 9); done($f)')" \
	"4 4 7 7 9 9" "lseek moves the position from the start, from the current position, and from the end"
is "$(perl '$f = dev("digits"); readn($f, 3); print join " ", lseek($f, -1, SEEK_SET), lseek($f, 0, 3), lseek($f, 0, 4), lseek($f, 0, 99), readn($f, 1); done($f)')" \
	"EINVAL EINVAL EINVAL EINVAL 3" "an lseek that is refused does not move the position"
is "$(perl '$f = dev("digits"); $far = 2**63 - 1024; print join " ", lseek($f, $far, SEEK_SET), lseek($f, 2048, SEEK_CUR), length readn($f, 1); done($f)')" \
	"9223372036854774784 errno 75 0" "a position may be far past the end, but it must fit its type"
is "$(perl '$f = dev("digits"); $hole = hole(); print read_at($f, $hole, 3), " ", read_at($f, $hole - 4, 9), " ", readn($f, 1), length readn($f, 0); done($f)')" "EFAULT 4 40" \
	"proc_fs::copy copies what fits before a bad page, returns EFAULT if nothing fits, and 0 if nothing is asked for"

is "$(kmsg | sort -u)" "chardev_kinds: closed: 0 bytes, reads true, writes true" "each of these files was released"

# --- State of an open file.

kmsg_mark
is "$(perl '$f = dev("digits"); $g = dev("digits", O_WRONLY); writen($f, "abc"); writen($g, "abcdefg"); writen($f, "d");
	done($g); done($f)')" "" "each open file has its own state"
is "$(kmsg)" "chardev_kinds: closed: 4 bytes, reads false, writes true
chardev_kinds: closed: 4 bytes, reads true, writes true" "… and release gets that state, and how the file was opened"
kmsg_mark
perl '$f = dev("digits", 3); done($f); $f = dev("digits", O_RDONLY); done($f)'
is "$(kmsg)" "chardev_kinds: closed: 0 bytes, reads false, writes false
chardev_kinds: closed: 0 bytes, reads true, writes false" "the access mode 3 is for neither reading nor writing"
kmsg_mark

# --- A device that breaks the rules.

is "$(perl '$f = dev("boaster"); print join " ", readn($f, 3), writen($f, "12345"), length(readn($f, 4096)); done($f)')" "boa 5 5" \
	"a device that reports too many bytes is not believed"
is "$(perl '$f = dev("boaster", O_RDONLY); $g = dev("boaster", O_WRONLY); print join " ", readn($f, 3), writen($g, "x"), lseek($f, 0, SEEK_SET), ioctln($f, 1, 0), openf("/dev/boaster", 3); done($f, $g)')" \
	"EIO EIO EIO EIO EIO" \
	"EIOCBQUEUED, which would make the kernel wait, becomes EIO"
is "$(perl '$f = dev("boaster"); print join " ", map { ioctlv($f, 0x7802, $_) } 0, 7, 0x7fffffff, -1, -5; done($f)')" "0 7 2147483647 EINVAL EINVAL" \
	"ioctl returns the device's value; a negative one, which would be an errno, becomes EINVAL"

# --- A device that is removed while it is open.

perl 'sub ender { my $e = openf("/dev/ender", O_WRONLY); my $r = writen($e, $_[0]); done($e); $r }'
# left: prints how many of these three still exist: its node, its class, its number.
left() {
	{
		find /dev/goer /sys/class/goer/goer -maxdepth 0 2>/dev/null
		grep goer /proc/devices
	} | wc -l
}
is "$(perl 'print ender("new"); $f = dev("goer"); print " ", readn($f, 9), " ", ender("end")')" "3 empty 3" "a device can be dropped while it is open"
is "$(left)" 0 "… then its node, its class and its number are gone"
is "$(perl '$e = epoll(); watch($e, $f, "IN"); open(F, "+<&=", $f); $s = IO::Select->new(*F); print readn($f, 9), " ", scalar(() = $s->can_read(0)), events($e, 0);
	if (!fork) { select(undef, undef, undef, 0.2); writen($f, "x"); POSIX::_exit(0) }
	print events($e, 60_000) eq "$f:IN" ? " woken " : "?", scalar(() = $s->can_read(0)), " ", readn($f, 9); wait; done($e)')" "empty 0 woken 1 full" \
	"… but the open file can still be read, written to and waited for"
is "$(perl '$g = openf("/proc/self/fd/$f", O_RDONLY); print $g > 0 ? readn($g, 9) : $g; close F; print " ", readn($g, 9)')" "full full" "… and opened again"
is "$(perl 'print ender("new"), " "; $h = dev("goer"); print readn($h, 9), " ", readn($g, 9), " ", ender("end"); done($h)')" "3 empty full 3" \
	"… beside another device of the same name"
is "$(kmsg)" "chardev_kinds: the data of the device go" "only the data of that other device is dropped"
run rmmod chardev_kinds
is "$status $stderr" "1 rmmod: ERROR: Module chardev_kinds is in use" "the open file keeps the module loaded"
kmsg_mark
is "$(perl 'print readn($g, 9), " ", openf("/dev/goer"); done($g)')" "full ENOENT" "the file can be read until it is closed"
is "$(kmsg)" "chardev_kinds: the data of the device go" "… and closing it drops the data, once"
kmsg_mark

# --- A name that is taken, and no number left.

is "$(perl 'print ender("new"), " ", ender("new"), " "; $f = dev("goer"); print readn($f, 9); done($f)')" "3 EEXIST empty" "a class name that exists already is EEXIST"
is "$(left)" 3 "… and the second device leaves nothing behind"
like "$(kmsg | grep '^<')" "^<warn> sysfs: cannot create duplicate filename '/class/goer'.*<err> kobject: .* failed for goer with -EEXIST" "… and the kernel warns"
kmsg_mark
is "$(perl 'print ender("all"), " ", ender("end"), " ", ender("new"), " ", ender("end")')" "EBUSY 3 3 3" "if no number is left it is EBUSY, and the devices registered before are removed"
like "$(kmsg | grep -v 'the data of the device go')" '^<err> CHRDEV "many[0-9]*" dynamic allocation region is full$' "… and the kernel says so"
kmsg_mark

# --- The module of an open file stays.

is "$(perl '$f = dev("digits"); print rmmod("chardev_kinds"); done($f)')" "Resource temporarily unavailable" "a module with an open file cannot be unloaded"
is "$(kmsg)" "chardev_kinds: closed: 0 bytes, reads true, writes true" "… until the file is closed"
kmsg_mark
run rmmod chardev_kinds
is "$status $stderr" "0 " "rmmod unloads it"
is "$(ls /dev/{nothing,digits,boaster,ender,many*} 2>/dev/null)" "" "all devices are gone"
same "$(stat -c '%t:%T %a %i' /dev/zero)" "$zero" "… but not the other file"
is "$(kmsg)" "" "without a word in the log"
done_testing
