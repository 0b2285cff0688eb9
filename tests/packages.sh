# Installs the Debian packages that are missing. Sourced by run.sh and by the benchmarks.

export PATH="$PATH:/usr/sbin:/sbin"

missing_packages=()
need() { command -v "$1" > /dev/null 2>&1 || missing_packages+=("$2"); }

# The servers on loopback (servers.sh), and restic, which judges what is written.
need_servers() {
    need restic restic
    need sshd openssh-server
    need ssh-keygen openssh-client
    need /usr/lib/openssh/sftp-server openssh-sftp-server
    need swift-proxy-server swift-proxy
    need swift-account-server swift-account
    need swift-container-server swift-container
    need swift-object-server swift-object
    need memcached memcached
    need stunnel4 stunnel4
    need openssl openssl
    need curl curl
    need python3 python3
}

# Ceph's object gateway, for the tests alone.
need_ceph() {
    need radosgw radosgw
    need ceph-mon ceph-mon
    need ceph-osd ceph-osd
    need ceph-mgr ceph-mgr
    need ceph ceph-common
    need uuidgen uuid-runtime
}

# 1 when they could not be installed, with what the package manager said.
install_missing() {
    [ ${#missing_packages[@]} -gt 0 ] || return 0
    echo "Installing: ${missing_packages[*]}"
    local log
    log=$(mktemp)
    if apt-get update -q > "$log" 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing_packages[@]}" > "$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    tail -20 "$log" >&2
    rm -f "$log"
    echo "These packages could not be installed: ${missing_packages[*]}. They need root and Debian's package sources." >&2
    return 1
}
