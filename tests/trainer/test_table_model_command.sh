#!/bin/sh
# A model that anomaly-trainer table keeps, and what it makes of other tables: the same scores, whatever
# their columns' order; what is missing, unknown or damaged.
set -eu
trainer=$1
. "$(dirname "$0")/../support/command.sh"

score() { "$trainer" score --format table "$@"; }
sentence() { [ "$(wc -l <"$work/err")" = 1 ] || fail "not one sentence: $(cat "$work/err")"; }
# value KEY: a number of the last output's JSON.
value() { sed -n "s/.*\"$1\": \([-0-9.e]*\).*/\1/p" "$work/out"; }

# Connections: many bytes to a port that is rare, by a rare protocol, are attacks; one row of ten lies.
connections() {
    awk -v rows="$1" -v seed="$2" 'BEGIN { srand(seed); print "proto,port,bytes,empty,note,label"
        split("tcp udp", often, " ")
        for (i = 0; i < rows; i++) {
            attack = rand() < .1; lies = rand() < .1
            proto = attack && rand() < .7 ? "gre" : often[1 + int(rand() * 2)]
            port = attack ? 4000 + int(rand() * 1000) : (rand() < .5 ? 443 : 53)
            bytes = rand() < .05 ? "" : int(exp(rand() * 6 + (attack ? 6 : 0)))
            print proto "," port "," bytes ",,\"n " i % 7 "; x\"," (attack != lies ? "attack" : "benign") } }'
}
connections 3000 1 >"$work/train.csv"
connections 2000 2 >"$work/later.csv"

for model in forest boosted isolation logistic; do
    kept=$work/$model.model
    status 0 "$trainer" table --train "$work/train.csv" --label label --model $model --seed 3 \
        --test "$work/later.csv" --save "$kept" --out "$work/scores" --json
    auc=$(value auc) precision=$(value average_precision)
    # The kept model gives each row the score that the test gave it.
    status 0 score --model "$kept" "$work/later.csv"
    cp "$work/out" "$work/$model.csv"
    cut -d, -f2 "$work/$model.csv" | cmp - "$work/scores" || fail "$model: scores differ from --test's"
    [ "$(head -1 "$work/$model.csv")" = row,score,share_above,reasons ] || fail "$model: the header"
    awk -F, 'NR > 1 && ($1 != NR - 1 || $3 < 0 || $3 > 1) { exit 1 }' "$work/$model.csv" ||
        fail "$model: rows out of order, or shares that are none"
    status 0 score --model "$kept" "$work/later.csv" --out "$work/file" --json
    cmp "$work/file" "$work/$model.csv" || fail "$model: --out"
    [ "$(value auc)" = "$auc" ] || fail "$model: auc $(value auc), was $auc"
    [ "$(value average_precision)" = "$precision" ] || fail "$model: average precision"
    has "$work/out" '"rows": 2000, "outliers": [1-9]'
    has "$work/out" "\"learner\": \"$model\", \"trained_rows\": 3000"
    # Training rows lie where the file says: half of them at or above its median.
    status 0 "$trainer" table --train "$work/train.csv" --label label --model $model --seed 3 --save "$kept"
    status 0 "$trainer" model check "$kept"
    has "$work/out" 'is sound$'
    status 0 "$trainer" model show "$kept"
    has "$work/out" "^learner  *$model: "
    has "$work/out" '^label  *anomalies are those with label "attack"$'
    has "$work/out" '^proto  *words  *3$'
    has "$work/out" '^empty  *empty  *-$'
    status 0 "$trainer" model show "$kept" --json
    has "$work/out" "\"learner\": \"$model\".*\"rows\": 3000.*\"name\": \"bytes\", \"kind\": \"numbers\""
done
kept=$work/forest.model
has "$work/forest.csv" '^[0-9]*,0\.[0-9]*,0\.0[0-9]*,\(port=4\|bytes=\|proto=gre\)'
awk -F, 'NR > 1 && $3 > .02 && $2 < .5 && $4 != "" { exit 1 }' "$work/forest.csv" || fail "reasons for the usual"
awk -F, 'NR > 1 && $3 <= .02 && $4 == "" { exit 1 }' "$work/forest.csv" || fail "no reasons for outliers"

# Without a label: isolation alone.
cut -d, -f1-5 "$work/train.csv" >"$work/bare.csv"
status 0 "$trainer" table --train "$work/bare.csv" --model isolation --save "$work/bare.model"
has "$work/out" 'without a label there is nothing to measure'
status 0 "$trainer" table --train "$work/bare.csv" --model isolation --json
has "$work/out" '"positive": null, .*"auc": null'
status 0 "$trainer" model show "$work/bare.model"
has "$work/out" '^label  *none$'
status 0 score --model "$work/bare.model" "$work/later.csv" --out "$work/file" --json
has "$work/out" '"unknown_columns": \["label"\]'
has "$work/out" '"auc": null'

# The same from a pipe, from gzip, on one processor, with the columns in another order.
score --model "$kept" - <"$work/later.csv" | cmp - "$work/forest.csv" || fail "standard input"
gzip -c "$work/later.csv" >"$work/later.csv.gz"
score --model "$kept" "$work/later.csv.gz" | cmp - "$work/forest.csv" || fail "gzip"
taskset -c 0 "$trainer" score --format table --model "$kept" "$work/later.csv" | cmp - "$work/forest.csv" ||
    fail "one processor"
awk -F, '{ match($0, /"n.*x"/); note = NR == 1 ? "note" : substr($0, RSTART, RLENGTH)
    print $NF "," note "," $3 ",more," $2 "," $1 "," }' "$work/later.csv" |
    sed '1s/.*/label,note,bytes,more,port,proto,empty/' >"$work/turned.csv"
score --model "$kept" "$work/turned.csv" | cut -d, -f1-3 >"$work/turned"
cut -d, -f1-3 "$work/forest.csv" | cmp - "$work/turned" || fail "columns in another order"

# What is missing or unknown is said, and scored as missing.
cut -d, -f1,2 "$work/later.csv" >"$work/part.csv"
status 0 score --model "$kept" "$work/part.csv" --out "$work/file" --json
has "$work/out" '"missing_columns": \["bytes", "empty", "note"\], "unknown_columns": \[\]'
has "$work/err" "3 of the model's 5 columns are missing, the first is \"bytes\""
sentence
printf '%s\n' 'proto,port,bytes,empty,note,label' 'sctp,53,many,,,benign' 'tcp,53,inf,,x,odd' 'tcp,53' \
    'tcp,53,7,,,attack' >"$work/odd.csv"
status 0 score --model "$kept" "$work/odd.csv" --out "$work/file" --json
[ "$(wc -l <"$work/file")" = 5 ] || fail "not one row for each"
has "$work/file" '^3,,,"2 cells, the header has 6"$'
has "$work/out" '"unread_rows": 1, "unread": \[{"row": 3, "cells": 2}\], "unread_numbers": 2, "unknown_words": 2'
has "$work/out" '"labelled": 2'

# The highest scores with their cells: no terminal and no spreadsheet obeys these.
escape=$(printf '\033')
printf '%s\n' 'proto,port,bytes,empty,note,label' "gre,4711,-5,-,\"=cmd|x,!A0\",benign" \
    "gre,4711,90000,,a${escape}[2Jb,benign" 'tcp,53,9,,<b>,benign' >"$work/cells.csv"
status 0 score --model "$kept" "$work/cells.csv" --worst "$work/worst" --out "$work/file"
[ "$(head -1 "$work/worst")" = row,score,share_above,reasons,proto,port,bytes,empty,note,label ] || fail "the worst's header"
[ "$(wc -l <"$work/worst")" = 4 ] || fail "not all rows are among the worst"
has "$work/worst" ",gre,4711,-5,-,\"'=cmd|x,!A0\",benign$"
has "$work/worst" ',gre,4711,90000,,a?\[2Jb,benign$'
[ "$(tail -1 "$work/worst" | cut -d, -f1)" = 3 ] || fail "the usual row is not the last"
awk -F, 'NR > 2 && $2 > before { exit 1 } { before = $2 }' "$work/worst" || fail "the worst are not first"
awk 'BEGIN { print "proto,port,bytes"; for (i = 0; i < 5000; i++) print "tcp," (i * 7919) % 5003 "," i }' >"$work/many.csv"
status 0 score --model "$work/bare.model" "$work/many.csv" --worst "$work/worst" --out "$work/file"
tail -n +2 "$work/file" | sort -t, -k2,2gr -k1,1n | head -1000 | cut -d, -f1,2 >"$work/sorted"
tail -n +2 "$work/worst" | cut -d, -f1,2 | cmp - "$work/sorted" || fail "other rows than the worst"

# A column of more words than a model keeps.
awk 'BEGIN { print "id,label"; for (i = 0; i < 66000; i++) print "u" i "," i % 2 }' >"$work/ids.csv"
status 0 "$trainer" table --train "$work/ids.csv" --label label --model boosted --trees 2 --save "$work/ids.model"
has "$work/err" 'column "id" has more than 65536 different words'
sentence
status 0 "$trainer" model show "$work/ids.model"
has "$work/out" '^id  *words  *65536$'

# Mistakes.
while read -r why words; do
    code=0
    eval "score $words" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" != 0 ] || fail "$words is taken"
    sentence
    has "$work/err" "$(echo "$why" | tr _ ' ')"
done <<'END'
needs_--model_FILE "$work/later.csv"
cannot_open --model "$work/none.model" "$work/later.csv"
cannot_open --model "$kept" "$work/none.csv"
is_not_a_model_of_a_table --model "$work/train.csv" "$work/later.csv"
has_none_of_the_columns_that_the_model_learned_from:_proto,_port --model "$kept" "$work/ids.csv"
it_needs_a_header --model "$kept" /dev/null
is_to_be_read_and_written --model "$kept" "$work/later.csv" --out "$work/later.csv"
is_to_be_read_and_written --model "$kept" "$work/later.csv" --worst "$kept"
no_use_to_a_table --model "$kept" --year 2026 "$work/later.csv"
need_--out_FILE --model "$kept" --json "$work/later.csv"
END
printf 'proto,port,proto\ntcp,1,udp\n' >"$work/two.csv"
status 1 score --model "$kept" "$work/two.csv"
has "$work/err" 'has two columns "proto"'
status 2 "$trainer" score --format csv --worst "$work/worst" "$work/later.csv"
status 1 "$trainer" table --train "$work/train.csv" --label label --model forest --save "$work/train.csv"
has "$work/err" 'is to be read and written'
status 1 "$trainer" table --train "$work/train.csv" --label label --model forest --save /nowhere/model
sentence
# A damaged model, wherever the damage is; a model of logins.
size=$(wc -c <"$kept")
for at in 0 9 20 60 200 400 $((size / 2)) $((size - 1)); do
    cp "$kept" "$work/damaged.model"
    printf '\252' | dd of="$work/damaged.model" bs=1 seek="$at" conv=notrunc 2>/dev/null
    cmp -s "$kept" "$work/damaged.model" && continue
    status 1 score --model "$work/damaged.model" "$work/later.csv"
    sentence
    status 1 "$trainer" model check "$work/damaged.model"
    sentence
done
head -c 1000 "$kept" >"$work/short.model"
status 1 score --model "$work/short.model" "$work/later.csv"
sentence
status 1 "$trainer" score --format csv --model "$kept" "$work/later.csv"
has "$work/err" 'is not a model of pam_anomaly'
status 2 "$trainer" model show "$kept" --drift
echo passed
