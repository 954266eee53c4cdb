#!/usr/bin/env bash
# Usage: scripts/vm.sh [OPTIONS] [COMMAND [ARG...]]
#
# Boots a stock kernel in QEMU and runs COMMAND there as root, or a shell if none is given, in /modules: the
# built modules, their sources, scripts/, tests/, docs/ and README.md are there as in the repository. The modules are also
# installed, so that modprobe finds them. Nothing that happens inside reaches this machine.
#
#   --kernel RELEASE    which kernel, of those that rust-headers.sh completed (default: KERNEL=RELEASE of the
#                       environment, or the one it chose)
#   --add PATH          also copy this file or directory into /modules; can be given again
#   --append "ARGS"     more arguments for the kernel; can be given again
#   --smp N             virtual CPUs (default 2)
#   --memory SIZE       memory, as QEMU takes it (default 1G)
#   --timeout SECONDS   end a VM that runs longer (default: 600 for a command, none for a shell; 0: none)
#   --strip             leave out of the modules what only debuggers read, which is most of the time of a load
#   --no-strip          the opposite, which is the default: decode.sh in the VM needs it
#   --icount            make the guest's clock count instructions: one CPU, TCG, the same figures every time
#   --gdb SOCKET        wait, before the first instruction, for a debugger at this socket (gdb: target remote SOCKET)
#   --accel auto|kvm|tcg  how to run it (default auto: KVM where a trial boot shows that it works)
#   --console           show the kernel's console on stderr as it comes
#   --help              this text
#
# At a terminal COMMAND gets one too (Ctrl-A X ends the VM at once); otherwise its stdout and stderr stay
# apart and its stdin is empty. The kernel's console is kept in build/log/console.log; the logs of the last ten machines whose
# kernel crashed or warned, or that ended too early, in build/log/crash-*.log. Such a crash is explained on stderr (see decode.sh).
#
# The exit status is COMMAND's, or:
#   2    the options are wrong
#   124  the VM ran longer than its timeout
#   125  the VM could not be started, or it ended before COMMAND did: a panic, a power-off

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
choose_platform

vm=$build/vm
saved=("$@")
release=${KERNEL:-} append='' smp=2 memory=1G timeout='' icount='' strip='' gdb='' accel=auto console='' add=() visible=()
while (($#)); do
	case $1 in
	--kernel | --add | --append | --smp | --memory | --timeout | --gdb | --accel)
		(($# > 1)) || bad_usage "$1 needs a value"
		case $1 in
		--kernel) release=$2 ;;
		--add)
			[[ -e $2 ]] || bad_usage "--add: there is no $2"
			add+=("$(realpath -s -- "$2")")
			# In the sandbox the working directory may be another.
			saved[${#saved[@]} - $# + 1]=${add[-1]}
			;;
		--append) append+=" $2" ;;
		--smp) smp=$2 ;;
		--memory) memory=$2 ;;
		--timeout) timeout=$2 ;;
		--gdb) gdb=$2 ;;
		--accel) accel=$2 ;;
		esac
		shift 2
		;;
	--icount) icount=1 && shift ;;
	--strip) strip=1 && shift ;;
	--no-strip) strip='' && shift ;;
	--console) console=1 && shift ;;
	-h | --help) usage && exit ;;
	--)
		shift
		break
		;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
[[ $smp =~ ^[1-9][0-9]*$ ]] || bad_usage "--smp takes a number of CPUs, not '$smp'"
[[ $timeout =~ ^[0-9]*$ ]] || bad_usage "--timeout takes seconds, not '$timeout'"
[[ $accel =~ ^(auto|kvm|tcg)$ ]] || bad_usage "--accel is auto, kvm or tcg, not '$accel'"

no_vm() {
	say "${red}$program: error:${plain} $1"
	shift
	local hint
	for hint; do say "  $hint"; done
	exit 125
}

choose_kernel() {
	local default=$kernels/default-$sandbox_name
	if [[ -z $release && -r $default ]]; then release=$(<"$default"); fi
	[[ -n $release ]] || no_vm "there is no kernel to boot yet" "make vm-modules gets one and builds the modules for it."
	[[ -r $kernels/$release/vmlinuz ]] || no_vm "kernel $release is not there" \
		"scripts/sandbox.sh scripts/rust-headers.sh $release gets it." \
		"There are: $(cd "$kernels" 2>/dev/null && echo */)"
	local variables=$kernels/$release/build/.kernelvariables built_for=''
	[[ ! -r $variables ]] || built_for=$(sed -n 's/^override ARCH = //p' "$variables")
	[[ -z $built_for || $built_for == "$ARCH" ]] ||
		no_vm "kernel $release is not for ARCH=$ARCH" "ARCH=$built_for makes a machine for it."
}

# ---- The file system: a part that changes only with the sandbox, and one made for each run.

base_programs=(addr2line c++filt nm objdump readelf size strings objcopy strip perl prove xz)
# prove, and what tests use to do things to a file that no program does.
# What prove and the tests use of perl's library. TAP::* loads its parts by name when it needs them.
base_perl=(
	App::Prove TAP::Harness TAP::Formatter::Console TAP::Parser::Aggregator Config Errno feature=say Fcntl IO::Handle IO::Select List::Util POSIX Socket Time::HiRes
	threads threads::shared
)

# The paths of all files that belong in the base.
base_files() {
	local package program
	for package in "${guest_packages[@]}"; do
		dpkg -L "$package" | grep -E '^(/usr)?/(s?bin|share/terminfo|lib/terminfo)/' || :
	done
	for program in "${base_programs[@]}"; do type -P "$program"; done
	perl -MDynaLoader "${base_perl[@]/#/-M}" -E 'require "Config_heavy.pl"; print "$_\n" for values %INC, @DynaLoader::dl_shared_objects'
	find /usr/share/perl/[0-9]*/{App/Prove,TAP} /usr/lib/locale/C.utf8/LC_CTYPE -type f
}

copy_files() { tar -c -C "$1" -T - | tar -x -C "$2"; }

# Another architecture has the same files by its own names, but for a few; and it may need other libraries, of which
# ldd could not tell.
copy_foreign() {
	local tree=$1 file lacking
	sed "s,^usr/$machine_loader\$,usr/$loader,; s,${machine_loader##*/}\$,${loader##*/},; s/$machine_triplet/$triplet/g" "$work/all" |
		while read -r file; do [[ ! -e /guest/$file ]] || echo "$file"; done | copy_files /guest "$tree"
	while
		lacking=$({ find "$tree/usr" -type f -exec readelf -d {} + 2>/dev/null || :; } |
			sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u | while read -r file; do
			[[ -e $tree/usr/lib/$triplet/$file ]] || echo "usr/lib/$triplet/$file"
		done)
		[[ -n $lacking ]]
	do
		for file in $lacking; do echo "$file" && realpath --relative-to=/guest "/guest/$file"; done | sort -u | copy_files /guest "$tree"
	done
}

make_base() {
	local tree=$work/base file
	mkdir -p "$tree"/{proc,sys,dev,tmp,run,etc,modules,root,usr/bin,usr/sbin,usr/lib,usr/lib64}
	for file in bin sbin lib lib64; do ln -s "usr/$file" "$tree/$file"; done
	# (alternatives, in Debian)
	ln -s mawk "$tree/usr/bin/awk"
	ln -s which.debianutils "$tree/usr/bin/which"
	ln -sf bash "$tree/usr/bin/sh"

	base_files | while read -r file; do [[ -d $file ]] || echo "$file"; done | sort -u >"$work/files"
	# Links stay links, and what they lead to comes along, as do the libraries of every program.
	xargs readlink -f <"$work/files" >"$work/targets"
	sort -u "$work/targets" | { xargs ldd 2>/dev/null || (($? == 123)); } | awk '$2 == "=>" { print $3 } /^\t\// { print $1 }' |
		sort -u >"$work/libraries"
	xargs readlink -f <"$work/libraries" >>"$work/targets"
	sort -u "$work"/{files,targets,libraries} | sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,; s,^/,,' | sort -u >"$work/all"
	if [[ -z $cross ]]; then copy_files / "$tree" <"$work/all"; else copy_foreign "$tree"; fi
	printf 'root:x:0:0:root:/root:/bin/bash\n' >"$tree/etc/passwd"
	printf 'root:x:0:\n' >"$tree/etc/group"
	pack "$tree" >"$work/base.cpio"
	mv "$work/base.cpio" "$1"
	rm -rf "$tree"
}

pack() { (cd "$1" && find . -print0 | cpio --null -o -H newc -R 0:0 --quiet); }

base() {
	local key file
	key=$({ cat /etc/rust-lkm-recipe && declare -f make_base base_files copy_files copy_foreign && declare -p guest_packages base_programs base_perl; } |
		sha256sum | cut -c1-12)
	file=$vm/base.$sandbox_name.$key.cpio
	if [[ ! -s $file ]]; then
		say "Making the file system of the virtual machine, once …"
		rm -f "$vm/base.$sandbox_name".*.cpio
		make_base "$file"
	fi
	echo "$file"
}

make_overlay() {
	local tree=$work/overlay modules=$build/modules/$release path
	local installed=$tree/usr/lib/modules/$release
	mkdir -p "$tree/modules" "$installed/updates"
	install -m 755 "$top/scripts/vm/init.sh" "$tree/init"
	mkdir -p "$tree/root"
	cp "$top/scripts/vm/bashrc" "$tree/root/.bashrc"
	for path in scripts tests lkm startstop docs README.md; do
		[[ ! -e $top/$path ]] || cp -a "$top/$path" "$tree/modules/"
	done
	cp -a "$top"/*.rs "$tree/modules/"
	if [[ -r $modules/modules.order ]]; then
		while read -r path; do
			path=${path%.o}.ko
			cp "$modules/$path" "$tree/modules/$path"
			[[ -z $strip ]] || "${cross}strip" --strip-debug --remove-section=.BTF "$tree/modules/$path"
			# The modules that only tests need are not installed.
			[[ $path == tests/* || $path == docs/* ]] || ln "$tree/modules/$path" "$installed/updates/"
		done <"$modules/modules.order"
		# What the build of one module left, for a look at it.
		mkdir -p "$tree/modules/build/modules/$release"
		cp "$modules"/{hello_world.*,modules.order,Module.symvers} "$tree/modules/build/modules/$release/"
	else
		warn "no modules are built for kernel $release; make vm-modules builds them"
	fi
	for path in "${add[@]}"; do cp -a -- "$path" "$tree/modules/"; done
	touch "$installed"/modules.{order,builtin,builtin.modinfo}
	depmod -b "$tree/usr" "$release"

	# All of it travels as bash reads it back.
	# shellcheck disable=SC2034 # declare -p prints them
	local command=("$@") variable size="${terminal:+$(stty size)}" run=${work##*/}
	for variable in run command terminal timeout size TERM NO_COLOR; do
		[[ -z ${!variable+set} ]] || declare -p "$variable"
	done | sed 's/^declare -[-aAx]* //' >"$tree/run.vm"
	pack "$tree"
}

# ---- The machine.

# Opening /dev/kvm proves nothing: on some machines it opens and no kernel runs. A boot does, once.
choose_accel() {
	local answer=$vm/accel key
	[[ $accel == auto ]] || return 0
	accel=tcg
	[[ -z $icount && -z $cross && -w /dev/kvm ]] || return 0
	key="$(cat /proc/sys/kernel/random/boot_id) $(id -u)"
	if [[ ! -r $answer || $(tail -n 1 "$answer") != "$key" ]]; then
		say "Finding out whether KVM works here, once …"
		if timeout 10 "$top/scripts/$program" --accel kvm --kernel "$release" --timeout 8 true </dev/null >/dev/null 2>&1; then
			accel=kvm
		fi
		printf '%s\n' "$accel" "$key" >"$work/accel"
		mv "$work/accel" "$answer"
	fi
	accel=$(head -n 1 "$answer")
	return 0
}

# QEMU enters an uncompressed kernel of x86 directly (its PVH entry), which saves a quarter of the boot.
boot_image() {
	local kernel=$kernels/$release
	if [[ $ARCH == x86 && ! -s $kernel/vmlinux && -x $kernel/build/scripts/extract-vmlinux ]] &&
		"$kernel/build/scripts/extract-vmlinux" "$kernel/vmlinuz" >"$work/vmlinux" 2>/dev/null; then
		mv "$work/vmlinux" "$kernel/vmlinux"
	fi
	if [[ -s $kernel/vmlinux ]]; then echo "$kernel/vmlinux"; else echo "$kernel/vmlinuz"; fi
}

# What takes time and tells nothing here: self-tests of ciphers; on x86 a watchdog that finds an emulated clock unstable.
quicker="cryptomgr.notests $quicker"

# shellcheck disable=SC2054 # the commas are QEMU's
qemu_options() {
	options=(
		-nodefaults -no-user-config -no-reboot -display none -machine "$qemu_machine" -m "$memory"
		-kernel "$(boot_image)" -initrd "$work/initramfs"
		-append "console=$console_device quiet panic=-1 $quicker $append -- ${work##*/}"
		-chardev "file,id=console,path=$work/console" -serial chardev:console
		-device virtio-serial-pci
		-chardev "file,id=status,path=$work/status" -device virtserialport,nr=1,chardev=status
	)
	if [[ -n $icount ]]; then
		options+=(-accel tcg -cpu "$qemu_cpu" -smp 1 -icount "shift=0,sleep=off")
	elif [[ $accel == kvm ]]; then
		options+=(-accel kvm -cpu host -smp "$smp")
	else
		options+=(-accel tcg,thread=multi -cpu "$qemu_cpu" -smp "$smp")
	fi
	[[ -z $gdb ]] || options+=(-S -gdb "unix:${gdb//,/,,},server=on,wait=off")
	if [[ -n $terminal ]]; then
		mkfifo "$work"/size.{in,out}
		options+=(
			-chardev stdio,id=terminal,mux=on,signal=off -device virtconsole,nr=4,chardev=terminal
			-chardev "pipe,id=size,path=$work/size" -device virtserialport,nr=5,chardev=size
		)
	else
		options+=(
			-chardev "file,id=stdout,path=$work/stdout" -device virtserialport,nr=2,chardev=stdout
			-chardev "file,id=stderr,path=$work/stderr" -device virtserialport,nr=3,chardev=stderr
		)
	fi
}

# drain PIPE COMMAND…: makes the pipe, and starts the command to read it. Both its sides are open from here on, so that nobody
# waits for QEMU to open it, which may not live that long.
drain() {
	local pipe=$work/$1 both in fd
	shift
	mkfifo "$pipe"
	exec {both}<>"$pipe"
	exec {in}<"$pipe"
	held+=("$both")
	(
		for fd in "${held[@]}"; do exec {fd}>&-; done
		exec "$@"
	) <&"$in" &
	readers+=("$!")
	exec {in}<&-
}

# The machine's terminal is as large as this one, also when that changes.
tell_size() {
	local pause to
	exec {to}<>"$work/size.in"
	trap 'stty size <&2 >&"$to"' WINCH
	trap 'kill "$pause"; exit' TERM
	while :; do
		sleep 1000 &
		pause=$!
		wait "$pause" || :
	done
}

boot() {
	local size_teller options limit=() readers=() held=() fd ended=0
	qemu_options
	((timeout == 0)) || limit=(timeout --foreground --kill-after=5 "$timeout")
	: >"$work/status"
	[[ -z $console ]] || drain console tee "$work/console.log" >&2
	if [[ -n $terminal ]]; then
		tell_size &
		size_teller=$!
		"${limit[@]}" "$qemu" "${options[@]}" 2>"$work/qemu" || ended=$?
		kill "$size_teller"
		wait "$size_teller" 2>/dev/null || :
	else
		drain stdout cat
		drain stderr cat >&2
		"${limit[@]}" "$qemu" "${options[@]}" </dev/null 2>"$work/qemu" >&2 || ended=$?
	fi
	for fd in "${held[@]}"; do exec {fd}>&-; done
	wait "${readers[@]}"
	return "$ended"
}

# From where the first thing went wrong, or the last lines.
end_of_console() {
	grep -m 1 -A 20 -aE 'panicked at |Kernel panic|^(\[[^]]*\] )?(BUG|Oops|KASAN|INFO: task|task .* has been in the kernel)' "$1" || tail -n 20 "$1"
}

# keep_log: a log with a crash in it is kept when the next machine writes its own; the newest ten of them are.
keep_log() {
	local kept
	kept=$build/log/crash-$(date +%Y%m%d-%H%M%S)-${work##*.}.log
	cp "$1" "$kept"
	find "$build/log" -maxdepth 1 -name 'crash-*.log' | sort -r | tail -n +11 | xargs -r rm -f
	echo "$kept"
}

# finish STATUS COMMAND: says how it went.
finish() {
	local ended=$1 log=$build/log/console.log last status crash='' known=() path
	[[ -p $work/console ]] || mv "$work/console" "$work/console.log" 2>/dev/null || :
	mkdir -p "$build/log"
	# (before the file is where that of another machine may replace it)
	last=$(end_of_console "$work/console.log" 2>/dev/null) || :
	for path in "${add[@]}" "$build/modules/$release"; do [[ ! -d $path && $path != *.ko ]] || known+=("$path"); done
	if [[ -s $work/console.log ]]; then
		crash=$("$top/scripts/decode.sh" --only "$work/console.log" "${known[@]}") || :
	fi
	status=$(<"$work/status")
	if [[ -n $crash || ! $status =~ ^[0-9]+$ ]] && [[ -s $work/console.log ]]; then log=$(keep_log "$work/console.log"); fi
	mv "$work/console.log" "$build/log/console.log" 2>/dev/null || :
	if [[ $status =~ ^[0-9]+$ ]]; then
		if [[ $status == 127 && $2 == *[[:space:]\;\&\|]* ]]; then
			say "$program: '$2' is taken for the name of one command; for a command line of a shell: $program bash -c '$2'"
		fi
		[[ -z $crash ]] || explain
		exit "$status"
	fi

	if ((ended == 124 || ended == 137)); then
		say "${red}$program: error:${plain} the VM was still running after $timeout seconds, and was ended (--timeout)"
		ended=124
	elif ((ended)); then
		say "${red}$program: error:${plain} QEMU failed:"
		sed 's/^/  /' "$work/qemu" >&2
		ended=125
	else
		say "${red}$program: error:${plain} the VM ended before the command did"
		ended=125
	fi
	if [[ -n $last ]]; then
		say "  The last lines of its console (${log#"$top"/}):"
		sed 's/\r$//; s/^/  | /' <<<"$last" >&2
	fi
	[[ -z $crash ]] || explain
	exit "$ended"
}

# (At a terminal the shell has told it already, unless that died too.)
explain() {
	if [[ -n $terminal && $crash != *"The kernel gave up"* ]]; then
		say "$program: the kernel's log has a crash in it: scripts/decode.sh ${log#"$top"/}"
		return
	fi
	say "$program: the kernel's log (${log#"$top"/}) has this in it:"
	printf '%s\n' "$crash" >&2
}

# ----

if ! in_sandbox; then
	for path in "${add[@]}"; do visible+=(--show "$path"); done
	exec "$top/scripts/sandbox.sh" "${visible[@]}" "$top/scripts/$program" "${saved[@]}"
fi

# A directory for this run, which holds its lock for as long as it lasts: what a killed run left is told by that.
make_work() {
	local run run_fd lock_fd
	exec {lock_fd}>>"$vm/run.lock"
	flock "$lock_fd"
	for run in "$vm"/run.??????; do
		if [[ -d $run ]] && flock -n "$run" true; then rm -rf "$run"; fi
	done
	work=$(mktemp -d "$vm/run.XXXXXX")
	exec {run_fd}<"$work"
	flock "$run_fd"
	exec {lock_fd}>&-
}

terminal=''
if [[ -t 0 && -t 1 ]]; then terminal=1; fi
if (($# == 0)); then
	set -- bash
	timeout=${timeout:-0}
fi
timeout=${timeout:-600}

mkdir -p "$vm"
make_work
trap 'rm -rf "$work"' EXIT
choose_kernel
choose_accel
base=$(base)
make_overlay "$@" >"$work/overlay.cpio"
cat "$base" "$work/overlay.cpio" >"$work/initramfs"
ended=0
boot || ended=$?
finish "$ended" "$1"
