#!/usr/bin/env bash
# README.md's "On your own machine", typed line by line by an ordinary user in a whole Debian.
#
# Two steps would take too long on an emulated CPU, so they are done before the test begins:
#
# - README.md's apt-get lines have installed the packages when the disk was made (debian.sh --installed). The test types these lines
#   again on that disk. In a Debian without the packages it asks apt-get what the lines would install, and installs one package.
# - The headers are complete. (tests/long/host/minimal.t completes them, in a Debian that has only README.md's packages.)

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit
. tests/shown.sh
. tests/debian/readme.sh
make --no-print-directory vm-modules >/dev/null 2>&1

# ---- In a Debian that has nothing of this project.

simulated=$(sed -n 's/^sudo apt-get install/& --simulate/; s/ *#.*//; /apt-get install/p' <<<"$before_reboot")
typed "sudo apt-get update
dpkg-query -W -f '\${Package}\n'
$simulated
type make rustc bindgen
sudo apt-get install bison"
is "$(failed_lines)" "type make rustc bindgen gave 1" "in a Debian that has nothing of this project, apt-get knows the packages that README.md names"
like "$(of 'sudo apt-get install bison')" $'\nSetting up bison' "apt-get installs one of the packages when the user answers yes"
had=$(of "dpkg-query -W -f '\${Package}\n'" | sort)
comes=$(grep -oP '^Inst \K[^ ]+' "$log" | sort -u)
: >"$log"

# ---- The block.

typed --installed --layer native --new --checkout "dpkg-query -W -f '\${Package}\n'
sudo apt-get update
$before_reboot
uname -r
$after_reboot
sudo dmesg"
is "$(failed_lines)" "" "each line of README.md succeeds"
same "$(of "dpkg-query -W -f '\${Package}\n'" | sort)" "$(sort -u <<<"$had"$'\n'"$comes")" "the packages are those that apt-get would install on a Debian that has none of them"
release=$(of "uname -r")
like "$release" '\+deb13-amd64$' "the kernel of trixie-backports is running"
like "$(of_part rust-headers.sh)" "/rust-lkm/build/kernels/${release//+/\\+}/build" "the headers of the running kernel are complete"
like "$(of make)" 'LD \[M\] +seconds\.ko' "make builds the modules"
like "$(of_part 'sudo dmesg | tail -n 1')" '^\[ *[0-9.]+\] hello_world: Hello World$' "after sudo insmod, the log has the module's greeting"
like "$(of 'cat /proc/jiffies')" '^[0-9]+$' "cat /proc/jiffies shows a number"
like "$(of_part demo.sh)" '([0-9]+) of \1 expectations held' "all expectations of the tour hold"
like "$(of_part modules_install)" 'DEPMOD .*/lib/modules/' "modules_install ends with depmod"
like "$(of 'cat /proc/seconds')" '^[0-9]+$' "modprobe finds a module by its name"
is "$(of 'sudo dmesg' | grep -E '\] ?(WARNING|BUG|Oops)')" "" "the kernel has not warned of anything"

# ---- What README.md does not type: every module by its name; another compiler first in PATH, as after rustup; make as root.

typed --installed --layer native 'for file in *.ko; do sudo modprobe "${file%.ko}" && sudo modprobe -r "${file%.ko}" && echo "${file%.ko}" || exit; done
mkdir -p ~/.cargo/bin; printf "#!/bin/sh\necho rustc 1.99.0; [ \$# = 1 ]" >~/.cargo/bin/rustc; chmod +x ~/.cargo/bin/rustc
PATH=~/.cargo/bin:$PATH; rustc --version && make
sudo make
stat -c %A ~
sudo make clean
ls'
is "$(failed_lines)" "" "the lines that README.md does not have work, too"
same "$(of 'for file in *.ko; do sudo modprobe "${file%.ko}" && sudo modprobe -r "${file%.ko}" && echo "${file%.ko}" || exit; done')" \
	"$(sed -n 's/^obj-m [:+]= \([a-z]\)/\1/p' Kbuild | tr ' ' '\n' | sed 's/\.o$//' | sort)" "modprobe loads each module, and modprobe -r unloads it"
like "$(of 'stat -c %A ~')" '^drwx------' "others cannot read the user's home"
is "$(of 'PATH=~/.cargo/bin:$PATH; rustc --version && make' | grep -v '^rustc 1.99.0$')" "" "rustup's compiler is not used: nothing is built again"
is "$(of 'sudo make')" "" "root has nothing to build"
is "$(of ls | grep -F .ko)" "" "make clean removes the modules"

is "$(errors)" "" "nothing is printed that looks like an error"
cp "$log" build/log/native.log
diag "all the output is in build/log/native.log"
rm -rf build/debian/*-layer.native build/debian/*-layer.native.lock
done_testing
