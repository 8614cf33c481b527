#!/usr/bin/python3
"""smtp.py - hands messages to a mail server and prints its replies, one line each: what a sender would go by.

    smtp.py [--stay] [--to=ADDRESS] --port=PORT FILE...
    smtp.py [--to=ADDRESS] FILE... --command COMMAND ARGUMENT...

To a port of the loopback, or to a command that speaks SMTP on its standard streams. Each FILE is one message of one connection: lines that end in
LF are sent with CRLF, dots are doubled. Prints `CODE TEXT` of the reply to each message's data, or of the command that was refused before.
--stay opens all connections first and sends their messages a line each in turn, to mix the sessions.
"""

import argparse
import socket
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--command", nargs=argparse.REMAINDER)
parser.add_argument("--stay", action="store_true")
parser.add_argument("--to", default="user@example.org")
parser.add_argument("files", nargs="*")
arguments = parser.parse_args(sys.argv[1:])


class Connection:
    def __init__(self):
        self.process = None
        if arguments.port:
            peer = socket.create_connection(("127.0.0.1", arguments.port), timeout=30)
            self.reader = peer.makefile("rb")
            self.writer = peer.makefile("wb")
        else:
            self.process = subprocess.Popen(arguments.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.reader, self.writer = self.process.stdout, self.process.stdin

    def reply(self):
        lines = []
        while True:
            line = self.reader.readline()
            if not line:
                return "000 the connection was closed"
            lines.append(line[4:].decode("latin-1").rstrip())
            if line[3:4] != b"-":
                return line[:3].decode() + " " + " ".join(lines)

    def ask(self, line):
        self.writer.write(line + b"\r\n")
        self.writer.flush()
        return self.reply()

    def open(self):
        """The reply that stands in the way of the message, or None."""
        for reply in (
            lambda: self.reply(),
            lambda: self.ask(b"EHLO client.example.net"),
            lambda: self.ask(b"MAIL FROM:<sender@example.net>"),
            lambda: self.ask(b"RCPT TO:<%s>" % arguments.to.encode()),
            lambda: self.ask(b"DATA"),
        ):
            said = reply()
            if said[0] not in "23":
                return said
        return None

    def line(self, line):
        self.writer.write((b"." if line.startswith(b".") else b"") + line + b"\r\n")
        self.writer.flush()

    def end(self):
        said = self.ask(b".")
        try:
            self.ask(b"QUIT")
            self.writer.close()
        except OSError:
            pass
        if self.process:
            self.process.wait(timeout=30)
        return said


def lines_of(name):
    with open(name, "rb") as file:
        return file.read().replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")


def one_by_one():
    for name in arguments.files:
        connection = Connection()
        refused = connection.open()
        if refused is None:
            for line in lines_of(name):
                connection.line(line)
            refused = connection.end()
        print(refused, flush=True)


def mixed():
    connections = [Connection() for _ in arguments.files]
    refused = [connection.open() for connection in connections]
    assert not any(refused), refused
    messages = [lines_of(name) for name in arguments.files]
    for n in range(max(map(len, messages))):
        for connection, message in zip(connections, messages):
            if n < len(message):
                connection.line(message[n])
    for connection in connections:
        print(connection.end(), flush=True)


mixed() if arguments.stay else one_by_one()
