#!/usr/bin/env bash
# Usage: scripts/source-kernel.sh FRAGMENT [PACKAGE=VERSION]
#
# Builds a kernel with clang, from Debian's source package, with the options in the file FRAGMENT, those that they
# select, and as few others as Kconfig permits. PACKAGE=VERSION is for example linux-source-7.3=7.3.4-1; the default is the
# source of the kernel that rust-headers.sh chooses.
# The kernel must have every option as the FRAGMENT sets it. If Kconfig changes an option or does not know it, that is an
# error. The kernel's release is the source's version and the name of the FRAGMENT: tests/sanitized.config makes
# 7.3.4-sanitized. It prints the path of the build tree, for: make KDIR=...
#
#   --help  this text
#
# Run it in the sandbox: scripts/sandbox.sh scripts/source-kernel.sh tests/sanitized.config. It builds the kernel again only if
# FRAGMENT, source or compilers have changed. A build takes minutes, and needs 4 GB of disk until it ends.
#
# The exit status is 0 if the kernel exists now, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"

case ${1:-} in
-h | --help) usage && exit ;;
'') bad_usage "FRAGMENT is missing: a file with options of the kernel" ;;
-*) bad_usage "unknown option $1" ;;
esac
(($# <= 2)) || bad_usage "one FRAGMENT and one PACKAGE=VERSION at most"
fragment=$1
[[ -f $fragment && -r $fragment ]] || bad_usage "no such file: $fragment"
name=$(basename -- "$fragment" .config)
[[ $name =~ ^[[:alnum:]][[:alnum:]._+-]*$ ]] || bad_usage "the name of $fragment cannot be part of a kernel's release"
in_sandbox || die "this must run in the sandbox, which has the tools" "scripts/sandbox.sh $0 $*"

package=${2:-$("$top/scripts/rust-headers.sh" --source)}

# What the kernel is made from. If nothing in it has changed, the kernel is not built again.
key=$({
	echo "$package"
	cat "$fragment"
	rustc --version --verbose
	clang --version
} | sha256sum)
made() {
	local kernel
	for kernel in "$kernels"/*-"$name"; do
		if [[ -r $kernel/key && $(<"$kernel/key") == "$key" ]]; then
			echo "$kernel/build"
			return
		fi
	done
	return 1
}

work=$kernels/$name.partial

kernel_make() {
	make -C "$work/source" O="$work/object" LLVM=1 LOCALVERSION="-$name" RUSTC="$(type -P rustc)" "$@"
}

download() { (cd "$work" && apt-get download "$package"); }

unpack() {
	dpkg-deb -x "$work"/*.deb "$work/unpacked"
	mkdir "$work/source"
	# (In the sandbox of an ordinary user, there are no other owners.)
	tar --no-same-owner -xf "$work/unpacked/usr/src/${package%%=*}".tar.* -C "$work/source" --strip-components=1
	rm -r "$work"/*.deb "$work/unpacked"
}

configure() {
	mkdir "$work/object"
	kernel_make KCONFIG_ALLCONFIG="$(realpath "$fragment")" allnoconfig
	check_options
}

# check_options: prints the options that came out differently, and fails if there are any.
check_options() {
	local line option options=0 wrong=0
	while read -r line; do
		option=$(grep -oE '^(# )?CONFIG_[A-Z0-9_a-z]+' <<<"$line" | sed 's/^# //') || continue
		options=$((options + 1))
		if grep -qxF -- "$line" "$work/object/.config"; then continue; fi
		# (An option that Kconfig does not offer is not set either.)
		if [[ $line == '#'* ]] && ! grep -q "^$option=" "$work/object/.config"; then continue; fi
		echo "$line: the result has $(grep -wm 1 "$option" "$work/object/.config" || echo no such option)"
		wrong=1
	done < <(grep -E '^CONFIG_.*=|^# CONFIG_.* is not set$' "$fragment")
	echo "the fragment has $options options"
	((options && !wrong))
}

compile() { kernel_make -j"$(nproc)" all; }

assemble() {
	# shellcheck disable=SC2016 # it is for make
	kernel_make run-command KBUILD_RUN_COMMAND='$(srctree)/scripts/package/install-extmod-build '"$work/build"
	copy_rust_metadata "$work/source" "$work/object" "$work/build"
	cp "$work/object/.config" "$work/build/"
	cp "$work/object/$(kernel_make -s image_name)" "$work/vmlinuz"
	rm -rf "$work"/{source,object}
	echo "$key" >"$work/key"
}

build_kernel() {
	say "Building a kernel of ${package/=/, version } with ${fragment#"$top"/}, once"
	rm -rf "$work"
	mkdir -p "$work"
	steps 5 "$build/log/source-kernel-$name.log"
	step "Downloading the source" "apt-get could not download $package" download
	step "Unpacking" "could not unpack the source (is there room on the disk?)" unpack
	step "Configuring" "the configuration is not what ${fragment#"$top"/} asks for" configure
	step "Building (this takes minutes)" "the kernel could not be built" compile
	step "Putting the build tree together" "could not put the build tree together (is there room on the disk?)" assemble

	local release
	release=$(kdir_release "$work/build")
	[[ $release == *-"$name" ]] || die "the kernel calls itself $release, without -$name at the end"
	rm -rf "${kernels:?}/$release"
	mv "$work" "$kernels/$release"
}

if ! made; then
	lock "$kernels/$name.lock" "it is building the kernel"
	made >/dev/null || build_kernel
	unlock
	made
fi
