"""An sshd log of the last months for a small firm, relative to now: what a real machine would hold."""

import base64
import hashlib
import math
import random
import time
from dataclasses import dataclass

DAY = 86400
ON_THE_ROAD = 0.04  # share of logins from a mobile network
CARRIER_SITES = range(96, 112)  # networks that the carrier's phones come from


@dataclass
class Person:
    name: str
    places: tuple       # addresses, the usual one first
    method: str         # as sshd names it
    hour: float         # local hour in which most logins fall
    spread: float = 1.5
    a_day: float = 1.6  # logins on a working day
    weekend: float = 0.1
    days: int = 90
    mobile: str = "80.187.{}.{}"  # the provider's addresses
    warms_up: bool = True  # has logged in this morning

    @property
    def ssh_method(self):
        return self.method.split("/")[0]


def sshd_log(people, host, now, seed=7):
    """The log as text in rsyslog's format; every login of the people until the day before now."""
    numbers = random.Random(seed)
    lines = []
    for person in people:
        for at in _moments(person, now, numbers):
            lines += _login(person, at, numbers)
    lines += _noise(people, now, numbers)
    lines.sort(key=lambda line: line[0])
    return "".join(f"{_stamp(at)} {host} sshd[{pid}]: {text}\n" for at, pid, text in lines)


def _moments(person, now, numbers):
    midnight = time.mktime(time.localtime(now)[:3] + (0,) * 5 + (-1,))
    for day in range(person.days, 0, -1):
        date = midnight - day * DAY
        rate = person.a_day
        if time.localtime(date + DAY / 2).tm_wday >= 5:
            rate *= person.weekend
        for _ in range(_poisson(rate, numbers)):
            yield date + ((numbers.gauss(person.hour, person.spread) % 24) * 3600)


def _poisson(mean, numbers):
    limit, count, product = math.exp(-mean), 0, numbers.random()
    while product > limit:
        count += 1
        product *= numbers.random()
    return count


def _login(person, at, numbers):
    pid = numbers.randrange(1000, 4000000)
    source = person.places[0] if numbers.random() < 0.85 else numbers.choice(person.places)
    if numbers.random() < ON_THE_ROAD:
        source = person.mobile.format(numbers.choice(CARRIER_SITES), numbers.randrange(1, 255))
    where = f"from {source} port {numbers.randrange(20000, 65000)} ssh2"
    key = f": ED25519 SHA256:{_fingerprint(person.name)}" if person.method == "publickey" else ""
    if person.method == "password" and numbers.random() < 0.05:
        yield at - numbers.uniform(3, 9), pid, f"Failed password for {person.name} {where}"
    yield at, pid, f"Accepted {person.method} for {person.name} {where}{key}"
    session = "pam_unix(sshd:session): session"
    yield at + 0.02, pid, f"{session} opened for user {person.name}(uid=20000) by (uid=0)"
    length = numbers.lognormvariate(7, 1.2)
    yield at + min(length, 8 * 3600), pid, f"{session} closed for user {person.name}"


def _fingerprint(name):
    return base64.b64encode(hashlib.sha256(name.encode()).digest()).decode().rstrip("=")


def _noise(people, now, numbers):
    """The guessing that every open port sees."""
    strangers = ["203.0.113.%d" % number for number in range(1, 30)]
    names = ["admin", "test", "oracle", "ubuntu", "git", "postgres", "user", "pi"]
    for _ in range(1500):
        at, pid = now - numbers.uniform(1, 90) * DAY, numbers.randrange(1000, 4000000)
        where = f"from {numbers.choice(strangers)} port {numbers.randrange(20000, 65000)} ssh2"
        if numbers.random() < 0.8:
            yield at, pid, f"Failed password for invalid user {numbers.choice(names)} {where}"
        else:
            yield at, pid, f"Failed password for {numbers.choice(people).name} {where}"


def _stamp(at):
    local = time.localtime(at)
    zone = time.strftime("%z", local)
    return (time.strftime("%Y-%m-%dT%H:%M:%S", local) + f".{int(at % 1 * 1e6):06d}"
            + f"{zone[:3]}:{zone[3:]}")
