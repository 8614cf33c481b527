#!/usr/bin/python3
"""repair - messages for test/disinfect.bats, and what must be left of them.

usage: repair.py make DIR FIXTURES        writes the messages
       repair.py same BEFORE AFTER N...   all but the parts N (from 1) of the outermost multipart are byte for byte the same
       repair.py changed BEFORE AFTER     prints the numbers of the parts that differ
       repair.py part FILE N              the decoded content of that part
"""

import email
import email.policy
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "test", "fixture"))
sys.dont_write_bytecode = True

import containers as c  # noqa: E402
import messages as m  # noqa: E402

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
MARKER = b"csapi-marker-" + b"body-6f1d"


def pieces(data):
    """The head of a message, each part with the line end behind it, and what follows, all as bytes."""
    head = re.match(rb"(?s).*?\r?\n\r?\n", data).group(0)
    boundary = re.search(rb'boundary="?([^"\r\n;]+)"?', head).group(1)
    delimiter = re.compile(rb"(?m)^--" + re.escape(boundary) + rb"(?:--)?[ \t]*\r?\n?")
    marks = list(delimiter.finditer(data, len(head)))
    found = [data[:marks[0].end()]]
    for one, other in zip(marks, marks[1:]):
        found.append(data[one.end():other.start()])
        found.append(data[other.start():other.end()])
    return found, data[marks[-1].end():]


def changed(before, after):
    (old, old_tail), (new, new_tail) = pieces(before), pieces(after)
    if len(old) != len(new):
        sys.exit(f"{len(old) // 2} parts became {len(new) // 2}")
    numbers = []
    for number, (one, other) in enumerate(zip(old, new)):
        if one == other:
            continue
        if number % 2 == 0:
            sys.exit(f"what is no part changed: {one!r} became {other!r}")
        numbers.append(number // 2 + 1)
    if old_tail != new_tail:
        sys.exit("what stands behind the parts changed")
    return numbers


def read(path):
    with open(path, "rb") as file:
        return file.read()


def part(path, number):
    message = email.message_from_bytes(read(path), policy=email.policy.compat32)
    return message.get_payload()[number - 1].get_payload(decode=True)


def carrying(name, data, boundary=m.BOUNDARY):
    """Four parts, of which the third is the attachment, with odd white space around them."""
    return m.header() + b'X-Odd:   kept  \n' + m.multipart([
        m.text("Hello,\n\n  with   blanks  \n.\n..dots\n"), m.text("<p>Also &eacute; kept</p>\n", "text/html"),
        m.attachment(name, data), m.text("Bye.\n")], boundary=boundary) + b"an epilogue\n"


def signed(kind, item):
    return m.header("Signed") + (
        f'Content-Type: multipart/signed; protocol="application/{kind}-signature"; boundary="s"\n\n').encode() + \
        b"--s\n" + item + b"\n--s\nContent-Type: application/" + kind.encode() + b"-signature\n\nsignature\n--s--\n"


def make(directory, fixtures):
    def put(name, data):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)

    eicar = m.attachment("eicar.com", EICAR)
    infected = c.zip_archive([c.Member("a.txt", b"kept"), c.Member("eicar.com", EICAR), c.Member("b/c.txt", b"kept too")])
    for number, path in enumerate(sorted(os.listdir(os.path.join(fixtures, "formats")))):
        data = read(os.path.join(fixtures, "formats", path))
        if path.endswith(".eml"):
            continue
        message = carrying(path, data)
        put("lf-" + path + ".eml", message)
        # What is in an archive and how lines end have nothing to do with each other: some of each.
        if number % 3 == 0:
            put("crlf-" + path + ".eml", m.crlf(message))
    put("several.eml", m.message([m.text(), eicar, m.attachment("x.zip", infected), m.text("last\n"), eicar]))
    put("single.eml", m.single('Content-Type: application/x-msdos-program; name="eicar.com"\n'
                               "Content-Transfer-Encoding: base64\nContent-Description: gone", m.encoded(EICAR)))
    put("html.eml", m.single("Content-Type: text/html", b"<html>" + MARKER + b"</html>\n"))
    put("inner.eml", m.message([m.text(), m.part("Content-Type: message/rfc822", carrying("x.zip", infected, "inner")),
                                m.text("behind\n")]))
    put("encoded.eml", m.message([m.text(), m.part("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64",
                                                   m.encoded(m.crlf(carrying("x.zip", infected)))), m.text("behind\n")]))
    put("in-archive.eml", carrying("mail.zip", c.zip_of("mail.eml", carrying("eicar.com", EICAR))))
    put("deep.eml", carrying("a.zip", c.zip_of("b.zip", c.zip_of("c.zip", infected))))
    put("quoted.eml", m.message([m.text(), m.part(
        'Content-Type: application/zip; name="x.zip"\nContent-Transfer-Encoding: quoted-printable',
        m.quoted(infected)), m.text("last\n")]))
    put("binary.eml", m.message([m.text(), m.part(
        'Content-Type: application/zip; name="x.zip"\nContent-Transfer-Encoding: binary', infected), m.text("last\n")]))
    put("dkim.eml", b"DKIM-Signature: v=1; a=rsa-sha256;\n\tbh=x; b=y\nARC-Seal: i=1; a=rsa-sha256; b=z\n" +
        carrying("eicar.com", EICAR))
    put("pgp.eml", signed("pgp", eicar))
    put("smime.eml", signed("pkcs7", eicar))
    put("encrypted.eml", carrying("secret.zip", read(os.path.join(fixtures, "codes/encrypted/aes.zip"))))
    put("encrypted-single.eml", m.single("Content-Type: application/zip\nContent-Transfer-Encoding: base64",
                                         m.encoded(read(os.path.join(fixtures, "codes/encrypted/aes.zip")))))
    put("malformed.eml", carrying("broken.zip", read(os.path.join(fixtures, "codes/damaged/malformed/truncated.zip"))))
    put("both.eml", m.message([m.text(), eicar, m.attachment(
        "secret.zip", read(os.path.join(fixtures, "codes/encrypted/aes.zip")))]))
    dotted = carrying("x.zip", infected)
    put("wire.eml", m.crlf(re.sub(rb"(?m)^\.", b"..", dotted)) + b".\r\n")
    put("named.eml", carrying(MARKER.decode() + ".com", EICAR))
    put("header.eml", m.header("A subject with " + MARKER.decode()) + b"\nA body.\n")
    put("field.eml", b"Received: from a by b; Mon, 01 Jan 2024 12:00:00 +0000\nX-Mailer: " + MARKER + b"\n" +
        m.message([m.text(), m.attachment("notes.txt", b"kept\n")]))
    put("sender.eml", m.single("X-Mailer: x", b"A body.\n").replace(b"Ann Example", MARKER, 1))
    put("nothing.eml", m.header("A subject with " + MARKER.decode()))
    put("utf8.eml", carrying("r\u00e9sum\u00e9 \u202egpj.com", EICAR))
    # 4 MiB that do not shrink, eight times: a large dictionary holds them once, deflate does not.
    noise = os.urandom(1 << 20) * 40
    put("large.eml", carrying("large.zip", c.zip_archive([c.Member("noise", noise, "xz"), c.Member("eicar.com", EICAR)])))
    mails = [m.message([m.text("one\n")]), m.message([m.text(), eicar]), m.single("Content-Type: text/plain", b"three\n")]
    put("mailbox", b"\n".join(b"From ann@example.org Mon Jan  1 12:00:00 2024\n" + mail for mail in mails))
    put("mailbox-single", b"\n".join(b"From ann@example.org Mon Jan  1 12:00:00 2024\n" + mail for mail in [
        mails[0], m.single("Content-Transfer-Encoding: base64", m.encoded(EICAR)), mails[2]]))
    put("archive.zip", infected)
    put("eicar.com", EICAR)


def main():
    word, *arguments = sys.argv[1:]
    if word == "make":
        make(*arguments)
    elif word == "changed":
        print(*changed(*map(read, arguments)))
    elif word == "same":
        got = changed(read(arguments[0]), read(arguments[1]))
        if got != [int(number) for number in arguments[2:]]:
            sys.exit(f"parts {got} changed")
    elif word == "part":
        sys.stdout.buffer.write(part(arguments[0], int(arguments[1])))
    else:
        sys.exit(__doc__)


main()
