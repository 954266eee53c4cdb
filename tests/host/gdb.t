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

# Modules in another directory.
directory=$(mktemp -d)
temporary+=("$directory")
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
like "$status $stdout" "^0 .*scripts/gdb.sh --from '?$own'? number" "… T=MODULE names another one"
left=$(find build/vm -maxdepth 1 -name 'gdb.*')
is "$left" "" "nothing is left behind"
run scripts/gdb.sh no_such_module
is "$status" 1 "a module that does not exist gives 1"
like "$stderr" 'there is no no_such_module.ko for kernel' "… and is named"
run scripts/gdb.sh
is "$status" 2 "no module gives 2"

done_testing
