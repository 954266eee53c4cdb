#!/usr/bin/env bash
# The packages: linux-librust-RELEASE and its metapackage, and rust-headers with its hook. apt installs them in a Debian that has
# nothing of this project; they are used there and removed. If the hook fails, it must leave nothing half made, and apt must still
# work. This takes about ten minutes.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit
. scripts/mmdebstrap.sh || exit

# It installs and removes packages in a directory, which needs root.
if ((EUID)); then
	skip "packages are installed and removed" "not root"
	done_testing
fi

headers_tool() { scripts/sandbox.sh scripts/rust-headers.sh "$@"; }

release=$(basename "$(dirname "$(headers_tool)")")
cloud=${release%-*}-cloud-${release##*-}
rm -rf build/packages
run headers_tool --deb
is "$status" 0 "--deb makes the package"
deb=$stdout
version=$(dpkg-deb -f "$deb" Version)
arch=$(dpkg-deb -f "$deb" Architecture)
is "$deb" "$PWD/build/packages/linux-librust-${release}_${version}_$arch.deb" "… and prints its path"
size=$(stat -c %s "$deb")
diag "the package has $size bytes"
ok "$((size > 30000000))" "it has at most 30 MB"
is "$(dpkg-deb --fsys-tarfile "$deb" | tar -tv | awk '$2 != "root/root" { print $6 }')" "" "all in it belongs to root"
made=$(stat -c '%y %i' "$deb")
run headers_tool --deb
is "$status $stdout" "0 $deb" "a second --deb prints the same path"
same "$(stat -c '%y %i' "$deb")" "$made" "… and does not make it again"
cloud_deb=$(headers_tool --deb "$cloud" 2>/dev/null)
hook_deb=$(headers_tool --deb-hook 2>/dev/null)
there "$hook_deb" "--deb-hook makes the package rust-headers"
meta_deb=$(echo build/packages/linux-librust-"${release##*-}"_*.deb)
there "$meta_deb" "the metapackage is beside the package of the newest kernel"

# ---- A Debian without any of our packages.

directory=$(mktemp -d "$PWD/build/packages-test.XXXXXX")
temporary+=("$directory")
root=$directory/root
chmod 755 "$directory"
mkdir "$directory/packages"
sources=build/sandbox/trixie/etc/apt/sources.list
TMPDIR=$directory root_mmdebstrap --variant=apt --format=directory --skip=cleanup/apt/lists \
	--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
	--aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io \
	--setup-hook="cp $sources.d/kernels.list \"\$1\"/etc/apt/sources.list.d/" \
	trixie "$root" "$(awk '$1 == "deb" { print $2; exit }' $sources)" >"$directory/mmdebstrap.log" 2>&1 ||
	{ tail -n 5 "$directory/mmdebstrap.log" && echo "Bail out! mmdebstrap made no Debian" && exit 1; }
mkdir -p "$root/packages" "$root/home/alice"
touch "$root/etc/hosts"

# debian [OPTION-OF-BWRAP…] -- COMMAND…: runs COMMAND as root in that Debian.
debian() {
	local options=()
	while [[ $1 != -- ]]; do options+=("$1") && shift; done
	bwrap --bind "$root" / --dev /dev --proc /proc --tmpfs /tmp --tmpfs /run \
		--ro-bind /etc/resolv.conf /etc/resolv.conf --ro-bind /etc/hosts /etc/hosts \
		--bind "$directory/packages" /packages --unshare-pid --unshare-uts --hostname debian --die-with-parent \
		--cap-add ALL --clearenv --setenv PATH /usr/sbin:/usr/bin --setenv HOME /root \
		--setenv DEBIAN_FRONTEND noninteractive --chdir / "${options[@]}" -- "${@:2}"
}

# hook RELEASE [OPTION-OF-BWRAP…]: runs the hooks for the headers, as dpkg does when it configures them.
hook() {
	debian --setenv DPKG_MAINTSCRIPT_PACKAGE "linux-headers-$1" "${@:2}" -- linux-run-hooks headers postinst "$1" -- configure
}

# files: lists the files, without those in which apt and dpkg keep their records.
files() {
	(cd "$root" && find . \( -path ./proc -o -path ./dev -o -path ./packages -o -path ./home -o -path ./var/cache/apt \
		-o -path ./var/cache/debconf -o -path ./var/cache/ldconfig -o -path ./var/lib/apt -o -path ./var/lib/dpkg \
		-o -path ./var/log \) -prune -o ! -type d -printf '%P %l\n' -o -printf '%P/\n' | sort)
	ls "$root/var/lib/dpkg/alternatives"
}

# builds RELEASE [VARIABLE…]: succeeds if an ordinary user can build a module in a directory of their own, with only the headers.
builds() {
	rm -rf "$root/home/alice/greeting"
	mkdir "$root/home/alice/greeting"
	cp hello_world.rs "$root/home/alice/greeting/"
	echo 'obj-m := hello_world.o' >"$root/home/alice/greeting/Kbuild"
	debian -- chown -R 1000:1000 /home/alice
	run debian --setenv HOME /home/alice -- \
		setpriv --reuid 1000 --regid 1000 --clear-groups make -C "/lib/modules/$1/build" M=/home/alice/greeting "${@:2}"
	[[ $status == 0 && $(strings "$root/home/alice/greeting/hello_world.ko" | sed -n 's/^vermagic=\([^ ]*\).*/\1/p') == "$1" ]] ||
		{ diag "$stdout" "$stderr" && return 1; }
}
strings() { tr '\0' '\n' <"$1" | grep -a '^[[:print:]]*$'; }

apt() { run debian -- apt-get -q -y "$@"; }

before=$(files)
cp "$deb" "$cloud_deb" "$directory/packages/"
apt install "/packages/${deb##*/}"
is "$status" 0 "apt installs it from the file, with everything that it depends on"
builds "$release"
ok $? "an ordinary user builds a module in any directory"
cp "$root/home/alice/greeting/hello_world.ko" "$directory/by-package.ko"
is "$(grep -ciE '(warning|error)' <<<"$stdout$stderr")" 0 "… without a warning"
apt install rust-clippy
builds "$release" CLIPPY=1
ok $? "… and with CLIPPY=1"

apt install "/packages/${cloud_deb##*/}"
is "$status" 0 "a second flavour is installed beside it"
builds "$cloud"
ok $? "… and has modules built for it"
builds "$release"
ok $? "… and the first flavour, too"
apt purge "linux-librust-$release"
is "$status" 0 "the first one is removed"
builds "$cloud"
ok $? "… and the second one still works"
not_there "$root/usr/src/linux-headers-$release/rust" "… and the first one has left nothing in its headers"
apt purge "linux-librust-$cloud" rust-clippy
apt autoremove --purge
is "$(diff <(echo "$before") <(files))" "" "when all packages are removed, the file system is as before"

# ---- The package builds the same module as the tree that it was made from.

mkdir "$directory/by-tree"
cp hello_world.rs "$directory/by-tree/"
echo 'obj-m := hello_world.o' >"$directory/by-tree/Kbuild"
run scripts/sandbox.sh make -C "$PWD/build/kernels/$release/build" M="$directory/by-tree"
# (The debug information contains the directory of the build, and the build ID depends on everything.)
for file in by-package by-tree/hello_world; do
	scripts/sandbox.sh strip --strip-debug --remove-section=.note.gnu.build-id "$directory/$file.ko"
done
is "$(cmp "$directory/by-package.ko" "$directory/by-tree/hello_world.ko" && echo same)" same "a module is the same whether built with the package or with the completed tree"

# ---- A package for the kernel of another architecture. It is for machines like this one, which cross-build modules.

if [[ $arch == amd64 ]]; then
	other_deb=$(ARCH=arm64 headers_tool --deb 2>/dev/null)
	like "$other_deb" "$PWD/build/packages/linux-librust-[^/]*-arm64_[^/]*_amd64\.deb\$" "ARCH=arm64 --deb makes a package for arm64's kernel, on this machine"
	other=$(dpkg-deb -f "$other_deb" Package)
	other=${other#linux-librust-}
	cp "$other_deb" "$directory/packages/"
	debian -- dpkg --add-architecture arm64
	apt -o Acquire::Check-Valid-Until=false update
	apt install "/packages/${other_deb##*/}"
	is "$status" 0 "… and apt installs it here, with the cross compiler"
	builds "$other" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-
	ok $? "… and an ordinary user cross-builds a module with it"
	like "$(scripts/sandbox.sh readelf -h "$root/home/alice/greeting/hello_world.ko")" 'Machine: *AArch64' "… which is for arm64"
	apt purge "linux-librust-$other"
	apt autoremove --purge
	debian -- dpkg --remove-architecture arm64
	apt -o Acquire::Check-Valid-Until=false update
	is "$(diff <(echo "$before") <(files))" "" "when all of it is removed, the file system is as before"
else
	skip "ARCH=arm64 --deb makes a package for arm64's kernel, on this machine" "the test knows this only for amd64"
fi

# ---- An archive with our packages.

# archive: makes an archive for apt of the files in packages/.
archive() {
	local file
	for file in "$directory"/packages/*.deb; do
		[[ -e $file ]] || continue
		dpkg-deb -f "$file"
		printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${file##*/}" "$(stat -c %s "$file")" \
			"$(sha256sum "$file" | cut -d ' ' -f 1)"
	done >"$directory/packages/Packages"
	echo "deb [trusted=yes] file:/packages ./" >"$root/etc/apt/sources.list.d/ours.list"
	debian -- apt-get -q update >/dev/null
}

# made_up PACKAGE VERSION FIELD…: makes a package that has only these fields, and no files.
made_up() {
	rm -rf "$directory/made-up"
	mkdir -p "$directory/made-up/DEBIAN"
	printf '%s\n' "Package: $1" "Version: $2" "Architecture: $arch" "Maintainer: nobody" "${@:3}" "Description: none" \
		>"$directory/made-up/DEBIAN/control"
	dpkg-deb --root-owner-group -Znone -b "$directory/made-up" "$directory/packages/$1_$2.deb" >/dev/null
}

# Another version of the files that flavours share.
made_up linux-librust-other 1 "Provides: $(dpkg-deb -f "$deb" Provides | sed 's/~[^,]*/~other)/')"
cp "$meta_deb" "$directory/packages/"
archive
flavour=${release##*-}
apt install "linux-librust-$flavour" "linux-headers-$flavour/trixie-backports"
is "$status $(debian -- dpkg-query -W -f '${Status}' "linux-librust-$release")" "0 install ok installed" "the metapackage installs the metadata of the newest kernel"
apt install linux-librust-other
like "$stdout" "REMOVED:"$'\n'".*linux-librust-" "flavours whose shared files differ cannot be installed side by side"
apt install "linux-librust-$flavour" linux-librust-other-
made_up "linux-headers-$flavour" 99 "Depends: linux-headers-99-$flavour"
made_up "linux-headers-99-$flavour" 99
archive
apt upgrade
like "$stdout" "kept back:"$'\n'".*linux-headers-$flavour" "apt keeps back headers that have no metadata yet, and says so"
rm "$directory"/packages/linux-headers-*
apt purge "linux-librust-*"

# ---- The tool and its hook, with headers that are already installed.

rm -f "$directory"/packages/linux-librust-*
archive
cp "$hook_deb" "$deb" "$directory/packages/"
before_hook=$(files)
apt install "/packages/${hook_deb##*/}"
is "$status $(debian -- dpkg-query -W -f '${Status}' rust-headers)" "0 install ok installed" "the package rust-headers is installed"
diag "$(grep 'done' "$root/var/log/rust-headers/$release.log")"
is "$(grep -c 'rust-headers: warning' <<<"$stdout")" 0 "without a ready package, the hook makes the metadata"
builds "$release"
ok $? "… and modules can be built with them"
mkdir "$directory/unpacked"
dpkg-deb -x "$deb" "$directory/unpacked"
is "$(diff -r "$directory/unpacked/usr/src/linux-headers-$release/rust" "$root/usr/src/linux-headers-$release/rust" &&
	diff -r "$directory/unpacked/usr/lib/linux-librust" "$root/usr/lib/linux-librust" && echo same)" same "… and they are the same as in the package, byte for byte"
is "$(find "$root/var/cache/rust-headers/kernels" -mindepth 1 ! -name '*.lock')" "" "… and the files needed to make them are gone"

# If the package is installed later, the files belong to dpkg.
apt install "/packages/${deb##*/}"
is "$status $(ls "$root/var/lib/rust-headers")" "0 " "the package takes over the files that the hook has made"
apt purge "linux-librust-$release"
not_there "$root/usr/src/linux-headers-$release/rust" "… and removes them when it is removed"
apt purge "linux-headers-*"
apt autoremove --purge

# ---- The hook, with ready packages.

# Instead of dkms, a hook builds a module.
mkdir -p "$root/etc/kernel/header_postinst.d" "$directory/packages/greeting"
cp "$root"/home/alice/greeting/{Kbuild,hello_world.rs} "$directory/packages/greeting/"
cat >"$root/etc/kernel/header_postinst.d/dkms" <<-'END'
	#!/bin/sh
	make -C "/lib/modules/$1/build" M=/packages/greeting clean modules >/packages/dkms.log 2>&1 &&
		echo "built for $1" >/packages/dkms.log
	exit 0
END
chmod +x "$root/etc/kernel/header_postinst.d/dkms"
mkdir "$root/srv/ready"
cp "$deb" "$root/srv/ready/"
echo PACKAGES=/srv/ready >>"$root/etc/rust-headers.conf"
apt install -t trixie-backports "linux-headers-$release"
is "$status" 0 "headers are installed, and the hook runs"
is "$(<"$directory/packages/dkms.log")" "built for $release" "… and have their metadata before dkms"
like "$(cat "$root/var/log/rust-headers/$release.log")" "Taking the ready package" "… and it is from the directory of ready packages"
builds "$release"
ok $? "… and modules can be built with them"
run debian -- rust-headers --install "$release"
is "$status $stderr" "0 The headers of kernel $release have their Rust metadata." "rust-headers --install again does nothing"
run debian -- sh -c "rust-headers --remove $release && umask 077 && rust-headers --install $release"
builds "$release"
ok $? "everybody can read the metadata, also if root's umask is 077"
apt purge "linux-headers-$release"
apt autoremove --purge
is "$(cd "$root" && find usr/src/linux-* usr/lib/linux-* var/lib/rust-headers/* etc/alternatives/*{target.json,clippy.toml} 2>/dev/null)" "" "removing the headers removes the metadata"
not_there "$root/var/log/rust-headers/$release.log" "… and what the hook has written about them"

rm "$root/srv/ready"/* "$directory/packages/dkms.log"
apt install "/packages/${deb##*/}"
is "$status $(grep -c 'rust-headers: warning' <<<"$stdout") $(<"$directory/packages/dkms.log")" "0 0 built for $release" "package and headers in one run of apt: the metadata are there before dkms runs, too"
apt purge "linux-librust-$release"
apt autoremove --purge

# ---- The hook, if something is missing. First, there is no network.

apt install -t trixie-backports --download-only "linux-headers-$release"
run debian --unshare-net -- apt-get -q -y --no-download install -t trixie-backports "linux-headers-$release"
is "$status $(debian -- dpkg-query -W -f '${Status}' "linux-headers-$release")" "0 install ok installed" "without network and ready packages, apt installs the headers anyway"
like "$stdout" "rust-headers: warning: kernel ${release//+/\\+} has no Rust metadata: apt-get could not download" "… and the hook says why there are no metadata"
like "$stdout" "To try again: sudo rust-headers --install ${release//+/\\+} " "… and how to make them later"
is "$(grep -A 1 'rust-headers: warning' <<<"$stdout" | wc -l) $(grep -c 'rust-headers: warning' <<<"$stdout")" "2 1" "… in two lines"

# nothing_half_made DESCRIPTION: checks that no part of the metadata is left.
nothing_half_made() {
	is "$(cd "$root" && find "usr/src/linux-headers-$release"/rust* usr/lib/linux-librust usr/lib/linux-kbuild*/scripts/target.json \
		usr/src/linux-headers*/.clippy.toml etc/alternatives/*target.json var/lib/rust-headers/* var/cache/rust-headers/install \
		var/cache/rust-headers/kernels/*/ -maxdepth 0 2>/dev/null)" "" "$1"
}
nothing_half_made "… and nothing half made is left"

# install_fails REASON OPTION-OF-BWRAP…: checks that the hook and the tool give this reason, and leave nothing behind.
install_fails() {
	run hook "$release" "${@:2}"
	like "$status $stdout" "^0 .*warning: kernel .* has no Rust metadata: $1" "the hook: $1"
	run debian "${@:2}" -- rust-headers --install "$release"
	like "$status $stderr" "^1 .*rust-headers: error: $1" "rust-headers --install: $1"
	nothing_half_made "… and nothing half made is left: $1"
}
printf '#!/bin/sh\necho "rustc 1.0.0 (another)"\n' >"$directory/packages/rustc"
chmod +x "$directory/packages/rustc"
install_fails "no rustc here is the one that built kernel" --ro-bind "$directory/packages/rustc" /usr/bin/rustc
install_fails "could not unpack the packages \(is there room on the disk" --size 300000000 --tmpfs /var/cache/rust-headers
head -c 1000000 "$deb" >"$root/srv/ready/${deb##*/}"
install_fails "apt-get could not download" --unshare-net
like "$stderr" "warning: the ready package is damaged" "a ready package that is cut off is not used"
cp "$deb" "$root/srv/ready/"
for file in ready "ready/${deb##*/}"; do
	chmod o+w "$root/srv/$file"
	install_fails "apt-get could not download" --unshare-net
	like "$stderr" "warning: the ready package is not used, because others than root can write to it: /srv/ready/" "… nor one that others can change: $file"
	chmod o-w "$root/srv/$file"
done
chown 1000 "$root/srv"
install_fails "apt-get could not download" --unshare-net
like "$stderr" "warning: the ready package is not used, because others than root can write to it: /srv/ready/" "… nor one in a directory below another user's"
chown 0 "$root/srv"
run debian --size 4096 --tmpfs /usr/lib/linux-librust -- rust-headers --install "$release"
like "$status $stderr" "^1 .*rust-headers: error: the metadata could not be put into .* \(is there room on the disk" "rust-headers --install: /usr is full"
rmdir "$root/usr/lib/linux-librust"
nothing_half_made "… and nothing half made is left"
dpkg-deb -R "$deb" "$directory/other"
rm "$directory/other/usr/src/linux-headers-$release/rust/libmacros.so"
dpkg-deb --root-owner-group -Znone -b "$directory/other" "$root/srv/ready/${deb##*/}" >/dev/null
rm -r "$directory/other"
install_fails "apt-get could not download" --unshare-net
like "$stderr" "warning: the ready package is not complete" "a ready package that lacks a file is not used"
# A package of this name with the metadata of another kernel.
dpkg-deb -R "$cloud_deb" "$directory/other"
mv "$directory/other/usr/src/linux-headers-$cloud" "$directory/other/usr/src/linux-headers-$release"
mv "$directory/other/usr/lib/linux-librust/$cloud" "$directory/other/usr/lib/linux-librust/$release"
sed -i "s/$cloud/$release/" "$directory/other/DEBIAN/control" "$directory/other/usr/lib/linux-librust/$release/links"
dpkg-deb --root-owner-group -Znone -b "$directory/other" "$root/srv/ready/${deb##*/}" >/dev/null
rm -r "$directory/other"
install_fails "apt-get could not download" --unshare-net
like "$stderr" "warning: the ready package does not fit the kernel" "a ready package with the symbols of another kernel is not used"
rm "$root/srv/ready"/*

# A kernel without Rust, and headers that the mirror no longer has.
mkdir -p "$directory/headers/DEBIAN" "$directory/headers/usr/src/linux-headers-0.1-amd64/include/config"
printf '%s\n' "Package: linux-headers-0.1-amd64" "Version: 0.1" "Architecture: $arch" "Maintainer: nobody" "Description: none" \
	>"$directory/headers/DEBIAN/control"
touch "$directory/headers/usr/src/linux-headers-0.1-amd64/include/config/auto.conf"
dpkg-deb --root-owner-group -Znone -b "$directory/headers" "$directory/packages/headers.deb" >/dev/null
debian -- dpkg -i /packages/headers.deb >/dev/null
run hook 0.1-amd64
is "$status $(grep -c warning <<<"$stdout$stderr")" "0 0" "the hook: a kernel without Rust needs no message"
run debian -- rust-headers --install 0.1-amd64
like "$status $stderr" "^1 .*kernel 0.1-amd64 was built without Rust" "rust-headers --install: a kernel without Rust"
grep -E '^CONFIG_RUST(=|C_VERSION_TEXT)' "$root/usr/src/linux-headers-$release/include/config/auto.conf" \
	>"$root/usr/src/linux-headers-0.1-amd64/include/config/auto.conf"
run debian -- rust-headers --install 0.1-amd64
like "$status $stderr" "^1 .*apt knows no headers of kernel 0.1-amd64 of version 0.1" "rust-headers --install: headers that the mirror no longer has"
run debian -- rust-headers --install 0.0.0-none
like "$status $stderr" "^1 .*the headers of kernel 0.0.0-none are not installed" "rust-headers --install: headers that are not installed"
run debian -- setpriv --reuid 1000 --clear-groups rust-headers --install
like "$status $stderr" "^1 .*only root can write" "rust-headers --install: not root"
debian -- dpkg -P linux-headers-0.1-amd64 >/dev/null

# ---- Killed, and two at once.

# killed_when FILE TEXT [SECONDS]: starts the hook, and kills it when FILE contains TEXT (and SECONDS later).
killed_when() {
	hook "$release" >"$directory/hook.log" 2>&1 &
	local pid=$! status=0 tenths=0
	until grep -qs "$2" "$1"; do
		# (A hook that has ended is no hook that was killed.)
		if ! kill -0 "$pid" 2>/dev/null || ((++tenths > 6000)); then
			status=1
			break
		fi
		sleep 0.1
	done
	ok "$status" "the hook is killed when ${1##*/} has: $2"
	sleep "${3:-0}"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}
no_metadata() { [[ ! -e $root/usr/src/linux-headers-$release/rust ]]; }

killed_when "$root/var/log/rust-headers/$release.log" "Making the Rust metadata" 5
no_metadata
ok $? "killed while the metadata are made: there are no metadata"
cp "$deb" "$root/srv/ready/"
# (Copying takes only a moment. If it has ended before the kill, all files must be there.)
killed_when "$root/var/lib/rust-headers/$release" .
no_metadata || builds "$release"
ok $? "killed while the metadata are installed: there are none, or all of them"

debian -- rust-headers --install "$release" 2>"$directory/one.log" &
debian -- rust-headers --install "$release" 2>"$directory/two.log" &
status=0
wait -n || status=$?
wait -n || status=$?
is "$status $(cat "$directory"/{one,two}.log | grep -c 'have their Rust metadata')" "0 2" "two at once: both succeed"
builds "$release"
ok $? "… and the metadata of the killed run are complete"

flock "$root/var/cache/rust-headers/kernels/$release.lock" sleep 5 &
run debian -- rust-headers --install "$release"
like "$status $stderr" "^0 .*waiting for another run: it is completing the headers of ${release//+/\\+}" "while --deb completes the same headers, --install waits"
wait

run debian -- rust-headers --remove "$release"
is "$status $stderr" "0 The Rust metadata of kernel $release has been removed." "rust-headers --remove removes them"
nothing_half_made "… all of them"
run debian -- rust-headers --remove "$release"
like "$status $stderr" "^1 .*has installed no metadata for kernel" "… and says if there are none"

mv "$root/srv/ready/${deb##*/}" "$directory/packages/"
archive
run debian -- rust-headers --install "$release"
like "$status $stderr" "^0 .*Taking the ready package of version" "--install also uses a ready package from an archive that apt knows"
debian -- rust-headers --remove "$release" 2>/dev/null

# ---- Removal.

rm "$root/etc/apt/sources.list.d/ours.list"
apt purge rust-headers "linux-headers-*"
is "$(diff <(echo "$before_hook") <(files) | grep -E 'rust-headers|linux-librust|target\.json')" "" "when rust-headers is purged, nothing of it is left"

# ---- The same package made in another place at another time; lintian; a full disk.

mkdir -p "$directory/elsewhere/checkout"
git ls-files -z -co --exclude-standard | perl -0lne 'print if -e' | xargs -0 cp --parents -t "$directory/elsewhere/checkout"
mkdir "$directory/elsewhere/checkout/build"
ln -s "$PWD/build/sandbox" "$directory/elsewhere/checkout/build/sandbox"
again=$(umask 077 && TZ=Asia/Tokyo "$directory/elsewhere/checkout/scripts/sandbox.sh" scripts/rust-headers.sh --deb "$cloud" 2>/dev/null)
mv "$meta_deb" "$directory/meta.deb"
rm build/packages/.key-"$release"
TZ=Asia/Tokyo headers_tool --deb >/dev/null 2>&1
is "$(cmp "$directory/meta.deb" "$meta_deb" && echo same)" same "the metapackage is the same when it is made again"
is "$(cmp "$cloud_deb" "$again" && echo same)" same "made again from the source, in another place at another time, the package is the same, byte for byte"

dkms_deb=$(scripts/dkms.sh 2>/dev/null)
cp "$meta_deb" "$hook_deb" "$cloud_deb" "$dkms_deb" "$directory/packages/"
apt install lintian
run debian -- sh -c "cd /packages && lintian --allow-root --fail-on error,warning,info --display-info ${deb##*/} ${cloud_deb##*/} ${meta_deb##*/} ${hook_deb##*/} ${dkms_deb##*/}"
is "$status $stdout" "0 " "lintian reports nothing"

run bwrap --dev-bind / / --cap-add ALL --size 30000000 --tmpfs "$PWD/build/packages" scripts/sandbox.sh scripts/rust-headers.sh --deb
like "$status $stderr" "^1 .*could not make the package \(is there room on the disk" "--deb names a full disk as the cause"
is "$stdout" "" "… and names no package"

done_testing
