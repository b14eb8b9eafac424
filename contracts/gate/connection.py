"""A connection to the target: opened, asked and read, no wait ever longer than its deadline."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from contracts.gate.message import Exchange, MalformedError
from contracts.target import Target, is_loopback_address

_PIECE: Final = 65536
_CONNECT_S: Final = 5.0
_LOOK_S: Final = 0.05
"""Seconds after which a target that does not read is looked at again: it may have answered already."""


_UNKNOWN_ISSUER: Final = frozenset({18, 19, 20, 21})
"""X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT and its kin: a certificate of an issuer whom nobody has named."""


class UntrustedError(Exception):
    """Nothing more may be sent to the target, or believed of it."""


class ForeignAddressError(UntrustedError):
    """A target admitted as loopback turned out to be at another address; nothing more is sent."""


class DesynchronisedError(UntrustedError):
    """Answers may have been taken for those to other requests; none of them says anything."""


class NoAnswerError(Exception):
    """There is no whole answer; the message says why."""


class EndedError(NoAnswerError):
    """The connection ended before one byte of an answer came."""


class Connection:
    """An open connection.

    Args:
        sock: connected, and behind TLS where the target speaks it.
        address: the one it was dialled at.

    Attributes:
        asked: how many requests it has carried.
    """

    def __init__(self, sock: socket.socket, address: str = "") -> None:
        self.sock = sock
        self.address = address
        self.asked = 0

    def close(self) -> None:
        """Close it."""
        self.sock.close()

    def waiting(self) -> bytes | None:
        """Return what the target has sent without being asked; empty when it has closed, None for nothing."""
        self.sock.settimeout(0)
        try:
            return self.sock.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except OSError:
            return b""

    def send(self, data: bytes, deadline: float) -> None:
        """Send bytes, or as many of them as the target wants: it may answer before it has read them all.

        Args:
            data: what to send.
            deadline: when to give up, ``time.perf_counter`` seconds.

        Raises:
            NoAnswerError: the target reads nothing.
        """
        self.asked += 1
        view = memoryview(data)
        while view:
            # Looked at first only where there is more than a buffer takes at once.
            if len(data) > _PIECE and self._readable():
                return
            self.sock.settimeout(min(_LOOK_S, _left(deadline)))
            try:
                view = view[self.sock.send(view[:_PIECE]) :]
            except (TimeoutError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                continue
            except OSError:
                # Whoever refuses a request unread answers and closes; that answer may be here.
                return

    def receive(self, exchange: Exchange, deadline: float) -> None:
        """Read the answer of an exchange.

        Args:
            exchange: its request has been sent.
            deadline: when to give up, ``time.perf_counter`` seconds.

        Raises:
            EndedError: the connection ended before a byte of it came.
            NoAnswerError: there is no whole answer in time.
        """
        begun = False
        try:
            while exchange.answer is None:
                self.sock.settimeout(_left(deadline, begun=exchange.started))
                data = self.sock.recv(_PIECE)
                if not data and not begun:
                    raise EndedError("connection closed or malformed HTTP (closed without an answer)")
                begun = True
                exchange.feed(data)
        except TimeoutError:
            raise NoAnswerError(_timeout(exchange.started)) from None
        except MalformedError as error:
            raise NoAnswerError(str(error)) from None
        except (ConnectionError, ssl.SSLEOFError) as error:
            kind = NoAnswerError if begun else EndedError
            why = "without a farewell of TLS" if isinstance(error, ssl.SSLError) else error.strerror
            raise kind(f"connection closed ({why or type(error).__name__})") from None
        except OSError as error:
            raise NoAnswerError(f"connection closed ({error.strerror or type(error).__name__})") from None

    def _readable(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            return bool(selector.select(0))


def security(target: Target) -> ssl.SSLContext | None:
    """Return whom to trust where a target speaks TLS, None where it does not."""
    if not target.url.startswith("https:"):
        return None
    context = ssl.create_default_context()
    # Whoever speaks HTTP/2 alone then says so, instead of speaking it (RFC 7301, section 3.2).
    context.set_alpn_protocols(["http/1.1"])
    return context


def prefer(target: Target, connection: Connection) -> Target:
    """Return a target whose name's addresses begin with the one that has just taken a connection.

    One of several may be dead, and would cost each connection its share of the time: a create has one of its own.
    """
    known, taken = target.addresses, connection.address
    if known is None or taken not in known[1:]:
        return target
    return replace(target, addresses=(taken, *(address for address in known if address != taken)))


def connect(target: Target, timeout: float, context: ssl.SSLContext | None) -> Connection:
    """Open a connection, TLS included.

    Args:
        target: where to.
        timeout: seconds that may take, at most 5.
        context: whom to trust, None for plain HTTP.

    Raises:
        NoAnswerError: there is none to be had.
        ForeignAddressError: it leads to an address that is not loopback though the target was admitted as such.
    """
    parts = urlsplit(target.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    deadline = time.perf_counter() + min(_CONNECT_S, timeout)
    sock: socket.socket | None = None
    try:
        sock, address = _dial((host,) if target.addresses is None else target.addresses, port, deadline)
        _check_address(target, sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            sock.settimeout(_left(deadline))
            # An end that TLS did not announce is none: it may be another's (RFC 9112, section 9.8).
            sock = context.wrap_socket(sock, server_hostname=host, suppress_ragged_eofs=False)
    except TimeoutError:
        _close(sock)
        raise NoAnswerError("timeout") from None
    except ssl.SSLCertVerificationError as error:
        _close(sock)
        way_out = "; --ca-file names whom to trust" if error.verify_code in _UNKNOWN_ISSUER else ""
        raise NoAnswerError(
            f"no connection (TLS: {error.verify_message or 'the certificate is not trusted'}{way_out})"
        ) from None
    except (OSError, UnicodeError) as error:
        _close(sock)
        raise NoAnswerError(f"no connection ({str(error)[:80]})") from None
    except BaseException:
        _close(sock)
        raise
    return Connection(sock, address)


def _dial(addresses: Sequence[str], port: int, deadline: float) -> tuple[socket.socket, str]:
    """Connect to the first of some addresses that takes it, and say which; a name was looked up at admission."""
    trouble = OSError("the name does not resolve")
    for number, address in enumerate(addresses):
        try:
            share = _left(deadline) / (len(addresses) - number)
            return socket.create_connection((address, port), timeout=share), address
        except OSError as error:
            trouble = error
    raise trouble


def _close(sock: socket.socket | None) -> None:
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.close()


def _check_address(target: Target, sock: socket.socket) -> None:
    peer = str(sock.getpeername()[0])
    if target.loopback and not is_loopback_address(peer):
        raise ForeignAddressError(f"{target.url} led to {peer}, which is not loopback")


def _left(deadline: float, *, begun: bool = False) -> float:
    """Return the seconds that are left.

    Raises:
        NoAnswerError: there are none.
    """
    left = deadline - time.perf_counter()
    if left <= 0:
        raise NoAnswerError(_timeout(begun))
    return left


def _timeout(begun: bool) -> str:
    return "timeout while the answer arrived" if begun else "timeout"
