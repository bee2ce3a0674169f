#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times every peer on the same jobs, in interleaved rounds, and writes CSV.

usage: run.py --bin DIR --out PREFIX [--family F] [--quick] [--peers a,b]
              [--cells x,y]

Writes PREFIX-times.csv, PREFIX-syscalls.csv and PREFIX-nagle.csv, one row a
measurement, nothing averaged; report.py makes tables of them. README.md says
how it is measured and why.
"""

import argparse
import csv
import ctypes
import math
import mmap
import os
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import report

AT_HEAD, AT_ENDS, AT_CHUNKS, AT_DATA = 64, 4096, 65536, 2 << 20
ARENA_SIZE = 80 << 20
LIMIT = 64 << 20  # bytes of a job
SEED = 4
WAITS_MAX = 2 << 20  # bytes of a job for which the reader can wait
ROUNDS_EACH = 7  # of a process: then another one follows
DATAGRAMS = 128  # of a job: 416 KiB are granted to all, and one takes 2304 B

# name: program and variant. bufv stands here twice: what is measured between
# the two is the noise.
LIST_PEERS = {
    "bufv": ("bufv-unix", "-"),
    "bufv-again": ("bufv-unix", "-"),
    "bufv-lto": ("bufv-lto", "-"),
    "bufv-shared": ("bufv-shared", "-"),
    "bufv-copy": ("bufv-unix", "append=copy"),
    "bufv-reserve": ("bufv-unix", "append=reserve"),
    "bufv-generic": ("bufv-generic", "-"),
    "bufv-nocopy": ("bufv-unix", "copy=0"),
    "writev": ("plain", "writev"),
    "apr_sendv": ("apr", "-"),
    "uv_write": ("uv", "write"),
    "uv_try_write": ("uv", "try"),
    "evbuffer-ref": ("event", "ref"),
    "evbuffer-copy": ("event", "copy"),
    "asio": ("asio", "-"),
    "glib": ("glib", "-"),
    "go-buffers": ("go", "buffers"),
    "go-bufio": ("go", "bufio"),
    "rust-vectored": ("rust", "vectored"),
    "rust-bufwriter": ("rust", "bufwriter"),
    "write-each": ("plain", "each"),
    "limit-copy": ("plain", "copy"),
    "limit-one": ("plain", "one"),
    "limit-512k": ("plain", "512k"),
}


# Header and file; from how many bytes on it goes unread.
FILE_PEERS = {
    "bufv": ("bufv-unix", "file"),
    "bufv-again": ("bufv-unix", "file"),
    "bufv-timeout": ("bufv-unix", "file+timeout"),
    "bufv-read": ("bufv-unix", f"file={1 << 62}"),
    "bufv-unread": ("bufv-unix", "file=1"),
    "read+writev": ("files", "read"),
    "cork+sendfile": ("files", "cork"),
    "MSG_MORE+sendfile": ("files", "more"),
    "apr_sendfile": ("files", "apr"),
    "evbuffer-file": ("event", "file"),
}

# The generic back end against the usual one, on sockets with a timeout and on
# blocking ones.
BACK_END_PEERS = {
    "bufv": ("bufv-unix", "timeout"),
    "bufv-again": ("bufv-unix", "timeout"),
    "bufv-blocking": ("bufv-unix", "-"),
    "generic": ("bufv-generic", "timeout"),
    "generic-blocking": ("bufv-generic", "-"),
    "apr_sendv": ("apr", "-"),
}

TLS_PEERS = {
    "bufv": ("tls", "bufv"),
    "bufv-again": ("tls", "bufv"),
    "bufv-timeout": ("tls", "bufv-timeout"),
    "SSL_write-each": ("tls", "each"),
    "BIO_f_buffer": ("tls", "buffer"),
    "SSL_write-whole": ("tls", "whole"),
    "asio": ("asio", "tls"),
    "go-buffers": ("go", "tls-buffers"),
    "go-bufio": ("go", "tls-bufio"),
    "rustls-vectored": ("rust_tls", "vectored"),
    "rustls-bufwriter": ("rust_tls", "bufwriter"),
}

# Each chunk is a datagram.
DATAGRAM_PEERS = {
    "bufv": ("datagrams", "bufv"),
    "bufv-again": ("datagrams", "bufv"),
    "bufv-each": ("datagrams", "bufv-each"),
    "sendmsg-segment": ("datagrams", "segment"),
    "copy-segment": ("datagrams", "copy"),
    "sendmmsg": ("datagrams", "sendmmsg"),
    "send-each": ("datagrams", "send"),
    "sendto-each": ("datagrams", "sendto"),
    "go-write": ("go", "udp-write"),
    "go-writeto": ("go", "udp-writeto"),
}

PEERS = LIST_PEERS  # or those of another family


def program_of(name):
    """Its program and variant; "bufv:copy=256" is bufv with a variant."""
    name, _, variant = name.partition(":")
    program, usual = PEERS[name]
    return program, variant or usual


NAGLE_PEERS = ["bufv", "bufv-again", "bufv-generic", "bufv-nocopy", "writev",
               "apr_sendv", "go-buffers", "rust-vectored", "uv_write",
               "glib", "limit-one"]


BEGAN = time.monotonic()
LIBC = ctypes.CDLL(None)


def say(text):
    print(f"{time.monotonic() - BEGAN:6.1f} s  {text}", file=sys.stderr,
          flush=True)


# ---------------------------------------------------------------- the cells

def uniform(size, count):
    return [[size] * count]


def mixed():
    """1000 responses like HTTP's: header, body, trailer; each one list."""
    return [[200, 8192, 2]] * 1000


def any_sizes():
    """Lists of 1 to 64 chunks, each of 1 B to 16 KiB, small ones as likely
    as large ones."""
    rng = random.Random(SEED)
    return [[int(math.exp(rng.uniform(0, math.log(16385))))
             for _ in range(rng.randint(1, 64))] for _ in range(500)]


def all_cells():
    cells = {f"{s}x{m}": uniform(s, m)
             for s in (1, 16, 100, 1000, 4096, 65536)
             for m in (1, 8, 64, 1024, 100000) if s * m <= LIMIT}
    cells["mixed"] = mixed()
    cells["random"] = any_sizes()
    return cells


def file_cells():
    """A header of 200 bytes and a file, up to 2 MB and 200 times: the reader
    waits for a job."""
    sizes = {"100": 100, "1K": 1024, "4K": 4096, "16K": 16384, "32K": 32768,
             "64K": 65536, "128K": 1 << 17, "1M": 1 << 20}
    return {f"200+{name}": [[200, size]] * max(1, min(200, 2000000 // size))
            for name, size in sizes.items()}


def back_end_cells():
    return {cell: lists for cell, lists in all_cells().items()
            if cell in QUICK_CELLS}


def tls_cells():
    """HTTP/2's frames; small chunks; a page of them; one large chunk."""
    return {"20x(9+16384)": [[9, 16384] * 20] * 50, "20x5000": uniform(20, 5000),
            "100x10486": uniform(100, 10486), "1048576x1": [[1 << 20]] * 16}


def datagram_cells():
    """Lists of 1 and of 64 datagrams. A job is no more of them than the
    reader's socket holds, so that none is lost."""
    return {f"{size}x{count}": [[size] * count] * (DATAGRAMS // count)
            for size in (100, 500, 1200) for count in (1, 64)}


QUICK_CELLS = ["1x8", "1x1024", "16x100000", "100x1024", "1000x64",
               "1000x1024", "4096x1024", "65536x64", "mixed"]

FAMILIES = {
    "lists": (LIST_PEERS, all_cells),
    "files": (FILE_PEERS, file_cells),
    "backends": (BACK_END_PEERS, back_end_cells),
    "tls": (TLS_PEERS, tls_cells),
    "datagrams": (DATAGRAM_PEERS, datagram_cells),
}

# Lists that a writev loop sends in several calls; the last piece is small.
NAGLE_CELLS = {"16x1100": uniform(16, 1100), "600x1030": uniform(600, 1030),
               "1000x2050": uniform(1000, 2050), "4096x1030":
               uniform(4096, 1030)}


# Seconds after which the last job's bytes have been acknowledged for sure, so
# that a job waits for the ACKs of its own bytes only.
ACKED = 0.06


class Arena:
    """Shared memory: the bytes, scattered, and where they lie (arena.h)."""

    def __init__(self):
        self.fd = os.memfd_create("bench")
        os.ftruncate(self.fd, ARENA_SIZE)
        self.map = mmap.mmap(self.fd, ARENA_SIZE)
        data = random.Random(SEED).randbytes(1 << 20)
        for at in range(AT_DATA, ARENA_SIZE, len(data)):
            self.map[at:at + len(data)] = data[:ARENA_SIZE - at]
            data = data[4099:] + data[:4099]  # not the same again
        self.chunks = self.bytes = 0

    def load(self, lists):
        """Lays the job out: each chunk at a multiple of 64, and at least 64
        bytes from its neighbours, so that nobody can merge them."""
        table, ends, at = [], [], AT_DATA
        for one in lists:
            for size in one:
                table += (at, size)
                at += (size + 63) // 64 * 64 + 64
            ends.append(len(table) // 2)
        self.chunks = len(table) // 2
        self.bytes = sum(map(sum, lists))
        if (at > ARENA_SIZE or len(ends) * 4 > AT_CHUNKS - AT_ENDS
                or self.chunks * 8 > AT_DATA - AT_CHUNKS):
            raise ValueError("a job too large for the arena")
        struct.pack_into("5Q", self.map, AT_HEAD, len(ends), self.chunks,
                         self.bytes, max(map(len, lists)),
                         max(map(sum, lists)))
        struct.pack_into(f"{len(ends)}I", self.map, AT_ENDS, *ends)
        struct.pack_into(f"{len(table)}I", self.map, AT_CHUNKS, *table)

    def reset(self):
        struct.pack_into("Q", self.map, 0, 0)


class Failed(Exception):
    """A peer or the reader died, hung, or got the bytes wrong."""


def settle(cpus):
    """In the child: its CPUs, and no life after this program's, which would
    be spent spinning."""
    pr_set_pdeathsig = 1
    LIBC.prctl(pr_set_pdeathsig, signal.SIGKILL)
    os.sched_setaffinity(0, cpus)


class Child:
    """A program that answers each line with a line."""

    def __init__(self, argv, fd, cpus):
        self.what = " ".join(argv[:1] + argv[-1:])
        self.proc = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            pass_fds=[fd], bufsize=0, preexec_fn=lambda: settle(cpus))

    def tell(self, text):
        try:
            self.proc.stdin.write(f"{text}\n".encode())
        except OSError as error:
            raise Failed(f"{self.what}: {error}") from error

    def hear(self, timeout=90):
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.proc.stdout], [], [], timeout)[0]:
                raise Failed(f"{self.what}: no answer")
            more = self.proc.stdout.read(4096)
            if not more:
                raise Failed(f"{self.what}: died")
            line += more
        return line.decode().strip()

    def end(self):
        self.proc.stdin.close()
        try:
            self.proc.wait(10)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
        self.proc.stdout.close()


class Bench:
    """The arena, the reader, and the peers connected to it."""

    def __init__(self, bindir, family="lists", waits=False):
        self.bin = bindir
        self.waits = waits
        self.accept = "accept tls" if family == "tls" else "accept"
        self.datagrams = family == "datagrams"
        self.arena = Arena()
        cpus = sorted(os.sched_getaffinity(0))
        self.reader_cpus = {cpus[-1]}
        self.peer_cpus = set(cpus[:-1] or cpus)
        self.start_reader()
        self.failed = {}

    def start_reader(self):
        self.reader = Child([f"{self.bin}/reader", str(self.arena.fd)]
                            + ["waits"] * self.waits,
                            self.arena.fd, self.reader_cpus)
        self.port = self.reader.hear()

    def start(self, name, nodelay=1, prefix=()):
        program, variant = program_of(name)
        peer = Child([*prefix, f"{self.bin}/{program}", self.port,
                      str(self.arena.fd), str(nodelay), variant],
                     self.arena.fd, self.peer_cpus)
        peer.what = name
        self.reader.tell(self.accept)
        peer.conn = self.reader.hear()
        if not peer.conn.isdigit():
            raise SystemExit(f"{name}: no connection: {peer.conn}")
        return peer

    def start_all(self, names, *options):
        """{name: peer} of those that have not failed."""
        return {name: self.start(name, *options) for name in names
                if name not in self.failed}

    def run(self, peer, jobs, flags="-"):
        """(wall, CPU) of a job in nanoseconds, the mean of so many."""
        self.arena.reset()
        if self.datagrams:
            flags = f"u{flags}"
        if self.waits and self.arena.bytes <= WAITS_MAX:
            flags = f"w{flags}"
        self.reader.tell(f"read {peer.conn} {jobs} {flags}")
        try:
            peer.tell(jobs)
        finally:
            said = self.reader.hear()  # it always has its say, see reader.c
        if said != "ok":
            raise Failed(said)
        wall, cpu = map(int, peer.hear().split())
        return wall / jobs, cpu / jobs

    def attempt(self, peers, name, what, jobs, flags="-"):
        """run(), but a peer that fails is out of the race, loudly."""
        try:
            return self.run(peers[name], jobs, flags)
        except (Failed, ValueError) as error:
            say(f"*** {name} FAILED in {what}: {error}")
            self.failed[name] = f"{what}: {error}"
            self.drop(peers.pop(name))
            if name in ("bufv", "bufv-again"):
                raise SystemExit("nothing to compare with") from error
            return None

    def end(self, peers):
        """Ends peers that have done their work."""
        for peer in peers.values():
            peer.end()
            self.close(peer)

    def close(self, peer):
        """After it nobody takes an answer of the reader's for another."""
        self.reader.tell(f"close {peer.conn}")
        said = self.reader.hear()
        if said != "ok":
            raise SystemExit(f"the reader says {said} to the end of a peer")

    def drop(self, peer):
        """Ends a peer, with all of its datagrams that are on their way."""
        peer.proc.kill()
        peer.proc.wait()
        self.close(peer)
        if self.datagrams:
            self.reader.tell("drop")
            self.reader.hear()


# ---------------------------------------------------------- the three passes

def jobs_for(wall, target):
    return max(1, min(100000, int(target / max(wall, 1))))


def calibrate(bench, peers, cell, target):
    """How many jobs of each peer take about `target` nanoseconds."""
    jobs = {}
    for name in list(peers):
        walls = []
        for _ in range(3):  # the first ones are cold
            if name in peers and not (walls and min(walls) > target):
                got = bench.attempt(
                    peers, name, cell,
                    jobs_for(min(walls, default=target), target / 8))
                walls += got[:1] if got else []
        jobs[name] = jobs_for(min(walls, default=target), target)
    return jobs


def rounds_of(bench, peers, cell, rounds, jobs, flags, emit, pause=0):
    """One cell: each peer's bytes verified, then all timed in rounds, in an
    order that is new in each round, and verified again. `rounds` is a range,
    `jobs` how many of each peer, or, to be calibrated, how long they shall
    take."""
    for name in list(peers):
        bench.attempt(peers, name, cell, 1, "v" + flags)
    if not isinstance(jobs, dict):
        jobs = calibrate(bench, peers, cell, jobs)
    rng = random.Random(f"{SEED} {cell} {rounds}")
    for number in rounds:
        order = list(peers)
        rng.shuffle(order)
        for place, name in enumerate(order):
            if name not in peers:
                continue
            time.sleep(pause)
            got = bench.attempt(peers, name, cell, jobs[name], flags)
            if got:
                emit(number, place, name, jobs[name], *got)
    for name in list(peers):
        bench.attempt(peers, name, cell, 1, "v" + flags)


def warm(bench, peers):
    """8 MB on each connection: windows and buffers have grown by then.
    Datagrams know neither."""
    bench.arena.load(uniform(1000, 64) if bench.datagrams
                     else uniform(65536, 128))
    for name in list(peers):
        bench.attempt(peers, name, "warming up", 1, "v")


class Table:
    """Rows that are kept, and written as soon as they are measured."""

    def __init__(self, file):
        self.file, self.rows, self.out = file, [], None

    def add(self, **row):
        if self.out is None:
            self.out = csv.DictWriter(self.file, list(row))
            self.out.writeheader()
        self.rows.append({key: str(value) for key, value in row.items()})
        self.out.writerow(row)


def measure(bench, names, cell, lists, run, rounds, target, table):
    """One cell, in the first run or in the second, by several processes of
    each peer one after the other: where the system has put the memory of a
    process and of its connection is worth some per cent to it, and stays."""
    for first in range(0, rounds, ROUNDS_EACH):
        peers = bench.start_all(names)
        warm(bench, peers)
        bench.arena.load(lists)
        rounds_of(bench, peers, f"{cell} {run}",
                  range(first, min(first + ROUNDS_EACH, rounds)), target, "-",
                  lambda number, place, name, jobs, wall, cpu: table.add(
                      cell=cell, bytes=bench.arena.bytes,
                      chunks=bench.arena.chunks, lists=len(lists), run=run,
                      round=number, place=place, peer=name, jobs=jobs,
                      wall_ns=f"{wall:.0f}", cpu_ns=f"{cpu:.0f}"))
        bench.end(peers)
    table.file.flush()


def time_cells(bench, names, cells, rounds, target, path):
    """All cells, and then once more, with more rounds, what that leaves open:
    the whole of a cell with too much noise, and what is nearly level."""
    with open(path, "w", newline="") as file:
        table = Table(file)
        for done, (cell, lists) in enumerate(cells.items()):
            measure(bench, names, cell, lists, 1, rounds, target, table)
            say(f"{done + 1:2}/{len(cells)} {cell}")
        doubts = report.Times(table.rows).doubts()
        say(f"{len(doubts)} cells once more")
        for done, (cell, some) in enumerate(doubts.items()):
            measure(bench, some, cell, cells[cell], 2,
                    max(rounds, report.ROUNDS_AGAIN), target, table)
            say(f"{done + 1:2}/{len(doubts)} {cell}, {len(some)} peers")


def time_nagle(bench, names, cells, rounds, path):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["cell", "nodelay", "reader", "round", "peer", "jobs",
                      "wall_ns", "cpu_ns"])
        for nodelay in (0, 1):
            peers = bench.start_all(
                [name for name in names if name in NAGLE_PEERS], nodelay)
            jobs = dict.fromkeys(peers, 1)
            warm(bench, peers)
            for cell, lists in cells.items():
                bench.arena.load(lists)
                for reader, flags in (("normal", "-"), ("delayed", "d")):
                    rounds_of(bench, peers, cell, range(rounds), jobs, flags,
                              lambda number, _, name, jobs, wall, cpu:
                              out.writerow([cell, nodelay, reader, number,
                                            name, jobs, f"{wall:.0f}",
                                            f"{cpu:.0f}"]), ACKED)
            bench.end(peers)
            say(f"  TCP_NODELAY {nodelay}: done")


# Not the library's calls: this program's clock, and the threads that run a
# language's garbage collector and timers.
UNCOUNTED = re.compile(r"clock_gettime|nanosleep|clock_nanosleep|futex|"
                       r"sched_yield|rt_sig\w+|getpid|tgkill|restart_syscall|"
                       r"madvise")


def calls_of_last_job(log):
    """The system calls between a command's arrival and its answer: peers
    read stdin and write stdout once a command."""
    counts, last = {}, {}
    with open(log, errors="replace") as file:
        for line in file:
            match = re.match(r"(?:\d+ +)?(\w+)\(([^,)]*)", line)
            if not match:
                continue
            call, fd = match.groups()
            if call == "read" and fd == "0":
                counts = {}
            elif call == "write" and fd == "0x1":
                last = counts
            elif not UNCOUNTED.fullmatch(call):
                counts[call] = counts.get(call, 0) + 1
    return last


def count_calls(bench, names, cells, path):
    """System calls of one job, untimed, under strace."""
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["cell", "peer", "calls", "which"])
        for name in names:
            if name == "bufv-again" or name in bench.failed:
                continue
            with tempfile.TemporaryDirectory() as tmp:
                log = f"{tmp}/log"
                peers = bench.start_all([name], 1, (
                    "strace", "-f", "-qq", "-e", "raw=all", "-e",
                    "signal=none", "-o", log))
                warm(bench, peers)
                for cell, lists in cells.items():
                    bench.arena.load(lists)
                    for _ in range(2):  # the first one may allocate
                        os.truncate(log, 0)
                        if name in peers:
                            bench.attempt(peers, name, cell, 1, "v")
                    if name not in peers:
                        break
                    calls = calls_of_last_job(log)
                    out.writerow([cell, name, sum(calls.values()), " ".join(
                        f"{c}:{n}" for c, n in sorted(calls.items()))])
                bench.end(peers)
            say(f"  {name}")


CONTROL = "/proc/sys/net/ipv4/tcp_congestion_control"


def describe(path, family):
    """What was measured, where and when, for those who read the result."""
    def output(*argv):
        try:
            return subprocess.run(argv, capture_output=True, text=True,
                                  check=True, cwd=os.path.dirname(
                                      os.path.abspath(__file__))).stdout
        except (OSError, subprocess.CalledProcessError):
            return "unknown"

    def read_line(name):
        with open(name) as file:
            return file.readline().strip()

    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*:\s*(.*)", file.read())
    facts = {
        "family": family,
        "machine": f"{model[1] if model else os.uname().machine}, "
                   f"{len(os.sched_getaffinity(0))} CPUs",
        "kernel": f"{os.uname().sysname} {os.uname().release}",
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": output("git", "describe", "--always", "--dirty",
                         "--abbrev=12").strip(),
        "congestion control": read_line(CONTROL),
        "load before": " ".join(f"{x:.1f}" for x in os.getloadavg()),
    }
    with open(path, "w") as file:
        file.writelines(f"{key}: {value}\n" for key, value in facts.items())


def main():
    global PEERS  # pylint: disable=global-statement
    args = argparse.ArgumentParser()
    args.add_argument("--family", choices=FAMILIES, default="lists")
    args.add_argument("--bin", required=True)
    args.add_argument("--out", required=True)
    args.add_argument("--quick", action="store_true")
    args.add_argument("--rounds", type=int)
    args.add_argument("--peers", help="comma separated; default: all built")
    args.add_argument("--cells", help="comma separated; default: all")
    args.add_argument("--waits", action="store_true",
                      help="the reader reads once a job has arrived")
    args.add_argument("--only", choices=["times", "nagle", "syscalls"])
    args = args.parse_args()
    PEERS, cells = FAMILIES[args.family]
    cells = cells()

    wanted = args.peers.split(",") if args.peers else list(PEERS)
    for name in wanted:
        if name.partition(":")[0] not in PEERS:
            sys.exit(f"no peer {name!r}; there are: {' '.join(PEERS)}")
    names = [n for n in wanted
             if os.access(f"{args.bin}/{program_of(n)[0]}", os.X_OK)]
    for name in wanted:
        if name not in names:
            say(f"*** SKIPPED, not built: {name}")
    if args.cells or args.quick and args.family == "lists":
        chosen = args.cells.split(",") if args.cells else QUICK_CELLS
        for cell in chosen:
            if cell not in cells:
                sys.exit(f"no cell {cell!r}; there are: {' '.join(cells)}")
        cells = {cell: cells[cell] for cell in chosen}
    rounds = args.rounds or (5 if args.quick else 21)
    target = 8e6 if args.quick else 30e6  # nanoseconds of a measurement

    describe(f"{args.out}-machine.txt", args.family)
    bench = Bench(args.bin, args.family,
                  args.waits or args.family == "files")
    if args.only in (None, "times"):
        say(f"{len(cells)} cells, {len(names)} peers, {rounds} rounds")
        time_cells(bench, names, cells, rounds, target,
                   f"{args.out}-times.csv")
    if args.only in (None, "nagle") and args.family == "lists":
        say("default socket and TCP_NODELAY, normal and delayed ACKs")
        some = dict(list(NAGLE_CELLS.items())[:2 if args.quick else None])
        time_nagle(bench, names, some, 3 if args.quick else 9,
                   f"{args.out}-nagle.csv")
    if not shutil.which("strace"):
        say("*** SKIPPED, no strace: system calls")
    elif args.only in (None, "syscalls"):
        say("system calls")
        count_calls(bench, names, cells, f"{args.out}-syscalls.csv")
    bench.reader.end()
    skipped = len(wanted) - len(names)
    say(f"{len(names)} peers measured, {skipped} skipped, "
        f"{len(bench.failed)} failed")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
