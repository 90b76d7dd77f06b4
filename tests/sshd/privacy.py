"""The arena itself: what the other tests stand on, and that the machine outside stays untouched."""

import os
import socket
from pathlib import Path

from scene import Arena, Promises, SshClient, SshServer, wait_for

STACK = """auth required pam_unix.so nodelay
account required pam_unix.so
session required pam_permit.so
"""


def main():
    with Arena.enter() as arena:
        promises = Promises("the private place for logins")
        arena.add_user("alice", "secret")
        arena.pam_stack("sshd", STACK)
        server = SshServer(arena)
        client = SshClient(arena)

        promises.section("privacy")
        outside = os.environ["PAM_ANOMALY_ARENA_OUTSIDE"].split()
        inside = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "net", "pid")]
        promises.check("mounts, network and processes are its own",
                       not set(outside) & set(inside), f"{outside} {inside}")
        for path in ("/etc", "/dev", "/run", "/var/log"):
            promises.check(f"{path} is a file system of its own", os.path.ismount(path))
        devices = {line.split()[0].rstrip(":") for line in
                   Path("/proc/net/dev").read_text().splitlines()[2:]}
        promises.equal("no network but the loopback", devices - {"sit0", "ip6tnl0"}, {"lo"})

        promises.section("logins")
        mark = arena.syslog.mark()
        good = client.login(server, "alice", source="8.8.8.8", passwords=["secret"],
                            command="echo $SSH_CONNECTION")
        promises.check("the right password from 8.8.8.8 gets in", good.ok, good)
        promises.check("sshd sees that address", good.output.startswith("8.8.8.8 "), good)
        bad = client.login(server, "alice", source="8.8.8.8", passwords=["wrong"])
        promises.check("a wrong password does not", not bad.ok and "Permission denied" in bad.error,
                       bad)
        wait_for(lambda: arena.syslog.lines(mark, "authentication failure"))
        promises.check("the log reaches the private /dev/log",
                       len(arena.syslog.lines(mark, "authentication failure.*rhost=8.8.8.8")) == 1,
                       arena.syslog.lines(mark))

        promises.section("a stuck log")
        with arena.syslog.stuck(), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as writer:
            writer.connect("/dev/log")
            writer.setblocking(False)
            sent = 0
            try:
                for sent in range(1000):
                    writer.send(b"<6>filling")
            except BlockingIOError:
                pass
            promises.check("it takes a few messages and then none", 0 < sent < 100, sent)
        promises.check("they arrive once it is read again",
                       wait_for(lambda: len(arena.syslog.lines(mark, "filling")) == sent), sent)
    promises.finish()


if __name__ == "__main__":
    main()
