#!/usr/bin/env bash
# scripts/debian.sh: a whole Debian, the changes that a run can make in it, and the messages when it ends.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

mkdir -p build/tmp
directory=$(mktemp -d "$PWD/build/tmp/machine-test.XXXXXX")
temporary+=("$directory")
echo "carried in" >"$directory/added"

make --no-print-directory vm-modules >/dev/null 2>&1
release=$(scripts/sandbox.sh scripts/rust-headers.sh | sed 's,.*/kernels/,,; s,/.*,,')

# shellcheck disable=SC2016 # it is the machine's shell that expands them
run scripts/debian.sh --layer machine --new --smp 1 --memory 1500M --append "some.option=7" --console --accel tcg \
	--checkout --add "$directory/added" bash -c '
	id -un; pwd; cat added; nproc; grep MemTotal /proc/meminfo; grep -o "some.option=7" /proc/cmdline
	ps -o comm= 1; sudo id -un; systemctl is-active systemd-journald dbus.socket; sudo journalctl -q --grep "Linux version" | grep -c .
	cd rust-lkm; ls README.md; ls build/kernels; cd
	sudo apt-get update >&2; apt-cache policy rustc bindgen | grep -c "Candidate: [0-9]"
	sudo apt-get install -y bc >&2 && type -P bc
	ls /etc/apt/apt.conf.d /etc/dpkg/dpkg.cfg.d | grep mmdebstrap; echo "no more"
	touch kept; sed "s/^/uptime: /" /proc/uptime >&2; exit 42'
is "$status" 42 "the status is the command's"
like "$stdout" $'^user\n/home/user\ncarried in\n1\n' "it runs as the user, in the home with the file of --add, and with the CPUs of --smp"
like "$stdout" $'\nMemTotal: +1[34][0-9]{5} kB\nsome.option=7\n' "… with the memory of --memory, and the kernel's arguments of --append"
like "$stdout" $'\nsystemd\nroot\nactive\nactive\n[1-9][0-9]*\n' "… under systemd, with sudo and a journal"
like "$stdout" $'\nREADME.md\n.*'"${release//+/\\+}"$'\n' "--checkout puts this checkout there, with its completed headers"
like "$stdout" $'\n2\n/usr/bin/bc\n' "apt-get knows the packages on the second disk, and installs them"
is "${stdout##*/usr/bin/bc$'\n'}" "no more" "… with no settings of mmdebstrap's"
is "$(grep -E '^(E|W|Err)' <<<"$stderr")" "" "… without an error or a warning"
like "$stderr" 'Booting|Linux|systemd|cloud|tsc' "--console shows the console"
diag "when the command ended the machine ran for: $(sed -n 's/.*uptime: \([0-9]*\).*/\1 s/p' <<<"$stderr")"

# shellcheck disable=SC2016
run scripts/debian.sh --on machine --root bash -c 'id -u; pwd; ls -d /home/user/kept; touch /home/user/lost; poweroff --force --force; sleep 1000'
is "$stdout" "0
/root
/home/user/kept" "--on begins with the changes in a layer; --root runs as root"
is "$status" 125 "a power-off before the command's end gives 125"

# Reboot, as a person does in the middle of a session.
run scripts/debian.sh --layer machine bash -c 'ls kept lost; [[ -e again ]] || { touch again; sudo reboot; sleep 1000; }; echo "$0"' again
is "$status $stdout" "0 kept
kept
again" "a layer keeps only the changes of its own runs; a reboot boots again, and starts COMMAND again"

# Boot as a laptop does.
scripts/sandbox.sh tests/debian/qmp.py "$directory/qmp" "$directory/qmp.console" "$directory" <<<"screen|BdsDxe: starting|" &
# shellcheck disable=SC2016
run scripts/debian.sh --on machine --secure-boot --qmp "$directory/qmp" bash -c '
	od -An -t u1 /sys/firmware/efi/efivars/SecureBoot-* | sed "s/.* //"; sudo dmesg | grep -c "locked down from EFI Secure Boot"'
is "$status $stdout" "0 1
1" "--secure-boot starts from firmware with Secure Boot on, and the kernel is locked down"
wait "$!"
is "$? $(head -c 4 "$directory/screen.png" | tail -c 3)" "0 PNG" "--qmp allows taking a picture of the screen when the console shows a text"

# At a terminal.
screen=$(TERM=xterm script -qec "stty rows 33 cols 99; scripts/debian.sh --on machine --timeout 200 bash -c 'tty; stty size; echo \$TERM; exit 3'; echo status \$?" /dev/null </dev/null | tr -d '\r')
like "$screen" $'/dev/hvc0\n33 99\nxterm\n.*status 3$' "at a terminal, the command has one, of the same size"

# Another run uses the layer.
lock=build/debian/${SUITE:-trixie}-layer.machine.lock
there "$lock" "a layer has a lock"
for option in --on --layer; do
	# shellcheck disable=SC2016 # the inner shell's
	flock "$lock" bash -c 'touch "$0/held"; until [[ -e $0/let || ! -d $0 ]]; do sleep 0.1; done' "$directory" &
	await "$directory/held"
	scripts/debian.sh "$option" machine --timeout 3 true </dev/null 2>"$directory/second" &
	second=$!
	await "$directory/second" 'waiting for another run: it is using the layer machine'
	touch "$directory/let"
	wait "$second"
	is "$?" 124 "a machine that runs longer than its timeout gives 124"
	is "$(grep -c 'waiting for another run' "$directory/second")" 1 "of two runs with one layer, the second one waits: $option"
	wait
	rm "$directory"/{held,let}
done
run scripts/debian.sh --on no-such-layer true
like "$status $stderr" '^125 .*there is no layer no-such-layer' "a layer that does not exist is named"
run scripts/debian.sh --layer machine --on machine true
like "$status $stderr" '^2 .*name the same layer' "a layer cannot begin with its own changes"
run scripts/debian.sh --smp none true
is "$status" 2 "a wrong option gives 2"
run scripts/debian.sh --layer machine --new ls
is "$status $stdout" "0 " "--new begins without the changes in the layer"

# Layers on a disk that has to be made again, in a checkout that cannot download anything.
mkdir -p "$directory/other/build/debian"/trixie-layer.{first,second}
# (Where mistakes are tried there is no repository.)
find . -mindepth 1 -maxdepth 1 ! -name build ! -name .git -exec cp -a -t "$directory/other" {} +
ln -s "$PWD/build/sandbox" "$directory/other/build/sandbox"
run env MIRROR=http://127.0.0.1:9/none "$directory/other/scripts/debian.sh" true
like "$status $stderr" '^1 .*warning: these layers are lost, because the disk below them has to be made again: first second'$'\n' "if the disk has to be made again, the layers on it are named"
is "$(cd "$directory/other/build/debian" && compgen -G "*-layer.*")" "" "… and removed"

# (A run holds the lock of its directory.)
is "$(for run in build/debian/run.??????; do [[ ! -d $run ]] || ! flock -n "$run" true || echo "$run"; done)" "" "no run leaves anything behind except its layer"
rm -rf build/debian/*-layer.machine build/debian/*-layer.machine.lock

done_testing
