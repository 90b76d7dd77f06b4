#!/bin/sh
# anomaly-trainer score from outside: rows in the file's order, whatever their times; quoting; what
# goes wrong.
set -eu
trainer=$1
. "$(dirname "$0")/../support/command.sh"
printf 'geo = none\nmin_history = 3\n' >"$work/conf"
chmod 600 "$work/conf"

score() { "$trainer" score --config "$work/conf" --utc "$@"; }
sentence() { [ "$(wc -l <"$work/err")" = 1 ] || fail "not one sentence: $(cat "$work/err")"; }

"$trainer" simulate --users 30 --days 40 --seed 4 >"$work/past.csv"
rows=$(($(wc -l <"$work/past.csv") - 1))
status 0 score --format csv "$work/past.csv"
cp "$work/out" "$work/scores"
[ "$(head -1 "$work/scores")" = time,user,ip,risk,verdict,reasons ] || fail "the header"
cut -d, -f1,2,5 "$work/past.csv" | tail -n +2 >"$work/told"
cut -d, -f1-3 "$work/scores" | tail -n +2 | cmp - "$work/told" || fail "not the file's rows in its order"
[ -s "$work/err" ] && fail "notes on a sound file: $(cat "$work/err")"
# Reasons from the log threshold on, quoted for their commas.
grep -q ',allow,.' "$work/scores" && fail "reasons for what is allowed"
has "$work/scores" ',log,"[a-z]'
awk -F, 'NR > 1 && ($4 < 0 || $4 > 1) { exit 1 }' "$work/scores" || fail "a risk that is none"

# The same from a pipe, from gzip, with a byte order mark, on one processor.
score --format csv - <"$work/past.csv" | cmp - "$work/scores" || fail "standard input"
gzip -c "$work/past.csv" >"$work/past.csv.gz"
score --format csv "$work/past.csv.gz" | cmp - "$work/scores" || fail "gzip"
{ printf '\357\273\277'; cat "$work/past.csv"; } | score --format csv - | cmp - "$work/scores" ||
    fail "a byte order mark"
taskset -c 0 "$trainer" score --config "$work/conf" --utc --format csv "$work/past.csv" |
    cmp - "$work/scores" || fail "one processor"

# Rows that stand in another order within the window: each row's score stays its own.
{ head -1 "$work/past.csv"; tail -n +2 "$work/past.csv" | tac; } >"$work/backwards.csv"
if [ "$rows" -lt 8000 ]; then
    score --format csv "$work/backwards.csv" >"$work/backwards"
    { head -1 "$work/backwards"; tail -n +2 "$work/backwards" | tac; } | cmp - "$work/scores" ||
        fail "rows out of order"
fi
# Beyond it, the file says how many were too late.
{
    head -1 "$work/past.csv"
    tail -n +2 "$work/past.csv" | tail -n 20
    for copy in 1 2 3 4 5 6 7 8; do tail -n +2 "$work/past.csv"; done
} | status 0 score --format csv -
has "$work/err" 'out of the order of time'

# Totals, for people and for programs; --json needs another place for the scores.
status 0 score --format csv "$work/past.csv" --out "$work/file"
cmp "$work/file" "$work/scores" || fail "--out"
has "$work/out" "^$rows logins scored with built-in in "
status 0 score --format csv "$work/past.csv" --out "$work/file" --json
has "$work/out" "\"rows\": $rows, \"verdicts\": {\"allow\": [0-9]*, \"log\": [0-9]*, \"step-up\": "
status 2 score --format csv "$work/past.csv" --json
has "$work/err" 'need --out FILE'
status 1 score --format csv "$work/past.csv" --out "$work/missing/file"
sentence

# Budgets rule the verdicts.
printf 'geo = none\ndeny_budget = 1\nmin_history = 0\ndeny_root = yes\n' >"$work/strict"
printf 'geo = none\ndeny_budget = 0\nstep_up_budget = 0\nlog_budget = 0\n' >"$work/lenient"
chmod 600 "$work/strict" "$work/lenient"
"$trainer" score --config "$work/strict" --format csv "$work/past.csv" | tail -n +2 |
    grep -vc ',deny,' | grep -qx 0 || fail "deny_budget = 1 lets somebody in"
"$trainer" score --config "$work/lenient" --format csv "$work/past.csv" | tail -n +2 |
    grep -vc ',allow,$' | grep -qx 0 || fail "budgets of 0 stop somebody"

# The other formats, quoting, rows that cannot be read.
printf '%s\n' 'time,user,ip,success' '1790000000,"Doe, ""Jo""",192.0.2.1,1' '1790000001,,192.0.2.1,1' \
    '1790000002,x,,0' >"$work/odd.csv"
status 0 score --format csv "$work/odd.csv"
has "$work/out" '^2026-09-21T14:13:20.000000Z,"Doe, ""Jo""",192.0.2.1,0'
has "$work/out" '^2026-09-21T14:13:22.000000Z,x,,0'
[ "$(wc -l <"$work/out")" = 3 ] || fail "rows that were left out"
has "$work/err" '1 lines were left out: without a user'
has "$work/err" 'line 3'
# A name is its chooser's: no terminal and no spreadsheet obeys it; a number stays one.
escape=$(printf '\033')
printf '%s\n' "time,user,ip,success,${escape}[2Jmore" '1790000000,=cmd|x!A0,192.0.2.1,1,' \
    '1790000001,-1+1,192.0.2.1,1,' '1790000002,-4324475583306591935,192.0.2.1,1,' \
    "1790000003,a${escape}]0;b,192.0.2.1,1," '1790000004,Jörg,192.0.2.1,1,' \
    '1790000005,@x,192.0.2.1,1,' >"$work/names.csv"
status 0 score --format csv "$work/names.csv"
tail -n +2 "$work/out" | cut -d, -f2 | tr '\n' ' ' >"$work/names"
[ "$(cat "$work/names")" = "'=cmd|x!A0 '-1+1 -4324475583306591935 a?]0;b Jörg '@x " ] ||
    fail "names: $(cat "$work/names")"
has_not "$work/err" "$escape"
has "$work/err" 'columns left out: ?\[2Jmore'
printf '%s\n' 'user_id,timestamp,ip_address,geo_location,device_id,login_hour,is_new_device,bytes_in,bytes_out,success,is_anomaly' \
    'u1,2026-03-01T08:00:00Z,93.184.216.34,DE,d1,8,0,100,200,1,0' >"$work/cloud.csv"
status 0 score --format cloud "$work/cloud.csv"
has "$work/out" '^2026-03-01T08:00:00.000000Z,u1,93.184.216.34,0'
printf '%s\n' 'Mar  1 08:00:00 gate sshd[7]: Failed password for amy from 93.184.216.34 port 5 ssh2' >"$work/log"
status 0 score --format sshd --year 2026 "$work/log"
has "$work/out" '^2026-03-01T08:00:00.000000Z,amy,93.184.216.34,0'

# Mistakes.
status 2 score "$work/past.csv"
has "$work/err" '--format is missing'
status 2 score --format syslog "$work/past.csv"
has "$work/err" 'known: sshd'
status 1 score --format rba "$work/past.csv"
has "$work/err" 'so it is not of this format'
status 1 score --format csv "$work/none.csv"
sentence
status 1 score --format csv "$work/past.csv" --model "$work/none.model"
sentence
head -c 5000 "$work/past.csv" >"$work/false.model"
status 1 score --format csv "$work/past.csv" --model "$work/false.model"
sentence
cp "$work/past.csv" "$work/twice.csv"
ln -s twice.csv "$work/link.csv"
status 1 score --format csv "$work/twice.csv" --out "$work/link.csv"
sentence
has "$work/err" 'is to be read and written'
cmp "$work/twice.csv" "$work/past.csv" || fail "the history was emptied"
status 1 score --format csv "$work/past.csv" --config "$work/none.conf"
sentence
if [ -w /dev/full ]; then
    code=0
    score --format csv "$work/past.csv" >/dev/full 2>"$work/err" || code=$?
    [ "$code" = 1 ] || fail "a full disk is not noticed"
    sentence
fi
echo passed
