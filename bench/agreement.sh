#!/bin/bash
# bench/agreement.sh [DIRECTORY]: a random forest by `anomaly-trainer table`, scikit-learn and ranger
# on the same splits of the same tables, with as many trees, as deep, as many columns tried and the
# same smallest leaf: mean AUC on the test rows over several splits. Tables that it makes itself, and
# those of the directory (CSV, the last column a label 0 or 1, no cell missing, which these versions
# of the peers would refuse). Fails where a mean is more than .005 below a peer's. Installs Debian's
# python3-sklearn and r-cran-ranger.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/apt.sh
. "$top/tests/support/apt.sh"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
[ $# -le 1 ] || { echo "usage: bench/agreement.sh [DIRECTORY]" >&2; exit 2; }
bench_room
install_missing "$room/apt.log" python3-sklearn r-cran-ranger || {
    tail -5 "$room/apt.log" >&2
    exit 1
}
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" anomaly-trainer make_table >/dev/null
mkdir "$room/tables"
"$build/bench/make_table" 40000 1 >"$room/tables/logins.csv"
[ $# -eq 0 ] || find "$1" -name '*.csv' ! -name reference.csv -exec cp -t "$room/tables" {} +
bench_machine_line
/usr/bin/python3 "$top/bench/agreement.py" "$build/trainer/anomaly-trainer" \
    "$top/bench/agreement_ranger.R" "$room"
