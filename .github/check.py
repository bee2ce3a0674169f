#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the workflows as the service would: what actionlint checks, which
Debian has not, as far as this project uses it, and the rules it sets itself.
Exits with 77 if there is no YAML parser."""

import os
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    print("SKIP: no PyYAML")
    sys.exit(77)

here = pathlib.Path(__file__).resolve().parent
root = here.parent

RUNNERS = {"ubuntu-24.04", "macos-15", "macos-15-intel", "windows-2022"}
EVENTS = {"push", "pull_request", "workflow_dispatch", "schedule"}
TOP = {"name", "on", "permissions", "concurrency", "jobs"}
JOB = {"name", "runs-on", "container", "timeout-minutes", "strategy", "env",
       "steps", "needs", "permissions", "environment"}
# What a job may write, and only if it runs no command.
WRITES = {"pages": "write", "id-token": "write"}
STEP = {"name", "uses", "with", "run", "shell", "env"}
SHELLS = {"bash", "sh", "pwsh"}
INPUTS = {
    "actions/checkout": {"persist-credentials"},
    "actions/cache": {"path", "key", "restore-keys"},
    "actions/upload-pages-artifact": {"path"},
    "vmactions/freebsd-vm": {"release", "usesh", "run"},
}
# What an expression may name; anything of an event's text could be a command.
EXPRESSION = re.compile(
    r"github\.(ref|workspace)( != 'refs/heads/main')?"
    r"|matrix\.(?P<matrix>\w+)"
    r"|hashFiles\((?P<files>'[^']+'(, '[^']+')*)\)")

bad = []


def check(good, text):
    if not good:
        bad.append(text)
        print("WRONG " + text)


class Unique(yaml.SafeLoader):
    """A key that comes twice is a mistake; and `on` is a word here."""


def mapping(loader, node):
    keys = [key.value for key in node.value and [k for k, _ in node.value]]
    for key in keys:
        check(keys.count(key) == 1, f"line {node.start_mark.line + 1}: "
                                    f"{key} comes twice")
    return {key.value: loader.construct_object(value, deep=True)
            for key, value in node.value}


Unique.add_constructor("tag:yaml.org,2002:map", mapping)


def matrix_names(job):
    matrix = job.get("strategy", {}).get("matrix", {})
    names = set(matrix) - {"include", "exclude"}
    for row in matrix.get("include", []):
        names |= set(row)
    return names


def values(tree):
    if isinstance(tree, dict):
        for value in tree.values():
            yield from values(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from values(value)
    else:
        yield str(tree)


def expressions(where, tree, names):
    for text in values(tree):
        check(text.count("${{") == text.count("}}"), f"{where}: {text}")
        for found in re.findall(r"\$\{\{(.*?)\}\}", text):
            match = EXPRESSION.fullmatch(found.strip())
            check(match, f"{where}: expression {found}")
            if match and match["matrix"]:
                check(match["matrix"] in names, f"{where}: no {found}")
            for name in re.findall(r"'([^']+)'", (match and match["files"])
                                   or ""):
                check(any(root.glob(name)), f"{where}: no file {name}")


def command(where, line, job):
    words = line.split()
    path = root / words[0]
    check(re.match("(ci|workbench)/", words[0]),
          f"{where}: not a script of ours: {line}")
    check(path.is_file() and os.access(path, os.X_OK),
          f"{where}: {words[0]} is not there or not executable")
    # What a job of ci/test may be: a preset or a script.
    if words[0] == "ci/test":
        presets = (root / "CMakePresets.json").read_text()
        for name in job["strategy"]["matrix"]["job"]:
            check(f'"configurePreset": "{name}"' in presets
                  or os.access(root / "ci" / name, os.X_OK)
                  or os.access(root / "workbench" / name / "run", os.X_OK),
                  f"{where}: ci/test knows no {name}")
    if words[0] == "workbench/cross/run":
        rows = re.search(r"^ +([\w| -]+)\) ;;$", path.read_text(), re.M)[1]
        for name in job["strategy"]["matrix"]["row"]:
            check(name in rows.split(" | "), f"{where}: no row {name}")


def step(where, one, job, text):
    check(set(one) <= STEP, f"{where}: {set(one) - STEP}")
    check(("uses" in one) != ("run" in one), f"{where}: uses or run")
    check(one.get("shell", "sh") in SHELLS, f"{where}: shell")
    for line in one.get("run", "").splitlines():
        command(where, line, job)
    if "uses" not in one:
        return
    action, _, commit = one["uses"].partition("@")
    check(re.fullmatch("[0-9a-f]{40}", commit),
          f"{where}: {action} is not pinned to a commit")
    check(re.search(re.escape(one["uses"]) + r" # v[0-9.]+\n", text),
          f"{where}: {action}: its version is not said")
    check(set(one.get("with", {})) <= INPUTS.get(action, set()),
          f"{where}: {action} knows no such input")
    if action == "actions/checkout":
        check(one.get("with", {}).get("persist-credentials") is False,
              f"{where}: the token is left in the tree")
    for line in str(one.get("with", {}).get("run", "")).splitlines():
        command(where, line, job)


def workflow(path):
    text = path.read_text()
    tree = yaml.load(text, Unique)
    check(set(tree) == TOP, f"{path.name}: {set(tree) ^ TOP}")
    check(set(tree["on"]) <= EVENTS, f"{path.name}: events")
    check(tree["permissions"] == {"contents": "read"},
          f"{path.name}: permissions")
    check("cancel-in-progress" in tree["concurrency"],
          f"{path.name}: concurrency")
    expressions(path.name, tree["concurrency"], set())
    steps = 0
    for name, job in tree["jobs"].items():
        where = f"{path.name}: {name}"
        names = matrix_names(job)
        check(re.fullmatch("[a-z_][a-z0-9_-]*", name), where)
        check(set(job) <= JOB, f"{where}: {set(job) - JOB}")
        check(isinstance(job.get("timeout-minutes"), int),
              f"{where}: no timeout")
        runners = {job["runs-on"]}
        if job["runs-on"] == "${{ matrix.os }}":
            runners = {row["os"]
                       for row in job["strategy"]["matrix"]["include"]}
        check(runners <= RUNNERS, f"{where}: {runners - RUNNERS}")
        expressions(where, job, names)
        check(job.get("needs", name) in tree["jobs"], f"{where}: needs")
        check("permissions" not in job or job["permissions"] == WRITES and
              not any("run" in one or "checkout" in one.get("uses", "")
                      for one in job["steps"]), f"{where}: permissions")
        for number, one in enumerate(job["steps"], 1):
            step(f"{where}, step {number}", one, job, text)
            steps += 1
    print(f"{path.name}: {len(tree['jobs'])} jobs, {steps} steps")


for file in sorted((here / "workflows").glob("*.y*ml")):
    workflow(file)
print(f"{len(bad)} wrong")
sys.exit(1 if bad else 0)
