#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Prints a line "saved PATH" whenever a source is saved. The kernel reports it (inotify), so nothing is polled.

watch.py DIRECTORY...

It watches all directories below DIRECTORY, also those that are made later, except for build/, those whose names begin with a dot,
and this checkout in a directory around it. Sources are files in Rust, C and assembler, tests, scripts, Kbuild and Makefile.
"""

import ctypes
import errno
import os
import re
import struct
import sys

if "--help" in sys.argv:
    sys.exit(print(__doc__))
if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
    print("watch.py: error: dev.sh calls this with a DIRECTORY; --help says more", file=sys.stderr)
    sys.exit(2)

for argument in sys.argv[1:]:
    if not os.path.isdir(argument):
        sys.exit(f"watch.py: error: {argument} is no directory")

SOURCE = re.compile(r"[^.].*\.(rs|c|h|S|t|sh|pl|pm|py|mk)|Kbuild(\.include)?|Makefile")
# <linux/inotify.h>
CLOSE_WRITE, MOVED_TO, CREATE, Q_OVERFLOW, IS_DIR = 0x8, 0x80, 0x100, 0x4000, 0x40000000
CHECKOUT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
libc = ctypes.CDLL(None, use_errno=True)
directories = {}


def failed(what):
    reason = os.strerror(ctypes.get_errno())
    print("unwatched", "many" if ctypes.get_errno() == errno.ENOSPC else reason, flush=True)
    sys.exit(f"watch.py: error: {what}: {reason}")


def is_watched(path, name):
    return name[:1] != "." and not (name == "build" and path in sys.argv) and os.path.join(path, name) != CHECKOUT


def watch(directory, new=False):
    for path, below, _ in os.walk(directory):
        below[:] = [name for name in below if is_watched(path, name)]
        descriptor = libc.inotify_add_watch(inotify, os.fsencode(path), CLOSE_WRITE | MOVED_TO | CREATE)
        if descriptor < 0 and ctypes.get_errno() in (errno.ENOENT, errno.ENOTDIR):
            continue  # It has gone already.
        if descriptor < 0:
            failed(f"{path} cannot be watched")
        directories[descriptor] = path
        # (Files may have been saved in a new directory before it was watched.)
        for name in names_in(path) if new else ():
            if SOURCE.fullmatch(name):
                print("saved", os.path.join(path, name), flush=True)


def names_in(path):
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []


inotify = libc.inotify_init1(0)
if inotify < 0:
    failed("nothing can be watched")
for argument in sys.argv[1:]:
    watch(argument)
while True:
    events = os.read(inotify, 65536)
    while events:
        descriptor, mask, _, length = struct.unpack_from("iIII", events)
        name = os.fsdecode(events[16:16 + length].rstrip(b"\0"))
        events = events[16 + length:]
        directory = directories.get(descriptor, "")
        path = os.path.join(directory, name)
        if mask & Q_OVERFLOW:
            # More was saved at once than the kernel has kept.
            print("saved", sys.argv[1], flush=True)
        elif mask & IS_DIR:
            if is_watched(directory, name):
                watch(path, new=True)
        elif mask & (CLOSE_WRITE | MOVED_TO) and SOURCE.fullmatch(name):
            print("saved", path, flush=True)
