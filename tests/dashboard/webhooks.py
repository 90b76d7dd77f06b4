#!/usr/bin/env python3
"""Webhooks by HTTPS: to whom they are posted, and to whom not. In an arena, which has its own authorities."""

import json
import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

# pylint: disable=wrong-import-position
from alerts import PATH, SECRET, Receiver, anomalyd
from arena import Arena
from rig import Dashboard, Promises, run, wait_for


class Authority:
    """Issues certificates."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.certificate, self.key = directory / f"{name}.pem", directory / f"{name}.key"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", f"/CN=authority {name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, subject, days=2):
        """A server's context with a certificate for a subject such as IP:127.0.0.1."""
        base = self.directory / f"{self.name}-{subject.replace(':', '-')}-{days}"
        request, key, made, extensions = (base.with_suffix(f".{end}") for end in ("csr", "key", "pem", "ext"))
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=hook", "-keyout", key, "-out", request)
        extensions.write_text(f"subjectAltName={subject}\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
            "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", made)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made, key)
        return context

    def context(self):
        """A server's that shows the authority's own certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


class TlsReceiver(Receiver):
    def __init__(self, context):
        self.context = context
        super().__init__()

    def get_request(self):
        client, address = super().get_request()
        client.settimeout(120)
        return self.context.wrap_socket(client, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *_):
        """A client that hangs up on a certificate it does not trust."""


def channels(service, own, system, stranger):
    """Name of a channel: its receiver, its keys, what is said of its delivery."""
    empty = service.root / "empty.pem"
    empty.write_text("nothing\n")
    open_to_all = service.root / "open.pem"
    open_to_all.write_text(own.certificate.read_text())
    open_to_all.chmod(0o666)
    here, elsewhere = "IP:127.0.0.1", "DNS:hooks.example"
    trusts = f"ca_file = {own.certificate}\n"
    return {
        "trusted": (TlsReceiver(own.issue(here)), trusts, "answered 200"),
        "systems": (TlsReceiver(system.issue(here)), "", "answered 200"),
        "self": (TlsReceiver(stranger.context()), trusts, "is of an authority that is not trusted"),
        "unknown": (TlsReceiver(stranger.issue(here)), "", "is of an authority that is not trusted: put that into ca_file"),
        "others": (TlsReceiver(system.issue(here)), trusts, f"not trusted: put that into {own.certificate}"),
        "misnamed": (TlsReceiver(own.issue(elsewhere)), trusts, "shows the certificate of another host: set url to the name in it"),
        "expired": (TlsReceiver(own.issue(here, days=-1)), trusts, "is refused: certificate has expired"),
        "empty": (TlsReceiver(own.issue(here)), f"ca_file = {empty}\n", "empty.pem holds no certificate (PEM)"),
        "open": (TlsReceiver(own.issue(here)), f"ca_file = {open_to_all}\n", "can be written by others"),
    }


def configure(service, table):
    secret = service.root / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    (service.root / "alerts").write_text(
        f"[rule told]\nlabel = attack\nwait = 0s\nchannels = {' '.join(table)}\n" + "".join(
            f"[channel {name}]\nkind = webhook\nurl = https://127.0.0.1:{receiver.server_port}{PATH}\n"
            f"secret_file = {secret}\nattempts = 1\ntimeout = 60s\n{keys}"
            for name, (receiver, keys, _) in table.items()))
    with open(service.config, "a", encoding="ascii") as config:
        config.write(f"alerts = {service.root / 'alerts'}\nkeep_logins = 36500d\nkeep_failures = 36500d\n")


def deliveries(service):
    """By channel, when all are over."""
    alerts = json.loads(service.run("anomalyctl", "alerts", "--json").stdout)["alerts"]
    found = {one["channel"]: one for alert in alerts for one in alert["deliveries"] if one["ok"] is not None}
    return found


def posted(promises, service, table):
    login = json.loads(service.run("anomalyctl", "logins", "--json", "--limit", "1").stdout)["logins"][0]["id"]
    service.run("anomalyctl", "label", login, "attack")
    wait_for(lambda: len(deliveries(service)) == len(table), 120, 0.2)
    found = deliveries(service)
    for name, (receiver, _, says) in table.items():
        one = found.get(name)
        told = one and says in one["message"] and "\n" not in one["message"]
        promises.check(f"{name}: {says}", told and one["ok"] == (says == "answered 200"), one)
        promises.equal("it has the message" if says == "answered 200" else "it has nothing of it",
                       [post["signed"] for post in receiver.posts], [True] if says == "answered 200" else [])


def main():
    with Arena.enter():
        promises = Promises("webhooks by HTTPS")
        service = Dashboard()
        own, system, stranger = (Authority(service.root, name) for name in ("own", "system", "stranger"))
        bundle = Path("/etc/ssl/certs/ca-certificates.crt")
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.write_text(system.certificate.read_text())
        table = channels(service, own, system, stranger)
        configure(service, table)
        with anomalyd(service):
            posted(promises, service, table)
        log = (service.root / "anomalyd.log").read_text(errors="replace")
        promises.check("without a secret in the log or a complaint of a sanitizer", PATH not in log
                       and SECRET not in log and "Sanitizer" not in log and "runtime error" not in log, log)
        promises.finish()


if __name__ == "__main__":
    main()
