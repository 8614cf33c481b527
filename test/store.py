#!/usr/bin/python3
"""store.py - sets of definitions that can be told apart, and a store in which they come and go faster than any update makes them.

usage: store.py set DIRECTORY NUMBER        a directory with the files of set NUMBER
       store.py message FILE                a message with the markers of all sets
       store.py use STORE NUMBER            makes the set, and puts it in use: the link is replaced by rename
       store.py prune STORE                 removes all sets but the one in use and those that are read; prints what is left
       store.py churn STORE FILE            use and prune in a loop until FILE is there; prints how many sets were made, removed, and found in use by readers
       store.py check                       reads verdicts on that message, one a line: each has exactly the findings of the set that it names

Set N has the signatures Marker-M-A and Marker-M-B, M = N modulo 8, in two files, and one more that finds the EICAR test file.
"""
import fcntl
import itertools
import json
import os
import shutil
import sys

MARKERS = 8


def marker(number, letter):
    return "csapi-set-%d-%s-6f1d" % (number, letter)


def make_set(path, number):
    os.makedirs(path)
    number %= MARKERS
    for letter in "AB":
        with open("%s/marker-%s.ndb" % (path, letter.lower()), "w", encoding="ascii") as file:
            file.write("Marker-%d-%s:0:*:%s\n" % (number, letter, marker(number, letter).encode().hex()))
    with open(path + "/test.ndb", "w", encoding="ascii") as file:
        file.write("Eicar-Test-Signature:0:*:%s\n" % ("EICAR-STANDARD" + "-ANTIVIRUS-TEST-FILE").encode().hex())


def make_message(path):
    with open(path, "w", encoding="ascii") as file:
        file.write("From: a@example.org\nTo: b@example.org\nSubject: all markers\n\n")
        for number, letter in itertools.product(range(MARKERS), "AB"):
            file.write(marker(number, letter) + "\n")


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


def check():
    seen, bad = set(), 0
    for line in sys.stdin:
        if not line.startswith("{"):
            continue
        verdict = json.loads(line)
        source = (verdict["definitions"] or {"source": "?"})["source"]
        name = os.path.basename(source)
        number = int(name) % MARKERS if name.isdigit() else -1
        found = sorted({virus["name"] for virus in verdict["viruses"]})
        if found != ["Marker-%d-A" % number, "Marker-%d-B" % number]:
            bad += 1
            print("%s found %s: %s %s" % (source, found, verdict["status"], verdict["info"]), file=sys.stderr)
        seen.add(source)
    print(json.dumps({"sets": len(seen), "bad": bad}))
    return bad != 0


def main():
    task, *words = sys.argv[1:]
    if task == "set":
        make_set(words[0], int(words[1]))
    elif task == "message":
        make_message(words[0])
    elif task == "use":
        use(words[0], int(words[1]))
    elif task == "prune":
        prune(words[0])
        print(" ".join(sorted(os.listdir(words[0] + "/versions"))))
    elif task == "churn":
        churn(words[0], words[1])
    else:
        sys.exit(check())


main()
