# SPDX-License-Identifier: GPL-2.0
"""Asks rust-analyzer, as an editor does, where something is defined.

definition.py DIRECTORY FILE TEXT...     prints PATH:LINE for the first place in FILE that has TEXT
"""

import json
import os
import subprocess
import sys

directory, name, text = sys.argv[1:]
path = os.path.join(directory, name)
with open(path, encoding="utf-8") as file:
    source = file.read()
offset = source.index(text) + (len(text) - len(text.split("::")[-1]))
line = source.count("\n", 0, offset)
column = offset - (source.rfind("\n", 0, offset) + 1)

server = subprocess.Popen(["rust-analyzer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=directory)


def send(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    server.stdin.flush()


def messages():
    """What the server sends; its own questions are answered with nothing."""
    while True:
        length = 0
        while header := server.stdout.readline().strip():
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        if not length:
            sys.exit("rust-analyzer has ended")
        message = json.loads(server.stdout.read(length))
        if "method" in message and "id" in message:
            send({"id": message["id"], "result": None})
        yield message


incoming = messages()


def wait(found):
    for message in incoming:
        if found(message):
            return message
    return None


def ask(number, method, params):
    send({"id": number, "method": method, "params": params})
    return wait(lambda message: message.get("id") == number and "method" not in message).get("result")


ask(1, "initialize", {
    "processId": os.getpid(), "rootUri": "file://" + directory,
    "capabilities": {"experimental": {"serverStatusNotification": True}},
    "initializationOptions": {"checkOnSave": False, "cachePriming": {"enable": False}},
})
send({"method": "initialized", "params": {}})
document = {"uri": "file://" + path}
send({"method": "textDocument/didOpen", "params": {"textDocument": {**document, "languageId": "rust", "version": 1, "text": source}}})
wait(lambda message: message.get("method") == "experimental/serverStatus" and message["params"].get("quiescent"))
places = ask(2, "textDocument/definition", {"textDocument": document, "position": {"line": line, "character": column}})
server.kill()
for place in places or []:
    print(f"{place['uri'].removeprefix('file://')}:{place['range']['start']['line'] + 1}")
