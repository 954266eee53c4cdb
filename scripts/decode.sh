#!/usr/bin/env bash
# Usage: scripts/decode.sh [OPTIONS] [LOG] [MODULE.ko | DIRECTORY]...
#
# Reads a kernel log (the file LOG, or its standard input) and prints it again. Below each crash report (a Rust panic, an oops, a
# warning, KASAN, lockdep, a hung task …) it explains what happened, and where in your sources: the file, the line, the lines around
# it, and the calls that led there. The rest of the log stays as it is.
#
# It finds the lines with the debug information in the modules: the named ones, or those below DIRECTORY, or those in
# build/modules/ for the kernel that wrote the log. So for a log from another machine you need the .ko files that it had loaded.
#
#   --only      print only the explanations, not the log
#   --last      print only the explanation of the last report
#   --here      the log is from this machine: also show the parameters that the modules have now
#   --source DIRECTORY  where the modules' sources are, if not here; can be given again
#   --help      this text
#
# On the machine that crashed, as root: dmesg | scripts/decode.sh --here. If a process hangs, this shows where it is:
# scripts/decode.sh /proc/PID/stack
#
# The exit status is 0, also if the log has no crash; 1 if a file cannot be read; 2 if the options are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
# (This machine may be of an architecture that virtual machines are not made for.)
cross=''
[[ $ARCH == "$machine_arch" ]] || choose_platform

only='' last='' here='' log='' modules=() sources=()
while (($#)); do
	case $1 in
	--only) only=1 && shift ;;
	--last) last=1 && shift ;;
	--here) here=1 && shift ;;
	--source)
		(($# > 1)) || bad_usage "$1 needs a directory"
		sources+=("$2")
		shift 2
		;;
	-h | --help) usage && exit ;;
	-?*) bad_usage "unknown option $1" ;;
	*)
		if [[ -d $1 || $1 == *.ko ]]; then
			modules+=("$1")
		else
			[[ -z $log ]] || bad_usage "one LOG at most (the names of modules end in .ko)"
			log=$1
		fi
		shift
		;;
	esac
done
for path in ${log:+"$log"} "${modules[@]}" "${sources[@]}"; do
	[[ -r $path ]] || die "$path does not exist or cannot be read"
done

# If this machine lacks the tools, use those of the sandbox. (There, the working directory may be another, and /proc is; and /sys is
# not there. So paths are whole, and the log comes from standard input.)
if ! type -P perl "${cross}addr2line" readelf c++filt >/dev/null && ! in_sandbox; then
	visible=() arguments=(${only:+--only} ${last:+--last} ${here:+--here})
	[[ -z $here ]] || visible+=(--show /sys)
	for path in "${modules[@]}" "${sources[@]}"; do visible+=(--show "$path"); done
	for path in "${sources[@]}"; do arguments+=(--source "$(realpath -s -- "$path")"); done
	for path in "${modules[@]}"; do arguments+=("$(realpath -s -- "$path")"); done
	[[ -z $log ]] || exec <"$log"
	exec "$top/scripts/sandbox.sh" "${visible[@]}" "$top/scripts/$program" "${arguments[@]}"
fi

# What those modules use from other repositories is theirs, too.
for path in "${sources[@]}"; do
	mapfile -t -O "${#sources[@]}" sources < <(used_by "$path")
	for place in "${modules[@]}"; do
		[[ $place != "$path"/build/modules/* ]] || mapfile -t -O "${#modules[@]}" modules < <(used_by "$path" "${place##*/}")
	done
done

# For files of other architectures: readelf's name of the architecture, and the prefix of its tools.
export DECODE_TOOLS="AArch64=aarch64-linux-gnu- LoongArch=loongarch64-linux-gnu- X86-64=x86_64-linux-gnu-"
export DECODE_TOP=$top DECODE_ONLY=$only$last DECODE_LAST=$last DECODE_HERE=$here DECODE_BOLD=$bold DECODE_RED=$red DECODE_PLAIN=$plain
DECODE_MODULES=$(printf '%s\n' "${modules[@]}")
DECODE_SOURCES=$(printf '%s\n' "${sources[@]}")
export DECODE_MODULES DECODE_SOURCES
exec perl "$top/scripts/decode.pl" ${log:+"$log"}
