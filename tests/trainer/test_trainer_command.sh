#!/bin/sh
# anomaly-trainer from outside: exit status, JSON, an import that can be repeated, a trained model.
set -eu
trainer=$1
data=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -m 700 "$work/store"
printf 'geo = none\n' >"$work/conf"
chmod 600 "$work/conf"

fail() {
    echo "FAILED: $1" >&2
    exit 1
}
run() { "$trainer" "$@" --config "$work/conf" --store "$work/store"; }
status() {
    expected=$1
    shift
    code=0
    "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" = "$expected" ] || fail "exit status $code instead of $expected: $*"
}
has() { grep -q -- "$2" "$1" || fail "no \"$2\" in $(cat "$1")"; }

for command in "" import simulate train model table; do
    status 0 "$trainer" $command --help
    has "$work/out" '--config FILE'
done
status 0 "$trainer" --version
status 2 "$trainer"
status 2 "$trainer" no-such-command
status 2 "$trainer" train --trees many
has "$work/err" 'whole number'
status 2 "$trainer" import "$data/sshd_sample.log"
status 1 run import --format sshd "$work/missing"
[ "$(wc -l <"$work/err")" = 1 ] || fail "more than one sentence: $(cat "$work/err")"

status 0 run import --format sshd "$data/sshd_sample.log" --year 2027 --utc --json
has "$work/out" '"lines": 24, "logins": 4, "failures": 7, "sessions": 2, "users": 6, "skipped": 7'
has "$work/out" '"duplicates": 0'
has "$work/err" 'taken for 2027'
status 0 run import --format sshd - --year 2027 --utc --json <"$data/sshd_sample.log"
has "$work/out" '"duplicates": 11'

status 1 run train
has "$work/err" 'too few'
[ ! -e "$work/store/model.forest" ] || fail "a model was written without history"

# Four months of one user's working days make a model, small as it is.
awk 'BEGIN { for (d = 0; d < 120; d++) {
    day = 1 + d % 28; month = 1 + int(d / 28)
    stamp = sprintf("2026-%02d-%02dT%02d:%02d:00Z gate sshd[%d]:", month, day, 8 + d % 3, d % 60, 1000 + d)
    peer = sprintf("93.184.216.%d port %d", 10 + d % 2, 40000 + d)
    print stamp " Accepted publickey for alice from " peer " ssh2: ED25519 SHA256:abc"
    print stamp " pam_unix(sshd:session): session closed for user alice" } }' >"$work/log"
status 0 run import --format sshd "$work/log" --json
has "$work/out" '"logins": 120, "failures": 0, "sessions": 120'
status 0 run train --trees 10 --depth 5 --seed 3 --threads 2 --json
has "$work/out" '"logins": 12[34]'
has "$work/out" '"auc": '
has "$work/out" '"recall_at_1pct": '
has "$work/out" '"thresholds": {"log": '
has "$work/out" '"budgets_not_measurable": \["log", "step_up", "deny"\]'
has "$work/out" '"candidates": {"bagged": {"trees": 10, "average_precision": [01][.0-9]*}'
has "$work/out" '"alone": {"forest": {"auc": '
has "$work/out" '"calibration": {"brier": [0-9.e-]*, "error": [0-9.e-]*, "bins": \[{"from": 0, '
has "$work/out" '"realised": {"log": {"logins": [0-9]*, "lowest": '
has "$work/err" 'deny_budget = 0.0001 needs about 30000 held-out logins to be held, there are 3[0-9]:'
[ "$(stat -c %a "$work/store/model.forest")" = 640 ] || fail "the model's mode"
status 0 "$trainer" model check "$work/store/model.forest"
status 0 "$trainer" model show "$work/store/model.forest" --json
has "$work/out" '"sound": true'
has "$work/out" '"summary": {"learner": "random forest"'
status 0 "$trainer" model show "$work/store/model.forest"
has "$work/out" '^random forest  average precision [01]'
has "$work/out" '^boosted trees  not tried'
has "$work/out" '^isolation  *[0-9][0-9]  *[01]\.[0-9]*  *[0-9.]* %'
has "$work/out" '^from 0.9 on'
status 0 run train --trees 10 --depth 5 --seed 3 --threads 1 --out "$work/again.forest"
has "$work/out" '^random forest: 1[0-9] later logins are too few to try boosted trees on, 300 are needed'
has "$work/out" '^probabilities: off by '
printf X | dd of="$work/again.forest" bs=1 seek=500 conv=notrunc 2>/dev/null
status 1 "$trainer" model check "$work/again.forest"

# Any table: the label is the sum's sign, spoiled in one row of ten.
awk 'BEGIN { srand(5); print "x,y,kind,label"; for (i = 0; i < 4000; i++) {
    x = rand() * 2 - 1; y = rand() * 2 - 1; attack = x + y > 0; if (i % 10 == 0) attack = !attack
    print (i % 17 ? x : "") "," y "," (i % 3 ? "red" : "blue") "," (attack ? "attack" : "normal") } }' \
    >"$work/table.csv"
for threads in 1 2; do
    status 0 "$trainer" table --train "$work/table.csv" --label label --model forest --trees 30 \
        --seed 2 --threads $threads --out "$work/scores.$threads" --json
    has "$work/out" '"rows": 4000, "columns": 3, "positive": "attack", "measured_on": "out_of_bag"'
    has "$work/out" '"auc": 0\.[89][0-9]*, "average_precision": 0\.[89][0-9]*, "logloss": 0\.'
    has "$work/out" '"fit_seconds": .*"score_rows_per_second": '
done
cmp "$work/scores.1" "$work/scores.2" || fail "scores differ with the number of threads"
[ "$(wc -l <"$work/scores.1")" = 4001 ] || fail "not one score for each row"
status 0 "$trainer" table --train "$work/table.csv" --label label --model forest \
    --test "$work/table.csv" --json
has "$work/out" '"measured_on": "test"'
status 1 "$trainer" table --train "$work/table.csv" --label colour --model forest
has "$work/err" 'no column "colour"'
for threads in 1 2; do
    status 0 "$trainer" table --train "$work/table.csv" --label label --model boosted --trees 20 \
        --test "$work/table.csv" --threads $threads --out "$work/boosted.$threads" --json
    has "$work/out" '"measured_on": "test", "auc": 0\.9[0-9]*'
done
cmp "$work/boosted.1" "$work/boosted.2" || fail "boosted scores differ with the number of threads"
status 2 "$trainer" table --train "$work/table.csv" --label label --model boosted
has "$work/err" 'test is needed'
status 2 "$trainer" table --train "$work/table.csv" --label label --model oracle
has "$work/err" 'oracle is not there'
status 2 "$trainer" table --train "$work/table.csv" --model forest
echo passed
