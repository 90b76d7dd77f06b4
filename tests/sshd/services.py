"""Services that are not sshd: login(1) on a terminal, su, and a client of libpam without an address."""

import contextlib
import os
import pty
import re
import select
import subprocess
import time

from scene import HOME_V4, PASSWORD, SETTINGS, Arena, Promises, Scene, skip


STACK = """auth [default=ignore auth_err=bad] pam_anomaly.so
auth required pam_unix.so nodelay
account [default=ignore perm_denied=die] pam_anomaly.so
account required pam_unix.so
session required pam_permit.so
session optional pam_anomaly.so
"""


class Terminal:
    """A program on a terminal of its own, talked to as a person would."""

    def __init__(self, words):
        pid, self._fd = pty.fork()
        if pid == 0:
            os.execve(words[0], words, {"PATH": "/usr/bin:/bin", "TERM": "dumb"})
        self._pid = pid
        self.text = ""

    def expect(self, pattern, timeout=60):
        """Reads until the pattern appears behind what was read before; False at the end."""
        begin = len(self.text)
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text[begin:]):
            ready, _, _ = select.select([self._fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                return False
            try:
                data = os.read(self._fd, 4096)
            except OSError:
                return False
            if not data:
                return False
            self.text += data.decode("utf-8", "replace")
        return True

    def say(self, line):
        time.sleep(0.05)  # a password prompt flushes what was typed before it
        os.write(self._fd, line.encode() + b"\n")

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self._fd)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if os.waitpid(self._pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
        os.kill(self._pid, 9)
        os.waitpid(self._pid, 0)


def by_login(_scene, user):
    """login(1) without a name: PAM has none either until the module asks for it."""
    terminal = Terminal(["/bin/login"])
    try:
        if not terminal.expect("login: "):
            return False, terminal.text
        terminal.say(user)
        if not terminal.expect("assword: "):
            return False, terminal.text
        terminal.say(PASSWORD)
        if not terminal.expect(r"[$#] |incorrect|refused|denied") or "$ " not in terminal.text:
            return False, terminal.text
        terminal.say("echo it is $((40 + 2))")
        is_in = terminal.expect("it is 42")
        terminal.say("exit")
        terminal.expect("never", 2)
        return is_in, terminal.text
    finally:
        terminal.close()


def by_su(scene, user):
    """su from another user's shell."""
    done = subprocess.run(["setpriv", f"--reuid={scene.bystander}", "--clear-groups", "su", user,
                           "-c", "echo in"], input=PASSWORD + "\n", capture_output=True, text=True,
                          timeout=120, cwd="/")
    return done.returncode == 0 and "in" in done.stdout, done


def by_libpam(_scene, user):
    """A client that sets neither address nor terminal."""
    done = subprocess.run(["pamtester", "nameless", user, "authenticate", "acct_mgmt",
                           "open_session", "close_session"], input=PASSWORD + "\n",
                          capture_output=True, text=True, timeout=120)
    return done.returncode == 0, done


WAYS = [("login", "login", "lena", by_login), ("su", "su", "susi", by_su),
        ("a service without an address", "nameless", "nora", by_libpam)]


def one(promises, scene, way, verdict):
    what, service, user, enter = way
    promises.section(f"{what}: {verdict}")
    mark = scene.begin(verdict)
    before = scene.learned(user)
    is_in, seen = enter(scene, user)
    audits = scene.audits(mark, user)
    promises.equal("the user gets in" if verdict != "deny" else "the user is refused", is_in,
                   verdict != "deny", seen)
    if not promises.equal("one audit line", len(audits), 1, scene.arena.syslog.lines(mark)):
        return
    audit = audits[0]
    promises.equal("its service", audit.service, service, audit)
    promises.equal("its verdict", audit["verdict"], "deny" if verdict == "observe" else verdict, audit)
    promises.equal("it has no address", audit["rhost"], None, audit)
    stored = scene.stored(audit["login"], "closed" if is_in else "attempt")
    promises.equal("the stored service", stored["service"], service, stored)
    promises.check("the stored login has no address", not stored["ip"], stored)
    promises.check("nor a country", not stored["country"], stored)
    learned = 1 if verdict == "allow" else 0
    promises.equal(f"{learned} logins are learned from", scene.learned(user) - before, learned)


def main():
    with Arena.enter() as arena:
        for program in ("/usr/bin/pamtester", "/bin/login", "/usr/bin/setpriv"):
            if not os.access(program, os.X_OK):
                skip(f"needs {program}")
        promises = Promises("services without an address")
        scene = Scene(arena, [(user, HOME_V4, "password") for _, _, user, _ in WAYS])
        scene.bystander = arena.add_user("bystander")
        for _, service, _, _ in WAYS:
            scene.add_stack(service, STACK)
        for way in WAYS:
            for verdict in SETTINGS:
                one(promises, scene, way, verdict)
    promises.finish()


if __name__ == "__main__":
    main()
