#!/usr/bin/env bash
# Looks at the book in a browser (Chromium, in a Debian made for it): every page on a wide screen and on a phone, in light and in
# dark; links, search, copying. It takes some minutes. Pictures of some pages are in build/browser/.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit
. scripts/mmdebstrap.sh || exit

if ((EUID)); then
	skip "the book in a browser" "only root makes the Debian for it"
	done_testing
fi

scripts/book.sh 2>/dev/null
directory=$(mktemp -d "$PWD/build/browser-test.XXXXXX")
temporary+=("$directory")
chmod 755 "$directory"
root=$directory/root
TMPDIR=$directory root_mmdebstrap --variant=apt --format=directory --include=chromium,chromium-driver,python3-selenium,fonts-dejavu-core \
	--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' --aptopt='APT::Sandbox::User "root"' \
	--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	trixie "$root" "$(awk '$1 == "deb" { print $2; exit }' build/sandbox/trixie/etc/apt/sources.list)" >"$directory/mmdebstrap.log" 2>&1 ||
	{ tail -n 5 "$directory/mmdebstrap.log" && echo "Bail out! mmdebstrap made no Debian" && exit 1; }

# looks_at BOOK PICTURES: prints what browser.py says about BOOK.
looks_at() {
	mkdir -p "$2" "$root"/{book,test,pictures}
	bwrap --bind "$root" / --dev /dev --proc /proc --tmpfs /tmp --tmpfs /run --ro-bind "$1" /book --ro-bind tests/all/host /test \
		--bind "$2" /pictures --unshare-pid --unshare-net --die-with-parent --clearenv --setenv PATH /usr/bin --setenv HOME /tmp \
		--setenv LANG C.UTF-8 --chdir /tmp -- python3 /test/browser.py /book /pictures 2>&1
}

pages=$(find build/book -name '*.html' ! -name 404.html ! -name print.html ! -name toc.html | wc -l)
like "$pages" '^[2-9][0-9]$' "the book has pages"
is "$(looks_at build/book build/browser)" "done $pages" \
	"every page, on a wide screen and on a phone, in light and in dark: no scrolling sideways, no faint text, nothing that only a colour tells, no broken link; search, copying and keys work"
for picture in build/browser/*.png; do
	like "$(head -c 4 "$picture" | tail -c 3)" '^PNG$' "there is a picture: $picture"
done

# ---- Mistakes are noticed.

worse=$directory/worse
cp -r build/book "$worse"
page=$worse/docs/guide/06-time.html
sed -i 's,<main>,<main><div style="width: 900px">wide</div><p style="color: #aaa; background: #fff">faint</p><p><a href="nowhere.html">broken</a> <a href="05-proc.html#nowhere" style="text-decoration: none">lost</a></p><script>thrown</script>,' "$page"
sed -i "s/textContent = (prompt ? line.slice(2) : line)/textContent = line/" "$worse"/book.js
sed -i 's,a.active { font-weight: bold,a.active { font-weight: inherit,' "$worse"/style*.css
said=$(looks_at "$worse" "$directory/pictures")
like "$said" 'docs/guide/06-time.html: phone, light: 9[0-9]+ pixels wide in [0-9]+ ' "scrolling sideways is noticed"
like "$said" 'docs/guide/06-time.html: light: contrast 2.3 of "faint"' "… and faint text"
like "$said" 'docs/guide/06-time.html: only the colour tells the link "lost"' "… and a link that only its colour tells"
like "$said" 'docs/guide/07-[a-z-]*.html: only the colour tells the current page in the contents' "… and a current page that only its colour tells"
like "$said" 'docs/guide/06-time.html: the browser says: .*thrown' "… and an error in a script"
like "$said" 'docs/guide/nowhere.html: is linked to, and not there' "… and a broken link"
like "$said" 'docs/guide/05-proc.html#nowhere: is linked to, and has no such place' "… and a link to a place that does not exist"
like "$said" "copying: the button copies: '# insmod" "… and a prompt that is copied"

done_testing
