#!/usr/bin/env python3
"""A library exports exactly what it is meant to: FILE=name,name …"""
import subprocess
import sys

wrong = False
for pair in sys.argv[1:]:
    library, names = pair.split("=")
    listing = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True,
                             text=True, check=True).stdout
    exported = {line.split()[-1].split("@")[0] for line in listing.splitlines()
                if line.split()[-2] != "A"}
    expected = set(names.split(","))
    for name in sorted(exported - expected):
        print(f"{library} exports {name}, which is not meant")
    for name in sorted(expected - exported):
        print(f"{library} does not export {name}")
    wrong = wrong or exported != expected
sys.exit(wrong)
