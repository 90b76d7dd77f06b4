#!/bin/bash
# bench/predict.sh [SECONDS]: POST /predict of the dashboard over a store of a million logins on
# loopback, one login in each request, beside a random forest of scikit-learn behind Flask in the
# same run. wrk asks, 8 connections in two threads. Fails below 3,000 a second or above 5 ms at p99.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/apt.sh
. "$top/tests/support/apt.sh"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
seconds=${1:-10}
bench_room
install_missing "$room/apt.log" wrk python3-flask python3-sklearn || { tail -5 "$room/apt.log" >&2; exit 1; }
bench_build
ninja -C "$build" anomaly-trainer anomaly-dashboard >/dev/null
store=$(bench_store 1m 100000 1000000)
bench_config "$room/conf" "$store"
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
peer_port=$((port + 1))

# wait_for PORT: until something listens.
wait_for() {
    for _ in $(seq 600); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        sleep 0.1
    done
    echo "nothing listens on port $1" >&2
    return 1
}

bench_daemon "$room/conf"
"$build/dashboard/anomaly-dashboard" --config "$room/conf" --listen "127.0.0.1:$port" &
service=$!
started+=("$service")
wait_for "$port"
token=$("$build/dashboard/anomaly-dashboard" token add "bench-$$" --for 1h --role viewer --config "$room/conf" | tail -1)
"$build/trainer/anomaly-trainer" simulate --users 200 --days 30 --seed 1 >"$room/logins.csv"
/usr/bin/python3 "$top/bench/predict_peer.py" "$room/logins.csv" "$peer_port" >"$room/peer.log" 2>&1 &
started+=($!)
wait_for "$peer_port"

# ask PORT [TOKEN]: one line of figures.
ask() {
    wrk --threads 2 --connections 8 --duration "${seconds}s" --script "$top/bench/predict.lua" \
        "http://127.0.0.1:$1" -- 100000 ${2:+"$2"} | tail -1
}

bench_machine_line
ask "$port" "$token" >/dev/null # the store's pages into memory
ours=$(ask "$port" "$token")
printf 'POST /predict:         %s; %s KiB resident\n' "$ours" \
    "$(awk '/^VmRSS/ { print $2 }' "/proc/$service/status")"
printf 'scikit-learn in Flask: %s\n' "$(ask "$peer_port")"
awk -v line="$ours" 'BEGIN {
    split(line, word, " ")
    match(line, /p99 [0-9.]+/)
    exit !(word[1] >= 3000 && substr(line, RSTART + 4, RLENGTH - 4) <= 5 && line ~ / 0 refused/)
}' || { echo "short of 3,000 a second with p99 at most 5 ms and none refused" >&2; exit 1; }
