# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scripts of workbench/ that build a program of
# workbench/CMakeLists.txt.

# shellcheck source=ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../ci/lib.sh"
bufv_script=$(realpath "$0")
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

# in_own_network COMMAND... runs it on a loopback of its own, whose congestion
# control does not pace: BBR, the default of some systems, leaves now more and
# now less of the sender's work to timers. Only root can; others stay where they
# are.
in_own_network()
{
    if ! unshare --net true 2>/dev/null; then
        say "no network of its own (root can): congestion control is $(cat \
            /proc/sys/net/ipv4/tcp_congestion_control)"
        "$@"
        return
    fi
    # shellcheck disable=SC2016 # it is the inner shell that expands them
    unshare --net bash -c '
        ip link set lo up &&
            echo reno >/proc/sys/net/ipv4/tcp_congestion_control &&
            exec "$@"' - "$@"
}

# enter_own_network ARGUMENT... goes on there as the same script.
enter_own_network()
{
    [ -z "${BUFV_OWN_NETWORK:-}" ] || return 0
    export BUFV_OWN_NETWORK=1
    in_own_network "$bufv_script" "$@"
    exit
}
