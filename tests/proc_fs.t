#!/usr/bin/env bash
# Checks every promise of lkm/proc_fs.rs, with test files that show when a sample is taken, and with the modules' own files.

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/perl.sh"

count=/proc/proc_files_count
files=(hello jiffies seconds)

# entries: lists /proc, without the processes.
entries() { find /proc -maxdepth 1 ! -name '[0-9]*' | sort; }

modules=$(lsmod | sort) files_before=$(entries)
kmsg_mark
insmod tests/proc_files.ko
insmod proc_hello.ko
insmod jiffies.ko
insmod seconds.ko
is "$(kmsg)" "" "creating files prints nothing, names that procfs does not accept are EINVAL, and names may have 255 bytes"

# --- open takes a sample, and so does every read at offset 0.

is "$(perl '
	$f = openf("'"$count"'"); $g = openf("'"$count"'");
	say $f < 0;
	print pread($f, 99, 1), pread($g, 99, 1), pread($f, 99, 1);')" $'\n000000000\n000000001\n000000000' \
	"before a read at offset 0, a file shows the sample that open took"
is "$(perl '$f = openf("'"$count"'"); print readn($f, 99), readn($f, 99), readn($f, 99), pread($f, 99, 0), pread($f, 99, 0)')" \
	$'1000000003\n1000000004\n1000000005' "a read at the end returns 0 bytes, and every read at offset 0 takes a sample"
is "$(dd if=$count bs=1 status=none)" 1000000007 "dd bs=1 reads one sample"
is "$(perl '
	$f = openf("'"$count"'"); readn($f, 1);
	print map { pread($f, 1, $_) } reverse 1 .. 12;')" $'\n900000000' "pread at each offset, from the last to the first, shows one sample and nothing after it"
is "$(perl '
	$f = openf("'"$count"'");
	print readn($f, 5), readn($f, 5), readn($f, 5); lseek($f, 0, SEEK_SET);
	print readn($f, 5), pread($f, 99, 0), readn($f, 99);')" $'1000000011\n10000'$'1000000013\n00013' \
	"a read at offset 0 takes a new sample for everybody who reads from this descriptor"
is "$(perl '
	$f = openf("'"$count"'"); $g = openf("'"$count"'");
	print readn($f, 5), readn($g, 5), readn($f, 5), readn($g, 5), readn($f, 5), readn($g, 5), "end";')" \
	$'10000100000001600017\n\nend' "two readers at once do not affect each other"
is "$(perl '$f = openf("'"$count"'"); say length readn($f, 0); say length pread($f, 0, 3); print readn($f, 99)')" \
	$'0\n0\n1000000019' "a read of 0 bytes returns 0 and takes no sample"
is "$(perl '
	$f = openf("'"$count"'");
	print pread($f, 1, $_) eq "" ? "eof " : "data ", "" for 10, 11, 12, 2**31, 2**32, 2**32 + 1, 2**40, 2**62;
	say pread($f, 1, -1);')" "data eof eof eof eof eof eof eof EINVAL" "there is nothing at any offset past the end"
is "$(perl '
	$f = openf("'"$count"'"); readn($f, 99);
	for $i (0 .. 7) { next if fork; readn($f, 1) for 1 .. 2000; exit }
	1 while wait > 0;
	lseek($f, 0, SEEK_SET); print readn($f, 99);')" "1000000023" "8 processes that read at the end take no sample"
is "$(perl '
	use threads;
	$f = openf("'"$count"'"); readn($f, 1);
	$wrong = 0;
	@t = map { my $o = $_; threads->create(sub { scalar grep { pread($f, 99, $o) ne substr("1000000025\n", $o) } 1 .. 1500 }) } 1 .. 8;
	$wrong += $_->join for @t;
	say $wrong;')" 0 "8 threads with one descriptor read one sample, each from its own offset"
is "$(perl '
	use threads;
	$f = openf("'"$count"'");
	@t = map { threads->create(sub { join "", map { pread($f, 99, 0) } 1 .. 1500 }) } 1 .. 4;
	%seen = (); $bad = 0;
	for (@t) { for (split /\n/, $_->join) { $bad++ unless /^10000\d{5}$/ and !$seen{$_}++ } }
	say "$bad ", scalar keys %seen;')" "0 6000" "4 threads that read at offset 0 of one descriptor get whole samples, each its own"

# --- What it prints

is "$(perl '
	$f = openf("/proc/proc_files_digits");
	@want = (1, 2, map { ("9" x $_, "1" . "0" x $_, "1" . "0" x ($_ - 1) . 1) } 1 .. 19);
	push @want, "18446744073709551615";
	for $want (@want) { $got = pread($f, 99, 0); say "want $want, got $got" if $got ne "$want\n" }
	say scalar @want;')" 60 "powers of ten, their neighbours and the largest word are printed correctly"
is "$(perl '$f = openf("/proc/proc_files_digits"); print pread($f, 99, $_) for 19, 20, 21; print "end"')" $'5\n\nend' "the longest line ends where it should"
want=$(perl 'print substr(join("", "a" .. "z") x 400, 0, 10000)' | md5sum)
for bs in 1 7 4096 9999 10000 65536; do
	same "$(dd if=/proc/proc_files_long bs=$bs status=none | md5sum)" "$want" "a text of 10000 bytes is complete if it is read in pieces of $bs"
done
is "$(cat /proc/proc_files_empty)$(stat -c %s /proc/proc_files_empty)" 0 "a text may be empty"

# --- Mode

is "$(cd /proc && stat -c '%a %u %g %F %n' hello jiffies seconds proc_files_count proc_files_digits proc_files_long)" \
	"444 0 0 regular empty file hello
444 0 0 regular empty file jiffies
444 0 0 regular empty file seconds
444 0 0 regular empty file proc_files_count
444 0 0 regular empty file proc_files_digits
440 0 0 regular empty file proc_files_long" "files have the mode that was asked for, 0444 by default"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
is "$("${nobody[@]}" cat /proc/hello)" "Hello World" "anybody may read a file of mode 0444"
run "${nobody[@]}" cat /proc/proc_files_long
is "$stderr" "cat: /proc/proc_files_long: Permission denied" "only the owner and the group may read one of mode 0440"

# --- The three files: text, offsets, bad buffers, seeking, splicing, writing

same "$(od -An -c /proc/hello)" "$(printf 'Hello World\n' | od -An -c)" "/proc/hello says Hello World and a newline"
for f in "${files[@]}"; do
	p=/proc/$f
	like "$(od -An -c "$p" | tr -d ' \n')" '^(HelloWorld|[0-9]+)\\n$' "$p is one line"
	is "$(perl '
		$f = openf("'"$p"'"); $all = readn($f, 99); select undef, undef, undef, 0.1; # let jiffies change
		say readn($f, 99) eq "" ? "eof" : "more";
		for $o (1 .. length $all) { for $n (1 .. 20) { say "$o $n" if pread($f, $n, $o) ne substr($all, $o, $n) } }
		lseek($f, 0, SEEK_SET); $again = readn($f, 1); $rest = readn($f, 99);
		select undef, undef, undef, 0.1;
		say "changed" if pread($f, 99, 1) ne $rest;')" eof "$p: reads at every offset and of every size show one sample"
	is "$(perl '$f = openf("'"$p"'"); lseek($f, 1, SEEK_SET); say readn($f, 99) eq pread($f, 99, 1) ? "same" : "other"')" same \
		"$p: a first read at another offset than 0 shows a sample, too"
	is "$(perl '
		$f = openf("'"$p"'");
		say for lseek($f, 3, SEEK_SET), lseek($f, 2, SEEK_CUR), lseek($f, -1, SEEK_CUR), lseek($f, -5, SEEK_CUR),
			lseek($f, -1, SEEK_SET), lseek($f, 0, SEEK_END), lseek($f, -1, SEEK_END), lseek($f, 0, SEEK_CUR),
			lseek($f, 1000, SEEK_SET); say length readn($f, 9);')" "3
5
4
EINVAL
EINVAL
EINVAL
EINVAL
4
1000
0" "$p: lseek works from the start and from the current offset; SEEK_END is EINVAL"
	is "$(perl '
		$f = openf("'"$p"'"); $g = openf("'"$p"'"); readn($g, 99);
		say for read_at($f, 0, 99), read_at($f, 1, 1), read_at($f, hole(), 99), read_at($f, -4096, 99), lseek($f, 0, SEEK_CUR);
		lseek($f, 1, SEEK_SET); say for read_at($f, 0, 99), lseek($f, 0, SEEK_CUR);
		say for read_at($g, 0, 99), read_at($g, 0, 0);')" \
		"EFAULT
EFAULT
EFAULT
EFAULT
0
EFAULT
1
0
0" "$p: a bad buffer is EFAULT and the offset stays; at the end of the file, the buffer is not touched"
	is "$(perl '
		$f = openf("'"$p"'"); $hole = hole(); $all = pread($f, 99, 0);
		$all = pread($f, 99, 0) until length $all > 1; # one that has a second byte
		say read_at($f, $hole - 1, 99), lseek($f, 0, SEEK_CUR), bytes($hole - 1, 1) eq substr($all, 0, 1) ? "same" : "other";
		say read_at($f, $hole - 1, 0), read_at($f, $hole, 99), lseek($f, 0, SEEK_CUR);
		say readn($f, 99) eq pread($f, 99, 1) ? "same" : "other";
		$n = length pread($f, 99, 1); lseek($f, 1, SEEK_SET); say read_at($f, $hole - $n, 99) - $n;')" \
		$'11same\n0EFAULT1\nsame\n0' "$p: a buffer that ends at an unmapped page gets what fits, then EFAULT"
	for how in sendfile splice; do
		is "$(perl '
			$f = openf("'"$p"'"); pipe R, W; $sent = ""; readn($f, 2); $rest = pread($f, 99, 2);
			if ("'"$how"'" eq "sendfile") { open W, "+>", "/tmp/sent"; open R, "<", "/tmp/sent" }
			@got = ("'"$how"'" eq "sendfile") ? map { sendfile(fileno W, $f, $_) } 1, 99, 99 : map { splicen($f, fileno W, $_) } 1, 99, 99;
			close W; sysread R, $sent, 99 if $rest ne "";
			say $sent eq $rest && $got[0] + $got[1] == length $rest && $got[2] == 0 ? "same" : "other: @got $sent";')" \
			same "$p: $how gives the rest of the sample"
		is "$(perl '
			$f = openf("'"$p"'"); pipe R, W; $sent = "";
			if ("'"$how"'" eq "sendfile") { open W, "+>", "/tmp/sent"; open R, "<", "/tmp/sent" }
			"'"$how"'" eq "sendfile" ? sendfile(fileno W, $f, 99) : splicen($f, fileno W, 99);
			close W; sysread R, $sent, 99; say $sent =~ /^(Hello World|\d+)\n$/ ? "all" : $sent')" all "$p: $how gives all of it"
	done
	is "$("${nobody[@]}" bash -c "echo x >$p" 2>&1)" "bash: line 1: $p: Permission denied" "$p: writing is EACCES for the user nobody"
	# shellcheck disable=SC2116 # it is echo that is to fail
	is "$(echo x 2>&1 >"$p")" "$0: line $LINENO: echo: write error: Input/output error" "$p: writing is EIO for root"
	is "$(perl '
		$f = openf("'"$p"'", O_RDWR); say writen($f, "x"), " ", writen($f, ""); say lseek($f, 0, SEEK_CUR);
		chmod 0666, "'"$p"'"; say writen(openf("'"$p"'", O_WRONLY), "x"); chmod 0444, "'"$p"'"; say readn(openf("'"$p"'", O_WRONLY), 1)')" \
		$'EIO EIO\n0\nEIO\nEBADF' "$p: … however the file was opened, and also after a chmod"
done

# --- Unloading while a file is open

for module in proc_hello jiffies seconds; do
	p=/proc/${module#proc_}
	run insmod $module.ko
	is "$stderr" "insmod: ERROR: could not insert module $module.ko: File exists" "a second load of $module is refused"
	is "$(perl '
		$f = openf("'"$p"'"); $g = openf("'"$p"'"); readn($g, 1);
		system("rmmod '"$module"'") == 0 or say "rmmod failed"; say -e "'"$p"'" ? "there" : "gone";
		say for readn($f, 1), pread($f, 1, 0), pread($g, 1, 1), lseek($f, 0, SEEK_SET), writen($f, "x"), openf("'"$p"'");
		system("insmod '"$module"'.ko") == 0 or say "insmod failed";
		say for pread($f, 1, 0), length readn(openf("'"$p"'"), 1);')" \
		"gone
EIO
EIO
EIO
EINVAL
EBADF
ENOENT
EIO
1" "rmmod of $module works at once while its file is open; after that, reading the open file always fails with EIO"
done

kmsg_mark
is "$(perl '
	@readers = ();
	for (1 .. 4) {
		if ($pid = fork) { push @readers, $pid; next }
		my ($good, $bad, $stop) = (0, 0, 0);
		$SIG{TERM} = sub { $stop = 1 };
		until ($stop) {
			for $p (qw(hello jiffies seconds proc_files_count)) {
				$f = openf("/proc/$p");
				if ($f !~ /^\d+$/) { $bad++ if $f ne "ENOENT"; next }
				$r = readn($f, 99);
				$r =~ /^(Hello World|\d+)\n$/ ? $good++ : $r eq "EIO" || $bad++;
				POSIX::close($f);
			}
		}
		exit($bad ? 1 : $good > 100 ? 0 : 2);
	}
	for (1 .. 10) {
		$_ eq "done" or say "rmmod: $_" for map { rmmod($_) } qw(jiffies seconds proc_hello proc_files);
		$_ eq "done" or say "insmod: $_" for map { insmod($_) } qw(proc_hello.ko jiffies.ko seconds.ko tests/proc_files.ko);
	}
	kill TERM => @readers;
	$bad = 0; while (wait > 0) { $bad += $? }
	say $bad')" 0 "while modules are loaded and unloaded, 4 readers get whole texts, ENOENT or EIO, and nothing else"
is "$(kmsg)" "" "... and none of this logs a message"

# --- Names that are taken. The kernel warns in the log: this is expected here.

# If a name is taken, procfs returns NULL, the same as for a lack of memory. So this becomes ENOMEM, as in C.

expect_splat "proc_dir_entry '/proc/version' already registered"
kmsg_mark
run insmod tests/proc_taken.ko
is "$stderr" "insmod: ERROR: could not insert module tests/proc_taken.ko: Cannot allocate memory" "a name that is taken makes the load fail"
is "$(kmsg)" "splat: proc_dir_entry '/proc/version' already registered
proc_taken: dropped: second
proc_taken: /proc/version: ENOMEM
proc_taken: dropped: first" "... with ENOMEM, and the file created before is removed"
is "$(
	[[ -e /proc/proc_taken ]] || echo gone
	lsmod | grep -c '^proc_taken '
	head -c 5 /proc/version
)" $'gone\n0\nLinux' "... and leaves the file that has the name, and nothing else"

rmmod jiffies seconds proc_hello
for module in proc_hello jiffies seconds; do
	file=${module#proc_}
	expect_splat "proc_dir_entry '/proc/$file' already registered"
	kmsg_mark
	insmod tests/proc_taken.ko second="$file"
	run insmod $module.ko
	is "$stderr" "insmod: ERROR: could not insert module $module.ko: Cannot allocate memory" "$module does not load if another module has /proc/$file"
	is "$(cat "/proc/$file")" second "... which keeps it"
	rmmod proc_taken
	is "$(kmsg)" "splat: proc_dir_entry '/proc/$file' already registered
proc_taken: dropped: first
proc_taken: dropped: second" "... and nothing else was logged"
	not_there "/proc/$file" "... or left behind"
done

kmsg_mark
rmmod proc_files
is "$(kmsg)" "" "unloading prints nothing, and the files are removed before their data"
is "$(
	entries
	lsmod | sort
)" "$files_before"$'\n'"$modules" "at the end nothing is left"

done_testing
