# Does the work of decode.sh: reads a kernel log, and explains below each crash report what happened and where.
# decode.sh sets its options in the environment. The log is its argument or its standard input.

use strict;
use warnings;

my $top = $ENV{DECODE_TOP};
my ($bold, $red, $plain) = @ENV{qw(DECODE_BOLD DECODE_RED DECODE_PLAIN)};

# How a report begins, and the sentence for it; $1 and so on are the groups of the pattern. The first line that matches is the title.
# Where two lines begin one report (the "Oops:" after a "BUG:"), the first one has the title.
my @kinds = (
	[qr/panicked at (\S+?):(\d+):(\d+):\s*$/, 'panic', 'Rust code panicked'],
	[qr/BUG: KASAN: null-ptr-deref/, 'memory', 'KASAN: memory was used through a null pointer'],
	[qr/BUG: KASAN: (?:slab-)?use-after-free/, 'memory', 'KASAN: memory was used after it had been freed'],
	[qr/BUG: KASAN: (\S*)out-of-bounds/, 'memory', 'KASAN: memory was used beyond its bounds'],
	[qr/BUG: KASAN: (\S+)/, 'memory', 'KASAN: memory was used in a wrong way ($1)'],
	[qr/BUG: kernel NULL pointer dereference, address: (\S+)/, 'oops', 'A null pointer was used (address $1)'],
	[qr/[Uu]nable to handle kernel NULL pointer dereference at virtual address (\w+)/, 'oops', 'A null pointer was used (address $1)'],
	[qr/BUG: (?:TASK|IRQ|#DF) stack guard page was hit|kernel stack overflow|PANIC: double fault|Insufficient stack space/, 'oops',
		'The stack was too small: a variable on it is too large, or a function calls itself too often'],
	[qr/BUG: unable to handle page fault for address: (\w+)|[Uu]nable to handle kernel paging request at virtual address (\w+)/, 'oops',
		'An address was used where there is no memory ($1)'],
	[qr/BUG: sleeping function called from invalid context/, 'warning', 'A function that may sleep was called where sleeping is not allowed'],
	[qr/BUG: scheduling while atomic/, 'warning', 'Code slept where sleeping is not allowed'],
	[qr/watchdog: BUG: soft lockup - CPU#(\d+) stuck for (\w+)! \[(.*?):\d+\]/, 'hang', '$3 has kept CPU $1 busy for $2, and nothing else could run on it'],
	[qr/(?:watchdog: .*|NMI watchdog: .*)hard LOCKUP/i, 'hang', 'A CPU has run with interrupts off for too long'],
	[qr/rcu: INFO: .*detected .*stall|INFO: rcu.*detected.*stall/, 'hang', 'A CPU has been busy with the same work for too long (an RCU stall)'],
	[qr/INFO: task (.*?):(\d+) blocked for more than (\d+) seconds/, 'hang', '$1 (process $2) has been waiting for more than $3 seconds, and nothing can end it'],
	[qr/task (.+?):(\d+) has been in the kernel for (\d+) seconds/, 'hang', '$1 (process $2) has been in the kernel for $3 seconds'],
	[qr/NMI backtrace for cpu (\d+)/, 'hang', 'CPU $1 is here'],
	[qr/WARNING: possible recursive locking detected/, 'lock', 'A process takes a lock that it holds already: it would wait for itself for ever'],
	[qr/possible circular locking dependency detected/, 'lock', 'Locks are taken in different orders: two processes can wait for each other for ever'],
	[qr/WARNING: suspicious RCU usage/, 'warning', 'Data that RCU protects was used without its lock'],
	[qr/possible .* detected|WARNING: inconsistent lock state|WARNING: bad unlock balance|WARNING: Nested lock was not taken/, 'lock', 'A lock was used in a wrong way'],
	[qr/UBSAN: (\S+)/, 'warning', 'The C code did something that C does not define ($1)'],
	[qr/kmemleak: (\d+) new suspected memory leaks/, 'warning', '$1 pieces of memory are lost: nothing points to them'],
	[qr/BUG: Bad page state/, 'memory', 'A page of memory is in a bad state: something used a page that did not belong to it'],
	[qr/kernel BUG at (\S+?)!/, 'oops', 'The kernel found a state that should not be possible ($1)'],
	[qr/Oops: general protection fault|general protection fault, /, 'oops', 'An invalid pointer was used'],
	[qr/Internal error: (.*?): |Oops: (.*)|Oops - (.*)/, 'oops', 'The kernel could not continue here ($1)'],
	[qr/^WARNING: (\S+:\d+) at /, 'warning', 'The kernel warns, in $1'],
	[qr/^WARNING: (.*)/, 'warning', 'The kernel warns: $1'],
	[qr/Kernel panic - not syncing: (.*)/, 'end', 'The kernel gave up: $1'],
	[qr/^\[<0>\] /, 'stack', 'The process is here'],
	[qr/^BUG: (.*)/, 'oops', 'The kernel found a bug: $1'],
);

# The prefixes of a line: the time, the level, and those of journald, syslog and our own tools.
sub text_of {
	my ($line) = @_;
	$line =~ s/[\r\n]+$//;
	$line =~ s/^[#|\s]+//;
	$line =~ s/^.*? kernel: //;
	$line =~ s/^<\d+>//;
	$line =~ s/^(?:\[\s*(?:\d+\.\d+|[TC]\d+)\s*\]\s?)+//;
	$line =~ s/^\w+: (?=task .+? has been in the kernel)//;
	return $line;
}

# ---- The modules and their symbols.

my $release = '';
my %tools = map { split /=/ } split ' ', $ENV{DECODE_TOOLS};
my (%file_of, %prefix_of, %symbols_of, %place_of, %reported);

sub output_of {
	my @command = @_;
	my $pid = open(my $pipe, '-|') // return;
	if (!$pid) {
		open STDERR, '>', '/dev/null';
		exec @command or exit 127;
	}
	my @lines = <$pipe>;
	close $pipe;
	chomp @lines;
	return @lines;
}

sub modules_under {
	# (Do not follow kbuild's link "source".)
	return output_of('find', "$_[0]/", '-name', '*.ko');
}

# file_of MODULE: returns its .ko, if possible one that was built for the kernel that wrote the log.
sub file_of {
	my ($module) = @_;
	return $file_of{$module} if exists $file_of{$module};
	my @places = grep { length } split /\n/, $ENV{DECODE_MODULES};
	@places = (-d "$top/build/modules/$release" && length $release ? "$top/build/modules/$release" : "$top/build/modules", $top) if !@places;
	@places = grep { -e } @places;
	for my $place (@places) {
		for my $file (-d $place ? ($place eq $top ? glob("$top/*.ko $top/tests/*.ko $top/tests/*/*.ko") : modules_under($place)) : $place) {
			my ($name) = $file =~ m{([^/]*)\.ko$};
			$name =~ tr/-/_/;
			return $file_of{$module} = $file if $name eq $module;
		}
	}
	return $file_of{$module} = undef;
}

# section_and_address FILE SYMBOL: returns where the symbol is in the file.
sub section_and_address {
	my ($file, $symbol) = @_;
	if (!$symbols_of{$file}) {
		my (%section, %symbols);
		$prefix_of{$file} = '';
		for (output_of('readelf', '-hSsW', $file)) {
			if (my ($machine) = /^\s*Machine:\s+(.*)/) {
				my ($known) = grep { index($machine, $_) >= 0 } keys %tools;
				my $prefix = $tools{ $known // '' } // '';
				$prefix_of{$file} = $prefix if grep { -x "$_/${prefix}addr2line" } split /:/, $ENV{PATH};
			}
			$section{$1} = [$2, hex $3] if /^\s*\[\s*(\d+)\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)/;
			$symbols{$4} //= [$3, hex $1, $2] if /^\s*\d+:\s+([0-9a-f]+)\s+(\d+)\s+FUNC\s+\S+\s+\S+\s+(\d+)\s+(\S+)/;
		}
		for my $symbol (keys %symbols) {
			my ($index, $start, $size) = @{ $symbols{$symbol} };
			my ($section, $section_size) = @{ $section{$index} // next };
			$symbols_of{$file}{$symbol} = [$section, $start, $size, $start + $size + 64 > $section_size];
		}
	}
	my $found = $symbols_of{$file}{$symbol};
	return $found ? @$found : ();
}

my %demangled;

sub demangled {
	my ($symbol) = @_;
	return $symbol if $symbol !~ /^_[RZ]/;
	if (!exists $demangled{$symbol}) {
		(my $bare = $symbol) =~ s/\.(?:cold|llvm\.\d+|constprop\.\d+)+$//;
		my ($name) = output_of('c++filt', $bare);
		$demangled{$symbol} = $name // $symbol;
	}
	(my $name = $demangled{$symbol}) =~ s/\[[0-9a-f]{10,16}\]//g;
	return $name;
}

# places FRAME: returns the places of a frame as [function, file, line], the innermost first; an empty list if they are unknown.
sub places {
	my ($frame) = @_;
	my ($symbol, $offset, $size, $module, $exact) = @$frame{qw(symbol offset size module exact)};
	return if !length $module;
	my $file = file_of($module) // return;
	my ($section, $start, $own_size, $is_last) = section_and_address($file, $symbol);
	return if !defined $section;
	# For the kernel, a function ends where the next one begins. If the sizes do not fit, the file is not the one that was loaded.
	return if $offset > $own_size || $own_size > $size || $size - $own_size >= 64 && !$is_last;
	# The return address of a call may be on the next line.
	my $address = sprintf '0x%x', $start + $offset - ($exact || !$offset ? 0 : 1);
	my $key = "$file $section $address";
	if (!$place_of{$key}) {
		my @lines = output_of($prefix_of{$file} . 'addr2line', '-e', $file, '-j', $section, '-ifC', $address);
		my @found;
		while (my ($function, $place) = splice @lines, 0, 2) {
			last if !defined $place;
			my ($path, $line) = $place =~ /^(.*?):(\d+)/ or next;
			next if $path =~ /^\?/;
			$function =~ s/\[[0-9a-f]{10,16}\]//g;
			push @found, [demangled($function), $path, $line];
		}
		$place_of{$key} = \@found;
	}
	return @{ $place_of{$key} };
}

# ---- The sources.

my %source_of;

# own PATH: returns the path here of one of the reader's own files; undef for other files. A log from another machine may have
# another path.
sub own {
	my ($path) = @_;
	return $source_of{$path} if exists $source_of{$path};
	$source_of{$path} = undef;
	# Files of the kernel and of the compiler.
	return if $path =~ m{(?:^|/)(?:rust/(?:kernel|helpers|macros|pin-init|bindings|core)|library/(?:core|alloc))/|^/rustc/|^/usr/src/|^\./(?:include|arch)/|^(?:include|arch|kernel|mm|fs|lib/[^/]*\.c|drivers)/};
	$path =~ s{/[^/.][^/]*/\.\./}{/} while $path =~ m{/[^/.][^/]*/\.\./};
	my @roots = ((grep { length } split /\n/, $ENV{DECODE_SOURCES}), $top);
	for my $root (@roots) { return $source_of{$_[0]} = $path if $path =~ m{^\Q$root\E/} && -f $path }
	(my $rest = $path) =~ s{^(?:\./)+}{};
	my @parts = split m{/+}, $rest;
	shift @parts if @parts && $parts[0] eq '';
	while (@parts) {
		my $tail = join '/', @parts;
		for my $root (@roots) {
			return $source_of{$_[0]} = "$root/$tail" if -f "$root/$tail";
		}
		shift @parts;
	}
	return;
}

sub shown_path {
	my ($path) = @_;
	my $file = own($path) // $path;
	for my $root ((grep { length } split /\n/, $ENV{DECODE_SOURCES}), $top) { last if $file =~ s{^\Q$root\E/}{} }
	$file =~ s{^.*/(?=(?:rust|library)/)}{} if !defined own($path);
	return $file;
}

# excerpt PATH LINE [COLUMN]: returns the lines around it, with a mark.
sub excerpt {
	my ($path, $number, $column) = @_;
	my $file = own($path) // return;
	open my $source, '<', $file or return;
	my @lines = <$source>;
	close $source;
	return if $number < 1 || $number > @lines;
	my ($first, $last) = ($number > 2 ? $number - 2 : 1, $number + 1 > @lines ? @lines : $number + 1);
	my $width = length $last;
	my @out = (' ' x $width . ' |');
	for my $n ($first .. $last) {
		(my $text = $lines[$n - 1]) =~ s/\s+$//;
		$text =~ s/\t/    /g if !defined $column;
		push @out, sprintf("%${width}d |%s", $n, length $text ? " $text" : '');
		next if $n != $number;
		my ($indent, $marked) = $text =~ /^(\s*)(.*)/;
		if (defined $column) {
			$indent = substr $text, 0, $column - 1;
			$indent =~ s/[^\t]/ /g;
			$marked = '^';
		} else {
			$marked = '^' x length $marked;
		}
		push @out, ' ' x $width . " | $indent$red$marked$plain";
	}
	return @out;
}

# ---- A report.

# Functions of the panic itself, which are left out of the list of calls.
my $machinery = qr/^(?:rust_helper_|rust_begin_unwind|.*_4core(?:9panicking|6option|6result|5slice|3str)|.*4core9panicking|__pfx_)/;

# Functions that only report.
my $reporting = qr/^(?:dump_stack\w*|print_report|(?:__)?k?asan_\w+|__might_\w+|nmi_\w+\S*|print_\w+_bug\S*|(?:__)?lock_acquire|__lock_acquire|lockdep_\w+)$/;

sub frames_in {
	my ($text) = @_;
	return if title($text) && $text !~ /^\[<0>\]/;
	# (On arm64, the function that the line "lr" names is in the trace, too.)
	return if $text =~ /RIP: 0033|^(?:CPU|Code|RSP|RAX|RDX|RBP|R\d\d):|^lr : |^\? |^\s*\? /;
	my @frames;
	while ($text =~ /(?<![\w.\$])([A-Za-z_][\w.\$]*)\+0x([0-9a-f]+)\/0x([0-9a-f]+)(?:\s+\[(\w+)[^\]]*\])?/g) {
		my ($symbol, $offset, $size, $module) = ($1, hex $2, hex $3, $4 // '');
		my $exact = $text =~ /RIP: 0010:|^pc : /;
		push @frames, { symbol => $symbol, offset => $offset, size => $size, module => $module, exact => $exact };
	}
	return @frames;
}

sub title {
	my ($text) = @_;
	for (@kinds) {
		my ($pattern, $kind, $sentence) = @$_;
		my @found = $text =~ $pattern or next;
		my $n = 0;
		@found = grep { defined } @found;
		$sentence =~ s/\$(\d)/$found[$1 - 1] \/\/ ''/ge;
		return ($kind, $sentence, @found);
	}
	return;
}

my %words = (
	G => '', P => 'a proprietary module', F => 'a module was forced to load', D => 'the kernel had crashed before', W => 'the kernel had warned before',
	O => 'a module from outside the kernel tree', E => 'an unsigned module', L => 'a CPU had been stuck before', B => 'memory was found in a bad state',
	N => 'a test', M => 'the hardware had failed before', C => 'a module from staging', K => 'a live patch', U => 'asked for by a user',
);

my %parameters;

sub parameters {
	my ($module) = @_;
	return $parameters{$module} if defined $parameters{$module};
	return if !$ENV{DECODE_HERE};
	my $directory = "/sys/module/$module/parameters";
	opendir my $handle, $directory or return;
	my @values;
	for my $name (sort grep { !/^\./ } readdir $handle) {
		open my $file, '<', "$directory/$name" or next;
		my $value = <$file> // '';
		chomp $value;
		push @values, "$name=$value";
	}
	return join ' ', @values;
}

# explain LINES: returns the explanation of a report.
sub explain {
	my @lines = @_;
	my ($kind, $sentence, @found, @panic, @message, @out, @stacks, $process, $taint, $linked, @more, @notes);
	my $in_message = 0;
	for my $text (@lines) {
		$release = $1 if $text =~ /Tainted: .*? (\d+\.\d+\S*) #\d|Not tainted .*?(\d+\.\d+\S*) #\d/;
		if ($in_message) {
			if ($text =~ /cut here|kernel BUG at|^Oops|^(?:CPU|Internal error):/) { $in_message = 0 }
			elsif (length $text) { push @message, $text =~ s/^\s+//r }
		}
		# (The text of a warning comes before it.)
		push @message, $text if !defined $kind && !title($text) && length $text && $text !~ /cut here/;
		if (my ($line_kind, $line_sentence, @line_found) = title($text)) {
			if (!defined $kind) {
				($kind, $sentence, @found) = ($line_kind, $line_sentence, @line_found);
				@message = () if $kind ne 'warning';
				$in_message = 1 if $kind eq 'panic';
				@panic = @found if $kind eq 'panic';
			} elsif ($line_kind eq 'end') {
				push @more, $line_sentence;
			}
		}
		push @more, 'It tried to ' . ($1 eq 'write' ? 'write there' : $1 eq 'read' ? 'read there' : 'run what is there') if $text =~ /^#PF: supervisor (\w+) access/;
		push @more, 'It tried to ' . ($1 ? 'write' : 'read') . ' there' if $text =~ /\bWnR = ([01]),/;
		push @more, "The kernel says: $1" if $text =~ /^(INFO: task .* is blocked on a (?:mutex|semaphore|rwsem).*)/;
		$process //= [$1, $2] if $text =~ /PID: (\d+) Comm: (.+?) (?:Tainted|Not tainted)/;
		$process //= [$2, $1] if $text =~ /INFO: task (.*?):(\d+) blocked/;
		$taint //= $1 if $text =~ /Tainted: ([A-Z][A-Z ]*?)\s+\d/;
		$linked //= $1 if $text =~ /^Modules linked in: (.*?)(?:\s*\[last unloaded|$)/;
		# Another stack in the same report: who allocated it, who holds the lock …
		if ($text =~ /^((?:Allocated|Freed|Last potentially related work creation).*?):?\s*$/ || $text =~ /^(Preemption disabled at|but task is already holding lock|.*is trying to acquire lock|the existing dependency chain.*):?\s*$/) {
			push @stacks, [$1];
		}
		if (my @frames = frames_in($text)) {
			push @stacks, [''] if !@stacks;
			push @stacks, [''] if $text =~ /RIP: 0010|^pc : / && @{ $stacks[-1] } > 1;
			# (The place where a CPU was interrupted is not a return address.)
			$frames[0]{exact} = 1 if @{ $stacks[-1] } > 1 && $stacks[-1][-1]{symbol} =~ /^asm_(?:sysvec|exc)_/;
			# (The trace of arm64 begins with what the line "pc" has named.)
			my $before = @{ $stacks[-1] } == 2 ? $stacks[-1][1] : {};
			shift @frames if $before->{exact} && "$before->{symbol} $before->{offset}" eq "$frames[0]{symbol} $frames[0]{offset}";
			push @{ $stacks[-1] }, @frames;
		} elsif ($text =~ /^(?:stack backtrace|Call [Tt]race):?/ && @stacks && length $stacks[-1][0]) {
			push @stacks, [''];
		}
	}
	return if !defined $kind;
	return ("$bold$red$sentence$plain") if $kind eq 'end' && !@stacks;

	$sentence .= ': ' . join ' ', @message if @message;
	push @out, "$bold$red$sentence$plain";
	push @out, map { /\.$/ ? $_ : "$_." } @more;

	# The place: a panic names it; otherwise it is the first place in the reader's own sources.
	my ($path, $line, $column) = @panic;
	my (@way, $own_module, %lacking);
	my $best = 0;
	for my $stack (@stacks) {
		my ($label, @frames) = @$stack;
		my @steps;
		my $beyond = 0;
		for my $frame (@frames) {
			my $module = $frame->{module};
			next if $frame->{symbol} =~ /^__pfx_/;
			next if !@steps && ($kind eq 'panic' && $frame->{symbol} =~ $machinery || $frame->{symbol} =~ $reporting);
			my @places = places($frame);
			if (length $module) {
				$own_module //= $module if defined file_of($module) || !@places;
				$lacking{$module} = 1 if !defined file_of($module);
				$lacking{$module} //= 2 if defined file_of($module) && !@places;
				$beyond = 0;
			} else {
				$beyond++;
			}
			my $name = demangled($frame->{symbol}) . ($module ? " [$module]" : '');
			if (!@places) {
				push @steps, [$name, '', '', $beyond, sprintf '+0x%x', $frame->{offset}];
				next;
			}
			for my $place (@places) {
				my ($function, $file, $number) = @$place;
				push @steps, [$function, $file, $number, 0, ''];
				next if $kind eq 'panic' || !defined own($file);
				# Prefer a line of the module to a line of the crates that it uses, and that to a line of the code from module!.
				my $rank = $function =~ /::__module_init::|^(?:init|cleanup)_module$/ ? 1 : own($file) =~ m{^\Q$top\E/lkm/} ? 2 : 3;
				($path, $line, $best) = ($file, $number, $rank) if $rank > $best;
			}
		}
		# Of the functions that the compiler inlined, show only the reader's own and those that they call. Code from module! has no line
		# of its own.
		@steps = grep { $_->[0] !~ /::__module_init::/ } map {
			my ($step, $caller) = @steps[$_, $_ + 1];
			!length $step->[1] || defined own($step->[1]) || !$caller || !length $caller->[1] || defined own($caller->[1]) && $caller->[0] !~ /::__module_init::/ ? $step : ()
		} 0 .. $#steps;
		# After the module's last frame, show only its caller.
		my $last = -1;
		for (0 .. $#steps) { $last = $_ if !$steps[$_][3] }
		my $left = 0;
		if ($last >= 0 && $#steps > $last + 1) {
			$left = $#steps - $last - 1;
			splice @steps, $last + 2;
		} elsif ($last < 0 && @steps > 6) {
			$left = @steps - 6;
			splice @steps, 6;
		}
		push @way, [$label, $left, @steps] if @steps;
	}

	if (defined $path) {
		push @out, "  --> " . shown_path($path) . ":$line" . (defined $column ? ":$column" : '');
		push @out, map { "  $_" } excerpt($path, $line, $column);
	}
	for (@way) {
		my ($label, $left, @steps) = @$_;
		push @out, '  ' . (length $label ? "$label:" : 'the calls that led there, the last one first:');
		for my $step (@steps) {
			my ($name, $file, $number, $beyond, $offset) = @$step;
			my $own = length $file && defined own($file);
			push @out, sprintf '    %s%s%s', $own ? $bold : '', $name, $own ? $plain : '';
			$out[-1] .= '  ' . (length $file ? shown_path($file) . ":$number" : $beyond ? '(kernel)' : "($offset)");
		}
		push @out, "    … and $left more in the kernel" if $left;
	}

	push @out, "  process: $process->[1] ($process->[0])" if $process;
	if (defined $own_module) {
		my $state = ($linked // '') =~ /(?:^| )\Q$own_module\E\([A-Z]*([-+])/ ? $1 eq '+' ? ', being loaded' : ', being unloaded' : '';
		my $values = parameters($own_module);
		push @out, "  module:  $own_module$state" . (defined $values && length $values ? "; its parameters: $values" : '');
	}
	my @taints = map { "$_ (" . ($words{$_} // 'see Documentation/admin-guide/tainted-kernels.rst') . ')' } grep { $_ ne 'G' } ($taint // '') =~ /[A-Z]/g;
	push @out, "  taint:   " . join ', ', @taints if @taints;
	for my $module (sort keys %lacking) {
		push @out, $lacking{$module} == 1
			? "  (There is no $module.ko here: name it, or its directory, to see files and lines.)"
			: "  (" . (file_of($module) =~ s{^\Q$top\E/}{}r) . " has no line numbers: it was stripped, or is not the file that was loaded.)";
	}
	return @out;
}

# ---- The log.

my (@report, $titled, $has_frames, $ended, %said, $last);

sub flush_report {
	return if !@report;
	my @said = eval { explain(@report) };
	# Explain a report that is repeated only once.
	(my $what = join "\n", @said) =~ s/for more than \d+|for \d+\w?//;
	@said = ('(The same again.)') if @said && $said{$what}++ && !$ENV{DECODE_LAST};
	my $text = join '', "\n", (map { "$_\n" } @said), "\n";
	if (!@said) { }
	elsif ($ENV{DECODE_LAST}) { $last = $text }
	else { print $text }
	(@report, $titled, $has_frames, $ended) = ();
}

binmode STDIN;
open my $input, '<', $ARGV[0] or die "$ARGV[0]: $!\n" if @ARGV;
$input = \*STDIN if !@ARGV;
my @log = <$input>;
# The log tells the kernel's release, and at its end the modules' parameters, if vm/init.sh has written it.
for (map { text_of($_) } @log) {
	$release = $1 if /^Linux version (\S+)/;
	$parameters{$1} = $2 if /^parameters of (\w+): (.*)/;
}
for my $line (@log) {
	my $text = text_of($line);
	my @title = title($text);
	flush_report() if @report && ($ended || @title && $has_frames && $title[0] !~ /^(?:end|stack)$/);
	push @report, $text if @report || @title || $text =~ /cut here/;
	$titled ||= @title;
	if (@report) {
		$has_frames ||= !!frames_in($text);
		# A line "cut here" without a report after it is not a report.
		@report = () if !$titled && @report > 6;
		$ended = 1 if $text =~ /---\[ end (?:trace|Kernel panic)/ || $text =~ /^={20,}$/ && $has_frames || @report > 400;
	}
	print $line if !$ENV{DECODE_ONLY};
	flush_report() if $ended;
}
flush_report();
print $last if defined $last;
