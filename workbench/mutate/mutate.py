# SPDX-License-Identifier: Apache-2.0
"""Breaks the library in many small ways, one at a time, and says which of
them the suite does not notice. See ci/mutate for how it is called.

A mutant is the library with one operator, constant, condition, statement or
promise changed. What is changed is compiled, linked to what is not, and shown
to the suite, topic by topic, until one notices: those first that take little
time and noticed others of the same function, each with a time limit. Those
that survive these are shown to the other topics, to other settings, to the
exhaustive schedules, and in a full run to the sanitizers. A mutant that the
compiler turns into the same code as the original is none. Survivors that
test/mutants.md names behave like the original, for the reason it gives; they
are shown to the first topics only.
"""

import argparse
import collections
import concurrent.futures
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

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

CORE = ["list", "move", "mark", "plan", "write", "vec", "queue", "slab",
        "range", "scratch", "writer", "send", "reader", "socket", "file",
        "ends"]
BACKENDS = ["unix", "generic"]
SOURCES = (["src/%s.c" % name for name in CORE] +
           ["src/bufv_private.h", "src/refs.h", "src/unix/socket.c",
            "src/unix/file.c", "src/unix/sendfile.c", "src/unix/wait.c",
            "src/generic/socket.c", "src/generic/file.c",
            "src/generic/apr_write.c"])

# The topics in the order in which they are asked, unless a file has its own:
# those that take no time, and then the others.
FAST = ["list", "corners", "release", "split", "clone", "copying", "range",
        "deadline", "writer", "reader", "go", "message", "send", "write"]
SLOW = ["consume", "lock", "schedule", "faults", "sendfile", "pipe", "file",
        "posix", "memory", "socket"]
SOCKETS = ["send", "message", "go", "write", "faults", "posix", "sendfile",
           "socket"]
FILES = ["file", "pipe", "posix", "range", "faults"]
LIKELY = {
    "src/list.c": ["list", "release", "consume", "range", "corners"],
    "src/move.c": ["split", "clone", "release", "range", "list"],
    "src/mark.c": ["clone", "split", "release", "corners"],
    "src/plan.c": ["copying", "range", "message", "corners"],
    "src/write.c": ["deadline", "corners", "writer", "write"],
    "src/queue.c": ["list", "memory"],
    "src/slab.c": ["list", "release", "memory"],
    "src/range.c": ["range", "corners"],
    "src/scratch.c": ["copying", "message", "memory", "lock"],
    "src/writer.c": ["writer", "deadline", "corners"],
    "src/send.c": ["send", "corners"],
    "src/reader.c": ["reader"],
    "src/socket.c": SOCKETS, "src/ends.c": ["writer", "posix", "socket"],
    "src/file.c": FILES, "src/unix/socket.c": SOCKETS,
    "src/unix/file.c": FILES, "src/unix/sendfile.c": ["sendfile", "faults"],
    "src/unix/wait.c": ["faults", "pipe", "socket", "sendfile"],
    "src/generic/socket.c": SOCKETS, "src/generic/file.c": FILES,
    "src/generic/apr_write.c": FILES,
}
VARIED = ["write", "go", "message", "send", "copying", "reader", "range"]

# These look at clocks and at other threads. What they find has to be found
# twice, since a busy machine can make them fail.
TIMED = {"write", "deadline", "lock", "faults", "posix", "pipe", "socket",
         "sendfile", "message", "send", "file"}

# Promises, removed by hand: (name, file, old, new). The text occurs once.
PROMISES = [
    ("an attempt keeps to max_bytes", "src/plan.c",
     "b->chunks = bufv__vec_fit(b->vec, n, limits->bytes, &b->bytes);",
     "b->chunks = bufv__vec_fit(b->vec, n, SIZE_MAX, &b->bytes);"),
    ("an attempt keeps to max_vec", "src/plan.c",
     "n = n < limits->vec ? n : limits->vec;", ";"),
    ("an error ends the write", "src/write.c",
     "    return status;\n}\n\n/* ---- the loop */",
     "    return APR_STATUS_IS_ECONNRESET(status) ? APR_SUCCESS : status;\n"
     "}\n\n/* ---- the loop */"),
    ("a broken pipe is an error", "src/write.c",
     "    return status;\n}\n\n/* ---- the loop */",
     "    return APR_STATUS_IS_EPIPE(status) ? APR_SUCCESS : status;\n"
     "}\n\n/* ---- the loop */"),
    ("the deadline bounds the loop", "src/write.c",
     "        if (too_late(t->w))\n            return APR_TIMEUP;\n"
     "        status = prepare(t);", "        status = prepare(t);"),
    ("a deadline already past attempts nothing", "src/write.c",
     "    if (too_late(w))\n        return APR_TIMEUP;\n"
     "    if (t->ops->begin", "    if (t->ops->begin"),
    ("the deadline bounds a wait", "src/write.c",
     "    if (w->deadline != 0 && w->deadline < now + pause)",
     "    if (0)"),
    ("the deadline is looked at", "src/write.c",
     "    return w->deadline != 0 && bufv__writer_now(w) >= w->deadline;",
     "    (void)w; return 0;"),
    ("progress begins the stall anew", "src/write.c",
     "        t->fresh = 1;\n        t->starved = 0;",
     "        t->starved = 0;"),
    ("progress ends starvation", "src/write.c",
     "        t->fresh = 1;\n        t->starved = 0;",
     "        t->fresh = 1;"),
    ("releases come in order", "src/list.c",
     "        mark.release(mark.baton, mark.data, mark.len);",
     "        if (bufv__queue_count(&v->marks) > 0 &&\n"
     "            (apr_int64_t)(bufv__marks(v)->at - v->first) <= 0) {\n"
     "            bufv__mark_t other = *bufv__marks(v);\n"
     "            *bufv__marks(v) = mark; mark = other;\n        }\n"
     "        mark.release(mark.baton, mark.data, mark.len);"),
    ("a release comes once", "src/list.c",
     "        mark.release(mark.baton, mark.data, mark.len);",
     "        mark.release(mark.baton, mark.data, mark.len);\n"
     "        mark.release(mark.baton, mark.data, mark.len);"),
    ("a release comes at once", "src/plan.c",
     "        bufv__advance(v, written);\n    bufv__settle(v);",
     "        bufv__advance(v, written);"),
    ("the lock is kept during the write", "src/write.c",
     "    status = run(v, w, may_wait, &n);",
     "    bufv__unlock(w->lock); status = run(v, w, may_wait, &n);"
     " bufv__lock(w->lock);"),
    ("no SIGPIPE", "src/unix/socket.c",
     "MSG_DONTWAIT | MSG_NOSIGNAL", "MSG_DONTWAIT"),
    ("a blocking socket does not block", "src/unix/socket.c",
     "MSG_DONTWAIT | MSG_NOSIGNAL", "MSG_NOSIGNAL"),
    ("more to come is told to the system", "src/unix/socket.c",
     "flags |= MSG_MORE;", ";"),
    ("MSG_MORE not on the last call", "src/unix/socket.c",
     "    if (holds(s, more))\n", ""),
    ("MSG_MORE not where TCP_NODELAY is set", "src/unix/socket.c",
     "!on;", "1;"),
    ("more to come is told", "src/write.c",
     "    if (v->length == b->bytes)\n        return 0;", "    return 0;"),
    ("empty chunks are not kept", "src/list.c",
     "    if (len == 0)\n        return;\n    vec[v->chunks.tail++]",
     "    vec[v->chunks.tail++]"),
    ("empty entries are not kept", "src/list.c",
     "        if (len == 0)\n            continue;\n", ""),
    ("the hook hears of failures", "src/write.c",
     "    if (w->hook != NULL &&",
     "    if (w->hook != NULL && call.status == APR_SUCCESS &&"),
    ("the hook hears of attempts that took nothing", "src/write.c",
     "    if (w->hook != NULL &&",
     "    if (w->hook != NULL && written > 0 &&"),
    ("the hook is called after the bytes left", "src/write.c",
     "    bufv__accept(b, t->v, written);\n"
     "    if (w->hook != NULL && !t->v->orphan && !w->orphan)\n"
     "        w->hook(w->hook_baton, &call);",
     "    if (w->hook != NULL && !t->v->orphan && !w->orphan)\n"
     "        w->hook(w->hook_baton, &call);\n"
     "    bufv__accept(b, t->v, written);"),
    ("counters agree: calls", "src/write.c",
     "    stats->calls += report->calls;", ""),
    ("counters agree: failed attempts", "src/write.c",
     "    w->report.calls++;", "    w->report.calls += written > 0;"),
    ("counters agree: copied", "src/write.c",
     "    w->report.copied += b->copied;", ""),
    ("the clock is monotonic", "src/writer.c",
     ": bufv__clock();", ": apr_time_now();"),
    ("the deadline is turned into monotonic time", "src/writer.c",
     "when = when > now ? bufv__clock() + (when - now) : -1;", ""),
    ("a message is never split", "src/plan.c",
     "    if (limits->message)\n        return plan_message(b, v, limits, s);",
     ""),
    ("a message that is too long is refused", "src/plan.c",
     "    if (v->length > limits->bytes)\n        return APR_EINVAL;", ""),
    ("a message that went in part is an error", "src/write.c",
     "    if (t->limits.message && *written > 0 &&"
     " *written < t->batch.bytes)\n        return APR_EGENERAL;\n", ""),
    ("scratch memory is kept", "src/scratch.c",
     "    if (s->block >= 0)\n        bufv__flag_give",
     "    if (s->block >= 0)\n        free(shelf[s->block].bytes),\n"
     "            shelf[s->block].bytes = NULL, bufv__flag_give"),
    ("scratch memory is given back", "src/scratch.c",
     "    if (s->block >= 0)\n"
     "        bufv__flag_give(&shelf[s->block].lent);\n", ""),
    ("scratch memory is lent to one at a time", "src/scratch.c",
     "        if (bufv__flag_take(&shelf[i].lent))\n            return i;",
     "        if (bufv__flag_take(&shelf[i].lent) || i == 0)\n"
     "            return i;"),
    ("scratch memory goes with the last list", "src/scratch.c",
     "            free(shelf[i].bytes);\n"
     "            shelf[i].bytes = NULL;\n", ""),
    ("scratch memory stays as long as there is a list", "src/scratch.c",
     "    if (!bufv__refs_dec(&lists))\n        return;\n",
     "    (void)bufv__refs_dec(&lists);\n"),
    ("scratch memory that lacks is no error", "src/scratch.c",
     "    if (shelf[i].bytes == NULL) {\n"
     "        bufv__flag_give(&shelf[i].lent);\n        return;\n    }\n",
     ""),
    ("scratch memory is not kept while waiting", "src/write.c",
     "    bufv__scratch_end(&t->scratch);\n    status = judge",
     "    status = judge"),
    ("bufv_write_some does not wait", "src/write.c",
     "    return enter(v, w, 0, written);",
     "    return enter(v, w, 1, written);"),
    ("a timeout of 0 does not wait", "src/write.c",
     "    if (!t->may_wait || t->ops->wait == NULL || t->stall == 0)",
     "    if (!t->may_wait || t->ops->wait == NULL)"),
    ("EINTR of an attempt is invisible", "src/write.c",
     "    if (APR_STATUS_IS_EINTR(status))\n        return APR_SUCCESS;\n",
     ""),
    ("EINTR of sendmsg is invisible", "src/unix/socket.c",
     "while (n < 0 && errno == EINTR);", "while (0);"),
    ("a lone entry may be sent", "src/unix/socket.c",
     "    if (nvec == 1 && s->copying)", "    if (nvec == 1)"),
    ("EINTR of a wait is invisible", "src/write.c",
     "while (APR_STATUS_IS_EINTR(status));", "while (0);"),
    ("nothing taken is APR_EOF", "src/write.c",
     "status == APR_SUCCESS && *written == 0 ? APR_EOF : status",
     "status == APR_SUCCESS && *written == 0 ? APR_EAGAIN : status"),
    ("too much claimed is an error", "src/write.c",
     "        *written = t->batch.bytes;\n        return APR_EGENERAL;",
     "        *written = t->batch.bytes;\n        return APR_SUCCESS;"),
    ("too much claimed consumes no more than given", "src/write.c",
     "        *written = t->batch.bytes;\n        return APR_EGENERAL;",
     "        return APR_EGENERAL;"),
    ("a full socket is not probed again", "src/unix/socket.c",
     "return *written < bufv__vec_sum(vec, nvec) ? APR_EAGAIN : APR_SUCCESS;",
     "return APR_SUCCESS;"),
    ("a full socket is not probed again, generic", "src/generic/socket.c",
     "return n > 0 && n < vec->iov_len ? APR_EAGAIN : APR_SUCCESS;",
     "return APR_SUCCESS;"),
    ("no memory is tried again", "src/write.c",
     "        return relent(t, status);", "        return status;"),
    ("no memory is not tried for ever", "src/write.c",
     "    if (t->limits.message || t->starved == STARVED_MAX)",
     "    if (t->limits.message)"),
    ("a batch is shrunk when memory lacks", "src/write.c",
     "        t->limits.bytes = t->batch.bytes / 2;", ""),
    ("a list being written is busy", "src/write.c",
     "    if (v->busy)\n        return APR_EBUSY;", ""),
    ("consume from inside a callback is refused", "src/list.c",
     "    if (v->busy)\n        return APR_EBUSY;\n    bufv__enter(v);",
     "    bufv__enter(v);"),
    ("consume beyond the length is refused", "src/list.c",
     "    if (v == NULL || n > v->length)\n        return APR_EINVAL;",
     "    if (v == NULL)\n        return APR_EINVAL;\n"
     "    if (n > v->length)\n        n = v->length;"),
    ("a chunk's length is checked", "src/list.c",
     "len > BUFV__CHUNK_MAX ||\n        len > UINT64_MAX - v->length)\n"
     "        return APR_EINVAL;\n    return APR_SUCCESS;",
     "len > UINT64_MAX - v->length)\n"
     "        return APR_EINVAL;\n    return APR_SUCCESS;"),
    ("the total is checked", "src/list.c",
     "len > BUFV__CHUNK_MAX ||\n        len > UINT64_MAX - v->length)\n"
     "        return APR_EINVAL;\n    return APR_SUCCESS;",
     "len > BUFV__CHUNK_MAX)\n"
     "        return APR_EINVAL;\n    return APR_SUCCESS;"),
    ("capacity is kept", "src/list.c",
     "    if (v->busy)\n        return APR_EBUSY;\n    bufv__enter(v);\n"
     "    bufv__advance(v, n);",
     "    if (v->busy)\n        return APR_EBUSY;\n    bufv__enter(v);\n"
     "    bufv__advance(v, n);\n"
     "    if (v->length == 0 && bufv__queue_count(&v->chunks) == 0) {\n"
     "        free(v->chunks.items); v->chunks.items = NULL;\n"
     "        v->chunks.room = 0;\n    }"),
    ("memory of drained chunks is used again", "src/queue.c",
     "    if (q->head >= count && extra <= room - count) {",
     "    if (0) {"),
    ("cleared at the pool's end", "src/list.c",
     "    bufv__scratch_join();\n    apr_pool_cleanup_register("
     "pool, *v, cleanup, apr_pool_cleanup_null);",
     "    bufv__scratch_join();"),
    ("what a cut hid comes back", "src/write.c",
     "    bufv__unplan(&t->batch, t->v);\n", ""),
    ("small neighbours are copied", "src/plan.c",
     "    if (below == 0)\n        return 1;", "    return 1;"),
    ("copy_below 0 is off", "src/plan.c",
     "    if (below == 0)\n        return 1;", ""),
    ("the caller's bytes are not changed", "src/write.c",
     "    bufv__accept(b, t->v, written);\n    if",
     "    if (written > 0 && b->vec != NULL)\n"
     "        ((char *)b->vec->iov_base)[0] = 0;\n"
     "    bufv__accept(b, t->v, written);\n    if"),
    ("the caller's vector is not changed", "src/list.c",
     "        to[n++] = vec[i];",
     "        to[n++] = vec[i]; ((struct iovec *)(uintptr_t)vec)[i].iov_len"
     " = 0;"),
    ("drains in linear time", "src/list.c",
     "    v->length -= bytes;\n    v->first += chunks;",
     "    if (chunks > 0) { apr_size_t k_; volatile apr_size_t x_ = 0;\n"
     "        for (k_ = 0; k_ < bufv__queue_count(&v->chunks); k_++)\n"
     "            x_ += bufv__front(v)[k_].iov_len; }\n"
     "    v->length -= bytes;\n    v->first += chunks;"),
    ("an error is told with its bytes", "src/write.c",
     "    *written = w->report.written;",
     "    *written = status == APR_SUCCESS ? w->report.written : 0;"),
    ("the socket's timeout is the stall limit", "src/unix/socket.c",
     "    apr_socket_timeout_get(s->sock, stall);\n    s->timeout",
     "    s->timeout"),
    ("the socket's timeout comes back, generic", "src/generic/socket.c",
     "        apr_socket_timeout_set(s->sock, s->timeout);\n}",
     "        ;\n}"),
    ("no SIGPIPE, generic", "src/generic/socket.c",
     "        bufv__quiet_begin(&s->quiet);",
     "        s->quiet.pending = 1, s->quiet.blocked = 0;"),
    ("EPROTOTYPE is a reset", "src/unix/socket.c",
     "    if (error == EPROTOTYPE)\n        return ECONNRESET;\n", ""),
    ("an attempt has all entries that the system takes", "src/unix/socket.c",
     "    .max_vec = BUFV_IOV_MAX,\n    .max_bytes = CALL_BYTES,",
     "    .max_vec = BUFV_IOV_MAX - 1,\n    .max_bytes = CALL_BYTES,"),
    ("small chunks are copied by default", "src/unix/socket.c",
     "    .copy_below = BUFV__COPY_BELOW,", "    .copy_below = 0,"),
    ("an error that comes with bytes ends the write", "src/write.c",
     "    return status == APR_SUCCESS && *written == 0 ? APR_EOF : status;",
     "    if (*written > 0 && !APR_STATUS_IS_EAGAIN(status))\n"
     "        return APR_SUCCESS;\n"
     "    return status == APR_SUCCESS && *written == 0 ? APR_EOF : status;"),
    ("a list that left to the last byte is not waited for", "src/write.c",
     "t->v->length > 0 ? await(t) : APR_SUCCESS", "await(t)"),
    ("the lock is given back to one who is refused", "src/write.c",
     "    if (w->busy) {\n        bufv__unlock(w->lock);",
     "    if (w->busy) {"),
    ("a wait is not longer than what is left", "src/write.c",
     "left < 0 ? -1 : shorter(left, WAIT_MAX)", "left < 0 ? -1 : WAIT_MAX"),
    ("waits without progress add up", "src/write.c",
     "    if (t->fresh)\n        t->since = now;", "    t->since = now;"),
    ("what is left is told in 64 bits", "src/write.c",
     "    t->w->report.left = t->v->length;",
     "    t->w->report.left = (apr_uint32_t)t->v->length;"),
    ("what was written is told in 64 bits", "src/write.c",
     "    w->report.written += written;",
     "    w->report.written =\n"
     "        (apr_uint32_t)(w->report.written + written);"),
    ("an empty chunk is released with its pointer", "src/list.c",
     "        mark.release(mark.baton, mark.data, mark.len);",
     "        mark.release(mark.baton, mark.len > 0 ? mark.data : NULL,\n"
     "                     mark.len);"),
    ("a chunk that is refused is not released", "src/list.c",
     "    if (status != APR_SUCCESS)\n        return status;\n"
     "    since = bufv__end(v);",
     "    if (status != APR_SUCCESS && release != NULL)\n"
     "        release(baton, data, len);\n"
     "    if (status != APR_SUCCESS)\n        return status;\n"
     "    since = bufv__end(v);"),
    ("a shared chunk is released with its length", "src/mark.c",
     "        hold->release(hold->baton, hold->data, hold->len);",
     "        hold->release(hold->baton, hold->data, 0);"),
    ("copies of a clone's bytes outlive its list", "src/mark.c",
     "    return bufv__refs_one(&hold->refs);", "    return 1;"),
    ("reading a range leaves the file's position", "src/unix/system.c",
     "        n = pread(fd, to, *len, (off_t)offset);",
     "        n = (lseek(fd, (off_t)offset, SEEK_SET),\n"
     "             read(fd, to, *len));"),
    ("a pipe's reader that goes raises no signal", "src/unix/file.c",
     "        bufv__quiet_begin(&quiet);", "        ;"),
    ("a blocking pipe does not block", "src/unix/file.c",
     "        f->unblocked = bufv__unblock(f->fd);", "        ;"),
    ("a message that fits is sent as one by the generic back end",
     "src/generic/socket.c", "    .message = 1,\n", ""),
    ("a short file is APR_EOF", "src/range.c",
     "    *len = done;\n    return status;",
     "    *len = done;\n    return APR_SUCCESS;"),
]

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
    """The text with comments, strings and directives blanked out."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    text = re.sub(r"/\*.*?\*/|\"(\\.|[^\"\\\n])*\"|'(\\.|[^'\\\n])*'",
                  blank, text, flags=re.S)
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


def promised():
    """The promises, removed."""
    made = []
    for name, path, old, new in PROMISES:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        if text.count(old) != 1:
            sys.exit("mutate: %s: '%s' is there %d times; mend PROMISES" %
                     (path, old, text.count(old)))
        made.append(Mutant(path, "promise", name, squeeze(old), squeeze(new),
                           text.replace(old, new)))
    return made


# ---- building and running

class Unfit(Exception):
    """The unbroken library does not build or does not pass."""


class Bench:
    """The library and the suite, built once; mutants are linked to them."""

    def __init__(self, build, jobs):
        self.build, self.jobs = build, jobs
        self.apr = shlex.split(run_out(["pkg-config", "--cflags", "apr-1"]))
        self.libs = shlex.split(run_out(
            ["pkg-config", "--libs", "check", "apr-1"]))
        # A copy, so that one may go on working on the original.
        self.tree = os.path.join(build, "tree")
        shutil.rmtree(self.tree, ignore_errors=True)
        for name in ("include", "src", "test"):
            shutil.copytree(os.path.join(ROOT, name),
                            os.path.join(self.tree, name))
        self.include = ["-I" + os.path.join(self.tree, d)
                        for d in ("include", "src")]
        self.define = ["-D_GNU_SOURCE", "-DBUFV_BUILDING", "-DBUFV_STATIC",
                       "-DBUFV_SENDFILE", '-DBUFV_VERSION="0.1.0"',
                       "-DBUFV_TEST_MALLINFO2"]
        self.compilers = {
            "plain": ["gcc", "-std=gnu11", "-O2", "-w"],
            "asan": ["clang", "-std=gnu11", "-O1", "-w", "-g",
                     "-fsanitize=address,undefined",
                     "-fno-sanitize-recover=all"],
            "tsan": ["clang", "-std=gnu11", "-O1", "-w", "-g",
                     "-fsanitize=thread"],
        }
        self.library, self.tests = {}, {}
        self.ask_cmake()
        # These ask which back end they run on.
        self.names = [t for t in self.tests["unix"] if "BUFV_TEST_BACKEND" in
                      open(os.path.join(ROOT, t), encoding="utf-8").read()]
        self.baseline = {}
        self.lock = threading.Lock()
        self.locks = {}
        self.linked = set()

    def ask_cmake(self):
        """Which sources the suite of each back end has."""
        place = os.path.join(self.build, "cmake")
        result = quietly(["cmake", "-S", ROOT, "-B", place, "-G", "Ninja",
                          "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
                          "-DBUFV_EXAMPLES=OFF"])
        if result.returncode != 0:
            raise Unfit(result.stdout)
        with open(os.path.join(place, "compile_commands.json"),
                  encoding="utf-8") as file:
            commands = json.load(file)
        built = [(c["command"], os.path.relpath(c["file"], ROOT))
                 for c in commands]
        for backend in BACKENDS:
            self.library[backend] = [
                source for place, source in built
                if "/bufv_backend_%s.dir/" % backend in place]
            self.tests[backend] = [
                source for place, source in built
                if "/bufv_test_%s.dir/" % backend in place or
                "/bufv_test_objects.dir/" in place]

    def compile(self, kind, source, to, cwd_source=None):
        return self.compilers[kind] + self.define + self.include + \
            self.apr + ["-I" + os.path.join(self.tree, "test"),
                        "-I" + os.path.dirname(os.path.join(
                            self.tree, cwd_source or source)),
                        "-c", "-o", to, source]

    def object(self, kind, source, backend=""):
        backend = backend if source in self.names else ""
        return os.path.join(self.build, kind, backend +
                            source.replace("/", "_") + ".o")

    def headers(self):
        """What every object depends on beside its source."""
        digest = hashlib.sha256()
        for place in ("include", "src", "src/unix", "src/generic", "test"):
            place = os.path.join(self.tree, place)
            for name in sorted(os.listdir(place)):
                if name.endswith(".h"):
                    with open(os.path.join(place, name), "rb") as file:
                        digest.update(name.encode() + file.read())
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
            for source in dict.fromkeys(sources + ["test/exhaustive.c"]):
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
        wrap = ["-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free"]
        if main != "suite":
            wrap = ["-Wl,--wrap=apr_sleep"]
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


def near(mutant):
    """What a mutant is shown first, one after the other:
    (compiler, back end, program, words)."""
    generic = "generic" in mutant.path
    order = dict.fromkeys(LIKELY.get(mutant.path, []) + FAST)
    return [("plain", "generic" if generic else "unix", "suite", [topic])
            for topic in order if not (generic and topic == "sendfile")]


def far(mutant, full):
    """What it is shown if that does not notice."""
    generic, unix = "generic" in mutant.path, "/unix/" in mutant.path
    backend = "generic" if generic else "unix"
    result = [("plain", backend, "suite", [topic]) for topic in SLOW
              if not (generic and topic == "sendfile")]
    if not unix:
        result += [("plain", backend, "suite", words + VARIED)
                   for words in (["--max-vec", "3"], ["--copy-below", "1"],
                                 ["--copy-below", "65536"])]
        result += [("plain", backend, "test/exhaustive.c", ["--quick"])]
    if not unix and not generic:
        result += [("plain", "generic", "suite", [t])
                   for t in ("copying", "range", "send", "message", "write",
                             "file", "pipe")]
    if full:
        result += [("asan", backend, "suite", [t])
                   for t in ("list", "release", "split", "clone", "copying",
                             "range", "corners", "reader", "writer",
                             "send", "message", "write")]
        result += [("tsan", backend, "suite", [t])
                   for t in ("lock", "corners", "clone", "copying")]
    before = near(mutant)
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
            if verdict is not None and TIMED & set(words) and \
                    not verdict.endswith("time"):
                verdict = show(made[name], words, base * 6 + 5, sanitized)
            if verdict is not None:
                learnt.note(mutant, stage)
                return "noticed", "%s %s %s" % (kind, backend, verdict)
        return "survived", ""
    finally:
        shutil.rmtree(place, ignore_errors=True)


def known():
    """Those that test/mutants.md explains."""
    path = os.path.join(ROOT, "test/mutants.md")
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as file:
        return set(re.findall(r"^- (`\S+` `[^`]+`: `[^`]*` → `[^`]*`)",
                              file.read(), re.M))


def read_log(path):
    """What a run came to: verdicts by mutant, the last of each."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        lines = [line.split("\t") for line in file]
    return {words[2]: words[0] for words in lines}


def choose(options, explained):
    """The mutants to judge: promises first."""
    chosen = promised()
    if not options.promises:
        rest = [m for path in SOURCES for m in mutants_of(path)]
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
    return chosen


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
              "test/mutants.md, %d compile to the same code, %d do not "
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
    chosen = choose(options, explained)
    if options.list:
        for mutant in chosen:
            print("%-10s %s" % (mutant.kind, mutant))
        print(len(chosen))
        return

    full = not (options.quick or options.promises or options.plain)
    bench = Bench(options.build, options.jobs)
    bench.prepare(["plain", "asan", "tsan"] if full else ["plain"])
    base_of(bench, ("plain", "unix", "suite", ["list"]))
    print("%d mutants" % len(chosen), flush=True)
    tally = Tally(len(chosen), explained, options.log)
    learnt = Learnt()
    left = judge_all(bench, learnt, tally, chosen, near)
    for mutant in [m for m in left if str(m) in explained]:
        tally.add(mutant, "survived", "")
        left.remove(mutant)
    if not options.near:
        print("%d are left after the topics that take no time, %d s" %
              (len(left), tally.seconds()), flush=True)
        left = judge_all(bench, learnt, tally, left, lambda m: far(m, full))
    for mutant in left:
        tally.add(mutant, "survived", "")
    sys.exit(tally.conclude())


try:
    main()
except Unfit as unfit:
    sys.exit("mutate: %s" % unfit)
