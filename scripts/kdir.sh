# shellcheck shell=bash disable=SC2034,SC2154
# Reads a kernel's build tree (KDIR): its configuration, its Rust metadata, and which compiler fits it. Sourced after common.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

kernels=$build/kernels

# completed RELEASE: prints the path of the build tree that rust-headers.sh makes for it. The tree need not exist.
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

# kdir_config KDIR NAME: prints the value of CONFIG_NAME without its quotes, or nothing if it is off.
kdir_config() {
	sed -n "s/^CONFIG_$2=\(.*\)/\1/p" "$1/include/config/auto.conf" | sed 's/^"\(.*\)"$/\1/'
}

# named_crates KDIR: prints the crates that kbuild passes to the compiler with each module, those that the compiler uses by
# itself, and the one that has module!.
named_crates() {
	printf '%s\n' core compiler_builtins macros
	# (A tree that was built with O= has the rest of kbuild in source/.)
	crates_in "$1"/{,source/}scripts/Makefile.build
}

# crates_in FILE…: prints the crates that a command there passes to the compiler.
crates_in() { grep -ohE -e '--extern +[A-Za-z0-9_]+' -- "$@" 2>/dev/null | awk '!seen[$2]++ { print $2 }' || :; }

# crate_file KDIR CRATE: prints the path that the crate has, or would have.
crate_file() {
	if [[ $2 == macros || -s $1/rust/lib$2.so ]]; then echo "rust/lib$2.so"; else echo "rust/lib$2.rmeta"; fi
}

# missing_metadata KDIR: prints the first crate named by kbuild that is missing. (all_missing prints them all.)
missing_metadata() {
	local crate file
	while read -r crate; do
		file=$(crate_file "$1" "$crate")
		[[ -s $1/$file ]] || { echo "$file" && return; }
	done < <(named_crates "$1")
}

# needs_temporary: ends the script if no directory for temporary files can be made. Without it, a complete tree would look incomplete.
needs_temporary() {
	local made
	made=$(mktemp -d 2>/dev/null) || die "no temporary directory can be made in ${TMPDIR:-/tmp} (is there room on the disk?)"
	rmdir "$made"
}

# kbuild_command KDIR RUSTC: asks kbuild for the command that compiles a module, and prints it.
kbuild_command() {
	local module status=0
	# (kbuild cannot handle every path.)
	[[ ! ${TMPDIR:-} =~ $not_in_paths ]] || local -x TMPDIR=/tmp
	module=$(mktemp -d) || return
	# shellcheck disable=SC2016 # make's variables
	printf '%s\n' 'always-y := said' '$(obj)/said: private part-of-module := y' '$(obj)/said: FORCE' \
		'	@: $(info command: $(cmd_rustc_o_rs))' >"$module/Kbuild"
	make -s -C "$1" M="$module" RUSTC="$2" 2>&1 | sed -n 's/^command: *//p' | grep . || status=$?
	rm -r "$module"
	return "$status"
}

# crates_of FILE RUSTC: prints the crates that the crate in FILE depends on. Fails if FILE is not a crate, or is cut off.
crates_of() {
	RUSTC_BOOTSTRAP=1 "$2" -Zls=root "$1" </dev/null 2>/dev/null | awk '
		/^=External Dependencies=/ { listed = 1; next }
		listed && /^[0-9]+ / { print $2 }
		END { exit !listed }'
}

# included_by FILE: prints the files that macros of the crate in FILE include into the module's crate. Their names are strings in
# FILE: a byte for the length, and then the text.
included_by() {
	perl -0777 -ne 'while (m{/rust/[\w/.-]+?\.rs}g) { $f{$&} = 1 if $-[0] && ord(substr($_, $-[0] - 1, 1)) == length $& } print map { s{^/}{}r . "\n" } sort keys %f' "$1"
}

# all_missing KDIR RUSTC: prints each missing or broken file that a module's crate may name, include or load.
all_missing() {
	local kdir crate file command from known=' ' crates=()
	kdir=$(realpath "$1")
	if ! command=$(kbuild_command "$kdir" "$2"); then
		echo "everything that kbuild needs for compiling Rust"
	fi
	# Every path in the command: the target, helpers as bitcode, objtool.
	while read -r file; do
		[[ -s $file ]] || echo "${file#"$kdir"/}"
	done < <({ grep -oE "(^|[ =@])/[^ '\"=]*[^ '\"=/]" <<<"$command" || :; } | sed -E 's,^[^/]*,,' |
		{ grep -vxF -e "$kdir" -e /dev/null || :; } | sort -u)

	mapfile -t crates < <(named_crates "$kdir" && crates_in - <<<"$command")
	while ((${#crates[@]})); do
		crate=${crates[0]} crates=("${crates[@]:1}")
		[[ -n $crate && $known != *" $crate "* ]] || continue
		known+="$crate "
		file=$(crate_file "$kdir" "$crate")
		if [[ ! -s $kdir/$file ]]; then
			echo "rust/lib$crate.{rmeta,so}"
		elif from=$(crates_of "$kdir/$file" "$2"); then
			mapfile -t -O "${#crates[@]}" crates <<<"$from"
		else
			echo "$file (it is broken)"
		fi
	done

	[[ ! -s $kdir/rust/libkernel.rmeta ]] || included_by "$kdir/rust/libkernel.rmeta" | while read -r file; do
		[[ -s $kdir/$file ]] || echo "$file"
	done
}

# copy_rust_metadata SOURCE OBJECT KDIR: copies the files, except objects, that a build in OBJECT has made from the kernel's
# crates; and the sources of the kernel crate and of the samples, for editors, rustdoc and readers.
copy_rust_metadata() {
	cp -a "$1"/rust "$1"/.clippy.toml "$1"/.rustfmt.toml "$3/"
	[[ ! -d $1/samples/rust ]] || { mkdir -p "$3/samples" && cp -a "$1/samples/rust" "$3/samples/"; }
	(cd "$2" && find rust scripts \( -path rust/host -o -path 'scripts/?*' ! -name target.json \) -prune -o \
		-type f ! -name '.*' ! -name '*.o' -print0 | tar -c --null -T -) | tar -x -C "$3"
}

# Prints every rustc of this machine. The distribution's own come first, because they built its kernels. The one in PATH may be
# rustup's. It is called in /, so that no rust-toolchain.toml makes it download another one.
all_rustc() {
	local rustc
	for rustc in ${RUSTC:+"$(type -P "$RUSTC")"} /usr/bin/rustc /usr/bin/rustc-[0-9]* /usr/lib/rust-*/bin/rustc \
		"$(type -P rustc || :)"; do
		[[ ! -x $rustc ]] || echo "$rustc"
	done | awk '!seen[$0]++'
}

version_of() { (cd / && "$1" --version 2>/dev/null </dev/null) || :; }

# fitting_rustc KDIR: prints the compiler that built the kernel. It must be the same build, not only the same version.
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

# rustc_command MO: prints the command by which kbuild compiles a module that uses the crate lkm, without the options for its
# output. Use it with eval, in MO, where the modules were built. kbuild exports RUSTC_BOOTSTRAP=1, because the kernel uses
# unstable features.
rustc_command() { sed -n 's/^savedcmd_jiffies.o := \(.*\) --out-dir.*/\1/p' "$1/.jiffies.o.cmd"; }
