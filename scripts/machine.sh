# shellcheck shell=bash disable=SC2034,SC2154
# Runs the virtual machines of vm.sh and debian.sh: calls QEMU, passes on the output of the command, and reports how the machine
# ended. Sourced after common.sh and platform.sh. The script that sources it must have a function qemu_options, and these
# variables: runs (where it makes a directory for each run), console_log, terminal, timeout, accel, smp, memory, console, release,
# add; and it may have: modules (where they were built) and from (where their sources are).

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

no_vm() {
	say "${red}$program: error:${plain} $1"
	shift
	local hint
	for hint; do say "  $hint"; done
	exit 125
}

# check_options: ends the script if the value of an option is wrong.
check_options() {
	[[ $smp =~ ^[1-9][0-9]*$ ]] || bad_usage "--smp takes a number of CPUs, not '$smp'"
	[[ $timeout =~ ^[0-9]{0,9}$ ]] || bad_usage "--timeout takes seconds, not '$timeout'"
	# (bash takes a number that begins with 0 for an octal one.)
	timeout=${timeout:+$((10#$timeout))}
	[[ $accel =~ ^(auto|kvm|tcg)$ ]] || bad_usage "--accel is auto, kvm or tcg, not '$accel'"
}

# On some machines /dev/kvm can be opened, but no kernel runs with it. So this tries a boot, once.
choose_accel() {
	local answer=$build/vm/accel key
	[[ $accel == auto ]] || return 0
	accel=tcg
	[[ -z ${icount:-} && -z $cross && -w /dev/kvm ]] || return 0
	key="$(cat /proc/sys/kernel/random/boot_id) $(id -u)"
	if [[ ! -r $answer || $(tail -n 1 "$answer") != "$key" ]]; then
		say "Finding out whether KVM works here, once …"
		if timeout 10 "$top/scripts/vm.sh" --accel kvm --kernel "$release" --timeout 8 true </dev/null >/dev/null 2>&1; then
			accel=kvm
		fi
		printf '%s\n' "$accel" "$key" >"$work/accel"
		mv "$work/accel" "$answer"
	fi
	accel=$(head -n 1 "$answer")
	return 0
}

# common_options: sets QEMU's options for every machine.
# shellcheck disable=SC2054 # the commas are QEMU's
common_options() {
	options=(
		-nodefaults -no-user-config -no-reboot -display none -m "$memory"
		-chardev "file,id=console,path=$work/console" -serial chardev:console
		-device virtio-serial-pci
		-chardev "file,id=status,path=$work/status" -device virtserialport,nr=1,chardev=status
	)
	if [[ -n ${icount:-} ]]; then
		options+=(-accel tcg -cpu "$qemu_cpu" -smp 1 -icount "shift=0,sleep=off")
	elif [[ $accel == kvm ]]; then
		options+=(-accel kvm -cpu host -smp "$smp")
	else
		options+=(-accel tcg,thread=multi -cpu "$qemu_cpu" -smp "$smp")
	fi
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

# secure_firmware FILE: adds firmware with Secure Boot on, whose variables are in FILE.
# shellcheck disable=SC2054 # the commas are QEMU's
secure_firmware() {
	options+=(
		-global driver=cfi.pflash01,property=secure,value=on
		-drive if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd
		-drive "if=pflash,format=raw,unit=1,file=$1"
		# Without this, QEMU boots a refused kernel in another way.
		-fw_cfg name=opt/org.tianocore/EnableLegacyLoader,string=no
	)
}

# drain PIPE COMMAND…: makes the pipe, and starts the command to read it. It opens both ends at once. Otherwise the reader would
# wait for QEMU to open it, and QEMU may end before it does.
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

# tell_size: keeps the machine's terminal as large as this one.
tell_size() {
	local pause to size told=''
	exec {to}<>"$work/size.in"
	# (bash forgets a signal that comes while the trap runs: so the trap does nothing, and the size is looked at every second.)
	trap : WINCH
	trap 'kill "$pause"; exit' TERM
	while :; do
		size=$(stty size <&"$screen" 2>/dev/null) || size=$told
		if [[ $size != "$told" ]]; then
			echo "$size" >&"$to"
			told=$size
		fi
		sleep 1 &
		pause=$!
		wait "$pause" || :
	done
}

boot() {
	local size_teller options limit=() readers=() held=() fd ended=0
	qemu_options
	((timeout == 0)) || limit=(timeout --foreground --kill-after=5 "$timeout")
	: >"$work/status"
	local started=$SECONDS
	[[ -z $console ]] || drain console tee "$work/console.log" >&2
	if [[ -n $terminal ]]; then
		local screen
		exec {screen}<&0
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
	lasted=$((SECONDS - started))
	for fd in "${held[@]}"; do exec {fd}>&-; done
	wait "${readers[@]}"
	return "$ended"
}

# end_of_console FILE: prints the log from the first sign of trouble on, or its last lines.
end_of_console() {
	grep -m 1 -A 20 -aE 'panicked at |Kernel panic|^(\[[^]]*\] )?(BUG|Oops|KASAN|INFO: task|task .* has been in the kernel)' "$1" || tail -n 20 "$1"
}

# keep_log FILE: copies a log with a crash in it, so that the next machine does not overwrite it. The newest ten copies are kept.
keep_log() {
	local kept
	kept=$build/log/crash-$(date +%Y%m%d-%H%M%S)-${work##*.}.log
	cp "$1" "$kept"
	find "$build/log" -maxdepth 1 -name 'crash-*.log' | sort -r | tail -n +11 | xargs -r rm -f
	echo "$kept"
}

# finish STATUS COMMAND: reports how the machine ended, and exits.
finish() {
	local ended=$1 log=$console_log last status crash='' known=() path
	[[ -p $work/console ]] || mv "$work/console" "$work/console.log" 2>/dev/null || :
	mkdir -p "$build/log"
	# (Read it now: later another machine may replace the file.)
	last=$(end_of_console "$work/console.log" 2>/dev/null) || :
	for path in "${add[@]}" "${modules:-$build/modules/$release}"; do [[ ! -d $path && $path != *.ko ]] || known+=("$path"); done
	if [[ -s $work/console.log ]]; then
		crash=$("$top/scripts/decode.sh" --only ${from:+--source "$from"} "$work/console.log" "${known[@]}") || :
	fi
	status=$(<"$work/status")
	if [[ -n $crash || ! $status =~ ^[0-9]+$ ]] && [[ -s $work/console.log ]]; then log=$(keep_log "$work/console.log"); fi
	mv "$work/console.log" "$console_log" 2>/dev/null || :
	if [[ $status =~ ^[0-9]+$ ]]; then
		if [[ $status == 127 && $2 == *[[:space:]\;\&\|]* ]]; then
			say "$program: '$2' was taken as the name of one program. To run a shell's command line: $program bash -c '$2'"
		fi
		[[ -z $crash ]] || explain
		exit "$status"
	fi

	if ((ended == 137 && (timeout == 0 || lasted < timeout))); then
		say "${red}$program: error:${plain} something has killed QEMU: perhaps the kernel, because there was too little memory (sudo dmesg)"
		ended=125
	elif ((ended == 124 || ended == 137)); then
		say "${red}$program: error:${plain} the VM was still running after $timeout seconds, so it was stopped (--timeout)"
		ended=124
	elif ((ended == 134 || ended == 139)); then
		say "${red}$program: error:${plain} QEMU itself crashed, so try again:"
		sed 's/^/  /' "$work/qemu" >&2
		ended=134
	elif ((ended)); then
		say "${red}$program: error:${plain} QEMU failed:"
		sed 's/^/  /' "$work/qemu" >&2
		ended=125
	else
		say "${red}$program: error:${plain} the VM ended before the command did"
		ended=125
	fi
	if [[ -n $last ]]; then
		say "  The last lines of its console ($(shown "$log")):"
		sed 's/\r$//; s/^/  | /' <<<"$last" >&2
	fi
	[[ -z $crash ]] || explain
	exit "$ended"
}

# shown PATH: prints it relative to the checkout. For modules in another directory it prints the whole path, because their author
# works there.
shown() {
	if [[ -n ${from:-} ]]; then echo "$1"; else echo "${1#"$top"/}"; fi
}

# (At a terminal the shell has explained the crash already, unless the shell died, too.)
explain() {
	local command="scripts/decode.sh ${log#"$top"/}"
	if [[ -n $terminal && $crash != *"The kernel gave up"* ]]; then
		if [[ -n ${from:-} ]]; then command="$top/scripts/decode.sh --source $from $log $modules"; fi
		say "$program: there is a crash in the kernel's log: $command"
		return
	fi
	say "$program: the kernel's log ($(shown "$log")) contains this:"
	printf '%s\n' "$crash" >&2
}

# make_work: makes a directory for this run, which holds a lock on it. A directory without a lock was left by a killed run, and is
# removed.
make_work() {
	local run run_fd lock_fd
	exec {lock_fd}>>"$runs/run.lock"
	flock "$lock_fd"
	for run in "$runs"/run.??????; do
		if [[ -d $run ]] && flock -n "$run" true; then rm -rf "$run"; fi
	done
	work=$(mktemp -d "$runs/run.XXXXXX")
	exec {run_fd}<"$work"
	flock "$run_fd"
	exec {lock_fd}>&-
}
