#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at the HTML in a browser (Debian: chromium), without a window.

    browse.py HTML

browse.html does the looking: each link of each page, the menu, tables and
pictures, the way to what a reader wants to do, the search. This serves both on
the loopback interface, starts the browser, and prints what it found.
"""

import functools
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

PATIENCE = 240  # seconds, on a slow machine

# Without a sandbox, for in containers there is none to be had; the pages are
# our own. Nothing is asked of the network.
OPTIONS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
           '--no-first-run', '--disable-background-networking',
           '--disable-component-update', '--disable-sync',
           '--disable-dev-shm-usage', '--window-size=1300,1000',
           '--remote-debugging-port=0']

HERE = pathlib.Path(__file__).resolve().parent


class Pages(http.server.SimpleHTTPRequestHandler):
    """The HTML, browse.html in it, and where its result goes."""

    result = None
    done = threading.Event()

    def log_message(self, *_):
        pass

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == '/browse.html':
            self.answer('text/html', (HERE / 'browse.html').read_bytes())
        elif self.path == '/pages.json':
            names = sorted(p.name for p in
                           pathlib.Path(self.directory).glob('*.html'))
            self.answer('application/json', json.dumps(names).encode())
        else:
            super().do_GET()

    def do_POST(self):
        length = int(self.headers['Content-Length'])
        Pages.result = json.loads(self.rfile.read(length))
        self.answer('text/plain', b'')
        Pages.done.set()


class Server(http.server.ThreadingHTTPServer):
    """A browser that goes on to the next page breaks off the last."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def browse(html, program):
    server = Server(
        ('127.0.0.1', 0), functools.partial(Pages, directory=html))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [program, *OPTIONS, f'--user-data-dir={profile}',
             f'http://127.0.0.1:{server.server_port}/browse.html'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        finished = Pages.done.wait(PATIENCE)
        browser.terminate()
        browser.wait()
    server.shutdown()
    return finished


def main():
    program = shutil.which('chromium') or shutil.which('google-chrome')
    if not program:
        print('SKIP: no browser (Debian: chromium)')
        sys.exit(77)
    if not browse(sys.argv[1], program):
        print(f'the browser was not done in {PATIENCE} s')
        sys.exit(1)
    wrong, counts = Pages.result['wrong'], Pages.result['counts']
    print(*wrong, sep='\n')
    print(', '.join(f'{n} {what}' for what, n in counts.items()) +
          f': {len(wrong)} wrong')
    sys.exit(1 if wrong else 0)


main()
