"""Why requests got no answer, and what became of connections, is counted, put together and told."""

from __future__ import annotations

import pytest

from load.mishaps import MOST_KINDS, OTHERS, Mishaps, remarks, together


def failed(**kinds: int) -> Mishaps:
    mishaps = Mishaps()
    for reason, times in kinds.items():
        mishaps.fail("reset", reason.replace("_", " "), times)
    return mishaps


def test_mishaps_of_all_processes_add_up() -> None:
    one, two = failed(by_peer=2), failed(by_peer=1, in_head=4)
    one.stale, two.stale, two.closed_idle, one.unreadable = 1, 2, 3, 4
    one.out_of_step, two.out_of_step = 2, 3
    whole = together(Mishaps.from_plain(part.plain()) for part in (one, two))
    assert whole == Mishaps({"reset: by peer": 3, "reset: in head": 4}, 3, 3, 4, 5)


def test_nothing_is_said_where_nothing_went_wrong() -> None:
    assert remarks(Mishaps(closed_idle=9)) == [], "a server may close what is idle"


def test_reasons_are_told_most_frequent_first() -> None:
    [told] = remarks(failed(by_peer=2, in_head=1400, a=1, b=1, c=1, d=1))
    assert told.startswith("requests without a whole answer, by why: reset: in head (1,400); reset: by peer (2); ")
    assert told.endswith("; 1 other reasons")


def test_stale_connections_and_unreadable_requests_are_told() -> None:
    stale, unreadable = remarks(Mishaps(stale=3, unreadable=2))
    assert stale.startswith("3 requests met a connection that the server had just closed")
    assert unreadable.startswith("2 requests of the locustfile are not HTTP")
    [doubt] = remarks(Mishaps(out_of_step=1))
    assert doubt.startswith("1 connections brought an answer that nobody had asked for")


def test_a_host_of_reasons_takes_no_more_room() -> None:
    mishaps = failed(**{f"reason_{number}": 1 for number in range(3 * MOST_KINDS)})
    assert len(mishaps.unanswered) == MOST_KINDS + 1
    assert sum(mishaps.unanswered.values()) == 3 * MOST_KINDS
    assert mishaps.unanswered[OTHERS] == 2 * MOST_KINDS


@pytest.mark.parametrize("data", [{}, {**Mishaps().plain(), "stale": "many"}, {**Mishaps().plain(), "unanswered": 3}])
def test_what_are_no_mishaps_is_refused(data: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        Mishaps.from_plain(data)
