#!/usr/bin/env python3
"""Runs a command that prints one JSON object; prints the same with its peak memory, unless the
command counted that itself, and with how many processors others kept busy meanwhile."""
import json
import os
import resource
import subprocess
import sys
import time


def busy_seconds():
    """Of all processors together since the machine started, time stolen by its host included."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(
        int, open("/proc/stat").readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


start, busy = time.monotonic(), busy_seconds()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds, busy = time.monotonic() - start, busy_seconds() - busy
if done.returncode != 0:
    sys.exit(done.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
found = json.loads(done.stdout)
found.setdefault("peak_kb", used.ru_maxrss)
found["others"] = max(0, busy - used.ru_utime - used.ru_stime) / seconds
print(json.dumps(found))
