"""Where a login comes from, under every verdict: UseDNS, IPv4, IPv6, IPv4 mapped into IPv6."""

from dataclasses import dataclass

from scene import HOME_V4, HOME_V6, PASSWORD, SETTINGS, Arena, Promises, Scene, SshServer


@dataclass
class Road:
    name: str
    user: str
    source: str
    server: dict


ROADS = [
    Road("IPv4", "ines", HOME_V4, {}),
    Road("UseDNS yes", "dora", HOME_V4, {"UseDNS": "yes"}),
    Road("IPv6", "vera", HOME_V6, {"listen": "::1"}),
    Road("IPv4 mapped into IPv6", "mona", HOME_V4, {"inetd": True}),
]


def one(promises, scene, server, road, verdict):
    promises.section(f"{road.name}: {verdict}")
    mark = scene.begin(verdict)
    before = scene.learned(road.user)
    login = scene.client.login(server, road.user, source=road.source, passwords=[PASSWORD])
    audits = scene.audits(mark, road.user)
    promises.equal("the client gets in" if verdict != "deny" else "the client is refused", login.ok,
                   verdict != "deny", login)
    if not promises.equal("one audit line", len(audits), 1, scene.arena.syslog.lines(mark)):
        return
    audit = audits[0]
    promises.equal("its verdict", audit["verdict"], "deny" if verdict == "observe" else verdict, audit)
    promises.equal("its answer", audit["answer"], "log" if verdict == "observe" else verdict, audit)
    promises.equal("its address is the numeric one", audit["rhost"], road.source, audit)
    promises.check("its port is the client's", int(audit["rport"] or 0) > 1023, audit)
    promises.equal("its country is known", audit["country"], "US", audit)
    stored = scene.stored(audit["login"], "closed" if login.ok else "attempt")
    promises.equal("the stored address is the same", stored["ip"], road.source, stored)
    promises.equal("the stored verdict is the same", stored["verdict"], audit["verdict"], stored)
    if login.ok:
        promises.check("the round trip was measured", 0 <= stored["rtt_us"] < 1000000, stored)
        promises.check("the client's TCP stack was seen", "mss=14" in str(stored["device"]), stored)
    learned = 1 if verdict == "allow" else 0
    promises.equal(f"{learned} logins are learned from", scene.learned(road.user) - before, learned)


def main():
    with Arena.enter() as arena:
        promises = Promises("sshd: addresses under every verdict")
        roads = [road for road in ROADS
                 if arena.has_ipv6 or not (":" in road.source or road.server.get("inetd"))]
        arena.name_address(HOME_V4, "dns.example.net")
        scene = Scene(arena, [(road.user, road.source, "password") for road in roads])
        for road in roads:
            server = SshServer(arena, "sshd-plain", **road.server)
            for verdict in SETTINGS:
                one(promises, scene, server, road, verdict)
            promises.check("its sshd is alive", server.is_alive(), server.log())
        if not arena.has_ipv6:
            print("  skipped: IPv6, which this kernel lacks")
    promises.finish()


if __name__ == "__main__":
    main()
