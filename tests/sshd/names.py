"""User names that nobody has, very long ones, and ones made to break a log."""

import socket
import time

import paramiko

from scene import HOME_V4, PASSWORD, Arena, Promises, Scene, SshServer
from ssh import LOGIN_TIMEOUT, Login

# sshd passes on what the client sends; names are cut at 255 bytes in the record.
NAMES = [
    ("an unknown name", "nobody-here", "nobody-here"),
    ("a name of 255 bytes", "n" * 255, "n" * 255),
    ("control bytes", "a\x1b[31m\x07\x01b", r"a\x1b[31m\x07\x01b"),
    ("a line break and a forged field", "x\nverdict=allow rhost=9.9.9.9",
     r"x\x0averdict=allow rhost=9.9.9.9"),
    ("quotes and backslashes", 'q"u\\o', r"q\x22u\x5co"),
    ("bytes above ASCII", "zoë", r"zo\xc3\xab"),
]


def attempt(server, name):
    """Keyboard-interactive with the password, by a client that sends any name: ssh(1) refuses some."""
    begin = time.monotonic()
    prompts = []

    def answer(_title, _instructions, questions):
        prompts.extend(text.strip() for text, _ in questions)
        return [PASSWORD] * len(questions)

    problem = None
    with socket.create_connection((server.address, server.port), LOGIN_TIMEOUT,
                                  source_address=(HOME_V4, 0)) as connection:
        transport = paramiko.Transport(connection)
        transport.auth_timeout = LOGIN_TIMEOUT
        try:
            transport.start_client(timeout=LOGIN_TIMEOUT)
            transport.auth_interactive(name, answer)
        except (paramiko.SSHException, OSError, EOFError) as refusal:
            problem = refusal
        ok = transport.is_authenticated()
        transport.close()
    seconds = time.monotonic() - begin
    return Login(ok=ok, status=0 if ok else 255, output="", error=repr(problem), prompts=prompts,
                 seconds=seconds, timed_out=seconds >= LOGIN_TIMEOUT)


def one(promises, scene, server, what, name, escaped, verdict):
    promises.section(f"{what}: {verdict}")
    mark = scene.begin(verdict)
    login = attempt(server, name)
    audits = scene.audits(mark, escaped)
    promises.check("the client is refused", not login.ok, login)
    promises.check("not by a time-out", not login.timed_out, login)
    if not promises.equal("one audit line with the name escaped", len(audits), 1,
                          scene.arena.syslog.lines(mark)):
        return
    audit = audits[0]
    promises.equal("its address is the real one", audit["rhost"], HOME_V4, audit)
    promises.check("the line has no raw control byte",
                   all(32 <= ord(letter) < 127 for letter in audit.line), audit)
    stored = scene.stored(audit["login"])
    promises.equal("the stored name is the client's, unescaped", stored["user"], name, stored)
    promises.equal("it stayed an attempt", stored["reached"], "attempt", stored)


def main():
    with Arena.enter() as arena:
        promises = Promises("sshd: user names")
        scene = Scene(arena, [("ines", HOME_V4, "password")])
        server = SshServer(arena, "sshd-plain")
        for what, name, escaped in NAMES:
            for verdict in ("allow", "deny"):
                one(promises, scene, server, what, name, escaped, verdict)

        promises.section("a name longer than any record")
        mark = scene.begin("allow")
        login = attempt(server, "w" * 4000)
        promises.check("the client is refused", not login.ok and not login.timed_out, login)
        scene.settle()
        promises.check("and nothing is cut into another user's name",
                       all(set(audit["user"]) == {"w"} for audit in scene.product.audits(mark)),
                       scene.product.audits(mark))

        promises.section("afterwards")
        login = scene.client.login(server, "ines", source=HOME_V4, passwords=[PASSWORD])
        promises.check("others still get in", login.ok, login)
        promises.check("sshd is alive", server.is_alive(), server.log())
        journals = scene.product.ctl("journal")["journals"]
        promises.check("the journal has no damage",
                       all(journal["damage_spots"] == 0 for journal in journals), journals)
    promises.finish()


if __name__ == "__main__":
    main()
