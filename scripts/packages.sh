# shellcheck shell=bash disable=SC2154
# Makes Debian packages of the files that rust-headers.sh has made. Sourced by it, after common.sh, kdir.sh and platform.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

packages=$build/packages
packaging=$top/packaging

# headers_field RELEASE FIELD: prints a field of the headers' package. The file beside the completed tree is from `dpkg-deb
# --field`.
headers_field() { sed -n "s/^$2: //p" "$kernels/$1/control"; }

# owner_of FILE: prints the package that contains this program.
owner_of() {
	local name
	name=$(dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "$(readlink -f "$1")") ||
		die "$1 is in no package, so no package can depend on it"
	name=${name%%: *}
	echo "${name%%:*}"
}

# stage_tree RELEASE DIRECTORY: copies all files to install to DIRECTORY. That is all of rust/ except the sources of two crates,
# which are large and are not needed again.
stage_tree() {
	local tree stage=$2/usr/src/linux-headers-$1 mine=$2/usr/lib/linux-librust/$1 file
	tree=$(completed "$1")
	mkdir -p "$stage" "$mine/shared"
	tar -c -C "$tree" --exclude='*_generated.rs' --exclude='.*' --exclude=Makefile \
		--exclude='*.md' rust | tar -x -C "$stage"
	# (make rust-analyzer lets kbuild make some of these.)
	find "$stage" -type d -empty -delete
	find "$stage" -name '*.so' -exec strip --strip-unneeded --remove-section=.comment {} +
	# Files that kbuild looks for in directories that all flavours share.
	for file in scripts/target.json .clippy.toml; do
		[[ ! -e $tree/$file ]] || install -D "$tree/$file" "$mine/shared/$file"
	done
	sed "s/@RELEASE@/$1/g" "$packaging/linux-librust/links" >"$mine/links"
	find "$2" -type d -exec chmod 755 {} +
	find "$2" -type f -exec chmod 644 {} +
}

# fill TEMPLATE NAME=TEXT…: prints the template, with each @NAME@ replaced by TEXT.
fill() {
	local text word
	text=$(<"$packaging/$1")
	for word in "${@:2}"; do text=${text//"@${word%%=*}@"/"${word#*=}"}; done
	echo "$text"
}

# commas WORD…: prints the words with commas between them.
commas() {
	local IFS=, words
	words=$*
	echo "${words//,/, }"
}

# libraries_of DIRECTORY: prints the libraries that the procedural macros need: the C library's, and mostly gcc's. The names of the
# symbols show the oldest version that has all of them.
libraries_of() {
	find "$1" -name '*.so' -exec objdump -T {} + | grep -oE '\((GLIBC|GCC)_[0-9.]+' | sort -uV |
		awk -F '[(_]' '{ newest[$2] = $3 } END { print "libc6 (>= " newest["GLIBC"] ")" ("GCC" in newest ? ", libgcc-s1 (>= " newest["GCC"] ")" : "") }'
}

# dpkg-deb gives this time to all files that are younger.
export SOURCE_DATE_EPOCH

# Debian's other tools use the same variables.
maintainer="${DEBFULLNAME:-rust-lkm} <${DEBEMAIL:-rust-lkm@localhost}>"

# document PACKAGE VERSION DIRECTORY TEXT OVERRIDES: writes its changelog, copyright and lintian overrides.
document() {
	local doc=$3/usr/share/doc/$1
	mkdir -p "$doc"
	cat >"$doc/changelog.Debian" <<-END
		$1 ($2) unstable; urgency=medium

		  * $4

		 -- $maintainer  $(LC_ALL=C TZ=UTC date -R -d "@$SOURCE_DATE_EPOCH")
	END
	gzip -9n "$doc/changelog.Debian"
	install -m 644 "$packaging/linux-librust/copyright" "$doc/"
	install -D -m 644 "$packaging/linux-librust/$5" "$3/usr/share/lintian/overrides/$1"
}

# installed_size DIRECTORY: prints the size in KiB, counted as Debian's policy says.
installed_size() {
	find "$1" -mindepth 1 -path "$1/DEBIAN" -prune -o -printf '%y %s\n' |
		awk '{ size += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print size }'
}

# pack DIRECTORY FILE: makes the package.
pack() {
	(cd "$1" && find . -path ./DEBIAN -prune -o -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' md5sum >DEBIAN/md5sums)
	find "$1/DEBIAN" -name 'p*' -exec chmod u+x {} +
	# (The umask here may be any.)
	chmod -R u=rwX,go=rX "$1"
	dpkg-deb --root-owner-group -Zxz -z9 --build "$1" "$2"
}

# make_package RELEASE FILE
make_package() {
	local release=$1 file=$2 version kbuild rustc compiler next token shared provides=() conflicts=() stage=$work/stage
	stage_tree "$release" "$stage"
	version=$(headers_field "$release" Version)
	kbuild=$(headers_field "$release" Depends | grep -oE 'linux-kbuild-[^ ,]*')
	rustc=$(fitting_rustc "$(completed "$release")")
	compiler=$(version_of "$rustc" | cut -d ' ' -f 2)
	# All Debian revisions of one upstream version of the compiler call themselves the same.
	next=${compiler%.*}.$((${compiler##*.} + 1))
	rustc=$(owner_of "$rustc")
	# A file that flavours share can have only one content at a time.
	while read -r token shared; do
		shared=${shared##*/}
		shared=linux-librust-${shared#.}-${kbuild#linux-kbuild-}
		provides+=("$shared (= 0~${token::12})")
		conflicts+=("$shared (<< 0~${token::12})" "$shared (>> 0~${token::12})")
	done < <(find "$stage/usr/lib/linux-librust/$release/shared" -type f -exec sha256sum {} + | LC_ALL=C sort -k 2)
	mkdir "$stage/DEBIAN"
	document "linux-librust-$release" "$version" "$stage" "Made from version $version of linux." lintian-overrides
	fill linux-librust/control RELEASE="$release" VERSION="$version" ARCH="$machine_debian_arch" \
		MAINTAINER="$maintainer" SIZE="$(installed_size "$stage")" HEADERS="linux-headers-$release$foreign" \
		COMPILER="$rustc (>= $compiler), $rustc (<< $next~)" LIBRARIES="$(libraries_of "$stage")" \
		PROVIDES="$(commas "${provides[@]}")" CONFLICTS="$(commas "${conflicts[@]}")" >"$stage/DEBIAN/control"
	fill linux-librust/postinst RELEASE="$release" >"$stage/DEBIAN/postinst"
	fill linux-librust/prerm RELEASE="$release" >"$stage/DEBIAN/prerm"
	pack "$stage" "$work/new.deb"
	mv "$work/new.deb" "$file"
}

# make_metapackage RELEASE: makes the metapackage if the metapackage of the headers depends on this RELEASE. Prints its path.
make_metapackage() {
	local release=$1 version kbuild flavour file stage=$work/meta
	version=$(headers_field "$release" Version)
	kbuild=$(headers_field "$release" Depends | grep -oE 'linux-kbuild-[^ ,]*')
	flavour=${release#"${kbuild#linux-kbuild-}"-}
	# (grep -q would close the pipe early, which counts as a failure.)
	apt-cache show "linux-headers-$flavour$foreign=$version" 2>/dev/null |
		grep -F "linux-headers-$release (= $version)" >/dev/null || return 0
	file=$packages/linux-librust-${flavour}_${version}_$machine_debian_arch.deb
	mkdir -p "$stage/DEBIAN"
	document "linux-librust-$flavour" "$version" "$stage" "Made for version $version of linux." \
		lintian-overrides.meta
	fill linux-librust/control.meta RELEASE="$release" VERSION="$version" ARCH="$machine_debian_arch" \
		MAINTAINER="$maintainer" FLAVOUR="$flavour" METAHEADERS="linux-headers-$flavour$foreign" >"$stage/DEBIAN/control"
	pack "$stage" "$work/new.deb" >&2
	mv "$work/new.deb" "$file"
	echo "$file"
}

# deb RELEASE: makes the package from the completed tree, and prints its path.
deb() {
	local release=$1 file key meta
	file=$packages/linux-librust-${release}_$(headers_field "$release" Version)_$machine_debian_arch.deb
	# A package with another key is made again.
	key=$({
		echo "$maintainer"
		stat -c %y "$kernels/$release/recipe"
		cat "${BASH_SOURCE[0]}" "$packaging"/linux-librust/*
	} | sha256sum)
	lock "$packages/lock" "it is making packages"
	if [[ ! -e $file || $key != "$(cat "$packages/.key-$release" 2>/dev/null)" ]]; then
		work=$packages/partial
		rm -rf "$work"
		mkdir -p "$work"
		# Debian's build gives the time of its changelog to all files.
		SOURCE_DATE_EPOCH=$(stat -c %Y "$(completed "$release")/.config")
		steps 1 "$build/log/package-$release.log"
		step "Packing" "could not make the package (is there room on the disk?)" make_package "$release" "$file"
		meta=$(make_metapackage "$release" 2>>"$step_log")
		[[ -z $meta ]] || say "The metapackage is ${meta#"$top"/}."
		rm -rf "$work"
		echo "$key" >"$packages/.key-$release"
	fi
	unlock
	echo "$file"
}

# deb_hook: makes the package rust-headers, and prints its path.
deb_hook() {
	local source=$packaging/rust-headers name version stage=$packages/partial file share script
	name=$(sed -n '1s/^\([^ ]*\) (\(.*\)).*/\1_\2_all/p' "$source/changelog")
	version=${name%_all} version=${version#*_}
	file=$packages/$name.deb
	lock "$packages/lock" "it is making packages"
	rm -rf "$stage"
	share=$stage/usr/share
	mkdir -p "$stage/DEBIAN" "$stage"/var/{cache,lib,log}/rust-headers "$share/rust-headers"/{scripts,packaging}
	for script in rust-headers.sh $(sed -n 's,^\. "$top/scripts/\(.*\)",\1,p' "$top/scripts/rust-headers.sh") common.sh; do
		cp "$top/scripts/$script" "$share/rust-headers/scripts/"
	done
	# (From here the installed tool makes packages, this one too.)
	cp -r "$packaging"/{linux-librust,rust-headers} "$share/rust-headers/packaging/"
	install -D "$source/rust-headers" "$stage/usr/sbin/rust-headers"
	install -D "$source/hook" "$share/kernel/header_postinst.d/00-rust-headers"
	install -D "$source/rust-headers.conf" "$stage/etc/rust-headers.conf"
	install -D "$source/rust-headers.8" "$share/man/man8/rust-headers.8"
	install -D "$source/lintian-overrides" "$share/lintian/overrides/rust-headers"
	install -D "$source/copyright" "$share/doc/rust-headers/copyright"
	cp "$source/changelog" "$share/doc/rust-headers/"
	gzip -9n "$share/man/man8/rust-headers.8" "$share/doc/rust-headers/changelog"
	find "$stage" -type f -exec chmod 644 {} +
	find "$stage" -type d -exec chmod 755 {} +
	chmod 755 "$stage/usr/sbin/rust-headers" "$share/kernel/header_postinst.d/00-rust-headers" \
		"$share/rust-headers/scripts/rust-headers.sh"
	fill rust-headers/control VERSION="$version" MAINTAINER="$maintainer" SIZE="$(installed_size "$stage")" \
		NEEDED="$(commas "${needed[@]%% *}")" >"$stage/DEBIAN/control"
	cp "$source"/{postinst,prerm,postrm,triggers,conffiles} "$stage/DEBIAN/"
	SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p' "$source/changelog" | head -n 1)" +%s)
	pack "$stage" "$packages/new.deb" >&2
	mv "$packages/new.deb" "$file"
	rm -rf "$stage"
	unlock
	echo "$file"
}
