#!/usr/bin/env bash
# Modules that use other modules (lkm-exports and lkm-uses in lkm/Kbuild.include): which items are exported, by which module and
# to which directory. A module is refused if the interface has changed since it was compiled.
# shellcheck disable=SC2016 # what is for make has dollars of its own

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

make --no-print-directory vm-modules >/dev/null 2>&1
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
scratch=$(mktemp -d "$PWD/build/exports-test.XXXXXX")
temporary+=("$scratch")
read -ra tools < <(scripts/sandbox.sh scripts/preflight.sh "$kdir")
build() { run scripts/sandbox.sh make -C "$kdir" M="$scratch/$1" "${tools[@]}"; }
compiled() { sed -n 's/^  RUSTC \[M\] *//p' <<<"$stdout" | tr '\n' ' '; }
# keep NAME: keeps a copy of the present modules under this name.
keep() { for module in "$scratch"/*/*.ko; do cp "$module" "$scratch/$1-${module##*/}"; done; }
# names: prints the exported names, which have a hash of the interface in them. (A #[no_mangle] name has none.)
names() { awk '$2 != "stock_first" { print $2 }' "$scratch/provider/Module.symvers" | sort; }
depends() { scripts/sandbox.sh modinfo -F depends "$scratch/$1" | tr ',' '\n' | sort | xargs; }

# ---- Two directories, with a copy of the crate that can be changed.

cp -a lkm "$scratch/"
mkdir "$scratch/provider" "$scratch/consumer"
cat >"$scratch/provider/Kbuild" <<-'EOF'
	obj-m := depot.o stock.o
	lkm-exports := stock.o depot.o
	include $(src)/../lkm/Kbuild.include
EOF
cat >"$scratch/provider/stock.rs" <<-'EOF'
	//! What an interface may have.
	use kernel::{prelude::*, seq_file::SeqFile, sync::atomic::{Atomic, Relaxed}};
	use lkm::proc_fs;
	module! {
	    type: Stock, name: "stock", authors: ["test"], description: "test", license: "GPL",
	}
	struct Stock;
	impl kernel::Module for Stock {
	    fn init(_module: &'static ThisModule) -> Result<Self> {
	        Ok(Stock)
	    }
	}
	impl Drop for Stock {
	    fn drop(&mut self) {
	        pr_info!("goes\n");
	    }
	}
	lkm::module_param! {
	    parameter: int = 1, 0o444, "Not for others";
	    array: [int; 2] = [1], 0o444, "Not for others";
	    text: charp = c"", 0o444, "Not for others";
	    texts: [charp; 2] = [], 0o444, "Not for others";
	    writable: int = 1, 0o644, "Not for others";
	}
	static VISITS: Atomic<usize> = Atomic::new(0);
	static HIDDEN: Atomic<usize> = Atomic::new(0);
	/// Fields.
	pub struct Pair {
	    /// 1
	    pub first: u64,
	    /// 2
	    pub second: u64,
	}
	/// A function.
	pub fn pair() -> Pair {
	    HIDDEN.fetch_add(1, Relaxed);
	    Pair { first: 1, second: hidden() }
	}
	fn hidden() -> u64 {
	    HIDDEN.load(Relaxed) as u64 + 1
	}
	/// Generic code, which is compiled into those who use it, and a static that it needs.
	pub fn visit<F: Fn(usize)>(f: F) {
	    f(VISITS.fetch_add(1, Relaxed));
	}
	/// A type with an end, and with one of the crate's in it.
	pub struct Entry {
	    /// The file.
	    pub file: proc_fs::File,
	}
	impl Entry {
	    /// Makes it.
	    pub fn new() -> Result<Self> {
	        Ok(Entry { file: proc_fs::File::new(c"stock", proc_fs::read_only(Hidden))? })
	    }
	}
	impl Drop for Entry {
	    fn drop(&mut self) {
	        pr_info!("an entry goes\n");
	    }
	}
	/// For modules in C, by a name without the interface.
	#[no_mangle]
	pub extern "C" fn stock_first() -> u64 {
	    u64::from(pair().first)
	}
	/// A constant, and a function that is compiled into those who use it.
	pub const LIMIT: u64 = 7;
	/// The sum.
	#[inline]
	pub fn within(pair: &Pair) -> bool {
	    u64::from(pair.first) < LIMIT
	}
	/// A trait, also for types with a private one in them.
	pub trait Count {
	    /// A count.
	    fn count(&self) -> usize;
	}
	impl Count for [Hidden; 2] {
	    fn count(&self) -> usize {
	        HIDDEN.fetch_add(2, Relaxed)
	    }
	}
	impl Count for Option<Hidden> {
	    fn count(&self) -> usize {
	        HIDDEN.fetch_add(3, Relaxed)
	    }
	}
	struct Hidden;
	impl proc_fs::Show for Hidden {
	    fn show(&self, m: &SeqFile) -> Result {
	        lkm::seq_print!(m, "{}\n", hidden());
	        Ok(())
	    }
	}
EOF
cat >"$scratch/provider/depot.rs" <<-'EOF'
	//! One that uses another, and is used itself.
	use kernel::prelude::*;
	module! {
	    type: Depot, name: "depot", authors: ["test"], description: "test", license: "GPL",
	}
	struct Depot;
	impl kernel::Module for Depot {
	    fn init(_module: &'static ThisModule) -> Result<Self> {
	        Ok(Depot)
	    }
	}
	/// Of the other's types.
	pub fn sum(pair: &stock::Pair) -> u64 {
	    pair.first + stock::pair().second
	}
EOF
cat >"$scratch/consumer/Kbuild" <<-'EOF'
	obj-m := clerk.o scale.o porter.o
	lkm-uses := $(src)/../provider
	include $(src)/../lkm/Kbuild.include
EOF
cat >"$scratch/consumer/clerk.rs" <<-'EOF'
	//! One that uses both.
	use kernel::prelude::*;
	module! {
	    type: Clerk, name: "clerk", authors: ["test"], description: "test", license: "GPL",
	}
	struct Clerk(stock::Entry);
	impl Clerk {
	    /// The crate's types are the same on both sides.
	    fn file(&self) -> &lkm::proc_fs::File {
	        &self.0.file
	    }
	}
	impl kernel::Module for Clerk {
	    fn init(_module: &'static ThisModule) -> Result<Self> {
	        let pair = stock::pair();
	        pr_info!("{} {} {}\n", pair.first, pair.second, depot::sum(&pair));
	        stock::visit(|n| pr_info!("visit {n}\n"));
	        stock::visit(|n| pr_info!("visit {n}\n"));
	        let clerk = Clerk(stock::Entry::new()?);
	        let _ = clerk.file();
	        Ok(clerk)
	    }
	}
EOF
cat >"$scratch/consumer/scale.rs" <<-'EOF'
	//! One that uses what is compiled into it.
	use kernel::prelude::*;
	module! {
	    type: Scale, name: "scale", authors: ["test"], description: "test", license: "GPL",
	}
	struct Scale;
	impl kernel::Module for Scale {
	    fn init(_module: &'static ThisModule) -> Result<Self> {
	        let pair = stock::Pair { first: 6, second: 1 };
	        pr_info!("{} {}\n", stock::within(&pair), stock::LIMIT);
	        Ok(Scale)
	    }
	}
EOF
cat >"$scratch/consumer/porter.c" <<-'EOF'
	#include <linux/module.h>
	u64 stock_first(void);
	static int __init porter_init(void)
	{
		pr_info("porter: %llu\n", stock_first());
		return 0;
	}
	static void __exit porter_exit(void)
	{
	}
	module_init(porter_init);
	module_exit(porter_exit);
	MODULE_LICENSE("GPL");
	MODULE_DESCRIPTION("test");
EOF
build provider
is "$status" 0 "modules that export are built"
is "$(grep -iE '^(warning|error)' <<<"$stdout$stderr")" "" "… without a warning"
build consumer
is "$status" 0 "a module in another directory that uses them is built"
is "$(grep -iE '^(warning|error)' <<<"$stdout$stderr")" "" "… without a warning"
is "$(depends consumer/clerk.ko)" "depot stock" "… and depends on them"
is "$(depends consumer/porter.ko)" "stock" "a module in C depends on one of them, too"
is "$(depends consumer/scale.ko)" "" "a module that uses only types, constants and #[inline] functions depends on nothing"
keep base
before=$(names)
# (Some functions of core for a panic are compiled once, in the first crate that has them.)
is "$(awk '{ print $3, $4, $2 }' "$scratch/provider/Module.symvers" | scripts/sandbox.sh c++filt | sed 's/\[[0-9a-f]*\]//g' | grep -v ' core::panicking' | sort)" \
	"depot EXPORT_SYMBOL_GPL depot::sum
stock EXPORT_SYMBOL_GPL <stock::Entry as core::ops::drop::Drop>::drop
stock EXPORT_SYMBOL_GPL <stock::Entry>::new
stock EXPORT_SYMBOL_GPL stock::VISITS
stock EXPORT_SYMBOL_GPL stock::pair
stock EXPORT_SYMBOL_GPL stock_first" "pub items are exported, and items that generic code needs; no private items, and none that module! makes"

# ---- What is compiled again, and what is not.

build provider
is "$status $(compiled)" "0 " "a second build compiles nothing"
touch "$scratch/consumer/clerk.rs"
build consumer
is "$status $(compiled)" "0 clerk.o " "a change in a user compiles only the user"
rm "$scratch/provider/lkm/libstock.rmeta"
build provider
is "$status $(compiled)" "0 stock.o depot.o " "missing metadata are made again"
same "$(names)" "$before" "… and they are the same"
build consumer
is "$status $(compiled)" "0 clerk.o scale.o " "… and the modules that use them are compiled again"

# ---- The names depend on the interface. Each time, the interface is changed, and the old consumer is kept.

# changed WHAT NAME: checks that the providers are built, and that all their names have changed.
changed() {
	build provider
	is "$status" 0 "$1: the providers are built"
	is "$(comm -12 <(names) <(echo "$before") | wc -l) $(names | wc -l)" "0 $(wc -l <<<"$before")" "… and every name has changed"
	keep "$2"
}
cp -a "$scratch/lkm" "$scratch/lkm.base"
cp -a "$scratch/provider" "$scratch/provider.base"
# again FILE…: restores the first version of these files.
again() { for file; do cp "$scratch/${file/\//.base/}" "$scratch/$file"; done; }

sed -i 's/pub first: u64/pub third: u64/; s/pub second: u64/pub first: u64/; s/pub third: u64/pub second: u64/' "$scratch/provider/stock.rs"
changed "two fields in another order" fields
again provider/stock.rs
sed -i '$ a rustflags-y += -Zrandomize-layout' "$scratch/provider/Kbuild"
changed "an option for the compiler" option
again provider/Kbuild
sed -i '/^    _entry: Entry,$/d; s/^    _dir: Option<Dir>,$/&\n    _entry: Entry,/' "$scratch/lkm/proc_fs.rs"
changed "a type of the crate lkm in another order" crate
again lkm/proc_fs.rs
build provider
is "$status $(names)" "0 $before" "with the first version, the names are the same again"
sed -i 's/first: u64/first: u32/' "$scratch/provider/stock.rs"
build provider
like "$status $stdout$stderr" '^2 .*error\[E0308\]: mismatched types.*depot.rs' "another type of a field: its users are compiled again, and the compiler says what is wrong"
again provider/stock.rs
build provider

# Run the command with which kbuild makes the object, but for a kernel of another name.
run scripts/sandbox.sh bash -c 'cd "$1" && export RUSTC_BOOTSTRAP=1 KERNELRELEASE=other NM=nm OBJDUMP=objdump && eval "$(sed -n "s/^savedcmd_stock.o := \(.*export.sh.*rs\) .*/\1/p" .stock.o.cmd)"' - "$scratch/provider"
is "$status $stderr" "0 " "the release of another kernel: it is compiled"
run scripts/sandbox.sh nm "$scratch/provider/stock.o"
like "$stdout" ' T _R.*5stock4pair' "… and exports the function"
is "$(grep -c " T $(grep '5stock4pair$' <<<"$before")" <<<"$stdout")" 0 "… with another name"
rm "$scratch/provider/stock.o"
build provider

# ---- A chain of directories: the third names the second, which uses the first.

mkdir "$scratch"/{second,third,fourth}
chain() { # DIRECTORY MODULE STATEMENTS ITEMS USES…
	printf '%s\n' "obj-m := $2.o" "lkm-exports := ${4:+$2.o}" "lkm-uses := ${*:5}" 'include $(src)/../lkm/Kbuild.include' >"$scratch/$1/Kbuild"
	cat >"$scratch/$1/$2.rs" <<-EOF
		//! One of a chain.
		use kernel::prelude::*;
		module! {
		    type: M, name: "$2", authors: ["test"], description: "test", license: "GPL",
		}
		struct M;
		impl kernel::Module for M {
		    fn init(_module: &'static ThisModule) -> Result<Self> {
		        pr_info!("{}\n", $3);
		        Ok(M)
		    }
		}
		$4
	EOF
}
chain second inner 'stock::pair().first' '/// Of the type of another, and generic code that calls it.
pub fn twice<T: Into<u64>>(n: T) -> (u64, stock::Pair) { (n.into() + stock::pair().first, stock::pair()) }
/// Not generic.
pub fn none() -> u64 { 0 }' '$(src)/../provider'
chain third outer 'inner::none() + inner::twice(3u32).0 + u64::from(inner::twice(1u8).1.first)' '' '$(src)/../second'
chain fourth both 'inner::none() + inner::twice(3u32).0 + stock::pair().first' '' '$(src)/../second $(src)/../provider'
build second
is "$status" 0 "a module that uses modules in another directory, and is used itself, is built"
: >"$scratch/none.symvers"
run scripts/sandbox.sh make -C "$kdir" M="$scratch/third" KBUILD_EXTRA_SYMBOLS="$scratch/none.symvers" "${tools[@]}"
is "$status $(grep -iE '^(warning|error)' <<<"$stdout$stderr")" "0 " "a module that names only that directory is built, also if make gets KBUILD_EXTRA_SYMBOLS"
is "$(depends third/outer.ko)" "inner stock" "… and depends on the modules in both"
build fourth
is "$status $(depends fourth/both.ko)" "0 inner stock" "a module that names both directories is built"
sed -i 's,$(src)/../second $(src)/../provider,$(src)/../provider $(src)/../second,' "$scratch/fourth/Kbuild"
rm "$scratch/fourth/both.o"
build fourth
is "$status $(depends fourth/both.ko)" "0 inner stock" "… in either order"
build second
is "$status $(compiled)" "0 " "a second build of these compiles nothing"
keep chain
is "$(ls "$scratch"/{third,fourth}/lkm 2>/dev/null)" "" "only directories that export something have a directory lkm"
sed -i 's/LIMIT: u64 = 7/LIMIT: u64 = 8/' "$scratch/provider/stock.rs"
build provider
build third
like "$status $stdout$stderr" '^2 .*error\[E0460\]: found possibly newer version of crate `stock` which `inner` depends on' "if the first is built again, but not the second, the compiler says so"
again provider/stock.rs
build provider
rm "$scratch/provider/lkm/libstock.rmeta"
run scripts/sandbox.sh make -pq -C "$scratch/provider" -f "$scratch/lkm/Kbuild.include" obj=. obj-m=stock.o lkm-exports=stock.o
is "$(ls "$scratch/provider/stock.o")" "$scratch/provider/stock.o" "reading the rules removes nothing"
build provider
same "$(names)" "$before" "… and missing metadata are made again"

is "$(ls "$scratch/consumer/lkm" 2>&1)" "ls: cannot access '$scratch/consumer/lkm': No such file or directory" \
	"the user's crate lkm is that of the other directory, and not a second one of the same source"

# ---- Loading.

cat >"$scratch/load.sh" <<-'EOF'
	cd "$(dirname "$0")"
	say() { dmesg | sed 's/^\[[^]]*\] //' | grep -E '^(clerk|stock|depot|porter|inner|outer|both): ' | grep -v taint; dmesg -C; }
	for version in base fields option crate; do
	    echo "== $version"
	    insmod "$version-stock.ko"; insmod "$version-depot.ko"
	    insmod base-clerk.ko 2>&1
	    cat /proc/stock 2>&1
	    rmmod clerk 2>/dev/null
	    insmod base-porter.ko && rmmod porter
	    [ $version != base ] || for module in inner outer both; do insmod chain-$module.ko; done
	    rmmod both outer inner 2>/dev/null
	    rmmod depot stock
	    say | sed 's/ _R[^ ]*5stock4pair/ PAIR/; s/ _R.*/ …/' | sort
	done
EOF
run scripts/vm.sh --add "$scratch" bash "$(basename "$scratch")/load.sh"
loaded=$stdout
# shown VERSION: prints the output for this version.
shown() { sed -n "/^== $1\$/,/^==/ { /^==/d; p }" <<<"$loaded"; }
is "$(shown base)" "3
both: 5
clerk: 1 2 4
clerk: visit 0
clerk: visit 1
inner: 1
outer: 5
porter: 1
stock: an entry goes
stock: goes" "a module that was compiled with this interface is loaded, and its calls are right"
for version in fields option crate; do
	like "$(shown "$version")" '^insmod: ERROR: could not insert module base-clerk.ko: Unknown symbol in module.*clerk: Unknown symbol PAIR' \
		"$version: the old module is refused, and makes no wrong calls"
	like "$(shown "$version")" 'porter: [0-9]+' "… but a module in C that uses a #[no_mangle] name is loaded"
done

# ---- GPL only.

sed -i 's/license: "GPL"/license: "Proprietary"/' "$scratch/consumer/clerk.rs"
build consumer
like "$status $stdout$stderr" '^2 .*GPL-incompatible module.*uses GPL-only symbol .?_R[^ ]*5stock4pair' "a module under another licence is not built"

# ---- Two repositories anywhere, with the lines of the document. (The crate has a module number, too.)

scratch=$(mktemp -d)
temporary+=("$scratch")
release=$(<"$kdir/include/config/kernel.release")
mkdir -p "$scratch"/{number,caller,third,in_c,in_c_too}
in_document() { grep "^$1 := " docs/your-own-module.md; }
# a_kbuild DIRECTORY LINE…: that of a module of the same name.
a_kbuild() { printf '%s\n' "obj-m := $1.o" "${@:2}" 'include $(RUST_LKM)/lkm/Kbuild.include' >"$scratch/$1/Kbuild"; }
chain number number 1 '/// An item.
pub fn n(index: usize) -> u64 {
    [5, 6, 7][index]
}'
chain caller caller 'number::n(Default::default())' '/// Of the other.
pub fn twice() -> u64 {
    2 * number::n(1)
}'
chain third third 'caller::twice()' ''
a_kbuild number "$(in_document lkm-exports)"
a_kbuild caller "$(in_document lkm-uses)" 'lkm-exports := caller.o'
a_kbuild third "$(in_document lkm-uses | sed s/number/caller/)"
own() { run make --no-print-directory "${@:2}" M="$scratch/$1"; }
not_built() {
	like "$status $stderr" "^2 .*preflight.sh: error: the modules in $scratch/$1 use those in $scratch/$2, which are not built for kernel .*Run make in $scratch/$2 first" "$3"
}

own caller
not_built caller number "if the module of the other repository is not built, make says what to do"
own number
is "$status" 0 "make in one repository builds a module for another one"
own third
not_built third caller "… also if the repository that is named is the second of three"
own caller
is "$status $stderr" "0 " "… and make in the other one builds the module that uses it"
is "$(scripts/sandbox.sh --show "$scratch" modinfo -F depends "$scratch/caller/build/modules/$release/caller.ko")" number "… and that depends on it"

mkdir "$scratch/caller/tests"
cat >"$scratch/caller/tests/caller.t" <<-'EOF'
	#!/usr/bin/env bash
	# Both are in the machine.

	. "$RUST_LKM/tests/kernel.sh" || exit 2

	kmsg_mark
	run insmod caller.ko
	like "$status $stderr" '^1 .*Unknown symbol' "alone it is refused"
	like "$(kmsg)" 'caller: Unknown symbol _R[^ ]*6number1n' "… for want of the other"
	kmsg_mark
	run modprobe caller
	is "$status $stderr" "0 " "modprobe loads it"
	is "$(kmsg)" "number: 1"$'\n'"caller: 5" "… and the other one first"
	like "$(lsmod)" $'\nnumber +[0-9]+ +1 caller(\n|$)' "lsmod shows who uses it"
	like "$(cat "/lib/modules/$(uname -r)/modules.dep")" '[^ ]*/caller.ko: [^ ]*/number.ko' "depmod knows it"
	run rmmod number
	like "$status $stderr" '^1 .*in use by: caller' "it is not unloaded while it is used"
	modprobe -r caller
	done_testing
EOF
own caller test
is "$status $(tail -n 1 <<<"$stdout")" "0 9 passed, 0 failed, 0 skipped" "make test in that one: modprobe loads both"
sed -n 's/^not ok/# &/p' "$scratch/caller/build/test/caller.tap"
own caller lint
is "$status" 0 "make lint checks it"
own caller rust-analyzer
is "$status" 0 "make rust-analyzer writes its file"
run perl -MJSON::PP -e 'local $/; my @c = @{decode_json(<>)->{crates}}; my %at = map { $_->{display_name} => $_ } @c;
	print "$at{number}{root_module}, $at{lkm}{root_module}: ", join " ", sort map { $_->{name} } @{$at{caller}{deps}}' "$scratch/caller/rust-project.json"
is "$stdout" "$scratch/number/number.rs, $PWD/lkm/lib.rs: core ffi kernel lkm number pin_init" "… which knows both modules and the crate"
run timeout 300 scripts/gdb.sh --from "$scratch/caller" --eval bt caller
like "$status $stdout" "^0 .*init_module \\(\\) at $scratch/caller/caller.rs:[0-9]+" "make gdb stops in its init"

own third
is "$status $stderr" "0 " "a third repository uses the second, and does not name the first"
run scripts/vm.sh --from "$scratch/third" bash -c 'modprobe third && dmesg | tail -n 3 | cut -d "]" -f 2-; ls ./*.ko'
is "$status $stdout" "0  number: 1
 caller: 5
 third: 12
./caller.ko
./number.ko
./third.ko" "… and its machine has all three modules"

# A machine that stays.
said=$scratch/said
: >"$said"
set -m
env --default-signal=INT make --no-print-directory M="$scratch/caller" dev T=caller </dev/null >"$said" 2>&1 &
dev=$!
set +m
trap 'kill -TERM -- "-$dev" 2>/dev/null; rm -rf "${temporary[@]}"' EXIT
# shown REGEX DESCRIPTION
shown() {
	local tenths=0
	until [[ $(<"$said") =~ $1 ]] || ((++tenths > 1200)); do sleep 0.1; done
	like "$(<"$said")" "$1" "$2"
}
shown 'number: 1.*caller: 5' "make dev loads both modules"
shown 'dev.sh: tests/caller.t passed.*ready: save a source' "… and a test begins without them"
sed -i 's/\[5, 6, 7\]/[8, 9, 10]/' "$scratch/number/number.rs"
own number
touch "$scratch/caller/caller.rs"
shown 'caller.rs was saved.*a module of another repository was built again: starting a fresh machine.*caller: 8.*the fresh machine is ready' \
	"… and when the first was built again, the next save starts a fresh machine with it"
kill -INT -- "-$dev"
wait "$dev"

# A crash in the one that is used. (Both have a file of that name.)
for name in number caller; do
	mv "$scratch/$name/$name.rs" "$scratch/$name/code.rs"
	printf '//! One of two.\ninclude!("code.rs");\n' >"$scratch/$name/$name.rs"
	sed -i 's,^//! ,// ,' "$scratch/$name/code.rs"
done
sed -i 's/Default::default()/usize::MAX/' "$scratch/caller/code.rs"
own number
own caller
is "$status" 0 "modules of two files each are built"
run scripts/vm.sh --from "$scratch/caller" modprobe caller
like "$stderr" 'panicked: index out of bounds.*--> code.rs:[0-9]+.*\| +\[8, 9, 10\]\[index\].*number::n +code.rs:[0-9]+.*caller::M.*code.rs:[0-9]+' \
	"a crash in the first module is explained with its source, not with the file of the same name in the second"

# The same in C, by kbuild's own variable.
c_module() { # NAME DECLARATIONS STATEMENT
	printf '%s\n' '#include <linux/module.h>' "$2" 'static int __init start(void)' '{' "$3" '	return 0;' '}' 'static void __exit stop(void)' '{' '}' \
		'module_init(start);' 'module_exit(stop);' 'MODULE_LICENSE("GPL");' 'MODULE_DESCRIPTION("test");' >"$scratch/$1/$1.c"
	echo "obj-m := $1.o" >"$scratch/$1/Makefile"
}
c_module in_c 'int seven(void);
int seven(void)
{
	return 7;
}
EXPORT_SYMBOL_GPL(seven);' ''
c_module in_c_too 'int seven(void);' '	pr_info("in_c_too: %d\n", seven());'
in_document KBUILD_EXTRA_SYMBOLS | sed 's/number/in_c/' >>"$scratch/in_c_too/Makefile"
own in_c_too
not_built in_c_too in_c "C: if the first module is not built, make says what to do"
own in_c
own in_c_too
is "$status $stderr" "0 " "C: after the first, make builds the second"
run scripts/vm.sh --from "$scratch/in_c_too" bash -c 'modprobe in_c_too && dmesg | tail -n 1'
like "$status $stdout" '^0 .*in_c_too: 7$' "C: modprobe loads both"

rm -r "$scratch/number"
own caller
like "$status $stderr" "^2 .*preflight.sh: error: there is no $scratch/number, which the modules in $scratch/caller use" "if there is no such repository, make names it"

done_testing
