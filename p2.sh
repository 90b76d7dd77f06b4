#!/bin/bash
set -euo pipefail
here=/tmp/mod/bench
if [ "${1:-}" != --inside ]; then exec /tmp/mod/tests/pam/in-private-machine /tmp/mod/prof.sh --inside "$@"; fi
shift
. $here/lib.sh
bench_build; bench_room; bench_log
permit='auth required pam_permit.so\naccount required pam_permit.so\n'
printf "$permit" >"$room/pam.d/pam_permit"; printf "$permit" >"$room/pam.d/other"
bench_config "$room/c.conf" "$(bench_store 100k 100000 1000000)"
bench_stack anomaly "$room/c.conf"
bench_daemon "$room/c.conf"
export BENCH_USERS=100000 build room
"$@"
