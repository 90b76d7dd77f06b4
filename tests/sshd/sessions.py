"""What is known once a session has ended, and what must not be left behind in it."""

import re
import signal

from scene import HOME_V4, PASSWORD, Arena, Promises, Scene, SshServer, wait_for
from arena import run

MEGABYTE = 1 << 20


def volume(promises, scene, server):
    promises.section("bytes and duration")
    for what, command, size_in, size_out in (
            ("download", f"head -c {3 * MEGABYTE} /dev/zero", 0, 3 * MEGABYTE),
            ("upload", "cat >/dev/null", 2 * MEGABYTE, 0)):
        mark = scene.begin("allow")
        login = scene.client.login(server, "sid", source=HOME_V4, passwords=[PASSWORD],
                                   command=command, send=size_in)
        audits = scene.audits(mark, "sid")
        promises.check(f"{what}: the login works", login.ok, login.error)
        stored = scene.stored(audits[0]["login"], "closed")
        for name, size in (("bytes_in", size_in), ("bytes_out", size_out)):
            promises.check(f"{what}: {name} is {size} and some overhead",
                           size <= stored[name] < size * 1.1 + 20000, stored)
    mark = scene.begin("allow")
    login = scene.client.login(server, "sid", source=HOME_V4, passwords=[PASSWORD], command="sleep 2")
    stored = scene.stored(scene.audits(mark, "sid")[0]["login"], "closed")
    promises.check("the duration is that of the session", 2 <= stored["duration_s"]
                   <= login.seconds + 1, (login, stored))


def large(promises, scene, server):
    """Ten small sessions are a habit; fifty megabytes are not, until somebody says that they are."""
    promises.section("a large session")
    scene.add_person("lou")
    size = 50 * MEGABYTE

    def session(command, source=HOME_V4, lines=0):
        mark = scene.begin("allow")
        login = scene.client.login(server, "lou", source=source, passwords=[PASSWORD],
                                   command=command)
        promises.check(f"the login works: {command}", login.ok, login.error)
        stored = scene.stored(scene.audits(mark, "lou")[0]["login"], "closed")
        scene.settle()

        def said():
            return scene.arena.syslog.lines(mark, "session=large")
        wait_for(lambda: len(said()) >= lines)
        return stored, said()

    for number in range(11):
        stored, lines = session(f"head -c {2000 + 300 * number} /dev/zero")
        promises.equal("a small session leaves no line", lines, [], stored)
    promises.equal("the eleventh was judged", stored["session"]["large"], False, stored)
    first, lines = session(f"head -c {size} /dev/zero", lines=1)
    if not promises.equal("a large one does", len(lines), 1, first):
        return
    promises.check("with its id, source, volume and user, and no verdict",
                   re.search(rf"pam_anomaly\(sshd-plain:session\): session=large login={first['id']} "
                             rf"rhost={HOME_V4} .*bytes_out={first['bytes_out']} .*"
                             r'reasons="bytes_in .*, bytes_out \+\d.*" user="lou"$', lines[0])
                   and "verdict" not in lines[0], lines)
    promises.check("it is told with the login", first["session"]["large"]
                   and first["session"]["bytes_out"]["usual"] < MEGABYTE, first)
    shown = scene.product.run("anomalyctl", "show", "login", first["id"]).stdout
    promises.check("and to people", re.search(r"volume +large: bytes_in", shown), shown)
    second, lines = session(f"head -c {size} /dev/zero", lines=1)
    promises.check("it was not learned: another stands out as far",
                   len(lines) == 1 and abs(second["session"]["bytes_out"]["deviation"]
                                           / first["session"]["bytes_out"]["deviation"] - 1) < 0.1,
                   second)
    for stored in (first, second):
        scene.product.run("anomalyctl", "label", stored["id"], "legitimate")
    scene.settle()
    third, lines = session(f"head -c {size} /dev/zero")
    promises.check("labelled legitimate they are learned", lines == []
                   and third["session"]["large"] is False, third)


def key_and_method(promises, scene, server):
    promises.section("method and key")
    mark = scene.begin("allow")
    login = scene.client.login(server, "sid", methods="publickey", source=HOME_V4,
                               key=scene.keys["sid"])
    stored = scene.stored(scene.audits(mark, "sid")[0]["login"], "closed")
    listed = run("ssh-keygen", "-l", "-f", f"{scene.keys['sid']}.pub").stdout
    promises.check("the login works", login.ok, login)
    promises.equal("the stored key is the fingerprint ssh-keygen prints", stored["key"],
                   re.search(r"SHA256:\S+", listed).group(), stored)
    promises.equal("the stored method", stored["method"], "publickey", stored)


def environment(promises, scene, server):
    promises.section("the user's shell")
    for methods in ("password", "keyboard-interactive"):
        scene.begin("allow")
        login = scene.client.login(server, "sid", methods=methods, source=HOME_V4,
                                   passwords=[PASSWORD],
                                   command="env; echo; ls -l /proc/self/fd")
        variables = login.output.split("\n\n")[0].lower()
        promises.check(f"{methods}: the environment has nothing of ours",
                       login.ok and "anomaly" not in variables, login.output)
        promises.check(f"{methods}: no descriptor of the store is open",
                       "product/store" not in login.output, login.output)


def interrupted(promises, scene, server):
    promises.section("a client that vanishes")
    mark = scene.begin("allow")

    def is_open():
        audits = scene.product.audits(mark, "sid")
        return audits and scene.product.run("anomalyctl", "show", "login", audits[0]["login"],
                                            check=False).stdout.find("opened") >= 0
    login = scene.client.login(server, "sid", source=HOME_V4, passwords=[PASSWORD],
                               command="sleep 1000", until=is_open)
    promises.equal("it was logged in when it was killed", login.status, -signal.SIGKILL, login)
    stored = scene.stored(scene.audits(mark, "sid")[0]["login"], "closed")
    promises.equal("its session is closed all the same", stored["reached"], "closed", stored)


def not_our_children(promises, scene, server):
    """The module's processes are its own: none is left, and sshd's are waited for by sshd."""
    promises.section("processes")
    scene.begin("allow")
    for _ in range(3):
        scene.client.login(server, "sid", source=HOME_V4, passwords=[PASSWORD])

    def leftovers():
        listing = run("ps", "-e", "-o", "comm=,pid=,stat=,args=").stdout.splitlines()
        return [line for line in listing if line.startswith("sshd") and "[listener]" not in line]
    promises.check("none is left of finished logins", wait_for(lambda: not leftovers()),
                   "\n".join(leftovers()))
    promises.check("sshd is alive", server.is_alive(), server.log())


def main():
    with Arena.enter() as arena:
        promises = Promises("sshd: sessions")
        scene = Scene(arena, [("sid", HOME_V4, "password")])
        server = SshServer(arena, "sshd-plain")
        volume(promises, scene, server)
        large(promises, scene, server)
        key_and_method(promises, scene, server)
        environment(promises, scene, server)
        interrupted(promises, scene, server)
        not_our_children(promises, scene, server)
    promises.finish()


if __name__ == "__main__":
    main()
