"""Every way to authenticate, under every verdict: client, audit line, store, what was learned."""

from dataclasses import dataclass

from scene import HOME_V4, PASSWORD, SETTINGS, Arena, Promises, Scene, SshServer


@dataclass
class Way:
    """One way to log in. The user of that name has a history of it."""
    name: str
    user: str
    server: str
    methods: str
    log_method: str      # as sshd's log names it
    stored_method: str   # as the store names it
    passwords: tuple = ()
    tries: int = 1
    has_second_factor: bool = False
    has_auth: bool = True  # whether PAM's auth runs

    def expect_in(self, verdict):
        return verdict != "deny"

    def expect_codes(self, verdict):
        """How often the second factor is asked: while observing nothing changes, so of everybody."""
        return 1 if self.has_second_factor and verdict != "allow" else 0


WAYS = [
    Way("password", "paula", "sshd-plain", "password", "password", "password", (PASSWORD,)),
    Way("keyboard-interactive, right at the third try", "kim", "sshd", "keyboard-interactive",
        "keyboard-interactive/pam", "keyboard-interactive", ("wrong", "wronger", PASSWORD), 3, has_second_factor=True),
    Way("public key", "kay", "sshd-plain", "publickey", "publickey", "publickey", has_auth=False),
    Way("publickey,keyboard-interactive:pam", "mia", "sshd-second",
        "publickey,keyboard-interactive", "keyboard-interactive/pam",
        "publickey+keyboard-interactive", has_second_factor=True),
]


def log_in(scene, servers, way, **changes):
    arguments = {"methods": way.methods, "source": HOME_V4, "passwords": way.passwords,
                 "tries": way.tries, "code": scene.otp.code(), **changes}
    if "publickey" in way.methods:
        arguments["key"] = scene.keys[way.user]
    return scene.client.login(servers[way.server], way.user, **arguments)


def expect_client(promises, way, verdict, login):
    expected = way.expect_in(verdict)
    promises.equal("the client gets in" if expected else "the client is refused", login.ok,
                   expected, login)
    if verdict != "deny" and way.has_second_factor:
        asked = way.expect_codes(verdict)
        promises.equal(f"the second factor is asked {asked} times", login.codes_asked, asked, login)
    if way.passwords:
        promises.equal("every password is asked, also when the answer is known before",
                       login.passwords_asked, way.tries, login)
    if verdict == "deny" and not way.has_auth:
        promises.check("the user reads the configured message", "Login refused" in login.error,
                       login)


def expect_audit(promises, way, verdict, audits):
    promises.equal("one audit line an attempt", len(audits), way.tries, audits)
    last = audits[-1]
    promises.equal("its verdict", last["verdict"], "deny" if verdict == "observe" else verdict, last)
    promises.equal("its answer", last["answer"], "log" if verdict == "observe" else verdict, last)
    promises.equal("its mode", last["mode"], SETTINGS[verdict]["mode"], last)
    promises.equal("its stage", last.stage, "auth" if way.has_auth else "account", last)
    promises.equal("its address", last["rhost"], HOME_V4, last)
    promises.check("the address stands before the name", 0 < last.text.index("rhost=")
                   < last.text.index("user="), last)
    promises.check("at log and above it has reasons", bool(last["reasons"]) == (verdict != "allow"),
                   last)


def expect_stored(promises, scene, way, verdict, audits):
    reached = "closed" if way.expect_in(verdict) else ("attempt" if way.has_auth else "accepted")
    stored = scene.stored(audits[-1]["login"], reached)
    promises.equal("the login is stored up to its stage", stored["reached"], reached, stored)
    promises.equal("with its user", stored["user"], way.user, stored)
    promises.equal("with its address", stored["ip"], HOME_V4, stored)
    promises.equal("with its verdict", stored["verdict"], audits[-1]["verdict"], stored)
    promises.equal("with its answer", stored["answer"], audits[-1]["answer"], stored)
    promises.check("with its risk", abs(stored["risk"] - float(audits[-1]["risk"])) < 0.001, stored)
    if reached == "closed":
        promises.equal("with its method", stored["method"], way.stored_method, stored)
    for audit in audits[:-1]:
        earlier = scene.stored(audit["login"], "attempt")
        promises.equal("a wrong try is an attempt that went no further", earlier["reached"],
                       "attempt", earlier)


def one(promises, scene, servers, way, verdict):
    promises.section(f"{way.name}: {verdict}")
    mark = scene.begin(verdict)
    before = scene.learned(way.user)
    login = log_in(scene, servers, way)
    audits = scene.audits(mark, way.user, way.tries)
    expect_client(promises, way, verdict, login)
    if not promises.check("it is in the log", audits, scene.arena.syslog.lines(mark)):
        return
    expect_audit(promises, way, verdict, audits)
    expect_stored(promises, scene, way, verdict, audits)
    learned = 1 if verdict == "allow" else 0
    promises.equal(f"{learned} logins are learned from", scene.learned(way.user) - before, learned)


def wrong_answers(promises, scene, servers):
    """A verdict is never a credential by itself."""
    for way, verdict, changes, why in (
            (WAYS[0], "allow", {"passwords": ["wrong"]}, "a wrong password"),
            (WAYS[1], "allow", {"passwords": ["wrong"] * 3}, "three wrong passwords"),
            (WAYS[1], "step-up", {"code": "000000"}, "wrong codes"),
            (WAYS[2], "allow", {"key": scene.arena.make_key("stranger")[0]}, "another key"),
            (WAYS[3], "step-up", {"code": "000000"}, "a wrong code after the key")):
        promises.section(f"{way.name}: {verdict}, {why}")
        scene.begin(verdict)
        before = scene.learned(way.user)
        arguments = dict(changes)
        key = arguments.pop("key", None)
        keys = dict(scene.keys)
        if key:
            scene.keys[way.user] = key
        login = log_in(scene, servers, way, **arguments)
        scene.keys.update(keys)
        promises.check("the client is refused", not login.ok, login)
        promises.equal("nothing is learned", scene.learned(way.user), before)


def plain_password_with_second_factor(promises, scene, servers):
    """The password method can carry one prompt: where a code is due it cannot be had."""
    promises.section("password where a second factor is due")
    for verdict, gets_in in (("allow", True), ("step-up", False)):
        scene.begin(verdict)
        login = scene.client.login(servers["sshd"], "paula", source=HOME_V4, passwords=[PASSWORD])
        promises.equal(f"{verdict}: the client {'gets in' if gets_in else 'is refused'}", login.ok,
                       gets_in, login)


def look_only(promises, scene, server):
    """The stack for looking changes nothing, whatever the configuration says."""
    promises.section("a stack that only looks, with mode = enforce and everybody denied")
    mark = scene.begin("deny")
    login = scene.client.login(server, "paula", source=HOME_V4, passwords=[PASSWORD])
    promises.check("the client gets in", login.ok, login)
    audits = scene.audits(mark, "paula")
    promises.check("the log says what would be", bool(audits) and audits[0]["verdict"] == "deny",
                   audits)


def main():
    with Arena.enter() as arena:
        promises = Promises("sshd: methods under every verdict")
        scene = Scene(arena, [(way.user, HOME_V4, way.log_method) for way in WAYS])
        servers = {
            "sshd": SshServer(arena, "sshd"), "sshd-plain": SshServer(arena, "sshd-plain"),
            "sshd-second": SshServer(arena, "sshd-second", AuthenticationMethods=
                                     "publickey,keyboard-interactive:pam")}
        for way in WAYS:
            for verdict in SETTINGS:
                one(promises, scene, servers, way, verdict)
        wrong_answers(promises, scene, servers)
        plain_password_with_second_factor(promises, scene, servers)
        servers["sshd-watched"] = SshServer(arena, "sshd-watched")
        look_only(promises, scene, servers["sshd-watched"])
        promises.section("afterwards")
        promises.check("every sshd is alive", all(server.is_alive() for server in servers.values()))
        promises.check("anomalyd is alive", not scene.product.daemon_ended(),
                       scene.product.daemon_log())
    promises.finish()


if __name__ == "__main__":
    main()
