#!/usr/bin/python3
"""compare.py - what clamscan, clamdscan and csapi-scan say of the same mail, on the same definitions, in numbers.

usage: compare.py --build DIR [--output FILE] [GROUP]...

Every cell is counted in this run, over the test mails that scripts/make-fixtures makes: in each of them lies the EICAR test file, or
something that keeps a scanner from seeing everything. clamscan and clamdscan run as they come, and a second time with every option that
makes them say more (--alert-encrypted, --alert-exceeds-max and so on). Being called something else is no fault: any FOUND counts as told.
"""

import argparse
import collections
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEFINITIONS = os.path.join(ROOT, "share", "definitions")
ALERTS = ["encrypted", "encrypted-archive", "encrypted-doc", "exceeds-max", "broken", "broken-media", "macros"]

# name, what it asks, what counts, where the mails are, below the fixtures
GROUPS = [
    ("formats", "EICAR in archives of all kinds: found", "found", ["formats/*.eml"]),
    ("mime", "EICAR in unusual and broken MIME: found", "found", ["mime/*.eml", "evasion/*/*.eml"]),
    ("encrypted", "Encrypted, nothing to be seen: called clean", "clean", ["codes/encrypted/*.eml"]),
    ("damaged", "Damaged or of an unknown method: called clean", "clean", ["codes/damaged/*/*.eml"]),
    # Beyond what any of them does by default: 2 GiB out of a few bytes, or nested more than a hundred times.
    ("bombs", "Bombs, far beyond every limit: called clean", "clean", ["bombs/deep-m*.eml", "bombs/forty-two.zip", "bombs/two-gib.*", "bombs/chain.gz"]),
]


def run_lines(command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return run.stdout.decode(errors="replace").splitlines()


def judge_clam(lines, paths):
    """Of each path: found, clean or error."""
    answers = dict.fromkeys(paths, "error")
    for line in lines:
        path, _, word = line.rpartition(": ")
        if path in answers:
            answers[path] = "found" if word.endswith(" FOUND") else "clean" if word == "OK" else "error"
    return answers


def clamscan(paths, alerts):
    options = [f"--alert-{word}=yes" for word in ALERTS] if alerts else []
    return judge_clam(run_lines(["clamscan", "--no-summary", "--stdout", f"--database={DEFINITIONS}", *options, *paths]), paths)


class Clamd:
    """A clamd of our own, in Debian's configuration but for places."""

    def __init__(self, place, alerts):
        os.makedirs(place)
        self.conf = os.path.join(place, "clamd.conf")
        lines = [f"LocalSocket {place}/s", f"DatabaseDirectory {DEFINITIONS}", f"TemporaryDirectory {place}", "Foreground yes"]
        if alerts:
            lines += ["AlertEncrypted yes", "AlertEncryptedArchive yes", "AlertEncryptedDoc yes", "AlertExceedsMax yes", "AlertBrokenExecutables yes",
                      "AlertBrokenMedia yes", "AlertOLE2Macros yes"]
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.process = subprocess.Popen(["clamd", f"--config-file={self.conf}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(f"{place}/s"):
            if self.process.poll() is not None:
                sys.exit("compare: clamd ended")
            time.sleep(0.05)

    def scan(self, paths):
        return judge_clam(run_lines(["clamdscan", f"--config-file={self.conf}", "--no-summary", "--stdout", "--fdpass", *paths]), paths)

    def end(self):
        self.process.terminate()
        self.process.wait()


def csapi(build, paths):
    words = {"EC_AV_CLEAN": "clean", "EC_AV_INFECTED": "found", "EC_AV_UNSCANNABLE": "told"}
    lines = run_lines([os.path.join(build, "csapi-scan"), "--private", "--no-progress", f"--definitions={DEFINITIONS}", *paths])
    verdicts = [json.loads(line) for line in lines]
    assert len(verdicts) == len(paths)
    return dict(zip(paths, (words.get(verdict["status"], "error") for verdict in verdicts)))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--output")
    parser.add_argument("groups", nargs="*")
    options = parser.parse_args()
    fixtures = os.path.abspath(os.path.join(options.build, "fixtures"))
    if not os.path.isdir(fixtures):
        subprocess.run([os.path.join(ROOT, "scripts", "make-fixtures"), fixtures], check=True)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        daemons = [Clamd(os.path.join(place, name), name == "alerts") for name in ("usual", "alerts")]
        try:
            for name, text, counted, patterns in GROUPS:
                if options.groups and name not in options.groups:
                    continue
                paths = sorted(path for pattern in patterns for path in glob.glob(os.path.join(fixtures, pattern)))
                # Where it is asked what was found, only what one of them finds: the rest holds nothing to find.
                answers = [clamscan(paths, False), clamscan(paths, True), daemons[0].scan(paths), daemons[1].scan(paths), csapi(options.build, paths)]
                if counted == "found":
                    paths = [path for path in paths if any(answer[path] == "found" for answer in (answers[0], answers[2], answers[4]))]
                counts = [collections.Counter(answer[path] for path in paths) for answer in answers]
                rows.append((text, len(paths), [count[counted] for count in counts]))
        finally:
            for daemon in daemons:
                daemon.end()
    version = run_lines(["clamscan", "--version"])[0].split("/")[0]
    out = "| | mails | clamscan | with all alerts | clamdscan | with all alerts | csapi-scan |\n| --- | --- | --- | --- | --- | --- | --- |\n"
    for text, total, counts in rows:
        out += f"| {text} | {total} | " + " | ".join(map(str, counts)) + " |\n"
    out += f"\n{version} for all of them, {time.strftime('%Y-%m-%d', time.gmtime())}; `make compare`.\n"
    print(out, end="")
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(out)


main()
