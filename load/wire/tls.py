"""TLS between a connection and its socket: verification, handshake, and records in and out of memory."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

from contracts.errors import UsageError
from load.wire.address import Origin

_READ: Final = 65_536


class Security:
    """What every TLS connection of a run shares: whom it trusts, and the session it resumes.

    Only ``wrap_bio`` is used: gevent replaces the sockets of the ssl module, and leaves its objects in memory alone.

    Args:
        origin: the host whose certificate is expected; its name is also sent (SNI) unless it is an address.
        ca_file: certificates in PEM form to trust instead of the system's.
        verify: False trusts any certificate of any host; for a target in a laboratory, and only when asked for.

    Raises:
        UsageError: the file cannot be read or holds no certificate.
    """

    def __init__(self, origin: Origin, *, ca_file: Path | None = None, verify: bool = True) -> None:
        try:
            context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        except OSError as error:
            raise UsageError(
                f"no certificates to trust in {str(ca_file)!r} ({error.strerror or error}); give a PEM file"
            ) from error
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
        self._context = context
        self._host = origin.host
        self.session: ssl.SSLSession | None = None

    def wrap(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> ssl.SSLObject:
        """Begin a TLS connection, resuming the last session where there is one."""
        return self._context.wrap_bio(incoming, outgoing, server_hostname=self._host, session=self.session)


class TlsStream:
    """One TLS connection, fed with what arrived and drained of what is to be sent; it touches no socket.

    Args:
        security: what all connections of the run share.
    """

    __slots__ = ("_ended", "_incoming", "_noted", "_object", "_outgoing", "_security")

    def __init__(self, security: Security) -> None:
        self._security = security
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = security.wrap(self._incoming, self._outgoing)
        self._noted = False
        self._ended = False

    def shake(self, arrived: bytes) -> bool:
        """Go on with the handshake.

        Args:
            arrived: bytes from the socket, empty to begin.

        Returns:
            True when it is done. Either way ``drain`` may have something to send.

        Raises:
            ssl.SSLError: the peer or its certificate is refused, or refuses us.
        """
        if arrived:
            self._incoming.write(arrived)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def encrypt(self, data: bytes) -> bytes:
        """Return what must go to the socket for these bytes of a request."""
        view = memoryview(data)
        while view:
            view = view[self._object.write(view) :]
        return self._outgoing.read()

    def drain(self) -> bytes:
        """Return what the protocol itself has to send: of the handshake, an alert, a change of keys."""
        return self._outgoing.read()

    def decrypt(self, arrived: bytes) -> bytes:
        """Return the plain bytes that can be read now; none may be, and ``ended`` tells why there are no more.

        Raises:
            ssl.SSLError: the records are broken, or the peer sent an alert.
        """
        if arrived:
            self._incoming.write(arrived)
        parts = []
        try:
            while part := self._object.read(_READ):
                parts.append(part)
            self._ended = True
        except ssl.SSLWantReadError:
            pass
        if parts and not self._noted:
            # Under TLS 1.3 the ticket comes after the handshake, hence before or with the first answer.
            self._noted = True
            self._security.session = self._object.session
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def farewell(self) -> bytes:
        """Return the notice that no more will be sent, which the protocol asks for before closing."""
        with suppress(OSError):  # it wants to wait for the peer's own notice, which is not done
            self._object.unwrap()
        return self._outgoing.read()

    @property
    def ended(self) -> bool:
        """True once the peer said that no more will come (RFC 8446 section 6.1)."""
        return self._ended


def reason_of(error: ssl.SSLError) -> str:
    """Say in plain words what went wrong, without OpenSSL's file and line."""
    return str(getattr(error, "verify_message", "") or (error.reason or str(error)).replace("_", " ").lower())
