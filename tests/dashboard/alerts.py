#!/usr/bin/env python3
"""Alerts from end to end: a label raises one, anomalyd sends it, the dashboard shows it and tries channels."""

import contextlib
import hashlib
import hmac
import http.server
import json
import subprocess
import threading

import jsonschema

from listing import Reader, check_list_export
from rig import PATIENCE_S, Dashboard, Promises, Session, die_with_parent, wait_for

SECRET = "a secret of more than sixteen bytes"
PATH = "/services/T0/s3cret-path"


class Receiver(http.server.ThreadingHTTPServer):
    """Takes what a webhook posts, and answers what `status` says."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.posts = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of_kind(self, kind):
        return [post for post in self.posts if post["body"]["kind"] == kind]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = hmac.new(SECRET.encode(), self.headers["X-Anomaly-Timestamp"].encode() + b"." + body,
                          hashlib.sha256).hexdigest()
        self.server.posts.append({
            "path": self.path, "body": json.loads(body), "delivery": self.headers["X-Anomaly-Delivery"],
            "signed": self.headers["X-Anomaly-Signature"] == "sha256=" + signed})
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def anomalyd(service):
    with open(service.root / "anomalyd.log", "wb") as log:
        process = subprocess.Popen([service.program("anomalyd"), "--config", service.config],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   preexec_fn=die_with_parent)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def configure(service, receiver):
    secret = service.root / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    (service.root / "alerts").write_text(
        "[rule told]\nlabel = attack\ngroup_by = user\nwait = 0s\nquiet = 1h\nchannels = soc\n"
        f"[channel soc]\nkind = webhook\nurl = http://127.0.0.1:{receiver.server_port}{PATH}\n"
        f"secret_file = {secret}\nattempts = 2\npause = 50ms\ntimeout = 1min\n")
    with open(service.config, "a", encoding="ascii") as config:
        config.write(f"alerts = {service.root / 'alerts'}\nkeep_logins = 36500d\nkeep_failures = 36500d\n")


def fits(promises, service, name, answer):
    document = service.get("/openapi.json").json
    schema = {**document["components"]["schemas"][name], "components": document["components"]}
    try:
        jsonschema.Draft202012Validator(schema).validate(answer.json)
        trouble = None
    except jsonschema.ValidationError as found:
        trouble = found
    promises.check(f"{name} is as the document says", trouble is None, f"{answer}\n{trouble}")


def label(service, anna):
    """Before anomalyd is there, which may read between any two; the logins that were labelled."""
    logins = json.loads(service.run("anomalyctl", "logins", "--user", "alice", "--json",
                                    "--limit", "5").stdout)["logins"]
    identities = [login["id"] for login in logins]
    anna.request("POST", "/api/labels", {"ids": identities, "label": "attack"})
    return identities


def raised(promises, service, anna, receiver, identities):
    promises.section("a label raises an alert")
    alert = wait_for(lambda: next((item for item in anna.get("/api/alerts").json["items"]
                                   if item["deliveries"] and item["deliveries"][0]["ok"] is not None),
                                  None))
    if not promises.check("it is there, and was sent", alert, anna.get("/api/alerts")):
        return
    promises.equal("one alert for all of one user", (alert["rule"], alert["group"], alert["count"],
                                                     sorted(alert["logins"])),
                   ("told", "alice", 5, sorted(identities)))
    promises.equal("one message", [(d["channel"], d["ok"], d["attempts"], d["message"], d["count"])
                                   for d in alert["deliveries"]], [("soc", True, 1, "answered 200", 5)])
    posts = receiver.of_kind("alert")
    promises.check("signed, and whole", len(posts) == 1 and posts[0]["signed"] and posts[0]["path"] == PATH
                   and posts[0]["body"]["count"] == 5
                   and sorted(login["id"] for login in posts[0]["body"]["logins"]) == sorted(identities), posts)
    fits(promises, service, "get_api_alerts", anna.get("/api/alerts"))


def live(promises, service, anna):
    promises.section("live")
    login = json.loads(service.run("anomalyctl", "logins", "--user", "bob", "--json",
                                   "--limit", "1").stdout)["logins"][0]["id"]
    connection = service.connect()
    connection.request("GET", "/api/live", headers={"Cookie": anna.cookie})
    stream = connection.getresponse()
    connection.sock.settimeout(PATIENCE_S)
    while stream.readline() not in (b"event: state\n", b""):
        pass  # it knows then what there is
    anna.request("POST", "/api/labels", {"ids": [login], "label": "attack"})
    lines = []
    with contextlib.suppress(TimeoutError):
        while not (lines and lines[-1].startswith("data:") and "event: alert" in lines):
            lines.append(stream.readline().decode().rstrip("\n"))
    connection.close()
    alerts = [line for line in lines if line == "event: alert"]
    promises.check("an alert that is raised is told, and only that", len(alerts) == 1
                   and json.loads(lines[-1].removeprefix("data: "))["group"] == "bob", lines)


def seen(promises, service, anna):
    promises.section("acknowledged")
    page = anna.get("/api/alerts?limit=1").json
    rest = anna.get(f"/api/alerts?limit=1&cursor={page['next']}").json
    promises.equal("page by page", ([alert["group"] for alert in page["items"] + rest["items"]], rest["next"]),
                   (["bob", "alice"], None))
    for number in [alert["id"] for alert in page["items"]]:
        anna.request("POST", f"/api/alerts/{number}/acknowledge")
    number = rest["items"][0]["id"]
    answer = anna.request("POST", f"/api/alerts/{number}/acknowledge")
    promises.equal("by whom is said", (answer.status, (answer.json or {}).get("acknowledged", {}).get("by")),
                   (200, anna.user), answer)
    fits(promises, service, "post_api_alerts_id_acknowledge", answer)
    promises.check("it is open no more", wait_for(
        lambda: anna.get("/api/alerts?state=open").json["items"] == []))
    first = anna.get("/api/alerts?state=acknowledged").json["items"][1]["acknowledged"]
    rows, events = check_list_export(promises, Reader(anna), "/api/alerts", "alerts", ["ALERT"], state="acknowledged")
    promises.equal("as a file too", (rows[1]["acknowledged_by"], rows[1]["acknowledged"]), (first["by"], first["time"]))
    promises.equal("with its logins", [" ".join(event["pam_anomaly.logins"]) for event in events],
                   [row["logins"] for row in rows])
    anna.request("POST", f"/api/alerts/{number}/acknowledge")
    promises.equal("the first who did stands",
                   anna.get("/api/alerts?state=acknowledged").json["items"][1]["acknowledged"], first)
    for what in ("0", "x", "-1", "99999999999999999999", str(number + 2)):
        answer = anna.request("POST", f"/api/alerts/{what}/acknowledge")
        promises.check(f"there is no alert {what}", answer.status == 404 and answer.sentence, answer)
    promises.equal("a state there is not", anna.get("/api/alerts?state=lost").status, 400)
    promises.equal("a cursor that is none", anna.get("/api/alerts?cursor=x").status, 400)


def tried(promises, service, anna, receiver):
    promises.section("channels")
    rules = anna.get("/api/alerts/rules")
    fits(promises, service, "get_api_alerts_rules", rules)
    promises.equal("rules", [(rule["name"], rule["condition"], rule["group_by"], rule["quiet_s"], rule["channels"])
                             for rule in rules.json["rules"]],
                   [("told", {"on": "labelled", "label": "attack"}, "user", 3600, ["soc"])])
    promises.check("no secret in it", PATH.encode() not in rules.body and SECRET.encode() not in rules.body
                   and rules.json["channels"][0]["target"] == f"http://127.0.0.1:{receiver.server_port}", rules)
    receiver.status = 500
    answer = anna.request("POST", "/api/alerts/test", {"channel": "soc"})
    promises.equal("a test is asked for", answer.status, 200, answer)
    fits(promises, service, "post_api_alerts_test", answer)
    promises.check("its failure is told", wait_for(
        lambda: (anna.get("/api/alerts/rules").json["channels"][0]["last_error"] or {}).get("message")
        == "answered 500"), anna.get("/api/alerts/rules"))
    posts = receiver.of_kind("test")
    promises.check("tried twice under one number", len(posts) == 2 and posts[0]["delivery"] == posts[1]["delivery"]
                   and posts[0]["body"]["by"] == anna.user, posts)
    for _ in range(5):  # the first is already over where that took long
        answer = anna.request("POST", "/api/alerts/test", {"channel": "soc"})
        if answer.status != 200:
            break
    promises.check("not again at once", answer.status == 429 and answer.headers["Retry-After"], answer)
    for what, body in (("none", {}), ("a number", {"channel": 1}), ("an unknown one", {"channel": "x"}),
                       ("a long one", {"channel": "x" * 40}), ("a list", [])):
        answer = anna.request("POST", "/api/alerts/test", body)
        promises.check(f"a channel that is {what}", answer.status == 422 and answer.sentence, answer)


def broken(promises, service, anna):
    promises.section("a file with an error")
    (service.root / "alerts").write_text("[rule x]\nverdict = worst\n")
    answer = anna.get("/api/alerts/rules")
    promises.check("is told, and nothing else fails", answer.status == 200 and answer.json["rules"] == []
                   and "alerts:2: verdict" in answer.json["problems"][0], answer)
    done = service.run("anomalyctl", "check", "--json", check=False)
    promises.check("by anomalyctl check too", done.returncode == 1 and "alerts:2: verdict" in done.stdout, done)


def main():
    promises = Promises("alerts")
    receiver = Receiver()
    service = Dashboard()
    configure(service, receiver)
    with service:
        anna = service.sign_in(token=service.bootstrap())
        if not promises.check("signed in", isinstance(anna, Session), anna):
            promises.finish()
        identities = label(service, anna)
        with anomalyd(service) as daemon:
            raised(promises, service, anna, receiver, identities)
            live(promises, service, anna)
            seen(promises, service, anna)
            tried(promises, service, anna, receiver)
            broken(promises, service, anna)
            promises.check("anomalyd runs still", daemon.poll() is None)
        log = (service.root / "anomalyd.log").read_text(errors="replace")
        promises.check("its log has no secret and no complaint of a sanitizer",
                       PATH not in log and SECRET not in log and "Sanitizer" not in log
                       and "runtime error" not in log, log)
    promises.finish()


if __name__ == "__main__":
    main()
