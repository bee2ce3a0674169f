# shellcheck shell=bash
# Sourced by the scripts of ci/ that verify: what they compile, and how.

# shellcheck source=ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$bufv_root"

# What a back end consists of on Linux; CMake knows the same.
core_of()
{
    local rest
    case $1 in
        unix) rest="src/unix/file.c src/unix/sendfile.c
            src/unix/sendfile_linux.c src/unix/socket.c src/unix/wait.c" ;;
        generic) rest="src/generic/apr_write.c src/generic/file.c
            src/generic/socket.c" ;;
        *) die "no back end here: $1" ;;
    esac
    # shellcheck disable=SC2086 # a list of names
    printf '%s\n' src/*.c src/unix/{quiet,system}.c $rest
}

# compile COMPILER... builds a program of the unix back end from what follows.
compile()
{
    local core apr libs
    mapfile -t core < <(core_of unix)
    read -ra apr <<<"$(pkg-config --cflags apr-1)"
    read -ra libs <<<"$(pkg-config --libs apr-1)"
    "$@" -std=gnu11 -Iinclude -Isrc "${apr[@]}" -D_GNU_SOURCE -DBUFV_BUILDING \
        -DBUFV_STATIC -DBUFV_SENDFILE -DBUFV_VERSION='"0"' "${core[@]}" \
        "${libs[@]}"
}
