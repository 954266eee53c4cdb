# shellcheck shell=bash disable=SC2034
# The suites of Debian and the architectures, with a line for each. SUITE and ARCH in the environment choose one. Sourced after
# common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# The suite's name; the Debian of its sandbox, with the compilers; the suite with its kernels; the flavours of kernels that make
# matrix tries, for all architectures.
suites=(
	"trixie        trixie   trixie-backports  amd64,cloud-amd64,rt-amd64,arm64"
	"testing       testing  testing           amd64"
	"sid           sid      sid               amd64,loong64"
	"experimental  sid      experimental      amd64"
)

# The architecture's name in kbuild, in Debian, and in GNU (for directories and cross compilers); the loader of its programs; QEMU's
# packages, program, machine and CPU; the serial console; arguments that make the kernel boot faster. (Without rdrand, the first
# program that needs a random number keeps the kernel busy for a second. Without no_timer_check, a check may fail on a busy host,
# and the kernel panics. Without firmware, loongarch's kernel finds no PCI bus.)
arches=(
	"x86        amd64    x86_64-linux-gnu       lib64/ld-linux-x86-64.so.2           qemu-system-x86                        qemu-system-x86_64       q35                   qemu64,+rdrand       ttyS0    tsc=nowatchdog no_timer_check"
	"arm64      arm64    aarch64-linux-gnu      lib/ld-linux-aarch64.so.1            qemu-system-arm                        qemu-system-aarch64      virt,gic-version=max  max,pauth-impdef=on  ttyAMA0"
	"loongarch  loong64  loongarch64-linux-gnu  lib64/ld-linux-loongarch-lp64d.so.1  qemu-system-misc,qemu-efi-loongarch64  qemu-system-loongarch64  virt,firmware=/usr/share/qemu-efi-loongarch64/QEMU_EFI.fd  max  ttyS0"
)

# row NAME LINE…: prints the line that begins with NAME. Fails if there is none.
row() {
	local name=$1 line
	shift
	for line; do
		[[ ${line%% *} != "$name" ]] || { echo "$line" && return; }
	done
	return 1
}

# names LINE…: prints the first word of each.
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
	[[ -n $machine_arch ]] || die "this machine is none of: $(names "${arches[@]}")"
	line=$(row "$SUITE" "${suites[@]}") || bad_usage "unknown suite $SUITE (known: $(names "${suites[@]}"))"
	read -r _ base_suite kernel_suite _ <<<"$line"
	line=$(row "$ARCH" "${arches[@]}") || bad_usage "unknown architecture ARCH=$ARCH (known: $(names "${arches[@]}"))"
	read -r _ debian_arch triplet loader line qemu qemu_machine qemu_cpu console_device quicker <<<"$line"
	IFS=, read -ra qemu_packages <<<"$line"
	line=$(row "$machine_arch" "${arches[@]}")
	read -r _ machine_debian_arch machine_triplet machine_loader _ <<<"$line"
	# Empty, or the prefix of the programs that make another architecture's code.
	cross=''
	[[ $ARCH == "$machine_arch" ]] || cross=$triplet-
	sandbox_name=$SUITE${cross:+-$ARCH}
}

# The packages for the virtual machine's file system: it gets all programs of the first list, and some of the second
# (scripts/vm.sh).
guest_packages=(
	bash coreutils debianutils diffutils findutils grep hostname kmod less mawk mount nano ncurses-base ncurses-bin procps sed strace
	util-linux
)
guest_packages_in_part=(binutils perl xz-utils libc-bin)
