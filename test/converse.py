#!/usr/bin/python3
"""converse.py - talks to a scanner as no honest client does, and prints what it answers.

usage: converse.py MOVE... -- SCANNER [ARGUMENT]...

The scanner gets its end of a socket as descriptor 3. Moves, in order: hello, hello-future (another protocol), scan=FILE,
measure=FILE, extract=FILE (taken apart without a scan; the latter from a copy that can be written) and extract-shut=FILE (from the file itself), scan-without-file, loose=LIMIT (a request with a limit looser than the scanner's), report (a frame that only scanners
send), noise, huge (a frame that announces more than it may), close. Each answer is printed as "TYPE PAYLOAD".
"""

import array
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys

TYPES = {1: "HELLO", 2: "READY", 3: "SCAN", 4: "REPORT", 5: "ERROR", 6: "EVENT"}
REQUEST = {"part": None, "wire": False, "first_threat": False, "limits": {}, "avoid_whole": False, "avoid": []}
PATIENCE = 20  # seconds without an answer


def frame(kind, number, payload):
    return b"CSA1" + struct.pack("<III", kind, number, len(payload)) + payload


def move(sock, what, number):
    what, _, value = what.partition("=")
    if what.startswith("hello"):
        sock.sendall(frame(1, 0, json.dumps({"protocol": 99 if what == "hello-future" else 1}).encode()))
    elif what in ("scan", "measure", "extract", "extract-shut", "loose"):
        shut = what == "extract-shut"
        what = "extract" if shut else what
        request = REQUEST | ({"limits": {value: 50}} if what == "loose" else {what: True} if what != "scan" else {})
        if what == "extract":
            request["message_size"] = os.path.getsize(value)
        with open(value if what != "loose" else os.devnull, "rb") as file:
            if what == "extract" and not shut:
                copy = os.memfd_create("message")
                os.write(copy, file.read())
                os.dup2(copy, file.fileno())
                os.close(copy)
            passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))]
            sock.sendmsg([frame(3, number, json.dumps(request).encode())], passed)
    elif what == "scan-without-file":
        sock.sendall(frame(3, number, json.dumps(REQUEST).encode()))
    elif what == "report":
        sock.sendall(frame(4, number, b"{}"))
    elif what == "noise":
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
    elif what == "huge":
        sock.sendall(b"CSA1" + struct.pack("<III", 3, number, 0xFFFFFFF0))
    elif what == "close":
        sock.shutdown(socket.SHUT_WR)
    else:
        sys.exit(f"converse.py: no such move: {what}")


def answers(sock):
    """Every whole frame until the scanner closes or is silent."""
    data = b""
    sock.settimeout(PATIENCE)
    while True:
        try:
            more = sock.recv(1 << 16)
        except ConnectionResetError:
            more = b""
        if not more:
            return
        data += more
        while len(data) >= 16:
            kind, _, size = struct.unpack("<III", data[4:16])
            if len(data) < 16 + size:
                break
            yield TYPES.get(kind, str(kind)), data[16 : 16 + size].decode()
            data = data[16 + size :]


def moved(sock):
    """The same socket with another number."""
    number = fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, 10)
    sock.close()
    return socket.socket(fileno=number)


def main():
    moves, command = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
    ours, theirs = socket.socketpair()
    # Neither may lie where the scanner's end is to come.
    ours, theirs = moved(ours), moved(theirs)
    os.dup2(theirs.fileno(), 3, inheritable=True)
    scanner = subprocess.Popen(command, pass_fds=[3], stdin=subprocess.DEVNULL, stdout=sys.stderr)
    os.close(3)
    theirs.close()
    wanted = len(moves)
    try:
        for number, item in enumerate(moves, 1):
            move(ours, item, number)
    except BrokenPipeError:
        pass
    try:
        for kind, payload in answers(ours):
            print(kind, payload, flush=True)
            wanted -= kind != "READY"
            if kind == "ERROR" or wanted == 0:
                break
    except TimeoutError:
        print("SILENCE", flush=True)
    ours.close()
    try:
        print("EXIT", scanner.wait(timeout=PATIENCE), flush=True)
    except subprocess.TimeoutExpired:
        scanner.kill()
        print("EXIT never", flush=True)


if __name__ == "__main__":
    main()
