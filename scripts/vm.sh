#!/usr/bin/env bash
# Usage: scripts/vm.sh [OPTIONS] [COMMAND [ARG...]]
#
# Boots a stock kernel in QEMU and runs COMMAND there (a shell, if none is given) as root. The working directory is /modules. It
# has the built modules, their sources, scripts/, tests/, docs/ and README.md, as in the repository. The modules are also
# installed, so that modprobe finds them. Nothing that happens inside affects this machine.
#
#   --kernel RELEASE    which kernel to boot: one that rust-headers.sh has completed (default: KERNEL=RELEASE in the
#                       environment, or the default of rust-headers.sh)
#   --from DIR          put the modules that make M=DIR has built, and the sources and tests in DIR, into /modules instead;
#                       scripts/ and tests/ of this checkout are then in the directory that the variable RUST_LKM names. The modules
#                       of other repositories that they use are there and installed, too
#   --listed FD         of DIR, copy only the files that this file descriptor lists, with a NUL behind each (default: if DIR is under git,
#                       those that git does not ignore)
#   --add PATH          also copy this file or directory into /modules; can be given again
#   --append "ARGS"     more arguments for the kernel; can be given again
#   --smp N             virtual CPUs (default 2)
#   --memory SIZE       memory, as QEMU takes it (default 1G)
#   --timeout SECONDS   end a VM that runs longer (default: 600 for a command, none for a shell; 0: none)
#   --strip             remove the debug information from the modules, so that they load much faster
#   --no-strip          keep it (the default): decode.sh in the VM needs it
#   --secure-boot       start the kernel from firmware with Secure Boot on, which trusts the kernel's signer
#   --enrol FILE        make that firmware trust this certificate, too, as if a person had enrolled it; can be given again
#   --icount            make the guest's clock count instructions: one CPU, no KVM, the same figures in every run
#   --gdb SOCKET        before the first instruction, wait for a debugger at this socket (gdb: target remote SOCKET)
#   --exchange PREFIX   exchange modules through the pipes PREFIX.in and PREFIX.out while the machine runs: see
#                       scripts/vm/exchange.sh. PREFIX.pid has the id of QEMU's process, PREFIX.run the directory of the run
#   --accel auto|kvm|tcg  how to run it (default auto: KVM if a trial boot shows that it works, otherwise TCG)
#   --console           also show the kernel's console on stderr
#   --help              this text
#
# If this script runs at a terminal, COMMAND has a terminal, too (Ctrl-A X ends the VM at once). Otherwise its stdout and stderr
# stay separate, and its stdin is empty. The kernel's console is in build/log/console.log. If the kernel crashes or warns, or the
# VM ends too early, the log is also kept as build/log/crash-*.log (the last ten of them), and the crash is explained on stderr
# (see decode.sh).
#
# The exit status is COMMAND's, or:
#   2    the options are wrong
#   124  the VM ran longer than its timeout
#   125  the VM could not be started, or it ended before COMMAND did (by a panic or a power-off)
#   134  QEMU itself crashed

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
. "$top/scripts/machine.sh"
choose_platform

vm=$build/vm runs=$vm console_log=$build/log/console.log
saved=("$@")
release=${KERNEL:-} append='' smp=2 memory=1G timeout='' icount='' strip='' gdb='' secure_boot='' enrol=() accel=auto console='' from='' listed='' exchange=''
add=() visible=()
while (($#)); do
	case $1 in
	--kernel | --from | --listed | --add | --enrol | --append | --smp | --memory | --timeout | --gdb | --exchange | --accel)
		(($# > 1)) || bad_usage "$1 needs a value"
		case $1 in
		--kernel) release=$2 ;;
		--from)
			from=$(module_directory "$2") || exit
			# In the sandbox the working directory may be another.
			saved[${#saved[@]} - $# + 1]=$from
			;;
		--listed) listed=$2 ;;
		--add)
			[[ -e $2 ]] || bad_usage "--add: there is no $2"
			add+=("$(realpath -s -- "$2")")
			saved[${#saved[@]} - $# + 1]=${add[-1]}
			;;
		--enrol)
			[[ -e $2 ]] || bad_usage "--enrol: there is no $2"
			enrol+=("$(realpath -s -- "$2")")
			saved[${#saved[@]} - $# + 1]=${enrol[-1]}
			secure_boot=1
			;;
		--append) append+=" $2" ;;
		--smp) smp=$2 ;;
		--memory) memory=$2 ;;
		--timeout) timeout=$2 ;;
		--gdb) gdb=$2 ;;
		--exchange) exchange=$2 ;;
		--accel) accel=$2 ;;
		esac
		shift 2
		;;
	--icount) icount=1 && shift ;;
	--secure-boot) secure_boot=1 && shift ;;
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
check_options
[[ -z $secure_boot || ${ARCH:-x86} == x86 ]] || bad_usage "--secure-boot is for x86 only"

choose_kernel() {
	local default=$kernels/default-$sandbox_name
	if [[ -z $release && -r $default ]]; then release=$(<"$default"); fi
	[[ -n $release ]] || no_vm "there is no kernel to boot yet" "make vm-modules gets one and builds the modules for it."
	[[ -r $kernels/$release/vmlinuz ]] || no_vm "kernel $release is not here" \
		"scripts/sandbox.sh scripts/rust-headers.sh $release gets it." \
		"There are: $({ (cd "$kernels" 2>/dev/null && compgen -G '*/vmlinuz') || echo none; } | sed 's,/vmlinuz$,,' | paste -sd ' ')"
	local variables=$kernels/$release/build/.kernelvariables built_for=''
	[[ ! -r $variables ]] || built_for=$(sed -n 's/^override ARCH = //p' "$variables")
	[[ -z $built_for || $built_for == "$ARCH" ]] ||
		no_vm "kernel $release is not for ARCH=$ARCH" "ARCH=$built_for makes a machine for it."
}

# ---- The file system: one part changes only with the sandbox, the other is made for each run.

base_programs=(addr2line c++filt nm objdump readelf size strings objcopy strip perl prove xz)
# The parts of perl's library that prove and the tests use. TAP::* loads its parts by name when it needs them.
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

# copy_foreign TREE: copies the same files of another architecture. Their paths have its name, and a few files do not exist
# there. It may need other libraries, which ldd cannot find.
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
	# (Debian makes these links with its alternatives system.)
	ln -s mawk "$tree/usr/bin/awk"
	ln -s which.debianutils "$tree/usr/bin/which"
	ln -sf bash "$tree/usr/bin/sh"

	base_files | while read -r file; do [[ -d $file ]] || echo "$file"; done | sort -u >"$work/files"
	# Links stay links. The files that they point to are copied, too, and so are the libraries of every program.
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

# open_base: makes the file system that all machines share, unless it is there, and opens it as the file descriptor base_fd. (Another
# run may have another recipe, and remove it.)
open_base() {
	local key file
	key=$({ cat /etc/rust-lkm-recipe && declare -f make_base base_files copy_files copy_foreign && declare -p guest_packages base_programs base_perl; } |
		sha256sum | cut -c1-12)
	file=$vm/base.$sandbox_name.$key.cpio
	if { exec {base_fd}<"$file"; } 2>/dev/null; then return; fi
	lock "$vm/$sandbox_name.lock" "it is making the file system of the virtual machine"
	if [[ ! -e $file ]]; then
		say "Making the file system of the virtual machine, once …"
		rm -f "$vm/base.$sandbox_name".*.cpio
		make_base "$file"
	fi
	exec {base_fd}<"$file"
	unlock
}

# put_modules OBJECTS PLACE: puts the modules that were built in OBJECTS into /modules, and installs them. (Those that only tests
# need are not installed. Of another repository they are not needed at all.)
put_modules() {
	local path for_tests
	mkdir -p "$installed/$2"
	while read -r path; do
		path=${path%.o}.ko
		for_tests=''
		[[ $path != tests/* && $path != docs/* ]] || for_tests=1
		[[ -z $for_tests || $2 == updates ]] || continue
		mkdir -p "$tree/modules/$(dirname "$path")"
		cp --remove-destination "$1/$path" "$tree/modules/$path"
		[[ -z $strip ]] || "${cross}strip" --strip-debug --remove-section=.BTF "$tree/modules/$path"
		[[ -n $for_tests ]] || ln -f "$tree/modules/$path" "$installed/$2/"
	done <"$1/modules.order"
}

make_overlay() {
	local tree=$work/overlay path
	local installed=$tree/usr/lib/modules/$release ours=$tree/modules RUST_LKM=/modules
	if [[ -n $from ]]; then
		RUST_LKM=/rust-lkm
		ours=$tree/$RUST_LKM
	fi
	mkdir -p "$tree/modules" "$ours" "$installed"
	install -m 755 "$top/scripts/vm/init.sh" "$tree/init"
	mkdir -p "$tree/root"
	cp "$top/scripts/vm/bashrc" "$tree/root/.bashrc"
	if [[ -n $from ]]; then
		cp -a "$top"/{scripts,tests} "$ours/"
		# (A large file is not a source, and would fill the memory.)
		# shellcheck disable=SC2185 # -files0-from has the paths
		(cd "$from" && if [[ -n $listed ]]; then cat <&"$listed"; else printf '.\0'; fi |
			find -files0-from - \( -name .git -o -path ./build -o -path "$(checkout_in "$from")" \) -prune -o ! -type d ! -name '*.ko' -size -8M -print0 | tar -c --null -T -) |
			tar -x -C "$tree/modules"
	else
		for path in scripts tests lkm startstop docs README.md; do
			[[ ! -e $top/$path ]] || cp -a "$top/$path" "$tree/modules/"
		done
		cp -a "$top"/*.rs "$tree/modules/"
	fi
	if [[ -r $modules/modules.order ]]; then
		# (Those that they use are installed elsewhere, so that exchange.sh knows them. A module of the same path comes last.)
		for path in "${used[@]}"; do put_modules "$path" extra; done
		put_modules "$modules" updates
		if [[ -z $from ]]; then
			# The files of one module's build, for readers to look at.
			mkdir -p "$tree/modules/build/modules/$release"
			cp "$modules"/{hello_world.*,modules.order,Module.symvers} "$tree/modules/build/modules/$release/"
		fi
	else
		warn "no modules are built for kernel $release; make vm-modules builds them"
	fi
	for path in "${add[@]}"; do cp -a -- "$path" "$tree/modules/"; done
	touch "$installed"/modules.{order,builtin,builtin.modinfo}
	depmod -b "$tree/usr" "$release"

	# Pass these variables in a form that bash can read.
	# shellcheck disable=SC2034 # declare -p prints them
	local command=("$@") variable size="${terminal:+$(stty size)}" run=${work##*/}
	for variable in run command terminal timeout exchange size TERM NO_COLOR RUST_LKM; do
		[[ -z ${!variable+set} ]] || declare -p "$variable"
	done | sed 's/^declare -[-aAx]* //' >"$tree/run.vm"
	pack "$tree"
}

# ---- The machine.

# QEMU enters an uncompressed kernel of x86 directly (its PVH entry), which saves a quarter of the boot.
boot_image() {
	local kernel=$kernels/$release
	if [[ $ARCH == x86 && ! -s $kernel/vmlinux && -x $kernel/build/scripts/extract-vmlinux ]] &&
		"$kernel/build/scripts/extract-vmlinux" "$kernel/vmlinuz" >"$work/vmlinux" 2>/dev/null; then
		mv "$work/vmlinux" "$kernel/vmlinux"
	fi
	if [[ -s $kernel/vmlinux ]]; then echo "$kernel/vmlinux"; else echo "$kernel/vmlinuz"; fi
}

# Turn off what takes time and is of no use here: self-tests of ciphers; on x86, a watchdog that calls an emulated clock unstable.
quicker="cryptomgr.notests $quicker"

# make_keys FILE: makes the firmware's variables, with the keys of a new laptop, the certificate of the kernel's signer, and those
# of --enrol.
make_keys() {
	local certificate number=0 known=()
	sbattach --detach "$work/signature" "$kernels/$release/vmlinuz" >/dev/null
	openssl pkcs7 -inform DER -in "$work/signature" -print_certs -out "$work/signer.pem"
	for certificate in "$work/signer.pem" "${enrol[@]}"; do
		number=$((number + 1))
		openssl x509 -in "$certificate" -out "$work/known.$number.pem"
		known+=(--add-db "$(cat /proc/sys/kernel/random/uuid)" "$work/known.$number.pem")
	done
	virt-fw-vars -i /usr/share/OVMF/OVMF_VARS_4M.ms.fd -o "$1" "${known[@]}"
}

# shellcheck disable=SC2054 # the commas are QEMU's
qemu_options() {
	local machine=$qemu_machine kernel
	common_options
	if [[ -n $secure_boot ]]; then
		# (The signature is for the whole file, not for the uncompressed kernel.)
		kernel=$kernels/$release/vmlinuz
		secure_firmware "$work/vars.fd"
		machine+=,smm=on
	else
		kernel=$(boot_image)
	fi
	options+=(
		-machine "$machine" -kernel "$kernel" -initrd "$work/initramfs"
		-append "console=$console_device quiet panic=-1 $quicker $append -- ${work##*/}"
	)
	[[ -z $gdb ]] || options+=(-S -gdb "unix:${gdb//,/,,},server=on,wait=off")
	[[ -z $exchange ]] || options+=(
		-pidfile "$exchange.pid"
		-chardev "pipe,id=exchange,path=$exchange" -device virtserialport,nr=6,chardev=exchange
	)
}

# ----

# sources_in_git: prints the files in DIR that git knows or does not ignore. (Another repository in there is one of them.)
sources_in_git() {
	local path
	git -C "$from" ls-files -z -co --exclude-standard | while IFS= read -r -d '' path; do
		[[ ! -e $from/$path && ! -L $from/$path ]] || printf './%s\0' "${path%/}"
	done
}

if ! in_sandbox; then
	# (The sandbox has no git. If DIR itself is ignored, git knows nothing of what is in it.)
	if [[ -n $from && -z $listed ]] && type -P git >/dev/null && git -C "$from" rev-parse --is-inside-work-tree >/dev/null 2>&1 &&
		! git -C "$from" check-ignore -q .; then
		exec {listed}< <(sources_in_git)
		saved=(--listed "$listed" "${saved[@]}")
	fi
	for path in ${from:+"$from"} "${add[@]}" "${enrol[@]}"; do visible+=(--show "$path"); done
	exec "$top/scripts/sandbox.sh" "${visible[@]}" "$top/scripts/$program" "${saved[@]}"
fi

terminal=''
if [[ -t 0 && -t 1 ]]; then terminal=1; fi
if (($# == 0)); then
	set -- bash
	timeout=${timeout:-0}
fi
timeout=${timeout:-600}

mkdir -p "$vm"
make_work
[[ -z $exchange ]] || echo "$work" >"$exchange.run"
trap 'rm -rf "$work"' EXIT
choose_kernel
modules=${from:-$top}/build/modules/$release used=()
if [[ -n $from ]]; then
	for path in $(used_by "$from" "$release"); do [[ ! -r $path/modules.order ]] || used+=("$path"); done
fi
choose_accel
open_base
[[ -z $secure_boot ]] || make_keys "$work/vars.fd" >"$work/keys.log" 2>&1 ||
	no_vm "the keys for the firmware could not be made: $(tail -n 1 "$work/keys.log")"
make_overlay "$@" >"$work/overlay.cpio"
cat - "$work/overlay.cpio" <&"$base_fd" >"$work/initramfs"
ended=0
boot || ended=$?
finish "$ended" "$1"
