#!/bin/bash
# bench/evaluate.sh [SEED [USERS [DAYS]]]: what a model finds on a simulated machine of a seed that
# nothing was tuned on, beside its parts and the baselines; then on a set in the style of a published
# one that three rules solve, by evaluate and by a forest on the bare table. Fails where recall at 1 %
# false alarms is not above each baseline's with intervals apart, where a family falls short of what
# it should reach, or where a budget is missed by more than half. The pages stay in the build tree.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/apt.sh
. "$top/tests/support/apt.sh"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
[ $# -le 3 ] || { echo "usage: bench/evaluate.sh [SEED [USERS [DAYS]]]" >&2; exit 2; }
seed=${1:-20261121} users=${2:-5000} days=${3:-60}
bench_room
install_missing "$room/apt.log" python3 gawk || { tail -5 "$room/apt.log" >&2; exit 1; }
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" anomaly-trainer >/dev/null
trainer=$build/trainer/anomaly-trainer
printf 'geo = none\n' >"$room/conf"
export TMPDIR=$room
pages=$build/bench/pages
mkdir -p "$pages"

bench_machine_line
echo "simulate --users $users --days $days --seed $seed"
"$trainer" simulate --users "$users" --days "$days" --seed "$seed" >"$room/simulated.csv"
"$trainer" evaluate --csv "$room/simulated.csv" --config "$room/conf" --json \
    --report "$pages/simulated.html" >"$room/simulated.json"
failed=0
/usr/bin/python3 "$top/bench/evaluate_report.py" "$room/simulated.json" || failed=1

echo
echo "a set that three rules solve: 200000 logins of 2000 users, evaluate --format cloud"
gawk -v users=2000 -v rows=200000 -v seed=1 -f "$top/tests/trainer/cloud_table.awk" \
    >"$room/cloud.csv"
"$trainer" evaluate --csv "$room/cloud.csv" --format cloud --utc --config "$room/conf" --json \
    --report "$pages/cloud.html" >"$room/cloud.json"
echo "the first 140000 as a bare table, table --model forest, measured on the rest"
head -140001 "$room/cloud.csv" >"$room/earlier.csv"
(head -1 "$room/cloud.csv" && tail -n +140002 "$room/cloud.csv") >"$room/later.csv"
"$trainer" table --train "$room/earlier.csv" --label is_anomaly --model forest \
    --test "$room/later.csv" --out "$room/scores.csv" | sed -n '/AUC/p'
paste -d, "$room/later.csv" "$room/scores.csv" | gawk -F, 'NR > 1 {
    rule = $10 == 0 ? "failed" : $7 == 1 ? "new device" : $9 > 5000000 ? "much data" : "no rule"
    rows[rule]++
    found[rule] += $NF > .5
}
END {
    for (rule in rows)
        printf "  %-11s %6d rows, %6.2f %% scored above .5\n", rule, rows[rule],
            100 * found[rule] / rows[rule]
}' | sort
exit $failed
