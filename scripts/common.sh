# shellcheck shell=bash disable=SC2034,SC2154
# What the scripts in this directory share: paths, messages, steps with progress, locks.
# They source this file. It is never run.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

set -euo pipefail
shopt -s inherit_errexit
unset CDPATH

top=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
build=$top/build
# The package rust-headers makes its files elsewhere. (A checkout does not: clean.sh removes build/.)
[[ ! $top -ef /usr/share/rust-headers ]] || build=${RUST_HEADERS_BUILD:-/var/cache/rust-headers}
program=${RUST_HEADERS_TOOL:-${0##*/}}

# Colours and moving output are for a person at a terminal.
if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[m'
else
	bold='' red='' green='' plain=''
fi

# No script ends without a message.
set -E
trap 'say "$program: stopped at line $LINENO of ${BASH_SOURCE[0]#"$top"/}: $BASH_COMMAND"' ERR

# The comment at the top of the script is its help.
usage() {
	sed -n '2,/^$/ { s/^#//; s/^ //; p }' "$0"
}

say() { printf '%s\n' "$*" >&2; }
warn() { say "${bold}$program: warning:${plain} $*"; }

# die MESSAGE [WHAT-TO-DO…]
die() {
	say "${red}$program: error:${plain} $1"
	shift
	local hint
	for hint; do say "  $hint"; done
	exit 1
}

# bad_usage MESSAGE: ends the script because of wrong options or arguments.
bad_usage() {
	say "${red}$program: error:${plain} $1"
	say "  $program --help explains how to call it."
	exit 2
}

# good_path WHAT PATH [WHAT-TO-DO…]: ends the script if make, kbuild or QEMU cannot take that path.
not_in_paths='[][:space:][:cntrl:]["\`:;,%#$&|<>()*?'"']"
good_path() {
	[[ ! $2 =~ $not_in_paths ]] || die "kbuild and make cannot handle the path of $1: $2" \
		"It contains a blank, or one of these characters: $(sed 's/\[:[a-z]*:\]//g; s/^\[//; s/]$//; s/./& /g' <<<"$not_in_paths")" "${@:3}"
}

# module_directory DIR: prints its absolute path. Ends the script if kbuild cannot build modules in it.
module_directory() {
	local path
	[[ -d $1 ]] || die "there is no directory $1"
	path=$(realpath -- "$1")
	good_path "the modules" "$path" "Move the directory, or give it another name."
	[[ -e $path/Kbuild || -e $path/Makefile ]] || die "there is nothing in $path that kbuild can build" \
		"kbuild needs a file Kbuild there, with the line: obj-m := NAME.o" "scripts/new-module.sh DIR makes a directory with all that a module needs."
	echo "$path"
}

# own_build DIR: makes DIR/build/, which git ignores. If it is there, and something else made it, the script ends: the tests and
# make clean remove files there.
own_build() {
	# (If a run was interrupted here, it has left nothing in it, or an empty file.)
	if [[ ! -e $1/build || (-d $1/build && -z $(find "$1/build" -mindepth 1 ! \( -name .gitignore -empty \) -print -quit)) ]]; then
		mkdir -p "$1/build"
		printf '%s\n' "$build_mark" '*' >"$1/build/.gitignore"
	fi
	is_own_build "$1" || die "$1/build was made by somebody else, and may have other files in it" \
		"make M=DIR puts what it makes into DIR/build/, and removes it from there. Rename yours, or put the modules into a directory of their own." \
		"If nothing in it is of use: rm -r $1/build"
}
build_mark='# make M=DIR of rust-lkm has made this directory, and removes files in it.'
is_own_build() { grep -qsxF "$build_mark" "$1/build/.gitignore"; }

# used_by DIR [RELEASE]: prints where the modules that those in DIR use were built for the kernel RELEASE: the directories that lkm-uses or
# KBUILD_EXTRA_SYMBOLS in the Kbuild names, and before each those that it uses itself. Without RELEASE it prints their repositories.
used_by() {
	local -A used_seen=()
	used_of "$@"
}
used_of() {
	local path repository release=${2:-@RELEASE@}
	for path in $(used_named "$1" "$release"); do
		[[ $path == /* ]] || continue
		path=$(realpath -sm -- "$path")
		# (Sources are beside build/modules/RELEASE, where make M=DIR puts what it builds, or beside what kbuild alone has built.)
		repository=${path%%/"$release"*} repository=${repository%/build/modules}
		[[ -n $repository && -z ${used_seen[$path]-} ]] || continue
		used_seen[$path]=1
		[[ $repository == "$top" || ! -d $repository ]] || used_of "$repository" "${@:2}"
		if (($# > 1)); then echo "$path"; else echo "$repository"; fi
	done
}
# used_named DIR RELEASE: prints what make knows after it has read the Kbuild files in DIR. (Most do not have these lines.) make runs
# what stands in $(shell ...) there, so outside of the sandbox it can write nothing.
used_named() {
	local file confined=()
	in_sandbox || ! type -P bwrap >/dev/null || confined=(bwrap --ro-bind / / --dev /dev --unshare-all --die-with-parent)
	while IFS= read -r file; do
		"${confined[@]}" env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u KBUILD_EXTRA_SYMBOLS make -rR -f "$file" \
			--eval='lkm-show: ; @: $(info $(lkm-uses) $(patsubst %/,%,$(dir $(KBUILD_EXTRA_SYMBOLS))))' lkm-show \
			src="${file%/*}" obj=. RUST_LKM="$top" KERNELRELEASE="$2" 2>/dev/null || :
	done < <(find "$1" -maxdepth 3 \( -name .git -o -name build -o -path "$top" \) -prune -o \( -name Kbuild -o -name Makefile \) \
		-exec grep -lE '^[^#]*(lkm-uses|KBUILD_EXTRA_SYMBOLS)[[:space:]]*[:+?]*=' {} + 2>/dev/null || :)
}

# Checks the path of the checkout, and what the environment has set.
good_path "the checkout" "$top" "Move the checkout, or clone it somewhere else."
[[ $build == "$top/build" ]] || good_path "the directory for what is made" "$build" "Set XDG_CACHE_HOME to another directory."
[[ $build != "$top/build" || ! -L $build ]] || die "build/ is a link, but it must be a directory: the sandbox sees nothing outside the checkout" \
	"Move the whole checkout to a disk with more room, or mount a directory there: mount --bind $(realpath "$build") $build"
# (The release becomes part of paths.)
a_release='^[0-9][[:alnum:]._+~-]*$'
[[ -z ${KERNEL:-} || $KERNEL =~ $a_release ]] || bad_usage "KERNEL takes a kernel's release, not '$KERNEL'"

# checkout_in DIR: prints this checkout's path as find prints it in DIR, if it is below DIR (as a submodule is).
checkout_in() {
	if [[ $top == "$1"/* ]]; then echo "./${top#"$1"/}"; else echo ./build; fi
}

in_sandbox() { [[ -n ${RUST_LKM_SUITE:-} ]]; }

# lock FILE WHAT: holds FILE's lock until `unlock` or the script's end; says so if it has to wait.
locks=()
lock() {
	local fd
	mkdir -p "$(dirname "$1")"
	exec {fd}>>"$1"
	if ! flock -n "$fd"; then
		say "$program: waiting for another run: $2 …"
		flock "$fd"
	fi
	locks+=("$fd")
}

# unlock: releases the lock that was taken last.
unlock() {
	local fd=${locks[-1]}
	exec {fd}>&-
	unset 'locks[-1]'
}

# checkout_files: prints the files of this checkout as git knows them, new ones too, each with a NUL behind it.
checkout_files() {
	local file
	(cd "$top" && git ls-files -z -co --exclude-standard) | while IFS= read -r -d '' file; do
		# (One that was deleted is known until that is committed.)
		[[ ! -e $top/$file && ! -L $top/$file ]] || printf '%s\0' "$file"
	done
}

# replace FILE OTHER: gives FILE the content of OTHER. If that fails (on a full disk), FILE stays as it was, and nothing else is left.
replace() {
	local new=''
	if ! { new=$(mktemp "$1.XXXXXX") && cp --preserve=mode "$1" "$new" && cat "$2" >"$new" && mv "$new" "$1"; }; then
		rm -f "$new"
		die "could not write $1 (is there room on the disk?)"
	fi
}

# remove PATH…: removes them, even files that a killed mmdebstrap left behind under an ordinary user's subordinate ids.
# If another file system is mounted there, for example this machine's /dev, that stays, and the script ends. (A directory of the
# same file system that is mounted there is not noticed.)
remove() {
	local path
	for path; do
		[[ -e $path ]] || continue
		rm -rf --one-file-system -- "$path" 2>/dev/null && continue
		find "$path" -xdev -type d ! -perm -u+w -exec chmod u+w -- {} + 2>/dev/null || :
		unshare --map-root-user --map-auto rm -rf --one-file-system "$path" 2>/dev/null || :
		rm -rf --one-file-system -- "$path"
	done
}

# reachable_by_others DIRECTORY: succeeds if every directory on the way to it lets anybody pass.
reachable_by_others() {
	local directory=$1
	while [[ $directory != / ]]; do
		[[ $(stat -c %A "$directory") == *[xt] ]] || return 1
		directory=$(dirname "$directory")
	done
}

# layerable DIRECTORY…: prints the first that can be a layer of an overlay file system. (A directory in another overlay cannot.)
layerable() {
	local directory
	for directory; do
		if [[ -w $directory && $(stat -f -c %T "$directory") != overlayfs ]]; then
			echo "$directory"
			return
		fi
	done
	die "no overlay file system can be made in any of these, because each is in an overlay itself: $*" \
		"In a container: mount a tmpfs or a volume at one of them."
}

# remove_scratch RECORD: removes the directory that debian.sh has noted in the file RECORD, and that file.
remove_scratch() {
	local path=''
	[[ ! -r $1 ]] || path=$(<"$1")
	[[ $path != */rust-lkm.?????? ]] || remove "$path"
	remove "$1"
}

# unpacked_package PACKAGE: unpacks Debian's package to build/PACKAGE, once. It works in the sandbox, and is for packages that
# few commands need.
unpacked_package() {
	local log=$build/log/$1.log partial=$build/$1.partial
	[[ ! -d $build/$1 ]] || return 0
	lock "$build/$1.lock" "it is getting $1"
	if [[ ! -d $build/$1 ]]; then
		remove "$partial"
		mkdir -p "$partial" "$build/log"
		(cd "$partial" && apt-get download "$1" && dpkg-deb -x "$1"_*.deb .) >"$log" 2>&1 ||
			die "apt-get could not download $1" "$(tail -n 1 "$log")" "The whole output is in ${log#"$top"/}."
		mv "$partial" "$build/$1"
	fi
	unlock
}

# make_layers DIRECTORY: makes a directory for the copies of confined.sh, and prints its path. If DIRECTORY cannot be an
# overlay's layer, it makes one elsewhere, which the caller has to remove.
make_layers() {
	local place
	mkdir -p "$1"
	place=$(layerable "$1" "${TMPDIR:-/tmp}" /dev/shm)
	[[ $place == "$1" ]] || place=$(mktemp -d "$place/layers.XXXXXX")
	chmod 755 "$place"
	echo "$place"
}

# keep_headers COMMAND…: keeps the completed headers of a copy in which another way to complete them is tried. (They would be completed
# again, and the copy has no network. A kernel with a file key counts as complete.) COMMAND… runs its arguments in that copy.
keep_headers() {
	"$@" bash -c 'for recipe in build/kernels/*/recipe; do [[ ! -e $recipe ]] || touch "${recipe%/*}/key"; done'
}

# steps N LOG: announces N steps, whose output goes to LOG.
steps() {
	step_count=$1 step_log=$2 step_number=0
	mkdir -p "$(dirname "$step_log")"
	: >"$step_log"
}

# step TEXT FAILURE COMMAND [ARG…]: runs the command, showing TEXT and the time it takes. If it fails, the
# script ends with FAILURE as its error.
step() {
	local text=$1 failure=$2 start=$SECONDS status=0 tag
	shift 2
	step_number=$((step_number + 1))
	tag="[$step_number/$step_count] $text"
	printf '== %s\n' "$tag" >>"$step_log"
	printf '%s … ' "$tag" >&2

	# Job control gives the command a process group of its own, so that an interrupt can end all of it.
	trap 'step_interrupted INT' INT
	trap 'step_interrupted TERM' TERM
	trap 'step_interrupted HUP' HUP
	set -m
	"$@" </dev/null >>"$step_log" 2>&1 &
	step_pid=$!
	set +m
	if [[ -n $plain ]]; then
		while kill -0 "$step_pid" 2>/dev/null; do
			printf '\r\e[K%s … %d s ' "$tag" "$((SECONDS - start))" >&2
			sleep 0.2
		done
		printf '\r\e[K%s … ' "$tag" >&2
	fi
	wait "$step_pid" || status=$?
	trap - INT TERM HUP
	if ((status)); then
		say "${red}failed${plain}"
		step_failed "$failure"
	fi
	say "${green}done${plain}, $((SECONDS - start)) s"
}

step_interrupted() {
	trap - INT TERM HUP
	kill -TERM -- "-$step_pid" 2>/dev/null || :
	wait "$step_pid" 2>/dev/null || :
	say
	say "$program: interrupted; run it again to continue."
	kill -"$1" $$
}

# step_failed MESSAGE: shows the last lines of the step's output, and ends the script.
step_failed() {
	tail -n 5 "$step_log" | sed 's/^/  | /' >&2
	die "$1" "The whole output is in ${step_log#"$top"/}."
}
