# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scripts of ci/ and workbench/.

set -eu

bufv_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# What the script is called in messages: its path in the tree.
bufv_me=$(realpath --relative-to="$bufv_root" "$0")

# ctest, the test programs and the scripts say by it that they did not run.
SKIPPED=77

say() { printf '\n==> %s\n' "$*"; }
die() { printf '%s: %s\n' "$bufv_me" "$*" >&2; exit 1; }
skip() { printf 'SKIP: %s: %s\n' "$bufv_me" "$*"; exit $SKIPPED; }

# cases NUMBER WHAT: how much was tried. ci/test shows it.
cases() { printf 'cases: %s %s\n' "$1" "$2"; }

# ---- packages

missing_packages()
{
    local p
    for p in "$@"; do
        dpkg-query -W -f='${Status}\n' "$p" 2>/dev/null |
            grep -q '^install ok installed$' || printf '%s\n' "$p"
    done
}

# need_packages NAME... installs the Debian packages that are not there yet.
# Without root it names what is missing and fails, so that a user whose
# administrator installed them already can go on.
#
# A script calls it (or want_packages) before it does anything else: with
# BUFV_ASK_PACKAGES set it prints the names and ends the script, so that
# ci/test can say beforehand what all of its jobs install.
need_packages()
{
    local missing
    answer_packages "$@"
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "${missing// /}" ] || return 0
    say "installs $missing"
    apt_get -qq update
    # shellcheck disable=SC2086 # a list of names
    apt_get -qq -y --no-install-recommends install $missing >/dev/null
}

# want_packages NAME... does the same, but skips the script where the packages
# cannot be had.
want_packages()
{
    answer_packages "$@"
    (need_packages "$@") ||
        skip "cannot be installed here: $(missing_packages "$@" | tr '\n' ' ')"
}

answer_packages()
{
    [ -n "${BUFV_ASK_PACKAGES:-}" ] || return 0
    printf '%s\n' "$@"
    exit 0
}

apt_get() { as_root apt-get -o DPkg::Lock::Timeout=600 "$@"; }

as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n --preserve-env=DEBIAN_FRONTEND,LC_ALL "$@"
    else
        die "not root and no sudo; as root: $*"
    fi
}

# ---- what CMake knows

# core_sources DIR OPTION... prints the sources of the library as CMake has
# them for these options. It configures in DIR.
core_sources()
{
    local dir=$1
    shift
    mkdir -p "$dir"
    cmake -S "$bufv_root" -B "$dir" -G Ninja -Wno-dev \
        -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DBUFV_TESTS=OFF \
        -DBUFV_EXAMPLES=OFF -DBUFV_OPENSSL=OFF -DBUFV_BRIGADE=OFF "$@" \
        >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "cmake fails"; }
    sed -n "s|^ *\"file\": \"$bufv_root/\(.*\)\",\?\$|\1|p" \
        "$dir/compile_commands.json" | sort -u
}

# tell_ctest DIR prints what ctest keeps to itself: the tests that were
# skipped, with the reason, and the number of cases. A program of the suite
# runs many cases for ctest's one.
tell_ctest()
{
    local log=$1/Testing/Temporary/LastTest.log
    [ -r "$log" ] || return 0
    tr -d '\r' <"$log" | grep '^SKIP' || true
    awk '
        /^[0-9]+\/[0-9]+ Testing: / { runs++ }
        /Checks: [0-9]+, Failures:/ {
            suites++
            sub(/.*Checks: /, "")
            n += $1
        }
        /^SKIP/ { skips++ }
        END {
            print "cases: " n + runs - suites - skips " cases in " runs " runs"
        }
    ' "$log"
}
