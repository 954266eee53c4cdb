#!/usr/bin/env bash
# matrix.sh: which kernels it tries, in which order, and how it reports those that fail. Everything that takes time is replaced by
# stand-ins: a sandbox that knows made-up kernels, and a make and tests that pass or fail by the kernel's name.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

mkdir -p build
directory=$(mktemp -d "$PWD/build/matrix-test.XXXXXX")
temporary+=("$directory")
checkout=$directory/checkout
mkdir -p "$checkout/build/kernels/9.2.9-amd64" "$checkout/build/sandbox" "$directory/bin"
cp -a Kbuild Makefile README.md ./*.rs lkm startstop scripts tests docs "$checkout/"
cd "$checkout" || exit

cat >"$directory/archive" <<'ARCHIVE'
trixie x86 9.3.4-rt-amd64     9.3.4-1  can be completed
trixie x86 9.3.4-cloud-amd64  9.3.4-1  can be completed
trixie x86 9.3.4-amd64        9.3.4-1  completed
trixie x86 9.3.1-amd64        9.3.1-1  can be completed
trixie x86 9.2.9-other-amd64  9.2.9-1  can be completed
trixie x86 9.2.9-amd64        9.2.9-1  can be completed
trixie x86 9.2.8-amd64        9.2.8-1  can be completed
trixie x86 9.1.1-amd64        9.1.1-1  cannot be: built without CONFIG_RUST
trixie arm64 9.7.1-arm64      9.7.1-1  cannot be: no image yet, or no longer
trixie arm64 9.3.4-arm64      9.3.4-1  can be completed
testing x86 9.3.2-amd64       9.3.2-1  can be completed (its image is not signed yet)
sid x86 9.5.1-amd64           9.5.1-1  cannot be: the source of that version is gone
sid x86 9.5.0-amd64           9.5.0-1  can be completed
experimental x86 9.7-rc1-amd64 9.7~rc1-1 cannot be: no image yet, or no longer
experimental x86 9.7-rc1-rt-amd64 9.7~rc1-1 cannot be: no image yet, or no longer
experimental x86 9.7-rc0-amd64 9.7~rc0-1 cannot be: no image yet, or no longer
experimental x86 9.6-rc2-amd64 9.6~rc2-1 cannot be: no image yet, or no longer
experimental x86 9.6-rc1-amd64 9.6~rc1-1 can be completed
experimental x86 9.5.0-amd64  9.5.0-1  can be completed
ARCHIVE
cat >scripts/sandbox.sh <<STANDIN
#!/bin/bash
case \$ARCH-\$HOSTTYPE in
x86-x86_64 | arm64-aarch64) mkdir -p build/sandbox/\$SUITE ;;
*) mkdir -p build/sandbox/\$SUITE-\$ARCH ;;
esac
echo "\$SUITE \$ARCH \$*" >>"$directory/calls"
[[ \$SUITE != "\$(cat "$directory/no-sandbox" 2>/dev/null)" ]] || exit 1
kdir=$checkout/build/kernels/\$KERNEL/build
case "\$*" in
*--list) echo KERNEL && sed -n "s/^\$SUITE \$ARCH //p" "$directory/archive" ;;
*--check*) [[ \$KERNEL == 9.3.4-cloud-* ]] && exit 1; echo "symbols:      all 1234 that the kernel exports" ;;
*source-kernel.sh*)
	kdir=$checkout/build/kernels/9.7-sanitized/build
	mkdir -p "\$kdir/include/config"
	echo 9.7-sanitized >"\$kdir/include/config/kernel.release"
	printf '%s\n' 'CONFIG_RUSTC_VERSION_TEXT="rustc 1.9 (some)"' 'CONFIG_CC_VERSION_TEXT="Debian clang version 19.1.7 (3+b1)"' >"\$kdir/include/config/auto.conf"
	echo "\$kdir"
	;;
*rust-headers.sh*)
	[[ \$KERNEL != 9.3.4-rt-* ]] || exit 1
	mkdir -p "\$kdir/include/config"
	echo "\$KERNEL" >"\$kdir/include/config/kernel.release"
	printf '%s\n' 'CONFIG_RUSTC_VERSION_TEXT="rustc 1.2.3 (some)"' 'CONFIG_CC_VERSION_TEXT="gcc-9 (Debian 9.8.7-1) 9.8.7"' >"\$kdir/include/config/auto.conf"
	echo "\$kdir"
	;;
esac
STANDIN
cat >scripts/test.sh <<'STANDIN'
#!/bin/bash
[[ $KERNEL == *-arm64 ]] || { echo "$* 20 passed, 0 failed, 1 skipped" && exit; }
echo "18 passed, 2 failed, 1 skipped"
exit 1
STANDIN
cat >"$directory/bin/make" <<STANDIN
#!/bin/bash
# (This one asks what a Kbuild says.)
[[ "\$*" != *lkm-show* ]] || exec "$(type -P make)" "\$@"
echo "\$KERNEL \$*" >>"$directory/makes"
STANDIN
cat >>"$directory/bin/make" <<'STANDIN'
mkdir -p "build/modules/$KERNEL"
[[ $KERNEL != 9.2.9-amd64 ]] || echo "warning: unused"
[[ $KERNEL != 9.5.0-amd64 ]] || { echo "error: no such function" && exit 2; }
STANDIN
cat >scripts/foreign.sh <<'STANDIN'
#!/bin/bash
[[ $KERNEL != 9.3.2-amd64 ]] || exit 1
echo "17 of 17 modules"
STANDIN
chmod +x scripts/{sandbox,test,foreign}.sh "$directory/bin/make"
make=$(type -P make)
PATH=$directory/bin:$PATH

matrix() {
	: >"$directory/calls"
	run env -u SUITE -u ARCH -u KERNEL scripts/matrix.sh "$@"
}
debian() { result "$1" | cut -d '|' -f 4 | tr -d ' '; }
tried() { grep -oE '^[0-9][^ ]* +…' <<<"$stderr" | tr -d ' …' | tr '\n' ' '; }
result() { grep "^| $1" docs/kernels.md; }

matrix
is "$(tried)" "9.7-rc1-amd64 9.6-rc1-amd64 9.5.0-amd64 9.3.2-amd64 9.3.4-rt-amd64 9.3.4-cloud-amd64 9.3.4-amd64 9.2.9-amd64 9.3.4-arm64 " \
	"it tries the newest possible kernel of each series and flavour in each suite, once"
like "$(grep source-kernel "$directory/calls")" '^experimental x86 scripts/source-kernel.sh tests/sanitized.config linux-source-9.7=9.7~rc1-1$' \
	"… a series without an image is built from its source"
like "$(result 9.7-rc1-amd64)" '\| 1.9 \| clang 19.1.7 \| 1234 \| built, and the kernel from its source \| --guest 20 passed' "… and the document says so"
is "$(grep -c ' scripts/rust-headers.sh 9.3.2-amd64$' "$directory/calls")" 1 "… one without a signed image is tried with the unsigned one"
is "$status" 1 "if a kernel fails, it gives 1"
like "$(result 9.3.4-amd64)" \
	'^\| 9.3.4-amd64 \| 9.3.4-1 \| trixie \| 1.2.3 \| 9.8.7 \| 1234 \| built \| --guest 20 passed, 0 failed, 1 skipped \| 17 of 17 modules \| [0-9]+ s \|$' \
	"a kernel that passes: docs/kernels.md has compilers, symbols, modules, tests and modules of other projects"
like "$(result 9.3.2-amd64)" '\*\*failed\*\* .* \| --guest 20 passed, 0 failed, 1 skipped \| failed \|' "modules of other projects that do not work"
is "$(debian 9.6-rc1-amd64) $(debian 9.5.0-amd64)" "experimental sid" "in a suite on top of another, only its own kernels are tried"
like "$(result 9.3.4-rt-amd64)" '^\| 9.3.4-rt-amd64 \*\*failed\*\* .* \| - \| - \| failed \| - \| - \|' "headers that cannot be completed"
like "$(result 9.3.4-cloud-amd64)" '\*\*failed\*\* .* \| 1.2.3 \| 9.8.7 \| failed \| - \| - \|' "symbols that differ"
like "$(result 9.5.0-amd64)" '\*\*failed\*\* .* \| 1234 \| failed \| - \|' "modules that cannot be built"
like "$(result 9.3.4-arm64)" '\*\*failed\*\* .* \| 1234 \| built \| 18 passed, 2 failed, 1 skipped \|' "tests that fail"
like "$(result 9.2.9-amd64)" ' built, with warnings \|' "warnings are not hidden"
like "$(<docs/kernels.md)" "Tested on $(date +%F)" "the document has its date"
like "$(<docs/kernels.md)" '- 9.1 in trixie: built without CONFIG_RUST' "… and says why other kernels cannot be tried"
like "$(<docs/kernels.md)" '# Kernels' "… and keeps the text that is written by hand"
is "$(cd build && echo kernels/*/ modules/* sandbox/*)" "kernels/9.2.9-amd64/ modules/* sandbox/*" \
	"sandboxes and kernels that did not exist before are removed, and the others stay"

cp docs/kernels.md "$directory/first"
matrix
is "$(tried)" "9.5.0-amd64 9.3.2-amd64 9.3.4-rt-amd64 9.3.4-cloud-amd64 9.3.4-arm64 " "again without changes: only the kernels that failed are tried"
is "$(grep -c -e --list "$directory/calls")" 0 "… and the archive is not asked"
is "$(diff <(sed 's/[0-9]* s |$//' docs/kernels.md) <(sed 's/[0-9]* s |$//' "$directory/first"))" "" "… with the same results"
# What another run uses. (A lock of a sandbox is shared by those that use it.)
sandbox=build/sandbox/testing
[[ $HOSTTYPE == x86_64 ]] || sandbox+=-x86
exec {use}>"$sandbox.use" {completing}>build/kernels/9.5.0-amd64.lock
flock --shared "$use"
flock "$completing"
matrix --again {use}>&- {completing}>&-
is "$(tried | wc -w) $(grep -c -e --list "$directory/calls")" "9 6" "--again tries all kernels"
is "$(cd build && echo kernels/*/ sandbox/*)" "kernels/9.2.9-amd64/ kernels/9.5.0-amd64/ ${sandbox#build/} ${sandbox#build/}.use" \
	"a sandbox and a kernel that another run uses are not removed"
like "$stderr" "(^|"$'\n'")$sandbox stays, because another run uses it" "… and that is said"
exec {use}>&- {completing}>&-
rm -r "$sandbox"{,.use} build/kernels/9.5.0-amd64{,.lock}
echo '// changed' >>lkm/lib.rs
matrix 'sid x86'
is "$(tried)" "9.5.0-amd64 " "PART: one suite"
run env -u SUITE -u ARCH -u KERNEL "$make" matrix K=9.5
is "$(tried)" "9.5.0-amd64 " "make matrix K=PART does the same"
matrix 9.3
is "$(tried)" "9.3.2-amd64 9.3.4-rt-amd64 9.3.4-cloud-amd64 9.3.4-amd64 9.3.4-arm64 " "PART: one series, for which the sources have changed"
like "$stderr" 'build/matrix/kernels.md has the results' "… and the results are not in the document"
matrix 'trixie arm64'
is "$(tried)" "9.3.4-arm64 " "PART: one architecture"
is "$(grep -v '^trixie arm64' "$directory/calls")" "" "… and makes no sandbox for another one"
matrix 9.6
is "$status" 0 "if all passed, it gives 0"
matrix nothing
like "$status $stderr" "^1 .*no kernel has 'nothing' in its name" "a PART that no kernel has gives 1"

# (A stand-in for cat on a full disk.)
cp docs/kernels.md "$directory/document"
printf '#!/bin/bash\n[[ $1 != */matrix/document.md ]] || exit 1\nexec %s "$@"\n' "$(type -P cat)" >"$directory/bin/cat"
chmod +x "$directory/bin/cat"
matrix
rm "$directory/bin/cat"
is "$(cmp docs/kernels.md "$directory/document" 2>&1)" "" "if the document cannot be written, the old one stays"
like "$status $stderr" '^1 .*error: could not write docs/kernels.md' "… and the message says which"
is "$(echo docs/kernels.md*)" docs/kernels.md "… and nothing else is left"
sed -i '/^<!-- make matrix writes/d' docs/kernels.md
cp docs/kernels.md "$directory/document"
matrix
like "$status $stderr" "^1 .*error: docs/kernels.md has no line that begins with: <!-- make matrix writes"$'\n'".*Write this line" \
	"if the document has no place for the results, that is an error"
is "$(cmp docs/kernels.md "$directory/document" 2>&1)" "" "… and it stays as it is"
echo '<!-- make matrix writes what is below. -->' >>docs/kernels.md

mkdir "$directory"/{own,used}
echo 'lkm-uses := $(src)/../used/build/modules/$(KERNELRELEASE)' >"$directory/own/Kbuild"
: >"$directory/makes"
cp docs/kernels.md "$directory/document"
run env -u SUITE -u ARCH -u KERNEL "$make" matrix K='trixie x86 9.3' M="$directory/own"
is "$(tried)" "9.3.4-rt-amd64 9.3.4-cloud-amd64 9.3.4-amd64 " "--from: another directory's modules, on the same kernels"
like "$(<"$directory/own/build/matrix/kernels.md")" "\\| 9.3.4-amd64 .* \\| built \\| --from $directory/own 20 passed, 0 failed, 1 skipped \\| - \\|" \
	"… with the tests there, and a table there"
is "$(sed -n 's/^9.3.4-amd64 --no-print-directory //p' "$directory/makes")" "modules M=$directory/used
vm-modules TESTS=1 M=$directory/own" "… and what these use from another repository is built first"
same "$(cat docs/kernels.md)" "$(cat "$directory/document")" "… and docs/kernels.md does not change"

echo sid >"$directory/no-sandbox"
matrix --again
is "$status $(tried | wc -w)" "1 9" "a suite whose sandbox cannot be made does not stop the others"
like "$stderr" 'sid x86: .*failed' "… and is named"

matrix --unknown
is "$status" 2 "an unknown option gives 2"
matrix --help
like "$status $stdout" '^0 Usage: scripts/matrix.sh' "--help prints the usage"

done_testing
