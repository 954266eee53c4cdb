#!/usr/bin/env bash
# Usage: scripts/new-module.sh DIR
#
# Makes a repository for a module of your own in DIR, which must not be there yet, or be empty. The module has the directory's name.
# It can be built, loaded and tested at once: it has a parameter and a file in /proc, a test, a Makefile, and a script for
# continuous integration. It uses the tools and the crate of this checkout; the Makefile has the way from DIR to here.
#
# If git is there, it becomes a git repository, unless DIR is in one already.
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

# ---- Whether it can have that name, and be there.

# refuse REASON [WHAT-TO-DO…]
refuse() { die "a module cannot be named '$name': $1" "${@:2}"; }

# What Rust takes for something else. (Also what it keeps for later.)
keywords=' abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof union unsafe unsized use virtual where while yield '
# The crates that a module's crate gets, and what they have in them.
crate_names=' alloc bindings build_error compiler_builtins core ffi kernel lkm lkm_bindings macros module pin_init proc_macro std uapi '

fitting=$(tr 'A-Z.-' 'a-z__' <<<"$name" | tr -cd 'a-z0-9_' | sed 's/^[0-9_]*//')
if [[ ! $name =~ ^[a-z][a-z0-9_]*$ ]]; then
	refuse "it takes small letters (a to z), digits and _, with a letter first" \
		"The module has the directory's name${fitting:+, for instance: $fitting}"
fi
((${#name} <= 55)) || refuse "the kernel takes names of 55 letters at most"
[[ $keywords != *" $name "* ]] || refuse "that is a keyword of Rust"
[[ $crate_names != *" $name "* ]] || refuse "a crate that every module uses has that name"
[[ ! -e /proc/$name ]] || refuse "there is a /proc/$name, and the module has a file of its name there"

# taken: where a module of that name is, of those that the kernels' headers or this machine know.
taken() {
	local file path
	for file in "$kernels"/*/build/Module.symvers; do
		[[ ! -r $file ]] || cut -f 3 "$file" | sort -u
	done
	for file in /lib/modules/*/modules.{order,builtin}; do [[ ! -r $file ]] || cat "$file"; done
	for path in "$top"/*.rs "$top"/startstop/startstop.rs; do echo "a module of rust-lkm: ${path%.rs}"; done
	for path in /sys/module/*; do echo "$path"; done
}
while IFS= read -r place; do
	base=${place##*/} base=${base%.ko*}
	[[ ${base//-/_} != "$name" ]] || refuse "there is one already (${place/"$top"\//})" "The kernel loads only one of a name."
done < <(taken)

good_path "the module" "$directory" "Choose another directory."
[[ ! -e $directory || -d $directory ]] || die "$directory is a file"
[[ -z $(ls -A -- "$directory" 2>/dev/null) ]] || die "$directory is not empty" "A new module gets a directory of its own."
[[ $directory/ != "$top"/* || $directory/ == "$build"/* ]] || die "$directory is in this checkout of rust-lkm" \
	"A module of your own goes elsewhere: scripts/new-module.sh ${top%/*}/$name"

# ---- It is made.

# What the name of a type in Rust looks like: my_module is MyModule.
type=$(sed -E 's/(^|_+)([a-z0-9]?)/\U\2/g' <<<"$name")
author='' url=''
if type -P git >/dev/null; then
	author=$(git config user.name || :)
	# Where this checkout came from, if others can reach that; without what may be a password.
	url=$(git -C "$top" remote get-url origin 2>/dev/null | grep -E '^(https?|git|ssh)://|^[^/]+@[^/]+:' | sed -E 's,^(https?://)[^/@]*@,\1,' || :)
fi
author=${author//[\"\\&|]/} url=${url//&/\\&}
way=$(realpath --relative-to="$directory" -- "$top")

made=$directory
mkdir -p -- "$directory"
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
  make dev     the same machine, in which the module is loaded again whenever you save it
  make test    its test, tests/$name.t
README.md has more.
TEXT
