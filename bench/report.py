#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What bench.sh has measured: a table, build/bench.json, docs/bench.svg.

report.py [--quick] RELEASE BUILT DIRECTORY RUN...   BUILT: the modules; DIRECTORY: the same, stripped, all in one;
                                                     RUN: what bench.c printed
report.py --chart                                    only the chart, from build/bench.json
"""

import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JSON = os.path.join(TOP, "build/bench.json")
SVG = os.path.join(TOP, "docs/bench.svg")
TWINS = {
    "hello_world": "hello_world_c", "startstop": "startstop_c", "simple": "simple_c",
    "module_param": "module_param_c", "proc_hello": "hello_book", "jiffies": "jiffies_book",
    "seconds": "seconds_book", "chardev": "chardev_c",
}
OPEN = "open-read-eof-close"


def read(path):
    run = {}
    with open(path) as lines:
        for line in lines:
            name, operation, value, spread = line.split()
            run.setdefault(operation, {})[name] = {"value": float(value), "spread": float(spread)}
    return run


def text_size(path):
    out = subprocess.run(["size", "-A", path], check=True, capture_output=True, text=True).stdout
    return sum(int(line.split()[1]) for line in out.splitlines() if ".text" in line)


def lkm_size(path):
    """Bytes of code that come from a line of lkm/, also where it was inlined."""
    out = subprocess.run(["objdump", "-dl", "--no-show-raw-insn", path], check=True, capture_output=True, text=True).stdout
    size, of_lkm, start = 0, False, None
    for line in out.splitlines():
        address, colon, _ = line.strip().partition(":\t")
        if colon:
            address = int(address, 16)
            size += address - start if start is not None and of_lkm else 0
            start = address
            of_lkm = source
        elif line.startswith("/"):
            source = line.startswith(os.path.join(TOP, "lkm/"))
        elif line.endswith(">:"):
            # What comes before a function has no line, nor has the padding at its end.
            start, source = None, False
    return size


def disagreements(runs):
    for operation, files in runs[0].items():
        for name, first in files.items():
            values = [run[operation][name]["value"] for run in runs]
            if max(values) > 1.01 * min(values):
                yield f"{name} {operation}: " + ", ".join(f"{v:.0f}" for v in values)


def row(operation, name, values):
    value = values["value"]
    print(f"  {name:18}{value:10.0f}{100 * values['spread'] / value if value else 0:9.2f} %", end="")


def table(data):
    run = data["instructions"]
    print(f"Kernel {data['kernel']}; instructions per operation; spread of the middle half of the loops")
    for operation, files in run.items():
        if operation in ("coresize", "load-unload"):
            continue
        print(f"\n{operation}")
        for name, values in files.items():
            row(operation, name, values)
            ratios = [f"{values['value'] / files[f'{name}_{way}']['value']:.3f} of {text}"
                      for way, text in (("book", "C's textbook"), ("seq", "C's seq_file"), ("c", "C's twin"), ("misc", "miscdevice")) if f"{name}_{way}" in files]
            print("   " + ", ".join(ratios))
    print("\nmodule               load+unload  of C's   loaded  of C's  .ko stripped  of C's    text  of C's  lkm's")
    for name, twin in TWINS.items():
        m, c = data["modules"][name], data["modules"][twin]
        print(f"{name:18}", end="")
        for key, width in (("load_unload", 14), ("coresize", 9), ("ko", 14), ("text", 8)):
            print(f"{m[key]:{width}.0f}{m[key] / c[key]:8.2f}", end="")
        print(f"{m['lib_text']:7}")


def chart(data):
    run = data["instructions"]
    floor = {op: run[op]["floor_read"]["value"] for op in ("pread", OPEN)}
    bars = []
    for op, title in (("pread", "pread"), (OPEN, "open, read, end of file, close")):
        for name, label in (("jiffies", "Rust"), ("jiffies_book", "C, textbook"), ("jiffies_seq", "C, seq_file")):
            bars.append((title, label, run[op][name]["value"]))
    lines = [
        "set terminal svg noenhanced size 760,300 dynamic font 'sans-serif,13'",
        f"set output '{SVG}'",
        # One grey that can be read on white and on black.
        "grey = 0x808080",
        "set border 0; unset key; unset xtics; set style fill solid",
        "set multiplot layout 1,2",
        "set yrange [2.9:-0.6]",
        "set ytics textcolor rgb grey scale 0",
    ]
    for op, title in (("pread", "pread of /proc/jiffies"), (OPEN, "open, read, end of file, close")):
        values = [(l, v) for t, l, v in bars if t == ("pread" if op == "pread" else title)]
        top = max(v for _, v in values) * 1.25
        tics = ", ".join(f"'{label}' {i}" for i, (label, _) in enumerate(values))
        lines += [
            f"set title '{title}: instructions' textcolor rgb grey",
            f"set xrange [0:{top}]; set ytics ({tics})",
            "unset label; unset object; unset arrow",
        ]
        for i, (_, value) in enumerate(values):
            colour = "#d9772b" if i == 0 else "#5b8bb5"
            lines += [
                f"set object {i + 1} rectangle from 0,{i - 0.3} to {value},{i + 0.3} fillcolor rgb '{colour}' linewidth 0",
                f"set label '{value:,.0f}' at {value},{i} offset 0.5,0 textcolor rgb grey",
            ]
        lines += [
            f"set arrow from {floor[op]},-0.45 to {floor[op]},2.45 nohead dashtype 2 linecolor rgb grey front",
            f"set label 'floor {floor[op]:,.0f}' at {floor[op]},2.65 center textcolor rgb grey font ',11'",
            "plot 1/0 notitle",
        ]
    os.makedirs(os.path.dirname(SVG), exist_ok=True)
    subprocess.run(["gnuplot", "-"], input="\n".join(lines), text=True, check=True)


def main(arguments):
    if arguments == ["--chart"]:
        with open(JSON) as file:
            chart(json.load(file))
        return 0
    quick = arguments[0] == "--quick"
    release, built, directory, *paths = arguments[quick:]
    runs = [read(path) for path in paths]
    names = list(TWINS) + list(TWINS.values())
    data = {
        "kernel": release,
        "instructions": runs[0],
        "modules": {
            name: {
                "load_unload": runs[0]["load-unload"][name]["value"],
                "coresize": runs[0]["coresize"][name]["value"],
                "ko": os.path.getsize(f"{directory}/{name}.ko"),
                "text": text_size(f"{directory}/{name}.ko"),
                "lib_text": lkm_size(os.path.join(built, "" if name in TWINS else "bench/c", f"{name}.ko")),
            } for name in names
        },
        "disagreements": list(disagreements(runs)),
    }
    with open(os.path.join(TOP, "build/bench/quick.json") if quick else JSON, "w") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
    table(data)
    if not quick:
        chart(data)
    for line in data["disagreements"]:
        print(f"runs disagree by more than 1 %: {line}", file=sys.stderr)
    return 1 if data["disagreements"] else 0


if __name__ == "__main__":
    if "--help" in sys.argv:
        sys.exit(print(__doc__))
    if sys.argv[1:] != ["--chart"] and len(sys.argv) - ("--quick" in sys.argv) < 5:
        print("report.py: error: bench/bench.sh calls this with what it has measured; --help says more", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
