#!/usr/bin/env python3
"""Every command and option that --help knows stands in the program's manual page."""
import pathlib
import re
import subprocess
import sys


def help_of(program, *command):
    done = subprocess.run([program, *command, "--help"], capture_output=True, text=True)
    if done.returncode != 0 or not done.stdout:
        sys.exit(f"{program} {' '.join(command)} --help: status {done.returncode}, {done.stderr}")
    return done.stdout


def missing(program, page):
    text = page.read_text().replace("\\-", "-")
    top = help_of(program)
    commands = re.findall(r"^  ([a-z][a-z-]*)\b", top, re.M)
    for command in commands:
        if not re.search(rf"^\.(?:It (?:Xo )?)?Cm (?:.* )?{command}\b", text, re.M):
            yield f"{page.name} lacks the command {command}"
    for options in [top] + [help_of(program, command) for command in commands]:
        for option in re.findall(r"^  --([a-z-]+)", options, re.M):
            if not re.search(rf"(?:Fl -| , -|\| -){option}\b", text):
                yield f"{page.name} lacks the option --{option}"


found = []
for pair in sys.argv[1:]:
    program, page = pair.split("=")
    found += sorted(set(missing(program, pathlib.Path(page))))
print("\n".join(found))
sys.exit(bool(found))
