#!/bin/bash
# bench/learner.sh [forest|unlimited|boosted|large [ROWS]]: trees on login-like rows, by
# `anomaly-trainer table` and by XGBoost in turn: time to learn, AUC, log loss and peak memory.
#   forest     100 trees, 12 deep, beside XGBoost's random-forest mode, at one thread and at two
#   unlimited  the same without a limit of depth
#   boosted    100 rounds of boosting, 6 deep, beside XGBoost's, at one thread and at two
#   large      20 trees of a forest and 20 rounds of boosting on ten million rows, at two threads,
#              and what a row costs there beside a tenth of the rows
# Of BENCH_ROUNDS rounds the fastest of each counts, among those that other processes left alone.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/apt.sh
. "$top/tests/support/apt.sh"
build=${BENCH_BUILD:-$top/build/release}
case ${1:-forest} in
    forest) runs="forest:12:100:1 forest:12:100:2" rounds=3 rows=1000000 ;;
    unlimited) runs="forest:1024:100:1 forest:1024:100:2" rounds=1 rows=1000000 ;;
    boosted) runs="boosted:6:100:1 boosted:6:100:2" rounds=3 rows=1000000 ;;
    large) runs="forest:12:20:2 boosted:6:20:2" rounds=1 rows=10000000 ;;
    *)
        echo "usage: bench/learner.sh [forest|unlimited|boosted|large [ROWS]]" >&2
        exit 2
        ;;
esac
rows=${2:-$rows}
rounds=${BENCH_ROUNDS:-$rounds}
room=$(mktemp -d /tmp/pam_anomaly-bench-XXXXXX)
trap 'rm -rf "$room"' EXIT

# ours TABLE MODEL DEPTH TREES THREADS
ours() {
    local leaf=()
    [ "$2" != forest ] || leaf=(--leaf 5)
    /usr/bin/python3 "$top/bench/learner_run.py" "$build/trainer/anomaly-trainer" table \
        --train "$room/$1.csv" --test "$room/test.csv" --label attack --model "$2" \
        --depth "$3" --trees "$4" --threads "$5" "${leaf[@]}" --json
}

theirs() {
    /usr/bin/python3 "$top/bench/learner_run.py" /usr/bin/python3 \
        "$top/bench/learner_xgboost.py" "$room/$1.bin" "$room/test.bin" "$2" "$3" "$4" "$5"
}

install_missing "$room/apt.log" python3-sklearn python3-xgboost || {
    tail -5 "$room/apt.log" >&2
    exit 1
}
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" anomaly-trainer make_table >/dev/null
"$build/bench/make_table" "$rows" 1 "$room/train.bin" >"$room/train.csv"
"$build/bench/make_table" $((rows < 1000000 ? rows / 5 : 200000)) 2 "$room/test.bin" \
    >"$room/test.csv"
if [ "${1:-forest}" = large ]; then
    "$build/bench/make_table" $((rows / 10)) 3 >"$room/tenth.csv"
fi
for run in $runs; do
    IFS=: read -r model depth trees threads <<<"$run"
    for _ in $(seq "$rounds"); do
        ours train "$model" "$depth" "$trees" "$threads" >>"$room/$run.ours"
        theirs train "$model" "$depth" "$trees" "$threads" >>"$room/$run.theirs"
        if [ -f "$room/tenth.csv" ]; then
            ours tenth "$model" "$depth" "$trees" "$threads" >>"$room/$run.tenth"
        fi
    done
done
printf '%s rows x 20 columns, %s, %s cores, %s\n' "$rows" "$(date -u +%Y-%m-%d)" "$(nproc)" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
# shellcheck disable=SC2086
/usr/bin/python3 "$top/bench/learner_report.py" "$room" $runs
