"""A real sshd and a real ssh client inside an arena."""

import base64
import hashlib
import hmac
import os
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from arena import PATIENCE_S, run, skip, wait_for

SOURCE = Path(__file__).resolve().parents[2]
LOGIN_TIMEOUT = 2 * PATIENCE_S


def find_sshd():
    """The system's sshd, or the one that tests/support/fetch-sshd unpacked."""
    candidates = [os.environ.get("PAM_ANOMALY_SSHD", ""), "/usr/sbin/sshd",
                  SOURCE / "build/sshd/usr/sbin/sshd"]
    for path in candidates:
        if path and os.access(path, os.X_OK):
            return Path(path)
    skip("no sshd: run tests/support/fetch-sshd first, as ./run-tests does")


def totp(secret_base32, at=None):
    """RFC 6238 with the defaults: SHA-1, 30 s, six digits."""
    key = base64.b32decode(secret_base32)
    counter = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1000000:06d}"


class SshServer:
    """sshd with a configuration of its own. `name` is its PAM service, by a link of that name.

    inetd=True: connections are accepted on one socket for IPv6 and IPv4 together and handed to
    `sshd -i`, as socket activation does; an IPv4 peer is then seen as ::ffff:a.b.c.d.
    """

    def __init__(self, arena, name="sshd", inetd=False, listen="127.0.0.1", **options):
        self.name = name
        self.inetd = inetd
        self.address = listen
        self.port = _free_port()
        directory = arena.root / "sshd" / f"{name}-{self.port}"
        directory.mkdir(parents=True)
        self.log_path = directory / "log"
        self._link = directory / name
        self._link.symlink_to(find_sshd())
        host_key = arena.root / "host_key"
        if not host_key.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host_key)
        settings = {
            "HostKey": host_key, "PidFile": "none", "UsePAM": "yes", "StrictModes": "no",
            "AuthorizedKeysFile": arena.root / "authorized/%u", "LogLevel": "VERBOSE",
            "PasswordAuthentication": "yes", "KbdInteractiveAuthentication": "yes",
            "PubkeyAuthentication": "yes", "UseDNS": "no", "MaxAuthTries": "6",
            "MaxStartups": "1000:30:1000", "LoginGraceTime": str(LOGIN_TIMEOUT), "PrintMotd": "no",
            "PrintLastLog": "no", "PermitRootLogin": "yes",
            "Subsystem": "sftp internal-sftp", **options}
        if not inetd:
            settings["ListenAddress"] = f"[{listen}]:{self.port}" if ":" in listen else \
                f"{listen}:{self.port}"
        self.config_path = directory / "config"
        self.config_path.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        self._log = open(self.log_path, "ab")
        self._process = None
        self._socket = None
        self._start()
        arena.on_close(self.stop)

    def _start(self):
        if self.inetd:
            self._socket = socket.create_server(("::", self.port), family=socket.AF_INET6,
                                                dualstack_ipv6=True, backlog=128)
            threading.Thread(target=self._accept, daemon=True).start()
            return
        self._process = subprocess.Popen(
            [self._link, "-D", "-e", "-f", self.config_path], stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=self._log)
        if not wait_for(self._is_listening):
            raise RuntimeError(f"sshd does not listen: {self.log()}")

    def _is_listening(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"sshd ended: {self.log()}")
        return "Server listening" in self.log()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                child = subprocess.Popen([self._link, "-i", "-e", "-f", self.config_path],
                                         stdin=connection, stdout=connection, stderr=self._log)
            threading.Thread(target=child.wait, daemon=True).start()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_mark(self):
        return self.log_path.stat().st_size

    def log_since(self, mark):
        with open(self.log_path, "rb") as file:
            file.seek(mark)
            return file.read().decode("utf-8", "replace")

    def is_alive(self):
        return self.inetd or self._process.poll() is None

    def stop(self):
        if self._socket is not None:
            self._socket.close()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
        self._log.close()


def _free_port():
    _free_port.last += 1  # the arena's network is all ours
    return _free_port.last


_free_port.last = 2200


@dataclass
class Login:
    """What the client saw of one login."""
    ok: bool
    status: int
    output: str
    error: str
    prompts: list = field(default_factory=list)
    seconds: float = 0.0
    timed_out: bool = False

    @property
    def codes_asked(self):
        return sum("erification" in prompt for prompt in self.prompts)

    @property
    def passwords_asked(self):
        return sum("assword" in prompt for prompt in self.prompts)


_ASKPASS = """#!/bin/sh
# Answers ssh's prompts: a code prompt with the code, the nth other with line n or the last one.
dir=${0%/*}
printf '%s\\n' "$1" | tr '\\n' ' ' >>"$dir/prompts"; echo >>"$dir/prompts"
case $1 in
*erification*) cat "$dir/code" ;;
*)
    n=$(grep -c assword "$dir/prompts")
    sed -n "${n}p" "$dir/passwords" | grep . || tail -n 1 "$dir/passwords"
    ;;
esac
"""


class SshClient:
    """Runs ssh; answers its prompts by SSH_ASKPASS, so that any number of prompts can be told apart."""

    def __init__(self, arena):
        self._root = arena.root / "client"
        self._root.mkdir(exist_ok=True)
        self._count = 0
        self._lock = threading.Lock()

    def login(self, server, user, methods="password", source=None, passwords=(), code=None,
              key=None, tries=1, command="echo in", host=None, timeout=LOGIN_TIMEOUT, send=0,
              until=None):
        """One login. methods: ssh's PreferredAuthentications; passwords: one for each prompt; send:
        how many bytes the client writes to the command; until: a condition upon which the client is
        killed."""
        directory = self._directory(passwords, code)
        words = ["ssh", "-F", "none", "-p", str(server.port), "-l", user,
                 "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                 "-o", "LogLevel=INFO", "-o", f"ConnectTimeout={PATIENCE_S}", "-o", "IdentitiesOnly=yes",
                 "-o", "IdentityAgent=none", "-o", f"PreferredAuthentications={methods}",
                 "-o", f"NumberOfPasswordPrompts={tries}"]
        words += ["-i", str(key)] if key else ["-o", "IdentityFile=none"]
        words += ["-b", source] if source else []
        host = host or ("127.0.0.1" if server.inetd else server.address)
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "DISPLAY": ":none",
                       "SSH_ASKPASS": str(directory / "askpass"), "SSH_ASKPASS_REQUIRE": "force"}
        begin = time.monotonic()
        process = subprocess.Popen([*words, "--", host, command],
                                   stdin=subprocess.PIPE if send else subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment, start_new_session=True)
        timed_out = False
        try:
            if until:
                wait_for(lambda: process.poll() is not None or until(), timeout)
                process.kill()
            output, error = process.communicate(b"\0" * send or None, timeout=timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            process.kill()
            output, error = process.communicate()
        prompts = directory / "prompts"
        return Login(
            ok=process.returncode == 0, status=process.returncode,
            output=output.decode("utf-8", "replace"), error=error.decode("utf-8", "replace"),
            prompts=[line.strip() for line in prompts.read_text().splitlines() if line.strip()],
            seconds=time.monotonic() - begin, timed_out=timed_out)

    def _directory(self, passwords, code):
        with self._lock:
            self._count += 1
            directory = self._root / str(self._count)
        directory.mkdir()
        (directory / "askpass").write_text(_ASKPASS)
        (directory / "askpass").chmod(0o755)
        (directory / "passwords").write_text("".join(f"{word}\n" for word in passwords))
        (directory / "code").write_text(f"{code or ''}\n")
        (directory / "prompts").write_text("")
        return directory


class SecondFactor:
    """Time-based codes for users, by pam_google_authenticator."""

    SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEH"

    def __init__(self, arena):
        self._directory = arena.root / "otp"
        self._directory.mkdir(mode=0o700)

    @staticmethod
    def is_installed():
        return any(Path("/lib").glob("*/security/pam_google_authenticator.so"))

    @property
    def pam_line(self):
        return ("auth required pam_google_authenticator.so user=root nullok "
                f"secret={self._directory}/${{USER}}")

    def enrol(self, user):
        path = self._directory / user
        path.write_text(f"{self.SECRET}\n\" TOTP_AUTH\n")
        path.chmod(0o400)

    def code(self):
        return totp(self.SECRET + "=" * (-len(self.SECRET) % 8))
