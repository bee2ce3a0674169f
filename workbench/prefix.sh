# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scripts that make a prefix below ${BUFV_CACHE:-~/.cache/bufv}:
# once, step by step, from the mirrors that this machine's apt knows already.

# prefix_open NAME RECIPE... sets $prefix and $work and empties the one,
# unless an earlier run completed it with the same recipes: then it says so and
# returns 1. The lock is held until the script ends.
prefix_open()
{
    prefix=${BUFV_CACHE:-$HOME/.cache/bufv}/$1
    work=$prefix/work
    shift
    mkdir -p "$prefix/log"
    exec 9>"$prefix/lock"
    flock 9
    prefix_recipe=$(cat "$@" | sha256sum | cut -d' ' -f1)
    if [ "$(cat "$prefix/stamp" 2>/dev/null)" = "$prefix_recipe" ]; then
        say "$prefix is complete"
        return 1
    fi
    find "$prefix" -mindepth 1 -maxdepth 1 ! -name lock ! -name log \
        -exec rm -rf {} + || die "$prefix cannot be emptied"
    mkdir -p "$work"
}

prefix_close()
{
    rm -rf "$work"
    printf '%s\n' "$prefix_recipe" >"$prefix/stamp"
    say "$prefix is complete"
}

# step NAME COMMAND... keeps what the command says in a file, and shows the
# end of it if the command fails. The subshell has -e of its own, because a
# command whose status is tested runs without it.
step()
{
    local name=$1 begin=$SECONDS status
    shift
    say "${prefix##*/}: $name"
    set +e
    (
        set -e
        "$@"
    ) >"$prefix/log/$name" 2>&1 </dev/null 9>&-
    status=$?
    set -e
    if [ "$status" != 0 ]; then
        tail -n 60 "$prefix/log/$name" >&2
        die "$name failed (status $status); all of it: $prefix/log/$name"
    fi
    echo "$((SECONDS - begin)) s"
}

# debian_entries TYPE [FILTER...] prints this machine's apt entries for
# Debian's archive as entries of the given type (deb, deb-src).
debian_entries()
{
    local type=$1 key=/usr/share/keyrings/debian-archive-keyring.gpg option=''
    shift
    [ ! -r "$key" ] || option="[signed-by=$key] "
    apt-get indextargets --format \
        "$type $option\$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
        'Created-By: Packages' 'Origin: Debian' "$@" | sort -u
}

# update_apt makes sure that apt knows Debian's archive.
update_apt()
{
    [ -n "$(debian_entries deb)" ] ||
        as_root apt-get -o DPkg::Lock::Timeout=600 update
}

# fetch_sources NAME... unpacks Debian's source packages into $work/NAME. The
# machine's own apt state stays as it is: the lists go into a directory of
# ours.
fetch_sources()
{
    local name apt
    cd "$work"
    mkdir -p apt/lists/partial apt/cache
    update_apt
    debian_entries deb-src >apt/sources.list
    apt=(apt-get -q
        -o Dir::Etc::sourcelist="$work/apt/sources.list"
        -o Dir::Etc::sourceparts=/dev/null
        -o Dir::State::lists="$work/apt/lists"
        -o Dir::Cache="$work/apt/cache"
        -o APT::Sandbox::User="$(id -un)")
    "${apt[@]}" update
    "${apt[@]}" source --download-only "$@"
    for name; do
        dpkg-source -x "${name}"_*.dsc "$name"
    done
}

# unpack_debian ARCH ROOT PACKAGE... unpacks packages of another architecture,
# and all they depend on, into a directory; nothing of them is run. The
# release alone: its updates are not in step for all architectures at all times.
unpack_debian()
{
    local arch=$1 root=$2 codename entries packages link
    shift 2
    update_apt
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    entries=$(debian_entries deb "Release: $codename")
    printf -v packages '%s,' "$@"

    # mmdebstrap makes and leaves files of its own in TMPDIR.
    TMPDIR=$work mmdebstrap --variant=extract --architectures="$arch" \
        --include="${packages%,}" "$codename" "$root" "$entries"
    (cd "$root" && rm -rf dev var usr/share/{doc,man,locale,info})

    # What points to / has to point into the directory.
    find "$root" -type l -lname '/*' | while read -r link; do
        ln -sfrT "$root$(readlink "$link")" "$link"
    done
}
