#!/bin/bash
# bench/learner.sh [ROWS]: a random forest of 100 trees, 12 deep, on login-like rows, by
# `anomaly-trainer table` and by XGBoost's random-forest mode in turn: time to learn, AUC, log loss
# and peak memory, at one thread and at two. Of three rounds the fastest of each counts,
# among those that other processes left alone.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/apt.sh
. "$top/tests/support/apt.sh"
build=${BENCH_BUILD:-$top/build/release}
rows=${1:-1000000}
rounds=${BENCH_ROUNDS:-3}
room=$(mktemp -d /tmp/pam_anomaly-bench-XXXXXX)
trap 'rm -rf "$room"' EXIT

install_missing "$room/apt.log" python3-sklearn python3-xgboost || {
    tail -5 "$room/apt.log" >&2
    exit 1
}
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" anomaly-trainer make_table >/dev/null
"$build/bench/make_table" "$rows" 1 "$room/train.bin" >"$room/train.csv"
"$build/bench/make_table" $((rows / 5)) 2 "$room/test.bin" >"$room/test.csv"
for threads in 1 2; do
    for _ in $(seq "$rounds"); do
        /usr/bin/python3 "$top/bench/learner_run.py" "$build/trainer/anomaly-trainer" table \
            --train "$room/train.csv" --test "$room/test.csv" --label attack --model forest \
            --trees 100 --depth 12 --leaf 5 --threads "$threads" --json >>"$room/ours.$threads"
        /usr/bin/python3 "$top/bench/learner_run.py" /usr/bin/python3 \
            "$top/bench/learner_xgboost.py" "$room/train.bin" "$room/test.bin" "$threads" \
            >>"$room/theirs.$threads"
    done
done
printf '%s rows x 20 columns, %s, %s cores, %s\n' "$rows" "$(date -u +%Y-%m-%d)" "$(nproc)" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
/usr/bin/python3 "$top/bench/learner_report.py" "$room"
