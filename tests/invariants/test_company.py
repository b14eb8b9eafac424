"""An account that another program uses as well: what moves there while nothing is sent is nobody's fault here."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.history import OTHER
from tests.invariants.build import History, error, purchase, stamp, warning

NOWHERE = warning("LIST-1", "purchase-from-nowhere")
APPEARED = error("INPUT-2", "purchase-appeared")
LOW = error("MONEY-1", "balance-too-low")


def refused(**call: Any) -> History:
    """Return a history in which a purchase appears after a refused create, and which ends with a look at 4 to 5."""
    history = History()
    history.list(0, 1, [1], **call)
    history.create(2, 3, status=422, country="us")
    history.list(4, 5, [2, 1], **call)
    return history


def test_what_appears_after_a_refusal_is_not_blamed_on_it_where_others_buy():
    history = refused()
    history.list(9, 10, [purchase(3, created_at=stamp(7)), 2, 1])
    assert history.findings() == {NOWHERE}


@pytest.mark.parametrize("made", [4.5, 5.9, 10.0, 10.4])
def test_a_look_that_buys_is_not_taken_for_others(made):
    history = refused()
    history.list(9, 10, [purchase(3, created_at=stamp(made)), 2, 1])
    assert APPEARED in history.findings()


def test_a_rest_that_is_too_short_tells_nothing_of_others():
    history = refused()
    history.list(6.9, 9, [purchase(3, created_at=stamp(7)), 2, 1])
    assert APPEARED in history.findings()


def test_a_rest_that_was_none_tells_nothing_of_others():
    history = refused()
    history.retrieve(6, 7, 1)
    history.list(9, 10, [purchase(3, created_at=stamp(7.5)), 2, 1])
    assert APPEARED in history.findings()


def test_without_the_servers_clock_nothing_is_told_of_others():
    history = refused(dated=False)
    history.list(9, 10, [purchase(3, created_at=stamp(7)), 2, 1], dated=False)
    assert APPEARED in history.findings()


def test_a_create_of_unknown_outcome_is_nobody_else():
    history = History()
    history.list(0, 1, [1])
    history.create(1.2, 1.4, 9, status=None)
    history.create(2, 3, status=422, country="us")
    history.list(4, 5, [3, 2, 1])
    history.list(9, 10, [purchase(4, created_at=stamp(7)), 3, 2, 1])
    assert APPEARED in history.findings()


def test_others_on_one_account_excuse_nothing_on_another():
    history = refused()
    history.list(6, 7, [5], principal=OTHER)
    history.list(12, 13, [purchase(9), 5], principal=OTHER)
    assert history.findings() == {APPEARED, NOWHERE}


@pytest.mark.parametrize("source", ["WEB", "API"])
def test_a_purchase_made_elsewhere_explains_what_it_cost(source):
    history = History()
    history.profile_look(0, 0.5, "10.00")
    history.list(0.6, 1, [1])
    history.create(2, 3, 3)
    history.profile_look(4, 5, "7.00")
    history.list(6, 7, [3, purchase(2, purchase_source=source), 1])
    assert (LOW in history.findings()) is (source == "API")


@pytest.mark.parametrize("known", [[1], []])
def test_a_purchase_made_elsewhere_long_ago_is_nobodys_company(known):
    history = History()
    history.profile_look(0, 0.5, "10.00")
    history.list(0.6, 1, known)
    history.create(2, 3, 3)
    history.profile_look(4, 5, "7.00")
    history.list(6, 7, [3, *known, purchase(90, purchase_source="BOT", created_at=stamp(-9000))])
    assert LOW in history.findings()


@pytest.mark.parametrize("soon", [True, False])
@pytest.mark.parametrize("others", [True, False])
def test_a_walk_is_moved_by_what_others_buy(others, soon):
    history = History()
    history.list(0, 1, [4, 3, 2, 1])
    history.list(2, 3, [4, 3], page=1, size=2, total=2, walk="w")
    history.list(4, 5, [4, 3], page=2, size=2, total=3, walk="w")
    history.list(6, 7, [2, 1], page=3, size=2, total=3, walk="w")
    late = 0 if soon else 200
    history.list(8 + late, 9 + late, [5, 4, 3, 2, 1])
    if others:
        history.list(13 + late, 14 + late, [purchase(6, created_at=stamp(11 + late)), 5, 4, 3, 2, 1])
    moved = {
        error("LIST-1", "shown-on-two-pages"),
        error("LIST-3", "not-newest-first"),
        error("LIST-4", "total-pages-moves"),
    }
    assert history.findings() & moved == (set() if others else moved)


def looks(*balances: str, rest: float = 3.0) -> History:
    """Return a purchase that is charged twice over, and looks at the balance with a rest before the last one."""
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3)
    for number, balance in enumerate(balances[:-1]):
        history.profile_look(4 + number, 4.5 + number, balance)
    end = 3.5 + len(balances[:-1]) + rest
    history.profile_look(end, end + 1, balances[-1])
    return history


def test_a_balance_that_falls_at_rest_is_spent_by_others():
    assert looks("7.00", "7.00", "5.50").findings() == set()


def test_a_balance_that_falls_by_looking_is_not():
    assert LOW in looks("7.00", "6.99", "6.98").findings()


@pytest.mark.parametrize("last", ["7.00", "9.00"])
def test_a_balance_that_does_not_fall_at_rest_excuses_nothing(last):
    assert LOW in looks("7.00", "7.00", last).findings()


def test_a_balance_that_falls_without_a_rest_excuses_nothing():
    assert LOW in looks("7.00", "7.00", "5.50", rest=1.9).findings()
