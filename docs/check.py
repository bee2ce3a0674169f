#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the texts of the project.

    check.py tutorial    the code in docs/TUTORIAL.md is that of the programs
    check.py links       links in the texts lead to files that exist, and to
                         headings in them
    check.py readme      README.md lists every option, example and package,
                         and the statuses as bufv.h does
    check.py program     prints the program in README.md
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


def slug(heading):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')


def prose(path):
    """A text without its code."""
    return re.sub(r'^```.*?^```$', '', path.read_text(encoding='utf-8'),
                  flags=re.M | re.S)


def links():
    wrong, count = [], 0
    for path in [*ROOT.glob('*.md'), *(ROOT / 'docs').glob('*.md')]:
        for target, anchor in re.findall(r'\]\(([^)#\s]*)#?([^)\s]*)\)',
                                         prose(path)):
            count += 1
            if '://' in target:
                continue
            to = path.parent / target if target else path
            if not to.exists():
                wrong.append(f'{path.relative_to(ROOT)}: {target}')
            elif anchor and anchor not in map(slug, re.findall(
                    r'^#+ (.*)$', prose(to), re.M)):
                wrong.append(f'{path.relative_to(ROOT)}: {target}#{anchor}')
    return wrong, f'{count} links'


def statuses(path):
    """The rows of the table of statuses, without their decoration."""
    text = path.read_text(encoding='utf-8')
    table = re.search(r'\| status \| what you got \|.*?\| others \|[^\n]*',
                      text, re.S).group()
    return {re.sub(r'^ \* ', '', row).replace('`', '')
            for row in table.split('\n')}


def readme():
    """Whatever there is to set, to look at or to install is in a table, and
    what a write returns is as bufv.h has it."""
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    cmake = ''.join((ROOT / name).read_text(encoding='utf-8') for name in
                    ('CMakeLists.txt', 'examples/CMakeLists.txt'))
    options = set(re.findall(
        r'^ *(?:option\((B\w+)\s|set\((B\w+) \S+ CACHE )', cmake, re.M))
    options = set(map(''.join, options))
    listed = set(re.findall(r'^\| `(BU\w+)` \|', text, re.M))
    wrong = [f'option {name} is not in CMake and README.md both'
             for name in options ^ listed]
    things = [*(ROOT / 'examples').glob('*.c'),
              *(ROOT / 'examples/tutorial').glob('step*.c')]
    wrong += [f'README.md does not list {path.name}' for path in things
              if f'| [{path.name}]({path.relative_to(ROOT)}) |' not in text]
    packages = [path for path in (ROOT / 'packaging').iterdir()
                if path.is_dir() and path.name not in ('abi', 'oss-fuzz')]
    wrong += [f'README.md does not list packaging/{path.name}'
              for path in packages if f'| `{path.name}` |' not in text]
    if len(options) < 8:
        wrong.append('CMakeLists.txt was not understood')
    wrong += [f'README.md or bufv.h does not have: {row}' for row in sorted(
        statuses(ROOT / 'README.md') ^ statuses(ROOT / 'include/bufv.h'))]
    return wrong, (f'{len(options)} options, {len(things)} examples, '
                   f'{len(packages)} packages')


def program():
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    return [], re.search(r'^```c\n(#include <bufv.h>\n.*?)^```$', text,
                         re.M | re.S)[1]


def main():
    wrong, what = {'tutorial': tutorial, 'links': links, 'readme': readme,
                   'program': program}[sys.argv[1]]()
    print(*wrong, what, sep='\n')
    sys.exit(1 if wrong else 0)


main()
