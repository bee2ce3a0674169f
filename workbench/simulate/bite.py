# SPDX-License-Identifier: Apache-2.0
"""Breaks the loop, the list and the accounting, one mutant at a time, and says
which seed notices. The mutants are those of workbench/mutate: the promises
that are removed by hand, and with --all every operator, constant, condition
and statement. All are asked with few seeds first, and those that live with
many. With --suite, the suite is asked about those that die here.

Fails if a promise lives that `beyond` does not list with the reason; if one
that it lists dies; if a line of the corpus names a promise, and the seed does
not notice when it is broken; and if the unbroken library does not pass a seed
that a mutant died at. See bite for how it is called.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "mutate"))
import mutate  # noqa: E402

# What of the library the simulation runs: no back end, no reader.
FILES = ["src/%s.c" % name for name in (
    "limits", "list", "move", "plan", "queue", "range", "release", "report",
    "reserve", "scratch", "slab", "unix/system", "write", "writer")]

# Seeds are asked in larger and larger steps, since most mutants die at once.
STEPS = [100, 1000, 10000, 100000]

# So many are asked of all mutants, before those that live are asked more.
FEW = 10000

# A mutant that hangs dies of it: a thousand seeds take half a second.
SECONDS_A_THOUSAND = 30


class Build:
    """The simulation of the unbroken library, and how it is compiled."""

    def __init__(self, place, sources):
        self.place, self.sources = place, sources
        mutate.run_out(["cmake", "-S", HERE, "-B", place, "-G", "Ninja",
                        "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_C_FLAGS=-O2 -w",
                        "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
                        "-DBUFV_SOURCES=" + sources])
        mutate.run_out(["ninja", "-C", place, "simulate"])
        with open(os.path.join(place, "compile_commands.json"),
                  encoding="utf-8") as file:
            self.commands = {
                os.path.relpath(c["file"], sources): shlex.split(c["command"])
                for c in json.load(file) if "/bufv.dir/" in c["command"]}
        last = mutate.run_out(["ninja", "-C", place, "-t", "commands",
                               "simulate"]).strip().split("\n")[-1]
        last = re.sub(r"^: && (.*) && :$", r"\1", last)
        self.link = shlex.split(last)
        self.library = os.path.join(
            place, next(w for w in self.link if w.endswith("libbufv.a")))
        self.program = os.path.join(place, "simulate")

    def make(self, mutant, place):
        """The simulation of a mutant, or why there is none."""
        os.makedirs(place, exist_ok=True)
        source = os.path.join(place, os.path.basename(mutant.path))
        with open(source, "w", encoding="utf-8") as file:
            file.write(mutant.text)
        words = list(self.commands[mutant.path])
        obj = os.path.join(place, os.path.basename(words[words.index("-o") + 1]))
        original = os.path.join(self.place, words[words.index("-o") + 1])
        words[words.index("-o") + 1] = obj
        words[words.index("-c") + 1] = source
        words.insert(1, "-I" + os.path.join(self.sources,
                                            os.path.dirname(mutant.path)))
        if mutate.quietly(words).returncode != 0:
            return None, "invalid"
        if mutate.same(obj, original):
            return None, "same"
        library = os.path.join(place, "libbufv.a")
        shutil.copy(self.library, library)
        mutate.run_out(["ar", "r", library, obj])
        program = os.path.join(place, "simulate")
        link = [library if w.endswith("libbufv.a") else w for w in self.link]
        link[link.index("-o") + 1] = program
        subprocess.run(link, cwd=self.place, check=True)
        return program, ""


def run(program, words, seconds, label):
    """What a seed says that notices; None: none does."""
    try:
        result = subprocess.run([program] + words, stdout=subprocess.PIPE,
                                text=True, stderr=subprocess.STDOUT,
                                timeout=seconds)
    except subprocess.TimeoutExpired:
        return label + ": hangs"
    if result.returncode == 0:
        return None
    lines = result.stdout.strip().split("\n")
    return lines[-1] if lines[-1] else "%s: dies of %d" % (
        label, result.returncode)


def ask(program, first, most):
    """What the first seed says that notices; None: none does."""
    for last in STEPS:
        last = min(last, most)
        if last < first:
            continue
        said = run(program, [str(first), str(last)],
                   10 + (last - first + 1) * SECONDS_A_THOUSAND / 1000,
                   "seeds to %d" % last)
        if said is not None:
            return said
        first = last + 1
    return None


def judge(build, mutant, number, options, seeds):
    """The verdict on a mutant, what was said, and the seeds of the corpus that
    should have noticed and do not."""
    if options.minutes and time.monotonic() > options.end:
        return "unasked", "no time is left", []
    place = os.path.join(build.place, "m%d" % number)
    try:
        program, why = build.make(mutant, place)
        if program is None:
            return why, "", []
        silent = [seed for seed in options.corpus.get(mutant.where, [])
                  if run(program, ["--seed", seed], 60, seed) is None]
        said = ask(program, *seeds)
        seed = re.match(r"seed (\d+): ", said or "")
        if seed and run(build.program, ["--seed", seed[1]], 60, "") is not None:
            sys.exit("the unbroken library: " + said)
        return ("died", said, silent) if said else ("lives", "", silent)
    finally:
        shutil.rmtree(place, ignore_errors=True)


class Tally:
    """What came of all of them."""

    def __init__(self, beyond):
        self.counts = collections.Counter()
        self.died, self.left = [], []
        self.beyond, self.bad = beyond, 0

    def is_wrong(self, mutant, verdict):
        if mutant.kind != "promise" or verdict == "unasked":
            return False
        return (verdict == "died") == (mutant.where in self.beyond)

    def add(self, mutant, verdict, why, silent, is_last):
        for seed in silent:
            self.bad += 1
            print("SILENT  seed %s of the corpus: %s" % (seed, mutant.where))
        if verdict == "lives" and not is_last:
            self.left.append(mutant)
            return
        self.counts[verdict] += 1
        if verdict == "died":
            self.died.append(mutant)
        elif mutant.where in self.beyond:
            why = self.beyond[mutant.where]
        if self.is_wrong(mutant, verdict):
            self.bad += 1
            verdict = verdict.upper()
        print("%-7s %s %s" % (verdict, mutant, "(%s)" % why if why else ""),
              flush=True)


def judge_all(build, mutants, options, tally, seeds):
    is_last = seeds[1] == options.seeds
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(judge, build, m, i, options, seeds): m
                   for i, m in enumerate(mutants)}
        for future in concurrent.futures.as_completed(futures):
            tally.add(futures[future], *future.result(), is_last)


def read_beyond():
    """Why promises live, by their names."""
    with open(os.path.join(HERE, "beyond"), encoding="utf-8") as file:
        return dict(line.strip().split(": ", 1) for line in file
                    if not line.startswith("#"))


def read_corpus():
    """Its seeds, by what they found."""
    found = collections.defaultdict(list)
    with open(os.path.join(HERE, "corpus"), encoding="utf-8") as file:
        for line in file:
            words = line.strip().split(" ", 1)
            if words[0].isdigit():
                found[words[1]].append(words[0])
    return found


def choose(options):
    chosen, _ = mutate.promised(FILES)
    if options.all:
        rest = [m for path in FILES for m in mutate.mutants_of(path)]
        random.Random(1).shuffle(rest)
        chosen += rest[:options.sample] if options.sample else rest
    return [m for m in chosen
            if not options.only or re.search(options.only, str(m))]


def unnoticed_by_the_suite(options, mutants):
    """Those of them that the suite does not notice."""
    place = os.path.join(options.build, "suite")
    os.makedirs(place, exist_ok=True)
    bench = mutate.Bench(place, options.jobs)
    bench.prepare(["plain"])
    topics = mutate.list_topics(bench)
    learnt = mutate.Learnt()
    left = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(mutate.judge, bench, learnt, m, i,
                               mutate.near(m, topics) +
                               mutate.far(m, topics, False)): m
                   for i, m in enumerate(mutants)}
        for future in concurrent.futures.as_completed(futures):
            if future.result()[0] == "survived":
                left.append(futures[future])
    return left


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--seeds", type=int, default=100000)
    parser.add_argument("--minutes", type=int, default=0,
                        help="asks about no further mutant then; 0: all")
    parser.add_argument("--suite", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sources", default=mutate.ROOT)
    options = parser.parse_args()
    options.end = time.monotonic() + options.minutes * 60
    mutate.ROOT = os.path.abspath(options.sources)
    build = Build(os.path.join(options.build, "simulate"), mutate.ROOT)
    options.corpus = read_corpus()
    said = ask(build.program, 1, 3000)
    if said is not None:
        sys.exit("the unbroken library: " + said)
    mutants = choose(options)
    tally = Tally(read_beyond())
    for name in set(tally.beyond) - {m.where for m in mutants}:
        if not options.only:
            tally.bad += 1
            print("STALE   beyond: " + name)
    few = min(FEW, options.seeds)
    judge_all(build, mutants, options, tally, (1, few))
    if tally.left:
        print("%d of %d live after %d seeds" %
              (len(tally.left), len(mutants), few), flush=True)
        options.corpus = {}
        judge_all(build, tally.left, options, tally, (few + 1, options.seeds))
    counts = tally.counts
    print("%d mutants within %d seeds: %d died, %d live, %d compile to the "
          "same code, %d do not compile, %d were not asked about" %
          (len(mutants), options.seeds, counts["died"], counts["lives"],
           counts["same"], counts["invalid"], counts["unasked"]))
    if options.suite:
        alone = unnoticed_by_the_suite(options, tally.died)
        for mutant in alone:
            print("only here: %s" % mutant)
        print("%d of the %d die only here: the suite does not notice" %
              (len(alone), len(tally.died)))
    if tally.bad:
        print("%d are not as they should be: in capitals above" % tally.bad)
    print("cases: %d mutants that died" % len(tally.died))
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
