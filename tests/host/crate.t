#!/usr/bin/env bash
# The crate lkm: a module in another directory needs one line to use it. Code that needs an object file is refused in the crate.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
scratch=$(mktemp -d "$PWD/build/crate-test.XXXXXX")
temporary+=("$scratch")
read -ra tools < <(scripts/sandbox.sh scripts/preflight.sh "$kdir")
# build DIRECTORY [TARGET]: builds beside the sources, as kernel developers do.
build() { run scripts/sandbox.sh make -C "$kdir" M="$1" "${tools[@]}" "${2:-modules}"; }

# ---- In another directory.

mkdir "$scratch/elsewhere"
sed 's/c"jiffies"/c"elsewhere"/; s/name: "jiffies"/name: "elsewhere"/' jiffies.rs >"$scratch/elsewhere/elsewhere.rs"
printf 'obj-m := elsewhere.o\ninclude %s\n' "$PWD/lkm/Kbuild.include" >"$scratch/elsewhere/Kbuild"
build "$scratch/elsewhere"
is "$status" 0 "a module in another directory is built with the crate"
is "$(grep -iE '^(warning|error)' <<<"$stdout$stderr")" "" "… without a warning"
run scripts/vm.sh --add "$scratch/elsewhere/elsewhere.ko" bash -c \
	'insmod elsewhere.ko && cat /proc/elsewhere && rmmod elsewhere && ls /proc/elsewhere'
like "$stdout" '^[0-9]+$' "… is loaded, and its file is read"
like "$stderr" "cannot access '/proc/elsewhere'" "… and rmmod removes the file"
touch "$scratch/elsewhere/elsewhere.rs"
build "$scratch/elsewhere"
is "$(sed -n 's/^  RUSTC \[M\] *//p' <<<"$stdout")" "elsewhere.o" "touching it does not compile the crate again"
build "$scratch/elsewhere" clean
is "$(cd "$scratch/elsewhere" && find . -type f | sort)" $'./Kbuild\n./elsewhere.rs' "clean leaves its sources"

# ---- Code that needs an object file.

mkdir "$scratch/crate"
cp -a lkm "$scratch/crate/"
printf 'obj-m := elsewhere.o\ninclude $(src)/lkm/Kbuild.include\n' >"$scratch/crate/Kbuild"
cp "$scratch/elsewhere/elsewhere.rs" "$scratch/crate/"
build "$scratch/crate"
is "$status" 0 "the crate is built as it is"
is "$(grep '^  ' <<<"$stdout" | grep -vE '^  [A-Z]+ +(\[M\] +)?[^ ]+$') $(grep -oE '^  (BINDGEN|RUSTC) +\[M\] +lkm/.*' <<<"$stdout" | tr -s ' ' | sort | paste -sd ,)" \
	"  BINDGEN [M] lkm/bindings.rs, RUSTC [M] lkm/liblkm.rmeta, RUSTC [M] lkm/liblkm_bindings.rmeta" "… and make names what it makes"

# refused WHAT CODE: checks that the crate is not built with CODE in it.
refused() {
	printf '%s\n' "$2" | cat lkm/math.rs - >"$scratch/crate/lkm/math.rs"
	build "$scratch/crate"
	is "$status" 2 "$1 in the crate: the crate is not built"
	like "$stdout$stderr" 'lkm: error: this needs an object file, and the crate has none' "… and the message gives the reason"
}
refused "a static" '
/// Function.
pub fn count() -> usize {
    use kernel::sync::atomic::{Atomic, Relaxed};
    static COUNT: Atomic<usize> = Atomic::new(0);
    COUNT.fetch_add(1, Relaxed)
}'
refused "a static that a macro of the kernel makes" '
/// Function.
pub fn class() -> core::pin::Pin<&'\''static kernel::sync::LockClassKey> {
    kernel::static_lock_class!()
}'
refused "a #[used] static" '
const _: () = {
    #[used(compiler)]
    static USED: u8 = 1;
};'
refused "a function that C calls by its name" '
/// Function.
#[no_mangle]
pub extern "C" fn function() {}'
refused "assembly" 'core::arch::global_asm!("nop");'

# ---- A compiler that writes more than anybody reads.

# (A stand-in. It writes the crate's hash first, and then more than fits into a pipe.)
cat >"$scratch/rustc" <<'STANDIN'
#!/bin/bash
for word; do
	case $word in
	-Zls=root)
		echo "hash 0123456789abcdef"
		for ((i = 0; i < 20000; i++)); do echo "hash of another crate, number $i"; done
		;;
	--emit=*) : >"${word##*=}" ;;
	-Cmetadata=*) echo "$word" ;;
	esac
done
STANDIN
printf '%s\n' '#!/bin/bash' 'cat >/dev/null' >"$scratch/as"
chmod +x "$scratch/rustc" "$scratch/as"
run env LKM_RMETA="$scratch/liba.rmeta" LKM_AS="$scratch/as" LKM_LD="true" NM="true" OBJDUMP="true" KERNELRELEASE=1.0 \
	lkm/export.sh "$scratch/rustc" --emit=obj="$scratch/a.o" a.rs
is "$status $stdout" $'0 -Cmetadata=0123456789abcdef\n-Cmetadata=1.0' "a module for other modules is built, however much the compiler writes after the crate's hash"

done_testing
