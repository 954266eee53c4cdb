#!/usr/bin/env bash
# Usage: scripts/new-module.sh DIR
#
# Makes a repository for your own module in DIR. DIR must not exist, or must be empty. The module gets the name of the directory.
# You can build, load and test it at once: it has a parameter and a file in /proc, a test, a Makefile, and a script for
# continuous integration. It uses the tools and the crate of this checkout. Its Makefile has the path from DIR to here.
#
# It refuses a name that Rust or kbuild uses for something else, and the name of a module that this machine has, or one of the kernels
# in build/kernels/.
#
# If git is installed, DIR becomes a git repository, unless it is inside one already.
#
#   --help   this text
#
# The exit status is 0 if it was made, 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"

case ${1:-} in
-h | --help) usage && exit ;;
-*) bad_usage "unknown option $1" ;;
esac
(($# == 1)) || bad_usage "it takes one DIR"
[[ -n $1 ]] || bad_usage "it takes one DIR"
directory=$(realpath -m -- "$1")
name=${directory##*/}

# ---- Can the module have that name, and can it be there?

# refuse REASON [WHAT-TO-DO…]
refuse() { die "a module cannot be named '$name': $1" "${@:2}"; }

# Rust's keywords, also the reserved ones.
keywords=' abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof union unsafe unsized use virtual where while yield '
# Names of crates that each module uses, and names in them.
crate_names=' alloc bindings build_error compiler_builtins core ffi kernel lkm lkm_bindings macros module pin_init pin_init_internal proc_macro proc_macro2 quote std syn uapi zerocopy zerocopy_derive '
# The types, traits and values that every module has from the preludes of Rust and of the kernel crate.
prelude=' AsMut AsRef AsyncFn AsyncFnMut AsyncFnOnce Box CStr CStrExt Clone Copy Debug Default DoubleEndedIterator Drop Eq Err Error ExactSizeIterator Extend Fn FnMut FnOnce From FromBytes FromIterator Future Hash InPlaceInit InPlaceWrite Init Into IntoBytes IntoFuture IntoIterator Iterator KBox KVBox KVVec KVec None Ok Option Ord PartialEq PartialOrd Pin PinInit Result RustcDecodable RustcEncodable Self Send Sized Some String Sync ThisModule ToOwned ToString TryFrom TryInto Unpin UserPtr VBox VVec Vec Zeroable '
# kbuild has variables NAME-y, NAME-m and NAME-objs of its own with these names. For a module, they would list its parts.
kbuild_names=' aflags always asflags ccflags cflags core cppflags drivers dtb dtbo extra hostprogs ldflags lib libs obj remove rustflags subdir suffix targets userprogs '
# The name as Rust writes types: my_module becomes MyModule.
type=$(sed -E 's/(^|_+)([a-z0-9]?)/\U\2/g' <<<"$name")

fitting=$(tr 'A-Z.-' 'a-z__' <<<"$name" | tr -cd 'a-z0-9_' | sed 's/^[0-9_]*//')
if [[ ! $name =~ ^[a-z][a-z0-9_]*$ ]]; then
	refuse "use small letters (a to z), digits and _, and begin with a letter" \
		"The module gets the name of the directory${fitting:+; a possible one is $fitting}"
fi
((${#name} <= 55)) || refuse "the kernel allows at most 55 letters"
[[ $keywords != *" $name "* ]] || refuse "that is a keyword of Rust"
[[ $crate_names != *" $name "* ]] || refuse "a crate that every module uses has that name"
[[ $prelude != *" $type "* ]] || refuse "its type would have the name $type, which Rust or the kernel crate uses for something else"
[[ $kbuild_names != *" $name "* ]] || refuse "kbuild uses $name-y or $name-m for something else"
[[ ! -e /proc/$name ]] || refuse "/proc/$name exists, and the module would make a file of that name"

# taken: prints the modules that this machine, the kernels' headers and this repository have.
taken() {
	local file path
	# (The first has those that export something, with their paths.)
	for file in "$kernels"/*/build/Module.symvers; do
		[[ ! -r $file ]] || cut -f 3 "$file" | sort -u
	done
	for file in "$kernels"/*/names; do
		[[ ! -r $file ]] || sed 's/^/a module of the kernel: /' "$file"
	done
	for file in /lib/modules/*/modules.{order,builtin}; do [[ ! -r $file ]] || cat "$file"; done
	for path in "$top"/*.rs "$top"/startstop/startstop.rs; do echo "a module of rust-lkm: ${path%.rs}"; done
	for path in /sys/module/*; do echo "$path"; done
}
while IFS= read -r place; do
	base=${place##*[/ ]} base=${base%.ko*}
	[[ ${base//-/_} != "$name" ]] || refuse "there is a module of that name already (${place/"$top"\//})" "The kernel can load only one of them."
done < <(taken)

good_path "the module" "$directory" "Choose another directory."
[[ ! -e $directory || -d $directory ]] || die "$directory is a file"
[[ -z $(ls -A -- "$directory" 2>/dev/null) ]] || die "$directory is not empty" "A new module gets a directory of its own."
[[ $directory/ != "$top"/* || $directory/ == "$build"/* ]] || die "$directory is in this checkout of rust-lkm" \
	"Your own module must be outside: scripts/new-module.sh ${top%/*}/$name"

# ---- Make it.

author='' url=''
if type -P git >/dev/null; then
	author=$(git config user.name || :)
	# The place that this checkout was cloned from, if others can reach it; without a password, and as a text for sed.
	url=$(git -C "$top" config --get remote.origin.url | grep -E '^(https?|git|ssh)://|^[^/]+@[^/]+:' |
		sed -E 's,^(https?://)[^/@]*@,\1,; s/[\\&|]/\\&/g' || :)
fi
author=${author//[\"\\&|]/}
way=$(realpath -m --relative-to="$directory" -- "$top")

made=$directory
message=$(mkdir -p -- "$directory" 2>&1) || die "$message" "Choose another directory."
undo() {
	find "$made" -mindepth 1 -delete
	rmdir "$made"
}
trap undo EXIT
cp -r "$top"/templates/module/. "$directory/"
remove "$directory/build"
mv "$directory/gitignore" "$directory/.gitignore"
mv "$directory/mymodule.rs" "$directory/$name.rs"
mv "$directory/tests/mymodule.t" "$directory/tests/$name.t"
cp "$top/LICENSE" "$directory/"
cp "$top/.rustfmt.toml" "$top/.editorconfig" "$directory/"
(cd "$directory" && sed -i "s/mymodule/$name/g; s/MyModule/$type/g; s|\"You\"|\"${author:-You}\"|; s|^RUST_LKM ?= .*|RUST_LKM ?= $way|; s|RUST_LKM_URL:-}|RUST_LKM_URL:-$url}|" \
	Kbuild Makefile README.md ci.sh "$name.rs" "tests/$name.t")
if type -P git >/dev/null && ! git -C "$directory" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git init -q -- "$directory"
	git -C "$directory" add -A
fi
trap - EXIT

cat >&2 <<TEXT
The module $name is in $directory. Go there, and:
  make vm      a root shell in a virtual machine; insmod $name.ko; cat /proc/$name; dmesg | tail
  make dev     the same, but the module is built and loaded again whenever you save it
  make test    its test, tests/$name.t
README.md has more.
TEXT
