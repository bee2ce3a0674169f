#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# test_preload.sh PROGRAM LIBRARY runs each case of the program with the
# library, and without it: some have to fail then, or the test shows nothing.

program=$1 library=$2 failed=0 cases=0
log=$(mktemp) || exit 1
output=$(mktemp) || exit 1
trap 'rm -f "$log" "$output"' EXIT

# A sanitizer's own library has to come first.
if ! LD_PRELOAD="$library" "$program" end >"$output" 2>&1 &&
    grep -q 'runtime does not come first' "$output"; then
    echo "SKIP: a program under a sanitizer does not bear LD_PRELOAD"
    exit 77
fi

# expect well|badly NAME COMMAND...
expect()
{
    how=$1 name=$2
    shift 2
    cases=$((cases + 1))
    if timeout 60 "$@" >"$output" 2>&1; then got=well; else got=badly; fi
    if [ $got = "$how" ]; then
        echo "ok       $name goes $how"
    else
        echo "NOT OK   $name goes $got"
        cat "$output"
        failed=$((failed + 1))
    fi
}

same='partial end wrapped limited threads nothing whole'
for name in many file entries full gone $same; do
    expect well "$name, preloaded" \
        env BUFV_PRELOAD_LOG="$log" LD_PRELOAD="$library" "$program" $name
done
expect well "raw, preloaded" env BUFV_PRELOAD_RAW=1 LD_PRELOAD="$library" \
    "$program" raw
expect badly "raw, but not asked for" env LD_PRELOAD="$library" "$program" raw
for name in $same; do
    expect well "$name, by APR alone" "$program" $name
done
for name in many file entries full gone; do
    expect badly "$name, by APR alone" "$program" $name
done
expect badly "many, not among those replaced" \
    env BUFV_PRELOAD_ONLY=writev LD_PRELOAD="$library" "$program" many
expect well "entries, among those replaced" \
    env BUFV_PRELOAD_ONLY=writev LD_PRELOAD="$library" "$program" entries
for line in 'apr_socket_sendv: 1 calls, 8388608 bytes, 0 stopped' \
    'apr_socket_sendfile: 1 calls, 8388608 bytes, 0 stopped' \
    'apr_file_writev: 1 calls, 40000 bytes' \
    'apr_file_writev_full: 1 calls, 200000 bytes'; do
    expect well "the log has \"$line\"" grep "$line" "$log"
done
echo "cases: $cases cases"
exit $((failed > 0))
