"""What the build made, put to work inside an arena: module, daemon, trainer and anomalyctl."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from arena import PATIENCE_S, run, wait_for

SOURCE = Path(__file__).resolve().parents[2]
OWNER = "pam_anomaly"
PROGRAMS = ("daemon/anomalyd", "ctl/anomalyctl", "trainer/anomaly-trainer",
            "dashboard/anomaly-dashboard")


def build_directory():
    return Path(os.environ.get("PAM_ANOMALY_BUILD", SOURCE / "build/release"))


def _is_ready(manager):
    """Whether a service has told its manager's socket that it is."""
    try:
        return manager.recv(100) == b"READY=1"
    except socket.timeout:
        return False


class Audit:
    """One audit line: its fields as attributes of a dict, `stage` and `service` among them."""

    _LINE = re.compile(r"pam_anomaly\(([^:]*):([^)]*)\): (.*)")
    _FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')

    def __init__(self, line):
        self.line = line
        self.service, self.stage, self.text = self._LINE.search(line).groups()
        self.fields = {name: value.strip('"') for name, value in self._FIELD.findall(self.text)}

    def plain(self, name):
        """A field without its escapes."""
        raw = re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match.group(1), 16)]),
                     self.fields.get(name, "").encode())
        return raw.decode("utf-8", "replace")

    @classmethod
    def is_audit(cls, line):
        match = cls._LINE.search(line)
        return bool(match) and "verdict=" in match.group(3)

    def __getitem__(self, name):
        return self.fields.get(name)

    def __repr__(self):
        return self.line


class Product:
    """A store, a configuration and the programs, all private to the arena."""

    def __init__(self, arena, build=None, geo_files=None):
        self.arena = arena
        self.build = Path(build or build_directory())
        self.root = arena.root / "product"
        self.store = self.root / "store"
        self.config_path = Path("/etc/security/pam_anomaly.conf")
        self.module = self._copy("pam_module/pam_anomaly.so")
        self._programs = {Path(name).name: self._copy(name, 0o755) for name in PROGRAMS}
        self._daemon = None
        self._settings = {}
        self.owner = arena.add_user(OWNER, system=True)
        self.store.mkdir(mode=0o750)
        os.chown(self.store, self.owner, self.owner)
        self.geo_files = self._copy_geo(geo_files or [
            self.build / "tests/support/geo" / name
            for name in ("city.mmdb", "asn.mmdb", "anonymous.mmdb")])
        self.configure()
        arena.on_close(self.stop_daemon)

    def _copy(self, name, mode=0o644):
        """Root's own copy, which the services' users reach wherever the build tree is."""
        source = self.build / name
        if not source.exists():
            raise RuntimeError(f"{source} is not built")
        target = self.root / "lib" / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(mode)
        return target

    def _copy_geo(self, sources):
        files = []
        for source in sources:
            target = self.root / "geo" / source.name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o644)
            files.append(target)
        return files

    def program(self, name):
        return self._programs[name]

    def configure(self, **options):
        """Replaces the configuration: quiet defaults for tests, then these options."""
        self._settings = {
            "mode": "enforce", "store": self.store,
            "geo": " ".join(map(str, self.geo_files)),
            "exemptions": self.root / "exemptions", "deadline": "5s", "drain_interval": "10ms",
            **options}
        text = "".join(f"{name} = {value}\n" for name, value in self._settings.items())
        fresh = self.config_path.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o644)
        fresh.rename(self.config_path)

    def reconfigure(self, **options):
        """Changes some options and keeps the others."""
        self.configure(**{**self._settings, **options})

    def stack_line(self, arguments=""):
        """The module with its arguments, as a PAM stack names it."""
        return f"{self.module} {arguments}".rstrip()

    def run(self, name, *arguments, check=True, timeout=120, **options):
        return run(self.program(name), *arguments, "--config", self.config_path, check=check,
                   timeout=timeout, **options)

    def json(self, name, *arguments, **options):
        return json.loads(self.run(name, *arguments, "--json", **options).stdout)

    def ctl(self, *arguments):
        return self.json("anomalyctl", *arguments)

    def start_daemon(self):
        log = open(self.root / "anomalyd.log", "ab")
        os.chmod(self.root / "anomalyd.log", 0o644)
        self._daemon = subprocess.Popen(
            [self.program("anomalyd"), "--config", self.config_path], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, user=OWNER, group=OWNER, extra_groups=[])
        log.close()
        if not wait_for(lambda: self.daemon_ended() or (self.store / "store.db").exists()) \
                or self.daemon_ended():
            raise RuntimeError(f"anomalyd does not run: {self.daemon_log()}")

    def daemon_ended(self):
        return self._daemon is None or self._daemon.poll() is not None

    def daemon_log(self):
        return (self.root / "anomalyd.log").read_text(errors="replace")

    def stop_daemon(self, how=signal.SIGTERM):
        if self.daemon_ended():
            return
        self._daemon.send_signal(how)
        try:
            self._daemon.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait(10)

    def start_dashboard(self, *options):
        """anomaly-dashboard over this store, on a port of loopback; its Dashboard."""
        sys.path.append(str(SOURCE / "tests/dashboard"))
        from rig import Dashboard  # pylint: disable=import-outside-toplevel
        dashboard = Dashboard(*options, store=self.store, config=self.config_path).start()
        self.arena.on_close(dashboard.stop)
        return dashboard

    def start_dashboard_on(self, listener):
        """anomaly-dashboard over this store, on a listening socket that it inherits."""
        notify = self.root / "dashboard.notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, \
                open(self.root / "dashboard.log", "ab") as log:
            manager.bind(str(notify))
            manager.settimeout(0.05)
            notify.chmod(0o666)  # the service is not root by then
            # LISTEN_PID is the service's own: a shell knows it and becomes it.
            service = subprocess.Popen(
                ["bash", "-c", f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"',
                 self.program("anomaly-dashboard"), "--config", self.config_path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[listener.fileno()],
                env={**os.environ, "NOTIFY_SOCKET": str(notify)})
            self.arena.on_close(lambda: (service.terminate(), service.wait(10)))
            if not wait_for(lambda: service.poll() is not None or _is_ready(manager)) \
                    or service.poll() is not None:
                said = (self.root / "dashboard.log").read_text(errors="replace")
                raise RuntimeError(f"anomaly-dashboard does not run: {said}")

    def import_log(self, text):
        """An sshd log into the store; the importer's report."""
        path = self.root / "history.log"
        path.write_text(text)
        path.chmod(0o644)
        return self._as_writer("import", "--format", "sshd", path)

    def train(self, *arguments):
        return self._as_writer("train", *arguments)

    def _as_writer(self, *arguments):
        """The trainer needs the store for itself: the daemon pauses."""
        running = not self.daemon_ended()
        self.stop_daemon()
        try:
            return self.json("anomaly-trainer", *arguments, timeout=240)
        finally:
            if running:
                self.start_daemon()

    def audits(self, since=0, user=None):
        lines = [Audit(line) for line in self.arena.syslog.lines(since) if Audit.is_audit(line)]
        return [line for line in lines if user is None or line["user"] == user]
