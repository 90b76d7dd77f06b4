"""Names each promise of a test as it is kept or broken, and ends with the right exit status."""

import sys
import time


class Promises:
    def __init__(self, title):
        self._begin = time.monotonic()
        self._kept = 0
        self._broken = []
        self._section = ""
        print(title, flush=True)

    def section(self, name):
        self._section = name
        print(f"  {name}", flush=True)

    def check(self, promise, kept, evidence=""):
        """One promise. The evidence is shown when it is broken."""
        print(f"    {'ok     ' if kept else 'BROKEN '} {promise}", flush=True)
        if kept:
            self._kept += 1
            return True
        self._broken.append(f"{self._section}: {promise}")
        for line in str(evidence).splitlines():
            print(f"             {line}", flush=True)
        return False

    def equal(self, promise, found, expected, evidence=""):
        return self.check(promise, found == expected,
                          f"expected {expected!r}, found {found!r}\n{evidence}")

    def finish(self):
        total = self._kept + len(self._broken)
        print(f"{self._kept} of {total} promises kept in {time.monotonic() - self._begin:.1f} s")
        for promise in self._broken:
            print(f"  broken: {promise}")
        sys.exit(1 if self._broken or not total else 0)
