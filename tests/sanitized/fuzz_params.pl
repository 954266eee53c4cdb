# Usage: perl -I tests fuzz_params.pl SEED FIRST LAST
#
# Loads param_types (Rust) and param_types_c (C) with the same random arguments, and writes the same random texts to the files of
# their parameters. Both must give the same result and show the same values. It does cases FIRST to LAST. All choices depend on
# SEED and the number of the case. Prints the differences, and how many cases were accepted and refused.
use strict;
use warnings;
use syscalls qw(insmod rmmod);

my ($seed, $first, $last) = @ARGV;
my @modules = qw(param_types param_types_c);

sub pick { return $_[rand @_] }

my @types = qw(bool byte short ushort int uint hexint long ulong ullong charp);
my @names = ((map { ("r_$_", "a_$_") } @types), (map { "w_$_" } grep { $_ ne "charp" } @types), qw(no_sysfs secret none module w R_INT r-int));
my @limits = (0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, "2147483647", "2147483648", "4294967295", "4294967296",
	"9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999999");

sub bytes { my ($most) = @_; return join "", map { chr(1 + int rand 255) } 1 .. int rand $most }

sub number {
	my $number = rand() < 0.6 ? pick(@limits) : sprintf("%.0f", rand 2**(1 + int rand 65));
	$number = sprintf(pick("0x%x", "0X%X", "0%o"), $number) if length $number < 19 && rand() < 0.3;
	return pick(("") x 9, "-", "+", "--", " ") . $number . pick(("") x 9, "\n", "x", ".", " ", "\n\n");
}

sub value {
	my $kind = rand;
	return number() if $kind < 0.35;
	return join(",", map { rand() < 0.9 ? number() : bytes(4) } 1 .. int rand 6) if $kind < 0.6;
	return pick(qw(y n Y N yes no on off oN oFF true false 1 0 t f), "") if $kind < 0.7;
	return join(pick(",", ""), map { "a" x pick(0, 1, 3, 1022, 1023, 1024, 1025) } 0 .. int rand 3) if $kind < 0.8;
	return "\"" . bytes(20) . pick("\"", "") if $kind < 0.9;
	return bytes(60);
}

sub arguments {
	return bytes(3000) if rand() < 0.1;
	return join(pick(" ", " ", "  ", "\t", "\n"), map {
		my $name = rand() < 0.95 ? pick(@names) : bytes(12);
		rand() < 0.1 ? $name : rand() < 0.03 ? "--" : $name . "=" . value();
	} 0 .. int rand 7);
}

sub shown {
	my ($module) = @_;
	my $directory = "/sys/module/$module/parameters";
	opendir(my $dir, $directory) or return "no parameters";
	my $all = "";
	for my $name (sort grep { !/^\./ } readdir $dir) {
		open(my $file, "<", "$directory/$name") or return "$name: $!";
		local $/;
		$all .= "$name=" . (<$file> // "$!");
	}
	return $all;
}

sub printable { my ($text) = @_; return substr($text =~ s/([^ -~]|\\)/sprintf "\\x%02x", ord $1/ger, 0, 300) }

my %count = (taken => 0, refused => 0);
my @writable = map { "w_$_" } grep { $_ ne "charp" } @types;

for my $case ($first .. $last) {
	# (Runs of up to 4099 cases whose seeds follow each other have no case in common.)
	srand(($seed * 4099 + $case) % 2**32);
	my (%result, %shown);
	if ($case % 4) {
		# Three of four cases write a text, which takes less time.
		my ($name, $text) = (pick(@writable), rand() < 0.6 ? number() : rand() < 0.2 ? bytes(5000) : value());
		for my $module (@modules) {
			my $path = "/sys/module/$module/parameters/$name";
			if (!-e $path) { insmod("tests/$module.ko") eq "done" or die "$module is not loaded\n" }
			open(my $parameter, "+<", $path) or die "$path: $!\n";
			my $wrote = syswrite($parameter, $text);
			$result{$module} = defined $wrote ? "taken" : "$!";
			sysseek($parameter, 0, 0);
			sysread($parameter, $shown{$module}, 4096);
		}
		print "case $case: written to $name: ", printable($text), "\n" if $result{param_types} ne $result{param_types_c} || $shown{param_types} ne $shown{param_types_c};
	} else {
		my $arguments = arguments();
		for my $module (@modules) {
			rmmod($module) if -e "/sys/module/$module";
			$result{$module} = insmod("tests/$module.ko", $arguments) =~ s/^done$/taken/r;
			$shown{$module} = shown($module);
		}
		print "case $case: loaded with ", printable($arguments), "\n" if $result{param_types} ne $result{param_types_c} || $shown{param_types} ne $shown{param_types_c};
	}
	$count{$result{param_types} eq "taken" ? "taken" : "refused"}++;
	next if $result{param_types} eq $result{param_types_c} && $shown{param_types} eq $shown{param_types_c};
	print "  $_: $result{$_}, ", printable($shown{$_}), "\n" for @modules;
}
for (@modules) { rmmod($_) if -e "/sys/module/$_" }
print "$count{taken} $count{refused}\n";
