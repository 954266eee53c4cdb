#!/usr/bin/env bash
# Usage: lkm/export.sh RUSTC ARGUMENT...
#
# Compiles a module whose `pub` items other modules use. Kbuild.include calls it instead of rustc for the modules in lkm-exports.
# Beside the object it makes $LKM_RMETA, which rustc needs for compiling those other modules.
#
#   --help  this text
#
# Names: the name of a symbol does not contain types. So a hash of the interface becomes part of each name, with -Cmetadata. It is
# rustc's own hash of this crate: of its whole source, of all crates that it uses (lkm, kernel, core …), and of rustc's version,
# options and directory; together with the kernel's release. A module that was compiled with another interface needs names that do
# not exist, so it is not loaded. This does not protect a function that sets its own name with #[no_mangle].
#
# Exports: as the kernel does for its own crates (rust/exports.c), EXPORT_SYMBOL_GPL for everything that nm lists. In a module that
# list also has its entry points and its description, its parameters, and implementations for types that are not pub. These are
# left out. The rest is what is pub, and what generic and #[inline] functions need.
#
# Lifetimes: the kernel keeps a module loaded while another one uses its symbols, not the other way round. What a consumer gives to
# its provider (a closure, a `&'static str`, a type with functions) is gone when the consumer is unloaded, and the compiler does not
# know that. A provider must keep none of it, except until a guard that the consumer holds is dropped.
#
# $LKM_AS and $LKM_LD are the commands for assembling and linking; $NM, $OBJDUMP and $KERNELRELEASE are kbuild's.

case ${1:-} in
-h | --help) sed -n '2,/^$/ { s/^#//; s/^ //; p }' "$0" && exit ;;
esac
set -euo pipefail
shopt -s inherit_errexit
if (($# < 2)) || [[ -z ${LKM_RMETA:-} ]]; then
	echo "export.sh: error: only lkm/Kbuild.include calls this; --help explains it" >&2
	exit 2
fi

object='' without=()
for argument in "${@:2}"; do
	if [[ $argument == --emit=obj=* ]]; then object=${argument#--emit=obj=}; else without+=("$argument"); fi
done
trap 'rm -f "$object".{rmeta,o,exports.o}' EXIT

# rustc's messages come from the second run, except where the first one fails.
messages=$("$1" "${without[@]}" --emit=metadata="$object.rmeta" 2>&1) || { printf '%s\n' "$messages" >&2 && exit 1; }
hash=$("$1" -Zls=root "$object.rmeta" | awk '$1 == "hash" && !n++ { print $2 }')
[[ -n $hash ]]
# Without the last option, rustc would inline small functions into other modules. Then everything that they use would need an export.
"$1" "${without[@]}" --emit=obj="$object.o" --emit=metadata="$LKM_RMETA" \
	-Cmetadata="$hash" -Cmetadata="$KERNELRELEASE" -Zcross-crate-inline-threshold=never

# The types that are not pub, from the list of the crate's items. (Four blanks are one level of modules.)
private=$("$1" -Zls=items "$LKM_RMETA" | awk '
	match($0, /[^ ]/) {
		depth = (RSTART - 1) / 4
		path[depth] = (depth ? path[depth - 1] "::" : "") $(NF - 1)
		if (/^ *Restricted.* (Struct|Enum|Union) /) { sub(/^crate::/, "", path[depth]); print path[depth] }
	}')

# The parameters, which are global because other sections name them. module_param! makes a list of them.
parameters=$("$OBJDUMP" -r "$object.o" | awk '/^RELOCATION/ { inside = /\[\.discard\.lkm_params\]/ } inside { sub(/[+-]0x.*/, "", $NF); print $NF }')

{
	echo '#include <linux/export.h>'
	paste <("$NM" -p --defined-only "$object.o") <("$NM" -p --defined-only --demangle "$object.o") | awk -F '\t' -v types="$private" -v parameters="$parameters" '
		BEGIN {
			split(types, list, "\n"); for (i in list) private[list[i]] = 1
			split(parameters, list, "\n"); for (i in list) parameter[list[i]] = 1
		}
		{ split($1, symbol, " "); name = $2; sub(/^[^ ]* . /, "", name) }
		symbol[2] !~ /[TRDB]/ || symbol[3] ~ /^(__pfx_|__cfi_|__odr_asan|(init|cleanup)_module$)/ { next }
		symbol[3] in parameter { next }
		# (Code from module! and module_param!.)
		name ~ /::__module_init::|::_(\[[0-9a-f]*\])?::/ { next }
		# An implementation: <TYPE as TRAIT>::NAME. The TYPE may have others in it, each with a path, CRATE::…
		name ~ /^<.* as / {
			types = name; sub(/ as .*/, "", types)
			while (match(types, /[A-Za-z0-9_]+(\[[0-9a-f]+\])?::[A-Za-z0-9_:]+/)) {
				type = substr(types, RSTART, RLENGTH); types = substr(types, RSTART + RLENGTH)
				sub(/^[^:]*::/, "", type)
				if (type in private) next
			}
		}
		{ print "EXPORT_SYMBOL_GPL(" symbol[3] ")" }'
} | $LKM_AS -o "$object.exports.o" -
$LKM_LD -r -o "$object" "$object.o" "$object.exports.o"
