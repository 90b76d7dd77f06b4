#!/bin/bash
# replay.sh [LOGINS [USERS]]: so many stored logins (a million) of so many users (two thousand):
# read, replayed into features and scored on one core; anomaly-trainer replay and score over all of
# them on two. The store and its history are kept in the build tree.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

logins=${1:-1000000}
users=${2:-2000}
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" anomaly-trainer replay_rate >/dev/null
trainer=$build/trainer/anomaly-trainer
kept=$build/bench/stores/replay-$logins-$users
two_cores="taskset -c 0,1"

# The simulator is asked for days until there are enough logins.
make_history() {
    local day_logins
    day_logins=$(($("$trainer" simulate --users "$users" --days 10 --seed 5 | wc -l) / 10))
    "$trainer" simulate --users "$users" --days $((logins / day_logins * 11 / 10 + 2)) --seed 5 |
        sed -n "1,$((logins + 1))p" >"$kept/history.csv"
}

if [ ! -f "$kept/.complete" ]; then
    rm -rf "$kept"
    mkdir -p "$kept"
    mkdir -m 0700 "$kept/store"
    printf 'geo = none\nmodel = builtin\nexemptions = %s/none\n' "$kept" >"$kept/conf"
    chmod 0600 "$kept/conf"
    make_history
    "$trainer" import --format csv "$kept/history.csv" --config "$kept/conf" --store "$kept/store" >&2
    touch "$kept/.complete"
fi

# seconds COMMAND…: "SECONDS PEAK_MB" of a trainer command with --json.
seconds() {
    /usr/bin/python3 -B - "$@" <<'PYTHON'
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{json.loads(done.stdout)['seconds']:.2f} {peak:.0f}")
PYTHON
}
line() { awk -v name="$1" -v n="$logins" -v s="$2" -v mb="$3" \
    'BEGIN { printf "%-28s %9.0f a second, %6.2f s, %5d MB at most\n", name, n / s, s, mb }'; }

bench_machine_line
cat "$kept/store/store.db" "$kept/history.csv" >/dev/null # from memory, not from the disk
echo "$logins logins of $users users, one core:"
taskset -c 0 "$build/bench/replay_rate" "$kept/store"
echo "two cores:"
read -r spent peak < <(seconds $two_cores "$trainer" replay --since 2000-01-01 --json \
    --config "$kept/conf" --store "$kept/store")
line 'replay, all of them judged' "$spent" "$peak"
read -r spent peak < <(seconds $two_cores "$trainer" score --format csv "$kept/history.csv" --json \
    --out "$kept/scores.csv" --config "$kept/conf")
line 'score, from csv to csv' "$spent" "$peak"
rm "$kept/scores.csv"
