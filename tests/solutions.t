#!/usr/bin/env bash
# The solutions of the exercises in docs/guide/: each module does what its exercise asks for.

. "$(dirname "$0")/kernel.sh" || exit

cd docs/guide/solutions || exit

# ---- Chapters 1 and 2

kmsg_mark
insmod greeting.ko
rmmod greeting
is "$(kmsg)" $'greeting: Good morning\ngreeting: Good night' "greeting says good morning and good night"

kmsg_mark
insmod levels.ko
is "$(kmsg)" "<err> levels: an error
<warn> levels: a warning
<notice> levels: something to notice
levels: a piece of information" "levels prints a line of each level"
rmmod levels

# ---- Chapter 3

kmsg_mark
insmod times.ko times=2
is "$(kmsg)" $'times: Hello 1\ntimes: Hello 2' "times says hello as often as it is asked to"
rmmod times
kmsg_mark
run insmod times.ko times=11
like "$status $stderr" '^1 .*Invalid parameters' "times refuses to be loaded with more than 10"
is "$(kmsg)" "<err> times: times = 11 is more than 10" "… and says why"
kmsg_mark
insmod times.ko times=0x3
is "$(kmsg | tail -n 1)" "times: Hello 3" "0x3 is 3, as the second exercise says"
rmmod times
kmsg_mark
for value in -1 3.5; do
	run insmod times.ko times="$value"
	like "$status $stderr" '^1 .*Invalid parameters' "… and $value is refused for a uint"
done
like "$(kmsg)" "\`-1' invalid for parameter \`times'.*\`3.5' invalid" "… which the log says"
kmsg_mark
run insmod ../../../module_param.ko my_int=-1
like "$status $(kmsg)" '^0 .*my_int = -1' "… but -1 is accepted for an int"
rmmod module_param

# ---- Chapter 4

for expected in "2023 365" "2024 366" "1900 365" "2000 366"; do
	kmsg_mark
	insmod leap/leap.ko year="${expected% *}"
	rmmod leap
	is "$(kmsg)" "leap: ${expected% *} has ${expected#* } days" "leap knows the days of ${expected% *}"
done

# ---- Chapter 5

insmod squares.ko rows=3
is "$(cat /proc/squares)" $'  1     1\n  2     4\n  3     9' "squares has a row for each number"
echo 1 >/sys/module/squares/parameters/rows
is "$(cat /proc/squares)" "  1     1" "… and as many rows as the parameter says now"
run bash -c 'echo 101 >/sys/module/squares/parameters/rows'
like "$stderr" 'Invalid argument' "… but not more than 100"
rmmod squares

insmod total.ko
echo 5 >/proc/total
echo -7 >/proc/total
is "$(cat /proc/total)" -2 "total adds up what is written"
run bash -c 'echo many >/proc/total'
like "$stderr" 'Invalid argument' "… refuses a text that is not a number"
is "$(cat /proc/total)" -2 "… and then keeps its sum"
rmmod total

insmod limit.ko
echo 100 >/proc/limit
is "$(cat /proc/limit)" 100 "limit shows the number that was written"
for number in 0 101; do
	run bash -c "echo $number >/proc/limit"
	like "$stderr" 'Numerical result out of range' "… refuses $number"
done
run bash -c 'echo 000000012 >/proc/limit'
like "$stderr" 'Argument list too long' "… and more than 8 bytes"
is "$(cat /proc/limit)" 100 "… and keeps its number"
rmmod limit

insmod sums.ko
echo -1 >/proc/sums/add
is "$(cat /proc/sums/decimal /proc/sums/hexadecimal)" $'-1\n0xffffffffffffffff' "sums shows one sum in two files"
run bash -c 'cat /proc/sums/add || echo 1 >/proc/sums/decimal'
like "$stderr" 'cat: /proc/sums/add: Input/output error.*write error: Input/output error' "… which cannot be written to, and the file to write to cannot be read"
rmmod sums
not_there /proc/sums "rmmod removes the directory"

insmod sums_reset.ko
echo 12 >/proc/sums/add
echo anything >/proc/sums/reset
echo 3 >/proc/sums/add
is "$(cat /proc/sums/decimal /proc/sums/hexadecimal)" $'3\n0x3' "with reset, a write sets the sum to 0 for all files"
rmmod sums_reset

insmod echo.ko
exec 3<>/proc/echo 4<>/proc/echo
printf 'a longer text' >&3
printf 'one' >&3
printf 'two' >&4
is "$(
	cat <&3
	echo
	cat <&4
)" $'one\ntwo' "echo returns the last text that was written to each open file"
printf '%0200d' 0 >&3
is "$(cat <&3 | wc -c)" 100 "… at most 100 bytes of it"
exec 3>&- 4>&-
rmmod echo

insmod ../../../proc_hello.ko
like "$(strace -c -e trace=read dd if=/proc/hello bs=1 status=none 2>&1 >/dev/null)" '[[:space:]]14[[:space:]]+(.*[[:space:]])?read'$'\n' \
	"strace counts 14 reads of one byte each, as the third exercise says"
rmmod proc_hello

# ---- Chapter 6

started=$EPOCHSECONDS
insmod age.ko
sleep 1.5
age=$(cat /proc/age)
like "$age" '^[0-9]+:[0-5][0-9]$' "age has minutes and seconds"
passed=$((10#${age%:*} * 60 + 10#${age#*:}))
is "$((passed >= 1 && passed <= EPOCHSECONDS - started + 1))" 1 "… that have passed since it was loaded"
rmmod age

insmod ../../../jiffies.ko
kmsg_mark
insmod ../../../simple.ko
rmmod simple
hz=$(kmsg | sed -n 's/^simple: HZ = //p')
before=$(cat /proc/jiffies) from=${EPOCHREALTIME/[.,]/}
sleep 3
ticks=$(($(cat /proc/jiffies) - before)) passed=$((${EPOCHREALTIME/[.,]/} - from))
is "$((ticks * 1000000 > passed * hz * 9 / 10 && ticks * 1000000 < passed * hz * 11 / 10))" 1 \
	"two readings of /proc/jiffies give HZ, as the second exercise says: $ticks ticks in $passed us"
rmmod jiffies

# ---- Chapter 7

insmod letters.ko
is "$(head -c 30 /dev/letters)" abcdefghijklmnopqrstuvwxyzabcd "letters begins again after z"
is "$(dd if=/dev/letters bs=5 count=6 iflag=fullblock status=none)" abcdefghijklmnopqrstuvwxyzabcd "… also if a reader takes a few letters at a time"
run bash -c 'exec 3</dev/letters; rmmod letters'
like "$stderr" 'is in use' "… and cannot be unloaded while it is open"
rmmod letters

# ---- Chapter 8

insmod stats.ko
# The reader starts before the writers do.
exec 3< <(perl -e '$| = 1;
	my ($count, $sum, $torn, $end) = (0, 0, 0, time + 60);
	for (my $reads = 0; $count < 20000 && time < $end; $reads++) {
		open my $file, "<", "/proc/stats" or die;
		($count, $sum) = split " ", <$file>;
		$torn++ if $sum != 3 * $count;
		print "begun\n" if $reads == 10;
	}
	print "$torn\n"')
read -r _ <&3
for writer in 1 2 3 4; do
	perl -e 'open my $file, ">", "/proc/stats" or die; for (1 .. 5000) { syswrite($file, "3\n") == 2 or die }' &
	writers[writer]=$!
done
wait "${writers[@]}"
read -r torn <&3
exec 3<&-
is "$(cat /proc/stats)" "20000 60000" "stats loses nothing when several processes write at once"
is "$torn" 0 "… and a reader never sees one value without the other"
run bash -c 'echo 9223372036854775807 >/proc/stats'
like "$stderr" 'Value too large' "… and an overflow is refused"
is "$(cat /proc/stats)" "20000 60000" "… and changes nothing"
rmmod stats

insmod lossy.ko
echo 5 >/proc/lossy
echo -7 >/proc/lossy
is "$(cat /proc/lossy)" -2 "lossy adds up what one process writes"
# How many are lost differs from run to run.
expected=-2
for ((round = 0; round < 20 && $(cat /proc/lossy) == expected; round++)); do
	writers=()
	for writer in 1 2 3 4; do
		perl -e 'open my $file, ">", "/proc/lossy" or die; for (1 .. 20000) { syswrite($file, "1\n") == 2 or die }' &
		writers[writer]=$!
	done
	wait "${writers[@]}"
	expected=$((expected + 80000))
done
is "$(($(cat /proc/lossy) < expected))" 1 "lossy loses numbers when several processes write at once"
rmmod lossy

# ---- Chapter 9

insmod average.ko numbers=1,2,4
is "$(cat /proc/average)" 2.333 "average has three decimal places"
rmmod average

# ---- Chapter 10

kmsg_mark
run insmod largest.ko
like "$status $stderr" '^1 .*Invalid parameters' "largest refuses to be loaded without a number, and does not crash"
insmod largest.ko numbers=3,14,2
is "$(kmsg)" "largest: the largest is 14" "… and finds the largest"
rmmod largest

# An array takes as many numbers as its description says.
tried=0
for module in *.ko; do
	while IFS=: read -r name text; do
		[[ $text =~ ^Up\ to\ ([0-9]+)\  ]] || continue
		tried=$((tried + 1)) most=$(seq -s , "${BASH_REMATCH[1]}")
		run insmod "$module" "$name=$most"
		is "$status $stderr" "0 " "$module: $name takes ${BASH_REMATCH[1]} numbers"
		rmmod "$module"
		run insmod "$module" "$name=$most,1"
		like "$status $stderr" '^1 .*Invalid' "… and no more"
		kmsg >/dev/null
	done < <(modinfo -p "$module")
done
ok "$((tried < 2))" "some modules have arrays"

# ---- Chapter 13: chardev_mended.c has none of the mistakes that from_c.t shows.

# shellcheck source=perl.sh
. ../../../tests/perl.sh
insmod chardev_mended.ko
perl 'sub dev { openf("/dev/chardev", O_RDWR) } $f = dev()'
is "$(perl 'print writen($f, "x" x 84), " ", dev(); POSIX::close($f); $f = dev(); print " ", $f > 0 ? "open" : $f')" "80 EBUSY open" \
	"chardev_mended takes as much as it has room for, and can still be opened"
is "$(perl 'writen($f, "hello"); print read_at($f, hole(), 3), " ", readn($f, 2), " ", readn($f, 99), readn($f, 99)')" "EFAULT he llo" \
	"… reports a bad address, and loses nothing"
run rmmod chardev_mended
like "$stderr" 'is in use' "… cannot be unloaded while it is open"
perl 'POSIX::close($f)'
rmmod chardev_mended
insmod ../../../chardev.ko
before=$(grep -cw chardev /proc/devices)
kmsg_mark
run insmod chardev_mended.ko
like "$status $(kmsg)" "^1 .*cannot create duplicate filename '/class/chardev'" "… is not loaded if its name is taken"
is "$(($(grep -cw chardev /proc/devices) - before))" 0 "… and then gives its number back"
rmmod chardev

done_testing
