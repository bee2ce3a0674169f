/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file exhaustive.c
 * Every small list under every small limit, with every sequence of what its
 * attempts and waits can come to, against a flat string (promises 1, 2, 5,
 * 8-14, 17-19 and 21).
 *
 *     exhaustive [--quick | --long] [--part I/N]
 *
 * A schedule is a list, limits, and a sequence of outcomes. Outcomes are
 * numbered at each attempt and at each wait; a schedule is the sequence of the
 * numbers that were chosen, and the next schedule is the next larger sequence.
 * So none is left out within the bound, and none comes twice. What holds at
 * each step is asserted in the attempt, in the hook and in the callbacks, not
 * at the end alone.
 *
 * The transport has a clock of its own, so that nobody sleeps here.
 */

#include <bufv.h>

#include <apr_general.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MOST_CHUNKS 6
#define MOST_BYTES 12
#define MOST_CHOICES 64
#define GAP 16 /* between chunks that do not touch */
#define STALL 10
#define DEADLINE 14
#define CLOCK_BEGINS 1000
#define STEP 4 /* how far a slow wait moves the clock */
#define ALL ((apr_size_t)-1 / 2)
#define MSEC 1000 /* the first pause */
#define WAKES 2   /* waits for nothing before there are pauses */

/* ---- the bound */

typedef struct bound_t {
    const char *name;
    int chunks;    /* of a list, at most */
    int size;      /* of a chunk, at most */
    int total;     /* bytes of a list, at most */
    int fruitless; /* attempts that take nothing and do not end the write, and
                    * waits that are interrupted, at most; in small lists one
                    * more, which is when there are pauses before waits */
    int small;     /* bytes of the lists that are small; they also run against
                    * a clock */
} bound_t;

static const bound_t quick = {"quick", 3, 3, 3, 1, 2};
static const bound_t usual = {"usual", 4, 4, 4, 1, 2};
static const bound_t longer = {"long", 5, 5, 5, 2, 3};

static const bound_t *bound = &usual;
static int part = 0, parts = 1;

/* ---- the schedule */

/* What a wait and an attempt are bounded by. */
typedef enum clock_kind_t {
    UNTIMED,
    STALLED, /* by the stall limit */
    TIMED,   /* by the deadline */
    WITHIN   /* by `within` of the terms, which is as long */
} clock_kind_t;

/* A list and its limits. */
typedef struct config_t {
    apr_size_t size[MOST_CHUNKS];
    int chunks;
    apr_size_t total;
    int adjacent;
    apr_size_t max_vec, max_bytes, copy_below;
    apr_size_t budget; /* 0: none */
    int some;
    int fruitless; /* see bound_t */
    clock_kind_t clock;
} config_t;

/* The choices of this schedule, and of how many. */
typedef struct choices_t {
    int made[MOST_CHOICES], of[MOST_CHOICES];
    int length; /* that are prescribed */
    int at;     /* that were asked for */
} choices_t;

/* What the library has to agree with. */
typedef struct model_t {
    apr_size_t accepted;
    apr_size_t attempts, waits, pauses, hooks;
    apr_size_t copied;
    int fruitless;
    int starved; /* attempts without memory since the last progress */
    int wakes;   /* waits since the last progress */
    int ended;   /* the write has to return this: */
    apr_status_t status;
    int full;                      /* no attempt before the next wait */
    apr_interval_time_t pause_due; /* before the next attempt or wait */
    apr_time_t since;              /* when the stall limit began to count */
    apr_time_t clock;
    bufv_call_t call; /* what the hook has to be told */
    int hook_due;
    int borrowed; /* between begin and end */
    int held;     /* more was said to come, and nothing was flushed since */
} model_t;

typedef struct release_t {
    const void *data;
    apr_size_t len;
    int index;
} release_t;

static config_t config;
static choices_t choices;
static model_t model;
static release_t owned[MOST_CHUNKS];
static int released;
static char arena[MOST_CHUNKS * GAP];
static char image[MOST_CHUNKS * GAP];
static char flat[MOST_BYTES + 1];
static const char *place[MOST_CHUNKS];
static bufv_t *v;
static bufv_writer_t *w;
static apr_uint64_t schedules, attempts;

static void fail(const char *what)
{
    int i;

    fprintf(stderr, "exhaustive: %s\nsizes", what);
    for (i = 0; i < config.chunks; i++)
        fprintf(stderr, " %d", (int)config.size[i]);
    fprintf(stderr,
            "; adjacent %d, max_vec %ld, max_bytes %ld, copy_below %ld, "
            "budget %ld, some %d, clock %d\nchoices",
            config.adjacent, (long)config.max_vec, (long)config.max_bytes,
            (long)config.copy_below, (long)config.budget, config.some,
            (int)config.clock);
    for (i = 0; i < choices.at; i++)
        fprintf(stderr, " %d/%d", choices.made[i], choices.of[i]);
    fprintf(stderr, "\naccepted %d, attempts %d, waits %d\n",
            (int)model.accepted, (int)model.attempts, (int)model.waits);
    exit(EXIT_FAILURE);
}

#define MUST(holds)       \
    do {                  \
        if (!(holds))     \
            fail(#holds); \
    } while (0)

/* The next choice of n: as prescribed, or else the first. */
static int choose(int n)
{
    int i = choices.at++;

    if (i >= MOST_CHOICES)
        fail("more attempts and waits than the bound knows");
    if (i >= choices.length)
        choices.made[i] = 0;
    choices.of[i] = n;
    return choices.made[i];
}

/* Prescribes the next larger sequence. */
static int next_schedule(void)
{
    int i = choices.at;

    while (i > 0 && choices.made[i - 1] + 1 >= choices.of[i - 1])
        i--;
    if (i == 0)
        return 0;
    choices.made[i - 1]++;
    choices.length = i;
    return 1;
}

/* ---- what a batch has to be */

/* How many chunks end within the first n bytes, empty ones included, or up to
 * the last that is not empty. */
static int chunks_within(apr_size_t n, int with_empties)
{
    apr_size_t end = 0;
    int i, last = 0;

    for (i = 0; i < config.chunks; i++) {
        end += config.size[i];
        if (end > n)
            break;
        if (config.size[i] > 0)
            last = i + 1;
    }
    return with_empties ? i : last;
}

/* Where the accepted bytes end: in which chunk, and where in it. */
static int first_chunk(apr_size_t *offset)
{
    apr_size_t done = model.accepted;
    int i = 0;

    while (config.size[i] <= done)
        done -= config.size[i++];
    *offset = done;
    return i;
}

/* The most bytes of an attempt. */
static apr_size_t most(void)
{
    apr_size_t left = config.budget - model.accepted;

    return config.budget > 0 && left < config.max_bytes ? left
                                                        : config.max_bytes;
}

/* The bytes of the batch that is due without copies, and its entries. */
static apr_size_t batch_due(apr_size_t *nvec)
{
    apr_size_t offset, asked = 0;
    int i = first_chunk(&offset);

    *nvec = 0;
    for (; i < config.chunks && *nvec < config.max_vec; i++) {
        apr_size_t n = config.size[i] - offset;

        offset = 0;
        if (n == 0)
            continue;
        if (asked == most())
            break;
        if (n > most() - asked)
            n = most() - asked;
        asked += n;
        ++*nvec;
    }
    return asked;
}

/* With copying off, one chunk is one entry, where the caller has it. */
static void check_by_reference(const struct iovec *vec, apr_size_t nvec,
                               apr_size_t asked)
{
    apr_size_t offset, due, bytes = batch_due(&due), n;
    int i = first_chunk(&offset);

    MUST(asked >= bytes);
    if (config.copy_below > 0)
        return;
    MUST(asked == bytes && nvec == due);
    for (n = 0; n < nvec; i++) {
        if (config.size[i] == 0)
            continue;
        MUST(vec[n].iov_base == place[i] + offset);
        offset = 0;
        n++;
    }
}

static apr_size_t check_batch(const struct iovec *vec, apr_size_t nvec,
                              int more)
{
    apr_size_t asked = 0, i;

    MUST(nvec > 0 && nvec <= config.max_vec);
    for (i = 0; i < nvec; i++) {
        MUST(vec[i].iov_len > 0);
        MUST(vec[i].iov_len <= config.total - model.accepted - asked);
        MUST(memcmp(vec[i].iov_base, flat + model.accepted + asked,
                    vec[i].iov_len) == 0);
        asked += vec[i].iov_len;
    }
    MUST(asked <= most());
    MUST((more != 0) == (asked < config.total - model.accepted &&
                         model.accepted + asked != config.budget));
    MUST(released <= chunks_within(model.accepted, 1));
    MUST(released >= chunks_within(model.accepted, 0));
    check_by_reference(vec, nvec, asked);
    return asked;
}

/* ---- the transport */

/* What ends a write, whatever it is. */
static const apr_status_t errors[] = {
    APR_ECONNRESET, APR_EPIPE, APR_TIMEUP, APR_EOF,
    APR_EINVAL,     EMSGSIZE,  APR_EBADF,  APR_ENOTIMPL,
};

/* What does not, and takes nothing. */
static const apr_status_t passing[] = {APR_EAGAIN, APR_EINTR, APR_ENOMEM,
                                       ENOBUFS};

static void end_with(apr_status_t status)
{
    model.ended = 1;
    model.status = status;
}

/* How many things an attempt for n bytes can come to. */
static int outcomes(apr_size_t n)
{
    int some = (int)n;

    return some           /* 1..n are taken */
           + some         /* and the destination is full */
           + 1 + 1        /* nothing is taken; more than was given */
           + 1 + some * 2 /* too much with an error; 1..n with one */
           + (int)COUNT(errors) +
           (model.fruitless < config.fruitless ? (int)COUNT(passing) : 0);
}

/* Sets how many bytes are claimed, and returns the status. */
static apr_status_t outcome(int choice, apr_size_t asked, apr_size_t *taken)
{
    int n = (int)asked;

    if (choice < n) {
        *taken = asked - (apr_size_t)choice;
        return APR_SUCCESS;
    }
    choice -= n;
    if (choice < n) {
        *taken = (apr_size_t)choice + 1;
        return APR_EAGAIN;
    }
    choice -= n;
    if (choice < 3) {
        *taken = choice == 0 ? 0 : asked + (apr_size_t)choice;
        return choice == 2 ? APR_ECONNRESET : APR_SUCCESS;
    }
    choice -= 3;
    if (choice < n * 2) {
        *taken = (apr_size_t)choice / 2 + 1;
        return choice % 2 ? APR_EINTR : APR_ECONNRESET;
    }
    choice -= n * 2;
    *taken = 0;
    if (choice < (int)COUNT(errors))
        return errors[choice];
    model.fruitless++;
    return passing[choice - (int)COUNT(errors)];
}

/* What the loop has to make of it. */
static apr_status_t conclude(apr_status_t status, apr_size_t asked,
                             apr_size_t *taken)
{
    if (*taken > asked) {
        *taken = asked;
        return APR_EGENERAL;
    }
    return status == APR_SUCCESS && *taken == 0 ? APR_EOF : status;
}

/* How long a wait may take; below 0: for ever. */
static apr_interval_time_t patience(void)
{
    if (config.clock == STALLED)
        return model.since + STALL - model.clock;
    if (config.clock == TIMED || config.clock == WITHIN)
        return CLOCK_BEGINS + DEADLINE - model.clock;
    return -1;
}

static int out_of_patience(void)
{
    return config.clock != UNTIMED && patience() <= 0;
}

/* Time has to pass now, as long as there is any. */
static void expect_pause(apr_interval_time_t time)
{
    if (out_of_patience())
        end_with(APR_TIMEUP);
    else
        model.pause_due =
            config.clock != UNTIMED && patience() < time ? patience() : time;
}

/* The destination is full: a wait, after a pause if the last ones brought
 * nothing. */
static void fill_up(void)
{
    model.full = 1;
    if (config.some)
        end_with(APR_EAGAIN);
    else if (model.wakes++ >= WAKES)
        expect_pause((apr_interval_time_t)MSEC << (model.wakes - 1 - WAKES));
    else if (out_of_patience())
        end_with(APR_TIMEUP);
}

/* Memory is short: a pause, or, without waiting, one more attempt. */
static void starve(apr_status_t status)
{
    if (!config.some)
        expect_pause((apr_interval_time_t)MSEC << model.starved);
    else if (model.starved > 0)
        end_with(status);
    model.starved++;
}

static void go_on(apr_status_t status, apr_size_t taken)
{
    int done = model.accepted + taken == config.total;
    int spent = config.budget > 0 && model.accepted + taken == config.budget;
    int full = APR_STATUS_IS_EAGAIN(status);

    if (taken > 0) {
        model.starved = model.wakes = 0;
        model.since = model.clock;
    }
    if (spent && !done &&
        (status == APR_SUCCESS || APR_STATUS_IS_EINTR(status) ||
         (full && !config.some)))
        end_with(APR_INCOMPLETE);
    else if (full && !done)
        fill_up();
    else if (APR_STATUS_IS_ENOMEM(status) || status == ENOBUFS)
        starve(status);
    else if (status != APR_SUCCESS && !APR_STATUS_IS_EINTR(status) && !full)
        end_with(status);
}

/* What a thread has to do before it goes on is done, and what it borrowed is
 * given back. */
static void check_idle(void)
{
    MUST(!model.borrowed && !model.hook_due && !model.held);
    MUST(!config.some && !model.ended);
}

static apr_status_t attempt(void *baton, const struct iovec *vec,
                            apr_size_t nvec, int more, apr_size_t *written)
{
    apr_size_t asked, taken;
    apr_status_t said, status;

    (void)baton;
    MUST(!model.ended && !model.full && !model.hook_due);
    MUST(model.borrowed && model.pause_due == 0);
    MUST(config.clock < TIMED || model.clock < CLOCK_BEGINS + DEADLINE);
    asked = check_batch(vec, nvec, more);
    said = outcome(choose(outcomes(asked)), asked, &taken);
    *written = taken;
    status = conclude(said, asked, &taken);
    model.attempts++;
    model.call.nvec = nvec;
    model.call.asked = asked;
    model.call.written = taken;
    model.call.status = status;
    model.hook_due = 1;
    go_on(status, taken);
    model.accepted += taken;
    if (taken > 0 || more)
        model.held = more;
    return said;
}

/* The hook hears of each attempt, when its bytes are gone. */
static void hook(void *baton, const bufv_call_t *call)
{
    (void)baton;
    MUST(model.hook_due && !model.borrowed);
    model.hook_due = 0;
    model.hooks++;
    MUST(call->nvec == model.call.nvec && call->asked == model.call.asked);
    MUST(call->written == model.call.written);
    MUST(call->status == model.call.status);
    MUST(strcmp(call->op, "exhaustive") == 0);
    MUST(call->copied <= call->asked);
    MUST(config.copy_below > 0 || call->copied == 0);
    model.copied += call->copied;
    MUST(bufv_length(v) == config.total - model.accepted);
    MUST(released >= chunks_within(model.accepted, 0));
    MUST(released <= chunks_within(model.accepted, 1));
}

static void give_back(void *baton, const void *data, apr_size_t len)
{
    release_t *r = baton;

    MUST(r->index == released && !model.borrowed);
    MUST(r->data == data && r->len == len);
    released++;
}

/* What a wait comes to: writable at once; an error; against a clock also
 * writable late, writable at the last moment, too late; interrupted. */
static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    int timed = config.clock != UNTIMED, choice;

    (void)baton;
    check_idle();
    MUST(model.full && model.pause_due == 0);
    MUST(timed ? timeout == patience() && timeout > 0 : timeout < 0);
    model.waits++;
    choice = choose(2 + timed * 3 + (model.fruitless < config.fruitless));
    if (choice == 1) {
        end_with(APR_ECONNRESET);
        return APR_ECONNRESET;
    }
    if (choice == 2 + timed * 3) {
        model.fruitless++;
        model.clock += timed;
        if (out_of_patience())
            end_with(APR_TIMEUP);
        return APR_EINTR;
    }
    if (choice == 2 && timeout > STEP)
        model.clock += STEP;
    else if (choice >= 2)
        model.clock += timeout;
    if (choice == 4 || (choice == 3 && config.clock >= TIMED))
        end_with(APR_TIMEUP);
    model.full = 0;
    return choice == 4 ? APR_TIMEUP : APR_SUCCESS;
}

static apr_time_t now(void *baton)
{
    (void)baton;
    return model.clock;
}

/* What is borrowed for attempts cannot always be had. */
static apr_status_t begin(void *baton)
{
    (void)baton;
    MUST(!model.borrowed && !model.ended);
    if (choose(2) == 1) {
        end_with(APR_EBADF);
        return APR_EBADF;
    }
    model.borrowed = 1;
    return APR_SUCCESS;
}

static void end(void *baton)
{
    (void)baton;
    MUST(model.borrowed);
    model.borrowed = 0;
}

static void flush(void *baton)
{
    (void)baton;
    MUST(model.held && !model.borrowed);
    model.held = 0;
}

static void pause_for(void *baton, apr_interval_time_t time)
{
    (void)baton;
    check_idle();
    MUST(time > 0 && time == model.pause_due);
    model.pauses++;
    model.pause_due = 0;
    model.clock += time;
    if (out_of_patience() && (model.full || config.clock >= TIMED))
        end_with(APR_TIMEUP);
}

static const bufv_ops_t ops = {
    .size = sizeof(bufv_ops_t),
    .name = "exhaustive",
    .max_vec = 64,
    .max_bytes = ALL,
    .writev = attempt,
    .wait = await,
    .now = now,
    .begin = begin,
    .end = end,
    .pause = pause_for,
    .flush = flush,
};

/* ---- one schedule */

/* Chunk i lies at GAP * i, or right behind the one before it. */
static void lay_out(void)
{
    apr_size_t done = 0;
    int i;

    memset(arena, '.', sizeof(arena));
    for (i = 0; i < config.chunks; i++) {
        char *to = arena + (config.adjacent ? done : (apr_size_t)i * GAP);

        memcpy(to, flat + done, config.size[i]);
        place[i] = to;
        done += config.size[i];
    }
    memcpy(image, arena, sizeof(image));
}

static void fill(void)
{
    int i;

    released = 0;
    for (i = 0; i < config.chunks; i++) {
        owned[i].data = place[i];
        owned[i].len = config.size[i];
        owned[i].index = i;
        MUST(bufv_append_owned(v, place[i], config.size[i], give_back,
                               &owned[i]) == APR_SUCCESS);
    }
    MUST(bufv_length(v) == config.total);
}

static void begin_anew(void)
{
    memset(&model, 0, sizeof(model));
    model.clock = model.since = CLOCK_BEGINS;
    choices.at = 0;
}

static void check_report(apr_status_t status, apr_uint64_t written)
{
    bufv_report_t report = {.size = sizeof(report)};

    bufv_writer_report(w, &report);
    MUST(report.status == status);
    MUST(report.written == written && report.left == bufv_length(v));
    MUST(report.calls == model.attempts && model.hooks == model.attempts);
    MUST(report.waits == model.waits + model.pauses);
    MUST(report.copied == model.copied);
    MUST(report.waited == model.clock - CLOCK_BEGINS);
}

static void check_stats(const bufv_stats_t *before, apr_status_t status,
                        apr_uint64_t written)
{
    bufv_stats_t stats = {.size = sizeof(stats)};

    bufv_writer_stats(w, &stats);
    MUST(stats.lists - before->lists ==
         (status == APR_SUCCESS && written > 0));
    MUST(stats.written - before->written == written);
    MUST(stats.calls - before->calls == model.attempts);
    MUST(stats.waits - before->waits == model.waits + model.pauses);
    MUST(stats.copied - before->copied == model.copied);
    MUST(stats.waited - before->waited == model.clock - CLOCK_BEGINS);
}

/* The rest is exactly the rest: another list takes it over and shows it, and
 * then it is dropped. Chunks that a cut went through are released once. */
static void check_rest(void)
{
    char rest[MOST_BYTES + 1];
    apr_size_t len = sizeof(rest), left = config.total - model.accepted;
    apr_status_t status = bufv_read(v, rest, &len);

    MUST(status == (left > 0 ? APR_SUCCESS : APR_EOF));
    MUST(len == left);
    MUST(memcmp(rest, flat + model.accepted, left) == 0);
    MUST(released == config.chunks);
    MUST(bufv_count(v) == 0 && bufv_length(v) == 0);
}

/* The shortest way to write on these terms. What the call reports is what the
 * writer does. */
static apr_status_t write_list(apr_uint64_t *written)
{
    bufv_report_t report = {.size = sizeof(report)};
    bufv_report_t same = {.size = sizeof(same)};
    bufv_terms_t terms = {.size = sizeof(terms)};
    apr_status_t status;

    if (config.budget == 0 && config.clock != WITHIN)
        return config.some ? bufv_write_some(v, w, written)
                           : bufv_write(v, w, written);
    terms.wait = !config.some;
    terms.within = config.clock == WITHIN ? DEADLINE : 0;
    terms.budget = config.budget;
    status = bufv_write_with(v, w, &terms, &report);
    bufv_writer_report(w, &same);
    MUST(memcmp(&report, &same, sizeof(report)) == 0);
    *written = report.written;
    return status;
}

static void run(void)
{
    bufv_stats_t before = {.size = sizeof(before)};
    apr_uint64_t written = 99;
    apr_status_t status;

    bufv_writer_stats(w, &before);
    begin_anew();
    fill();
    status = write_list(&written);
    MUST(status == model.status);
    MUST(written == model.accepted);
    MUST(bufv_length(v) == config.total - model.accepted);
    MUST(status != APR_SUCCESS || written == config.total);
    MUST(!model.borrowed && !model.held && !model.hook_due);
    MUST(released == chunks_within(model.accepted, 1));
    MUST(memcmp(arena, image, sizeof(arena)) == 0);
    check_report(status, written);
    check_stats(&before, status, written);
    check_rest();
    schedules++;
    attempts += model.attempts;
}

static void run_schedules(void)
{
    lay_out();
    bufv_writer_limits_set(w, config.max_vec, config.max_bytes);
    bufv_writer_copy_below_set(w, config.copy_below);
    bufv_writer_stall_set(w, config.clock == STALLED ? STALL : -1);
    bufv_writer_deadline_set(w, config.clock == TIMED ? CLOCK_BEGINS + DEADLINE
                                                      : 0);
    choices.length = 0;
    do
        run();
    while (next_schedule());
}

/* ---- all lists, all limits */

static void run_limits(void)
{
    static const apr_size_t max_vec[] = {1, 2, 3, 64};
    static const apr_size_t max_bytes[] = {1, 2, 3, ALL};
    static const apr_size_t copy_below[] = {0, 2, 3, 4096};
    unsigned int i,
        limits = COUNT(max_vec) * COUNT(max_bytes) * COUNT(copy_below) * 4;

    for (i = 0; i < limits; i++) {
        unsigned int rest = i;

        config.max_vec = max_vec[rest % COUNT(max_vec)];
        rest /= COUNT(max_vec);
        config.max_bytes = max_bytes[rest % COUNT(max_bytes)];
        rest /= COUNT(max_bytes);
        config.copy_below = copy_below[rest % COUNT(copy_below)];
        rest /= COUNT(copy_below);
        config.some = (int)(rest % 2);
        config.adjacent = (int)(rest / 2);
        run_schedules();
    }
}

static void run_clocks(void)
{
    config.clock = UNTIMED;
    config.fruitless =
        bound->fruitless + (config.total <= (apr_size_t)bound->small);
    run_limits();
    if (config.total > (apr_size_t)bound->small)
        return;
    for (config.clock = STALLED; config.clock <= WITHIN; config.clock++)
        run_limits();
}

/* Budgets that do not reach to the end of the list, and one that just does. */
static void run_budgets(void)
{
    config.clock = UNTIMED;
    config.fruitless = bound->fruitless;
    if (config.total >= (apr_size_t)bound->total)
        return;
    for (config.budget = 1; config.budget <= config.total; config.budget++)
        run_limits();
    config.budget = 0;
}

/* Lists whose sizes are the digits of all numbers. */
static int run_lists(void)
{
    int chunks, code, codes, rest, i, lists = 0;

    for (chunks = 0; chunks <= bound->chunks; chunks++) {
        for (codes = 1, i = 0; i < chunks; i++)
            codes *= bound->size + 1;
        for (code = 0; code < codes; code++) {
            memset(&config, 0, sizeof(config));
            config.chunks = chunks;
            for (i = 0, rest = code; i < chunks; i++) {
                config.size[i] = (apr_size_t)(rest % (bound->size + 1));
                config.total += config.size[i];
                rest /= bound->size + 1;
            }
            if (config.total > (apr_size_t)bound->total)
                continue;
            if (lists++ % parts != part)
                continue;
            run_clocks();
            run_budgets();
        }
    }
    return lists;
}

static void read_options(int argc, const char *const *argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            bound = &quick;
        else if (strcmp(argv[i], "--long") == 0)
            bound = &longer;
        else if (strcmp(argv[i], "--part") == 0 && i + 1 < argc &&
                 sscanf(argv[i + 1], "%d/%d", &part, &parts) == 2)
            i++;
        else {
            fprintf(stderr, "unknown: %s\n", argv[i]);
            exit(EXIT_FAILURE);
        }
    }
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    int lists, i;

    read_options(argc, argv);
    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    for (i = 0; i < MOST_BYTES; i++)
        flat[i] = (char)('a' + i);
    MUST(bufv_create(&v, pool) == APR_SUCCESS);
    MUST(bufv_writer_create(&w, &ops, NULL, pool) == APR_SUCCESS);
    bufv_writer_hook_set(w, hook, NULL);
    lists = run_lists();
    printf("bound %s: lists of up to %d chunks of up to %d bytes, %d in all, "
           "up to %d fruitless attempts or waits: %d lists; part %d of %d\n",
           bound->name, bound->chunks, bound->size, bound->total,
           bound->fruitless, lists, part, parts);
    printf("schedules %" APR_UINT64_T_FMT ", attempts %" APR_UINT64_T_FMT "\n",
           schedules, attempts);
    apr_pool_destroy(pool);
    apr_terminate();
    return EXIT_SUCCESS;
}
