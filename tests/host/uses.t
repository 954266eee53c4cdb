#!/usr/bin/env bash
# used_by in scripts/common.sh: which other repositories the modules in a directory use. (tests/long/host/exports.t builds such
# modules. Here the Kbuild files are only read.)
# shellcheck disable=SC1003,SC2016 # what is for make has dollars of its own

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

directory=$(mktemp -d)
temporary+=("$directory")
mkdir -p "$directory"/{a,b,c,d,other}/build
# kbuild DIRECTORY LINE…
kbuild() { printf '%s\n' "${@:2}" >"$directory/$1/Kbuild"; }
used_by() { run bash -c '. scripts/common.sh; used_by "$@"' - "$@"; }
# uses EXPECTED DESCRIPTION DIR [RELEASE]: compares what is printed, without the directory's name.
uses() {
	used_by "$directory/$3" "${@:4}"
	is "$status ${stdout//"$directory/"/} $stderr" "0 $1 " "$2"
}

kbuild c 'obj-m := c.o'
uses "" "a Kbuild that names nothing uses nothing" c
kbuild b 'lkm-uses := $(src)/../c/build/modules/$(KERNELRELEASE)' 'include $(RUST_LKM)/lkm/Kbuild.include'
uses c "lkm-uses names another repository" b
uses c/build/modules/7.3-x "… with a release: where its modules were built" b 7.3-x
kbuild a 'lkm-uses = \' ' $(src)/../b/build/modules/$(KERNELRELEASE) $(src)/../c/build/modules/$(KERNELRELEASE)'
uses $'c\nb' "each is printed once, after those that it uses itself" a
kbuild c 'lkm-uses := $(src)/../a/build/modules/$(KERNELRELEASE)'
uses $'a\nc\nb' "repositories that use each other in a circle are printed once, too" a
rm "$directory/c/Kbuild"
mkdir "$directory/c/driver"
printf '%s\n' 'KBUILD_EXTRA_SYMBOLS := $(src)/../../d/Module.symvers' >"$directory/c/driver/Makefile"
uses $'d\nc\nb' "KBUILD_EXTRA_SYMBOLS, in a Makefile below, does it as well" a
uses $'d\nc/build/modules/7.3-x\nb/build/modules/7.3-x' "… for modules that kbuild alone has built beside the sources" a 7.3-x
kbuild d "lkm-uses := $PWD/build/modules/\$(KERNELRELEASE) $directory/gone/build/modules/\$(KERNELRELEASE) relative/path"
used_by "$directory/d"
is "$status $stdout $stderr" "0 $PWD"$'\n'"$directory/gone " "it prints this checkout and one that does not exist, but not what is relative"
used_by "$directory/d" 7.3-x
is "$status $stdout $stderr" "0 $PWD/build/modules/7.3-x"$'\n'"$directory/gone/build/modules/7.3-x " "… and where their modules would be"
kbuild d '# lkm-uses := $(src)/../other' 'ifdef NEVER' 'lkm-uses := $(src)/../other' 'endif' '$(error as in a Kbuild that wants a variable of the kernel)'
uses "" "a comment is not read, and a Kbuild that make cannot read alone counts as one that names nothing" d
mkdir -p "$directory"/{d/build/deep,other}
for place in d/build d/build/deep d/.git; do
	mkdir -p "$directory/$place"
	kbuild "$place" 'lkm-uses := $(src)/../../other'
done
kbuild d 'obj-m := d.o'
uses "" "what stands in build/ and .git/ is not read" d
kbuild d 'lkm-uses := $(shell touch '"$directory"'/made; echo /elsewhere)'
used_by "$directory/d"
is "$stdout" /elsewhere "make runs what stands in \$(shell …)"
if type -P bwrap >/dev/null; then not_there "$directory/made" "… but it can write nothing"; else skip "… but it can write nothing" "there is no bwrap"; fi
export KBUILD_EXTRA_SYMBOLS=/from/the/environment/Module.symvers MAKEFLAGS=--no-such-option
kbuild d 'lkm-uses := $(src)/../other'
uses other "variables of a make that calls this have no effect" d

# ---- Where the checkout stands in a directory of modules, as a submodule does.

checkout_in() { run bash -c '. scripts/common.sh; checkout_in "$@"' - "$@"; }
checkout_in "${PWD%/*}"
is "$stdout" "./${PWD##*/}" "a checkout below a directory is left out there"
checkout_in "$directory"
is "$stdout" "./build" "… and otherwise only build/"

done_testing
