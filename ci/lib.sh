# shellcheck shell=bash
# Sourced by the scripts of ci/. Says what it does, does only what is missing.

set -eu

# shellcheck disable=SC2034 # for the scripts
bufv_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

say() { printf '\n==> %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

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
need_packages()
{
    local missing
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "${missing// /}" ] || return 0
    say "needs these packages: $missing"
    as_root apt-get -o DPkg::Lock::Timeout=600 -qq update
    # shellcheck disable=SC2086 # a list of names
    as_root apt-get -o DPkg::Lock::Timeout=600 -qq -y \
        --no-install-recommends install $missing >/dev/null
}

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
