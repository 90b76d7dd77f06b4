#!/bin/sh
# anomaly-trainer table from outside: each learner on numbers and words, and what it refuses.
set -eu
trainer=$1
. "$(dirname "$0")/../support/command.sh"

# table MODEL [OPTION…]: on $file.
table() {
    model=$1
    shift
    "$trainer" table --train "$file" --label label --model "$model" --json "$@"
}
# at_least KEY LEAST: of the last output.
at_least() {
    awk -v least="$2" "{ if (!match(\$0, /\"$1\": [0-9.]+/)) exit 1
        value = substr(\$0, RSTART, RLENGTH); sub(/.* /, \"\", value); exit !(value >= least) }" \
        "$work/out" || fail "$1 is below $2: $(cat "$work/out")"
}

# The label is the sum's sign, spoiled in one row of ten.
file=$work/sums.csv
awk 'BEGIN { srand(5); print "x,y,kind,label"; for (i = 0; i < 4000; i++) {
    x = rand() * 2 - 1; y = rand() * 2 - 1; attack = x + y > 0; if (i % 10 == 0) attack = !attack
    print (i % 17 ? x : "") "," y "," (i % 3 ? "red" : "blue") "," (attack ? "attack" : "normal") } }' >"$file"
for model in forest boosted isolation logistic; do
    measured=train
    [ $model = forest ] && measured=out_of_bag
    for threads in 1 2; do
        status 0 table $model --seed 2 --threads $threads --out "$work/scores.$threads"
        has "$work/out" "\"rows\": 4000, \"columns\": 3, \"positive\": \"attack\", \"measured_on\": \"$measured\""
        has "$work/out" '"average_precision": 0\..*"logloss": .*"fit_seconds": .*"score_rows_per_second": '
        [ ! -s "$work/err" ] || fail "$model says $(cat "$work/err")"
    done
    cmp "$work/scores.1" "$work/scores.2" || fail "$model: scores differ with the number of threads"
    [ "$(wc -l <"$work/scores.1")" = 4001 ] || fail "$model: not one score for each row"
    status 0 table $model --test "$file" --out "$work/scores.test"
    has "$work/out" '"measured_on": "test"'
    "$trainer" table --train "$file" --label label --model $model >"$work/text"
    has "$work/text" '^4000 rows of 3 columns; anomalies are those with label "attack"$'
done
"$trainer" table --train "$file" --label label --model boosted --test "$file" >"$work/text"
has "$work/text" "^measured on 4000 rows of $file$"
while read -r model depth; do
    "$trainer" table --help | grep -q -- "--depth.* $depth .*$model" || fail "--help: $model's depth"
    status 0 table $model --out "$work/scores"
    status 0 table $model --depth "$depth" --out "$work/scores.depth"
    cmp "$work/scores" "$work/scores.depth" || fail "$model is usually not $depth deep"
done <<'END'
forest 12
boosted 6
END
status 0 table forest --trees 30 --depth 8 --leaf 3 --balanced
at_least auc .85
status 0 table isolation --trees 50
has "$work/out" '"logloss": null'
status 0 table logistic --penalty 0.5
at_least auc .85
has "$work/out" '"converged": true, "steps": [1-9]'
head -1 "$file" >"$work/one.csv"
grep attack "$file" >>"$work/one.csv"
status 0 table logistic --test "$work/one.csv"
has "$work/out" '"auc": null, "average_precision": null, "logloss": 0\.'

# Words alone tell the label: one of three frequent ones, and each of those that come once.
file=$work/words.csv
awk 'BEGIN { print "word,label"; for (i = 0; i < 3000; i++) {
    once = i % 50 == 7; print (once ? "once" i : "w" i % 3) "," (once || i % 3 == 1 ? 1 : 0) } }' >"$file"
status 0 table forest
at_least auc .99
status 0 table logistic
at_least auc .98
sed 's/,1$/,0/; s/^\(once.*\),0$/\1,1/' "$file" >"$work/rare.csv"
file=$work/rare.csv
status 0 table isolation
at_least auc .999
printf 'word,label\nw0,0\nw1,0\nw2,0\nnever_seen,1\n' >"$work/new.csv"
status 0 table isolation --test "$work/new.csv"
at_least auc 1
status 0 table logistic --test "$work/new.csv" # a word that was never learned is missing there

# x parts the labels without error: without a penalty there is no best coefficient.
file=$work/parted.csv
awk 'BEGIN { print "x,label"; for (i = 0; i < 40; i++) print i "," (i < 20 ? 0 : 1) }' >"$file"
status 1 table logistic --penalty 0
has "$work/err" 'penalty above 0'
status 0 table logistic
at_least auc 1

# What a learner does not use is refused, be it with the usual value.
while read -r model option; do
    status 2 table $model $option
    has "$work/err" "--model $model does not use ${option%% *}"
    [ "$(wc -l <"$work/err")" = 1 ] || fail "more than one sentence: $(cat "$work/err")"
done <<'END'
forest --penalty 1
boosted --leaf 3
isolation --depth 8
isolation --leaf 5
isolation --balanced
isolation --penalty 2
logistic --trees 100
logistic --depth 12
logistic --balanced
END
for penalty in -1 many nan inf 1x ''; do
    status 2 table logistic --penalty "$penalty"
    has "$work/err" 'a number of 0 or more'
done
status 1 "$trainer" table --train "$file" --label colour --model forest
has "$work/err" 'no column "colour" with the label$'
printf 'x;label\n1;0\n2;1\n' >"$work/semicolons.csv"
status 1 "$trainer" table --train "$work/semicolons.csv" --label label --model forest
has "$work/err" 'no column "label" with the label; commas must part its columns'
status 1 table forest --out /nowhere/scores
has "$work/err" 'cannot write /nowhere/scores'
status 2 table oracle
has "$work/err" 'oracle is not known'
status 2 "$trainer" table --train "$file" --model forest
has "$work/err" '--label must be given: --model forest learns from labels'
status 2 "$trainer" table --label label --model forest
has "$work/err" 'must be given'
printf 'x,label\n1,0\n2,1\nmany,1\n' >"$work/bad.csv"
status 1 table forest --test "$work/bad.csv"
has "$work/err" 'bad.csv line 4 column "x": "many" is not a number'
[ "$(wc -l <"$work/err")" = 1 ] || fail "more than one sentence: $(cat "$work/err")"
echo passed
