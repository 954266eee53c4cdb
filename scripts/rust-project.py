#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Adds the crate lkm to the rust-project.json that the kernel's script wrote, which knows only the kernel's crates.

rust-project.py FILE BINDINGS      BINDINGS: the bindings.rs of the build
"""

import json
import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
path, bindings = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    project = json.load(file)
crates = project["crates"]


def dependency(name):
    return next({"crate": i, "name": name} for i, crate in enumerate(crates) if crate["display_name"] == name)


users = [crate for crate in crates if os.path.relpath(crate["root_module"], TOP).split("/")[0] not in ("..", "build") and
         any(dep["name"] == "kernel" for dep in crate["deps"])]
needs = [dependency(name) for name in ("core", "ffi", "kernel", "pin_init")]
config = next(crate["cfg"] for crate in crates if crate["display_name"] == "kernel")
for name, root, more in (("lkm_bindings", os.path.realpath(bindings), []),
                         ("lkm", os.path.join(TOP, "lkm/lib.rs"), ["lkm_bindings"])):
    crates.append({"display_name": name, "root_module": root, "is_workspace_member": True, "cfg": config,
                   "deps": needs + [dependency(name) for name in more], "edition": "2021", "env": {}})
for crate in users:
    crate["deps"].append(dependency("lkm"))

with open(path, "w", encoding="utf-8") as file:
    json.dump(project, file, indent=4, sort_keys=True)
