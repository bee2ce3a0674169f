#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times some threads that write at the same time, each to a transport of its
own that takes everything, against one thread and against as many processes.

usage: threads.py --program PATH --out PREFIX [--quick] [--rounds N]

Writes PREFIX-times.csv, a row a measurement, PREFIX-machine.txt and PREFIX.md.
counts/threads.c is what is timed; README.md says how and why.
"""

import argparse
import collections
import csv
import os
import random
import subprocess

from report import METRICS, short, spread, table
from run import SEED, describe, say

# Chunks and their size: copied on the stack; in memory that the process has
# for all of its threads; handed on as they are.
LISTS = [(20, 100), (1024, 100), (64, 4096)]

# Once more, for the noise, which is what one thread shows against itself.
ONE, AGAIN = ("threads", 1, ""), ("threads", 1, "again")
KINDS = [ONE, AGAIN] + [(kind, n, "") for n in (2, 4, 8)
                        for kind in ("threads", "processes")]

# More than this for each thread that comes to the first is too much.
GROWTH_MOST = 0.05


def run(program, kind, lists, shape, cpu):
    """Wall time and CPU time of a list in nanoseconds."""
    said = subprocess.run(
        [program, str(kind[1]), str(lists), *map(str, shape), kind[0],
         str(cpu)], check=True, capture_output=True, text=True, timeout=300)
    wall, used = map(float, said.stdout.split())
    return {"wall": wall, "cpu": used}


def measure(program, shape, rounds, target):
    """{(metric, kind): a figure a round}; rounds go through all kinds in a new
    order, and begin with another processor each."""
    took = collections.defaultdict(list)
    lists = 1 + int(target / run(program, ONE, 1000, shape, 0)["cpu"])
    rng = random.Random(f"{SEED} {shape}")
    for number in range(rounds):
        for kind in rng.sample(KINDS, len(KINDS)):
            got = run(program, kind, lists, shape, number)
            for metric, value in got.items():
                took[metric, kind].append(value)
    return took


def ratio(took, metric, kind, base):
    """Within each round."""
    return spread([a / b for a, b in zip(took[metric, kind],
                                         took[metric, base])])


def text_of(value, form=short):
    return f"{form(value.median)} ({form(value.q1)}-{form(value.q3)})"


def name_of(kind):
    what, n, again = kind
    what = what if n > 1 else "thread"
    return f"{n} {what}{', again' if again else ''}"


def verdict(took, shape, cpus):
    """What the growth is, up to the processors there are."""
    text = []
    for kind in KINDS:
        what, n, _ = kind
        if what != "threads" or not 1 < n <= cpus:
            continue
        grown = ratio(took, "cpu", kind, ONE)
        apart = ratio(took, "cpu", ("processes", n, ""), ONE)
        most = GROWTH_MOST * (n - 1)
        is_within = grown.median - 1 <= most
        text.append(
            f"- {shape[0]} x {shape[1]} B, {n} threads: {text_of(grown)} of"
            f" one thread's CPU time a list,"
            f" {'within' if is_within else '**above**'} {100 * most:.0f} %; as"
            f" many processes: {text_of(apart)}\n")
    return "".join(text)


def page(took):
    """A table of each metric."""
    text = []
    for metric, name in METRICS.items():
        rows = [[name_of(kind),
                 text_of(spread(took[metric, kind]), "{:.0f}".format),
                 "" if kind == ONE else text_of(
                     ratio(took, metric, kind, ONE))] for kind in KINDS]
        text.append(table([name.replace(" of the sender", ""), "ns a list",
                           "by that of one thread"], rows))
    return "\n".join(text)


def write_rows(path, all_took):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["chunks", "size", "kind", "number", "again", "round",
                      "wall_ns", "cpu_ns"])
        for shape, took in all_took.items():
            for kind in KINDS:
                for number, values in enumerate(zip(took["wall", kind],
                                                    took["cpu", kind])):
                    out.writerow([*shape, *kind, number, *values])


def write_page(prefix, all_took, rounds, cpus):
    with open(f"{prefix}-machine.txt") as file:
        machine = "".join(f"- {line}" for line in file)
    text = ["# Threads\n",
            "Made by `workbench/bench/run --family threads`; do not edit.\n",
            machine,
            "Each thread writes lists of its own with a writer of its own to a"
            " transport that takes everything: no kernel, no reader. Medians"
            f" of {rounds} rounds, quartiles in brackets; ratios are taken"
            " within a round. CPU time is the mean of the threads, wall time"
            " that of the slowest. Processes share no memory: what they grow"
            " by is the machine's, and what threads grow by beyond that is the"
            " library's. With more threads than processors wall time grows"
            " with their number.\n",
            f"## Growth up to {cpus} processors\n",
            "".join(verdict(took, shape, cpus)
                    for shape, took in all_took.items())]
    for shape, took in all_took.items():
        text += [f"## {shape[0]} x {shape[1]} B\n", page(took)]
    with open(f"{prefix}.md", "w") as file:
        file.write("\n".join(text))
    print(text[5])


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--family", choices=["threads"])
    args.add_argument("--program", required=True)
    args.add_argument("--out", required=True)
    args.add_argument("--quick", action="store_true")
    args.add_argument("--rounds", type=int)
    args = args.parse_args()
    rounds = args.rounds or (5 if args.quick else 21)
    cpus = len(os.sched_getaffinity(0))
    describe(f"{args.out}-machine.txt", "threads")
    all_took = {}
    for shape in LISTS:
        all_took[shape] = measure(args.program, shape, rounds, 30e6)
        say(f"{shape[0]} x {shape[1]} B")
    write_rows(f"{args.out}-times.csv", all_took)
    write_page(args.out, all_took, rounds, cpus)


if __name__ == "__main__":
    main()
