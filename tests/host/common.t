#!/usr/bin/env bash
# What scripts share: which other repositories the modules in a directory use (tests/long/host/exports.t builds such modules; here
# the Kbuild files are only read), where a checkout stands, and packages that few commands need.
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
kbuild d '# lkm-uses := $(src)/../other' 'ifdef NEVER' 'lkm-uses := $(src)/../other' 'endif'
uses "" "a comment is not read, nor is what stands in another branch" d
kbuild d 'lkm-uses := $(src)/../other' '$(error as in a Kbuild that wants a variable of the kernel)'
uses "" "a Kbuild that make cannot read alone counts as one that names nothing" d
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
kbuild d 'lkm-uses := $(src)/../other'
export KBUILD_EXTRA_SYMBOLS=/from/the/environment/Module.symvers MAKEFLAGS=--no-such-option
uses other "variables of a make that calls this have no effect" d
unset KBUILD_EXTRA_SYMBOLS MAKEFLAGS

# ---- Where the checkout stands in a directory of modules, as a submodule does.

checkout_in() { run bash -c '. scripts/common.sh; checkout_in "$@"' - "$@"; }
checkout_in "${PWD%/*}"
is "$stdout" "./${PWD##*/}" "a checkout below a directory is left out there"
checkout_in "$directory"
is "$stdout" "./build" "… and otherwise only build/"

# ---- preflight.sh --uses: what make needs of the repositories.

preflight() { run scripts/preflight.sh --uses "$directory/e" 7.3-x; }
mkdir -p "$directory"/{e,f}
kbuild e 'lkm-uses := $(src)/../f/build/modules/$(KERNELRELEASE)'
preflight
like "$status $stdout$stderr" "^1 .*the modules in $directory/e use those in $directory/f, which are not built for kernel 7\.3-x"$'\n'".*Run make in $directory/f first" "make says that the other repository is not built"
objects=$directory/f/build/modules/7.3-x
mkdir -p "$objects"
touch "$objects/Module.symvers"
preflight
is "$status $stdout $stderr" "0 $objects " "… and otherwise uses what was built there"
rm -r "$directory/f"
preflight
like "$status $stdout$stderr" "^1 .*there is no $directory/f, which the modules in $directory/e use"$'\n'".*clone that repository there" "… and says that a repository is missing"

# ---- unpacked_package.

checkout=$(mktemp -d "$PWD/build/common-test.XXXXXX")
temporary+=("$checkout")
mkdir -p "$checkout"/{bin,package/{DEBIAN,usr/bin}}
cp -a scripts "$checkout/"
echo "a program" >"$checkout/package/usr/bin/small"
printf '%s\n' "Package: small" "Version: 1" "Architecture: all" "Maintainer: nobody" "Description: none" >"$checkout/package/DEBIAN/control"
dpkg-deb --root-owner-group -Znone -b "$checkout/package" "$checkout/small.deb" >/dev/null
printf '%s\n' '#!/bin/bash' "echo \"\$*\" >>$checkout/downloads" '[[ $2 == small ]] || { echo "E: no such package" && exit 100; }' "until [[ -e $checkout/let || ! -d $checkout ]]; do sleep 0.1; done; cp $checkout/small.deb small_1_all.deb" >"$checkout/bin/apt-get"
chmod +x "$checkout/bin/apt-get"
unpacked() { scripts/sandbox.sh env PATH="$checkout/bin:/usr/bin" bash -c '. "$0/scripts/common.sh"; unpacked_package "$@"; echo after' "$checkout" "$@"; }
for number in first second; do
	unpacked small >"$checkout/$number.said" 2>&1 &
	[[ $number == second ]] || { first=$! && await "$checkout/downloads"; }
done
await "$checkout/second.said" 'waiting for another run: it is getting small'
touch "$checkout/let"
wait "$first"
is "$? $(<"$checkout/first.said")" "0 after" "a package is downloaded and unpacked"
wait "$!"
is "$? $(tail -n 1 "$checkout/second.said")" "0 after" "… by the first of two runs, for which the second one waits"
is "$(<"$checkout/build/small/usr/bin/small") $(<"$checkout/downloads")" "a program download small" "… once"
mkdir "$checkout/build/none.partial"
run unpacked none
like "$status $stdout $stderr" '^1  .*: error: apt-get could not download none'$'\n''  E: no such package'$'\n''  The whole output is in build/log/none\.log\.$' "if apt-get cannot, the message has its reason"
run unpacked none
is "$status $(<"$checkout/downloads")" "1 download small
download none
download none" "… and the next run tries again"

# ---- A copy whose way to complete headers is changed.

mkdir -p "$directory"/copy/build/kernels/{completed,built}
touch "$directory"/copy/build/kernels/{completed/recipe,built/key}
run bash -c '. scripts/common.sh; keep_headers env -C "$1"' - "$directory/copy"
is "$status $stderr $(cd "$directory/copy/build/kernels" && echo */*)" "0  built/key completed/key completed/recipe" "completed headers count as complete in such a copy"
rm "$directory"/copy/build/kernels/completed/*
run bash -c '. scripts/common.sh; keep_headers env -C "$1"' - "$directory/copy"
is "$status $stderr $(cd "$directory/copy/build/kernels" && echo */*)" "0  built/key" "… and if there are none, nothing is done"

# ---- A command that fails.

printf '%s\n' '#!/bin/bash' '. scripts/common.sh' 'in_a_function() { local found; found=$(grep nothing /dev/null); echo on; }' 'in_a_function' >"$directory/script"
run bash "$directory/script"
like "$status $stdout $stderr" '^1  .*script: stopped at line 3 of '"$directory"'/script: found=\$\(grep nothing /dev/null\)$' "a script that a command ends says where"

done_testing
