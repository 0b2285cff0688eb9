# Brings the restic programs of several years, which judge what is written. Sourced by run.sh.
# A Debian release has one restic; the others are static programs out of its older and newer suites, reached by the machine's own package
# source and checked by Debian's signatures. They are kept between runs, outside of the repository, and nothing is installed.

PEERS_RESTIC="0.14 0.18 0.19"

# Where they are kept; the tests look here too.
export KK_TEST_PEERS="${KK_TEST_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/klarkonform-peers}"

# Whether a program says that it is that version.
peer_is() { "$1" version 2> /dev/null | grep -qE "^restic $2(\.|\$| )"; }

# The first source of Debian packages that this machine knows, or nothing.
peer_source() {
    grep -rhoE '^URIs: *[^ ]+/debian/?$|^deb (\[[^]]*\] )?[^ ]+/debian/? ' /etc/apt/sources.list /etc/apt/sources.list.d 2> /dev/null | grep -oE '[a-z]+://[^ ]+' | head -1
}

# Downloads the versions that are named into the folder. 1 when one cannot be had, with the reason.
download_peers() {
    local work source status=0 version full log
    source=$(peer_source)
    if [ -z "$source" ] || ! command -v apt-get > /dev/null 2>&1; then
        echo "restic $* cannot be had: this machine has no source of Debian packages. Put the programs into $KK_TEST_PEERS as restic-0.14 and so on." >&2
        return 1
    fi
    work=$(mktemp -d)
    log="$work/log"
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
    for suite in bookworm trixie sid; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $source $suite main"
    done > "$work/sources.list"
    local apt=(-qq -oDir::Etc::SourceList="$work/sources.list" -oDir::Etc::SourceParts=/dev/null -oDir::State::Lists="$work/lists" -oDir::Cache="$work/cache" -oAPT::Sandbox::User=root)
    if ! apt-get "${apt[@]}" update > "$log" 2>&1; then
        tail -5 "$log" >&2
        echo "restic $* cannot be had: the package source could not be read." >&2
        rm -rf "$work"
        return 1
    fi
    for version in "$@"; do
        full=$(apt-cache "${apt[@]}" madison restic 2> /dev/null | awk -F'|' '{ gsub(/ /, "", $2); print $2 }' | grep "^${version//./\\.}[.+-]" | sort -rV | head -1)
        if [ -z "$full" ]; then
            echo "restic $version cannot be had: no Debian suite serves it any more. Put the program into $KK_TEST_PEERS as restic-$version." >&2
            status=1
            continue
        fi
        if ! (cd "$work/debs" && apt-get "${apt[@]}" download "restic=$full" > "$log" 2>&1 && dpkg -x restic_*.deb "$work/x" && rm restic_*.deb); then
            tail -5 "$log" >&2
            echo "restic $full could not be downloaded." >&2
            status=1
            continue
        fi
        # Renamed into its place, because another run may look at the same moment.
        cp "$work/x/usr/bin/restic" "$KK_TEST_PEERS/.restic-$version.$$" && mv "$KK_TEST_PEERS/.restic-$version.$$" "$KK_TEST_PEERS/restic-$version"
    done
    rm -rf "$work"
    return "$status"
}

# Makes sure that every version is there and runs. 1 when one is missing, with the reason.
bring_peers() {
    local missing=() version
    mkdir -p "$KK_TEST_PEERS" || return 1
    for version in $PEERS_RESTIC; do
        if peer_is "$KK_TEST_PEERS/restic-$version" "$version"; then continue; fi
        if peer_is restic "$version"; then
            cp "$(command -v restic)" "$KK_TEST_PEERS/restic-$version"
        else
            missing+=("$version")
        fi
    done
    if [ ${#missing[@]} -gt 0 ]; then
        echo "Bringing restic ${missing[*]} into $KK_TEST_PEERS"
        download_peers "${missing[@]}" || return 1
    fi
    for version in $PEERS_RESTIC; do
        if ! peer_is "$KK_TEST_PEERS/restic-$version" "$version"; then
            echo "$KK_TEST_PEERS/restic-$version does not run as restic $version." >&2
            return 1
        fi
    done
}
