#!/bin/bash
# bench/scoring.sh: what a score costs in one thread, ours and XGBoost's by its C API, in the same
# run: 100 trees of depth 12 learned from a million login-like rows of twenty columns. One row at a
# time, rows in a batch, and from main() to the first score: the model's file mapped by the program,
# or by a library that it loads.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/apt.sh
. "$top/tests/support/apt.sh"
build=${BENCH_BUILD:-$top/build/release}
rounds=${1:-300}
room=$(mktemp -d /tmp/pam_anomaly-bench-XXXXXX)
trap 'rm -rf "$room"' EXIT

install_missing "$room/apt.log" python3-sklearn python3-xgboost || {
    tail -5 "$room/apt.log" >&2
    exit 1
}
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" make_table scoring cold_start cold_start_library first_score default_model >/dev/null
xgboost=$(ls /usr/lib/*/libxgboost.so.0 | head -1)
gcc -O2 -I"$top" -o "$room/scoring_xgboost" "$top"/bench/{scoring_xgboost,binary_table}.c "$xgboost"
"$build/bench/make_table" 1000000 1 "$room/train.bin" >/dev/null
"$build/bench/make_table" 200000 2 "$room/test.bin" >/dev/null
/usr/bin/python3 "$top/bench/learner_xgboost.py" "$room/train.bin" "$room/test.bin" \
    forest 12 100 2 "$room/xgboost.json" >/dev/null

printf '%s, %s cores, %s\n' "$(date -u +%Y-%m-%d)" "$(nproc)" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
"$build/bench/scoring" "$room/train.bin" "$room/test.bin" "$room/forest" "$room/model"
"$room/scoring_xgboost" "$room/xgboost.json" "$room/test.bin"

# Half of the numbers on standard input are at most this, in microseconds.
median_us() {
    sort -n | awk '{ all[NR] = $1 } END { printf "%.1f us\n", all[int((NR + 1) / 2)] / 1e3 }'
}

# first_score PROGRAM ARGUMENT...: p50, a fresh process each time.
first_score() {
    for _ in $(seq "$rounds"); do "$build/bench/$@"; done | median_us
}

# That forest alone, the same with an isolation forest of as many trees, and the model that logins
# have without a file.
cp "$build/trainer/default.model" "$room/built-in"
for model in forest model built-in; do
    printf 'ours: %s, %s bytes: from main to the first score %s, through dlopen %s\n' $model \
        "$(stat -c %s "$room/$model")" "$(first_score cold_start "$room/$model")" \
        "$(first_score cold_start_library "$room/$model" "$build/bench/libfirst_score.so")"
done
