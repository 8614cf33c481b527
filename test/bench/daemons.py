"""daemons - starts clamd and csapi-scanner on the same definitions, with the same limits, and ends them. For test/bench/run.py.

clamd has a configuration and a socket of its own; the clamd of the system, if there is one, is left alone.
"""

import json
import os
import socket
import subprocess
import time

import process

# The limits of csapi, given to clamd too: none of them is met by the corpus, so both sides see every byte.
MB = 1024 * 1024
LIMITS = {"max_extract_size": 100 * MB, "max_cumulative_extract_size": 200 * MB, "max_file_count": 5000, "timeout": 120}
CLAMD_LIMITS = {"MaxFileSize": 100 * MB, "MaxScanSize": 200 * MB, "MaxFiles": 5000, "MaxRecursion": 34, "MaxScanTime": 120000,
                "StreamMaxLength": 100 * MB, "MaxEmbeddedPE": 100 * MB, "MaxHTMLNormalize": 100 * MB, "MaxHTMLNoTags": 100 * MB,
                "MaxScriptNormalize": 100 * MB, "PCREMaxFileSize": 100 * MB}
CLAMSCAN_LIMITS = ["--max-filesize=100M", "--max-scansize=200M", "--max-files=5000", "--max-recursion=34", "--max-scantime=120000",
                   "--max-embeddedpe=100M", "--max-htmlnormalize=100M", "--max-htmlnotags=100M", "--max-scriptnormalize=100M",
                   "--pcre-max-filesize=100M"]
START_SECONDS = 300
STOP_SECONDS = 30


class Failure(Exception):
    """The benchmark cannot go on; the text says why."""


def quiet_environment():
    """The same for all programs: no scanner is found by chance, no locale is loaded."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Daemon:
    """A server with a socket in a directory of its own; what it unpacks goes to `scratch`."""

    def __init__(self, directory, scratch, name):
        self.directory, self.scratch = os.path.join(directory, name), os.path.join(scratch, name)
        for path in (self.directory, self.scratch):
            os.makedirs(path, exist_ok=True)
        self.socket = os.path.join(self.directory, "socket")
        self.log = os.path.join(self.directory, "log")
        self.child, self.trouble = None, ""

    def launch(self, command):
        begin = time.monotonic()
        with open(self.log, "ab") as log:
            # pylint: disable=consider-using-with
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=quiet_environment())
        while not self.ready():
            if self.child.poll() is not None or time.monotonic() - begin > START_SECONDS:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise Failure(f"{command[0]} does not get ready: {self.trouble}\n{log.read()[-2000:]}")
            time.sleep(0.05)
        self.load_seconds = time.monotonic() - begin

    @property
    def pid(self):
        return self.child.pid

    def cpu(self):
        return process.cpu_seconds(self.pid)

    def memory(self):
        return process.memory_mb(self.pid)

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.child = None
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()


class Clamd(Daemon):
    """clamd as it comes, with its cache: what is measured starts it anew where the cache would know the answer."""

    def __init__(self, directory, scratch, name, definitions, threads):
        super().__init__(directory, scratch, name)
        self.config = os.path.join(self.directory, "clamd.conf")
        settings = {"Foreground": "yes", "LocalSocket": self.socket, "DatabaseDirectory": definitions, "MaxThreads": threads,
                    "TemporaryDirectory": self.scratch, "LogTime": "yes", "AlertExceedsMax": "yes",
                    "AlertEncrypted": "yes", "MaxQueue": 200} | CLAMD_LIMITS
        with open(self.config, "w", encoding="ascii") as file:
            file.writelines(f"{key} {value}\n" for key, value in settings.items())

    def start(self):
        self.launch(["clamd", f"--config-file={self.config}"])

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(60)
            line.connect(self.socket)
            line.sendall(b"z" + command + b"\0")
            return line.recv(256)

    def ready(self):
        try:
            return self.ask(b"PING").startswith(b"PONG")
        except OSError:
            return False

    def loads(self):
        """How often it said that it loaded definitions beside those in use."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read().count("Database correctly reloaded")

    def reload(self):
        before = self.loads()
        subprocess.run(["clamdscan", f"--config-file={self.config}", "--reload"], check=True, stdout=subprocess.DEVNULL)
        begin = time.monotonic()
        while self.loads() == before:
            if time.monotonic() - begin > START_SECONDS:
                raise Failure("clamd does not reload")
            time.sleep(0.05)


class Scanner(Daemon):
    """csapi-scanner, resident."""

    def __init__(self, directory, scratch, name, build, definitions, workers, *options):
        super().__init__(directory, scratch, name)
        self.program = os.path.join(build, "csapi-scanner")
        self.definitions = definitions
        # A round sees the messages of the round before: what is measured is scans.
        self.options = [f"--max-concurrency={workers}", "--cache-size=0", *options]

    def start(self):
        limits = [f"--{key.replace('_', '-')}={value}" for key, value in LIMITS.items()]
        self.launch([self.program, f"--listen={self.socket}", f"--definitions={self.definitions}", "--scanner-log=stderr",
                     f"--file-base={self.scratch}", *limits, *self.options])

    def command(self, word):
        done = subprocess.run([self.program, word, f"--socket={self.socket}", "--format=json"], capture_output=True, text=True,
                              check=False, timeout=START_SECONDS, env=quiet_environment())
        self.trouble = done.stderr
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout.startswith("{") else None

    def status(self):
        return self.command("status") if os.path.exists(self.socket) else None

    def ready(self):
        status = self.status()
        if status and status["state"] == "failed":
            raise Failure(f"csapi-scanner cannot serve: {status['trouble']}")
        return bool(status) and status["state"] == "ready"

    def reload(self):
        before = self.status()["generation"]
        outcome = self.command("reload")
        if not outcome or not outcome["done"]:
            raise Failure(f"csapi-scanner does not reload: {outcome['text'] if outcome else self.trouble}")
        begin = time.monotonic()
        while True:
            status = self.status()
            if status and status["generation"] != before and not status["reloading"]:
                return
            if time.monotonic() - begin > START_SECONDS:
                raise Failure("csapi-scanner does not reload")
            time.sleep(0.05)
