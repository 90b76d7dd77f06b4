"""The people of the show, where and when they work, and what happens to them."""

import time
from dataclasses import dataclass, field

from history import Person

PASSWORD = "correct horse"

BERLIN = "84.150.12.34"
HAMBURG = "84.151.7.20"
MUNICH = "77.20.31.8"
OFFICE = "141.20.5.9"
MOBILE = "80.187.99.4"
ELSEWHERE = "177.32.14.5"
SPRAYER = "5.188.86.3"
WEAK_USER = "dave"
OTHER_CLIENT = {"timestamps": 0, "window_scaling": 0}


def staff(now):
    """Thirty people. The present hour is a usual one for most, and night for erin."""
    local = time.localtime(now)
    hour = local.tm_hour + local.tm_min / 60
    people = [
        Person("alice", (BERLIN, OFFICE), "publickey", hour),
        Person("bob", (MUNICH, OFFICE), "password", hour),
        Person("carol", (HAMBURG, OFFICE), "keyboard-interactive/pam", hour),
        Person("dave", (OFFICE, BERLIN), "password", hour),
        Person("erin", (OFFICE,), "keyboard-interactive/pam", (hour + 12) % 24, spread=3.5,
               warms_up=False),
        Person("frank", (MUNICH, OFFICE), "keyboard-interactive/pam", hour, warms_up=False),
    ]
    towns = ("91.64.{}.17", "84.150.{}.52", "84.151.{}.9", "77.20.{}.81")
    for number in range(24):
        home = towns[number % len(towns)].format(100 + number)
        people.append(Person(f"user{number:02d}", (home, OFFICE), "publickey",
                             (hour + number % 5 - 2) % 24, a_day=1 + number % 3, warms_up=False))
    return people


@dataclass
class Situation:
    title: str
    user: str
    source: str
    method: str
    has_code: bool = True
    stack: dict = field(default_factory=dict)  # settings of the client's TCP stack


SITUATIONS = [
    Situation("usual place, public key", "alice", BERLIN, "publickey"),
    Situation("usual place, password", "bob", MUNICH, "password"),
    Situation("usual place, keyboard-interactive", "carol", HAMBURG, "keyboard-interactive"),
    Situation("on the road, by a carrier's network", "frank", MOBILE, "keyboard-interactive"),
    Situation("another continent, right password", "bob", ELSEWHERE,
              "keyboard-interactive", has_code=False),
    Situation("another continent, right key", "alice", ELSEWHERE, "publickey"),
    Situation("new device at an odd hour", "erin", OFFICE, "keyboard-interactive",
              stack=OTHER_CLIENT),
]
