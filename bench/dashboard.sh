#!/bin/bash
# dashboard.sh [LOGINS [ROUNDS [NAME …]]]: what every page of the dashboard asks, of a store of so many
# logins (ten million) that is made once: median, 95th percentile and worst of so many requests (100) each
# with other parameters, and the service's memory; then the same service with 500 viewers of live
# events while logins come in. NAME: only requests of that name. COLD=1: each finds nothing of the store in
# the page cache, and nobody watches.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

logins=${1:-10000000}
rounds=${2:-100}
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" anomaly-dashboard anomalyd append_attempts make_months >/dev/null
bench_room

store=$build/bench/stores/months-$logins
if [ ! -d "$store" ]; then
    # The store, and as much again while it is made.
    needed_kib=$((logins * 2 + 20 * 1024 * 1024))
    if [ "$(df --output=avail "$build" | tail -1)" -lt "$needed_kib" ]; then
        echo "dashboard.sh: $((needed_kib / 1024 / 1024)) GiB must be free on $build" >&2
        exit 1
    fi
    mkdir -p "$build/bench/stores"
    rm -rf "$store.new"
    mkdir -m 0700 "$store.new"
    "$build/bench/make_months" "$store.new" "$logins" >&2
    mv "$store.new" "$store"
fi
printf 'store = %s\ngeo = none\n' "$store" >"$room/conf"
chmod 0600 "$room/conf"

bench_machine_line
/usr/bin/python3 -B "$top/bench/dashboard_times.py" "$build/dashboard/anomaly-dashboard" "$room/conf" "$rounds" "${@:3}"
[ -z "${COLD:-}${3:-}" ] || exit 0

# What is written goes into a copy.
mkdir -m 0700 "$room/store"
cp --reflink=auto "$store/store.db" "$room/store/"
printf 'store = %s\ngeo = none\nkeep_logins = 36500d\nkeep_failures = 36500d\nkeep_sources = 36500d\n' \
    "$room/store" >"$room/conf"
/usr/bin/python3 -B "$top/bench/dashboard_viewers.py" "$build/dashboard/anomaly-dashboard" "$room/conf" \
    "$build/daemon/anomalyd" "$build/tests/dashboard/append_attempts" "$room/store"
