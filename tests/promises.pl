# promises.pl PAGE DOCUMENT…: prints PAGE with a new table, made from promises.txt, and reports on stderr what no test checks.
# Called by scripts/promises.sh.

use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

binmode STDERR, ":encoding(UTF-8)";
my ($page, @documents) = @ARGV;
my $promises = "tests/promises.txt";
my $wrong = 0;
sub wrong { print STDERR "  ", @_, "\n"; $wrong = 1 }

sub slurp {
	my ($name) = @_;
	open(my $file, "<", $name) or return;
	local $/;
	return scalar <$file>;
}

# The text of each document. For a script it is its --help, for a Makefile the output of make help.
my %text;
for my $document (@documents) {
	my $text = slurp($document) // die "$document: $!\n";
	if ($document =~ /\.sh$/) {
		($text) = $text =~ /\A#!.*\n# (Usage: .*\n(?:#.*\n)+)/ or next;
		$text =~ s/^# ?//mg;
	} elsif ($document eq "Makefile") {
		$text = join "", map { /^([a-z_-]+):[^#]*## (.*)/ ? "make $1: $2\n" : () } split /^/, $text;
	}
	$text{$document} = $text;
}
@documents = grep { exists $text{$_} } @documents;

# ---- What needs a test: [NAME, BEGIN, END, BEGIN, END…], with its places in the document.

sub each_match {
	my ($name, $text, $regex) = @_;
	my @found;
	while ($text =~ /$regex/g) { push @found, ["$name: " . ($1 // $&), $-[0], $+[0]] }
	return @found;
}

sub subjects {
	my ($document) = @_;
	my $text = $text{$document};
	return each_match("target", $text, qr/^(make \S+):.*$/m) if $document eq "Makefile";
	if ($document =~ /\.sh$/) {
		my %option;
		while ($text =~ /(?<![\w-])--[a-z][a-z-]*/g) { push @{$option{$&} //= ["option: $&"]}, $-[0], $+[0] }
		my @statuses = each_match("exit status", $text, qr/^ {2,}\d+ .*$/m);
		while ($text =~ /exit status is (.*?)(?:\.\s|\z)/sg) {
			my ($sentence, $begin) = ($1, $-[1]);
			while ($sentence =~ /\b\d+(?= if\b|;)/g) { push @statuses, ["exit status: $&", $begin + $-[0], $begin + $+[0]] }
		}
		return (values %option, @statuses);
	}
	# Blank out the code, so that only the prose is left, at the same places.
	my $prose = $text =~ s/^(```.*?^```)$/$1 =~ s,[^\n], ,gr/msger;
	# The part that make matrix writes reports results, and promises nothing.
	$prose =~ s/^<!-- make matrix writes.*//ms;
	# A list of what was not covered is no promise, nor is what a run of make test-mutants came to.
	$prose =~ s/^## (?:What was not covered|Do the tests notice mistakes\?)\n(?:(?!##+ ).*\n?)*/$& =~ s,[^\n], ,gr/gme;
	my @messages;
	while ($text =~ /^```text\n(.*?)^```$/msg) {
		my ($block, $begin) = ($1, $-[1]);
		push @messages, ["message: $&", $begin + $-[0], $begin + $+[0]] while $block =~ /^.+$/mg;
	}
	# A map of the documents promises nothing. The guide teaches: other tests type its commands; its exercises need tests.
	return () if $document =~ m{^docs/(guide/)?README\.md$};
	if ($document =~ m{^docs/guide/}) {
		my @exercises;
		while ($prose =~ /^##+ (?:Exercises|More exercises)\n((?:(?!##+ ).*\n?)*)/mg) {
			my ($section, $begin) = ($1, $-[1]);
			push @exercises, map { [$_->[0], $_->[1] + $begin, $_->[2] + $begin] } each_match("exercise", $section, qr/^\d+\. (.*)(?:\n +.*)*/m);
		}
		return @exercises;
	}
	my @sections = each_match("section", $prose, qr/^##+ (.*)\n(?:(?!##+ ).*\n)*/m);
	# Its figures are those of the run that it names.
	return @sections if $document eq "docs/performance.md";
	return (
		@sections,
		each_match("table row", $prose, qr/^\|(?!-)(?!.*\n\|-).*$/m),
		each_match("entry", $prose, qr/^(\*\*.*?\*\*)(?:.+\n?)*/m),
		each_match("item", $prose, qr/^(?:\d+\.|-) (?!\[)(.*)(?:\n +.*)*/m),
		@messages);
}

# ---- The tests' descriptions.

my (%source, %descriptions);
my $expansion = qr/\$(?:\{(?:[^{}\n]|\{[^{}\n]*\})*+\}|\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*+\))*+\)|\w+|[#?@*])/;

# descriptions TEST: returns regexes, in which a group stands for the value of a variable.
sub descriptions {
	my ($test) = @_;
	return $descriptions{$test} //= do {
		my @found;
		my $source = slurp("tests/$test") // "";
		# The value of a variable may come from the program of the same name, which the test runs.
		$source{$test} = $source . (slurp("tests/" . $test =~ s/\.t$/.pl/r) // "");
		# The descriptions of tests/docs.t are the commands that the documents show.
		if ($test eq "docs.t") {
			for my $document (grep { /\.md$/ } @documents) {
				while ($text{$document} =~ /^```console.*?^```$/msg) {
					my $block = $&;
					push @found, qr/^\Q$document: $1\E$/ while $block =~ /^# (.*)$/mg;
				}
			}
		}
		# The last word of a line, in double quotes.
		while ($source =~ /"((?:[^"\\\$\n]|\\.|$expansion|\$)*+)"(?: *\\| *(?:\|\||&&)[^"]*| *;;?(?: *\})?)?$/mg) {
			my $text = $1;
			# A description that consists only of variables would match anything.
			next if ($text =~ s/$expansion//gr) !~ /\w{3}/;
			my @parts;
			my $last = 0;
			while ($text =~ /$expansion/g) { push @parts, substr($text, $last, $-[0] - $last); $last = $+[0] }
			push @parts, substr($text, $last);
			s/\\(["\$`\\])/$1/g for @parts;
			my $regex = join "(.+?)", map quotemeta, @parts;
			push @found, qr/^$regex$/;
		}
		\@found;
	};
}

sub has_description {
	my ($test, $description) = @_;
	for my $regex (@{descriptions($test)}) {
		my @given = $description =~ $regex or next;
		next if grep { defined && /\w/ && $_ ne "…" && index($source{$test}, $_) < 0 && $#- } $regex =~ /\(\.\+\?\)/ ? @given : ();
		return 1;
	}
	return 0;
}

# ---- The promises.

my (%table, %held, $document);
my $list = slurp($promises) // die "$promises: $!\n";
my $number = 0;
for my $line (split /\n/, $list) {
	$number++;
	next if $line =~ /^\s*(#|$)/;
	if ($line =~ /^= (.*)/) {
		$document = $1;
		wrong("$promises:$number: there is no document $document") if !exists $text{$document};
		next;
	}
	my ($words, $test, $description) = $line =~ /^(.+?) => (\S+\.t): (.+)$/ or wrong("$promises:$number: cannot be read: $line"), next;
	my $regex = join '\s+', map quotemeta, split ' ', $words;
	my @places;
	while ($text{$document // ""} && $text{$document} =~ /$regex/g) { push @places, [$-[0], $+[0]] }
	wrong("$promises:$number: $document does not say: $words") if !@places;
	wrong("$promises:$number: $document says more than once: $words") if @places > 1;
	if (!-e "tests/$test") { wrong("$promises:$number: there is no tests/$test") }
	elsif (!has_description($test, $description)) { wrong("$promises:$number: tests/$test has no test: $description") }
	next if @places != 1;
	push @{$held{$document}}, $places[0];
	my $rows = $table{$document} //= [];
	push @$rows, [$places[0][0], $words, []] if !@$rows || $rows->[-1][1] ne $words;
	push @{$rows->[-1][2]}, [$test, $description];
}

for my $document (@documents) {
	for my $subject (subjects($document)) {
		my ($name, @places) = @$subject;
		my $is_held = 0;
		while (my ($begin, $end) = splice @places, 0, 2) {
			$is_held ||= grep { $_->[0] < $end && $_->[1] > $begin } @{$held{$document}};
		}
		wrong("$promises: names no test for $document, $name") if !$is_held;
	}
}
exit 1 if $wrong;

# ---- The page.

# cell TEXT: returns it as the cell of a table, without links, because the documents' links do not work from here.
sub cell {
	my ($text) = @_;
	$text =~ s/\[([^]]*)\]\([^)]*\)/$1/g;
	$text =~ s/\*\*//g;
	$text =~ s/\\?\|/\\|/g;
	# Escape characters outside of code.
	$text =~ s/(`[^`]*`)|([<*])/defined $1 ? $1 : "\\$2"/ge;
	return $text;
}

my $text = slurp($page) // die "$page: $!\n";
my $mark = "<!-- From here on it is made by scripts/promises.sh. -->\n";
my ($prose) = $text =~ /\A(.*\Q$mark\E)/s or die "$page has no line: $mark";
print $prose;
for my $document (grep { $table{$_} } @documents) {
	print "\n## [$document](../$document)\n\n| promise | held by |\n|---|---|\n";
	for my $row (sort { $a->[0] <=> $b->[0] } @{$table{$document}}) {
		print "| ", cell($row->[1]), " | ", join("<br>", map { "[$_->[0]]($_->[0]): " . cell($_->[1]) } @{$row->[2]}), " |\n";
	}
}
