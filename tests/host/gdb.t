#!/usr/bin/env bash
# gdb.sh: a debugger for the machine, which stops where the init of a module begins.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

run timeout 300 scripts/gdb.sh --eval bt --eval 'ptype kernel::error::Error' --eval 'hbreak proc_register' --eval continue proc_hello
is "$status" 0 "the module is loaded, gdb stops there, and ends after the last command"
like "$stdout" $'\n#0 .*::init_module \\(\\) at [^\n]*/proc_hello.rs:[0-9]+\n.*#1 .* in do_one_initcall' "the breakpoint in init is hit; gdb shows the line and the caller"
like "$stdout" 'struct kernel::error::Error' "gdb knows the types of Rust"
like "$stdout" 'Breakpoint 1, 0x[0-9a-f]+ in proc_register' "a breakpoint at a kernel function is hit"
run timeout 300 scripts/gdb.sh --eval 'print module_param::my_limit' --eval 'print module_param::my_int_array' \
	--eval 'print module_param::my_int' module_param
like "$status $stdout" '^0 .*\$1 = [^$]*[^0-9]10[^0-9].*\$2 = [^$]*420[^$]*420.*\$3 = [^$]*[^0-9]420' "gdb shows the values that statics have in the machine"

# A module that needs another one; and one that cannot be loaded. (Its provider is not loaded, and insmod does not do that.)
run timeout 300 scripts/gdb.sh --eval bt next_ticket
like "$status $stdout" '^0 .*#0 .*::init_module \(\) at [^ ]*/next_ticket.rs:[0-9]+' "a module that needs another one is loaded after that, and gdb stops in its own init"
run timeout 300 scripts/gdb.sh --eval bt tests/tickets_c
is "$status" 1 "a module that cannot be loaded gives 1"
like "$stderr" 'error: tests/tickets_c.ko was not loaded: its init was never called'$'\n''.*insmod: .*Unknown symbol in module' "… it says why"

# Two at once.
directory=$(mktemp -d)
temporary+=("$directory")
for module in seconds jiffies; do
	{
		timeout 300 scripts/gdb.sh --eval bt --eval 'hbreak do_exit' --eval continue "$module" echo </dev/null >"$directory/$module" 2>&1
		echo "status $?" >>"$directory/$module"
	} &
done
wait
for module in seconds jiffies; do
	like "$(<"$directory/$module")" "$module is loaded, .*init_module \\(\\) at [^ ]*/$module.rs.*Breakpoint 1, .* in do_exit.*status 0" "two at once do not disturb each other: $module"
done

# At a terminal: Ctrl-C stops the machine, and Ctrl-Z nothing. (The shell that make runs in is not ended by it, and reads on.)
{
	await "$directory/screen" 'Its init begins here'
	await "$directory/screen" '^\(gdb\)'
	printf 'continue\n'
	await "$directory/screen" '^Continuing'
	sleep 1
	printf '\003'
	await "$directory/screen" 'SIGINT'
	printf 'print $pc\n'
	await "$directory/screen" '^\$1'
	printf '\032print 40 + 2\n'
	await "$directory/screen" '^\$2'
	printf 'quit\n'
	await "$directory/screen" 'gdb ended with'
	printf 'more\n'
} | TERM=dumb timeout --kill-after=5 200 script -qefc "make --no-print-directory gdb; echo gdb ended with \$?; read line; echo read \$line" "$directory/screen" >/dev/null
screen=$(tr -d '\r' <"$directory/screen")
like "$screen" $'Continuing.*received signal SIGINT.*\n.1 = [^\n]*0xffff[0-9a-f]+' "at a terminal, Ctrl-C stops the machine where it is"
like "$screen" $'\n.2 = 42\n' "… Ctrl-Z does nothing"
like "$screen" $'gdb ended with 0\n(more\n)?read more\n' "… and after quit, the terminal is as it was"

# … also before the module is loaded.
{
	await "$directory/early" '0x0*fff0 in'
	sleep 0.5
	printf '\003'
	await "$directory/early" 'Interrupted'
	await "$directory/early" '^\(gdb\)'
	printf 'lkm-init %s\n' "$(echo build/modules/*/hello_world.ko)"
	await "$directory/early" 'Its init begins here'
	printf 'quit\n'
	await "$directory/early" 'gdb ended with'
} | TERM=dumb timeout --kill-after=5 120 script -qefc 'scripts/gdb.sh hello_world; echo gdb ended with $?' "$directory/early" >/dev/null
like "$(tr -d '\r' <"$directory/early")" 'Interrupted: hello_world is not loaded yet. To wait for it again: lkm-init .*Its init begins here.*gdb ended with 0' \
	"Ctrl-C before the module is loaded: it says how to go on"

# Modules in another directory.
own=$directory/number
scripts/new-module.sh "$own" 2>/dev/null
run make --no-print-directory -C "$own"
run timeout 300 scripts/gdb.sh --from "$own" --eval bt --eval list --eval 'print number::number'
like "$status $stdout" "^0 .*number is loaded, .*init_module \\(\\) at $own/number.rs:[0-9]+" "--from DIR: gdb stops in the first module there, and knows its lines"
like "$stdout" 'module! \{' "… and its source"
like "$stdout" '\$1 = [^$]*[^0-9]42[^0-9]' "… and its statics"
run make -n M="$own" gdb
like "$status $stdout" "^0 .*scripts/gdb.sh --from '?$own'? *\$" "make M=DIR gdb calls it"
run make -n M="$own" gdb T=number
like "$status $stdout" "^0 .*scripts/gdb.sh --from '?$own'? '?number'?\$" "… T=MODULE names another one"
# (Runs of other tests hold their locks. One that is being made has no lock yet.)
left=''
for run in build/vm/run.??????; do
	[[ ! -d $run ]] || ! flock -n "$run" true || { sleep 2 && [[ ! -d $run ]]; } || ! flock -n "$run" true || left+="$run"$'\n'
done
is "$left" "" "nothing is left behind"
run scripts/gdb.sh no_such_module
is "$status" 1 "a module that does not exist gives 1"
like "$stderr" 'there is no no_such_module.ko for kernel' "… and is named"
run scripts/gdb.sh
is "$status" 2 "no module gives 2"

done_testing
