#!/usr/bin/env bash
# Usage: scripts/gdb.sh [OPTIONS] MODULE [COMMAND [ARG...]]
#        scripts/gdb.sh --from DIR [OPTIONS] [MODULE [COMMAND [ARG...]]]
#
# Boots the kernel in QEMU, loads MODULE (for example hello_world or tests/crashes/endless) after those that it needs, and stops in a
# debugger (gdb) at the beginning of its init. gdb knows the symbols, lines and types of the module, and the names of the kernel's
# functions. After init the machine runs COMMAND, if there is one, in /modules, and keeps running. It ends when you leave gdb.
#
#   --from DIR      MODULE is one of those that make M=DIR has built; default: the first that is loaded (in modules.order)
#   --eval COMMAND  run this command in gdb at the beginning of init, and leave gdb after the last one; can be given again
#   --help          this text
#
# Set breakpoints in a module with hbreak or break. Ctrl-C in gdb stops the machine where it is. Debian's kernel has no debug
# information: gdb knows only the names of its functions, and a backtrace (bt) ends at the first of them.
#
# The exit status is gdb's; 1 if there is nothing to debug or the module cannot be loaded, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
. "$top/scripts/machine.sh"
choose_platform

saved=("$@") evals=() from=''
while (($#)); do
	case $1 in
	--from)
		[[ -n ${2:-} ]] || bad_usage "--from needs a directory"
		from=$(module_directory "$2") || exit
		# In the sandbox the working directory may be another.
		saved[${#saved[@]} - $# + 1]=$from
		shift 2
		;;
	--eval)
		(($# > 1)) || bad_usage "$1 needs a value"
		evals+=(-ex "$2")
		shift 2
		;;
	-h | --help) usage && exit ;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
[[ -n $from ]] || (($#)) || bad_usage "it takes a MODULE"
[[ -z $cross ]] || die "this works only for machines of this architecture"

# At a terminal, Ctrl-C is for gdb alone: it would end the sandbox and QEMU. So gdb gets a process group of its own, in the sandbox.
# A sandbox cannot give the terminal back to processes outside, so there, too, it runs in a group of its own.
if ((${#evals[@]} == 0)) && [[ -t 0 ]]; then set -m; fi
if ! in_sandbox; then
	ended=0
	"$top/scripts/sandbox.sh" ${from:+--show "$from"} "$top/scripts/$program" "${saved[@]}" || ended=$?
	exit "$ended"
fi

release=${KERNEL:-$(cat "$kernels/default-$sandbox_name" 2>/dev/null || :)}
objects=${from:-$top}/build/modules/$release
(($#)) || set -- "$(head -n 1 "$objects/modules.order" 2>/dev/null | sed 's,^\./,,; s/\.o$//')"
module=${1%.ko}
shift
ko=$objects/$module.ko
[[ -r $ko ]] || die "there is no $module.ko for kernel ${release:-(none)}" "$([[ -n $from ]] && echo "make M=$from builds those that $from/Kbuild names." || echo "make vm-modules builds it (a module in tests/ needs TESTS=1).")"

mkdir -p "$build/vm"
runs=$build/vm
make_work
trap 'rm -rf "$work"' EXIT

# Write the names of the kernel's functions to a file for gdb. (vm.sh starts the kernel without KASLR, so the addresses hold.)
symbols=$kernels/$release/symbols.elf
if [[ ! -s $symbols || $symbols -ot $kernels/$release/vmlinuz ]]; then
	say "Asking the kernel for the names of its functions, once …"
	"$top/scripts/vm.sh" --kernel "$release" --strip awk '$2 ~ /^[tT]$/ && NF == 3 { print $1, $3 }' /proc/kallsyms | sort >"$work/names"
	read -r base _ <"$work/names"
	awk -v base="$base" '
		BEGIN { print ".section .kernel, \"ax\", @nobits\nbase:" }
		# (the assembler allows only 32 bits here, and all functions are within 4 GB)
		{ offset = "0x" substr($1, 9) " - 0x" substr(base, 9) }
		!seen[$2]++ { printf ".globl \"%s\"\n.type \"%s\", @function\n.set \"%s\", base + %s\n", $2, $2, $2, offset }
		END { print ".skip " offset " + 4096" }' "$work/names" | as -o "$work/object" -
	ld --section-start=.kernel="0x$base" -e 0 -o "$work/symbols" "$work/object"
	mv "$work/symbols" "$symbols"
fi

# (A module that others need is loaded with them; one in tests/ is not installed. If this fails before init, gdb.py waits for that
# write to sysrq-trigger, which only prints a help text.)
# shellcheck disable=SC2016 # for the shell in the machine
load='name=${0##*/} how=(insmod "$0.ko")
	[[ ! -e /usr/lib/modules/$(uname -r)/updates/$name.ko ]] || how=(modprobe "$name")
	# (The message needs some time to get out, and the machine stops there.)
	"${how[@]}" || { sleep 1; echo h >/proc/sysrq-trigger; }
	[[ $# == 0 ]] || "$@"
	sleep infinity'
socket=$work/socket log=$work/log
"$top/scripts/vm.sh" --kernel "$release" ${from:+--from "$from"} --gdb "$socket" --smp 1 --timeout 0 \
	bash -c "$load" "$module" "$@" </dev/null >"$log" 2>&1 &
machine=$!
leave() {
	# (vm.sh removes its directory.)
	if kill "$machine" 2>/dev/null; then wait "$machine" 2>/dev/null || :; fi
	rm -rf "$work"
}
trap leave EXIT
until [[ -S $socket ]]; do
	kill -0 "$machine" 2>/dev/null || die "the virtual machine did not start" "$(tail -n 3 "$log")"
	sleep 0.1
done
((${#evals[@]} == 0)) || evals+=(-ex kill -ex quit)
# (Ctrl-Z would stop gdb, and there is no shell to continue it.)
if [[ $- == *m* ]]; then
	terminal=$(stty -g)
	stty susp undef
fi
ended=0
gdb -q -nx -iex "set auto-load off" "${evals[@]:+-batch}" -ex "set pagination off" -ex "set confirm off" -ex "symbol-file $symbols" \
	-ex "target remote $socket" -x "$top/scripts/gdb.py" -ex "lkm-init $ko" "${evals[@]}" || ended=$?
[[ $- != *m* ]] || stty "$terminal"
((ended != 3)) || die "$module.ko was not loaded: its init was never called" "$(tail -n 3 "$log")"
exit "$ended"
