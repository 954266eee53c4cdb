#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Corrects the rust-project.json that the kernel's script has written for these modules: it gets the crate lkm, exactly the modules
that were built, those that they use, and a compiler that an editor outside of the sandbox can run.

rust-project.py SOURCES OBJECTS [SYSROOT [USED...]]

SOURCES is the directory of the modules' sources. OBJECTS is where they were built, and has the rust-project.json. SYSROOT is the
sandbox's, if they were built in it; otherwise it is empty. In each directory USED modules of another repository were built.
"""

import json
import os
import pathlib
import sys

if "--help" in sys.argv:
    sys.exit(print(__doc__))
if len(sys.argv) < 3 or sys.argv[1].startswith("-"):
    print("rust-project.py: error: make rust-analyzer calls this with SOURCES, OBJECTS, SYSROOT and USED; --help says more", file=sys.stderr)
    sys.exit(2)
TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SOURCES = os.path.realpath(sys.argv[1])
objects = os.path.realpath(sys.argv[2])
sysroot = "".join(sys.argv[3:4])
used = sys.argv[4:]
path = os.path.join(objects, "rust-project.json")
with open(path, encoding="utf-8") as file:
    project = json.load(file)


def module_roots(top, objects):
    """The roots of the modules that were built from the sources in top: for each, the objects that have a Rust source."""
    with open(os.path.join(objects, "modules.order"), encoding="utf-8") as order:
        modules = order.read().split()
    for module in modules:
        with open(os.path.join(objects, module[:-2] + ".mod"), encoding="utf-8") as mod:
            sources = [os.path.normpath(os.path.join(top, name[:-2] + ".rs")) for name in mod.read().split()]
        yield from (source for source in sources if os.path.exists(source))


# The kernel's script adds every file below this directory that looks like a module. These crates come last.
crates = project["crates"]
names = [crate["display_name"] for crate in crates]
after = names.index("kernel") + 1
crates[after:] = [crate for crate in crates[after:] if all(dep["name"] != "kernel" for dep in crate["deps"])]
for crate in crates:
    # An editor should look for mistakes here, and not in the kernel.
    crate["is_workspace_member"] = False


def add(name, root, deps, top=SOURCES):
    kernel = next(crate for crate in crates if crate["display_name"] == "kernel")
    crates.append({
        "display_name": name, "root_module": root, "is_workspace_member": top == SOURCES, "edition": "2021", "cfg": kernel["cfg"] + ["MODULE"],
        "deps": [{"crate": i, "name": crate["display_name"]} for i, crate in enumerate(crates) if crate["display_name"] in deps],
        # (module! gets the name of its file from this variable.)
        "env": {"RUST_MODFILE": os.path.relpath(root, top)[:-3]},
    })


NEEDS = {"core", "ffi", "kernel", "pin_init"}
# (Modules in another directory may not use the crate. Those that use modules of another repository have it from there.)
for place in (*used, objects):
    bindings = os.path.join(place, "lkm/bindings.rs")
    if os.path.exists(bindings):
        add("lkm_bindings", bindings, NEEDS, place)
        add("lkm", os.path.join(TOP, "lkm/lib.rs"), NEEDS | {"lkm_bindings"}, TOP)
        break

exporting = set()
for place in (*used, objects):
    top = SOURCES if place == objects else place.split("/build/modules/")[0]
    # Modules that others use come first, in the order in which they were compiled.
    made = {path.name[3:-6]: path.stat().st_mtime for path in pathlib.Path(place, "lkm").glob("lib*.rmeta")}
    made = {name: time for name, time in made.items() if name not in ("lkm", "lkm_bindings")}
    exporting |= set(made)
    for root in sorted(module_roots(top, place), key=lambda root: made.get(os.path.basename(root)[:-3], float("inf"))):
        name = os.path.basename(root)[:-3]
        if place == objects or name in made:
            add(name, root, NEEDS | {"lkm"} | exporting, top)


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
if sysroot:
    text = text.replace('"/usr/', '"' + os.path.realpath(os.path.join(sysroot, "usr")) + "/").replace(
        '"sysroot": "/usr"', '"sysroot": "' + editor_sysroot(os.path.basename(sysroot)) + '"')
with open(path, "w", encoding="utf-8") as file:
    file.write(text)
