#!/usr/bin/env bash
# vm: --smp 2 --append kmemleak=on --append slab_debug=F --append log_buf_len=8M
#
# Makes each point fail once at which the kernel can run out of memory or fail to access the user's memory: while a module is
# loaded and unloaded, while its file is opened and read, and while its parameter is written.

. "$(dirname "$0")/../kernel.sh" || exit
cd tests/sanitized || exit

# inject STATEMENTS: runs them in perl, with fault.pm.
inject() { perl -I . -I .. -Msyscalls -Mfault -e "$1" 2>&1; }

total=0
# report WHAT LINES RESULTS: checks LINES, the output of `every`. Each must have points, nothing may be wrong, and the results of
# the runs must match the regex RESULTS.
report() {
	local name points results wrong
	[[ -n $2 ]] || ok 1 "$1: there are results"
	while IFS='|' read -r name points results wrong; do
		[[ $points =~ ^[0-9]+$ ]] || wrong="no result: $name"
		ok "$((points == 0))" "$1: $name has points: $points ($results)"
		is "$wrong$(tr , '\n' <<<"$results" | sed -E 's/^ *[0-9]+ × //' | grep -vxE "$3")" "" "… and each result is right"
		total=$((total + points))
	done <<<"$2"
}

modules=(hello_world startstop simple module_param proc_hello jiffies seconds chardev tickets)

# ---- Loading and unloading

# shellcheck disable=SC2016 # they are perl's
loading='
	sub gone {
		my ($name, $file) = @_;
		return "/sys/module/$name is there" if -e "/sys/module/$name";
		return "$file is there" if $file && -e $file;
		return "";
	}
	sub loads {
		my ($kind, $path, $name, $arguments, $file) = @_;
		kinds(split " ", $kind);
		insmod($path, $arguments) eq "done" && rmmod($name) eq "done" or die "$name: $!\n";
		every("insmod $name ($kind)", sub { insmod($path, $arguments) }, sub {
			my ($hit, $result) = @_;
			return gone($name, $file) if $result ne "done";
			return "$file is not there" if $file && !-e $file;
			my $removed = rmmod($name);
			return $removed eq "done" ? gone($name, $file) : "rmmod: $removed";
		});
		insmod($path, $arguments);
		every("rmmod $name ($kind)", sub { rmmod($name) }, sub {
			my ($hit, $result) = @_;
			if ($result eq "done") {
				my $there = gone($name, $file);
				insmod($path, $arguments) if $hit;
				return $there;
			}
			return "$file is not there" if $file && !-e $file;
			return "";
		});
	}'

kmsg_mark
for module in "${modules[@]}"; do
	file=''
	case $module in
	proc_hello | jiffies | seconds) file=/proc/${module#proc_} ;;
	chardev) file=/dev/chardev ;;
	esac
	arguments=''
	[[ $module != module_param ]] || arguments='my_bool my_short=2 my_int=3 my_long=4 my_str=text my_int_array=5,6,7 my_limit=8'
	report "$module" "$(inject "$loading loads('memory', '../../$module.ko', '$module', '$arguments', '$file')")" 'done|Cannot allocate memory|Bad address'
done
report param_types "$(inject "$loading loads('memory', '../param_types.ko', 'param_types', 'r_charp=a a_charp=b,c,d a_charp=e a_int=1,2 w_bool', '')")" \
	'done|Cannot allocate memory|Bad address'
report proc_kinds "$(inject "$loading loads('memory', '../proc_kinds.ko', 'proc_kinds', 'start=3', '/proc/proc_kinds')")" \
	'done|Cannot allocate memory|Bad address'
insmod ../../tickets.ko
report next_ticket "$(inject "$loading loads('memory', '../../next_ticket.ko', 'next_ticket', '', '/proc/next_ticket')")" \
	'done|Cannot allocate memory|Bad address'
run rmmod tickets
# shellcheck disable=SC2154 # run sets them
is "$status $stderr" "0 " "after failed loads, nothing uses the other module"

# ---- Opening and reading

# shellcheck disable=SC2016
reading='
	my $whole = qr/^(Hello World|\d+|2\n4\n6)\n\z/;
	# This makes the kernel create names and inodes again.
	sub forget { open(my $file, ">", "/proc/sys/vm/drop_caches") or die; print $file 2 }
	sub opens {
		my ($path, $flags) = @_;
		forget();
		every("open $path", sub { my $file = openf($path, $flags); $file =~ /^\d+$/ ? ("done", $file) : ("$!") }, sub {
			my ($hit, $result, $file) = @_;
			if ($result ne "done") { forget(); return "" }
			my $text = pread($file, 99, 0);
			POSIX::close($file);
			forget();
			return $text =~ $whole || $flags == O_RDWR && $text eq "" ? "" : "it reads $text";
		});
	}
	# From each offset: a read that fails does not move the offset, and the next read gets the text there.
	sub reads {
		my ($path, $how) = @_;
		my $file = openf($path);
		for my $offset (0, 1) {
			pread($file, 99, 0) until length pread($file, 99, 1) > 0;
			my $rest = pread($file, 99, 1);
			lseek($file, $offset, SEEK_SET);
			pipe(my $from, my $to) or die;
			fcntl($_, 4, POSIX::O_NONBLOCK()) for $from, $to;
			my $sent = "";
			every("$how $path at $offset", sub {
				if ($how eq "read") { $sent = readn($file, 99); return $sent =~ /^E[A-Z]+\z/ ? "$!" : "done" }
				my $n = $how eq "splice" ? splicen($file, fileno $to, 99) : sendfile(fileno $to, $file, 99);
				return $n =~ /^\d+$/ ? $n ? "done" : "nothing" : "$!";
			}, sub {
				my ($hit, $result) = @_;
				my $at = lseek($file, 0, SEEK_CUR);
				if ($result ne "done") {
					return "the offset went from $offset to $at" if $at != $offset;
					my $next = readn($file, 99);
					lseek($file, $offset, SEEK_SET);
					return "" if $offset ? $next eq $rest : $next =~ $whole;
					return "the next read has $next";
				}
				sysread($from, $sent, 99) if $how ne "read";
				$rest = pread($file, 99, 1) if $offset == 0;
				my $read = length $sent;
				# A list comes in pieces. If the second one fails, the next read goes on there.
				$sent .= readn($file, 99) if $how eq "read";
				lseek($file, $offset, SEEK_SET);
				return "the offset is $at after $read" if $at != $offset + $read;
				return "" if $offset ? $sent eq $rest : $sent =~ $whole;
				return "it has $sent";
			});
		}
	}'

for module in proc_hello jiffies seconds; do insmod "../../$module.ko"; done
for file in hello jiffies seconds; do
	report /proc/$file "$(inject "$reading kinds('memory', 'pages'); opens('/proc/$file', O_RDONLY)")" 'done|Cannot allocate memory|Bad address'
	report /proc/$file "$(inject "$reading kinds('memory', 'pages'); reads('/proc/$file', \$_) for qw(read splice sendfile)")" \
		'done|Cannot allocate memory|Bad address'
done
rmmod proc_hello jiffies seconds

# Printed text, the entries of a list, and the state of each open file need memory.
insmod ../proc_kinds.ko start=3
for file in limit list; do
	report /proc/proc_kinds/$file "$(inject "$reading kinds('memory', 'pages'); opens('/proc/proc_kinds/$file', O_RDONLY)")" \
		'done|Cannot allocate memory|Bad address'
	report /proc/proc_kinds/$file "$(inject "$reading kinds('memory', 'pages'); reads('/proc/proc_kinds/$file', \$_) for qw(read splice sendfile)")" \
		'done|Cannot allocate memory|Bad address'
done
report /proc/proc_kinds/notes "$(inject "$reading kinds('memory', 'pages'); opens('/proc/proc_kinds/notes', O_RDWR)")" \
	'done|Cannot allocate memory|Bad address'
is "$(</proc/proc_kinds/opened)" 0 "no state of an open file is left"
# The first read of an open file, which needs memory for its text; and a write, which must take the whole text or nothing.
# shellcheck disable=SC2016
report /proc/proc_kinds "$(inject '
	kinds("memory", "pages");
	for (["limit", qr/^10\n\z/], ["list", qr/^2\n4\n6\n\z/]) {
		my ($name, $whole) = @$_;
		my $file = openf("/proc/proc_kinds/$name"); # this one has no text yet
		every("first read $name", sub { my $text = readn($file, 99); $text =~ /^E[A-Z]+\z/ ? "$!" : "done" }, sub {
			my ($hit, $result) = @_;
			my $at = lseek($file, 0, SEEK_CUR);
			return "the offset is $at after an error" if $result ne "done" && $at != 0;
			if ($result eq "done") { POSIX::close($file); $file = openf("/proc/proc_kinds/$name") }
			return "";
		});
		print "$name reads ", $_, "\n" for grep { $_ !~ $whole } pread($file, 99, 0);
	}
	my $limit = openf("/proc/proc_kinds/limit", O_RDWR);
	my ($value, $next) = (10, 11);
	every("write limit", sub { writen($limit, $next) =~ /^\d+\z/ ? "done" : "$!" }, sub {
		my ($hit, $result) = @_;
		if ($result eq "done") { ($value, $next) = ($next, $next % 100 + 1) }
		my $now = pread($limit, 9, 0);
		return $now eq "$value\n" ? "" : "it is $now, not $value";
	});
	my $command = openf("/proc/proc_kinds/command", O_WRONLY);
	every("write command", sub { writen($command, "+8") =~ /^\d+\z/ ? "done" : "$!" }, sub {
		my ($hit, $result) = @_;
		my $there = pread(openf("/proc/proc_kinds/list"), 99, 0) =~ /^8$/m;
		writen($command, "-8");
		return $there == ($result eq "done") ? "" : $there ? "it is there" : "it is not there";
	});
	my $notes = openf("/proc/proc_kinds/notes", O_RDWR);
	my $text = "";
	every("write notes", sub { writen($notes, "x" x 60) =~ /^\d+\z/ ? "done" : "$!" }, sub {
		my ($hit, $result) = @_;
		$text .= "x" x 60 if $result eq "done";
		return pread($notes, 9999, 0) eq $text ? "" : "it has other notes";
	});')" 'done|Cannot allocate memory|Bad address'
rmmod proc_kinds

# ---- A device: a call that fails does not change it, and a call that does a part leaves the rest

# shellcheck disable=SC2016
device='
	kinds("memory", "pages");
	my $path = "/dev/chardev";
	sub size { my $n = pack "i", -1; my $result = ioctln($_[0], 0x80047801, $n); return $result eq "done" ? unpack("i", $n) : $result }
	every("open $path", sub { my $file = openf($path, O_RDWR); $file =~ /^\d+$/ ? ("done", $file) : ("$!") }, sub {
		my ($hit, $result, $file) = @_;
		POSIX::close($file) if $result eq "done";
		# If the failed open counted as one, this one could not be the only one.
		my $alone = openf($path, O_RDWR | O_EXCL);
		return "it is still open: $alone" if $alone !~ /^\d+$/;
		POSIX::close($alone);
		return "";
	});
	my $file = openf($path, O_RDWR | O_NONBLOCK);
	my ($next, $there) = (0, "");
	# Some of these pieces wrap at the end of the ring buffer.
	for my $n (1, 100, 3000) {
		every("write $n", sub { my $put = writen($file, pack("C*", map { ($next + $_) % 251 } 1 .. $n)); $put =~ /^\d+$/ ? ("done", $put) : ("$!") }, sub {
			my ($hit, $result, $put) = @_;
			$put = 0 if $result ne "done";
			$there .= pack("C*", map { ($next + $_) % 251 } 1 .. $put);
			$next += $put;
			my $size = size($file);
			my $text = $size ? readn($file, 4096) : "";
			my $right = $text eq $there && $size == length $there;
			$there = "";
			return $right ? "" : "it has $size bytes, and they are not those that were written";
		});
		every("read $n", sub {
			my $text = readn($file, $n);
			return $text eq "EFAULT" || $text eq "ENOMEM" || $text eq "EAGAIN" ? ("$!") : ("done", $text);
		}, sub {
			my ($hit, $result, $text) = @_;
			$there = substr($there, length $text) if $result eq "done" && substr($there, 0, length $text) eq $text;
			my $size = size($file);
			my $right = $size == length $there;
			$text = $size ? readn($file, 4096) : "";
			$right &&= $text eq $there;
			$there = pack("C*", map { ($next + $_) % 251 } 1 .. $n);
			$next += $n;
			writen($file, $there);
			return $right ? "" : "it has $size bytes, and they are not those that are left";
		}) if writen($file, $there = pack("C*", map { ($next + $_) % 251 } 1 .. $n));
		$next += $n;
		ioctln($file, 0x7802, 0);
		$there = "";
	}
	writen($file, "12345");
	every("ioctl", sub { my $n = size($file); $n =~ /^\d+$/ ? ("done", $n) : ("$!") }, sub {
		my ($hit, $result, $n) = @_;
		return $result ne "done" || $n == 5 ? "" : "it says $n";
	});
	every("poll", sub {
		my $set = pack("lss", $file, 5, 0);
		my $n = syscall(7, $set, 1, 0);
		return $n == 1 ? ("done", unpack("x6s", $set)) : ("$!");
	}, sub {
		my ($hit, $result, $ready) = @_;
		return $result ne "done" || $ready == 5 ? "" : "it says $ready";
	});'
insmod ../../chardev.ko
report /dev/chardev "$(inject "$device")" 'done|Cannot allocate memory|Bad address'
rmmod chardev

# ---- A parameter that is read and written

# shellcheck disable=SC2016
writing='
	my $path = "/sys/module/module_param/parameters/my_limit";
	my ($value, $next) = (10, 20);
	sub now { open(my $file, "<", $path) or return "$!"; my $text = <$file>; chomp $text; return $text }
	sub writes {
		every("open, write, close $path", sub {
			my $file = openf($path, O_WRONLY);
			return "$!" if $file !~ /^\d+$/;
			my $wrote = writen($file, "$next\n");
			my $result = $wrote =~ /^\d+$/ ? "done" : "$!";
			POSIX::close($file);
			return $result;
		}, sub {
			my ($hit, $result) = @_;
			my $now = now();
			if ($result eq "done") { ($value, $next) = ($next, $next % 100 + 1) }
			return $now == $value ? "" : "it is $now, not $value";
		});
	}
	sub shows {
		every("open, read, close $path", sub { my $text = now(); return $text =~ /^\d+$/ ? "done" : "$!" }, sub {
			my $now = now();
			return $now == $value ? "" : "it is $now, not $value";
		});
	}'
insmod ../../module_param.ko
report my_limit "$(inject "$writing kinds('memory', 'pages'); writes(); shows()")" 'done|Cannot allocate memory|Bad address'
rmmod module_param

# The kernel's messages if it has no memory for its own records of a module, sometimes with a backtrace. The modules print their
# usual lines. (The levels of these lines do not matter.)
said=$(kmsg | perl -0pe 's/^<\w+> //gm; s/^perl: vmalloc error: .*?^\d+ pages reserved\n//gms')
is "$(grep -vE "^(hello_world|startstop|simple|module_param|param_types): |^kobject: (can not set name properly|kobject_add_internal failed for |kobject_create_and_add: kobject_add error: -12)|^perl \([0-9]+\): drop_caches: 2|^kunit module: error filtering suites: -12|^next_ticket: Unknown symbol .* \(err -12\)$|^execmem: unable to allocate memory|^(execmem_vmalloc|warn_alloc): [0-9]+ callbacks suppressed|^kmemleak: Cannot allocate a scan area, scanning the full object" <<<"$said" | sort | uniq -c)" \
	"" "the log has only the lines of the modules, and messages that memory ran out"
diag "$total points"
done_testing
