#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that behave as no browser does, and look closely at what they get.

    late PORT PATH                a response, to a client that asks and sleeps
                                  for a second before it reads
    pipeline PORT PATH...         the responses to requests in one segment
    tunnel PORT PATH              whether a websocket brings back what it is
                                  sent; behind PATH there is echo
    echo                          serves tunnel, and prints its port
    early PORT PATH SECONDS       how many bytes of the body come that soon
    records PORT PATH [COUNT]     bytes, number of TLS records and their sizes
                                  of COUNT responses, over one connection
    relayed PORT PATH [OPTION...] bytes and number of the TLS records that curl
                                  gets with these options, --http2 for one
    held PLAIN PORT PATH...       how many of six workers stay with clients
                                  that do not read; asks /server-status of PLAIN
    stalled PID PORT COUNT PATH   anonymous memory of the server, in KiB for
                                  each of COUNT clients that do not read
    idle PID PORT COUNT PATH      the same, for clients that have read all, and
                                  keep their connections
    shrink PORT FILE PATH         how many bytes come of 8 MiB that are cut to
                                  5,000,000 while they are sent, and how many
                                  other responses among them

A PORT that begins with s is one for TLS. What is printed of responses has no
Date.
"""

import os
import re
import select
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

SMALL_BUFFER = 4096
TIMEOUT = 60


def request(path, last=False, fields=""):
    if last:
        fields = "Connection: close\r\n"
    return (f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n{fields}"
            "\r\n").encode()


def connect(port, receive_buffer=None):
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(TIMEOUT)
    sock.connect(("127.0.0.1", port))
    return sock


class Plain:
    """A connection without TLS."""

    def __init__(self, port, receive_buffer=None):
        self.sock = connect(port, receive_buffer)

    def send(self, data):
        self.sock.sendall(data)

    def receive(self):
        """Bytes, and the sizes of the records they came in."""
        data = self.sock.recv(1 << 16)
        if not data:
            raise EOFError("closed")
        return data, []


class Tls:
    """A TLS connection that sees the records on the wire."""

    def __init__(self, port, receive_buffer=None):
        self.sock = connect(port, receive_buffer)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.wire, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.wire, self.out)
        self.raw = b""
        while not self.step(self.tls.do_handshake):
            self.feed()
        self.flush()

    def step(self, action):
        try:
            action()
            return True
        except ssl.SSLWantReadError:
            self.flush()
            return False

    def flush(self):
        self.sock.sendall(self.out.read())

    def feed(self):
        """Gives one record from the wire to TLS; returns its size."""
        while len(self.raw) < 5 or len(self.raw) < self.record_size():
            data = self.sock.recv(1 << 16)
            if not data:
                raise EOFError("closed")
            self.raw += data
        size = self.record_size()
        self.wire.write(self.raw[:size])
        self.raw = self.raw[size:]
        return size

    def record_size(self):
        return 5 + int.from_bytes(self.raw[3:5], "big")

    def send(self, data):
        self.tls.write(data)
        self.flush()

    def receive(self):
        """Bytes of one record that has any: not those of the handshake."""
        while True:
            self.feed()
            data = self.read()
            if data:
                return data, [len(data)]

    def read(self):
        data = []
        try:
            while True:
                data.append(self.tls.read(1 << 16))
                if not data[-1]:
                    raise EOFError("closed")
        except ssl.SSLWantReadError:
            return b"".join(data)


def is_whole(response):
    head, found, body = response.partition(b"\r\n\r\n")
    if not found:
        return False
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if length:
        return len(body) >= int(length[1])
    return body.endswith(b"0\r\n\r\n")


def get(client, path):
    """A response, and the sizes of its records."""
    client.send(request(path))
    response, sizes = b"", []
    while not is_whole(response):
        data, records = client.receive()
        response += data
        sizes += records
    return response, sizes


def connection(port, receive_buffer=None):
    if port[0] == "s":
        return Tls(int(port[1:]), receive_buffer)
    return Plain(int(port), receive_buffer)


def print_all(client):
    """What comes until the server closes, without the lines of dates."""
    got = []
    try:
        while True:
            got.append(client.receive()[0])
    except EOFError:
        pass
    text = re.sub(rb"\r\nDate: [^\r]*", b"", b"".join(got))
    sys.stdout.buffer.write(text)


def late(port, path):
    client = connection(port)
    client.send(request(path, last=True))
    time.sleep(1)
    print_all(client)


def pipeline(port, *paths):
    client = connection(port)
    client.send(b"".join(map(request, paths[:-1])) +
                request(paths[-1], last=True))
    print_all(client)


UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\n"


def tunnel(port, path):
    client = connection(port)
    client.send(request(path, fields=UPGRADE))
    head, total = b"", 0
    while not head.endswith(b"\r\n\r\n"):
        head += client.receive()[0]
    for size in [1, 20, 1000, 8192, 8193, 16384, 16385, 100000] * 5:
        data, got = os.urandom(size), b""
        client.send(data)
        while len(got) < size:
            got += client.receive()[0]
        if got != data:
            sys.exit(f"{size} bytes came back as others")
        total += size
    print(head.split(b"\r\n")[0], total)


def echo_one(sock):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += sock.recv(1 << 16)
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n" +
                 UPGRADE.encode() + b"\r\n")
    while data := sock.recv(1 << 16):
        sock.sendall(data)
    sock.close()


def echo():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=echo_one, daemon=True,
                         args=(listener.accept()[0],)).start()


def records(port, path, count="1"):
    client = connection(port)
    for _ in range(int(count)):
        response, sizes = get(client, path)
        print(len(response), len(sizes), *sizes)


def relay(listener, port, counts):
    """Copies both ways, and counts the server's records of data. With TLS 1.3
    those of the handshake look alike: they are few."""
    client = listener.accept()[0]
    server = connect(port)
    waiting = b""
    while True:
        for sock in select.select([client, server], [], [])[0]:
            data = sock.recv(1 << 16)
            if not data:
                return
            (server if sock is client else client).sendall(data)
            if sock is client:
                continue
            waiting += data
            while len(waiting) >= 5 + int.from_bytes(waiting[3:5], "big"):
                size = 5 + int.from_bytes(waiting[3:5], "big")
                counts.append((waiting[0], size))
                waiting = waiting[size:]


def relayed(port, path, *options):
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"https://127.0.0.1:{listener.getsockname()[1]}/{path}"
    counts = []
    thread = threading.Thread(target=relay, daemon=True, args=(
        listener, int(port.lstrip("s")), counts))
    thread.start()
    got = subprocess.run(["curl", "-sSk", *options, url], check=True,
                         stdout=subprocess.PIPE).stdout
    thread.join(TIMEOUT)
    print(len(got), sum(kind == 23 for kind, _ in counts))


def early(port, path, seconds):
    client = connection(port)
    client.send(request(path))
    end = time.monotonic() + float(seconds)
    response = b""
    while time.monotonic() < end:
        client.sock.settimeout(max(0.001, end - time.monotonic()))
        try:
            response += client.receive()[0]
        except TimeoutError:
            break
    print(len(response.partition(b"\r\n\r\n")[2]))


def stall(port, path, count):
    """Clients that ask and then do nothing."""
    clients = []
    for _ in range(count):
        if str(port)[0] == "s":
            client = Tls(int(port[1:]), SMALL_BUFFER)
            client.send(request(path))
            clients.append(client.sock)
        else:
            clients.append(connect(int(port), SMALL_BUFFER))
            clients[-1].sendall(request(path))
    return clients


def board(port):
    url = f"http://127.0.0.1:{port}/server-status?auto"
    with urllib.request.urlopen(url) as answer:
        text = answer.read().decode()
    return re.search(r"Scoreboard: (.*)", text)[1]


def held(status_port, port, *paths):
    for path in paths:
        clients = stall(port, path, 6)
        time.sleep(1.2)
        # one W is this request's own
        print(path, board(status_port).count("W") - 1)
        for client in clients:
            client.close()
        time.sleep(0.5)


def children(pid):
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path) as file:
        return [pid] + file.read().split()


def anonymous_memory(pid):
    total = 0
    for child in children(pid):
        with open(f"/proc/{child}/status") as file:
            total += int(re.search(r"RssAnon:\s+(\d+)", file.read())[1])
    return total


def stalled(pid, port, count, *paths):
    for path in paths:
        before = anonymous_memory(pid)
        clients = stall(port, path, int(count))
        time.sleep(3)
        each = (anonymous_memory(pid) - before) / int(count)
        print(f"{path} {each:.0f}")
        for client in clients:
            client.close()
        time.sleep(1.5)


def idle(pid, port, count, path):
    before = anonymous_memory(pid)
    clients = []
    for _ in range(int(count)):
        clients.append(connection(port))
        get(clients[-1], path)
    time.sleep(0.5)
    print(f"{path} {(anonymous_memory(pid) - before) / int(count):.0f}")


def shrink(port, name, path):
    with open(name, "wb") as file:
        file.write(bytes(8 << 20))
    client = connection(port, SMALL_BUFFER)
    client.send(request(path) + request("100"))
    time.sleep(0.4)
    os.truncate(name, 5000000)
    got = b""
    try:
        while True:
            got += client.receive()[0]
    except (EOFError, OSError):
        pass
    body = got.partition(b"\r\n\r\n")[2]
    print(len(body), body.count(b"HTTP/1.1"))


COMMANDS = {f.__name__: f for f in (
    late, pipeline, tunnel, echo, early, records, relayed, held, stalled, idle, shrink)}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])
