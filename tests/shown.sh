# shellcheck shell=bash
# Output that is written down somewhere, compared with what came. Sourced after tap.sh.
#
# In the written one … stands for what varies from run to run: any text within a line, or, alone on its line, any
# number of lines. Blanks at the ends of lines do not count.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# is_as_shown GOT SHOWN DESCRIPTION
is_as_shown() {
	local difference
	difference=$(GOT=$1 SHOWN=$2 perl -e '
		my @got = map { s/\s+$//r } split /\n/, $ENV{GOT};
		my @shown = map { s/\s+$//r } split /\n/, $ENV{SHOWN};
		my ($line, $any) = (0, 0);
		for my $shown (@shown) {
			if ($shown eq "…") { $any = 1; next }
			my $pattern = join ".*", map quotemeta, split /…/, $shown, -1;
			my $start = $line;
			$line++ while $any && $line < @got && $got[$line] !~ /^$pattern$/;
			if ($line >= @got) { print "shown: $shown\ncame:  nothing more\n"; exit }
			if ($got[$line] !~ /^$pattern$/) { print "shown: $shown\ncame:  $got[$line]\n"; exit }
			$line++; $any = 0;
		}
		print "not shown: $got[$line]\n" if $line < @got && !$any;' 2>&1)
	is "$difference" "" "$3"
}
