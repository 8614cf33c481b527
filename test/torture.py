#!/usr/bin/python3
"""torture.py - interrupts csapi-update wherever it can be interrupted, and looks at what is left.

usage: torture.py SCENARIO BUILD DATABASES PLACE [ARGUMENT]...

BUILD holds the programs, DATABASES ClamAV's test databases, PLACE is an empty directory for all that is written. A scenario ends
with 0, after one line that says what was done; with 1 after a line for each thing that was wrong; with 77 and a line where it cannot be done here. With
CSAPI_SOAK set in the environment it is the long form. Scenarios are the functions below that take a Place. Used by test/update_torture.bats.

Whatever happens to an update, afterwards
  - `current` leads to a set in which each file is as its manifest says, and csapi-scan finds the EICAR test file with it;
  - nothing of it runs on after two seconds;
  - the next update works without help, and leaves nothing behind but what belongs there.
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

SOAK = bool(os.environ.get("CSAPI_SOAK"))
HERE = os.path.dirname(os.path.abspath(__file__))
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!" + "$H+H*"
BELONGS = {"lock", "state.json", "freshclam.dat", "tmp", "versions", "current", "previous"}
KEEP = 2
GRACE = 2.0  # seconds until the last process of a run that was killed is gone
MARK = "CSAPI_TORTURE"


class Skip(Exception):
    """It cannot be done on this machine."""


class Run:
    """One csapi-update: its exit status, what it said, and what an interrupter reported."""

    def __init__(self, status, stdout, stderr, seconds, report=None):
        self.status, self.stdout, self.stderr, self.seconds, self.report = status, stdout, stderr, seconds, report

    @property
    def result(self):
        try:
            return json.loads(self.stdout)
        except ValueError:
            return {"outcome": None, "text": self.stdout}

    def __str__(self):
        return f"status {self.status}, {self.stdout[-700:].strip()} {self.stderr[-700:].strip()}"


class Place:
    """A mirror, a directory of definitions, and what may be said of both."""

    def __init__(self, build, databases, path):
        self.build, self.databases, self.path = build, databases, path
        self.definitions, self.web, self.temporary = path + "/definitions", path + "/web", path + "/temporary"
        self.settings, self.feeds, self.wrong, self.done, self.mirror = [], {}, [], 0, None
        self.environment = dict(os.environ, TMPDIR=self.temporary, LC_ALL="C.UTF-8", TZ="UTC")
        for name in ("http_proxy", "https_proxy", "all_proxy", "LD_PRELOAD"):
            self.environment.pop(name, None)
        for folder in (self.web, self.temporary):
            os.makedirs(folder, exist_ok=True)
        # Workers of root's are somebody else, who must be able to come by.
        while path != "/" and os.stat(path).st_uid == os.geteuid() and not os.stat(path).st_mode & 0o001:
            os.chmod(path, os.stat(path).st_mode | 0o111)
            path = os.path.dirname(path)
        self.start_mirror()

    # ---- the mirror

    def start_mirror(self):
        port = self.path + "/port"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(port)
        self.server = subprocess.Popen(
            [sys.executable, HERE + "/mirror.py", "--directory=" + self.web, "--port-file=" + port, "--control=" + self.path + "/rules"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 20
        while not os.path.exists(port) and time.monotonic() < end:
            time.sleep(0.01)
        with open(port, encoding="ascii") as file:
            self.mirror = "http://127.0.0.1:" + file.read().strip()

    def rules(self, *rules):
        with open(self.path + "/rules.new", "w", encoding="utf-8") as file:
            json.dump(list(rules), file)
        os.rename(self.path + "/rules.new", self.path + "/rules")

    def serve(self, version):
        shutil.copy(f"{self.databases}/test-{version}.cvd", self.web + "/test.cvd")
        for number in range(2, 7):
            path = f"{self.web}/test-{number}.cdiff"
            if number <= version:
                shutil.copy(f"{self.databases}/test-{number}.cdiff", path)
            else:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)

    def feed(self, name, text):
        with open(f"{self.web}/{name}", "w", encoding="ascii") as file:
            file.write(text)
        self.feeds[name.partition(".")[0]] = f"{self.mirror}/{name}"

    # ---- runs

    def configuration(self):
        path = self.path + "/csapi.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write('update {\n\tdatabases = {"test"}\n\tprivate_mirrors = {"%s"}\n\tmax_attempts = 1\n' % self.mirror)
            file.write("\treload = false\n\tkeep = %d\n\tconnect_timeout = 5\n\trequest_timeout = 5\n" % KEEP)
            for line in self.settings:
                file.write(f"\t{line}\n")
            for name, url in self.feeds.items():
                file.write('\tfeed "%s" {\n\t\turl = "%s"\n\t}\n' % (name, url))
            file.write("}\n")
        return path

    def command(self, *arguments):
        return [
            self.build + "/csapi-update",
            "--config=" + self.configuration(),
            "--directory=" + self.definitions,
            "--format=json",
            *arguments,
        ]

    def update(self, *arguments, under=(), environment=None, patience=60):
        """Runs it to its end, under another program if so wished."""
        begin = time.monotonic()
        try:
            got = subprocess.run(
                [*under, *self.command(*arguments)],
                env=self.environment | (environment or {}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            self.complain(f"{arguments} did not end within {patience} s")
            return Run(-1, (late.stdout or b"").decode(), (late.stderr or b"").decode(), patience)
        return Run(got.returncode, got.stdout.decode(), got.stderr.decode(errors="replace"), time.monotonic() - begin)

    def interrupt(self, options, *arguments, environment=None):
        """Runs it under test/helper/interrupt."""
        report = self.path + "/report"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(report)
        under = [self.build + "/test/helper/interrupt", "--report=" + report, *options]
        run = self.update(*arguments, under=under, environment=environment)
        if run.status in (77, 125) or not os.path.exists(report):
            raise Skip(f"no system call can be stopped here: {run.stderr.strip()}")
        with open(report, encoding="ascii") as file:
            run.report = json.load(file)
        return run

    # ---- what must hold

    def complain(self, text):
        self.wrong.append(text)

    def fault_of_set(self, name):
        """What is wrong with one set; None: nothing."""
        folder = os.path.join(self.definitions, "versions", name)
        try:
            with open(folder + "/manifest.json", encoding="utf-8") as file:
                manifest = json.load(file)
        except (OSError, ValueError) as error:
            return f"{name}: {error}"
        files = {each["name"]: each for each in manifest.get("files") or manifest["definitions"]["files"]}
        if set(os.listdir(folder)) != set(files) | {"manifest.json"}:
            return f"{name} holds {sorted(os.listdir(folder))}"
        for each in os.scandir(folder):
            status = each.stat(follow_symlinks=False)
            if not each.is_file(follow_symlinks=False) or status.st_mode & 0o7777 != 0o644:
                return f"{name}/{each.name} has mode {status.st_mode:o}"
            if each.name == "manifest.json":
                continue
            with open(each.path, "rb") as file:
                data = file.read()
            if len(data) != files[each.name]["size"] or hashlib.sha256(data).hexdigest() != files[each.name]["sha256"]:
                return f"{name}/{each.name} is not what its manifest says"
        return None

    def current(self):
        try:
            target = os.readlink(self.definitions + "/current")
        except FileNotFoundError:
            return None
        return target.partition("/")[2] if target.startswith("versions/") else target

    def version(self):
        """Of the database in use; 0: none."""
        for kind in ("cld", "cvd"):
            with contextlib.suppress(OSError), open(f"{self.definitions}/current/test.{kind}", "rb") as file:
                return int(file.read(512).split(b":")[2])
        return 0

    def finds(self):
        got = subprocess.run(
            [self.build + "/csapi-scan", "--no-progress", "--definitions=" + self.definitions, "--file-base=" + self.temporary, "--timeout=60"],
            env=self.environment | {"CSAPI_SOCKET": self.path + "/none"},
            input=EICAR.encode(),
            capture_output=True,
            check=False,
        )
        return got.returncode == 1

    def intact(self, what, may_be_missing=False, scan=True):
        """The set in use is whole."""
        name = self.current()
        if name is None:
            if not may_be_missing:
                self.complain(f"{what}: there is no current set any more")
            return
        fault = self.fault_of_set(name)
        if fault:
            self.complain(f"{what}: {fault}")
        elif scan and not self.finds():
            self.complain(f"{what}: the EICAR test file is not found with {name}")

    def tidy(self, what):
        """Nothing is left that does not belong there."""
        if not os.path.exists(self.definitions + "/versions"):
            self.complain(f"{what}: there is no directory of definitions")
            return
        names = set(os.listdir(self.definitions))
        if names - BELONGS:
            self.complain(f"{what}: left behind: {sorted(names - BELONGS)}")
        if os.listdir(self.definitions + "/tmp"):
            self.complain(f"{what}: left in tmp/: {os.listdir(self.definitions + '/tmp')}")
        if os.listdir(self.temporary):
            self.complain(f"{what}: left in TMPDIR: {os.listdir(self.temporary)}")
        sets = os.listdir(self.definitions + "/versions")
        if len(sets) > KEEP:
            self.complain(f"{what}: {len(sets)} sets are kept: {sets}")
        for fault in filter(None, map(self.fault_of_set, sets)):
            self.complain(f"{what}: {fault}")

    def recover(self, what, *arguments, well=(0, 1)):
        """The next run works without help."""
        run = self.update(*arguments)
        if run.status not in well:
            self.complain(f"{what}: the next run: {run}")
        self.intact(what + ", the next run", scan=False)
        self.tidy(what + ", the next run")
        return run

    def prepare(self, *versions):
        """A directory that went through these versions, kept to be taken again and again."""
        for version in versions:
            self.serve(version)
            run = self.update()
            if run.status != 0 or self.version() != version:
                sys.exit(f"cannot prepare version {version}: {run}")
        shutil.rmtree(self.path + "/prepared", ignore_errors=True)
        shutil.copytree(self.definitions, self.path + "/prepared", symlinks=True) if versions else None

    def take_prepared(self):
        for _ in range(50):  # what was killed a moment ago may still write
            shutil.rmtree(self.definitions, ignore_errors=True)
            if not os.path.exists(self.definitions):
                break
            time.sleep(0.05)
        if os.path.exists(self.path + "/prepared"):
            shutil.copytree(self.path + "/prepared", self.definitions, symlinks=True)


# ---- killed ----------------------------------------------------------------------------------------------------------


NDB = "Torture-%d:0:*:" + b"a signature of our own, of no use to anybody".hex() + "\n"


def step(place, name, begin, go, options, after, every):
    """Interrupts go() at each (or every so many-th) call until it goes through."""
    number = 1
    while True:
        begin()
        run = place.interrupt([*options, f"--at={number}"], *go)
        what = f"{name}, at call {number} of {run.report['count']} ({run.report['call']})"
        if run.report["left"]:
            place.complain(f"{what}: still there after {GRACE} s: {run.report['left']}")
        after(what, run)
        place.done += 1
        if not run.report["acted"] and number > run.report["count"]:
            return
        if len(place.wrong) > 20:
            return
        number += every


def kill_steps(place, victim="all", kind="incremental", every="1"):
    """Killed before each system call that changes a file."""
    place.feed("torture.ndb", NDB % 1)
    if kind == "first":
        place.serve(6)
    else:
        place.prepare(3, 5)
    place.serve(6)
    place.feed("torture.ndb", NDB % 2)
    go = {"from": [f"--from={place.databases}/test-6.cvd"], "rollback": ["--rollback"]}.get(kind, [])
    if kind == "from":
        shutil.copy(place.databases + "/test-6.cvd", place.path + "/test.cvd")
        go = [f"--from={place.path}/test.cvd"]
    again = ["--force"] if kind == "rollback" else []

    def after(what, run):
        place.intact(what, may_be_missing=kind == "first")
        if victim in ("all", "first") and run.report["acted"] and run.status != 137:
            place.complain(f"{what}: it was not killed: {run}")
        place.recover(what, *again)
        if place.version() != 6:
            place.complain(f"{what}: the next run left version {place.version()}")

    step(place, f"{kind}, {victim} killed", place.take_prepared, go, ["--calls=names,data,starts", "--signal=KILL", "--victim=" + victim], after, int(every))


# ---- helpers that were taken over -------------------------------------------------------------------------------------


def lay_out_files(place):
    """What stand_in.py wants."""
    files = place.path + "/files"
    os.makedirs(files)
    with open(files + "/secret", "w", encoding="ascii") as file:
        file.write("root:secret:0:0\n")
    shutil.copy(place.databases + "/test-6.cvd", files + "/good.cvd")
    shutil.copy(place.databases + "/test-3.cvd", files + "/old.cvd")
    os.symlink(place.build + "/csapi-worker", files + "/worker")
    for name in ("secret", "good.cvd"):
        os.chmod(f"{files}/{name}", 0o600)
    place.environment["CSAPI_STAND_IN_FILES"] = files
    return files


def look(files):
    """How the files lie there."""
    found = {}
    for entry in sorted(os.scandir(files), key=lambda entry: entry.name):
        status = entry.stat(follow_symlinks=False)
        found[entry.name] = (status.st_mode, status.st_uid, status.st_nlink, status.st_size, status.st_mtime_ns)
    return found


KINDS = ("symlink", "symlink-good", "hard", "hard-good", "fifo", "directory", "device", "socket")
FETCHES = (
    [(f"leave:{kind}", {"rejected"}, 5) for kind in KINDS]
    + [(f"leave:{kind}:torture.ndb", {"rejected"}, 5) for kind in ("symlink", "hard", "fifo", "directory")]
    + [(f"leave-beside:{kind}:{name}", {"updated", "partial"}, 6) for kind in ("symlink", "hard", "fifo", "directory") for name in ("manifest.json", "freshclam.dat", "other.ign2")]
    + [
        (f"leave-beside:{kind}:{name}:temporary", {"updated", "partial"}, 6)
        for kind in ("symlink", "hard", "fifo", "directory")
        for name in ("check", "alone", "state.json", "link", "copy")
    ]
    + [
        ("leave:hard-same", {"rejected"}, 5),
        ("lower", {"rejected"}, 5),
        ("broken", {"rejected"}, 5),
        ("names", {"rejected"}, 5),
        ("claim-nothing", {"rejected"}, 5),
        ("claim-others", {"current", "failed"}, 5),
        ("silent", {"failed"}, 5),
        ("hang", {"unreachable"}, 5),
        ("linger", {"rejected"}, 5),
        ("flood", {"unreachable"}, 5),
        ("messages", {"failed"}, 5),
        ("garbage", {"failed"}, 5),
        ("long", {"failed"}, 5),
        ("die", {"failed"}, 5),
        ("crash", {"failed"}, 5),
        ("status", {"failed"}, 5),
    ]
)


def after_stand_in(place, what, run, files, before, outcomes, version):
    result = run.result
    if result["outcome"] not in outcomes:
        place.complain(f"{what}: {run}")
    if run.status > 1 and len(run.stderr.strip().splitlines()) != 1:
        place.complain(f"{what}: not one line: {run.stderr!r}")
    if place.version() != version:
        place.complain(f"{what}: version {place.version()} is in use: {run}")
    if look(files) != before:
        place.complain(f"{what}: other files were touched: {before} {look(files)}")
    place.intact(what)
    place.tidy(what)
    place.recover(what)
    if place.version() != 6:
        place.complain(f"{what}: the next run left version {place.version()}")
    place.done += 1


def fetch_taken_over(place):
    """Nothing of what it leaves goes live, and nothing outside is touched."""
    files = lay_out_files(place)
    place.prepare(3, 5)
    place.serve(6)
    for name in os.listdir(place.definitions + "/current"):
        if name.startswith("test."):
            same = name
            shutil.copy(f"{place.definitions}/current/{name}", files + "/same")
            os.chmod(files + "/same", 0o600)
    before = look(files)
    for mode, outcomes, version in FETCHES:
        mode = mode.replace("leave:hard-same", "leave:hard-same:" + same)
        if ":device" in mode and os.geteuid() != 0:
            continue
        place.take_prepared()
        stand_in = {"CSAPI_STAND_IN": mode}
        run = place.update("--fetch-path=" + HERE + "/stand_in.py", "--max-time=1", environment=stand_in)
        after_stand_in(place, "csapi-fetch does " + mode, run, files, before, outcomes, version)


WORKERS = {
    "hang": ("failed", "did not end in time"),
    "hang@load": ("rejected", "did not end in time"),
    "linger@load": ("rejected", "not understood"),
    "flood@load": ("rejected", "not understood"),
    "garbage@load": ("rejected", "not understood"),
    "long@load": ("rejected", "not understood"),
    "die": ("failed", "most likely there is not enough memory"),
    "die@load": ("failed", "most likely there is not enough memory"),
    "crash@load": ("rejected", "crashed"),
    "status@load": ("failed", "without an answer"),
    "silent": ("failed", "without an answer"),
}


def worker_fails(place):
    """What the test load does not end well for does not go live."""
    files = lay_out_files(place)
    place.settings.append("load_time = 10")
    place.prepare(3, 5)
    place.serve(6)
    before = look(files)
    for mode, (outcome, text) in WORKERS.items():
        place.take_prepared()
        run = place.update("--worker-path=" + HERE + "/stand_in.py", "-o", "load_time=1", environment={"CSAPI_STAND_IN": mode})
        if text not in run.stderr:
            place.complain(f"csapi-worker does {mode}: {run}")
        after_stand_in(place, "csapi-worker does " + mode, run, files, before, {outcome}, 5)


SCENARIOS = {name.replace("_", "-"): value for name, value in globals().items() if callable(value) and getattr(value, "__code__", None) and value.__code__.co_varnames[:1] == ("place",) and value.__doc__}


def main():
    scenario, build, databases, path, *arguments = sys.argv[1:]
    place = Place(build, databases, path)
    status = 0
    try:
        SCENARIOS[scenario](place, *arguments)
        print(f"{scenario} {' '.join(arguments)}: {place.done} runs")
    except Skip as reason:
        print(reason)
        status = 77
    finally:
        place.server.kill()
    for line in place.wrong:
        print(line)
    return 1 if place.wrong else status


sys.exit(main())
