"""LIFE-6: what was acknowledged can be retrieved; each lawful history beside its unlawful twin."""

from __future__ import annotations

import pytest

from tests.invariants.build import History, error


def served(history: History) -> History:
    """Show that the target has the operation at all."""
    history.create(-4, -3, 99)
    history.retrieve(-2, -1, 99)
    return history


def test_a_purchase_that_can_be_retrieved():
    history = History()
    history.create(0, 1)
    history.retrieve(2, 3)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1, "LIFE-6": 1})


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_purchase_denied_to_its_owner(status):
    history = served(History())
    history.create(0, 1)
    history.retrieve(2, 3, status=status)
    assert history.findings() == {error("LIFE-6", "acknowledged-but-denied")}


def test_a_read_under_way_when_the_create_was_acknowledged_is_lawful():
    history = served(History())
    history.create(0, 2)
    history.retrieve(1, 3, status=404)
    assert history.findings() == set()


def test_an_operation_that_is_lacking_breaks_nothing():
    history = History()
    history.create(0, 1)
    for number, status in enumerate([404, 405, 501, 404]):
        history.retrieve(2 + number, 2.5 + number, status=status)
    assert history.verdict() == (set(), {})


def test_a_denial_counts_once_the_operation_is_seen_to_be_there():
    history = History()
    history.create(0, 1, 1)
    history.retrieve(2, 3, 1, status=404)
    history.create(4, 5, 2)
    history.retrieve(6, 7, 2)
    assert history.verdict() == (
        {error("LIFE-6", "acknowledged-but-denied")},
        {"LIFE-1": 1, "LIFE-5": 1, "LIFE-6": 2, "LIFE-7": 1},
    )


def test_one_500_says_nothing_and_two_in_a_row_do():
    history = served(History())
    history.create(0, 1)
    history.retrieve(2, 3, status=500)
    history.retrieve(4, 5)
    history.retrieve(6, 7, status=500)
    assert history.findings() == set()
    history.retrieve(8, 9, status=500)
    assert history.findings() == {error("LIFE-6", "retrieve-keeps-failing")}


def test_two_500_at_once_are_one_trouble():
    history = served(History())
    history.create(0, 1)
    history.retrieve(2, 5, status=500)
    history.retrieve(3, 6, status=500)
    assert history.findings() == set()


@pytest.mark.parametrize("status", [429, 502, 503, 504, None])
def test_trouble_on_the_way_is_not_judged(status):
    history = served(History())
    history.create(0, 1)
    history.retrieve(2, 3, status=status)
    history.retrieve(4, 5, status=status)
    assert history.findings() == set()


def test_a_purchase_lost_in_a_race():
    history = served(History())
    history.create(0, 2, 1)
    history.create(1, 3, 2)
    history.retrieve(4, 5, 1, status=404)
    assert history.findings() == {
        error("LIFE-6", "acknowledged-but-denied"),
        error("RACE-1", "acknowledged-but-denied"),
    }


def test_a_purchase_unseen_over_another_connection():
    history = served(History())
    history.create(0, 1, lane="a")
    history.retrieve(2, 3, status=404, lane="b")
    found, exercised = history.verdict()
    assert found == {error("LIFE-6", "acknowledged-but-denied"), error("RACE-3", "acknowledged-but-denied")}
    assert exercised["RACE-3"] == 1


def test_a_purchase_that_a_list_shows_and_retrieve_denies():
    history = served(History())
    history.list(0, 1, [99, 1])
    history.retrieve(2, 3, 1, status=404)
    assert history.findings() == {error("AUTH-6", "listed-but-denied")}


def test_a_purchase_that_a_list_shows_and_retrieve_too():
    history = History()
    history.list(0, 1, [1])
    history.retrieve(2, 3, 1)
    assert history.verdict() == (
        set(),
        {"AUTH-6": 1, "LIFE-1": 1, "LIFE-5": 1, "LIFE-6": 1, "LIST-1": 1, "LIST-4": 1, "LIST-5": 1},
    )
