#!/bin/bash
# bench/login_flood.sh [SECONDS] [IN_FLIGHT] [THINK_MS]
# Logins in flight all the time; then the same with random logins killed and anomalyd killed half-way.
# Afterwards every login that was answered must be in the store, accepted, once.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != --inside ]; then
    exec "$here/../tests/pam/in-private-machine" "$here/login_flood.sh" --inside "$@"
fi
shift
seconds=${1:-10}
in_flight=${2:-200}
think_ms=${3:-95}
. "$here/lib.sh"
bench_build
bench_room
bench_log
printf 'auth required pam_permit.so\naccount required pam_permit.so\n' >"$room/pam.d/other"

# As a service manager does: starts anomalyd again a second after it ended.
keep_daemon() {
    trap 'exit 0' TERM
    while true; do
        "$build/daemon/anomalyd" --config "$1" &
        echo $! >"$room/daemon.pid"
        wait $! || true
        sleep 1
    done
}

# flood NAME KILL_EVERY_MS
flood() {
    local store=$room/store.$1 keeper killer
    mkdir "$store"
    chown $service_uid:$service_uid "$store"
    chmod 0750 "$store"
    bench_config "$room/$1.conf" "$store"
    bench_stack "$1" "$room/$1.conf"
    keep_daemon "$room/$1.conf" 2>/dev/null &
    keeper=$!
    started+=("$keeper")
    until [ -S "$store/check.socket" ]; do sleep 0.05; done
    if [ "$2" -gt 0 ]; then
        (
            sleep $((seconds / 2))
            kill -KILL "$(cat "$room/daemon.pid")"
        ) &
        killer=$!
    fi
    "$build/bench/login_flood" "$room/pam.d" "$1" "$in_flight" "$seconds" "$think_ms" "$2"
    [ -z "${killer:-}" ] || wait "$killer"
    # anomalyd drains what is left and ends.
    sleep 2
    kill -TERM "$keeper"
    kill -TERM "$(cat "$room/daemon.pid")"
    wait "$keeper" || true
    while kill -0 "$(cat "$room/daemon.pid")" 2>/dev/null; do sleep 0.1; done
    setpriv --reuid $service_uid --regid $service_uid --clear-groups \
        "$build/bench/flood_check" "$store" "$room/answered"
}

printf '\nlogin_flood: %s\n' "$(bench_machine_line)"
printf 'quiet: '
flood quiet 0
printf 'with kills: '
flood kills 50
