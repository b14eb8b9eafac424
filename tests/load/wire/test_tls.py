"""TLS: whom it trusts, what it resumes, and how it fails."""

from __future__ import annotations

import datetime
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import gevent
import pytest
import trustme

from contracts.errors import UsageError
from load.call import CLOSED, MALFORMED, RESET, TLS
from load.wire.address import Origin
from load.wire.limits import Timeouts
from load.wire.tls import Security
from tests.load.wire.servers import OK, Client, Handler, client, get, post, read_request, reset, serve, until

ROOT = Path(__file__).resolve().parents[3]
NEVER = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1", "::1", "localhost")


def context_of(certificate: trustme.LeafCert, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    certificate.configure_cert(context)
    return context


def secured(context: ssl.SSLContext, handler: Handler) -> Handler:
    """Shake hands, then handle; the socket given to the handler is the TLS one."""

    def handle(sock: socket.socket, number: int) -> None:
        with context.wrap_socket(sock, server_side=True) as inner:
            inner.settimeout(10)
            handler(inner, number)

    return handle


def answer_all(sock: socket.socket, _number: int) -> None:
    while read_request(sock):
        sock.sendall(OK)


@contextmanager
def tls_client(handler: Handler, ca_file: Path | None, *, verify: bool = True, **options: Any) -> Iterator[Client]:
    security = Security(Origin(True, options.get("host", "127.0.0.1"), 443), ca_file=ca_file, verify=verify)
    with client(handler, scheme="https", security=security, **options) as one:
        yield one


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_answers_come_over_a_verified_connection(
    certificate: trustme.LeafCert, trusted: Path, version: ssl.TLSVersion, host: str
) -> None:
    handler = secured(context_of(certificate, version), answer_all)
    if host == "localhost":
        with serve(handler) as port:
            one = Client(port, host=host, scheme="https", security=Security(Origin(True, host, port), ca_file=trusted))
            assert one.get().status == 200
            one.close()
        return
    with tls_client(handler, trusted, host=host) as one:
        assert [(reply.status, reply.body) for reply in one.ask(*[get()] * 5)] == [(200, b"{}")] * 5
        assert (len(one.told.connected), len(one.told.secured), one.engine.counts.opened) == (1, 1, 1)


def test_the_name_is_sent_and_an_address_is_not(certificate: trustme.LeafCert, trusted: Path) -> None:
    names: list[str | None] = []
    context = context_of(certificate)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with serve(secured(context, answer_all)) as port:
        for host in ("localhost", "127.0.0.1"):
            one = Client(port, host=host, scheme="https", security=Security(Origin(True, host, port), ca_file=trusted))
            assert one.get().status == 200
            one.close()
    assert names == ["localhost", None]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_later_connection_resumes_the_session(
    certificate: trustme.LeafCert, trusted: Path, version: ssl.TLSVersion
) -> None:
    resumed: list[bool | None] = []

    def handle(sock: socket.socket, _number: int) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        resumed.append(sock.session_reused)
        read_request(sock)
        sock.sendall(OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        sock.recv(1)

    with tls_client(secured(context_of(certificate, version), handle), trusted) as one:
        assert [one.get().status for _ in range(4)] == [200] * 4
    assert resumed == [False, True, True, True]


def test_a_certificate_of_a_stranger_is_refused_and_nothing_is_sent(trusted: Path) -> None:
    asked: list[bytes] = []
    other = trustme.CA().issue_cert("127.0.0.1")
    with tls_client(secured(context_of(other), lambda sock, _: asked.append(read_request(sock))), trusted) as one:
        reply = one.get()
        assert (reply.status, reply.error) == (0, TLS)
        assert reply.sent == reply.ended
        assert "local issuer certificate" in one.told.failed[0][1]
        assert (one.engine.counts.failed, one.engine.counts.opened) == (1, 0)
    assert [request for request in asked if request] == []


@pytest.mark.parametrize("names", [("127.0.0.2",), ("localhost", "example.com")])
def test_a_certificate_of_another_host_is_refused(authority: trustme.CA, trusted: Path, names: tuple[str, ...]) -> None:
    context = context_of(authority.issue_cert(*names))
    with tls_client(secured(context, answer_all), trusted) as one:
        assert one.get().error == TLS
        assert "IP address mismatch" in one.told.failed[0][1]


def test_an_expired_certificate_is_refused(authority: trustme.CA, trusted: Path) -> None:
    context = context_of(authority.issue_cert("127.0.0.1", not_before=NEVER, not_after=NEVER))
    with tls_client(secured(context, answer_all), trusted) as one:
        assert one.get().error == TLS
        assert "expired" in one.told.failed[0][1]


def test_verification_is_off_only_when_asked_for() -> None:
    handler = secured(context_of(trustme.CA().issue_cert("example.com")), answer_all)
    with tls_client(handler, None) as one:
        assert one.get().error == TLS
    with tls_client(handler, None, verify=False) as one:
        assert one.get().status == 200


def test_a_server_that_speaks_no_tls_is_an_error_of_tls(trusted: Path) -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        sock.recv(1_000)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")

    with tls_client(handle, trusted) as one:
        assert one.get().error == TLS


@pytest.mark.parametrize("end", [lambda _sock: None, reset], ids=["close", "reset"])
def test_a_connection_lost_during_the_handshake_is_an_error_of_tls(trusted: Path, end: Any) -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        sock.recv(1_000)
        end(sock)

    with tls_client(handle, trusted) as one:
        reply = one.get()
        assert (reply.error, reply.sent == reply.ended) == (TLS, True)


def test_a_handshake_that_does_not_end_is_given_up_in_time(trusted: Path) -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        while sock.recv(1_000):
            pass

    with tls_client(handle, trusted, timeouts=Timeouts(0.15, 9, 9)) as one:
        assert one.get().error == TLS
        assert one.told.failed == [(TLS, "the handshake was not done in time")]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_body_without_length_must_end_in_the_notice_of_closing(
    certificate: trustme.LeafCert, trusted: Path, version: ssl.TLSVersion
) -> None:
    """Without it anyone on the way could have cut the body (RFC 8446 section 6.1)."""

    def handle(sock: socket.socket, number: int) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")
        if number == 0:
            sock.unwrap()
        else:
            sock.shutdown(socket.SHUT_WR)

    with tls_client(secured(context_of(certificate, version), handle), trusted) as one:
        assert [one.get().status, one.get().error] == [200, CLOSED]


def test_a_close_while_idle_is_noticed(certificate: trustme.LeafCert, trusted: Path) -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        read_request(sock)
        sock.sendall(OK)
        sock.unwrap()

    with tls_client(secured(context_of(certificate), handle), trusted) as one:
        for _ in range(3):
            assert one.get().status == 200
            until(lambda: one.pool.connections == 0)
        assert one.engine.counts.stale == 0


def test_a_connection_that_ends_with_its_answer_is_not_used_again(certificate: trustme.LeafCert, trusted: Path) -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        read_request(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        sock.sendall(OK)
        sock.setblocking(False)
        with suppress(ssl.SSLWantReadError):
            sock.unwrap()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)  # answer and notice leave in one piece
        raw_end.wait(5)

    raw_end = threading.Event()
    with tls_client(secured(context_of(certificate), handle), trusted) as one:
        assert [reply.status for reply in one.ask(get(), get(), get())] == [200] * 3
        assert (one.engine.counts.opened, one.engine.counts.stale) == (3, 0)
        raw_end.set()


def test_large_requests_and_answers_pass_in_many_records(certificate: trustme.LeafCert, trusted: Path) -> None:
    body = bytes(range(256)) * 8_000

    def handle(sock: socket.socket, _number: int) -> None:
        while request := read_request(sock):
            assert request.endswith(body)
            time.sleep(0.02)
            sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    with tls_client(secured(context_of(certificate), handle), trusted) as one:
        for _ in range(2):
            reply = one.ask(post(body))[0]
            assert (reply.status, reply.body == body) == (200, True)
        assert one.engine.counts.opened == 1


def test_a_malformed_answer_is_reported_in_plain_bytes(certificate: trustme.LeafCert, trusted: Path) -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        sock.sendall(b"rubbish\r\n")
        sock.recv(1)

    with tls_client(secured(context_of(certificate), handle), trusted) as one:
        reply = one.get()
        assert (reply.error, reply.detail) == (MALFORMED, b"rubbish\r\n")


def test_broken_records_after_the_handshake_are_a_reset(certificate: trustme.LeafCert, trusted: Path) -> None:
    context = context_of(certificate)

    def handle(sock: socket.socket, _number: int) -> None:
        with context.wrap_socket(sock, server_side=True) as inner:
            read_request(inner)
            raw = socket.socket(fileno=socket.dup(inner.fileno()))
            with raw:
                raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
                raw.recv(1)

    with tls_client(handle, trusted) as one:
        reply = one.get()
        assert (reply.status, reply.error) == (0, RESET)
        assert reply.sent < reply.ended


def test_nothing_is_left_after_tls_went_wrong(certificate: trustme.LeafCert, trusted: Path) -> None:
    def watchers() -> int:
        return int(gevent.get_hub().loop.activecnt)

    gevent.sleep(0.001)
    before = watchers(), len(list(Path("/proc/self/fd").iterdir()))
    context = context_of(trustme.CA().issue_cert("127.0.0.1"))
    for handler in (secured(context, answer_all), lambda sock, _: None, secured(context_of(certificate), answer_all)):
        with tls_client(handler, trusted, size=3) as one:
            one.ask(*[get()] * 5)
    gevent.sleep(0.001)
    assert (watchers(), len(list(Path("/proc/self/fd").iterdir()))) == before


def test_a_file_without_certificates_is_a_usage_error(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("none")
    for path in (empty, tmp_path / "missing.pem"):
        with pytest.raises(UsageError, match=path.name):
            Security(Origin(True, "x", 443), ca_file=path)


PATCHED = """
from gevent import monkey
monkey.patch_all()
import socket, sys, time
import gevent
from pathlib import Path
from gevent.event import Event
from contracts.history import ApiOperation
from load.call import Call
from load.wire.address import Origin
from load.wire.encode import Encoder
from load.wire.engine import Engine
from load.wire.pool import Pool
from load.wire.tls import Security

for url in sys.argv[2:]:
    origin = Origin.from_url(url)
    engine = Engine(origin, time.perf_counter(), security=Security(origin, ca_file=Path(sys.argv[1])))
    assert engine.socket is not socket.socket
    pool, call, settled = Pool(engine, 2), Call(ApiOperation.PROFILE, "GET", "/v1/profile"), Event()
    replies, data = [], Encoder(origin, {"owner": "k"}).encode(call)
    pool.submit(data, call, 0.0, lambda reply: replies.append(reply) or settled.set())
    assert settled.wait(10)
    print(replies[0].status)
    pool.close()
assert "locust" not in sys.modules
"""


def test_it_works_in_an_interpreter_that_gevent_patched(certificate: trustme.LeafCert, trusted: Path) -> None:
    with serve(secured(context_of(certificate), answer_all)) as secure, serve(answer_all) as plain:
        urls = [f"https://localhost:{secure}", f"https://127.0.0.1:{secure}", f"http://127.0.0.1:{plain}"]
        ran = subprocess.run(
            [sys.executable, "-c", PATCHED, str(trusted), *urls],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.stdout.split(), ran.stderr) == (["200"] * 3, "")
