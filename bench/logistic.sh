#!/bin/bash
# bench/logistic.sh [DIRECTORY]: coefficients of fit_logistic() beside scikit-learn's of the same
# penalty on tables that it makes itself (plain, with missing cells, badly scaled, parted by their
# columns, rare labels on columns that nearly repeat each other) and on those of the directory (CSV,
# the last column a label 0 or 1). Fails where the fourth digit differs. Installs Debian's
# python3-sklearn.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/apt.sh
. "$top/tests/support/apt.sh"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
[ $# -le 1 ] || { echo "usage: bench/logistic.sh [DIRECTORY]" >&2; exit 2; }
bench_room
install_missing "$room/apt.log" python3-sklearn || { tail -5 "$room/apt.log" >&2; exit 1; }
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" logistic_figures >/dev/null
/usr/bin/python3 "$top/bench/logistic_tables.py" "$room"
failed=0
bench_machine_line
for table in "$room"/*.csv ${1:+"$1"/*.csv}; do
    [ "$(basename "$table")" = reference.csv ] && continue
    for penalty in 0.01 1 100; do
        /usr/bin/python3 "$top/bench/logistic_peer.py" "$build/bench/logistic_figures" "$table" \
            "$penalty" || failed=1
    done
done
exit $failed
