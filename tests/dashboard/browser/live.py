#!/usr/bin/env python3
"""live.test.mjs in an arena: a real sshd with the module in its stack, anomalyd, the dashboard and a browser.

The tests ask for logins, trainings and what is stored by POST / on DOOR, {"do": NAME, ...}.
"""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
sys.path.append(str(SOURCE / "tests/sshd"))

# pylint: disable=wrong-import-position
from scene import HOME_V4, PASSWORD, Arena, Scene, SshServer, wait_for

DOOR, HOOK = 8081, 8082  # the network in here is the arena's own
ANALYST = ("anna", "secret of anna")
SECRET = "0123456789abcdef0123456789abcdef"
RULES = f"""[rule denied]
verdict = deny
source = 9.9.9.0/24
group_by = source
wait = 0s
channels = hook

[channel hook]
kind = webhook
url = http://127.0.0.1:{HOOK}/alerts
secret_file = """


class Stage:
    """What the tests may ask for: the methods do_NAME, whose answers are JSON."""

    def __init__(self, arena):
        self.scene = Scene(arena, [(name, HOME_V4, "password") for name in ("sid", "rosa", "ines")])
        self.product = self.scene.product
        self.server = SshServer(arena, "sshd-plain")
        self._be_an_analyst(arena)
        self._write_rules()
        self.product.reconfigure(alerts=self.product.root / "alerts", drain_interval="50ms")
        self.product.stop_daemon()
        self.product.start_daemon()
        self.dashboard = self.product.start_dashboard()

    @staticmethod
    def _be_an_analyst(arena):
        name, password = ANALYST
        arena.add_user("pam_anomaly_dashboard", system=True)
        arena.add_user(name, password)
        arena.add_group("pam_anomaly_analysts", [name])
        arena.pam_stack("pam_anomaly_dashboard",
                        (SOURCE / "packaging/pam.d/pam_anomaly_dashboard").read_text())

    def _write_rules(self):
        secret = self.product.root / "webhook"
        secret.write_text(SECRET + "\n")
        secret.chmod(0o600)
        os.chown(secret, self.product.owner, self.product.owner)
        rules = self.product.root / "alerts"
        rules.write_text(f"{RULES}{secret}\n")
        rules.chmod(0o644)

    def do_login(self, user, source, verdict):
        """One login by password under the configuration for that verdict: its id, when it began."""
        mark = self.scene.begin(verdict)
        began = time.time()
        login = self.scene.client.login(self.server, user, source=source, passwords=[PASSWORD])
        return {"id": self.scene.audits(mark, user)[0]["login"], "ok": login.ok, "began_ms": 1000 * began}

    def do_show(self, login):
        return self.scene.stored(login)

    def do_learned(self, user):
        return self.scene.learned(user)

    def do_train(self):
        """A model to nowhere; how it came about."""
        return self.product.json("anomaly-trainer", "train", "--trees", "5", "--out",
                                 self.product.root / "tried.forest", timeout=240)


class Door(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # pylint: disable=invalid-name
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            status, answer = 200, getattr(self.server.stage, "do_" + asked.pop("do"))(**asked)
        except Exception as error:  # pylint: disable=broad-exception-caught
            status, answer = 500, repr(error)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    with Arena.enter() as arena:
        stage = Stage(arena)
        door = http.server.ThreadingHTTPServer(("127.0.0.1", DOOR), Door)
        door.stage = stage
        threading.Thread(target=door.serve_forever, daemon=True).start()
        user, password = ANALYST
        done = subprocess.run([os.environ["PAM_ANOMALY_NODE"], "--test", *sys.argv[1:]], check=False, env={
            **os.environ, "PHOTOGRAPHS": os.environ["PAM_ANOMALY_PHOTOGRAPHS"], "DOOR": f"http://127.0.0.1:{DOOR}",
            "HOOK": str(HOOK), "DASHBOARD": f"http://127.0.0.1:{stage.dashboard.port}", "ANALYST": user,
            "PASSWORD": password})
        if done.returncode != 0:
            print(f"anomalyd: {stage.product.daemon_log()}\nanomaly-dashboard: {stage.dashboard.log()}")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
