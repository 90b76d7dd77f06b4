#!/usr/bin/env python3
"""The CrowdSec parser takes verdict, answer and address of each sample that is a verdict, and nothing
of any other: its patterns are put in place of what they stand for, and searched for as grok does."""
import pathlib
import re
import sys

parser, samples = (pathlib.Path(path).read_text() for path in sys.argv[1:3])
# As in CrowdSec's grok patterns, as far as the samples need them.
PATTERNS = {"NOTSPACE": r"\S+", "WORD": r"\b\w+\b", "NUMBER": r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)",
            "IP": r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)"}
grok = re.search(r"PAM_ANOMALY_VERDICT: '(.*)'", parser).group(1)
grok = re.sub(r"%\{(\w+):(\w+)\}", lambda m: f"(?P<{m.group(2)}>{PATTERNS[m.group(1)]})", grok)
prefix = re.compile(r"\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ \S+?\[\d+\]: ")
FIELDS = (("verdict", "verdict"), ("answer", "answer"), ("rhost", "source_ip"), ("login", "login_id"))


def fields_of(message):
    """Of a verdict, None for another line: the module's own words come before the first quote."""
    words = message.split('"')[0].split()
    found = dict(word.split("=", 1) for word in words if "=" in word)
    return [found[name] for name, _ in FIELDS] if words[1].startswith("verdict=") else None


wrong, tried = [], 0
for line in samples.splitlines():
    if line.startswith("#"):
        continue
    message, prefixes = prefix.subn("", line, count=1)
    match = re.search(grok, message)
    tried += 1
    if prefixes != 1 or (match and [match.group(name) for _, name in FIELDS]) != fields_of(message):
        wrong.append(f"{match.groupdict() if match else 'not matched'}: {line}")
print("\n".join(wrong))
sys.exit(bool(wrong) or tried < 6)
