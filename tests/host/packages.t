#!/usr/bin/env bash
# The packages rust-headers and rust-lkm-dkms, as far as one can tell without installing them: they have all that they call, and
# their programs can be used by root and by others. (tests/all/host/packages.t and dkms.t install them, in many minutes.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

directory=$(mktemp -d "$PWD/build/packages-quick.XXXXXX")
temporary+=("$directory")
chmod 755 "$directory"
unpack() { scripts/sandbox.sh bash -c 'dpkg-deb -x "$1" "$2" && dpkg-deb -e "$1" "$2/DEBIAN"' - "$1" "$directory/$2"; }

# newest PACKAGE: prints the version in its changelog.
newest() { sed -n '1s/.*(\(.*\)).*/\1/p' "packaging/$1/changelog"; }

# ---- rust-headers, in the sandbox's Debian: as if it were installed there.

run scripts/sandbox.sh scripts/rust-headers.sh --deb-hook
hook_deb=$stdout
is "$status $hook_deb" "0 $PWD/build/packages/rust-headers_$(newest rust-headers)_all.deb" "the package rust-headers is made"
unpack "$hook_deb" headers
package=$directory/headers
is "$(find "$package"/{etc,usr} \( -type f ! -perm 644 -o -type d \) ! -perm 755)" "" "everybody can read its files"
root=$PWD/build/sandbox/trixie
installed=(--ro-bind "$root" / --tmpfs /usr/share --tmpfs /usr/sbin)
for place in "$root"/usr/share/* "$package"/usr/share/* "$package"/usr/sbin/*; do
	inside=${place#"$root"} inside=${inside#"$package"}
	if [[ -L $place ]]; then installed+=(--symlink "$(readlink "$place")" "$inside"); else installed+=(--ro-bind "$place" "$inside"); fi
done
# Headers of a kernel that dpkg does not know, and something in the place of dkms.
made=9.9.9-made-up
mkdir -p "$directory/src/linux-headers-$made/include/config" "$directory"/{kernel/header_postinst.d,home}
echo CONFIG_RUST=y >"$directory/src/linux-headers-$made/include/config/auto.conf"
echo "$made" >"$directory/src/linux-headers-$made/include/config/kernel.release"
printf '#!/bin/sh\necho "dkms comes for $1"\n' >"$directory/kernel/header_postinst.d/dkms"
chmod +x "$directory/kernel/header_postinst.d/dkms"
installed+=(
	--bind "$directory/src" /usr/src --ro-bind "$directory/kernel" /etc/kernel --bind "$directory/home" /root
	--dev /dev --proc /proc --tmpfs /tmp --tmpfs /run --tmpfs /var --ro-bind "$root/var/lib/dpkg" /var/lib/dpkg
	--bind "$package/var/cache/rust-headers" /var/cache/rust-headers --bind "$package/var/lib/rust-headers" /var/lib/rust-headers
	--bind "$package/var/log/rust-headers" /var/log/rust-headers
	--unshare-pid --unshare-net --die-with-parent --clearenv --ro-bind "$directory/bin" /opt --setenv PATH /opt:/usr/sbin:/usr/bin --setenv HOME /root --chdir /
)
# An archive with one kernel, of which nothing can be downloaded.
mkdir "$directory/bin"
cat >"$directory/bin/apt-cache" <<'APT'
#!/bin/sh
case $1 in
pkgnames) printf '%s\n' linux-headers-9.9.9-amd64 linux-image-9.9.9-amd64 linux-source-9.9 ;;
madison) shift; for package; do echo " ${package%:*} | 9.9.9-1 | none" ; done ;;
esac
APT
printf '#!/bin/sh\necho "no network" >&2\nexit 100\n' >"$directory/bin/apt-get"
chmod +x "$directory"/bin/apt-*

# debian [OPTION-OF-BWRAP…] -- COMMAND…: runs it there, as root or as the user $id. An ordinary user may write in the home only.
id=0
debian() {
	local options=()
	while [[ $1 != -- ]]; do options+=("$1") && shift; done
	run bwrap "${installed[@]}" --unshare-user --uid "$id" --gid "$id" "${options[@]}" -- "${@:2}"
}
an_ordinary_user() {
	local id=1000
	debian --remount-ro /var/cache/rust-headers --remount-ro /var/lib/rust-headers --remount-ro /usr/src -- "$@"
}

debian -- rust-headers --help
like "$status $stdout" '^0 Usage: rust-headers \[RELEASE\]'$'\n''       rust-headers --list' "rust-headers --help calls it by its name"
like "$stdout" '/var/cache/rust-headers/packages/linux-librust' "… and tells where its packages are"
debian -- rust-headers --needs
like "$status $stdout" '^0 make'$'\n''gcc' "rust-headers --needs"
for option in --list --needs --deb-hook; do
	debian -- rust-headers "$option" extra
	like "$status $stderr" "^2 rust-headers: error: $option takes no argument" "rust-headers $option takes no argument"
done
debian -- rust-headers --deb-hook
is "$status $stdout" "0 /var/cache/rust-headers/packages/${hook_deb##*/}" "the tool makes its own package again"
is "$(cmp "$hook_deb" "$package/var/cache/rust-headers/packages/${hook_deb##*/}" && echo same)" same "… the same, byte for byte"
rm -r "$package/var/cache/rust-headers"/*

printf '#!/bin/sh\nhead -c 100 /opt/apt-cache >linux-headers-9.9.9-amd64.deb\n' >"$directory/bin/apt-get"
debian -- rust-headers --list
like "$status $stdout" '^0 KERNEL .*'$'\n''9\.9\.9-amd64 +9\.9\.9-1 +can be completed' "--list: what cannot be read of a package is not taken for its configuration"
like "$stderr" "warning: linux-headers-9.9.9-amd64.deb is damaged, or the disk is full" "… and it says so"
is "$(ls "$package/var/cache/rust-headers/kernels/known")" "" "… and keeps nothing of it"
printf '#!/bin/sh\necho "no network" >&2\nexit 100\n' >"$directory/bin/apt-get"
# Debian can give two versions of the headers the same release.
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
mkdir "$package/var/cache/rust-headers/kernels/9.9.9-amd64"
cp "${kdir%/build}/recipe" "$package/var/cache/rust-headers/kernels/9.9.9-amd64/"
for version in 9.9.9-0 9.9.9-1; do
	echo "Version: $version" >"$package/var/cache/rust-headers/kernels/9.9.9-amd64/control"
	debian -- rust-headers --list
	state="can be completed"
	[[ $version == 9.9.9-0 ]] || state=completed
	like "$stdout" "9\.9\.9-1 +$state" "with a tree that was completed from version $version, version 9.9.9-1 is: $state"
done
rm -r "$package/var/cache/rust-headers"/*
debian --setenv HOSTTYPE riscv64 -- rust-headers --list
like "$status $stderr" "^1 .*error: this machine is none of: " "on a machine that is not supported it says so"

an_ordinary_user rust-headers --list
like "$status $stdout" '^0 KERNEL .*'$'\n''9\.9\.9-amd64 +9\.9\.9-1 +can be completed' "an ordinary user may call --list"
is "$stderr" "rust-headers: warning: apt-get could not download all configurations: no network" "… and is denied nothing"
there "$directory/home/.cache/rust-headers/kernels/known" "… because what it keeps is in the user's home"
an_ordinary_user rust-headers --deb-hook
is "$status $stdout" "0 /root/.cache/rust-headers/packages/${hook_deb##*/}" "… and may make packages"
an_ordinary_user rust-headers --install
like "$status $stderr" '^1 .*only root can write to' "… but not install metadata"
ln -s /tmp "$directory/cache"
debian --bind "$directory" /mnt --tmpfs /var/cache --symlink /mnt/home /var/cache/rust-headers -- rust-headers --deb-hook
is "$status $stdout" "0 /var/cache/rust-headers/packages/${hook_deb##*/}" "its cache may be a link to another disk"
# Without a directory for temporary files, kbuild would take the kernel's tree for the module.
config=$directory/src/linux-headers-$made/include/config/auto.conf
sed -n '/^CONFIG_RUST\(C_VERSION_TEXT\)*=/p' "$kdir/include/config/auto.conf" >>"$config"
printf '#!/bin/sh\necho make was called >&2\n' >"$directory/bin/make"
chmod +x "$directory/bin/make"
debian --setenv TMPDIR /nowhere -- rust-headers --check "/usr/src/linux-headers-$made"
like "$status $stderr" '^1 rust-headers: error: no temporary directory can be made in /nowhere' "--check: a TMPDIR that does not exist is named"
is "$(grep -c "make was called" <<<"$stderr")" 0 "… and kbuild is not called"
rm "$directory/bin/make"
echo CONFIG_RUST=y >"$config"
id=1000 debian --setenv HOME '/root/a b' -- rust-headers --list
like "$status $stderr" '^1 .*cannot handle the path of the directory for what is made.*'$'\n''.*'$'\n'' *Set XDG_CACHE_HOME' "a home that kbuild cannot take is refused"

debian -- linux-run-hooks headers postinst "$made" -- configure
like "$status $stderr" '^[1-9].*rust-headers: error: this is for dpkg' "the hook does nothing outside of dpkg"
dpkg_runs=(--setenv DPKG_MAINTSCRIPT_PACKAGE "linux-headers-$made")
debian "${dpkg_runs[@]}" --setenv ARCH nonsense -- linux-run-hooks headers postinst "$made" -- configure
like "$status $stdout" "^0 .*rust-headers: Rust metadata for kernel $made .*dkms comes for $made\$" "it comes before dkms, and lets that go on when it fails"
like "$stdout" "rust-headers: warning: kernel $made has no Rust metadata: the headers of kernel $made are not installed"$'\n'"  To try again: sudo rust-headers --install $made " "… and says why it failed, and what to do"
like "$(cat "$package/var/log/rust-headers/$made.log")" "the headers of kernel $made are not installed" "… with a log"
rm "$package/var/log/rust-headers/$made.log"
debian "${dpkg_runs[@]}" --ro-bind "$package/DEBIAN" /mnt -- sh /mnt/postinst configure
like "$status $stdout" "^0 rust-headers: Rust metadata for kernel $made" "installing the package does the same for headers that are there"
: >"$directory/src/linux-headers-$made/include/config/auto.conf"
debian "${dpkg_runs[@]}" -- linux-run-hooks headers postinst "$made" -- configure
is "$status $(grep -v header_postinst <<<"$stdout")" "0 dkms comes for $made" "of a kernel without Rust the hook says nothing"

mapfile -t known < <(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package}\n' 'linux-headers-[0-9]*64' | sed 's/^linux-headers-//; s/$/.log/')
ok "$((${#known[@]} == 0))" "headers are installed here"
(cd "$package/var/log/rust-headers" && touch "$made.log" "${known[@]}")
debian -- rust-headers --remove "$made"
like "$status $stderr" "^1 .*has installed no metadata for kernel $made" "--remove: a release without metadata is named"
debian -- rust-headers --remove
is "$status $(ls "$package/var/log/rust-headers")" "0 $(printf '%s\n' "${known[@]}")" "with headers that are gone the hook's log goes, and no other"

# ---- The links of linux-librust (to files that flavours share), with a stand-in for update-alternatives.

sed "s,@RELEASE@,$made,; s,/usr/lib/linux-librust,$directory/librust,; s,/usr/src,$directory/src," packaging/linux-librust/links >"$directory/links"
cat >"$directory/bin/update-alternatives" <<APT
#!/bin/sh
case \$1 in
--get-selections) echo "target auto none" ;;
--list) echo "$directory/librust/$made/shared/scripts/target.json" ;;
--query) echo "Link: $directory/gone/target.json" ;;
*) echo "\$@" >>"$directory/called" ;;
esac
APT
chmod +x "$directory/bin/update-alternatives"
links() { run env PATH="$directory/bin:$PATH" sh "$directory/links" "$@"; }
links
is "$status $stderr" "2 links: error: it takes one word, add or remove" "links: without a word it says which it takes"
links add
is "$status $stderr" "1 links: error: there is no directory $directory/librust/$made/shared" "links add: without files it fails, and says so"
links remove
is "$status $stderr" "0 " "links remove: without files there is nothing to do"
mkdir -p "$directory/librust/$made/shared/scripts"
touch "$directory/librust/$made/shared/scripts/target.json"
links add
is "$status $stderr" "1 links: error: the headers in $directory/src/linux-headers-$made are not complete: they have no directory for scripts/target.json" "links add: headers that are not complete are named"
links remove
is "$status $stderr $(cat "$directory/called")" "0  --quiet --remove target $directory/librust/$made/shared/scripts/target.json" "links remove: a directory that is gone is no obstacle"
mkdir "$directory/src/linux-headers-$made/scripts"
links add
like "$status $stderr $(tail -n 1 "$directory/called")" "^0  --quiet --install $directory/src/linux-headers-$made/scripts/target.json [^ ]*-target.json $directory/librust/" "links add: makes the link"

# ---- rust-lkm-dkms

run env TESTS=1 BENCH=1 scripts/dkms.sh
dkms_deb=$stdout
is "$status $dkms_deb" "0 $PWD/build/packages/rust-lkm-dkms_$(newest rust-lkm-dkms)_all.deb" "the package rust-lkm-dkms is made"
unpack "$dkms_deb" dkms
tree=$(echo "$directory"/dkms/usr/src/rust-lkm-*)
modules=$(sed -n 's/^obj-m [:+]= \([a-z]\)/\1/p' Kbuild | tr ' ' '\n' | sed 's/\.o$//' | sort)
same "$(sed -n 's/^BUILT_MODULE_NAME\[[0-9]*\]="\([^"]*\)".*/\1/p' "$tree/dkms.conf" | sort)" "$modules" "dkms.conf names the modules, and none of those for tests"
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
release=$(<"$kdir/include/config/kernel.release")
run scripts/sandbox.sh "$tree/scripts/dkms.sh" --may-build "$release" "$kdir"
is "$status $stdout$stderr" "0 " "what the package has tells that they can be built for a kernel"
run scripts/sandbox.sh env TESTS=1 make -n -C "$tree" -f "$tree/Makefile" modules KDIR="$kdir" MO="$directory/built"
is "$status" 0 "… and how"
absent=$(grep -ohE '(scripts|lkm)/[a-z-]+\.(sh|py|pl|awk)' <<<"$stdout" | sort -u | while read -r file; do [[ -e $tree/$file ]] || echo "$file"; done)
is "$absent" "" "… with no script that is not in it"
# apt configures an image before its headers.
for state in unpacked half-configured installed; do
	printf '#!/bin/sh\necho %s\n' "$state" >"$directory/bin/dpkg-query"
	chmod +x "$directory/bin/dpkg-query"
	run env PATH="$directory/bin:$PATH" DPKG_MAINTSCRIPT_PACKAGE="linux-image-$made" "$tree/scripts/dkms.sh" --may-build "$made" "$directory/none"
	image=$status$stderr
	run env PATH="$directory/bin:$PATH" DPKG_MAINTSCRIPT_PACKAGE="linux-headers-$made" "$tree/scripts/dkms.sh" --may-build "$made" "$directory/none"
	if [[ $state == installed ]]; then
		same "$image" "$status$stderr" "with an image whose headers are $state, it tells the same as with the headers"
	else
		is "$image" "1rust-lkm: the modules for kernel $made come after its headers" "with an image whose headers are $state, it says that the modules come later"
		like "$stderr" "not built for kernel $made: no such kernel build tree" "… and with these headers, it tries"
	fi
done
rm "$directory/bin/dpkg-query"
run scripts/sandbox.sh "$tree/scripts/dkms.sh" --may-build "$release" "$directory/none"
like "$status $stderr" "^1 rust-lkm: not built for kernel .*: no such kernel build tree: KDIR=$directory/none" "… or why they cannot be built"

# ---- After a power cut, what dkms takes for done is on the disk. (Stand-ins for sync and depmod say when they are called.)

records=$directory/dkms/rust-lkm
mkdir -p "$records" "$directory/modules/9.9"
for program in sync depmod; do
	printf '#!/bin/sh\necho "%s" $* $(ls "%s")\n' "$program" "$records" >"$directory/bin/$program"
	chmod +x "$directory/bin/$program"
done
# step NAME: runs what dkms.conf has for that step, as dkms does.
step() {
	local command
	command=$(sed -n "s/^$1=\"\(.*\)\"$/\1/p" "$tree/dkms.conf")
	run env PATH="$directory/bin:$PATH" kernelver=9.9 dkms_tree="$directory/dkms" install_tree="$directory/modules" \
		bash -c "cd '$tree' && exec ./$command"
}
step POST_BUILD
is "$status $stdout$stderr" "0 sync" "dkms writes to the disk what it has built"
step POST_INSTALL
like "$status $stderr" "^1 .*dkms has installed nothing for kernel 9.9" "without a record of an installation, nothing is done"
mkdir -p "$directory/modules/9.9/updates/dkms"
touch "$directory/modules/9.9/updates/dkms"/{seconds,startstop,simple,seconds_of_others}.ko{,.xz}
# (A package of others has a module "simple", and one for another kernel.)
mkdir -p "$directory/dkms/others/1.0"/9.{8,9}/x86_64/module
touch "$directory/dkms/others/1.0"/{9.9/x86_64/module/simple,9.8/x86_64/module/startstop}.ko.xz
for kernel in 9.8 9.9; do ln -s "1.0/$kernel/x86_64" "$directory/dkms/others/kernel-$kernel-x86_64"; done
step PRE_INSTALL
is "$status $stdout$stderr $(cd "$directory/modules/9.9/updates/dkms" && echo *)" "0  seconds_of_others.ko seconds_of_others.ko.xz simple.ko simple.ko.xz" \
	"without a record, an interrupted installation is removed before the next one, which dkms would refuse; nothing else is"
ln -s 1.0/9.9/x86_64 "$records/kernel-9.9-x86_64"
touch "$directory/modules/9.9/updates/dkms/seconds.ko"
step PRE_INSTALL
is "$status $stdout$stderr $(cd "$directory/modules/9.9/updates/dkms" && echo sec*)" "0  seconds.ko seconds_of_others.ko seconds_of_others.ko.xz" \
	"with a record, nothing is removed"
step POST_INSTALL
is "$status $stdout$stderr" $'0 sync\nsync kernel-9.9-x86_64' "what it has installed is on the disk before its record is"
is "$(readlink "$records/kernel-9.9-x86_64")" 1.0/9.9/x86_64 "… which stays as it was"
touch "$directory/modules/9.9/modules.dep"
step POST_INSTALL
is "$status $stdout$stderr" $'0 depmod 9.9\nsync\nsync kernel-9.9-x86_64' "… and before that, modprobe can find it"
run scripts/dkms.sh --built now
like "$status $stderr" "^2 .*--built takes no argument" "wrong calls give 2"
run scripts/dkms.sh --installed 9.9
like "$status $stderr" "^2 .*--installed takes RELEASE, DKMS-TREE and MODULES" "… this one, too"

done_testing
