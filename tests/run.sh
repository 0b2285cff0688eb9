#!/usr/bin/env bash
# Installs what the tests need from Debian if it is missing, starts the servers on loopback, runs every test, stops the servers.
# The last line is 'N passed, N failed, N skipped'.
set -uo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=tests/packages.sh
source tests/packages.sh
need_servers
need_ceph
need chromium chromium
need chromedriver chromium-driver
need fusermount3 fuse3 # restic mounts with it.
/usr/bin/python3 -c 'import icalendar, dateutil, vobject' > /dev/null 2>&1 || missing_packages+=(python3-icalendar python3-dateutil python3-vobject)
install_missing || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

# shellcheck source=tests/peers.sh
source tests/peers.sh
bring_peers || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

# shellcheck source=tests/servers.sh
source tests/servers.sh
suite=""
# What a test that hung left behind is in the suite's process group.
stop_all() { if [ -n "$suite" ]; then kill -KILL -- "-$suite" 2> /dev/null; fi; stop_servers; }
trap stop_all EXIT
set -e
start_servers
set +e
export KK_TEST_SERVERS_REQUIRED=1

results=$(mktemp -d)
failed_build=0
dotnet build KlarKonform.Backup.sln -v q -nologo || failed_build=1
if [ "$failed_build" -ne 0 ]; then
    echo "The build failed."
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi

# A test that says nothing for eight minutes is named and ended, and the whole suite has its limit: a run always reaches its last line.
timeout --kill-after=30s 45m dotnet test KlarKonform.Backup.sln --no-build -nologo -v q --logger "trx" --results-directory "$results" --logger "console;verbosity=minimal" \
    --blame-hang --blame-hang-timeout 8m --blame-hang-dump-type none &
suite=$!
wait "$suite"
status=$?
if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then echo "The tests did not end within 45 minutes."; fi

# The counts come from the result files, not from the runner's prose.
count() { grep -ho "<Counters [^>]*" "$results"/*.trx 2> /dev/null | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*' | awk '{ sum += $1 } END { print sum + 0 }'; }
passed=$(count passed)
failed=$(count failed)
skipped=$(( $(count total) - passed - failed ))
if command -v pwsh > /dev/null 2>&1; then
    if pwsh -NoProfile -File tests/Pester/Invoke-Tests.ps1 artifacts/module/KlarKonform.Backup; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
else
    echo "Skipped: tests/Pester, because pwsh is not installed here."
    skipped=$((skipped + 1))
fi
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi

# The quick start of the README, and what restic makes of it.
demo=$(mktemp -d)
if dotnet run --no-build --project src/KlarKonform.Backup.Demo -- --output "$demo/out" > "$demo/log" 2>&1 \
    && restic -q -r "$demo/out/repository" --password-file "$demo/out/password.txt" check --read-data >> "$demo/log" 2>&1; then
    passed=$((passed + 1))
else
    tail -15 "$demo/log"
    echo "The quick start failed."
    failed=$((failed + 1))
fi
rm -rf "$demo"
rm -rf "$results"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
