# Starts the real servers of the integration tests on loopback: OpenSSH, and OpenStack Swift's S3 interface behind TLS.
# Sourced by run.sh. Everything lies below $SERVERS; what was started is stopped by its process id.

SERVERS=""
SERVER_PIDS=()

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for_port() {
    for _ in $(seq 100); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
        sleep 0.1
    done
    echo "nothing listens on port $1 after ten seconds" >&2
    return 1
}

start_sftp() {
    local home="$SERVERS/sftp" port
    port=$(free_port)
    mkdir -p "$home" /run/sshd
    chmod 755 "$home"
    ssh-keygen -q -t ed25519 -N '' -f "$home/host_key"
    ssh-keygen -q -t ed25519 -N 'key passphrase' -f "$home/client_key"
    SFTP_USER="kktest$$"
    useradd --no-log-init --create-home --home-dir "$home/user" --shell /bin/bash "$SFTP_USER"
    echo "$SFTP_USER:Kennwort-$$" | chpasswd
    cp "$home/client_key.pub" "$home/authorized_keys"
    chmod 644 "$home/authorized_keys"
    cat > "$home/sshd_config" <<EOF
Port $port
ListenAddress 127.0.0.1
HostKey $home/host_key
PidFile $home/sshd.pid
AuthorizedKeysFile $home/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication yes
Subsystem sftp internal-sftp
EOF
    /usr/sbin/sshd -D -e -f "$home/sshd_config" 2> "$home/sshd.log" &
    SERVER_PIDS+=($!)
    wait_for_port "$port"
    export KK_TEST_SFTP_PORT="$port"
    export KK_TEST_SFTP_USER="$SFTP_USER"
    export KK_TEST_SFTP_PASSWORD="Kennwort-$$"
    export KK_TEST_SFTP_PATH="$home/user"
    export KK_TEST_SFTP_KEY="$home/client_key"
    export KK_TEST_SFTP_KEY_PASSPHRASE="key passphrase"
    KK_TEST_SFTP_HOSTKEY=$(ssh-keygen -lf "$home/host_key.pub" | cut -d' ' -f2)
    export KK_TEST_SFTP_HOSTKEY
}

swift_service() {
    local name="$1" port="$2"
    cat > "$SERVERS/swift/$name.conf" <<EOF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
user = $(id -un)
swift_dir = $SERVERS/swift
devices = $SERVERS/swift/node
mount_check = false
workers = 1
log_address = $SERVERS/swift/no-syslog
[pipeline:main]
pipeline = $name-server
[app:$name-server]
use = egg:swift#$name
EOF
    "swift-$name-server" "$SERVERS/swift/$name.conf" > "$SERVERS/swift/$name.log" 2>&1 &
    SERVER_PIDS+=($!)
}

swift_ring() {
    local name="$1" port="$2"
    (cd "$SERVERS/swift" && swift-ring-builder "$name.builder" create 6 1 1 \
        && swift-ring-builder "$name.builder" add "r1z1-127.0.0.1:$port/d1" 1 \
        && swift-ring-builder "$name.builder" rebalance) > "$SERVERS/swift/$name.ring.log" 2>&1 || [ $? -eq 1 ]
}

start_s3() {
    local swift="$SERVERS/swift" cache account container object proxy tls
    mkdir -p "$swift/node/d1"
    cache=$(free_port) account=$(free_port) container=$(free_port) object=$(free_port) proxy=$(free_port) tls=$(free_port)
    printf '[swift-hash]\nswift_hash_path_suffix = demo\nswift_hash_path_prefix = demo\n' > "$swift/swift.conf"
    export SWIFT_DIR="$swift"
    swift_ring account "$account"
    swift_ring container "$container"
    swift_ring object "$object"
    memcached -u "$(id -un)" -l 127.0.0.1 -p "$cache" -m 32 > "$swift/memcached.log" 2>&1 &
    SERVER_PIDS+=($!)
    swift_service account "$account"
    swift_service container "$container"
    swift_service object "$object"
    cat > "$swift/proxy.conf" <<EOF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $proxy
user = $(id -un)
swift_dir = $swift
workers = 1
log_address = $swift/no-syslog
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk s3api tempauth slo dlo versioned_writes symlink proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$cache
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
storage_domain = s3.test
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
EOF
    swift-proxy-server "$swift/proxy.conf" > "$swift/proxy.log" 2>&1 &
    SERVER_PIDS+=($!)

    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=KlarKonform test CA' \
        -keyout "$swift/ca.key" -out "$swift/ca.pem" 2> /dev/null
    openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' -keyout "$swift/server.key" -out "$swift/server.csr" 2> /dev/null
    printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n' > "$swift/server.ext"
    openssl x509 -req -days 2 -in "$swift/server.csr" -CA "$swift/ca.pem" -CAkey "$swift/ca.key" -CAcreateserial \
        -extfile "$swift/server.ext" -out "$swift/server.pem" 2> /dev/null
    cat > "$swift/stunnel.conf" <<EOF
foreground = yes
pid =
[s3]
accept = 127.0.0.1:$tls
connect = 127.0.0.1:$proxy
cert = $swift/server.pem
key = $swift/server.key
sslVersionMin = TLSv1.2
EOF
    stunnel4 "$swift/stunnel.conf" > "$swift/stunnel.log" 2>&1 &
    SERVER_PIDS+=($!)
    wait_for_port "$proxy"
    wait_for_port "$tls"
    for port in "$account" "$container" "$object"; do wait_for_port "$port"; done

    local token
    token=$(curl -sf -D - -o /dev/null -H 'X-Auth-User: test:tester' -H 'X-Auth-Key: testing' "http://127.0.0.1:$proxy/auth/v1.0" \
        | tr -d '\r' | awk 'tolower($1) == "x-auth-token:" { print $2 }')
    curl -sf -X PUT -H "X-Auth-Token: $token" "http://127.0.0.1:$proxy/v1/AUTH_test/klarkonform" > /dev/null
    export KK_TEST_S3_ENDPOINT="https://127.0.0.1:$tls"
    export KK_TEST_S3_BUCKET=klarkonform
    export KK_TEST_S3_ACCESS_KEY=test:tester
    export KK_TEST_S3_SECRET_KEY=testing
    export KK_TEST_S3_CA="$swift/ca.pem"
}

start_servers() {
    SERVERS=$(mktemp -d /tmp/klarkonform-servers-XXXXXX)
    chmod 755 "$SERVERS"
    start_sftp
    start_s3
}

stop_servers() {
    for pid in "${SERVER_PIDS[@]}"; do
        kill "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    if [ -n "${SFTP_USER:-}" ]; then
        pkill -u "$SFTP_USER" 2> /dev/null || true
        userdel "$SFTP_USER" 2> /dev/null || true
    fi
    [ -z "$SERVERS" ] || rm -rf "$SERVERS"
}
