# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scripts of workbench/ that build a program of
# workbench/CMakeLists.txt.

# shellcheck source=ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../ci/lib.sh"
cd "$bufv_root"

bufv_build=$(realpath -m "${BUFV_WORKBENCH_BUILD:-build/workbench}")

# build_program NAME OPTION... builds a program, and the library with the same
# options, in $bufv_build/NAME.
build_program()
{
    local name=$1 dir=$bufv_build/$1
    shift
    say "builds $name"
    mkdir -p "$dir"
    {
        cmake -S workbench -B "$dir" -G Ninja "$@" &&
            cmake --build "$dir" --target "$name"
    } >"$dir/log" 2>&1 || {
        tail -n 60 "$dir/log"
        die "$name does not build"
    }
}

# wait_all PID... waits for all of them, and fails if one has failed.
wait_all()
{
    local pid failed=0
    for pid; do
        wait "$pid" || failed=1
    done
    return "$failed"
}
