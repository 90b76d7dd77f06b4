#!/usr/bin/env python3
"""dashboard_viewers.py PROGRAM CONFIG ANOMALYD APPEND STORE: VIEWERS watch logins come in while others use the pages."""

import random
import re
import selectors
import subprocess
import sys
import threading
import time

from dashboard_times import CLIENTS, Client, Service, Subjects, ask_together, percentile

VIEWERS = 500
LOGINS_A_SECOND = 10
SETTLING_S = 3
PAGES = 100


class Viewers:
    """They read their streams in one thread; seen: of each login, how many were told and when the last was."""

    def __init__(self, service):
        self.selector = selectors.DefaultSelector()
        self.seen = {}
        self.stop = False
        self.open = 0
        for _ in range(VIEWERS):
            connection = service.connect()
            connection.request("GET", "/api/live?verdict=allow", headers={"Cookie": service.cookie})
            reply = connection.getresponse()
            self.open += reply.status == 200
            connection.sock.setblocking(False)
            self.selector.register(connection.sock, selectors.EVENT_READ, [connection, b""])
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while not self.stop:
            for key, _ in self.selector.select(0.2):
                try:
                    bytes_read = key.fileobj.recv(1 << 18)
                except BlockingIOError:
                    continue
                if not bytes_read:
                    sys.exit("a viewer's stream has ended")
                text = key.data[1] + bytes_read
                events = text.split(b"\n\n")
                key.data[1] = events.pop()
                self.count(events)

    def count(self, events):
        for event in events:
            found = re.search(rb"^id: (\S+)", event, re.M)
            if found:
                told, _ = self.seen.get(found[1].decode(), (0, 0))
                self.seen[found[1].decode()] = (told + 1, time.time())

    def end(self):
        self.stop = True
        self.thread.join()


def append_until(ended, program, store, appended):
    with subprocess.Popen([program, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as writer:
        number = 0
        while not ended.is_set():
            now = time.time()
            writer.stdin.write(f"user{number} 8.8.8.{number % 250} {'deny' if number % 10 == 0 else 'allow'}\n")
            writer.stdin.flush()
            appended[writer.stdout.readline().strip()] = now
            number += 1
            time.sleep(1 / LOGINS_A_SECOND)


def main():
    program, config, anomalyd, append, store = sys.argv[1:]
    daemon = subprocess.Popen([anomalyd, "--config", config], stderr=subprocess.DEVNULL)
    service = Service(program, config)
    appended, ended = {}, threading.Event()
    writer = threading.Thread(target=append_until, args=(ended, append, store, appended))
    try:
        client = Client(service)
        subjects = Subjects(client)
        viewers = Viewers(service)
        time.sleep(SETTLING_S)
        writer.start()
        ask_together(service, subjects, PAGES)
        ended.set()
        writer.join()
        time.sleep(SETTLING_S)
        viewers.end()
        delays = [(viewers.seen[login][1] - at) * 1000 for login, at in appended.items() if login in viewers.seen]
        whole = sum(1 for login in appended if viewers.seen.get(login, (0, 0))[0] >= VIEWERS)
        print(f"{viewers.open} viewers, {CLIENTS} clients at once with {PAGES} pages each, {len(appended)} logins meanwhile:")
        print(f"{whole} were told to every viewer, the last of them after {percentile(delays, 0.5):.0f} ms, "
              f"p95 {percentile(delays, 0.95):.0f} ms; memory at most {service.memory_mib():.0f} MiB")
    finally:
        ended.set()
        service.process.terminate()
        service.process.wait(20)
        daemon.terminate()
        daemon.wait(60)


if __name__ == "__main__":
    main()
