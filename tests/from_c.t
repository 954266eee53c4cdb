#!/usr/bin/env bash
# vm: --smp 2
#
# What chapter 13 of the guide says about the modules of course texts (tests/classical/): each mistake is made, and the same is done
# with our module. (tests/host/from_c.t does what crashes the machine.)

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/perl.sh"

perl 'sub dev { openf("/dev/chardev", O_RDWR | ($_[0] // 0)) }
	sub done { POSIX::close($_) for grep { /^\d+$/ } @_ }
	# together HOW: 2 processes open the device and keep it open, until one of them has failed, or both have it 50 times at most.
	sub together {
		my ($how) = @_;
		for (1 .. 50) {
			my (@from, @keep);
			for (1, 2) {
				pipe(my $from, my $to); pipe(my $until, my $keep);
				push(@from, $from), push(@keep, $keep), next if fork;
				close $_ for @keep, $keep;
				my $f = dev($how);
				syswrite $to, $f =~ /^\d+$/ ? 1 : 0;
				sysread $until, my $byte, 1;
				POSIX::_exit(0);
			}
			my $open = 0;
			for (@from) { sysread $_, my $got, 1; $open += $got }
			@keep = ();
			1 while wait > 0;
			return 2 if $open == 2;
		}
		return 1;
	}'

c=tests/classical/chardev_book.ko rust=chardev.ko
# (A number that was not given back stays until the machine ends. No other test in it looks at them.)
numbers() { awk '$2 == "chardev" { n++ } END { print n + 0 }' /proc/devices; }
# with MODULE STATEMENTS [PARAMETER]: prints what they print while the module is loaded.
with() {
	insmod "$1" ${3:+"$3"} && perl "$2"
	rmmod "$(basename "$1" .ko)"
}

# ---- The device.

kmsg_mark
pipe='$f = dev(O_NONBLOCK); writen($f, "hello"); print readn($f, 99); done($f)'
is "$(with $c "$pipe")" hello "the C device seems to work"
same "$(with $rust "$pipe")" "$(with $c "$pipe")" "… as ours does"

bound='$f = dev(O_NONBLOCK); print writen($f, "x" x 84); done($f); $f = dev(); print " ", $f > 0 ? "open" : $f; done($f)'
is "$(with $c "$bound")" "84 EBUSY" "in C, 84 bytes go into 80, and the number of open files behind them is overwritten: nobody can open the device any more"
is "$(with $rust "$bound" capacity=80)" "80 open" "… in Rust, a pipe of 80 bytes takes 80 of them, and goes on working"

fault='$f = dev(O_NONBLOCK); writen($f, "hello"); print read_at($f, hole(), 3), " ", readn($f, 99); done($f)'
is "$(with $c "$fault")" "3 lo" "in C, a read into a bad address says that it has copied 3 bytes, and they are lost"
is "$(with $rust "$fault")" "EFAULT hello" "… in Rust it is EFAULT, and no byte is lost"

is "$(with $c 'print together(0)')" 2 "in C, 2 programs that open the device at once can both get it"
is "$(with $rust 'print together(O_EXCL)')" 1 "… in Rust, never more than one that asks to be alone"

insmod $c
exec 3</dev/chardev
is "$(awk '$1 == "chardev_book" { print $3 }' /proc/modules)" 0 "in C, the kernel does not count the open file as a user"
exec 3<&-
rmmod chardev_book
insmod $rust
exec 3</dev/chardev
run rmmod chardev
like "$status $stderr" '^1 .*is in use' "… in Rust, it does, and rmmod is refused"
exec 3<&-
rmmod chardev
is "$(kmsg)" "" "none of this logs a message"

expect_splat "Buffer overflow detected \(96 < 97\)"
kmsg_mark
is "$(with $c '$f = dev(); print writen($f, "x" x 97), " "; done($f); $f = dev(); print $f > 0 ? "open" : $f; done($f)')" "EFAULT open" \
	"in C, the kernel refuses what goes beyond the end of the struct"
like "$(kmsg)" "Buffer overflow detected" "… and the log says so"

before=$(numbers)
insmod $rust
kmsg_mark
run insmod $c
like "$status $stderr" '^1 .*Device or resource busy' "the C device is not loaded if the name of its class is taken"
like "$(kmsg)" "cannot create duplicate filename '/class/chardev'" "… which the log says"
rmmod chardev
is "$(numbers)" $((before + 1)) "… and its number is never given back"
kmsg_mark
run insmod $rust
rmmod chardev
is "$status $(numbers)" "0 $((before + 1))" "… ours gives its number back"

# ---- The file.

c=tests/classical/proc_book.ko rust=proc_hello.ko
whole='$f = openf("/proc/hello"); print readn($f, 99), readn($f, 99); done($f)'
is "$(with $c "$whole")" "Hello World" "the C file seems to work"
same "$(with $rust "$whole")" "$(with $c "$whole")" "… as ours does"

count='$f = openf("/proc/hello"); $page = page(); print read_at($f, $page, 1), " ", bytes($page, 4) =~ s/\0/./gr; done($f)'
is "$(with $c "$count")" "12 Hell" "in C, a read of 1 byte writes 12 into the memory of the program"
is "$(with $rust "$count")" "1 H..." "… in Rust, it writes 1"

two='$f = openf("/proc/hello"); $g = openf("/proc/hello"); print length readn($f, 99), " ", length readn($g, 99); done($f, $g)'
is "$(with $c "$two")" "12 0" "in C, the second of two readers finds the end of the file"
is "$(with $rust "$two")" "12 12" "… in Rust, both get the text"

insmod $rust
expect_splat "proc_dir_entry '/proc/hello' already registered"
kmsg_mark
run insmod $c
is "$status $stderr" "0 " "in C, the module is loaded although its file could not be made"
like "$(kmsg)" "proc_dir_entry '/proc/hello' already registered" "… as the log says"
rmmod proc_book
rmmod proc_hello
# (proc_fs.t: in Rust, insmod fails.)

done_testing
