#!/usr/bin/env bash
# foreign.sh: what it lists and what it refuses; and it builds and loads a few modules. (tests/all/host/foreign.t takes all of them.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)

run scripts/foreign.sh --list
is "$status $(wc -l <<<"$stdout")" "0 $(grep -c '^obj-' "$kdir/samples/rust/Makefile")" "all samples of the kernel are listed"
is "$(grep -c '^CONFIG_SAMPLE_RUST_DRIVER_USB rust_driver_usb allowed' <<<"$stdout")" \
	"$(grep -c '^CONFIG_USB=y' "$kdir/include/config/auto.conf")" "… and the kernel's configuration decides which are allowed"
run scripts/foreign.sh 0.0.0-none
like "$status $stdout$stderr" '^1 .*0\.0\.0-none' "a kernel that does not exist gives 1, and is named"
run scripts/foreign.sh --none
is "$status" 2 "an unknown option gives 2"
run scripts/foreign.sh 7.1-one 7.1-two
is "$status" 2 "two kernels give 2"
run scripts/foreign.sh -- --deb
is "$status" 2 "an option is no kernel"
run scripts/foreign.sh no-release
like "$status $stderr" "^2 .*'no-release' is not a kernel's release" "nor is another word"
run scripts/foreign.sh --only mi --list
like "$status $stderr" '^2 .*--list lists all samples: leave out --only' "--list and --only together give 2"

# ---- What Kconfig allows. (A kernel with a file key is taken as complete.)

mkdir -p build
checkout=$(mktemp -d "$PWD/build/foreign-test.XXXXXX")
temporary+=("$checkout")
cp -a scripts "$checkout/"
kernel=$checkout/build/kernels/9.9.9-small
mkdir -p "$kernel"/build/{include/config,samples/rust}
touch "$kernel/key"
ln -s "$PWD/build/sandbox" "$checkout/build/sandbox"
echo 9.9.9-small >"$kernel/build/include/config/kernel.release"
printf 'CONFIG_%s\n' RUST=y ONE=y TWO=m 'WORD="text"' >"$kernel/build/include/config/auto.conf"
# configure OPTION LINE…: makes samples, each with one of the lines.
configure() {
	local number=0 line
	printf 'menuconfig SAMPLES_RUST\n\tbool "Samples"\n\tdepends on NOTHING\n\nif SAMPLES_RUST\n' >"$kernel/build/samples/rust/Kconfig"
	echo "# samples" >"$kernel/build/samples/rust/Makefile"
	for line; do
		number=$((number + 1))
		printf '\nconfig SAMPLE_%s\n\ttristate "A sample"\n\t%s\n\thelp\n\t  depends on nothing\n' "$number" "$line" >>"$kernel/build/samples/rust/Kconfig"
		echo "obj-\$(CONFIG_SAMPLE_$number) += rust_$number.o" >>"$kernel/build/samples/rust/Makefile"
	done
	printf '\nconfig SAMPLE_WITHOUT_MODULE\n\tbool\n\nendif\n' >>"$kernel/build/samples/rust/Kconfig"
}
allowed=('depends on ONE' 'depends on ONE && TWO' 'depends on NONE || TWO' 'depends on (NONE||ONE) && (TWO || NONE)' 'depends on !NONE' 'select ONE' 'depends on ONE=y'
	'depends on TWO = m' 'depends on NONE=n' 'depends on ONE!=n' 'depends on !NONE && ONE != m' $'depends on ONE\n\tdepends on TWO\n\tselect ONE')
refused=('depends on NONE' 'depends on ONE && NONE' 'depends on NONE && ONE' 'depends on NONE || NEITHER' 'depends on (NONE || NEITHER) && ONE' 'depends on !ONE' 'select NONE'
	'depends on ONE=m' 'depends on NONE=y' 'depends on ONE!=y')
configure "${allowed[@]}"
run "$checkout/scripts/foreign.sh" --list 9.9.9-small
is "$status $(cut -d ' ' -f 3- <<<"$stdout" | uniq -c | xargs) $stderr" "0 ${#allowed[@]} allowed " "conditions that a kernel meets are met"
is "$(head -n 1 <<<"$stdout")" "CONFIG_SAMPLE_1 rust_1 allowed" "… and each sample has the name of its module"
configure "${refused[@]}" $'depends on ONE\n\tdepends on NONE\n\tselect TWO'
run "$checkout/scripts/foreign.sh" --list 9.9.9-small
same "$(cut -d ' ' -f 3- <<<"$stdout")" "$(printf '%s\n' "${refused[@]}" 'depends on NONE')" "a condition that it does not meet is named"
configure 'depends on ONE > TWO'
run "$checkout/scripts/foreign.sh" --list 9.9.9-small
like "$status $stderr" '^1 .*cannot understand this of Kconfig: ONE>TWO' "a condition that cannot be understood is an error"
rm "$kernel/build/samples/rust/Kconfig"
run "$checkout/scripts/foreign.sh" --list 9.9.9-small
like "$status $stderr" '^1 .*there are no samples in build/kernels/9\.9\.9-small/build' "so is a kernel without samples"

# ---- A few modules: samples of the kernel, one with Rust and C, and that one again with clippy.

mapfile -t few < <(scripts/foreign.sh --list | awk '$3 == "allowed" { print "samples/" $2 ".ko" }' | grep mi && printf '%s/foreign_mixed.ko\n' mixed clippy)
run scripts/foreign.sh --only mi
is "$status $stdout" "0 ${#few[@]} of ${#few[@]} modules" "--only builds and loads those with a name in their path"
is "$(printf '%s\n' "$stderr" | sed 's/ … done, .*//')" "[1/3] Building ${#few[@]} modules of other projects
[2/3] Getting the kernel's modules that they need
[3/3] Loading and unloading them in $(<"$kdir/include/config/kernel.release")" "… in three steps"
out=build/foreign/$(<"$kdir/include/config/kernel.release")
same "$(sed -n 's/^ok [0-9]* - \(.*\) can be loaded$/\1/p' "$out/load.tap")" "$(printf '%s\n' "${few[@]}")" "… these"
is "$(ls "$out")" "load.tap
log" "only the output is kept"
like "$(<"$out/log")" 'CLIPPY \[M\]' "… with clippy's"
run scripts/foreign.sh --only no-such
like "$status $stderr" "^1 .*error: no module has 'no-such' in its path"$'\n'".*There are: samples/.* clippy/foreign_mixed" "a name that no module has gives 1, and the names are listed"

done_testing
