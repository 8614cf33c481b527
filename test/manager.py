#!/usr/bin/python3
"""manager.py - plays the service manager for one service: hands sockets over, listens to what it is told, keeps its journal.

usage: manager.py [--listen=PATH]... [--datagram=PATH] [--told=FILE] [--journal=FILE] -- COMMAND [ARGUMENT]...

Sockets are listening ones (--datagram: one that is not), handed over from descriptor 3 on. Each notification becomes a line of
--told, its lines joined by spaces; the file is there when the sockets are. With --journal, standard error is a socket,
named by JOURNAL_STREAM. SIGTERM, SIGHUP and SIGUSR1 are passed on. The exit status is the command's. Used by service.bats.
"""

import argparse
import os
import select
import signal
import socket
import sys

PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def start(arguments, sockets, notify, journal):
    pid = os.fork()
    if pid:
        return pid
    high = [os.dup2(sock.fileno(), 100 + i) for i, sock in enumerate(sockets)]
    for i, fd in enumerate(high):
        os.dup2(fd, 3 + i, inheritable=True)
    if high:
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)), LISTEN_FDNAMES="scanner")
        os.closerange(100, 100 + len(high))
    if notify:
        os.environ["NOTIFY_SOCKET"] = notify
    if journal:
        os.dup2(journal.fileno(), 2)
        status = os.fstat(2)
        os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    os.execv(arguments.command[0], arguments.command)


def bound(path, kind):
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(path)
    if kind == socket.SOCK_STREAM:
        sock.listen(1000)
    return sock


def serve(pid, told, journal, told_file, journal_file):
    """Keeps what comes until the service is gone and has nothing more to say."""
    gone = None
    while True:
        sources = [source for source in (told, journal) if source]
        ready = select.select(sources, [], [], 0 if gone is not None else 0.05)[0]
        for source in ready:
            text = source.recv(65536)
            if source is told:
                told_file.write(text.replace(b"\n", b" ") + b"\n")
                told_file.flush()
            elif text:
                journal_file.write(text)
                journal_file.flush()
            else:
                journal = None
        if gone is not None and not ready:
            return os.waitstatus_to_exitcode(gone)
        if gone is None:
            done, status = os.waitpid(pid, os.WNOHANG)
            gone = status if done else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", action="append", default=[])
    parser.add_argument("--datagram")
    parser.add_argument("--told")
    parser.add_argument("--journal")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    sockets = [bound(path, socket.SOCK_STREAM) for path in arguments.listen]
    if arguments.datagram:
        sockets.append(bound(arguments.datagram, socket.SOCK_DGRAM))
    notify = arguments.told + ".socket" if arguments.told else None
    told = bound(notify, socket.SOCK_DGRAM) if notify else None
    ours, theirs = socket.socketpair() if arguments.journal else (None, None)
    with open(arguments.told or os.devnull, "wb") as told_file, open(arguments.journal or os.devnull, "wb") as journal_file:
        # A signal that comes now must not be lost, nor end us without the service.
        signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
        pid = start(arguments, sockets, notify, theirs)
        for number in PASSED_ON:
            signal.signal(number, lambda number, _: os.kill(pid, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        if theirs:
            theirs.close()
        for sock in sockets:
            sock.close()
        status = serve(pid, told, ours, told_file, journal_file)
    if notify:
        os.unlink(notify)
    sys.exit(status if status >= 0 else 128 - status)


main()
