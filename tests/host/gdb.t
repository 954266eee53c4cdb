#!/usr/bin/env bash
# gdb.sh: a debugger on the machine, stopped where the init of a module begins.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

run timeout 300 scripts/gdb.sh --eval bt --eval 'ptype kernel::error::Error' --eval 'hbreak proc_register' --eval continue proc_hello
is "$status" 0 "the module is loaded, gdb stops, and is left after the last command"
like "$stdout" $'\n#0 .*::init_module \\(\\) at [^\n]*/proc_hello.rs:[0-9]+\n.*#1 .* in do_one_initcall' "the breakpoint in init is hit, with its line, and who calls it"
like "$stdout" 'struct kernel::error::Error' "the types of Rust are known"
like "$stdout" 'Breakpoint 1, 0x[0-9a-f]+ in proc_register' "a breakpoint at a function of the kernel is hit"
left=$(find build/vm -maxdepth 1 -name 'gdb.*')
is "$left" "" "nothing is left behind"
run scripts/gdb.sh no_such_module
is "$status" 1 "a module that does not exist gives 1"
like "$stderr" 'there is no no_such_module.ko for kernel' "… and is named"
run scripts/gdb.sh
is "$status" 2 "no module gives 2"

done_testing
