# shellcheck shell=bash
# Compares output with the output that a document or a file shows. Sourced after tap.sh.
#
# In the shown output, … stands for what varies from run to run: any text within a line, or, alone on its line, any number of
# lines. Blanks at the ends of lines do not count.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# is_as_shown GOT SHOWN DESCRIPTION: passes if GOT is as SHOWN.
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

# each_command FILE TAG PROMPT CHECK: goes through the blocks that begin with ```TAG. For each command that follows PROMPT there,
# it calls CHECK FILE COMMAND SHOWN. SHOWN is the lines below the command.
each_command() {
	local command='' shown='' line
	while IFS= read -r line <&9; do
		if [[ $line == "$3"* ]]; then
			[[ -z $command ]] || "$4" "$1" "$command" "$shown"
			command=${line#"$3"} shown=''
		else
			shown+=$line$'\n'
		fi
	done 9< <(awk -v start="\`\`\`$2" '/^ *```/ { inside = ($0 == start); next } inside' "$1")
	[[ -z $command ]] || "$4" "$1" "$command" "$shown"
}

# sh_block DOCUMENT START: prints the block that begins with ```sh and whose first line begins with START.
sh_block() {
	awk -v start="$2" '
		/^ *```/ { if (inside && found) exit; inside = !inside && $0 ~ /^ *```sh$/; first = 1; next }
		inside && first { found = index($0, start) == 1; first = 0 }
		inside && found { print }' "$1"
}

# sh_commands DOCUMENT START: prints the same, without the comments after the commands.
sh_commands() { sh_block "$@" | sed -E 's/[[:blank:]]+#.*//'; }
