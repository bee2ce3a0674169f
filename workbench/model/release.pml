/* SPDX-License-Identifier: Apache-2.0 */

/* A chunk with a release callback that is in several lists: src/release.c,
 * src/move.c and src/list.c, step by step.
 *
 * A list is filled with one owned chunk of two bytes, cloned, and split in the
 * middle of the chunk. The three lists (the clone, the head, the rest) are
 * then written or dropped by three threads, in any order and at the same time,
 * while the transports read the bytes.
 *
 * ERROR is the number of a mistake that is made on purpose; 0: none. */

#ifndef ERROR
#define ERROR 0
#endif
#define LISTS 3

byte refs;            /* bufv__owner_t.refs */
bool exists;          /* the owner's memory */
byte released;        /* how often the callback was called */
bool points[LISTS];   /* the list has a release point for the chunk */
bool given[LISTS];    /* the list may be used by its thread */
byte reading;         /* transports that are being lent the chunk's bytes */
byte finished;

/* bufv__owner_create() by bufv__point_share(): the point of the first list
 * shares from now on. */
inline share()
{
    exists = true;
    refs = 1
}

/* bufv__owner_ref(), before the other list has its point. */
inline ref(i)
{
#if ERROR != 1
    atomic { assert(exists); refs++ };
#endif
    points[i] = true
}

/* bufv__owner_unref(): who takes the last reference calls back. */
inline unref()
{
    assert(exists);
#if ERROR == 2
    mine = refs;
    mine = mine - 1;
    refs = mine;
#else
    atomic { refs--; mine = refs };
#endif
    if
    :: mine == 0 ->
        assert(reading == 0);
        released++;
        assert(exists);
        exists = false
    :: else -> skip
    fi
}

/* One list: two attempts, or one and the rest is dropped, or none. */
proctype User(byte i)
{
    byte left = 2, mine;

    given[i];
    do
    :: left > 0 ->
        /* attempt(): ops->writev() reads the bytes. */
        reading++;
        assert(released == 0);
#if ERROR == 3
        if
        :: left == 1 && points[i] -> points[i] = false; unref()
        :: else -> skip
        fi;
#endif
        assert(released == 0);
        reading--;
        left--
    :: left > 0 -> left = 0 /* bufv_clear(), bufv_destroy(), the pool's end */
    :: left == 0 -> break
    od;
    /* bufv__run_releases(): the point is due, and goes before it is called. */
    if
    :: points[i] ->
#if ERROR != 4
        points[i] = false;
#endif
        unref()
    :: else -> skip
    fi;
#if ERROR == 4
    if
    :: points[i] -> points[i] = false; unref() /* and once more when it dies */
    :: else -> skip
    fi;
#endif
    finished++
}

/* The thread that fills the first list makes the others of it. */
init
{
    byte mine;

    atomic {
        run User(0);
        run User(1);
        run User(2)
    };
    points[0] = true;
    share();
#if ERROR == 5
    /* bufv_clone() gives the clone away before it is complete */
    given[1] = true;
    points[1] = true;
    atomic { refs++ };
#else
    ref(1);
    given[1] = true; /* the clone goes to another thread: bufv_clone() */
#endif
    ref(2);          /* bufv_split(): the chunk is in both */
    given[0] = true;
    given[2] = true;
    finished == LISTS;
    assert(released == 1 && !exists && refs == 0)
}
