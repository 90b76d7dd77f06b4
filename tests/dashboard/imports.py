#!/usr/bin/env python3
"""An uploaded history enters the store when an analyst says so: by anomalyd, and only where it may.

In an arena: the service, anomalyd and the test are three users, as they are where they are installed.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

# pylint: disable=wrong-import-position
from arena import Arena, wait_for
from product import Product
from rig import HISTORY, Answer, Dashboard, Promises

PATIENCE_S = 120
WRITTEN_BYTES = 1 << 20  # of the store's log, when what is imported is being committed
HELD_S = 8  # longer than the least that anomalyd rests
KEPT = "36500d"  # the histories are older than what is kept otherwise


def history(names, days):
    """An sshd log: each of the names logs in once on each day, and mistypes first on every fourth."""
    lines = []
    for day in range(days):
        date = f"2025-{1 + day // 28:02}-{1 + day % 28:02}"
        for number, name in enumerate(names):
            at = f"{date}T{6 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z gate sshd[{number + 9}]:"
            where = f"for {name} from 8.8.{number // 250}.{1 + number % 250} port {1024 + number} ssh2"
            if (day + number) % 4 == 0:
                lines.append(f"{at} Failed password {where}")
            lines.append(f"{at} Accepted password {where}")
    return "\n".join(lines) + "\n"


SMALL = history(("carol", "dave", "erin"), 40)
LARGE = history([f"user{number}" for number in range(100)], 60)
OTHERS = history([f"other{number}" for number in range(100)], 60)


class Scene:
    """Who is signed in, and what they do."""

    def __init__(self, promises, product, service):
        self.promises, self.product, self.service = promises, product, service
        self.anna = {"Authorization": f"Bearer {service.token('anna', '--role', 'analyst')}"}
        self.vera = {"Authorization": f"Bearer {service.token('vera', '--role', 'viewer')}"}

    def request(self, method, target, who=None, body=None) -> Answer:
        return self.service.request(method, target, body, who or self.anna)

    def analyse(self, text, name="auth.log", form="sshd"):
        """The id of an analysis that has ended."""
        job = self.request("POST", f"/api/analyse?format={form}&name={name}", body=text).json["job"]
        if not wait_for(lambda: self.told(job)["state"] in ("done", "failed"), PATIENCE_S):
            raise RuntimeError(f"it is never judged: {self.told(job)}")
        return job

    def told(self, job):
        return self.request("GET", f"/api/analyse/{job}").json

    def ask(self, job, who=None):
        return self.request("POST", f"/api/analyse/{job}/import", who)

    def ended(self, job):
        """What came of its import."""
        wait_for(lambda: self.told(job)["import"]["state"] in ("done", "failed"), PATIENCE_S)
        return self.told(job)["import"]

    def logins(self):
        return self.request("GET", "/api/state").json["store"]["logins"]

    def decisions(self):
        return [item for item in self.request("GET", "/api/decisions").json["items"]
                if item["what"] == "import"]

    def upload(self, job):
        return self.product.store / "dashboard/analyses" / f"{job}.upload"

    def hold(self, job):
        """Has the import of an analysis begin, and stops the process that does it: its id."""
        self.ask(job)
        return self.product.hold_import(PATIENCE_S)

    def attempt(self, user):
        """A login of now, as the module leaves it in the journal; its id."""
        helper = self.service.build / "tests/dashboard/append_attempts"
        return subprocess.run([helper, self.product.store], input=f"{user} 8.8.8.8 log\n", text=True,
                              capture_output=True, check=True, user="pam_anomaly",
                              group="pam_anomaly").stdout.strip()

    def is_stored(self, identity):
        return self.request("GET", f"/api/logins/{identity}").status == 200


def off(promises, scene):
    promises.section("unless the administrator says so")
    before = scene.logins()
    job = scene.analyse(SMALL)
    told = scene.told(job)
    scene.service.fits(promises, "get_api_analyse_job", scene.request("GET", f"/api/analyse/{job}"))
    promises.check("it says which option allows it", told["import"] is None
                   and "dashboard_import = yes" in told["import_refused"], told)
    answer = scene.ask(job)
    promises.check("and refuses in the same words", answer.status == 409
                   and answer.sentence == told["import_refused"], answer)
    promises.equal("a viewer may not ask at all", scene.ask(job, scene.vera).status, 403)
    promises.equal("nothing entered", (scene.logins(), scene.decisions()), (before, []))

    scene.product.reconfigure(dashboard_import="yes")
    scene.service.process.send_signal(signal.SIGHUP)  # anomalyd's is still the old one
    promises.check("the service reads it again", wait_for(lambda: scene.told(job)["import_refused"] is None,
                                                          PATIENCE_S), scene.told(job))
    promises.equal("a viewer still may not", scene.ask(job, scene.vera).status, 403)
    promises.equal("an analyst may", scene.ask(job).status, 202)
    ended = scene.ended(job)
    promises.check("anomalyd refuses what its own configuration does not allow",
                   ended["state"] == "failed" and "dashboard_import" in ended["message"], ended)
    promises.equal("nothing entered", scene.logins(), before)
    decided = scene.decisions()
    scene.service.fits(promises, "get_api_decisions", scene.request("GET", "/api/decisions"))
    promises.equal("who asked for what is written down", [
        (item["by"], item["job"], item["file"], item["format"], item["state"], item["why"]) for item in decided],
                   [("anna", job, "auth.log", "sshd", "failed", ended["message"])], decided)
    line = scene.request("GET", "/api/decisions?format=csv").body.decode().splitlines()[1]
    promises.check("as a file, too", "auth.log" in line and ",failed," in line and "anna" in line, line)
    scene.product.stop_daemon()
    scene.product.start_daemon()
    return job


def on(promises, scene, job):
    promises.section("where it is allowed")
    before = scene.logins()
    scored = scene.told(job)["result"]["rows"]
    answer = scene.ask(job)
    scene.service.fits(promises, "post_api_analyse_job_import", answer)
    promises.check("one that failed may be asked for again", answer.status == 202
                   and answer.json["import"] == {"state": "asked", "message": None}, answer)
    ended = scene.ended(job)
    promises.check("it is done, and says what it was", ended["state"] == "done"
                   and ended["message"].startswith("120 logins, 30 failed attempts, 0 duplicates"),
                   ended)
    promises.equal("all its logins are in the store", scene.logins(), before + scored)
    carol = scene.request("GET", "/api/users/carol").json
    promises.equal("and taught profiles", carol["learned_logins"], 40, carol)
    answer = scene.ask(job)
    promises.check("it enters once", answer.status == 409 and "in the store already" in answer.sentence, answer)
    again = scene.analyse(SMALL)
    scene.ask(again)
    ended = scene.ended(again)
    promises.check("the same file again is known", ended["state"] == "done"
                   and " 150 duplicates" in ended["message"], ended)
    promises.equal("and changes nothing", scene.logins(), before + scored)
    scene.request("DELETE", f"/api/analyse/{job}")
    gone = scene.request("GET", f"/api/analyse/{job}")
    promises.check("of one thrown away it is still told", gone.status == 404 and "anna" in gone.sentence
                   and "120 logins" in gone.sentence, gone)
    gone = scene.ask("0123456789abcdef")
    promises.check("of none there is nothing to tell", gone.status == 404 and "asked for" not in gone.sentence, gone)
    job = scene.analyse("time,user\n2025-01-01T08:00:00Z,frank\n", "logins.csv", "csv")
    scene.ask(job)
    ended = scene.ended(job)
    promises.check("another format enters, too", ended["state"] == "done"
                   and scene.request("GET", "/api/users/frank").json["known"], ended)
    job = scene.analyse("no columns\n", "what.csv", "rba")
    refused = scene.ask(job)
    promises.check("what cannot be judged does not", scene.told(job)["state"] == "failed" and refused.status == 409
                   and "judged" in refused.sentence, refused)


def foreign(path):
    path.write_text(SMALL)
    path.chmod(0o644)
    os.chown(path, 12345, 12345)


def too_large(path):
    path.write_text(SMALL)
    path.chmod(0o644)
    os.truncate(path, (256 << 20) + 1)


def hostile(promises, scene):
    promises.section("what a hostile dashboard puts there")
    before = scene.logins()
    outside = scene.product.root / "outside.log"
    outside.write_text(HISTORY)
    owner = (scene.product.store / "dashboard").stat().st_uid
    for what, says, make in (
            ("a link", "cannot be opened", lambda path: path.symlink_to(outside)),
            ("a pipe", "no file of the dashboard's user", lambda path: os.mkfifo(path, 0o644)),
            ("a directory", "no file of the dashboard's user", lambda path: path.mkdir(mode=0o755)),
            ("a file of somebody else", "no file of the dashboard's user", foreign),
            ("one that is too large", "more than 256 MiB", too_large),
            ("one that it does not let be read", "cannot be opened", lambda path: path.write_bytes(b"")
             or path.chmod(0o600)),
            ("nothing", "is gone", lambda path: None)):
        scene.product.stop_daemon()
        job = scene.analyse(SMALL)
        scene.ask(job)
        path = scene.upload(job)
        path.unlink()
        make(path)
        if path.exists() and not path.is_symlink() and path.stat().st_uid == 0:
            os.chown(path, owner, -1)
        scene.product.start_daemon()
        ended = scene.ended(job)
        promises.check(f"{what}: it fails, and says so", ended["state"] == "failed" and says in ended["message"],
                       ended)
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        scene.request("DELETE", f"/api/analyse/{job}")
    analyses = scene.product.store / "dashboard/analyses"
    scene.product.stop_daemon()
    job = scene.analyse(SMALL)
    scene.ask(job)
    analyses.rename(analyses.with_name("elsewhere"))
    analyses.symlink_to("elsewhere")
    scene.product.start_daemon()
    ended = scene.ended(job)
    promises.check("a link for the directory", ended["state"] == "failed" and "cannot be opened" in ended["message"],
                   ended)
    analyses.unlink()
    analyses.with_name("elsewhere").rename(analyses)
    promises.equal("nothing of it entered", scene.logins(), before)
    scene.request("DELETE", f"/api/analyse/{job}")


def waiting(promises, scene):
    promises.section("while anomalyd is away")
    scene.product.stop_daemon()
    jobs = [scene.analyse(SMALL, f"{number}.log") for number in range(5)]
    answers = [scene.ask(job) for job in jobs]
    promises.equal("four wait, and no more", [answer.status for answer in answers], [202] * 4 + [409], answers[-1])
    promises.equal("one that waits is not asked for twice", scene.ask(jobs[0]).status, 409)
    promises.equal("nor thrown away", scene.request("DELETE", f"/api/analyse/{jobs[0]}").status, 409)
    for number in range(8):
        scene.analyse("x\n", f"other{number}.log")
    promises.equal("nor given up for newer ones", [scene.told(job)["import"] for job in jobs[:4]],
                   [{"state": "asked", "message": None}] * 4)
    scene.product.start_daemon()
    promises.equal("all are done when it is there again", [scene.ended(job)["state"] for job in jobs[:4]],
                   ["done"] * 4)
    for job in jobs[:4]:
        scene.request("DELETE", f"/api/analyse/{job}")


def meanwhile(promises, scene, job):
    """An import that is held amid its work."""
    promises.section("while it runs")
    before = scene.logins()
    importer = scene.hold(job)
    promises.equal("it says so", scene.told(job)["import"]["state"], "running")
    identity = scene.attempt("alice")
    judged = scene.request("POST", "/predict", body={"user": "alice", "time": "2026-04-01T08:00:00Z", "ip": "8.8.8.8"})
    promises.check("logins are judged from the store as it was", judged.status == 200
                   and judged.json["risk"] is not None and scene.logins() == before, judged)
    promises.check("a login waits in the journal", not scene.is_stored(identity))

    promises.section("anomalyd is killed amid it")
    scene.product.stop_daemon(signal.SIGKILL)
    promises.check("its importer ends with it", wait_for(lambda: not os.path.exists(f"/proc/{importer}"), PATIENCE_S))
    checked = scene.product.run("anomalyctl", "check", check=False)
    promises.check("the store is sound", scene.logins() == before and "damaged" not in checked.stdout,
                   checked.stdout)
    scene.product.start_daemon()
    promises.check("the login is in it", wait_for(lambda: scene.is_stored(identity), PATIENCE_S))

    promises.section("anomalyd is ended amid it")
    promises.check("it was begun again", scene.product.hold_import(PATIENCE_S), scene.told(job))
    identity = scene.attempt("bob")
    scene.product.stop_daemon()
    promises.check("what logins left is in the store at its end", scene.is_stored(identity))
    promises.equal("the import is as if it had not begun", scene.told(job)["import"]["state"], "asked")
    scene.product.start_daemon()
    ended = scene.ended(job)
    rows = scene.told(job)["result"]["rows"]
    promises.check("it is done at last", ended["state"] == "done" and " 0 duplicates" in ended["message"], ended)
    promises.equal("whole and once, beside the two logins", scene.logins(), before + rows + 2)


def broken(promises, scene, job):
    promises.section("an importer that ends")
    before = scene.logins()
    os.kill(scene.hold(job), signal.SIGKILL)
    ended = scene.ended(job)
    promises.check("it has failed, and says by what", ended["state"] == "failed" and "signal 9" in ended["message"],
                   ended)
    promises.equal("nothing entered", scene.logins(), before)
    identity = scene.attempt("alice")
    promises.check("anomalyd goes on", wait_for(lambda: scene.is_stored(identity), PATIENCE_S))


def resting(promises, scene, job):
    promises.section("one after the other")
    other = scene.analyse(SMALL, "other.log")
    importer = scene.hold(job)
    scene.ask(other)
    held = time.monotonic()
    time.sleep(HELD_S)
    let_go = time.monotonic()
    os.kill(importer, signal.SIGKILL)
    wait_for(lambda: scene.told(other)["import"]["state"] != "asked", PATIENCE_S)
    rested = time.monotonic() - let_go
    promises.check("anomalyd rests for as long as an import took", rested >= let_go - held, (rested, let_go - held))
    promises.equal("and then goes on", scene.ended(other)["state"], "done")
    scene.request("DELETE", f"/api/analyse/{other}")


def writing(promises, scene):
    promises.section("anomalyd is killed while its importer writes")
    before = scene.logins()
    job = scene.analyse(OTHERS, "others.log")
    rows = scene.told(job)["result"]["rows"]
    log = scene.product.store / "store.db-wal"
    scene.ask(job)
    wait_for(lambda: log.stat().st_size > WRITTEN_BYTES or scene.told(job)["import"]["state"] == "done", PATIENCE_S,
             step=0)
    scene.product.stop_daemon(signal.SIGKILL)
    promises.check("all of it is there or nothing", scene.logins() in (before, before + rows),
                   (before, rows, scene.logins()))
    scene.product.start_daemon()
    ended = scene.ended(job)
    promises.check("it is done when anomalyd is back", ended["state"] == "done"
                   and (" 0 duplicates" in ended["message"] or f" {rows} duplicates" in ended["message"]), ended)
    promises.equal("whole and once", scene.logins(), before + rows)
    checked = scene.product.run("anomalyctl", "check", check=False)
    promises.check("the store is sound", "damaged" not in checked.stdout, checked.stdout)


def forgotten(promises, scene):
    promises.section("the service is started again")
    scene.product.stop_daemon()
    job = scene.analyse(SMALL)
    scene.ask(job)
    for number in range(3):
        scene.ask(scene.analyse(SMALL, f"{number}.log"))
    scene.service.stop()
    scene.service.start()
    late = scene.analyse(SMALL)
    promises.equal("which knows of none that waits", scene.ask(late).status, 202)
    scene.product.start_daemon()
    ended = scene.ended(late)
    promises.check("anomalyd refuses one too many, and it is said", ended["state"] == "failed"
                   and "too many wait" in ended["message"], ended)
    promises.equal("it can be thrown away", scene.request("DELETE", f"/api/analyse/{late}").status, 200)
    gone = wait_for(lambda: (answer := scene.request("GET", f"/api/analyse/{job}")).sentence is not None
                    and "failed" in answer.sentence and answer, PATIENCE_S)
    promises.check("what became of it is said", gone and gone.status == 404
                   and "the dashboard was started again" in gone.sentence, gone)


def main():
    with Arena.enter() as arena:
        promises = Promises("histories that enter the store")
        os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # it cannot look at who has become another user
        arena.add_user("pam_anomaly_dashboard", system=True)
        product = Product(arena)
        product.configure(geo="none", keep_logins=KEPT, keep_failures=KEPT, keep_sources=KEPT)
        product.import_log(HISTORY)
        product.start_daemon()
        with Dashboard(store=product.store, config=product.config_path, programs=product.program) as service:
            scene = Scene(promises, product, service)
            on(promises, scene, off(promises, scene))
            hostile(promises, scene)
            waiting(promises, scene)
            large = scene.analyse(LARGE, "large.log")
            broken(promises, scene, large)
            resting(promises, scene, large)
            meanwhile(promises, scene, large)
            writing(promises, scene)
            forgotten(promises, scene)
            promises.section("the end")
            promises.equal("it ends on SIGTERM with 0", service.stop(), 0, service.log())
            for log in (service.log(), product.daemon_log()):
                promises.check("without a word of a sanitizer", "Sanitizer" not in log
                               and "runtime error" not in log, log)
        promises.finish()


if __name__ == "__main__":
    main()
