#!/bin/bash
# import.sh [LINES]: histories of so many lines (two million) in each format into an empty store, on
# one core: lines a second read, and read and stored; the most memory.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/lib.sh"

lines=${1:-2000000}
[ -f "$build/build.ninja" ] || (cd "$top" && cmake --preset release >/dev/null)
ninja -C "$build" anomaly-trainer make_history read_history >/dev/null
bench_room
printf 'geo = none\n' >"$room/conf"
chmod 0600 "$room/conf"

# import_once FORMAT FILE: "LINES_A_SECOND PEAK_MB DATABASE_MB".
import_once() {
    rm -rf "$room/store"
    mkdir -m 0700 "$room/store"
    /usr/bin/python3 -B - "$build/trainer/anomaly-trainer" "$1" "$2" "$room" <<'PYTHON'
import json, os, resource, subprocess, sys
program, kind, path, room = sys.argv[1:]
done = subprocess.run(
    ["taskset", "-c", "0", program, "import", "--format", kind, path, "--utc", "--json",
     "--config", room + "/conf", "--store", room + "/store"],
    check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
said = json.loads(done.stdout)
if said["skipped"] == said["lines"] or said["unread"]:
    sys.exit(f"not read: {said}")
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
size = os.path.getsize(room + "/store/store.db") / 2**20
print(f"{said['lines'] / said['seconds']:.0f} {peak:.0f} {size:.0f} {said['logins'] + said['failures']}")
PYTHON
}

bench_machine_line
printf '%-8s %9s %9s %10s %10s %9s %9s\n' format lines logins read/s stored/s 'peak MB' 'store MB'
for format in sshd sshd.gz journal wtmp csv rba cloud; do
    kind=${format%.gz}
    file=$room/history
    if [ "$format" = sshd.gz ]; then
        "$build/bench/make_history" "$kind" "$lines" | gzip -6 >"$file"
    else
        "$build/bench/make_history" "$kind" "$lines" >"$file"
    fi
    cat "$file" >/dev/null # from memory, not from the disk
    read=$(taskset -c 0 "$build/bench/read_history" "$kind" "$file")
    read -r stored peak size logins < <(import_once "$kind" "$file")
    printf '%-8s %9d %9d %10d %10d %9d %9d\n' "$format" "$lines" "$logins" "$read" "$stored" \
        "$peak" "$size"
done
