#!/usr/bin/env python3
"""The rooms include each other in one direction only, and the scorer does no I/O."""
import pathlib
import re
import sys

ROOMS = {
    "common": {"common"},
    "scorer": {"common", "scorer"},
    "store": {"common", "scorer", "store"},
    "check": {"common", "scorer", "store", "check"},
    "pam_module": {"common", "scorer", "store", "check", "pam_module"},
    "daemon": {"common", "scorer", "store", "check", "daemon"},
    "dashboard": {"common", "scorer", "store", "check", "dashboard"},
    "trainer": {"common", "scorer", "store", "trainer"},
    "ctl": {"common", "scorer", "store", "ctl"},
}
# What the scorer may have of libc: no files, no clock, no processes, no sockets.
SCORER_SYSTEM = {
    "assert.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h",
    "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
}
# stdio.h is there for snprintf alone; stdlib.h for memory and sorting.
SCORER_FORBIDDEN = re.compile(
    r"\b(FILE|fopen|fdopen|printf|fprintf|puts|fputs|fread|fwrite|getenv|rand|srand|random|time|"
    r"gettimeofday|clock_gettime|localtime|localtime_r|exit|abort|system)\s*[(*]")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", re.S)


def faults(root):
    for room, allowed in ROOMS.items():
        sources = sorted(p for p in (root / room).rglob("*") if p.suffix in (".c", ".h", ".def"))
        if not sources:
            yield f"{room}: no sources found"
        for source in sources:
            text = source.read_text()
            for bracket, name in INCLUDE.findall(text):
                first = name.split("/")[0]
                if bracket == '"' and "/" not in name:
                    yield f"{source}: \"{name}\" is not written from the top (\"{room}/{name}\")"
                elif bracket == '"' and first not in allowed:
                    yield f"{source}: {room} must not include {name}"
                elif bracket == "<" and room == "scorer" and name not in SCORER_SYSTEM:
                    yield f"{source}: the scorer must not include <{name}>"
            if room == "scorer":
                for match in SCORER_FORBIDDEN.finditer(COMMENT.sub("", text)):
                    yield f"{source}: the scorer must not use {match.group(1)}"


found = list(faults(pathlib.Path(sys.argv[1])))
print("\n".join(found))
sys.exit(bool(found))
