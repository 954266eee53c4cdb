#!/usr/bin/env bash
# Uses /dev/chardev with ordinary programs. device.t runs this in the virtual machine.
#
# shellcheck disable=SC2154 # run sets them

. "$(dirname "$0")/../../kernel.sh" || exit

device=/dev/chardev
program() { LD_LIBRARY_PATH="$PWD/programs/lib" "programs/bin/$1" "${@:2}"; }
directory=$(mktemp -d)
temporary+=("$directory")
head -c 300000 /dev/urandom >"$directory/in"

# through DESCRIPTION: passes if the reader got the same bytes as were written.
through() { ok "$(cmp "$directory/in" "$directory/out" >&2 && echo 0 || echo 1)" "$1"; }

kmsg_mark
insmod chardev.ko

# --- Ordinary programs write and read.

dd if="$directory/in" of=$device bs=1000 status=none &
dd if=$device of="$directory/out" bs=777 status=none
wait
through "dd writes, and another one reads"
cat $device >"$directory/out" &
cp "$directory/in" $device
wait
through "cp writes, and cat reads"
program pv -q "$directory/in" >$device &
program pv -q $device >"$directory/out"
wait
through "pv writes, and another one reads"
program socat -u "OPEN:$directory/in" "OPEN:$device" &
program socat -u "OPEN:$device" "CREATE:$directory/out"
wait
through "socat writes, and another one reads, by select"
perl -MIO::Select -e '
	open(my $in, "<", $ARGV[0]) or die; local $/; my $text = <$in>;
	use Fcntl; sysopen(my $device, "/dev/chardev", O_WRONLY | O_NONBLOCK) or die;
	my $select = IO::Select->new($device);
	while (length $text) { $select->can_write(60) or die; substr($text, 0, syswrite($device, $text) // 0, "") }' "$directory/in" &
perl -MIO::Select -e '
	use Fcntl; sysopen(my $device, "/dev/chardev", O_RDONLY | O_NONBLOCK) or die;
	my $select = IO::Select->new($device);
	while ($select->can_read(60)) { my $n = sysread($device, my $text, 5000); next if !defined $n; last if !$n; print $text }' >"$directory/out"
wait
through "perl writes and reads, by select"

run rmmod chardev
is "$status $stderr" "0 " "after that, nobody uses it"
is "$(kmsg)" "" "none of this logs a message"
done_testing
