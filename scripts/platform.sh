# shellcheck shell=bash disable=SC2034
# Which Debian and which architecture: SUITE and ARCH of the environment, and a line here for each that there is.
# Sourced after common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# The suite's name; the Debian that its sandbox is, where the compilers are from; where its kernels are from; the flavours
# of kernels that make matrix tries, for all architectures.
suites=(
	"trixie        trixie   trixie-backports  amd64,cloud-amd64,rt-amd64,arm64"
	"testing       testing  testing           amd64"
	"sid           sid      sid               amd64"
	"experimental  sid      experimental      amd64"
)

# The architecture in kbuild's words; in Debian's; in GNU's, as in the names of directories and of cross compilers; what
# loads its programs; QEMU's package, the program, the machine and its CPU; the serial console; what its kernel can leave
# out of a boot without telling less. (Without rdrand the first program that wants a random number keeps the kernel busy for
# a second; no_timer_check: on a busy host that check can fail, and is a panic then.)
arches=(
	"x86    amd64  x86_64-linux-gnu   lib64/ld-linux-x86-64.so.2  qemu-system-x86  qemu-system-x86_64   q35                   qemu64,+rdrand       ttyS0    tsc=nowatchdog no_timer_check"
	"arm64  arm64  aarch64-linux-gnu  lib/ld-linux-aarch64.so.1   qemu-system-arm  qemu-system-aarch64  virt,gic-version=max  max,pauth-impdef=on  ttyAMA0"
)

# row NAME LINE…: the line that begins with NAME; a failure if there is none.
row() {
	local name=$1 line
	shift
	for line; do
		[[ ${line%% *} != "$name" ]] || { echo "$line" && return; }
	done
	return 1
}

# names LINE…: what they begin with.
names() {
	local names=("${@%% *}")
	echo "${names[*]}"
}

machine_arch=''
for line in "${arches[@]}"; do
	read -r name _ gnu _ <<<"$line"
	[[ ${gnu%%-*} != "$HOSTTYPE" ]] || machine_arch=$name
done
SUITE=${SUITE:-trixie}
ARCH=${ARCH:-$machine_arch}

# choose_platform: reads the lines of SUITE and ARCH.
choose_platform() {
	local line
	line=$(row "$SUITE" "${suites[@]}") || bad_usage "unknown suite $SUITE (known: $(names "${suites[@]}"))"
	read -r _ base_suite kernel_suite _ <<<"$line"
	line=$(row "$ARCH" "${arches[@]}") || bad_usage "unknown architecture ARCH=$ARCH (known: $(names "${arches[@]}"))"
	read -r _ debian_arch triplet loader qemu_package qemu qemu_machine qemu_cpu console_device quicker <<<"$line"
	line=$(row "$machine_arch" "${arches[@]}") || die "this machine is none of: $(names "${arches[@]}")"
	read -r _ machine_debian_arch machine_triplet machine_loader _ <<<"$line"
	# Empty, or the prefix of the programs that make another architecture's code.
	cross=''
	[[ $ARCH == "$machine_arch" ]] || cross=$triplet-
	sandbox_name=$SUITE${cross:+-$ARCH}
}

# What the virtual machine's file system is made from: the packages of which it has all programs, and those of which
# it has some (scripts/vm.sh).
guest_packages=(
	bash coreutils debianutils diffutils findutils grep hostname kmod less mawk mount nano ncurses-base ncurses-bin procps sed strace
	util-linux
)
guest_packages_in_part=(binutils perl xz-utils libc-bin)
