#!/usr/bin/python3
"""compare.py - what clamscan, clamdscan and csapi-scan say of the same mail, on the same definitions, in numbers.

usage: compare.py --build DIR [--output FILE] [GROUP]...

Every cell is counted in this run, over the test mails that scripts/make-fixtures makes: in each of them lies the EICAR test file, or
something that keeps a scanner from seeing everything. clamscan and clamdscan run as they come, and a second time with every option that
makes them say more (--alert-encrypted, --alert-exceeds-max and so on). amavisd, where it is installed and root runs this, has Debian's
configuration, the decoders that are installed, and the first clamd; it is asked over AM.PDP, and what it lets pass without a mark is clean to it.
Being called something else is no fault: any FOUND counts as told.
"""

import argparse
import base64
import collections
import glob
import json
import os
import pwd
import shutil
import signal
import socket
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
    ("within", "EICAR within documents, disk images, ARJ, scripts, encoded files: found", "found", ["within/mail/eicar/*.eml"]),
    ("mime", "EICAR in unusual and broken MIME: found", "found", ["mime/*.eml", "evasion/*/*.eml"]),
    ("encrypted", "Encrypted, nothing to be seen: called clean", "clean", ["codes/encrypted/*.eml", "within/mail/locked/*.eml"]),
    ("damaged", "Damaged or of an unknown method: called clean", "clean", ["codes/damaged/*/*.eml", "within/mail/unknown/*.eml", "within/mail/damaged/*.eml"]),
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


AMAVISD = """
$daemon_user = $daemon_group = 'amavis'; $MYHOME = '{place}'; $TEMPBASE = '{place}/tmp'; $db_home = '{place}/db'; $pid_file = '{place}/pid'; $lock_file = '{place}/lock';
$QUARANTINEDIR = undef; $myhostname = 'mail.example.org'; $mydomain = 'example.org'; @local_domains_maps = (1);
$max_servers = 1; $max_requests = 1000000; $enable_db = 0; $do_syslog = 0; $log_level = 1; $LOGFILE = '{place}/log';
$inet_socket_port = undef; $unix_socketname = '{place}/s'; $interface_policy{{'SOCK'}} = 'P'; $policy_bank{{'P'}} = {{ protocol => 'AM.PDP' }};
@bypass_virus_checks_maps = (0); @bypass_spam_checks_maps = (1);
$virus_admin = undef; $banned_admin = undef; $virus_quarantine_to = undef; $banned_quarantine_to = undef;
$final_virus_destiny = D_REJECT; $final_banned_destiny = D_REJECT; $final_bad_header_destiny = D_PASS;
@av_scanners = (['clamd', \\&ask_daemon, ["CONTSCAN {{}}\\n", '{clamd}'], qr/\\bOK$/m, qr/\\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m]);
@av_scanners_backup = ();
1;
"""
AMAVISD_MS = 120000


class Amavisd:
    """
    An amavisd in Debian's configuration but for places, and with the clamd given as its only scanner; None where it is not installed. It
    must be root's to start, for it becomes a user of its own. What is rejected is found; what it passes with a mark (an archive that it
    could not take apart) is told.
    """

    def __init__(self, place, clamd):
        for name in ("", "/tmp", "/db"):
            os.makedirs(place + name)
        self.place = place
        self.user = pwd.getpwnam("amavis")
        # It refuses a configuration that its own user could change.
        self.conf = tempfile.NamedTemporaryFile("w", suffix=".conf")
        self.conf.write("use strict;\n" + AMAVISD.format(place=place, clamd=clamd))
        self.conf.flush()
        os.chmod(self.conf.name, 0o644)
        for name in ("", "/tmp", "/db"):
            os.chown(place + name, self.user.pw_uid, self.user.pw_gid)
        self.process = None
        self.started = 0
        self.start()

    def start(self):
        usual = sorted(glob.glob("/etc/amavis/conf.d/*"))
        command = ["amavisd", *(f"-c{path}" for path in usual if os.path.basename(path) != "50-user"), "-c", self.conf.name, "foreground"]
        if os.path.exists(f"{self.place}/s"):
            os.unlink(f"{self.place}/s")
        command = [word for option in command for word in ((option[:2], option[2:]) if option.startswith("-c/") else (option,))]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.started += 1
        for _ in range(600):
            if os.path.exists(f"{self.place}/s"):
                return
            if self.process.poll() is not None:
                sys.exit(f"compare: amavisd ended; see {self.place}/log")
            time.sleep(0.05)
        sys.exit("compare: amavisd does not come")

    def ask(self, data):
        folder = tempfile.mkdtemp(dir=f"{self.place}/tmp")
        with open(f"{folder}/email.txt", "wb") as file:
            file.write(data)
        for path in (folder, f"{folder}/email.txt"):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        request = (f"request=AM.PDP\r\nsender=<ann@example.org>\r\nrecipient=<bob@example.net>\r\ntempdir={folder}\r\ntempdir_removed_by=client\r\n"
                   f"mail_file={folder}/email.txt\r\ndelivery_care_of=client\r\n\r\n")
        reply = b""
        try:
            with socket.socket(socket.AF_UNIX) as there:
                there.settimeout(AMAVISD_MS / 1000)
                there.connect(f"{self.place}/s")
                there.sendall(request.encode())
                while not reply.endswith(b"\n\r\n") and not reply.endswith(b"\n\n"):
                    piece = there.recv(65536)
                    if not piece:
                        break
                    reply += piece
        except OSError:
            pass
        shutil.rmtree(folder, ignore_errors=True)
        return reply.decode(errors="replace")

    def judge(self, data):
        reply = self.ask(data)
        if "return_value=" not in reply:
            # It may have been killed by what it was given: the next one gets a new one.
            if self.process.poll() is not None or not os.path.exists(f"{self.place}/s"):
                self.end()
                self.start()
            return "error"
        if "return_value=continue" in reply:
            return "told" if "X-Amavis-Alert" in reply or "UNCHECKED" in reply.upper() else "clean"
        return "found" if "INFECTED" in reply.upper() else "told"

    def scan(self, paths):
        answers = {}
        for path in paths:
            with open(path, "rb") as file:
                data = file.read()
            if not path.endswith(".eml"):
                data = (b"From: ann@example.org\nTo: bob@example.net\nSubject: a file\nDate: Mon, 01 Jan 2024 12:00:00 +0000\nMIME-Version: 1.0\n"
                        b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\""
                        + os.path.basename(path).encode() + b"\"\n\n" + base64.encodebytes(data))
            answers[path] = self.judge(data)
        return answers

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        except ProcessLookupError:
            pass


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
    parser.add_argument("--verbose", action="store_true", help="all answers of amavisd, and how often it had to be started")
    parser.add_argument("groups", nargs="*")
    options = parser.parse_args()
    fixtures = os.path.abspath(os.path.join(options.build, "fixtures"))
    rows = []
    with tempfile.TemporaryDirectory() as place:
        # Those of the tests are made by whoever holds their lock.
        if not os.path.exists(os.path.join(fixtures, "stamp")):
            fixtures = os.path.join(place, "fixtures")
            subprocess.run([os.path.join(ROOT, "scripts", "make-fixtures"), fixtures], check=True)
        os.chmod(place, 0o755)
        daemons = [Clamd(os.path.join(place, name), name == "alerts") for name in ("usual", "alerts")]
        amavisd = None
        if os.geteuid() == 0 and shutil.which("amavisd"):
            amavisd = Amavisd(os.path.join(place, "amavisd"), os.path.join(place, "usual", "s"))
            daemons.insert(0, amavisd)
        try:
            for name, text, counted, patterns in GROUPS:
                if options.groups and name not in options.groups:
                    continue
                paths = sorted(path for pattern in patterns for path in glob.glob(os.path.join(fixtures, pattern)))
                # Where it is asked what was found, only what one of them finds without its alerts: the rest holds nothing to find.
                answers = [clamscan(paths, False), clamscan(paths, True), daemons[-2].scan(paths), daemons[-1].scan(paths), csapi(options.build, paths)]
                if amavisd:
                    answers.insert(4, amavisd.scan(paths))
                if counted == "found":
                    paths = [path for path in paths if any(answer[path] == "found" for answer in answers[::2] + answers[-1:])]
                counts = [collections.Counter(answer[path] for path in paths) for answer in answers]
                if options.verbose and amavisd:
                    print(name, "amavisd:", dict(counts[4]), file=sys.stderr)
                row = [count[counted] for count in counts]
                if not amavisd:
                    row.insert(4, "-")
                rows.append((text, len(paths), row))
        finally:
            for daemon in daemons:
                daemon.end()
            if options.verbose and amavisd:
                print(f"amavisd was started {amavisd.started} times", file=sys.stderr)
    version = run_lines(["clamscan", "--version"])[0].split("/")[0]
    out = "| | mails | clamscan | with all alerts | clamdscan | with all alerts | amavisd | csapi-scan |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n"
    for text, total, counts in rows:
        out += f"| {text} | {total} | " + " | ".join(map(str, counts)) + " |\n"
    about = run_lines(["amavisd", "-V"])[0].split(" (")[0].replace("amavis-", "amavis ").replace("amavisd-new-", "amavis ") if rows and rows[0][2][4] != "-" else "no amavisd"
    out += f"\n{version} for all of them, {about}, {time.strftime('%Y-%m-%d', time.gmtime())}; `make compare`.\n"
    print(out, end="")
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(out)


main()
