#!/usr/bin/env bash
# rust-headers.sh: a small archive of made-up kernels, one of each kind, shows that no incomplete headers are called complete.
# (All tests in the virtual machine use the real archive.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
release=$(<"$kdir/include/config/kernel.release")

# The kernel that the modules are built for.
run scripts/sandbox.sh scripts/rust-headers.sh
is "$status $stdout $stderr" "0 $PWD/build/kernels/$release/build " "a complete tree is not made again, and its path is printed"
run scripts/sandbox.sh scripts/rust-headers.sh --check "$kdir"
is "$status" 0 "--check finds it complete"
like "$stdout" 'symbols: +all [0-9]{4} that the kernel exports' "--check compares the symbols: there are thousands"
like "$stdout" 'rustc found: +/usr/bin/rustc' "--check names the compiler that fits"
run scripts/sandbox.sh scripts/rust-headers.sh --list
like "$stdout" "(^|"$'\n'")${release//+/\\+} +[^ ]+ +completed" "--list shows it as completed"
run scripts/sandbox.sh scripts/rust-headers.sh 0.0.0-none
is "$status" 1 "a release that apt does not know gives 1"
like "$stderr" 'apt knows no headers of kernel 0.0.0-none' "… and is named"

directory=$(mktemp -d "$PWD/build/rust-headers-test.XXXXXX")
temporary+=("$directory")
mkdir -p "$directory"/{checkout,bin,deb,tree/rust}
cp -a scripts packaging "$directory/checkout/"

# A build tree that lacks a symbol, and one with a symbol too many.
rmdir "$directory"/tree{/rust,}
# (Hard links cost nothing, but cannot be made between two layers, for example those of confined.sh.)
cp -al "$kdir" "$directory/tree" 2>/dev/null || { rm -rf "$directory/tree" && cp -a "$kdir" "$directory/tree"; }
rm "$directory/tree/Module.symvers"
awk -F '\t' '$3 == "vmlinux" && $2 ~ /^_R/ && !done { done = 1; next } 1' "$kdir/Module.symvers" >"$directory/tree/Module.symvers"
run scripts/sandbox.sh scripts/rust-headers.sh --check "$directory/tree"
is "$status" 1 "--check refuses metadata with a symbol that the kernel lacks"
like "$stdout" 'only made here: +_R' "… and names it"
{ cat "$kdir/Module.symvers" && printf '0x00000000\t_RNvNone\tvmlinux\tEXPORT_SYMBOL_GPL\t\n'; } >"$directory/tree/Module.symvers"
run scripts/sandbox.sh scripts/rust-headers.sh --check "$directory/tree"
is "$status" 1 "--check refuses metadata that lacks a symbol of the kernel"
like "$stdout" 'only in the kernel: +_RNvNone' "… and names it"
rm "$directory"/tree/{rust/libffi.rmeta,rust/libmacros.so,rust/kernel/generated_arch_warn_asm.rs,include/generated/rustc_cfg}
run scripts/sandbox.sh scripts/rust-headers.sh --check "$directory/tree"
is "$status $(grep incomplete <<<"$stdout" | sort)" "1 metadata:     incomplete, include/generated/rustc_cfg is missing
metadata:     incomplete, rust/kernel/generated_arch_warn_asm.rs is missing
metadata:     incomplete, rust/libffi.{rmeta,so} is missing
metadata:     incomplete, rust/libmacros.{rmeta,so} is missing" \
	"--check finds every missing file: those that kbuild names, those that the crates depend on, those that their macros include"
cp --remove-destination "$kdir/rust/libcore.rmeta" "$directory/tree/rust/"
truncate -s 1M "$directory/tree/rust/libcore.rmeta"
run scripts/sandbox.sh scripts/rust-headers.sh --check "$directory/tree"
like "$status $stdout" '^1 .*incomplete, rust/libcore.rmeta \(it is broken\) is missing' "… and a file that is cut off"

# ---- The made-up archive.

# package NAME FILE…: makes NAME.deb, with the files, which are given as PATH=CONTENT.
package() {
	local tree=$directory/package file
	rm -rf "$tree"
	mkdir -p "$tree/DEBIAN"
	[[ $1 =~ [0-9.]+ ]]
	printf 'Package: %s\nVersion: %s-1\nArchitecture: all\nMaintainer: nobody\nDescription: none\n' "$1" "${BASH_REMATCH[0]}" >"$tree/DEBIAN/control"
	[[ $1 != linux-headers-*-amd64 ]] || echo "Depends: gcc, linux-headers-9.9.1-common (= 9.9.1-1), linux-kbuild-9.9.1" >>"$tree/DEBIAN/control"
	for file in "${@:2}"; do
		mkdir -p "$(dirname "$tree/${file%%=*}")"
		printf '%b\n' "${file#*=}" >"$tree/${file%%=*}"
	done
	[[ $1 != linux-source-* ]] || cp "$directory/source.tar" "$tree/usr/src/$1.tar.xz"
	dpkg-deb --root-owner-group -Znone -b "$tree" "$directory/deb/$1.deb" >/dev/null
}

rustc=$(scripts/sandbox.sh rustc --version)
mkdir -p "$directory"/source/linux-source-9.9/{rust,scripts}
mkdir -p "$directory"/source/linux-source-9.9/{drivers/gpu,arch/{x86,arm64,sparc}}
touch "$directory"/source/linux-source-9.9/{.clippy.toml,.rustfmt.toml,scripts/generate_rust.sh,drivers/{Kconfig,driver.c,gpu/gpu.h,driver.h},arch/{x86,arm64,sparc}/arch.h}
echo "rustc --crate-type rlib -O --out" >"$directory/source/linux-source-9.9/rust/Makefile"
# (An option that can be m, and is m or y; one that is off; one that cannot be m.)
mkdir "$directory/source/linux-source-9.9/lib"
printf 'config %s\n\t%s "words"\n' ONE tristate TWO tristate THREE tristate FOUR bool >"$directory/source/linux-source-9.9/lib/Kconfig"
cat >"$directory/source/linux-source-9.9/lib/Makefile" <<'MAKEFILE'
obj-$(CONFIG_ONE) += one.o one-more.o deeper/ \
	another.o # comment.o
one-y := part.o
  obj-$(CONFIG_TWO)	:= two.o
obj-$(CONFIG_THREE) += three.o
obj-$(CONFIG_FOUR) += four.o
obj-y += five.o
MAKEFILE
tar -cf "$directory/source.tar" -C "$directory/source" linux-source-9.9
kernel() {
	local headers=usr/src/linux-headers-$1
	local config=$2\\nCONFIG_RUSTC_VERSION_TEXT=\"${3:-$rustc}\"
	package "linux-headers-$1" "$headers/.config=$config\nCONFIG_LD_VERSION=1" "$headers/.kernelvariables=" \
		"$headers/include/config/auto.conf=$config" \
		"$headers/include/config/kernel.release=$1" \
		"$headers/Module.symvers=0x0\t_RNv1\tvmlinux\tEXPORT_SYMBOL_GPL\t\n0x0\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0x0\t_RNvM\tdrm\tEXPORT_SYMBOL_GPL\t"
	package "linux-binary-$1" "usr/lib/modules/$1/vmlinuz=image"
}
package linux-headers-9.9.1-common usr/src/linux-headers-9.9.1-common/Makefile=
package linux-kbuild-9.9.1 "usr/lib/linux-kbuild-9.9.1/scripts/Makefile.build=rust_common_cmd = --extern kernel"
package linux-source-9.9 usr/src/none=
mv "$directory"/source.tar{,.whole}
head -c 1300 "$directory/source.tar.whole" >"$directory/source.tar"
mv "$directory"/deb/linux-source-9.9.deb "$directory/whole.deb"
package linux-source-9.9 usr/src/none=
mv "$directory/deb/linux-source-9.9.deb" "$directory/cut-source.deb"
mv "$directory/whole.deb" "$directory/deb/linux-source-9.9.deb"
kernel 9.9.1-amd64 'CONFIG_RUST=y\nCONFIG_ONE=m\nCONFIG_TWO=y\nCONFIG_FOUR=y'
kernel 9.10.2-amd64 CONFIG_RUST=y
kernel 9.9.1-norust-amd64 CONFIG_MODULES=y
kernel 9.9.1-other-amd64 CONFIG_RUST=y "rustc 9.9.9 (some other)"

# The files that the kernel's make would build: crates. One of them depends on another, and has a macro that includes a file.
mkdir -p "$directory"/made/{rust/kernel,scripts}
cat >"$directory/made/crate" <<'STANDIN'
crate() {
	{ echo '#![feature(no_core)] #![no_core]' && cat; } | RUSTC_BOOTSTRAP=1 rustc --crate-name "$1" --crate-type lib \
		--edition 2021 --emit=metadata="rust/lib$1.rmeta" -L rust "${@:2}" -
}
cd "$1" || exit
for name in core compiler_builtins ffi; do crate "$name" </dev/null; done
rustc --crate-name macros --crate-type proc-macro --edition 2021 -o rust/libmacros.so - </dev/null
crate kernel --extern ffi <<'CRATE'
pub use ffi;
#[macro_export] macro_rules! including { () => { include!(concat!(env!("OBJTREE"), "/rust/kernel/generated_thing.rs")) } }
CRATE
STANDIN
scripts/sandbox.sh bash "$directory/made/crate" "$directory/made"
rm "$directory/made/crate"
for file in rust/kernel/generated_thing.rs rust/made.bc scripts/target.json; do echo x >"$directory/made/$file"; done

# Stand-ins for apt and for the kernel's make. The file "behaviour" says what they do.
cat >"$directory/archive" <<'ARCHIVE'
linux-headers-9.9.1-amd64 9.9.1-1
linux-headers-9.9.1-common 9.9.1-1
linux-binary-9.9.1-amd64 9.9.1-1
linux-headers-9.9.1-norust-amd64 9.9.1-1
linux-binary-9.9.1-norust-amd64 9.9.1-1
linux-headers-9.9.1-other-amd64 9.9.1-1
linux-binary-9.9.1-other-amd64 9.9.1-1
linux-source-9.9 9.9.1-1
linux-headers-9.10.2-amd64 9.10.2-1
linux-binary-unsigned-9.10.2-amd64 9.10.2-1
linux-source-9.10 9.10.2-1
linux-headers-9.10.3-amd64 9.10.3-1
linux-source-9.10 9.10.3-1
linux-headers-9.8.7-amd64 9.8.7-1
linux-image-9.8.7-amd64 9.8.7-1
linux-source-9.8 9.8.6-1
ARCHIVE
cat >"$directory/bin/apt-cache" <<STANDIN
#!/bin/bash
case \$1 in
pkgnames) grep -o "^\$2[^ ]*" "$directory/archive" | sort -u ;;
madison) shift && for name; do sed -n "s/^\$name \\(.*\\)/\$name | \\1 | none/p" "$directory/archive"; done ;;
show)
	echo "Depends: gcc, linux-headers-9.9.1-common (= 1), linux-kbuild-9.9.1"
	[[ \$2 != linux-headers-amd64=9.9.1-1 ]] || echo "Depends: linux-headers-9.9.1-amd64 (= 9.9.1-1)"
	;;
esac
STANDIN
cat >"$directory/bin/apt-get" <<STANDIN
#!/bin/bash
shift
printf '%s\n' "\$@" >>"$directory/downloaded"
behaviour=\$(<"$directory/behaviour")
[[ \$behaviour != gone ]] || { echo "E: no such version" && exit 100; }
for name; do cp "$directory/deb/\${name%%=*}.deb" . || exit; done
[[ \$behaviour != cut ]] || truncate -s 100 *.deb
[[ \$behaviour != cut-source ]] || cp "$directory/cut-source.deb" linux-source-9.9.deb
STANDIN
cat >"$directory/bin/make" <<STANDIN
#!/bin/bash
behaviour=\$(<"$directory/behaviour")
for word; do [[ \$word != O=* ]] || object=\${word#O=}; done
if [[ "\$*" == *" M="* ]]; then
	[[ \$behaviour == no-command ]] || echo "command: OBJTREE=\$3 rustc --target=\$3/scripts/target.json -L \$3/rust/ --sysroot=/dev/null --extern kernel --out-dir ./"
	exit
fi
case "\${!#} \$behaviour" in
"syncconfig other-configuration") echo CONFIG_OTHER=y >>"\$object/.config" ;;
"syncconfig new-option") exit 1 ;;
"olddefconfig new-option") echo CONFIG_NEW=y >>"\$object/.config" ;;
"syncconfig other-linker") sed -i s/LD_VERSION=1/LD_VERSION=2/ "\$object/.config" ;;
"prepare slow") touch "$directory/begun" && sleep 300 ;;
"prepare fail") echo "compilation failed" && exit 2 ;;
prepare*)
	[[ \$* == *" CONFIG_OBJTOOL= CONFIG_DEBUG_INFO_BTF= "* ]] || exit
	(cd "\$object/../source" && find . -type f | sort && cat rust/Makefile) >>"$directory/prepared"
	[[ \$behaviour != wants-more || -e \$object/../source/drivers/driver.c ]] || exit
	mkdir -p "\$object"/rust/{host,kernel}
	cp -r "$directory/made/." "\$object/"
	touch "\$object"/rust/{kernel.o,.kernel.o.cmd,host/libsyn.rlib}
	case \$behaviour in
	half) rm "\$object/rust/libcore.rmeta" ;;
	no-ffi) rm "\$object/rust/libffi.rmeta" ;;
	no-macros) rm "\$object/rust/libmacros.so" ;;
	no-thing) rm "\$object/rust/kernel/generated_thing.rs" ;;
	no-target) rm "\$object/scripts/target.json" ;;
	cut-kernel) truncate -s 100 "\$object/rust/libkernel.rmeta" ;;
	esac
	symbol=_RNv1
	[[ \$behaviour != other-symbol ]] || symbol=_RNv2
	echo "EXPORT_SYMBOL_RUST_GPL(\$symbol);" >"\$object/rust/exports_kernel_generated.h"
	;;
esac
STANDIN
chmod +x "$directory"/bin/*

headers() { scripts/sandbox.sh env PATH="$directory/bin:/usr/bin" "$directory/checkout/scripts/rust-headers.sh" "$@"; }
made=$directory/checkout/build/kernels/9.9.1-amd64

# refused BEHAVIOUR TEXT DESCRIPTION: checks that it fails with this behaviour, with a message that has TEXT.
refused() {
	echo "$1" >"$directory/behaviour"
	run headers 9.9.1-amd64
	is "$status $stdout" "1 " "$3 is refused"
	like "$stderr" "$2" "$3: the message names the cause"
	not_there "$made" "$3 leaves nothing that looks complete"
}
: >"$directory/prepared"
refused other-symbol 'the metadata does not fit kernel 9.9.1-amd64' "metadata of another kernel"
like "$stderr" 'only in the kernel: +_RNv1' "… with a symbol that differs"
refused other-configuration 'the configuration came out different here' "another configuration"
refused new-option '> CONFIG_NEW=y'$'.*\n'".*build/log/rust-headers" "an option that the package's configuration does not have"
refused fail 'source could not be prepared' "a source that does not build"
like "$stderr" 'The whole output is in build/log/rust-headers-9.9.1-amd64.log' "… with the log's place"

refused gone 'apt-get could not download version 9.9.1-1 of linux; the mirror may have a newer one' "a package that the mirror no longer has"
refused cut 'could not unpack the packages' "a package that is cut off"
refused cut-source 'could not unpack the packages' "a source that is cut off in its package"
refused half 'rust/libcore.\{rmeta,so\}' "a missing crate that the compiler uses by itself"
refused no-ffi 'rust/libffi.\{rmeta,so\}' "a missing crate that another one depends on"
refused no-macros 'rust/libmacros.\{rmeta,so\}' "a missing macro library, which no crate names,"
refused no-thing 'rust/kernel/generated_thing.rs' "a missing file that a macro includes"
refused no-target 'scripts/target.json' "a missing file that kbuild names"
refused cut-kernel 'rust/libkernel.rmeta .it is broken' "a crate that is cut off"

mkdir "$directory/few"
for program in "$PWD"/build/sandbox/*/usr/bin/*; do ln -sf "/usr/bin/${program##*/}" "$directory/few/"; done
rm "$directory"/few/{pahole,python3}
run scripts/sandbox.sh env PATH="$directory/bin:$directory/few" "$directory/checkout/scripts/rust-headers.sh" 9.9.1-amd64
is "$status" 1 "if this machine lacks programs, it fails"
like "$stderr" 'this machine lacks: pahole python3'$'\n''  Debian: sudo apt-get install dwarves python3'$'\n' \
	"… and names all of them, and the one command to run"

mv "$directory/archive" "$directory/archive.whole"
grep -v linux-source "$directory/archive.whole" >"$directory/archive"
run headers
like "$status $stderr" '^1 .*apt knows no kernel that can be completed' "if the archive has no complete kernel, the message says so"
mv "$directory/archive.whole" "$directory/archive"

for signal in INT TERM KILL; do
	echo slow >"$directory/behaviour"
	rm -f "$directory/begun"
	setsid env --default-signal=INT scripts/sandbox.sh env PATH="$directory/bin:/usr/bin" \
		"$directory/checkout/scripts/rust-headers.sh" 9.9.1-amd64 </dev/null >/dev/null 2>&1 &
	session=$!
	await "$directory/begun"
	if [[ $signal == KILL ]]; then kill -KILL "$session"; else signal_session "$signal" "$session"; fi
	wait "$session" 2>/dev/null
	not_there "$made" "SIG$signal leaves nothing that looks complete"
	# Give the processes two seconds to end.
	for ((i = 0; i < 20; i++)); do
		left=$(session "$session")
		[[ -n $left ]] || break
		sleep 0.1
	done
	is "$left" "" "SIG$signal leaves no process behind"
done

# Two at once.
rm -f "$directory/begun"
sessions=()
for number in 1 2; do
	setsid scripts/sandbox.sh env PATH="$directory/bin:/usr/bin" "$directory/checkout/scripts/rust-headers.sh" 9.9.1-amd64 \
		</dev/null >/dev/null 2>"$directory/run.$number" &
	sessions+=($!)
	await "$directory/begun"
done
await "$directory/run.2" 'waiting for another run: it is completing the headers of 9\.9\.1-amd64'
is "$(grep -c Completing "$directory"/run.[12] | sed 's/.*://' | paste -sd ' ')" "1 0" "of two runs at once the second waits"
for session in "${sessions[@]}"; do
	signal_session KILL "$session"
	wait "$session" 2>/dev/null
done

echo fine >"$directory/behaviour"
run headers 9.9.1-amd64
is "$status $stdout" "0 $made/build" "after all this, it can still be completed"
is "$(grep '^\[' <<<"$stderr" | sed 's/ … done, .*//')" "[1/6] Downloading headers, image and source
[2/6] Unpacking
[3/6] Configuring as the package was
[4/6] Making the Rust metadata
[5/6] Putting the build tree together
[6/6] Comparing the exported Rust symbols with the kernel's" "… in six steps"
is "$(cat "$made/vmlinuz")" "image" "… with the kernel's image"
is "$(grep 'These options differ' <<<"$stderr")" "" "… and no differences are reported, because there are none"
is "$(paste -sd ' ' "$made/names")" "another one one-more two" "… and the names of its modules, for new-module.sh"
is "$(cd "$made/build/rust" && find . -type f ! -name Makefile | sort | paste -sd ' ')" \
	"./exports_kernel_generated.h ./kernel/generated_thing.rs ./libcompiler_builtins.rmeta ./libcore.rmeta ./libffi.rmeta ./libkernel.rmeta ./libmacros.so ./made.bc" \
	"… with all files that were made, whatever their names, except objects and records"
is "$(<"$made/build/rust/Makefile")" "rustc --crate-type rlib -O --out" "… and the source's own Makefile"
like "$(<"$directory/prepared")" "rustc --crate-type rlib --out" "… although the macros' parsers were compiled without optimisation"
is "$(grep -E 'drivers|arch' "$directory/prepared" | sort -u | paste -sd ' ')" \
	"./arch/$([[ $(uname -m) == x86_64 ]] && echo x86 || echo arm64)/arch.h ./drivers/Kconfig ./drivers/driver.h" \
	"… from those parts of the source that the metadata need"

# Trees that others have made. Arch's does not say which symbols were made; a tree of make O=DIR has no Makefile.build.
run headers --check "$made/build"
like "$status $stdout $stderr" '^0 .*symbols: +all 1 that the kernel exports $' "--check agrees"
cp -a "$made/build" "$directory/others"
rm "$directory"/others/rust/exports_*_generated.h
run headers --check "$directory/others"
like "$status $stdout $stderr" '^0 .*metadata: +complete'$'\n''symbols: +cannot be compared, because this tree does not say which were made $' "--check does not accuse a tree that does not say which symbols were made"
cp "$made/build"/rust/exports_*_generated.h "$directory/others/rust/"
rm "$directory/others/Module.symvers"
run headers --check "$directory/others"
like "$status $stdout $stderr" '^0 .*symbols: +cannot be compared, because this tree does not say which the kernel has $' "… or which the kernel has"
rm "$directory"/others/{scripts/Makefile.build,rust/libkernel.rmeta}
run headers --check "$directory/others"
like "$status $stdout $stderr" '^1 .*incomplete, rust/libkernel\.\{rmeta,so\} is missing $' "a crate that only kbuild's command names is missed, too"
echo no-command >"$directory/behaviour"
run headers --check "$directory/others"
like "$status $stdout $stderr" '^1 .*incomplete, everything that kbuild needs for compiling Rust is missing $' "a tree that has no such command is refused, in one line"

echo wants-more >"$directory/behaviour"
rm -r "$made"
: >"$directory/prepared"
run headers 9.9.1-amd64
is "$status" 0 "if that is not enough, all of the source is unpacked"
like "$(<"$directory/prepared")" "drivers/driver.c" "… before the next attempt"

# A script that makes the tree in another way does not use the tree of an older script.
cp -a "$directory/checkout" "$directory/changed"
sed -i 's/^prepare() { /&: a step more; /' "$directory/changed/scripts/rust-headers.sh"
echo other-linker >"$directory/behaviour"
run scripts/sandbox.sh env PATH="$directory/bin:/usr/bin" "$directory/changed/scripts/rust-headers.sh" 9.9.1-amd64
is "$status" 0 "a tree that an older rust-headers.sh made is made again"
like "$stderr" 'Completing the headers of kernel 9.9.1-amd64' "… and it says so"
like "$stderr" $'These options differ .*\n  < CONFIG_LD_VERSION=1\n  > CONFIG_LD_VERSION=2\n' "another linker is allowed, and the message names it"
echo fine >"$directory/behaviour"
run headers 9.9.1-amd64
is "$status $stderr" "0 " "a tree that this script made is used as it is"

# ---- Its package.

run headers --deb 9.9.1-amd64
architecture=$(scripts/sandbox.sh dpkg --print-architecture)
packages=$directory/checkout/build/packages
deb=$packages/linux-librust-9.9.1-amd64_9.9.1-1_$architecture.deb
meta=$packages/linux-librust-amd64_9.9.1-1_$architecture.deb
is "$status $stdout" "0 $deb" "--deb makes a package, and prints its path"
like "$stderr" "The metapackage is build/packages/${meta##*/}" "… and the metapackage of the flavour's newest kernel"
in_deb() { scripts/sandbox.sh bash -c 'mkdir /tmp/files && dpkg-deb -R "$0" /tmp/files && cd /tmp/files && '"$2" "$1"; }
compiler=$(cut -d ' ' -f 2 <<<"$rustc")
sum() { sha256sum <"$made/build/$1" | head -c 12; }
clippy=linux-librust-clippy.toml-9.9.1 target=linux-librust-target.json-9.9.1
control=$(in_deb "$deb" 'cat DEBIAN/control')
is "$(sed -E '/^Description/,$d; /^Installed-Size/d; s/, libc6 \(>= 2[0-9.]+\)(, libgcc-s1 \(>= [0-9.]+\))?$/, LIBRARIES/' <<<"$control")" \
	"Package: linux-librust-9.9.1-amd64
Version: 9.9.1-1
Architecture: $architecture
Maintainer: rust-lkm <rust-lkm@localhost>
Section: kernel
Priority: optional
Source: linux-librust
Depends: linux-headers-9.9.1-amd64 (= 9.9.1-1), rustc (>= $compiler), rustc (<< ${compiler%.*}.$((${compiler##*.} + 1))~), bindgen, make, LIBRARIES
Provides: $clippy (= 0~$(sum .clippy.toml)), $target (= 0~$(sum scripts/target.json))
Conflicts: $clippy (<< 0~$(sum .clippy.toml)), $clippy (>> 0~$(sum .clippy.toml)), $target (<< 0~$(sum scripts/target.json)), $target (>> 0~$(sum scripts/target.json))
Suggests: rust-clippy" "its fields: it fits these headers, this compiler, and other flavours with the same shared files"
is "$(grep -c '@' <<<"${control//@localhost/}")" 0 "nothing in them is left open"
size=$(in_deb "$deb" 'find usr -type f -printf "%s\n" | awk "{ size += int((\$1 + 1023) / 1024) } END { print size }"; find usr -type d | wc -l')
same "$(sed -n 's/^Installed-Size: //p' <<<"$control")" "$((${size/$'\n'/ + }))" "Installed-Size counts files in KiB, and one for each directory"
in_rust() { (cd "$1" && find rust -type f ! -name '.*' ! -name '*_generated.rs' ! -name Makefile ! -name '*.md' | LC_ALL=C sort); }
same "$(in_deb "$deb" 'cd usr/src/linux-headers-9.9.1-amd64 && find . -type f | sed s,./,, | LC_ALL=C sort')" "$(in_rust "$made/build")" "it has all of rust/ but the sources that nothing needs again"
is "$(in_deb "$deb" 'cd usr/lib/linux-librust/9.9.1-amd64 && find . -type f | LC_ALL=C sort; grep ^release= links')" \
	"./links
./shared/.clippy.toml
./shared/scripts/target.json
release=9.9.1-amd64" "… and its own copies of the shared files, and what links to them"
is "$(in_deb "$deb" 'find usr -type f ! -perm 644 -o -type d ! -perm 755; stat -c "%a %n" DEBIAN/p*; md5sum --check --quiet DEBIAN/md5sums; wc -l <DEBIAN/md5sums; grep -h "9.9.1-amd64/links" DEBIAN/p*')" \
	"755 DEBIAN/postinst
755 DEBIAN/prerm
$(in_deb "$deb" 'find usr -type f | wc -l')
	sh /usr/lib/linux-librust/9.9.1-amd64/links add
	sh /usr/lib/linux-librust/9.9.1-amd64/links remove" "everybody can read it, its sums are right, and its scripts are for this kernel"
is "$(in_deb "$deb" 'cd usr/share && zcat doc/*/changelog.Debian.gz; echo doc/*/* lintian/overrides/*')" "linux-librust-9.9.1-amd64 (9.9.1-1) unstable; urgency=medium

  * Made from version 9.9.1-1 of linux.

 -- rust-lkm <rust-lkm@localhost>  $(date -Rud "@$(stat -c %Y "$made/build/.config")")
doc/linux-librust-9.9.1-amd64/changelog.Debian.gz doc/linux-librust-9.9.1-amd64/copyright lintian/overrides/linux-librust-9.9.1-amd64" "… and its documents say what it was made from"
is "$(in_deb "$meta" 'sed -n "/^Package/p; /^Version/p; /^Depends/p" DEBIAN/control')" "Package: linux-librust-amd64
Version: 9.9.1-1
Depends: linux-librust-9.9.1-amd64 (= 9.9.1-1), linux-headers-amd64 (= 9.9.1-1)" "the metapackage keeps headers and metadata at one version"
before=$(stat -c %y "$deb")
run headers --deb 9.9.1-amd64
is "$status $stdout $stderr $(stat -c %y "$deb")" "0 $deb  $before" "the second time, nothing is made"
sed -i 's/^Priority: .*/Priority: extra/' "$directory/checkout/packaging/linux-librust/control"
run headers --deb 9.9.1-amd64
is "$status $(in_deb "$deb" 'grep ^Priority DEBIAN/control')" "0 Priority: extra" "… but it is made again if what it is made from has changed"

as_user=()
((EUID)) || as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
for option in --install --remove; do
	if ! reachable; then
		skip "only root may call $option" "other users cannot reach $PWD"
		continue
	fi
	run "${as_user[@]}" scripts/rust-headers.sh "$option" 9.9.1-amd64
	like "$status $stderr" "^1 .*error: only root can [^"$'\n'"]*"$'\n'" *sudo scripts/rust-headers\.sh $option 9\.9\.1-amd64" "only root may call $option"
done

run headers 9.9.1-norust-amd64
is "$status" 1 "a kernel without CONFIG_RUST is refused"
like "$stderr" 'kernel 9.9.1-norust-amd64 was built without Rust' "… for that reason"
run headers 9.9.1-other-amd64
is "$status" 1 "a kernel that another rustc built is refused"
like "$stderr" "kernel's rustc: rustc 9.9.9 \\(some other\\)" "… for that reason"
run headers 9.8.7-amd64
like "$status $stderr" '^1 .*cannot be completed: the source of that version is gone' "a kernel whose source is gone is refused"
run headers 9.10.3-amd64
like "$status $stderr" '^1 .*cannot be completed: no image yet' "a kernel without an image is refused"

run headers --source 9.9.1-amd64
like "$status $stdout" '^0 linux-source-9\.9=[^ ]+$' "--source names the package with the kernel's source, and its version"
for arguments in '--source 0.0.0-amd64' '--deb 0.0.0-amd64'; do
	# shellcheck disable=SC2086 # an option and its value
	run headers $arguments
	is "$status $stdout" "1 " "${arguments% *}: a kernel that apt does not know gives 1"
done
run headers --list
is "$(awk 'NR > 1 { print $1 }' <<<"$stdout" | tr '\n' ' ')" "9.10.3-amd64 9.10.2-amd64 9.9.1-other-amd64 9.9.1-norust-amd64 9.9.1-amd64 9.8.7-amd64 " \
	"--list sorts by version, newest first"
like "$stdout" '9.10.2-amd64 .* can be completed \(its image is not signed yet\)' "--list says if an image is not signed"
like "$stdout" '9.9.1-amd64 .* completed' "--list says what is completed"
like "$stdout" '9.8.7-amd64 .* cannot be: the source of that version is gone' "--list says why not: no source"
like "$stdout" '9.10.3-amd64 .* cannot be: no image yet' "--list says why not: no image"
like "$stdout" '9.9.1-norust-amd64 .* cannot be: built without CONFIG_RUST' "--list says why not: no Rust"
like "$stdout" "9.9.1-other-amd64 .* cannot be: built by rustc 9.9.9, but this is ${rustc%% (*}" "--list says why not: another compiler"

mv "$directory/deb/linux-headers-9.10.2-amd64.deb" "$directory/"
rm -r "$directory/checkout/build/kernels/known"
# (Another run holds the lock of its directory.)
mkdir -p "$directory/checkout/build/kernels/known"/new.{killed,others}
exec {others}<"$directory/checkout/build/kernels/known/new.others"
flock "$others"
run headers --list
is "$(cd "$directory/checkout/build/kernels/known" && echo new.*)" "new.others" "what a run that was killed has downloaded is removed"
exec {others}<&-
like "$status $stderr" '^0 .*apt-get could not download all configurations: ' "--list says so if it cannot download a configuration"
like "$stdout" '9.10.2-amd64 .* can be completed' "… and lists that kernel as possible"

KERNEL=9.10.3-amd64 run headers
like "$status $stderr" '^1 .*kernel 9.10.3-amd64 cannot be completed' "KERNEL= chooses the release"

# Without a release, it chooses the newest kernel of the plain flavour that has a signed image.
printf 'linux-%s 9.7.1-1\n' {headers,image}-9.7.1-amd64 source-9.7 >>"$directory/archive"
rm -r "$directory/checkout/build/kernels/known"
: >"$directory/downloaded"
run headers
is "$status $stdout" "0 $made/build" "the newest kernel that has all its parts is chosen"
is "$(<"$directory/downloaded")" "linux-headers-9.9.1-amd64=9.9.1-1" "… and the configurations of older ones are not downloaded"

# ---- Installed on a machine of one's own. (The sandbox is that machine, with directories that can be written to.)

umask 022
machine=$directory/machine
mkdir -p "$machine"/{etc/alternatives,srv/ready,usr/{src,lib},var/{lib/dpkg/alternatives,log/rust-headers}}
for file in "$directory"/deb/linux-{headers-9.9.1-amd64,headers-9.9.1-common,kbuild-9.9.1}.deb; do dpkg-deb -x "$file" "$machine"; done
installed=$machine/usr/src/linux-headers-9.9.1-amd64
ln -s ../../lib/linux-kbuild-9.9.1/scripts "$installed/scripts"
echo "include /usr/src/linux-headers-9.9.1-common/Makefile" >"$installed/Makefile"
echo "linux-headers-9.9.1-amd64 installed 9.9.1-1" >"$directory/status"
cat >"$directory/bin/dpkg-query" <<STANDIN
#!/bin/bash
case \${!#} in
linux-*) sed -n "s/^\${!#} //p" "$directory/status" ;;
*) exec /usr/bin/dpkg-query "\$@" ;;
esac
STANDIN
chmod +x "$directory/bin/dpkg-query"
# (Some of the sandbox's files can be read only by those who have made it. They are not needed. If the checkout is below one of the
# three directories, an overlay hides it.)
cat >"$directory/enter" <<'STANDIN'
machine=$1 checkout=${1%/*} && shift
mkdir /tmp/{checkout,layers} && mount --rbind "$checkout" /tmp/checkout && mount -t tmpfs none /tmp/layers || exit 99
mkdir /tmp/layers/{upper,work}
cp -a "$machine/." /tmp/layers/upper/
for place in srv usr var; do
	mkdir "/tmp/layers/work/$place"
	mount -t overlay -o "userxattr,lowerdir=/$place,upperdir=/tmp/layers/upper/$place,workdir=/tmp/layers/work/$place" overlay "/$place" || exit 99
done
mkdir -p "$checkout" && mount --rbind /tmp/checkout "$checkout" || exit 99
cp -rn --preserve=mode,links /etc/. /tmp/layers/upper/etc/ 2>/dev/null
mount --bind /tmp/layers/upper/etc /etc || exit 99
"$@"
status=$?
find "$machine" -mindepth 1 -delete
cp -a /tmp/layers/upper/. "$machine/"
exit "$status"
STANDIN
# (An ordinary user needs the rights of a user namespace, and cannot make one in the sandbox.)
outside=()
((EUID == 0)) || outside=(unshare -Ur)
on_machine() { "${outside[@]}" scripts/sandbox.sh unshare -m bash "$directory/enter" "$machine" env PATH="$directory/bin:/usr/sbin:/usr/bin" "$@"; }
tool() { on_machine "$directory/checkout/scripts/rust-headers.sh" "$@"; }
# state: lists all files of the machine that --install may change.
state() { (cd "$machine" && find usr srv var/l*/rust-headers/* etc/alternatives/*-{target.json,.clippy.toml} var/lib/dpkg/alternatives 2>/dev/null | LC_ALL=C sort); }
# nothing_left DESCRIPTION: checks that the machine is as before, and that no large file is left.
nothing_left() {
	same "$(state)" "$before" "after $1 nothing is left"
	not_there "$directory/checkout/build/install" "… and no file that was only needed meanwhile"
}
run on_machine true
if ((status == 99)); then
	skip "--install puts the metadata beside the headers" "there can be no overlay here: ${stderr%%$'\n'*}"
	done_testing
fi
before=$(state)

run tool --install 9.9.1-amd64
is "$status $(printf '%s\n' "$stderr" | sed 's/ … done, .*//')" "0 [1/1] Choosing the files
[1/1] Installing the metadata
The headers of kernel 9.9.1-amd64 have their Rust metadata now." "--install puts the metadata beside the headers"
same "$(cd "$installed" && find rust -type f | LC_ALL=C sort)" "$(in_rust "$made/build")" "… the same files as in the package"
is "$(find "$machine/usr" -name target.json -printf '%l\n' -o -name .clippy.toml -printf '%l\n' | LC_ALL=C sort)" "

/etc/alternatives/linux-headers-9.9.1-common-.clippy.toml
/etc/alternatives/linux-kbuild-9.9.1-target.json" "… with links to the files that all flavours share"
there "$made/vmlinuz" "… and a completed tree that was there before stays"
not_there "$directory/checkout/build/install" "… but no file that was only needed meanwhile"
tool --remove 9.9.1-amd64 2>/dev/null
on_machine bash -c 'umask 077 && "$@"' - "$directory/checkout/scripts/rust-headers.sh" --install 9.9.1-amd64 2>/dev/null
there "$installed/rust" "it works with root's umask 077, too"
is "$(find "$installed/rust" "$machine/usr/lib/linux-librust" -type f ! -perm 644 -o -type d ! -perm 755)" "" "… and everybody can read the files"
run tool --install 9.9.1-amd64
is "$status $stderr" "0 The headers of kernel 9.9.1-amd64 have their Rust metadata." "--install again does nothing"
mv "$installed/rust/libffi.rmeta" "$directory/"
run tool --install 9.9.1-amd64
like "$status $stderr" '^0 .*have their Rust metadata now' "… but if a file has gone, all are installed again"
there "$installed/rust/libffi.rmeta" "… also that one"
echo 9.9.1-0 >"$machine/var/lib/rust-headers/9.9.1-amd64"
run tool --install 9.9.1-amd64
is "$status $(<"$machine/var/lib/rust-headers/9.9.1-amd64")" "0 9.9.1-1" "… and if the headers have another version now"
run tool --remove
is "$status $stderr" "0 " "--remove without a release keeps the metadata of headers that are installed"
there "$installed/rust" "… all of them"
run tool --remove 9.9.1-amd64
is "$status $stderr" "0 The Rust metadata of kernel 9.9.1-amd64 has been removed." "--remove removes them"
nothing_left "--remove"
run tool --remove 9.9.1-amd64
like "$status $stderr" '^1 .*error: .* has installed no metadata for kernel 9\.9\.1-amd64' "… and says if there are none"

tool --install 9.9.1-amd64 2>/dev/null
: >"$directory/status"
for name in 9.9.1-amd64 9.9.2-amd64; do echo "what the hook says" >"$machine/var/log/rust-headers/$name.log"; done
echo "linux-headers-9.9.2-amd64 half-configured 9.9.2-1" >"$directory/status"
run tool --remove
is "$status $stderr $(cd "$machine/var/log/rust-headers" && echo *)" "0 The Rust metadata of kernel 9.9.1-amd64 has been removed. 9.9.2-amd64.log" \
	"--remove without a release removes what is left of headers that are gone"
rm "$machine/var/log/rust-headers/9.9.2-amd64.log"
nothing_left "--remove without a release"
echo "linux-headers-9.9.1-amd64 config-files 9.9.1-1" >"$directory/status"
run tool --install 9.9.1-amd64
like "$status $stderr" '^1 .*the headers of kernel 9\.9\.1-amd64 are not installed'$'\n''.*sudo apt-get install linux-headers-9\.9\.1-amd64' "--install names headers that are not installed"
# (While the hook runs, dpkg calls them half-configured.)
echo "linux-headers-9.9.1-amd64 half-configured 9.9.1-1" >"$directory/status"

# Without a completed tree.
mv "$made" "$directory/made-before"
run tool --install 9.9.1-amd64
like "$status $stderr" '^0 .*\[1/6\] Downloading headers and source … done.*have their Rust metadata now' "--install makes the metadata, for which it needs no image"
not_there "$made" "… and removes the tree in which they were made"
mkdir -p "$made"
cp -r "$directory/made-before/." "$made/"
rm "$made/vmlinuz" "$installed/rust/libffi.rmeta"
run tool --install 9.9.1-amd64
is "$status $(grep -c Completing <<<"$stderr")" "0 0" "what a run that was killed has made is used"
not_there "$made" "… and removed"
tool --remove 9.9.1-amd64 2>/dev/null
for behaviour in fail gone; do
	echo "$behaviour" >"$directory/behaviour"
	run tool --install 9.9.1-amd64
	like "$status $stderr" '^1 .*rust-headers.sh: error: ' "if the metadata cannot be made ($behaviour), --install fails"
	nothing_left "a run whose metadata cannot be made ($behaviour)"
done
echo fine >"$directory/behaviour"
mv "$directory/made-before" "$made"
run tool --install 9.9.1-norust-amd64
like "$status $stderr" '^1 .*the headers of kernel 9\.9\.1-norust-amd64 are not installed' "other headers are others"
sed -i.before 's/^CONFIG_RUSTC_VERSION_TEXT=.*/CONFIG_RUSTC_VERSION_TEXT="rustc 9.9.9"/' "$installed/include/config/auto.conf"
run tool --install 9.9.1-amd64
like "$status $stderr" '^1 .*no rustc here is the one that built kernel 9\.9\.1-amd64' "headers that another compiler made are refused"
echo CONFIG_RUSTC_VERSION_TEXT=\"\" >"$installed/include/config/auto.conf"
run tool --install 9.9.1-amd64
like "$status $stderr" '^1 .*kernel 9\.9\.1-amd64 was built without Rust' "… and those of a kernel without Rust"
mv "$installed/include/config/auto.conf"{.before,}
mkdir "$installed/rust"
run tool --install 9.9.1-amd64
like "$status $stderr" "^1 .*/usr/src/linux-headers-9\.9\.1-amd64/rust exists already, and neither dpkg nor scripts/rust-headers\.sh made it" "a directory that somebody else has made is left alone"
there "$installed/rust" "… and stays"
rmdir "$installed/rust"
# (The directory cannot be written to.)
run on_machine bash -c 'mkdir /usr/lib/linux-librust && mount -t tmpfs -o ro none /usr/lib/linux-librust && "$@"; status=$?; umount /usr/lib/linux-librust; rmdir /usr/lib/linux-librust; exit "$status"' - \
	"$directory/checkout/scripts/rust-headers.sh" --install 9.9.1-amd64
like "$status $stderr" '^1 .*the metadata could not be put into /usr/src/linux-headers-9\.9\.1-amd64 \(is there room' "if a file cannot be written, --install says so"
nothing_left "a run that cannot write"

# Ready packages.
ready=$machine/srv/ready/${deb##*/}
echo 'PACKAGES=/srv/ready' >"$machine/etc/rust-headers.conf"
# takes DESCRIPTION MESSAGE: checks that --install gives this message about a ready package, and succeeds, with no other one.
takes() {
	# (Here, an ordinary user's directories above the checkout belong to nobody, who must not be trusted.)
	if ((EUID)) && [[ -n $2 && -e $machine/etc/rust-headers.conf ]]; then
		skip "$1" "an ordinary user's directories above the checkout belong to nobody here"
		return
	fi
	run tool --install 9.9.1-amd64
	like "$status $(grep -E 'warning|Taking|now' <<<"$stderr")" "^0 ${2:+[^$'\n']*$2[^$'\n']*$'\n'}The headers of kernel 9\.9\.1-amd64 have their Rust metadata now\.\$" "$1"
	tool --remove 9.9.1-amd64 2>/dev/null
}
takes "without a ready package, the metadata is made" ''
cp "$deb" "$ready"
takes "a ready package is taken" 'Taking the ready package of version 9\.9\.1-1\.'
chmod o+w "$ready"
takes "… but not one that others can change" "warning: the ready package is not used, because others than root can write to it: /srv/ready/${deb##*/}"
chmod o-w "$ready"
chmod g+w "$machine/srv/ready"
takes "… nor one in whose directory others can put another one" "warning: the ready package is not used, because others than root can write to it: /srv/ready/"
chmod 1777 "$machine/srv/ready"
takes "… nor one in a directory like /tmp" "warning: the ready package is not used, because others than root can write to it: /srv/ready/"
chmod 755 "$machine/srv/ready"
((EUID)) || chown 65534 "$machine/srv"
takes "… nor one in a directory below another user's" "warning: the ready package is not used, because others than root can write to it: /srv/ready/"
((EUID)) || chown 0 "$machine/srv"
ln -s ready/deeper "$machine/srv/link"
mkdir "$machine/srv/ready/deeper"
mv "$ready" "$machine/srv/ready/deeper/"
echo 'PACKAGES=/srv/link' >"$machine/etc/rust-headers.conf"
takes "a link to its directory may be used" 'Taking the ready package'
mv "$machine/srv/ready/deeper/${deb##*/}" "$ready"
rm -r "$machine"/srv/{link,ready/deeper}
echo 'PACKAGES=/srv/ready' >"$machine/etc/rust-headers.conf"
truncate -s 2000 "$ready"
takes "a ready package that is cut off is not used" "warning: the ready package is damaged or the wrong one, or the disk is full: ${deb##*/}"
cp "$meta" "$ready"
takes "… nor another package of that name" "warning: the ready package is damaged or the wrong one"
# other_package COMMAND: makes a ready package in whose files COMMAND has changed something.
other_package() { scripts/sandbox.sh bash -c 'mkdir /tmp/files && dpkg-deb -R "$0" /tmp/files && (cd "/tmp/files/usr/src/linux-headers-9.9.1-amd64/rust" && '"$1"') && dpkg-deb --root-owner-group -Znone -b /tmp/files "$1" >/dev/null' "$deb" "$ready"; }
other_package 'rm libmacros.so'
takes "a ready package that lacks a file is not used" 'Taking the ready package .*warning: the ready package is not complete, so it is not used'
other_package 'sed -i s/_RNv1/_RNv2/ exports_kernel_generated.h'
takes "… nor one with the symbols of another kernel" 'warning: the ready package does not fit the kernel'
rm -r "$ready" "$machine/etc/rust-headers.conf"
echo "linux-librust-9.9.1-amd64 9.9.1-1" >>"$directory/archive"
cp "$deb" "$directory/deb/linux-librust-9.9.1-amd64.deb"
takes "a ready package is taken from an archive that apt knows, too" 'Taking the ready package of version 9\.9\.1-1'
sed -i 's/^linux-librust-.*/linux-librust-9.9.1-amd64 9.9.1-2/' "$directory/archive"
takes "… but not one of another version" ''
sed -i /linux-librust/d "$directory/archive"

# The package is installed.
echo "linux-librust-9.9.1-amd64 unpacked 9.9.1-1" >>"$directory/status"
run tool --install 9.9.1-amd64
like "$status $stderr" '^1 .*the package linux-librust-9\.9\.1-amd64 is installed, but damaged or of another version'$'\n''.*apt-get install --reinstall linux-librust-9\.9\.1-amd64' "an installed package whose files are gone is named"
dpkg-deb -x "$deb" "$machine"
run tool --install 9.9.1-amd64
is "$status $stderr" "0 The package linux-librust-9.9.1-amd64 brings the Rust metadata." "if the package is installed, its files are used"
like "$(find "$machine/usr" -name target.json -printf '%l\n')" '/etc/alternatives/' "… and their links are made"
sed -i 's/^linux-librust.*/linux-librust-9.9.1-amd64 installed 9.9.1-0/' "$directory/status"
rm "$installed/rust/libmacros.so"
run tool --install 9.9.1-amd64
like "$status $stderr" '^1 .*is installed, but damaged or of another version' "… unless it is of another version"

done_testing
