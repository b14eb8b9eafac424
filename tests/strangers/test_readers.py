"""Every reader takes any bytes at all: it reads them, or refuses them in one line.

``STRANGERS=1000`` in the environment asks for so many tries of each.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.strangers.mutations import mutated
from tests.strangers.readers import READERS, attempt

LONGEST_LINE = 1_000

QUICK = {
    "settings", "shared settings", "plan", "baseline", "contract", "accepted", "proof", "proof taken up", "timeline",
    "count", "recheck",
}  # fmt: skip
"""Readers of which many tries cost little."""


class Drawn:
    """Choices that hypothesis makes, so that it can shrink them.

    Args:
        data: draws.
    """

    def __init__(self, data: Any) -> None:
        self._data = data

    def below(self, end: int) -> int:
        return int(self._data.draw(st.integers(0, end - 1)))


def check(name: str, content: bytes) -> None:
    refusal = attempt(READERS[name], content)
    if refusal is not None:
        told = " ".join(str(refusal).split())
        assert 0 < len(told) < LONGEST_LINE


@pytest.mark.parametrize("name", READERS)
def test_what_is_lawful_is_read(name: str) -> None:
    for content in READERS[name].seeds():
        assert attempt(READERS[name], content) is None


@pytest.mark.parametrize("name", READERS)
def test_a_document_with_changes_is_read_or_refused_in_one_line(name: str) -> None:
    tries = int(os.environ.get("STRANGERS", "0")) or (10 if name in QUICK else 4)

    @settings(max_examples=tries, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def property_(data: Any) -> None:
        check(name, mutated(Drawn(data), READERS[name].seeds()))

    property_()


@pytest.mark.parametrize("name", READERS)
def test_any_bytes_are_read_or_refused_in_one_line(name: str) -> None:
    @settings(max_examples=2, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=200))
    @example(b"")
    @example(b"\xff\xfe{\x00}\x00")
    @example(b"\xef\xbb\xbf{}")
    @example(b"\x00" * 100)
    @example(b"[" * 100_000)
    @example(b'{"schema":1,' + b'"a":{' * 100_000)
    @example(b"9" * 100_000)
    @example(b'"\\ud800"')
    def property_(content: bytes) -> None:
        check(name, content)

    property_()


def test_a_fault_is_told_without_what_a_terminal_obeys() -> None:
    unseen = rb"\u009b31m\u202e\u001b]0;x\u0007"
    content = b'{"schema": 1, "%b": {}, "command": "%b", "verdict": "%b"}' % (unseen, unseen, unseen)
    refusal = attempt(READERS["replay of a result"], content)
    assert refusal is not None
    assert str(refusal).isprintable()
