#!/usr/bin/env bash
# Checks that the guide shows the code of the files that it names, that its commands for one's own machine do what it shows, and
# that no link in the book is broken. (tests/docs.t types the commands for the virtual machine, tests/solutions.t tries the
# solutions.)

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../shown.sh"
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
scratch=$(mktemp -d "$PWD/build/guide-test.XXXXXX")
temporary+=("$scratch")

# ---- The code.

run scripts/book.sh --check
is "$status $stderr" "0 " "the code in the guide is that of the files"
mkdir "$scratch/checkout"
cp -a README.md docs scripts lkm startstop bench tests ./*.rs Makefile Kbuild "$scratch/checkout/"
sed -i 's/Hello World\\n/Hello world\\n/' "$scratch/checkout/hello_world.rs"
run "$scratch/checkout/scripts/book.sh" --check
like "$status $stderr" '^1 .*\+ .*pr_info!\("Hello world.*scripts/book.sh --code' "changed code is noticed, and the message says what to do"
# (A stand-in for cat on a full disk.)
mkdir "$scratch/programs"
ln -s /bin/false "$scratch/programs/cat"
run env PATH="$scratch/programs:$PATH" "$scratch/checkout/scripts/book.sh" --code
is "$status $(diff -r docs/guide "$scratch/checkout/docs/guide")" "1 " "if a page of the guide cannot be written, the old one stays, and no half one"
like "$stderr" "error: could not write docs/guide/01-first-module.md \(is there room on the disk" "… and the message says which"
run "$scratch/checkout/scripts/book.sh" --code
like "$status $stderr" '^0 docs/guide/01-first-module.md has the current code now' "… and --code says which page it updates"
run "$scratch/checkout/scripts/book.sh" --check
is "$status $stderr" "0 " "… and writes it into the guide"
is "$(ls -A "$scratch/checkout/build/tmp")" "" "none of this leaves a file behind"
sed -i 's,<!-- code: seconds.rs /\^impl,<!-- code: seconds.rs /^no such,' "$scratch/checkout/docs/guide/06-time.md"
run "$scratch/checkout/scripts/book.sh" --code
like "$status $stderr" '^1 .*06-time.md:[0-9]+: seconds.rs has no lines from /\^no such' "lines that do not exist are an error"
is "$(cmp "$scratch/checkout/docs/guide/06-time.md" <(sed 's,seconds.rs /^impl,seconds.rs /^no such,' docs/guide/06-time.md))" "" "… and change nothing"

# ---- Commands on one's own machine.

cp hello_world.rs "$scratch/checkout/"
cp docs/guide/*.md "$scratch/checkout/docs/guide/"
# (Leave out the modules that every test builds.)
echo 'obj-m :=' >"$scratch/checkout/Kbuild"
rm "$scratch/checkout/"{chardev,jiffies,module_param,proc_hello,seconds,simple}.rs
check_command() {
	local output
	output=$(scripts/sandbox.sh bash -c "cd '$scratch/checkout' && make() { command make --no-print-directory modules KDIR='$kdir' MO='$scratch/made' 2>&1; } && $2") || :
	is_as_shown "$output" "$3" "$1: $2"
}
for page in docs/guide/*.md; do each_command "$page" "console build" '$ ' check_command; done
there "$scratch/made/my_greeting.ko" "the guide's first module is built"
# (The build tree that chapter 12 names is here the one that was completed.)
command=$(sh_commands docs/guide/12-own-machine.md "make KDIR=/path/to/build/tree")
run scripts/sandbox.sh bash -c "cd '$scratch/checkout' && ${command/\/path\/to\/build\/tree/"$kdir"}"
is "$status ${command:0:4}" "0 make" "with the path of a build tree, the command in chapter 12 works: $command"
there "$(echo "$scratch/checkout/build/modules"/*/my_greeting.ko)" "… and the module is built for that kernel"

# (So is the one of chapter 14.)
mapfile -t commands < <(sh_commands docs/guide/14-own-kernel.md "scripts/sandbox.sh make modules_install")
install=${commands[0]#scripts/sandbox.sh }
[[ $install =~ KDIR=([^ ]+) ]]
run scripts/sandbox.sh bash -c "cd '$scratch/checkout' && ${install//"${BASH_REMATCH[1]}"/"'$kdir'"}"
is "$status ${#commands[@]}" "0 2" "make modules_install puts the modules below the directory that chapter 14 names: ${commands[0]}"
run bash -c "cd '$scratch/checkout' && ${commands[1]}"
# (The module of chapter 1 is the only one here.)
like "$(sed "s,/$(<"$kdir/include/config/kernel.release")/,/7.3.4-mine/,; s,\.ko.*,.ko,; s,my_greeting,hello_world," <<<"$stdout")"$'\n' \
	"$(grep -oE '`build/root/[^`]+`' docs/guide/14-own-kernel.md | tr -d '`')"$'\n' "… and find lists what the chapter says"

# ---- Each exercise has a solution or an answer, and each solution has an exercise and a test. (scripts/promises.sh wants a test
# for each exercise.)

# unsolved CHAPTER…: prints the exercises that have neither a link to a solution nor an answer, and those with a wrong number.
unsolved() {
	perl -e '
		for my $chapter (@ARGV) {
			open my $page, "<", $chapter or die "$chapter: $!\n";
			my (%exercise, %answer, $section, $number, $code);
			while (<$page>) {
				$code = !$code if /^```/;
				if ($code) { next }
				elsif (/^#+ (.*)/) { ($section, $number) = ($1, 0) }
				elsif ($section =~ /^(?:Exercises|More exercises)$/) {
					if (/^(\d+)\. /) { print "$chapter: number $1\n" if $1 != 1 + keys %exercise; $number = $1 }
					elsif (/^\S/) { $number = 0 }
					$exercise{$number} .= $_ if $number;
				}
				elsif ($section eq "Answers" && /^\*\*Exercise (\d+)\.\*\* \S/) { $answer{$1} = 1 }
			}
			print "$chapter: no exercises\n" if !%exercise;
			for (sort keys %exercise) { print "$chapter: exercise $_\n" if $exercise{$_} !~ /Solution:\s.*\]\(/s && !$answer{$_} }
			for (sort keys %answer) { print "$chapter: answer $_\n" if !$exercise{$_} }
		}' "$@"
}
is "$(unsolved docs/guide/[01]*.md)" "" "each chapter has exercises, and each of them has a solution or an answer"
sed 's/^   Solution: \[greeting.rs\].*//; s/^\*\*Exercise 3\.\*\*/So:/' docs/guide/01-first-module.md >"$scratch/unsolved.md"
is "$(unsolved "$scratch/unsolved.md")" "$scratch/unsolved.md: exercise 1
$scratch/unsolved.md: exercise 3" "one that has neither is noticed"
is "$(comm -3 <(grep -ohE '\]\(solutions/[a-z/_]+\.(rs|c)' docs/guide/[01]*.md | sed 's,.*solutions/,,' | sort -u) \
	<(cd docs/guide/solutions && find . -name '*.rs' -o -name '*.c' | sed 's,^\./,,' | sort))" "" "each solution belongs to a chapter"
untested=''
while read -r solution; do
	grep -q "^insmod ${solution%.*}\.ko\|insmod ${solution%.*}\.ko" tests/solutions.t || untested+="$solution "
done < <(cd docs/guide/solutions && grep -lrE '^module! \{|^MODULE_LICENSE' . | sed 's,^\./,,')
is "$untested" "" "tests/solutions.t loads each of them"

# Chapter 12: the first exercise.
packaged=$(scripts/sandbox.sh bash -c 'dpkg-query -L $(dpkg-query -W -f "\${Package}\n" "linux-headers-[0-9]*")')
like "$packaged" '/usr/src/linux-headers-[^/]*/include' "dpkg knows the files of Debian's headers"
is "$(grep '\.rmeta$' <<<"$packaged")" "" "Debian's headers have no .rmeta files, as the answer in chapter 12 says"
there "$kdir/rust/libkernel.rmeta" "… and the completed build tree has them"

# ---- How long chapters 1 to 5 take: the table in README.md is computed from what they have before "For later".

hour=$(perl -e '
	my ($words, $commands, $exercises, $sum) = (0, 0, 0, 0);
	for my $chapter (glob "docs/guide/0[1-5]*.md") {
		open my $page, "<", $chapter or die;
		my ($now, $later) = split /^## For later$/m, do { local $/; <$page> };
		die "$chapter has nothing for later\n" if !$later;
		$words += () = $now =~ /\S+/g;
		$commands += () = $1 =~ /^[#\$] /mg while $now =~ /^(```console.*?)^```$/msg;
		$exercises += () = $now =~ /Solution:/g;
	}
	sub row { my ($what, $count, $seconds) = @_; my $minutes = int($seconds / 60 + 0.5); $sum += $minutes; print "| $what | $count | $minutes |\n" }
	$words = 100 * int($words / 100 + 0.5);
	row("reading, 150 words a minute", "$words words, with the code and the output", $words / 150 * 60);
	row("typing commands, 6 seconds each", $commands, $commands * 6);
	row("exercises, 4 minutes each", $exercises, $exercises * 240);
	# (For each exercise, for chapter 1, and for the two runs of the test in chapter 4.)
	row("building the modules and starting the virtual machine, 40 seconds each", $exercises + 3, ($exercises + 3) * 40);
	print "| together | | $sum |\n";')
same "$(grep -E '^\|.*\| [0-9]+ \|$' docs/guide/README.md)" "$hour" "README.md says how long chapters 1 to 5 take, from what they have"
ok "$(($(grep -oE '[0-9]+' <<<"$hour" | tail -n 1) > 60))" "… an hour at most"

# ---- The book.

run make --no-print-directory book
is "$status" 0 "make book makes it"
broken=$(perl tests/links.pl build/book)
is "$broken" "" "the target of each link in it exists"
ok "$(($(find build/book/docs/guide -name '*.html' | wc -l) < 17))" "it has all chapters"
is "$(grep -oE 'part-title">[^<]*|href="(docs|tests)/[^"]*"' build/book/toc.html | sed -E 's/.*">//; s/^href="(.*)\.html"/\1/')" "docs/guide/index
docs/index
The guide
$(sed -nE 's/^[0-9]+\. \[[^]]*\]\((.*)\.md\).*/docs\/guide\/\1/p' docs/guide/README.md)
Reference
$(sed -nE 's/^- \[[^]]*\]\((.*)\.md\).*/docs\/\1/p' docs/README.md | sed 's,docs/../,,; s,README,index,')" "its contents are those of the two lists of pages"
like "$(<build/book/docs/guide/01-first-module.html)" '<link rel="stylesheet" href="[./]*style.css' "its pages have the style"
like "$(<build/book/docs/guide/01-first-module.html)" '<script src="[./]*book.js' "… and the script that copies commands without the prompt"
is "$(find build/book/ -name 'searchindex*.js*' -size -100k)" "" "… and it has an index for searching"
cp -r build/book "$scratch/book"
sed -i 's/solutions\/greeting.rs"/solutions\/welcome.rs"/' "$scratch/book/docs/guide/01-first-module.html"
like "$(perl tests/links.pl "$scratch/book")" '01-first-module.html: solutions/welcome.rs' "a broken link is noticed"

done_testing
