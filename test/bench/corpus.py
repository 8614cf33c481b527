#!/usr/bin/python3
"""corpus - writes mail as a server sees it on a working day, for test/bench/run.py.

    corpus.py [--messages=N] [--seed=N] [--planted-every=N] [--small=N] DIRECTORY

DIRECTORY/messages gets N messages of 2 KB to 5 MB with a heavy tail, about 176 MB for a thousand: text, HTML, PDF, office
documents, photographs, archives, patches, forwarded mail, in base64 and quoted-printable. Every fiftieth carries something
that the signatures in DIRECTORY/signatures find, in another place each time; DIRECTORY/planted names them. DIRECTORY/small
gets short messages, all different, for measuring single calls.

A message depends on the seed and its number only, so the same arguments give the same mail (under the same zlib).
"""

import argparse
import base64
import hashlib
import io
import itertools
import os
import quopri
import random
import struct
import tarfile
import zipfile
import zlib

KB, MB = 1024, 1024 * 1024
DATE = (2026, 3, 2, 9, 30, 0)
UNIX_DATE = 1772443800
# What is planted. Harmless words; the signatures below know them.
MARK = b"csapi-bench-planted-%s-9d41c7"


# --- words -------------------------------------------------------------------------------------------------------

COMMON = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they
which one you were all her she there would their we him been has when who will no more if out so up said what its about
than into them can only other time new some could these two may first then do any like my now over such our man me even
most made after also did many off before must well back through years where much your way down should because each just
those people too mister how little state good make very year still see own work men day get here old life both between
being under three never know same last another while us might great go come since against right came take used himself
few house use place during without again home around small however found mrs part thought went say general once high upon
school every meeting attached report please invoice project customer team update schedule review order question budget
contract delivery account regards thanks monday tuesday friday next week office manager draft version file document""".split()


def vocabulary():
    """Common words, and a tail of rarer ones; the weights fall as in any language."""
    source = random.Random(4711)
    syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "en", "ar", "ion")]
    rare = {"".join(source.choices(syllables, k=source.randint(2, 4))) for _ in range(4000)}
    words = COMMON + sorted(rare)
    return words, list(itertools.accumulate(1 / (rank + 8) for rank in range(len(words))))


WORDS, WEIGHTS = vocabulary()
LETTERS = "éüöäñçß–’“"


def sentences(source, size, accents=False):
    """About `size` characters of prose, one sentence a string."""
    out, total = [], 0
    while total < size:
        words = source.choices(WORDS, cum_weights=WEIGHTS, k=source.randint(5, 18))
        if accents and source.random() < 0.4:
            words[-1] += source.choice(LETTERS)
        text = " ".join(words).capitalize() + source.choice([".", ".", ".", "?", "!"])
        out.append(text)
        total += len(text) + 1
    return out


def prose(source, size, accents=False):
    """Paragraphs of lines of at most 76 characters."""
    lines, line = [], ""
    for number, sentence in enumerate(sentences(source, size, accents)):
        for word in sentence.split(" "):
            if len(line) + len(word) > 75:
                lines.append(line)
                line = ""
            line += (" " if line else "") + word
        if number % 6 == 5:
            lines += [line, ""]
            line = ""
    return "\n".join(lines + [line]) + "\n"


def markup(source, size, image=None):
    """A newsletter's HTML: tables, styles, links, a little script-free prose."""
    host = f"www.{source.choice(WORDS)}-{source.choice(WORDS)}.example"
    out = ["<!DOCTYPE html>\n<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">"
           f"<title>{' '.join(source.choices(WORDS, k=4))}</title>\n<style type=\"text/css\">\n"
           "body { margin: 0; font-family: Arial, sans-serif; } td { padding: 4px 8px; color: #333333; }\n</style></head><body>\n"]
    if image:
        out.append(f'<img src="cid:{image}" alt="logo" width="180" height="60">\n')
    total = 400
    while total < size:
        text = " ".join(sentences(source, source.randint(60, 400)))
        row = (f'<table width="600" cellpadding="0" cellspacing="0" border="0" style="border-collapse: collapse"><tr>'
               f'<td align="left" valign="top" style="font-size: {source.randint(11, 18)}px; line-height: 140%">{text}</td>'
               f'<td><a href="https://{host}/{source.getrandbits(64):016x}?utm_source=mail&amp;id={source.getrandbits(40)}">'
               f'{source.choice(WORDS)}</a></td></tr></table>\n')
        out.append(row)
        total += len(row)
    return "".join(out) + "</body></html>\n"


def table(source, size):
    """A sheet of comma-separated values."""
    out, total = ["id,name,date,amount,remark\n"], 0
    while total < size:
        line = (f"{source.randint(1000, 99999)},{source.choice(WORDS)} {source.choice(WORDS)},2026-{source.randint(1, 12):02}-"
                f"{source.randint(1, 28):02},{source.randint(1, 999999) / 100:.2f},{' '.join(source.choices(WORDS, k=4))}\n")
        out.append(line)
        total += len(line)
    return "".join(out)


def patch(source, size):
    """What a developers' mailing list carries."""
    out, total = [], 0
    while total < size:
        name = source.choice(WORDS)
        out.append(f"diff --git a/src/{name}.c b/src/{name}.c\nindex {source.getrandbits(28):07x}..{source.getrandbits(28):07x} 100644\n"
                   f"--- a/src/{name}.c\n+++ b/src/{name}.c\n@@ -{source.randint(1, 900)},7 +{source.randint(1, 900)},9 @@\n")
        for _ in range(source.randint(4, 30)):
            one, two, three = source.choices(WORDS, k=3)
            out.append(source.choice(" +-") + "\t" * source.randint(1, 3) + source.choice([
                f"if ({one}->{two} < {three})", f"return {one}({two}, &{three});", f"struct {one} *{two} = {three}_new();",
                f"/* {one} {two} {three} */", "}", f"for (int i = 0; i < {one}; i++) {{", f"{one}[{two}] = {three};"]) + "\n")
        total += sum(map(len, out[-30:]))
    return "".join(out)


# --- files -------------------------------------------------------------------------------------------------------

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(source, size):
    """Noise: it does not compress."""
    width = 256
    height = max(1, size // (width * 3))
    rows = b"".join(b"\0" + source.randbytes(width * 3) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def jpeg(source, size):
    """Whole in its segments; the picture is noise."""
    def segment(mark, data):
        return b"\xff" + bytes([mark]) + struct.pack(">H", len(data) + 2) + data
    side = max(8, int((size * 4) ** 0.5)) & 0xFFF8
    head = segment(0xE0, b"JFIF\0\x01\x01\0\0\x48\0\x48\0\0") + segment(0xDB, b"\0" + bytes(range(1, 65)))
    head += segment(0xC0, struct.pack(">BHHB", 8, side, side, 1) + b"\x01\x11\0")
    head += segment(0xC4, b"\0" + bytes([0, 1, 5, 1, 1, 1, 1, 1, 1] + [0] * 7) + bytes(range(12)))
    return b"\xff\xd8" + head + segment(0xDA, b"\x01\x01\0\0\x3f\0") + source.randbytes(size).replace(b"\xff", b"\xfe") + b"\xff\xd9"


def pdf(source, size, plant=b""):
    """Pages of compressed text, and a scanned picture or two when it is large."""
    objects = []

    def stream(data, fields):
        return b"<< " + fields + b" /Length %d >>\nstream\n" % len(data) + data + b"\nendstream"
    pages = max(1, min(60, size // 40000))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R >>")
    kids = b" ".join(b"%d 0 R" % (4 + 2 * page) for page in range(pages))
    objects.append(b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (pages, kids))
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for page in range(pages):
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 595 842 ] /Resources << /Font << /F1 3 0 R >> >> "
                       b"/Contents %d 0 R >>" % (5 + 2 * page))
        lines = prose(source, min(4000, size)).replace("(", "").replace(")", "").split("\n")
        text = "BT /F1 10 Tf 12 TL 50 800 Td\n" + "".join(f"({line}) Tj T*\n" for line in lines) + "ET"
        objects.append(stream(zlib.compress(text.encode("latin-1", "replace") + (b"\n%" + plant if plant and not page else b"")),
                              b"/Filter /FlateDecode"))
    left = size - sum(map(len, objects))
    while left > 2000:
        one = min(left, 400 * KB)
        objects.append(stream(jpeg(source, one), b"/Type /XObject /Subtype /Image /Width 800 /Height 600 /ColorSpace /DeviceGray "
                              b"/BitsPerComponent 8 /Filter /DCTDecode"))
        left -= one
    out, places = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table_at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table_at)


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), UNIX_DATE
            archive.addfile(info, io.BytesIO(data))
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(out.getvalue()) + packer.flush()


def document(source, size):
    """A .docx: XML, and pictures for the rest."""
    text = "".join(f'<w:p><w:r><w:t xml:space="preserve">{line}</w:t></w:r></w:p>' for line in sentences(source, min(size, 200 * KB)))
    xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    name = "http://schemas.openxmlformats.org/"
    members = [
        ("[Content_Types].xml", xml + f'<Types xmlns="{name}package/2006/content-types"><Default Extension="xml" '
         'ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         '<Default Extension="jpeg" ContentType="image/jpeg"/><Override PartName="/word/document.xml" ContentType='
         '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'),
        ("_rels/.rels", xml + f'<Relationships xmlns="{name}package/2006/relationships"><Relationship Id="rId1" '
         f'Type="{name}officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'),
        ("word/document.xml", xml + f'<w:document xmlns:w="{name}wordprocessingml/2006/main"><w:body>{text}</w:body></w:document>')]
    left = size - len(text) // 3
    while left > 4000:
        one = min(left, 300 * KB)
        members.append((f"word/media/image{len(members)}.jpeg", jpeg(source, one)))
        left -= one
    return zipped(members)


def mixture(source, size, extra=()):
    """What people put into archives."""
    members, left = list(extra), size
    while left > 0 or not members:
        one = int(min(max(left, 200), source.choice([4, 20, 80, 300]) * KB))
        name = "-".join(source.choices(WORDS, k=2))
        kind = source.random()
        if kind < 0.35:
            members.append((f"{name}.csv", table(source, one * 3).encode()))
        elif kind < 0.6:
            members.append((f"{name}.txt", prose(source, one * 3).encode()))
        elif kind < 0.8:
            members.append((f"{name}.jpg", jpeg(source, one)))
        else:
            members.append((f"{name}.pdf", pdf(source, one)))
        left -= one
    return members


# --- mail --------------------------------------------------------------------------------------------------------

def fields(source, subject=None):
    sender, receiver = ("".join(source.choices(WORDS, k=2)) for _ in range(2))
    number = f"{source.getrandbits(64):016x}"
    subject = subject or " ".join(source.choices(WORDS, cum_weights=WEIGHTS, k=source.randint(2, 7)))
    hops = "".join(
        f"Received: from mx{source.randint(1, 9)}.{source.choice(WORDS)}.example (mx.{source.choice(WORDS)}.example [192.0.2."
        f"{source.randint(1, 254)}])\n\tby mail{source.randint(1, 9)}.{source.choice(WORDS)}.example (Postfix) with ESMTPS id "
        f"{source.getrandbits(40):010X}\n\tfor <{receiver}@example.net>; Mon, 2 Mar 2026 09:{source.randint(10, 59)}:{source.randint(10, 59)} +0000 (UTC)\n"
        for _ in range(source.randint(2, 5)))
    signature = "\n\t".join(base64.b64encode(source.randbytes(52)).decode() for _ in range(4))
    return (f"Return-Path: <{sender}@example.org>\n{hops}DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=mail;\n\tb={signature}\n"
            f"Date: Mon, 2 Mar 2026 09:30:00 +0000\nFrom: {sender.capitalize()} <{sender}@example.org>\nTo: {receiver}@example.net\n"
            f"Message-ID: <{number}@example.org>\nSubject: {subject}\nMIME-Version: 1.0\n").encode()


def leaf(kind, data, encoding, more=""):
    """A part: how its bytes are encoded is in its header."""
    if encoding == "base64":
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n{more}\n".encode() + data


def attachment(name, kind, data):
    return leaf(f'{kind}; name="{name}"', data, "base64", f'Content-Disposition: attachment; filename="{name}"\n')


def multipart(source, kind, parts):
    boundary = f"----=_Part_{source.getrandbits(48):012x}"
    out = f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n'.encode()
    for part in parts:
        out += f"--{boundary}\n".encode() + part.rstrip(b"\n") + b"\n\n"
    return out + f"--{boundary}--\n".encode()


def text_part(source, size):
    if source.random() < 0.5:
        return leaf("text/plain; charset=us-ascii", prose(source, size).encode(), "7bit")
    return leaf("text/plain; charset=utf-8", prose(source, size, True).encode(), "quoted-printable")


def html_part(source, size, image=None):
    encoding = source.choice(["quoted-printable", "quoted-printable", "base64"])
    return leaf("text/html; charset=utf-8", markup(source, size, image).encode(), encoding)


def alternative(source, size):
    return multipart(source, "alternative", [text_part(source, size // 4), html_part(source, size)])


def letter(source, size):
    """Text, or text and HTML: what comes before attachments."""
    return text_part(source, size) if source.random() < 0.4 else alternative(source, size * 2)


# Many messages of one company carry one logo.
LOGO = png(random.Random(17), 14 * KB)


def spread(source, middle, wide, most):
    """Lognormal, as sizes of mail are."""
    return int(min(most, middle * 2.718281828 ** source.gauss(0, wide)))


def body_plain(source):
    return text_part(source, spread(source, 2500, 0.7, 60 * KB))


def body_alternative(source):
    return alternative(source, spread(source, 22 * KB, 0.7, 180 * KB))


def body_logo(source):
    size = spread(source, 15 * KB, 0.6, 100 * KB)
    logo = leaf('image/png; name="logo.png"', LOGO, "base64", "Content-ID: <logo@example.org>\nContent-Disposition: inline\n")
    return multipart(source, "related", [html_part(source, size, "logo@example.org"), logo])


def body_list(source):
    return leaf("text/plain; charset=us-ascii", patch(source, spread(source, 25 * KB, 0.9, 400 * KB)).encode(), "7bit")


def body_pdf(source):
    data = pdf(source, spread(source, 170 * KB, 1.1, 3600 * KB))
    return multipart(source, "mixed", [letter(source, 1500), attachment("document.pdf", "application/pdf", data)])


def body_document(source):
    data = document(source, spread(source, 150 * KB, 1.1, 3600 * KB))
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return multipart(source, "mixed", [letter(source, 1500), attachment("report.docx", kind, data)])


def body_photo(source):
    photos = [attachment(f"IMG_{source.randint(1000, 9999)}.jpg", "image/jpeg", jpeg(source, spread(source, 420 * KB, 0.8, 1800 * KB)))
              for _ in range(source.choice([1, 1, 2, 3]))]
    return multipart(source, "mixed", [letter(source, 700)] + photos[:2])


def body_zip(source):
    data = zipped(mixture(source, spread(source, 300 * KB, 1.1, 3600 * KB)))
    return multipart(source, "mixed", [letter(source, 900), attachment("files.zip", "application/zip", data)])


def body_tar(source):
    data = tarred(mixture(source, spread(source, 250 * KB, 1.1, 3000 * KB)))
    return multipart(source, "mixed", [letter(source, 900), attachment("source.tar.gz", "application/gzip", data)])


def body_forward(source):
    inner = fields(source) + source.choice([body_plain, body_alternative, body_logo, body_pdf])(source)
    return multipart(source, "mixed", [text_part(source, 600), forwarded(inner)])


def forwarded(message):
    return b"Content-Type: message/rfc822\nContent-Disposition: inline\n\n" + message


BODIES = [(body_plain, 34), (body_alternative, 26), (body_logo, 9), (body_list, 4), (body_pdf, 9), (body_document, 5), (body_photo, 6),
          (body_zip, 3), (body_tar, 1.5), (body_forward, 2.5)]


def ordinary(source):
    kinds, shares = zip(*BODIES)
    return fields(source) + source.choices(kinds, shares)[0](source)


# --- what is planted ---------------------------------------------------------------------------------------------

def mark(name):
    return MARK % name.encode()


def note(name, size=3000):
    """A file that is found by its hash, the same wherever it lies."""
    return mark(name) + b"\n" + prose(random.Random(name), size).encode()


def harmful_text(source):
    return leaf("text/plain; charset=us-ascii", prose(source, 900).encode() + mark("text") + b"\n", "7bit")


def harmful_quoted(source):
    return multipart(source, "alternative", [text_part(source, 800), leaf(
        "text/html; charset=utf-8", b"<html><body><p>" + "Grüße, ".encode() + mark("html") + b"</p></body></html>", "quoted-printable")])


def harmful_attachment(source):
    return multipart(source, "mixed", [letter(source, 900), attachment("notes.bin", "application/octet-stream", b"\1\2" + note("body"))])


def harmful_hash(source):
    return multipart(source, "mixed", [letter(source, 900), attachment("notes.dat", "application/octet-stream", note("md5"))])


def harmful_zip(source):
    members = mixture(source, 60 * KB) + [("deep/notes.dat", note("sha256"))]
    return multipart(source, "mixed", [letter(source, 900), attachment("files.zip", "application/zip", zipped(members))])


def harmful_twice_zip(source):
    inner = zipped([("inner.bin", b"\0" + note("body"))])
    return multipart(source, "mixed", [letter(source, 900), attachment("outer.zip", "application/zip", zipped([("inner.zip", inner)]))])


def harmful_member(source):
    return multipart(source, "mixed", [letter(source, 900), attachment(
        "files.zip", "application/zip", zipped([("csapi-bench-planted-member-9d41c7.bin", source.randbytes(900))]))])


def harmful_tar(source):
    members = mixture(source, 60 * KB) + [("notes.dat", note("sha256"))]
    return multipart(source, "mixed", [letter(source, 900), attachment("source.tar.gz", "application/gzip", tarred(members))])


def harmful_forward(source):
    inner = fields(source) + multipart(source, "mixed", [text_part(source, 700), attachment(
        "two.bin", "application/octet-stream", b"\0" + mark("first") + source.randbytes(2000) + mark("second"))])
    return multipart(source, "mixed", [text_part(source, 600), forwarded(inner)])


def harmful_pdf(source):
    data = pdf(source, 50 * KB, mark("pdf"))
    return multipart(source, "mixed", [letter(source, 900), attachment("document.pdf", "application/pdf", data)])


HARMFUL = [(harmful_text, "Bench-Text"), (harmful_quoted, "Bench-Html"), (harmful_attachment, "Bench-Body"), (harmful_hash, "Bench-Md5"),
           (harmful_zip, "Bench-Sha256"), (harmful_twice_zip, "Bench-Body"), (harmful_member, "Bench-Member"),
           (harmful_tar, "Bench-Sha256"), (harmful_forward, "Bench-Logical"), (harmful_pdf, "Bench-Pdf")]


def signatures():
    """The files of signatures by their names."""
    md5, sha256 = note("md5"), note("sha256")
    return {
        "planted.ndb": [f"Bench-Text:0:*:{mark('text').hex()}", f"Bench-Html:3:*:{mark('html').hex()}",
                        f"Bench-Body:0:*:{mark('body').hex()}", f"Bench-Pdf:0:*:{mark('pdf').hex()}"],
        "planted.hdb": [f"{hashlib.md5(md5).hexdigest()}:{len(md5)}:Bench-Md5"],
        "planted.hsb": [f"{hashlib.sha256(sha256).hexdigest()}:{len(sha256)}:Bench-Sha256"],
        "planted.ldb": [f"Bench-Logical;Engine:51-255,Target:0;0&1;{mark('first').hex()};{mark('second').hex()}"],
        "planted.cdb": [r"Bench-Member:CL_TYPE_ZIP:*:^csapi-bench-planted-member-9d41c7\.bin$:*:*:*:*:*:*"],
    }


# --- the whole ---------------------------------------------------------------------------------------------------

def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def main():
    parser = argparse.ArgumentParser(description="Write a corpus of mail for the benchmark.")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--planted-every", type=int, default=50, metavar="N")
    parser.add_argument("--small", type=int, default=0, metavar="N")
    parser.add_argument("directory")
    arguments = parser.parse_args()
    for folder in ("messages", "signatures", "small"):
        os.makedirs(os.path.join(arguments.directory, folder), exist_ok=True)
    for name, lines in signatures().items():
        write(os.path.join(arguments.directory, "signatures", name), "".join(line + "\n" for line in lines).encode())
    planted = []
    for number in range(arguments.messages):
        source = random.Random(arguments.seed << 32 | number)
        name = f"{number:05}.eml"
        place, inside = divmod(number, arguments.planted_every)
        if inside == arguments.planted_every // 2:
            make, virus = HARMFUL[place % len(HARMFUL)]
            planted.append(f"{name}\t{virus}\n")
            message = fields(source) + make(source)
        else:
            message = ordinary(source)
        write(os.path.join(arguments.directory, "messages", name), message)
    write(os.path.join(arguments.directory, "planted"), "".join(planted).encode())
    for number in range(arguments.small):
        source = random.Random(arguments.seed << 32 | 1 << 31 | number)
        write(os.path.join(arguments.directory, "small", f"{number:05}.eml"),
              fields(source) + leaf("text/plain; charset=us-ascii", prose(source, 900).encode(), "7bit"))


if __name__ == "__main__":
    main()
