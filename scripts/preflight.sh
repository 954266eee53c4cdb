#!/usr/bin/env bash
# Usage: scripts/preflight.sh [KDIR [MO]]
#        scripts/preflight.sh --default
#        scripts/preflight.sh --sources DIR
#        scripts/preflight.sh --uses DIR RELEASE
#
# Checks, before a build, that Rust modules can be built for the kernel build tree KDIR (default: the running kernel's),
# with the output in the directory MO. If so, it prints the variables that kbuild needs: RUSTC=... and so on. If not, it says in
# one message what is wrong and what to do about it. If the running kernel loads only signed modules, as with Secure Boot, it says so
# and what can be done.
# With --default, it prints the KDIR that is used if none is named. With --sources, it checks that kbuild can build modules in
# the directory DIR, and makes DIR/build/ for the output. With --uses, it checks that the modules of other repositories that those
# in DIR use are built for the kernel RELEASE, and prints the directories where they are.
#
# ANY_KERNEL=1 in the environment allows a kernel that the modules are not written for.
#
# The exit status is 0 if a build can begin, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/secure-boot.sh"

case ${1:-} in
-h | --help) usage && exit ;;
--default)
	(($# == 1)) || bad_usage "--default takes no argument"
	default_kdir
	exit
	;;
--sources)
	(($# == 2)) || bad_usage "--sources takes one DIR"
	sources=$(module_directory "$2") || exit
	# (kbuild also refuses this, but its message names a command that works only in the sandbox.)
	[[ $sources == "$top" || ! -f $sources/modules.order ]] || die "a build without MO= has left objects beside the sources in $sources" \
		"make M=$sources clean removes them. New ones go to build/modules/, with a directory for each kernel."
	[[ $sources == "$top" ]] || own_build "$sources"
	exit
	;;
--uses)
	(($# == 3)) || bad_usage "--uses takes DIR and RELEASE"
	for path in $(used_by "$2" "$3"); do
		repository=${path%/build/modules/"$3"}
		[[ -d $repository ]] || die "there is no $repository, which the modules in $2 use" \
			"lkm-uses (or KBUILD_EXTRA_SYMBOLS) in its Kbuild names it: clone that repository there, or correct the line."
		[[ -r $path/Module.symvers ]] || die "the modules in $2 use those in $repository, which are not built for kernel $3" \
			"Run make$([[ $repository != "$top" ]] || echo " vm-modules") in $repository first, with the same KERNEL=, SUITE=, ARCH= or KDIR= as here."
		echo "$path"
	done
	exit
	;;
-*) bad_usage "unknown option $1" ;;
esac
(($# <= 2)) || bad_usage "one KDIR and one MO at most"
good_path KDIR "${1:-}"
good_path MO "${2:-}"
# If root has built modules here (make modules_install does that, if they are not up to date), kbuild would only say that it is
# denied to write.
if [[ -d ${2:-} ]]; then
	locked=$(find "$2" ! -type l ! -writable ! -user "$(id -u)" -print -quit)
	[[ -z $locked ]] || die "cannot write to $locked, which another user has made (root, perhaps)" "sudo chown -R \$USER $2"
fi

kdir=${1:-$(default_kdir)}
running=$(uname -r)
in_vm="Or let the sandbox do it, for a kernel in a virtual machine: make demo"

if [[ ! -d $kdir ]]; then
	if [[ $kdir == "/lib/modules/$running/build" ]]; then
		die "no headers of the running kernel: $kdir is not there" \
			"Debian, Ubuntu: sudo apt-get install linux-headers-$running" \
			"Arch: sudo pacman -S linux-headers" "$in_vm"
	fi
	die "no such kernel build tree: KDIR=$kdir"
fi
if [[ ! -f $kdir/Makefile || ! -f $kdir/include/config/auto.conf || ! -f $kdir/include/config/kernel.release ]]; then
	die "not the build tree of a configured kernel: KDIR=$kdir" \
		"It must have a Makefile and include/config/auto.conf." "$in_vm"
fi

release=$(kdir_release "$kdir")

if [[ $(kdir_config "$kdir" RUST) != y ]]; then
	die "kernel $release was built without Rust (CONFIG_RUST is off), so no Rust module can be loaded into it" \
		"Debian has Rust in its kernels from 6.18 on: in trixie-backports, testing and sid." "$in_vm"
fi

series=$(sed -n 's/^kernel-series := //p' "$top/lkm/kernels.mk")
if [[ -z ${ANY_KERNEL:-} && ! $release =~ ^(${series// /|})[^0-9] ]]; then
	die "these modules are for kernels of the series ${series// /, }, not for kernel $release" \
		"make ANY_KERNEL=1 tries it anyway. If the kernel has changed, adapt lkm/ (and lkm/kernels.mk)." "$in_vm"
fi

missing=$(missing_metadata "$kdir")
if [[ -n $missing ]]; then
	die "the headers of kernel $release lack the Rust metadata ($missing)" \
		"Debian: scripts/rust-headers.sh $release" \
		"Ubuntu: sudo apt-get install linux-lib-rust-$release" "$in_vm"
fi

wanted=$(kdir_config "$kdir" RUSTC_VERSION_TEXT)
if ! rustc=$(fitting_rustc "$kdir"); then
	mapfile -t found < <(all_rustc)
	((${#found[@]})) || die "no rustc on this machine" "Kernel $release was built with: $wanted" \
		"Debian, Ubuntu: sudo apt-get install rustc rust-src bindgen" "$in_vm"
	have=()
	for rustc in "${found[@]}"; do
		have+=("this machine has: $(version_of "$rustc" | grep . || echo 'one that does not run') ($rustc)")
	done
	die "no rustc here is the one that built kernel $release; only that one can read its metadata" \
		"kernel's rustc:   $wanted" "${have[@]}" \
		"Install exactly that build (rustup's and a distribution's do not mix)." "$in_vm"
fi
bindgen=$(type -P bindgen || :)
[[ -x /usr/bin/bindgen ]] && bindgen=/usr/bin/bindgen
[[ -n $bindgen ]] || die "no bindgen on this machine" "Debian, Ubuntu: sudo apt-get install bindgen" "$in_vm"

if ! in_sandbox && [[ $release != "$running" ]]; then
	warn "building for kernel $release, but $running is running: the modules will not load here"
fi

# A kernel built by clang needs modules built by clang; kbuild's default is gcc.
llvm=''
if [[ $(kdir_config "$kdir" CC_IS_CLANG) == y ]]; then
	type -P clang ld.lld >/dev/null || die "kernel $release was built with clang and lld, and this machine lacks them" \
		"Debian, Ubuntu: sudo apt-get install clang lld llvm" "$in_vm"
	llvm=' LLVM=1'
fi

# (The build goes on: the modules can be signed later.)
if ! in_sandbox && [[ $release == "$running" ]]; then
	why=$(signed_only)
	[[ -z $why ]] || { warn "$why" && ways_out "$why" | sed 's/^/  /' >&2; }
fi

tools=$(dirname "$rustc")
echo "RUSTC=$rustc BINDGEN=$bindgen RUSTDOC=$tools/rustdoc RUSTFMT=$tools/rustfmt CLIPPY_DRIVER=$tools/clippy-driver$llvm"
