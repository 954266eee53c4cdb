#!/usr/bin/env bash
# preflight.sh: for each reason why a Rust module cannot be built, it has one message. Tested on build trees made for this.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

mkdir -p build
trees=$(mktemp -d "$PWD/build/preflight.XXXXXX")
temporary+=("$trees")
running=$(uname -r)
# The tests must pass whatever kernel this machine runs.
export ANY_KERNEL=1
fits="rustc 1.0.0 (the one that built the kernel)"

# tree NAME RELEASE CONFIG…: makes a build tree with all the files that preflight.sh reads.
tree() {
	local kdir=$trees/$1 release=$2 file
	shift 2
	mkdir -p "$kdir/include/config" "$kdir/rust"
	touch "$kdir/Makefile"
	echo "$release" >"$kdir/include/config/kernel.release"
	printf '%s\n' "$@" >"$kdir/include/config/auto.conf"
	for file in core compiler_builtins ffi build_error pin_init bindings uapi kernel; do
		echo metadata >"$kdir/rust/lib$file.rmeta"
	done
	mkdir -p "$kdir/scripts"
	echo 'rust_common_cmd = $(RUSTC) --extern pin_init --extern kernel' >"$kdir/scripts/Makefile.build"
	for file in macros pin_init_internal; do echo metadata >"$kdir/rust/lib$file.so"; done
	echo "$kdir"
}

# compiler PLACE VERSION: makes a program that only prints VERSION.
compiler() {
	mkdir -p "$(dirname "$1")"
	printf '#!/bin/sh\necho "%s"\n' "$2" >"$1"
	chmod +x "$1"
}

fitting=("CONFIG_RUST=y" "CONFIG_RUSTC_VERSION_TEXT=\"$fits\"")
good=$(tree good "$running" "${fitting[@]}")
compiler "$trees/fitting/rustc" "$fits"
compiler "$trees/other/rustc" "rustc 9.9.9 (some other)"
compiler "$trees/fitting/bindgen" "bindgen"
compiler "$trees/other/bindgen" "bindgen"

# preflight PATH KDIR: runs preflight.sh with only the directory PATH before those of the system.
preflight() {
	run env -u RUST_LKM_SUITE -u RUSTC PATH="$1:/usr/sbin:/usr/bin:/sbin:/bin" scripts/preflight.sh "$2"
}

# refused TEXT DESCRIPTION: checks that it refused, with a message that has TEXT.
refused() {
	is "$status" 1 "$2: refused"
	like "$stderr" "$1" "$2: the message names the cause"
	is "$stdout" "" "$2: nothing is handed to kbuild"
	is "$(grep -v -e ': error: ' -e '^  ' <<<"$stderr")" "" "$2: and nothing else is said"
}

preflight "$trees/fitting" "$good"
is "$status $stderr" "0 " "a complete build tree passes without a word"
like "$stdout" "(^| )RUSTC=$trees/fitting/rustc( |\$)" "the rustc that fits is used"
like "$stdout" "(^| )CLIPPY_DRIVER=$trees/fitting/clippy-driver( |\$)" "clippy comes from the directory of rustc"

run scripts/preflight.sh --default
like "$status $stdout" "^0 ($PWD/build/kernels|/lib/modules)/${running//+/\\+}/build\$" "--default prints the running kernel's build tree"
mkdir -p "$trees/checkout/build/kernels/$running"
cp -a scripts "$trees/checkout/"
run "$trees/checkout/scripts/preflight.sh" --default
is "$stdout" "/lib/modules/$running/build" "… the packaged one"
mkdir "$trees/checkout/build/kernels/$running/build"
run "$trees/checkout/scripts/preflight.sh" --default
is "$stdout" "$trees/checkout/build/kernels/$running/build" "… or the completed one, if it exists"

# If this machine has headers, bubblewrap hides them.
hide=()
[[ ! -d /lib/modules ]] || hide=(--tmpfs "$(realpath /lib/modules)")
run bwrap --dev-bind / / "${hide[@]}" scripts/preflight.sh "/lib/modules/$running/build"
refused "no headers of the running kernel: /lib/modules/$running/build is not there" "no headers"
like "$stderr" "apt-get install linux-headers-$running" "no headers: the way out"

touch "$trees/file"
for name in none file; do
	preflight "$trees/fitting" "$trees/$name"
	refused "no such kernel build tree: KDIR=$trees/$name" "no KDIR: $name"
done

mkdir "$trees/empty"
preflight "$trees/fitting" "$trees/empty"
refused "not the build tree of a configured kernel: KDIR=$trees/empty" "a KDIR that is not a build tree"

preflight "$trees/fitting" "$(tree c 6.1.0 "CONFIG_MODULES=y")"
refused "kernel 6.1.0 was built without Rust \(CONFIG_RUST is off\)" "CONFIG_RUST off"

series=$(sed -n 's/^kernel-series := //p' lkm/kernels.mk)
for release in "${series%% *}.0-some" "${series##* }-rc7-some"; do
	ANY_KERNEL='' preflight "$trees/fitting" "$(tree "supported-$release" "$release" "${fitting[@]}")"
	is "$status" 0 "kernel $release is of a series that lkm/ is written for"
done
for release in 6.18.1-some "${series##* }9.1-some" 99.0.1; do
	other=$(tree "other-$release" "$release" "${fitting[@]}")
	ANY_KERNEL='' preflight "$trees/fitting" "$other"
	refused "these modules are for kernels of the series ${series// /, }, not for kernel $release" "kernel $release"
	like "$stderr" $'\n''  make ANY_KERNEL=1 tries it anyway\.[^'$'\n'']*'$'\n''  Or let the sandbox do it' "… with two ways out"
	preflight "$trees/fitting" "$other"
	is "$status" 0 "… but can be tried with ANY_KERNEL=1"
done

separate=$(tree separate "$running" "${fitting[@]}")
mkdir "$separate/source"
mv "$separate/scripts" "$separate/source/"
rm "$separate/rust/libkernel.rmeta"
preflight "$trees/fitting" "$separate"
refused "lack the Rust metadata \(rust/libkernel.rmeta\)" "a tree of make O=DIR"

for file in libkernel.rmeta libcore.rmeta libmacros.so; do
	incomplete=$(tree "without-$file" "$running" "${fitting[@]}")
	rm "$incomplete/rust/$file"
	preflight "$trees/fitting" "$incomplete"
	refused "lack the Rust metadata \(rust/$file\)" "$file missing"
	like "$stderr" "scripts/rust-headers.sh $running" "$file missing: Debian's way out"
	like "$stderr" "linux-lib-rust-$running" "$file missing: Ubuntu's way out"
done
: >"$good/rust/libcore.rmeta"
preflight "$trees/fitting" "$good"
refused "lack the Rust metadata \(rust/libcore.rmeta\)" "an empty metadata file"
echo metadata >"$good/rust/libcore.rmeta"

preflight "$trees/other" "$good"
refused "no rustc here is the one that built kernel $running" "another compiler"
like "$stderr" "kernel's rustc: +rustc 1.0.0 \(the one that built the kernel\)" "another compiler: the kernel's is shown"
like "$stderr" "this machine has: rustc 9.9.9 \(some other\)" "another compiler: the machine's is shown"

compiler "$trees/named/rustc" "$fits"
run env -u RUST_LKM_SUITE RUSTC="$trees/named/rustc" PATH="$trees/other:/usr/bin:/bin" scripts/preflight.sh "$good"
like "$stdout" "^RUSTC=$trees/named/rustc " "RUSTC= comes before any other"
run env -u RUST_LKM_SUITE RUSTC=none-of-that-name PATH="$trees/fitting:/usr/bin:/bin" scripts/preflight.sh "$good"
like "$status $stderr $stdout" "^0  RUSTC=$trees/fitting/rustc " "… and one that does not exist is passed over"

preflight "$trees/fitting" "$(tree another 0.0.1 "${fitting[@]}")"
is "$status" 0 "headers of another kernel than the running one: the build goes on"
like "$stderr" "warning: building for kernel 0.0.1, but $running is running" "… with a warning"

# A machine without the programs: bubblewrap hides this machine's programs.
hidden=()
for program in /usr/bin/rustc* /usr/lib/rust-*/bin/rustc /usr/bin/bindgen /usr/bin/{clang,ld.lld}; do
	[[ ! -e $program ]] || hidden+=(--ro-bind /dev/null "$program")
done
bare() { run bwrap --dev-bind / / "${hidden[@]}" env -u RUST_LKM_SUITE -u RUSTC PATH="$1:/usr/bin:/bin" scripts/preflight.sh "${2:-$good}"; }
bare "$trees/empty"
refused "no rustc on this machine" "no rustc"
compiler "$trees/rustc-only/rustc" "$fits"
bare "$trees/rustc-only"
refused "no bindgen on this machine" "no bindgen"

# Secure Boot. (What the kernel says of it is in a file.)
# locked STATE KDIR
locked() {
	echo "$1" >"$trees/lockdown"
	run bwrap --dev-bind / / --tmpfs /sys/kernel/security --ro-bind "$trees/lockdown" /sys/kernel/security/lockdown \
		env -u RUST_LKM_SUITE -u RUSTC PATH="$trees/fitting:/usr/bin:/bin" scripts/preflight.sh "$2"
}
locked "none [integrity] confidentiality" "$good"
like "$status $stdout $stderr" "^0 RUSTC=[^ ]*/fitting/rustc .*preflight.sh: warning: this kernel is locked down \(integrity\), as with Secure Boot, and loads only signed modules"$'\n'"  Sign them .*: sudo make sign.*"$'\n'"  Or switch Secure Boot off in the firmware\."$'\n'"  Or use a virtual machine, .*: make vm, make demo\$" \
	"Secure Boot: the build goes on, and the three ways out are named"
locked "[none] integrity confidentiality" "$good"
is "$status $stderr" "0 " "… and a kernel that loads any module needs no word"
locked "none [integrity] confidentiality" "$trees/another"
is "$status $(grep -c 'locked down' <<<"$stderr")" "0 0" "… nor does a build for a kernel that is not running"

# What root has built in a user's checkout. (Without root's capabilities, root is a user like any other.)
mkdir -p "$trees/objects/deep"
touch "$trees/objects/mine.o" "$trees/objects/deep/roots.o"
chmod 444 "$trees/objects/mine.o"
ln -s nowhere "$trees/objects/link"
as_user() { run bwrap --dev-bind / / --unshare-user env -u RUSTC PATH="$trees/fitting:/usr/bin:/bin" scripts/preflight.sh "$good" "$trees/objects"; }
as_user
is "$status $stderr" "0 " "objects of one's own are no obstacle"
if ((EUID == 0)); then
	chown 12345 "$trees/objects/deep/roots.o"
	as_user
	refused "cannot write to $trees/objects/deep/roots.o, which another user has made" "an object of another user"
	like "$stderr" "  sudo chown -R \\\$USER $trees/objects\$" "an object of another user: the way out"
else
	skip "an object of another user" "not root"
fi

# A kernel that clang has built.
preflight "$trees/fitting" "$good"
is "$(grep -o LLVM <<<"$stdout")" "" "for gcc, kbuild's default is used"
clang=$(tree clang "$running" "${fitting[@]}" CONFIG_CC_IS_CLANG=y)
bare "$trees/fitting" "$clang"
refused "kernel $running was built with clang and lld, and this machine lacks them" "no clang"
for program in clang ld.lld; do compiler "$trees/fitting/$program" "clang"; done
bare "$trees/fitting" "$clang"
like "$stdout" ' LLVM=1$' "clang is used if it has built the kernel"

# The sandbox has the distribution's rustc. Another one in PATH must not win, even if it claims to be the same.
wanted=$(scripts/sandbox.sh /usr/bin/rustc --version)
debian=$(tree debian "$running" "CONFIG_RUST=y" "CONFIG_RUSTC_VERSION_TEXT=\"$wanted\"")
compiler "$trees/claiming/rustc" "$wanted"
run scripts/sandbox.sh env PATH="$trees/claiming:/usr/bin" scripts/preflight.sh "$debian"
like "$stdout" "^RUSTC=/usr/bin/rustc BINDGEN=/usr/bin/bindgen " "the distribution's rustc comes before PATH's"

# Whoever calls make sees the same message.
run env -u RUST_LKM_SUITE make KDIR="$trees/none"
is "$status" 2 "make fails when the preflight does"
like "$stderr" "preflight.sh: error: no such kernel build tree" "make shows the preflight's message"

run scripts/preflight.sh --help
like "$status $stdout" '^0 Usage: scripts/preflight.sh' "--help prints the usage"
run scripts/preflight.sh --default extra
like "$status $stderr" '^2 .*--default takes no argument' "an argument too many gives 2"
run scripts/preflight.sh --unknown
is "$status" 2 "an unknown option gives 2"

done_testing
