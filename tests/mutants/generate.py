"""Usage: generate.py NUMBER SEED DIRECTORY FILE…

Chooses NUMBER mutants of the files, half of them of Rust and half of shell and make, and writes each to
DIRECTORY/0001 and so on: the file, the number of the line, the line, and what is to stand there instead.

The Python package universalmutator applies the rules in *.rules beside this file. (Its own rules for Rust mostly make what
does not compile.) Each line has the same chance; of the mutants of a line, each rule. The same seed gives the same mutants of
the same files.
"""

import contextlib
import os
import random
import sys

from universalmutator import mutator

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = {
    ".rs": [HERE + "/rust.rules"],
    ".h": [HERE + "/rust.rules"],
    ".sh": [HERE + "/shell.rules"],
    ".mk": [HERE + "/make.rules"],
    ".include": [HERE + "/make.rules"],
    "": [HERE + "/make.rules"],
}
# The package treats these as the beginning of a comment, wherever they are.
NO_COMMENT = {"/*": "/\1*", "{-": "{\1-"}


def mutants_of(path, parsed):
    """For each line that can be mutated: (path, number, line, {rule: [mutated lines]})."""
    rust = os.path.splitext(path)[1] in (".rs", ".h")
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    mutator.parseRules = lambda *_: parsed
    for number, line in enumerate(lines, 1):
        hidden = line
        if not rust:
            for text, instead in NO_COMMENT.items():
                hidden = hidden.replace(text, instead)
        with contextlib.redirect_stdout(sys.stderr if "DEBUG" in os.environ else open(os.devnull, "w")):
            made = mutator.mutants_regexp([hidden + "\n"], ruleFiles=[], ignorePatterns=[], ignoreStringOnly=rust)
        by_rule = {}
        for _, mutated, (_, rule), _ in made:
            mutated = mutated.rstrip("\n")
            for text, instead in NO_COMMENT.items():
                mutated = mutated.replace(instead, text)
            if mutated.split() != line.split() and "\n" not in mutated:
                by_rule.setdefault(rule, []).append(mutated)
        if by_rule:
            yield path, number, line, by_rule


def choose(lines, number):
    """That many (path, number, line, mutated line), from as many lines as there are."""
    chosen = []
    while lines and len(chosen) < number:
        random.shuffle(lines)
        for path, at, line, by_rule in list(lines)[: number - len(chosen)]:
            rule = random.choice(sorted(by_rule))
            mutated = by_rule[rule].pop(random.randrange(len(by_rule[rule])))
            if not by_rule[rule]:
                del by_rule[rule]
            if (path, at, line, mutated) not in chosen:
                chosen.append((path, at, line, mutated))
        lines = [line for line in lines if line[3]]
    return chosen


def main():
    if len(sys.argv) < 5:
        print(__doc__)
        sys.exit(0 if "--help" in sys.argv else 2)
    number, seed, directory = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    random.seed(seed)
    rules, rust, other = {}, [], []
    with contextlib.redirect_stdout(open(os.devnull, "w")):
        for kind, files in RULES.items():
            rules[kind] = mutator.parseRules(files)
    for path in sorted(sys.argv[4:]):
        kind = os.path.splitext(path)[1]
        (rust if kind in (".rs", ".h") else other).extend(mutants_of(path, rules[kind]))
    half = number // 2 if rust and other else number
    chosen = choose(rust, number - half if other else number) + choose(other, half)
    for count, (path, at, line, mutated) in enumerate(chosen, 1):
        with open(f"{directory}/{count:04}", "w", encoding="utf-8") as file:
            file.write(f"{path}\n{at}\n{line}\n{mutated}\n")


main()
