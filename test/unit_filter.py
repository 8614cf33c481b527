#!/usr/bin/python3
"""unit_filter.py - runs a program under the system call filter that a unit asks systemd for, where no systemd runs.

usage: unit_filter.py UNIT PROGRAM [ARGUMENT]...

Made of SystemCallFilter=, RestrictAddressFamilies=, RestrictNamespaces= and MemoryDenyWriteExecute=, with the groups as systemd-analyze
lists them. What is not allowed fails with EPERM, as SystemCallErrorNumber= says. Of namespaces only unshare and setns are refused.
"""
import ctypes
import errno
import os
import socket
import subprocess
import sys

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
EQUAL, MASKED_EQUAL = 4, 7
PROT_WRITE, PROT_EXEC = 2, 4


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
library.seccomp_init.restype = ctypes.c_void_p


def expand(words):
    calls = set()
    for word in words:
        if word.startswith("@"):
            text = subprocess.run(["systemd-analyze", "syscall-filter", word], check=True, capture_output=True, text=True).stdout
            calls |= expand(line.strip() for line in text.splitlines()[1:] if line.strip() and not line.strip().startswith("#"))
        else:
            calls.add(word)
    return calls


def read_unit(path):
    values = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith("#"):
                values.setdefault(key, []).append(value)
    return values


def allow(context, name, *comparisons):
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number < 0:
        return  # not of this architecture, or newer than the library
    array = (Comparison * max(len(comparisons), 1))(*comparisons)
    error = library.seccomp_rule_add_array(ctypes.c_void_p(context), ctypes.c_uint32(ALLOW), number, len(comparisons), array)
    if error:
        sys.exit("unit_filter: %s: %s" % (name, os.strerror(-error)))


def main():
    unit = read_unit(sys.argv[1])
    calls = set()
    for value in unit["SystemCallFilter"]:
        if value.startswith("~"):
            calls -= expand(value[1:].split())
        else:
            calls |= expand(value.split())
    context = library.seccomp_init(ctypes.c_uint32(REFUSE))
    if unit["RestrictNamespaces"] == ["yes"]:
        calls -= {"unshare", "setns"}
    if unit["MemoryDenyWriteExecute"] == ["yes"]:
        calls -= {"mmap", "mprotect", "pkey_mprotect"}
        allow(context, "mmap", Comparison(2, MASKED_EQUAL, PROT_WRITE, 0))
        allow(context, "mmap", Comparison(2, MASKED_EQUAL, PROT_EXEC, 0))
        allow(context, "mprotect", Comparison(2, MASKED_EQUAL, PROT_EXEC, 0))
    calls -= {"socket"}
    for family in unit["RestrictAddressFamilies"][0].split():
        allow(context, "socket", Comparison(0, EQUAL, getattr(socket, family), 0))
    for name in sorted(calls):
        allow(context, name)
    # By itself it sets no_new_privs first, as the unit does.
    if library.seccomp_load(ctypes.c_void_p(context)):
        sys.exit("unit_filter: the filter is not taken")
    os.execv(sys.argv[2], sys.argv[2:])


main()
