#!/usr/bin/env python3
"""Who a prediction takes as exempt, and a name service that does not answer. In an arena."""

import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

# pylint: disable=wrong-import-position
from arena import Arena, run, wait_for
from rig import Dashboard, Promises, Session

STACK = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"
CONFIG = """model = builtin
deny_budget = 1
step_up_budget = 1
min_history = 0
exempt_groups = adm spared
"""
SILENT = Path("/etc/silent")


def people(arena):
    arena.pam_stack("pam_anomaly_dashboard", STACK)
    for name in ("pam_anomaly", "pam_anomaly_dashboard"):
        arena.add_user(name, system=True)
    for name in ("vera", "gina", "primus"):
        arena.add_user(name, password=f"secret of {name}")
    with open("/etc/group", "a", encoding="ascii") as groups:
        groups.write("pam_anomaly_viewers:x:30001:vera\nspared:x:30003:gina\n")
    run("usermod", "-g", "spared", "primus")
    with open("/etc/passwd", "a", encoding="ascii") as users:
        users.write("toor:x:0:0:another name of root:/root:/bin/sh\n")
    switch = Path("/etc/nsswitch.conf")
    others = [line for line in switch.read_text().splitlines() if not line.startswith("passwd:")]
    switch.write_text("\n".join(["passwd: slow files", *others]) + "\n")


class Asking:
    """A program with a token."""

    def __init__(self, service):
        self.service = service
        self.headers = {"Authorization": f"Bearer {service.token('asking')}"}

    def predict(self, user, **members):
        return self.service.request("POST", "/predict", {
            "user": user, "timestamp": "2026-03-20T03:05:11Z", "ip": "5.6.7.8", **members},
            headers=self.headers)

    def batch(self, *users):
        return self.service.request("POST", "/predict/batch", [
            {"user": user, "timestamp": "2026-03-20T03:05:11Z"} for user in users],
            headers=self.headers)

    def exempt(self, user, **members):
        return self.predict(user, **members).json["exempt"]


def rules(promises, service, asking):
    promises.section("by which rule")
    group = {"kind": "group", "subject": "spared", "until": None, "from": "configuration"}
    judged = asking.predict("gina")
    promises.check("a member of an exempt group", judged.status == 200 and judged.json["exempt"] == group
                   and judged.json["verdict"] == "log" and judged.json["rule"] == "exempt", judged)
    promises.equal("whose first group it is, too", asking.exempt("primus"), group)
    others = [asking.predict(user) for user in ("vera", "nobody-here")]
    promises.check("nobody else", all(answer.json["exempt"] is None and answer.json["verdict"] == "deny"
                                      for answer in others), others)
    toor = asking.predict("toor")
    promises.check("root by another name is not denied, as at a login", toor.json["verdict"] == "step-up"
                   and toor.json["rule"] == "root", toor)
    many = ["gina", "vera", *(f"user{number}" for number in range(500)), "gina", "primus"]
    answer = asking.batch(*many)
    promises.equal("in a batch each for himself", [one["exempt"] is not None for one in answer.json],
                   [user in ("gina", "primus") for user in many])
    service.run("anomalyctl", "allow", "vera", "--for", "1h")
    rule = asking.exempt("vera")
    promises.check("who anomalyctl let in, from the next question on", rule["kind"] == "user"
                   and rule["subject"] == "vera" and rule["until"] and rule["from"] == "command", rule)
    service.run("anomalyctl", "revoke", "vera")
    promises.equal("until that is taken back", asking.exempt("vera"), None)


def silence(promises, service, asking):
    promises.section("a name service that does not answer")
    vera = service.sign_in(user="vera", password="secret of vera")
    promises.check("vera is signed in", isinstance(vera, Session), vera)
    asking.predict("gina")  # remembered for a minute
    SILENT.touch()
    answers = []
    threads = [threading.Thread(target=lambda n=number: answers.append(asking.predict(f"late{n}")))
               for number in range(12)]
    for thread in threads:
        thread.start()
    os.kill(service.process.pid, signal.SIGHUP)  # what vera may do is looked at again
    promises.equal("holds up nobody else", service.get("/health").status, 200)
    promises.equal("nor predictions about those who are known", asking.predict("gina").status, 200)
    promises.equal("nor who is signed in", vera.get("/api/session").status, 200)
    for thread in threads:
        thread.join(120)
    promises.check("who is not known in time is not guessed", len(answers) == 12 and all(
        answer.status == 503 and answer.headers["Retry-After"] and "name service" in answer.sentence
        for answer in answers), answers[:3])
    late = service.sign_in(user="vera", password="secret of vera")
    promises.equal("a sign-in is given up", getattr(late, "status", 200), 503, late)
    SILENT.unlink()
    promises.check("afterwards all is well", wait_for(
        lambda: asking.predict("late0").status == 200, step=0.2) and wait_for(lambda: isinstance(
            service.sign_in(user="vera", password="secret of vera"), Session), step=0.2))


def main():
    with Arena.enter() as arena:
        promises = Promises("predictions")
        people(arena)
        service = Dashboard(history="", environment={
            "NSS_SLOW_WHILE": str(SILENT), "LD_LIBRARY_PATH": os.environ["PAM_ANOMALY_NSS"]})
        with open(service.config, "a", encoding="ascii") as config:
            config.write(CONFIG)
            config.write(f"exemptions = {service.root}/allowed\n")
        for path in (service.store, *service.store.iterdir()):
            run("chown", "pam_anomaly:pam_anomaly", path)
        with service:
            asking = Asking(service)
            rules(promises, service, asking)
            silence(promises, service, asking)
            promises.section("the end")
            SILENT.touch()
            thread = threading.Thread(target=asking.predict, args=("last",))
            thread.start()
            thread.join(2)
            promises.equal("it ends on SIGTERM even then", service.stop(), 0, service.log())
            SILENT.unlink()
            thread.join()
            promises.check("without a word of a sanitizer", "Sanitizer" not in service.log()
                           and "runtime error" not in service.log(), service.log())
        promises.finish()


if __name__ == "__main__":
    main()
