#!/usr/bin/env bash
# Checks what lkm/proc_fs/ promises apart from numbers: texts that are printed and written, lists, streams, directories.

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/perl.sh"

kmsg_mark
insmod tests/proc_files.ko
insmod tests/proc_kinds.ko start=20
is "$(kmsg)" "" "loading prints nothing, and names that procfs does not accept are EINVAL, also in directories"
p=/proc/proc_kinds
passes=/proc/proc_files_passes

# --- A text that is printed: once for each pass through the file. (The n-th text of proc_files_passes is n.)

is "$(perl '
	$f = openf("'$passes'"); $g = openf("'$passes'"); # opening prints nothing
	print pread($f, 99, 1), pread($g, 99, 1), pread($f, 99, 1);')" $'000000000\n000000001\n000000000' \
	"a first read at another offset than 0 prints a text, which then stays"
is "$(perl '$f = openf("'$passes'"); print readn($f, 99), readn($f, 99), readn($f, 99), pread($f, 99, 0), pread($f, 99, 0)')" \
	$'1000000002\n1000000003\n1000000004' "a read at the end returns 0 bytes, and every read at offset 0 prints again"
is "$(dd if=$passes bs=1 status=none)" 1000000005 "dd bs=1 reads one text"
is "$(perl '
	$f = openf("'$passes'"); readn($f, 1);
	print map { pread($f, 1, $_) } reverse 1 .. 12;')" $'\n600000000' "pread at each offset, from the last to the first, shows one text"
is "$(perl '
	$f = openf("'$passes'"); $all = readn($f, 99); $wrong = 0;
	for $o (1 .. length $all) { for $n (1 .. 20) { $wrong++ if pread($f, $n, $o) ne substr($all, $o, $n) } }
	print $all, $wrong;')" $'1000000007\n0' "reads at every offset and of every size show one text"
is "$(perl '
	$f = openf("'$passes'");
	say length readn($f, 0); say length pread($f, 0, 3);
	print pread($f, 1, $_) eq "" ? "eof " : "data ", "" for 10, 11, 12, 2**31, 2**32, 2**40, 2**62;
	say pread($f, 1, -1); print readn($f, 99);')" $'0\n0\ndata eof eof eof eof eof eof EINVAL\n1000000009' \
	"there is nothing at any offset past the end, and a read of 0 bytes prints nothing"
is "$(perl '
	use threads;
	$f = openf("'$passes'"); readn($f, 1); $wrong = 0;
	@t = map { my $o = $_; threads->create(sub { scalar grep { pread($f, 99, $o) ne substr("1000000010\n", $o) } 1 .. 500 }) } 1 .. 8;
	$wrong += $_->join for @t;
	say $wrong;')" 0 "8 threads with one descriptor read one text, each from its own offset"
is "$(perl '
	use threads;
	$f = openf("'$passes'");
	@t = map { threads->create(sub { join "", map { pread($f, 99, 0) } 1 .. 500 }) } 1 .. 4;
	%seen = (); $bad = 0;
	for (@t) { for (split /\n/, $_->join) { $bad++ unless /^10000\d{5}$/ and !$seen{$_}++ } }
	say "$bad ", scalar keys %seen;')" "0 2000" "4 threads that read at offset 0 of one descriptor get whole texts, each its own"
is "$(perl '
	$f = openf("'$passes'");
	say for lseek($f, 3, SEEK_SET), lseek($f, 2, SEEK_CUR), lseek($f, -6, SEEK_CUR), lseek($f, 0, SEEK_END), lseek($f, 0, SEEK_CUR);
	say for read_at($f, 0, 99), read_at($f, hole(), 99), lseek($f, 0, SEEK_CUR);
	$hole = hole(); lseek($f, 0, SEEK_SET);
	say for read_at($f, $hole - 4, 99), read_at($f, $hole, 99), lseek($f, 0, SEEK_CUR);')" \
	$'3\n5\nEINVAL\nEINVAL\n5\nEFAULT\nEFAULT\n5\n4\nEFAULT\n4' "seeking and bad buffers have the same results as for a number"
# (A list gives the offset of an entry's end only after it has printed so far.)
for file in table limit list size command boaster 1/2/3; do
	mode=O_RDONLY
	[[ $file != command ]] || mode=O_WRONLY
	same "$(perl '$f = openf("'$p/$file'", '$mode'); say for lseek($f, 1, SEEK_SET), lseek($f, 1, SEEK_CUR), lseek($f, 0, SEEK_END), lseek($f, 0, SEEK_CUR)')" \
		$'1\n2\nEINVAL\n2' "$file: lseek sets and moves the offset; SEEK_END is EINVAL"
done
for how in sendfile splice; do
	is "$(perl '
		$f = openf("'$passes'"); pipe R, W; $sent = ""; readn($f, 2); $rest = pread($f, 99, 2);
		if ("'$how'" eq "sendfile") { open W, "+>", "/tmp/sent"; open R, "<", "/tmp/sent" }
		@got = map { "'$how'" eq "sendfile" ? sendfile(fileno W, $f, $_) : splicen($f, fileno W, $_) } 1, 99, 99;
		close W; sysread R, $sent, 99;
		say $sent eq $rest && "@got" eq "1 8 0" ? "same" : "other: @got $sent";')" same "$how gives the rest of the text"
done

want=$(perl 'print substr(join("", "a" .. "z") x 400, 0, 10000)' | md5sum)
for bs in 1 7 4096 9999 65536; do
	same "$(dd if=/proc/proc_files_long bs=$bs status=none | md5sum)" "$want" "a text of 10000 bytes is complete if it is read in pieces of $bs"
done

# Its lines are data under a Mutex, and each pass changes the first one.
is "$(cat $p/table)" "   -1 0xffffffffffffffff 18446744073709551615 Some(1)
  255 0xff 255 Some(-255)
-9223372036854775808 0x8000000000000000 9223372036854775808 None" "signed, hexadecimal and 64-bit numbers are formatted as in Rust"
is "$(head -n 1 $p/table)" "   -2 0xfffffffffffffffe 18446744073709551614 Some(2)" "the next pass shows the change"
is "$(perl '$f = openf("'$p'/fails"); say for readn($f, 9), pread($f, 9, 5), lseek($f, 0, SEEK_CUR)')" $'EDOM\nEDOM\n0' \
	"the reader gets the error of show"

# --- Signs

is "$(perl '
	$f = openf("/proc/proc_files_signed"); readn($f, 0);
	@want = (-2, -1, 0, map { ("-1" . "0" x ($_ - 1) . 1, "-1" . "0" x $_, "-" . "9" x $_) } 1 .. 18);
	shift @want; # open took this one
	push @want, "9223372036854775807", "-9223372036854775808";
	for $want (@want) { $got = pread($f, 99, 0); say "want $want, got $got" if $got ne "$want\n" }
	say scalar @want;')" 58 "negative powers of ten, their neighbours, the least and the largest word are printed correctly"
is "$(perl '
	$f = openf("/proc/proc_files_small");
	for $want (1 .. 127, -128 .. -1, 0) { $got = pread($f, 99, 0); say "want $want, got $got" if $got ne "$want\n" }
	say "end"')" end "every signed integer of 8 bits is printed correctly"

# --- A text that is written

is "$(stat -c '%a %n' $p/*)" "555 $p/1
444 $p/again
666 $p/boaster
220 $p/command
444 $p/fails
644 $p/limit
440 $p/list
444 $p/million
600 $p/notes
444 $p/opened
444 $p/queued_list
444 $p/queued_open
666 $p/queued_stream
644 $p/queued_text
444 $p/size
444 $p/stuck
444 $p/table" "the default modes are 0444, 0200 and both together, and a file can ask for another"
is "$(perl '
	sub limit { pread($r1, 99, 0) =~ s/\n//r }
	$r1 = openf("'$p'/limit"); $w = openf("'$p'/limit", O_WRONLY);
	for ("42", "7\n", " 8 ", "0x10", "x", "", "\n", "0", "101", "-1", "99999999", "123456789", "5" x 5000) {
		say writen($w, $_), " ", limit();
	}')" "2 42
2 7
3 8
4 16
EINVAL 16
EINVAL 16
EINVAL 16
ERANGE 16
ERANGE 16
ERANGE 16
ERANGE 16
E2BIG 16
E2BIG 16" "the writer gets the error of write; more than MAX bytes are E2BIG; a text that is refused changes nothing"
is "$(perl '
	$f = openf("'$p'/limit", O_RDWR);
	say for writen($f, "3"), lseek($f, 0, SEEK_CUR), writen($f, "44\n"), lseek($f, 0, SEEK_CUR), writen($f, "x"), lseek($f, 0, SEEK_CUR);
	print pread($f, 9, 0), pwriten($f, "5", 1000), " ", pread($f, 9, 0), readn($f, 9);')" $'1\n1\n3\n4\nEINVAL\n4\n44\n1 5' \
	"each write is a whole text, at any offset, also by pwrite, and moves the offset"
is "$(perl '
	$f = openf("'$p'/limit", O_WRONLY); $hole = hole();
	say for write_from($f, 0, 1), write_from($f, $hole, 1), write_from($f, $hole - 1, 2), write_from($f, $hole - 1, 0), readn($f, 1);
	print pread(openf("'$p'/limit"), 9, 0);')" $'EFAULT\nEFAULT\nEFAULT\nEINVAL\nEBADF\n5' "a bad buffer is EFAULT"
is "$(perl '
	for $i (1 .. 4) { next if fork; $f = openf("'$p'/limit", O_RDWR); $bad = 0;
		for (1 .. 500) { $bad++ if writen($f, $i * 11) != 2; $bad++ if pread($f, 9, 0) !~ /^([1-4])\1\n\z/ } exit $bad != 0 }
	$bad = 0; while (wait > 0) { $bad += $? } say $bad;')" 0 "4 writers and readers at once: no text is torn"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
is "$("${nobody[@]}" bash -c "cat $p/limit >/dev/null && echo 5 >$p/limit" 2>&1)" "bash: line 1: $p/limit: Permission denied" \
	"only root may write"
is "$("${nobody[@]}" cat $p/list $p/notes 2>&1)" "cat: $p/list: Permission denied
cat: $p/notes: Permission denied" "… or read files whose mode allows only root"
is "$(perl '
	say readn(openf("'$p'/command", O_RDWR), 9);
	for (qw(table list size million fails)) { $f = openf("'$p'/$_", O_RDWR); say "$_: ", writen($f, "x") if writen($f, "x") ne "EIO" }')" EIO \
	"reading a write-only file is EIO, and so is writing a read-only file, for root too"

# --- A list

list() { seq 2 2 40 | grep -v 14; } # 14 has no line
# (All the reads below would go on for ever.)
[[ $(head -c 99999 $p/list | wc -c) -lt 99999 ]] || { echo 'Bail out! the list has no end' && exit 1; }
same "$(cat $p/list)" "$(list)" "a list prints its entries in order, and nothing after the last one"
# Sizes up to a page, in which seq_file collects the entries, and larger ones.
for bs in 1 2 3 7 100 4096; do
	same "$(dd if=$p/list bs=$bs status=none)" "$(list)" "… in pieces of $bs"
done
echo "+7 30" >$p/command && echo "+9 4095" >$p/command && echo "+11 20000" >$p/command
lengths() { awk '{ print $1 + 0, length($1) }' | paste -sd,; }
is "$(lengths <$p/list)" "2 1,4 1,6 1,7 30,8 1,9 4095,10 2,11 20000,12 2,16 2,18 2,20 2,22 2,24 2,26 2,28 2,30 2,32 2,34 2,36 2,38 2,40 2" \
	"entries may be longer than a page, and may have no line"
all=$(md5sum <$p/list)
for bs in 1000 4095 4097 30000; do
	same "$(dd if=$p/list bs=$bs status=none | md5sum)" "$all" "… in pieces of $bs"
done
is "$(perl '
	$f = openf("'$p'/list"); $all = ""; $all .= $_ while ($_ = readn($f, 4096)) ne ""; $wrong = 0;
	for (1 .. 300) { my ($o, $n) = (int rand 25000, 1 + int rand 300); my $got = pread($f, $n, $o);
		$wrong++ if $got ne substr($all, $o, length $got) || ($got eq "") != ($o >= length $all) }
	lseek($f, 5, SEEK_SET); $wrong++ if readn($f, 20) ne substr($all, 5, 20);
	say $wrong, " ", lseek($f, 0, SEEK_END);')" "0 EINVAL" "a read at any offset gets what the whole list has there"
for key in 7 9 11; do echo "-$key" >$p/command; done
is "$(perl '$f = openf("'$p'/list"); print readn($f, 4096); writen(openf("'$p'/command", O_WRONLY), "+50"); print "more ", readn($f, 4096), readn($f, 9), "end"')" \
	"$(list)"$'\nmore 50\nend' "a reader that goes on at the end gets the entries that are new"
echo -50 >$p/command
echo +13 >$p/command
is "$(perl '$f = openf("'$p'/list"); print readn($f, 4096), readn($f, 4096), "\n", readn($f, 4096);')" "$(seq 2 2 12)"$'\nEDOM\nEDOM' \
	"an error of next comes after the entries before it"
echo -13 >$p/command
is "$(perl '$f = openf("'$p'/list"); say for read_at($f, 0, 9), lseek($f, 0, SEEK_CUR), read_at($f, hole() - 3, 9); print readn($f, 3)')" \
	$'EFAULT\n0\n3\n\n6' "a bad buffer is EFAULT, and no entry is lost by it"
is "$(perl '
	$f = openf("'$p'/list"); $c = openf("'$p'/command", O_WRONLY);
	$text = readn($f, 4); writen($c, "-6"); writen($c, "+9"); writen($c, "+3"); $text .= $_ while ($_ = readn($f, 1)) ne "";
	writen($c, "-9"); writen($c, "-3"); writen($c, "+6"); print $text =~ s/\n/ /gr;')" \
	"2 4 8 9 10 12 16 18 20 22 24 26 28 30 32 34 36 38 40 " \
	"a reader sees changes after the last entry that it has read, and no changes before it"
# One process adds and removes odd entries while another reads in pieces. The even entries stay all the time.
is "$(perl '
	$stop = fork // die;
	if (!$stop) {
		$c = openf("'$p'/command", O_WRONLY); $SIG{TERM} = sub { $end = 1 };
		for ($i = 0; !$end; $i++) { $key = 2 * int(rand 20) + 1; writen($c, ($key == 13 ? 15 : $key) =~ s/^/+/r . " " . int rand 1500); writen($c, "-" . (2 * int(rand 20) + 1)) }
		for (1 .. 41) { writen($c, "-$_") if $_ % 2 }
		POSIX::_exit(0);
	}
	$wrong = $odd = 0;
	# (On a busy machine the first process may not get far in 60 rounds.)
	for ($round = 0; $round < 60 || ($odd <= 100 && time - $^T < 60); $round++) {
		$f = openf("'$p'/list"); $text = "";
		$text .= $_ while ($_ = readn($f, 1 + int rand 700)) ne "";
		POSIX::close($f);
		@keys = map { $_ + 0 } split /\n/, $text;
		$wrong++ if join(" ", grep { !($_ % 2) } @keys) ne join(" ", grep { $_ != 14 } map { 2 * $_ } 1 .. 20);
		for (1 .. $#keys) { $wrong++ if $keys[$_] <= $keys[$_ - 1] }
		$odd += grep { $_ % 2 } @keys;
	}
	kill TERM => $stop; wait; say $wrong, $odd > 100 ? " many" : " $odd";')" "0 many" \
	"while entries come and go, each entry that stays is seen once, and all in order"
same "$(cat $p/list)" "$(list)" "… and these are left at the end"

is "$(perl '$f = openf("'$p'/stuck"); print join " ", map { s/\n/,/gr } readn($f, 99), readn($f, 99); POSIX::close($f)')" "1,2, EIO" \
	"a list that does not advance ends with EIO"

# --- A stream, with state for each open file

is "$(perl '
	$f = openf("'$p'/notes", O_RDWR); $g = openf("'$p'/notes", O_RDWR); $o = openf("'$p'/opened");
	print pread($o, 9, 0); say for writen($f, "one"), writen($g, "x" x 250), writen($f, " two"), lseek($f, 0, SEEK_CUR), length readn($f, 0);
	say pread($f, 99, 0), " ", length pread($g, 999, 0), " ", pread($f, 2, 5), " ", readn($f, 2), readn($f, 9);
	say for write_from($f, 0, 1), read_at($f, 0, 9), pread($f, 9, 7), writen($f, "") + 0, pread($f, 99, 0);
	POSIX::close($f); print pread($o, 9, 0); POSIX::close($g); print pread($o, 9, 0);')" "2
3
100
4
0
0
one two 100 wo one two
EFAULT
0

0
one two
1
0" "each open file has its own state, which is dropped when it is closed"
is "$(perl '
	$f = openf("'$p'/boaster", O_RDWR); pipe R, W;
	say for readn($f, 3), readn($f, 5), writen($f, "four"), splicen($f, fileno W, 4096), length pread($f, 4096, 0); sysread R, $got, 4096; say substr $got, 0, 5;')" \
	$'boa\nboast\n4\n5\n5\nboast' "a stream that reports too many bytes is not believed, not even by splice"
is "$(perl '
	for $file (qw(text list stream)) {
		$f = openf("'$p'/queued_$file", $file eq "list" ? O_RDONLY : O_RDWR); pipe R, W;
		print join(" ", $file, readn($f, 9), pread($f, 9, 0), splicen($f, fileno W, 4096), $file eq "list" ? () : writen($f, "x")), "\n"; POSIX::close($f);
	}
	print "open ", openf("'$p'/queued_open"), "\n"')" "text EIO EIO EIO EIO
list EIO EIO EIO
stream EIO EIO EIO EIO
open EIO" "EIOCBQUEUED, which would make the kernel wait, becomes EIO"
run bash -c 'echo 2 >/sys/module/proc_kinds/parameters/queued'
like "$status $stderr $(</sys/module/proc_kinds/parameters/queued)" '^1 .*Input/output error 1$' "… and so does that of a rule, which would be a BUG"
is "$(perl '$f = openf("'$p'/again"); say for readn($f, 9) =~ s/\n/ /gr, readn($f, 9), pread($f, 9, 5), lseek($f, 5, SEEK_SET)')" $'1 2 \nEIO\nEIO\nEIO' \
	"EAGAIN of a list, with which the kernel would call it for ever, becomes EIO"

is "$(perl '
	for (qw(size table limit list notes)) {
		$f = openf("'$p'/$_"); $ready = ""; vec($ready, $f, 1) = 1;
		print "$_ ", ioctln($f, 0x7801, 0), " ", scalar select($ready, undef, undef, 0), "\n";
	}')" "size ENOTTY 1
table ENOTTY 1
limit ENOTTY 1
list ENOTTY 1
notes ENOTTY 1" "every file fails with ENOTTY for ioctl, and tells poll that nothing would wait"

# --- A long list

same "$(md5sum <$p/million)" "$(seq 1000000 | md5sum)" "a list of a million entries has each of them once, in order"
is "$(perl '
	sub available { local @ARGV = "/proc/meminfo"; (grep { $_ } map { /^MemAvailable: *(\d+) kB/ } <>)[0] }
	$before = available();
	for (1 .. 32) {
		push @files, openf("'$p'/million");
		$read = 0;
		$read += length readn($files[-1], 65536) while $read < 1_000_000;
	}
	$used = $before - available();
	print scalar(grep { length readn($_, 9) == 9 } @files), " ", $used < 16_384 ? "little" : "$used kB"')" "32 little" \
	"… and keeps a page of memory for each open file, not what it has printed"

# --- Directories, and the end

is "$(
	cd $p && find . -type d | sort | paste -sd' '
	cat $p/1/2/3
)" $'. ./1 ./1/2\ndeep' "directories have files and directories, and names may be numbers"
is "$(perl '
	$n = openf("'$p'/notes", O_RDWR); writen($n, "note"); $l = openf("'$p'/list"); $first = readn($l, 2); $t = openf("'$passes'"); readn($t, 1);
	$w = openf("'$p'/limit", O_RDWR); $d = openf("'$p'/1/2"); $g = openf("'$p'/million");
	say rmmod("proc_kinds"), " ", rmmod("proc_files"); say -e "'$p'" ? "there" : "gone";
	say for readn($n, 1), writen($n, "x"), readn($l, 1), lseek($l, 0, SEEK_SET), readn($t, 1), writen($w, "1"), readn($w, 1), readn($g, 9), openf("'$p'/1/2/3");
	POSIX::close($_) for $n, $l, $t, $w, $d, $g;')" "done done
gone
EIO
EIO
EIO
EINVAL
EIO
EIO
EIO
EIO
ENOENT" "rmmod works at once while files and a directory are open; after that, the open files give EIO"

kmsg_mark
is "$(perl '
	@readers = ();
	for (1 .. 4) {
		if ($pid = fork) { push @readers, $pid; next }
		my ($good, $bad, $stop) = (0, 0, 0); my @kept; $SIG{TERM} = sub { $stop = 1 };
		my %is = (list => qr/^2\n4\n6\n8\n/, table => qr/^ *-\d+ 0x\w+ \d+ Some\(\d+\)\n/, limit => qr/^\d+\n\z/, notes => qr/^note\z/, "1/2/3" => qr/^deep\n\z/);
		until ($stop) {
			for my $name (keys %is) {
				$f = openf("'$p'/$name", $name =~ /limit|notes/ ? O_RDWR : O_RDONLY);
				if ($f !~ /^\d+$/) { $bad++ if $f ne "ENOENT"; next }
				if ($name eq "notes") { $w = writen($f, "note"); $bad++ if $w !~ /^(4|EIO)\z/ }
				if ($name eq "limit") { $w = writen($f, "50"); $bad++ if $w !~ /^(2|EIO)\z/ }
				$r = pread($f, 99, 0);
				$r =~ $is{$name} ? $good++ : $r eq "EIO" || $bad++;
				push @kept, $f; POSIX::close(shift @kept) if @kept > 50;
			}
		}
		exit($bad ? 1 : $good > 100 ? 0 : 2);
	}
	for (1 .. 10) {
		$i = insmod("tests/proc_kinds.ko", "start=4"); say "insmod: $i" if $i ne "done";
		select undef, undef, undef, 0.05;
		$r = rmmod("proc_kinds"); say "rmmod: $r" if $r ne "done";
	}
	insmod("tests/proc_kinds.ko", "start=4"); select undef, undef, undef, 1;
	kill TERM => @readers; $bad = 0; while (wait > 0) { $bad += $? } say $bad')" 0 \
	"while the module is loaded and unloaded, 4 readers and writers get the right texts, ENOENT or EIO, and nothing else"
is "$(cat $p/opened)" 0 "… and no state of an open file is left"
rmmod proc_kinds
is "$(kmsg)" "" "… and none of this logs a message"
not_there $p "… and nothing is left behind"

done_testing
