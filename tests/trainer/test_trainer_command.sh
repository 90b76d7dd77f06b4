#!/bin/sh
# anomaly-trainer from outside: exit status, JSON, an import that can be repeated, a trained model.
set -eu
trainer=$1
data=$2
. "$(dirname "$0")/../support/command.sh"
mkdir -m 700 "$work/store"
printf 'geo = none\n' >"$work/conf"
chmod 600 "$work/conf"

run() { "$trainer" "$@" --config "$work/conf" --store "$work/store"; }

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
has "$work/err" 'taken for 2026 to 2027'
status 0 run import --format sshd - --year 2027 --utc --json <"$data/sshd_sample.log"
has "$work/out" '"duplicates": 11'

# A journal, a table through a pipe and a gzip file, each once; then what is no history.
printf '%s\n' '{"SYSLOG_IDENTIFIER":"sshd","__REALTIME_TIMESTAMP":"1790000000000000","MESSAGE":"Failed password for x from 1.2.3.4 port 5 ssh2"}' >"$work/journal"
printf 'time,user,colour\n1790000001,y,red\n1790000002,,red\n' >"$work/table"
gzip -c "$data/sshd_sample.log" >"$work/log.gz"
mkdir -m 700 "$work/store2"
for duplicates in 0 1; do
    status 0 "$trainer" import --format journal "$work/journal" --json --config "$work/conf" --store "$work/store2"
    has "$work/out" "\"failures\": 1,.*\"duplicates\": $duplicates,"
    status 0 "$trainer" import --format csv - --json --config "$work/conf" --store "$work/store2" <"$work/table"
    has "$work/out" "\"lines\": 2, \"logins\": 1,.*\"no_user\": 1,.*\"line\": 3,.*\"duplicates\": $duplicates,"
    has "$work/err" 'columns left out: colour'
    status 0 "$trainer" import --format sshd "$work/log.gz" --year 2027 --utc --config "$work/conf" --store "$work/store2"
    has "$work/out" "line 21, not in the format: this is no line of a log"
done
has "$work/out" '11 were in the store already'
status 2 run import --format syslog "$work/journal"
has "$work/err" 'known: sshd|journal|wtmp|csv|rba|cloud'
status 1 run import --format sshd "$work"
has "$work/err" 'Is a directory'
head -c 200 "$work/log.gz" >"$work/short.gz"
status 1 run import --format sshd "$work/short.gz"
has "$work/err" 'cut short'
[ "$(wc -l <"$work/err")" = 1 ] || fail "more than one sentence: $(cat "$work/err")"

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

# A model stays until another is no worse on the same logins: of two, one each way.
model=$work/store/model.forest
precisions() { # of the new one, of the old one
    sed 's/"candidates".*"held_out_logins"//; s/"alone".*"kept"/"kept"/' "$work/out" |
        grep -o '"average_precision": [^,]*' | sed 's/.*: //'
}
kept=
for trees in 1 10 1; do
    cp "$model" "$work/before"
    status 0 run train --trees "$trees" --depth "$((trees / 2 + 1))" --seed 3 --if-better --json
    has "$work/out" '"old": {"built_in": false, "auc": '
    has "$work/out" '"realised": {"log": {"logins": [0-9]*, "budget": 0.02, "lowest": '
    which=$(precisions | awk 'NR == 1 { new = $1 } NR == 2 { print(new >= $1 ? "new" : "old") }')
    has "$work/out" "\"kept\": \"$which\""
    same=0
    cmp -s "$model" "$work/before" && same=1
    case $which in
    old) [ $same = 1 ] || fail "the better model was replaced" ;;
    new) status 0 "$trainer" model check "$model" ;;
    *) fail "no average precision in $(cat "$work/out")" ;;
    esac
    kept="$kept $which"
done
case $kept in *old*new* | *new*old*) ;; *) fail "always kept:$kept" ;; esac
printf X | dd of="$model" bs=1 seek=500 conv=notrunc 2>/dev/null
status 0 run train --trees 10 --depth 5 --seed 3 --if-better --json
has "$work/out" '"kept": "new", "old": null'
has "$work/err" 'the old model is replaced whatever the new one is like'
status 0 "$trainer" model check "$model"
status 0 run train --trees 10 --depth 5 --seed 3 --if-better --out "$work/none.forest"
has "$work/out" '^kept the [a-z]* model: average precision [01][.0-9]* with the new one and [01][.0-9]* with the old one, which is built in, on [0-9]* held-out logins$'
# The caller's own file is read as the caller, whoever owns the store.
if [ "$(id -u)" = 0 ]; then
    cp -R "$work/store" "$work/others"
    chown -R nobody "$work/others"
    chmod 755 "$work"
    mkdir -m 700 "$work/private"
    cp "$model" "$work/private/model"
    status 0 "$trainer" train --trees 10 --depth 5 --seed 3 --if-better --config "$work/conf" \
        --store "$work/others" --out "$work/private/model"
    has "$work/out" '^kept the [a-z]* model: average precision'
    has_not "$work/err" 'the old model is replaced'
fi

# Nobody attacks a console: nothing tells two models apart, and no figure is made up.
{
    echo time,user
    awk 'BEGIN { for (i = 0; i < 400; i++) print 1790000000 + 20000 * i ",user" i % 5 }'
} >"$work/consoles"
mkdir -m 700 "$work/quiet"
quiet() { "$trainer" "$@" --config "$work/conf" --store "$work/quiet"; }
status 0 quiet import --format csv "$work/consoles"
status 0 quiet train --trees 10 --depth 5
has "$work/out" 'no attack, simulated or labelled'
has_not "$work/out" 'nan'
status 0 quiet train --trees 10 --depth 5 --if-better
has "$work/out" '^kept the new model: no attack among 120 held-out logins'
status 0 quiet model show "$work/quiet/model.forest"
has_not "$work/out" 'nan'

# Imported logins were never scored.
status 0 run model show "$model" --drift
has "$work/out" '^0 logins since .*, 0 of them scored by this model'
has "$work/out" 'too few to tell a change from chance: at least 200 are needed'
status 0 run model show "$model" --drift --json
has "$work/out" '"logins": 0, "scored_by_this_model": 0, "least_logins": 200, "enough": false, "features": \[\], "risk": null'
has "$work/out" '"log": {"budget": 0.02, "logins": 0, "share": null, "lowest": 0, "highest": 1, "reading": null'
status 2 run model check "$model" --drift
printf X | dd of="$work/again.forest" bs=1 seek=500 conv=notrunc 2>/dev/null
status 1 "$trainer" model check "$work/again.forest"
echo passed
