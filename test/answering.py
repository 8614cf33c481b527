#!/usr/bin/python3
"""A scanner that answers every command with one document: answering.py SOCKET DOCUMENT. Serves one client, then ends.

For what a scanner of another version, or one that is none, may say to `csapi-scanner COMMAND`.
"""
import json
import socket
import struct
import sys

HELLO, ANSWER = 1, 9
HEADER = struct.Struct("<4sIII")


def receive(stream):
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        sys.exit(0)
    _, kind, number, length = HEADER.unpack(header)
    return kind, number, stream.read(length)


def send(connection, kind, number, payload):
    connection.sendall(HEADER.pack(b"CSA1", kind, number, len(payload)) + payload)


listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
connection, _ = listener.accept()
stream = connection.makefile("rb")
receive(stream)
hello = {"protocol": 1, "version": "0", "directory": None}
send(connection, HELLO, 0, json.dumps(hello).encode())
_, number, _ = receive(stream)
send(connection, ANSWER, number, sys.argv[2].encode())
receive(stream)
