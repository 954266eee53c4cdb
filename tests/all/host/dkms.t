#!/usr/bin/env bash
# The package rust-lkm-dkms, in a Debian that has nothing of this project. The modules are built for each kernel that can load
# them. For a new kernel they are built in the same run of apt that installs its metadata. If nothing can be built for a kernel,
# apt goes on. This takes some minutes.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit
. scripts/mmdebstrap.sh || exit

# It installs and removes packages in a directory, which needs root.
if ((EUID)); then
	skip "packages are installed and removed" "not root"
	done_testing
fi

make --no-print-directory vm-modules >/dev/null 2>&1
release=$(basename "$(dirname "$(scripts/sandbox.sh scripts/rust-headers.sh)")")
pattern=${release//+/\\+}
ready=$(scripts/sandbox.sh scripts/rust-headers.sh --deb)
hook=$(scripts/sandbox.sh scripts/rust-headers.sh --deb-hook)
run scripts/dkms.sh
is "$status $stdout" "0 $PWD/build/packages/rust-lkm-dkms_$(sed -n "1s/.*(\(.*\)).*/\1/p" packaging/rust-lkm-dkms/changelog)_all.deb" "the package is made, and its path is printed"
package=$stdout

directory=$(mktemp -d "$PWD/build/dkms-test.XXXXXX")
temporary+=("$directory")
root=$directory/root
chmod 755 "$directory"
sources=build/sandbox/trixie/etc/apt/sources.list
TMPDIR=$directory root_mmdebstrap --variant=apt --format=directory --skip=cleanup/apt/lists \
	--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
	--aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
	--setup-hook="cp $sources.d/kernels.list \"\$1\"/etc/apt/sources.list.d/" \
	trixie "$root" "$(awk '$1 == "deb" { print $2; exit }' $sources)" >"$directory/mmdebstrap.log" 2>&1 ||
	{ tail -n 5 "$directory/mmdebstrap.log" && echo "Bail out! mmdebstrap made no Debian" && exit 1; }
mkdir -p "$root/packages" "$root/srv/ready"
touch "$root/etc/hosts"
cp "$package" "$hook" "$root/packages/"

# debian [OPTION-OF-BWRAP…] -- COMMAND…: runs COMMAND as root in that Debian.
debian() {
	local options=()
	while [[ $1 != -- ]]; do options+=("$1") && shift; done
	bwrap --bind "$root" / --dev /dev --proc /proc --tmpfs /tmp --tmpfs /run \
		--ro-bind /etc/resolv.conf /etc/resolv.conf --ro-bind /etc/hosts /etc/hosts \
		--unshare-pid --unshare-uts --hostname debian --die-with-parent --cap-add ALL --clearenv --setenv PATH /usr/sbin:/usr/bin \
		--setenv HOME /root --setenv DEBIAN_FRONTEND noninteractive --chdir / "${options[@]}" -- "${@:2}"
}
apt() { run debian -- apt-get -q -y "$@"; }
modules=$(sed -n 's/^obj-m [:+]= \([a-z]\)/\1/p' Kbuild | tr ' ' '\n' | sed 's/\.o$//' | sort)
installed() { (cd "$root/usr/lib/modules/$1/updates/dkms" 2>/dev/null && for file in *; do echo "${file%%.*}"; done) | grep -v '^\*' | sort; }

# ---- A kernel without Rust, and one whose headers have no metadata.

apt install dkms linux-headers-amd64
old=$(basename "$(echo "$root"/usr/src/linux-headers-*-amd64)")
old=${old#linux-headers-}
apt install -t trixie-backports "linux-headers-$release"
# (By itself, dkms would build for the kernel that is running only.)
printf '#!/bin/sh\necho %s\n' "$old" >"$directory/uname"
chmod +x "$directory/uname"
run debian --ro-bind "$directory/uname" /usr/bin/uname -- apt-get -q -y install "/packages/${package##*/}"
is "$status $(debian -- dpkg-query -W -f '${Status}' rust-lkm-dkms)" "0 install ok installed" "apt installs it where nothing can be built for any kernel"
like "$stdout$stderr" "rust-lkm: not built for kernel ${old//+/\\+}: kernel [^ ]* was built without Rust" "a kernel without Rust is left out, with a message"
like "$stdout$stderr" "rust-lkm: not built for kernel $pattern: its headers lack the Rust metadata[[:space:]]+With the package rust-headers: sudo rust-headers --install $pattern && sudo dkms autoinstall -k $pattern" "… and one without metadata, with a message that says what to do"
is "$(installed "$old")$(installed "$release")" "" "… and nothing is installed"
command=$(sed -n 's/\r//; s/.*With the package rust-headers: //p' <<<"$stdout$stderr" | head -n 1)

# ---- The package rust-headers, when dkms was there before. Then the command in that message.

cp "$ready" "$root/srv/ready/"
echo PACKAGES=/srv/ready >"$root/etc/rust-headers.conf"
apt -o Dpkg::Options::=--force-confold install "/packages/${hook##*/}"
same "$status $(installed "$release")" "0 $modules" "when rust-headers is installed, dkms builds and installs each module"
debian -- dkms unbuild rust-lkm/"$(dpkg-deb -f "$package" Version)" -k "$release" >/dev/null 2>&1
debian -- rust-headers --remove "$release"
is "$(installed "$release")" "" "without its metadata and modules …"
run debian -- sh -c "${command//sudo /}"
is "$status" 0 "the command in the message works: $command"
same "$(installed "$release")" "$modules" "dkms builds and installs each module"
like "$(debian -- dkms status)" "^rust-lkm/[0-9.]+, $pattern, x86_64: installed$" "… for the kernel that can load them, and for no other"
like "$(debian -- modinfo -F signer "/usr/lib/modules/$release/updates/dkms/hello_world.ko")" 'DKMS module signing key' "… signed with the key of dkms"
like "$(stat -c '%A %U' "$root/var/lib/dkms/mok.key")" '^-rw------- root' "… which only root can read"

cp "build/modules/$release/seconds.ko" "$root/packages/"
run debian --ro-bind "$PWD" /checkout -- /checkout/scripts/sign.sh --installed /packages/seconds.ko
like "$status $stderr $(debian -- modinfo -F signer /packages/seconds.ko)" '^0  .*DKMS module signing key' "sign.sh signs with this key, too"

# The kernel loads these modules.
mkdir "$directory/dkms"
cp "$root/usr/lib/modules/$release/updates/dkms"/*.ko "$directory/dkms/"
run scripts/vm.sh --kernel "$release" --add "$directory/dkms" bash -c 'cd dkms && insmod hello_world.ko && insmod seconds.ko && cat /proc/seconds && dmesg | grep -c "hello_world: Hello World"'
like "$status $stdout" '^0 [0-9]+'$'\n''1$' "the modules that dkms has built can be loaded, and work"

# ---- The next kernel.

apt purge "linux-headers-$release"
debian -- dkms unbuild rust-lkm/"$(dpkg-deb -f "$package" Version)" -k "$release" >/dev/null 2>&1
is "$(installed "$release")" "" "a new kernel has no modules yet"
apt install -t trixie-backports "linux-headers-$release"
is "$status" 0 "apt installs its headers"
same "$(installed "$release")" "$modules" "… and the modules, in the same run: the metadata come before dkms"

# ---- The power fails while dkms builds.

debian -- dkms unbuild rust-lkm/"$(dpkg-deb -f "$package" Version)" -k "$release" >/dev/null 2>&1
rm -rf "$root"/var/lib/dkms/rust-lkm/*/build
debian -- apt-get -q -y install --reinstall -t trixie-backports "linux-headers-$release" >"$directory/apt.log" 2>&1 &
pid=$! tenths=0
until compgen -G "$root/var/lib/dkms/rust-lkm/*/build/built/*" >/dev/null || ((++tenths > 6000)); do sleep 0.1; done
kill -KILL "$pid"
wait "$pid" 2>/dev/null
is "$(installed "$release")" "" "killed while modules are built: there are none"
run debian -- dpkg --configure -a
is "$status" 0 "dpkg --configure -a goes on"
same "$(installed "$release")" "$modules" "… and installs each module"

# It fails when the files are installed, but before dkms has a record of that.
rm "$root/var/lib/dkms/rust-lkm/kernel-$release"-*
run debian -- dkms autoinstall -k "$release"
like "$status $(debian -- dkms status)" "^0 .*$pattern, x86_64: installed" "if dkms has installed files and no record of it, it installs them again"
same "$(installed "$release")" "$modules" "… each of them"

# ---- A build fails.

debian -- dkms unbuild rust-lkm/"$(dpkg-deb -f "$package" Version)" -k "$release" >/dev/null 2>&1
echo "no Rust" >>"$(echo "$root"/usr/src/rust-lkm-*/seconds.rs)"
apt install --reinstall "/packages/${hook##*/}"
like "$status $stdout" "^0 .*rust-headers: warning: dkms could not build all modules for kernel $pattern" "if a build fails, rust-headers says so, and apt goes on"
apt install --reinstall -t trixie-backports "linux-headers-$release"
like "$status $stdout$stderr" "^100 .*dpkg: error processing package linux-headers-$pattern" "when headers are installed, it is an error"
like "$stdout$stderr" "onsult /var/lib/dkms/rust-lkm/[^ ]*/make.log" "… and dkms names the file with the output"
apt purge rust-lkm-dkms
is "$status $(debian -- dpkg --audit)$(installed "$release")" "0 " "without the modules, apt works again"

# ---- Without metadata, source and network.

rm "$root/srv/ready"/*
apt purge "linux-headers-$release"
apt install "/packages/${package##*/}"
apt install -t trixie-backports --download-only "linux-headers-$release"
run debian --unshare-net -- apt-get -q -y --no-download install -t trixie-backports "linux-headers-$release"
is "$status $(debian -- dpkg-query -W -f '${Status}' "linux-headers-$release")" "0 install ok installed" "without metadata, source and network, apt installs the headers anyway"
like "$stdout" "To try again: sudo rust-headers --install $pattern" "… rust-headers says what to do"
like "$stdout$stderr" "With the package rust-headers: sudo rust-headers --install $pattern && sudo dkms autoinstall -k $pattern" "… and so does dkms"

# ---- Removal.

apt purge rust-lkm-dkms
is "$status $(cd "$root" && find usr/src/rust-lkm* var/lib/dkms/rust-lkm usr/lib/modules/*/updates 2>/dev/null)" "0 " "when the package is purged, nothing of it is left"

run scripts/dkms.sh --make
like "$status $stderr" '^2 .*--make takes RELEASE and KDIR' "a wrong call gives 2"

done_testing
