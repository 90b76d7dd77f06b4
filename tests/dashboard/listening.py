#!/usr/bin/env python3
"""Where it listens and for whom: Unix sockets, TLS, sockets that systemd passes, proxies."""

import os
import pathlib
import signal
import socket
import ssl
import subprocess

from rig import Dashboard, Promises, die_with_parent, free_port, run, wait_for


class UnixDashboard(Dashboard):
    """On a Unix socket instead of a port."""

    def __init__(self, *options):
        super().__init__(*options)
        self.path = self.root / "socket"
        self._options += ("--listen", f"unix:{self.path}")

    def connect(self, source=None):
        connection = super().connect()
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        connection.sock.connect(str(self.path))
        return connection


class TlsDashboard(Dashboard):
    def __init__(self, *options):
        super().__init__(*options)
        self.key, self.certificate = self.root / "key.pem", self.root / "certificate.pem"
        self.make_certificate()
        self._options += ("--tls-key", self.key, "--tls-cert", self.certificate)

    def make_certificate(self, *algorithm):
        run("openssl", "req", "-x509", "-newkey", *(algorithm or ("rsa:2048",)), "-nodes", "-days", "2",
            "-subj", "/CN=dashboard.example", "-addext", "subjectAltName=DNS:dashboard.example",
            "-keyout", self.key, "-out", self.certificate)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def shows(self, certificate):
        """Whether a handshake of now ends with that certificate (PEM)."""
        try:
            with self.handshake(certificate) as client:
                return client.getpeercert(True) == ssl.PEM_cert_to_DER_cert(certificate)
        except ssl.SSLError:
            return False

    def connect(self, source=None):
        connection = super().connect()
        connection.sock = self.handshake()
        return connection

    def handshake(self, certificate=None, **settings):
        context = ssl.create_default_context(cadata=certificate or self.certificate.read_text())
        for name, value in settings.items():
            setattr(context, name, value)
        return context.wrap_socket(socket.create_connection((self.host, self.port), 60),
                                   server_hostname="dashboard.example")


def refusals(promises, service):
    promises.section("what is refused at the start")
    stray = service.root / "stray.pem"
    stray.write_text("no key\n")
    for why, options in (
            ("beyond loopback without TLS", ("--listen", f"0.0.0.0:{free_port()}")),
            ("the same over IPv6", ("--listen", f"[::]:{free_port()}")),
            ("a port alone", ("--listen", "8787")), ("a name", ("--listen", "localhost:8787")),
            ("a port that is none", ("--listen", "127.0.0.1:99999")),
            ("a relative socket", ("--listen", "unix:socket")),
            ("a certificate without its key", ("--tls-cert", stray)),
            ("files that are no certificate", ("--listen", f"127.0.0.1:{free_port()}",
                                               "--tls-cert", stray, "--tls-key", stray)),
            ("a port that is taken", ("--listen", f"127.0.0.1:{service.port}"))):
        done = run(service.program("anomaly-dashboard"), *options, "--config", service.config,
                   check=False)
        promises.check(f"{why}: one sentence", done.returncode == 1 and len(
            [line for line in done.stderr.splitlines() if "runs as root" not in line]) == 1,
                       (done.returncode, done.stderr))


def unix(promises):
    promises.section("a Unix socket")
    with UnixDashboard() as service:
        promises.equal("it answers", service.get("/health").status, 200)
        promises.equal("others have no way in", service.path.stat().st_mode & 0o777, 0o660)
        promises.equal("a name is the proxy's matter",
                       service.get("/health", headers={"Host": "any.example"}).status, 200)
        second = run(service.program("anomaly-dashboard"), "--listen", f"unix:{service.path}",
                     "--config", service.config, check=False)
        promises.check("one that is used is not taken over", second.returncode == 1
                       and "in use" in second.stderr, second.stderr)
        service.process.kill()
        service.process.wait()
        service.start()
        promises.equal("one left behind makes way", service.get("/health").status, 200)


def tls(promises):
    promises.section("TLS")
    with TlsDashboard() as service:
        answer = service.request("POST", "/api/session", {"token": service.bootstrap()})
        promises.check("cookies go by TLS alone", answer.status == 200
                       and answer.headers["Set-Cookie"].endswith("; Secure"), answer)
        with service.handshake(minimum_version=ssl.TLSVersion.TLSv1_3) as client:
            promises.equal("TLS 1.3", client.version(), "TLSv1.3")
        with service.handshake(maximum_version=ssl.TLSVersion.TLSv1_2) as client:
            promises.equal("TLS 1.2", client.version(), "TLSv1.2")
        old = subprocess.run(["openssl", "s_client", "-connect", f"{service.host}:{service.port}",
                              "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], input=b"", timeout=60,
                             capture_output=True, check=False)
        promises.check("nothing older", old.returncode != 0, old.stdout[-300:])
        plain = Dashboard.connect(service)
        try:
            plain.request("GET", "/health")
            spoke = plain.getresponse().status
        except OSError:
            spoke = None
        except Exception as trouble:  # pylint: disable=broad-exception-caught
            spoke = None if "RemoteDisconnected" in type(trouble).__name__ or "BadStatus" in type(
                trouble).__name__ else trouble
        promises.check("nothing in the open", spoke is None, spoke)


def bytes_read(process):
    return int(pathlib.Path(f"/proc/{process}/io").read_text().split()[1])


def late_reader(promises, service):
    """The process that stayed root, too late once, then gone."""
    main = service.process.pid
    children = pathlib.Path(f"/proc/{main}/task/{main}/children").read_text().split()
    reader = max(map(int, children), key=bytes_read)
    before, read = service.log(), bytes_read(reader)
    third = service.certificate.read_text()
    size = len(third) + service.key.stat().st_size
    os.kill(reader, signal.SIGSTOP)
    service.reload()
    promises.check("a reader that is late: one sentence", wait_for(
        lambda: "gives no answer" in service.log().removeprefix(before), step=0.1)
        and service.log().removeprefix(before).count("\n") == 1, service.log().removeprefix(before))
    os.kill(reader, signal.SIGCONT)
    promises.check("it reads what it was asked for", wait_for(lambda: bytes_read(reader) >= read + size))
    service.make_certificate("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    fourth = service.certificate.read_text()
    service.reload()
    promises.check("the next renewal is of the files of now", wait_for(
        lambda: service.shows(fourth), step=0.1) and not service.shows(third), service.log())
    os.kill(reader, signal.SIGKILL)
    service.reload()
    promises.check("one that has ended: what to do", wait_for(
        lambda: "restart the service" in service.log(), step=0.1), service.log())
    promises.check("and the certificate stays", service.shows(fourth))


def renewal(promises):
    promises.section("another certificate")
    service = TlsDashboard()
    owner = 65534 if os.geteuid() == 0 else os.geteuid()
    for path in (service.store, *service.store.iterdir()):
        os.chown(path, owner, -1)
    with service:
        promises.equal("it gave up root, and the key is its alone", (
            os.stat(f"/proc/{service.process.pid}").st_uid, service.key.stat().st_mode & 0o777),
            (owner, 0o600))
        first = service.certificate.read_text()
        held = service.connect()
        held.request("GET", "/health")
        promises.equal("a connection of before", held.getresponse().read() != b"", True)
        service.make_certificate("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        second = service.certificate.read_text()
        promises.check("is not there before SIGHUP", service.shows(first))
        service.reload()
        promises.check("is there soon after", wait_for(lambda: service.shows(second), step=0.1), service.log())
        held.request("GET", "/health")
        promises.equal("who was connected stays so", held.getresponse().status, 200)
        held.close()
        for why, path, text, sentence in (
                ("a key of another", service.certificate, first, "is not that of the certificate"),
                ("no certificate", service.certificate, "nothing\n", "certificate.pem holds no certificate"),
                ("no key", service.key, "nothing\n", "key.pem holds no key"),
                ("a file that others could write", service.key, None, "can be written by others"),
                ("no file", service.key, "", "cannot open")):
            service.certificate.write_text(second)
            before = service.log()
            if text:
                path.write_text(text)
            elif text is None:
                path.chmod(0o666)
            else:
                path.unlink()
            service.reload()
            promises.check(f"{why}: one sentence", wait_for(
                lambda: sentence in service.log().removeprefix(before), step=0.1)
                and service.log().removeprefix(before).count("\n") == 1,
                service.log().removeprefix(before))
            promises.check("and the one before stays", service.shows(second))
        service.make_certificate("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        if os.geteuid() == 0:
            late_reader(promises, service)
        promises.check("without a word of a sanitizer", service.stop() == 0 and "Sanitizer" not in
                       service.log() and "runtime error" not in service.log(), service.log())


def activation(promises):
    promises.section("a socket from the service manager")
    with socket.socket() as listener, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        service = Dashboard()
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        service.port = listener.getsockname()[1]
        manager.bind(str(service.root / "notify"))
        manager.settimeout(60)
        # LISTEN_PID is the service's own: a shell knows it and becomes it.
        command = ["sh", "-c", f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 '
                   f'NOTIFY_SOCKET={service.root}/notify exec "$0" "$@"',
                   service.program("anomaly-dashboard"), "--config", service.config]
        with open(service.root / "log", "wb") as log:
            service.process = subprocess.Popen(command, stderr=log, stdout=log,
                                               pass_fds=[listener.fileno()], preexec_fn=die_with_parent)
        promises.equal("it says when it is ready", manager.recv(100), b"READY=1")
        promises.equal("and serves there", service.get("/health").status, 200)
        promises.equal("for this machine's names alone",
                       service.get("/health", headers={"Host": "evil.example"}).status, 421)
        promises.equal("it ends well", service.stop(), 0)
        promises.equal("and says so", manager.recv(100), b"STOPPING=1")


def names(promises):
    promises.section("a name, and a proxy")
    with Dashboard("--host", "dashboard.example", "--behind-proxy") as service:
        def status(host):
            return service.get("/health", headers={"Host": host}).status

        promises.equal("its name", status("dashboard.example"), 200)
        promises.equal("another", status("dashboard.example.evil"), 421)
        answer = service.request("POST", "/api/session", {"token": service.bootstrap()})
        promises.check("cookies are for TLS alone", "Secure" in answer.headers["Set-Cookie"], answer)

        def guess(forwarded):
            return service.request("POST", "/api/session", {"token": "guess"},
                                   {"X-Forwarded-For": forwarded}).status

        guesses = [guess(f"{number}.2.3.4, 192.0.2.1") for number in range(30)]
        promises.check("who asks is the last address, whatever stands before it",
                       guesses[0] == 401 and guesses[-1] == 429, guesses)
        twice, _ = service.statuses(
            'POST /api/session HTTP/1.1\r\nHost: dashboard.example\r\nContent-Length: 13\r\n'
            'Content-Type: application/json\r\nX-Forwarded-For: 203.0.113.77\r\n'
            'X-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n{"token":"x"}')
        promises.equal("of the last such header", twice, [429])
        promises.equal("another is not stopped by that", guess("192.0.2.1, 198.51.100.7"), 401)
        log = service.log()
        promises.check("the log names it", "from 192.0.2.1 refused" in log, log)


def main():
    promises = Promises("listening")
    with Dashboard() as service:
        refusals(promises, service)
    for part in (unix, tls, renewal, activation, names):
        part(promises)
    promises.finish()


if __name__ == "__main__":
    main()
