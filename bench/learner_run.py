#!/usr/bin/env python3
"""Runs a command that prints one JSON object; prints the same with its peak memory."""
import json
import resource
import subprocess
import sys

done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
if done.returncode != 0:
    sys.exit(done.stderr)
found = json.loads(done.stdout)
found["peak_kb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps(found))
