#!/usr/bin/python3
"""Plays the supervisor to one csapi-worker, so that tests can see what a zygote and its workers do.

usage: worker.py [--each=N] [--base=DIR] [--wrap=PREFIX] [--limits=JSON] [--squeeze=NAME=N] [--shrink] WORKER DEFINITIONS [OPTION...] -- FILE...

Each worker gets N messages (25); PREFIX is put before the command of the zygote; a resource limit (nofile, fsize) is set
once the zygote is ready; JSON are limits of the first message; with --shrink each file is truncated as soon as its message was acknowledged. FILE may be path:NAME (O_PATH), write:NAME (write-only), pipe:TEXT or socket:TEXT.

Prints "isolation JSON" and "ready JSON"; for each file "NAME<tab>EVENTS", a JSON array without what differs from run to run,
or null where the worker died; and of each worker, behind its last message, "memory KIB" (resident, its own), for root
"descriptors N...", and "end SIGNAL-OR-STATUS" if that is not 0.
"""
import json
import os
import resource
import shlex
import shutil
import signal
import socket
import struct
import sys
import tempfile

READY, FORK, FORKED, ISOLATION = 1, 2, 3, 4
SCAN, EVENT = 3, 6


def control(kind, text):
    return struct.pack("<IIIi", kind, 0, 0, 0) + text.encode() + b"\0"


class Zygote:
    def __init__(self, argv):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            os.setpgid(0, 0)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            if theirs.fileno() != 3:
                os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)
            os.execvp(argv[0], argv)
        theirs.close()

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            sys.exit("worker.py: the zygote is gone")
        kind, _, _, result = struct.unpack_from("<IIIi", data)
        return kind, result, data[16:-1].decode()

    def fork(self, name):
        ours, theirs = socket.socketpair()
        socket.send_fds(self.socket, [control(FORK, name)], [theirs.fileno()])
        theirs.close()
        kind, pid, _ = self.receive()
        if kind != FORKED or pid < 0:
            sys.exit(f"worker.py: no fork: {kind} {pid}")
        return pid, ours


def open_message(name):
    kind, _, rest = name.partition(":")
    if kind == "path":
        return os.open(rest, os.O_PATH)
    if kind == "write":
        return os.open(rest, os.O_WRONLY)
    if kind in ("pipe", "socket"):
        if kind == "pipe":
            fd, to = os.pipe()
        else:
            fd, to = (end.detach() for end in socket.socketpair())
        os.write(to, rest.encode())
        os.close(to)
        return fd
    return os.open(name, os.O_RDONLY)


def scan(channel, number, path, limits, shrink):
    """The events of one message; None when the worker ended."""
    request = {"part": None, "wire": False, "first_threat": False, "limits": limits, "avoid_whole": False, "avoid": []}
    payload = json.dumps(request).encode()
    events, data = [], b""
    fd = open_message(path)
    try:
        socket.send_fds(channel, [struct.pack("<4sIII", b"CSA1", SCAN, number, len(payload)) + payload], [fd])
    except BrokenPipeError:
        return None
    finally:
        os.close(fd)
    while True:
        try:
            more = channel.recv(65536)
        except ConnectionResetError:
            more = b""
        if not more:
            return None
        data += more
        while len(data) >= 16 and len(data) >= 16 + struct.unpack_from("<I", data, 12)[0]:
            magic, kind, identity, length = struct.unpack_from("<4sIII", data)
            if (magic, kind, identity) != (b"CSA1", EVENT, number):
                sys.exit(f"worker.py: not an event of message {number}: {data[:64]!r}")
            event = json.loads(data[16:16 + length])
            data = data[16 + length:]
            if event["event"] == "stage" and event["stage"] == "read" and shrink:
                os.truncate(path, 0)
            if event["event"] == "stage" and event["stage"] == "done":
                return events
            if event["event"] not in ("stage", "usage"):
                events.append(event)


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(line.split()[1] for line in status if line.startswith("RssAnon"))


def end_of(pid):
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return signal.Signals(-status).name if status < 0 else str(status)


def main():
    settings = {"each": "25", "base": "", "wrap": "", "limits": "{}", "squeeze": "", "shrink": ""}
    arguments = sys.argv[1:]
    while arguments[0].startswith("--"):
        key, _, value = arguments.pop(0)[2:].partition("=")
        settings[key] = value or "yes"
    worker, definitions = arguments[:2]
    split = arguments.index("--")
    options, files = arguments[2:split], arguments[split + 1:]
    base = settings["base"] or tempfile.mkdtemp()
    zygote = Zygote(shlex.split(settings["wrap"]) + [worker, "--definitions", definitions, "--base", base] + options)
    owner = next((o.partition("=")[2].split(":") for o in options if o.startswith("--drop=")), None)
    if owner:
        os.chmod(base, 0o711)
    while True:
        kind, _, text = zygote.receive()
        print("isolation" if kind == ISOLATION else "ready", text)
        if kind == READY:
            break
    if settings["squeeze"]:
        what, _, most = settings["squeeze"].partition("=")
        resource.prlimit(zygote.pid, getattr(resource, "RLIMIT_" + what.upper()), (int(most), int(most)))
    pid, served = 0, 0
    for number, path in enumerate(files):
        if not pid:
            name = f"w{number}"
            os.mkdir(f"{base}/{name}", 0o700)
            if owner:
                os.chown(f"{base}/{name}", int(owner[0]), int(owner[1]))
            pid, channel = zygote.fork(name)
            served = 0
        events = scan(channel, number + 1, path, json.loads("{}" if number else settings["limits"]), settings["shrink"])
        served += 1
        print(f"{path}\t{json.dumps(events, sort_keys=True)}")
        last = served == int(settings["each"]) or number + 1 == len(files)
        if events is None:
            print("end", end_of(pid))
            shutil.rmtree(f"{base}/{name}", ignore_errors=True)
            pid = 0
        elif last or os.listdir(f"{base}/{name}"):
            print("memory", memory(pid))
            if os.geteuid() == 0:
                print("descriptors", *sorted(os.listdir(f"/proc/{pid}/fd"), key=int))
            channel.close()
            if (how := end_of(pid)) != "0":
                print("end", how)
            shutil.rmtree(f"{base}/{name}", ignore_errors=True)
            pid = 0
    zygote.socket.close()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(zygote.pid, 0)[1]))


main()
