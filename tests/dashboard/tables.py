#!/usr/bin/env python3
"""Tables that a viewer has judged by a model that the administrator made of their like."""

import csv
import io
import urllib.parse

from rig import Dashboard, Promises, wait_for

HTML = "<script>alert(1)</script>"


def connections(rows, note="", label=True):
    """CSV: one in forty is an attack, which moves much by a rare protocol."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["proto", "port", "bytes", "note"] + (["label"] if label else []))
    for i in range(rows):
        attack = i % 40 == 39
        cells = (["gre", 4711, 10**8 + i, note] if attack
                 else [("tcp", "udp")[i % 2], (53, 443)[i % 3 // 2], i * 37 % 1500, ""])
        writer.writerow(cells + (["attack" if attack else "benign"] if label else []))
    return out.getvalue()


class Viewer:
    """Somebody with a viewer's token, who may look and have files judged."""

    def __init__(self, service):
        self.service = service
        self.headers = {"Authorization": f"Bearer {service.token('viewer')}"}

    def get(self, target):
        return self.service.get(target, headers=self.headers)

    def send(self, text, **query):
        return self.service.request("POST", f"/api/analyse?{urllib.parse.urlencode(query)}", text,
                                    {**self.headers, "Content-Type": "application/octet-stream"})

    def analyse(self, text, model):
        """What becomes of a table: its job, once it has ended."""
        job = self.send(text, format="table", model=model, name="conn.csv").json["job"]
        ended = []

        def look():
            ended[:] = [self.get(f"/api/analyse/{job}").json]
            return ended[0]["state"] in ("done", "failed")

        wait_for(look, 60)
        return ended[0]


def make_models(service, models):
    models.mkdir()
    known = service.root / "known.csv"
    known.write_text(connections(4000))
    for name, words in (("forest", ["--label", "label", "--model", "forest"]),
                        ("conn-1.2", ["--model", "isolation"])):
        service.run("anomaly-trainer", "table", "--train", known, "--save", models / f"{name}.model", *words)
    sound = (models / "forest.model").read_bytes()
    (models / "front.model").write_bytes(sound[:300] + b"x" + sound[301:])
    (models / "trees.model").write_bytes(sound[:-8] + bytes(8))
    (models / "short.model").write_bytes(sound[:len(sound) // 2])
    (models / "no model.model").write_bytes(sound)  # no name
    (models / ".hidden.model").write_bytes(sound)
    (models / "notes.txt").write_text("not a model")
    (models / "directory.model").mkdir()
    (models / "link.model").symlink_to(models / "forest.model")
    (service.root / "outside.model").write_bytes(sound)


def listing(promises, service, viewer, models):
    promises.section("models")
    answer = viewer.get("/api/analyse/models")
    promises.equal("without a directory there are none", (answer.status, answer.json["items"]), (200, []))
    promises.equal("and it is said where they go", answer.json["directory"], str(models))
    make_models(service, models)
    answer = viewer.get("/api/analyse/models")
    found = {item["name"]: item for item in answer.json["items"]}
    promises.equal("regular files of good names are listed in order", list(found),
                   ["conn-1.2", "forest", "front", "short", "trees"])
    forest, isolation = found["forest"], found["conn-1.2"]
    promises.equal("with their columns", [column["name"] for column in forest["columns"]],
                   ["proto", "port", "bytes", "note"])
    promises.check("and what they were trained on", forest["rows"] == 4000 and forest["trained"]
                   and forest["learner"] == "forest" and forest["label"] == "label"
                   and forest["positive"] == "attack" and forest["auc"] > 0.9, forest)
    promises.check("or without a label", isolation["label"] is None and isolation["auc"] is None, isolation)
    promises.check("a damaged one says so", "damaged" in found["front"]["message"]
                   and "truncated" in found["short"]["message"] and not forest["message"], found)


def refusals(promises, service, viewer):
    promises.section("refusals")
    table = connections(50)
    for what, query, status in (
            ("no model", {"format": "table"}, 400),
            ("a model that is not there", {"format": "table", "model": "none"}, 404),
            ("no name", {"format": "table", "model": ""}, 404),
            ("a path", {"format": "table", "model": "../../outside"}, 404),
            ("an absolute path", {"format": "table", "model": str(service.root / "outside")}, 404),
            ("a link", {"format": "table", "model": "link"}, 404),
            ("a directory", {"format": "table", "model": "directory"}, 404),
            ("a hidden one", {"format": "table", "model": ".hidden"}, 404),
            ("a damaged one", {"format": "table", "model": "front"}, 422),
            ("a truncated one", {"format": "table", "model": "short"}, 422),
            ("a model for logins", {"format": "csv", "model": "forest"}, 400),
            ("an unknown format", {"format": "tables", "model": "forest"}, 400)):
        answer = viewer.send(table, **query)
        promises.check(f"{what} is {status} with a sentence", answer.status == status and answer.sentence, answer)
    answer = service.request("POST", "/api/analyse?format=table&model=forest", table)
    promises.equal("nobody may without signing in", answer.status, 401)
    promises.equal("no upload is kept", viewer.get("/api/analyse").json["items"], [])
    for what, text, model, why in (
            ("a table without any known column", "a,b\n1,2\n", "forest", "none of the columns"),
            ("a model with damaged trees", table, "trees", "damaged"),
            ("no table at all", "\0\1\2", "forest", "NUL byte"),
            ("an open quote", 'proto,port\n"tcp,1\n', "forest", "quote"),
            ("nothing", "", "forest", "header")):
        job = viewer.analyse(text, model)
        promises.check(f"{what} fails with a sentence", job["state"] == "failed" and why in job["message"]
                       and "\n" not in job["message"] and "/analyses/" not in job["message"], job)
        promises.equal(f"{what} has no rows", viewer.get(f"/api/analyse/{job['job']}/rows").status, 404)


def judging(promises, viewer):
    promises.section("judging")
    job = viewer.analyse(connections(2000, HTML), "forest")
    promises.equal("a table is judged", (job["state"], job["format"], job["model"], job["name"]),
                   ("done", "table", "forest", "conn.csv"))
    result, rows = job["result"], f"/api/analyse/{job['job']}/rows"
    promises.check("with totals", result["rows"] == 2000 and result["outliers"] == 50 and result["auc"] == 1
                   and sum(result["histogram"]) == 2000 and result["unknown_columns"] == [], result)
    worst = viewer.get(f"{rows}?order=worst&limit=60")
    items = worst.json["items"]
    promises.equal("the cells have their names", worst.json["columns"], ["proto", "port", "bytes", "note", "label"])
    promises.check("attacks come first", {item["cells"][0] for item in items[:50]} == {"gre"}
                   and items[50]["cells"][0] != "gre", items)
    scores = [item["score"] for item in items]
    promises.equal("the worst first", scores, sorted(scores, reverse=True))
    promises.check("with reasons", all("=" in item["reasons"] for item in items[:50]), items[:2])
    promises.check("and what others wrote is data", items[0]["cells"][3] == HTML
                   and worst.headers["Content-Type"].startswith("application/json")
                   and worst.headers["X-Content-Type-Options"] == "nosniff", worst)
    paged, cursor = [], 0
    while cursor is not None:
        page = viewer.get(f"{rows}?limit=300&cursor={cursor}").json
        paged += [item["row"] for item in page["items"]]
        cursor = page["next"]
    promises.equal("all rows come once, in order", paged, list(range(1, 2001)))
    promises.equal("row 40 is an attack", [viewer.get(f"{rows}?limit=40").json["items"][39][name] > 0.5
                                           for name in ("score",)], [True])
    lines = viewer.get(f"{rows}?format=csv").body.decode().splitlines()
    promises.equal("and as a file", (lines[0], len(lines)), ("row,score,share_above,reasons", 2001))
    job = viewer.analyse(connections(400, label=False).replace("bytes", "octets"), "conn-1.2")
    promises.check("columns that are missing or unknown are said", job["state"] == "done"
                   and job["result"]["missing_columns"] == ["bytes", "label"]
                   and job["result"]["unknown_columns"] == ["octets"]
                   and job["result"]["auc"] is None, job)
    answer = viewer.send("x", format="csv", name="logins")
    rows = f"/api/analyse/{answer.json['job']}/rows?order=worst"
    promises.equal("logins have no such order", viewer.get(rows).status, 404)


def elsewhere(promises):
    promises.section("another directory")
    service = Dashboard()
    other = service.root / "models of mine"
    with open(service.config, "a", encoding="utf-8") as config:
        config.write(f"table_models = {other}\n")
    make_models(service, other)
    with service:
        viewer = Viewer(service)
        answer = viewer.get("/api/analyse/models")
        promises.equal("models are where the configuration says", (answer.json["directory"], len(answer.json["items"])),
                       (str(other), 5))
        promises.equal("and judge", viewer.analyse(connections(100), "forest")["state"], "done")


def main():
    promises = Promises("tables on the dashboard")
    with Dashboard() as service:
        viewer = Viewer(service)
        listing(promises, service, viewer, service.store / "table_models")
        refusals(promises, service, viewer)
        judging(promises, viewer)
    elsewhere(promises)
    promises.finish()


if __name__ == "__main__":
    main()
