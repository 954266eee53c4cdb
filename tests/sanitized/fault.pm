# Functions with which perl makes faults in the kernel. They are for x86_64, as the sanitized kernel is.
#
# /proc/<pid>/fail-nth holds a number N: the N-th point at which this task could get an injected fault gets one.
package fault;
use strict;
use warnings;
use Exporter 'import';
use Fcntl;
our @EXPORT = qw(every kinds);

my %number = (read => 0, pread => 17, pwrite => 18);

sysopen(my $fail, "/proc/self/fail-nth", O_RDWR) or die "fail-nth: $!\n";

sub knob {
	my ($attr, $name, $value) = @_;
	open(my $file, ">", "/sys/kernel/debug/$attr/$name") or die "$attr/$name: $!\n";
	print $file $value;
	close($file) or die "$attr/$name: $!\n";
}

# kinds KIND…: sets what can fail from now on: "memory" (kmalloc and similar functions), "pages" (the page allocator). Copying
# from and to the user's memory can always fail.
sub kinds {
	my %kind = map { $_ => 1 } @_;
	knob($_, "verbose", 0) for qw(failslab fail_page_alloc fail_usercopy);
	knob("failslab", "ignore-gfp-wait", $kind{memory} ? "N" : "Y");
	knob("fail_page_alloc", "ignore-gfp-wait", $kind{pages} ? "N" : "Y");
	knob("fail_page_alloc", "min-order", $kind{pages} ? 0 : 10);
}

# fault N CODE: runs CODE with its N-th point failing. Returns a list: first, true if there was such a point, then the results of CODE.
sub fault {
	my ($n, $code) = @_;
	my $left = "." x 16;
	my $text = "$n";
	syscall($number{pwrite}, fileno $fail, $text, length $text, 0) > 0 or die "fail-nth: $!\n";
	my @result = $code->();
	# Reading the number copies to user memory. If the number is 1 by then, this copy fails.
	my $read = syscall($number{pread}, fileno $fail, $left, 16, 0);
	my $hit = $read > 0 && $left =~ /^0\n/;
	$text = "0";
	syscall($number{pwrite}, fileno $fail, $text, 1, 0);
	return ($hit, @result);
}

# every NAME CODE CHECK: runs CODE with its 1st, 2nd, 3rd … point failing, until there is no such point. CODE returns its result
# as user space sees it, "done" or an error. CHECK gets whether a fault was made, and that result. It returns what is wrong, or
# "". Prints a line with NAME, the number of points, the results of the runs, and what was wrong.
sub every {
	my ($name, $code, $check) = @_;
	my ($points, %results, @wrong) = 0;
	for (;;) {
		my ($hit, @result) = fault($points + 1, $code);
		my $wrong = $check->($hit, @result);
		push @wrong, sprintf("point %d (%s): %s", $points + 1, $result[0], $wrong) if $wrong;
		last unless $hit;
		$points++;
		$results{$result[0]}++;
		if ($points >= 10_000) { push @wrong, "no end"; last }
	}
	my @results = map { "$results{$_} × $_" } sort keys %results;
	print join("|", $name, $points, join(", ", @results), join("; ", @wrong)), "\n";
}

1;
