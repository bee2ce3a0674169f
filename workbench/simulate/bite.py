# SPDX-License-Identifier: Apache-2.0
"""Breaks the loop, the list and the accounting, one mutant at a time, and says
which seed notices. The mutants are those of workbench/mutate: the promises
that are removed by hand, and with --all every operator, constant, condition
and statement. With --suite, the suite is asked about those that die here.
See bite for how it is called.
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

# What of the library the simulation runs: no back end, no message, no reader.
FILES = ["src/%s.c" % name for name in (
    "limits", "list", "move", "plan", "queue", "range", "release", "report",
    "reserve", "scratch", "slab", "write", "writer")]

# Seeds are asked in larger and larger steps, since most mutants die at once.
STEPS = [100, 1000, 10000, 100000]

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
        words.insert(1, "-I" + os.path.join(self.sources, "src"))
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


def ask(program, most):
    """The first seed that notices, with what it says; None: none does."""
    first = 1
    for last in STEPS:
        last = min(last, most)
        if last < first:
            break
        limit = 10 + (last - first + 1) * SECONDS_A_THOUSAND / 1000
        try:
            result = subprocess.run([program, str(first), str(last)],
                                    stdout=subprocess.PIPE, text=True,
                                    stderr=subprocess.STDOUT, timeout=limit)
        except subprocess.TimeoutExpired:
            return "seeds to %d: hangs" % last
        if result.returncode != 0:
            lines = result.stdout.strip().split("\n")
            return lines[-1] if lines[-1] else "seeds to %d: dies of %d" % (
                last, result.returncode)
        first = last + 1
    return None


def judge(build, mutant, number, options):
    if options.minutes and time.monotonic() > options.end:
        return "unasked", "no time is left"
    place = os.path.join(build.place, "m%d" % number)
    try:
        program, why = build.make(mutant, place)
        if program is None:
            return why, ""
        said = ask(program, options.seeds)
        return ("died", said) if said else ("lives", "")
    finally:
        shutil.rmtree(place, ignore_errors=True)


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
    said = ask(build.program, 3000)
    if said is not None:
        sys.exit("the unbroken library: " + said)
    mutants = choose(options)
    counts = collections.Counter()
    died = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(judge, build, m, i, options): m
                   for i, m in enumerate(mutants)}
        for future in concurrent.futures.as_completed(futures):
            mutant = futures[future]
            verdict, why = future.result()
            counts[verdict] += 1
            died += [mutant] if verdict == "died" else []
            print("%-7s %s %s" % (verdict, mutant,
                                  "(%s)" % why if why else ""), flush=True)
    print("%d mutants within %d seeds: %d died, %d live, %d compile to the "
          "same code, %d do not compile, %d were not asked about" %
          (len(mutants), options.seeds, counts["died"], counts["lives"],
           counts["same"], counts["invalid"], counts["unasked"]))
    if options.suite:
        alone = unnoticed_by_the_suite(options, died)
        for mutant in alone:
            print("only here: %s" % mutant)
        print("%d of the %d die only here: the suite does not notice" %
              (len(alone), len(died)))
    print("cases: %d mutants that died" % len(died))


if __name__ == "__main__":
    main()
