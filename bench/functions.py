#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""In which functions the instructions of a read are: bench.sh --functions, inside the sandbox.

functions.py RELEASE DIRECTORY      DIRECTORY: the modules and bench.c's program, as bench.sh makes them

In a virtual machine bench.c counts each operation as always, in loops. Some calls of the first loop are gone through
one instruction at a time; QEMU does not interrupt a CPU that is. The sum has to be what was counted (1 if it is not).
"""

import bisect
import collections
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

# What stands beside each other. The floors are of proc_read and proc_read_iter.
FLOORS = ["floor_read", "floor_read_iter"]
TABLES = [
    ("pread", ["jiffies", "jiffies_book", "jiffies_seq"] + FLOORS),
    ("pread", ["hello", "hello_book", "hello_seq"] + FLOORS),
    ("open-read-eof-close", ["jiffies", "jiffies_book", "jiffies_seq"]),
]
MODULES = "proc_hello jiffies floor hello_book hello_seq jiffies_book jiffies_seq"
ENTRY = {"pread": "op_pread", "open-read-eof-close": "op_open"}
# Calls in a row, after others that warm up. An even number: the compiler unrolls the loop of bench.c once, and one
# half of it is an instruction longer.
WARM, CALLS = 40, 2
# Rows that say nothing about the differences, if they are small: alike everywhere, and below this.
SMALL = 20
# How far the sum may be from what was counted, in which there are ticks.
BOUND = 0.01


class Debugger:
    """As much of gdb's remote protocol as it takes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")

    def send(self, command):
        self.socket.sendall(f"${command}#{sum(command.encode()) % 256:02x}".encode())
        while (byte := self.stream.read(1)) != b"$":
            if not byte:
                raise EOFError("the virtual machine ended too early")
        answer = b""
        while (byte := self.stream.read(1)) != b"#":
            answer += byte
        self.stream.read(2)
        return answer.decode()

    def step(self):
        """The address of the instruction after this one (register 16 is rip)."""
        self.send("s")
        return int.from_bytes(bytes.fromhex(self.send("p10")), "little")

    def go_on_to(self, address):
        # From the place of a breakpoint QEMU goes on only with a step.
        self.step()
        self.send(f"Z0,{address:x},1")
        answer = self.send("c")
        if not answer.startswith("T05"):
            raise EOFError(f"no stop at {address:x}, but {answer}")
        self.send(f"z0,{address:x},1")

    def detach(self):
        self.send("D")

    def calls(self, function):
        """The addresses of the instructions of CALLS calls of a function, from one to the next."""
        for _ in range(WARM):
            self.go_on_to(function)
        for _ in range(CALLS):
            address = function
            while True:
                yield address
                address = self.step()
                if address == function:
                    break


class Symbols:
    """The functions of the kernel and of its modules, as /proc/kallsyms has them."""

    def __init__(self, lines):
        names = {}
        for line in lines:
            address, _, name, *module = line.split()
            # Of several names the first; that of the room before a function is none.
            if not name.startswith("__pfx_"):
                names.setdefault(int(address, 16), " ".join([name, *module]))
        self.addresses = sorted(names)
        self.names = [names[address] for address in self.addresses]

    def name(self, address):
        if address < 1 << 63:
            return "(user space)"
        return self.names[bisect.bisect(self.addresses, address) - 1]


def demangled(names):
    out = subprocess.run(["c++filt"], input="\n".join(names), check=True, capture_output=True, text=True).stdout
    # A Rust crate's hash says nothing, and changes.
    return dict(zip(names, re.sub(r"(?<=\w)\[[0-9a-f]+\]", "", out).splitlines()))


def operations():
    """Each once, in the order of the tables."""
    return list(dict.fromkeys((operation, name) for operation, names in TABLES for name in names))


def guest():
    lines = [f"cd measure && for module in {MODULES}; do insmod $module.ko || exit; done", "sleep 60",
             "grep -i ' [tw] ' /proc/kallsyms"]
    lines += [f"./bench functions {operation} /proc/{name} || exit" for operation, name in operations()]
    return "\n".join(lines)


def go_through(release, directory):
    """What the machine printed, and the addresses for each operation."""
    program = os.path.join(directory, "bench")
    listing = subprocess.run(["nm", program], check=True, capture_output=True, text=True).stdout
    functions = {name: int(address, 16) for address, _, name in re.findall(r"^(\w{16}) (\w) (\w+)$", listing, re.M)}
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "gdb")
        command = ["scripts/vm.sh", "--kernel", release, "--timeout", "0", "--icount", "--gdb", path,
                   "--add", directory, "bash", "-c", guest()]
        with tempfile.TemporaryFile("w+") as output:
            # Nobody waits for a machine that is stopped: it ends with the sandbox.
            machine = subprocess.Popen(command, stdout=output)
            while not os.path.exists(path):
                if machine.poll() is not None:
                    sys.exit("functions.py: the virtual machine did not start")
                time.sleep(0.1)
            debugger, addresses = Debugger(path), {}
            for operation, name in operations():
                debugger.go_on_to(functions["next_loop"])
                addresses[operation, name] = list(debugger.calls(functions[ENTRY[operation]]))
            debugger.detach()
            if machine.wait():
                sys.exit("functions.py: not all could be counted")
            output.seek(0)
            printed = output.read().splitlines()
    return printed, addresses


def row(text, values):
    print(f"{text:71}" + "".join(f"{value:>16}" for value in values))


def table(operation, names, counts):
    columns = [counts[operation, name] for name in names]
    rest = []
    print()
    row(operation, names)
    for function in sorted(set().union(*columns), key=lambda f: ([-column[f] for column in columns], f)):
        values = [column[function] for column in columns]
        if min(values) == max(values) < SMALL:
            rest.append(values)
        else:
            row(function, [f"{value:.1f}" for value in values])
    row(f"({len(rest)} others, alike in all)", [f"{sum(values):.1f}" for values in zip(*rest)])
    row("sum", [f"{sum(column.values()):.1f}" for column in columns])


def disagreement(operation, name, gone, looped):
    if abs(gone - looped) > BOUND * looped:
        return f"{name} {operation}: {gone:.1f} gone through, but {looped:.1f} counted"
    return None


def main(release, directory):
    printed, addresses = go_through(release, directory)
    symbols = Symbols(line for line in printed if re.match(r"[0-9a-f]{16} ", line))
    counted = {}
    for line in printed:
        if match := re.fullmatch(r"(\S+) (\S+) ([\d.]+) [\d.]+", line):
            counted[match[2], match[1]] = float(match[3])
    names = {address: symbols.name(address) for each in addresses.values() for address in each}
    readable = demangled(sorted(set(names.values())))
    counts = {
        operation: collections.Counter({
            readable[function]: count / CALLS
            for function, count in collections.Counter(names[address] for address in each).items()
        }) for operation, each in addresses.items()
    }
    print(f"Kernel {release}; instructions of one operation, by function")
    wrong = 0
    for operation, files in TABLES:
        table(operation, files, counts)
        row("counted in loops", [f"{counted[operation, name]:.1f}" for name in files])
        for name in files:
            if text := disagreement(operation, name, sum(counts[operation, name].values()), counted[operation, name]):
                print(text, file=sys.stderr)
                wrong = 1
    return wrong


if __name__ == "__main__":
    if "--help" in sys.argv:
        sys.exit(print(__doc__))
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        print("functions.py: error: bench/bench.sh calls this with RELEASE and DIRECTORY; --help says more", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
