#!/usr/bin/python3
"""faults.py - makes every n-th call of a function fail in one program after the other, and looks at what comes of it.

usage: faults.py --build DIR [--most N] [--seconds N] [--output FILE] [PROGRAM[:FUNCTION]]...

For each trial of csapi-scan, csapi-scanner and csapi-worker one message is scanned by csapi-scan with a scanner of its own, and for each other
program its scene in test/fault_scenes.py is played, while test/preload/nth.c makes one call fail: an
allocation, a read, a write, a fork and so on. The calls are counted first; then each of them fails once, or --most of them, spread evenly.
What must hold: one document and an exit status that fits it, or none and a text on standard error; an infected message is never called
clean, nor a clean one infected; filter mode passes the whole message with its body to the byte, or nothing; no process and no temporary file is
left; it ends in time. Prints a table; exit status 1 and each trial that broke something otherwise.
"""

import argparse
import collections
import errno
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import fault_scenes

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATIENCE = 40
FUNCTIONS = {"malloc": errno.ENOMEM, "write": errno.ENOSPC, "read": errno.EIO, "pread": errno.EIO, "open": errno.EMFILE, "sendmsg": errno.ENOBUFS, "recvmsg": errno.EIO,
             "ftruncate": errno.ENOSPC, "fsync": errno.EIO, "rename": errno.EIO, "mkdir": errno.ENOSPC, "memfd_create": errno.EMFILE, "socket": errno.EMFILE, "socketpair": errno.EMFILE, "poll": errno.ENOMEM,
             "fork": errno.EAGAIN}
PROGRAMS = ("csapi-scan", "csapi-scanner", "csapi-worker")
ALL = (*PROGRAMS, *(program for program in fault_scenes.SCENES if program not in PROGRAMS))
WAYS = (("infected", "json"), ("clean", "json"), ("encrypted", "json"), ("infected", "filter"), ("clean", "filter"))


class Trials:
    def __init__(self, options, place):
        self.options, self.place = options, place
        self.count = f"{place}/count"
        self.messages, self.scenes = {}, {}
        fixtures = f"{options.build}/fixtures"
        for name, path in (("infected", f"{fixtures}/codes/eicar.eml"), ("clean", f"{fixtures}/clean/zip.eml"), ("encrypted", f"{fixtures}/codes/encrypted/aes.zip.eml")):
            with open(path, "rb") as file:
                self.messages[name] = (path, file.read())
        self.broken = []

    def faulty(self, program, function, number):
        """The environment in which that call fails."""
        with open(self.count, "wb") as file:
            file.write(struct.pack("II", 0, 0))
        return {**os.environ, "LD_PRELOAD": f"{self.options.build}/test/preload/nth.so", "CSAPI_NTH_COUNT": self.count,
                "CSAPI_NTH": f"{program}:{function}:{number}:{FUNCTIONS[function]}"}

    def calls(self):
        with open(self.count, "rb") as file:
            return struct.unpack("II", file.read())[0]

    def play(self, scene, program, function, number):
        """As run, for a scene."""
        begin = time.monotonic()
        wrong, outcome = scene.attempt(self.faulty(program, function, number))
        # libconfuse, Lua and libc's name service end a program for which there is no memory; all else that must hold, held.
        if function == "malloc" and wrong and wrong.startswith("it died of signal"):
            wrong, outcome = None, "died in a library"
        if not wrong and time.monotonic() - begin > 30:
            wrong = "it took too long"
        return wrong, outcome, self.calls()

    def run(self, program, function, number, message, way):
        """Scans once. What is wrong with the outcome (None: nothing), how it ended, and how many calls there were."""
        environment = self.faulty(program, function, number)
        base = tempfile.mkdtemp(dir=self.place)
        format_options = ["--format=filter", "--exit=mda"] if way == "filter" else []
        command = [f"{self.options.build}/test/helper/reap", f"{self.options.build}/csapi-scan", "--private", "--no-progress", f"--definitions={ROOT}/share/definitions",
                   f"--file-base={base}", "--timeout=20", "-j", "1", *format_options]
        path, data = self.messages[message]
        begin = time.monotonic()
        try:
            with open(path, "rb") as file:
                done = subprocess.run(command, stdin=file, capture_output=True, env=environment, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return f"no end within {PATIENCE} s", "hang", 0
        calls = self.calls()
        left = os.listdir(base)
        shutil.rmtree(base, ignore_errors=True)
        wrong = self.judge_filter(done, message, data) if way == "filter" else self.judge(done, message)
        if not wrong and done.returncode == 99:
            wrong = "a process was left"
        if not wrong and left:
            wrong = f"left behind: {left}"
        if not wrong and time.monotonic() - begin > 30:
            wrong = "it took too long"
        return wrong, self.outcome(done, way), calls

    @staticmethod
    def outcome(done, way):
        if way == "filter":
            return "passed on" if done.returncode == 0 else "kept back"
        try:
            return json.loads(done.stdout)["status"]
        except (ValueError, KeyError):
            return "no verdict"

    @staticmethod
    def judge(done, message):
        if done.returncode < 0:
            return f"csapi-scan died of signal {-done.returncode}"
        if not done.stdout:
            return None if done.returncode == 2 and done.stderr else f"no document, status {done.returncode}, no text"
        lines = done.stdout.decode(errors="replace").splitlines()
        try:
            document = json.loads(lines[0])
        except ValueError:
            # Half a document is only honest where the status says that it failed.
            return None if done.returncode == 2 and done.stderr else "half a document"
        status = document["status"]
        expected = {"EC_AV_CLEAN": 0, "EC_AV_INFECTED": 1, "EC_AV_ERROR": 2, "EC_AV_UNSCANNABLE": 3}[status]
        if done.returncode not in (expected, 2) or len(lines) != 1:
            return f"{status} with exit status {done.returncode}"
        if message != "clean" and status == "EC_AV_CLEAN":
            return f"{message}, and called clean"
        if message != "infected" and status == "EC_AV_INFECTED":
            return f"{message}, and called infected"
        return None

    @staticmethod
    def judge_filter(done, message, data):
        if done.returncode == 75:
            return None if done.stderr else "75 without a text"
        if done.returncode != 0:
            return f"exit status {done.returncode}"
        body = data.split(b"\n\n", 1)[1]
        head = done.stdout.split(b"\n\n", 1)[0].decode(errors="replace")
        if not done.stdout.endswith(body):
            return "the body is another one"
        words = [line.split(": ")[1] for line in head.splitlines() if line.startswith("X-CSAPI-Status: ")]
        if len(words) != 1 or (message != "clean" and words[0] == "clean") or (message != "infected" and words[0] == "infected"):
            return f"{message}, and marked {words}"
        return None

    def ways(self, program):
        """What is done with the program: a name, and a function that does it with the n-th call of a function failing."""
        if program in PROGRAMS:
            for message, way in WAYS:
                yield f"{message}, {way}", lambda function, number, message=message, way=way: self.run(program, function, number, message, way)
        for make, *more in fault_scenes.SCENES.get(program, ()):
            name = make.__name__.lower()
            if (program, name) not in self.scenes:
                place = f"{self.place}/{program}-{name}"
                os.makedirs(place, exist_ok=True)
                self.scenes[program, name] = make(self.options.build, place, self.messages["infected"][0], *more)
            scene = self.scenes[program, name]
            yield name, lambda function, number, scene=scene: self.play(scene, program, function, number)

    def walk(self, program, function, deadline):
        """A row: calls, trials, outcomes."""
        outcomes, trials, most_calls = collections.Counter(), 0, 0
        for name, play in self.ways(program):
            wrong, _, calls = play(function, 0)
            if wrong:
                self.broken.append(f"{program} {function} without a fault, {name}: {wrong}")
                continue
            most_calls = max(most_calls, calls)
            step = max(1, -(-calls // self.options.most)) if self.options.most else 1
            for number in range(1 + trials % step, calls + 1, step):
                if deadline and time.monotonic() > deadline:
                    break
                wrong, outcome, _ = play(function, number)
                trials += 1
                outcomes[outcome] += 1
                if wrong:
                    self.broken.append(f"{program} {function}:{number}, {name}: {wrong}")
        return most_calls, trials, outcomes


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1])
    parser.add_argument("--build", default="build")
    parser.add_argument("--most", type=int, default=0, help="calls of each kind that fail; 0: all")
    parser.add_argument("--seconds", type=int, default=0, help="for all; 0: as long as it takes")
    parser.add_argument("--output")
    parser.add_argument("what", nargs="*")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    deadline = time.monotonic() + options.seconds if options.seconds else 0
    rows = ["| program | call that fails | calls | trials | outcomes |", "| --- | --- | --: | --: | --- |"]
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        trials = Trials(options, place)
        for program in ALL:
            for function in FUNCTIONS:
                if options.what and program not in options.what and f"{program}:{function}" not in options.what:
                    continue
                calls, count, outcomes = trials.walk(program, function, deadline)
                if calls:
                    told = ", ".join(f"{outcome} {number}" for outcome, number in sorted(outcomes.items()))
                    rows.append(f"| {program} | {function} | {calls} | {count} | {told} |")
    print("\n".join(rows))
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
    print("\n".join(trials.broken), file=sys.stderr)
    sys.exit(1 if trials.broken else 0)


main()
