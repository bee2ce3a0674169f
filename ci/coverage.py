# SPDX-License-Identifier: Apache-2.0
"""Reads what llvm-cov exports of a run of the suite, prints how much of src/
was covered and what was not, and fails below the floor. See ci/coverage."""

import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What no test can reach, and why: (a text in the line, reason). Files are not
# named. One that excepts nothing any more has to go.
EXCEPTIONS = [
    ("room > most / 2",
     "a queue of half the address space"),
    ("v->length > SIZE_MAX",
     "a size_t of 64 bits tells every length (and so the next line)"),
    ("return status == APR_SUCCESS ? apr_file_flush",
     "APR 1.7 says no error of writing nothing; another may"),
    ("!bufv__flag_is_taken(&shelf[i].lent) &&",
     "chance: another thread takes the block between the look and the grasp"),
    ("BUFV__NOSIGNAL == 0", "a constant: Linux has MSG_NOSIGNAL"),
    ("MORE == 0", "a constant: Linux has MSG_MORE"),
    ("bufv__send_flags == 0", "a constant: Linux has both flags"),
]

# Functions that are compiled for a back end and of no use to it: some are the
# other one's, one is the TLS adapter's, and bufv__is_valid() is for assertions,
# which are off here.
UNUSED = {
    "unix": ["bufv__is_valid", "bufv__is_unknown_way", "bufv__set_delaying",
             "bufv__own_pool_create", "forget_pool"],
    "generic": ["bufv__is_valid", "bufv__vec_sum"],
}

# The least, in per cent, of what is not excepted: lines, branches, MC/DC.
# Nothing is to be below 100.
FLOOR = {"unix": (100, 100, 100), "generic": (100, 100, 100)}


def lines_of(name, number, count=1):
    with open(name, encoding="utf-8") as file:
        lines = file.read().split("\n")
    return "\n".join(lines[number - 1:number - 1 + count])


used = set()


def excepted(name, number):
    """Whether one of those above begins in the line or in the one before,
    since what a condition guards goes with it."""
    found = [part for part, _ in EXCEPTIONS
             if part in lines_of(name, number, 2) or
             part in lines_of(name, number - 1, 2)]
    used.update(found)
    return bool(found)


class Count:
    """Of so many so many were covered."""

    def __init__(self):
        self.all, self.covered = 0, 0
        self.missing = []

    def add(self, covered, name, number, what):
        if not covered and excepted(name, number):
            return
        self.all += 1
        self.covered += bool(covered)
        if not covered:
            self.missing.append("%s:%d: %s: %s" % (
                os.path.relpath(name, ROOT), number, what,
                lines_of(name, number).strip()))

    def share(self):
        return 100.0 * self.covered / self.all if self.all else 100.0


def add_lines(count, file):
    """A line is covered if every region that begins in it, or goes through
    it, was run."""
    name = file["filename"]
    segments = file["segments"]
    for i, (line, _, hits, has_count, is_entry, is_gap) in \
            enumerate(segments):
        if not has_count or is_gap:
            continue
        following = segments[i + 1] if i + 1 < len(segments) else None
        if is_entry or (following and following[0] > line):
            count.add(hits, name, line, "line")


def add_branches(count, file):
    """Those of an inline function are told for each file that has it."""
    name = file["filename"]
    sums = {}
    for branch in file.get("branches", []):
        place = tuple(branch[:4])
        true, false = sums.get(place, (0, 0))
        sums[place] = (true + branch[4], false + branch[5])
    for place, (true, false) in sums.items():
        count.add(true, name, place[0], "never true")
        count.add(false, name, place[0], "never false")


def add_conditions(count, file):
    name = file["filename"]
    sums = {}
    for record in file.get("mcdc_records", []):
        place, shown = tuple(record[:4]), record[-1]
        before = sums.get(place, [False] * len(shown))
        sums[place] = [a or b for a, b in zip(before, shown)]
    for place, shown in sums.items():
        for i, alone in enumerate(shown):
            count.add(alone, name, place[0], "condition %d alone" % (i + 1))


def drop_unused(file, data, backend):
    """Takes out of a file the functions that are not for this back end."""
    for function in UNUSED.get(backend, []):
        for f in data["functions"]:
            if file["filename"] not in f["filenames"] or \
                    f["name"].split(":")[-1] != function or f["count"] > 0:
                continue
            first = min(r[0] for r in f["regions"])
            last = max(r[2] for r in f["regions"])
            for kind in ("segments", "branches", "mcdc_records"):
                file[kind] = [r for r in file.get(kind, [])
                              if not first <= r[0] <= last]


def measure(path):
    backend = os.path.basename(path)[:-len(".json")]
    with open(path, encoding="utf-8") as file:
        data = json.load(file)["data"][0]
    files = data["files"]
    counts = Count(), Count(), Count()
    for file in files:
        if not os.path.relpath(file["filename"], ROOT).startswith("src/"):
            continue
        drop_unused(file, data, backend)
        add_lines(counts[0], file)
        add_branches(counts[1], file)
        add_conditions(counts[2], file)
    return counts


def main():
    below = False
    for path in sys.argv[1:]:
        backend = os.path.basename(path)[:-len(".json")]
        counts = measure(path)
        for count in counts:
            for text in dict.fromkeys(count.missing):
                print("  %s: not covered: %s" % (backend, text))
        print("%-8s lines %6.2f %% of %d, branches %6.2f %% of %d, "
              "MC/DC %6.2f %% of %d" % ((backend,) + sum(
                  ((c.share(), c.all) for c in counts), ())))
        for count, floor in zip(counts, FLOOR[backend]):
            below = below or round(count.share(), 2) < floor
    for part, reason in EXCEPTIONS:
        print("excepted: `%s`: %s" % (" ".join(part.split()), reason))
        if part not in used:
            print("  excepts nothing any more: take it out")
            below = True
    if below:
        sys.exit("coverage: below the floor")


main()
