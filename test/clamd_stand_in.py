#!/usr/bin/python3
"""clamd_stand_in.py - listens in clamd's place and fails: clamd_stand_in.py KIND SOCKET PORT

hang: takes the message and never answers; close: closes instead of an answer; partial: begins an answer; error: says that it failed. Answers PING and
VERSION, by which clients find out whether it lives.
"""

import os
import socket
import sys
import threading
import time

kind, path, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


def serve(connection):
    data = b""
    while not data.endswith((b"\n", b"\0")):
        got = connection.recv(65536)
        if not got:
            return
        data += got
    # A stream begins behind its command.
    command = data.split(b"\n")[0].split(b"\0")[0]
    end = data[len(command) : len(command) + 1]
    word = command.lstrip(b"zn")
    if word in (b"PING", b"VERSION"):
        connection.sendall((b"PONG" if word == b"PING" else b"ClamAV 1.4.6/1/x") + end)
        return
    if word == b"INSTREAM":
        tail = data[len(command) + 1 :]
        while not tail.endswith(b"\0\0\0\0"):
            got = connection.recv(65536)
            if not got:
                return
            tail = (tail + got)[-4:]
    if kind == "hang":
        time.sleep(60)
    elif kind == "partial":
        connection.sendall(b"stream: Eic")
    elif kind == "error":
        connection.sendall(b"stream: Can't allocate memory ERROR" + end)


def run(connection):
    with connection:
        serve(connection)


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=run, args=(connection,), daemon=True).start()


if os.path.exists(path):
    os.unlink(path)
unix = socket.socket(socket.AF_UNIX)
unix.bind(path)
os.chmod(path, 0o666)
tcp = socket.create_server(("127.0.0.1", port))
for listener in unix, tcp:
    listener.listen()
threading.Thread(target=accept, args=(unix,), daemon=True).start()
accept(tcp)
