#!/usr/bin/env bash
# Usage: tests/crashes.sh [--sanitized] [PART]
#
# Makes each mistake of docs/crashes.md, and prints its table: how many lines the kernel or its build system prints, how many
# lines explain that, and whether these name the line of the mistake. A mistake that crashes gets a machine of its own.
# With PART, it takes only the mistakes whose names contain PART.
#
#   --sanitized  the mistakes that only the kernel of tests/sanitized.config finds (it is built first)
#   --help       this text
#
# The exit status is 0 if each explanation names the right line, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/common.sh" || exit
. "$top/scripts/kdir.sh"

kernel=stock part=''
while (($#)); do
	case $1 in
	-h | --help) usage && exit ;;
	--sanitized) kernel=sanitized ;;
	-*) bad_usage "unknown option $1" ;;
	*)
		[[ -z $part ]] || bad_usage "one PART at most"
		part=$1
		;;
	esac
	shift
done

cd "$top"
if [[ $kernel == sanitized ]]; then
	kdir=$(scripts/sandbox.sh scripts/source-kernel.sh tests/sanitized.config)
else
	kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
fi
KERNEL=$(kdir_release "$kdir")
export KERNEL
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# directory NAME FILE…: makes a directory of its own for these modules. build_it NAME: builds them.
directory() {
	local own=$work/$1 objects=("${@:2}")
	objects=("${objects[@]##*/}")
	rm -rf "$own"
	mkdir "$own"
	printf '%s\n' "obj-m := ${objects[*]/%.rs/.o}" 'include $(RUST_LKM)/lkm/Kbuild.include' >"$own/Kbuild"
	cp "${@:2}" "$own/"
}
build_it() { make --no-print-directory vm-modules M="$work/$1" >"$work/$1/build.log" 2>&1; }

# row MISTAKE RAW SHOWN FILE REGEX: prints a line of the table. The place that is shown must be a line of FILE that matches REGEX (if it
# is empty, only the file counts).
row() {
	local place right=no line
	place=$(sed -n 's/^ *--> //p' "$3" | head -n 1)
	line=${place#"${4##*/}"} line=${line#:} line=${line%%:*}
	if [[ -z $5 && $place == "${4##*/}" ]] || { [[ -n $5 && $line =~ ^[0-9]+$ ]] && sed -n "${line}p" "$4" | grep -qE "$5"; }; then right=yes; else failed=1; fi
	echo "| $1 | $(grep -c . "$2" || :) | $(grep -c . "$3" || :) | \`${place:-none}\` | $right |"
}

# crash MISTAKE FILE REGEX COMMAND: the command runs in the machine, and prints the kernel's words. If the machine dies, its console
# has them.
crash() {
	[[ $1 == *"$part"* ]] || return 0
	local own=$work/crashes log
	if [[ ! -d $own ]]; then
		directory crashes tests/crashes/{buffer,deadlock,endless,freed,null_pointer,out_of_bounds,unwraps}.rs tests/proc_taken.rs
		build_it crashes || die "the modules do not build" "$(tail -n 5 "$own/build.log")"
	fi
	scripts/vm.sh --from "$own" --strip --smp 2 --timeout 600 bash -c "echo '<1>it begins' >/dev/kmsg; $4" >"$work/raw" 2>"$work/said" || :
	if [[ ! -s $work/raw ]]; then
		log=$(grep -oE -m 1 "$build/log/crash-[0-9a-zA-Z-]*\.log" "$work/said") || die "the machine printed nothing:" "$(<"$work/said")"
		tr -d '\r' <"${log%%$'\n'*}" >"$work/raw"
	fi
	! grep -q 'it begins$' "$work/raw" || sed -i '0,/it begins$/d' "$work/raw"
	scripts/decode.sh --only --source "$own" "$work/raw" "$own/build/modules/$KERNEL" >"$work/shown"
	row "$1" "$work/raw" "$work/shown" "$own/${2##*/}" "$3"
}

# at_build MISTAKE FILE REGEX: what kbuild prints, apart from its steps, and what check-modules.sh adds.
at_build() {
	[[ $1 == *"$part"* ]] || return 0
	build_it mistake || :
	awk -v raw="$work/raw" -v shown="$work/shown" '
		BEGIN { printf "" >raw; printf "" >shown }
		/^(error|warning): / { ours = 1 }
		/^(  [A-Z]|make)/ { ours = 0; next }
		{ print >(ours ? shown : raw) }' "$work/mistake/build.log"
	row "$1" "$work/raw" "$work/shown" "$work/mistake/$2" "$3"
}

echo "| mistake | lines before | lines of the explanation | it names | right |"
echo "|---|---|---|---|---|"
if [[ $kernel == sanitized ]]; then
	crash "memory that was freed (sanitized kernel)" freed.rs 'read_volatile' 'insmod freed.ko; dmesg'
	crash "a lock that is held already (sanitized kernel)" deadlock.rs '\*total\.lock\(\) \+=' 'insmod deadlock.ko & sleep 5; dmesg'
	exit "$failed"
fi
crash "\`unwrap()\` on \`None\`, in \`init\`" unwraps.rs '\.unwrap\(\)' 'insmod unwraps.ko; dmesg'
crash "an index beyond the end, in a read" out_of_bounds.rs 'PRIMES\[index' 'insmod out_of_bounds.ko index=4; cat /proc/out_of_bounds; dmesg'
crash "a null pointer" null_pointer.rs 'read_volatile' 'insmod null_pointer.ko; dmesg'
crash "a name in \`/proc\` that is taken" proc_taken.rs 'proc_fs::File::new' 'insmod proc_taken.ko; dmesg'
crash "a lock that is held already" deadlock.rs '\*total\.lock\(\) \+=' 'insmod deadlock.ko & sleep 2; cat /proc/$!/stack'
crash "a loop without an end" endless.rs 'while number|number [%/+]|\* number|steps \+=|\} else' \
	'insmod endless.ko & sleep 8; taskset -pc 0 $! >/dev/null; taskset -c 0 cat /proc/$!/stack'
crash "an array of 20 KB on the stack" buffer.rs '20_000' 'insmod buffer.ko'
directory mistake tests/crashes/buffer.rs
at_build "… at build time" buffer.rs '20_000'
directory mistake tests/crashes/halves.rs
at_build "\`f32\`, at build time" halves.rs 'f32'
directory mistake hello_world.rs
cp simple.rs "$work/mistake/"
at_build "a module that \`Kbuild\` does not name" simple.rs ''
directory mistake hello_world.rs
mv "$work/mistake/hello_world.rs" "$work/mistake/salute.rs"
sed -i 's/hello_world.o/salute.o/' "$work/mistake/Kbuild"
at_build "a name that is not the file's" salute.rs 'name:'
exit "$failed"
