#!/usr/bin/env python3
"""What arrives on the wire and is no plain request gets a clear refusal, and changes nothing."""

import contextlib
import json
import socket
import threading
import time

from rig import Dashboard, Promises, wait_for

LINE = "GET /health HTTP/1.1\r\nHost: localhost\r\n"
POST = "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"

POLICY = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
          "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'")


def framing(promises, service):
    promises.section("where a request ends")

    def refused(promise, text, status):
        found, closed = service.statuses(text)
        promises.check(promise, set(found) == {status} and closed, f"{found}, closed: {closed}")

    refused("two Content-Length, the same",
            POST + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + SMUGGLED, 400)
    refused("two Content-Length, different",
            POST + "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SMUGGLED, 400)
    refused("Content-Length beside Transfer-Encoding",
            POST + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400)
    refused("Transfer-Encoding beside Content-Length",
            POST + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED, 400)
    refused("a Content-Length that is a list",
            POST + "Content-Length: 2, 2\r\n\r\n{}" + SMUGGLED, 400)
    refused("a Content-Length with a sign", POST + "Content-Length: +2\r\n\r\n{}" + SMUGGLED, 400)
    refused("a Content-Length in hexadecimal", POST + "Content-Length: 0x2\r\n\r\n{}" + SMUGGLED,
            400)
    refused("two Transfer-Encoding",
            POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + SMUGGLED, 400)
    refused("a Transfer-Encoding nobody knows here",
            POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 501)
    refused("a body with GET", LINE + "Content-Length: 5\r\n\r\nhello" + SMUGGLED, 400)
    refused("two Host", LINE + "Host: localhost\r\n\r\n", 400)
    refused("no Host", "GET /health HTTP/1.1\r\n\r\n", 400)
    found, closed = service.statuses(LINE + "\r\n" + LINE + "Connection: close\r\n\r\n")
    promises.check("two plain requests on one connection are both answered",
                   found == [200, 200] and closed, f"{found} {closed}")


def targets(promises, service):
    promises.section("paths and queries")
    for target, status in (
            ("/nothing", 404), ("/api", 404), ("/api/", 404), ("//health", 404),
            ("/health/", 404), ("/./health", 404), ("/assets/../health", 404),
            ("/assets/..%2f..%2fetc%2fpasswd", 404), ("/assets/%2e%2e/index.html", 404),
            ("/assets/%00", 404), ("/user/%ff", 404), ("/user/%c0%af", 404), ("/user/%0a", 404),
            ("/user/%2", 404), ("/user/%zz", 404), ("/%68ealth", 404), ("/index.html", 404),
            ("/user/" + "a" * 1024, 404), ("/health?x=1", 400), ("/health?", 200),
            ("/health?%zz", 400), ("/health?=1", 400), ("/health?a=%00", 400),
            ("/?a=1&a=2", 400), ("/?a=" + "b" * 1024, 400), ("/?" + "&".join(
                f"a{i}=1" for i in range(33)), 400), ("/user/al%20ice", 200),
            ("/user/%E2%82%AC", 200), ("/user/a%2fb", 200), ("/user/a/b", 404)):
        answer = service.get(target)
        clear = status == 200 or answer.sentence
        promises.check(f"{target[:40]} is {status}", answer.status == status and clear, answer)
    for line, status in (("GET http://localhost/health HTTP/1.1", 400), ("GET * HTTP/1.1", 400),
                         ("GET health HTTP/1.1", 400), ("GET /a\x7fb HTTP/1.1", 400)):
        found, _ = service.statuses(line + "\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        promises.equal(f"{line!r} is {status}", found, [status])
    found, closed = service.statuses("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                     timeout=3)
    promises.check("an address of 9000 bytes is refused", found == [414], f"{found} {closed}")
    found, closed = service.statuses(LINE + "X: " + "a" * 40000 + "\r\n\r\n")
    promises.check("a header of 40000 bytes is refused", found in ([431], [413]) and closed, found)


def methods(promises, service):
    promises.section("methods and types")
    for method in ("PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "BREW"):
        answer = service.request(method, "/health")
        promises.check(f"{method} is 405 and says what is taken", answer.status == 405
                       and answer.headers["Allow"] == "GET, HEAD", answer)
    head = service.request("HEAD", "/health")
    promises.check("HEAD has headers and no body", head.status == 200 and head.body == b"", head)
    answer = service.request("DELETE", "/health")
    promises.equal("DELETE where there is only GET is 405", answer.status, 405, answer)
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx",
                 "multipart/form-data; boundary=application/json"):
        answer = service.request("POST", "/api/session", "{}",
                                 {"Content-Type": kind} if kind else {"X": "y"})
        promises.check(f"a body of type {kind} is 415", answer.status == 415 and answer.sentence,
                       answer)
    answer = service.request("POST", "/api/session", b"\x1f\x8b", {
        "Content-Type": "application/json", "Content-Encoding": "gzip"})
    promises.equal("a compressed body is 415", answer.status, 415, answer)


def bodies(promises, service):
    promises.section("bodies")
    as_json = {"Content-Type": "application/json"}
    deep = "[" * 100000
    for name, body in (("nothing", ""), ("half an object", '{"user":'), ("no JSON", "user=alice"),
                       ("a bare word", "null"), ("a number", "12"), ("a member twice",
                       '{"token":"a","token":"b"}'), ("not UTF-8", b'{"token":"\xff"}'),
                       ("a NUL", '{"token":"a\\u0000b"}'), ("an abyss", deep),
                       ("two values", "{} {}"), ("infinity", '{"a": Infinity}')):
        answer = service.request("POST", "/api/session", body, as_json)
        promises.check(f"{name} is 400", answer.status == 400 and answer.sentence, answer)
    for name, body in (("an array", "[]"), ("an empty object", "{}"), ("a number for a name",
                       '{"user":1,"password":"x"}'), ("no password", '{"user":"alice"}'),
                       ("a name without end", json.dumps({"user": "a" * 256, "password": "x"})),
                       ("an empty password", '{"user":"alice","password":""}')):
        answer = service.request("POST", "/api/session", body, as_json)
        promises.check(f"{name} is 422", answer.status == 422 and answer.sentence, answer)
    answer = service.request("POST", "/api/session", b" " * (1024 * 1024 + 1), as_json)
    promises.equal("a body above 1 MiB is 413", answer.status, 413, answer)
    found, closed = service.statuses(POST + "Content-Length: 99999999999999\r\n\r\n")
    promises.check("one that is announced as 100 TB is 413 at once", found == [413] and closed, found)
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    found, closed = service.statuses(POST.encode() + b"Transfer-Encoding: chunked\r\n\r\n"
                                     + chunk * 20 + b"0\r\n\r\n")
    promises.check("one in pieces above 1 MiB is 413", found == [413] and closed, found)
    received = service.raw(POST.encode() + b"Transfer-Encoding: chunked\r\n\r\n",
                           more=[(chunk * 50, 0)] * 10)
    promises.check("one that never ends is cut off", not received.endswith(b"<open>"),
                   received[:200])


def hosts_and_headers(promises, service):
    promises.section("names and headers")
    for host, status in (("localhost", 200), (f"localhost:{service.port}", 200), ("127.0.0.1", 200),
                         ("[::1]:80", 200), ("LOCALHOST", 200), ("evil.example", 421),
                         ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421),
                         ("8.8.8.8", 421), ("", 421)):
        found, _ = service.statuses(f"GET /health HTTP/1.1\r\nHost: {host}\r\n"
                                    "Connection: close\r\n\r\n")
        promises.equal(f"Host {host!r} is {status}", found, [status])
    for target in ("/", "/health", "/nothing", "/api/state"):
        headers = service.get(target).headers
        policy = headers["Content-Security-Policy"] or ""
        promises.check(f"{target} has all protecting headers", all(part in policy for part in POLICY)
                       and "unsafe" not in policy and headers["X-Content-Type-Options"] == "nosniff"
                       and headers["Referrer-Policy"] == "no-referrer"
                       and headers["Cross-Origin-Opener-Policy"] == "same-origin"
                       and headers["Cross-Origin-Resource-Policy"] == "same-origin", headers)
    promises.check("what is no file of the page is not kept by caches",
                   service.get("/health").headers["Cache-Control"] == "no-store")
    page = service.get("/")
    promises.check("the page is HTML with a tag", page.headers["Content-Type"].startswith(
        "text/html") and page.headers["ETag"], page)
    packed = service.get("/", headers={"Accept-Encoding": "gzip"})
    promises.check("it comes as gzip to who takes that", packed.status == 200 and packed.headers[
        "Content-Encoding"] == "gzip" and packed.body[:2] == b"\x1f\x8b", packed)
    again = service.get("/", headers={"If-None-Match": page.headers["ETag"]})
    promises.check("who has it gets 304", again.status == 304 and again.body == b"", again)


def slow_clients(promises, service):
    promises.section("slow clients")
    slow = [(b"X: y\r\n", 4)] * 12
    texts = {"a header that comes a line in 4 s": (LINE, slow),
             "a body that comes a byte in 4 s": (POST + "Content-Length: 100\r\n\r\n",
                                                 [(b"{", 4)] * 12),
             "nothing at all": ("", [])}
    found = {}

    def try_it(name, text, more):
        found[name] = service.raw(text, timeout=70, more=more)

    threads = [threading.Thread(target=try_it, args=(name, text, more))
               for name, (text, more) in texts.items()]
    for thread in threads:
        thread.start()
    answer = service.get("/health")
    promises.equal("others are served meanwhile", answer.status, 200)
    for thread in threads:
        thread.join()
    for name, received in found.items():
        promises.check(f"{name} is hung up on", not received.endswith(b"<open>")
                       and b" 200 " not in received[:20], received[:200])


def serves(service):
    try:
        return service.get("/health").status == 200
    except OSError:
        return False


def crowds(promises, service):
    promises.section("crowds")
    clients = []
    for _ in range(950):
        clients.append(service.connect())
        try:
            clients[-1].connect()
        except OSError:
            break
    served = service.connect()
    try:
        served.request("GET", "/health")
        refused = served.getresponse().status != 200
    except OSError:
        refused = True
    promises.check("one address does not get all connections", refused)
    for client in clients:
        client.close()
    promises.check("afterwards all is as before", wait_for(lambda: serves(service)))


def visitors(promises, service):
    promises.section("viewers who come and go")
    token = {"Authorization": f"Bearer {service.token('viewer')}"}

    def watch():
        """Someone who watches, or None where there is no room yet."""
        client = service.connect()
        with contextlib.suppress(OSError):
            client.request("GET", "/api/live", headers=token)
            if client.getresponse().status == 200:
                return client
        client.close()
        return None

    for _ in range(3):
        clients = []
        while len(clients) < 400 and (client := wait_for(watch, step=0.2)):
            clients.append(client)
        promises.equal("400 watch", len(clients), 400)
        for client in clients:
            client.close()
    promises.check("who has left takes no room", service.get("/health").status == 200)
    service.run("anomaly-dashboard", "token", "revoke", "viewer")


def watchers(promises, service):
    promises.section("who may not watch any more")
    token = {"Authorization": f"Bearer {service.token('watcher')}"}
    person, other = (service.sign_in(token=service.bootstrap()) for _ in range(2))
    clients = [service.connect() for _ in range(3)]
    replies = []
    for client, headers in zip(clients, (token, {"Cookie": person.cookie}, {"Cookie": other.cookie})):
        client.request("GET", "/api/live", headers=headers)
        replies.append(client.getresponse())
    person.request("DELETE", "/api/session")
    service.run("anomaly-dashboard", "token", "revoke", "watcher")
    promises.check("a stream ends with its session and with its token",
                   all(reply.read().startswith(b"retry:") for reply in replies[:2]))
    clients[2].sock.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        while replies[2].readline():
            pass
        promises.check("the others go on", False, "it has ended")
    for client in clients:
        client.close()


def files(service):
    """All below the store: names, sizes and times."""
    return sorted((str(entry), entry.stat().st_size, entry.stat().st_mtime_ns)
                  for entry in service.store.rglob("*") if entry.is_file()
                  and entry.name not in ("tokens", "store.db-shm", "store.db-wal"))


def press(service, head, ended):
    """Uploads, most of which are refused as too many, and other requests, until the end."""
    upload = f"POST /api/analyse?format=sshd HTTP/1.1\r\n{head}Content-Length: 200000\r\n\r\n".encode()
    while not ended.is_set():
        with contextlib.suppress(OSError), socket.create_connection((service.host, service.port), 60) as client:
            client.sendall(upload + b"x" * 100000)
            client.sendall(b"x" * 90000)
            client.settimeout(0.05)
            client.recv(1000)


def stopping(promises):
    promises.section("the end under load")
    for _ in range(3):
        with Dashboard() as service:
            head = f"Host: localhost\r\nAuthorization: Bearer {service.token('busy')}\r\n"
            ended = threading.Event()
            clients = [threading.Thread(target=press, args=(service, head, ended)) for _ in range(32)]
            for client in clients:
                client.start()
            time.sleep(1)
            promises.equal("it ends on SIGTERM with 0", service.stop(), 0, service.log())
            ended.set()
            for client in clients:
                client.join()
            promises.check("and leaves no upload behind", not list((service.store / "dashboard/analyses").iterdir()))


def planted(promises):
    promises.section("a directory that somebody planted")
    service = Dashboard()
    other = service.root / "other"
    other.mkdir()
    (other / "file").write_text("stays")
    (service.store / "dashboard").mkdir(mode=0o770)
    (service.store / "dashboard/analyses").symlink_to(other)
    try:
        service.start()
    except RuntimeError:
        pass
    promises.check("is not emptied: the service does not start", service.ended()
                   and "dashboard/analyses" in service.log() and (other / "file").exists(), service.log())
    service.stop()


def main():
    promises = Promises("requests at the edge")
    with Dashboard() as service:
        before = files(service)
        for part in (framing, targets, methods, bodies, hosts_and_headers, visitors, watchers, slow_clients,
                     crowds):
            part(promises, service)
        promises.section("afterwards")
        promises.check("the service is alive", service.get("/health").status == 200)
        promises.equal("nothing of it is in the store or in its own directory", files(service),
                       before)
        promises.equal("it ends on SIGTERM with 0", service.stop(), 0, service.log())
        promises.check("without a word of a sanitizer", "Sanitizer" not in service.log()
                       and "runtime error" not in service.log(), service.log())
    stopping(promises)
    planted(promises)
    promises.finish()


if __name__ == "__main__":
    main()
