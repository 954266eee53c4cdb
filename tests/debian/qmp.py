#!/usr/bin/python3
"""Usage: qmp.py SOCKET CONSOLE PICTURES <STEPS

Sits at the screen and the keyboard of a machine of scripts/debian.sh. Each line of STEPS is "NAME|TEXT|KEYS": waits until the
console says TEXT, after what the steps before have waited for; takes a picture of the screen, PICTURES/NAME.png; and presses
KEYS, which are QEMU's names of keys, or "=WORD" for the letters of a word. Exits with 1 if something does not come in time.
"""

import json
import os
import re
import socket
import sys
import time

LIMIT = 900


def wait(what, ready):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.2)
    sys.exit(f"qmp.py: waited in vain for {what}")


def connect(path):
    def attempt():
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path)
            return connection
        except OSError:
            return None

    return wait("the machine", attempt).makefile("rw")


def main():
    if sys.argv[1:] and sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return
    if len(sys.argv) != 4:
        print("qmp.py: error: SOCKET, CONSOLE and PICTURES are needed (see --help)", file=sys.stderr)
        sys.exit(2)
    path, console, pictures = sys.argv[1:]
    steps = [line.rstrip("\n").split("|") for line in sys.stdin if line.strip()]
    monitor = connect(path)

    def command(name, **arguments):
        monitor.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        monitor.flush()
        while True:
            answer = json.loads(monitor.readline())
            if "error" in answer:
                sys.exit(f"qmp.py: {name}: {answer['error']['desc']}")
            if "return" in answer:
                return

    monitor.readline()
    command("qmp_capabilities")

    position = 0
    for name, text, keys in steps:

        def said():
            if not os.path.exists(console):
                return None
            with open(console, "rb") as file:
                file.seek(position)
                # A screen is drawn with escape sequences between its words.
                return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b" ", file.read()).find(text.encode()) >= 0

        wait(f"'{text}'", said)
        time.sleep(1)
        position = os.path.getsize(console)
        if pictures:
            command("screendump", filename=f"{pictures}/{name}.png", format="png")
        for key in keys.split():
            for one in key[1:] if key.startswith("=") else [key]:
                command("send-key", keys=[{"type": "qcode", "data": one}])
                time.sleep(0.3)


main()
