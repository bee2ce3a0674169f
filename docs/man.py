#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes man pages of Doxygen's XML: one for each function and type, and
bufv.h(3), which lists them. bufv(7), the overview, is docs/bufv.7.

    man.py XML OUTPUT VERSION

Doxygen's own pages hold a group of functions each, and its links for the
names in them would be called write.3 and wait.3.
"""

import pathlib
import re
import sys
import textwrap
import xml.etree.ElementTree as ET

# The header that comes first, and whose @file comment is bufv.h(3).
MAIN = 'bufv.h'


def escape(text):
    return text.replace('\\', '\\e').replace('-', '\\-').replace('^', '\\(ha')


def guard(line):
    """A line of text that begins like a request is none."""
    return '\\&' + line if line[:1] in ('.', "'") else line


FONTS = {'bold': '\\fB', 'emphasis': '\\fI', 'computeroutput': '\\fB'}


def phrase(element):
    """An element within a text, in its font."""
    text = escape(element.text or '')
    for child in element:
        text += phrase(child) + escape(child.tail or '')
    if element.tag == 'ref' and text.endswith('()'):
        return f'\\fB{text[:-2]}\\fR(3)'
    font = FONTS.get(element.tag)
    return f'{font}{text}\\fR' if font else text


def fill(text):
    return '\n'.join(guard(line) for line in textwrap.wrap(
        ' '.join(text.split()), 78, break_long_words=False,
        break_on_hyphens=False))


def prose(element):
    """An element without blocks in it, as filled lines."""
    return fill(phrase(element))


def listing(element):
    lines = []
    for line in element.iter('codeline'):
        parts = []
        for node in line.iter():
            parts.append(' ' if node.tag == 'sp' else node.text or '')
            if node is not line:
                parts.append(node.tail or '')
        lines.append(''.join(parts).rstrip())
    return preformatted('\n'.join(lines))


def preformatted(text):
    lines = [guard(escape(line)) for line in
             textwrap.dedent(text).strip('\n').split('\n')]
    return '.RS 4\n.nf\n' + '\n'.join(lines) + '\n.fi\n.RE'


def itemized(element):
    return '\n'.join('.IP \\(bu 2\n' + blocks(item)
                     for item in element.findall('listitem'))


def widths(rows):
    """How wide each column is: its longest word, and of what is left as much
    as its longest cell asks for. 71 characters are left beside the margin, of
    which 3 stand between any two columns."""
    plain = [[re.sub(r'\\f.|\\', '', cell) for cell in row] for row in rows]
    columns = list(zip(*plain))
    least = [max(len(word) for cell in column for word in cell.split() or [''])
             for column in columns]
    wanted = [max(map(len, column)) for column in columns]
    left = 71 - 3 * (len(columns) - 1) - sum(least)
    more = sum(wanted) - sum(least)
    return [a + min(b - a, left * (b - a) // max(more, 1))
            for a, b in zip(least, wanted)]


def table(element):
    rows = [[prose(entry.find('para')) for entry in row.findall('entry')]
            for row in element.findall('row')]
    shape = ' '.join(f'lw({width}n)' for width in widths(rows)) + '.'
    bold = ' '.join(['lB'] * len(rows[0]))
    out = ['.TS', bold, shape, '\t'.join(rows[0])]
    for row in rows[1:]:
        out.append('\t'.join('T{\n.na\n' + cell + '\nT}' for cell in row))
    return '\n'.join(out + ['.TE'])


def ignored(_):
    return ''


BLOCKS = {
    'programlisting': listing,
    'verbatim': lambda e: preformatted(e.text or ''),
    'preformatted': lambda e: preformatted(''.join(e.itertext())),
    'itemizedlist': itemized,
    'table': table,
    'parameterlist': ignored,
    'simplesect': ignored,
}


def pieces(description):
    """The blocks of a description in order: (tag, roff, element)."""
    for para in description.findall('para'):
        text = escape(para.text or '')
        for child in para:
            if child.tag not in BLOCKS:
                text += phrase(child) + escape(child.tail or '')
                continue
            if text.strip():
                yield 'para', fill(text), para
            yield child.tag, BLOCKS[child.tag](child), child
            text = escape(child.tail or '')
        if text.strip():
            yield 'para', fill(text), para


def paragraphs(texts):
    """Texts below each other; an item begins a paragraph of its own."""
    out = ''
    for text in filter(None, texts):
        if out:
            out += '\n' if text.startswith(('.IP', '.TP')) else '\n.PP\n'
        out += text
    return out


def blocks(description):
    """A description's prose, its parameters and results left out."""
    return paragraphs(text for _, text, _ in pieces(description))


class Parts:
    """What a comment says, by the sections of a man page."""

    def __init__(self, member):
        self.brief = fill(' '.join(
            prose(p) for p in member.find('briefdescription')))
        self.text, self.params, self.result = [], [], []
        self.examples, self.threads = [], []
        for tag, text, element in pieces(member.find('detaileddescription')):
            if tag == 'parameterlist':
                self.params += [parameter(item) for item in
                                element.findall('parameteritem')]
            elif tag == 'simplesect' and element.get('kind') == 'return':
                self.result.append(capital(blocks(element)))
            elif tag == 'simplesect':
                self.threads.append(blocks(element))
            elif tag == 'programlisting':
                self.examples.append(text)
            elif self.result and (tag == 'table' or len(self.result) > 1):
                self.result.append(text)
            else:
                self.text.append(text)
        self.refs = sorted({ref.text[:-2] for ref in member.iter('ref')
                            if (ref.text or '').endswith('()')})

    def description(self):
        """The brief sentence and what follows it."""
        brief = self.brief
        if brief and not brief.endswith(('.', ':')):
            brief += '.'
        if self.text and not self.text[0].startswith('.'):
            return [(brief + '\n' + self.text[0]).strip()] + self.text[1:]
        return [brief] + self.text


def capital(text):
    """A sentence that begins with a word, and not with a name of C."""
    first = text.split(None, 1)[0] if text else ''
    return text[:1].upper() + text[1:] if first.isalpha() else text


def parameter(item):
    names = [escape(n.text) for n in item.iter('parametername')]
    head = ', '.join(f'\\fI{name}\\fR' for name in names)
    return f'.TP\n{head}\n' + blocks(item.find('parameterdescription'))


# ---- pages

def section(title, content):
    content = paragraphs(content)
    return f'.SH {title}\n{content}\n' if content else ''


def page(name, brief, header, parts):
    """One page; `parts` are (title, list of blocks)."""
    brief = brief.rstrip('.:')
    brief = brief[:1].lower() + brief[1:]
    body = ''.join(section(title, content) for title, content in parts)
    preamble = "'\\\" t\n" if '.TS' in body else ''
    return (f'{preamble}.TH {name} 3 "" "bufv {VERSION}" "{header}"\n'
            f'.nh\n.ad l\n.SH NAME\n{escape(name)} \\- {brief}\n' + body)


def declaration(text, width=72):
    """A prototype in lines of no more than so many columns."""
    text = re.sub(r'\s*([*(])\s*', r' \1', text) + ';'
    text = re.sub(r'(\w) \((?!\*)', r'\1(', text).replace(') (', ')(')
    text = text.replace('( *', '(*').replace('* *', '**')
    text = re.sub(r',(?! )', ', ', re.sub(r'(\w)\(\*', r'\1 (*', text))
    indent = text.rfind('(') + 1
    lines, rest = [''], re.split(r'(?<=,) ', text)
    for part in rest:
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append(' ' * indent)
        elif lines[-1]:
            lines[-1] += ' '
        lines[-1] += part
    return '\n'.join(escape(line) for line in lines)


def synopsis(header, declarations):
    return ('.nf\n\\fB#include <' + escape(header) + '>\\fR\n.PP\n' +
            '\n'.join(declarations) + '\n.fi')


def see_also(names, own):
    rest = [f'.BR {escape(n)} (3)' for n in names if n != own]
    return ',\n'.join([*rest, f'.BR {escape(MAIN)} (3)', '.BR bufv (7)'])


def member_page(member, group):
    name = member.findtext('name')
    text = member.findtext('definition') + \
        (member.findtext('argsstring') or '' if member.get('kind') ==
         'function' else '')
    parts = Parts(member)
    header = member.find('location').get('file')
    return page(name, parts.brief, header, [
        ('SYNOPSIS', [synopsis(header, [declaration(text)])]),
        ('DESCRIPTION', parts.description()),
        ('PARAMETERS', ['\n'.join(parts.params)]),
        ('RETURN VALUE', parts.result),
        ('EXAMPLE', parts.examples),
        ('THREADS', parts.threads or group.threads),
        ('SEE ALSO', [see_also(group.names, name)])])


def field_text(member):
    parts = Parts(member)
    text = parts.description()
    out = f'.TP\n\\fB{escape(member.findtext("name"))}\\fR\n'
    out += '\n.IP\n'.join(t for t in text if t)
    if parts.params:
        out += '\n.RS\n' + '\n'.join(parts.params) + '\n.RE'
    if parts.result:
        out += '\n.IP\nReturns: ' + '\n.IP\n'.join(parts.result)
    return out


def struct_page(compound, group):
    name = compound.findtext('compoundname')
    parts = Parts(compound)
    header = compound.find('location').get('file')
    members = list(compound.iter('memberdef'))
    lines = ['typedef struct ' + escape(name) + ' {']
    for m in members:
        text = m.findtext('definition').replace(name + '::', '')
        lines += ['    ' + line
                  for line in declaration(text, 68).split('\n')]
    lines.append('} ' + escape(name) + ';')
    return page(name, parts.brief, header, [
        ('SYNOPSIS', [synopsis(header, lines)]),
        ('DESCRIPTION', parts.description()),
        ('FIELDS', ['\n'.join(field_text(m) for m in members)]),
        ('THREADS', parts.threads or group.threads),
        ('SEE ALSO', [see_also(group.names or parts.refs, name)])])


class Group:
    """What belongs together: a group, or what of the main header is in none.
    """

    def __init__(self, path):
        self.root = ET.parse(path).getroot().find('compounddef')
        grouped = self.root.get('kind') == 'group'
        self.title = self.root.findtext('title') or 'The library'
        self.text = []
        self.threads = []
        self.structs = []
        if grouped:
            parts = Parts(self.root)
            self.text = parts.description() + parts.examples
            self.threads = parts.threads
            self.structs = [ET.parse(path.parent / (c.get('refid') + '.xml'))
                            .getroot().find('compounddef')
                            for c in self.root.findall('innerclass')]
        # A file has the members of its groups as well.
        self.members = [m for m in self.root.iter('memberdef')
                        if grouped or not m.get('id').startswith('group_')]
        where = [x.find('location') for x in self.members + self.structs]
        self.order = min(((p.get('file') != MAIN, p.get('file'),
                           int(p.get('line'))) for p in where),
                         default=(True, '', 0))
        self.names = [m.findtext('name') for m in self.members
                      if m.get('kind') == 'function']

    def pages(self):
        for m in self.members:
            name = m.findtext('name')
            if m.get('kind') == 'define':
                continue
            if m.get('kind') == 'function' or '(' in m.findtext('definition'):
                yield name, member_page(m, self)
            elif m.get('kind') == 'typedef':
                yield name, f'.so man3/{MAIN}.3\n'
        for s in self.structs:
            yield s.findtext('compoundname'), struct_page(s, self)

    def overview(self):
        named = [(m.findtext('name'), Parts(m).brief,
                  '' if m.get('kind') == 'define' else ' (3)')
                 for m in self.members]
        named += [(s.findtext('compoundname'), Parts(s).brief, ' (3)')
                  for s in self.structs]
        table = '\n'.join(f'.TP\n.BR {escape(n)}{section}\n{b}'
                          for n, b, section in named)
        return f'.SS {self.title}\n' + paragraphs([*self.text, table])


def overview(path, groups):
    root = ET.parse(path).getroot().find('compounddef')
    parts = Parts(root)
    return page(MAIN, parts.brief, root.findtext('compoundname'), [
        ('SYNOPSIS', [synopsis(root.findtext('compoundname'),
                               ['cc program.c `pkg\\-config \\-\\-cflags '
                                '\\-\\-libs bufv`'])]),
        ('DESCRIPTION', parts.text),
        ('EXAMPLE', parts.examples),
        ('FUNCTIONS AND TYPES', ['\n'.join(g.overview() for g in groups)]),
        ('SEE ALSO', ['.BR bufv (7)'])])


def main():
    global VERSION
    source, target, VERSION = map(str, sys.argv[1:4])
    source, target = pathlib.Path(source), pathlib.Path(target) / 'man3'
    target.mkdir(parents=True, exist_ok=True)
    main_file = source / (MAIN.replace('.', '_8') + '.xml')
    groups = sorted(map(Group, source.glob('group__*.xml')),
                    key=lambda g: g.order)
    groups.append(Group(main_file))
    pages = [p for g in groups for p in g.pages()]
    pages.append((MAIN, overview(main_file, groups)))
    for name, text in pages:
        (target / f'{name}.3').write_text(text, encoding='utf-8')


main()
