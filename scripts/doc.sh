#!/usr/bin/env bash
# Usage: scripts/doc.sh MO
#
# Makes the documentation of the crate lkm (build/doc/lkm/index.html) with rustdoc and the flags that kbuild passes to
# rustc. MO is the directory in which the crate was built. Then it compiles the examples in the documentation, as parts of a module.
# It is called by: make doc
#
# The exit status is 0 if everything was made, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"

case ${1:-} in
-h | --help) usage && exit ;;
-*) bad_usage "unknown option $1" ;;
'') bad_usage "MO is missing: the directory in which the modules are built" ;;
esac
(($# == 1)) || bad_usage "one MO"
good_path MO "$1"
mo=$(realpath -- "$1")
[[ -r $mo/.jiffies.o.cmd ]] || die "nothing is built in $mo" "make"

export RUSTC_BOOTSTRAP=1
kbuild=$(rustc_command "$mo")
[[ -n $kbuild ]] || die "cannot parse kbuild's command in $mo"
cd "$mo"

# rustdoc is in the same directory as the rustc that built the modules.
rustdoc=${kbuild//\/rustc --edition/\/rustdoc --edition}
eval "$rustdoc" --crate-name lkm --extern lkm_bindings --out-dir "$build/doc" "$top/lkm/lib.rs"
# Links to C headers, as the kernel's own sources have them.
kdir=${kbuild#OBJTREE=} kdir=${kdir%% *}
find "$build/doc/lkm" -name '*.html' -exec sed -i "s,[./]*srctree/,file://$kdir/,g" {} +
say "${build#"$top"/}/doc/lkm/index.html is made."

# Each example in a function of its own; a line that begins with "# " is not shown, but compiled.
examples=$mo/examples.rs
mapfile -t sources < <(find "$top/lkm" -name '*.rs')
{
	cat <<'RUST'
//! The examples in the crate lkm.
#![allow(dead_code, unused_imports, unused_variables)]
use kernel::{iov::IovIterDest, prelude::*, seq_file::SeqFile, str::CStr, sync::atomic::{Atomic, Relaxed}};
use lkm::{chardev, module_param, proc_fs, seq_print};
module! { type: Examples, name: "examples", authors: ["rust-lkm contributors"], description: "Examples", license: "GPL", }
struct Examples;
impl kernel::Module for Examples {
	fn init(_module: &'static ThisModule) -> Result<Self> { Ok(Examples) }
}
RUST
	awk '
		match($0, /^ *\/\/[!\/] ?/) { text = substr($0, RLENGTH + 1) }
		!match($0, /^ *\/\/[!\/]/) { inside = 0; next }
		text ~ /^```/ {
			if (inside) print "Ok(())\n}"
			else if (text == "```") { print "fn example_" ++n "() -> Result {"; inside = 1; next }
			inside = 0; next
		}
		inside { sub(/^# /, "", text); print text }' "${sources[@]}"
} >"$examples"
eval "$kbuild" --crate-name examples --emit=metadata="$mo/examples.rmeta" "$examples" ||
	die "an example in lkm/ does not compile" "${examples#"$top"/} contains all examples."
say "$(grep -c '^fn example_' "$examples") examples compile."
