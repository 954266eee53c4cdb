#!/usr/bin/env bash
# Usage: scripts/sandbox.sh [OPTIONS] [COMMAND [ARG...]]
#
# Runs COMMAND (a shell, if none is given) in a Debian with the toolchain: rustc, bindgen, clang, gcc, make, qemu and the
# rest. The first call makes this sandbox, under build/sandbox/; that needs no root. Inside, this checkout is at the same path,
# and COMMAND can write to it. Everything else is read-only, or is lost when COMMAND ends.
#
#   --suite SUITE  which Debian to use: trixie (Debian 13, with kernels from its backports; the default), testing, sid, or
#                  experimental (on top of sid). The variable SUITE in the environment sets it for all scripts
#   --show PATH    make this file or directory visible inside, too, at the same path; can be given again. If modules in it use
#                  those of another repository (lkm-uses in their Kbuild), that is visible, too
#   --writable PATH  the same, and COMMAND can write to it: this is for building in a directory of your own
#   --preflight    only check that this machine can make a sandbox. (For root, this first installs the packages that it needs)
#   --made         run COMMAND only if the sandbox is made already, and is up to date
#   --rebuild      make the sandbox again, with the packages that the mirror has now
#   --help         this text
#
# The variable ARCH in the environment is the architecture of the kernels, as kbuild names it: x86, arm64 or loongarch. If that is
# not this machine's architecture, the sandbox has a cross compiler, and the virtual machine gets programs of that architecture.
#
# The mirror is the one that this machine's apt uses, or mmdebstrap's own choice. MIRROR=URL overrides both.
# The exit status is COMMAND's; 1 if the sandbox could not be made, 2 if the options are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/platform.sh"
. "$top/scripts/mmdebstrap.sh"

rebuild='' preflight='' made_only='' show=() writable=()
while (($#)); do
	case $1 in
	--suite | --show | --writable)
		(($# > 1)) || bad_usage "$1 needs a value"
		[[ $1 == --suite || -e $2 ]] || bad_usage "$1: there is no $2"
		case $1 in
		--suite) SUITE=$2 ;;
		--show) show+=("$(realpath -s -- "$2")") ;;
		--writable) writable+=("$(realpath -s -- "$2")") ;;
		esac
		shift 2
		;;
	--preflight) preflight=1 && shift ;;
	--made) made_only=1 && shift ;;
	--rebuild) rebuild=1 && shift ;;
	-h | --help) usage && exit ;;
	--)
		shift
		break
		;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done

choose_platform
root=$build/sandbox/$sandbox_name

packages=(
	# what kbuild and a kernel with Rust ask for (Documentation/process/changes.rst)
	make gcc bc bison flex cpio kmod dwarves libelf-dev libssl-dev openssl python3 xz-utils zstd
	rustc rust-src rustfmt rust-clippy bindgen clang lld llvm
	# make gdb, make rust-analyzer
	gdb rust-analyzer
	# the compiler that this suite's kernels are built with comes with their headers
	"linux-headers-$debian_arch:$debian_arch/$kernel_suite"
	# the virtual machine, and the programs in it
	"${qemu_packages[@]}" "${guest_packages[@]}" "${guest_packages_in_part[@]}"
	# the chart of make bench
	gnuplot-nox
	# scripts/debian.sh: disks, a repository of packages, firmware with Secure Boot
	e2fsprogs libarchive13t64 qemu-utils apt-utils ovmf python3-virt-firmware sbsigntool
	# make lint
	shellcheck shfmt
	# make test
	libtap-formatter-junit-perl
)

# Nothing here reads the documentation (300 MB), clang's libraries for static linking (300 MB), or the headers, which
# rust-headers.sh downloads itself. Of the compiler's own source (350 MB), kbuild reads only library/.
leave_out=(
	'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' 'path-exclude=/usr/share/locale/*'
	'path-exclude=/usr/lib/llvm-*/lib/*.a' 'path-exclude=/usr/src/linux-headers-*'
	'path-exclude=/usr/src/rustc-*/*' 'path-include=/usr/src/rustc-*/library/*'
)

apt_options=(
	# A mirror may be a frozen copy, whose Valid-Until has passed; signatures are still verified.
	'Acquire::Check-Valid-Until "false"'
	'APT::Install-Recommends "false"'
	# There is only one user in the sandbox.
	'APT::Sandbox::User "root"'
)

# If two versions of this script print different recipes, their sandboxes differ.
recipe() {
	printf '%s\n' "$sandbox_name $base_suite $kernel_suite" "${packages[@]}" "${leave_out[@]}" "${apt_options[@]}"
}

# Checks for the programs that the host needs. One message names all that are missing.
host_needs() {
	local missing=() package file
	while read -r package file; do
		if [[ $file == /* ]]; then [[ -e $file ]]; else type -P "$file" >/dev/null; fi || missing+=("$package")
	done < <(grep -v '^#' "$top/scripts/host-needs")
	((${#missing[@]})) || return 0
	if ((EUID == 0)) && type -P apt-get >/dev/null; then
		say "Installing what this machine lacks: ${missing[*]}"
		install_packages "${missing[@]}"
	else
		die "this machine lacks: ${missing[*]}" \
			"On Debian and Ubuntu: sudo apt-get install ${missing[*]}" \
			"On other systems: install the programs of these packages; scripts/host-needs names them."
	fi
}

# Checks that this user may make namespaces, and has the ids for them.
host_permits() {
	local reason
	reason=$(bwrap --ro-bind / / --unshare-pid --proc /proc true 2>&1) ||
		die "bubblewrap cannot make a user namespace here: ${reason%%$'\n'*}" \
			"These sysctls can forbid it: kernel.unprivileged_userns_clone, user.max_user_namespaces and" \
			"kernel.apparmor_restrict_unprivileged_userns. A container must be a privileged one."
	if ((EUID)) && ! grep -qs "^$(id -un):" /etc/subuid; then
		die "user $(id -un) has no subordinate user ids, which mmdebstrap needs" \
			"Once: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)"
	fi
	reason=$("${as_root[@]}" mount -t tmpfs none /mnt 2>&1) || die "mmdebstrap cannot be root in a namespace here: ${reason%%$'\n'*}" \
		"It needs unshare of util-linux 2.38 or newer. On Ubuntu: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
}

install_packages() {
	local log=$build/log/host-packages.log
	mkdir -p "$build/log"
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 ||
		die "apt-get could not install $*" "$(tail -n 1 "$log")" "The whole output is in ${log#"$top"/}."
}

disk_needs() {
	local need=4 free
	free=$(df --output=avail -BG "$build" | tail -n 1 | tr -dc 0-9)
	((free >= need)) || die "too little disk: ${free} GB are free for $build, and $need are needed"
}

# debian ROOT PACKAGES ARG…: makes a Debian in ROOT with mmdebstrap, and passes the arguments to it.
debian() {
	# dpkg need not wait for the disk: after a power cut, the sandbox is made again.
	local option to=$1 include=$2 url arguments=("${@:3}" --dpkgopt=force-unsafe-io)
	for option in "${apt_options[@]}"; do arguments+=(--aptopt="$option"); done
	url=$(mirror)
	echo "mirror: ${url:-the default of mmdebstrap}"
	TMPDIR=$root.tmp root_mmdebstrap --format=directory "${arguments[@]}" --include="$include" "$base_suite" "$to" ${url:+"$url"}
	# Root gets device files there. The sandbox has its own. And nobody may become this user by a program there.
	"${as_root[@]}" find "$to/dev" -mindepth 1 -delete
	"${as_root[@]}" find "$to" -type f -perm /6000 -exec chmod a-s {} +
}

toolchain() {
	local kernels=()
	# The kernels' suite is on the same mirror as the suite itself.
	[[ $kernel_suite == "$base_suite" ]] ||
		kernels=(--setup-hook="sed -n 's/ $base_suite main.*/ $kernel_suite main/p' \"\$1\"/etc/apt/sources.list |
			head -n 1 >\"\$1\"/etc/apt/sources.list.d/kernels.list")
	# (mmdebstrap unpacks the first packages without dpkg. If it knew these options, it would start a program for each package.)
	debian "$root.partial" "$(IFS=, && echo "${packages[*]}")" --variant=apt --skip=cleanup/apt/lists \
		--essential-hook="printf '%s\n'$(printf " '%s'" "${leave_out[@]}") >\"\$1\"/etc/dpkg/dpkg.cfg.d/leave-out" \
		--architectures="$machine_debian_arch${cross:+,$debian_arch}" "${kernels[@]}"
}

# Programs of another architecture are not run here, only unpacked.
guest_programs() {
	debian "$root.partial/guest" "$(IFS=, && echo "${guest_packages[*]},${guest_packages_in_part[*]}")" \
		--variant=extract --architectures="$debian_arch"
	rm -rf "$root.partial"/guest/usr/share/{doc,man,locale}
}

make_sandbox() {
	lock "$root.lock" "it is making the sandbox"
	# Another run may have made it while this one waited.
	if [[ -z $rebuild ]] && is_made; then
		unlock
		return
	fi

	# Wait until no command runs in the old sandbox.
	lock "$root.use" "it is using the sandbox that this run replaces"
	say "Making a Debian $base_suite with the toolchain${cross:+ for $ARCH}, once, in ${root#"$top"/}"
	host_permits
	# (What an earlier run has left counts as free disk.)
	remove "$root.partial" "$root.tmp"
	disk_needs
	remove "$root"
	mkdir "$root.tmp"
	steps "$([[ -z $cross ]] && echo 1 || echo 2)" "$build/log/sandbox-$sandbox_name.log"
	step "Downloading and installing the toolchain" \
		"mmdebstrap could not make the sandbox (is the mirror reachable? is there room on the disk?)" toolchain
	[[ -z $cross ]] || step "Downloading programs for the virtual machine" \
		"mmdebstrap could not get the programs for $ARCH (is the mirror reachable? is there room on the disk?)" guest_programs
	remove "$root.tmp"
	recipe >"$root.partial/etc/rust-lkm-recipe"
	mv "$root.partial" "$root"
	unlock
	unlock
}

is_made() { [[ -r $root/etc/rust-lkm-recipe ]] && cmp -s "$root/etc/rust-lkm-recipe" <(recipe); }

# A command that already runs in the sandbox needs no other one.
if in_sandbox; then
	(($#)) || set -- bash
	exec "$@"
fi

# If root has run this in a user's checkout, that user cannot write to the files that root made.
for place in "$build" "$build"/*/ "$build"/sandbox/*.use; do
	[[ ! -e $place || -w $place ]] || die "user $(id -un) cannot write to $place, which belongs to $(stat -c %U "$place")" \
		"sudo chown -R $(id -un): $build"
done

# (An editor calls this. Nobody would see there that the sandbox is made, which takes a minute or more.)
if [[ -n $made_only ]]; then
	is_made || die "there is no sandbox, or it is not up to date; this makes it: SUITE=$SUITE ARCH=$ARCH $top/scripts/sandbox.sh true"
fi
host_needs
if [[ -n $preflight ]]; then
	host_permits
	exit
fi

if [[ -n $rebuild ]] || ! is_made; then make_sandbox; fi

(($#)) || set -- bash
exec {use_fd}>>"$root.use"
flock --shared "$use_fd"
# The root is read-only inside, so mount points must exist before.
mkdir -p "$root$top"

# What modules use is visible together with them.
for path in "${show[@]}" "${writable[@]}"; do
	while IFS= read -r used; do
		[[ ! -d $used || $used/ == "$top"/* ]] || show+=("$used")
	done < <(used_by "$path")
done

# The working directory inside: the same as outside if it is visible there, otherwise the checkout.
place=$top
for path in "$top" "${show[@]}" "${writable[@]}"; do [[ $PWD/ != "$path"/* ]] || place=$PWD; done

options=(
	--ro-bind "$root" / --dev /dev --proc /proc --tmpfs /tmp --tmpfs /root --tmpfs /run
	--dev-bind-try /dev/kvm /dev/kvm
	--ro-bind-try /etc/resolv.conf /etc/resolv.conf --ro-bind-try /etc/hosts /etc/hosts
	--chdir "$place"
	--unshare-pid --unshare-ipc --unshare-uts --hostname sandbox --die-with-parent
	--clearenv --setenv PATH /usr/sbin:/usr/bin --setenv HOME /root --setenv LANG C.UTF-8
	--setenv RUST_LKM_SUITE "$sandbox_name" --setenv SUITE "$SUITE" --setenv ARCH "$ARCH"
)
((EUID == 0)) || options+=(--unshare-user --uid 0 --gid 0)
for name in KERNEL ANY_KERNEL RUST_LKM_DEV TERM COLORTERM NO_COLOR CI http_proxy https_proxy no_proxy; do
	[[ -z ${!name:-} ]] || options+=(--setenv "$name" "${!name}")
done
# (Directories around the checkout are mounted before it, so that the checkout stays writable.)
around=() inside=()
for path in "${show[@]}" "${writable[@]}"; do
	if [[ $top/ == "$path"/* ]]; then around+=("$path"); else inside+=("$path"); fi
done
for path in "${around[@]}" "$top" "${inside[@]}"; do
	# (Two runs may show the same path at once.)
	if [[ -d $path ]]; then mkdir -p "$root$path"; else mkdir -p "$root${path%/*}" && touch "$root$path"; fi
	if [[ " $top ${writable[*]} " == *" $path "* ]]; then options+=(--bind "$path" "$path"); else options+=(--ro-bind "$path" "$path"); fi
done

exec bwrap "${options[@]}" -- "$@"
