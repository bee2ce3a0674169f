#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes of a text of the project what Doxygen understands, on the standard
output.

    filter.py TEXT.md             the text, with links that hold in the HTML
    filter.py --examples OUTPUT   a page for each example that README.md lists

A link to another text, a header or an example leads to its page. One to
anything else, which is not part of the HTML, becomes the words alone.
"""

import os.path
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def pages():
    """The texts that have a page, by their path in the tree."""
    names = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md',
             *(f'docs/{path.name}' for path in (ROOT / 'docs').glob('*.md'))]
    return {name: pathlib.Path(name).stem.lower() for name in names}


PAGES = pages()


def slug(heading):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')


def escaped(name):
    """A file name as Doxygen has it in those of its pages."""
    return name.replace('.', '_8').replace('/', '_2')


def where(path, anchor):
    """The page of a file of the tree, or None."""
    if path == 'README.md':
        return 'index.html' + (f'#index-{anchor}' if anchor else '')
    if path in PAGES:
        page = PAGES[path]
        return f'{page}.html' + (f'#{page}-{anchor}' if anchor else '')
    if path.startswith('include/'):
        return escaped(path[len('include/'):].replace('_', '__')) + '.html'
    if path == 'examples':
        return 'examples.html'
    if re.fullmatch(r'examples/.*\.c', path) and path in examples():
        return escaped(path[len('examples/'):]) + '-example.html'
    return None


def examples():
    """What README.md says of each example, by its path."""
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    rows = re.findall(r'^\| \[[^\]]*\]\((examples/[^)]*\.c)\) \| (.*) \|$',
                      text, re.M)
    return dict(rows)


def link(directory, match):
    mark, words, target, anchor = match.groups()
    if '://' in target:
        return match[0]
    path = os.path.normpath(os.path.join(directory, target)) if target else ''
    if mark:
        return f'![{words}]({os.path.basename(path)})'
    page = f'#{OWN}-{anchor[1:]}' if not target else \
        where(path, anchor[1:] if anchor else '')
    return f'[{words}]({page})' if page else words


def heading(match):
    marks, words = match[1], match[2].replace('`', '')
    if marks == '#':
        return f'# {words}' + ('' if OWN == 'index' else f' {{#{OWN}}}')
    return f'{marks} {words} {{#{OWN}-{slug(words)}}}'


def apostrophe(match):
    """Doxygen takes one for the end of code, in it and before it."""
    text = match[0]
    if text == "'":
        return '\u2019'
    return f'`{text}`' if "'" in text else text


def filtered(path):
    directory = os.path.dirname(path)
    out = []
    # Code stays as it is.
    for part in re.split(r'(^```.*?^```$)', (ROOT / path).read_text(
            encoding='utf-8'), flags=re.M | re.S):
        if not part.startswith('```'):
            part = re.sub(r"`[^`]+`|(?<=\w)'", apostrophe, part)
            # Nor does it look for code between quotation marks, or at the
            # beginning of what is bold.
            part = re.sub(r'"([^"\n]*`[^"]*)"', '\u201c\\1\u201d', part)
            part = re.sub(r'\*\*(`[^*]+)\*\*', r'<b>\1</b>', part)
            part = re.sub(r'(!?)\[([^\]]+)\]\(([^)#\s]*)(#[^)]*)?\)',
                          lambda m: link(directory, m), part)
            part = re.sub(r'^(#+) (.*)$', heading, part, flags=re.M)
        out.append(part)
    return ''.join(out)


def main():
    global OWN
    if sys.argv[1] == '--examples':
        pathlib.Path(sys.argv[2]).write_text(''.join(
            f'/** @example {path[len("examples/"):]}\n'
            f' * {words[:1].upper() + words[1:]}. */\n'
            for path, words in examples().items()), encoding='utf-8')
        return
    path = os.path.relpath(os.path.realpath(sys.argv[1]), ROOT)
    OWN = 'index' if path == 'README.md' else PAGES[path]
    sys.stdout.write(filtered(path))


main()
