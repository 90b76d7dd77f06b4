#!/bin/sh
# anomaly-trainer replay from outside, over a simulated store: budgets, exemptions, --since, labels.
set -eu
trainer=$1
. "$(dirname "$0")/../support/command.sh"
mkdir -m 700 "$work/store"

# configure LINE…: the configuration of what follows.
configure() {
    printf '%s\n' "geo = none" "store = $work/store" "exemptions = $work/exemptions" "$@" >"$work/conf"
    chmod 600 "$work/conf"
}
replay() { "$trainer" replay --config "$work/conf" --utc "$@"; }
# number KEY: the first one of that name in what was printed.
number() { sed "s/.*\"$1\": \\([0-9]*\\).*/\\1/" "$work/first"; }
run_json() {
    status 0 replay --json "$@"
    sed 's/, "legitimate".*//' "$work/out" >"$work/first"
}

configure
"$trainer" simulate --users 30 --days 60 --seed 4 >"$work/past.csv"
"$trainer" import --format csv "$work/past.csv" --config "$work/conf" >"$work/out"
# since FROM: successful logins without an attack's label from then on.
since() { awk -F, -v from="$1" 'NR > 1 && $1 >= from && $14 == 1 && $18 != "attack"' "$work/past.csv" | wc -l; }
attacks() { awk -F, -v from="$1" 'NR > 1 && $1 >= from && $18 == "attack"' "$work/past.csv" | wc -l; }

run_json --since 2000-01-01
all=$(number logins)
[ "$all" = "$(since 2000)" ] || fail "$all logins, the file has $(since 2000)"
[ "$(number would_step_up)" -lt $((all / 5)) ] || fail "asked $(number would_step_up) of $all"
has "$work/out" "\"attacks\": {\"logins\": $(attacks 2000),"
has "$work/out" "\"replayed\": $(($(wc -l <"$work/past.csv") - 1)),"
run_json --since 2024-02-10
[ "$(number logins)" = "$(since 2024-02-10)" ] || fail "logins since February 10"
has "$work/out" '"since": "2024-02-10T00:00:00Z"'
run_json
[ "$(number logins)" = 0 ] || fail "logins of the last 30 days"

# A budget of 1 stops everybody, a budget of 0 nobody; root and newcomers are asked instead.
configure 'deny_budget = 1' 'min_history = 0' 'deny_root = yes'
run_json --since 2000-01-01
[ "$(number would_deny)" = "$all" ] || fail "deny_budget = 1 refuses $(number would_deny) of $all"
configure 'deny_budget = 1' 'step_up_budget = 1' 'min_history = 1000000'
run_json --since 2000-01-01
[ "$(number would_deny)" = 0 ] || fail "newcomers are refused"
[ "$(number would_step_up)" = "$all" ] || fail "newcomers are not asked"
configure 'deny_budget = 0' 'step_up_budget = 0'
run_json --since 2000-01-01
[ "$(number would_deny)$(number would_step_up)" = 00 ] || fail "budgets of 0 stop somebody"

# Those who are exempt are never stopped: by name, by network, for a time.
user=$(awk -F, 'NR > 1 && $14 == 1 && $2 != "root" { print $2; exit }' "$work/past.csv")
user_is_spared() {
    run_json --since 2000-01-01
    grep -q "\"user\": \"$user\", \"logins\": [1-9][0-9]*, \"would_log\": [1-9][0-9]*, \"would_step_up\": 0, \"would_deny\": 0}" "$work/out" ||
        fail "$1 is stopped"
    [ "$(number would_deny)" -gt 0 ] || fail "everybody is spared with $1"
}
configure 'deny_budget = 1' 'min_history = 0' "exempt_users = $user"
user_is_spared exempt_users
configure 'deny_budget = 1' 'min_history = 0'
printf 'user %s until 9999999999\n' "$user" >"$work/exemptions"
chmod 644 "$work/exemptions"
user_is_spared 'the exemptions file'
printf 'user %s until 1000000000\n' "$user" >"$work/exemptions"
run_json --since 2000-01-01
has "$work/out" "\"user\": \"$user\", \"logins\": [0-9]*, \"would_log\": 0, \"would_step_up\": 0, \"would_deny\": [1-9]"
rm "$work/exemptions"
configure 'deny_budget = 1' 'min_history = 0' 'deny_root = yes' 'exempt_networks = 0.0.0.0/0 ::/0'
run_json --since 2000-01-01
[ "$(number would_step_up)" = 0 ] || fail "exempt networks"

# Other budgets side by side, in text and JSON.
configure
status 0 replay --since 2000-01-01 --json --budget 0x,2x,deny=1+log=1/2
has "$work/out" '"name": "as configured", "log_budget": 0.02, "step_up_budget": 0.005, "deny_budget": 0.0001'
has "$work/out" '"name": "0x", "log_budget": 0, "step_up_budget": 0, "deny_budget": 0, "logins": [0-9]*, "would_log": 0, "would_step_up": 0, "would_deny": 0'
has "$work/out" '"name": "2x", "log_budget": 0.04, "step_up_budget": 0.01, "deny_budget": 0.0002'
has "$work/out" '"name": "deny=1+log=1/2", "log_budget": 0.5, "step_up_budget": 0.005, "deny_budget": 1'
status 0 replay --since 2000-01-01 --budget 2x
has "$work/out" '^mode = observe stops nobody'
has "$work/out" '^budgets  *as configured  *2x'
has "$work/out" '^labelled attacks  *[1-9]'
has "$work/out" '^time  *user  *from  *would be  *risk  *why'
awk '/^logins, the newest/ { on = 1; next } on && /^20/ { if (last != "" && $1 " " $2 > last) exit 1; last = $1 " " $2 } /^labelled attacks,/ { exit 0 }' "$work/out" ||
    fail "not the newest first"
status 0 replay --since 2000-01-01 --all
grep -q -- --all "$work/out" && fail "--all does not show all"

# The model: of the store, the built-in one, a file; mistakes.
status 2 replay --budget 2y
has "$work/err" 'write 0.5x for half'
status 2 replay --budget deny=2
status 2 replay --budget 1x,1x,1x,1x,1x,1x,1x,1x
has "$work/err" 'at most 7'
status 2 replay --worst 10
has "$work/err" 'needs --json'
status 2 replay --worst 0 --json
status 2 replay --since yesterday
has "$work/err" 'neither a duration'
status 1 replay --model "$work/none"
printf 'no model\n' >"$work/store/model.forest"
chmod 640 "$work/store/model.forest"
status 1 replay
has "$work/err" 'model.forest'
configure 'model = builtin'
status 0 replay --since 2000-01-01
status 1 replay --store "$work/none"
[ "$(wc -l <"$work/err")" = 1 ] || fail "more than one sentence: $(cat "$work/err")"
echo passed
