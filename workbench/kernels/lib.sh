# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the rows of workbench/kernels: what they run, where it is built,
# and how a command gets into another kernel.

# shellcheck source=workbench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

kernels=$bufv_root/workbench/kernels
build=$bufv_build/kernels
cache=${BUFV_CACHE:-$HOME/.cache/bufv}/kernels

# What builds the suite.
suite_packages=(gcc cmake ninja-build pkg-config libc6-dev libapr1-dev
    libssl-dev check)
uml_packages=(user-mode-linux kmod busybox-static iproute2)
qemu_packages=(qemu-system-x86 kmod busybox-static iproute2 cpio xz-utils zstd)

# need_uml skips the row where user-mode Linux cannot be had or run.
need_uml()
{
    want_packages "${suite_packages[@]}" "${uml_packages[@]}"
    [ "$(id -u)" = 0 ] || skip "not root, whose files the kernel needs"
    [ "$(uname -m)" = x86_64 ] || skip "user-mode Linux is for x86_64"
}

# build_targets TARGET... builds libraries and programs of the suite, for one
# row at a time.
build_targets()
{
    mkdir -p "$build"
    exec 8>"$build/lock"
    flock 8
    {
        cmake -G Ninja -S "$bufv_root" -B "$build" -Wno-dev \
            -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUFV_EXAMPLES=OFF &&
            cmake --build "$build" --target "$@"
    } >"$build/log" 2>&1 || { tail -n 40 "$build/log"; die "does not build"; }
    exec 8>&-
}

# link_program NAME SOURCE OPTION... compiles one that uses the library.
link_program()
{
    local out=$build/$1 apr
    shift
    read -ra apr <<<"$(pkg-config --cflags --libs apr-1)"
    gcc -std=gnu11 -O2 -g -Wall -Wextra -DBUFV_STATIC -D_GNU_SOURCE \
        -I"$bufv_root/include" -o "$out" "$@" "$build/libbufv.a" "${apr[@]}"
}

# run_kernel SECONDS LOG COMMAND...: a kernel, with a limit. It ends with the
# script: `timeout` is out of reach for whoever stops that. Sets $status.
run_kernel()
{
    local limit=$1 log=$2 pid
    shift 2
    status=0
    timeout -k 10 "$limit" "$@" </dev/null >"$log" 2>&1 &
    pid=$!
    # shellcheck disable=SC2064 # now
    trap "kill $pid; exit 143" TERM INT
    wait $pid || status=$?
    trap - TERM INT
}

# verdict STATUS LOG: prints what a kernel's command printed, and returns what
# the kernel's last line says that it returned. STATUS is what `timeout`
# returned of the kernel.
verdict()
{
    local status
    sed -E '/^status [0-9]+\r?$/d' "$2"
    case $1 in 124 | 137) die "the kernel took more than $seconds s" ;; esac
    shift
    status=$(sed -nE 's/^status ([0-9]+)\r?$/\1/p' "$1" | tail -n 1)
    [ -n "$status" ] || die "the kernel ended before its command did"
    return "$status"
}
