"""LIFE-7 and RACE-1: each lawful history beside its unlawful twin."""

from __future__ import annotations

import pytest

from tests.invariants.build import History, error, purchase

SAME = {"phone_number": "+12025559999"}


def test_distinct_purchases_are_lawful():
    history = History()
    history.create(0, 1, 1)
    history.create(2, 3, 2)
    history.create(4, 5, 3, principal="other")
    assert history.verdict() == (set(), {"LIFE-7": 2})


def test_an_id_given_twice():
    history = History()
    history.create(0, 1, 1)
    history.create(2, 3, 1, view={"phone_number": "+12025550009"})
    # What is seen of a purchase whose id names two is not judged: it contradicts itself for that reason alone.
    history.retrieve(4, 5, 1, view={"phone_number": "+12025550009", "country_code": "CA"})
    assert history.verdict() == ({error("LIFE-7", "id-given-twice")}, {"LIFE-7": 1})


def test_an_id_given_twice_to_two_owners():
    history = History()
    history.create(0, 1, 1)
    history.create(2, 3, 1, principal="other")
    assert history.findings() == {error("LIFE-7", "id-given-twice")}


def test_an_id_that_a_list_showed_before():
    history = History()
    history.list(0, 1, [1])
    history.create(2, 3, 1)
    assert history.findings() == {error("LIFE-7", "id-given-twice")}


def test_a_list_that_shows_a_create_still_under_way_is_lawful():
    history = History()
    history.list(0, 0.5, [])
    history.create(1, 4, 1)
    history.list(2, 3, [1])
    assert history.findings() == set()


def test_creates_at_once_with_one_id_break_race_1_as_well():
    history = History()
    history.create(0, 3, 1)
    history.create(1, 4, 1)
    history.create(2, 5, 2)
    assert history.verdict() == (
        {error("LIFE-7", "id-given-twice"), error("RACE-1", "id-given-twice")},
        {"LIFE-7": 2, "RACE-1": 3},
    )


def test_creates_at_once_are_counted_once_each():
    history = History()
    for number in range(4):
        history.create(number / 10, 1 + number / 10, number + 1)
    history.create(5, 6, 9)
    assert history.verdict() == (set(), {"LIFE-7": 4, "RACE-1": 4})


def test_a_number_sold_twice_while_both_stand():
    history = History()
    history.create(0, 1, 1, view=SAME)
    history.create(2, 3, 2, view=SAME)
    history.retrieve(4, 5, 1, view=SAME)
    assert history.findings() == {error("LIFE-7", "phone-sold-twice")}


@pytest.mark.parametrize("status", ["REFUND", "ERROR", "EXPIRED"])
def test_a_number_sold_again_after_its_purchase_ended_is_lawful(status):
    history = History(profile="2026-05")
    history.create(0, 1, 1, view=SAME)
    history.create(2, 3, 2, view=SAME)
    history.retrieve(4, 5, 1, status or "", view=SAME)
    history.retrieve(6, 7, 2, view=SAME)
    assert history.findings() == set()


def test_one_look_at_the_older_purchase_before_the_younger_was_sold_proves_nothing():
    history = History()
    history.create(0, 1, 1, view=SAME)
    history.retrieve(1.5, 2.5, 1, view=SAME)
    history.create(2, 3, 2, view=SAME)
    assert history.findings() == set()


def test_a_number_sold_again_after_success():
    history = History()
    history.create(0, 1, 1, view=SAME)
    history.code(2, 3, 1, view=SAME)
    history.create(4, 5, 2, view=SAME)
    history.list(6, 7, [purchase(2, **SAME), purchase(1, "SUCCESS", **SAME)])
    assert history.findings() == {error("LIFE-7", "phone-sold-twice")}


def test_one_number_of_creates_at_once_needs_a_later_look_at_each():
    history = History()
    history.create(0, 3, 1, view=SAME)
    history.create(1, 4, 2, view=SAME)
    history.retrieve(5, 6, 1, view=SAME)
    # The second purchase may have ended before the first one was made.
    assert history.findings() == set()
    history.retrieve(7, 8, 2, view=SAME)
    assert history.findings() == {error("LIFE-7", "phone-sold-twice"), error("RACE-1", "phone-sold-twice")}


def test_one_number_of_creates_at_once_of_which_one_ended_is_lawful():
    history = History()
    history.create(0, 3, 1, view=SAME)
    history.create(1, 4, 2, view=SAME)
    history.retrieve(5, 6, 1, "ERROR", view=SAME)
    history.retrieve(7, 8, 2, view=SAME)
    assert history.findings() == set()


def test_one_number_in_purchases_found_in_a_list():
    history = History()
    history.list(0, 1, [purchase(2, **SAME), purchase(1, **SAME)])
    assert history.findings() == set()
    history.list(2, 3, [purchase(2, **SAME), purchase(1, **SAME)])
    assert history.findings() == {error("LIFE-7", "phone-sold-twice")}


def test_one_number_sold_to_two_owners():
    history = History()
    history.create(0, 1, 1, view=SAME)
    history.create(2, 3, 2, principal="other", view=SAME)
    history.retrieve(4, 5, 1, view=SAME)
    assert history.findings() == {error("LIFE-7", "phone-sold-twice")}


def test_a_number_that_came_later_counts_from_then():
    history = History()
    history.create(0, 1, 1, view={"phone_number": None})
    history.create(2, 3, 2, view=SAME)
    history.retrieve(4, 5, 2, "REFUND", view=SAME)
    history.retrieve(6, 7, 1, view=SAME)
    history.retrieve(8, 9, 1, view=SAME)
    assert history.findings() == set()


def test_a_create_without_a_readable_id_is_the_business_of_shape():
    history = History()
    history.create(0, 1, 1, view={"id": "1"})
    history.create(2, 3, 1, view={"id": True})
    history.create(4, 5, 1, view={"id": 0})
    assert history.verdict() == (set(), {})
