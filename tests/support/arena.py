"""A place of its own for tests that need a real sshd: private mounts, network and processes.

Arena.enter() runs the calling script again inside new mount, network, pid and uts namespaces. There
/etc, /dev, /run and /var/log are private copies, every address is local (`ssh -b 8.8.8.8` works and
no packet leaves), and the namespace's end is the end of every process in it. Nothing of the machine
outside is written, whatever happens in here.
"""

import contextlib
import ctypes
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

SKIPPED = 77  # what ctest takes for "skipped"
OUTSIDE = "PAM_ANOMALY_ARENA_OUTSIDE"
LISTENER = "PAM_ANOMALY_ARENA_LISTENER"
ROOT = Path("/run/arena")
_LIBC = ctypes.CDLL(None)  # found before a fork, behind which little is safe
PATIENCE_S = 60  # until something that should happen is given up: other tests may have the processors


def _namespaces():
    return " ".join(os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "net", "pid"))


def die_with_parent():
    """For a child: however this script ends, it is killed; with unshare(1) all that runs inside."""
    _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _first_process(unshare):
    """The child of unshare(1)."""
    children = Path(f"/proc/{unshare}/task/{unshare}/children")
    wait_for(lambda: children.read_text().split())
    return int(children.read_text().split()[0])


def skip(why):
    """Ends this script as skipped, with a word."""
    print(f"skipped: {why}", flush=True)
    sys.exit(SKIPPED)


def run(*command, timeout=2 * PATIENCE_S, check=True, **options):
    """A command that has to succeed within a bounded time; its output as text."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=timeout,
                          **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()}")
    return done


def wait_for(condition, timeout=PATIENCE_S, step=0.01):
    """The first true value of condition() within that time, else its last value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value or time.monotonic() >= end:
            return value
        time.sleep(step)


class Syslog:
    """Listens on the private /dev/log. While stuck it does not read, as a dead syslogd would."""

    def __init__(self, path="/dev/log"):
        self._path = path
        self._lines = []
        self._lock = threading.Lock()
        self._reading = threading.Event()
        self._reading.set()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        os.chmod(path, 0o666)
        self._socket.settimeout(0.05)
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        while True:
            self._reading.wait()
            try:
                datagram = self._socket.recv(65536)
            except socket.timeout:
                continue
            except OSError:
                return
            text = datagram.decode("utf-8", "replace").rstrip("\n\0")
            with self._lock:
                self._lines.append(text)

    def mark(self):
        """A position for lines()."""
        with self._lock:
            return len(self._lines)

    def lines(self, since=0, pattern=""):
        """Messages since a mark, without priority and time, that match a regular expression."""
        with self._lock:
            lines = self._lines[since:]
        plain = [re.sub(r"^<\d+>(?:\w{3} [ \d]\d [\d:]{8} )?", "", line) for line in lines]
        return [line for line in plain if re.search(pattern, line)]

    @contextlib.contextmanager
    def stuck(self):
        """Nobody reads: the queue fills and writers block."""
        self._reading.clear()
        time.sleep(0.1)  # let a recv() under way end
        try:
            yield
        finally:
            self._reading.set()

    def close(self):
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)


class Arena:
    """The namespace this script runs in, its users, PAM stacks and syslog."""

    def __init__(self):
        self.root = ROOT
        self.syslog = Syslog()
        self.has_ipv6 = Path("/proc/net/if_inet6").exists()
        descriptor = os.environ.get(LISTENER)
        self.listener = socket.socket(fileno=int(descriptor)) if descriptor else None
        self._closers = []

    @classmethod
    def enter(cls, on_start=None, listen=None):
        """Inside: the arena. Outside: runs this script again inside and ends with its status.

        on_start(pid) is called outside with the namespaces' first process, for nsenter(1). listen() is
        called outside and makes a socket there, which is the arena's listener inside: a socket
        belongs to the network in which it was made.
        """
        outside = os.environ.get(OUTSIDE)
        if outside is not None:
            if set(outside.split()) & set(_namespaces().split()) or os.getppid() != 1:
                raise RuntimeError(f"{OUTSIDE} is set, but these are not the arena's namespaces")
            _build()
            return cls()
        if os.geteuid() != 0:
            skip("needs root for private namespaces and sshd")
        unshare = ["unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child",
                   "--mount-proc", "--propagation", "private"]
        probe = subprocess.run([*unshare, "true"], capture_output=True, text=True)
        if probe.returncode != 0:
            skip(f"private namespaces are not permitted here: {probe.stderr.strip()}")
        environment = {OUTSIDE: _namespaces(), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                       "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
                       "PYTHONUNBUFFERED": "1"}
        for name, value in os.environ.items():
            if name.startswith(("PAM_ANOMALY_", "ASAN_", "UBSAN_")) or name in (
                    "NO_COLOR", "TERM", "TZ", "COLUMNS"):
                environment.setdefault(name, value)
        sockets = [listen()] if listen else []
        for made in sockets:
            environment[LISTENER] = str(made.fileno())
        sys.stdout.flush()
        # The shell is the namespaces' first process and waits for those that lost their parent.
        child = subprocess.Popen([*unshare, "sh", "-c", '"$@"; exit $?', "arena", sys.executable,
                                  *sys.argv], env=environment, preexec_fn=die_with_parent,
                                 pass_fds=[made.fileno() for made in sockets])
        if on_start:
            on_start(_first_process(child.pid))
        while True:
            try:
                sys.exit(child.wait())
            except KeyboardInterrupt:  # the terminal has told those inside as well
                continue

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def on_close(self, closer):
        """Calls closer() at the end, the latest first."""
        self._closers.append(closer)

    def close(self):
        while self._closers:
            with contextlib.suppress(Exception):
                self._closers.pop()()
        self.syslog.close()

    def add_user(self, name, password=None, uid=None, shell="/bin/sh", system=False):
        """A user with a home of its own in the private /etc, instead of one the machine may have of
        this name; system users have no home."""
        for path in ("/etc/passwd", "/etc/shadow", "/etc/group"):
            _remove(path, name)
        used = {entry.pw_uid for entry in pwd.getpwall()}
        first = 200 if system else 20000
        uid = uid or next(number for number in range(first, 60000) if number not in used)
        home = self.root / "home" / name
        if system:
            home, shell = Path("/nonexistent"), "/usr/sbin/nologin"
        secret = "!"
        if password is not None:
            secret = run("openssl", "passwd", "-6", password).stdout.strip()
        _append("/etc/group", f"{name}:x:{uid}:")
        _append("/etc/shadow", f"{name}:{secret}:19000:0:99999:7:::")
        _append("/etc/passwd", f"{name}:x:{uid}:{uid}:{name}:{home}:{shell}")
        if not system:
            home.mkdir(parents=True)
            os.chown(home, uid, uid)
        return uid

    def add_group(self, name, members):
        used = {entry.gr_gid for entry in grp.getgrall()}
        gid = next(number for number in range(30000, 60000) if number not in used)
        _append("/etc/group", f"{name}:x:{gid}:{','.join(members)}")

    def make_key(self, name, kind="ed25519"):
        """A key pair; (path of the private key, text of the public one)."""
        path = self.root / "keys" / name
        path.parent.mkdir(exist_ok=True)
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", path)
        return path, path.with_suffix(".pub").read_text().strip()

    def authorize(self, user, public_key):
        directory = self.root / "authorized"
        directory.mkdir(exist_ok=True)
        with open(directory / user, "a", encoding="ascii") as file:
            file.write(public_key + "\n")

    def pam_stack(self, service, text):
        """Writes /etc/pam.d/SERVICE of this namespace."""
        Path("/etc/pam.d", service).write_text(text, encoding="utf-8")

    def name_address(self, address, name):
        """What a reverse lookup of the address says, and the name's address."""
        _append("/etc/hosts", f"{address} {name}")

    @contextlib.contextmanager
    def client_stack(self, **settings):
        """Another TCP stack for the connections made meanwhile: timestamps=0, sack=0, …"""
        before = {}
        for name, value in settings.items():
            path = Path("/proc/sys/net/ipv4", f"tcp_{name}")
            before[path] = path.read_text()
            path.write_text(f"{value}\n")
        try:
            yield
        finally:
            for path, value in before.items():
                path.write_text(value)


def _remove(path, name):
    """The lines of that name; in place: owner and mode stay."""
    path = Path(path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(f"{name}:")),
                    encoding="utf-8")


def _append(path, line):
    with open(path, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def _mount(*words):
    run("mount", *words)


def _build():
    """Private /run, /dev, /etc, /var/log and network. Runs inside the namespaces only."""
    _mount("-t", "tmpfs", "-o", "mode=755,size=1g", "tmpfs", "/run")
    for path in (ROOT, Path("/run/sshd"), Path("/run/lock"), ROOT / "home"):
        path.mkdir(mode=0o755)
    _build_dev()
    shutil.copytree("/etc", ROOT / "etc", symlinks=True)
    for path, _, files in os.walk("/etc"):
        for name in ["", *files]:
            _copy_owner(Path(path, name))
    _mount("--bind", ROOT / "etc", "/etc")
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/log")
    for name in ("wtmp", "btmp", "lastlog"):
        Path("/var/log", name).touch(mode=0o640)
    _write_etc()
    run("hostname", "arena")
    run("ip", "link", "set", "lo", "up", "mtu", "1500")  # so that TCP looks as on a real network
    run("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo")
    if Path("/proc/net/if_inet6").exists():
        run("ip", "-6", "route", "add", "local", "::/0", "dev", "lo")
        Path("/proc/sys/net/ipv6/ip_nonlocal_bind").write_text("1\n")


def _copy_owner(source):
    status = source.lstat()
    copy = ROOT / "etc" / source.relative_to("/etc")
    os.chown(copy, status.st_uid, status.st_gid, follow_symlinks=False)
    if not copy.is_symlink():
        copy.chmod(status.st_mode & 0o7777)  # chown() takes set-id bits away


def _build_dev():
    dev = ROOT / "dev"
    dev.mkdir()
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", dev)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        (dev / name).touch()
        _mount("--bind", f"/dev/{name}", dev / name)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"),
                         ("stderr", "fd/2"), ("ptmx", "pts/ptmx")):
        (dev / name).symlink_to(target)
    (dev / "pts").mkdir()
    _mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620,gid=5", "devpts", dev / "pts")
    (dev / "shm").mkdir()
    _mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", dev / "shm")
    _mount("--rbind", dev, "/dev")


def _write_etc():
    Path("/etc/nsswitch.conf").write_text(
        "passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\n")
    Path("/etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    for path in ("/etc/resolv.conf", "/etc/motd", "/etc/legal"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    Path("/etc/resolv.conf").write_text("")
    passwd = Path("/etc/passwd").read_text().splitlines()
    home = ROOT / "home" / "root"  # ssh asks the password file for a home, not $HOME
    home.mkdir(mode=0o700)
    passwd = [re.sub(r"^(root:(?:[^:]*:){4})[^:]*", rf"\g<1>{home}", line) for line in passwd]
    Path("/etc/passwd").write_text("\n".join(passwd) + "\n")
    if not any(line.startswith("sshd:") for line in passwd):
        _append("/etc/passwd", "sshd:x:199:65534::/run/sshd:/usr/sbin/nologin")
        _append("/etc/shadow", "sshd:!:19000::::::")
