"""fault_scenes.py - what test/faults.py lets programs other than a plain scan do while one of their calls fails, and what must hold then.

A scene is made once, with a folder of its own. attempt(environment) does it once under that environment and returns what is wrong (None:
nothing) and a word for how it ended. It leaves nothing behind that the next attempt would see.
"""

import glob
import json
import os
import shutil
import socket
import struct
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEFINITIONS = f"{ROOT}/share/definitions"
PATIENCE = 40


def run(command, environment, **more):
    try:
        return subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE, check=False, **more)
    except subprocess.TimeoutExpired:
        return None


def died(done):
    """What no program may do."""
    if done is None:
        return f"no end within {PATIENCE} s"
    if done.returncode < 0:
        return f"it died of signal {-done.returncode}"
    return None


class Tells:
    """A program that prints what it knows: all of it as ever, or an error with a text and exit status 2."""

    def __init__(self, build, place, message, *command):
        del place, message
        self.command = [f"{build}/{command[0]}", *command[1:]]
        self.usual = None

    def attempt(self, environment):
        done = run(self.command, environment)
        if died(done):
            return died(done), "died"
        if self.usual is None:
            self.usual = done.stdout
        if done.returncode == 2:
            return (None if done.stderr else "status 2 without a text"), "error"
        if done.returncode != 0:
            return f"exit status {done.returncode}", "odd"
        if done.stdout == self.usual:
            return None, "told"
        # What could not be looked at is said in the document itself.
        return (None if b"rror" in done.stdout or b"null" in done.stdout or done.stderr else "told otherwise, and no word of it"), "told in part"


class Updates:
    """An update from a file, over an older version: the newer one is in use, or the older one still is and a text says why."""

    def __init__(self, build, place, message):
        del message
        self.build, self.place = build, place
        self.databases = f"{build}/test-databases"
        for number in (3, 5):
            os.makedirs(f"{place}/{number}", exist_ok=True)
            shutil.copy(f"{self.databases}/test-{number}.cvd", f"{place}/{number}/test.cvd")
        with open(f"{place}/csapi.conf", "w", encoding="utf-8") as file:
            file.write("update {\n}\n")
        done = self.update(3, os.environ, "begin")
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace"))

    def update(self, number, environment, store):
        return run([f"{self.build}/csapi-update", f"--config={self.place}/csapi.conf", "-d", f"{self.place}/{store}", "--no-reload", "--format=json", "-o", "databases=test",
                    f"--from={self.place}/{number}/test.cvd"], environment)

    def version(self):
        files = glob.glob(f"{self.place}/store/current/test.c[vl]d")
        if len(files) != 1:
            return None
        with open(files[0], "rb") as file:
            return int(file.read(512).split(b":")[2])

    def attempt(self, environment):
        shutil.rmtree(f"{self.place}/store", ignore_errors=True)
        shutil.copytree(f"{self.place}/begin", f"{self.place}/store", symlinks=True)
        done = self.update(5, environment, "store")
        if done is None:
            return died(done), "hang"
        version, wrong = self.version(), None
        if version not in (3, 5):
            wrong = f"version {version} is in use, exit status {done.returncode}"
        elif done.returncode == 0 and version != 5:
            wrong = "exit status 0, and the older version is in use"
        elif done.returncode > 0 and not done.stderr and not done.stdout:
            wrong = f"exit status {done.returncode} without a word"
        # Whatever happened, the next update succeeds, or finds that there is nothing to do (1).
        again = None if wrong else self.update(5, os.environ, "store")
        if not wrong and (again is None or again.returncode not in (0, 1) or self.version() != 5):
            wrong = f"the update that follows fails: {again and again.stdout[-300:]}"
        return wrong or died(done), "updated" if done.returncode == 0 else "failed, new in use" if version == 5 else "failed, old in use"


class Disinfects:
    """A repair into a file: no EICAR in what is there, or nothing is there."""

    def __init__(self, build, place, message):
        self.build, self.out, self.message = build, f"{place}/out.eml", message

    def attempt(self, environment):
        if os.path.exists(self.out):
            os.unlink(self.out)
        base = f"{self.out}.base"
        os.makedirs(base, exist_ok=True)
        done = run([f"{self.build}/test/helper/reap", f"{self.build}/csapi-scan", "--private", "--no-progress", f"--definitions={DEFINITIONS}", f"--file-base={base}", "--timeout=20",
                    "-j", "1", "--disinfect", f"--output={self.out}", self.message], environment)
        if died(done):
            return died(done), "died"
        there = os.path.exists(self.out)
        left = os.listdir(base) or glob.glob(f"{self.out}.[!b]*")
        if done.returncode == 99 or left:
            return f"left behind: {left or 'a process'}", "left"
        if not there:
            return (None if done.returncode in (2, 3) or done.stderr else f"nothing was written, exit status {done.returncode}, no text"), "nothing written"
        with open(self.out, "rb") as file:
            data = file.read()
        if b"Content-Type" not in data or len(data) < 300:
            return f"{len(data)} bytes were written", "cut"
        check = run([f"{self.build}/csapi-scan", "--private", "--no-progress", f"--definitions={DEFINITIONS}", self.out], os.environ)
        return (None if check.returncode == 0 else f"what was written has status {check.returncode}"), "repaired"


class Files:
    """Several files in one call: each has its line, or a text says why not, and none is called what it is not."""

    def __init__(self, build, place, message):
        del place
        fixtures = f"{build}/fixtures"
        self.build, self.files = build, {message: ("EC_AV_INFECTED",), f"{fixtures}/clean/zip.eml": ("EC_AV_CLEAN",), f"{fixtures}/codes/encrypted/aes.zip.eml": ("EC_AV_UNSCANNABLE",)}

    def attempt(self, environment):
        done = run([f"{self.build}/test/helper/reap", f"{self.build}/csapi-scan", "--private", "--no-progress", f"--definitions={DEFINITIONS}", "--timeout=20", "-j", "2", *self.files],
                   environment)
        if died(done):
            return died(done), "died"
        told = {}
        for line in done.stdout.decode(errors="replace").splitlines():
            try:
                document = json.loads(line)
            except ValueError:
                return (None if done.returncode == 2 and done.stderr else "half a document"), "cut"
            if document["name"] not in self.files and document["status"] != "EC_AV_ERROR":
                return f"a file called {document['name']} has status {document['status']}", "lie"
            told[document["name"]] = document["status"]
        for name, status in told.items():
            if status not in (*self.files.get(name, ()), "EC_AV_ERROR") and not (status == "EC_AV_UNSCANNABLE" and done.returncode in (1, 2, 3)):
                return f"{os.path.basename(name)} is called {status}", "lie"
        if len(told) < len(self.files) and not (done.returncode == 2 and done.stderr):
            return f"{len(told)} of {len(self.files)} told, exit status {done.returncode}", "silent"
        wrong = None if done.returncode else "exit status 0"
        return wrong, "all told" if len(told) == len(self.files) and "EC_AV_ERROR" not in told.values() else "error"


class Speaks:
    """The server of clamd's protocol: FOUND, an error, or a closed connection for EICAR, never OK; and afterwards it serves on."""

    def __init__(self, build, place, message):
        self.build, self.socket, self.scanner = build, f"{place}/c", f"{place}/s"
        self.base = f"{place}/base"
        with open(message, "rb") as file:
            self.message = file.read()

    def ask(self, stream):
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(self.socket)
                connection.sendall(b"zINSTREAM\0" + struct.pack(">I", len(stream)) + stream + bytes(4))
                answer = b""
                while got := connection.recv(4096):
                    answer += got
                return answer
        except socket.timeout:
            return b"stream: silent"
        except OSError:
            return b""

    def attempt(self, environment):
        os.makedirs(self.base, exist_ok=True)
        scanner = subprocess.Popen([f"{self.build}/csapi-scanner", f"--listen={self.scanner}", f"--clamd-socket={self.socket}", f"--definitions={DEFINITIONS}", f"--file-base={self.base}",
                                    "-j", "1"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return self.talk(scanner)
        finally:
            scanner.terminate()
            try:
                scanner.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                scanner.kill()

    def talk(self, scanner):
        end = time.monotonic() + PATIENCE
        answers = []
        # One that cannot begin is started again by the scanner; each client gets its answer in the end.
        while time.monotonic() < end and len(answers) < 3:
            if scanner.poll() is not None:
                return "the scanner ended", "ended"
            answer = self.ask(self.message)
            if answer and not (answer.endswith(b" FOUND\0") or answer.endswith(b" ERROR\0")):
                return f"{answer!r}", "lie"
            if answer.endswith(b" FOUND\0"):
                return None, "found" if not any(answers) else "error, then found"
            if answer:
                answers.append(answer)
            time.sleep(0.05)
        return "no message was scanned any more: " + repr(answers[-1:]), "gone"


class Script:
    """The Lua module, and libcsapi below it: the verdict, an error in the words of either, or Lua's own for no memory."""

    def __init__(self, build, place, message, version):
        self.script, self.interpreter = f"{place}/script.lua", {"5.1": "lua5.1", "5.4": "lua5.4"}[version]
        self.build, self.module = build, f"{build}/lua/{version}"
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(f'local av = require "msys.av"\nlocal a, b, c, d = av.scan(nil, {{file = "{message}"}})\nprint(a, b, c, d)\n')

    def attempt(self, environment):
        done = run([self.interpreter, self.script], {**environment, "LD_LIBRARY_PATH": self.build, "LUA_CPATH": f"{self.module}/?.so", "LUA_CPATH_5_4": f"{self.module}/?.so",
                                                     "CSAPI_DEFINITIONS": DEFINITIONS, "CSAPI_SOCKET": "/nonexistent"})
        if died(done):
            return died(done), "died"
        words = done.stdout.decode(errors="replace").split("\t")
        if words[0] == "0":
            return "EICAR is called clean", "lie"
        if done.returncode == 0 and words[0] not in ("1", "2", "3", "6", "nil"):
            return f"it says {words}", "odd"
        if done.returncode != 0 and not done.stderr:
            return f"exit status {done.returncode} without a text", "silent"
        return None, {"1": "infected", "2": "unscannable", "3": "error", "6": "no engine"}.get(words[0], "error of Lua")


# Program: scenes. A scene is a class and what it takes besides.
SCENES = {
    "csapi-scan": ((Disinfects,), (Files,)),
    "csapi-worker": ((Disinfects,),),
    "csapi-update": ((Updates,),),
    "csapi-limits": ((Tells, "csapi-limits", "--format=json"),),
    "csapi-version": ((Tells, "csapi-version", f"--definitions={DEFINITIONS}"),),
    "csapi-clamd": ((Speaks,),),
    "lua5.4": ((Script, "5.4"),),
    "lua5.1": ((Script, "5.1"),),
}
