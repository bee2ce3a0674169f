#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients and servers for examples/proxy.c, good ones and bad ones.

    proxy_peers.py PROGRAM            all cases below, some seconds
    proxy_peers.py PROGRAM NAME...    some of them

A case runs a proxy of its own, and ends with it alive and without connections.
Every byte is compared. Memory is looked at where there is /proc.
"""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

KB, MB = 1024, 1024 * 1024
PATIENCE = 20  # seconds; a peer that waits longer fails the case

# What a connection that is stuck may cost the proxy, both directions together:
# twice what a direction holds, in slabs that grow by doubling, and some more.
STUCK = 1 * MB


def pattern(size, seed):
    """Bytes that differ from those at another place, or of another seed."""
    block = hashlib.shake_128(str(seed).encode()).digest(1 * MB)
    return (block * (size // MB + 1))[:size]


# ---- the proxy and the server behind it

class Proxy:
    """A proxy in front of a server that calls handler(socket) in a thread for
    each connection. Handlers that fail fail the case."""

    def __init__(self, program, handler, small=False):
        self.failed = []
        self.threads = []
        self.handler = handler
        self.listener = socket.socket()
        if small:
            shrink(self.listener)
        self.listener.bind(('127.0.0.1', 0))
        self.listener.listen(128)
        self.small = small
        port = self.listener.getsockname()[1]
        self.process = subprocess.Popen(
            [program, '127.0.0.1', str(port)], stdout=subprocess.PIPE,
            text=True)
        said = self.process.stdout.readline()
        self.port = int(re.match(r'listening on port (\d+)', said).group(1))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                sock = self.listener.accept()[0]
                self.start(self.handler, sock)

    def start(self, function, *args):
        thread = threading.Thread(target=self.guard, args=(function, *args),
                                  daemon=True)
        self.threads.append(thread)
        thread.start()

    def guard(self, function, sock, *args):
        sock.settimeout(PATIENCE)
        try:
            with sock:
                function(sock, *args)
        except Exception as error:  # told by the main thread
            self.failed.append(f'{function.__name__}: {error!r}')

    def connect(self):
        sock = socket.socket()
        sock.settimeout(PATIENCE)
        if self.small:
            shrink(sock)
        sock.connect(('127.0.0.1', self.port))
        return sock

    def memory(self):
        """Resident memory in bytes, or None where the system does not say."""
        try:
            with open(f'/proc/{self.process.pid}/status',
                      encoding='ascii') as status:
                return int(re.search(r'VmRSS:\s*(\d+)',
                                     status.read()).group(1)) * KB
        except OSError:
            return None

    def descriptors(self):
        try:
            return len(os.listdir(f'/proc/{self.process.pid}/fd'))
        except OSError:
            return None

    def __enter__(self):
        self.idle = self.descriptors()
        return self

    def __exit__(self, *exception):
        until = time.monotonic() + (0 if exception[0] else PATIENCE)
        for thread in self.threads:
            thread.join(max(0, until - time.monotonic()))
        alive = self.process.poll() is None
        left = self.descriptors_left()
        self.process.kill()
        self.process.wait()
        self.listener.close()
        if exception[0] is None:
            must(not self.failed, '; '.join(self.failed))
            must(alive, 'the proxy has ended')
            must(left == 0, f'{left} descriptors are left')

    def descriptors_left(self):
        """It may take a moment to see the last end."""
        wait_until(lambda: self.descriptors() == self.idle)
        return (self.descriptors() or 0) - (self.idle or 0)


def wait_until(holds):
    until = time.monotonic() + 5
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)


def shrink(sock):
    """Small buffers: what is stuck is stuck in the proxy, and not in the
    system."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 128 * KB)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KB)


def must(holds, what):
    if not holds:
        raise AssertionError(what)


# ---- what peers do

def receive(sock, wanted, pause=0):
    """Compares what comes, up to the end. A slow reader pauses after each
    piece."""
    view, at = memoryview(wanted), 0
    while True:
        data = sock.recv(32 * KB if pause else 256 * KB)
        time.sleep(pause)
        if not data:
            break
        must(view[at:at + len(data)] == data, f'bytes differ behind {at}')
        at += len(data)
    must(at == len(wanted), f'{at} of {len(wanted)} bytes came')


def send_and_end(sock, data):
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))
    sock.close()


def both_ways(sock, sent, wanted, sender):
    """Sends and receives at once."""
    def send():
        try:
            send_and_end(sock, sent)
        except OSError as error:
            sender.append(repr(error))
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    receive(sock, wanted)
    thread.join()
    must(not sender, f'the sender: {sender}')


def fill_up(sock, data):
    """Sends until nothing has been taken for a while. Returns how much was."""
    view, sent = memoryview(data), 0
    sock.settimeout(0.3)
    with contextlib.suppress(socket.timeout):
        while sent < len(data):
            sent += sock.send(view[sent:sent + 64 * KB])
    sock.settimeout(PATIENCE)
    return sent


# ---- the cases

def both_directions(program):
    """Many connections, both directions of each at once."""
    up, down = pattern(1 * MB, 'up'), pattern(2 * MB, 'down')
    with Proxy(program, lambda s: both_ways(s, down, up, [])) as proxy:
        clients = [proxy.connect() for _ in range(40)]
        for sock in clients:
            proxy.start(both_ways, sock, up, down, [])


def slow_reader(program):
    """Nobody reads: the sender is made to wait, and the proxy does not grow.
    Then somebody reads, slowly, and gets every byte."""
    data = pattern(8 * MB, 'slow')
    begin = threading.Event()

    def server(sock):
        begin.wait(PATIENCE)
        receive(sock, data, 0.001)

    with Proxy(program, server, small=True) as proxy:
        before = proxy.memory()
        sock = proxy.connect()
        sent = fill_up(sock, data)
        must(sent < len(data), 'the sender is not made to wait')
        grown = (proxy.memory() or 0) - (before or 0)
        must(grown < STUCK, f'grows by {grown} bytes')
        begin.set()
        send_and_end(sock, data[sent:])
        sock.close()
    return f'{sent} bytes until the sender waits'


def half_close(program):
    """The client ends first, and then the server answers; and the reverse."""
    question, answer = pattern(300 * KB, 'q'), pattern(3 * MB, 'a')

    def server(sock):
        receive(sock, question)
        send_and_end(sock, answer)

    with Proxy(program, server) as proxy:
        with proxy.connect() as sock:
            send_and_end(sock, question)
            receive(sock, answer)

    def talker(sock):
        send_and_end(sock, answer)
        receive(sock, question)

    with Proxy(program, talker) as proxy:
        with proxy.connect() as sock:
            receive(sock, answer)
            send_and_end(sock, question)


def end_behind_bytes(program):
    """The end comes while bytes before it are stuck. How much the system
    takes of a list is not known, so many lengths are tried."""
    data = pattern(5 * MB, 'end')
    begin = threading.Event()

    def server(sock):
        length = struct.unpack('>I', sock.recv(4))[0]
        begin.wait(PATIENCE)
        receive(sock, data[:length], 0.001)

    with Proxy(program, server, small=True) as proxy:
        for length in range(4 * MB, 5 * MB, 64 * KB):
            proxy.start(send_and_end, proxy.connect(),
                        struct.pack('>I', length) + data[:length])
        time.sleep(0.5)
        begin.set()


def resets(program):
    """A reset by either side is a reset at the other, and no clean end."""
    seen = []

    def server(sock):
        first = sock.recv(1)
        if first == b'R':
            reset(sock)
            return
        try:
            while sock.recv(64 * KB):
                pass
            seen.append('a clean end')
        except ConnectionResetError:
            seen.append('a reset')

    with Proxy(program, server) as proxy:
        for _ in range(20):
            sock = proxy.connect()
            sock.sendall(b'x' + pattern(100 * KB, 'r'))
            time.sleep(0.01)
            reset(sock)
        for _ in range(20):
            with proxy.connect() as sock:
                sock.sendall(b'R')
                try:
                    must(sock.recv(1) != b'', 'the client sees a clean end')
                except ConnectionResetError:
                    pass
    must(seen == ['a reset'] * 20, f'the server sees {seen}')


def resets_while_stuck(program):
    """Peers that go while their bytes are in the proxy: the sender, the
    receiver, and both before the proxy looks again."""
    servers = {}
    begin = threading.Event()

    def server(sock):
        servers[sock.recv(1)] = sock
        begin.wait(PATIENCE)
        if sock.fileno() >= 0:
            reset(sock)

    with Proxy(program, server, small=True) as proxy:
        clients = [proxy.connect() for _ in range(6)]
        for number, sock in enumerate(clients):
            sock.sendall(bytes([number]))
            fill_up(sock, bytes(8 * MB))
        for sock in clients[:2]:
            reset(sock)
        proxy.process.send_signal(signal.SIGSTOP)
        for number in (2, 3):
            reset(clients[number])
            reset(servers[bytes([number])])
        proxy.process.send_signal(signal.SIGCONT)
        begin.set()
        for sock in clients[4:]:
            with sock:
                try:
                    sock.recv(1)
                except ConnectionResetError:
                    continue
                raise AssertionError('no reset')


def nobody_there(program):
    """A server that refuses: the client is told, and the next is served."""
    with Proxy(program, lambda sock: None) as proxy:
        proxy.listener.close()
        for _ in range(5):
            with contextlib.suppress(ConnectionResetError):
                with proxy.connect() as sock:
                    must(sock.recv(1) == b'', 'bytes from nowhere')


def curl(program):
    """A client that is not ours."""
    if shutil.which('curl') is None:
        print('SKIP: example.proxy: curl: there is none')
        return None
    page = pattern(5 * MB, 'page')

    def server(sock):
        while not sock.recv(64 * KB).endswith(b'\r\n\r\n'):
            pass
        send_and_end(sock, b'HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n'
                     % len(page) + page)

    with Proxy(program, server) as proxy:
        got = subprocess.run(
            ['curl', '-sS', '--noproxy', '*', '--limit-rate', '20M',
             f'http://127.0.0.1:{proxy.port}/'],
            stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout
    must(got == page, 'curl got something else')


CASES = [both_directions, slow_reader, half_close, end_behind_bytes, resets,
         resets_while_stuck, nobody_there, curl]


def main():
    program, names = sys.argv[1], sys.argv[2:]
    failed = 0
    # So that the proxy of the case is killed as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for case in CASES:
        if names and case.__name__ not in names:
            continue
        began = time.monotonic()
        try:
            note = case(program)
            said = f'ok{": " + note if note else ""}'
        except Exception as error:  # a peer that waits in vain, too
            failed += 1
            said = f'FAILED: {error!r}'
        print(f'{case.__name__:18} {time.monotonic() - began:5.1f} s  {said}',
              flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
