#!/usr/bin/env python3
"""The fail2ban filter finds the samples that it should, with their address, and no others: its two
macros are put in place of what they stand for, and the expression is tried as it is."""
import json
import pathlib
import re
import sys

directory = pathlib.Path(sys.argv[1])
text = (directory / "pam_anomaly.conf").read_text()
expression = re.search(r"^failregex = (.*)$", text, re.M).group(1)
# As in fail2ban's common.conf and server/failregex.py, where each part of the prefix may be missing;
# the time is taken off before.
daemon = r"[\[\(]?\S+(?:\(\S+\))?[\]\)]?:?"
prefix = rf"\s*(?:\S+\s+)?(?:kernel:\s?\[ *\d+\.\d+\]:?\s+)?(?:@vserver_\S+\s+)?" \
         rf"(?:(?:(?:\[\d+\])?:\s+{daemon}|{daemon}(?:\[\d+\])?:?)\s+)?"
time = re.compile(r"\w{3} [ \d]\d \d\d:\d\d:\d\d ")
address = r"(?P<host>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)"
pattern = re.compile(expression.replace("%(__prefix_line)s", prefix).replace("<ADDR>", address))

wrong, tried, expected = [], 0, None
for line in (directory / "samples.log").read_text().splitlines():
    if line.startswith("# failJSON:"):
        expected = json.loads(line.split(":", 1)[1])
        continue
    if line.startswith("#"):
        continue
    match = pattern.match(time.sub("", line, count=1))
    tried += 1
    if bool(match) != expected["match"] or match and match.group("host") != expected["host"]:
        wrong.append(f"{'matched' if match else 'not matched'}: {line}")
print("\n".join(wrong))
sys.exit(bool(wrong) or tried < 4)
