"""INPUT-2 and AUTH-2: purchases that appear; each lawful history beside its unlawful twin."""

from __future__ import annotations

import pytest

from tests.invariants.build import History, error, purchase, warning

LIST_SEEN = {"LIST-1": 2, "LIST-3": 1, "LIST-4": 2}


def looked(*items: int, **call: object) -> History:
    """Return a history that begins with a look at the newest purchases."""
    history = History()
    history.list(0, 1, items, **call)
    return history


def test_refused_creates_that_buy_nothing():
    history = looked(1)
    history.create(2, 3, status=422, country="us")
    history.create(4, 5, status=401, principal="stranger:no key")
    history.list(6, 7, [1])
    found, exercised = history.verdict()
    assert found == set()
    assert (exercised["INPUT-2"], exercised["AUTH-2"]) == (1, 1)


def test_a_refused_create_that_buys():
    history = looked(1)
    history.create(2, 3, status=422, country="us")
    history.list(4, 5, [2, 1])
    found, exercised = history.verdict()
    assert found == {error("INPUT-2", "purchase-appeared")}
    assert exercised["INPUT-2"] == 1


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_keyless_create_that_buys(status):
    history = looked(1)
    history.create(2, 3, status=status, principal="stranger:wrong key")
    history.list(4, 5, [2, 1])
    assert history.findings() == {error("AUTH-2", "purchase-appeared")}


def test_both_kinds_of_refusal_are_blamed():
    history = looked(1)
    history.create(2, 3, status=422, body=b"{}")
    history.create(4, 5, status=401, principal="stranger:no key", body=b"{}")
    history.list(6, 7, [2, 1])
    assert history.findings() == {error("INPUT-2", "purchase-appeared"), error("AUTH-2", "purchase-appeared")}


def test_a_refusal_that_names_the_country_is_blamed_before_others():
    history = looked(1)
    history.create(2, 3, status=422, country="us")
    history.create(4, 5, status=401, principal="stranger:no key", country="DE")
    history.list(6, 7, [2, 1])
    assert history.findings() == {error("INPUT-2", "purchase-appeared")}


def test_an_acknowledged_create_explains_its_purchase():
    history = looked(1)
    history.create(2, 3, 2)
    history.create(2, 3, status=422)
    history.list(4, 5, [2, 1])
    assert history.findings() == set()


def test_a_create_still_under_way_explains_its_purchase():
    history = looked(1)
    history.create(2, 9, 2)
    history.create(2, 3, status=422)
    history.list(4, 5, [2, 1])
    assert history.findings() == set()


@pytest.mark.parametrize("call", [{"status": None}, {"status": 500}, {"view": {"id": "2"}}])
def test_a_create_of_unknown_outcome_explains_one_purchase(call):
    history = looked(1)
    history.create(2, 3, 2, **call)
    history.create(2, 3, status=422, country="us")
    history.list(4, 5, [2, 1])
    assert history.findings() == set()
    history.list(6, 7, [3, 2, 1])
    assert history.findings() == {warning("LIST-1", "purchase-from-nowhere")}


def test_a_create_of_unknown_outcome_explains_its_own_country_only():
    history = looked(1)
    history.create(2, 3, 2, country="DE", status=None)
    history.create(2, 3, status=422, country="us")
    history.list(4, 5, [2, 1])
    assert history.findings() == {error("INPUT-2", "purchase-appeared")}


def test_a_create_that_makes_two():
    history = looked(1)
    history.create(2, 3, 2)
    history.list(4, 5, [3, 2, 1])
    assert history.findings() == {error("MONEY-1", "create-made-two")}


def test_a_keyless_create_that_was_served_is_another_finding():
    history = looked(1)
    history.create(2, 3, 2, principal="stranger:lower case")
    history.list(4, 5, [2, 1])
    assert history.findings() == set()


def test_a_purchase_older_than_the_first_look_is_not_new():
    history = looked(9, 8, size=2, total=5)
    history.create(2, 3, status=422)
    history.list(4, 5, [2, 1], page=5, size=2, total=5)
    history.list(6, 7, [9, 8, 7, 6, 5, 4, 3, 2, 1])
    assert history.findings() == set()


def test_a_purchase_newer_than_a_first_look_of_one_page_is_new():
    history = looked(9, 8, size=2, total=5)
    history.create(2, 3, status=422)
    history.list(4, 5, [10, 9], size=2, total=5)
    assert history.findings() == {error("INPUT-2", "purchase-appeared")}


def test_only_refusals_since_the_last_look_are_blamed():
    history = looked(1)
    history.create(2, 3, status=422)
    history.list(4, 5, [1])
    history.list(6, 7, [2, 1])
    assert history.findings() == {warning("LIST-1", "purchase-from-nowhere")}


def test_before_the_first_look_nothing_is_new():
    history = History()
    history.create(0, 1, status=422)
    history.list(2, 3, [2, 1])
    assert history.findings() == set()


@pytest.mark.parametrize("odd", [{"purchase_source": "BOT"}, {"purchase_source": "WEB"}, {"purchase_type": "BULK"}])
def test_what_was_bought_elsewhere_is_lawful(odd):
    history = looked(1)
    history.create(2, 3, status=422)
    history.list(4, 5, [purchase(2, **odd), 1])
    assert history.findings() == set()


@pytest.mark.parametrize("status", [429, 307])
def test_a_create_put_off_or_sent_elsewhere_is_not_blamed(status):
    history = looked(1)
    history.create(2, 3, status=status)
    history.list(4, 5, [2, 1])
    assert history.findings() == {warning("LIST-1", "purchase-from-nowhere")}


def test_a_list_that_is_not_the_front_is_no_baseline():
    history = looked(1, 2, sort="date_asc")
    history.list(2, 3, [purchase(5, "SUCCESS")], only="SUCCESS")
    history.create(4, 5, status=422)
    history.list(6, 7, [9, 2, 1])
    assert {clause for clause, _, _ in history.findings()} == {"LIST-1", "LIFE-6"}
