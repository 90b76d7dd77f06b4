#!/usr/bin/python3
"""quickstart's show: a history, a model, real logins through a real sshd, and a table of them."""

import argparse
import socket
import sys
import textwrap
import time
import traceback
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))

# pylint: disable=wrong-import-position
from arena import Arena, wait_for
from firm import ELSEWHERE, MOBILE, PASSWORD, SITUATIONS, SPRAYER, WEAK_USER, staff
from history import sshd_log
from product import Product, build_directory
from ssh import SecondFactor, SshClient, SshServer
from table import Row, print_table

WORK = SOURCE / "build/quickstart"
WARM_UPS = 1
DASHBOARD_PORT = 8787
ANALYST = "alice"
DENY_BUDGET = "1/1000"  # some thousand logins cannot tell what one in ten thousand looks like

STACK = """# A usual login skips the second factor, any other is asked for it; a refusal looks like a
# wrong password.
auth [success=1 ignore=ignore default=bad] {module} step_up
{second_factor}
auth required pam_unix.so nodelay
account required {module}
account required pam_unix.so
session optional {module}
session required pam_permit.so
"""

SIGN_IN_STACK = """auth required pam_unix.so nodelay
account required pam_unix.so
"""


class Steps:
    """Lines such as quickstart's own: what, and how long it took."""

    def __init__(self):
        self.current = "the private place"

    def run(self, what, function):
        self.current = what
        begin = time.monotonic()
        print(f"  {what:<44}", end="", flush=True)
        result = function()
        print(f"{time.monotonic() - begin:5.0f} s", flush=True)
        return result


class Show:
    def __init__(self, arena, geo):
        self.arena = arena
        self.now = time.time()
        self.staff = staff(self.now)
        self.product = Product(arena, geo_files=geo)
        self.client = SshClient(arena)
        self.otp = SecondFactor(arena)
        self.server = None
        self.keys = {}

    def open(self):
        """Users, the PAM stack, sshd and anomalyd."""
        for person in self.staff:
            self.arena.add_user(person.name, PASSWORD)
            self.otp.enrol(person.name)
        for person in self.staff[:2]:
            self.keys[person.name], public = self.arena.make_key(person.name)
            self.arena.authorize(person.name, public)
        stack = STACK.format(module=self.product.stack_line(), second_factor=self.otp.pam_line)
        self.arena.pam_stack("sshd", stack)
        self.product.configure(mode="enforce", deny_budget=DENY_BUDGET, deadline="500ms",
                               dashboard_import="yes")
        self.server = SshServer(self.arena, "sshd", PermitRootLogin="no")
        self.product.start_daemon()

    def open_dashboard(self):
        """Where the machine's browsers reach it, though it looks at the private place."""
        self.arena.pam_stack("pam_anomaly_dashboard", SIGN_IN_STACK)
        self.arena.add_group("pam_anomaly_analysts", [ANALYST])
        self.product.start_dashboard_on(self.arena.listener)

    def learn_history(self):
        return self.product.import_log(sshd_log(self.staff, "gate", self.now))

    def train(self):
        return self.product.train("--seed", "1")

    def warm_up(self):
        """Ordinary logins of this morning: what a log does not tell (the client, the round trip)."""
        for person in self.staff:
            for _ in range(WARM_UPS if person.warms_up else 0):
                self.log_in(person.name, person.places[0], person.ssh_method)

    def log_in(self, user, source, method, password=PASSWORD, has_code=True,
               stack=None):
        with self.arena.client_stack(**(stack or {})):
            return self.client.login(self.server, user, methods=method, source=source,
                                     passwords=[password],
                                     code=self.otp.code() if has_code else None,
                                     key=self.keys.get(user) if method == "publickey" else None)

    def situation(self, what):
        mark = self.arena.syslog.mark()
        login = self.log_in(what.user, what.source, what.method, has_code=what.has_code,
                            stack=what.stack)
        return self.row(what.title, what.user, what.method, login, self.last_audit(mark, what.user))

    def last_audit(self, mark, user):
        wait_for(lambda: self.product.audits(mark, user))
        audits = self.product.audits(mark, user)
        if not audits:
            raise RuntimeError(f"the login of {user} left no audit line")
        return audits[-1]

    def row(self, title, user, method, login, audit):
        outcome = "refused"
        if login.ok:
            outcome = "in, after a code" if login.codes_asked else "in"
        return Row(title=title, user=user, address=audit["rhost"], place=place(audit), method=method,
                   risk=float(audit["risk"] or "nan"), verdict=audit["verdict"] or audit["fault"],
                   outcome=outcome, reasons=audit["reasons"] or "",
                   added_ms=float(audit["us"]) / 1000)

    def spray(self):
        """One address tries the same password on every name, and is right once."""
        mark = self.arena.syslog.mark()
        for person in self.staff:
            if person.name != WEAK_USER:
                self.log_in(person.name, SPRAYER, "password", password="Summer2024!")
        guesses = wait_for(lambda: self.product.audits(mark))
        last = guesses[-1]
        yield Row(title="password spraying: the guesses", user=f"{len(guesses)} names",
                  address=last["rhost"], place=place(last), method="password", risk=float(last["risk"]), verdict=last["verdict"],
                  outcome="refused", reasons=last["reasons"] or "",
                  added_ms=sum(float(audit["us"]) for audit in guesses) / len(guesses) / 1000)
        mark = self.arena.syslog.mark()
        login = self.log_in(WEAK_USER, SPRAYER, "password", has_code=False)
        yield self.row("password spraying: the one that fits", WEAK_USER, "password", login,
                       self.last_audit(mark, WEAK_USER))

    def rows(self):
        for what in SITUATIONS:
            yield self.situation(what)
        yield from self.spray()


def place(audit):
    return ", ".join(part for part in (audit.plain("city"), audit["country"]) if part)


def keep(show):
    inside = _short(WORK / "inside")
    where = "{}:{}".format(*show.arena.listener.getsockname())
    print(f"""
Running until Ctrl-C. The dashboard, for a browser on this machine:
  address   http://{where}/     (from another machine, first: ssh -L {where.split(":")[1]}:{where} HOST)
  user      {ANALYST}
  password  {PASSWORD}

From another terminal, as root:
  {inside} anomalyctl status
  {inside} anomalyctl logins
  {inside} anomalyctl show user alice
  {inside} anomalyctl show source {ELSEWHERE}
  {inside} ssh -p {show.server.port} -b {MOBILE} bob@127.0.0.1     (any -b address; password: {PASSWORD})
  {inside} anomalyctl allow bob --for 1h
  {inside} anomaly-dashboard token add trial     (for programs: see http://{where}/openapi.json)
The audit lines are written to {_short(WORK / "audit.log")}.""", flush=True)
    seen = 0
    with open(WORK / "audit.log", "w", encoding="utf-8") as file:
        try:
            while True:
                lines = show.arena.syslog.lines(seen)
                seen += len(lines)
                file.write("".join(line + "\n" for line in lines))
                file.flush()
                time.sleep(0.2)
        except KeyboardInterrupt:
            print("\nstopped")


def _short(path):
    return f"./{path.relative_to(SOURCE)}"


def write_inside(pid):
    """A command that runs in the private place, for --keep."""
    WORK.mkdir(parents=True, exist_ok=True)
    script = WORK / "inside"
    path = ":".join(str(build_directory() / room) for room in ("ctl", "trainer", "dashboard"))
    script.write_text(f"""#!/bin/sh
# Runs a command where quickstart --keep runs sshd and anomalyd.
PATH={path}:$PATH exec nsenter --target {pid} --mount --net --pid --uts -- "$@"
""")
    script.chmod(0o755)


def geo_databases(directory):
    """The mmdb files of the fetched packages, after a word on whose they are."""
    files = []
    print()
    for package in sorted(path for path in directory.iterdir() if path.is_dir()):
        found = sorted(package.glob("*.mmdb"))
        # Where one file has both families, the files of one family repeat it.
        files += [path for path in found if "-ipv" not in path.stem] or found
        for notice in package.glob("*LICENSE*"):
            text = " ".join(notice.read_text(encoding="utf-8").split())
            print(textwrap.fill(f"{package.name}: {text}", 100, initial_indent="  ",
                                subsequent_indent="    "))
    if not files:
        raise RuntimeError(f"no mmdb files in {directory}")
    print()
    return files


def go_on(begun, is_kept):
    print(f"\n{begun:.0f} s in all. How to go on:")
    if not is_kept:
        print("  ./quickstart --keep                       the same, left running, with the dashboard "
              "to look around")
    print("""  cmake --install build/release             install; then see README.md: observe first, then enforce
  anomalyctl check                          before a PAM stack is changed
  ./run-tests                               every test""")


def listen():
    """The dashboard's socket, on its usual port when that is free."""
    try:
        return socket.create_server(("127.0.0.1", DASHBOARD_PORT), backlog=128)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=128)


def play(arguments, steps, arena):
    begin = time.monotonic()
    geo = geo_databases(arguments.geo) if arguments.geo else None
    show = Show(arena, geo)
    steps.run("users, PAM stack, sshd, anomalyd", show.open)
    history = steps.run("history of three months imported", show.learn_history)
    model = steps.run("model trained", show.train)
    steps.run("ordinary logins of this morning", show.warm_up)
    rows = []
    steps.run("logins to look at", lambda: rows.extend(show.rows()))
    if arguments.keep:
        steps.run("dashboard", show.open_dashboard)
    print(f"\n{history['logins']} logins and {history['failures']} failures of "
          f"{history['users']} users were imported; the model has {model['trees']} trees.\n")
    print_table(rows)
    go_on(arguments.begun + time.monotonic() - begin, arguments.keep)
    if arguments.keep:
        keep(show)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--geo", type=Path)
    parser.add_argument("--begun", type=float, default=0)
    parser.add_argument("--log", type=Path, default=SOURCE / "build/quickstart.log")
    arguments = parser.parse_args()
    steps = Steps()
    with Arena.enter(*(write_inside, listen) if arguments.keep else ()) as arena:
        try:
            play(arguments, steps, arena)
        except KeyboardInterrupt:
            print("\nstopped")
            sys.exit(130)
        except Exception as problem:  # pylint: disable=broad-except
            with open(arguments.log, "a", encoding="utf-8") as log:
                traceback.print_exc(file=log)
                log.write("".join(line + "\n" for line in arena.syslog.lines()))
            print(f"\nquickstart: {steps.current}: {str(problem).splitlines()[0]}; "
                  f"see {arguments.log}", file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
