#!/usr/bin/env bash
# Usage: scripts/clean.sh [--all | --from DIR]
#
# Removes the files that building the modules has made, even if the build failed. With --all, it removes all of build/, with
# the sandbox and the kernels.
#
#   --from DIR  remove what make M=DIR has made in DIR and in DIR/build/
#   --help      this text

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

sources=$top all=''
case ${1:-} in
-h | --help) usage && exit ;;
--from)
	[[ -n ${2:-} ]] || bad_usage "--from needs a directory"
	sources=$(module_directory "$2") || exit
	shift
	;;
--all) all=1 ;;
'') ;;
*) bad_usage "unknown option $1" ;;
esac
(($# <= 1)) || bad_usage "one option at most"

# The links that make leaves at the top. (Other links are somebody else's.)
find "$sources" -maxdepth 1 -type l -lname 'build/modules/*' \( -name '*.ko' -o -name rust-project.json \) -exec rm -f {} +

# is_list FILE.d: succeeds if it is a list of dependencies that a compiler has written for kbuild: "DIR/NAME.o: …" in .NAME.o.d.
# (A build that is interrupted leaves it.)
is_list() {
	local first='' stem=${1##*/.}
	stem=${stem#.} stem=${stem%%.*}
	read -r first <"$1" || :
	# (bindgen's list for bindings.rs names bindings_helper.o.)
	[[ $first =~ ^([^:[:space:]]*/)?\.?"$stem"[^.:/[:space:]]*\.[^:/[:space:]]+: ]]
}

# The files that kbuild makes beside the sources if it is called without MO=. For each file NAME that it makes there is a
# .NAME.cmd. Leave alone directories with a repository, a Makefile or a Kbuild of their own: they are other projects.
find "$sources" -mindepth 1 -type d \( -path "$sources/build" -o -name .git -o -exec test -e {}/.git \; -o -exec test -e {}/Makefile \; \
	-o -exec test -e {}/Kbuild \; \) -prune -o -type f \( -name '.*.d' -o \( -name '.*.cmd' \
	-exec grep -q '^savedcmd_' {} \; \) \) -print0 |
	while IFS= read -r -d '' note; do
		[[ $note != *.d ]] || is_list "$note" || continue
		name=${note##*/.}
		name=${note%/*}/${name%.cmd}
		rm -f "$note"
		[[ $note == *.d ]] || rm -f "$name" "${name/%.mod/.mod.c}"
		# (The crate's rules make some files without a note: see lkm/Kbuild.include.)
		[[ $name != */lkm/liblkm.rmeta ]] || rm -f "${name%.rmeta}.expanded" "${name%/*}"/lib*.rmeta
	done

if [[ $sources != "$top" ]] && ! is_own_build "$sources"; then
	[[ ! -e $sources/build ]] || say "$program: $sources/build stays as it is, because make M=DIR has not made it."
elif [[ $sources != "$top" ]]; then
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
