#!/usr/bin/python3
"""mirror.py - a web server on the loopback that serves a directory, and misbehaves as it is told: a mirror for tests.

usage: mirror.py --directory=DIR --port-file=FILE [--control=FILE] [--log=FILE] [--tls=PEM] [--proxy] [--credentials=USER:PASSWORD]

It picks a free port and writes it to --port-file when it listens. --tls: a file with certificate and key; then it speaks https.
--proxy: it is also an HTTP proxy (CONNECT, and GET of whole URLs); with --credentials one that asks for them, and without
--proxy they are asked for by the server itself. It ends with the process that started it, or by a signal.

--control names a JSON file with a list of rules, read anew for each request, so that a test changes it while the server runs
(no file: no rules). The first rule that fits a request decides. A rule is an object:

  match     glob for the path without its leading slash and query, such as "test*.cdiff"; default "*"
  ranged    true: only requests with a Range; false: only those without
  skip      so many fitting requests are let through first; default 0
  first     only so many fitting requests after those; default all (both are counted anew when the control file changes)
  do        what happens:
    ok            the file as always; for "headers", "file" and "delay" below
    status        an error page with the status "status"; "retry_after": text for that header
    http-date     the same, with a Retry-After that is the date "seconds" from now
    reset         the connection is reset without an answer, or, with "at", after so many bytes of the body
    close         it is closed without an answer
    truncate      the length is announced, and the connection closed after "at" bytes of the body
    html          200 with a web page
    empty         200 with nothing
    flip          the byte "at" of the file is another one
    stall         nothing more comes after "at" bytes of the body (default 0); "at": -1: not even an answer
    drip          "rate" bytes a second
    oversize      200 with "size" bytes (default 300000000), whatever was asked for
    ignore-range  200 with the whole file
    no-length     no Content-Length; the end of the connection ends the body
    chunked       in chunks instead
    redirect      to the URL "to"; "status" (default 302)
    unmodified    304, whatever was asked for
  file      serve this file of the directory instead
  headers   an object of headers to add or, with null, to leave out
  delay     seconds to wait before the answer

--log gets one JSON object for each request, before it is answered: method, path, headers (names in lower case), range, from, do, proxy.
"""

import argparse
import base64
import email.utils
import fnmatch
import hashlib
import http.client
import http.server
import json
import os
import select
import signal
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import urllib.parse

PAGE = b"<!DOCTYPE html>\n<html><body><h1>Please sign in</h1></body></html>\n"
PATIENCE = 600  # seconds that a stalled connection is kept at most
CHUNK = 1 << 16


class Rules:
    """The control file, and how often each of its rules fitted since it last changed."""

    def __init__(self, path):
        self.path, self.text, self.rules, self.hits = path, None, [], []
        self.lock = threading.Lock()

    def read(self):
        try:
            with open(self.path, encoding="utf-8") as file:
                text = file.read()
        except (FileNotFoundError, TypeError):
            text = "[]"
        if text != self.text:
            self.text, self.rules = text, json.loads(text or "[]")
            self.hits = [0] * len(self.rules)

    def find(self, path, ranged):
        with self.lock:
            self.read()
            for index, rule in enumerate(self.rules):
                if not fnmatch.fnmatchcase(path, rule.get("match", "*")) or rule.get("ranged", ranged) != ranged:
                    continue
                self.hits[index] += 1
                count = self.hits[index] - rule.get("skip", 0)
                if 0 < count <= rule.get("first", count):
                    return rule
        return {"do": "ok"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "mirror", ""

    def log_message(self, *_):
        pass

    # --- what is asked ---------------------------------------------------------------------------------------------

    def note(self, what, proxy=False):
        entry = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "range": self.headers.get("Range"),
            "from": self.client_address[0],
            "do": what,
            "proxy": proxy,
        }
        if self.server.log:
            with self.server.lock, open(self.server.log, "a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def allowed(self, header):
        wanted = self.server.credentials
        return not wanted or self.headers.get(header) == "Basic " + base64.b64encode(wanted.encode()).decode()

    def range(self, size):
        """(first, end) of a Range that can be had, else None."""
        unit, _, span = (self.headers.get("Range") or "").partition("=")
        first, _, last = span.partition("-")
        if unit != "bytes" or not first.isdigit() or int(first) >= size:
            return None
        return int(first), min(int(last), size - 1) + 1 if last.isdigit() else size

    def unmodified(self, tag, changed):
        known = self.headers.get("If-None-Match")
        if known:
            return known == tag
        since = email.utils.parsedate_to_datetime(self.headers["If-Modified-Since"]) if "If-Modified-Since" in self.headers else None
        return since is not None and changed <= since.timestamp()

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        if "://" in self.path:
            self.forward()
            return
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")
        rule = self.server.rules.find(path, "Range" in self.headers)
        self.note(rule["do"])
        if not self.server.proxy and not self.allowed("Authorization"):
            self.page(401, {"WWW-Authenticate": 'Basic realm="mirror"'})
            return
        time.sleep(rule.get("delay", 0))
        try:
            getattr(self, "act_" + rule["do"].replace("-", "_"))(rule, rule.get("file", path))
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    # --- what is answered ------------------------------------------------------------------------------------------

    def head(self, status, headers, length=None):
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()

    def page(self, status, headers=None):
        self.head(status, {"Content-Type": "text/html"} | (headers or {}), len(PAGE))
        self.send(PAGE)

    def send(self, data):
        if self.command != "HEAD":
            self.wfile.write(data)
            self.wfile.flush()

    def hang(self):
        """Until the client goes, or patience ends."""
        select.select([self.connection], [], [], PATIENCE)
        self.close_connection = True

    def cut(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Not shutdown(), which would say an orderly goodbye first.
        os.close(self.connection.detach())

    def load(self, rule, path):
        """(data, headers) of the file; None after an answer that there is none."""
        full = os.path.realpath(os.path.join(self.server.directory, path))
        if os.path.commonpath([full, self.server.directory]) != self.server.directory or not os.path.isfile(full):
            self.page(404)
            return None
        with open(full, "rb") as file:
            data = file.read()
        headers = {
            "Last-Modified": email.utils.formatdate(os.stat(full).st_mtime, usegmt=True),
            "ETag": '"' + hashlib.md5(data).hexdigest() + '"',
            "Content-Type": "application/octet-stream",
            "Accept-Ranges": "bytes",
        }
        return data, headers | rule.get("headers", {})

    def begin(self, rule, path, ranges=True, length=True):
        """Everything up to the body: the bytes to send, or None when that was all."""
        loaded = self.load(rule, path)
        if not loaded:
            return None
        data, headers = loaded
        if self.unmodified(headers["ETag"], os.stat(os.path.join(self.server.directory, path)).st_mtime // 1):
            self.head(304, headers)
            return None
        span = self.range(len(data)) if ranges else None
        if span:
            headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{len(data)}"
            data = data[slice(*span)]
        self.head(206 if span else 200, headers, len(data) if length else None)
        return data

    def act_ok(self, rule, path):
        data = self.begin(rule, path)
        self.send(data or b"")

    def act_status(self, rule, _):
        self.page(rule["status"], {"Retry-After": rule.get("retry_after")} | rule.get("headers", {}))

    def act_http_date(self, rule, _):
        self.page(rule["status"], {"Retry-After": email.utils.formatdate(time.time() + rule["seconds"], usegmt=True)})

    def act_reset(self, rule, path):
        if "at" in rule:
            data = self.begin(rule, path)
            self.send((data or b"")[: rule["at"]])
            time.sleep(0.2)
        self.cut()

    def act_close(self, *_):
        self.close_connection = True

    def act_truncate(self, rule, path):
        data = self.begin(rule, path)
        self.send((data or b"")[: rule["at"]])
        self.close_connection = True

    def act_html(self, rule, _):
        self.page(200, rule.get("headers"))

    def act_empty(self, rule, _):
        self.head(200, rule.get("headers", {}), 0)

    def act_flip(self, rule, path):
        data = bytearray(self.begin(rule, path) or b"")
        if rule["at"] < len(data):
            data[rule["at"]] ^= 0x55
        self.send(bytes(data))

    def act_stall(self, rule, path):
        if rule.get("at", 0) >= 0:
            data = self.begin(rule, path)
            self.send((data or b"")[: rule.get("at", 0)])
        self.hang()

    def act_drip(self, rule, path):
        for byte in self.begin(rule, path) or b"":
            self.send(bytes([byte]))
            time.sleep(1 / rule["rate"])

    def act_oversize(self, rule, path):
        size = rule.get("size", 300000000)
        self.head(200, {"Content-Type": "application/octet-stream"}, size)
        full = os.path.join(self.server.directory, path)
        block = b"x" * CHUNK
        if os.path.isfile(full):
            with open(full, "rb") as file:
                block = file.read().ljust(CHUNK, b"x")[:CHUNK]
        while size > 0:
            self.send(block[:size])
            size -= len(block)

    def act_ignore_range(self, rule, path):
        self.send(self.begin(rule, path, ranges=False) or b"")

    def act_no_length(self, rule, path):
        self.close_connection = True
        self.send(self.begin(rule | {"headers": {"Connection": "close"} | rule.get("headers", {})}, path, length=False) or b"")

    def act_chunked(self, rule, path):
        headers = {"Transfer-Encoding": "chunked"} | rule.get("headers", {})
        data = self.begin(rule | {"headers": headers}, path, length=False)
        if data is not None:
            self.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))

    def act_redirect(self, rule, _):
        self.page(rule.get("status", 302), {"Location": rule["to"]})

    def act_unmodified(self, rule, _):
        self.head(304, rule.get("headers", {}))

    # --- as a proxy ------------------------------------------------------------------------------------------------

    def refused(self):
        if not self.server.proxy:
            self.note("no-proxy", True)
            self.page(405)
        elif not self.allowed("Proxy-Authorization"):
            self.note("proxy-refused", True)
            self.page(407, {"Proxy-Authenticate": 'Basic realm="proxy"'})
        else:
            self.note("proxy", True)
            return False
        return True

    def forward(self):
        if self.refused():
            return
        url = urllib.parse.urlsplit(self.path)
        drop = ("proxy-authorization", "proxy-connection", "connection")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in drop}
        target = url.path + ("?" + url.query if url.query else "")
        there = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=PATIENCE)
        try:
            there.request(self.command, target, headers=headers | {"Connection": "close"})
            answer = there.getresponse()
            data = answer.read()
            keep = {name: value for name, value in answer.getheaders() if name.lower() not in ("connection", "content-length")}
            self.head(answer.status, keep, len(data))
            self.send(data)
        except OSError:
            self.page(502)
        finally:
            there.close()

    def do_CONNECT(self):
        self.close_connection = True
        if self.refused():
            return
        host, _, port = self.path.rpartition(":")
        try:
            there = socket.create_connection((host.strip("[]"), int(port)), PATIENCE)
        except OSError:
            self.page(502)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        ends = {self.connection: there, there: self.connection}
        try:
            while True:
                for end in select.select(list(ends), [], [], PATIENCE)[0]:
                    data = end.recv(CHUNK)
                    if not data:
                        return
                    ends[end].sendall(data)
        except OSError:
            pass
        finally:
            there.close()


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # clients come and go as they like


def end_with_parent():
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main():
    parser = argparse.ArgumentParser()
    for name in ("directory", "port-file"):
        parser.add_argument("--" + name, required=True)
    for name in ("control", "log", "tls", "credentials"):
        parser.add_argument("--" + name)
    parser.add_argument("--proxy", action="store_true")
    options = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    server.directory = os.path.realpath(options.directory)
    server.rules = Rules(options.control)
    server.lock = threading.Lock()
    server.log, server.proxy, server.credentials = options.log, options.proxy, options.credentials
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls)
        # The handshake belongs to the connection's own thread: one that stalls must not stop the others.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=end_with_parent, daemon=True).start()
    with open(options.port_file + ".new", "w", encoding="utf-8") as file:
        file.write(f"{server.server_address[1]}\n")
    os.rename(options.port_file + ".new", options.port_file)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
