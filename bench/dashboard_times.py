#!/usr/bin/env python3
"""dashboard_times.py PROGRAM CONFIG ROUNDS [NAME …]: how long the dashboard takes for what its pages ask.

NAME: only requests of that name. With COLD=1 in the environment nothing of the store is in the page cache
when a request is made, and what each reads from the disk is told.
"""

import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

SPANS = ["1h", "24h", "7d", "30d"]
CLIENTS = 8


class Service:
    def __init__(self, program, config):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen([program, "--listen", f"127.0.0.1:{self.port}", "--config", config],
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                self.connect().connect()
                break
            except OSError:
                time.sleep(0.05)
        token = subprocess.run([program, "bootstrap", "--config", config], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.strip()
        client = self.connect()
        client.request("POST", "/api/session", json.dumps({"token": token}), {"Content-Type": "application/json"})
        reply = client.getresponse()
        reply.read()
        self.cookie = reply.headers["Set-Cookie"].split(";")[0]

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def read_calls(self):
        """Calls that read, and bytes that came from the disk, since the start."""
        told = Path(f"/proc/{self.process.pid}/io").read_text()
        return tuple(int(re.search(rf"^{name}: (\d+)", told, re.M).group(1)) for name in ("syscr", "read_bytes"))

    def memory_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s*(\d+)", status, re.M).group(1)) / 1024


def forget_pages(path):
    """Of what is written, nothing stays in the page cache."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Client:
    """store: its pages are forgotten before each request."""

    def __init__(self, service, store=None):
        self.service, self.store = service, store
        self.connection = service.connect()

    def get(self, path, **query):
        """The value and the milliseconds it took."""
        query = {name: value for name, value in query.items() if value is not None}
        if self.store:
            forget_pages(self.store)
        begin = time.perf_counter()
        self.connection.request("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""),
                                headers={"Cookie": self.service.cookie})
        reply = self.connection.getresponse()
        body = reply.read()
        took = (time.perf_counter() - begin) * 1000
        if reply.status != 200:
            sys.exit(f"{path} {query}: {reply.status} {body[:300]!r}")
        return json.loads(body), took


class Subjects:
    """Users, addresses and logins to ask for: busy ones, rare ones and any."""

    def __init__(self, client):
        logins = [login for span in SPANS for order in ("newest", "oldest")
                  for login in client.get("/api/logins", since=span, order=order, limit=200)[0]["items"]]
        self.users = sorted({login["user"] for login in logins})
        self.addresses = sorted({login["ip"] for login in logins})
        self.ids = [login["id"] for login in logins]
        self.hosts = sorted({login["host"] for login in logins})


def requests_of(subjects, draw):
    """NAME: one request of its kind, drawn."""
    def span():
        return draw.choice(SPANS)

    def day():
        return f"{draw.randrange(1, 89)}d"

    return {
        "overview, 24 hours": lambda: ("/api/overview", {}),
        "overview, 1 hour to 30 days": lambda: ("/api/overview", {"since": span()}),
        "overview, a day long ago": lambda: ("/api/overview", dict(zip(("since", "until"), (
            lambda days: (f"{days + 1}d", f"{days}d"))(draw.randrange(1, 80))))),
        "logins, newest": lambda: ("/api/logins", {"until": day(), "limit": draw.choice([50, 200])}),
        "logins, oldest": lambda: ("/api/logins", {"since": day(), "order": "oldest"}),
        "logins, riskiest": lambda: ("/api/logins", {"order": "risk", "since": day()}),
        "logins of a user": lambda: ("/api/logins", {"user": draw.choice(subjects.users),
                                                     "order": draw.choice(["newest", "risk"])}),
        "logins of an address": lambda: ("/api/logins", {"ip": draw.choice(subjects.addresses),
                                                         "order": draw.choice(["newest", "risk"])}),
        "logins of a network": lambda: ("/api/logins", {"network": f"{draw.randrange(20, 120)}.{draw.randrange(256)}"
                                                                   f".0.0/{draw.choice([16, 24])}"
                                                        if draw.random() < 0.5 else f"{draw.randrange(10, 60) * 2}.0.0.0/7"}),
        "logins by verdict": lambda: ("/api/logins", {"verdict": draw.choice(["log", "step-up", "deny"]),
                                                      "until": day()}),
        "logins by label": lambda: ("/api/logins", {"label": draw.choice(["attack", "legitimate"]), "until": day()}),
        "logins by host and method": lambda: ("/api/logins", {"host": draw.choice(subjects.hosts), "until": day(),
                                                              "method": draw.choice(["password", "publickey"])}),
        "logins that nothing fits": lambda: ("/api/logins", {"host": "no-such-host", "until": day()}),
        "one login": lambda: (f"/api/logins/{draw.choice(subjects.ids)}", {}),
        "the queue": lambda: ("/api/queue", {"since": draw.choice([None, span()]), "later": draw.randrange(2)}),
        "users, recent": lambda: ("/api/users", {}),
        "users by name": lambda: ("/api/users", {"order": "name", "search": f"user{draw.randrange(500)}"}),
        "users by attempts": lambda: ("/api/users", {"order": "attempts"}),
        "one user": lambda: ("/api/users/" + draw.choice(["root"] + subjects.users), {}),
        "sources, recent": lambda: ("/api/sources", {"since": span()}),
        "sources by attempts": lambda: ("/api/sources", {"order": "attempts", "since": span()}),
        "sources by failures": lambda: ("/api/sources", {"order": "failures", "since": span()}),
        "one source": lambda: ("/api/sources/" + draw.choice(subjects.addresses), {}),
        "sessions, recent": lambda: ("/api/sessions", {"since": span()}),
        "sessions, open": lambda: ("/api/sessions", {"open": 1}),
        "sessions by volume, length": lambda: ("/api/sessions", {"order": draw.choice(["bytes", "duration"]),
                                                                 "since": day()}),
        "state": lambda: ("/api/state", {}),
    }


def second_pages(client, path, query, value, times):
    """The page behind, where the list goes on: a cursor must cost no more."""
    if isinstance(value, dict) and value.get("next"):
        times.append(client.get(path, **query, cursor=value["next"])[1])


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def ask_together(service, subjects, rounds):
    """All kinds from several clients at once; the service's memory is what matters."""
    def work(seed):
        draw, client = random.Random(seed), Client(service)
        kinds = list(requests_of(subjects, draw).values())
        for _ in range(rounds):
            path, query = draw.choice(kinds)()
            client.get(path, **query)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(client, kinds, rounds):
    """One line a kind; cold, with the reads and the disk's bytes of one request."""
    disk = "   reads  disk KiB" if client.store else ""
    print(f"{'':30} {'p50':>7} {'p95':>7} {'worst':>7}{disk}")
    for name, ask in kinds.items():
        times, before = [], client.service.read_calls()
        for _ in range(rounds):
            path, query = ask()
            value, took = client.get(path, **query)
            times.append(took)
            second_pages(client, path, query, value, times)
        calls, read = ((now - then) / len(times) for now, then in zip(client.service.read_calls(), before))
        print(f"{name:30} {percentile(times, 0.5):7.1f} {percentile(times, 0.95):7.1f} {max(times):7.1f}"
              + (f" {calls:7.0f} {read / 1024:9.0f}" if disk else ""), flush=True)


def main():
    program, config, rounds, names = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    store = re.search(r"^store = (.*)", Path(config).read_text(), re.M).group(1) + "/store.db"
    service = Service(program, config)
    try:
        client = Client(service)
        state = client.get("/api/state")[0]
        subjects = Subjects(client)
        cold = os.environ.get("COLD") == "1"
        print(f"{state['store']['logins']:,} logins; {rounds} requests each{', from the disk' if cold else ''}; milliseconds")
        kinds = requests_of(subjects, random.Random(1))
        measure(Client(service, store if cold else None),
                {name: ask for name, ask in kinds.items() if not names or name in names}, rounds)
        alone = service.memory_mib()
        if not names:
            ask_together(service, subjects, rounds)
            print(f"memory at most: {alone:.0f} MiB, {service.memory_mib():.0f} MiB with {CLIENTS} clients at once")
    finally:
        service.process.terminate()
        service.process.wait(20)


if __name__ == "__main__":
    main()
