#!/usr/bin/python3
"""filter_driver.py - speaks smtpd-filters(7) to a filter in smtpd's place: filter_driver.py OUT MESSAGE... -- FILTER ARGUMENT...

Hands over all messages at once, a line of each in turn, as smtpd does with several sessions. For each message prints the answer to its commit, and
writes the lines that came back, without the doubled dots, to OUT/1, OUT/2 and so on.
"""

import subprocess
import sys

arguments = sys.argv[1:]
split = arguments.index("--")
directory, names, command = arguments[0], arguments[1:split], arguments[split + 1 :]
process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def tell(*words):
    process.stdin.write(b"|".join(word if isinstance(word, bytes) else word.encode() for word in words) + b"\n")
    process.stdin.flush()


tell("config", "smtpd-version", "6.8.0p2")
tell("config", "subsystem", "smtp-in")
tell("config", "ready")
registered = set()
while "register|ready" not in registered:
    registered.add(process.stdout.readline().decode().rstrip("\n"))
assert {"register|filter|smtp-in|data-line", "register|filter|smtp-in|commit"} <= registered, registered

messages = []
for n, name in enumerate(names):
    with open(name, "rb") as file:
        lines = file.read().removesuffix(b"\n").split(b"\n")
    messages.append([b"." + line if line.startswith(b".") else line for line in lines] + [b"."])
for n in range(max(map(len, messages))):
    for session, message in enumerate(messages):
        if n < len(message):
            tell("filter", "0.6", "1.5", "smtp-in", "data-line", f"{session:016x}", f"{session + 100:016x}", message[n])

back, answers = [b""] * len(names), [None] * len(names)
while None in answers:
    line = process.stdout.readline()
    assert line, "the filter ended"
    kind, session, token, rest = line.removesuffix(b"\n").split(b"|", 3)
    number = int(session, 16)
    assert int(token, 16) == number + 100, line
    if kind == b"filter-result":
        answers[number] = rest.decode()
    elif rest == b".":
        tell("filter", "0.6", "1.5", "smtp-in", "commit", session, token)
    else:
        back[number] += rest.removeprefix(b".") + b"\n"
for n, (lines, answer) in enumerate(zip(back, answers), 1):
    with open(f"{directory}/{n}", "wb") as file:
        file.write(lines)
    print(answer)
process.stdin.close()
sys.exit(process.wait())
