#!/usr/bin/env bash
# Usage: scripts/gdb.sh [OPTIONS] MODULE [COMMAND [ARG...]]
#
# Boots the kernel in QEMU, loads MODULE (hello_world, or tests/crashes/endless) in it, and stops in a debugger (gdb) when its init
# begins: the symbols of the module, with its lines and types, and the names of the kernel's functions are known. After it the
# machine runs COMMAND, if there is one, in /modules, and stays. When gdb is left, the machine ends.
#
#   --eval COMMAND  give gdb this command there, and leave it after the last one; can be given again
#   --help          this text
#
# Breakpoints in a module are set with hbreak or break; Ctrl-C in gdb stops the machine where it is. The kernel itself has no
# debug information in Debian: of its functions there are the names only, and a backtrace (bt) ends at the first of them.
#
# The exit status is gdb's; 1 if there is nothing to debug, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
choose_platform

saved=("$@") evals=()
while (($#)); do
	case $1 in
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
(($#)) || bad_usage "it takes a MODULE"
module=${1%.ko}
shift
[[ -z $cross ]] || die "gdb here is for machines of this architecture only"
in_sandbox || exec "$top/scripts/sandbox.sh" "$top/scripts/$program" "${saved[@]}"

release=${KERNEL:-$(cat "$kernels/default-$sandbox_name" 2>/dev/null || :)}
ko=$build/modules/$release/$module.ko
[[ -r $ko ]] || die "there is no $module.ko for kernel ${release:-(none)}" "make vm-modules builds it (with TESTS=1 those in tests/, too)."

# The kernel's functions, as it names them itself, in a file that gdb can read. (vm.sh starts it where it was linked to, without KASLR.)
symbols=$kernels/$release/symbols.elf
if [[ ! -s $symbols || $symbols -ot $kernels/$release/vmlinuz ]]; then
	say "Asking the kernel for the names of its functions, once …"
	work=$(mktemp -d "$build/vm/symbols.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	"$top/scripts/vm.sh" --kernel "$release" --strip awk '$2 ~ /^[tT]$/ && NF == 3 { print $1, $3 }' /proc/kallsyms | sort >"$work/names"
	read -r base _ <"$work/names"
	awk -v base="$base" '
		BEGIN { print ".section .kernel, \"ax\", @nobits\nbase:" }
		# (all of them are within 4 GB; as takes numbers of 32 bits here)
		{ offset = "0x" substr($1, 9) " - 0x" substr(base, 9) }
		!seen[$2]++ { printf ".globl \"%s\"\n.type \"%s\", @function\n.set \"%s\", base + %s\n", $2, $2, $2, offset }
		END { print ".skip " offset " + 4096" }' "$work/names" | as -o "$work/object" -
	ld --section-start=.kernel="0x$base" -e 0 -o "$work/symbols" "$work/object"
	mv "$work/symbols" "$symbols"
	rm -rf "$work"
	trap - EXIT
fi

socket=$build/vm/gdb.$$
log=$build/log/gdb.log
mkdir -p "$build/log" "$build/vm"
"$top/scripts/vm.sh" --kernel "$release" --gdb "$socket" --smp 1 --timeout 0 \
	bash -c 'insmod "$0.ko"; [[ $# == 0 ]] || "$@"; sleep infinity' "$module" "$@" </dev/null >"$log" 2>&1 &
machine=$!
trap 'kill "$machine" 2>/dev/null || :; rm -f "$socket"' EXIT
trap '' INT
until [[ -S $socket ]]; do
	kill -0 "$machine" 2>/dev/null || die "the machine did not start" "$(tail -n 3 "$log")"
	sleep 0.1
done
((${#evals[@]} == 0)) || evals+=(-ex kill -ex quit)
status=0
gdb -q -nx -iex "set auto-load off" "${evals[@]:+-batch}" -ex "set pagination off" -ex "set confirm off" -ex "symbol-file $symbols" \
	-ex "target remote $socket" -x "$top/scripts/gdb.py" -ex "lkm-init $ko" "${evals[@]}" || status=$?
exit "$status"
