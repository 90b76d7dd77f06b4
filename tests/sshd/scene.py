"""The stage for logins through sshd: the product, users with a history, servers for each method."""

import json
import random
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

# pylint: disable=wrong-import-position,unused-import
from arena import Arena, skip, wait_for
from product import Product
from promises import Promises
from ssh import SecondFactor, SshClient, SshServer

PASSWORD = "correct horse"
HOME_V4 = "8.8.8.8"
HOME_V6 = "2600:4040::8"

# Verdicts are forced by budgets, as an administrator would: a budget of 1 takes in every login, a
# budget of 0 none.
NOBODY = {"log_budget": "0", "step_up_budget": "0", "deny_budget": "0"}
EVERYBODY = {"log_budget": "1", "step_up_budget": "1", "deny_budget": "1", "min_history": "0"}
SETTINGS = {
    "allow": {"mode": "enforce", **NOBODY},
    "step-up": {"mode": "enforce", **EVERYBODY, "deny_budget": "0"},
    "deny": {"mode": "enforce", **EVERYBODY},
    "observe": {"mode": "observe", **EVERYBODY},
}

EXAMPLES = Path(__file__).resolve().parents[2] / "conf/pam.d"


def history(users, days=40, seed=1):
    """An sshd log in which each (name, address, method) logs in about once a day until yesterday."""
    numbers = random.Random(seed)
    entries = []
    for name, address, method in users:
        for day in range(days, 0, -1):
            at = time.time() - day * 86400 + numbers.uniform(-3600, 3600)
            entries.append((at, name, address, method))
    lines = []
    for pid, (at, name, address, method) in enumerate(sorted(entries), start=1000):
        port = numbers.randrange(20000, 60000)
        lines.append(_line(at, pid, f"Accepted {method} for {name} from {address} port {port} ssh2"))
        lines.append(_line(at, pid, f"pam_unix(sshd:session): session opened for user {name}"
                                    "(uid=20000) by (uid=0)"))
        lines.append(_line(at + numbers.uniform(60, 3600), pid,
                           f"pam_unix(sshd:session): session closed for user {name}"))
    return "".join(line + "\n" for _, line in sorted(lines, key=lambda entry: entry[0]))


def _line(at, pid, text):
    local = time.localtime(at)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", local) + time.strftime("%z", local)
    stamp = f"{stamp[:-2]}:{stamp[-2:]}"
    return at, f"{stamp} arena sshd[{pid}]: {text}"


class Known(dict):
    """JSON keys that are left out because nothing is known are None."""

    def __missing__(self, key):
        return None


class Scene:
    def __init__(self, arena, people):
        """people: (name, address, method of the log) with a history and a password."""
        self.arena = arena
        if not SecondFactor.is_installed():
            skip("needs libpam-google-authenticator for a second factor")
        self.product = Product(arena)
        self.client = SshClient(arena)
        self.otp = SecondFactor(arena)
        self.keys = {}
        for name, _, _ in people:
            self.add_person(name)
        self._write_stacks()
        if people:
            self.imported = self.product.import_log(history(people))
        self.product.start_daemon()

    def add_person(self, name):
        self.arena.add_user(name, PASSWORD)
        self.otp.enrol(name)
        self.keys[name], public = self.arena.make_key(name)
        self.arena.authorize(name, public)

    def _write_stacks(self):
        """The stacks that are shipped as examples, with this build's module in them."""
        for name in Path("/etc/pam.d").glob("common-*"):
            # A wrong password costs a test two seconds otherwise.
            name.write_text(re.sub(r"(pam_unix\.so.*)", r"\1 nodelay", name.read_text()))
        step_up = (EXAMPLES / "sshd-step-up").read_text()
        with_key = re.findall(r"^# (auth .*)$", step_up, re.MULTILINE)
        session = re.search(r"^account .*\Z", step_up, re.MULTILINE | re.DOTALL).group()
        self.add_stack("sshd-plain", (EXAMPLES / "sshd-enforce").read_text())
        self.add_stack("sshd-watched", (EXAMPLES / "sshd-observe").read_text())
        self.add_stack("sshd", step_up)
        self.add_stack("sshd-second", "\n".join(with_key) + "\n" + session)

    def add_stack(self, service, text):
        """A stack as an administrator writes it."""
        text = re.sub(r"pam_anomaly\.so(.*)", lambda found: self.product.stack_line(found.group(1)),
                      text)
        text = re.sub(r"auth\s+required\s+pam_google_authenticator\.so", self.otp.pam_line, text)
        self.arena.pam_stack(service, text)

    def begin(self, verdict):
        """The configuration for this verdict; the point from which audit lines count."""
        self.product.reconfigure(**SETTINGS[verdict])
        return self.arena.syslog.mark()

    def audits(self, mark, user, count=1):
        """That many audit lines of the user, waited for."""
        wait_for(lambda: len(self.product.audits(mark, user)) >= count)
        return self.product.audits(mark, user)

    def stored(self, login_id, reached=None):
        """The login as anomalyctl shows it, once it has got as far as that stage."""
        login = Known()

        def look():
            done = self.product.run("anomalyctl", "show", "login", login_id, "--json", check=False)
            if done.returncode == 0:
                login.update(json.loads(done.stdout))
            return login if login and reached in (None, login["reached"]) else None
        wait_for(look)
        return login

    def learned(self, user):
        """Logins learned of the user, once the daemon has folded in everything."""
        self.settle()
        return self.product.ctl("show", "user", user)["learned_logins"]

    def settle(self):
        """Waits until anomalyd has folded in the whole journal."""
        if not wait_for(lambda: self.product.ctl("journal")["pending_records"] == 0, step=0.05):
            raise RuntimeError(f"the journal is not drained: {self.product.daemon_log()}")
