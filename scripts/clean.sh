#!/usr/bin/env bash
# Usage: scripts/clean.sh [--all | --from DIR]
#
# Removes what building the modules has left, even if the build failed. With --all, removes all of build/, including
# the sandbox and the kernels.
#
#   --from DIR  the same in DIR, which has other modules: of its build/ what make M=DIR has made there
#   --help      this text

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

sources=$top all=''
case ${1:-} in
-h | --help) usage && exit ;;
--from)
	[[ -n ${2:-} ]] || bad_usage "--from needs a directory"
	sources=$(module_directory "$2")
	shift
	;;
--all) all=1 ;;
'') ;;
*) bad_usage "unknown option $1" ;;
esac
(($# <= 1)) || bad_usage "one option at most"

# What make leaves at the top.
find "$sources" -maxdepth 1 -type l \( -name '*.ko' -o -name rust-project.json \) -exec rm -f {} +

# What kbuild leaves beside the sources if it is called without MO=. It writes down how it has made each file: .NAME.cmd is
# about NAME. A directory that has a repository, a Makefile or a Kbuild of its own belongs to somebody else.
find "$sources" -mindepth 1 -type d \( -path "$sources/build" -o -name .git -o -exec test -e {}/.git \; -o -exec test -e {}/Makefile \; \
	-o -exec test -e {}/Kbuild \; \) -prune -o -type f \( -name '.*.d' -o \( -name '.*.cmd' \
	-exec grep -q '^savedcmd_' {} \; \) \) -print0 |
	while IFS= read -r -d '' note; do
		name=${note##*/.}
		name=${note%/*}/${name%.cmd}
		rm -f "$note"
		[[ $note == *.d ]] || rm -f "$name" "${name/%.mod/.mod.c}"
	done

if [[ $sources != "$top" ]]; then
	remove "$sources"/build/{modules,clippy,log,matrix} "$sources"/build/test*
	[[ $(ls -A "$sources/build" 2>/dev/null) != .gitignore ]] || remove "$sources/build"
elif [[ -n $all ]]; then
	for record in "$build"/{sandbox,debian}/*.scratch; do
		remove_scratch "$record"
	done
	remove "$build"
else
	remove "$build"/{modules,clippy,doc}
fi
