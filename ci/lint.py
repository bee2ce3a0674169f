#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No function of the given C files is over 40 lines, and no #if is inside a
function body. Knows the project's own layout: a body begins with a brace in
the first column and ends with one."""

import re
import sys

MOST = 40
findings = 0


def tell(path, line, text):
    global findings
    findings += 1
    print(f"{path}:{line}: {text}")


for path in sys.argv[1:]:
    begin, name = None, ""
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            if begin is None:
                head = re.match(r"[A-Za-z].*?(\w+)\(", line)
                if head:
                    name = head.group(1)
                if line.startswith("{"):
                    begin = number
            elif line.startswith("}"):
                if number - begin - 1 > MOST:
                    tell(path, begin,
                         f"{name}: {number - begin - 1} lines, over {MOST}")
                begin = None
            elif re.match(r"\s*#\s*(if|elif|else)", line):
                tell(path, number, f"{name}: #if inside a function body")

sys.exit(1 if findings else 0)
