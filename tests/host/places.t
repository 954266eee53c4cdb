#!/usr/bin/env bash
# Scripts and make in unusual places: in a checkout at an odd path, called by a link or from another directory, on a full disk,
# beside other people's files.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

scripts/sandbox.sh true
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
directory=$(mktemp -d "$PWD/build/places.XXXXXX")
temporary+=("$directory")
checkout=$PWD
mapfile -t commands < <(find scripts bench .ci -maxdepth 1 -type f -perm /111 -exec grep -lE '^#!.*bash' {} + | sort)

# checkout_at PATH: makes a copy of the checkout in which nothing is built.
checkout_at() {
	mkdir -p -- "$1"
	tar -c --exclude=./build --exclude=./.git . | tar -x -C "$1"
}

# ---- Paths that make and kbuild cannot handle.

not_refused='' made=''
for character in ' ' $'\t' $'\n' ',' : ';' % '#' '$' '&' '|' '<' '>' '(' ')' '[' ']' '*' '?' \` \' '"' \\; do
	odd="$directory/a${character}b"
	mkdir "$odd"
	cp -a scripts Makefile "$odd/"
	for called in modules rust-analyzer demo clean vm.sh clean.sh; do
		if [[ $called == *.sh ]]; then run "$odd/scripts/$called"; else run make -C "$odd" "$called"; fi
		[[ $status != 0 && $stderr == *"error: kbuild and make cannot handle the path of the checkout: $odd"*"Move the checkout"* ]] ||
			not_refused+="$called: $status $stderr"$'\n'
	done
	[[ ! -e $odd/build ]] || made+="$odd"
done
is "$not_refused" "" "a checkout at a path that make or kbuild cannot handle is refused, with the reason"
is "$made" "" "… before anything is made"
like "$stderr" 'It contains a blank, or one of these characters: ' "… and the message lists the characters that a path may not have"

for variable in KDIR MO; do
	run make "$variable=$directory/a b"
	like "$status $stderr" "^2 .*error: kbuild and make cannot handle the path of $variable: $directory/a b" "such a path in $variable is refused, too"
done
not_there "$directory/a" "… before anything is made there"

# ---- Paths that look odd, but work.

odd="$directory/-o+d@d=~ü{}^!"
checkout_at "$odd"
mkdir -p "$odd/build/vm"
ln -s "$checkout/build/kernels" "$odd/build/kernels"
cp -l build/vm/base.*.cpio "$odd/build/vm/"
# (Leave out the other modules, which every test builds.)
sed -i 's/^obj-m :=.*/obj-m := seconds.o/; s/^obj-m += hello.*/obj-m += hello_world.o/; /^startstop-y/d' "$odd/Kbuild"
run scripts/sandbox.sh make -C "$odd" modules KDIR="$kdir"
is "$status" 0 "a path may begin with a dash, and may contain + @ = ~ { } ^ ! and letters of any language"
run scripts/sandbox.sh "$odd/scripts/vm.sh" bash -c 'insmod hello_world.ko && insmod seconds.ko && cat /proc/seconds'
like "$status $stdout" '^0 [0-9]+$' "… and modules that are built there can be loaded"

# ---- Called from other directories, and by other names.

made=''
mkdir "$directory/links"
for command in "${commands[@]}"; do
	ln -s "$checkout/$command" "$directory/links/${command//\//-}"
	run "$directory/links/${command//\//-}"
	[[ $status != 0 && $(wc -l <<<"$stderr") == 1 && $stderr == *common.sh* ]] || made+="$command: $status $stderr"$'\n'
done
is "$made" "" "a script that is called by a link, and so does not find common.sh, does nothing"
lost=''
for test in tests/{,long/,sanitized/,debian/,all/}{,host/}*.t; do
	[[ ! -e $test ]] || grep -qE '^\. "\$\(dirname "\$0"\)/.*\.sh" \|\| exit|^exec .*tests/docs\.t' "$test" || lost+="$test "
done
is "$lost" "" "a test that does not find its library does nothing, either"

# The arguments that vm.sh and lint.sh give to the sandbox.
elsewhere=$directory/elsewhere
checkout_at "$elsewhere/checkout"
printf '#!/bin/bash\nprintf "%%s\\n" "$@"\n' >"$elsewhere/checkout/scripts/sandbox.sh"
touch "$directory/-file"
cd "$elsewhere" || exit
run checkout/scripts/vm.sh --smp 1 --add ../-file --add -- true
is "$status" 2 "--add of a file that does not exist gives 2"
run checkout/scripts/vm.sh --smp 1 --add ../-file --strip cat -file
is "$stdout" "$(printf '%s\n' --show "$directory/-file" "$elsewhere/checkout/scripts/vm.sh" --smp 1 --add "$directory/-file" --strip cat -file)" \
	"vm.sh can be called from another directory, by a relative path and with relative paths"
run checkout/scripts/lint.sh
is "$stdout" "$elsewhere/checkout/scripts/lint.sh" "… and lint.sh"
mkdir -p "$directory/cd/checkout/scripts"
run env CDPATH="$directory/cd" checkout/scripts/doc.sh "$directory/elsewhere"
like "$stderr" "nothing is built in $directory/elsewhere" "CDPATH has no effect"
cd "$checkout" || exit

run env KERNEL=../../../x scripts/vm.sh true
like "$status $stderr" "^2 .*KERNEL takes a kernel's release, not '../../../x'" "a KERNEL that is a path is refused"
run scripts/rust-headers.sh "../../../${directory##*/}/x"
like "$status $stderr" "^2 .*'../../../${directory##*/}/x' is not a kernel's release" "… and a RELEASE"
is "$(find build -maxdepth 2 -name 'x.*')" "" "… and no file is made"

ln -s "$directory" "$elsewhere/checkout/build"
run "$elsewhere/checkout/scripts/clean.sh" --all
like "$status $stderr" '^1 .*build/ is a link, but it must be a directory' "a build/ that is a link is refused"
there "$directory/-file" "… and nothing behind the link is removed"
rm "$elsewhere/checkout/build"
mkdir "$elsewhere/checkout/build"
run env RUST_HEADERS_BUILD="$directory/links" "$elsewhere/checkout/scripts/clean.sh" --all
is "$status $(ls -d "$directory/links" "$elsewhere/checkout/build" 2>/dev/null)" "0 $directory/links" "what the package rust-headers sets does not lead a checkout elsewhere"

# ---- Other people's files.

cd "$elsewhere/checkout" || exit
git init -q theirs
mkdir -p theirs/deep with_makefile/deep build/modules
touch with_makefile/Makefile
for place in theirs/deep with_makefile with_makefile/deep tests lkm .; do
	touch "$place"/{one.ko,one.o,one.mod.c}
	# Files that kbuild makes.
	echo "savedcmd_two.ko := true" >"$place/.two.ko.cmd"
	echo "savedcmd_two.mod := true" >"$place/.two.mod.cmd"
	touch "$place"/{two.ko,two.mod,two.mod.c}
	# What compilers have written when a build is interrupted.
	printf 'two.o: two.c \\\n two.h\n' >"$place/.two.o.d"
	printf '/some/where/two.mod.o: two.mod.c\n' >"$place/.two.mod.o.d"
	printf '%s\n\n' "$place/.two.rmeta.d: two.rs" "$place/two.rmeta: two.rs" "two.rs:" >"$place/.two.rmeta.d"
	echo "two_helper.o: two_helper.h" >"$place/.two.rs.d"
	echo "two.o: of something else" >"$place/.one.d"
	touch "$place/.keep.d"
done
echo "of something else" >.notes.cmd
touch notes
ln -s build/modules/linked.ko linked.ko
run make clean
is "$status" 0 "make clean"
is "$(find . -name 'one.*' | wc -l) $(find . -name 'two.*' | sort | paste -sd' ')" \
	"18 ./theirs/deep/two.ko ./theirs/deep/two.mod ./theirs/deep/two.mod.c ./with_makefile/deep/two.ko ./with_makefile/deep/two.mod ./with_makefile/deep/two.mod.c ./with_makefile/two.ko ./with_makefile/two.mod ./with_makefile/two.mod.c" \
	"make clean removes the files that kbuild has made here, and no files of others"
is "$(find lkm tests . -maxdepth 1 -name '.*.d' | sort | paste -sd' ') $(find with_makefile theirs -name '.*.d' | wc -l)" \
	"./.keep.d ./.one.d lkm/.keep.d lkm/.one.d tests/.keep.d tests/.one.d 18" "… also of hidden files with the end .d, only the compilers' lists"
is "$(echo notes .notes.cmd linked.k*)" "notes .notes.cmd linked.k*" "… and the links to the modules"
cd "$checkout" || exit

# ---- What is mounted in a directory that is removed. (Only this namespace sees the mounts.)

# shellcheck disable=SC2016 # it is for the shell inside
run unshare --user --map-root-user --mount bash -c '
	mkdir -p "$1"/mounted/{by,with}/{dev,other} && cd "$1/mounted" || exit
	for place in by with; do mount -t tmpfs none "$place/dev" && touch "$place"/{dev/kept,other/removed}; done
	(. "$2/scripts/common.sh" && remove "$PWD/by") 2>/dev/null && echo "remove does not fail"
	printf ". %s/tests/tap.sh || exit\ntemporary+=(%s/with)\n" "$2" "$PWD" >a.t
	bash a.t 2>/dev/null
	find by with | sort' - "$directory" "$checkout"
is "$stdout" $'by\nby/dev\nby/dev/kept\nwith\nwith/dev\nwith/dev/kept' "what is mounted in a directory stays if a script or a test removes the directory"
is "$(grep -rE --exclude-dir=mutants '(^|[^_])mmdebstrap -[-]' scripts tests bench .ci | grep -v 'mmdebstrap -[-]mode=unshare' | cut -d : -f 1)" \
	"scripts/mmdebstrap.sh" "only the helper calls mmdebstrap as root"

# ---- debian.sh makes its disks only in its own directory. (Stand-ins for the programs, which need its archives.)

mkdir -p "$directory/disks/boot" "$directory/programs"
touch "$directory/disks"/{root,boot}.tar
for program in mke2fs tar; do ln -s /bin/true "$directory/programs/$program"; done
for sandbox in '' RUST_LKM_SUITE=trixie; do
	run env $sandbox PATH="$directory/programs:$PATH" scripts/debian.sh --make-disks installed "$directory/disks"
	like "$status $stderr" '^2 .*error: only this script itself calls it with --make-disks, in the sandbox, and below build/debian/' \
		"debian.sh refuses to make its disks in another directory${sandbox:+, in the sandbox, too}"
	is "$(cd "$directory/disks" && echo *)" "boot boot.tar root.tar" "… and removes nothing there"
done
run env RUST_LKM_SUITE=trixie PATH="$directory/programs:$PATH" scripts/debian.sh --make-disks installed
like "$status $stderr" '^2 .*error: only this script itself' "… or without a directory"
mkdir -p build/debian
own=$(mktemp -d "$PWD/build/debian/places.XXXXXX.partial")
temporary+=("$own")
mkdir "$own/boot"
touch "$own"/{root,boot}.tar
run env RUST_LKM_SUITE=trixie PATH="$directory/programs:$PATH" scripts/debian.sh --make-disks installed "$own"
is "$status $(ls "$own")" "0 " "… but makes them in its own"

# ---- Disks that a machine uses. (The stand-in for the sandbox is that from above.)

mkdir -p "$elsewhere/checkout/build/debian/trixie-layer.first"
exec {use}>"$elsewhere/checkout/build/debian/trixie.use"
flock --shared "$use"
run env MIRROR=http://127.0.0.1:9/none "$elsewhere/checkout/scripts/debian.sh" true {use}>&-
like "$status $stderr" '^125 .*error: the disks in build/debian/trixie have to be made again, but a machine is running with them'$'\n''.*End that machine' \
	"debian.sh does not replace the disks of a machine that is running"
there "$elsewhere/checkout/build/debian/trixie-layer.first" "… and keeps its layers"
for made in '' made; do
	flock "$use"
	rm -f "$directory/waited"
	env RUST_LKM_SUITE=trixie "$elsewhere/checkout/scripts/debian.sh" --on none true {use}>&- </dev/null >"$directory/waited" 2>&1 &
	await "$directory/waited" 'waiting for another run: it is making the disks of a Debian'
	[[ -z $made ]] || install -D /dev/null "$elsewhere/checkout/build/debian/trixie/recipe"
	flock --unlock "$use"
	wait "$!"
	waited+=$(tail -n +2 "$directory/waited")$'\n'
done
exec {use}>&-
like "$waited" '^debian.sh: error: the other run did not make the disks of a Debian.*there is no layer none' "a run waits while its disks are made, and looks if they are there then"

# (A stand-in for cmp says that the disks are up to date.)
ln -s /bin/true "$directory/programs/cmp"
cd "$elsewhere" || exit
run env PATH="$directory/programs:$PATH" checkout/scripts/debian.sh --qmp ../qmp,socket --root true
cd "$checkout" || exit
same "$stdout" "$(printf '%s\n' "$elsewhere/checkout/scripts/debian.sh" --qmp "$directory/qmp,socket" --root true)" "debian.sh --qmp takes a relative path"

# ---- bench/dev.sh, if no module can be made.

printf '#!/bin/sh\necho "no room" >&2\nexit 1\n' >"$elsewhere/checkout/scripts/new-module.sh"
mkdir "$directory/temporary"
run env TMPDIR="$directory/temporary" "$elsewhere/checkout/bench/dev.sh"
is "$status $stderr $(ls "$directory/temporary")" "1 dev.sh: error: new-module.sh could not make a module"$'\n'"  no room " \
	"bench/dev.sh says why it cannot make a module, and leaves nothing in /tmp"

# ---- A full disk.

checkout_at "$directory/full/checkout"
echo "A line too many." >>"$directory/full/checkout/tests/promises.md"
# shellcheck disable=SC2016 # it is for the shell inside
run bwrap --dev-bind / / --size $((16 << 20)) --tmpfs "$directory/links" bash -c '
	cp -a "$1" "$2/checkout" && cd "$2/checkout" || exit
	dd if=/dev/zero of="$2/fill" bs=4096 2>/dev/null
	before=$(cat tests/promises.md | sha256sum)
	scripts/promises.sh 2>&1 && echo "promises.sh does not fail"
	[[ $(cat tests/promises.md | sha256sum) == "$before" ]] || echo "the page is lost"
	! compgen -G "tests/promises.md.*" || echo "half a page is left"
	scripts/sandbox.sh true 2>&1 && echo "sandbox.sh does not fail"
	[[ ! -e build/sandbox/trixie ]] || echo "a sandbox is left"' - "$directory/full/checkout" "$directory/links"
like "$stdout" 'promises.sh: error: could not write tests/promises.md \(is there room on the disk' "on a full disk a script fails, and says why"
is "$(grep -E 'does not fail|is lost|is left' <<<"$stdout")" "" "… and leaves nothing half done"

printf '#!/bin/sh\nexit 1\n' >"$directory/links/mktemp"
chmod +x "$directory/links/mktemp"
printf '. "%s/tests/tap.sh" || exit\ndirectory=$(mktemp -d)\necho "goes on in $directory/"\n' "$checkout" >"$directory/a.t"
run env PATH="$directory/links:$PATH" bash "$directory/a.t"
like "$status $stdout" '^143 Bail out! mktemp -d failed' "a test that gets no directory of its own ends"
is "$(grep "goes on" <<<"$stdout")" "" "… at once"

done_testing
