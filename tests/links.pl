# links.pl BOOK: prints the links in the pages of the book (build/book) that lead nowhere.

use strict;
use warnings;
use File::Find;
use File::Basename;

my ($book) = @ARGV;
my (%ids, @pages);
find({ no_chdir => 1, wanted => sub { push @pages, $File::Find::name if /\.html$/ } }, $book);

sub slurp {
	my ($name) = @_;
	open(my $file, "<", $name) or return "";
	local $/;
	return scalar <$file>;
}
sub has_id {
	my ($page, $id) = @_;
	$ids{$page} //= { map { $_ => 1 } slurp($page) =~ /\sid="([^"]*)"/g };
	return $ids{$page}{$id};
}

for my $page (sort @pages) {
	# mdbook's own error page (404) has links from the root of a site.
	next if basename($page) eq "404.html";
	my $text = slurp($page);
	while ($text =~ /\s(?:href|src)="([^"]*)"/g) {
		my $link = $1;
		next if $link =~ /^(?:[a-z]+:|$)/;
		my ($file, $id) = $link =~ /^([^#]*)#?(.*)/;
		my $target = $file eq "" ? $page : dirname($page) . "/$file";
		print substr($page, length($book) + 1), ": $link\n"
			if !-e $target || ($id ne "" && $target =~ /\.html$/ && !has_id($target, $id));
	}
}
