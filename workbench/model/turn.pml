/* SPDX-License-Identifier: Apache-2.0 */

/* Whose turn it is to write by a locked writer, and what shutdown does to one
 * that waits: src/writer.c and the loop in src/write.c, step by step.
 *
 * Threads write lists of two bytes by one writer. A transport takes a
 * byte, or is full and becomes writable some time later; its peer may go at
 * any time (apr_socket_shutdown() by another thread is the same). A call may
 * wait for ever, wait until a limit passes, or never wait; a list that left in
 * part is gone on with, also by another call, or dropped and then abandoned.
 *
 * WRITERS is 2 or 3; with 2, another thread abandons at any time. ERROR is the
 * number of a mistake that is made on purpose; 0: none. Each has to be found:
 * see run. */

#ifndef ERROR
#define ERROR 0
#endif
#ifndef WRITERS
#define WRITERS 3
#endif
#define BYTES 2 /* of a list: a first one and a last one */

/* ---- bufv_writer_t, but for what does not matter here */

bool monitor;       /* somebody is between bufv__monitor_enter() and
                     * bufv__monitor_leave() */
bool busy;          /* w->busy */
byte turn;          /* w->turn: the number of the list that left in part */
byte uses;          /* w->uses */
bool asleep[WRITERS]; /* in bufv__monitor_wait(), not yet woken */

/* ---- the world */

bool gone;          /* the peer */
bool is_full;          /* the destination, until some time passes */
byte wire_owner;    /* whose list has left in part: 1 + thread; 0: nobody's */
byte attempting;    /* threads in ops->writev() */
byte ended;         /* threads that need nothing more */

/* What is done between the two is one step to all others, who look at none of
 * it without the monitor: `atomic` says so, and saves states. Where a mistake
 * lies in the steps themselves, they are taken one by one. */
#if ERROR == 3 || ERROR == 7
#define STEP
#else
#define STEP atomic
#endif
#define MONITOR_ENTER !monitor; monitor = true
#define MONITOR_LEAVE assert(monitor); monitor = false

/* bufv__monitor_wake(): all that wait. */
inline wake_all()
{
    d_step {
        asleep[0] = false;
        asleep[1] = false;
        asleep[WRITERS - 1] = false;
    }
}

/* bufv__turn_take(): the statuses are those of bufv.h. */
mtype = { SUCCESS, EBUSY, TIMEUP, EAGAIN, GONE };
mtype = { NEVER, UNTIL, OVER, FOR_EVER }; /* how a call may wait */

inline turn_take()
{
    STEP {
#if ERROR != 3
        MONITOR_ENTER;
#endif
        status = SUCCESS;
        do
        :: status == SUCCESS && (busy || (turn != 0 && turn != number)) ->
            if
            :: wait == NEVER -> status = EBUSY
#if ERROR == 9
            :: wait == OVER -> break /* the limit is forgotten */
#else
            :: wait == OVER -> status = TIMEUP /* bufv__clock_left() is 0 */
#endif
#if ERROR == 3
            :: wait != NEVER && !busy -> skip
#else
            :: wait == UNTIL || wait == FOR_EVER -> wait_for_turn()
#endif
            fi
        :: else -> break
        od;
#if ERROR == 3
        MONITOR_ENTER; /* too late */
#endif
        if
        :: status == SUCCESS -> busy = true /* and w->thread */
#if ERROR == 5
        :: status == EBUSY -> busy = true; status = SUCCESS
#endif
        :: else -> skip
        fi;
        MONITOR_LEAVE
    }
}

/* bufv__monitor_wait() leaves the monitor and sleeps in one step. A limit may
 * end the sleep, or nothing may. */
inline wait_for_turn()
{
#if ERROR == 7
    MONITOR_LEAVE;
    asleep[me] = true;
#else
    d_step { monitor = false; asleep[me] = true };
#endif
    if
    :: !asleep[me] -> skip
    :: wait == UNTIL -> asleep[me] = false; wait = OVER
    fi;
    MONITOR_ENTER
}

/* bufv__writer_leave(): gives the turn back, to the list of this number. */
inline writer_leave(had_turn, next)
{
    atomic {
        MONITOR_ENTER;
        assert(uses > 0);
        if
        :: had_turn ->
            assert(busy);
            busy = false;
            turn = next;
#if ERROR != 1
            wake_all();
#endif
        :: else -> skip
        fi;
        uses--;
        MONITOR_LEAVE
    }
}

/* bufv_writer_abandon(): the program says that half a list may stay. */
inline writer_abandon()
{
    atomic {
        MONITOR_ENTER;
        if
#if ERROR != 10
        :: busy -> status = EBUSY
#endif
        :: else ->
            status = SUCCESS;
            assert(attempting == 0); /* ops->abandon() looks at the transport */
            turn = 0;
            wire_owner = 0;
#if ERROR != 2
            wake_all();
#endif
        fi;
        MONITOR_LEAVE
    }
}

/* attempt() and account() in write.c: a byte leaves, or none. A list that left
 * in part has a number from then on (bufv__turn_number()). */
inline attempt()
{
    attempting++;
    atomic {
        assert(attempting == 1);
        if
        :: gone -> status = GONE
        :: !gone && is_full -> status = EAGAIN
        :: !gone && !is_full ->
            /* No list in the middle of another. */
            assert(wire_owner == 0 || wire_owner == 1 + me);
            left--;
            written = true;
            wire_owner = (left > 0 -> 1 + me : 0);
            status = SUCCESS;
            number = (left > 0 -> 1 + me : 0);
            if
            :: is_full = true
            :: skip
            fi
        fi;
        attempting--
    }
}

/* wait_for_room() in write.c: ops->wait() ends when there is room, when the
 * peer is gone, or when the limit passes. */
inline wait_for_room()
{
    if
    :: wait == NEVER -> skip /* EAGAIN */
    :: wait == UNTIL || wait == OVER -> status = TIMEUP
#if ERROR == 8
    :: wait != NEVER && !is_full -> status = SUCCESS /* the peer is forgotten */
#else
    :: wait != NEVER && (!is_full || gone) -> status = SUCCESS
#endif
    fi
}

/* bufv_write_with(): bufv__writer_enter(), take_turn(), write_list(),
 * conclude(). */
inline write()
{
    atomic { MONITOR_ENTER; uses++; MONITOR_LEAVE };
    turn_take();
    taken = (status == SUCCESS);
    do
    :: status == SUCCESS && left > 0 ->
        attempt();
        if
        :: status == EAGAIN -> wait_for_room()
        :: else -> skip
        fi
    :: else -> break
    od;
    atomic {
        next = (written -> number : turn);
#if ERROR == 4
        next = 0; /* the turn ends with the call */
#endif
        if
#if ERROR != 6
        :: status == GONE -> next = 0
#endif
        :: else -> skip
        fi
    };
    writer_leave(taken, next);
    d_step { taken = false; written = false; next = 0; wait = NEVER }
}

/* A program's thread: writes its list until it has left, whatever it is told,
 * or drops it. */
proctype Writer(byte me)
{
    byte left = BYTES, number = 0, next;
    bool written, taken;
    mtype status, wait = NEVER;

    do
    :: left > 0 ->
        if
        :: wait = NEVER
        :: wait = UNTIL
        :: wait = FOR_EVER
        fi;
        write();
        if
        :: status == GONE -> break
        :: status != GONE && number != 0 ->
            if
            :: skip /* goes on with what is left */
            :: true -> /* or clears it: then the writer is nobody's */
                left = 0;
                number = 0;
                do
                :: writer_abandon();
                    if
                    :: status == SUCCESS -> break
                    :: else -> skip
                    fi
                od
            fi
        :: else -> skip
        fi
    :: left == 0 -> break
    od;
    atomic { left = 0; number = 0; status = SUCCESS; ended++ }
}

#if WRITERS == 2
/* Another thread gives the list up that has left in part, at any time. */
proctype Stranger()
{
    mtype status;

    writer_abandon()
}
#endif

/* The peer reads, and may go. */
proctype Peer()
{
    do
    :: is_full -> is_full = false
    :: gone = true; break
    :: ended == WRITERS -> break
    od
}

init
{
    atomic {
        run Writer(0);
        run Writer(1);
#if WRITERS == 3
        run Writer(2);
#else
        run Stranger();
#endif
        run Peer()
    };
    ended == WRITERS;
    assert(!busy && uses == 0 && attempting == 0);
    /* Whoever is left with half a list has been told that the peer is gone. */
    assert((wire_owner == 0 && turn == 0) || gone)
}
