# SPDX-License-Identifier: Apache-2.0
"""Breaks the library in many small ways, one at a time, and says which of
them the suite does not notice. See run for how it is called.

A mutant is the library with one operator, constant, condition, statement or
promise changed. What is changed is compiled, linked to what is not, and shown
to the suite, topic by topic, until one notices: those first that take little
time and noticed others of the same function, each with a time limit. Those
that survive these are shown to the other topics, to other settings, to the
exhaustive schedules, and in a full run to the sanitizers. A mutant that the
compiler turns into the same code as the original is none. Survivors that
mutants.md names behave like the original, for the reason it gives; they
are shown to the first topics only.
"""

import argparse
import collections
import concurrent.futures
import glob
import hashlib
import json
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EXHAUSTIVE = "workbench/exhaustive/exhaustive.c"
BACKENDS = ["unix", "generic"]

# What is worked on, and copied first.
COPIED = ["include", "src", "test", "workbench/exhaustive"]

# Topics that are quick are shown first.
QUICK_SECONDS = 1.0

# So many tests have to notice what is not given back. These topics write to
# nothing that it could be borrowed from, or for long.
DOZENS = 24
UNTOUCHING = ["list", "consume", "split", "clone", "huge", "format", "growth",
        "copying", "drip", "schedule", "deadline", "reserve", "sized"]

# What the suite is run with once more: topics whose calls follow from the
# settings.
VARIED = ["write", "go", "message", "send", "copying", "reader", "range"]
SETTINGS = [["--max-vec", "3"], ["--copy-below", "1"],
            ["--copy-below", "65536"]]

TOKEN = re.compile(
    r"[A-Za-z_]\w*|0[xX][0-9a-fA-F]+|\d+|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|"
    r"!=|&&|\|\||\+=|-=|\*=|/=|\|=|&=|\.\.\.|[^\s\w]")
SWAPS = {
    "<": ["<=", ">"], "<=": ["<", ">="], ">": [">=", "<"],
    ">=": [">", "<="], "==": ["!="], "!=": ["=="], "&&": ["||"],
    "||": ["&&"], "+=": ["-="], "-=": ["+="], "++": ["--"], "--": ["++"],
}
KEYWORDS = {"if", "else", "for", "while", "do", "return", "break",
            "continue", "case", "switch", "goto", "sizeof"}
TYPES = re.compile(r"(const|struct|static|int|char|unsigned|void|size_t|"
                   r"ssize_t|va_list|off_t|\w+_t)$")


class Mutant:
    def __init__(self, path, kind, where, old, new, text):
        self.path, self.kind, self.where = path, kind, where
        self.old, self.new, self.text = old, new, text

    def __str__(self):
        return "`%s` `%s`: `%s` → `%s`" % (self.path, self.where, self.old,
                                           self.new)


def masked(text):
    """The text with comments, strings, directives and assertions blanked
    out."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    text = re.sub(r"/\*.*?\*/|\"(\\.|[^\"\\\n])*\"|'(\\.|[^'\\\n])*'",
                  blank, text, flags=re.S)
    text = re.sub(r"\bassert\(.*?\);", blank, text, flags=re.S)
    return re.sub(r"^[ \t]*#(.*\\\n)*.*", blank, text, flags=re.M)


def tokens_of(text):
    return [(m.group(), m.start(), m.end())
            for m in TOKEN.finditer(masked(text))]


def squeeze(text):
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text,
                                      flags=re.S)).strip()


def around(text, begin, end):
    """From the beginning of a line to the end of one."""
    first = text.rfind("\n", 0, begin) + 1
    last = text.find("\n", end)
    return first, last if last >= 0 else len(text)


def closing(tokens, at):
    """The index of the parenthesis that closes the one at `at`."""
    depth = 0
    for i in range(at, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[i][0], 0)
        if depth == 0:
            return i
    return None


def is_operand(token):
    return re.match(r"[\w)\]]", token) and token not in KEYWORDS


def is_smaller(text, at):
    """Whether the comparison is that of `a < b ? a : b`, in which it does not
    matter what becomes of equal ones."""
    first = max(text.rfind(c, 0, at) for c in "=;{,(") + 1
    return re.match(r"\s*(return )?(.+?) [<>] (.+?) \? (\2 : \3|\3 : \2)"
                    r"[;,)]", text[first:at + 200]) is not None


def mutants_of(path):
    """All systematic mutants of a file."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    tokens = tokens_of(text)
    depth, where, typedef = 0, "", False
    conditions = set()
    found = []

    def put(kind, begin, end, new):
        first, last = around(text, begin, end)
        old = squeeze(text[first:last])
        changed = text[:begin] + new + text[end:]
        shown = squeeze(text[first:begin] + new + text[end:last])
        found.append(Mutant(path, kind, where, old, shown, changed))

    for i, (token, begin, end) in enumerate(tokens):
        before = tokens[i - 1][0] if i else ""
        after = tokens[i + 1][0] if i + 1 < len(tokens) else ""
        if token == "{":
            if depth == 0:
                head = " ".join(t[0] for t in tokens[max(0, i - 60):i])
                head = re.split(r"[;}]", head)[-1]
                typedef = re.match(r"\s*(typedef )?(struct|enum) ?\w*$",
                                   head.strip()) is not None
                names = re.findall(r"(\w+) \(", head)
                table = re.search(r"(\w+) (\[ \] )?=", head)
                if names:
                    where = names[0] if names[0] != "BUFV_DECLARE" else \
                        names[-1]
                elif table:
                    where = table.group(1)
            depth += 1
            continue
        if token == "}":
            depth -= 1
            continue
        if depth == 0 or typedef:
            continue
        spaced = text[begin - 1] in " \n" and text[end:end + 1] in (" ", "\n")
        if token in SWAPS:
            for new in SWAPS[token]:
                if not (new in ("<=", ">=") and is_smaller(text, begin)):
                    put("operator", begin, end, new)
        elif token in "+-*" and spaced and is_operand(before):
            put("operator", begin, end, {"+": "-", "-": "+", "*": "+"}[token])
        elif token == "|" and spaced:
            put("operand", tokens[i - 1][1], end, "")
            put("operand", begin, tokens[i + 1][2], "")
        elif re.match(r"\d+$", token):
            n = int(token)
            # Flags are asked whether they are 0; a limit below 0 is none.
            if not (n == 1 and (after in (";", ",", ":") and before in
                                ("=", "return", ",", ":", "-"))):
                put("constant", begin, end, str(n + 1))
            if n > 0:
                put("constant", begin, end, str(n - 1))
        elif token == "!":
            put("negation", begin, end, "")
        elif token == "=" and before not in "=<>!" and spaced:
            pass
        if token in ("if", "while") and tokens[i + 1][0] == "(":
            close = closing(tokens, i + 1)
            inner = (tokens[i + 1][2], tokens[close][1])
            conditions.add(close)
            if token == "if":
                put("condition", inner[0], inner[1], "1")
                put("condition", inner[0], inner[1], "0")
            elif text[inner[0]:inner[1]] != "0":
                put("condition", inner[0], inner[1], "0")
        if token == "for":
            conditions.add(closing(tokens, i + 1))
        starts = before in ("{", "}", ";", "else", "do") or \
            i - 1 in conditions
        if token == "return":
            stop = next(k for k in range(i, len(tokens))
                        if tokens[k][0] == ";")
            value = squeeze(text[end:tokens[stop][1]])
            if value == "":
                put("statement", begin, end, "")
            elif value == "APR_SUCCESS":
                put("return", begin, tokens[stop][1], "return APR_EGENERAL")
            elif re.match(r"(APR_E\w+|status|APR_TIMEUP)$", value):
                put("return", begin, tokens[stop][1], "return APR_SUCCESS")
        elif token in ("break", "continue"):
            put("statement", begin, end, "")
        elif starts and token not in KEYWORDS and \
                re.match(r"[A-Za-z_*(]", token):
            stop, level = i, 0
            while stop < len(tokens):
                level += {"(": 1, ")": -1}.get(tokens[stop][0], 0)
                if level < 0 or (level == 0 and
                                 tokens[stop][0] in (";", "{")):
                    break
                stop += 1
            if stop == len(tokens) or tokens[stop][0] != ";" or level < 0:
                continue
            if TYPES.match(token) and (tokens[i + 1][0] == "*" or re.match(
                    r"[A-Za-z_]", tokens[i + 1][0])):
                continue
            if token == "(" and squeeze(text[begin:end + 5]) == "(void)":
                continue
            put("statement", begin, tokens[stop][1], "")
    return found


def read_promises(name):
    """The blocks of the file: (name, end of the file's path, old, new)."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        blocks = re.split(r"\n{2,}", re.sub(r"^#.*\n", "", file.read(),
                                           flags=re.M).strip())
    for block in blocks:
        name, *lines = block.split("\n")
        where = [line[2:] for line in lines if line.startswith("@ ")]
        old, new = ("".join(line[1:] + "\n" for line in lines
                            if line.startswith(sign)) for sign in "-+")
        yield name, where[0] if where else "", old, new


def promised(sources, name="promises"):
    """The promises, removed; and those whose lines are not there once."""
    texts = {}
    for path in sources:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            texts[path] = "\n" + file.read()
    made, lost = [], []
    for name, where, old, new in read_promises(name):
        found = [path for path, text in texts.items()
                 if path.endswith(where) and "\n" + old in text]
        if len(found) != 1 or texts[found[0]].count("\n" + old) != 1:
            lost.append(name)
            continue
        text = texts[found[0]].replace("\n" + old, "\n" + new)[1:]
        made.append(Mutant(found[0], "promise", name, squeeze(old),
                           squeeze(new), text))
    return made, lost


# ---- building and running

class Unfit(Exception):
    """The unbroken library does not build or does not pass."""


class Bench:
    """The library and the suite, built once; mutants are linked to them."""

    def __init__(self, build, jobs):
        self.build, self.jobs = build, jobs
        self.libs = shlex.split(run_out(
            ["pkg-config", "--libs", "check", "apr-1"]))
        # A copy, so that one may go on working on the original.
        self.tree = os.path.join(build, "tree")
        shutil.rmtree(self.tree, ignore_errors=True)
        for name in COPIED:
            shutil.copytree(os.path.join(ROOT, name),
                            os.path.join(self.tree, name))
        self.compilers = {
            "plain": ["gcc", "-std=gnu11", "-O2", "-w"],
            "asan": ["clang", "-std=gnu11", "-O1", "-w", "-g",
                     "-fsanitize=address,undefined",
                     "-fno-sanitize-recover=all"],
            "tsan": ["clang", "-std=gnu11", "-O1", "-w", "-g",
                     "-fsanitize=thread"],
        }
        self.library, self.tests, self.flags = {}, {}, {}
        self.ask_cmake()
        self.sources = list(dict.fromkeys(sum(self.library.values(), [])))
        self.sources += sorted(os.path.relpath(h, ROOT) for h in
                               glob.glob(os.path.join(ROOT, "src/*.h")))
        # These ask which back end they run on.
        self.names = [t for t in self.tests["unix"] if "BUFV_TEST_BACKEND" in
                      open(os.path.join(ROOT, t), encoding="utf-8").read()]
        self.baseline = {}
        self.lock = threading.Lock()
        self.locks = {}
        self.linked = set()

    def ask_cmake(self):
        """Which sources the suite of each back end has, and how they are
        compiled. Assertions are on."""
        place = os.path.join(self.build, "cmake")
        result = quietly(["cmake", "-S", ROOT, "-B", place, "-G", "Ninja",
                          "-DCMAKE_BUILD_TYPE=None",
                          "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
                          "-DBUFV_OPENSSL=OFF", "-DBUFV_BRIGADE=OFF",
                          "-DBUFV_EXAMPLES=OFF"])
        if result.returncode != 0:
            raise Unfit(result.stdout)
        with open(os.path.join(place, "compile_commands.json"),
                  encoding="utf-8") as file:
            commands = json.load(file)
        built = [(c["command"], os.path.relpath(c["file"], ROOT))
                 for c in commands]
        for command, source in built:
            self.flags.setdefault(source, self.flags_of(command))
        for backend in BACKENDS:
            self.library[backend] = [
                source for place, source in built
                if "/bufv_backend_%s.dir/" % backend in place]
            self.tests[backend] = [
                source for place, source in built
                if "/bufv_test_%s.dir/" % backend in place or
                "/bufv_test_objects.dir/" in place]
        self.flags[EXHAUSTIVE] = self.flags[self.tests["unix"][0]]

    def flags_of(self, command):
        """The options of a command that say what is compiled, for the copy
        of the tree."""
        words, flags = shlex.split(command), []
        for i, word in enumerate(words):
            if word.startswith(("-I", "-D")):
                flags.append(word)
            elif word == "-isystem":
                flags += [word, words[i + 1]]
        copied = re.compile(re.escape(ROOT) + r"/(?=(%s)\b)" % "|".join(COPIED))
        return [copied.sub(self.tree + "/", f) for f in flags
                if not f.startswith("-DBUFV_TEST_BACKEND=")]

    def compile(self, kind, source, to, original):
        return self.compilers[kind] + self.flags[original] + [
            "-I" + os.path.dirname(os.path.join(self.tree, original)),
            "-c", "-o", to, source]

    def object(self, kind, source, backend=""):
        backend = backend if source in self.names else ""
        return os.path.join(self.build, kind, backend +
                            source.replace("/", "_") + ".o")

    def headers(self):
        """What every object depends on beside its source."""
        digest = hashlib.sha256()
        for path in sorted(glob.glob(os.path.join(self.tree, "**/*.h"),
                                     recursive=True)):
            with open(path, "rb") as file:
                digest.update(path.encode() + file.read())
        return digest.hexdigest()

    def up_to_date(self, command, full, headers):
        """Compiles, unless the object comes from the same bytes."""
        to = command[command.index("-o") + 1]
        with open(full, "rb") as file:
            text = file.read()
        state = hashlib.sha256("\n".join(
            command + [headers, ""]).encode() + text).hexdigest()
        if os.path.exists(to + ".state"):
            with open(to + ".state", encoding="utf-8") as file:
                if file.read() == state:
                    return None
        result = quietly(command)
        if result.returncode == 0:
            with open(to + ".state", "w", encoding="utf-8") as file:
                file.write(state)
        return result

    def prepare(self, kinds):
        work = []
        headers = self.headers()
        sources = sum(list(self.library.values()) +
                      list(self.tests.values()), [])
        for kind in kinds:
            os.makedirs(os.path.join(self.build, kind), exist_ok=True)
            for source in dict.fromkeys(sources + [EXHAUSTIVE]):
                full = os.path.join(self.tree, source)
                for name in BACKENDS if source in self.names else [""]:
                    command = self.compile(
                        kind, full, self.object(kind, source, name), source)
                    command[1:1] = ['-DBUFV_TEST_BACKEND="%s"' %
                                    (name or "any")]
                    work.append((command, full, headers))
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for result in pool.map(lambda w: self.up_to_date(*w), work):
                if result is not None and result.returncode != 0:
                    raise Unfit(result.stdout)

    def link(self, kind, backend, objects, to, main):
        sources = self.library[backend]
        tests = self.tests[backend] if main == "suite" else [main]
        files = [objects.get(s) or self.object(kind, s) for s in sources]
        files += [self.object(kind, s, backend) for s in tests]
        wrap = []
        if main == "suite":
            wrap = ["-Wl,--wrap=%s" % name
                    for name in ("malloc", "calloc", "realloc", "free")]
        return self.compilers[kind][:1] + \
            [f for f in self.compilers[kind] if f.startswith("-fs")] + \
            ["-o", to] + files + wrap + self.libs + ["-lpthread", "-ldl",
                                                     "-lm"]


def run_out(command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def quietly(command):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)


# What the net of the suite tells, once in a test, which then fails.
NET = re.compile(r"^net: in or after ", re.M)


def limits():
    """A mutant may run wild: it gets no more than this."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))


def limits_plain():
    limits()
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))


def show(program, words, seconds, sanitized=False):
    """Runs a program. Says None if it was content, else what it said."""
    env = dict(os.environ, BUFV_TEST_SKIP_HUGE="1", CK_VERBOSITY="minimal",
               ASAN_OPTIONS="detect_leaks=1:hard_rss_limit_mb=3000:"
               "allocator_may_return_null=1")
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            [program] + words, stdout=out, stderr=out, env=env,
            stdin=subprocess.DEVNULL, start_new_session=True,
            cwd=os.path.dirname(program),
            preexec_fn=limits if sanitized else limits_plain)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        # check takes its children along when it is told to end.
        if code is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if code == 0:
        return None
    label = " ".join(words) or os.path.basename(program)
    return "%s: %s" % (label, "time" if code is None else "failed")


def caught_in(program, topic):
    """In how many tests of a topic the net sees something left behind. A test
    that hangs is stopped by check, after 12 seconds."""
    env = dict(os.environ, BUFV_TEST_SKIP_HUGE="1", CK_VERBOSITY="normal",
               CK_TIMEOUT_MULTIPLIER="0.05")
    out = subprocess.run([program, topic], text=True, env=env, check=False,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, errors="replace").stdout
    return len(NET.findall(out))


def backend_of(mutant):
    return "generic" if "/generic/" in mutant.path else "unix"


def list_topics(bench):
    """The topics of the suite, as it prints them, with the seconds that each
    takes."""
    base_of(bench, ("plain", "unix", "suite", ["list"]))
    program = os.path.join(bench.build, "plain-unix-suite")
    topics = run_out([program, "--list"]).split()
    return {topic: base_of(bench, ("plain", "unix", "suite", [topic]))
            for topic in topics}


def near(mutant, topics):
    """What a mutant is shown first, one after the other, quick topics:
    (compiler, back end, program, words)."""
    name = os.path.splitext(os.path.basename(mutant.path))[0]
    quick = sorted((t for t in topics if topics[t] < QUICK_SECONDS),
                   key=lambda t: (t != name, topics[t]))
    return [("plain", backend_of(mutant), "suite", [t]) for t in quick]


def far(mutant, topics, full):
    """What it is shown if that does not notice."""
    backend = backend_of(mutant)
    apart = "/" in mutant.path[len("src/"):]
    result = [("plain", backend, "suite", [t]) for t in topics
              if topics[t] >= QUICK_SECONDS]
    if "/unix/" not in mutant.path:
        result += [("plain", backend, "suite", words + VARIED)
                   for words in SETTINGS]
        result += [("plain", backend, EXHAUSTIVE, ["--quick"])]
    if not apart:
        result += [("plain", "generic", "suite", [t]) for t in topics]
    if full:
        result += [(kind, backend, "suite", [t]) for t in topics
                   for kind in ("asan", "tsan") if topics[t] < QUICK_SECONDS]
    before = near(mutant, topics)
    return [stage for stage in result if stage not in before]


class Learnt:
    """Which stage noticed mutants of a function, and of a file: the next ones
    are shown to it first."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()

    def note(self, mutant, stage):
        with self.lock:
            self.counts[(mutant.path, mutant.where, key(stage))] += 1
            self.counts[(mutant.path, "", key(stage))] += 1

    def order(self, mutant, all_stages):
        with self.lock:
            return sorted(all_stages, key=lambda stage: -(
                4 * self.counts[(mutant.path, mutant.where, key(stage))] +
                self.counts[(mutant.path, "", key(stage))]))


def key(stage):
    return (stage[0], stage[1], stage[2], " ".join(stage[3]))


def measure(bench, stage):
    """The unbroken library passes this stage, in so many seconds."""
    kind, backend, main, words = stage
    program = os.path.join(bench.build, "-".join(
        [kind, backend, os.path.basename(main)]))
    with bench.lock:
        if program not in bench.linked:
            result = quietly(bench.link(kind, backend, {}, program, main))
            if result.returncode != 0:
                raise Unfit(result.stdout)
            bench.linked.add(program)
    for attempt in range(3):
        began = time.time()
        verdict = show(program, words, 300, kind != "plain")
        if verdict is None:
            return time.time() - began
        print("unbroken, but %s (%s %s), %d" % (verdict, kind, backend,
                                                attempt), flush=True)
    raise Unfit("the unbroken library fails: %s" % verdict)


def base_of(bench, stage):
    with bench.lock:
        lock = bench.locks.setdefault(key(stage), threading.Lock())
    with lock:
        if key(stage) not in bench.baseline:
            bench.baseline[key(stage)] = measure(bench, stage)
        return bench.baseline[key(stage)]


def build(bench, mutant, place, kind, backend, main):
    """Compiles what the mutant is in, and links it to the rest. Returns the
    program, or why there is none."""
    objects = {}
    changed = [mutant.path]
    copy = os.path.join(place, "src")
    if mutant.path.endswith(".h"):
        changed = bench.library[backend]
    for path in changed:
        source = os.path.join(place, path)
        obj = os.path.join(place, kind + path.replace("/", "_") + ".o")
        objects[path] = obj
        if os.path.exists(obj):
            continue
        command = bench.compile(kind, source, obj, path)
        command.insert(1, "-I" + copy)
        if quietly(command).returncode != 0:
            return None, "does not compile"
    if kind == "plain" and all(same(obj, bench.object(kind, path))
                               for path, obj in objects.items()):
        return None, "same code"
    program = os.path.join(place, "-".join(
        [kind, backend, os.path.basename(main)]))
    result = quietly(bench.link(kind, backend, objects, program, main))
    return (program, "") if result.returncode == 0 else (None,
                                                         "does not link")


def same(one, other):
    with open(one, "rb") as first, open(other, "rb") as second:
        return first.read() == second.read()


def unpack(bench, mutant, place):
    """The changed file; of a header, with all that include it."""
    if mutant.path.endswith(".h"):
        shutil.copytree(os.path.join(bench.tree, "src"),
                        os.path.join(place, "src"), dirs_exist_ok=True)
    source = os.path.join(place, mutant.path)
    os.makedirs(os.path.dirname(source), exist_ok=True)
    with open(source, "w", encoding="utf-8") as file:
        file.write(mutant.text)


def judge(bench, learnt, mutant, number, shown):
    """Builds a mutant and shows it to these stages. Returns
    (verdict, why)."""
    place = os.path.join(bench.build, "m%d" % number)
    unpack(bench, mutant, place)
    made = {}
    try:
        for stage in learnt.order(mutant, shown):
            base = base_of(bench, stage)
            kind, backend, main, words = stage
            name = (kind, backend, main)
            if name not in made:
                made[name], why = build(bench, mutant, place, kind, backend,
                                        main)
                if made[name] is None:
                    return "same" if why == "same code" else "invalid", why
            sanitized = kind != "plain"
            verdict = show(made[name], words, base * 4 + 5, sanitized)
            # A busy machine can make a topic fail: it has to do so twice.
            if verdict is not None and not verdict.endswith("time"):
                verdict = show(made[name], words, base * 6 + 5, sanitized)
            if verdict is not None:
                learnt.note(mutant, stage)
                return "noticed", "%s %s %s" % (kind, backend, verdict)
        return "survived", ""
    finally:
        shutil.rmtree(place, ignore_errors=True)


def count_caught(bench, mutant, number):
    """In how many tests the net sees that something is not given back. Says
    whether it bites: in dozens of tests."""
    place = os.path.join(bench.build, "n%d" % number)
    unpack(bench, mutant, place)
    try:
        program, why = build(bench, mutant, place, "plain",
                             backend_of(mutant), "suite")
        if program is None:
            print("NO MUTANT (%s): %s" % (why, mutant.where))
            return False
        counts = [caught_in(program, topic)
                  for topic in run_out([program, "--list"]).split()
                  if topic not in UNTOUCHING]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print("| %s | %s | %d | %d |" %
          (mutant.where, backend_of(mutant), sum(counts),
           sum(n > 0 for n in counts)), flush=True)
    return sum(counts) >= DOZENS


def count_all(bench):
    """What --net does."""
    mutants, lost = promised(bench.sources, "net")
    for name in lost:
        print("LOST %s: its lines are not in the sources once" % name)
    bench.prepare(["plain"])
    print("| what is not given back | back end | tests | topics |\n"
          "|---|---|---|---|", flush=True)
    bites = [count_caught(bench, m, i) for i, m in enumerate(mutants)]
    return 0 if all(bites) and not lost else 1


def known():
    """Those that mutants.md explains."""
    path = os.path.join(HERE, "mutants.md")
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as file:
        return set(re.findall(r"^- (`\S+` `[^`]+`: `[^`]*` → `[^`]*`)",
                              file.read(), re.M))


def stale_names(explained, sources):
    """What mutants.md names and the sources do not have any more."""
    names = {str(m) for path in sources for m in mutants_of(path)}
    return sorted(explained - names)


def read_log(path):
    """What a run came to: verdicts by mutant, the last of each."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        lines = [line.split("\t") for line in file]
    return {words[2]: words[0] for words in lines}


def choose(options, explained, sources):
    """The mutants to judge, promises first, and the promises that are
    lost."""
    chosen, lost = promised(sources)
    if not options.promises:
        rest = [m for path in sources for m in mutants_of(path)]
        random.Random(1).shuffle(rest)
        if options.quick:
            rest = [m for m in rest if str(m) not in explained]
            options.sample = options.sample or 100
        chosen += rest[:options.sample] if options.sample else rest
    if options.only:
        chosen = [m for m in chosen if re.search(options.only, str(m))]
    if options.again:
        log = read_log(options.again)
        chosen = [m for m in chosen
                  if log.get(str(m)) in ("open", "survived")]
    if options.resume:
        log = read_log(options.log)
        chosen = [m for m in chosen if str(m) not in log]
    return chosen, lost


class Tally:
    """What came of all of them."""

    def __init__(self, total, explained, log):
        self.total, self.explained = total, explained
        self.log = open(log, "a", encoding="utf-8") if log else None
        self.counts = collections.Counter()
        self.bad = 0
        self.began = time.time()

    def seconds(self):
        return time.time() - self.began

    def tell(self, verdict, mutant):
        self.bad += 1
        print("%s %s %s" % (verdict, mutant.kind, mutant), flush=True)

    def add(self, mutant, verdict, why):
        named = str(mutant) in self.explained
        if self.log:
            self.log.write("%s\t%s\t%s\t%s\n" % (verdict, mutant.kind,
                                                 mutant, why))
            self.log.flush()
        if verdict == "survived" and named:
            verdict = "explained"
        self.counts[verdict] += 1
        if verdict == "survived":
            self.tell("SURVIVED", mutant)
        elif verdict != "explained" and named:
            self.tell("EXPLAINED, BUT %s (%s)" % (verdict, why), mutant)
        elif verdict != "noticed" and mutant.kind == "promise":
            self.tell("NO MUTANT (%s)" % why, mutant)
        done = sum(self.counts.values())
        if done % 100 == 0:
            print("%d of %d, %d s" % (done, self.total, self.seconds()),
                  flush=True)

    def defer(self, mutant):
        """Not noticed so far."""
        if self.log:
            self.log.write("open\t%s\t%s\t\n" % (mutant.kind, mutant))
            self.log.flush()

    def conclude(self):
        counts = self.counts
        print("\n%d mutants: %d noticed, %d survived, %d explained in "
              "mutants.md, %d compile to the same code, %d do not "
              "compile; %d s" %
              (sum(counts.values()), counts["noticed"], counts["survived"],
               counts["explained"], counts["same"], counts["invalid"],
               self.seconds()))
        return 1 if self.bad else 0


def judge_all(bench, learnt, tally, mutants, stages):
    """Returns those that survived these stages."""
    left = []
    with concurrent.futures.ThreadPoolExecutor(bench.jobs) as pool:
        futures = {pool.submit(judge, bench, learnt, m, i, stages(m)): m
                   for i, m in enumerate(mutants)}
        for future in concurrent.futures.as_completed(futures):
            verdict, why = future.result()
            if verdict == "survived":
                left.append(futures[future])
                tally.defer(futures[future])
            else:
                tally.add(futures[future], verdict, why)
    return left


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--promises", action="store_true")
    parser.add_argument("--net", action="store_true",
                        help="counts the tests that see that something was "
                        "borrowed and is not given back")
    parser.add_argument("--only", default="",
                        help="mutants whose text matches this expression")
    parser.add_argument("--again", default="", metavar="LOG",
                        help="those that survived in the run of this log")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--log", default="", help="appends verdicts to it")
    parser.add_argument("--resume", action="store_true",
                        help="leaves out those that --log has already")
    parser.add_argument("--near", action="store_true",
                        help="the topics that take no time, and no more")
    parser.add_argument("--plain", action="store_true",
                        help="without the sanitizers")
    options = parser.parse_args()

    explained = known()
    bench = Bench(options.build, options.jobs)
    if options.net:
        sys.exit(count_all(bench))
    chosen, lost = choose(options, explained, bench.sources)
    if options.list:
        lost += promised(bench.sources, "net")[1]
    for name in lost:
        print("LOST %s: its lines are not in the sources once" % name)
    stale = [] if options.promises else stale_names(explained, bench.sources)
    for name in stale:
        print("STALE %s: mutants.md names what is no mutant" % name)
    if options.list:
        for mutant in chosen:
            print("%-10s %s" % (mutant.kind, mutant))
        print(len(chosen))
        sys.exit(1 if lost or stale else 0)

    full = not (options.quick or options.promises or options.plain)
    bench.prepare(["plain", "asan", "tsan"] if full else ["plain"])
    topics = list_topics(bench)
    print("%d mutants" % len(chosen), flush=True)
    tally = Tally(len(chosen), explained, options.log)
    tally.bad += len(lost) + len(stale)
    learnt = Learnt()
    left = judge_all(bench, learnt, tally, chosen,
                     lambda m: near(m, topics))
    for mutant in [m for m in left if str(m) in explained]:
        tally.add(mutant, "survived", "")
        left.remove(mutant)
    if not options.near:
        print("%d are left after the topics that take no time, %d s" %
              (len(left), tally.seconds()), flush=True)
        left = judge_all(bench, learnt, tally, left,
                         lambda m: far(m, topics, full))
    for mutant in left:
        tally.add(mutant, "survived", "")
    sys.exit(tally.conclude())


if __name__ == "__main__":
    try:
        main()
    except Unfit as unfit:
        sys.exit("mutate: %s" % unfit)
