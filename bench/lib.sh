# What the benches share: a release build, a store owned by a service's user, stacks, anomalyd.
# Sourced by scripts that run inside tests/pam/in-private-machine.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BENCH_BUILD:-$top/build/release}
service_uid=990

# What is measured must be what is built.
bench_build() {
    [ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
    ninja -C "$build" pam_anomaly anomalyd login_process login_phases login_flood flood_check \
        make_store log_sink test_geo >/dev/null
}

# bench_machine_line: what the figures were measured on.
bench_machine_line() {
    printf '%s, %s cores, %s, Linux %s\n' "$(date -u +%Y-%m-%d)" "$(nproc)" \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" "$(uname -r)"
}

# bench_room: a directory that goes away with the script, in $room.
bench_room() {
    room=$(mktemp -d /tmp/pam_anomaly-bench-XXXXXX)
    chmod 0755 "$room"
    mkdir "$room/pam.d"
    trap bench_end EXIT
    started=()
}

bench_end() {
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$room"
}

bench_log() {
    "$build/bench/log_sink" >"$room/log_sink.out" &
    started+=($!)
    until [ -S /dev/log ]; do sleep 0.05; done
}

# bench_store NAME USERS LOGINS: a store under bench/stores of the build tree, made once.
bench_store() {
    local store=$build/bench/stores/$1
    if [ ! -f "$store/.complete" ]; then
        rm -rf "$store"
        mkdir -p "$store"
        chown $service_uid:$service_uid "$store"
        chmod 0750 "$store"
        if [ "$2" -gt 0 ]; then
            setpriv --reuid $service_uid --regid $service_uid --clear-groups \
                "$build/bench/make_store" "$store" "$2" "$3" >&2
        fi
        touch "$store/.complete"
    fi
    printf '%s\n' "$store"
}

# bench_config FILE STORE
bench_config() {
    printf 'store = %s\ngeo = %s\nexemptions = %s/exemptions\n' "$2" \
        "$build/tests/support/geo/city.mmdb $build/tests/support/geo/asn.mmdb" "$room" >"$1"
}

# bench_daemon CONFIG: anomalyd over that store, ready. Its pid in $daemon.
bench_daemon() {
    "$build/daemon/anomalyd" --config "$1" &
    daemon=$!
    started+=("$daemon")
    local store
    store=$(sed -n 's/^store = //p' "$1")
    for _ in $(seq 400); do
        [ -e "$store/store.db-shm" ] && return 0
        sleep 0.05
    done
    echo "anomalyd did not start" >&2
    return 1
}

# bench_stack NAME CONFIG: our module in auth and account.
bench_stack() {
    local module="$build/pam_module/pam_anomaly.so conf=$2"
    printf 'auth optional %s\nauth required pam_permit.so\naccount optional %s\naccount required pam_permit.so\n' \
        "$module" "$module" >"$room/pam.d/$1"
}
