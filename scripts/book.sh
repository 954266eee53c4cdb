#!/usr/bin/env bash
# Usage: scripts/book.sh [--code | --check]
#
# Makes a book of README.md, the guide and the other documents (build/book/index.html), with Debian's mdbook.
# It is called by: make book
#
#   --code   instead, write the code into the guide. Below a comment <!-- code: FILE --> it puts that file, below
#            <!-- code: FILE /FIRST/ /LAST/ --> the lines from the first that matches FIRST to the next that matches LAST
#            (with several such pairs, one piece after the other)
#   --check  instead, only check that the code in the guide is that of the files
#   --help   this text
#
# The exit status is 0 if the book is made (or the code is that of the files), 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

mode=book
(($# <= 1)) || bad_usage "one option at most"
case ${1:-} in
-h | --help) usage && exit ;;
--code | --check) mode=${1#--} ;;
'') ;;
*) bad_usage "unknown option $1" ;;
esac
cd "$top"

# with_code PAGE: prints the page with the code that the files have now.
with_code() {
	perl -CSD -Mutf8 -e '
		use strict; use warnings;
		my %language = (rs => "rust", c => "c", h => "c", sh => "sh", t => "sh", config => "sh");
		sub wrong { print STDERR "$ARGV[0]:$.: @_\n"; exit 1 }
		open(my $page, "<", $ARGV[0]) or die "$ARGV[0]: $!\n";
		while (<$page>) {
			print;
			my ($file, $places) = m{^<!-- code: (\S+)((?: /.+/)?) -->$} or next;
			open(my $source, "<", $file) or wrong("there is no $file");
			my @all = <$source>;
			my @lines = $places ? () : @all;
			while ($places =~ m{/(.+?)/ /(.+?)/(?= |$)}g) {
				my ($first, $last, $begin, $end) = ($1, $2, 0);
				$begin++ while $begin < @all && $all[$begin] !~ /$first/;
				$end = $begin;
				$end++ while $end < @all && $all[$end] !~ /$last/;
				$end < @all or wrong("$file has no lines from /$first/ to /$last/");
				push @lines, (@lines ? "\n" : ()), @all[$begin .. $end];
			}
			@lines or wrong("it cannot be read which lines of $file are meant");
			# Leave out the licence, and the indentation that all lines share.
			shift @lines while @lines && $lines[0] =~ m{^(//|#) SPDX|^$};
			my ($indent) = $lines[0] =~ /^(\s*)/;
			s/^\Q$indent\E// for @lines;
			my $name = $language{$file =~ s/.*\.//r} // "make";
			(<$page> // "") =~ /^```/ or wrong("below it there is no code");
			print "```$name\n", @lines, "```\n";
			while (<$page>) { last if /^```$/ }
		}' "$1"
}

failed=0
mkdir -p build/tmp
page_now=$(mktemp build/tmp/page.XXXXXX)
trap 'rm -f "$page_now"' EXIT
for page in docs/guide/*.md; do
	with_code "$page" >"$page_now" || die "$page names code that is not there"
	cmp -s "$page" "$page_now" && continue
	if [[ $mode == code ]]; then
		replace "$page" "$page_now"
		say "$page has the current code now."
	else
		diff -u --label "$page" --label "$page, with the current code" "$page" "$page_now" >&2 || failed=1
	fi
done
((failed == 0)) || die "the guide shows code that the files do not have" "scripts/book.sh --code updates it."
[[ $mode == book ]] || exit 0

# ---- The book.

in_sandbox || exec scripts/sandbox.sh "scripts/$program"

mkdir -p build/log
book=$build/book
lock "$build/book.lock" "it is making the book"
unpacked_package mdbook
mdbook=$build/mdbook/usr/bin/mdbook

# The book has the same directories, so that links to pages and to sources work in it, too.
work=$(mktemp -d build/tmp/book.XXXXXX)
trap 'rm -rf "$page_now" "$work"' EXIT
mkdir "$work/src"
cp docs/book/book.toml docs/book/style.css "$work/"
cp -r -t "$work/src" docs tests scripts lkm startstop bench packaging ./*.rs README.md Makefile Kbuild LICENSE rust-toolchain.toml
rm -r "$work/src/docs/book"
# contents DIRECTORY: makes the book's contents from the list of pages in its README.md.
contents() { sed -nE "s#^([0-9]+\.|-) \[([^]]*)\]\(([^)]*\.md)\).*#- [\2]($1/\3)#p" "$1/README.md" | sed -E ':a; s#[^/(]+/\.\./##; ta'; }
{
	printf '# Summary\n\n[rust-lkm](README.md)\n[The guide](docs/guide/README.md)\n[The documents](docs/README.md)\n\n# The guide\n\n'
	contents docs/guide
	printf '\n# Reference\n\n'
	contents docs
} >"$work/src/SUMMARY.md"
# (mdbook makes index.html from a README.md.)
find "$work/src" -name '*.md' -exec sed -Ei 's#(\]\([^)]*)README\.md#\1index.md#g' {} +
sed -i 's#index\.md#README.md#' "$work/src/SUMMARY.md"
"$mdbook" build "$work" --dest-dir "$top/$work/made" >"$build/log/book.log" 2>&1 ||
	die "mdbook could not make the book" "$(tail -n 1 "$build/log/book.log")" "The whole output is in build/log/book.log."
cp docs/book/book.js "$work/made/"
remove "$book"
mv "$work/made" "$book"
say "build/book/index.html is made: $(find "$book" -name '*.html' | wc -l) pages."
