# shellcheck shell=bash disable=SC2034,SC2154
# What a kernel's build tree (KDIR) says of itself, and which compiler fits it. Sourced after common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

kernels=$build/kernels

# completed RELEASE: the build tree that rust-headers.sh makes for it, whether it is there or not.
completed() { echo "$kernels/$1/build"; }

# The build tree to take when none is named: the running kernel's, a completed one first.
default_kdir() {
	local release kdir
	release=$(uname -r)
	kdir=$(completed "$release")
	[[ -d $kdir ]] || kdir=/lib/modules/$release/build
	echo "$kdir"
}

kdir_release() { cat "$1/include/config/kernel.release"; }

# kdir_config KDIR NAME: the value of CONFIG_NAME, without its quotes; nothing if it is off.
kdir_config() {
	sed -n "s/^CONFIG_$2=\(.*\)/\1/p" "$1/include/config/auto.conf" | sed 's/^"\(.*\)"$/\1/'
}

# What a Rust module cannot be built without, beyond what it takes for one in C.
rust_metadata=(
	rust/libcore.rmeta rust/libcompiler_builtins.rmeta rust/libffi.rmeta rust/libbuild_error.rmeta
	rust/libpin_init.rmeta rust/libbindings.rmeta rust/libuapi.rmeta rust/libkernel.rmeta
	rust/libmacros.so rust/libpin_init_internal.so
)

# missing_metadata KDIR: the first file of it that is not there.
missing_metadata() {
	local file
	for file in "${rust_metadata[@]}"; do
		[[ -s $1/$file ]] || { echo "$file" && return; }
	done
}

# copy_rust_metadata SOURCE OBJECT KDIR: that, from where a kernel was built, and the sources of the kernel crate, which
# are for editors, rustdoc and the reader.
copy_rust_metadata() {
	cp -a "$1"/rust "$1"/.clippy.toml "$1"/.rustfmt.toml "$3/"
	(cd "$2" && find rust scripts \( -name '*.rmeta' -o -name '*.so' -o -name '*_generated*' \
		-o -name target.json \) -print0 | tar -c --null -T -) | tar -x -C "$3"
}

# Every rustc of this machine. A distribution's own come first: they built its kernels. One from PATH may be
# rustup's, which is asked from / so that no rust-toolchain.toml makes it fetch another.
all_rustc() {
	local rustc
	for rustc in ${RUSTC:+"$(type -P "$RUSTC")"} /usr/bin/rustc /usr/bin/rustc-[0-9]* /usr/lib/rust-*/bin/rustc \
		"$(type -P rustc || :)"; do
		[[ -x $rustc ]] && echo "$rustc"
	done | awk '!seen[$0]++'
}

version_of() { (cd / && "$1" --version 2>/dev/null </dev/null) || :; }

# fitting_rustc KDIR: the compiler that is, to the build, the one which built the kernel.
fitting_rustc() {
	local rustc wanted
	wanted=$(kdir_config "$1" RUSTC_VERSION_TEXT)
	while read -r rustc; do
		if [[ $(version_of "$rustc") == "$wanted" ]]; then
			echo "$rustc"
			return
		fi
	done < <(all_rustc)
	return 1
}

# rustc_command MO: how kbuild compiles a module that uses the crate lkm, up to the place for what comes of it. To be run
# by eval, in MO, where these modules were built. kbuild exports RUSTC_BOOTSTRAP=1, as the kernel uses unstable features.
rustc_command() { sed -n 's/^savedcmd_jiffies.o := \(.*\) --out-dir.*/\1/p' "$1/.jiffies.o.cmd"; }
