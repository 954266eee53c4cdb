#!/usr/bin/env bash
# source-kernel.sh: which arguments it refuses, and each of its steps, with a small source package that is made up.
# (tests/long/host/source_kernel.t has the kernel's own Kconfig, and make test-sanitized a whole kernel.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

mkdir -p build
directory=$(mktemp -d "$PWD/build/source-kernel-test.XXXXXX")
temporary+=("$directory")

run scripts/source-kernel.sh --help
like "$status $stdout" '^0 Usage: scripts/source-kernel.sh' "--help prints the usage"
run scripts/source-kernel.sh --unknown
is "$status" 2 "an unknown option gives 2"
run scripts/source-kernel.sh "$directory/none.config"
is "$status" 2 "a fragment that does not exist gives 2"
run scripts/source-kernel.sh tests/sanitized.config
like "$status $stderr" '^1 .*this must run in the sandbox' "outside the sandbox, it says where to run it"
like "$(scripts/sandbox.sh scripts/rust-headers.sh --source)" '^linux-source-[0-9.]+=[0-9]' "rust-headers.sh names the source package"
run scripts/source-kernel.sh
is "$status" 2 "no fragment gives 2"
run scripts/source-kernel.sh tests/sanitized.config linux-source-0.0=1 more
is "$status" 2 "three arguments give 2"
run scripts/source-kernel.sh "$directory"
like "$status $stderr" "^2 .*no such file: $directory" "a directory is not a fragment"
touch "$directory/a name.config" "$directory/.config"
for file in 'a name.config' .config; do
	run scripts/source-kernel.sh "$directory/$file"
	like "$status $stderr" "^2 .*the name of $directory/$file cannot be part of a kernel's release" "a name that no release can have is refused: $file"
done

# ---- A made-up source package.

mkdir -p "$directory"/{bin,checkout,source/linux-source-9.9/{rust,scripts/package},package/{DEBIAN,usr/src}}
cp -a scripts "$directory/checkout/"
source=$directory/source/linux-source-9.9
touch "$source"/.{clippy.toml,rustfmt.toml} "$source/rust/lib.rs"
# (This Kconfig knows three options, and the second one turns on another.)
cat >"$source/Makefile" <<'MAKEFILE'
srctree := $(CURDIR)
export O LOCALVERSION
allnoconfig:
	grep -E '^CONFIG_(ONE|TWO|NUMBER)=' $(KCONFIG_ALLCONFIG) | sed 's/NUMBER=.*/NUMBER=8/' >$(O)/.config
	! grep -q TWO=y $(O)/.config || echo CONFIG_SELECTED=y >>$(O)/.config
	echo '# CONFIG_OFF is not set' >>$(O)/.config
all:
	! grep -q BROKEN $(srctree)/scripts/state
	mkdir -p $(O)/rust $(O)/scripts
	touch $(O)/rust/libcore.rmeta $(O)/rust/core.o $(O)/scripts/target.json $(O)/scripts/fixdep
	echo "an image, LLVM=$(LLVM) $(notdir $(RUSTC)) $(filter -j%,$(MAKEFLAGS))" >$(O)/image
run-command:
	$(KBUILD_RUN_COMMAND)
image_name:
	@echo image
MAKEFILE
cat >"$source/scripts/package/install-extmod-build" <<'SCRIPT'
#!/bin/sh
mkdir -p "$1/include/config"
echo "9.9.1$(grep -q WITHOUT_NAME "${0%/package/*}/state" || echo "$LOCALVERSION")" >"$1/include/config/kernel.release"
SCRIPT
chmod +x "$source/scripts/package/install-extmod-build"
printf '%s\n' "Package: linux-source-9.9" "Version: 9.9.1-1" "Architecture: all" "Maintainer: nobody" "Description: none" >"$directory/package/DEBIAN/control"
cat >"$directory/bin/apt-get" <<STANDIN
#!/bin/bash
echo "\$*" >>"$directory/downloads"
[[ \$2 == linux-source-9.9=9.9.1-[13] ]] || { echo "E: no such version" && exit 100; }
cp "$directory/source.deb" linux-source-9.9_9.9.1-1_all.deb
STANDIN
chmod +x "$directory/bin/apt-get"
# source_is STATE: makes the package, whose source behaves like that.
source_is() {
	echo "$1" >"$source/scripts/state"
	tar -cf "$directory/package/usr/src/linux-source-9.9.tar.xz" -C "$directory/source" linux-source-9.9
	dpkg-deb --root-owner-group -Znone -b "$directory/package" "$directory/source.deb" >/dev/null
}
: >"$directory/downloads"
kernels=$directory/checkout/build/kernels
kernel() { run scripts/sandbox.sh env PATH="$directory/bin:/usr/sbin:/usr/bin" "$directory/checkout/scripts/source-kernel.sh" "$@"; }
small() { kernel "$directory/small.config" linux-source-9.9=9.9.1-1; }
log=$directory/checkout/build/log/source-kernel-small.log
# (What a run that failed has left is in small.partial, which the next run removes.)
nothing_made() { is "$(find "$kernels" -mindepth 1 -maxdepth 1 ! -name small.partial ! -name small.lock 2>&1)" "" "… and nothing looks like a kernel"; }

printf '%s\n' "# Options" CONFIG_ONE=y CONFIG_LOST=y CONFIG_TWO=y "# CONFIG_SELECTED is not set" "# CONFIG_OFF is not set" \
	"# CONFIG_NONE is not set" CONFIG_NUMBER=3 >"$directory/small.config"
source_is good
small
like "$status $stdout $stderr" "^1  .*the configuration is not what $directory/small\.config asks for" "options that come out differently are refused"
is "$(grep -A 3 'CONFIG_LOST=y: ' "$log")" "CONFIG_LOST=y: the result has no such option
# CONFIG_SELECTED is not set: the result has CONFIG_SELECTED=y
CONFIG_NUMBER=3: the result has CONFIG_NUMBER=8
the fragment has 7 options" "… and each is named, with what it is instead"
nothing_made
echo "# none" >"$directory/small.config"
small
like "$status $(<"$log")" '^1 .*the fragment has 0 options' "a fragment without options is refused"
printf '%s\n' CONFIG_ONE=y "# CONFIG_OFF is not set" >"$directory/small.config"
for state in BROKEN WITHOUT_NAME; do
	source_is "$state"
	small
	like "$status $stdout $stderr" "^1  .*$([[ $state == BROKEN ]] && echo "the kernel could not be built" || echo "the kernel calls itself 9\.9\.1, without -small at the end")" "a source is refused: $state"
	nothing_made
done
kernel "$directory/small.config" linux-source-9.9=9.9.1-2
like "$status $stdout $stderr" '^1  .*apt-get could not download linux-source-9\.9=9\.9\.1-2' "so is a version that apt does not have"
nothing_made

source_is good
small
is "$status $stdout" "0 $kernels/9.9.1-small/build" "a kernel is built, and the path of its build tree is printed"
is "$(printf '%s\n' "$stderr" | sed 's/ … done, .*//')" "Building a kernel of linux-source-9.9, version 9.9.1-1 with $directory/small.config, once
[1/5] Downloading the source
[2/5] Unpacking
[3/5] Configuring
[4/5] Building (this takes minutes)
[5/5] Putting the build tree together" "… in five steps"
is "$(cat "$kernels/9.9.1-small/vmlinuz")" "an image, LLVM=1 rustc -j$(nproc)" "… by clang and our rustc, on all CPUs"
is "$(<"$kernels/9.9.1-small/build/.config")" $'CONFIG_ONE=y\n# CONFIG_OFF is not set' "… with the options of the fragment"
is "$(cd "$kernels/9.9.1-small" && find . -type f | LC_ALL=C sort | paste -sd ' ')" \
	"./build/.clippy.toml ./build/.config ./build/.rustfmt.toml ./build/include/config/kernel.release ./build/rust/lib.rs ./build/rust/libcore.rmeta ./build/scripts/target.json ./key ./vmlinuz" \
	"… and with the Rust metadata; source and objects are gone"
downloads=$(wc -l <"$directory/downloads")
small
same "$status $stdout$stderr $(wc -l <"$directory/downloads")" "0 $kernels/9.9.1-small/build $downloads" "the second time, nothing is built"
echo CONFIG_TWO=y >>"$directory/small.config"
small
is "$status $stdout $(grep -c TWO "$kernels/9.9.1-small/build/.config")" "0 $kernels/9.9.1-small/build 1" "… but it is built again if the fragment has changed"
like "$stderr" 'Building a kernel' "… and says so"
kernel "$directory/small.config" linux-source-9.9=9.9.1-3
like "$status $stderr" '^0 .*Building a kernel of linux-source-9\.9, version 9\.9\.1-3' "… or if the source has another version"
# shellcheck disable=SC2016 # the inner shell's
flock "$kernels/small.lock" bash -c 'touch "$0/held"; until [[ -e $0/let || ! -d $0 ]]; do sleep 0.1; done' "$directory" &
await "$directory/held"
echo CONFIG_NUMBER=8 >>"$directory/small.config"
scripts/sandbox.sh env PATH="$directory/bin:/usr/sbin:/usr/bin" "$directory/checkout/scripts/source-kernel.sh" "$directory/small.config" linux-source-9.9=9.9.1-1 \
	2>"$directory/second" >"$directory/printed" &
second=$!
await "$directory/second" 'waiting for another run: it is building the kernel'
touch "$directory/let"
wait "$second"
is "$? $(<"$directory/printed")" "0 $kernels/9.9.1-small/build" "of two runs at once, the second one waits"
wait

done_testing
