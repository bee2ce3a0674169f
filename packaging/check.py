#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the package recipes, each with the tool of its own language, and
holds versions against CMakeLists.txt, in recipes, header and change log. Each
source has to name its license. Says what it could not check."""

import ast
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
root = here.parent
bad = []


def check(good, text):
    print(("ok    " if good else "WRONG ") + text)
    if not good:
        bad.append(text)


def run(text, *command):
    done = subprocess.run(command, capture_output=True, text=True)
    check(done.returncode == 0, text)
    if done.returncode != 0:
        print(done.stdout + done.stderr)


def vcpkg(version):
    port = here / "vcpkg/ports/bufv"
    manifest = json.loads((port / "vcpkg.json").read_text())
    check(manifest["version"] == version, "vcpkg.json: version")
    check(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", manifest["name"]),
          "vcpkg.json: name")
    with tempfile.TemporaryDirectory() as work:
        script = pathlib.Path(work) / "run.cmake"
        names = re.findall(r"^(vcpkg_\w+)\(",
                           (port / "portfile.cmake").read_text(), re.M)
        script.write_text(
            "cmake_minimum_required(VERSION 3.21)\n"
            + "".join(f"function({name})\nendfunction()\n" for name in names)
            + f'set(PORT bufv)\nset(CURRENT_PACKAGES_DIR "{work}/p")\n'
            + f'include("{port}/portfile.cmake")\n'
            + 'if(NOT EXISTS "${SOURCE_PATH}/include/bufv.h")\n'
            + 'message(FATAL_ERROR "${SOURCE_PATH}")\nendif()\n')
        run("portfile.cmake: runs, with vcpkg's functions doing nothing",
            "cmake", "-P", str(script))
    options = (root / "CMakeLists.txt").read_text()
    for feature in manifest["features"]:
        check(f"set(BUFV_{feature.upper()} AUTO CACHE " in options,
              f"vcpkg.json: {feature} is an option of CMakeLists.txt")


def conan(version):
    for path in sorted((here / "conan").rglob("*.py")):
        tree = ast.parse(path.read_text(), str(path))
        check(any(isinstance(node, ast.ClassDef) for node in tree.body),
              f"{path.relative_to(here)}: compiles and has a class")
    text = (here / "conan/conanfile.py").read_text()
    check(f'version = "{version}"' in text, "conanfile.py: version")


def homebrew(_version):
    formula = here / "homebrew/bufv.rb"
    if shutil.which("ruby"):
        run("bufv.rb: ruby -c", "ruby", "-c", str(formula))
    else:
        print("SKIP  bufv.rb: no ruby")


def debian(version):
    text = (here / "debian/changelog").read_text()
    check(text.startswith(f"bufv ({version}-"), "debian/changelog: version")


def versions(version):
    header = (root / "include/bufv.h").read_text()
    parts = re.findall(r"#define BUFV_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)",
                       header)
    check(".".join(parts) == version, "bufv.h: version")
    changes = (root / "CHANGELOG.md").read_text()
    check(re.search(r"^## ([0-9.]+)", changes, re.M)[1] == version,
          "CHANGELOG.md: version")
    for path in root.glob("src/**/*.map"):
        nodes = re.findall(r"^BUFV_[A-Z_]*([0-9.]+) {", path.read_text(), re.M)
        check(nodes and all(tuple(map(int, node.split("."))) <=
                            tuple(map(int, version.split(".")))
                            for node in nodes),
              f"{path.relative_to(root)}: nodes")


# What has comments, by its name; the rest is covered by .reuse/dep5.
SOURCES = {".c", ".h", ".cpp", ".cmake", ".py", ".sh", ".rb", ".map", ".in",
           ".rs", ".go", ".ps1", ".txt", ".yml"}


def licenses(_version):
    seen, without = 0, []
    for path in root.rglob("*"):
        where = path.relative_to(root)
        if where.parts[0] in ("build", ".git", "LICENSES") or \
                "corpus" in where.parts or not path.is_file():
            continue
        with path.open("rb") as file:
            begin = file.read(400)
        if path.suffix in SOURCES or begin.startswith(b"#!"):
            seen += 1
            if b"SPDX-License-Identifier: Apache-2.0" not in begin:
                without.append(str(where))
    check(seen > 100 and not without,
          f"{seen} sources name their license" +
          "".join(f"\n      not {name}" for name in without))
    if shutil.which("reuse"):
        run("reuse lint", "reuse", "--root", str(root), "lint")
    else:
        print("SKIP  reuse lint: no reuse")


found = re.search(r"project\(bufv VERSION ([0-9.]+)",
                  (root / "CMakeLists.txt").read_text())
for recipe in vcpkg, conan, homebrew, debian, versions, licenses:
    recipe(found.group(1))
print(f"{len(bad)} wrong")
sys.exit(1 if bad else 0)
