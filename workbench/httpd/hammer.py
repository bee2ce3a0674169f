#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many clients at a time, of every kind, that compare each byte they get.

    hammer.py PORT HTDOCS SECONDS CLIENTS [SEED]

A PORT that begins with s is one for TLS. The clients keep connections open,
send several requests at once, read slowly, ask for ranges and headers, post
to a script, and go away in the middle, with a FIN or a reset. Exits with 1 if
a byte was wrong, or if nothing came. That a server closes a connection between
two responses is no fault, since it may be restarted; a response that ends too
early is one (workbench/httpd/run restarts it gracefully).
"""

import os
import random
import socket
import ssl
import struct
import sys
import threading
import time

KINDS = {"get": 8, "pipeline": 4, "slow": 1, "abort": 1, "range": 2, "head": 1,
         "post": 1}
COUNTS = ("connections", "responses", "bytes", "aborted", "closed", "refused",
          "unavailable", "wrong")
PIECE = 1 << 18
PATIENCE = 60


class Wrong(Exception):
    """What no client may get."""


class Closed(Exception):
    """The server closed the connection where it may."""


class Unavailable(Exception):
    """A script or a proxied server was not there, for the restart."""


class GoneAway(Exception):
    """The client itself did."""


def chunks(count, size):
    return b"".join(b"%0*d\n" % (size - 1, i) for i in range(1, count + 1))


def script_output():
    lines = b"".join(b"line %d of a script's output\n" % i
                     for i in range(2000))
    return b"first\n" + lines + b"last\n"


def resources(root):
    """[(weight, path, body)]"""
    found = []
    files = {}
    for name in ("empty", "100", "1000", "4095", "8191", "10k", "65536", "1m",
                 "8m"):
        with open(os.path.join(root, name), "rb") as file:
            body = files[name] = file.read()
        for prefix in ("", "mapped/", "read/"):
            found.append((0.2 if name == "8m" else 2, prefix + name, body))
    for count, size, rest in ((5000, 20, "0,h"), (5000, 20, "100,p"),
                              (300, 300, "7,t"), (40, 50000, "1,p"),
                              (3, 65536, "0,t"), (64, 1024, "0,h"),
                              (65, 1024, "1,h"), (1, 100, "0,h"),
                              (1, 4096, "1,h"), (500, 16384, "0,h"),
                              (900, 700, "3,p")):
        found.append((2, f"chunks?{count},{size},{rest}", chunks(count, size)))
    page = b"a\n" + files["1m"] + b"\nb\n" + files["100"]
    found.append((2, "page.shtml", page + b"\n"))
    found.append((0.5, "cgi/slow", script_output()))
    for name in ("100", "1m", "8m"):
        found.append((1, f"handed/{name}?1,8,0,f", files[name]))
    for name in ("100", "10k", "1m"):
        found.append((1, f"proxied/{name}", files[name]))
    return found


class Reader:
    """Reads responses from a socket, and compares."""

    def __init__(self, sock, rnd):
        self.sock = sock
        self.rnd = rnd
        self.data = b""
        self.in_body = False
        self.pause = 0
        self.stop_after = None

    def more(self):
        """Whether anything came."""
        slow = self.pause and self.rnd.choice((1, 1000, 50000))
        try:
            data = self.sock.recv(slow or PIECE)
        except ConnectionError as error:
            if self.data or self.in_body:
                raise Wrong("reset in a response") from error
            raise
        self.data += data
        if slow and self.rnd.random() < 0.05:
            time.sleep(self.pause)
        return len(data) > 0

    def until(self, end, what):
        while end not in self.data:
            if not self.more():
                if not self.data and what == "a header":
                    raise Closed
                raise Wrong(f"closed in {what}")
        got, end, self.data = self.data.partition(end)
        return got

    def header(self):
        first, *lines = self.until(b"\r\n\r\n", "a header").split(b"\r\n")
        fields = {k.lower(): v.strip() for k, _, v in
                  (line.partition(b":") for line in lines)}
        return int(first.split()[1]), fields

    def bytes(self, count):
        got = []
        left = count
        while left > 0:
            if not self.data and not self.more():
                raise Wrong(f"closed in a body, {left} of {count} missing")
            got.append(self.data[:left])
            self.data = self.data[left:]
            left -= len(got[-1])
            if self.stop_after is not None and count - left > self.stop_after:
                raise GoneAway
        return b"".join(got)

    def body(self, fields):
        if fields.get(b"transfer-encoding") != b"chunked":
            return self.bytes(int(fields.get(b"content-length", 0)))
        got = []
        while True:
            size = int(self.until(b"\r\n", "a chunk's size"), 16)
            got.append(self.bytes(size))
            if self.bytes(2) != b"\r\n":
                raise Wrong("no line end behind a chunk")
            if size == 0:
                return b"".join(got)

    def response(self, expected, method="GET"):
        """How many bytes came, and the fields of the header."""
        status, fields = self.header()
        if status == 100:
            return self.response(expected, method)
        if status == 206:
            span = fields[b"content-range"].split()[1].split(b"/")[0]
            first, last = map(int, span.split(b"-"))
            expected = expected[first:last + 1]
        elif status in (502, 503):
            raise Unavailable(status)
        elif status != 200:
            raise Wrong(f"status {status}")
        self.in_body = True
        got = b"" if method == "HEAD" else self.body(fields)
        self.in_body = False
        if method != "HEAD" and got != expected:
            at = next((i for i, (a, b) in enumerate(zip(got, expected))
                       if a != b), min(len(got), len(expected)))
            raise Wrong(f"{len(got)} bytes for {len(expected)}, the first "
                        f"wrong one is {at}")
        return len(got), fields


class Client:
    """One after the other: connections, and requests on each."""

    def __init__(self, hammer, seed):
        self.hammer = hammer
        self.rnd = random.Random(seed)
        self.count = dict.fromkeys(COUNTS, 0)

    def choose(self, kind):
        """[(path, body)]; of a file alone a range can be asked for."""
        table, weights = self.hammer.table, self.hammer.weights
        if kind in ("range", "head"):
            table, weights = self.hammer.files, None
        count = self.rnd.randrange(2, 12) if kind == "pipeline" else 1
        return [row[1:] for row in self.rnd.choices(table, weights, k=count)]

    def request(self, method, path, size):
        fields = ""
        if method == "RANGE":
            method = "GET"
            first = self.rnd.randrange(size)
            last = min(size - 1, first + self.rnd.choice((0, 100, 70000)))
            fields = f"Range: bytes={first}-{last}\r\n"
        return (f"{method} /{path} HTTP/1.1\r\nHost: localhost\r\n{fields}"
                "\r\n").encode()

    def post(self, sock):
        data = self.rnd.randbytes(self.rnd.choice((0, 1, 5000, 60000)))
        head = b"POST /cgi/echo HTTP/1.1\r\nHost: localhost\r\n"
        if self.rnd.random() < 0.5:
            sock.sendall(head + b"Expect: 100-continue\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(data))
            time.sleep(0.01)
            sock.sendall(data)
        else:
            pieces = [data[i:i + 30000] for i in range(0, len(data), 30000)]
            sock.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            for piece in pieces + [b""]:
                sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        return [("cgi/echo", data)]

    def send(self, sock, kind):
        """Sends requests; returns what has to come."""
        if kind == "post":
            return self.post(sock)
        what = self.choose(kind)
        method = {"range": "RANGE", "head": "HEAD"}.get(kind, "GET")
        sock.sendall(b"".join(self.request(method, path, len(body))
                              for path, body in what))
        return what

    def kind(self):
        return self.rnd.choices(list(KINDS), KINDS.values())[0]

    def ask(self, reader, sock):
        """Whether the connection goes on."""
        kind = self.kind()
        what = self.send(sock, kind)
        reader.pause = 0.01 if kind == "slow" else 0
        if kind == "slow":
            time.sleep(0.2)
        if kind == "abort":
            reader.stop_after = self.rnd.randrange(len(what[0][1]) + 1)
        for path, body in what:
            try:
                size, fields = reader.response(
                    body, "HEAD" if kind == "head" else "GET")
            except Unavailable as error:
                if not path.startswith(("cgi/", "proxied/")):
                    raise Wrong(f"{kind} {path}: {error}") from error
                self.count["unavailable"] += 1
                return False
            except Wrong as error:
                raise Wrong(f"{kind} {path}: {error}") from error
            self.count["responses"] += 1
            self.count["bytes"] += size
            if fields.get(b"connection", b"").lower() == b"close":
                return False
        return True

    def connect(self):
        sock = socket.socket()
        if self.rnd.random() < 0.3:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            self.rnd.choice((2304, 8192, 65536)))
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", self.hammer.port))
        if self.hammer.tls:
            sock = self.hammer.tls.wrap_socket(sock)
        self.count["connections"] += 1
        return sock

    def converse(self, sock):
        reader = Reader(sock, self.rnd)
        for _ in range(self.rnd.randrange(1, 30)):
            if self.hammer.is_over() or not self.ask(reader, sock):
                break

    def connection(self):
        with self.connect() as sock:
            try:
                self.converse(sock)
            except GoneAway:
                self.count["aborted"] += 1
                if self.rnd.random() < 0.5:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    struct.pack("ii", 1, 0))

    def run(self):
        while not self.hammer.is_over():
            try:
                self.connection()
            except (Wrong, ValueError, KeyError, TimeoutError) as error:
                self.count["wrong"] += 1
                print("WRONG", type(error).__name__, error, flush=True)
            except ConnectionRefusedError:
                self.count["refused"] += 1
                time.sleep(0.05)
            except (Closed, OSError):
                self.count["closed"] += 1


class Hammer:
    def __init__(self, port, root, seconds):
        self.tls = None
        if port[0] == "s":
            self.tls = ssl.create_default_context()
            self.tls.check_hostname = False
            self.tls.verify_mode = ssl.CERT_NONE
        self.port = int(port.lstrip("s"))
        self.table = resources(root)
        self.weights = [row[0] for row in self.table]
        self.files = [row for row in self.table if row[2] and
                      row[1].split("/")[0] in ("100", "10k", "mapped", "read")]
        self.end = time.monotonic() + seconds

    def is_over(self):
        return time.monotonic() >= self.end

    def run(self, count, seed):
        clients = [Client(self, seed * 1000 + i) for i in range(count)]
        threads = [threading.Thread(target=c.run) for c in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        total = {k: sum(c.count[k] for c in clients) for k in COUNTS}
        print(" ".join(f"{k} {v}" for k, v in total.items()))
        return total["wrong"] > 0 or total["responses"] == 0


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    port, root, seconds, clients, *seed = sys.argv[1:]
    hammer = Hammer(port, root, float(seconds))
    sys.exit(hammer.run(int(clients), int(seed[0]) if seed else 1))


main()
