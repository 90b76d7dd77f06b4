#!/bin/sh
# anomaly-trainer evaluate from outside: figures of a simulated and of a stored history, a page, and
# the warning that a set of three rules deserves.
set -eu
trainer=$1
here=$2
. "$(dirname "$0")/../support/command.sh"
mkdir -m 700 "$work/store" "$work/tmp"
export TMPDIR="$work/tmp"
printf 'geo = none\n' >"$work/conf"
chmod 600 "$work/conf"

run() { "$trainer" "$@" --config "$work/conf" --store "$work/store" --utc; }

status 2 run evaluate --format rba
has "$work/err" 'format is of a --csv FILE'
status 2 run evaluate --csv "$work/conf" --format xml
status 1 run evaluate --csv "$work/missing"
[ "$(wc -l <"$work/err")" = 1 ] || fail "more than one sentence: $(cat "$work/err")"
printf 'time,user\n1790000001,y\n' >"$work/short"
status 1 run evaluate --csv "$work/short"
has "$work/err" 'too few to evaluate on'

# A simulated machine: contract, page, and the same figures again from a store.
"$trainer" simulate --users 80 --days 60 --seed 4 >"$work/simulated"
forest="--trees 12 --depth 7 --threads 2"
# shellcheck disable=SC2086
status 0 run evaluate --csv "$work/simulated" $forest --json --report "$work/page"
for key in auc average_precision recall_at_1pct recall_at_01pct baselines families realised_fpr \
    reauthentication_at_99pct recall_at_1pct_interval by_depth country_novelty freeman \
    logistic_novelty; do
    has "$work/out" "\"$key\": "
done
has "$work/out" '"residential-proxy": {"trained_on": false, '
has "$work/out" '"labelled_attacks": true'
has "$work/out" '"warnings": \[\]'
sed 's/"seconds".*//' "$work/out" >"$work/first"
has "$work/page" '^<!DOCTYPE html>'
has "$work/page" 'prefers-color-scheme:dark'
has "$work/page" '<polyline class="curve m0"'
has "$work/page" '</html>'
for foreign in '<script' 'http:' 'https:' 'src=' '@import' 'nan'; do has_not "$work/page" "$foreign"; done

status 0 run import --format csv "$work/simulated"
# shellcheck disable=SC2086
status 0 run evaluate $forest --json
sed 's/"seconds".*//' "$work/out" | cmp -s - "$work/first" || fail "the store says something else"

has "$work/first" '"calibration": {"brier": [^[]*"bins": \[{"from": 0, '

# What is read is not written; interrupted, it leaves no logins behind.
cp "$work/simulated" "$work/twice"
status 1 run evaluate --csv "$work/twice" --report "$work/twice"
has "$work/err" 'is to be read and written'
cmp "$work/twice" "$work/simulated" || fail "the history was overwritten"
mkfifo "$work/endless"
"$trainer" evaluate --csv "$work/endless" --config "$work/conf" 2>"$work/err" &
evaluation=$!
exec 3>"$work/endless"
cat "$work/simulated" >&3
[ -z "$(ls -A "$TMPDIR")" ] || fail "named while it is read: $(ls -A "$TMPDIR")"
kill -KILL "$evaluation"
wait "$evaluation" 2>/dev/null || true
exec 3>&-
[ -z "$(ls -A "$TMPDIR")" ] || fail "left behind: $(ls -A "$TMPDIR")"

# What a file's author calls a column steers no terminal.
escape=$(printf '\033')
printf '%s\n' "time,user,${escape}[2Jmore" '1790000001,y,' >"$work/steering"
status 1 run evaluate --csv "$work/steering"
has_not "$work/err" "$escape"

# A model that is given is not trained, and what that means is said.
status 0 run train --trees 12 --depth 7 --threads 2 --out "$work/model"
status 0 run evaluate --csv "$work/simulated" --model "$work/model"
has "$work/err" 'may have seen these logins'
has "$work/out" '^a country new for the user'
has "$work/out" '^residential-proxy .* kept out of all training'
has "$work/out" '^10+ '
has "$work/out" '^At 1 % false alarms [a-z ]* is found of [a-z]'

# Three rules make the published style of set: the report says so, and a forest finds all three.
awk -v users=200 -v rows=12000 -v seed=1 -f "$here/cloud_table.awk" >"$work/cloud"
# shellcheck disable=SC2086
status 0 run evaluate --csv "$work/cloud" --format cloud $forest --report "$work/page"
has "$work/err" 'a rule of 3 conditions tells attacks from logins'
for column in 'new device' success 'bytes out'; do has "$work/err" "$column above"; done
has "$work/page" 'class="warn">of the set'
head -8001 "$work/cloud" >"$work/earlier"
(head -1 "$work/cloud" && tail -n +8002 "$work/cloud") >"$work/later"
status 0 "$trainer" table --train "$work/earlier" --label is_anomaly --model forest \
    --test "$work/later" --out "$work/scores"
paste -d, "$work/later" "$work/scores" | awk -F, 'NR > 1 {
        rule = $10 == 0 ? "failed" : $7 == 1 ? "new device" : $9 > 5000000 ? "much data" : "none"
        rows[rule]++
        found[rule] += $NF > .5
    }
    END {
        for (rule in rows) {
            share = found[rule] / rows[rule]
            if (rule == "none" ? share > .005 : share < .99) {
                print rule ": " share " of " rows[rule]
                wrong = 1
            }
        }
        exit wrong || length(rows) != 4
    }' >"$work/wrong" || fail "a rule was not found: $(cat "$work/wrong")"

[ -z "$(ls -A "$TMPDIR")" ] || fail "left behind: $(ls -A "$TMPDIR")"
echo passed
