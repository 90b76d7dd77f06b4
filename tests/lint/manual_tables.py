#!/usr/bin/env python3
"""Every option with its default, every fault and every feature stands in the manual."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
pages = {pathlib.Path(p).name: pathlib.Path(p).read_text() for p in sys.argv[2:]}
STRING = r'"((?:[^"\\]|\\.)*)"'


def rows(path, pattern):
    found = re.findall(pattern, (root / path).read_text(), re.M)
    if not found:
        sys.exit(f"{path}: no rows found")
    return found


def missing():
    page = pages["pam_anomaly.conf.5"]
    for name, initial in rows("common/config_options.def",
                              r"^OPTION\(\s*\w+\s*,\s*(\w+)\s*,\s*" + STRING):
        entry = re.search(rf"^\.It Cm {name} .*?(?=^\.It |^\.El)", page, re.M | re.S)
        if not entry:
            yield f"pam_anomaly.conf(5) lacks the option {name}"
        elif f"Default: {initial or 'empty.'}" not in entry.group(0).replace("\\&", ""):
            yield f"pam_anomaly.conf(5) lacks the default of {name}: {initial}"
    for _, name in rows("common/fault.def", r"^FAULT\((\w+),\s*" + STRING):
        if f".It Cm {name}\n" not in page:
            yield f"pam_anomaly.conf(5) lacks the fault {name}"
    page = pages["pam_anomaly.alerts.5"]
    for name, initial in rows("store/alert_keys.def",
                              r"^ALERT_(?:RULE|CHANNEL)_KEY\(\s*\w+\s*,\s*(\w+)\s*,\s*" + STRING):
        entry = re.search(rf"^\.It Cm {name} .*?(?=^\.It |^\.El)", page, re.M | re.S)
        if not entry:
            yield f"pam_anomaly.alerts(5) lacks the key {name}"
        elif f"Default: {initial or 'empty.'}" not in entry.group(0).replace("\\&", ""):
            yield f"pam_anomaly.alerts(5) lacks the default of {name}: {initial}"
    page = pages["pam_anomaly.8"]
    for name in rows("scorer/features.def", r"^FEATURE\(\s*\w+\s*,\s*\"\w+\"\s*,\s*" + STRING):
        if not re.search(rf"^\.It Cm {re.escape(name)} ", page, re.M):
            yield f"pam_anomaly(8) lacks the feature {name}"
    for kind, name in rows("check/audit_fields.def", r"^AUDIT_FIELD\((\w+),\s*" + STRING):
        if not re.search(rf"^\.It Cm .*\b{name}\b", page, re.M):
            yield f"pam_anomaly(8) lacks the audit field {name}"
    for name in rows("common/module_args.h", r"^\s*MODULE_ARG\((\w+),"):
        if not re.search(rf"^\.It Cm {name}\b", page, re.M):
            yield f"pam_anomaly(8) lacks the argument {name}"


found = list(missing())
print("\n".join(found))
sys.exit(bool(found))
