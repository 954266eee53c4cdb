#!/usr/bin/env bash
# Usage: scripts/dev.sh [OPTIONS] [TEST]
#
# Runs a virtual machine while you write. Whenever you save a source, it builds the modules, and unloads and loads those that have
# changed in the running machine. It shows the new lines of the kernel's log, or the compiler's errors. With TEST, it then runs
# the tests whose name contains TEST. (They load the modules themselves, so it unloads them before.)
#
# At a terminal you have a shell in the machine. Leave it with exit or Ctrl-D, and the machine ends. Without a terminal, press
# Ctrl-C.
#
# If a module cannot be unloaded or hangs, or if the kernel crashes, it says so and starts a fresh machine.
#
#   --from DIR     use the modules in DIR, and load all of them. Without it, use those of this checkout, and load only those that
#                  change or that TEST names
#   --set NAME=VALUE  set a parameter of all modules, or with MODULE.NAME=VALUE of one of them; can be given again
#   --help         this text
#
# The exit status is 0 if it was left, 1 if it could not begin, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
choose_platform

from='' test='' set=() saved=()
while (($#)); do
	case $1 in
	--from | --set)
		[[ -n ${2:-} ]] || bad_usage "$1 needs a value"
		if [[ $1 == --set ]]; then
			[[ $2 =~ ^([A-Za-z0-9_-]+\.)?[A-Za-z0-9_]+=[^[:space:]]*$ ]] || bad_usage "--set takes NAME=VALUE, not '$2'"
			# (Like the kernel, take a dash in the name of a module for an underscore.)
			if [[ ${2%%=*} == *.* ]]; then
				module=${2%%.*}
				set+=("${module//-/_}.${2#*.}")
			else
				set+=("$2")
			fi
			saved+=("$1" "$2")
		else
			from=$(module_directory "$2") || exit
			saved+=("$1" "$from")
		fi
		shift
		;;
	-h | --help) usage && exit ;;
	-*) bad_usage "unknown option $1" ;;
	*)
		[[ -z $test ]] || bad_usage "one TEST at most"
		test=$1
		saved+=("$1")
		;;
	esac
	shift
done
sources=${from:-$top}

shopt -s nullglob
tests=()
if [[ -n $test ]]; then
	for path in "$sources"/tests/*.t; do
		path=${path#"$sources"/}
		[[ ${path#tests/} != *"$test"* ]] || tests+=("$path")
	done
	((${#tests[@]})) || die "no test in $sources/tests has '$test' in its name" "There are: $(cd "$sources" && echo tests/*.t | sed 's/^$/none/')"
fi

# ---- Outside of the sandbox: this part removes what is left, however the rest ends.

if ! in_sandbox; then
	scripts=$top/scripts
	[[ -z $from ]] || own_build "$from"
	"$scripts/sandbox.sh" "$scripts/rust-headers.sh" >/dev/null
	mkdir -p "$build/vm"
	work=$(mktemp -d "$build/vm/dev.XXXXXX")
	screen=''
	if [[ -t 0 && -t 1 ]]; then screen=$(stty -g); fi
	ended() {
		trap - EXIT INT TERM HUP
		[[ -z ${inside:-} ]] || kill "$inside" 2>/dev/null || :
		[[ -z ${inside:-} ]] || wait "$inside" 2>/dev/null || :
		[[ -z $screen ]] || stty "$screen" || :
		# (A machine that was killed holds the lock of its directory until the last of its processes is gone.)
		local run=''
		[[ ! -r $work/port.run ]] || run=$(<"$work/port.run")
		[[ -z $run || ! -d $run ]] || flock -w 20 "$run" rm -rf "$run" || :
		remove "$work"
	}
	trap ended EXIT
	trap 'exit 0' INT
	trap 'exit 143' TERM HUP
	exec {input}<&0
	status=0
	RUST_LKM_DEV=$work "$scripts/sandbox.sh" ${from:+--writable "$from"} "$scripts/$program" "${saved[@]}" <&"$input" &
	inside=$!
	wait "$inside" || status=$?
	inside=''
	exit "$status"
fi

# ---- In it.

broken=''
work=${RUST_LKM_DEV:-$(mktemp -d "$build/vm/dev.XXXXXX")}
events=$work/port.out
mkfifo "$events"
exec {from_all}<>"$events" {input}<&0
kdir=$("$top/scripts/rust-headers.sh")
release=$(kdir_release "$kdir")
objects=$sources/build/modules/$release
of=()
[[ -z $from ]] || of=("M=$from")
terminal=''
if [[ -t 0 && -t 1 ]]; then terminal=1; fi

tell() { say "${bold}$program:${plain} $*"; }
now() {
	local time=${EPOCHREALTIME/[.,]/}
	echo "$((time / 1000))"
}
seconds() { printf '%d.%d s' "$(($1 / 1000))" "$(($1 % 1000 / 100))"; }

# modules: prints the path of each module, in the order in which they are loaded.
modules() { [[ ! -r $work/order ]] || cat "$work/order"; }

# compile: builds the modules. The compiler's messages go to the terminal unchanged.
compile() {
	make --no-print-directory -C "$top" modules KDIR="$kdir" "${of[@]}" >"$work/build.log" || return
	order >"$work/order.new"
	mv "$work/order.new" "$work/order"
}

# order: prints the path of each module, after those that it needs.
order() {
	local path name
	local -A of_name=()
	while IFS= read -r path; do
		name=${path##*/}
		of_name[${name//-/_}]=$path
	done < <(sed 's/^\.\///; s/\.o$//' "$objects/modules.order")
	for path in "${of_name[@]}"; do
		# (tsort takes pairs. One of the same name twice is a module by itself.)
		echo "$path $path"
		for name in $(modinfo -F depends "$objects/$path.ko" | tr ',' ' '); do
			name=${of_name[${name//-/_}]-}
			[[ -z $name ]] || echo "$name $path"
		done
	done | tsort
}

# fresh: prints the modules that are newer than those in the machine.
fresh() {
	local module
	while read -r module; do
		[[ ! $objects/$module.ko -nt $work/sent/$module ]] || echo "$module"
	done < <(modules)
}

# parameters_of MODULE: prints its parameters from --set.
parameters_of() {
	local one name=${1##*/}
	name=${name//-/_}
	for one in "${set[@]}"; do
		case $one in
		"$name".*) echo "${one#*.}" ;;
		*) [[ ${one%%=*} == *.* ]] || echo "$one" ;;
		esac
	done | paste -sd ' '
}

# ---- The machine.

start_machine() {
	local stay=()
	end_machine
	[[ -z ${to:-} ]] || exec {to}>&-
	rm -rf "$work"/sent "$work"/port.{pid,in}
	touch "$work/tests.sent" "$work/began"
	mkfifo "$work/port.in"
	exec {to}<>"$work/port.in"
	mapfile -t used < <(used_by "$sources" "$release")
	[[ -n $terminal ]] || stay=(sleep infinity)
	(
		status=0
		"$top/scripts/vm.sh" --kernel "$release" ${from:+--from "$from"} --strip --timeout 0 --exchange "$work/port" "${stay[@]}" \
			<&"$input" 2>"$work/said" || status=$?
		echo "gone $status" >"$events"
	) &
	machine=$!
	running='' loaded=() broken=''
	local answer
	until [[ -n $running ]]; do
		next_event answer 300
		case $answer in
		ready) running=1 ;;
		silent) die "the virtual machine did not start within 5 minutes" "Its log is $build/log/console.log." ;;
		gone*)
			machine=''
			cat "$work/said" >&2
			die "the virtual machine did not start"
			;;
		esac
	done
}

end_machine() {
	[[ -n ${machine:-} ]] || return 0
	running=''
	[[ ! -s $work/port.pid ]] || kill "$(<"$work/port.pid")" 2>/dev/null || :
	wait "$machine" 2>/dev/null || :
	machine=''
	# Its last messages are about a machine that is gone.
	local rest
	while read -r -t 0.1 rest <&"$from_all"; do [[ $rest != saved* ]] || waiting=$rest; done
}

# unwatched MESSAGE: the watcher has ended with this message.
unwatched() {
	[[ $1 == *many ]] || die "saves of the sources cannot be seen: ${1#unwatched }"
	die "saves of the sources cannot be seen" "The number of directories is limited: sudo sysctl fs.inotify.max_user_watches=1000000"
}

# next_event VARIABLE [SECONDS]: reads the next line from the machine, or sets the variable to "silent" if none comes for so long.
# A save of a source that comes before it is kept for later.
waiting=''
next_event() {
	local next
	while :; do
		IFS= read -r ${2:+-t "$2"} next <&"$from_all" || next=silent
		[[ $next != unwatched* ]] || unwatched "$next"
		[[ $next == saved* ]] || break
		waiting=$next
	done
	printf -v "$1" %s "$next"
}

# ask SECONDS WORD ARG…: sends a command to the machine, and shows what it prints. Sets answer to the status after "done", to
# "silent" or to "gone".
ask() {
	local line seconds=$1
	shift
	: >"$work/log"
	printf '%s\n' "$*" >&"$to"
	while next_event line "${seconds#0}"; do
		case $line in
		'log '* | 'out '*)
			printf '%s\n' "${line#* }" >>"$work/log"
			printf '%s\n' "${line#* }"
			;;
		'limit '*) seconds=$((${line#limit } == 0 ? 0 : ${line#limit } + 30)) ;;
		'done '*) answer=${line#done } && break ;;
		crashed) broken=1 ;;
		gone*) answer=gone && machine='' running='' && break ;;
		silent) answer=silent && break ;;
		esac
	done
	[[ -z $broken || $answer == gone ]] || answer=crashed
	explain
}

# explain: says where in the sources a report in the new lines is from. (The modules in the machine are stripped; those in
# $objects have the line numbers.)
explain() {
	[[ ! -s $work/log ]] || "$top/scripts/decode.sh" --only ${from:+--source "$from"} "$work/log" "$objects" >&2 || :
}

# send FILE PATH
send() {
	# (It may be saved meanwhile.)
	cp -p "$1" "$work/file" || return
	printf 'file %s %s\n' "$(stat -c '%s %a' "$work/file")" "$2" >&"$to"
	timeout 20 cat "$work/file" >&"$to" || { why="the machine no longer answers" && return 1; }
}

# trouble WHAT: succeeds if this machine cannot be used any more, and sets why.
trouble() {
	case $answer in
	0) return 1 ;;
	hangs) why="$1 hangs" ;;
	silent) why="the machine no longer answers ($1)" ;;
	gone) why="the machine has ended ($1)" ;;
	crashed) why="the kernel has crashed ($1)" ;;
	*) return 1 ;;
	esac
	[[ $answer != gone ]] || cat "$work/said" >&2
	return 0
}

# unload MODULE, load MODULE: if a fresh machine is needed, they set why and return 1.
unload() {
	local name=${1##*/}
	name=${name//-/_}
	ask 15 unload "$name"
	! trouble "unloading $name" || return 1
	[[ $answer == 0 ]] || { why="$name cannot be unloaded" && return 1; }
}

load() {
	local module=$1 name=${1##*/}
	keep_time "$module"
	"${cross}strip" --strip-debug --remove-section=.BTF -o "$work/stripped.ko" "$objects/$module.ko"
	send "$work/stripped.ko" "$module.ko" || return
	reload "$module"
}

reload() {
	local module=$1 name=${1##*/}
	ask 30 load "$module.ko" "$(parameters_of "$module")"
	if trouble "loading $name"; then
		culprits+="$module "
		return 1
	fi
	if [[ $answer == 0 ]]; then loaded+=("$module"); else tell "${red}$name was not loaded${plain}"; fi
}

# unload_from N: unloads all but the first N, the last one first.
unload_from() {
	while ((${#loaded[@]} > $1)); do
		unload "${loaded[-1]}" || return
		unset 'loaded[-1]'
	done
}

# send_tests: sends the files in tests/ that have changed since they were sent. (A test may use others.)
send_tests() {
	local file
	touch "$work/tests.next"
	while IFS= read -r -d '' file; do
		send "$sources/tests/$file" "tests/$file" || return
	done < <(find "$sources/tests" -type f -size -8M -newercm "$work/tests.sent" -printf '%P\0')
	mv "$work/tests.next" "$work/tests.sent"
}

run_tests() {
	local file keep=("${loaded[@]}")
	unload_from 0 || return
	# (A test that ended too early may have left modules loaded.)
	for file in $(chosen | tac); do unload "$file" || return; done
	send_tests || return
	for file in "${tests[@]}"; do
		ask 30 test "$file"
		! trouble "$file" || return
		if [[ $answer == 0 ]] && ! grep -q '^not ok' "$work/log"; then
			tell "${green}$file passed${plain}"
		else
			tell "${red}$file failed${plain}"
		fi
	done
	for file in "${keep[@]}"; do reload "$file" || return; done
}

# exchange MODULE…: unloads these modules, and all that were loaded after the first of them, because they may need it. Then loads
# all of them again.
exchange() {
	local module first=0 again=" $* "
	while ((first < ${#loaded[@]})) && [[ $again != *" ${loaded[first]} "* ]]; do first=$((first + 1)); done
	again+="${loaded[*]:first} "
	unload_from "$first" || return
	for module in $(modules); do
		[[ $again != *" $module "* ]] || load "$module" || return
	done
}

# chosen: prints the modules that a new machine loads. A module that has made a machine unusable is left out until it changes.
culprits=' ' wanted=' '
chosen() {
	local module
	for module in $(modules); do
		[[ $culprits != *" $module "* && (-n $from || $wanted == *" $module "* || (-n $test && $module == *"$test"*)) ]] || continue
		echo "$module"
	done
}

# fresh_machine: starts a machine, and loads the chosen modules.
fresh_machine() {
	local machines=0
	while :; do
		((++machines <= 3 + $(modules | wc -l))) || die "no machine can be used: $why"
		start_machine
		set_aside
		# shellcheck disable=SC2046 # names of modules
		! exchange $(chosen) || break
		tell "${red}$why${plain}: starting a fresh machine without it …"
	done
}

# another: says why, and starts a fresh machine.
another() {
	tell "${red}$why${plain}: starting a fresh machine …"
	fresh_machine
	tell "the fresh machine is ready${culprits:+$([[ $culprits == ' ' ]] || echo ", without$culprits(until a source of it is saved)")}"
}

# set_aside: notes the time of the modules that are not loaded, so that they are loaded when they change.
set_aside() {
	local module
	for module in $(modules); do
		[[ $'\n'$(chosen)$'\n' == *$'\n'"$module"$'\n'* ]] || keep_time "$module"
	done
}

keep_time() {
	mkdir -p "$(dirname "$work/sent/$1")"
	touch -r "$objects/$1.ko" "$work/sent/$1"
}

# built_again: succeeds if a module of another repository that these use was built after this machine was started.
built_again() { [[ -n ${used[*]} && -n $(find "${used[@]}" -name '*.ko' -newer "$work/began" -print -quit 2>/dev/null) ]]; }

# ---- A save.

saved_source() {
	local begin modules=() more
	begin=$(now)
	# (An editor may write a file twice.)
	while IFS= read -r -t 0.05 more <&"$from_all"; do
		case $more in
		unwatched*) unwatched "$more" ;;
		gone*) left "$more" && return ;;
		crashed) broken=1 ;;
		'log '*) printf '%s\n' "${more#log }" >>"$work/idle" ;;
		esac
	done
	tell "${1#"$sources"/} was saved"
	compile || return 0
	mapfile -t modules < <(fresh)
	if ((${#modules[@]} + ${#tests[@]} == 0)); then
		tell "no module has changed"
		return
	fi
	for more in "${modules[@]}"; do
		culprits=${culprits/ "$more" / }
		[[ $wanted == *" $more "* ]] || wanted+="$more "
	done
	if [[ -n $broken ]]; then
		why="the kernel has crashed"
		another
	elif built_again; then
		why="a module of another repository was built again"
		another
	else
		exchange "${modules[@]}" || another
	fi
	for more in "${modules[@]}"; do [[ $culprits != *" $more "* ]] || return 0; done
	[[ -z ${modules[*]} || " ${loaded[*]} " != *" ${modules[-1]} "* ]] ||
		tell "${green}${modules[*]}${plain} loaded, $(seconds $(($(now) - begin))) after the save"
	((${#tests[@]} == 0)) || run_tests || another
}

# idle_log: shows the lines of the log that nobody has asked for. (At a terminal the console shows them.)
idle_log() {
	mv "$work/idle" "$work/log" 2>/dev/null || : >"$work/log"
	[[ -n $terminal ]] || cat "$work/log"
	explain
}

# crashed_meanwhile: the kernel has crashed between two saves. At a terminal somebody may want to look at the machine first.
crashed_meanwhile() {
	broken=1 why="the kernel has crashed"
	idle_log
	if [[ -z $terminal ]]; then another; else tell "${red}$why${plain}: the next save starts a fresh machine"; fi
}

# left GONE: the machine has ended by itself. At a terminal that means that its shell was left.
left() {
	machine='' running=''
	if [[ $1 == "gone 0" || (-n $terminal && $1 != "gone 12"[45]) ]]; then exit 0; fi
	cat "$work/said" >&2
	why="the machine has ended"
	another
}

finish() {
	trap - EXIT INT TERM HUP
	[[ ! -s $work/port.pid ]] || kill "$(<"$work/port.pid")" 2>/dev/null || :
	[[ -z ${watcher:-} ]] || kill "$watcher" 2>/dev/null || :
	[[ -n ${RUST_LKM_DEV:-} ]] || remove "$work"
}
trap finish EXIT
trap 'exit 0' INT TERM HUP

watched=("$sources")
[[ -z $from ]] || watched+=("$top/lkm")
"$top/scripts/watch.py" "${watched[@]}" >"$events" &
watcher=$!
mkdir -p "$objects"
tell "building …"
until compile; do
	tell "the modules do not build; save a source to try again"
	IFS= read -r event <&"$from_all"
	[[ $event != unwatched* ]] || unwatched "$event"
done
tell "starting the machine …"
fresh_machine
((${#tests[@]} == 0)) || run_tests || another
tell "ready: save a source$([[ -z $terminal ]] || echo "; to leave: exit")"
while :; do
	if [[ -n $waiting ]]; then
		event=$waiting waiting=''
	else
		IFS= read -r event <&"$from_all"
	fi
	case $event in
	saved*) saved_source "${event#saved }" ;;
	'log '*) printf '%s\n' "${event#log }" >>"$work/idle" ;;
	crashed) crashed_meanwhile ;;
	stuck) idle_log ;;
	unwatched*) unwatched "$event" ;;
	gone*) left "$event" ;;
	esac
done
