#!/usr/bin/env python3
"""Lists and the overview say what the stored logins say: filters, orders, pages, exports."""

import csv
import subprocess
import tempfile
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

from listing import Reader, check_list_export, export, moment, target
from rig import Dashboard, Promises, build_directory, open_connection, wait_for

LOGINS = 6000
VERDICTS = ["allow", "log", "step-up", "deny"]


def gravity(login):
    """Who got in comes before all who did not, then the risk decides."""
    return login["reached"] != "attempt", login["risk"]


def ids(items):
    return [item["id"] for item in items]


def check_logins(promises, reader, everything):
    promises.section("logins")
    newest = reader.all("/api/logins", limit=499)
    promises.equal("all, the newest first", ids(newest), ids(everything)[::-1])
    some = everything[len(everything) // 2]
    since, until = everything[1000]["time"], everything[4000]["time"]
    filters = [
        ({"user": "root"}, lambda login: login["user"] == "root"),
        ({"ip": some["ip"]}, lambda login: login["ip"] == some["ip"]),
        ({"network": "80.0.0.0/6"}, lambda login: 80 <= int(login["ip"].split(".")[0]) < 84),
        ({"host": "host7"}, lambda login: login["host"] == "host7"),
        ({"method": "publickey"}, lambda login: login["method"] == "publickey"),
        ({"verdict": "step-up"}, lambda login: VERDICTS.index(login["verdict"]) >= 2),
        ({"verdict": "deny", "order": "newest"}, lambda login: login["verdict"] == "deny"),
        ({"reached": "opened"}, lambda login: login["reached"] == "opened"),
        ({"label": "attack"}, lambda login: login.get("label") == "attack"),
        ({"label": "none", "verdict": "log"}, lambda login: "label" not in login and login["verdict"] != "allow"),
        ({"since": since, "until": until}, lambda login: since <= login["time"] < until),
        ({"user": "root", "verdict": "log", "since": since},
         lambda login: login["user"] == "root" and login["verdict"] != "allow" and login["time"] >= since),
    ]
    for query, fits in filters:
        expected = [login["id"] for login in everything if fits(login)]
        order = query.pop("order", "oldest")
        found = ids(reader.all("/api/logins", order=order, limit=37, **query))
        promises.check(f"{query} finds some", bool(expected))
        promises.equal(f"{query} finds them all in order", found if order == "oldest" else found[::-1], expected)
    for query, fits in (({}, lambda login: True), ({"user": "root"}, lambda login: login["user"] == "root")):
        risky = [login for login in everything if login["verdict"] != "allow" and fits(login)]
        found = reader.all("/api/logins", order="risk", limit=23, **query)
        promises.equal(f"by risk {query}", [gravity(login) for login in found],
                       sorted(map(gravity, risky), reverse=True))
        promises.equal("each of them once", sorted(ids(found)), sorted(ids(risky)))


def check_one(promises, reader, everything):
    promises.section("one login")
    logins = [login for login in everything if login["accepted"]]
    last = logins[-1]
    before = [login for login in logins if login["user"] == last["user"] and login["id"] < last["id"]]
    shown = reader.get(f"/api/logins/{last['id']}")
    promises.equal("is shown", shown["login"]["id"], last["id"])
    promises.equal("beside the one before", shown["previous"] and shown["previous"]["id"],
                   before[-1]["id"] if before else None)
    promises.check("with the way between them", not before or shown["travel"]["distance_km"] >= 0, shown)
    promises.equal("none of that id: 404", reader.session.get("/api/logins/00000000000000000000").status, 404)
    promises.equal("no id at all: 404", reader.session.get("/api/logins/x").status, 404)


def check_queue(promises, reader, everything):
    promises.section("the queue")
    waiting = [login for login in everything if login["verdict"] != "allow" and "label" not in login]
    found = reader.all("/api/queue", limit=41)
    promises.equal("all that wait", sorted(item["login"]["id"] for item in found), sorted(ids(waiting)))
    promises.equal("the riskiest first", [gravity(item["login"]) for item in found],
                   sorted(map(gravity, waiting), reverse=True))
    promises.equal("their number", reader.get("/api/queue", limit=1)["total"], len(waiting))
    promises.check("none is put off", not any(item["later"] for item in found))


def check_overview(promises, reader, everything):
    promises.section("the overview")
    for since in ("24h", "7d", "60d"):
        overview = reader.get("/api/overview", since=since)
        begin, end = moment(overview["range"]["since"]), moment(overview["range"]["until"])

        def between(begin, end):
            return [login for login in everything if begin <= moment(login["time"]) < end]

        inside = between(begin, end)
        now = overview["now"]
        promises.equal(f"{since}: attempts, failures", (now["attempts"], now["failures"]),
                       (len(inside), sum(not login["accepted"] for login in inside)))
        promises.equal(f"{since}: would deny", now["would_deny"] + now["denials"],
                       sum(login["verdict"] == "deny" for login in inside))
        day = timedelta(days=1)
        slot = 600
        last = datetime.fromtimestamp(((end - day).timestamp() // slot + 1) * slot, timezone.utc)
        promises.equal(f"{since}: a day before", overview["day_before"]["attempts"],
                       len(between(begin - day, last)))
        promises.equal(f"{since}: the series add up", sum(overview["series"]["attempts"][1:]) <= len(inside)
                       <= sum(overview["series"]["attempts"]), True, overview["series"]["attempts"])
        promises.equal(f"{since}: as long as its times", {len(value) for value in overview["series"].values()
                                                          if isinstance(value, list)},
                       {len(overview["series"]["times"])})
        riskiest = sorted((gravity(login) for login in inside if login["verdict"] != "allow"), reverse=True)[:10]
        promises.equal(f"{since}: the riskiest", [gravity(login) for login in overview["riskiest"]], riskiest)
        promises.equal(f"{since}: who is attacked most", overview["names"][0]["user"], "root")
        counted = Counter(login["ip"] for login in inside)
        promises.check(f"{since}: the busiest address", overview["addresses"][0]["attempts"]
                       >= counted.most_common(1)[0][1], overview["addresses"][0])
        promises.check(f"{since}: the map has places", all("latitude" in place and place["attempts"] > 0
                                                           for place in overview["map"]) and overview["map"])


def month_ago():
    return datetime.now(timezone.utc) - timedelta(days=30)


def check_users(promises, reader, everything):
    promises.section("users")
    names = Counter(login["user"] for login in everything)
    begin = month_ago().date()  # which may be another by the end
    by_name = reader.all("/api/users", order="name", limit=97)
    promises.equal("all by name", [row["user"] for row in by_name], sorted(names))
    recent = reader.all("/api/users", limit=97)
    promises.equal("all by their last login", sorted(row["user"] for row in recent), sorted(names))
    promises.check("the latest first", [row["last"] for row in recent]
                   == sorted((row["last"] for row in recent), reverse=True))
    def attempts_since(day):
        month = Counter(login["user"] for login in everything if moment(login["time"]).date() >= day)
        return {name: month.get(name, 0) for name in names}

    promises.check("attempts of the month", {row["user"]: row["attempts_30d"] for row in by_name}
                   in (attempts_since(begin), attempts_since(month_ago().date())), by_name)
    promises.equal("found by the beginning of a name",
                   [row["user"] for row in reader.all("/api/users", order="name", search="user12")],
                   sorted(name for name in names if name.startswith("user12")))
    busiest = reader.all("/api/users", order="attempts", limit=50)
    promises.equal("by attempts", [row["attempts_30d"] for row in busiest],
                   sorted((row["attempts_30d"] for row in busiest), reverse=True))
    user = next(login["user"] for login in everything if login["accepted"])
    own = [login for login in everything if login["user"] == user]
    shown = reader.get(f"/api/users/{user}")
    promises.equal("one user's hours hold every learned login", (len(shown["hours"]), sum(shown["hours"])),
                   (168, sum(login["learned"] for login in own)))
    promises.equal("the timeline, the newest first", ids(shown["timeline"]), ids(own)[::-1][:500])
    promises.equal("totals", shown["totals"]["attempts"], len(own))
    promises.equal("addresses", {row["ip"] for row in shown["addresses"]}, {login["ip"] for login in own})
    promises.equal("and exceptions", [(one["kind"], one["subject"], one["from"])
                                      for one in reader.get("/api/users/user1")["exempt"]],
                   [("user", "user1", "configuration")])
    promises.equal("nobody of that name: 404", reader.session.get("/api/users/nobody-at-all").status, 404)


def check_sources(promises, reader, everything):
    promises.section("sources")
    def sources_since(begin):
        return {login["ip"] for login in everything if moment(login["time"]) >= begin}

    begin = month_ago()
    recent = reader.all("/api/sources", limit=83)
    found = {row["ip"] for row in recent}
    promises.check("all of the month", sources_since(month_ago()) <= found <= sources_since(begin), found)
    attempts = Counter(login["ip"] for login in everything)
    promises.check("attempts of each", all(row["attempts"] == attempts[row["ip"]] for row in recent))
    failures = reader.all("/api/sources", order="failures", limit=83)
    promises.check("by failures", [row["failures"] for row in failures]
                   == sorted((row["failures"] for row in failures), reverse=True))
    worst = failures[0]["ip"]
    shown = reader.get(f"/api/sources/{worst}")
    tried = Counter(login["user"] for login in everything if login["ip"] == worst)
    promises.check("one source's names", {row["user"]: row["attempts"] for row in shown["names"]}.items()
                   <= tried.items() and shown["names"], shown["names"])
    promises.equal("and verdicts", sum(shown["verdicts"].values()), attempts[worst])
    promises.equal("an address that never came: 404", reader.session.get("/api/sources/9.9.9.9").status, 404)


def check_sessions(promises, reader, everything):
    promises.section("sessions")
    opened = [login for login in everything if login["opened"]]
    found = reader.all("/api/sessions", limit=61)
    promises.equal("all, the latest first", ids(found),
                   ids(sorted(opened, key=lambda login: (login["opened"], login["id"]), reverse=True)))
    promises.equal("those open", {login["id"] for login in reader.all("/api/sessions", open=1)},
                   {login["id"] for login in opened if not login["closed"]})
    closed = [login for login in opened if login["closed"]]
    by_bytes = reader.all("/api/sessions", order="bytes", limit=61)
    promises.equal("by bytes", [login["bytes_in"] + login["bytes_out"] for login in by_bytes],
                   sorted((login["bytes_in"] + login["bytes_out"] for login in closed), reverse=True))
    promises.equal("by duration", [login["duration_s"] for login in reader.all("/api/sessions", order="duration")],
                   sorted((login["duration_s"] for login in closed), reverse=True))


def add_logins(service, name, rows):
    path = service.root / name
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "user", "host", "ip", "success"])
        writer.writerows(rows)
    service.run("anomaly-trainer", "import", "--format", "csv", path)


def check_cursors(promises, service, reader, everything):
    promises.section("pages while logins come in")
    times = iter(range(1000))

    def more():
        number = next(times)
        if number < 4:
            at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            add_logins(service, f"more{number}.csv", [[at, f"late{number}", "web", "84.150.3.4", 1]])

    for query in ({"order": "newest"}, {"order": "risk"}, {"order": "newest", "user": "root"}):
        before = ids(reader.all("/api/logins", limit=499, **query))
        times = iter(range(1000))
        promises.equal(f"{query}: none twice, none left out",
                       ids(reader.all("/api/logins", limit=200, between=more, **query)), before)
    for cursor in ("x", "00", "f" * 32, "0" * 600):
        answer = reader.session.get(target("/api/logins", cursor=cursor))
        promises.equal(f"cursor {cursor[:8]}: 400", (answer.status, bool(answer.sentence)), (400, True), answer)
    promises.equal("a user list's cursor: 400", reader.session.get(target("/api/users", cursor="zz")).status, 400)


def check_all_exports(promises, reader):
    promises.section("exports of every list")
    _, logins = check_list_export(promises, reader, "/api/logins", "logins", ["LOGIN"], order="oldest")
    promises.equal("logins are events", {event["event.kind"] for event in logins}, {"event"})
    check_list_export(promises, reader, "/api/sessions", "sessions", ["LOGIN"])
    _, queue = check_list_export(promises, reader, "/api/queue", "queue", ["LOGIN", "WAITING"],
                              lambda row: {**row["login"], "later": row["later"]})
    promises.equal("what waits are alerts", {event["event.kind"] for event in queue}, {"alert"})
    promises.check("beside the login before", any("pam_anomaly.travel.speed_kmh" in event for event in queue))
    check_list_export(promises, reader, "/api/users", "users", ["USER"], order="name")
    check_list_export(promises, reader, "/api/users", "users", ["USER"], order="attempts")
    check_list_export(promises, reader, "/api/sources", "sources", ["SOURCE"])
    check_list_export(promises, reader, "/api/sources", "sources", ["SOURCE"], order="failures", since="7d")
    check_list_export(promises, reader, "/api/exceptions", "exceptions", ["EXCEPTION"])


def check_analysis_export(promises, reader):
    promises.section("exports of an analysis")
    history = ["time,user,ip,success"] + [f"{1790000000 + number},{name},192.0.2.{number},1"
                                          for number, name in enumerate(("=cmd", "-432", "'=x", "bob"))]
    answer = reader.session.request("POST", "/api/analyse?format=csv", "\n".join(history) + "\n",
                                    headers={"Content-Type": "text/csv"})
    job = answer.json.get("job")
    if not promises.check("is taken", answer.status == 202 and job, answer):
        return
    promises.check("is done", wait_for(
        lambda: reader.get(f"/api/analyse/{job}")["state"] == "done", 120), reader.get(f"/api/analyse/{job}"))
    rows, events = check_list_export(promises, reader, f"/api/analyse/{job}/rows", "scored", ["SCORED"])
    promises.equal("names are guarded in CSV alone", ([row["user"] for row in rows], [event["user.name"] for event in events]),
                   (["'=cmd", "'-432", "''=x", "bob"], ["=cmd", "-432", "'=x", "bob"]))
    promises.equal("only what is judged so", export(reader, f"/api/analyse/{job}/rows", "csv", verdict="deny")[1],
                   [row for row in rows if row["verdict"] == "deny"])


def check_exports(promises, service, reader):
    promises.section("exports")
    formula = '=HYPERLINK("http://x")'
    names = [formula, "+1", "-1", "@sum", 'a,"b"', "\u00e9"]
    add_logins(service, "names.csv", [[f"2026-03-0{n + 1}T10:00:00Z", name, "web", "8.8.8.8", 0]
                                      for n, name in enumerate(names)])
    answer, rows = export(reader, "/api/logins", "csv", ip="8.8.8.8", order="oldest")
    promises.equal("what a spreadsheet would compute has an apostrophe", [row["user"] for row in rows],
                   ["'" + name if name[0] in "=+-@" else name for name in names], answer)
    promises.equal("and in a list of users", sorted({"'" + name for name in names[:4]} - {
        row["user"] for row in export(reader, "/api/users", "csv")[1]}), [])
    everything = reader.all("/api/logins", order="oldest", limit=500)
    events = export(reader, "/api/logins", "ecs", order="oldest")[1]
    promises.equal("in ECS names are as they are", [event["user.name"] for event in events],
                   [login["user"] for login in everything])
    promises.equal("with outcomes", [event["event.outcome"] for event in events],
                   ["failure" if login["reached"] == "attempt" else "success" for login in everything])
    promises.equal("sessions of one user", len(export(reader, "/api/sessions", "csv", user="user0")[1]),
                   len(reader.all("/api/sessions", user="user0")))


def check_many_exports(promises, reader):
    promises.section("exports that nobody reads")
    service, token = reader.session.dashboard, reader.session.dashboard.token("exporter")
    request = (f"GET /api/logins?format=ecs HTTP/1.1\r\nHost: localhost\r\n"
               f"Authorization: Bearer {token}\r\n\r\n").encode()
    clients = [open_connection((service.host, service.port), 4096) for _ in range(40)]
    for client in clients:
        client.sendall(request)
    served = [client.recv(12) for client in clients]
    promises.equal("32 are served, the others are refused",
                   (served.count(b"HTTP/1.1 200"), served.count(b"HTTP/1.1 503")), (32, 8))
    for client in clients:
        client.close()
    promises.check("who has left makes room", wait_for(lambda: reader.session.get(
        target("/api/logins", format="csv", limit=1)).status == 200))


def check_refusals(promises, reader):
    promises.section("refusals")
    for path, query in (("/api/logins", {"limit": 0}), ("/api/logins", {"limit": 501}), ("/api/logins", {"ip": "x"}),
                        ("/api/logins", {"network": "1.2.3.4/99"}), ("/api/logins", {"method": "telnet"}),
                        ("/api/logins", {"order": "user"}), ("/api/overview", {"since": "yesterdayish"}),
                        ("/api/overview", {"since": "10d", "until": "20d"}), ("/api/queue", {"later": 2}),
                        ("/api/overview", {"until": 2**63 // 10**6}),
                        ("/api/sessions", {"open": 1, "order": "bytes"})):
        answer = reader.session.get(target(path, **query))
        promises.equal(f"{path} {query}", (answer.status, bool(answer.sentence)), (400, True), answer)
    for order in ("newest", "oldest", "risk"):
        answer = reader.session.get(target("/api/logins", order=order, cursor="7fffffffffffffff" * 2))
        promises.equal(f"an invented cursor, {order} first", answer.status, 200, answer)
    promises.equal("nobody who is not signed in",
                   reader.session.dashboard.get("/api/overview").status, 401)


def make_store(directory):
    store = Path(directory) / "store"
    store.mkdir(mode=0o750)
    subprocess.run([build_directory() / "bench" / "make_months", store, str(LOGINS)], check=True,
                   stdout=subprocess.DEVNULL)
    return store


def main():
    promises = Promises("Lists, the overview and exports")
    with tempfile.TemporaryDirectory(prefix="lists-") as home:
        Path(home).chmod(0o755)
        service = Dashboard(store=make_store(home))
        service.config.write_text(f"store = {service.store}\ngeo = none\nexempt_users = user1\n")
        with service:
            reader = Reader(service.sign_in(token=service.bootstrap()))
            everything = reader.all("/api/logins", order="oldest", limit=500)
            promises.equal("all logins are there", len(everything), LOGINS)
            for check in (check_logins, check_one, check_queue, check_overview, check_users, check_sources,
                          check_sessions):
                check(promises, reader, everything)
            check_all_exports(promises, reader)
            check_analysis_export(promises, reader)
            check_cursors(promises, service, reader, everything)
            check_exports(promises, service, reader)
            check_refusals(promises, reader)
            check_many_exports(promises, reader)
            promises.check("the service is alive and well", not service.ended(), service.log())
    promises.finish()


if __name__ == "__main__":
    main()
