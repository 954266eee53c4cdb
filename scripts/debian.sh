#!/usr/bin/env bash
# Usage: scripts/debian.sh [OPTIONS] [COMMAND [ARG...]]
#
# Boots a whole Debian in QEMU, as a person would install it: systemd, an ordinary user with sudo, apt, a journal, and Debian's own
# kernel with its initrd. Runs COMMAND there (a login shell, if none is given) as that user. The first call makes its disk, under
# build/debian/; that needs no root. What a run changes is lost when it ends, unless --layer keeps it. Nothing that happens inside
# affects this machine, and there is no network.
#
# apt-get works there: a second disk has the packages that README.md installs, and all that they depend on. On an emulated CPU
# apt-get takes very long to install all of them; --installed begins with a disk on which they are installed.
#
#   --layer NAME        keep what this run changes, and begin with what earlier runs with that NAME have changed. If the disk
#                       below has to be made again, its layers are lost, and a warning names them
#   --on NAME           begin with the changes in the layer NAME; together with --layer: a new layer begins with them
#   --new               discard the changes in the layer first
#   --installed         begin with another disk, on which the packages that README.md names are installed, also the kernel. This
#                       disk has layers of its own
#   --older-kernel      begin with a disk for trying an upgrade. An older kernel runs there: the newest one with Rust whose series
#                       is older than the default kernel's. Its headers, dkms and the packages that README.md names are installed,
#                       but not the newer kernel, which apt-get installs. This disk, too, has layers of its own
#   --root              run COMMAND as root, in root's home
#   --checkout          put a copy of this checkout into the home, as rust-lkm, with its completed headers of the default kernel
#   --add PATH          put this file or directory into the home; can be given again
#   --secure-boot       boot as a laptop does: firmware with Secure Boot on, Debian's signed shim and GRUB. The layer also keeps
#                       what the firmware stores, for example enrolled keys
#   --qmp SOCKET        make QEMU's monitor available at this socket, below build/, for pressing keys and taking pictures. The
#                       file SOCKET.console has the output of the console so far
#   --append "ARGS"     more arguments for the kernel; can be given again
#   --smp N             virtual CPUs (default 2)
#   --memory SIZE       memory, as QEMU takes it (default 2G)
#   --timeout SECONDS   end a machine that runs longer (default: 1800 for a command, none for a shell; 0: none)
#   --accel auto|kvm|tcg  how to run it (default auto: KVM if a trial boot shows that it works, otherwise TCG)
#   --console           also show the kernel's console on stderr
#   --help              this text
#
# It boots the newest kernel that is installed. After a reboot COMMAND starts again. It differs from a Debian made by the installer
# in a few points: sudo asks for no password; the initrd has only the drivers of this machine; there is no login on the console;
# AppArmor is off; cron and apt's timers are off; and only the usual file systems of the kernel are mounted (no debugfs, no fuse).
#
# If this script runs at a terminal, COMMAND has a terminal, too (Ctrl-A X ends the machine at once). Otherwise its stdout and
# stderr stay separate, and its stdin is empty. The console's output is in build/log/debian-console.log.
#
# The exit status is COMMAND's, or:
#   2    the options are wrong
#   124  the machine ran longer than its timeout
#   125  the machine could not be started, or it ended before COMMAND did
#   134  QEMU itself crashed

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
. "$top/scripts/mmdebstrap.sh"
. "$top/scripts/machine.sh"

saved=("$@")
make_disks_in=''
layer='' on='' new='' kind=plain kinds=(plain) secure_boot='' qmp='' user=user checkout='' add=() visible=() append='' smp=2 memory=2G timeout='' accel=auto console=''
while (($#)); do
	case $1 in
	--layer | --on | --add | --qmp | --append | --smp | --memory | --timeout | --accel)
		(($# > 1)) || bad_usage "$1 needs a value"
		case $1 in
		--layer) layer=$2 ;;
		--on) on=$2 ;;
		--add)
			[[ -e $2 ]] || bad_usage "--add: there is no $2"
			add+=("$(realpath -s -- "$2")")
			# In the sandbox the working directory may be another.
			saved[${#saved[@]} - $# + 1]=${add[-1]}
			;;
		--qmp)
			qmp=$(realpath -ms -- "$2")
			saved[${#saved[@]} - $# + 1]=$qmp
			;;
		--append) append+=" $2" ;;
		--smp) smp=$2 ;;
		--memory) memory=$2 ;;
		--timeout) timeout=$2 ;;
		--accel) accel=$2 ;;
		esac
		shift 2
		;;
	--make-disks)
		# (It removes boot/ and other names in its directory.)
		if ! in_sandbox || [[ $# != 3 || $(realpath -- "$3" 2>/dev/null) != "$build"/debian/*.partial ]]; then
			bad_usage "only this script itself calls it with --make-disks, in the sandbox, and below build/debian/"
		fi
		kind=$2 make_disks_in=$3
		break
		;;
	--secure-boot) secure_boot=1 && shift ;;
	--new) new=1 && shift ;;
	--installed) kind=installed && shift ;;
	--older-kernel) kind=older && shift ;;
	--root)
		# shellcheck disable=SC2034 # declare -p prints it
		user=root
		shift
		;;
	--checkout) checkout=1 && shift ;;
	--console) console=1 && shift ;;
	-h | --help) usage && exit ;;
	--)
		shift
		break
		;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
check_options
[[ $layer$on =~ ^[a-z0-9_-]*$ ]] || bad_usage "a layer's name has small letters, digits, - and _ only"
[[ -z $on || $on != "$layer" ]] || bad_usage "--on and --layer name the same layer: leave out --on"
choose_platform
[[ $ARCH == x86 && -z $cross ]] || bad_usage "there is no whole Debian for ARCH=$ARCH here"

debian=$build/debian runs=$build/debian console_log=$build/log/debian-console.log
image=$debian/$SUITE
# begin_with KIND: chooses the disks, "plain", "installed" or "older". (The second disk, with the packages, is beside the plain
# ones.)
begin_with() {
	kind=$1 begins_with=$image
	[[ $kind == plain ]] || begins_with=$image-$kind
}
begin_with "$kind"

# ---- The disks: root, /boot, and the packages. They are made once.

# readme_installs: prints the packages that README.md installs with apt-get.
readme_installs() { sed -n '/^## On your own machine/,/^## /{ s/^sudo apt-get install //; T; s/ *#.*//; p }' "$top/README.md"; }

# The packages of a minimal installation, apart from the base system and the kernel.
installed=(initramfs-tools sudo dbus libpam-systemd locales)
image_package=linux-image-amd64

# The repository also has these, for Secure Boot, and for keeping the modules through an upgrade.
offered=(mokutil dkms)

# The programs that the firmware starts with Secure Boot. These packages are only unpacked.
boot_loaders=(shim-signed shim-helpers-amd64-signed grub-efi-amd64-signed)

# customize: prints commands for mmdebstrap's hooks. $1 is the new Debian in them. (The first boot would otherwise make the
# machine's id and systemd's lists.)
customize() {
	cat <<-'END'
		chroot "$1" adduser --quiet --disabled-password --gecos "" user
		chroot "$1" usermod -aG sudo user
		echo "user ALL=(ALL) NOPASSWD: ALL" >"$1/etc/sudoers.d/user"
		echo debian >"$1/etc/hostname"
		printf "127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n" >"$1/etc/hosts"
		printf "LABEL=root / ext4 errors=remount-ro 0 1\nLABEL=boot /boot ext4 defaults 0 2\nLABEL=packages /srv ext4 ro 0 0\n" >"$1/etc/fstab"
		rm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap
	END
	"packages_$kind"
	cat <<-END
		chroot "\$1" systemd-machine-id-setup
		chroot "\$1" journalctl --update-catalog
		chroot "\$1" touch /etc/.updated /var/.updated
		rm -f "\$1"/var/cache/apt/archives/*.deb "\$1"/etc/apt/sources.list "\$1"/etc/apt/sources.list.d/*
		printf "deb [trusted=yes] file:/srv $base_suite main\ndeb [trusted=yes] file:/srv $kernel_suite main\n" >"\$1/etc/apt/sources.list"
		tar-out /boot $new_image/boot.tar
		rm -rf "\$1"/boot/*
	END
}

apt_get=(
	env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root
	-o Dpkg::Options::=--force-unsafe-io
)

# packages_plain: download the packages that README.md installs, each list from its suite, and move them out.
packages_plain() {
	local line suite
	{ echo "${offered[*]}" && readme_installs; } | while read -r line; do
		suite=$base_suite
		[[ $line != *" $kernel_suite "* ]] || suite=$kernel_suite
		echo "chroot \"\$1\" ${apt_get[*]} --download-only install $line"
		echo "sync-out /var/cache/apt/archives $new_image/packages/$suite"
	done
}

# packages_installed: install them, with README.md's words.
packages_installed() {
	local line
	readme_installs | while read -r line; do echo "chroot \"\$1\" ${apt_get[*]} install $line"; done
}

# packages_older: install them, too, but an older kernel, and dkms.
packages_older() {
	local kernel
	kernel=$(older_kernel)
	[[ -n $kernel ]] || { say "the archive has no older kernel with Rust" && return 1; }
	echo "chroot \"\$1\" ${apt_get[*]} install $(readme_installs | grep -v " $kernel_suite ")"
	echo "chroot \"\$1\" ${apt_get[*]} install -t $kernel_suite linux-image-$kernel linux-headers-$kernel"
	# (dkms recommends the headers of the suite's own kernel.)
	echo "chroot \"\$1\" ${apt_get[*]} install --no-install-recommends dkms"
}

# older_kernel: prints the newest kernel that can be completed, of the plain flavour and an older series than the default kernel.
older_kernel() {
	local newer
	newer=$("$top/scripts/sandbox.sh" "$top/scripts/rust-headers.sh")
	newer=$(kdir_release "$newer")
	"$top/scripts/sandbox.sh" "$top/scripts/rust-headers.sh" --list | awk -v flavour="-$debian_arch" -v newer="$newer" '
		function series(release) { match(release, /^[0-9]+\.[0-9]+/); return substr(release, 1, RLENGTH) }
		$1 == newer { older = 1 }
		older && series($1) != series(newer) && $1 ~ "[0-9]" flavour "$" && /(completed|can be completed)$/ { print $1; exit }'
}

# (Installing the kernel makes its initrd. Set the drivers before that, because there is no machine yet in which to look for
# them.)
drivers='mkdir -p "$1"/etc/initramfs-tools/conf.d "$1"/usr/share/initramfs-tools/modules.d
	echo MODULES=list >"$1"/etc/initramfs-tools/conf.d/driver-policy
	printf "%s\n" ext4 virtio_blk virtio_pci >"$1"/usr/share/initramfs-tools/modules.d/virtual-machine'

install_debian() {
	local url hooks=() line include=("${installed[@]}") commands make=(root_mmdebstrap)
	((EUID == 0)) || make=(mmdebstrap --mode=unshare)
	[[ $kind == older ]] || include+=("$image_package")
	commands=$(customize)
	while IFS= read -r line; do hooks+=(--customize-hook="$line"); done <<<"$commands"
	url=$(mirror)
	[[ $kind != plain ]] || mkdir -p "$new_image"/packages/{"$base_suite","$kernel_suite"}
	TMPDIR=$scratch "${make[@]}" --format=tar --variant=important \
		--skip=cleanup/reproducible \
		--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Sandbox::User "root"' \
		--dpkgopt=force-unsafe-io \
		--architectures="$debian_arch" --components=main,non-free-firmware --include="$(IFS=, && echo "${include[*]}")" \
		--essential-hook="$drivers" --setup-hook="$(kernels_source)" "${hooks[@]}" "$base_suite" "$new_image/root.tar" ${url:+"$url"}
}

# The kernels' suite is on the same mirror as the suite itself.
kernels_source() {
	[[ $kernel_suite != "$base_suite" ]] || { echo true && return; }
	# shellcheck disable=SC2016 # it is the hook's shell that expands it
	printf 'sed -n "s/ %s main.*/ %s main/p" "$1"/etc/apt/sources.list | head -n 1 >"$1"/etc/apt/sources.list.d/kernels.list' \
		"$base_suite" "$kernel_suite"
}

# make_disks DIRECTORY: runs inside the sandbox.
make_disks() {
	cd "$1"
	mke2fs -q -t ext4 -L root -d root.tar root.img 16G
	tar -x -f boot.tar
	mke2fs -q -t ext4 -L boot -d boot boot.img 512M
	rm -rf boot root.tar boot.tar
	[[ $kind != plain ]] || make_repository
	[[ $kind != plain ]] || make_esp
}

# make_repository: apt needs a list of packages for each suite, and a Release file with the suite's name, for -t.
make_repository() {
	local suite list file
	for suite in packages/*; do
		suite=${suite#packages/}
		rm -rf "packages/$suite"/{partial,lock}
		# A package that both suites need is in the first one.
		[[ $suite == "$base_suite" ]] ||
			for file in "packages/$base_suite"/*; do rm -f "packages/$suite/${file##*/}"; done
		list=dists/$suite/main/binary-$debian_arch
		mkdir -p "packages/$list"
		(cd packages && apt-ftparchive packages "$suite" >"$list/Packages")
		(cd "packages/dists/$suite" && apt-ftparchive -o "APT::FTPArchive::Release::Suite=$suite" \
			-o "APT::FTPArchive::Release::Codename=$suite" -o APT::FTPArchive::Release::Components=main \
			-o "APT::FTPArchive::Release::Architectures=$debian_arch" release . >../Release && mv ../Release .)
		[[ $suite != *-backports ]] || printf 'NotAutomatic: yes\nButAutomaticUpgrades: yes\n' >>"packages/dists/$suite/Release"
	done
	mke2fs -q -t ext4 -L packages -O ^has_journal -m 0 -d packages packages.img "$(($(du -sm packages | cut -f1) * 11 / 10 + 50))M"
	rm -rf packages
}

# make_esp: the partition with the programs that the firmware starts with Secure Boot.
make_esp() {
	local file
	mkdir loaders
	(cd loaders && apt-get download "${boot_loaders[@]}" && for file in *.deb; do dpkg-deb -x "$file" . && rm "$file"; done)
	mkdir -p esp/EFI/BOOT
	cp loaders/usr/lib/shim/shimx64.efi.signed esp/EFI/BOOT/BOOTX64.EFI
	cp loaders/usr/lib/shim/mmx64.efi.signed esp/EFI/BOOT/mmx64.efi
	cp loaders/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed esp/EFI/BOOT/grubx64.efi
	rm -r loaders
}

recipe() {
	echo "$kind $SUITE $base_suite $kernel_suite ${installed[*]} $image_package ${offered[*]} ${boot_loaders[*]} ${apt_get[*]} $drivers"
	readme_installs
	declare -f customize packages_plain "packages_$kind" older_kernel install_debian kernels_source make_disks make_repository make_esp
}

is_made() { cmp -s "$begins_with/recipe" <(recipe); }

# discard_layers: removes the layers on the old disk. They are differences from it, so they are useless now.
discard_layers() {
	local path names=()
	for path in "$begins_with-layer".*; do
		[[ ! -d $path || $path == *.partial ]] || names+=("${path#"$begins_with-layer".}")
	done
	((${#names[@]} == 0)) || warn "these layers are lost, because the disk below them has to be made again: ${names[*]}"
	rm -rf "$begins_with-layer".*
}

# use_disks: holds the lock of the disks, as other runs may, until this run ends.
use_disks() {
	local fd
	exec {fd}>>"$begins_with.use"
	flock -n --shared "$fd" && return
	say "$program: waiting for another run: it is making the disks of a Debian …"
	flock --shared "$fd"
	[[ -e $begins_with/recipe ]] || no_vm "the other run did not make the disks of a Debian" "Run this again: it makes them."
}

make_image() {
	local use scratch what="a whole Debian $base_suite"
	[[ $kind == plain ]] || what+=" with the packages that README.md installs"
	[[ $kind != older ]] || what+=", and an older kernel"
	lock "$begins_with.lock" "it is making the disks of a Debian"
	if is_made; then
		unlock
		return
	fi
	exec {use}>>"$begins_with.use"
	flock -n "$use" || no_vm "the disks in ${begins_with#"$top"/} have to be made again, but a machine is running with them" \
		"The packages in README.md or the script have changed. End that machine, or wait for its end."
	"$top/scripts/sandbox.sh" --preflight
	"$top/scripts/sandbox.sh" true
	say "Making $what, once, in ${begins_with#"$top"/}"
	new_image=$begins_with.partial
	remove_scratch "$begins_with.scratch"
	remove "$new_image" "$begins_with"
	discard_layers
	mkdir -p "$new_image"
	scratch=$(make_scratch "$begins_with.scratch")
	trap 'remove_scratch "$begins_with.scratch"' EXIT
	chmod 755 "$scratch"
	steps 2 "$build/log/debian-${begins_with##*/}.log"
	step "Downloading and installing Debian" \
		"mmdebstrap could not install Debian (can it reach the mirror? is there room on the disk?)" install_debian
	step "Making its disks" "the disks could not be made (is there room?)" \
		"$top/scripts/sandbox.sh" "$top/scripts/$program" --make-disks "$kind" "$new_image"
	remove_scratch "$begins_with.scratch"
	trap - EXIT
	recipe >"$new_image/recipe"
	mv "$new_image" "$begins_with"
	exec {use}>&-
	unlock
}

# ---- Prepare a run: a layer on the disks, and the files for the home.

prepare_layer() {
	local below=$begins_with
	if [[ -n $on ]]; then
		below=$begins_with-layer.$on
		[[ -d $below ]] || no_vm "there is no layer $on"
		lock "$below.lock" "it is using the layer $on"
	fi
	if [[ -n $layer ]]; then
		disks=$begins_with-layer.$layer
		lock "$disks.lock" "it is using the layer $layer"
		[[ -z $new ]] || rm -rf "$disks"
	else
		disks=$work/layer
	fi
	[[ ! -d $disks ]] || return 0
	rm -rf "$disks.partial"
	mkdir "$disks.partial"
	qemu-img create -q -f qcow2 -F "$([[ $below == "$begins_with" ]] && echo raw || echo qcow2)" \
		-b "$(echo "$below"/root.*)" "$disks.partial/root.qcow2"
	cp --sparse=always "$below/boot.img" "$disks.partial/boot.img"
	# (These have Microsoft's keys, as a new laptop has.)
	local vars=/usr/share/OVMF/OVMF_VARS_4M.ms.fd
	[[ ! -e $below/vars.fd ]] || vars=$below/vars.fd
	cp "$vars" "$disks.partial/vars.fd"
	mv "$disks.partial" "$disks"
}

# put_into_home: makes one archive of all that --checkout and --add name.
put_into_home() {
	local archive=$work/home.tar path headers
	tar -c -f "$archive" -T /dev/null
	if [[ -n $checkout ]]; then
		tar -r -f "$archive" -C "$top" --exclude=./build --exclude=./.git --exclude='*.ko' --transform 's,^\.,rust-lkm,' .
		headers=$kernels/$(cat "$kernels/default-$SUITE" 2>/dev/null || :)
		[[ ! -e $headers/recipe ]] ||
			tar -r -f "$archive" -C "$top" --exclude="${headers#"$top"/}"/vmlinu[xz] --transform 's,^,rust-lkm/,' "${headers#"$top"/}"
	fi
	for path in "${add[@]}"; do tar -r -f "$archive" -C "$(dirname "$path")" "$(basename "$path")"; done
}

# take_kernel: copies the newest kernel in /boot and its initrd, as a boot loader would choose them. (A kernel whose installation
# was interrupted has no initrd yet, and a boot loader does not know it.)
take_kernel() {
	local newest
	# (After a power cut, debugfs would not see what only the journal has.)
	e2fsck -p "$disks/boot.img" >/dev/null 2>&1 || :
	newest=$(debugfs -R 'ls -p /' "$disks/boot.img" 2>/dev/null | cut -d / -f 6 | sed -nE 's/^(vmlinuz|initrd\.img)-//p' | sort -V |
		uniq -d | tail -n 1)
	[[ -n $newest ]] || no_vm "there is no kernel with an initrd in /boot"
	for file in vmlinuz initrd.img; do
		debugfs -R "dump /$file-$newest $work/$file" "$disks/boot.img" 2>/dev/null
		[[ -s $work/$file ]] || no_vm "/boot/$file-$newest cannot be read"
	done
}

# credentials COMMAND…: passes a unit, and the script that it runs, to systemd in the machine.
credentials() {
	# shellcheck disable=SC2034 # declare -p prints them
	local command=("$@") variable size="${terminal:+$(stty size)}"
	# (The name is too long for a file of fw_cfg.)
	{ printf 'io.systemd.credential.binary:systemd.extra-unit.debian-sh.service=' && base64 -w 0; } >"$work/unit" <<-'END'
		[Unit]
		Description=What debian.sh was asked to run
		After=basic.target systemd-user-sessions.service dbus.socket
		[Service]
		Type=oneshot
		ImportCredential=debian.*
		ExecStart=/bin/bash ${CREDENTIALS_DIRECTORY}/debian.init
		TimeoutStartSec=infinity
	END
	{
		echo made_by=debian.sh
		for variable in command user terminal size TERM NO_COLOR; do
			[[ -z ${!variable+set} ]] || declare -p "$variable"
		done | sed 's/^declare -[-aAx]* //'
		cat "$top/scripts/debian/init.sh"
	} >"$work/init"
}

# Units that nothing here needs. Each of them starts programs, which is slow on an emulated CPU.
left_out=(
	{apt-daily,apt-daily-upgrade}.timer getty.target cron.service {networking,ifupdown-pre}.service
	dev-{hugepages,mqueue}.mount sys-kernel-{debug,tracing,config}.mount sys-fs-fuse-connections.mount
	modprobe@{configfs,drm,efi_pstore,fuse}.service {e2scrub_reap,systemd-udev-load-credentials,systemd-pstore}.service
)

arguments() {
	echo "root=LABEL=root ro quiet console=$console_device panic=-1 $quicker systemd.getty_auto=no apparmor=0" \
		"systemd.default_device_timeout_sec=600 systemd.wants=debian-sh.service ${left_out[*]/#/systemd.mask=} $append"
}

# shellcheck disable=SC2054 # the commas are QEMU's
qemu_options() {
	# Leave out devices and CPU features that are not used: systemd would load a driver for each.
	local machine=$qemu_machine,sata=off,smbus=off qemu_cpu=$qemu_cpu,-svm
	common_options
	if [[ -n $secure_boot ]]; then
		boot_loader
	else
		options+=(-machine "$machine" -kernel "$work/vmlinuz" -initrd "$work/initrd.img" -append "$(arguments)")
	fi
	options+=(
		-smbios "type=11,path=$work/unit"
		-fw_cfg "name=opt/io.systemd.credentials/debian.init,file=$work/init"
		-drive "if=virtio,format=qcow2,cache=unsafe,file=$disks/root.qcow2"
		-drive "if=virtio,format=raw,cache=unsafe,file=$disks/boot.img"
		-drive "if=virtio,format=raw,readonly=on,file=$image/packages.img"
		-drive "if=none,id=home,format=raw,readonly=on,file=$work/home.tar" -device virtio-blk-pci,drive=home,serial=home
	)
	if [[ -n $qmp ]]; then
		ln -sf -- "$work/console" "$qmp.console"
		options+=(-qmp "unix:${qmp//,/,,},server=on,wait=off" -device VGA)
	fi
}

# boot_loader: makes the firmware start shim, GRUB and the kernel.
# shellcheck disable=SC2054 # the commas are QEMU's
boot_loader() {
	local esp=$work/esp
	rm -rf "$esp"
	cp -a "$image/esp" "$esp"
	mv "$work/vmlinuz" "$work/initrd.img" "$esp/"
	mkdir -p "$esp/EFI/debian"
	cat >"$esp/EFI/debian/grub.cfg" <<-END
		search --no-floppy --file --set=root /initrd.img
		linux /vmlinuz $(arguments)
		initrd /initrd.img
		boot
	END
	secure_firmware "$disks/vars.fd"
	options+=(
		-machine "$machine,smm=on"
		-drive "if=none,id=esp,format=raw,readonly=on,file=fat:$esp" -device virtio-blk-pci,drive=esp,bootindex=0
	)
}

# ----

if [[ -n $make_disks_in ]]; then
	make_disks "$make_disks_in"
	exit
fi
mkdir -p "$debian"
[[ $kind == plain ]] || kinds+=("$kind")
for kind in "${kinds[@]}"; do
	begin_with "$kind"
	in_sandbox || is_made || make_image
	use_disks
done
if ! in_sandbox; then
	for path in "${add[@]}"; do visible+=(--show "$path"); done
	exec "$top/scripts/sandbox.sh" "${visible[@]}" "$top/scripts/$program" "${saved[@]}"
fi

# boots_again: succeeds if the kernel's last message says that it restarts.
boots_again() {
	local said=$work/console
	[[ ! -p $said ]] || said=$said.log
	tail -n 3 "$said" | grep -qa 'reboot: Restarting system'
}

terminal=''
if [[ -t 0 && -t 1 ]]; then terminal=1; fi
if (($# == 0)); then timeout=${timeout:-0}; fi
timeout=${timeout:-1800}

make_work
trap 'rm -rf "$work"' EXIT
# (The trial of KVM boots a kernel of vm.sh.)
release=''
[[ $accel != auto || -s $kernels/default-$SUITE ]] || accel=tcg
choose_accel
prepare_layer
put_into_home
credentials "$@"
ended=0
while
	take_kernel
	boot || ended=$?
	((ended == 0)) && [[ ! -s $work/status ]] && boots_again
do
	# (boot makes its pipes again.)
	find "$work" -type p -delete
done
finish "$ended" "${1:-}"
