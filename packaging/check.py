#!/usr/bin/env python3
"""Reads the package recipes, each with the tool of its own language, and
holds their versions against CMakeLists.txt. Says what it could not check."""

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


found = re.search(r"project\(bufv VERSION ([0-9.]+)",
                  (root / "CMakeLists.txt").read_text())
for recipe in vcpkg, conan, homebrew, debian:
    recipe(found.group(1))
print(f"{len(bad)} wrong")
sys.exit(1 if bad else 0)
