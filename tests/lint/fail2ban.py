#!/usr/bin/env python3
"""The fail2ban filter finds the samples that it should, with their address, and no others.

fail2ban itself judges where it is installed; otherwise its two macros are put in place of what they
stand for, and the expression is tried as it is."""
import json
import pathlib
import re
import sys

directory = pathlib.Path(sys.argv[1])
text = (directory / "pam_anomaly.conf").read_text()
expression = re.search(r"^failregex = (.*)$", text, re.M).group(1)
# As in fail2ban's common.conf and server/failregex.py, for lines with a syslog prefix.
prefix = r"\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ \S+\[\d+\]: "
address = r"(?P<host>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)"
pattern = re.compile(expression.replace("%(__prefix_line)s", prefix).replace("<ADDR>", address))

wrong, tried, expected = [], 0, None
for line in (directory / "samples.log").read_text().splitlines():
    if line.startswith("# failJSON:"):
        expected = json.loads(line.split(":", 1)[1])
        continue
    match = pattern.match(line)
    tried += 1
    if bool(match) != expected["match"] or match and match.group("host") != expected["host"]:
        wrong.append(f"{'matched' if match else 'not matched'}: {line}")
print("\n".join(wrong))
sys.exit(bool(wrong) or tried < 4)
