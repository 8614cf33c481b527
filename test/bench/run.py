#!/usr/bin/python3
"""run - measures csapi against clamd, clamdscan and clamscan, side by side on one machine in one run.

    run.py --build=DIR --output=DIR [--signatures=N] [--messages=N] [--rounds=N] [--calls=N] [--only=PHASE,...]

It makes its own definitions and mail, starts both daemons on them, and measures by turns: each round has every side once, in
another order. Every verdict is compared, message for message, with that of the other side and with what was planted; one
difference fails the run. `raw.jsonl` in the output directory holds all single figures; report.py makes the table and the plot of it.

Only ratios within one run say something. Exit status: 0, 1 when verdicts differ, 2 when something is missing.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import daemons
import process
import report
from daemons import Clamd, Failure, Scanner

HERE = os.path.dirname(os.path.abspath(__file__))
CORES = len(os.sched_getaffinity(0))
SMALL_SET = 20000
PHASES = ("latency", "throughput", "reload", "sandbox", "fork", "clamscan", "private")


# --- what it needs -----------------------------------------------------------------------------------------------

def available_mb():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("MemAvailable"))


def check_machine(arguments, place):
    missing = [name for name in ("clamd", "clamdscan", "clamscan") if not shutil.which(name)]
    if missing:
        raise Failure(f"not installed: {', '.join(missing)} (Debian: clamav, clamav-daemon, clamdscan)")
    # A set of full size takes 0.7 GB on the disk and 1.25 GB in each engine; four of those are the most at once.
    scale = arguments.signatures / 8.7e6
    disk, memory = 500 + 900 * scale + 0.2 * arguments.messages, 500 + 5500 * scale
    free = shutil.disk_usage(place).free / 1e6
    if free < disk:
        raise Failure(f"{place} has {free:.0f} MB left, and {disk:.0f} MB are needed: set TMPDIR to another place")
    if available_mb() < memory:
        raise Failure(f"{available_mb()} MB of memory are available, and {memory:.0f} MB are needed: take fewer SIGNATURES")


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().partition("\n")[0]


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1])
    return {"cores": CORES, "cpu": model.group(1) if model else platform.machine(), "kernel": platform.release(),
            "memory_gb": round(memory / 1048576)}


# --- the run -----------------------------------------------------------------------------------------------------

class Bench:
    """The arguments, the places, and the figures as they come."""

    def __init__(self, arguments, place, scratch):
        self.arguments, self.place, self.scratch, self.build = arguments, place, scratch, os.path.abspath(arguments.build)
        self.tools = os.path.join(self.build, "test", "bench")
        self.corpus = os.path.join(place, "corpus")
        self.messages = os.path.join(self.corpus, "messages")
        self.full = os.path.join(place, "full")
        self.small = os.path.join(place, "small")
        self.rows = []
        self.differences = 0
        self.output = open(os.path.join(arguments.output, "raw.jsonl"), "w", encoding="utf-8")  # pylint: disable=consider-using-with

    def note(self, measure, **figures):
        row = {"measure": measure, **figures}
        self.rows.append(row)
        self.output.write(json.dumps(row) + "\n")
        self.output.flush()

    def say(self, text):
        print(f"{datetime.datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)

    def rounds(self, most=None):
        """The number of each round, and the load before it."""
        for number in range(most or self.arguments.rounds):
            yield number, round(os.getloadavg()[0], 2)

    # --- making ---

    def make(self):
        arguments = self.arguments
        begin = time.monotonic()
        subprocess.run([sys.executable, os.path.join(HERE, "corpus.py"), f"--messages={arguments.messages}",
                        f"--planted-every={arguments.planted_every}", f"--small={arguments.calls * 4 * arguments.rounds + 50}", self.corpus], check=True)
        planted = os.path.join(self.corpus, "signatures")
        for directory, count in ((self.small, min(SMALL_SET, arguments.signatures)), (self.full, arguments.signatures)):
            os.makedirs(directory)
            subprocess.run([os.path.join(self.tools, "definitions"), f"--signatures={count}", directory], check=True)
            for name in os.listdir(planted):
                shutil.copy(os.path.join(planted, name), directory)
        with open(os.path.join(self.corpus, "planted"), encoding="ascii") as file:
            self.planted = dict(line.rstrip("\n").split("\t") for line in file)
        self.names = sorted(os.listdir(self.messages))
        small = os.path.join(self.corpus, "small")
        self.inputs = [os.path.join(small, name) for name in sorted(os.listdir(small))]
        size = sum(os.path.getsize(os.path.join(self.messages, name)) for name in self.names)
        # What was written shall not be on its way to the disk while calls are timed.
        os.sync()
        self.note("corpus", messages=len(self.names), bytes=size, planted=len(self.planted))
        self.say(f"{len(self.names)} messages of {size / 1e6:.0f} MB and {arguments.signatures} signatures "
                 f"made in {time.monotonic() - begin:.0f} s")

    # --- verdicts ---

    def compare(self, side, verdicts, names=None):
        """What was planted was found under its name, and nothing else: on each side, so on both the same."""
        for name in names or self.names:
            expected, found = self.planted.get(name, "clean"), verdicts.get(name, "no verdict")
            if found != expected:
                self.differences += 1
                self.say(f"DIFFERENT: {side} says {found!r} of {name}, and {expected!r} is right")

    def verdicts_csapi(self, text):
        verdicts = {}
        for line in text.splitlines():
            document = json.loads(line)
            status = document["status"]
            verdicts[os.path.basename(document["name"])] = (
                "clean" if status == "EC_AV_CLEAN" else document["info"] if status == "EC_AV_INFECTED" else f"{status} {document['code']}")
        return verdicts

    def verdicts_clam(self, text):
        """Of clamscan and of the raw client, that have a line for each message."""
        verdicts = {}
        for line in text.splitlines():
            path, colon, said = line.partition(": ")
            if colon and path.endswith(".eml"):
                verdicts[os.path.basename(path)] = (
                    "clean" if said == "OK" else said.removesuffix(" FOUND").removesuffix(".UNOFFICIAL") if said.endswith(" FOUND") else said)
        return verdicts

    def verdicts_clamdscan(self, text):
        """It names only what is not clean, and counts the errors."""
        if "Infected files: " not in text or re.search(r"Total errors: [1-9]", text):
            raise Failure(f"clamdscan did not scan all messages:\n{text[-1000:]}")
        return dict.fromkeys(self.names, "clean") | self.verdicts_clam(text)

    # --- one pass over many messages ---

    def run(self, command, daemon=None):
        """Wall clock, CPU of the command and what it started and of the daemon, and what it printed."""
        with tempfile.TemporaryFile("w+", encoding="utf-8", dir=self.place) as answers:
            before = daemon.cpu() if daemon else 0
            begin = time.monotonic()
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=answers, stderr=subprocess.DEVNULL,
                                  env=daemons.quiet_environment()) as child:
                _, _, usage = os.wait4(child.pid, 0)
                wall = time.monotonic() - begin
                child.returncode = 0
            cpu = usage.ru_utime + usage.ru_stime + (daemon.cpu() - before if daemon else 0)
            answers.seek(0)
            return wall, cpu, answers.read()

    def csapi_scan(self, *options):
        return [os.path.join(self.build, "csapi-scan"), "--no-progress", *options]

    def passes(self, clamd, scanner):
        """The ways to have all messages scanned by a daemon: name, command, daemon, reader of its verdicts."""
        files = [os.path.join(self.messages, name) for name in self.names]
        return [
            ("csapi", self.csapi_scan(f"--socket={scanner.socket}", "-r", self.messages), scanner, self.verdicts_csapi),
            ("clamdscan", ["clamdscan", f"--config-file={clamd.config}", "--multiscan", "--fdpass", self.messages],
             clamd, self.verdicts_clamdscan),
            ("raw", [os.path.join(self.tools, "clamd-client"), f"-j{CORES}", clamd.socket, *files], clamd, self.verdicts_clam),
        ]

    # --- phases ---

    def clamd(self, name, definitions):
        return Clamd(self.place, self.scratch, name, definitions, CORES)

    def scanner(self, name, definitions, *options):
        return Scanner(self.place, self.scratch, name, self.build, definitions, CORES, *options)

    def latency(self, set_name, clamd, scanner):
        """Single calls on small messages, each on another one."""
        sides = {"true": ["/bin/true"], "raw": [os.path.join(self.tools, "clamd-client"), clamd.socket],
                 "clamdscan": ["clamdscan", f"--config-file={clamd.config}", "--fdpass", "--no-summary", "{}"],
                 "csapi": self.csapi_scan(f"--socket={scanner.socket}")}
        command = " ::: ".join(" ".join(side) for side in sides.values()).split(" ")
        inputs = os.path.join(self.place, "inputs")
        most = len(sides) * self.arguments.calls
        for number, load in self.rounds():
            # No message twice: clamd's cache would know it.
            with open(inputs, "w", encoding="ascii") as file:
                file.writelines(path + "\n" for path in self.inputs[number * most:(number + 1) * most])
            done = subprocess.run([os.path.join(self.tools, "stopwatch"), str(self.arguments.calls), inputs, *command],
                                  capture_output=True, text=True, check=True, env=daemons.quiet_environment())
            calls = {}
            for line in done.stdout.splitlines():
                which, wall, cpu, status = map(int, line.split())
                if status:
                    raise Failure(f"a call of {list(sides)[which]} on a clean message ended with {status}")
                calls.setdefault(which, []).append((wall, cpu))
            for which, side in enumerate(sides):
                walls, cpus = zip(*calls[which])
                self.note("latency", set=set_name, side=side, round=number, load=load, calls=len(walls),
                          wall_us=report.median(walls), cpu_us=report.median(cpus))
        self.say(f"latency with the {set_name} set measured")

    def small_latency(self):
        with self.clamd("clamd-small", self.small) as clamd, self.scanner("csapi-small", self.small) as scanner:
            self.latency("small", clamd, scanner)

    def throughput(self, clamd, scanner):
        """The whole corpus by turns. clamd starts anew before each pass of its own: its cache knows no message yet."""
        for number, load in self.rounds():
            ways = self.passes(clamd, scanner)
            for side, command, daemon, read in ways[number % 3:] + ways[:number % 3]:
                if daemon is clamd and not (number == 0 and side == "clamdscan"):
                    clamd.stop()
                    clamd.start()
                wall, cpu, text = self.run(command, daemon)
                self.compare(side, read(text))
                self.note("throughput", side=side, round=number, load=load, wall_s=wall, cpu_s=cpu, messages=len(self.names))
                self.note("memory", side=side, round=number, load=load, pss_mb=daemon.memory())
            self.say(f"throughput, round {number + 1} of {self.arguments.rounds}: " + ", ".join(
                f"{row['side']} {row['messages'] / row['wall_s']:.1f}/s" for row in self.rows
                if row["measure"] == "throughput" and row["round"] == number))

    def reload(self, clamd, scanner):
        for number, load in self.rounds(self.arguments.slow_rounds):
            for side, daemon in (("clamd", clamd), ("csapi", scanner)):
                with process.Peak(daemon.pid) as peak:
                    daemon.reload()
                self.note("reload", side=side, round=number, load=load, before_mb=peak.first, peak_mb=peak.most, after_mb=daemon.memory(),
                          seconds=peak.seconds)
        self.say("reload measured")

    def sandbox(self, scanner):
        """The same scanner with and without its sandbox, on a part of the corpus."""
        with self.scanner("csapi-open", self.full, "--isolation=off") as bare:
            names = self.names[:max(10, len(self.names) // 5)]
            files = [os.path.join(self.messages, name) for name in names]
            pair = [("require", scanner), ("off", bare)]
            for number, load in self.rounds():
                for side, daemon in pair[number % 2:] + pair[:number % 2]:
                    wall, cpu, text = self.run(self.csapi_scan(f"--socket={daemon.socket}", *files), daemon)
                    self.compare(f"csapi --isolation={side}", self.verdicts_csapi(text), names)
                    self.note("sandbox", side=side, round=number, load=load, wall_s=wall, cpu_s=cpu)
        self.say("sandbox measured")

    def fork(self):
        """With one message for each worker: how long the call takes that makes one, as strace sees it."""
        if not shutil.which("strace") or os.geteuid():
            self.say("fork is not measured: that takes strace, and root")
            return
        trace = os.path.join(self.place, "fork")
        files = self.inputs[-40:]
        with self.scanner("csapi-strict", self.full, "--messages-per-worker=1") as scanner:
            for number, load in self.rounds():
                with subprocess.Popen(["strace", "-T", "-e", "trace=clone,clone3,fork,vfork", "-o", trace, "-p",
                                       str(process.zygote(scanner.pid))], stderr=subprocess.DEVNULL) as tracer:
                    time.sleep(1)
                    self.run(self.csapi_scan(f"--socket={scanner.socket}", *files))
                    tracer.send_signal(signal.SIGINT)
                with open(trace, encoding="ascii", errors="replace") as file:
                    times = [float(found) * 1000 for found in re.findall(r" = \d+ <([0-9.]+)>$", file.read(), re.M)]
                if not times:
                    raise Failure("strace saw no worker being made")
                self.note("fork", side="csapi", round=number, load=load, forks=len(times), ms=report.median(times), ms_most=max(times))
        self.say("fork measured")

    def clamscan(self, scanner):
        """One message by a program that loads the definitions each time."""
        path = self.inputs[-1]
        for number, load in self.rounds(self.arguments.slow_rounds):
            for side, command in (("clamscan", ["clamscan", "--no-summary", f"--database={self.full}", path]),
                                  ("csapi", self.csapi_scan(f"--socket={scanner.socket}", path))):
                wall, cpu, _ = self.run(command)
                self.note("clamscan", side=side, round=number, load=load, wall_s=wall, cpu_s=cpu)
        self.say("clamscan on one message measured")

    def private(self):
        """All messages in one call, without a daemon."""
        limits = [f"--{key.replace('_', '-')}={value}" for key, value in daemons.LIMITS.items()]
        files = os.path.join(self.place, "files")
        with open(files, "w", encoding="ascii") as file:
            file.writelines(os.path.join(self.messages, name) + "\n" for name in self.names)
        pair = [("csapi", self.csapi_scan("--private", f"--definitions={self.full}", f"--file-base={self.scratch}", *limits, "-jauto",
                                          *(os.path.join(self.messages, name) for name in self.names)), self.verdicts_csapi),
                ("clamscan", ["clamscan", "--no-summary", f"--database={self.full}", f"--tempdir={self.scratch}", f"--file-list={files}",
                              *daemons.CLAMSCAN_LIMITS], self.verdicts_clam)]
        for number, load in self.rounds(self.arguments.slow_rounds):
            for side, command, read in pair[number % 2:] + pair[:number % 2]:
                wall, cpu, text = self.run(command)
                self.compare(side, read(text))
                self.note("private", side=side, round=number, load=load, wall_s=wall, cpu_s=cpu)
        self.say("one call without a daemon measured")

    def measure(self):
        only = self.arguments.only
        versions = {"csapi": first_line(os.path.join(self.build, "csapi-scan"), "--version").replace("csapi-scan", "csapi"), "clamav": first_line("clamd", "--version")}
        self.note("run", date=f"{datetime.date.today()}", signatures=self.arguments.signatures, rounds=self.arguments.rounds,
                  slow_rounds=self.arguments.slow_rounds or self.arguments.rounds, calls=self.arguments.calls, machine=machine(), versions=versions)
        self.make()
        if "latency" in only:
            self.small_latency()
        if {"latency", "throughput", "reload", "sandbox", "clamscan"} & set(only):
            with self.clamd("clamd", self.full) as clamd, self.scanner("csapi", self.full, "--isolation=require") as scanner:
                self.note("load", clamd_s=clamd.load_seconds, csapi_s=scanner.load_seconds)
                if "latency" in only:
                    self.latency("full", clamd, scanner)
                if "throughput" in only:
                    self.throughput(clamd, scanner)
                if "reload" in only:
                    self.reload(clamd, scanner)
                clamd.stop()
                if "sandbox" in only:
                    self.sandbox(scanner)
                if "clamscan" in only:
                    self.clamscan(scanner)
        if "fork" in only:
            self.fork()
        if "private" in only:
            self.private()
        self.note("verdicts", differences=self.differences)


def arguments_read():
    parser = argparse.ArgumentParser(description="Measure csapi against clamd, clamdscan and clamscan.")
    parser.add_argument("--build", required=True, metavar="DIR")
    parser.add_argument("--output", required=True, metavar="DIR")
    parser.add_argument("--signatures", type=int, default=8700000, metavar="N")
    parser.add_argument("--messages", type=int, default=1000, metavar="N")
    parser.add_argument("--planted-every", type=int, default=50, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--slow-rounds", type=int, metavar="N", help="rounds of what loads definitions each time (default: --rounds)")
    parser.add_argument("--calls", type=int, default=100, metavar="N", help="single calls of each side in a round")
    parser.add_argument("--only", type=lambda text: text.split(","), default=PHASES, metavar="PHASE,...", help=", ".join(PHASES))
    arguments = parser.parse_args()
    unknown = set(arguments.only) - set(PHASES)
    if unknown:
        parser.error(f"no phase is called {', '.join(sorted(unknown))}")
    return arguments


def main():
    arguments = arguments_read()
    os.makedirs(arguments.output, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    # All sides unpack into memory: none shall win by where its temporary files are.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="csapi-bench.") as place, \
            tempfile.TemporaryDirectory(prefix="csapi-bench.", dir=memory) as scratch:
        # A scanner started by root gives its workers another user, who must come through.
        os.chmod(place, 0o755)
        os.chmod(scratch, 0o755)
        try:
            check_machine(arguments, place)
            bench = Bench(arguments, place, scratch)
            bench.measure()
        except Failure as failure:
            print(f"bench: {failure}", file=sys.stderr)
            return 2
    report.write(arguments.output)
    if bench.differences:
        print(f"bench: {bench.differences} verdicts differ: these figures compare nothing", file=sys.stderr)
    return 1 if bench.differences else 0


if __name__ == "__main__":
    sys.exit(main())
