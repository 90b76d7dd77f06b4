#!/usr/bin/env python3
"""GET /metrics: promtool finds nothing to complain of, and the figures are the store's."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from rig import Dashboard, Promises

SOURCE = Path(__file__).resolve().parents[2]


def promtool():
    """The system's, or the one that tests/support/fetch-promtool unpacked."""
    unpacked = SOURCE / "build/promtool/usr/bin/promtool"
    found = shutil.which("promtool") or (str(unpacked) if unpacked.exists() else None)
    if found is None:
        print("no promtool: run tests/support/fetch-promtool first, as ./run-tests does")
        sys.exit(77)
    return found


def value(text, name):
    return float(re.search(rf"^pam_anomaly_{re.escape(name)} (\S+)$", text, re.M).group(1))


def main():
    tool = promtool()
    promises = Promises("figures for Prometheus")
    with Dashboard() as service:
        headers = {"Authorization": f"Bearer {service.token('prometheus')}"}
        promises.equal("nobody's without a token", service.get("/metrics").status, 401)
        service.request("POST", "/predict", {"user": "alice", "time": 1}, headers)
        answer = service.get("/metrics", headers=headers)
        text = answer.body.decode()
        done = subprocess.run([tool, "check", "metrics"], input=text, text=True,
                              capture_output=True, timeout=60, check=False)
        promises.equal("promtool has no complaint", (done.returncode, done.stdout + done.stderr),
                       (0, ""))
        status = json.loads(service.run("anomalyctl", "status", "--json").stdout)
        promises.equal("the store's logins", value(text, "logins"), status["logins"])
        promises.equal("a prediction is counted", value(text, "predictions_total"), 1)
        promises.equal("so is the refusal", value(text, 'http_answers_total{class="4xx"}'), 1)
    promises.finish()


if __name__ == "__main__":
    main()
