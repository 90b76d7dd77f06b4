#!/usr/bin/env python3
"""What analysts say through HTTP: labels, later, exceptions; who may, what is refused, what it comes to."""

import json
import os
import re
import subprocess

from listing import Reader, check_list_export
from rig import Dashboard, Promises, Session, wait_for

HTML = "<img src=x onerror=alert(1)> \u00e9 \U0001f600"
HISTORY = "".join(
    f"2026-03-{day:02}T{hour:02}:{minute:02}:11Z web sshd[{day}{hour}{minute}]: {text}\n"
    for day in range(1, 25) for hour in range(6, 18) for minute, text in (
        (5, "Accepted publickey for alice from 8.8.8.8 port 51234 ssh2: ED25519 SHA256:" + "a" * 43),
        (25, "Accepted password for bob from 84.150.10.20 port 40000 ssh2"),
        (45, "Failed password for bob from 1.1.1.1 port 40000 ssh2"),
    ))


def logins(service, *words):
    return json.loads(service.run("anomalyctl", "logins", "--json", "--limit", "600", *words).stdout)["logins"]


def drain(service):
    return json.loads(service.run("anomalyctl", "journal", "drain", "--json").stdout)


def shown(service, identity):
    return json.loads(service.run("anomalyctl", "show", "login", identity, "--json").stdout)


def attempts(service, *lines):
    """Attempts of now, each "USER ADDRESS VERDICT"; their ids."""
    made = subprocess.run([service.build / "tests/dashboard/append_attempts", service.store], input="\n".join(lines),
                          capture_output=True, text=True, check=True)
    drain(service)
    return made.stdout.split()


def labels(promises, service, anna):
    promises.section("labels")
    third, = attempts(service, "alice 8.8.8.8 step-up")
    first, second = (login["id"] for login in logins(service, "--user", "alice")[1:3])
    answer = anna.request("POST", "/api/labels", {
        "ids": [first, "nonsense", "0" * 20, second], "label": "attack", "family": "phished", "why": HTML})
    promises.equal("two of four are labelled", (answer.status, answer.json["applied"]), (200, [first, second]),
                   answer)
    refused = {entry["id"]: entry["message"] for entry in answer.json["refused"]}
    promises.check("the others are refused by name", set(refused) == {"nonsense", "0" * 20}
                   and "nonsense" in refused["nonsense"] and "0" * 20 in refused["0" * 20], refused)
    promises.equal("the journal has both", drain(service)["records"], 2)
    login = shown(service, first)
    promises.equal("the store has what was said", (login["label"], login["family"], login["labelled"]["why"],
                                                   login["labelled"]["by"], login["labelled"]["uid"]),
                   ("attack", "phished", HTML, anna.user, os.geteuid()))
    promises.check("what it taught is unlearned", login["learned"] is False, login)
    anna.request("POST", "/api/labels", {"ids": [first], "label": "none"})
    answer = anna.request("POST", "/api/labels", {"ids": [third, second], "label": "later"})
    promises.check("what does not wait cannot be put off", answer.json["applied"] == [third]
                   and [entry["id"] for entry in answer.json["refused"]] == [second], answer)
    drain(service)
    login = shown(service, first)
    promises.check("none takes it back", "label" not in login and login["learned"] is True, login)
    promises.equal("and both decisions stay", [d["label"] for d in login["decisions"]], ["none", "attack"])
    promises.equal("one is left for later", [(d["what"], d["label"]) for d in shown(service, third)["decisions"]],
                   [("later", "later")])
    answer = anna.get("/api/decisions")
    items = answer.json["items"]
    promises.equal("all decisions, the newest first",
                   [(d["label"], d["id"], d["user"], d["ip"], d["by"]) for d in items],
                   [(label, of, "alice", "8.8.8.8", anna.user) for label, of in
                    (("later", third), ("none", first), ("attack", second), ("attack", first))])
    promises.check("HTML is text", HTML in [d["why"] for d in items] and "<img" in answer.body.decode()
                   and answer.headers["Content-Type"].startswith("application/json"), answer)
    page = anna.get("/api/decisions?limit=3").json
    rest = anna.get(f"/api/decisions?limit=3&cursor={page['next']}").json
    promises.equal("page by page", (page["items"] + rest["items"], rest["next"]), (items, None))
    check_list_export(promises, Reader(anna), "/api/decisions", "decisions", ["DECISION"])


def training(promises, service, anna):
    promises.section("what training sees")
    bob = [login["id"] for login in logins(service, "--user", "bob") if login["reached"] != "attempt"]
    answer = anna.request("POST", "/api/labels", {"ids": bob[:200], "label": "attack", "family": "insider"})
    promises.equal("200 at once", len(answer.json["applied"]), 200, answer)
    promises.equal("all in the journal", drain(service)["records"], 200)
    report = json.loads(service.run("anomaly-trainer", "train", "--trees", "5", "--json", "--out",
                                    service.root / "model").stdout)
    promises.check("the trainer learns from them", "insider" in json.dumps(report)
                   or report.get("attacks", 0) >= 200 or report.get("labelled", 0) >= 200, report)


def bulk(promises, service, anna):
    promises.section("many")
    known = [login["id"] for login in logins(service)][:500]
    answer = anna.request("POST", "/api/labels", {"ids": known, "label": "legitimate"})
    promises.equal("500 at once", (len(known), len(answer.json["applied"]), answer.json["refused"]), (500, 500, []))
    promises.equal("all of them arrive", drain(service)["records"], 500)
    answer = anna.request("POST", "/api/labels", {"ids": known + known[:1], "label": "legitimate"})
    promises.equal("501 are too many", answer.status, 422, answer)


def bad_input(promises, service, anna):
    promises.section("what is no label")
    identity = logins(service)[0]["id"]
    for what, body in (
            ("no ids", {"label": "attack"}),
            ("an empty list", {"ids": [], "label": "attack"}),
            ("a number for an id", {"ids": [7], "label": "attack"}),
            ("no label", {"ids": [identity]}),
            ("a label there is not", {"ids": [identity], "label": "evil"}),
            ("a family of a legitimate one", {"ids": [identity], "label": "legitimate", "family": "x"}),
            ("a family of odd letters", {"ids": [identity], "label": "attack", "family": "<b>"}),
            ("a why of two lines", {"ids": [identity], "label": "attack", "why": "a\nb"}),
            ("a why with an escape", {"ids": [identity], "label": "attack", "why": "\x1b[2J"}),
            ("a why with a NUL", {"ids": [identity], "label": "attack", "why": "a\0b"}),
            ("a why that is long", {"ids": [identity], "label": "attack", "why": "w" * 256}),
            ("a why that is a list", {"ids": [identity], "label": "attack", "why": []}),
            ("an array", [identity])):
        answer = anna.request("POST", "/api/labels", body)
        promises.check(what, 400 <= answer.status < 500 and answer.sentence, answer)
    for what, body in (
            ("a wide network", {"kind": "network", "subject": "0.0.0.0/0", "for": "1h"}),
            ("host bits", {"kind": "network", "subject": "192.0.2.1/24", "for": "1h"}),
            ("no network", {"kind": "network", "subject": "example.org", "for": "1h"}),
            ("a name of two words", {"kind": "user", "subject": "a b", "for": "1h"}),
            ("a second line", {"kind": "user", "subject": "a\nuser root until 9999999999", "for": "1h"}),
            ("no name", {"kind": "user", "subject": "", "for": "1h"}),
            ("a group", {"kind": "group", "subject": "wheel", "for": "1h"}),
            ("91 days", {"kind": "user", "subject": "alice", "for": "91d"}),
            ("no time", {"kind": "user", "subject": "alice"}),
            ("a time of no length", {"kind": "user", "subject": "alice", "for": "0h"})):
        answer = anna.request("POST", "/api/exceptions", body)
        promises.check(f"exception: {what}", answer.status == 422 and answer.sentence, answer)
    promises.equal("nothing of it was written", drain(service)["records"], 0)


def exceptions(promises, service, anna):
    promises.section("exceptions")
    service.config.write_text(service.config.read_text() + "exempt_users = root\nexempt_groups = wheel\n"
                              "exempt_networks = 10.0.0.0/8\n"
                              f"exemptions = {service.root}/exemptions\n")
    service.run("anomalyctl", "allow", "carol")
    os.kill(service.process.pid, 1)
    listed = lambda: {(e["kind"], e["subject"], e["from"]) for e in anna.get("/api/exceptions").json["items"]}
    expected = {("user", "root", "configuration"), ("group", "wheel", "configuration"),
                ("network", "10.0.0.0/8", "configuration"), ("user", "carol", "command")}
    promises.check("those of the configuration and of the command", wait_for(lambda: listed() == expected),
                   listed())
    made = attempts(service, "dora 198.51.100.7 deny", "dora 198.51.100.8 step-up", "eve 198.51.100.9 deny",
                    "eve 198.51.101.9 deny", "eve 198.51.100.9 log")
    for kind, subject, expected_effect, examples in (
            ("user", "dora", (2, 1, 1, 1), made[:2]),
            ("network", "198.51.100.0/24", (3, 2, 1, 2), made[:3]),
            ("user", "nobody", (0, 0, 0, 0), [])):
        answer = anna.request("POST", "/api/exceptions/preview", {"kind": kind, "subject": subject})
        effect = answer.json
        promises.equal(f"a preview of {subject}", ((effect["logins"], effect["users"], effect["step_ups"],
                                                    effect["denials"]), effect["complete"]),
                       (expected_effect, True), answer)
        promises.equal("its examples", sorted(login["id"] for login in effect["examples"]), sorted(examples))
    promises.equal("writes nothing", drain(service)["records"], 0)
    answer = anna.request("POST", "/api/exceptions",
                          {"kind": "network", "subject": "198.51.100.0/24", "for": "2h", "why": HTML})
    promises.equal("a network for two hours", (answer.status, answer.json.get("subject"), answer.json.get("by"),
                                               answer.json.get("why")),
                   (200, "198.51.100.0/24", anna.user, HTML), answer)
    anna.request("POST", "/api/exceptions", {"kind": "user", "subject": "dora", "for": "90d"})
    promises.equal("both are taken", drain(service)["records"], 2)
    ours = {("network", "198.51.100.0/24", "dashboard"), ("user", "dora", "dashboard")}
    promises.equal("and listed", listed(), expected | ours)
    check_list_export(promises, Reader(anna), "/api/exceptions", "exceptions", ["EXCEPTION"])
    check_list_export(promises, Reader(anna), "/api/decisions", "decisions", ["DECISION"])
    text = (service.store / "exemptions").read_text()
    promises.check("logins find them in the store's file",
                   re.search(r"^network 198\.51\.100\.0/24 until \d+$", text, re.M)
                   and re.search(r"^user dora until \d+$", text, re.M) and "img" not in text, text)
    answer = anna.request("POST", "/api/exceptions/revoke", {"kind": "user", "subject": "carol"})
    promises.check("one of the command is not theirs to end", answer.status == 404
                   and "anomalyctl" in answer.sentence, answer)
    answer = anna.request("POST", "/api/exceptions/revoke", {"kind": "user", "subject": "dora"})
    promises.equal("one of theirs is", answer.status, 200, answer)
    service.run("anomalyctl", "revoke", "198.51.100.0/24")
    promises.equal("the command ends one too", drain(service)["records"], 2)
    promises.equal("none is left", listed(), expected)
    promises.equal("but what was decided", [(d["kind"], d["subject"], d["until"] is None) for d in
                                            anna.get("/api/decisions?limit=4").json["items"]],
                   [("user", "dora", True), ("network", "198.51.100.0/24", True),
                    ("user", "dora", False), ("network", "198.51.100.0/24", False)][:4])


def roles(promises, service, anna):
    promises.section("who may")
    identity = logins(service)[0]["id"]
    viewer = {"Authorization": "Bearer " + service.token("screen", "--role", "viewer")}
    analyst = {"Authorization": "Bearer " + service.token("robot", "--role", "analyst")}
    told = {"/api/labels": {"ids": [identity], "label": "attack"},
            "/api/exceptions": {"kind": "user", "subject": "eve", "for": "1h"},
            "/api/exceptions/preview": {"kind": "user", "subject": "eve"},
            "/api/exceptions/revoke": {"kind": "user", "subject": "eve"}}
    for path, body in told.items():
        promises.equal(f"nobody: {path}", service.request("POST", path, body).status, 401)
        promises.equal(f"a viewer: {path}", service.request("POST", path, body, viewer).status, 403)
        promises.equal(f"without CSRF token: {path}", anna.request("POST", path, body, csrf=None).status, 403)
    for path in ("/api/decisions", "/api/exceptions"):
        promises.equal(f"nobody reads {path}", service.get(path).status, 401)
        promises.equal(f"a viewer reads {path}", service.get(path, headers=viewer).status, 200)
    promises.equal("nothing of it was written", drain(service)["records"], 0)
    answer = service.request("POST", "/api/labels", told["/api/labels"], analyst)
    promises.equal("an analyst's program may", answer.json["applied"], [identity], answer)
    drain(service)
    promises.equal("by its name", shown(service, identity)["labelled"]["by"], "robot")


def main():
    promises = Promises("what analysts say")
    with Dashboard(history=HISTORY) as service:
        anna = service.sign_in(token=service.bootstrap())
        promises.check("signed in as an analyst", isinstance(anna, Session) and anna.role == "analyst", anna)
        for part in (labels, training, bulk, bad_input, exceptions, roles):
            part(promises, service, anna)
        promises.section("the end")
        promises.equal("it ends on SIGTERM with 0", service.stop(), 0, service.log())
        promises.check("without a word of a sanitizer", "Sanitizer" not in service.log()
                       and "runtime error" not in service.log(), service.log())
    promises.finish()


if __name__ == "__main__":
    main()
