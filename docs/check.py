#!/usr/bin/env python3
"""Checks the texts of the project.

    check.py tutorial    the code in docs/TUTORIAL.md is that of the programs
    check.py links       links in the texts lead to files that exist
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tutorial():
    """Each block of C is literally in the program of its step, and every step
    has its program."""
    text = (ROOT / 'docs/TUTORIAL.md').read_text(encoding='utf-8')
    programs = ROOT / 'examples/tutorial'
    shared = (programs / 'pair.h').read_text(encoding='utf-8')
    wrong, blocks = [], 0
    for number, step in enumerate(text.split('\n## Step ')[1:], 1):
        path = programs / f'step{number}.c'
        source = path.read_text(encoding='utf-8')
        found = re.findall(r'^```c\n(.*?)^```$', step, re.M | re.S)
        if not found:
            wrong.append(f'step {number} shows no code')
        blocks += len(found)
        wrong += [f'not in {path.name} nor in pair.h:\n{block}'
                  for block in found
                  if block not in source and block not in shared]
    if number != len(list(programs.glob('step*.c'))):
        wrong.append(f'the text has {number} steps, the programs another '
                     'number')
    return wrong, f'{blocks} blocks of code'


def links():
    wrong, count = [], 0
    for path in [*ROOT.glob('*.md'), *(ROOT / 'docs').glob('*.md')]:
        text = re.sub(r'^```.*?^```$', '', path.read_text(encoding='utf-8'),
                      flags=re.M | re.S)
        for target in re.findall(r'\]\(([^)#]+)[^)]*\)', text):
            count += 1
            if '://' not in target and not (path.parent / target).exists():
                wrong.append(f'{path.relative_to(ROOT)}: {target}')
    return wrong, f'{count} links'


def main():
    wrong, what = {'tutorial': tutorial, 'links': links}[sys.argv[1]]()
    print(*wrong, what, sep='\n')
    sys.exit(1 if wrong else 0)


main()
