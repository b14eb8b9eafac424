"""A document that a target serves: it comes within its time, and no pattern of it costs more than its share."""

from __future__ import annotations

import socket
import threading

import pytest

from contracts.drift import fetch
from contracts.drift.fetch import fetch_document
from contracts.drift.patterns import Patterns, Relation
from contracts.errors import UsageError
from tests.gate.rawserver import raw_server, read_request


def dripping(piece: bytes, before: bytes = b"") -> object:
    over = threading.Event()

    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(before)
        while not over.wait(0.02):
            sock.sendall(piece)

    return script


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        (b"", b"HTTP/1.1 200 OK\r\n"[:1]),
        (b"HTTP/1.1 200 OK\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["status line", "header", "body"],
)
def test_a_document_that_comes_byte_by_byte_is_given_up(
    before: bytes, piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT_S", 0.3)
    with (
        raw_server(dripping(piece, before)) as url,  # type: ignore[arg-type]
        pytest.raises(UsageError, match="took longer than 0.3 s|cannot be read"),
    ):
        fetch_document(f"{url}/openapi.json")


def test_patterns_that_are_hard_to_compare_are_given_up_after_so_much_work() -> None:
    hard = "(?:[a-cx-z]|b){40}"
    assert Patterns().relation(f"^{hard}1$", f"^{hard}2$") is Relation.DIFFERENT
    small = Patterns(1_000)
    assert small.relation(f"^{hard}1$", f"^{hard}2$") is Relation.UNKNOWN
    assert small.relation("^a$", "^a$") is Relation.SAME
    assert small.lengths("^[a-z]{3}$") == (0, None)


def test_what_was_told_of_patterns_once_is_told_again_at_no_cost() -> None:
    patterns = Patterns(20_000)
    first = patterns.relation("^[A-Z]{2}$", "^[A-Z][A-Z]$")
    assert first is Relation.SAME
    assert all(patterns.relation("^[A-Z]{2}$", "^[A-Z][A-Z]$") is first for _ in range(1_000))
    assert all(patterns.lengths("^[A-Z]{2}$") == (2, 2) for _ in range(1_000))
