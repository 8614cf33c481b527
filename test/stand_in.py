#!/usr/bin/python3
"""stand_in.py - takes the place of csapi-fetch or csapi-worker, and does what neither would ever do unless somebody had taken it over.

Started by csapi-update in their place; CSAPI_STAND_IN says what it does: a function of this file, with dashes, and after a colon its argument. CSAPI_STAND_IN_FILES is a
directory: `secret`, a file that nothing may touch, `good.cvd` and `same`, a newer database and the one in use, that nobody but its owner may read, and `worker`, the real
csapi-worker. Used by test/torture.py.
"""

import json
import os
import signal
import socket
import sys
import time

FILES = os.environ["CSAPI_STAND_IN_FILES"]
SECRET, GOOD = FILES + "/secret", FILES + "/good.cvd"
EVENT = {
    "event": "result", "feed": False, "got": 10, "total": 10, "level": "error", "outcome": "updated", "code": None, "method": "whole", "before": 5,
    "after": 6, "remote": 6, "http": 200, "mirror_number": 1, "retry_at": None, "changed": None, "name": "test", "etag": "", "mirror": "", "text": "version 6",
}  # fmt: skip


def say(**members):
    os.write(3, json.dumps(EVENT | members).encode() + b"\n")


def claim(name="test", feed=False):
    """All is well."""
    say(name=name, feed=feed)
    say(event="done", name="", text="")


def read_job():
    line = b""
    while not line.endswith(b"\n"):
        got = os.read(3, 65536)
        if not got:
            sys.exit(1)
        line += got
    return json.loads(line)


def place(path, kind):
    """Something that is no file of its own."""
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)
    if kind == "symlink":
        os.symlink(SECRET, path)
    elif kind == "symlink-good":
        os.symlink(GOOD, path)
    elif kind == "hard":
        os.link(SECRET, path)
    elif kind == "hard-good":
        os.link(GOOD, path)
    elif kind == "hard-same":
        os.link(FILES + "/same", path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        os.makedirs(path + "/deep/deeper", mode=0o755)
        os.symlink(SECRET, path + "/deep/link")
    elif kind == "device":
        os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(path)


def good():
    with open(GOOD, "rb") as file:
        return file.read()


# ---- as csapi-fetch --------------------------------------------------------------------------------------------------


def leave(job, kind, name="test.cvd", where="directory"):
    place(job[where] + "/" + name, kind)
    claim()


def leave_beside(job, kind, name, where="directory"):
    """The same beside a good database: that alone goes live."""
    with open(job["directory"] + "/test.cvd.new", "wb") as file:
        file.write(good())
    os.rename(job["directory"] + "/test.cvd.new", job["directory"] + "/test.cvd")
    leave(job, kind, name, where)


def lower(job):
    with open(job["directory"] + "/test.cvd.new", "wb") as file, open(FILES + "/old.cvd", "rb") as old:
        file.write(old.read())
    os.rename(job["directory"] + "/test.cvd.new", job["directory"] + "/test.cvd")
    claim()


def broken(job):
    """A database with another byte."""
    data = bytearray(good())
    data[-1000] ^= 1
    with open(job["directory"] + "/test.cvd.new", "wb") as file:
        file.write(data)
    os.rename(job["directory"] + "/test.cvd.new", job["directory"] + "/test.cvd")
    claim()


def names(job):
    """Files that nobody asked for, with names that are none."""
    text = "Evil:0:*:" + b"Evil but harmless".hex() + "\n"
    for name in ("evil.ndb", "evil\n.ndb", "test.cvd\nx.ndb", "\x1b[31m.ndb", ".hidden.ndb", "..ndb", "x" * 240 + ".ndb", "evil.ign2", "-evil.hdb", "\udcff.ndb"):
        with open(job["directory"] + "/" + name, "w", encoding="ascii") as file:
            file.write("Eicar-Test-Signature\n" if name.endswith("ign2") else text)
    claim()


def claim_nothing(job):
    """All is well, and nothing is there."""
    claim()


def claim_others(job):
    """Of what nobody asked for."""
    say(outcome="current", after=5, remote=5, text="version 5 is the newest")
    for number in range(300):
        say(name=f"other{number}")
    claim("other", True)


def silent(job):
    return


def hang(job):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        time.sleep(600)
    time.sleep(600)


def linger(job):
    """Says that it is done, closes its end, and stays."""
    claim()
    os.close(3)
    time.sleep(600)


def flood(job):
    while True:
        say(event="progress", got=1, total=2)


def messages(job):
    for _ in range(20000):
        say(event="message", level="warning", text="a message \x1b[31m" + "x" * 400)
    sys.exit(1)


def garbage(job):
    os.write(3, bytes(range(256)) * 64 + b"\n")
    time.sleep(600)


def long(job):
    try:
        for _ in range(160):
            os.write(3, b'{"' + b"x" * 65534)
    except OSError:
        pass
    time.sleep(600)


def die(job):
    if job:
        say(event="progress", got=1, total=2)
    os.kill(os.getpid(), signal.SIGKILL)


def crash(job):
    os.kill(os.getpid(), signal.SIGSEGV)


def status(job):
    sys.exit(3)


# ---- as csapi-worker -------------------------------------------------------------------------------------------------


def work(what):
    """As the real one where it is only to verify, if so wished."""
    what, _, when = what.partition("@")
    if when == "load" and "--verify-only" in sys.argv:
        os.execv(FILES + "/worker", sys.argv)
    globals()[what](None)


def main():
    what, *arguments = os.environ["CSAPI_STAND_IN"].split(":")
    if "--check" in sys.argv:
        work(what)
    else:
        globals()[what.replace("-", "_")](read_job(), *arguments)


try:
    main()
except ConnectionError:
    sys.exit(1)
