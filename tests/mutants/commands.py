"""Usage: shfmt --to-json <SCRIPT | commands.py

Prints which lines of a shell script belong together, as "KIND FIRST LAST NAME", from the outside to the inside:
"command" for a simple command, "item" for a pattern of a case, "function" for a function (only this has a NAME).
"""

import json
import sys

SIMPLE = ("CallExpr", "DeclClause", "TestClause", "ArithmCmd", "LetClause")


def walk(node):
    if isinstance(node, list):
        for item in node:
            walk(item)
    if not isinstance(node, dict):
        return
    command = node.get("Cmd") or {}
    first, last = (node[end]["Line"] if end in node else 0 for end in ("Pos", "End"))
    if "Patterns" in node:
        print("item", first, node["Patterns"][-1]["End"]["Line"])
    elif command.get("Type") == "FuncDecl":
        print("function", first, last, command["Name"]["Value"])
    elif command.get("Type") in SIMPLE:
        # Here-documents belong to the command. What is within $(…) does, too: bash counts lines there in its own way. (So it
        # does in the <(…) of a redirection.)
        print("command", first, max([last] + [word["End"]["Line"] for word in redirected(node)]))
        return
    for name, item in node.items():
        if name != "Redirs":
            walk(item)


def redirected(node):
    return [part["Hdoc"] for part in node.get("Redirs", []) if "Hdoc" in part]


if "--help" in sys.argv:
    print(__doc__)
else:
    walk(json.load(sys.stdin))
