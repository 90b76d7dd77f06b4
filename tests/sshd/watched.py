"""Whoever watches the dashboard sees a login through sshd while it happens, and judges it."""

import json
import threading
import time

from scene import HOME_V4, PASSWORD, Arena, Promises, Scene, SshServer, wait_for

PROMISED_S = 2
TRIES = 5  # on a busy machine one in time is enough


class Watcher(threading.Thread):
    """Reads /api/live; each event of a login with the moment it came."""

    def __init__(self, dashboard, token):
        super().__init__(daemon=True)
        connection = dashboard.connect()
        connection.request("GET", "/api/live", headers={"Authorization": f"Bearer {token}"})
        self.reply = connection.getresponse()
        self.begun = False
        self.logins = []
        self.start()

    def run(self):
        event = None
        for line in self.reply:
            if line.startswith(b"event: "):
                event = line[7:].strip()
                self.begun = self.begun or event == b"state"
            elif line.startswith(b"data: ") and event == b"login":
                self.logins.append((time.monotonic(), json.loads(line[6:])))

    def first(self, identity, reached):
        """When an event told that this login had got as far as that, and the login."""
        for at, login in list(self.logins):
            if (login["id"], login["reached"]) == (identity, reached):
                return at, login
        return None


def watch(promises, scene, dashboard, server):
    promises.section("live")
    watcher = Watcher(dashboard, dashboard.token("watcher", "--role", "viewer"))
    promises.equal("the stream is there", watcher.reply.status, 200)
    wait_for(lambda: watcher.begun)
    took = []
    for _ in range(TRIES):
        identity, at = one_login(promises, scene, server, watcher)
        took.append(at)
        promises.check("its end is seen", wait_for(lambda: watcher.first(identity, "closed")),
                       watcher.logins)
        if at < PROMISED_S:
            break
    promises.check(f"within {PROMISED_S} s of its beginning", min(took) < PROMISED_S, took)


def one_login(promises, scene, server, watcher):
    """Its session is open until it is seen; its id, and how long that took."""
    mark = scene.begin("observe")

    def seen():
        audits = scene.product.audits(mark, "sid")
        return audits and watcher.first(audits[0]["login"], "opened")
    began = time.monotonic()
    login = scene.client.login(server, "sid", source=HOME_V4, passwords=[PASSWORD],
                               command="sleep 1000", until=seen)
    promises.check("its session is seen", seen(), (login, watcher.logins))
    at, told = seen()
    promises.equal("it is that login", (told["user"], told["ip"]), ("sid", HOME_V4), told)
    return told["id"], at - began


def judge(promises, scene, dashboard, server):
    promises.section("judged")
    analyst = dashboard.sign_in(token=dashboard.bootstrap())
    mark = scene.begin("observe")
    scene.client.login(server, "sid", source="1.1.1.1", passwords=[PASSWORD])
    identity = scene.audits(mark, "sid")[0]["login"]
    scene.stored(identity, "closed")
    queue = analyst.get("/api/queue").json
    promises.check("it waits in triage", identity in [item["login"]["id"] for item in queue["items"]],
                   queue)
    before = scene.learned("sid")
    answer = analyst.request("POST", "/api/labels", {"ids": [identity], "label": "legitimate"})
    promises.equal("it is called legitimate", answer.json["applied"], [identity], answer)
    promises.check("and so it is learned", wait_for(lambda: scene.learned("sid") == before + 1),
                   scene.stored(identity))


def main():
    with Arena.enter() as arena:
        promises = Promises("sshd: watched on the dashboard")
        scene = Scene(arena, [("sid", HOME_V4, "password")])
        server = SshServer(arena, "sshd-watched")
        dashboard = scene.product.start_dashboard()
        for part in (watch, judge):
            part(promises, scene, dashboard, server)
    promises.finish()


if __name__ == "__main__":
    main()
