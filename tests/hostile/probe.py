"""A client of raw bytes, and a well-behaved upstream, so that what a front does is seen as it is."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fixtures.hostile.catalogue import find
from fixtures.hostile.certificates import contexts
from fixtures.hostile.front import Front, Onset
from tests.gate.rawserver import raw_server, read_request

BODY = b'{"id":7,"display_name":{"ru":"x","en":"x"},"created_at":"2026-03-01T12:00:00.000Z"}'
GOOD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Sun, 01 Mar 2026 12:00:00 GMT\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
REQUEST = b"GET /v1/purchases/7 HTTP/1.1\r\nhost: x\r\nx-api-key: the-key\r\n\r\n"
MOST = 400_000
AFTER = 0.05

CLOSED, RESET, SILENT, FLOOD, REFUSED, DISTRUST = "closed", "reset", "silent", "flood", "refused", "distrusted"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client saw.

    Attributes:
        raw: the bytes that came, at most ``MOST`` of them.
        end: how it ended: closed, reset, silent (nothing more came), flood (it never did), refused, distrusted.
    """

    raw: bytes
    end: str

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


def ask(url: str, *, ca: Path | None = None, wait: float = 0.4, data: bytes = REQUEST) -> Seen:
    """Send one request on a connection of its own, and read what comes.

    A piece of the answer is awaited for ``wait`` seconds; what might follow a whole one for ``AFTER`` alone.
    """
    host, port = url.rpartition("/")[2].split(":")
    raw = b""
    try:
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(socket.create_connection((host, int(port)), timeout=wait))
            if ca is not None:
                context = ssl.create_default_context(cafile=str(ca))
                sock = stack.enter_context(context.wrap_socket(sock, server_hostname=host))
            sock.sendall(data)
            while len(raw) < MOST:
                piece = sock.recv(65536)
                if not piece:
                    return Seen(raw, CLOSED)
                raw += piece
                if raw.startswith(GOOD):
                    sock.settimeout(AFTER)
    except TimeoutError:
        return Seen(raw, SILENT)
    except ConnectionRefusedError:
        return Seen(raw, REFUSED)
    except ssl.SSLError:
        return Seen(raw, DISTRUST)
    except OSError:
        return Seen(raw, RESET)
    return Seen(raw, FLOOD)


@contextlib.contextmanager
def upstream() -> Iterator[str]:
    """A Purchases API that knows one answer."""

    def script(sock: socket.socket) -> None:
        while read_request(sock):
            sock.sendall(GOOD)

    with raw_server(script) as url:
        yield url


@contextlib.contextmanager
def front(name: str, behind: str, after: int = 0) -> Iterator[Front]:
    """A target of the catalogue before an upstream."""
    hostile = find(name)
    secure = None if hostile.secure is None else contexts(hostile.secure)
    with Front(behind, hostile.make(), Onset(after, hostile.last, hostile.every), secure) as one:
        yield one
