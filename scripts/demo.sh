#!/usr/bin/env bash
# Usage: scripts/demo.sh [OPTIONS] [CHAPTER...]
#
# The tour: loads the modules, looks at them and unloads them again. It shows each command as you would type
# it, its output, and what to notice in it. It marks each expectation with a ✓ if it held, and with a ✗ if it did
# not. In the virtual machine: make demo, or `make demo T=jiffies` for one chapter. On your own machine, as root,
# when the modules are built: sudo scripts/demo.sh
#
#   --list   only list the chapters
#   --pause  wait for a key before each command
#   --help   this text
#
# None of its modules stays loaded, however it ends. The exit status is 0 if everything was as expected, 1 if
# something was not, 2 if the arguments are wrong, 3 if the tour cannot run here: then it says why, and
# has changed nothing.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/secure-boot.sh"

chapters=(
	"hello_world   a module prints a line when it is loaded, and when it is unloaded"
	"startstop     one module from several files"
	"simple        a module uses what the kernel has"
	"module_param  parameters: when loading, in sysfs, valid and invalid ones"
	"proc_hello    a file in /proc: a function of the module makes its content"
	"jiffies       the kernel's tick counter as a file"
	"seconds       a module keeps state, and is unloaded while its file is open"
	"chardev       a device that programs read and write, wait for, and hold open"
	"modprobe      installed modules, loaded by name"
	"tickets       a module uses another one, and keeps it loaded"
	"anatomy       what is in a .ko, and what becomes of it in the kernel"
)

pause='' list=''
while (($#)); do
	case $1 in
	-h | --help) usage && exit ;;
	--list) list=1 && shift ;;
	--pause) pause=1 && shift ;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
known=" ${chapters[*]%% *} "
(($#)) || set -- "${chapters[@]%% *}"
for chapter; do
	[[ $known == *" $chapter "* ]] || bad_usage "there is no chapter '$chapter'; there are: ${chapters[*]%% *}"
done
if [[ -n $list ]]; then
	for chapter; do printf '%s\n' "${chapters[@]}" | grep "^$chapter "; done
	exit
fi

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' cyan=$'\e[36m' plain=$'\e[m'
else
	bold='' green='' red='' cyan='' plain=''
fi

shopt -s extglob
cd "$top"
release=$(uname -r)
release_regex=${release//./[.]} release_regex=${release_regex//+/[+]}
in_vm="Or take the tour in a virtual machine, where it cannot harm this one: make demo"

# ---- Can the tour run here?

refuse() {
	say "${red}$program:${plain} $1"
	shift
	local hint
	for hint; do say "  $hint"; done
	exit 3
}

# modules_of CHAPTER…: the modules that these chapters load.
modules_of() {
	local chapter
	for chapter; do
		case $chapter in
		anatomy | modprobe) echo hello_world ;;
		tickets) echo next_ticket tickets ;;
		*) echo "$chapter" ;;
		esac
	done
}

may_be_given() {
	local module file built signed=1 why ways
	((EUID == 0)) || refuse "only root can load modules" "sudo scripts/demo.sh $*" "$in_vm"
	for module in $(modules_of "$@"); do
		[[ -e $module.ko ]] || refuse "$module.ko is not built" "make" "$in_vm"
		built=$(modinfo -F vermagic "$module.ko")
		[[ ${built%% *} == "$release" ]] || refuse \
			"$module.ko is built for kernel ${built%% *}, and $release is running" "make clean && make" "$in_vm"
		[[ -n $(modinfo -F sig_id "$module.ko") ]] || signed=''
		[[ ! -d /sys/module/$module ]] || refuse "a module $module is already loaded" "sudo rmmod $module"
		case $module in
		proc_hello) file=/proc/hello ;;
		jiffies | next_ticket | seconds) file=/proc/$module ;;
		chardev) file=/dev/chardev ;;
		*) continue ;;
		esac
		[[ ! -e $file ]] || refuse "another module has already made $file" \
			"Find it with lsmod, and unload it: sudo rmmod NAME"
	done
	why=$(signed_only)
	[[ -n $why ]] || return 0
	mapfile -t ways < <(ways_out "$why")
	[[ -n $signed ]] || refuse "$why" "${ways[@]}"
	# Only a trial shows if the kernel trusts the key.
	module=$(modules_of "$1" | awk '{ print $1 }')
	insmod "$module.ko" 2>/dev/null || refuse "$why; and it does not trust the key that signed $module.ko" "${ways[@]}"
	rmmod "$module"
}

# ---- The parts of a chapter.

held=0 failed=0 output='' log=''

# unload_all: unloads the modules of this tour.
unload_all() {
	local module
	trap '' INT TERM HUP
	exec 3<&-
	for module in $(modules_of "${tour[@]}" | tr ' ' '\n' | sort -u); do
		if [[ -d /sys/module/$module ]]; then rmmod "$module" || :; fi
	done
}

title() { printf '\n%s── %s ──%s\n' "$bold" "$*" "$plain"; }

explain() {
	echo
	fold -s -w 100 <<<"$*" | sed "s/ *\$/$plain/; s/^/$cyan/"
}

typed() {
	printf '%s# %s%s' "$bold" "$1" "$plain"
	if [[ -n $pause && -r /dev/tty ]]; then read -rsn 1 </dev/tty; fi
	echo
}

# A file without a name.
said_path=$(mktemp)
exec {said}<>"$said_path"
rm "$said_path"

# try COMMAND-LINE: shows the line as typed, runs it and shows its output, which stays in $output.
try() {
	typed "$1"
	# (Not in "$(…)": a SIGINT that comes as it ends is lost there.)
	(trap - ERR && set +eu +o pipefail && eval "$1") >"/proc/self/fd/$said" 2>&1 || :
	output=$(<"/proc/self/fd/$said")
	# (An interactive shell prints its name in this way.)
	output=${output//"$0: line "+([0-9]): /bash: }
	[[ -z $output ]] || printf '%s\n' "$output"
}

# try_log COMMAND-LINE: the same, and shows the new lines of the kernel's log, which stay in $log.
try_log() {
	local mark="demo.sh: $EPOCHREALTIME"
	echo "$mark" >/dev/kmsg
	try "$1"
	log=$(dmesg | sed "1,/$mark/d")
	[[ -n $log ]] || return 0
	typed "dmesg | tail -n $(wc -l <<<"$log")"
	printf '%s\n' "$log"
	# (Expectations are about the text after the time.)
	log=$(printf '%s\n' "$log" | sed 's/^\[[^]]*\] //')
}

# try_traced CALL COMMAND-LINE: tries it with strace, which shows this system call. expect_traced TEXT REGEX: what strace printed.
# Without strace, the command runs by itself, and nothing is expected.
try_traced() {
	if type -P strace >/dev/null; then
		try "strace -e trace=$1 $2"
	else
		try "$2"
		explain "There is no strace here to show that call: sudo apt-get install strace"
	fi
}
expect_traced() { ! type -P strace >/dev/null || expect "$1" has "$2"; }

# expect TEXT CONDITION…
expect() {
	local text=$1
	shift
	if "$@"; then
		held=$((held + 1))
		printf '%s✓%s %s\n' "$green" "$plain" "$text"
	else
		failed=$((failed + 1))
		printf '%s✗ %s%s\n' "$red" "$text" "$plain"
	fi
}

printed() { [[ $output == "$1" ]]; }
has() { [[ $output =~ $1 ]]; }
lacks() { [[ ! $output =~ $1 ]]; }
# logged LINES: succeeds if these are the lines of the module itself.
logged() { [[ $(grep -v 'taints\? kernel\|tainting kernel' <<<"$log") == "$1" ]]; }
logged_like() { [[ $log =~ $1 ]]; }
is_loaded() { [[ -d /sys/module/$1 ]]; }
is_gone() { [[ ! -d /sys/module/$1 && ! -e ${2:-/none} ]]; }

# ---- The chapters.

tour_hello_world() {
	explain "A module is a file that describes itself. vermagic names the kernel that it is built for: no other kernel loads it."
	try "modinfo hello_world.ko"
	expect "it is built for the kernel that is running" has "vermagic: +$release_regex "

	explain "insmod loads it, and the kernel calls its init function. The kernel has no terminal, so the module prints to the" \
		"kernel's log."
	try_log "insmod hello_world.ko"
	expect "it says: Hello World" logged "hello_world: Hello World"
	try "lsmod | grep hello_world"
	expect "the kernel lists it, with its size in memory and the number of its users: 0" has '^hello_world +[0-9]+ +0$'

	explain "A module can be loaded only once. insmod's reason is short; the kernel's log often says more."
	try "insmod hello_world.ko"
	expect "the second insmod is refused" has 'File exists$'

	explain "Unloading drops the module's value. This module's Drop prints a line."
	try_log "rmmod hello_world"
	expect "it says: Goodbye World" logged "hello_world: Goodbye World"
	expect "it is gone" is_gone hello_world
}

tour_startstop() {
	if [[ -d startstop ]]; then
		explain "Three source files make one crate, and one .ko. Kbuild names startstop.rs, which includes the others with mod."
		try "ls startstop"
		try "grep '^mod ' startstop/startstop.rs"
		expect "startstop.rs includes the two others" printed $'mod start;\nmod stop;'
	fi
	explain "start.rs has the message for loading, and stop.rs the message for unloading."
	try_log "insmod startstop.ko"
	expect "start.rs printed its message" logged "startstop: Hello, world - this is the kernel speaking"
	try_log "rmmod startstop"
	expect "stop.rs printed its message" logged "startstop: Short is the life of a kernel module"
}

tour_simple() {
	explain "A module has no C library, but it can use the kernel: constants from its headers, its variables …"
	try_log "insmod simple.ko"
	expect "the constants come from the headers" logged_like 'GOLDEN_RATIO_PRIME = [0-9]+.*HZ = [0-9]+'
	explain "… and the functions that it exports to modules, like gcd()."
	try_log "rmmod simple"
	expect "the greatest common divisor of 3300 and 24 is 12" logged "simple: gcd(3300, 24) = 12"
}

tour_module_param() {
	local sysfs=/sys/module/module_param/parameters

	explain "A module declares its parameters and their types."
	try "modinfo -p module_param.ko"
	expect "it has seven" test "$(wc -l <<<"$output")" = 7

	explain "Parameters are set when the module is loaded. The outer quotes are for the shell, the inner ones for the kernel."
	try_log "insmod module_param.ko my_str='\"Hello world\"' my_int_array=4,5,6"
	expect "the string and the three numbers are set; the others have their defaults" \
		logged_like 'my_int = 420.*my_str = Hello world.*my_int_array\[2\] = 6'

	explain "Each parameter is a file in sysfs, with the mode that the module chose."
	try "ls -l $sysfs"
	expect "only my_limit can be written, and only by root" has '-r--r--r-- .* my_int'$'\n.*''-rw-r--r-- .* my_limit'
	try "cat $sysfs/my_int_array"
	expect "the array is there" printed 4,5,6
	try "echo 50 >$sysfs/my_limit; cat $sysfs/my_limit"
	expect "my_limit is changed" printed 50

	explain "Its rule allows 1 to 100. A value that the rule refuses is not stored, and the writer gets an error."
	try "echo 101 >$sysfs/my_limit; cat $sysfs/my_limit"
	expect "101 is refused, and 50 stays" has $'Invalid argument\n50$'
	try "echo 1 >$sysfs/my_int"
	expect "a parameter without write permission cannot be written, not even by root" has 'Permission denied$'
	try "rmmod module_param"

	explain "If a value cannot be parsed, the module is not loaded. The log has the reason."
	try_log "insmod module_param.ko my_int=many"
	expect "insmod is told that a parameter is invalid" has 'Invalid parameters$'
	expect "the log names it" logged_like "\`many' invalid for parameter \`my_int'"
	expect "nothing is loaded" is_gone module_param
}

tour_proc_hello() {
	explain "This module makes a file. The file is on no disk: each read calls the module."
	try "insmod proc_hello.ko"
	try "ls -l /proc/hello"
	expect "its size is 0, and everybody may read it" has '^-r--r--r-- .* 0 .* /proc/hello$'
	try "cat /proc/hello"
	expect "it says: Hello World" printed "Hello World"
	try "rmmod proc_hello"
	try "cat /proc/hello"
	expect "the file has gone with the module" has 'No such file or directory$'
}

tour_jiffies() {
	local -a values
	explain "The kernel counts timer ticks in the variable jiffies. This module's file shows it. Read it twice, a second apart."
	try "insmod jiffies.ko"
	try "cat /proc/jiffies; sleep 1; cat /proc/jiffies"
	mapfile -t values <<<"$output"
	expect "two numbers" has $'^[0-9]+\n[0-9]+$'
	# HZ is 100 at least.
	expect "the second is larger by HZ ticks, and some for starting cat" test "$((values[1] - values[0]))" -ge 100

	explain "Each reader gets the value of the moment when it began. Even if it reads byte by byte, it gets one number."
	try "dd if=/proc/jiffies bs=1 status=none"
	expect "it is larger than before" test "$output" -ge "${values[1]}"
	try "rmmod jiffies"
	expect "the file has gone with the module" is_gone jiffies /proc/jiffies
}

tour_seconds() {
	local -a values
	explain "This module remembers when it was loaded, and shows the seconds since then."
	try "insmod seconds.ko"
	try "cat /proc/seconds; sleep 2; cat /proc/seconds"
	mapfile -t values <<<"$output"
	expect "two seconds later it says 2 more (or 3, because it rounds down)" test "$((values[1] - values[0] - 2))" -ge 0

	explain "What happens if the module is unloaded while a program has its file open? Descriptor 3 stands for that program."
	typed "exec 3</proc/seconds"
	exec 3</proc/seconds
	try "rmmod seconds"
	expect "the kernel unloads it anyway" is_gone seconds /proc/seconds
	try "cat <&3"
	exec 3<&-
	expect "from now on, reading the open file fails with EIO; nothing calls code that is gone" has 'Input/output error$'
}

tour_chardev() {
	explain "A device driver handles open, read, write and more. This device is a pipe: what you write to it can be read once."
	try "insmod chardev.ko"
	try "ls -l /dev/chardev; grep chardev /proc/devices"
	expect "the file in /dev is a character device (c), with the number that the kernel has given it" has '^crw-rw-rw-.*chardev'$'\n''[ 0-9]+ chardev$'
	try "echo hello >/dev/chardev; cat /dev/chardev"
	expect "cat reads what echo wrote" printed hello

	explain "A reader waits until there is something to read. It sleeps; the writer wakes it."
	try "(sleep 1; echo 'good morning' >/dev/chardev) & cat /dev/chardev"
	expect "it was woken" printed 'good morning'
	try "dd if=/dev/chardev iflag=nonblock status=none"
	expect "a reader that does not want to wait is told to try again" has 'Resource temporarily unavailable$'

	explain "A driver must not be unloaded while a program has its device open. Descriptor 3 stands for that program."
	typed "exec 3</dev/chardev"
	exec 3</dev/chardev
	try "lsmod | grep '^chardev'"
	expect "the kernel counts it" has '^chardev +[0-9]+ +[1-9]'
	try "rmmod chardev"
	expect "rmmod is refused" has 'Module chardev is in use$'
	typed "exec 3<&-"
	exec 3<&-
	try "rmmod chardev"
	expect "the device goes with the module" is_gone chardev /dev/chardev
}

tour_modprobe() {
	explain "insmod takes a file, modprobe takes a name. As root, make modules_install copies the modules to the directory where" \
		"modprobe looks, and depmod lists them."
	try "modinfo -n hello_world"
	if ! has '^/'; then
		explain "The modules are not installed here, so this chapter ends. To see the rest: sudo make modules_install"
		return
	fi
	expect "this is where out-of-tree modules are installed" has "^/lib/modules/$release_regex/updates/(.*/)?hello_world\.ko"
	try "grep hello_world.ko /lib/modules/$release/modules.dep"
	expect "it depends on no other module: nothing follows the colon" has 'hello_world\.ko[.a-z]*:$'
	try_log "modprobe -v hello_world"
	expect "modprobe did the same as insmod" has '^insmod /lib/modules/'
	expect "it says: Hello World" logged "hello_world: Hello World"
	try "modprobe hello_world; lsmod | grep -c '^hello_world '"
	expect "unlike insmod, modprobe succeeds if the module is already loaded" printed 1
	try "modprobe -r hello_world"
	expect "it is gone" is_gone hello_world
	try "modprobe no_such_module"
	expect "a name that depmod has not listed is not found" has 'Module no_such_module not found'
}

tour_tickets() {
	explain "A module can use another one as it uses the kernel. tickets gives out numbers, each of them once; next_ticket takes" \
		"one whenever its file is read."
	try "modinfo -F depends next_ticket.ko"
	expect "the build has recorded which module it needs" printed tickets

	explain "Without tickets it is refused. The names of the functions that it calls contain a hash of tickets' interface. If the" \
		"interface changes, so do the names, and an old next_ticket cannot call the new functions by mistake."
	try "insmod next_ticket.ko"
	expect "insmod is told that something is missing" has 'Unknown symbol in module$'
	try "dmesg | tail -n 1 | c++filt"
	expect "the log says what; c++filt makes the name readable" has 'Unknown symbol <tickets\[[0-9a-f]+\]::Ticket>::[a-z]+ '

	explain "Now load both, one after the other."
	try "insmod tickets.ko; insmod next_ticket.ko"
	try "cat /proc/next_ticket /proc/next_ticket"
	expect "two readings, two tickets" printed $'1\n2'
	try "lsmod | grep '^tickets'"
	expect "the kernel counts the users of tickets, and lists them" has '^tickets +[0-9]+ +1 +next_ticket$'
	try "rmmod tickets"
	expect "it cannot be unloaded while it is used" has 'Module tickets is in use by: next_ticket$'
	try "rmmod next_ticket; insmod next_ticket.ko; cat /proc/next_ticket"
	expect "the numbers continue: they are kept in tickets, which stayed loaded" printed 3
	try "rmmod next_ticket tickets"
	expect "both are gone" is_gone tickets /proc/next_ticket

	modinfo -n next_ticket 2>/dev/null | grep -q ^/ || return 0
	explain "modprobe does this by itself, because depmod has listed which modules each module needs."
	try "grep next_ticket.ko /lib/modules/$release/modules.dep"
	expect "next_ticket needs tickets" has 'next_ticket\.ko[.a-z]*: .*tickets\.ko'
	try "modprobe -v next_ticket"
	expect "it loads tickets first" has '^insmod .*/tickets\.ko.*insmod .*/next_ticket\.ko'
	try "modprobe -rv next_ticket"
	expect "it unloads tickets last, if nobody else uses it" printed $'rmmod next_ticket\nrmmod tickets'
}

tour_anatomy() {
	local made=build/modules/$release

	if [[ -d $made ]]; then
		explain "These are the files of a build. The compiler made hello_world.o. modpost checked which symbols of the kernel it" \
			"needs, and wrote hello_world.mod.c, which describes the module. Both were linked into hello_world.ko."
		try "(cd $made; ls -sh hello_world.* modules.order Module.symvers)"
		expect "object, description and module are there" has 'hello_world\.ko.*hello_world\.mod\.c.*hello_world\.o'
	fi

	explain "A .ko is an object file with special sections: .init.text is freed after init has run; .modinfo is for modinfo;" \
		".gnu.linkonce.this_module is the struct module that the kernel keeps in its list."
	try "size -A hello_world.ko | grep -E '^.((init.|exit.)?text|modinfo|.*this_module) ' | sort"
	expect "they are there" has '\.exit\.text .*this_module .*\.init\.text .*\.modinfo .*\.text '
	try "modinfo -F vermagic hello_world.ko"
	expect "a kernel with another vermagic refuses it" has "^$release_regex "

	explain "U marks undefined symbols, which the kernel must have. A C module would need _printk. Rust's pr_info! uses" \
		"call_printk in the kernel crate, which calls _printk. T marks functions of the module that the kernel calls. (-C" \
		"makes Rust's names readable.)"
	try "nm -C hello_world.ko | grep -E ' U kernel| T (init|cleanup)_module'"
	expect "it needs the kernel's call_printk, and has two entries" has 'T cleanup_module.*T init_module'
	try "grep -E ' T (_printk|_RNv.*call_printk)\$' /proc/kallsyms"
	expect "the running kernel has both" has '_printk.*call_printk|call_printk.*_printk'

	explain "To load a module, insmod makes one system call."
	try_traced finit_module "insmod hello_world.ko"
	expect_traced "it is finit_module(), which takes a file and its parameters" 'finit_module\(3, "", 0\) += 0'
	explain "Now its functions have addresses. .init.text was freed, so init_module is not among them."
	try "grep -E ' t (init|cleanup)_module.\[hello_world\]' /proc/kallsyms"
	expect "the module's parts are in the kernel's memory" has 'cleanup_module.*\[hello_world\]'
	expect "init_module has done its work and is gone" lacks 'init_module'
	try "grep . /sys/module/hello_world/{initstate,refcnt,taint}"
	expect "it is live; nobody uses it; it taints the kernel: O out of tree, E unsigned" has $'initstate:live\n.*refcnt:0\n.*taint:O'

	explain "A taint tells people who read bug reports that the kernel ran code that they do not have. It stays until the next" \
		"boot."
	try_traced delete_module "rmmod hello_world"
	expect_traced "unloading it is one system call, too" 'delete_module\("hello_world", O_NONBLOCK\) = 0'
	try "cat /proc/sys/kernel/tainted"
	expect "bit 12, out of tree, is still set" test "$((output & 1 << 12))" -ne 0
}

# ----

may_be_given "$@"
tour=("$@")
trap unload_all EXIT
trap 'echo; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

printf '%sA tour of Linux kernel modules in Rust, on Linux %s%s\n' "$bold" "$release" "$plain"
started=$SECONDS
for chapter in "${tour[@]}"; do
	title "$chapter"
	"tour_$chapter"
done

mark="$green✓"
((failed == 0)) || mark="$red✗"
printf '\n%s %d of %d expectations held%s in %d s.\n' "$mark" "$held" "$((held + failed))" "$plain" "$((SECONDS - started))"
exit "$((failed != 0))"
