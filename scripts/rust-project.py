#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Corrects the rust-project.json that the kernel's script has written for these modules: it gets the crate lkm, exactly the modules
that were built, and a compiler that an editor outside of the sandbox can run.

rust-project.py SOURCES OBJECTS [SYSROOT]

SOURCES is the directory of the modules' sources. OBJECTS is where they were built, and has the rust-project.json. SYSROOT is the
sandbox's, if they were built in it.
"""

import json
import os
import sys

if "--help" in sys.argv:
    sys.exit(print(__doc__))
if len(sys.argv) not in (3, 4) or sys.argv[1].startswith("-"):
    print("rust-project.py: error: make rust-analyzer calls this with SOURCES, OBJECTS and SYSROOT; --help says more", file=sys.stderr)
    sys.exit(2)
TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SOURCES = os.path.realpath(sys.argv[1])
objects = os.path.realpath(sys.argv[2])
path = os.path.join(objects, "rust-project.json")
with open(path, encoding="utf-8") as file:
    project = json.load(file)


def module_roots():
    """The roots of the modules that were built: for each, the first object that has a Rust source."""
    with open(os.path.join(objects, "modules.order"), encoding="utf-8") as order:
        modules = order.read().split()
    for module in modules:
        with open(os.path.join(objects, module[:-2] + ".mod"), encoding="utf-8") as mod:
            sources = [os.path.normpath(os.path.join(SOURCES, name[:-2] + ".rs")) for name in mod.read().split()]
        yield from (source for source in sources if os.path.exists(source))


# The kernel's script adds every file below this directory that looks like a module. These crates come last.
crates = project["crates"]
names = [crate["display_name"] for crate in crates]
after = names.index("kernel") + 1
crates[after:] = [crate for crate in crates[after:] if all(dep["name"] != "kernel" for dep in crate["deps"])]
for crate in crates:
    # An editor should look for mistakes here, and not in the kernel.
    crate["is_workspace_member"] = False


def add(name, root, deps):
    kernel = next(crate for crate in crates if crate["display_name"] == "kernel")
    crates.append({
        "display_name": name, "root_module": root, "is_workspace_member": True, "edition": "2021", "cfg": kernel["cfg"] + ["MODULE"],
        "deps": [{"crate": i, "name": crate["display_name"]} for i, crate in enumerate(crates) if crate["display_name"] in deps],
        # (module! gets the name of its file from this variable.)
        "env": {"RUST_MODFILE": os.path.relpath(root, SOURCES)[:-3]},
    })


NEEDS = {"core", "ffi", "kernel", "pin_init"}
lkm = os.path.join(objects, "lkm")
exporting = {}
# (Modules in another directory may not use the crate.)
if os.path.exists(os.path.join(lkm, "bindings.rs")):
    add("lkm_bindings", os.path.join(lkm, "bindings.rs"), NEEDS)
    crates[-1]["is_workspace_member"] = False
    add("lkm", os.path.join(TOP, "lkm/lib.rs"), NEEDS | {"lkm_bindings"})
    crates[-1]["is_workspace_member"] = SOURCES == TOP
    # Modules that others use come first, in the order in which they were compiled.
    made = {entry.name[3:-6]: entry.stat().st_mtime for entry in os.scandir(lkm) if entry.name.endswith(".rmeta")}
    exporting = {name: time for name, time in made.items() if name not in ("lkm", "lkm_bindings")}
for root in sorted(module_roots(), key=lambda root: exporting.get(os.path.basename(root)[:-3], float("inf"))):
    add(os.path.basename(root)[:-3], root, NEEDS | {"lkm"} | set(exporting))


def editor_sysroot(name):
    """A directory with the programs that an editor calls. They run in the sandbox that was used here, whatever the editor's environment."""
    place = os.path.join(TOP, "build/editor", name)
    for program in ("bin/rustc", "libexec/rust-analyzer-proc-macro-srv"):
        target = os.path.join(place, program)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target + ".new", "w", encoding="utf-8") as wrapper:
            wrapper.write(f"#!/bin/sh\nSUITE={os.environ['SUITE']} ARCH={os.environ['ARCH']} "
                          f"exec \"${{0%/build/editor/*}}/scripts/editor/{program}\" \"$@\"\n")
        os.chmod(target + ".new", 0o755)
        os.replace(target + ".new", target)
    return place


text = json.dumps(project, indent=4, sort_keys=True)
if len(sys.argv) > 3:
    sysroot = sys.argv[3]
    text = text.replace('"/usr/', '"' + os.path.realpath(os.path.join(sysroot, "usr")) + "/").replace(
        '"sysroot": "/usr"', '"sysroot": "' + editor_sysroot(os.path.basename(sysroot)) + '"')
with open(path, "w", encoding="utf-8") as file:
    file.write(text)
