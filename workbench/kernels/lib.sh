# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the rows of workbench/kernels: what they run, where it is built,
# and how a command gets into another kernel.

# shellcheck source=ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../ci/lib.sh"
cd "$bufv_root"

kernels=$bufv_root/workbench/kernels
build=${BUFV_KERNELS_BUILD:-$bufv_root/build/kernels}
cache=${BUFV_CACHE:-$HOME/.cache/bufv}/kernels
row=${0##*/}

# Lists of 5 GiB want more memory than these kernels are given.
export BUFV_TEST_SKIP_HUGE=1

skip() { printf 'SKIP: %s: %s\n' "$row" "$*"; exit 77; }

# have PACKAGE... installs them, or skips the row where the machine's mirror
# has no such packages.
have()
{
    local name
    for name in $(missing_packages "$@"); do
        [ -n "$(apt-cache search --names-only "^$name\$")" ] ||
            skip "no package $name here"
    done
    need_packages "$@"
}

# build_suite TARGET... builds programs of the suite, for this machine.
build_suite()
{
    have gcc cmake ninja-build pkg-config libc6-dev libapr1-dev \
        libssl-dev check
    mkdir -p "$build"
    cmake -G Ninja -S "$bufv_root" -B "$build" -Wno-dev \
        -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUFV_EXAMPLES=OFF \
        >"$build/configure.log"
    cmake --build "$build" -j 2 --target "$@" >"$build/build.log" ||
        { tail -n 40 "$build/build.log"; die "the build failed"; }
}

# build_program NAME SOURCE... compiles one that uses the library; what else
# it links is in $libs.
build_program()
{
    local out=$build/$1 apr
    shift
    read -ra apr <<<"$(pkg-config --cflags --libs apr-1)"
    # shellcheck disable=SC2086 # a list of options
    gcc -std=gnu11 -O2 -g -Wall -Wextra -DBUFV_STATIC -D_GNU_SOURCE \
        -I"$bufv_root/include" -o "$out" "$@" ${libs:-} \
        "$build/libbufv.a" "${apr[@]}"
}

# The two ends of the network jobs.
network_source() { echo workbench/network/network.c; }

# verdict LOG: what a kernel's last line says that its command returned.
verdict()
{
    local status
    status=$(sed -nE 's/^status ([0-9]+)\r?$/\1/p' "$1" | tail -n 1)
    [ -n "$status" ] || die "the kernel ended before its command did"
    return "$status"
}
