# SPDX-License-Identifier: GPL-2.0
"""For gdb (scripts/gdb.sh): `lkm-init FILE.ko` continues until the kernel has loaded that module, and stops at the beginning of init."""

import itertools
import os

import gdb


class LkmInit(gdb.Command):
    """Continue to the beginning of a module's init: lkm-init FILE.ko"""

    def __init__(self):
        super().__init__("lkm-init", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        file = argument.strip()
        name = os.path.basename(file)[:-3].replace("-", "_")
        # The module's own debug information describes `struct module`.
        gdb.execute(f"add-symbol-file {file} 0", to_string=True)
        module_type = gdb.lookup_type("struct module")
        pointer = gdb.lookup_type("unsigned long")
        group_type = gdb.lookup_type("struct attribute_group").pointer()
        x86 = "x86" in gdb.selected_inferior().architecture().name()
        gdb.execute("remove-symbol-file -a 0", to_string=True)
        stop = gdb.Breakpoint("do_init_module", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        # If the module cannot be loaded, gdb.sh makes the machine call this function.
        failed = gdb.Breakpoint("write_sysrq_trigger", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        while True:
            hits = stop.hit_count
            try:
                gdb.execute("continue", to_string=True)
                if failed.hit_count:
                    gdb.execute("disconnect", to_string=True)
            except gdb.error:  # The machine has ended.
                pass
            if failed.hit_count or not gdb.selected_inferior().pid:
                gdb.execute("quit 3")
            if stop.hit_count == hits:
                stop.delete()
                failed.delete()
                raise gdb.GdbError(f"Interrupted: {name} is not loaded yet. To wait for it again: lkm-init {file}")
            module = gdb.parse_and_eval("$rdi" if x86 else "$x0").cast(module_type.pointer())
            if module["name"].string() == name:
                break
        stop.delete()
        failed.delete()
        # The kernel has noted the address of each section, for /sys/module/NAME/sections. The struct begins with this group.
        group = module["sect_attrs"].cast(group_type)
        sections = {}
        for number in itertools.count():
            section = group["bin_attrs"][number]
            if not section:
                break
            sections[section["attr"]["name"].string()] = int(section["private"].cast(pointer))
        text = sections.pop(".text", 0)
        others = " ".join(f"-s {section} {address:#x}" for section, address in sections.items())
        gdb.execute(f"add-symbol-file {file} {text:#x} {others}", to_string=True)
        at_init = gdb.Breakpoint("init_module", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        gdb.execute("continue", to_string=True)
        at_init.delete()
        print(f"{name} is loaded, with its code at {text:#x}. Its init begins here:")
        gdb.execute("frame")


LkmInit()
