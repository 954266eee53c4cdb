#!/usr/bin/env bash
# README.md's "On your own machine" in the smallest Debian, at the speed of this machine: README.md's lines install the packages,
# complete the headers, and build and install the modules. An ordinary user types them, whose home is private and who has another
# rustc first in PATH; then root does. No module is loaded, because the kernel is this machine's. (tests/debian/native.t loads
# them.) This takes some minutes. tests/all/host/minimal_testing.t does the same for SUITE=testing.

. "$(dirname "$0")/../../tap.sh" || exit
. "$(dirname "$0")/../../shown.sh"
cd "$(dirname "$0")/../../.." || exit
. scripts/mmdebstrap.sh || exit

make --no-print-directory vm-modules >/dev/null 2>&1
mkdir -p build/tmp
directory=$(mktemp -d "$PWD/build/tmp/minimal-test.XXXXXX")
temporary+=("$directory")
chmod 755 "$directory"
root=$directory/root
mkdir "$root"

# ---- The machine.

suite=${SUITE:-trixie}
# As README.md says, only trixie's block takes the kernel from another suite.
block() { sh_block README.md "sudo apt-get install make gcc" | if [[ $suite == trixie ]]; then cat; else sed 's/ -t trixie-backports//'; fi; }
sources=build/sandbox/trixie/etc/apt/sources.list
kernels=()
[[ $suite != trixie ]] || kernels=(--setup-hook="cp $sources.d/kernels.list \"\$1\"/etc/apt/sources.list.d/")
hooks=()
while IFS= read -r line; do
	hooks+=(--customize-hook="chroot \"\$1\" env DEBIAN_FRONTEND=noninteractive ${line/apt-get/apt-get --yes}")
done < <(block | sed -n 's/^sudo \(apt-get install [^#]*\).*/\1/p')
is "${#hooks[@]}" 2 "README.md has the lines that install packages"
make=(root_mmdebstrap)
((EUID == 0)) || make=(mmdebstrap --mode=unshare)
TMPDIR=$directory "${make[@]}" --variant=minbase --format=tar \
	--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io \
	--dpkgopt='path-exclude=/usr/share/doc/*' --skip=cleanup/apt/lists \
	"${kernels[@]}" "${hooks[@]}" \
	"$suite" - "$(awk '$1 == "deb" { print $2; exit }' $sources)" 2>"$directory/mmdebstrap" | tar -x --no-same-owner --exclude='./dev/*' -C "$root"
made=$((PIPESTATUS[0] || PIPESTATUS[1]))
ok "$made" "a minimal Debian ($suite) with only these packages is made"
((made == 0)) || diag "$(tail "$directory/mmdebstrap")"
release=$(basename "$(echo "$root"/boot/vmlinuz-*)")
release=${release#vmlinuz-}
# Make programs believe that that kernel is running.
printf '#!/bin/sh\nif [ "$*" = -r ]; then echo %s; else exec /usr/bin/uname "$@"; fi\n' "$release" >"$root/usr/local/bin/uname"
# rustup puts its compiler first in its owner's PATH. This one cannot build anything for this kernel.
home=$root/home/user
mkdir -p "$home/.cargo/bin" "$home/rust-lkm"
printf '#!/bin/sh\ncase "$*" in *-V* | *--version*) echo "rustc 1.99.0 (another 2030-01-01)" ;; *) echo "error: this is another rustc" >&2; exit 101 ;; esac\n' \
	>"$home/.cargo/bin/rustc"
cp "$home/.cargo/bin/rustc" "$home/.cargo/bin/rustfmt"
chmod +x "$root/usr/local/bin/uname" "$home"/.cargo/bin/*
tar -c --exclude=./build --exclude=./.git --exclude='*.ko' . | tar -x -C "$home/rust-lkm"
chmod 700 "$home"

# as ID LINE: the user with this number types LINE in the checkout there.
as() {
	run bwrap --unshare-user --unshare-pid --uid "$1" --gid "$1" --bind "$root" / --dev /dev --proc /proc --tmpfs /tmp \
		--ro-bind-try /etc/resolv.conf /etc/resolv.conf --ro-bind-try /etc/hosts /etc/hosts \
		--clearenv --setenv HOME /home/user --setenv TERM dumb --setenv http_proxy "${http_proxy:-}" \
		--setenv PATH /home/user/.cargo/bin:/usr/local/bin:/usr/bin:/bin --chdir /home/user/rust-lkm bash -c "$2"
	diag "$2: $stdout $stderr"
}
errors() { grep -niE '(^|[^-_a-z])(error|warning|failed|failure|cannot|not found|no such|skipping)([^-_a-z]|$)' <<<"$stdout$stderr"; }
modules=$(sed -n 's/^obj-m [:+]= \([a-z]\)/\1/p' Kbuild | tr ' ' '\n' | sed 's/o$/ko/' | sort)

# ---- The commands there.

as 1000 make
like "$status $stderr" "^2 .*the headers of kernel ${release//+/\\+} lack the Rust metadata" "without completed headers, make says what is missing"

as 1000 "$(block | grep '^scripts/rust-headers.sh')"
((status == 0)) || diag "$(tail -n 30 "$home"/rust-lkm/build/log/rust-headers-*.log 2>&1)"
is "$status $stdout" "0 /home/user/rust-lkm/build/kernels/$release/build" "rust-headers.sh completes the headers of the running kernel, with rustup's compiler first in PATH"
like "$stderr" 'all [1-9][0-9]* that the kernel exports' "… with all symbols that the kernel exports"
is "$(errors)" "" "… and prints nothing that looks like an error"

as 1000 "$(block | grep '^make')"
is "$status" 0 "make builds the modules, with that compiler first in PATH"
same "$(cd "$home/rust-lkm" && ls -- *.ko)" "$modules" "… each of them"
is "$(errors)" "" "… and prints nothing that looks like an error"

install=$(block | grep -o 'make modules_install')
as 0 "$install"
is "$status" 0 "make modules_install works, as root"
is "$(errors)" "" "… and prints nothing that looks like an error"
is "$(grep -cE '^updates/seconds\.ko(\.xz)?:' "$root/usr/lib/modules/$release/modules.dep")" 1 "… and depmod lists them"
as 0 make
is "$status $(grep -c '^  ' <<<"$stdout")" "0 0" "root has nothing to build"
as 0 "make clean && make"
is "$status $(errors)" "0 " "root can build everything from nothing, and nothing printed looks like an error"
same "$(cd "$home/rust-lkm" && ls -- *.ko)" "$modules" "… each module"

done_testing
