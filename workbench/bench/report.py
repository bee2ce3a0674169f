#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tables, and the data of the plot, of what run.py measured.

usage: report.py PREFIX

Reads PREFIX-{machine.txt,times.csv,syscalls.csv,nagle.csv}; writes PREFIX.md,
PREFIX-ratios.csv and PREFIX-{cpu,wall}.dat. A ratio is a peer's figure by
that of bufv in the same round, so that above 1 bufv is the faster one.
"""

import collections
import csv
import os
import statistics
import sys

OURS, AGAIN = "bufv", "bufv-again"

# A cell in which bufv differs more from itself is not quoted.
NOISE_MOST = 0.05
# Within these a ratio is measured once more, in so many rounds.
NEAR = (0.8, 1.25)
ROUNDS_AGAIN = 41

METRICS = {"cpu": "CPU time of the sender", "wall": "wall time"}
Ratio = collections.namedtuple("Ratio", "median q1 q3")


def rows_of(path):
    if not os.path.exists(path):
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def spread(values):
    if len(values) < 2:
        return Ratio(values[0], values[0], values[0])
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return Ratio(median, q1, q3)


def short(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


class Times:
    """The measured ratios, and what they amount to. What was measured in two
    runs counts as in the second."""

    def __init__(self, rows):
        self.cells = list(dict.fromkeys(r["cell"] for r in rows))
        self.shape = {r["cell"]: (int(r["bytes"]), int(r["chunks"]))
                      for r in rows}
        found = {r["peer"] for r in rows}
        self.peers = sorted(found - {OURS}, key=lambda p: (
            p != AGAIN, p.startswith("limit"), not p.startswith("bufv"), p))
        self.took, self.ratio, self.last = {}, {}, {}
        for row in rows:
            key = row["cell"], row["peer"]
            self.last[key] = max(self.last.get(key, "1"), row["run"])
        for metric in METRICS:
            self.read(rows, metric)

    def read(self, rows, metric):
        at = {(r["cell"], r["run"], r["round"], r["peer"]):
              float(r[f"{metric}_ns"]) for r in rows}
        pairs = collections.defaultdict(list)
        took = collections.defaultdict(list)
        for (cell, run, number, peer), value in at.items():
            base = at.get((cell, run, number, OURS))
            if run == self.last[cell, peer]:
                took[cell, peer].append(value)
            if peer != OURS and base:
                pairs[cell, peer, run].append(value / base)
        for (cell, peer), values in took.items():
            self.took[metric, cell, peer] = spread(values)
        for (cell, peer, run), values in pairs.items():
            self.ratio[metric, cell, peer, run] = spread(values)

    def run_of(self, cell, peer):
        return self.last.get((cell, peer), "1")

    def of(self, metric, cell, peer):
        return self.ratio.get((metric, cell, peer, self.run_of(cell, peer)))

    def noise(self, metric, cell, run=None):
        """What a ratio has to differ from 1 by to mean anything: as far as
        the quartiles of bufv against itself do. None: it ran once."""
        run = run or self.run_of(cell, AGAIN)
        again = self.ratio.get((metric, cell, AGAIN, run))
        return max(abs(again.q1 - 1), abs(again.q3 - 1)) if again else None

    def is_quoted(self, metric, cell, run=None):
        noise = self.noise(metric, cell, run)
        return noise is not None and noise <= NOISE_MOST

    def counted(self, metric, cell, peer):
        """The ratio, unless there is too much noise in the cell."""
        quoted = (self.is_quoted(metric, cell) and
                  self.is_quoted(metric, cell, self.run_of(cell, peer)))
        return self.of(metric, cell, peer) if quoted else None

    def verdict(self, metric, cell, peer):
        """None where there is too much noise."""
        if self.counted(metric, cell, peer) is None:
            return ""
        return self.verdict_in(metric, cell, peer, self.run_of(cell, peer))

    def verdict_in(self, metric, cell, peer, run):
        """That of one run: level inside the noise, and where a quarter of the
        rounds says the opposite."""
        ratio = self.ratio.get((metric, cell, peer, run))
        if ratio is None or not self.is_quoted(metric, cell, run):
            return ""
        noise = self.noise(metric, cell, run)
        if ratio.median < 1 - noise and ratio.q3 < 1:
            return "behind"
        if ratio.median > 1 + noise and ratio.q1 > 1:
            return "ahead"
        return "level"

    def doubts(self):
        """What a second run is for: {cell: peers}."""
        doubts = {}
        for cell in self.cells:
            if not self.is_quoted("cpu", cell):
                doubts[cell] = [OURS, *self.peers]
                continue
            near = [p for p in self.peers if p != AGAIN and NEAR[0] <=
                    getattr(self.of("cpu", cell, p), "median", 0) <= NEAR[1]]
            if near:
                doubts[cell] = [OURS, AGAIN, *near]
        return doubts

    def changes(self, metric):
        """Of the pairs with a verdict in both runs, the number, and those
        whose verdict is another: [(cell, peer, first, second)]."""
        both, changed = 0, []
        for cell in self.cells:
            for peer in self.peers:
                first = self.verdict_in(metric, cell, peer, "1")
                second = self.verdict_in(metric, cell, peer, "2")
                if peer == AGAIN or not first or not second:
                    continue
                both += 1
                if first != second:
                    changed.append((cell, peer, first, second))
        return both, changed

    def groups(self):
        """Cells that fit into one table: those with the same M."""
        groups = collections.defaultdict(list)
        for cell in self.cells:
            size, by, count = cell.partition("x")
            groups[f"M = {count}" if by and size.isdigit()
                   else "other lists"].append(cell)
        return groups


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |",
             "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def ratio_text(times, metric, cell, peer):
    ratio = times.counted(metric, cell, peer)
    if ratio is None:
        return "-"
    text = short(ratio.median)
    verdict = times.verdict(metric, cell, peer)
    text = {"behind": f"**{text}**", "level": f"{text}~"}.get(verdict, text)
    return f"{text} ({short(ratio.q1)}-{short(ratio.q3)})"


def per_chunk(times, metric, cell):
    nbytes, chunks = times.shape[cell]
    value = times.took[metric, cell, OURS].median
    noise = times.noise(metric, cell)
    if not times.is_quoted(metric, cell):
        return "noise " + ("?" if noise is None else f"{100 * noise:.0f} %")
    return f"{value / chunks:.1f} ns, {nbytes / value:.2f} GB/s"


def ratios(times, metric):
    text = []
    for name, cells in times.groups().items():
        rows = [["*bufv, a chunk*"]
                + [per_chunk(times, metric, cell) for cell in cells]]
        rows += [[peer] + [ratio_text(times, metric, cell, peer)
                           for cell in cells] for peer in times.peers]
        text += [f"### {METRICS[metric]}, {name}\n",
                 table(["peer / bufv"] + cells, rows)]
    return text


def summary(times, metric):
    against = [p for p in times.peers
               if not p.startswith(("bufv", "limit"))]
    found = collections.defaultdict(list)
    for cell in times.cells:
        for peer in against:
            verdict = times.verdict(metric, cell, peer)
            if verdict:
                found[verdict].append((cell, peer))
    noisy = [cell for cell in times.cells
             if not times.is_quoted(metric, cell)]
    noise = [times.noise(metric, cell) for cell in times.cells
             if times.noise(metric, cell) is not None] or [0]
    text = [f"**{METRICS[metric]}**: of {sum(map(len, found.values()))} pairs"
            f" of peer and cell bufv is ahead in {len(found['ahead'])}, level"
            f" (inside the noise) in {len(found['level'])}, behind in"
            f" {len(found['behind'])}. Noise of a cell: median"
            f" {100 * statistics.median(noise):.0f} %, worst"
            f" {100 * max(noise):.0f} %. Not quoted, since it is above"
            f" {100 * NOISE_MOST:.0f} %: {len(noisy)} of {len(times.cells)}"
            f" cells.\n"]
    lost = [f"{cell} {peer} {short(times.of(metric, cell, peer).median)}"
            for cell, peer in found["behind"]]
    if lost:
        text.append(f"Behind: {'; '.join(lost)}.\n")
    both, changed = times.changes(metric)
    if both:
        text.append(f"{both} pairs had a verdict in two runs; it changed in"
                    f" {len(changed)}" + (": " if changed else "") +
                    "; ".join(f"{cell} {peer} from {first} to {second}"
                              for cell, peer, first, second in changed) +
                    ".\n")
    return text


def thousands(times, cell, peer):
    """Chunks for a second of CPU time, in thousands."""
    took = times.took.get(("cpu", cell, peer))
    if took is None or not times.is_quoted("cpu", cell):
        return "-"
    found = [times.shape[cell][1] * 1e6 / nanoseconds
             for nanoseconds in (took.median, took.q3, took.q1)]
    return "{:.0f} ({:.0f}-{:.0f})".format(*found)


def rates(times):
    text = ["## Datagrams\n",
            "Thousands of datagrams that a second of the sender's CPU time"
            " sends: median and quartiles of the rounds.\n"]
    for name, cells in times.groups().items():
        rows = [[peer] + [thousands(times, cell, peer) for cell in cells]
                for peer in [OURS, *times.peers]]
        text += [f"### {name}\n", table(["peer"] + cells, rows)]
    return text


def syscalls(rows, times):
    calls = {(r["cell"], r["peer"]): r for r in rows}
    peers = list(dict.fromkeys(r["peer"] for r in rows))
    text = ["## System calls of a job\n",
            "Counted with strace, which slows the sender down so much that"
            " the socket is seldom full. Left out: clocks, and what the"
            " threads of a language's runtime do on their own.\n"]
    for name, cells in times.groups().items():
        rows = [[peer] + [calls[cell, peer]["calls"]
                          if (cell, peer) in calls else "-"
                          for cell in cells] for peer in peers]
        text += [f"### {name}\n", table(["peer"] + cells, rows)]
    return text


def nagle(rows):
    if not rows:
        return []
    walls = collections.defaultdict(list)
    for r in rows:
        walls[r["cell"], r["peer"], r["nodelay"], r["reader"]].append(
            float(r["wall_ns"]) / 1e3)
    columns = [("0", "normal"), ("0", "delayed"), ("1", "normal"),
               ("1", "delayed")]
    text = ["## Nagle: a list in several calls\n",
            "Median wall time of a job in microseconds (worst round), on a"
            " default socket and with TCP_NODELAY, with a reader that leaves"
            " its ACKs to the kernel and with one that delays them.\n"]
    for cell in dict.fromkeys(r["cell"] for r in rows):
        body = []
        for peer in dict.fromkeys(sorted(r["peer"] for r in rows)):
            found = [walls.get((cell, peer, *c)) for c in columns]
            body.append([peer] + [
                f"{statistics.median(v):.0f} ({max(v):.0f})" if v else "-"
                for v in found])
        text += [f"### {cell}\n",
                 table(["peer", "default", "default, delayed ACK",
                        "nodelay", "nodelay, delayed ACK"], body)]
    return text


# What a job is, by family.
JOBS = {
    "lists": "A job is S x M: M chunks of S bytes, built into a list and sent"
             " whole over loopback TCP with TCP_NODELAY. `bufv-generic` is"
             " bufv's generic back end, `bufv-nocopy` the usual one with"
             " copying off. `limit-one` and `limit-512k` send bytes that lie"
             " together already, `limit-copy` copies them together and sends"
             " them with one write.",
    "files": "A job is a number of lists 200+S: a header of 200 bytes and S"
             " bytes of a file in the cache, each sent over loopback TCP with"
             " TCP_NODELAY. `bufv` reads short files and sends long ones"
             " unread, `bufv-read` reads all and `bufv-unread` none. With"
             " `bufv-timeout` the socket has a timeout, and does not block.",
    "backends": "A job is S x M, as in the lists. `bufv` is the unix back end"
                " on a socket with a timeout, `generic` the generic one;"
                " `-blocking` is a socket without a timeout.",
    "tls": "A job is S x M, M chunks of S bytes, or 50 lists of 20 times a"
           " frame's header and 16 KiB, each sent over TLS 1.3 on loopback."
           " With `bufv-timeout` the socket does not block."
           " `SSL_write-whole` copies all chunks together, which most programs"
           " cannot.",
    "datagrams": "A job is 128 datagrams of S bytes over loopback UDP, each a"
                 " chunk, in lists of M. `bufv`, `sendmsg-segment` and"
                 " `copy-segment`, which copies the chunks together, have"
                 " UDP_SEGMENT where M is not 1: a list is a message, or two,"
                 " since 64 of 1200 bytes are more than one holds. `bufv-each` writes a list a"
                 " datagram; the others call once a datagram, on a connected"
                 " socket or with an address (`sendto-each`, `go-writeto`), or"
                 " once a list (`sendmmsg`). On loopback the receiving side's"
                 " work, down to the reader's socket, is done in the sender's"
                 " call, and that of dividing messages, too.",
}


def family_of(machine):
    for line in machine.splitlines():
        if line.startswith("family: "):
            return line[8:]
    return "lists"


def write_plot_data(times, metric, path):
    """Lines of column, row, ratio, label; peers from top to bottom."""
    with open(path, "w") as file:
        for y, peer in enumerate(times.peers):
            for x, cell in enumerate(times.cells):
                ratio = times.counted(metric, cell, peer)
                if ratio is None:
                    continue
                label = short(ratio.median)
                if times.verdict(metric, cell, peer) == "level":
                    label = f"({label})"
                print(x, y, ratio.median, f'"{label}" "{cell}" "{peer}"',
                      file=file)


def write_ratios(times, path):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["metric", "cell", "peer", "run", "median", "q1", "q3",
                      "verdict"])
        for (metric, cell, peer, run), ratio in times.ratio.items():
            out.writerow([metric, cell, peer, run]
                         + [f"{value:.4f}" for value in ratio]
                         + [times.verdict_in(metric, cell, peer, run)])


def main():
    prefix = sys.argv[1]
    with open(f"{prefix}-machine.txt") as file:
        machine = file.read()
    rows = rows_of(f"{prefix}-times.csv")
    if OURS not in {r["peer"] for r in rows}:
        sys.exit("report.py: no measurement of bufv")
    times = Times(rows)
    rounds = len({r["round"] for r in rows if r["run"] == "1"})
    text = ["# bufv against its peers\n",
            "Made by `workbench/bench/run`; do not edit.\n",
            "".join(f"- {line}\n" for line in machine.splitlines()),
            f"{JOBS[family_of(machine)]}\n",
            f"Medians of {rounds} rounds, quartiles in brackets, of a peer's"
            f" figure by that of bufv in the same round: **above 1 bufv is"
            f" faster**. `~`: no verdict, since it is inside the noise, which"
            f" is what bufv shows against itself (`bufv-again`), or since the"
            f" quartiles lie on both sides of 1. Bold: bufv is behind. Ratios"
            f" between {NEAR[0]} and {NEAR[1]}, and cells with noise above"
            f" {100 * NOISE_MOST:.0f} %, were measured once more, in"
            f" {ROUNDS_AGAIN} rounds or more, and count as in that run. A cell"
            f" that is still so noisy has no figures here.\n",
            "## Summary\n"]
    for metric in METRICS:
        text += summary(times, metric)
    for metric, name in METRICS.items():
        text += [f"## {name[0].upper()}{name[1:]}\n", *ratios(times, metric)]
        write_plot_data(times, metric, f"{prefix}-{metric}.dat")
    if family_of(machine) == "datagrams":
        text += rates(times)
    text += syscalls(rows_of(f"{prefix}-syscalls.csv"), times)
    text += nagle(rows_of(f"{prefix}-nagle.csv"))
    with open(f"{prefix}.md", "w") as file:
        file.write("\n".join(text))
    write_ratios(times, f"{prefix}-ratios.csv")
    print("\n".join(summary(times, "cpu") + summary(times, "wall")))


if __name__ == "__main__":
    main()
