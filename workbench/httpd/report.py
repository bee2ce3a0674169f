# SPDX-License-Identifier: Apache-2.0
"""Turns what workbench/httpd/bench measured into tables.

    httpd.py ROUNDS.csv DIRECTORY VERSION
"""

import csv
import os
import statistics
import sys

SIZES = {"10k": "10 KiB", "1m": "1 MiB"}
SORTS = {"": "sendfile", "mapped": "mapped", "read": "read",
         "proxied": "from a proxied server"}
OTHERS = {
    "chunks": "5000 chunks of 20 B",
    "chunks?1,100": "100 B in memory",
    "chunks?10,1000": "10 chunks of 1000 B",
    "chunks?64,16384": "64 chunks of 16 KiB",
    "chunks?5000,20,100,p": "5000 chunks of 20 B from a pool, 100 a brigade",
    "chunks?100,20,1": "100 chunks of 20 B, one a brigade",
    "page.shtml": "a page with server-side includes, 1 MiB",
    "cgi/slow": "a script's output",
}


def name_of(resource):
    path = resource.removeprefix("tls:")
    head = "TLS: " if path != resource else ""
    if path in OTHERS:
        return head + OTHERS[path]
    sort, _, size = path.rpartition("/")
    return f"{head}{SIZES.get(size, size + ' B')}, {SORTS[sort]}"


def read_rounds(path):
    """{resource: {side: [(requests a second, CPU µs a request), ...]}}"""
    table = {}
    with open(path, newline="") as file:
        for _, resource, side, requests, seconds, cpu in csv.reader(file):
            n = int(requests)
            table.setdefault(resource, {}).setdefault(side, []).append(
                (n / float(seconds), float(cpu) / n))
    return table


def ratios(rounds, a, b, index):
    """Of each round, a's figure divided by b's: neighbours in time."""
    return [x[index] / y[index] for x, y in zip(rounds[a], rounds[b])]


def verdict(ratio, noise, lower_is_better):
    if abs(ratio - 1) <= noise:
        return "as good"
    return "better" if (ratio < 1) == lower_is_better else "worse"


def rows(table):
    for resource, rounds in table.items():
        row = {"resource": name_of(resource)}
        for index, name in ((0, "rate"), (1, "cpu")):
            for side in ("with", "without"):
                row[f"{name}_{side}"] = statistics.median(
                    r[index] for r in rounds[side])
            row[f"{name}_ratio"] = statistics.median(
                ratios(rounds, "with", "without", index))
            noise = [abs(r - 1) for r in
                     ratios(rounds, "again", "without", index)]
            row[f"{name}_noise"] = statistics.median(noise)
        row["verdict"] = verdict(row["cpu_ratio"], row["cpu_noise"], True)
        yield row


def table_lines(found):
    yield ("| response | CPU µs | ratio (noise) | requests/s "
           "| ratio (noise) | CPU time |")
    yield "|---|---|---|---|---|---|"
    for r in found:
        yield (
            f"| {r['resource']} "
            f"| {r['cpu_with']:.1f} / {r['cpu_without']:.1f} "
            f"| {r['cpu_ratio']:.2f} (±{r['cpu_noise']:.2f}) "
            f"| {r['rate_with']:.0f} / {r['rate_without']:.0f} "
            f"| {r['rate_ratio']:.2f} (±{r['rate_noise']:.2f}) "
            f"| {r['verdict']} |")


def main():
    rounds, directory, version = sys.argv[1:]
    table = read_rounds(rounds)
    found = list(rows(table))
    count = len(next(iter(table.values()))["with"])
    text = [
        "# httpd with examples/httpd, and without",
        "",
        f"{version}, event MPM, `wrk -t 1 -c 8` on loopback, "
        f"{count} rounds, {os.cpu_count()} processors, load "
        f"{os.getloadavg()[0]:.1f} at the end. Written by `workbench/httpd/bench`.",
        "",
        "Each cell is *with the module / without it*, per request; medians "
        "over rounds. A ratio",
        "is the median of the rounds' own ratios; its noise is how far two "
        "runs *without* the",
        "module differ in the same round, and within it there is no verdict.",
        "",
        *table_lines(found),
        "",
    ]
    with open(os.path.join(directory, "httpd.md"), "w") as file:
        file.write("\n".join(text))
    with open(os.path.join(directory, "httpd.csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, found[0].keys())
        writer.writeheader()
        writer.writerows(found)
    with open(rounds) as source, \
            open(os.path.join(directory, "httpd-rounds.csv"), "w") as file:
        file.write("round,resource,side,requests,seconds,cpu_us\n")
        file.write(source.read())


main()
