#!/usr/bin/env bash
# The modules are kept through an upgrade of the kernel, in a whole Debian: the packages rust-headers and rust-lkm-dkms are
# installed, an older kernel is running, and apt-get installs the newer one. The power also fails during that, in the hook of
# rust-headers and in dkms, and it is done with nothing at hand that the metadata could come from.
#
# Two steps would take too long on an emulated CPU. The metadata come from ready packages, which are made before the test begins,
# and the package for dkms has two modules only. (tests/all/host/packages.t makes metadata in the hook, and tests/all/host/dkms.t
# has all modules.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit
. tests/shown.sh

mkdir -p build/tmp
directory=$(mktemp -d "$PWD/build/tmp/upgrade.XXXXXX")
temporary+=("$directory")

# The command that the document names for the time after a power cut.
repair=$(sh_block docs/rust-headers.md "sudo dpkg --configure -a")
headers() { scripts/sandbox.sh scripts/rust-headers.sh "$@"; }
newer=$(basename "$(dirname "$(headers)")")
# shellcheck disable=SC2016 # the inner shell expands it
suite=$(bash -c '. scripts/common.sh && . scripts/platform.sh && choose_platform && echo "$kernel_suite"')

# These functions are for the commands in the machine. The first line of the output is the running kernel.
# shellcheck disable=SC2016 # it is the machine's shell that expands them
functions='
export DEBIAN_FRONTEND=noninteractive
uname -r
mark() { sed "s/\..*/ s: $*/" /proc/uptime >&2; }
apt() { apt-get -q -y "$@" 2>&1; }
upgrade() { apt install -t "$suite" linux-image-amd64 linux-headers-amd64; }
# cut_when PATTERN [COMMAND]: when there is a file of that name, COMMAND is run, and the power fails. (The message needs some time
# to get out.)
cut_when() {
	(until compgen -G "$1" >/dev/null; do sleep 0.1; done; mark the power fails; sleep 0.2; ${2:-}; echo b >/proc/sysrq-trigger) &
}
# works: loads the modules, and asks apt if anything is left to do.
works() {
	modprobe hello_world && modprobe seconds && [[ $(cat /proc/seconds) =~ ^[0-9]+$ ]] && rmmod seconds hello_world &&
		apt-get -q check && [[ -z $(dpkg --audit) ]] && apt install --reinstall mokutil >/dev/null && echo "all works"
}
'
# machine OPTION… COMMAND: runs COMMAND as root in a machine that debian.sh starts with the options.
machine() {
	local start=$SECONDS
	run scripts/debian.sh --older-kernel --root --timeout 2400 "${@:1:$#-1}" bash -c "newer=$newer older=${older:-} suite=$suite$functions${!#}"
	diag "${*:1:$#-1}: $((SECONDS - start)) s (at $SECONDS s)" "$(grep -E '^[0-9]+ s: ' <<<"$stderr")"
	printf '%s\n' "== $*" "$stdout" "== stderr" "$stderr" >>"$log"
}
mkdir -p build/log
log=$PWD/build/log/upgrade.log
: >"$log"
# before FIRST SECOND: succeeds if the last output has both texts, in this order.
before() { [[ ${stdout#*"$1"} == *"$2"* && $stdout == *"$1"* ]]; }

# ---- The older kernel is running, with modules.

machine --layer upgrade --new 'apt-get -q update >/dev/null; mark ready
	apt-get -s install -t "$suite" linux-image-amd64 | sed -n "s/^Inst linux-image-\([0-9][^ ]*\) .*/\1/p"'
older=$(head -n 1 <<<"$stdout")
like "$status $older" "^0 [0-9.]+[^ ]*-amd64\$" "a Debian with an older kernel starts"
wrong=0
[[ -n $older && $older != "$newer" ]] || wrong=1
ok "$wrong" "… which is not the newest"
same "$(tail -n 1 <<<"$stdout")" "$newer" "… and apt-get would install the kernel for which the metadata are ready"
[[ -n $older ]] || { echo "Bail out! no machine starts" && exit 1; }

# The ready packages, and a package for dkms with only two modules.
mkdir "$directory"/{ready,packages,few}
for release in "$older" "$newer"; do cp "$(headers --deb "$release")" "$directory/ready/"; done
cp "$(headers --deb-hook)" "$directory/packages/"
git ls-files -z -co --exclude-standard | perl -0lne 'print if -e' | xargs -0 cp --parents -t "$directory/few"
sed -i 's/^obj-m := .*/obj-m := seconds.o/; s/^lkm-exports := .*/lkm-exports :=/; s/^obj-m += hello_world.*/obj-m += hello_world.o/' "$directory/few/Kbuild"
cp "$("$directory/few/scripts/dkms.sh" 2>/dev/null)" "$directory/packages/"
same "$(cd "$directory" && for file in ready/* packages/*; do echo "${file%%_*}"; done)" \
	"ready/linux-librust-$older"$'\n'"ready/linux-librust-$newer"$'\n'"packages/rust-headers"$'\n'"packages/rust-lkm-dkms" "the packages are made"

# shellcheck disable=SC2016
machine --layer upgrade --add "$directory/ready" --add "$directory/packages" '
	echo PACKAGES=/root/ready >/etc/rust-headers.conf
	apt -o Dpkg::Options::=--force-confold install ./packages/rust-headers_*.deb; mark rust-headers
	apt install ./packages/rust-lkm-dkms_*.deb; mark modules
	works'
is "$status $(tail -n 1 <<<"$stdout")" "0 all works" "the packages rust-headers and rust-lkm-dkms are installed, and the modules work"

# ---- The newer kernel is installed.

machine --layer upgrade-whole --on upgrade --new 'upgrade; echo "apt-get gave $?"; mark upgraded; cat /var/log/rust-headers/$newer.log; dkms status'
is "$status $(grep '^apt-get gave' <<<"$stdout")" "0 apt-get gave 0" "apt-get installs the newer kernel"
before "rust-headers: Rust metadata for kernel $newer" "Autoinstall of module rust-lkm/"
ok $? "… first its metadata, then the modules"
is "$(grep -E '[Ww]arning|not built for kernel' <<<"$stdout")" "" "… and nothing is amiss"
like "$stdout" "Taking the ready package of version" "… the metadata are from the ready package"
like "$stdout" "rust-lkm/[0-9.]+, ${newer//+/\\+}, x86_64: installed" "… and dkms has installed the modules"

# shellcheck disable=SC2016
machine --layer upgrade-whole '
	works; mark works
	echo "== purge"
	apt purge "linux-image-$older" "linux-headers-$older" && apt autoremove --purge; echo "apt-get gave $?"
	mark purged
	echo "== left"
	version=${older%%+*}
	find /boot /usr/lib/modules /usr/lib/linux-* /usr/src /var/lib/{dkms,rust-headers} /var/log/rust-headers /var/lib/dpkg/alternatives /etc/alternatives -name "*$version*"
	grep -rl "$version" /var/lib/dpkg/alternatives
	dpkg-query -W | grep "$version"
	dkms status | grep "$version"
	echo "== the rest"
	works'
like "$status $stdout" "^0 ${newer//+/\\+}"$'\n'"(.*"$'\n'")?all works"$'\n'"== purge" "after a reboot the newer kernel is running, and modprobe loads the modules"
like "$stdout" "apt-get gave 0"$'\n'"== left"$'\n'"== the rest" "the older kernel is purged, and nothing of it is left"
is "$(tail -n 1 <<<"$stdout")" "all works" "… and the modules of the newer one still work"

# ---- There is neither a ready package nor the source.

# shellcheck disable=SC2016
machine --layer upgrade-whole '
	dkms unbuild "$(dkms status | cut -d , -f 1)" -k "$newer"; apt purge linux-headers-amd64 "linux-headers-$newer"
	mv ready away; mark gone
	echo "== headers"; apt install -t "$suite" linux-headers-amd64 | tee said; echo "apt-get gave ${PIPESTATUS[0]}"; mark installed
	modprobe seconds; apt-get -q check && [[ -z $(dpkg --audit) ]] && echo "apt works"
	mv away ready
	echo "== the command"
	command=$(sed -n "s/\r//; s/.*With the package rust-headers: //p" said | head -n 1); echo "$command"
	bash -c "${command//sudo /}"; mark done
	works'
like "$stdout" "== headers.*rust-headers: warning: kernel ${newer//+/\\+} has no Rust metadata: " "with neither a ready package nor the source, a warning says that there are no metadata"
like "$stdout" "To try again: sudo rust-headers --install ${newer//+/\\+} " "… and what to do"
like "$stdout" "apt-get gave 0.*apt works" "… and apt-get succeeds"
like "$stderr" "modprobe: FATAL: Module seconds not found" "… without modules"
is "$status $(tail -n 1 <<<"$stdout")" "0 all works" "when the package is there, the command in the message makes them"

# ---- The power fails. (Then debian.sh gives 125.)

# cut_off WORDS DESCRIPTION: the newer or the older kernel has run, WORDS were shown, and then the power has failed.
cut_off() {
	like "$status $stdout" "^125 (${older//+/\\+}|${newer//+/\\+})"$'\n'".*$1" "$2"
	like "$stderr" "[0-9]+ s: the power fails" "… and it was the power"
	is "$(grep -E '^(apt-get|it) gave' <<<"$stdout")" "" "… before the command ends"
}
machine --layer upgrade-cut --on upgrade --new 'cut_when "/usr/src/linux-headers-$newer/rust.partial/*"; upgrade; echo "apt-get gave $?"'
cut_off "Rust metadata for kernel ${newer//+/\\+}" "the power fails while the hook installs the metadata"
machine --layer upgrade-cut "apt install mokutil; cut_when '/var/lib/dkms/rust-lkm/*/build/built/*.o'; $repair"'; echo "it gave $?"'
cut_off "Autoinstall of module rust-lkm/" "it fails again while dkms builds the modules, in the command that repairs it: $repair"
like "$stdout" "dpkg was interrupted, you must manually run '(sudo )?${repair#sudo }'" "until then apt-get asks for that command"
machine --layer upgrade-cut "cut_when '/lib/modules/$newer/updates/dkms/seconds.ko*' sync; $repair"'; echo "it gave $?"; sleep 100'
cut_off "Installing /lib/modules/" "it fails a third time when the modules are on the disk, and dkms has no record of them yet"
machine --layer upgrade-cut "$repair"'; echo "it gave $?"; dkms status; works'
like "$stdout" "it gave 0"$'\n'".*rust-lkm/[0-9.]+, ${newer//+/\\+}, x86_64: installed" "after all this the command repairs it"
is "$status $(head -n 1 <<<"$stdout") $(tail -n 1 <<<"$stdout")" "0 $newer all works" "… and the newer kernel is running, and the modules work"

rm -rf build/debian/*-layer.upgrade{,-whole,-cut}{,.lock}
done_testing
