# Starts the real servers of the integration tests on loopback: OpenSSH, OpenStack Swift's S3 interface behind TLS, and Ceph's object
# gateway.
# Sourced by run.sh. Everything lies below $SERVERS; what was started is stopped by its process id.

SERVERS=""
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SERVER_PIDS=()
CEPH_PIDS=()

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

start_sshd() {
    local home="$1" port="$2" subsystem="$3"
    cat > "$home/sshd_config.$port" <<EOF
Port $port
ListenAddress 127.0.0.1
HostKey $home/host_key
PidFile $home/sshd.$port.pid
AuthorizedKeysFile $home/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication yes
Subsystem sftp $subsystem
EOF
    /usr/sbin/sshd -D -e -f "$home/sshd_config.$port" 2> "$home/sshd.$port.log" &
    SERVER_PIDS+=($!)
}

start_sftp() {
    local home="$SERVERS/sftp" port faulty
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
    start_sshd "$home" "$port" internal-sftp

    # A second one, behind which tests/sftp-faults.py notes what is asked and lies where a test wants it.
    faulty=$(free_port)
    mkdir -p "$home/faulty"
    chmod 777 "$home/faulty"
    cp "$TESTS/sftp-faults.py" "$home/sftp-faults.py"
    chmod 755 "$home/sftp-faults.py"
    start_sshd "$home" "$faulty" "/usr/bin/python3 $home/sftp-faults.py /usr/lib/openssh/sftp-server $home/faulty"
    wait_for_port "$port"
    wait_for_port "$faulty"
    export KK_TEST_SFTP_FAULTY_PORT="$faulty"
    export KK_TEST_SFTP_FAULTS="$home/faulty"
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

    cat > "$swift/stunnel.conf" <<EOF
foreground = yes
pid =
[s3]
accept = 127.0.0.1:$tls
connect = 127.0.0.1:$proxy
cert = $SERVERS/tls/server.pem
key = $SERVERS/tls/server.key
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
    export KK_TEST_S3_CA="$SERVERS/tls/ca.pem"
}

# An authority of the tests' own, and a certificate of it for everything on loopback.
make_certificates() {
    mkdir -p "$SERVERS/tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=KlarKonform test CA' \
        -keyout "$SERVERS/tls/ca.key" -out "$SERVERS/tls/ca.pem" 2> /dev/null
    openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' -keyout "$SERVERS/tls/server.key" -out "$SERVERS/tls/server.csr" 2> /dev/null
    printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n' > "$SERVERS/tls/server.ext"
    openssl x509 -req -days 2 -in "$SERVERS/tls/server.csr" -CA "$SERVERS/tls/ca.pem" -CAkey "$SERVERS/tls/ca.key" -CAcreateserial \
        -extfile "$SERVERS/tls/server.ext" -out "$SERVERS/tls/server.pem" 2> /dev/null
}

# One node of Ceph in memory with its object gateway, as Hetzner and other hosters run it. It takes some twenty seconds, so that it starts
# beside
# the others; await_ceph waits for it. Buckets: one, one with versions, and one whose objects are locked for a day.
start_ceph() {
    local home="$SERVERS/ceph" fsid osd monitor older tls
    mkdir -p "$home"/{mon,osd,mgr,rgw,run,log}
    fsid=$(uuidgen) osd=$(uuidgen) monitor=$(free_port) older=$(free_port) tls=$(free_port)
    cat > "$home/ceph.conf" <<EOF
[global]
fsid=$fsid
mon host=[v2:127.0.0.1:$monitor,v1:127.0.0.1:$older]
mon initial members=a
public addr=127.0.0.1
cluster addr=127.0.0.1
osd pool default size=1
osd pool default min size=1
mon allow pool size one=true
osd crush chooseleaf type=0
osd objectstore=memstore
memstore device bytes=4G
osd pool default pg autoscale mode=off
osd pool default pg num=8
run dir=$home/run
log file=$home/log/\$name.log
admin socket=$home/run/\$name.asok
keyring=$home/keyring
mon data=$home/mon
osd data=$home/osd
mgr data=$home/mgr
[client.rgw]
rgw frontends=beast ssl_endpoint=127.0.0.1:$tls ssl_certificate=$SERVERS/tls/server.pem ssl_private_key=$SERVERS/tls/server.key
rgw dns name=s3.test
rgw data=$home/rgw
EOF
    export KK_TEST_CEPH_ENDPOINT="https://127.0.0.1:$tls"
    export KK_TEST_CEPH_BUCKET=klarkonform
    export KK_TEST_CEPH_VERSIONED_BUCKET=klarkonform-versions
    export KK_TEST_CEPH_LOCKED_BUCKET=klarkonform-locked
    export KK_TEST_CEPH_ACCESS_KEY=kkaccess
    export KK_TEST_CEPH_SECRET_KEY=kksecret
    export KK_TEST_CEPH_CA="$SERVERS/tls/ca.pem"
    ceph-authtool --create-keyring "$home/keyring" --gen-key -n mon. --cap mon 'allow *' > "$home/log/setup" 2>&1
    ceph-authtool "$home/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >> "$home/log/setup" 2>&1
    monmaptool --create --addv a "[v2:127.0.0.1:$monitor,v1:127.0.0.1:$older]" --fsid "$fsid" "$home/monmap" >> "$home/log/setup" 2>&1
    ceph-mon -c "$home/ceph.conf" -i a --mkfs --monmap "$home/monmap" --keyring "$home/keyring" >> "$home/log/setup" 2>&1
    ceph-mon -c "$home/ceph.conf" -i a --foreground > "$home/log/mon" 2>&1 &
    CEPH_PIDS+=($!)
    ceph_command auth get-or-create mgr.x mon 'allow profile mgr' osd 'allow *' > "$home/mgr/keyring"
    ceph-mgr -c "$home/ceph.conf" -i x --keyring "$home/mgr/keyring" --foreground > "$home/log/mgr" 2>&1 &
    CEPH_PIDS+=($!)
    ceph_command osd new "$osd" 0 > /dev/null
    ceph_command auth get-or-create osd.0 mon 'allow profile osd' mgr 'allow profile osd' osd 'allow *' > "$home/osd/keyring"
    ceph_command auth get-or-create client.rgw mon 'allow rwx' osd 'allow rwx' mgr 'allow rw' > "$home/rgw/keyring"
    ceph-osd -c "$home/ceph.conf" -i 0 --mkfs --osd-uuid "$osd" --keyring "$home/osd/keyring" >> "$home/log/setup" 2>&1
    ceph-osd -c "$home/ceph.conf" -i 0 --keyring "$home/osd/keyring" --foreground > "$home/log/osd" 2>&1 &
    CEPH_PIDS+=($!)
    radosgw -c "$home/ceph.conf" -n client.rgw --keyring "$home/rgw/keyring" --foreground > "$home/log/rgw" 2>&1 &
    CEPH_PIDS+=($!)
}

ceph_command() { timeout 60 ceph -c "$SERVERS/ceph/ceph.conf" "$@" 2>> "$SERVERS/ceph/log/setup"; }

# A signed request: method, path with query, body, and more for curl. Ceph demands the body's hash, which curl signs and does not send by
# itself.
ceph_request() {
    local method="$1" path="$2" body="$3" hash
    shift 3
    hash=$(printf %s "$body" | sha256sum | cut -d' ' -f1)
    curl -sS --fail-with-body -X "$method" --cacert "$KK_TEST_CEPH_CA" --aws-sigv4 aws:amz:us-east-1:s3 --user "$KK_TEST_CEPH_ACCESS_KEY:$KK_TEST_CEPH_SECRET_KEY" \
        -H "x-amz-content-sha256: $hash" --data-raw "$body" "$@" "$KK_TEST_CEPH_ENDPOINT/$path" >> "$SERVERS/ceph/log/setup" 2>&1
}

await_ceph() {
    local home="$SERVERS/ceph"
    for _ in $(seq 240); do
        curl -s -o /dev/null --cacert "$KK_TEST_CEPH_CA" "$KK_TEST_CEPH_ENDPOINT/" && break
        sleep 0.5
    done
    if ! timeout 60 radosgw-admin -c "$home/ceph.conf" user create --uid=kk --display-name=kk \
        --access-key="$KK_TEST_CEPH_ACCESS_KEY" --secret-key="$KK_TEST_CEPH_SECRET_KEY" > "$home/log/user" 2>&1; then
        echo "Ceph's gateway did not start:" >&2
        tail -n 5 "$home"/log/{setup,mon,osd,rgw,user} >&2
        return 1
    fi

    ceph_request PUT "$KK_TEST_CEPH_BUCKET" ''
    ceph_request PUT "$KK_TEST_CEPH_VERSIONED_BUCKET" ''
    ceph_request PUT "$KK_TEST_CEPH_VERSIONED_BUCKET?versioning=" \
        '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
    ceph_request PUT "$KK_TEST_CEPH_LOCKED_BUCKET" '' -H 'x-amz-bucket-object-lock-enabled: true'
    ceph_request PUT "$KK_TEST_CEPH_LOCKED_BUCKET?object-lock=" \
        '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>'
}

# All of them; --without-ceph for the benchmarks, which do not use it and would share the processors with it.
start_servers() {
    SERVERS=$(mktemp -d /tmp/klarkonform-servers-XXXXXX)
    chmod 755 "$SERVERS"
    make_certificates
    [ "${1:-}" = --without-ceph ] || start_ceph
    start_sftp
    start_s3
    [ "${1:-}" = --without-ceph ] || await_ceph
}

stop_servers() {
    # It is all in memory: nobody needs to close anything.
    for pid in "${CEPH_PIDS[@]}"; do
        kill -KILL "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
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
