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
import fcntl
import hashlib
import json
import os
import random
import re
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


def one_user():
    """Is this a namespace that knows one user only?"""
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return [line.split()[2] for line in file] == ["1"]


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
        self.longest = 0.2  # seconds that a run takes
        self.environment = dict(os.environ, TMPDIR=self.temporary, LC_ALL="C.UTF-8", TZ="UTC")
        for name in ("http_proxy", "https_proxy", "all_proxy", "LD_PRELOAD"):
            self.environment.pop(name, None)
        for folder in (self.web, self.temporary):
            os.makedirs(folder, exist_ok=True)
        # Workers of root's are somebody else, who must be able to come by.
        while path != "/" and os.stat(path).st_uid == os.geteuid():
            os.chmod(path, os.stat(path).st_mode & 0o7777 | 0o111)
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
        rows = [
            'databases = {"test"}',
            'private_mirrors = {"%s"}' % self.mirror,
            "max_attempts = 1",
            "reload = false",
            f"keep = {KEEP}",
            "connect_timeout = 5",
            "request_timeout = 5",
            *self.settings,
            *('feed "%s" { url = "%s" }' % feed for feed in self.feeds.items()),
        ]
        # One may be reading it.
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write("update {\n\t" + "\n\t".join(rows) + "\n}\n")
        os.rename(path + ".new", path)
        return path

    def command(self, *arguments):
        return [
            self.build + "/csapi-update",
            "--config=" + self.configuration(),
            "--directory=" + self.definitions,
            *([] if "--daemon" in arguments else ["--format=json"]),
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

    def marked(self):
        """Processes of runs that kill_after started."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if (MARK + "=" + self.path).encode() not in file.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                    name, _, rest = file.read().partition(" (")[2].rpartition(")")
                if rest.split()[0] not in "ZX":
                    found[int(pid)] = name
        return found

    def kill_after(self, what, delay, way, arguments):
        """Starts it, kills what `way` says after `delay` seconds, and sees to it that nothing of it goes on."""
        begin = time.monotonic()
        run = subprocess.Popen(
            self.command(*arguments),
            env=self.environment | {MARK: self.path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(delay)
        if way == "alone":
            run.kill()
        elif way == "group":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
        else:
            for pid, name in self.marked().items():
                if way in ("all", name):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
        try:
            run.wait(60)
        except subprocess.TimeoutExpired:
            self.complain(f"{what}: it does not end")
            run.kill()
        if run.returncode == 0:
            self.longest = max(self.longest, min(time.monotonic() - begin, 2 * self.longest))
        end = time.monotonic() + GRACE
        while self.marked() and time.monotonic() < end:
            time.sleep(0.02)
        if self.marked():
            self.complain(f"{what}: still there after {GRACE} s: {self.marked()}")
            for pid in self.marked():
                os.kill(pid, signal.SIGKILL)

    def interrupt(self, options, *arguments, environment=None):
        """Runs it under test/helper/interrupt."""
        report = self.path + "/report"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(report)
        under = [self.build + "/test/helper/interrupt", "--report=" + report, *options]
        # A sanitizer cannot look for leaks in who is watched already.
        options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "detect_leaks=0")))
        run = self.update(*arguments, under=under, environment=(environment or {}) | {"ASAN_OPTIONS": options})
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
        # Workers need a second user, where the scanner is root.
        return got.returncode == 1 or (one_user() and b"DEC_RESULT_TEMP_DIR_ACCESS_FAILED" in got.stdout)

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


def kill_orphans(place):
    """Killed alone while a helper is just being loaded: nobody holds the lock on."""
    place.prepare(5)
    place.serve(6)
    place.rules({"do": "stall"})
    for program, numbers in (("csapi-fetch", (1, 4, 12, 30, 46)), ("csapi-worker", (1, 10, 25))):
        for number in numbers:
            run = place.interrupt(["--calls=opens", "--in=" + program, f"--at={number}", "--signal=KILL", "--victim=first"])
            if not run.report["acted"] or run.report["left"]:
                place.complain(f"killed while {program} opens its file {number}: {run.report}")
            place.done += 1
    place.rules()
    place.recover("after orphans")


def kill_at_random(place, times="20"):
    """Killed after a random delay, in all ways, while versions come and go; each run goes on from where the last one was left."""
    times = 200 if SOAK else int(times)
    place.feed("torture.ndb", NDB % 0)
    place.prepare(3)
    for number in range(times):
        version = place.version()
        kind = random.choice(("mirror", "mirror", "mirror", "from", "rollback"))
        if version == 6 and kind == "mirror":
            kind = "from"
        arguments = []
        if kind == "mirror":
            place.serve(random.randint(version + 1, 6))
        elif kind == "from":
            shutil.copy(f"{place.databases}/test-{random.randint(3, 6)}.cvd", place.path + "/test.cvd")
            arguments = [f"--from={place.path}/test.cvd", "--force"]
        else:
            arguments = ["--rollback"]
        place.feed("torture.ndb", NDB % number)
        way = random.choice(("alone", "group", "all", "all", "csapi-fetch", "csapi-worker"))
        delay = random.random() * place.longest
        what = f"kill {number}: {kind}, {way} after {delay * 1000:.0f} ms, from version {version}"
        place.kill_after(what, delay, way, arguments)
        place.intact(what)
        if kind != "from":
            place.serve(max(place.version(), 3))
            arguments = ["--force"]
        place.recover(what, *arguments)
        place.done += 1
        if len(place.wrong) > 20:
            return


# ---- calls that fail --------------------------------------------------------------------------------------------------


def fail_steps(place, error="ENOSPC", calls="names,data", lasting="", every="1", kind="incremental"):
    """Each system call that changes a file fails once, or from then on."""
    place.feed("torture.ndb", NDB % 1)
    if kind == "first":
        place.serve(6)
    else:
        place.prepare(3, 5)
    place.serve(6)
    place.feed("torture.ndb", NDB % 2)
    full = error in ("ENOSPC", "EDQUOT")

    def after(what, run):
        outcome, version = run.result["outcome"], place.version()
        if os.environ.get("CSAPI_TORTURE_SHOW"):
            print(f"{run.report['call']:60} {run.status} {outcome} v{version} {run.report['ms']} ms {run.stderr.strip()}")
        loading = "error while loading shared libraries" in run.stderr
        well = {"updated", "partial", "unreachable", "rejected"} | ({"no_space"} if full else {"failed", "bad_configuration"})
        # What a worker could not do in its walls it tells in words.
        if "csapi-worker" in run.report["call"]:
            well.add("failed")
        if run.report["acted"] and outcome not in well and not loading:
            place.complain(f"{what}: {run}")
        if run.status > 10 and not loading:
            place.complain(f"{what}: {run}")
        if outcome not in ("partial", None) and (outcome == "updated") != (version == 6):
            place.complain(f"{what}: version {version} is in use: {run}")
        if run.status > 1 and len(run.stderr.strip().splitlines()) != 1 and not loading:
            place.complain(f"{what}: not one line: {run.stderr!r}")
        place.intact(what, may_be_missing=kind == "first", scan=version != 0)
        place.recover(what)
        if place.version() != 6:
            place.complain(f"{what}: the next run left version {place.version()}")

    options = [f"--calls={calls}", f"--error={error}"] + (["--lasting"] if lasting == "lasting" else [])
    step(place, f"{kind}, {error} {lasting}", place.take_prepared, [], options, after, int(every))


def memory(place):
    """Too little of it, or the kernel takes the test load away: nothing changes, and it is said."""
    place.prepare(3, 5)
    place.serve(6)
    for mib in range(8, 700, 8 if SOAK else 48):
        place.take_prepared()
        run = place.update(under=["prlimit", f"--as={mib << 20}"])
        if run.status not in (0, 10, 127) or (run.status == 0) != (place.version() == 6):
            place.complain(f"with {mib} MiB: version {place.version()}, {run}")
        place.intact(f"with {mib} MiB")
        place.recover(f"after {mib} MiB")
        place.done += 1
    # In a worker that loads the new set: the last calls are its.
    calls = ["--calls=names", "--in=csapi-worker", "--signal=KILL", "--victim=caller"]
    place.take_prepared()
    count = place.interrupt([calls[0], calls[1]]).report["count"]
    for number in range(1, count + 1, 1 if SOAK else 4):
        place.take_prepared()
        run = place.interrupt([*calls, f"--at={number}"])
        what = f"the test load killed at call {number} of {count} ({run.report['call']})"
        if run.report["acted"] and (run.status != 10 or "memory" not in run.stderr or place.version() != 5):
            # One that only tries a wall, and one that has said what it found, can be spared.
            spared = "probe" in run.report["call"] or "rmdir" in run.report["call"]
            if not (spared and run.status == 0 and place.version() == 6):
                place.complain(f"{what}: {run}")
        place.intact(what)
        place.tidy(what)
        place.done += 1


# ---- a full disk -------------------------------------------------------------------------------------------------------


def mount(path, kib):
    """A filesystem of so many KiB."""
    os.makedirs(path, exist_ok=True)
    got = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "none", path], capture_output=True, check=False)
    if got.returncode != 0:
        raise Skip(f"no filesystem can be mounted here: {got.stderr.decode().strip()}")


def resize(path, kib):
    subprocess.run(["mount", "-o", f"remount,size={kib}k", "none", path], check=True)


def used(path):
    status = os.statvfs(path)
    return (status.f_blocks - status.f_bfree) * status.f_frsize // 1024


def after_full(place, what, run, full):
    """Honest, the old set whole; with room the next one works."""
    outcome = run.result["outcome"]
    if os.environ.get("CSAPI_TORTURE_SHOW"):
        print(f"{what} {run.status} {outcome} v{place.version()} {run.stderr.strip()}")
    if run.status not in (0, 3, 7):
        place.complain(f"{what}: {run}")
    if run.status == 0 and place.version() != 6 or run.status == 7 and place.version() != 5:
        place.complain(f"{what}: version {place.version()} is in use: {run}")
    if run.status > 1 and len(run.stderr.strip().splitlines()) != 1:
        place.complain(f"{what}: not one line: {run.stderr!r}")
    place.intact(what)
    resize(full, 65536)
    place.recover(what)
    if place.version() != 6:
        place.complain(f"{what}: the next run left version {place.version()}")
    place.done += 1


def full_disk(place, least="4", every="16", most="400"):
    """A disk with less and more room than an update takes, though it says that there is plenty."""
    full = place.path + "/full"
    place.feed("torture.ndb", NDB % 1)
    place.prepare(3, 5)
    place.serve(6)
    place.feed("torture.ndb", NDB % 2)
    mount(full, 65536)
    try:
        place.definitions = full + "/definitions"
        plenty = {"LD_PRELOAD": place.build + "/test/preload/world.so", "CSAPI_WORLD_SPACE": "plenty"}
        for room in range(int(least), int(most) + 1, 4 if SOAK else int(every)):
            place.take_prepared()
            resize(full, used(full) + room)
            run = place.update(environment=plenty)
            after_full(place, f"{room} KiB free", run, full)
        if run.status != 0:
            place.complain(f"{most} KiB are too few: {run}")
        place.take_prepared()
        resize(full, used(full) + 8192)
        run = place.update()
        if run.status != 7 or "MiB" not in run.stderr:
            place.complain(f"no word of the space that it takes: {run}")
        after_full(place, "8 MiB free", run, full)
    finally:
        subprocess.run(["umount", "-l", full], check=False)


def filling_disk(place, times="5"):
    """A disk that somebody else fills while the update runs."""
    full = place.path + "/full"
    place.prepare(3, 5)
    place.serve(6)
    mount(full, 65536)
    try:
        place.definitions = full + "/definitions"
        plenty = {"LD_PRELOAD": place.build + "/test/preload/world.so", "CSAPI_WORLD_SPACE": "plenty"}
        times = 40 if SOAK else int(times)
        for number in range(times):
            place.take_prepared()
            resize(full, used(full) + 512)
            filler = "import sys, time\nwith open(sys.argv[1], 'wb', 0) as file:\n  for _ in range(400):\n    try:\n      file.write(b'x' * 4096)\n    except OSError: pass\n    time.sleep(float(sys.argv[2]))\n"
            pause = 0.06 * number / times / 128
            writer = subprocess.Popen([sys.executable, "-c", filler, full + "/filled", str(pause)])
            run = place.update(environment=plenty)
            writer.kill()
            writer.wait()
            os.unlink(full + "/filled")
            after_full(place, f"filled with a pause of {pause * 1000:.1f} ms", run, full)
    finally:
        subprocess.run(["umount", "-l", full], check=False)


# ---- several at once ---------------------------------------------------------------------------------------------------


def start(place, *arguments, environment=None):
    return subprocess.Popen(
        place.command(*arguments),
        env=place.environment | (environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_locked(place):
    with open(place.definitions + "/lock", "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def await_lock(place):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            if is_locked(place):
                return
        time.sleep(0.01)
    place.complain("nobody takes the lock")


def at_once(place, number):
    """So many start at the same time: one works, the others name it."""
    place.take_prepared()
    runs = [start(place) for _ in range(number)]
    ends = [run.communicate() for run in runs]
    place.done += number
    well = [run for run in runs if run.returncode in (0, 1)]
    if len(well) != 1:
        place.complain(f"{number} at once: {[(run.returncode, end[1]) for run, end in zip(runs, ends)]}")
        return
    text = re.compile(rf"another update \(process {well[0].pid}\) is at work in \S+ since \d+-\d+-\d+T\d+:\d+:\d+Z")
    for run, (stdout, stderr) in zip(runs, ends):
        if run is not well[0] and (run.returncode != 8 or not text.search(stderr) or len(stderr.splitlines()) != 1):
            place.complain(f"{number} at once: the one that waits said {run.returncode} {stderr!r} {stdout!r}")
    if is_locked(place):
        place.complain(f"{number} at once: the lock is still held")
    place.intact(f"{number} at once")
    place.tidy(f"{number} at once")
    if place.version() != 6:
        place.complain(f"{number} at once: version {place.version()} is in use")


def locks(place):
    """One at a time; who was killed does not stand in the way."""
    place.prepare(3, 5)
    place.serve(6)
    for number in (2, 10):
        # Long enough that all have started before the first is done.
        place.rules({"do": "ok", "delay": 1 + number / 10, "first": 1})
        at_once(place, number)
    place.rules({"do": "stall"})
    for victim in ("first", "csapi-fetch"):
        place.take_prepared()
        run = start(place, environment={MARK: place.path})
        await_lock(place)
        while not any(name == "csapi-fetch" for name in place.marked().values()):
            time.sleep(0.01)
        for pid, name in place.marked().items():
            if name == victim or (victim == "first" and pid == run.pid):
                os.kill(pid, signal.SIGKILL)
        place.rules()
        if victim != "first":
            run.communicate()
        place.recover(f"{victim} was killed with the lock held")
        run.communicate()
        place.rules({"do": "stall"})
        place.done += 1


def readers(place):
    """A set that somebody reads stays as it is, even where the same one takes its place."""
    place.serve(6)
    place.prepare(6)
    name = place.current()
    with open(f"{place.definitions}/current/test.cvd", "ab") as file:
        file.write(b"x")
    reader = os.open(f"{place.definitions}/current", os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(reader, fcntl.LOCK_SH)
    before = sorted(os.listdir(reader))
    run = place.update()
    if run.status not in (0, 1) or place.current() != name:
        place.complain(f"the damaged set is not replaced by the same one: {place.current()} {run}")
    if sorted(os.listdir(reader)) != before:
        place.complain(f"what a reader reads was taken away: {os.listdir(reader)}")
    place.intact("under a reader")
    os.close(reader)
    place.recover("after a reader")
    place.done += 2


# ---- signals -----------------------------------------------------------------------------------------------------------


def signals(place, name="TERM", kind="incremental", every="1"):
    """Asked to end at any point: it does so soon, and cleans up."""
    place.feed("torture.ndb", NDB % 1)
    if kind == "first":
        place.serve(6)
    else:
        place.prepare(3, 5)
    place.serve(6)
    place.feed("torture.ndb", NDB % 2)
    go = ["--from=" + place.path + "/test.cvd"] if kind == "from" else []
    shutil.copy(place.databases + "/test-6.cvd", place.path + "/test.cvd")

    def after(what, run):
        if not run.report["acted"]:
            return
        late = run.status == 0 and place.version() == 6
        early = run.status == 128 + getattr(signal, "SIG" + name) and run.report["count"] < 3
        stopped = run.status == 10 and "stopped by a signal" in run.stderr and len(run.stderr.strip().splitlines()) == 1
        if not (late or early or stopped):
            place.complain(f"{what}: {run}")
        if stopped and place.version() == 6:
            place.complain(f"{what}: it says that nothing was changed: {run}")
        if run.report["ms"] > 2000:
            place.complain(f"{what}: it took {run.report['ms']} ms")
        place.intact(what, may_be_missing=kind == "first")
        if not early:
            place.tidy(what)

    step(place, f"{kind}, {name}", place.take_prepared, go, ["--calls=names,data,starts", "--signal=" + name, "--victim=first"], after, int(every))


def signals_while_waiting(place):
    """Asked to end while it waits for somebody who says nothing."""
    lay_out_files(place)
    place.prepare(3, 5)
    place.serve(6)
    for what, arguments in (
        ("a mirror", []),
        ("csapi-fetch", ["--fetch-path=" + HERE + "/stand_in.py"]),
        ("csapi-worker", ["--worker-path=" + HERE + "/stand_in.py"]),
        ("a random time", ["--random-delay=86400"]),
    ):
        for number in (signal.SIGTERM, signal.SIGINT):
            place.take_prepared()
            place.rules({"do": "stall"} if what == "a mirror" else {"do": "ok"})
            run = start(place, *arguments, environment={MARK: place.path, "CSAPI_STAND_IN": "hang"})
            time.sleep(0.4)
            begin = time.monotonic()
            run.send_signal(number)
            _, stderr = run.communicate()
            seconds = time.monotonic() - begin
            if run.returncode != 10 or len(stderr.splitlines()) != 1 or seconds > 2:
                place.complain(f"signal {number} while it waits for {what}: {run.returncode} after {seconds:.1f} s, {stderr!r}")
            if place.marked():
                place.complain(f"signal {number} while it waits for {what}: left {place.marked()}")
            place.intact(f"signal {number} while it waits for {what}")
            place.tidy(f"signal {number} while it waits for {what}")
            place.done += 1


# ---- a wrong clock -----------------------------------------------------------------------------------------------------


def set_clock(place, seconds):
    """The wall's clock is so far off for all that are told where to read it."""
    path = place.path + "/clock"
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(f"{seconds}\n")
    os.rename(path + ".new", path)
    return {"LD_PRELOAD": place.build + "/test/preload/world.so", "CSAPI_WORLD_CLOCK": path}


def wrong_clock(place):
    """In 1970 and in 2100 it works, and nothing of that time counts afterwards."""
    place.prepare(3, 5)
    for year in (1970, 2100):
        place.take_prepared()
        place.serve(6)
        wrong = set_clock(place, (year - time.gmtime().tm_year) * 31556952 + 86400 * 30)
        place.rules({"do": "status", "status": 429, "retry_after": "600"})
        run = place.update(environment=wrong)
        if run.status != 4:
            place.complain(f"{year}: a mirror that asks to wait: {run}")
        place.rules()
        run = place.update()
        if run.status != 0 or place.version() != 6:
            place.complain(f"a mirror that asked to wait in {year} is left alone: {run}")
        place.take_prepared()
        run = place.update(environment=wrong)
        if run.status != 0 or place.version() != 6 or not (run.result["started"] or "").startswith(str(year)):
            place.complain(f"an update in {year}: {run}")
        for status, arguments in ((9, ["--if-older-than=3600"]), (0, ["--rollback"]), (6, []), (0, ["--force"]), (1, [])):
            run = place.update(*arguments, environment=wrong)
            if run.status != status:
                place.complain(f"{arguments} in {year}: {run}")
        run = place.update("--if-older-than=3600")
        if run.status != 1:
            place.complain(f"it is not due after {year}: {run}")
        place.intact(f"after {year}")
        place.tidy(f"after {year}")
        place.done += 9


def jumping_clock(place):
    """The daemon keeps its rhythm, whatever happens to the wall's clock."""
    place.settings += ["update_interval = 60"]
    place.prepare(3, 5)
    log = place.path + "/log"
    environment = set_clock(place, 0)
    environment["LD_PRELOAD"] = place.build + "/test/preload/hurry.so:" + environment["LD_PRELOAD"]
    daemon = start(place, "--daemon", "--log=" + log, environment=environment | {"CSAPI_HURRY": "200"})

    def runs():
        with contextlib.suppress(FileNotFoundError), open(log, encoding="utf-8") as file:
            return len(re.findall("notice: (?:current|updated): ", file.read()))
        return 0

    def await_runs(number, what):
        end = time.monotonic() + 15
        while runs() < number and time.monotonic() < end:
            time.sleep(0.02)
        if runs() < number:
            place.complain(f"the daemon does not go on {what}: {runs()} runs")

    await_runs(2, "at all")
    for seconds in (2500000000, -1700000000, 4000, -4000, 0) if SOAK else (2500000000, -1700000000):
        set_clock(place, seconds)
        before = runs()
        begin = time.monotonic()
        await_runs(before + 3, f"with a clock that is {seconds} s off")
        if time.monotonic() - begin < 0.3:
            place.complain(f"the daemon hurries with a clock that is {seconds} s off")
        place.done += 3
    daemon.terminate()
    _, stderr = daemon.communicate()
    if daemon.returncode != 0:
        place.complain(f"the daemon ended with {daemon.returncode}: {stderr}")
    place.tidy("after the daemon")


def daemon_and_mirror(place):
    """A mirror that comes and goes, and new versions on request."""
    place.prepare(3)
    log = place.path + "/log"
    daemon = start(place, "--daemon", "--log=" + log)

    def await_line(pattern, number):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(FileNotFoundError), open(log, encoding="utf-8") as file:
                if len(re.findall(pattern, file.read())) >= number:
                    return
            time.sleep(0.02)
        place.complain(f"the daemon did not log {pattern} {number} times")

    await_line("next update in", 1)
    count = 1
    for version in (4, 5, 6):
        place.rules({"do": "close"})
        daemon.send_signal(signal.SIGUSR1)
        count += 1
        await_line("next update in", count)
        await_line("unreachable: ", version - 3)
        place.rules()
        place.serve(version)
        daemon.send_signal(signal.SIGHUP)
        await_line("the configuration was read again", version - 3)
        daemon.send_signal(signal.SIGUSR1)
        count += 1
        await_line("next update in", count)
        if place.version() != version:
            place.complain(f"the daemon has version {place.version()} and not {version}")
        place.intact(f"the daemon at version {version}")
        place.tidy(f"the daemon at version {version}")
        place.done += 2
    daemon.terminate()
    daemon.communicate()
    if daemon.returncode != 0:
        place.complain(f"the daemon ended with {daemon.returncode}")


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
        ("messages", {"failed", "unreachable"}, 5),
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
    for mode, outcomes, version in FETCHES if SOAK else [each for each in FETCHES if "beside" not in each[0]] + [each for each in FETCHES if "beside" in each[0]][::5]:
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
