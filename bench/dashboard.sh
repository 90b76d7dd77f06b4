#!/bin/bash
# dashboard.sh [LOGINS [ROUNDS [NAME …]]]: what every page of the dashboard asks (NAME: only that), of a
# store of so many logins (ten million) that is made once: median, 95th percentile and worst of so many
# requests (100) each with other parameters, and the service's memory. COLD=1: each request finds nothing
# of the store in the page cache.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

logins=${1:-10000000}
rounds=${2:-100}
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" anomaly-dashboard make_months >/dev/null
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
