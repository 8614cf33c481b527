#!/usr/bin/python3
"""fetch.py - does a job with csapi-fetch as csapi-update would, and prints its events, one JSON object a line.

usage: fetch.py PROGRAM DIRECTORY [KEY=JSON]...

Files lie in DIRECTORY/incoming, temporary ones in DIRECTORY/tmp. A KEY=JSON sets a member of the job; "mirrors" and "databases" may be
lists of texts. A line "timeout" at the end says that it took longer than $FETCH_PATIENCE seconds (default 60) and was killed. Exit status: that of
the program; 99 where it left the directory for temporary files other than empty.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

JOB = {
    "mirrors": [],
    "databases": ["test"],
    "feeds": [],
    "private": False,
    "incremental": True,
    "check_only": False,
    "dns": None,
    "proxy": None,
    "proxy_user": None,
    "proxy_password": None,
    "user_agent": None,
    "local_address": None,
    "connect_timeout": 5,
    "request_timeout": 5,
    "attempts": 1,
    "max_size": 1 << 30,
}
FEED = {"header": None, "licensed": False, "etag": None, "changed": None}


def whole(job):
    job["mirrors"] = [{"url": each, "cooling": False} if isinstance(each, str) else each for each in job["mirrors"]]
    job["databases"] = [{"name": each, "refused": 0} if isinstance(each, str) else each for each in job["databases"]]
    job["feeds"] = [FEED | {"shown": each["url"].replace("KEY", "***")} | each for each in job["feeds"]]
    return job


def main():
    program, place, *settings = sys.argv[1:]
    job = JOB | {"directory": place + "/incoming", "temporary": place + "/tmp"}
    for setting in settings:
        key, _, value = setting.partition("=")
        job[key] = json.loads(value)
    for name in ("directory", "temporary"):
        os.makedirs(job[name], exist_ok=True)
    ours, theirs = socket.socketpair()
    os.dup2(theirs.fileno(), 3)
    if ours.fileno() == 3 or theirs.fileno() == 3:
        sys.exit("fetch.py: descriptor 3 is taken")
    child = subprocess.Popen([program], pass_fds=[3], stdin=subprocess.DEVNULL, start_new_session=True)
    theirs.close()
    os.close(3)
    ours.sendall(json.dumps(whole(job)).encode() + b"\n")
    end = time.monotonic() + float(os.environ.get("FETCH_PATIENCE", "60"))
    while select.select([ours], [], [], max(0, end - time.monotonic()))[0]:
        data = ours.recv(1 << 16)
        if not data:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        os.killpg(child.pid, signal.SIGKILL)
        print('{"event":"timeout"}')
    status = child.wait()
    if status == 0 and os.listdir(job["temporary"]):
        print("fetch.py: left behind:", os.listdir(job["temporary"]), file=sys.stderr)
        status = 99
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    # Not taken by anything of ours before it is the program's.
    os.dup2(0, 3)
    main()
