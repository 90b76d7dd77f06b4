#!/bin/bash
# bench/logistic.sh DIRECTORY: coefficients of fit_logistic() on each table of the directory (CSV, the
# last column a label 0 or 1) beside scikit-learn's of the same penalty. Fails where the fourth
# digit differs. Needs Debian's python3-sklearn.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BENCH_BUILD:-$top/build/release}
[ $# -eq 1 ] || { echo "usage: bench/logistic.sh DIRECTORY" >&2; exit 2; }
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" logistic_figures >/dev/null
failed=0
for table in "$1"/*.csv; do
    [ "$(basename "$table")" = reference.csv ] && continue
    for penalty in 1 100; do
        /usr/bin/python3 "$top/bench/logistic_peer.py" "$build/bench/logistic_figures" "$table" \
            "$penalty" || failed=1
    done
done
exit $failed
