#!/usr/bin/env python3
"""anomalyctl's commands on a real store: what they say, their JSON, their exit status, and what they
say when the store is missing, damaged, or being written to."""
import datetime
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ANOMALYCTL, TRAINER = sys.argv[1], sys.argv[2]
ROOT = pathlib.Path(tempfile.mkdtemp())
ROOT.chmod(0o755)
# Who owns a store where root runs this: one of root's own is refused.
OWNER = 54321
CONFIG = ROOT / "conf"
STORE = ROOT / "store"


def run(*arguments, status=0, store=STORE):
    environment = {**os.environ, "TZ": "UTC"}
    if arguments[0] == "check":
        environment["ASAN_OPTIONS"] = "detect_leaks=0"  # it cannot look at who has become another user
    done = subprocess.run([ANOMALYCTL, *arguments, "--config", str(CONFIG), "--store", str(store)],
                          capture_output=True, text=True, env=environment)
    if done.returncode != status:
        sys.exit(f"{arguments}: status {done.returncode}, not {status}\n{done.stdout}{done.stderr}")
    if status and not done.stderr.startswith("anomalyctl: "):
        sys.exit(f"{arguments}: no sentence on stderr: {done.stderr!r}")
    return done


def read(*arguments, status=0, store=STORE):
    return json.loads(run(*arguments, "--json", status=status, store=store).stdout)


def expect(truth, what):
    if not truth:
        sys.exit(f"not so: {what}")


def give_store(owner, group):
    if os.geteuid() == 0:
        for path in (STORE, *STORE.iterdir()):
            os.chown(path, owner, group)


def make_history():
    first = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=30)
    lines = []
    for day in range(30):
        for hour, user, address in ((8, "ada", "8.8.8.8"), (13, "ada", "8.8.8.8"), (9, "bob", "1.1.1.1")):
            moment = first.replace(hour=hour) + datetime.timedelta(days=day)
            head = f"{moment:%Y-%m-%dT%H:%M:%S}+00:00 gate sshd[{1000 + day * 10 + hour}]: "
            lines.append(f"{head}Accepted password for {user} from {address} port {40000 + day} ssh2")
            lines.append(f"{head}pam_unix(sshd:session): session opened for user {user}(uid=1000) by (uid=0)")
            lines.append(f"{head}pam_unix(sshd:session): session closed for user {user}")
        lines.append(f"{head}Failed password for invalid user admin from 9.9.9.9 port {50000 + day} ssh2")
    (ROOT / "auth.log").write_text("\n".join(lines) + "\n")
    STORE.mkdir(mode=0o750)
    subprocess.run([TRAINER, "import", "--format", "sshd", "--config", str(CONFIG), "--store", str(STORE),
                    str(ROOT / "auth.log")], check=True, capture_output=True)


def reads_the_store():
    status = read("status")
    expect((status["logins"], status["users"], status["failures"]) == (120, 2, 30), f"status counts the history: {status}")
    expect(status["mode"] == "observe" and status["writer_running"] is False, "status tells the mode")
    user = read("show", "user", "ada", "--limit", "3")
    expect(user["learned_logins"] == 60 and len(user["logins"]) == 3, "show user")
    source = read("show", "source", "9.9.9.9")
    expect(source["address"]["attempts"] == 30 and source["address"]["accepted"] == 0, "show source")
    logins = read("logins", "--user", "bob", "--limit", "100")["logins"]
    expect(len(logins) == 30 and {l["ip"] for l in logins} == {"1.1.1.1"}, "logins --user")
    expect([l["time"] for l in logins] == sorted((l["time"] for l in logins), reverse=True), "latest first")
    lately = read("logins", "--since", "10d", "--limit", "1000")["logins"]
    expect(0 < len(lately) < 120, "logins --since")
    expect(read("logins", "--source", "9.9.9.9", "--limit", "5")["logins"][0]["reached"] == "attempt",
           "logins --source")
    expect(read("logins", "--verdict", "deny")["logins"] == [], "nothing was denied")
    login = read("show", "login", logins[0]["id"])
    expect(login["user"] == "bob" and login["imported"] is True, "show login")
    expect("bob" in run("logins").stdout and "\033" not in run("logins").stdout, "a plain table")
    expect(read("journal")["pending_records"] == 0, "journal")
    expect(read("journal", "drain")["records"] == 0, "journal drain")


def refuses_bad_words():
    run("show", "user", "nobody-of-that-name", status=1)
    run("show", "planet", "earth", status=2)
    run("show", "login", "no-id", status=1)
    run("show", "source", "localhost", status=1)
    run("logins", "--since", "yesterday", status=2)
    run("logins", "--verdict", "maybe", status=2)
    run("journal", "burn", status=2)
    run("allow", "10.0.0.1/8", status=2)
    run("allow", "ada", "--for", "ever", status=2)
    run("revoke", "ada", status=1)
    expect(run("show", "user", "nobody-of-that-name", "--json", status=1).stdout == "", "no half object")


def exempts():
    expect(read("allow")["exemptions"] == [], "no exemption at first")
    read("allow", "root", "--for", "2h", store=ROOT / "gone")
    read("allow", "192.0.2.0/24")
    expect(sorted(k for e in read("allow")["exemptions"] for k in e if k not in ("until", "from")) == ["network", "user"],
           "allow lists")
    expect(read("revoke", "192.0.2.0/24")["found"] is True, "revoke")
    expect([e["user"] for e in read("allow")["exemptions"]] == ["root"], "one is left")


def prints_the_configuration():
    expect(read("config")["mode"] == "observe", "config --json")
    expect("deny_budget" in run("config", "--defaults").stdout, "config --defaults")


def train():
    done = subprocess.run([TRAINER, "train", "--trees", "5", "--json", "--config", str(CONFIG), "--store", str(STORE),
                           "--out", str(ROOT / "model")], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def labels():
    before = train()
    latest = [l["id"] for l in read("logins", "--user", "ada", "--limit", "5")["logins"]]
    os.environ["SUDO_USER"] = "daemon"
    said = read("label", latest[0], "attack", "--family", "phished", "--why", "she was asleep \033[31m")
    expect((said["label"], said["before"], said["family"]) == ("attack", "none", "phished"), f"label: {said}")
    expect(said["labelled"]["by"] == ("daemon" if os.geteuid() == 0 else said["labelled"]["by"]), "who called sudo")
    expect(said["writer_running"] is False and "label" not in read("show", "login", latest[0]), "not folded in yet")
    expect(read("status")["pending_records"] == 1 and read("journal")["oldest_pending"], "a label waits")
    for each in latest[1:]:
        expect("journal drain" in run("label", each, "attack").stderr, "what makes it count")
    expect(read("journal", "drain")["records"] == 5, "labels are drained")
    shown = read("show", "login", latest[0])
    expect((shown["label"], shown["family"], shown["learned"]) == ("attack", "phished", False), "show login")
    expect(shown["labelled"]["why"].startswith("she was asleep") and shown["labelled"]["time"], "by whom and why")
    text = run("show", "login", latest[0]).stdout
    expect([(d["what"], d["label"], d["by"]) for d in shown["decisions"]] ==
           [("label", "attack", shown["labelled"]["by"])], "what was decided on it")
    expect("decided" in text, "and for people")
    expect("attack, phished" in text and "asleep" in text and "\033" not in text, "show login for people")
    user = read("show", "user", "ada", "--limit", "6")
    expect(user["learned_logins"] == 55 and [l.get("label") for l in user["logins"]] == 5 * ["attack"] + [None],
           "show user")
    expect(run("show", "user", "ada").stdout.count("attack") == 5, "show user for people")
    after = train()
    expect(after["logins"] == before["logins"] - 5, "training no longer takes them for logins")
    expect("other" not in before["families"] and after["families"]["other"]["attacks"] == 5, "but for attacks")
    run("label", latest[0], "attack")
    run("label", latest[0], "legitimate", "--why", "a \"journey\"")
    run("label", latest[1], "none")
    read("journal", "drain")
    expect(read("show", "user", "ada")["learned_logins"] == 57, "labels replace each other")
    expect(read("show", "login", latest[0])["label"] == "legitimate", "the latest one stands")
    expect("label" not in read("show", "login", latest[1]) and read("show", "login", latest[1])["labelled"]["by"],
           "one that was taken back")
    failure = read("logins", "--source", "9.9.9.9", "--limit", "1")["logins"][0]["id"]
    expect("never accepted" in run("label", failure, "legitimate").stderr, "a failure teaches nothing")
    expect("no login" in run("label", "0" * 19 + "1", "attack", status=1).stderr, "an unknown id")
    run("label", "no-id", "attack", status=2)
    run("label", failure, "suspect", status=2)
    run("label", failure, "legitimate", "--family", "phished", status=2)
    run("label", failure, "attack", "--family", "two words", status=2)
    run("label", failure, "attack", "--family", "x" * 24, status=2)
    run("label", failure, "attack", "--why", "x" * 256, status=2)
    for each in latest:
        run("label", each, "none")
    read("journal", "drain")
    expect(read("show", "user", "ada")["learned_logins"] == 60, "as it was")


def check_of(config, status, owner=OWNER, group=OWNER):
    CONFIG.write_text(BASE + config)
    stacks = ROOT / "pam.d"
    stacks.mkdir(exist_ok=True)
    give_store(owner, group)
    done = run("check", "--pam-dir", str(stacks), "--sshd-config", str(ROOT / "none"), "--json", status=status)
    give_store(0, 0)
    CONFIG.write_text(BASE)
    return {(f["area"], f["severity"]) for f in json.loads(done.stdout)["findings"]}, done.stdout


def checks():
    found, _ = check_of("", 0)
    expect(("store", "good") in found and ("anomalyd", "warning") in found, f"a sound store: {found}")
    _, text = check_of("mode = maybe\n", 1)
    expect(f"{CONFIG}" in text and "line 2" in text or ":2" in text, f"the line of an error: {text}")
    found, _ = check_of("mode = enforce\ndeny_root = yes\n", 1)
    expect(("configuration", "refusal") in found, "enforcing without a way back")
    found, _ = check_of("mode = enforce\non_fault = deny\n", 1)
    expect(("configuration", "refusal") in found, "faults that deny with nobody exempt")
    found, _ = check_of("mode = enforce\nexempt_users = root\n", 0)
    expect(("configuration", "warning") not in found, "enforcing with an exemption")
    (STORE / "model.forest").write_bytes(b"no model")
    found, _ = check_of("", 0)
    expect(("model", "warning") in found, "a damaged model")
    (STORE / "model.forest").unlink()
    found, text = check_of("on_fault_config = deny\n", 1)
    expect(("configuration", "refusal") in found and "at the first slip" in text,
           "a file that refuses everybody at its first slip, observing or not")


def refuses_a_store_of_root():
    if os.geteuid() != 0:
        return
    for owner, group, words in ((0, OWNER, "belongs to root; logins cannot be judged"),
                                (OWNER, 0, "has the group root; logins cannot be judged")):
        found, text = check_of("", 1, owner, group)
        expect(("store", "refusal") in found and words in text, words)
    found, _ = check_of("", 0)
    expect(("store", "refusal") not in found, "a store of the service's own")


def keeps_sound_exemptions():
    file = ROOT / "exemptions"
    before = file.read_text()
    file.write_text("nonsense\n" + before)
    done = run("allow", "--json", status=1)
    expect([e["user"] for e in json.loads(done.stdout)["exemptions"]] == ["root"], "the sound line is listed")
    expect(":1:" in done.stderr, "the damaged line is named")
    expect(":1:" in run("allow", "ada", status=1).stderr, "a damaged file is not rewritten")
    found, _ = check_of("", 1)
    expect(("exemptions", "refusal") in found, "check names the damaged line")
    file.write_text(before)


def knows_exceptions_of_the_dashboard():
    """They stand in a file in the store, which anomalyd writes."""
    file = STORE / "exemptions"
    file.write_text("user eve until 4102444800\nnetwork 198.51.100.0/24 until 1\n")
    os.chown(file, STORE.stat().st_uid, -1)
    own = [e["user"] for e in read("allow")["exemptions"] if e["from"] == "command"]
    expect([e["user"] for e in read("allow")["exemptions"] if e["from"] == "dashboard"] == ["eve"], "allow lists them")
    expect("dashboard" in run("allow").stdout, "for people too")
    status = read("status")
    expect((status["exempt"], status["exempt_by_dashboard"]) == (len(own), 1), "status counts them")
    give_store(OWNER, OWNER)
    os.chown(file, OWNER, OWNER)
    expect(f"{len(own) + 1} temporary" in check_of("", 0)[1], "check counts them")
    os.chown(file, 0, 0)
    run("revoke", "198.51.100.7", status=1)
    done = run("revoke", "eve")
    expect("no longer exempt" in done.stdout and "anomalyd is not running" in done.stderr, "revoke")
    expect(read("status")["pending_records"] == 1, "it is told through the journal")
    expect(read("journal", "drain")["refused"] == 1, "what the store does not know of cannot be revoked")
    expect(all(e["from"] == "command" for e in read("allow")["exemptions"]), "the file is the store's")


def tells_of_a_writer():
    with open(STORE / "drain.lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        expect(read("status")["writer_running"] is True, "the writer is seen")
        expect("another program" in run("journal", "drain", status=1).stderr, "drain keeps off")


def explains_a_store_that_fails():
    expect("start anomalyd" in run("status", store=ROOT / "gone", status=1).stderr, "no store")
    empty = ROOT / "empty"
    empty.mkdir(mode=0o750)
    expect("start anomalyd" in run("status", store=empty, status=1).stderr, "an empty store")
    (STORE / "store.db").write_bytes(b"not a database" * 1000)
    expect("store.db" in run("status", status=1).stderr, "a damaged store")
    STORE.chmod(0o777)
    expect("written by others" in run("status", status=1).stderr, "a store that anybody may write to")


BASE = f"exemptions = {ROOT}/exemptions\n"
CONFIG.write_text(BASE)
make_history()
for test in (reads_the_store, refuses_bad_words, exempts, prints_the_configuration, labels,
             checks, refuses_a_store_of_root, keeps_sound_exemptions,
             knows_exceptions_of_the_dashboard, tells_of_a_writer,
             explains_a_store_that_fails):
    test()
    print(f"ok  {test.__name__}")
subprocess.run(["rm", "-r", str(ROOT)], check=True)
