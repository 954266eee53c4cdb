#!/usr/bin/env bash
# make as kernel developers know it, on a machine with completed headers. (It runs in the sandbox, but the scripts do not know
# that.)

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
release=$(<"$kdir/include/config/kernel.release")
directory=$(mktemp -d "$PWD/build/make-test.XXXXXX")
temporary+=("$directory")
checkout=$directory/checkout
git init -q "$checkout"
# Test uncommitted changes, too. (Where mistakes are tried, the checkout itself has no repository.)
{ git ls-files -z -co --exclude-standard 2>/dev/null || find . -path ./build -prune -o \( -type f -o -type l \) -print0; } | perl -0lne 'print if -e' |
	xargs -0 cp -P --parents -t "$checkout"
git -C "$checkout" add -A
git -C "$checkout" -c user.name=test -c user.email=test@localhost commit -qm "What is tested" --allow-empty
changes() { git -C "$checkout" status --porcelain --ignored; }

native() { run scripts/sandbox.sh env -u RUST_LKM_SUITE -C "$checkout" "$@"; }

native scripts/rust-headers.sh
is "$status" 1 "rust-headers.sh chooses the running kernel here"
like "$stderr" "apt knows no headers of kernel $(uname -r | sed 's/[+.]/\\&/g')" "… for which apt has no headers"

native make KDIR="$kdir"
is "$status" 0 "make builds the modules"
is "$(grep -iE '(^| )(warning|error)' <<<"$stdout$stderr" | grep -v "warning:.* building for kernel")" "" "… without a warning of the compiler"
like "$stderr" "warning: building for kernel ${release//+/\\+}, but .* is running" "… and warns that they are for another kernel than the running one"
modules=$(sed -n 's/^obj-m := //p; s/^obj-m += \(hello\)/\1/p' Kbuild | tr ' ' '\n' | grep . | sed 's/o$/ko/' | sort)
same "$(cd "$checkout" && ls -- *.ko)" "$modules" "each module is at the top, for insmod"
like "$(scripts/sandbox.sh modinfo -F vermagic "$checkout/hello_world.ko")" "^${release//+/\\+} " "built for that kernel"
is "$(changes | grep -v '^!!')" "" "no file that git tracks has changed"

native make KDIR="$kdir"
is "$(grep -c '^  ' <<<"$stdout")" 0 "a second make has nothing to do"

# rebuilds FILE MODULE…: checks that touching FILE compiles exactly these modules again.
rebuilds() {
	local file=$1
	shift
	sleep 0.1
	touch "$checkout/$file"
	native make KDIR="$kdir"
	is "$(sed -n 's/^  RUSTC \[M\] *//p' <<<"$stdout" | sort | paste -sd' ')" "$*" "touching $file rebuilds: $*"
}
rebuilds hello_world.rs hello_world.o
rebuilds startstop/start.rs startstop/startstop.o
rebuilds startstop/stop.rs startstop/startstop.o
mapfile -t using < <(sed -n 's/^obj-m := /lkm\/liblkm.rmeta /p' Kbuild | tr ' ' '\n' | sort)
rebuilds lkm/proc_fs.rs "${using[@]}"

touch "$checkout/hello_world.rs"
native make KDIR="$kdir" V=1
like "$stdout" 'rustc --edition=[0-9]+ .*hello_world\.rs' "V=1 shows the commands"

native make KDIR="$kdir" modules_install INSTALL_MOD_PATH="$directory/installed"
is "$status" 0 "modules_install works"
same "$(cd "$directory/installed/lib/modules/$release/updates" && echo *.ko* | tr ' ' '\n' | sed 's/\.ko.*/.ko/')" "$modules" "… and installs each module"
installed=$directory/installed/lib/modules/$release
like "$stderr" "kernel ${release//+/\\+} itself is not installed in .*/lib/modules/.*, so depmod is not run" "… if that kernel is not installed there, depmod is not run"
not_there "$installed/modules.dep" "… and there is no list of modules"
is "$(grep -viE 'warning: building for kernel|is not installed in' <<<"$stderr")" "" "… and nothing looks like an error"
mkdir "$directory/bin" && printf '#!/bin/sh\nexit 7\n' >"$directory/bin/depmod" && chmod +x "$directory/bin/depmod"
touch "$installed"/modules.{order,builtin,builtin.modinfo}
native make KDIR="$kdir" modules_install INSTALL_MOD_PATH="$directory/installed"
same "$(sed 's,updates/,,; s/\.ko.*/.ko/' "$installed/modules.dep" | sort)" "$modules" "if it is installed there, modprobe's list has each module"
is "$(grep -v 'warning: building for kernel' <<<"$stderr")" "" "… and nothing looks like an error"

run scripts/sandbox.sh env PATH="$directory/bin:$PATH" INSTALL_MOD_PATH="$directory/installed" scripts/depmod.sh "$release"
like "$status $stderr" '^1 .*depmod failed for kernel' "a depmod that fails gives 1"

native make KDIR="$kdir" rust-analyzer
is "$status" 0 "rust-analyzer works"
like "$(scripts/sandbox.sh python3 -c 'import json, sys
print(sorted(crate["display_name"] for crate in json.load(open(sys.argv[1]))["crates"]))' "$checkout/rust-project.json")" \
	"'hello_world'.*'jiffies'.*'kernel'" "… and its file has the modules and the kernel crate"

# ---- A module in a directory of its own, for the kernel that KDIR names.

own=$directory/number
scripts/new-module.sh "$own" 2>/dev/null
rm -rf "$directory/installed"
native make -C "$own" RUST_LKM="$checkout" KDIR="$kdir"
is "$status $(grep -iE '(^| )(warning|error)' <<<"$stdout$stderr" | grep -v "warning:.* building for kernel")" "0 " "in the directory of a module, make KDIR= builds it without a sandbox"
there "$own/build/modules/$release/number.ko" "… for that kernel"
native make -C "$own" RUST_LKM="$checkout" KDIR="$kdir" modules_install INSTALL_MOD_PATH="$directory/installed"
is "$status $(cd "$directory/installed/lib/modules/$release" && find . -name '*.ko*' | sed 's/\.ko.*/.ko/')" "0 ./updates/number.ko" "… and make modules_install installs it, and nothing else"
native make M="$own" KDIR="$kdir" modules_install INSTALL_MOD_PATH="$directory/again"
is "$status $(cd "$directory/again/lib/modules/$release" && find . -name '*.ko*' | sed 's/\.ko.*/.ko/')" "0 ./updates/number.ko" "… and so does make M=DIR modules_install"
# (A kernel that was built without debug information.)
cp -al "$kdir" "$directory/tree" 2>/dev/null || { rm -rf "$directory/tree" && cp -a "$kdir" "$directory/tree"; }
sed -i '/^CONFIG_DEBUG_INFO[_=]/d' "$directory/tree/include/config/auto.conf"
native make M="$own" KDIR="$directory/tree" MO="$directory/own_objects"
is "$status $(scripts/sandbox.sh readelf -SW "$directory/own_objects/number.ko" | grep -c ' \.debug_line ')" "0 1" "a kernel without debug information: the module has it, so that a crash gives the line"
rm -r "$own" "$directory"/{tree,own_objects}

native make clean
is "$(changes | grep -v ' build/$')" "" "clean leaves the sources"
echo 'not rust' >>"$checkout/hello_world.rs"
native make KDIR="$kdir"
is "$status" 2 "a module that does not compile gives 2"
like "$stderr" 'hello_world.rs:[0-9]+' "… and names the line"
native make clean
is "$status" 0 "clean works after a build that failed"
native make -C "$kdir" M="$checkout" modules
native make distclean
is "$(changes)" " M hello_world.rs" "distclean leaves the sources, also after kbuild was called directly"

run make --no-print-directory doc
like "$status $stderr" '^0 .*[1-9][0-9]* examples compile' "make doc makes the documentation of the crate, and its examples compile"
there build/doc/lkm/proc_fs/index.html "… of each of its parts"

run make help
like "$stdout" 'modules +build the modules for KDIR' "make help lists the targets"

done_testing
