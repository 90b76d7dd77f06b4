#!/usr/bin/env python3
"""Who gets in, as what, and what becomes of those who guess. In an arena: PAM, users and groups."""

import http.client
import json
import os
import re
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

# pylint: disable=wrong-import-position
from arena import Arena, run, wait_for
from rig import Dashboard, Promises, Session

STACK = """auth required pam_unix.so nodelay
account required pam_unix.so
"""
WRONG = 100_000


def people(arena):
    arena.pam_stack("pam_anomaly_dashboard", STACK)
    for name in ("pam_anomaly", "pam_anomaly_dashboard"):
        arena.add_user(name, system=True)
    for name in ("vera", "anna", "otto"):
        arena.add_user(name, password=f"secret of {name}")
    with open("/etc/group", "a", encoding="ascii") as groups:
        groups.write("pam_anomaly_viewers:x:30001:vera,anna\npam_anomaly_analysts:x:30002:anna\n")


def processes(service):
    """The service and its helper: their user ids."""
    def uid(pid):
        return int(re.search(r"^Uid:\s*\d+\s*(\d+)", Path(f"/proc/{pid}/status").read_text(),
                             re.M).group(1))
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text()
    return uid(service.process.pid), [uid(int(child)) for child in children.split()]


def identities(promises, service):
    import pwd
    promises.section("who it runs as")
    user = pwd.getpwnam("pam_anomaly_dashboard").pw_uid
    own, helpers = processes(service)
    promises.equal("the service gave up root", own, user)
    promises.equal("one helper kept it", helpers, [0])
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    promises.check("without a capability left", "CapEff:\t0000000000000000" in status
                   and "CapPrm:\t0000000000000000" in status, status)
    directory = (service.store / "dashboard").stat()
    promises.check("its directory is its own, and the store's group's",
                   directory.st_uid == user and directory.st_gid == service.store.stat().st_gid
                   and directory.st_mode & 0o7777 == 0o2770, oct(directory.st_mode))


def reading(promises, service):
    promises.section("what it reads")
    token = {"Authorization": f"Bearer {service.token('reader')}"}
    state = service.get("/api/state", headers=token)
    promises.check("another user's store", state.status == 200 and state.json["store"]["ok"]
                   and state.json["store"]["logins"] > 0, state)
    promises.check("of which it owns nothing", all(
        entry.owner() == "pam_anomaly" for entry in service.store.iterdir()
        if entry.name != "dashboard"), [(entry.name, entry.owner())
                                        for entry in service.store.iterdir()])


def passwords(promises, service):
    promises.section("passwords")
    anna = service.sign_in(user="anna", password="secret of anna")
    vera = service.sign_in(user="vera", password="secret of vera")
    promises.check("anna is an analyst", isinstance(anna, Session) and anna.role == "analyst", anna)
    promises.check("vera is a viewer", isinstance(vera, Session) and vera.role == "viewer", vera)
    cookie = anna.answer.headers["Set-Cookie"]
    promises.check("the cookie is out of reach of scripts and other sites", "HttpOnly" in cookie
                   and "SameSite=Strict" in cookie and "Path=/" in cookie, cookie)
    wrong = service.sign_in(user="anna", password="secret of vera")
    other = service.sign_in(user="otto", password="secret of otto")
    nobody = service.sign_in(user="nobody-here", password="x")
    promises.check("a wrong password, no group and no such user are 401 in the same words",
                   wrong.status == other.status == nobody.status == 401
                   and wrong.sentence == other.sentence == nobody.sentence, (wrong, other, nobody))
    promises.check("the log says why", "otto from 127.0.0.1 refused: in none of the" in service.log()
                   and "anna from 127.0.0.1 refused: PAM said no" in service.log(), service.log())
    promises.check("and has no password", "secret of" not in service.log())
    hostile = service.sign_in(user="x\n\x1b[2Janna", password="x")
    promises.check("a name that would forge a line of the log does not",
                   hostile.status == 401 and "\x1b" not in service.log()
                   and not re.search("^.{0,4}anna", service.log(), re.M), hostile)
    return anna, vera


def words(promises, service, anna, vera):
    """The store belongs to one user, the service is another."""
    promises.section("what is said arrives")
    login = json.loads(service.run("anomalyctl", "logins", "--json").stdout)["logins"][0]["id"]
    label = {"ids": [login], "label": "legitimate", "why": "known"}
    promises.equal("a viewer may not label", vera.request("POST", "/api/labels", label).status, 403)
    answer = anna.request("POST", "/api/labels", label)
    promises.check("an analyst labels a login", answer.status == 200 and answer.json["applied"] == [login], answer)
    journal = (service.store / "dashboard/dashboard.journal").stat()
    promises.check("in a journal of the service's user, which the store's may read",
                   journal.st_uid != service.store.stat().st_uid
                   and journal.st_gid == service.store.stat().st_gid and journal.st_mode & 0o777 == 0o640, journal)
    promises.equal("the store's owner takes it", json.loads(
        service.run("anomalyctl", "journal", "drain", "--json").stdout)["records"], 1)
    decided = vera.get("/api/decisions")
    promises.equal("and the service sees it in the store",
                   [(d["id"], d["by"], d["label"], d["why"]) for d in (decided.json or {}).get("items", [])],
                   [(login, "anna", "legitimate", "known")], decided)


def sessions(promises, service, anna, vera):
    promises.section("sessions")
    found = anna.get("/api/session")
    promises.check("the cookie says who it is", found.json and found.json["user"] == "anna"
                   and found.json["csrf"] == anna.csrf, found)
    promises.equal("nobody without it", service.get("/api/session").status, 401)
    for name, token in (("no CSRF token", None), ("another session's", vera.csrf), ("half of it",
                        anna.csrf[:32]), ("an empty one", " ")):
        answer = anna.request("DELETE", "/api/session", csrf=token)
        promises.check(f"{name} changes nothing", answer.status == 403 and answer.sentence, answer)
    answer = service.request("DELETE", "/api/session", headers={"X-CSRF-Token": anna.csrf})
    promises.equal("a CSRF token without its cookie is nothing", answer.status, 401, answer)
    promises.equal("all that left her signed in", anna.get("/api/session").status, 200)
    promises.equal("with both she is signed out", anna.request("DELETE", "/api/session").status, 200)
    promises.equal("and stays so", anna.get("/api/session").status, 401)
    replayed = anna.request("DELETE", "/api/session")
    promises.equal("what she sent is of no use again", replayed.status, 401, replayed)
    promises.equal("nobody else was", vera.get("/api/session").status, 200)
    forged = service.get("/api/session", headers={"Cookie": "session=" + "0" * 64})
    promises.equal("an invented session is none", forged.status, 401, forged)
    many = [service.sign_in(user="vera", password="secret of vera") for _ in range(17)]
    promises.check("the seventeenth session of one name ends the one longest unused",
                   many[-1].get("/api/session").status == 200
                   and vera.get("/api/session").status == 401, many[-1].answer)


def tokens(promises, service):
    promises.section("tokens")
    once = service.bootstrap()
    first = service.sign_in(token=once)
    promises.check("the bootstrap token makes an analyst", isinstance(first, Session)
                   and first.role == "analyst", first)
    again = service.sign_in(token=once)
    promises.check("once", again.status == 401 and again.sentence, again)
    bearer = service.get("/api/state", headers={"Authorization": f"Bearer {service.bootstrap()}"})
    promises.equal("it is no bearer token", bearer.status, 401, bearer)

    viewer = service.token("scripts", "--role", "viewer")
    as_viewer = {"Authorization": f"Bearer {viewer}"}
    state = service.get("/api/state", headers=as_viewer)
    promises.check("a bearer token says who", state.status == 200 and state.json["user"] == "scripts"
                   and state.json["role"] == "viewer", state)
    promises.equal("it signs nobody in", service.sign_in(token=viewer).status, 401)
    tampered = service.get("/api/state", headers={"Authorization": f"Bearer {viewer[:-1]}0"})
    promises.check("a wrong one is 401", tampered.status == 401 or viewer[-1] == "0", tampered)
    scheme = service.get("/api/state", headers={"Authorization": "Basic YTpi"})
    promises.equal("no other scheme", scheme.status, 401, scheme)
    brief = service.token("brief", "--for", "1s")
    promises.check("one that is over is 401", wait_for(lambda: service.get(
        "/api/state", headers={"Authorization": f"Bearer {brief}"}).status == 401))
    stored = (service.store / "dashboard/tokens")
    promises.check("only hashes are kept, for its user alone",
                   viewer not in stored.read_text() and stored.stat().st_mode & 0o777 == 0o600)
    listed = json.loads(service.run("anomaly-dashboard", "token", "list", "--json").stdout)
    promises.check("they are listed", {"scripts"} <= {entry["name"] for entry in listed["tokens"]},
                   listed)
    twice = service.run("anomaly-dashboard", "token", "add", "scripts", check=False)
    promises.check("a name is taken once", twice.returncode == 1 and "already" in twice.stderr, twice)
    service.run("anomaly-dashboard", "token", "revoke", "scripts")
    promises.equal("a revoked one is 401 at once",
                   service.get("/api/state", headers=as_viewer).status, 401)
    gone = service.run("anomaly-dashboard", "token", "revoke", "scripts", check=False)
    promises.equal("there is nothing to revoke twice", gone.returncode, 1, gone)


def guess(service, source, count, name, results):
    """Wrong sign-ins over one connection after the other; results counts statuses."""
    connection = None
    for number in range(count):
        try:
            if connection is None:
                connection = http.client.HTTPConnection(service.host, service.port, timeout=120,
                                                        source_address=(source, 0))
            body = json.dumps({"user": name(number), "password": f"guess {number}"})
            connection.request("POST", "/api/session", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            results[reply.status] = results.get(reply.status, 0) + 1
            if reply.status == 429 and not reply.headers["Retry-After"]:
                results["no Retry-After"] = 1
        except (OSError, http.client.HTTPException):
            results["hung up"] = results.get("hung up", 0) + 1
            connection = None


def storm(promises, service):
    promises.section(f"{WRONG} wrong sign-ins")
    before = service.resident_kib()
    results = [{} for _ in range(8)]
    threads = [threading.Thread(target=guess, args=(
        service, f"8.8.{number}.8", WRONG // 8,
        (lambda i: "anna") if number < 4 else (lambda i: f"user{i}"), results[number]))
        for number in range(8)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    time.sleep(3)
    honest = service.sign_in(user="anna", password="secret of anna", source="9.9.9.9")
    promises.check("anna, whom they guess at, signs in from an address of her own meanwhile",
                   isinstance(honest, Session), honest)
    health = service.get("/health", source="9.9.9.9")
    promises.equal("the service answers others", health.status, 200, health)
    for thread in threads:
        thread.join()
    total = {}
    for result in results:
        for status, count in result.items():
            total[status] = total.get(status, 0) + count
    print(f"      {total} in {time.monotonic() - begin:.0f} s")
    promises.check("all were refused, and told how long to wait", set(total) <= {401, 429, 503}
                   and sum(total.values()) == WRONG // 8 * 8, total)
    promises.check("nearly all without asking PAM", total.get(429, 0) > WRONG * 0.95, total)
    grown = service.resident_kib() - before
    promises.check(f"memory did not grow with them ({grown} KiB)",
                   grown < (64 if "build/dev" in str(service.build) else 4) * 1024, grown)
    again = service.sign_in(user="vera", password="secret of vera", source="9.9.9.9")
    promises.check("afterwards vera signs in", isinstance(again, Session), again)


def a_stuck_pam(promises, arena, service):
    promises.section("a PAM that fails")
    arena.pam_stack("pam_anomaly_dashboard", "auth required pam_no_such_module.so\n")
    answer = service.sign_in(user="vera", password="secret of vera", source="7.7.7.7")
    promises.check("is no way in", answer.status in (401, 503), answer)
    arena.pam_stack("pam_anomaly_dashboard", "auth required pam_permit.so\n"
                                             "account required pam_deny.so\n")
    answer = service.sign_in(user="vera", password="x", source="7.7.7.7")
    promises.equal("nor is an account that is closed", answer.status, 401, answer)
    arena.pam_stack("pam_anomaly_dashboard", "auth required pam_exec.so /bin/sleep 1000\n")
    answer = service.sign_in(user="vera", password="x", source="7.7.7.8")
    promises.equal("one that hangs is given up", answer.status, 503, answer)
    arena.pam_stack("pam_anomaly_dashboard", STACK)
    promises.check("and the next sign-in is well", isinstance(service.sign_in(
        user="vera", password="secret of vera", source="7.7.7.9"), Session))


def reload(promises, service):
    promises.section("SIGHUP")
    vera = service.sign_in(user="vera", password="secret of vera", source="5.5.5.5")
    anna = service.sign_in(user="anna", password="secret of anna", source="5.5.5.5")
    once = service.sign_in(token=service.bootstrap(), source="5.5.5.5")
    service.config.write_text(service.config.read_text() + "dashboard_viewers =\n")
    os.kill(service.process.pid, 1)
    promises.check("groups change without a restart", wait_for(lambda: getattr(service.sign_in(
        user="vera", password="secret of vera", source="6.6.6.6"), "status", 0) == 401, step=0.3))
    promises.check("who is in none any more is signed out", wait_for(
        lambda: vera.get("/api/session").status == 401))
    promises.check("others are not", anna.get("/api/session").json["role"] == "analyst"
                   and once.get("/api/session").json["role"] == "analyst")
    service.config.write_text("nonsense\n")
    os.kill(service.process.pid, 1)
    promises.check("a configuration with a mistake changes nothing", wait_for(
        lambda: "stays as it was" in service.log()) and service.get("/health").status == 200,
        service.log())


def main():
    with Arena.enter() as arena:
        promises = Promises("signing in")
        people(arena)
        service = Dashboard("--listen", "0.0.0.0:8787", "--allow-plain")
        service.port = 8787
        for path in (service.store, *service.store.iterdir()):
            run("chown", "pam_anomaly:pam_anomaly", path)
        with service:
            identities(promises, service)
            reading(promises, service)
            anna, vera = passwords(promises, service)
            words(promises, service, anna, vera)
            sessions(promises, service, anna, vera)
            tokens(promises, service)
            storm(promises, service)
            a_stuck_pam(promises, arena, service)
            reload(promises, service)
            promises.section("the end")
            promises.equal("it ends on SIGTERM with 0", service.stop(), 0, service.log())
            promises.check("without a word of a sanitizer", "Sanitizer" not in service.log()
                           and "runtime error" not in service.log(), service.log())
        promises.finish()


if __name__ == "__main__":
    main()
