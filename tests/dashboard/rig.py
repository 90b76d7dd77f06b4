"""A real anomaly-dashboard over a real store, and clients that may misbehave."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

# pylint: disable=wrong-import-position,unused-import
from arena import PATIENCE_S, die_with_parent, run, wait_for
from product import build_directory
from promises import Promises

HISTORY = "".join(
    f"2026-03-{day:02}T{hour:02}:05:11Z web sshd[{day}{hour}]: {text}\n"
    for day in range(1, 15) for hour, text in (
        (8, "Accepted publickey for alice from 8.8.8.8 port 51234 ssh2: ED25519 SHA256:" + "a" * 43),
        (9, "Failed password for bob from 1.1.1.1 port 40000 ssh2"),
    ))


def free_port(host="127.0.0.1"):
    """Below those that systems give out by themselves, and each process begins at another."""
    for _ in range(2000):
        free_port.last = 10000 + (free_port.last + 1) % 20000
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe, \
                contextlib.suppress(OSError):
            probe.bind((host, free_port.last))
            return free_port.last
    raise RuntimeError("no port is free")


free_port.last = os.getpid() * 37


def open_connection(address, receive_bytes=None, timeout=PATIENCE_S):
    """A TCP connection, where asked for with so little room for what comes."""
    client = socket.socket()
    if receive_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(timeout)
    client.connect(address)
    return client


class Answer:
    """One HTTP reply, its body as text and, where it is JSON, as a value."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None

    @property
    def sentence(self):
        """Of a refusal in the shape that all have; None for anything else."""
        error = (self.json or {}).get("error") if isinstance(self.json, dict) else None
        return error["message"] if error and error["status"] == self.status else None

    def __repr__(self):
        return f"{self.status} {dict(self.headers)}\n{self.body[:500]!r}"


class Dashboard:
    """The service on a port of loopback, over a store of its own."""

    def __init__(self, *options, store=None, config=None, history=HISTORY, host="127.0.0.1",
                 environment=None, **popen):
        self.build = build_directory()
        self._home = tempfile.TemporaryDirectory(prefix="dashboard-")
        self.root = Path(self._home.name)
        self.root.chmod(0o755)
        self.store = Path(store or self.root / "store")
        self.config = Path(config or self.root / "pam_anomaly.conf")
        if store is None:
            self.store.mkdir(mode=0o750)
            self.config.write_text(f"store = {self.store}\ngeo = none\n")
            (self.root / "history.log").write_text(history)
            self.run("anomaly-trainer", "import", "--format", "sshd", self.root / "history.log")
        self.host, self.port = host, free_port(host)
        self._log = open(self.root / "log", "wb")
        self._options = options
        self._environment = environment or {}
        self._popen = popen
        self.process = None

    def program(self, name):
        return self.build / {"anomaly-trainer": "trainer", "anomalyctl": "ctl", "anomalyd": "daemon"}.get(
            name, "dashboard") / name

    def run(self, name, *words, check=True):
        return run(self.program(name), *words, "--config", self.config, check=check)

    def start(self):
        where = f"[{self.host}]" if ":" in self.host else self.host
        listen = [] if "--listen" in self._options else ["--listen", f"{where}:{self.port}"]
        self.process = subprocess.Popen(
            [self.program("anomaly-dashboard"), *listen, *self._options, "--config", self.config],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env={
                # What is freed is kept for a while by the sanitizer: here, not for long.
                **os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1", **self._environment},
            preexec_fn=die_with_parent, **self._popen)
        if not wait_for(lambda: self.ended() or self._answers()) or self.ended():
            raise RuntimeError(f"anomaly-dashboard does not run: {self.log()}")
        return self

    def ended(self):
        return self.process.poll() is not None

    def _answers(self):
        try:
            return self.get("/health").status == 200
        except OSError:
            return False

    def log(self):
        return (self.root / "log").read_text(errors="replace")

    def stop(self):
        """The exit status after SIGTERM."""
        if self.process and not self.ended():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)
        return self.process.returncode if self.process else 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        self._log.close()
        self._home.cleanup()

    def connect(self, source=None):
        return http.client.HTTPConnection(self.host, self.port, timeout=2 * PATIENCE_S,
                                          source_address=(source, 0) if source else None)

    def request(self, method, target, body=None, headers=None, source=None):
        """One request on a connection of its own; a body that is no text goes as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = self.connect(source)
        try:
            with contextlib.suppress(BrokenPipeError):  # refused before all was sent
                connection.request(method, target, body, headers)
            reply = connection.getresponse()
            return Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def get(self, target, **options):
        return self.request("GET", target, **options)

    def raw(self, text, timeout=PATIENCE_S, more=()):
        """Bytes as they are on a connection; all that comes back until it is closed, or silent for so long."""
        with socket.create_connection((self.host, self.port), timeout) as client:
            client.sendall(text if isinstance(text, bytes) else text.encode())
            for piece, pause in more:
                time.sleep(pause)
                try:
                    client.sendall(piece)
                except OSError:
                    break
            received = b""
            try:
                while chunk := client.recv(65536):
                    received += chunk
            except (socket.timeout, ConnectionError):
                received += b"<open>" if not received.endswith(b"<open>") else b""
            return received

    def statuses(self, text, **options):
        """Of all replies to bytes on one connection, and whether it was closed behind them."""
        received = self.raw(text, **options)
        found = [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
        return found, not received.endswith(b"<open>")

    def bootstrap(self):
        return self.run("anomaly-dashboard", "bootstrap").stdout.strip()

    def token(self, name, *words):
        return self.run("anomaly-dashboard", "token", "add", name, *words).stdout.strip()

    def sign_in(self, source=None, **secret):
        """A Session when the service agrees, else its Answer."""
        answer = self.request("POST", "/api/session", secret, source=source)
        return Session(self, answer) if answer.status == 200 else answer

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s*(\d+)", status, re.M).group(1))


class Session:
    """Somebody signed in: cookie and CSRF token."""

    def __init__(self, dashboard, answer):
        self.dashboard, self.answer = dashboard, answer
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.csrf = answer.json["csrf"]
        self.role = answer.json["role"]
        self.user = answer.json["user"]

    def request(self, method, target, body=None, csrf=True, headers=None):
        token = {"X-CSRF-Token": self.csrf if csrf is True else csrf} if csrf else {}
        return self.dashboard.request(method, target, body,
                                      {"Cookie": self.cookie, **token, **(headers or {})})

    def get(self, target):
        return self.request("GET", target, csrf=None)
