#!/usr/bin/env bash
# KERNEL=, SUITE= and ARCH= in the directory of a module reach everything that its targets start. What takes time is left to a
# stand-in: a sandbox that only notes how it is called.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

directory=$(mktemp -d)
temporary+=("$directory")
clone=$directory/rust-lkm own=$directory/number
mkdir -p "$clone/build" "$own"
cp -r Makefile LICENSE .rustfmt.toml .editorconfig scripts lkm templates tests "$clone/"
cat >"$clone/scripts/sandbox.sh" <<STANDIN
#!/bin/bash
echo "\$KERNEL \$SUITE \$ARCH: \$*" >>"$directory/calls"
[[ \$* != *rust-headers.sh ]] || echo "$clone/build/kernels/\$KERNEL/build"
STANDIN
mkdir -p "$clone/build/kernels/9.9.9-other/build/include/config"
echo 9.9.9-other >"$clone/build/kernels/9.9.9-other/build/include/config/kernel.release"
"$clone/scripts/new-module.sh" "$own" 2>/dev/null
if [[ $(uname -m) == x86_64 ]]; then other=arm64 native=x86; else other=x86 native=arm64; fi

# reaches TEXT DESCRIPTION COMMAND…: checks that the command starts something in the sandbox that has TEXT in its call, and each
# with the chosen kernel.
reaches() {
	local text=$1 description=$2
	shift 2
	: >"$directory/calls"
	run env -u KERNEL -u SUITE -u ARCH "$@"
	is "$(grep -v "^9.9.9-other sid $arch: " "$directory/calls")" "" "$description: with the kernel, suite and architecture that were chosen"
	like "$(<"$directory/calls")" "$text" "… and it is done"
}
arch=$other
chosen=(KERNEL=9.9.9-other SUITE=sid ARCH="$other")
while IFS='|' read -r target text; do
	reaches "$text" "make $target" make --no-print-directory -C "$own" "${chosen[@]}" "$target"
done <<TARGETS
modules|--writable $own make .* modules KDIR=$clone/build/kernels/9.9.9-other/build M=$own
rust-analyzer|--writable $own make .* rust-analyzer KDIR=$clone/build/kernels/9.9.9-other/build M=$own
vm|scripts/vm.sh .*--from $own
test|scripts/vm.sh .*--from $own .*run-tests.sh.* tests/number.t
dev|--writable $own $clone/scripts/dev.sh --from $own
lint|--writable $own $clone/scripts/lint.sh --from $own
TARGETS
there "$own/build/test-9.9.9-other" "the results of make test are beside those for other kernels"
arch=$native
reaches "scripts/gdb.sh --from $own" "make gdb" make --no-print-directory -C "$own" KERNEL=9.9.9-other SUITE=sid ARCH="$native" gdb
arch=$other
reaches "scripts/vm.sh .*--from $own .*run-tests.sh.*" "make test, if they are in the environment" env "${chosen[@]}" make --no-print-directory -C "$own" test
reaches "scripts/vm.sh .*--from $own .*run-tests.sh.*" "make M=DIR test" make --no-print-directory -C "$clone" M="$own" "${chosen[@]}" test
reaches "scripts/vm.sh .*--from $own .*run-tests.sh.*" "ci.sh" env "${chosen[@]}" "$own/ci.sh"
like "$(<"$directory/calls")" "scripts/lint.sh --from $own" "… with lint, too"

# ---- make matrix in the directory. (matrix.t tests what it does for each kernel.)

printf '#!/bin/sh\necho "$PWD: $*"\n' >"$clone/scripts/matrix.sh"
run make --no-print-directory -C "$own" matrix K='trixie x86 9.3'
is "$status $stdout" "0 $clone: --from $own trixie x86 9.3" "make matrix in the directory of a module calls matrix.sh for its modules, on the kernels that K= names"

# ---- A kernel's build tree.

run make --no-print-directory -C "$own" modules_install
like "$status $stderr" '^2 .*KDIR must name the build tree of the kernel to install them for' "make modules_install without KDIR= says what is missing"

done_testing
