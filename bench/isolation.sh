#!/bin/bash
# bench/isolation.sh DIRECTORY: the isolation forest, 100 trees of 256 rows, beside scikit-learn's on
# each table of the directory (CSV, the last column a label 0 or 1): mean AUC over ten seeds, and on
# the largest table the time of growing, one row warm, rows in batch. One thread each, in turns on a
# machine that should do nothing else. Where DIRECTORY/reference.csv has a mean AUC (columns dataset
# and auc_mean), fails when ours is further than .02 from it. Installs Debian's
# python3-sklearn.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/apt.sh
. "$top/tests/support/apt.sh"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
[ $# -eq 1 ] || { echo "usage: bench/isolation.sh DIRECTORY" >&2; exit 2; }
bench_room
install_missing "$room/apt.log" python3-sklearn || { tail -5 "$room/apt.log" >&2; exit 1; }
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" isolation_figures >/dev/null
ours=$build/bench/isolation_figures
peer=$top/bench/isolation_peer.py

# reference NAME: its mean AUC, or nothing.
reference() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        $column["dataset"] == name { print $column["auc_mean"] }' "$directory/reference.csv"
}

field() { sed -n "s/.*$1=\([0-9.]*\).*/\1/p"; }

directory=$1 failed=0 largest=
bench_machine_line
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 # which nproc would obey, too
printf '%-14s %8s %10s %14s\n' table ours reference scikit-learn
for table in "$directory"/*.csv; do
    name=$(basename "$table" .csv)
    [ "$name" = reference ] && continue
    [ -z "$largest" ] || [ "$(stat -c %s "$table")" -gt "$(stat -c %s "$largest")" ] && largest=$table
    auc=$("$ours" auc "$table" | field auc_mean)
    known=$([ -f "$directory/reference.csv" ] && reference "$name" || true)
    printf '%-14s %8s %10s %14s\n' "$name" "$auc" "${known:--}" \
        "$(/usr/bin/python3 "$peer" auc "$table" | field auc_mean)"
    if [ -n "$known" ] && ! awk "BEGIN { d = $auc - $known; exit !(d <= .02 && d >= -.02) }"; then
        echo "isolation.sh: $name is further than .02 from the reference" >&2
        failed=1
    fi
done
echo "speed on $(basename "$largest"), one thread:"
echo "  ours          $("$ours" speed "$largest")"
echo "  scikit-learn  $(/usr/bin/python3 "$peer" speed "$largest")"
echo "  ours, again   $("$ours" speed "$largest")"
exit $failed
