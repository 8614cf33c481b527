#!/usr/bin/python3
"""store.py - sets of definitions that can be told apart, and a store in which they come and go faster than any update makes them.

usage: store.py set DIRECTORY NUMBER        a directory with the files of set NUMBER
       store.py message FILE [TEXT]         a message with the markers of all sets, and maybe an encoded part with this text
       store.py use STORE NUMBER            makes the set, and puts it in use: the link is replaced by rename
       store.py prune STORE                 removes all sets but the one in use and those that are read; prints what is left
       store.py churn STORE FILE            use and prune in a loop until FILE is there; prints how many sets were made, removed, and found
                                            in use by readers
       store.py map STORE                   NAME NUMBER VERSION of all sets in the store, whatever they are called
       store.py check [MAP]                 reads verdicts on that message, one a line: each has exactly the findings of the set that it
                                            names, or is an error and has none, and, if there is such a map, that set's version; without one
                                            sets are called by their number

Set N has the signatures Marker-M-A and Marker-M-B, M = N modulo 8, in two files, and one more that finds the EICAR test file. Its files are
from the Nth day after 2020-12-31, so its version tells N too.
"""
import base64
import datetime
import fcntl
import itertools
import json
import os
import shutil
import sys

MARKERS = 8
FIRST_DAY = datetime.datetime(2020, 12, 31, 12, tzinfo=datetime.timezone.utc)


def marker(number, letter):
    return "csapi-set-%d-%s-6f1d" % (number, letter)


def make_set(path, number):
    os.makedirs(path)
    day = FIRST_DAY + datetime.timedelta(days=number)
    number %= MARKERS
    for letter in "AB":
        with open("%s/marker-%s.ndb" % (path, letter.lower()), "w", encoding="ascii") as file:
            file.write("Marker-%d-%s:0:*:%s\n" % (number, letter, marker(number, letter).encode().hex()))
    with open(path + "/test.ndb", "w", encoding="ascii") as file:
        file.write("Eicar-Test-Signature:0:*:%s\n" % ("EICAR-STANDARD" + "-ANTIVIRUS-TEST-FILE").encode().hex())
    for name in os.listdir(path):
        os.utime(path + "/" + name, (day.timestamp(), day.timestamp()))


def make_message(path, text=None):
    head = "From: a@example.org\nTo: b@example.org\nSubject: all markers\n"
    body = "".join(marker(number, letter) + "\n" for number, letter in itertools.product(range(MARKERS), "AB"))
    if text is None:
        content = head + "\n" + body
    else:
        encoded = base64.b64encode(text.encode()).decode()
        content = (head + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n"
                   "--m\nContent-Type: text/plain\n\n" + body +
                   "--m\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n" + encoded + "\n--m--\n")
    with open(path, "w", encoding="ascii") as file:
        file.write(content)


def use(store, number):
    """Moved to its place when it is whole, then one rename of the link."""
    os.makedirs(store + "/versions", exist_ok=True)
    shutil.rmtree(store + "/incoming", ignore_errors=True)
    make_set(store + "/incoming", number)
    os.rename(store + "/incoming", "%s/versions/%d" % (store, number))
    os.symlink("versions/%d" % number, store + "/next")
    os.rename(store + "/next", store + "/current")


def remove(store, name):
    """False: somebody reads it."""
    path = "%s/versions/%s" % (store, name)
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(path, store + "/away")
        shutil.rmtree(store + "/away")
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(directory)


def prune(store):
    current = os.path.basename(os.readlink(store + "/current"))
    return [remove(store, name) for name in os.listdir(store + "/versions") if name != current]


def churn(store, until):
    made, removed, held = 0, 0, 0
    while not os.path.exists(until):
        made += 1
        use(store, 100 + made)
        gone = prune(store)
        removed += gone.count(True)
        held += gone.count(False)
    print(json.dumps({"made": made, "removed": removed, "held": held}))


def map_sets(store):
    for name in sorted(os.listdir(store + "/versions")):
        path = "%s/versions/%s/marker-a.ndb" % (store, name)
        built = datetime.datetime.fromtimestamp(os.stat(path).st_mtime, datetime.timezone.utc)
        number = (built - FIRST_DAY).days
        with open(path, encoding="ascii") as file:
            if not file.read().startswith("Marker-%d-A:" % (number % MARKERS)):
                sys.exit("%s is not of set %d" % (path, number))
        print(name, number, built.strftime("%Y%m%d.000"))


def read_map(path):
    known = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            name, number, version = line.split()
            known[name] = (int(number), version)
    return known


def check(known):
    seen, bad, count, again, errors = set(), 0, 0, 0, 0
    for line in sys.stdin:
        if not line.startswith("{"):
            continue
        verdict = json.loads(line)
        source = (verdict["definitions"] or {"source": "?"})["source"]
        name = os.path.basename(source)
        number, version = known.get(name, (None, None)) if known is not None else (int(name) if name.isdigit() else None, None)
        found = sorted({virus["name"] for virus in verdict["viruses"]})
        wanted = [] if number is None else ["Marker-%d-%s" % (number % MARKERS, letter) for letter in "AB"]
        error = verdict["status"] in ("EC_AV_ERROR", "EC_AV_UNSCANNABLE")
        good = number is not None and (found == wanted or (error and not found))
        errors += error
        if not good or (version and verdict["definitions"]["version"] != version):
            bad += 1
            print("set %s found %s: %s" % (number, found, line.strip()[:500]), file=sys.stderr)
        seen.add(source)
        count += 1
        again += verdict["attempts"] > 1
    print(json.dumps({"verdicts": count, "sets": len(seen), "bad": bad, "again": again, "errors": errors}))
    return bad != 0


def main():
    task, *words = sys.argv[1:]
    if task == "set":
        make_set(words[0], int(words[1]))
    elif task == "message":
        make_message(*words)
    elif task == "use":
        use(words[0], int(words[1]))
    elif task == "prune":
        prune(words[0])
        print(" ".join(sorted(os.listdir(words[0] + "/versions"))))
    elif task == "churn":
        churn(words[0], words[1])
    elif task == "map":
        map_sets(words[0])
    else:
        sys.exit(check(read_map(words[0]) if words else None))


main()
