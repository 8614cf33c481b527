"""process - what processes cost, from /proc: their tree, CPU time and memory. For test/bench/run.py."""

import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """The fields of /proc/PID/stat after the name, or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return None


def tree(root):
    """The process and all below it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(name)
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(name))
    found = [root]
    for pid in found:
        found += parents.get(pid, [])
    return found


def cpu_seconds(root):
    """User and system time of the processes that live, and of those that ended below `root` and were waited for."""
    total = 0
    for pid in tree(root):
        fields = stat(pid)
        if fields:
            total += sum(int(fields[at]) for at in ((11, 12, 13, 14) if pid == root else (11, 12)))
    return total / TICK


def memory_mb(root):
    """Proportional set size of the process and all below it: what is shared counts once. None where it may not be read."""
    total = 0
    for pid in tree(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        except PermissionError:
            return None
    return total / 1024


def zygote(root):
    """The scanner's child that holds the engine and makes the workers: it leads a group of its own."""
    for pid in tree(root):
        fields = stat(pid)
        if pid != root and fields and int(fields[2]) == pid:
            return pid
    return None


class Peak:
    """The most memory that processes held while the block ran, looked at several times a second."""

    def __init__(self, root, pause=0.1):
        self.root, self.pause = root, pause
        self.most = self.first = None
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.done.is_set():
            now = memory_mb(self.root)
            if now is not None:
                self.first = self.first or now
                self.most = max(self.most or 0, now)
            self.done.wait(self.pause)

    def __enter__(self):
        self.begin = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.seconds = time.monotonic() - self.begin
