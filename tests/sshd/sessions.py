"""What is known once a session has ended, and what must not be left behind in it."""

import re

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
    scene.client.login(server, "sid", source=HOME_V4, passwords=[PASSWORD], command="sleep 2")
    stored = scene.stored(scene.audits(mark, "sid")[0]["login"], "closed")
    promises.check("the duration is that of the session", 2 <= stored["duration_s"] <= 4, stored)


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
    login = scene.client.login(server, "sid", source=HOME_V4, passwords=[PASSWORD],
                               command="sleep 60", timeout=2)
    promises.check("it was logged in when it was killed", login.timed_out, login)
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
        key_and_method(promises, scene, server)
        environment(promises, scene, server)
        interrupted(promises, scene, server)
        not_our_children(promises, scene, server)
    promises.finish()


if __name__ == "__main__":
    main()
