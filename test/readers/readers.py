"""readers - other programs that take mail apart, and which messages each of them gets EICAR out of.

For scripts/compare-readings and scripts/seek-misses. READERS maps a name to a function: paths -> the set of those paths that a part which
is EICAR, or a ZIP archive with it, was got out of. `present` gives the names of those that this machine has. Programs that read mail with a
library stand beside this file; each is used as its manual shows. Such a program gets paths, one a line, and writes "PATH <TAB> BASE64" for
each part. None of them is needed to build or to test csapi; on Debian:

  apt-get install libmime-tools-perl libemail-mime-perl php-mailparse ruby-mail libmail-java default-jdk-headless maildrop mblaze mpack \
          ripmime uudeview golang-go golang-github-jhillyerd-enmime-dev
  npm install mailparser postal-mime    (in a directory that NODE_PATH names with its node_modules)
"""

import base64
import email
import email.policy
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("CSAPI_BUILD", f"{ROOT}/build")
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PART_MOST = 1 << 20
# Each section by itself; -x, for all at once, crashes in Debian 12's maildrop.
REFORMIME = "cat >mail; for i in $(reformime -i <mail | sed -n 's/^section: //p'); do reformime -e -s $i <mail >part$i; done"
MAIL_JAR = "/usr/share/java/javax.mail.jar"


def is_eicar(data):
    if data.strip() == EICAR:
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(archive.read(entry).strip() == EICAR for entry in archive.infolist() if entry.file_size < PART_MOST)
    except Exception:
        return False


def listed(command, **environment):
    """A reader that is a program of ours: it gets the paths on its standard input."""
    def read(paths):
        done = subprocess.run(command, input="".join(f"{path}\n" for path in paths).encode(), capture_output=True, check=False,
                              env={**os.environ, **environment})
        found = set()
        for line in done.stdout.splitlines():
            path, _, text = line.partition(b"\t")
            if len(text) < PART_MOST and path.decode() not in found and is_eicar(base64.b64decode(text)):
                found.add(path.decode())
        return found
    return read


def unpacks(command, stdin=False):
    """A program that writes the parts of one message into a directory: {mail} and {place} stand for them."""
    def has(path):
        with tempfile.TemporaryDirectory() as place, open(path, "rb") as mail:
            words = [word.format(mail=path, place=place) for word in command]
            try:
                subprocess.run(words, cwd=place, stdin=mail if stdin else subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
            except subprocess.TimeoutExpired:
                pass
            files = (os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names)
            return any(is_eicar(open(file, "rb").read(PART_MOST)) for file in files if os.path.isfile(file))
    return lambda paths: {path for path in paths if has(path)}


def python_reads(paths):
    return {path for path in paths if python_has(path)}


def python_has(path):
    with open(path, "rb") as file:
        data = file.read()
    for policy in (email.policy.compat32, email.policy.default):
        try:
            for part in email.message_from_bytes(data, policy=policy).walk():
                content = part.get_payload(decode=True)
                if content and is_eicar(content):
                    return True
        except Exception:
            continue
    return False


def clamscan_reads(paths):
    with tempfile.NamedTemporaryFile("w") as names:
        names.write("".join(f"{path}\n" for path in paths))
        names.flush()
        done = subprocess.run(["clamscan", "-i", "--no-summary", "-d", f"{ROOT}/share/definitions", f"--file-list={names.name}"], capture_output=True, text=True, check=False)
    return {line.rsplit(": ", 1)[0] for line in done.stdout.splitlines() if line.endswith(" FOUND")}


def csapi_reads(build, folder):
    """The paths below a folder that csapi-scan calls infected, and how many verdicts there were."""
    done = subprocess.run([f"{build}/csapi-scan", "--no-progress", f"--definitions={ROOT}/share/definitions", "--timeout=60", "-r", folder], capture_output=True, check=False)
    documents = [json.loads(line) for line in done.stdout.decode(errors="replace").splitlines() if line.startswith("{")]
    return {document["name"] for document in documents if document["status"] == "EC_AV_INFECTED"}, len(documents)


def built(command, target):
    """Builds a program that reads mail once, below the build directory; its path."""
    os.makedirs(f"{BUILD}/readers", exist_ok=True)
    subprocess.run(command, cwd=HERE, check=True, capture_output=True, env={**os.environ, "GOPATH": "/usr/share/gocode", "GO111MODULE": "off", "GOCACHE": f"{BUILD}/readers/go"})
    return target


def java_reads(paths):
    place = built(["javac", "-cp", MAIL_JAR, "-d", f"{BUILD}/readers", "JavaMail.java"], f"{BUILD}/readers")
    return listed(["java", "-cp", f"{place}:{MAIL_JAR}:/usr/share/java/javax.activation.jar", "JavaMail"])(paths)


def go_reads(paths):
    return listed([built(["go", "build", "-o", f"{BUILD}/readers/enmime", "enmime.go"], f"{BUILD}/readers/enmime")])(paths)


def there(command):
    return subprocess.run(command, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def program(name):
    return lambda: bool(shutil.which(name))


def said(command):
    """The first number with a point in what a command says."""
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    found = re.search(rb"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0].decode() if found else ""


def packaged(name):
    return f"dpkg-query -W -f '${{Version}}' {name} | sed 's/^[0-9]*://; s/[-+~].*//'"


# Name: what reads, what tells that it is there, and what says its version.
TABLE = {
    "GMime": (unpacks([f"{BUILD}/test/helper/gmime_reader", "{place}"], stdin=True), lambda: os.path.exists(f"{BUILD}/test/helper/gmime_reader"), "pkg-config --modversion gmime-3.0"),
    "Python email": (python_reads, lambda: True, "python3 --version"),
    "clamscan": (clamscan_reads, program("clamscan"), "clamscan --version"),
    "MIME::Parser": (listed(["perl", f"{HERE}/mime_parser.pl"]), lambda: there("perl -MMIME::Parser -e1"), "perl -MMIME::Parser -e 'print MIME::Parser->VERSION'"),
    "Email::MIME": (listed(["perl", f"{HERE}/email_mime.pl"]), lambda: there("perl -MEmail::MIME -e1"), "perl -MEmail::MIME -e 'print Email::MIME->VERSION'"),
    "mailparser": (listed(["node", f"{HERE}/mailparser.js"]), lambda: there("node -e 'require(\"mailparser\")'"), "node -p 'require(\"mailparser/package.json\").version'"),
    "postal-mime": (listed(["node", f"{HERE}/postal_mime.js"]), lambda: there("node -e 'require(\"postal-mime\")'"), "sed -n 's/.*\"version\"//p' $NODE_PATH/postal-mime/package.json"),
    "PHP mailparse": (listed(["php", f"{HERE}/mailparse.php"]), lambda: there("php -m | grep -q mailparse"), "php -r 'echo phpversion(\"mailparse\");'"),
    "Ruby mail": (listed(["ruby", f"{HERE}/mail.rb"]), lambda: there("ruby -rmail -e1"), "ruby -rmail -e 'puts Mail::VERSION.version'"),
    "JavaMail": (java_reads, lambda: os.path.exists(MAIL_JAR) and there("javac -version"), packaged("libmail-java")),
    "enmime": (go_reads, lambda: there("go version") and os.path.isdir("/usr/share/gocode/src/github.com/jhillyerd/enmime"), packaged("golang-github-jhillyerd-enmime-dev")),
    "ripmime": (unpacks(["ripmime", "-i", "{mail}", "-d", "{place}"]), program("ripmime"), packaged("ripmime")),
    "munpack": (unpacks(["munpack", "-q", "-t", "-C", "{place}", "{mail}"]), program("munpack"), packaged("mpack")),
    "reformime": (unpacks(["sh", "-c", REFORMIME], stdin=True), program("reformime"), packaged("maildrop")),
    "mshow": (unpacks(["mshow", "-x", "{mail}"]), program("mshow"), packaged("mblaze")),
    "uudeview": (unpacks(["uudeview", "-i", "+a", "-p", "{place}", "{mail}"]), program("uudeview"), packaged("uudeview")),
}
READERS = {name: read for name, (read, _, _) in TABLE.items()}


def present():
    return [name for name, (_, check, _) in TABLE.items() if check()]


def version(name):
    return said(TABLE[name][2])
