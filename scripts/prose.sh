#!/usr/bin/env bash
# Usage: scripts/prose.sh [FILE...]
#
# Checks the text of documents, comments and messages (default: in all files): the spelling, with Debian's codespell, and the
# phrases in docs/style.txt, which also says what to write instead. In documents, it warns of sentences with more than 45 words.
# It is a part of: make lint
#
#   --help  this text
#
# The exit status is 0 if it found nothing, or only warnings, 1 if it found mistakes, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

case ${1:-} in
-h | --help) usage && exit ;;
-*) bad_usage "unknown option $1" ;;
esac
files=()
for file; do
	[[ -r $file ]] || bad_usage "there is no file $file"
	files+=("$(realpath -s -- "$file")")
done
set -- "${files[@]}"
in_sandbox || exec "$top/scripts/sandbox.sh" "$top/scripts/$program" "$@"

cd "$top"
if (($# == 0)); then
	mapfile -d '' files < <(find . \( -path ./build -o -path ./.git -o -path ./LICENSE -o -path ./docs/style.txt -o -path ./tests/mutants \
		-o -path ./tests/logs \) -prune -o -type f -not -name '*.svg' -not -path ./rust-project.json -exec grep -IlZ '' {} + | sort -z)
	set -- "${files[@]}"
fi

unpacked_package codespell
failed=0
PYTHONPATH=$build/codespell/usr/lib/python3/dist-packages python3 -m codespell_lib --ignore-words-list "hel,ist,parm,stap,statics,writen" "$@" ||
	failed=1
perl -CSD -Mutf8 -e '
	use strict; use warnings;
	my (@phrases, $found);
	open(my $list, "<", "docs/style.txt") or die "docs/style.txt: $!\n";
	while (<$list>) {
		next if /^#/;
		my ($regex, $instead) = /^(.*) => (.*)$/ or die "docs/style.txt:$.: cannot be read\n";
		push @phrases, [qr/$regex/i, $instead];
	}
	for my $name (@ARGV) {
		open(my $file, "<", $name) or die "$name: $!\n";
		my ($code, $sentence, $begin, $before) = (0, "", 0, "");
		while (<$file>) {
			# (A phrase may also begin at the end of a line, without what marks a comment.)
			my ($text) = m{^\s*(?:#+!?|//[/!]?|\*|-)?\s*(.*?)\s*$};
			my $both = "$before $text";
			for my $phrase (@phrases) {
				if (/$phrase->[0]/) {
					print "$name:$.: \"$&\": $phrase->[1]\n";
					$found = 1;
				}
				while ($both =~ /$phrase->[0]/g) {
					next if $-[0] >= length $before || $+[0] <= length($before) + 1;
					print "$name:$.: \"$&\": $phrase->[1]\n";
					$found = 1;
				}
			}
			$before = $text;
			# Sentences: of paragraphs only.
			next if $name !~ /\.md$/ || $name =~ m{tests/promises\.md$};
			$code = !$code if /^ *```/;
			if ($code || /^ *(?:```|\||#|<!--|$)/) { $sentence = ""; next }
			if (/^(?:\d+\.|-) /) { $sentence = "" }
			for my $word (split) {
				$begin = $. if $sentence eq "";
				$sentence .= "$word ";
				$word =~ /[.:;?!]\W*$/ or next;
				my $words = () = $sentence =~ /\S+/g;
				print "$name:$begin: warning: a sentence of $words words\n" if $words > 45;
				$sentence = "";
			}
		}
	}
	exit($found ? 1 : 0)' "$@" || failed=1
exit "$failed"
