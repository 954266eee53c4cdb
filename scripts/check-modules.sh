#!/usr/bin/env bash
# Usage: scripts/check-modules.sh [--failed] SOURCES OBJECTS KDIR
#
# Checks the modules that `make` has built in OBJECTS, from the Kbuild in SOURCES, for the kernel build tree KDIR. It reports
# mistakes that the compiler does not: a module whose name differs from its file's; a source that Kbuild does not name; a function
# that takes more of the stack than the kernel allows; a line with floating point, which kernel code cannot use. It removes the
# files of modules that Kbuild no longer names. `make` runs it after each build.
#
#   --failed  the build has failed: only look for possible reasons
#   --help    this text
#
# The exit status is 0 if the modules can be used (there may be warnings), 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"

failed=''
while (($#)); do
	case $1 in
	-h | --help) usage && exit ;;
	--failed) failed=1 && shift ;;
	-*) bad_usage "unknown option $1" ;;
	*) break ;;
	esac
done
(($# == 3)) || bad_usage "it takes SOURCES, OBJECTS and KDIR"
sources=$1 objects=$2 kdir=$3
[[ -d $objects && -r $kdir/include/config/kernel.release ]] || exit "${failed:-0}"

# For a kernel of another architecture, use its tools.
prefix='' arch=''
for line in "${arches[@]}"; do
	read -r name _ gnu _ <<<"$line"
	[[ $(kdir_config "$kdir" "${name^^}") == y ]] || continue
	arch=${gnu%%-*}
	[[ $arch == "$HOSTTYPE" ]] || prefix=$gnu-
done

errors=0
# problem error|warning PLACE TEXT [WHAT-TO-DO…]: prints a message in the compiler's style.
problem() {
	local colour=$red hint
	if [[ $1 == warning ]]; then colour=$bold; else errors=$((errors + 1)); fi
	say "${colour}$1:${plain} $3"
	say "  --> $2"
	for hint in "${@:4}"; do say "   = help: $hint"; done
}

# names_of FILE: prints the line and the value of "name:" in its `module!`.
names_of() {
	awk '/^[ \t]*\/\// { next }
		/(^|[^a-z_])module(_[a-z0-9_]*)?!/ { inside = 1 }
		inside && match($0, /(^|[ \t{,])name:[ \t]*"[^"]*"/) {
			name = substr($0, RSTART, RLENGTH); gsub(/^[^"]*"|"$/, "", name); print FNR, name; exit }' "$1"
}

# The modules that were built, and for each the root of its sources: a .rs, or nothing if it is in C. (If a module is made of several
# crates, it is the one with `module!`.) And all .rs that were compiled.
modules=() roots=() compiled=' '
while read -r path; do
	module=${path%.o}
	modules+=("${module#./}")
	root=''
	while read -r path; do
		path=$sources/${path#./} path=${path%.o}.rs
		[[ -f $path ]] || continue
		compiled+="$path "
		[[ -n $root && -z $(names_of "$path") ]] || root=$path
	done < <(tr ' ' '\n' <"$objects/$module.mod" 2>/dev/null)
	roots+=("$root")
done < <([[ ! -r $objects/modules.order ]] || cat "$objects/modules.order")

relative() { realpath -s --relative-to="$sources" -- "$1"; }

# own_places FILE SECTION ADDRESS…: prints the lines in SOURCES that these addresses come from.
own_places() {
	local place directory
	directory=$(realpath "$sources")
	"${prefix}addr2line" -i -e "$1" -j "$2" "${@:3}" 2>/dev/null | while IFS= read -r place; do
		place=${place% (*}
		[[ $place == "$directory"/* && $place != "$directory"/build/* && $place != *:'?' ]] || continue
		echo "$(relative "${place%:*}"):${place##*:}"
	done
}

# ---- Floating point: rustc makes calls of functions that the kernel does not have. (The linker names them, but not the line.)

soft_float='^__(add|sub|mul|div|neg|pow[a-z]*|cmp|unord|eq|ne|ge|gt|le|lt)[sdt]f[23]$|^__(fix|fixuns|float|floatun|extend|trunc)[sdt][fi].*[sdtf][fi]2?$|^(fmod|fma|sqrt|floor|ceil|trunc|round)f?$'

floats() {
	local object section='' address symbol line place places
	declare -A told=()
	while read -r object; do
		"${prefix}nm" -u "$object" 2>/dev/null | awk '{ print $2 }' | grep -qE "$soft_float" || continue
		while read -r line; do
			if [[ $line == 'RELOCATION RECORDS FOR ['* ]]; then
				section=${line#*[} section=${section%]*}
				continue
			fi
			read -r address _ symbol <<<"$line"
			symbol=${symbol%%[-+]0x*}
			[[ $section != .debug* && $symbol =~ $soft_float ]] || continue
			mapfile -t places < <(own_places "$object" "$section" "0x$address")
			place=${places[0]:-$object}
			[[ -z ${told[$place]-} ]] || continue
			told[$place]=1
			problem error "$place" "floating point in a kernel module ($symbol)" \
				"Kernel code cannot use f32 and f64: the processor's registers for them belong to user programs." \
				"Count in whole units: thousandths, or a numerator and a denominator."
		done < <("${prefix}objdump" -r "$object")
	done < <(find "$objects" -name '*.o' -not -name '*.mod.o')
}

if [[ -n $failed ]]; then
	floats
	exit 1
fi

# ---- Files of modules that are no longer built.

order=" ${modules[*]} "
for path in "$objects"/*.ko; do
	name=${path##*/} name=${name%.ko}
	[[ -e $path && $order != *" $name "* ]] || continue
	rm -f "$path" "${path%.ko}".{o,mod,mod.c,mod.o}
	say "$program: removed $(relative "$path"): Kbuild no longer has this module"
done
for path in "$sources"/*.ko; do
	name=${path##*/} name=${name%.ko}
	# (Other links are not ours.)
	[[ ! -L $path || $(readlink "$path") != @(build/modules|"$objects")/* || $order == *" $name "* ]] || rm -f "$path"
done

# ---- Names.

for ((i = 0; i < ${#modules[@]}; i++)); do
	[[ -n ${roots[i]} ]] || continue
	read -r line name < <(names_of "${roots[i]}") || continue
	file=${modules[i]##*/}
	[[ ${name//-/_} == "${file//-/_}" ]] || problem error "$(relative "${roots[i]}"):$line" \
		"the module's name is \"$name\", but its file is $file.ko: lsmod would list it as $file, and its log lines would begin with $name" \
		"Write: name: \"${file//-/_}\"   (or name the file $name.rs, also in Kbuild)"
done

kbuild_file=$sources/Kbuild
[[ -e $kbuild_file ]] || kbuild_file=$sources/Makefile

# ---- Sources in this directory that no module is built from.

for path in "$sources"/*.rs; do
	[[ -f $path && $compiled != *" $path "* && -n $(names_of "$path") ]] || continue
	problem warning "$(relative "$path")" "this module is not built: Kbuild does not name it" \
		"Write its name, with .o, after obj-m := in $(relative "$kbuild_file"): $(basename "$path" .rs).o"
done

# ---- Stack frames; for C code, the compiler checks them. (A module that has passed is not checked again.)

limit=$(kdir_config "$kdir" FRAME_WARN)
checkstack=$kdir/scripts/checkstack.pl
if ((${limit:-0})) && [[ -n $arch && -r $checkstack ]]; then
	for module in "${modules[@]}"; do
		ko=$objects/$module.ko
		checked=$(dirname "$ko")/.${module##*/}.stack
		[[ -e $ko && ! $checked -nt $ko ]] || continue
		found=0
		while read -r _ function _ size; do
			found=1
			# Name the first line in the function that is not the line where it begins. (Code from module! has only that line.)
			mapfile -t places < <("${prefix}objdump" -d --no-show-raw-insn "$ko" | awk -v name="<$function>:" '
				/^Disassembly of section/ { section = $4; sub(/:$/, "", section) }
				/^[0-9a-f]+ </ { inside = ($2 == name); if (inside) print section }
				inside && match($0, /^ +[0-9a-f]+:/) { print "0x" substr($1, 1, length($1) - 1) }')
			mapfile -t places < <(own_places "$ko" "${places[@]}")
			for ((i = 1; i < ${#places[@]} - 1; i++)); do [[ ${places[i]} == "${places[0]}" ]] || break; done
			problem warning "${places[i]:-$(relative "$ko")}" "$(c++filt "$function" | sed -E 's/\[[0-9a-f]{10,16}\]//g') takes $size bytes of the stack, more than the $limit that the kernel allows" \
				"A process has only 16 KB of stack in the kernel, and the kernel's own calls need most of it. If it overflows, the machine stops." \
				"Keep large data on the heap: KBox::new(…, GFP_KERNEL)?, or KVec. Make arrays that never change static."
		done < <("${prefix}objdump" -d "$ko" | perl "$checkstack" "$arch" "$limit" | awk 'NF >= 4 { print $1, $2, $3, $NF }')
		((found)) || touch "$checked"
	done
fi

exit "$((errors > 0))"
