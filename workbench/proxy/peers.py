#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peers.py PROXY MIB: nc to nc and an HTTP server to curl, through the proxy.

The readers are slow: they take RATE MiB a second, and nothing for PAUSE
seconds at the half. The memory of the proxy, without the pages of files, is
sampled while the bytes move; it may grow by FLAT."""

import hashlib
import http.server
import re
import subprocess
import sys
import threading
import time

MIB = 1024 * 1024
RATE = 64
PAUSE = 2
FLAT = 1 * MIB
BLOCK = hashlib.shake_128(b'bufv').digest(MIB)


class Proxy:
    """A proxy whose memory is watched."""

    def __init__(self, program, port):
        self.process = subprocess.Popen(
            [program, '127.0.0.1', str(port)], stdout=subprocess.PIPE)
        said = self.process.stdout.readline().decode()
        self.port = said.split()[-1]
        self.samples = [self.memory()]
        threading.Thread(target=self.watch, daemon=True).start()

    def memory(self):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as f:
            return int(re.search(r'RssAnon:\s*(\d+)', f.read()).group(1)) * 1024

    def watch(self):
        while self.process.poll() is None:
            try:
                self.samples.append(self.memory())
            except (OSError, AttributeError):
                return
            time.sleep(0.02)

    def end(self):
        self.process.kill()
        self.process.wait()


def give(pipe, mib, may_end):
    """Writes the bytes, as fast as they go, and ends when it may."""
    with pipe:
        for _ in range(mib):
            pipe.write(BLOCK)
        pipe.flush()
        may_end.wait()


def take(pipe, mib, got, done):
    """Reads slowly, and compares. Leaves how many bytes were right."""
    began, at, paused = time.monotonic(), 0, False
    while data := pipe.read(64 * 1024):
        start = at % MIB
        if (BLOCK + BLOCK)[start:start + len(data)] != data:
            got.append(f'bytes differ behind {at}')
            done.set()
            return
        at += len(data)
        if at == mib * MIB:
            done.set()
        if not paused and at > mib * MIB // 2:
            paused = True
            time.sleep(PAUSE)
            began += PAUSE
        ahead = at / (RATE * MIB) - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
    done.set()
    if at != mib * MIB:
        got.append(f'{at} bytes came')


def in_threads(calls):
    threads = [threading.Thread(target=f, args=args) for f, args in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def nc_to_nc(program, mib):
    """Both directions of one connection at once. nc that listens ends with what
    it receives, whatever it has to send: the client ends when it has got
    all."""
    pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE}
    server = subprocess.Popen(['nc', '-v', '-N', '-l', '127.0.0.1', '0'],
                              stderr=subprocess.PIPE, **pipes)
    port = server.stderr.readline().decode().split()[-1]
    proxy = Proxy(program, port)
    client = subprocess.Popen(['nc', '-N', '127.0.0.1', proxy.port], **pipes)
    wrong = []
    client_has, any_time = threading.Event(), threading.Event()
    any_time.set()
    in_threads([(give, (client.stdin, mib, client_has)),
                (give, (server.stdin, mib, any_time)),
                (take, (client.stdout, mib, wrong, client_has)),
                (take, (server.stdout, mib, wrong, any_time))])
    for nc in client, server:
        nc.wait()
    proxy.end()
    return proxy, wrong


def http_to_curl(program, mib):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header('Content-Length', str(mib * MIB))
            self.end_headers()
            for _ in range(mib):
                self.wfile.write(BLOCK)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    proxy = Proxy(program, server.server_port)
    curl = subprocess.Popen(
        ['curl', '-sS', '--noproxy', '*', f'http://127.0.0.1:{proxy.port}/'],
        stdout=subprocess.PIPE)
    wrong = []
    take(curl.stdout, mib, wrong, threading.Event())
    if curl.wait() != 0:
        wrong.append('curl fails')
    proxy.end()
    server.shutdown()
    return proxy, wrong


def main():
    program, mib = sys.argv[1], int(sys.argv[2])
    for what, ways in (nc_to_nc, 2), (http_to_curl, 1):
        began = time.monotonic()
        proxy, wrong = what(program, mib)
        grown = max(proxy.samples) - proxy.samples[0]
        if grown > FLAT:
            wrong.append('memory is not flat')
        print(f'{what.__name__}: {mib} MiB {"each" if ways == 2 else "one"} '
              f'way in {time.monotonic() - began:.1f} s; memory '
              f'{proxy.samples[0] // 1024} KiB at first, at most '
              f'{max(proxy.samples) // 1024} KiB in {len(proxy.samples)} '
              f'samples: {"FAILED: " + "; ".join(wrong) if wrong else "ok"}',
              flush=True)


main()
