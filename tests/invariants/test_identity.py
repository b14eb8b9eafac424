"""LIFE-5 and LIST-5: each lawful history beside its unlawful twin."""

from __future__ import annotations

import pytest

from tests.invariants.build import History, error, purchase, stamp


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"country_code": "CA"}, "country_code"),
        ({"price": {"amount": "1.51", "currency_code": "USD"}}, "price"),
        ({"price": {"amount": "1.50", "currency_code": "EUR"}}, "price"),
        ({"purchase_type": "BULK"}, "purchase_type"),
        ({"created_at": stamp(2)}, "created_at"),
        ({"display_name": {"ru": "Канада", "en": "United States"}}, "display_name.ru"),
        ({"display_name": {"ru": "США", "en": "USA"}}, "display_name.en"),
        ({"phone_number": "+12025550002"}, "phone_number"),
    ],
)
@pytest.mark.parametrize("overlapping", [False, True])
def test_what_was_sold_never_changes(changes, key, overlapping):
    history = History()
    history.create(0, 3)
    history.retrieve(2 if overlapping else 4, 5, view=changes)
    life_6 = {} if overlapping else {"LIFE-6": 1}
    life_1 = {} if overlapping else {"LIFE-1": 1}
    assert history.verdict() == ({error("LIFE-5", f"{key}-changed")}, {"LIFE-5": 1} | life_6 | life_1)


def test_a_list_that_differs_breaks_list_5_as_well():
    history = History()
    history.create(0, 1)
    history.list(2, 3, [purchase(1, price={"amount": "2.00", "currency_code": "USD"})])
    assert history.findings() == {error("LIFE-5", "price-changed"), error("LIST-5", "price-changed")}


def test_two_lists_that_differ_do_not_break_list_5():
    history = History()
    history.list(0, 1, [1])
    history.list(2, 3, [purchase(1, country_code="CA")])
    assert history.findings() == {error("LIFE-5", "country_code-changed")}


@pytest.mark.parametrize(
    "changes",
    [
        {"price": {"amount": "1.5", "currency_code": "USD"}},
        {"created_at": "2024-11-19T07:50:01Z"},
        {"created_at": "2024-11-19T07:50:01.000+00:00"},
        {"created_at": "2024-11-19T07:50:01.000999Z"},
        {"emoji": "x", "purchase_source": "API"},
        {"country_code": None, "price": 1.5, "purchase_type": [], "created_at": "now", "display_name": "US"},
        {"display_name": {"ru": None}, "phone_number": 12},
    ],
)
def test_the_same_value_written_otherwise_or_unreadable_is_lawful(changes):
    history = History()
    history.create(0, 1)
    history.retrieve(2, 3, view=changes)
    history.list(4, 5, [purchase(1, **changes)])
    assert history.findings() == set()


def test_a_number_may_come_later():
    history = History()
    history.create(0, 1, view={"phone_number": None})
    history.retrieve(2, 3, view={"phone_number": None})
    history.retrieve(4, 5)
    history.retrieve(4, 6, view={"phone_number": None})
    assert history.findings() == set()


def test_a_number_does_not_go_again():
    history = History()
    history.create(0, 1, view={"phone_number": None})
    history.retrieve(2, 3)
    history.retrieve(4, 5, view={"phone_number": None})
    assert history.findings() == {error("LIFE-5", "phone_number-lost")}


def test_a_value_missing_at_first_is_remembered_from_a_later_view():
    history = History()
    history.create(0, 1, view={"country_code": 7})
    history.retrieve(2, 3)
    history.retrieve(4, 5, view={"country_code": "CA"})
    assert history.findings() == {error("LIFE-5", "country_code-changed")}


@pytest.mark.parametrize("operation", ["retrieve", "code", "refund"])
def test_another_purchase_than_the_one_asked_for(operation):
    history = History()
    history.create(0, 1, 1)
    history.create(2, 3, 2, view={"phone_number": None})
    getattr(history, operation)(4, 5, 1, view={"id": 2})
    name = {"code": "request-code"}.get(operation, operation)
    # The refund of a purchase four seconds old is a finding of its own.
    early = {error("LIFE-10", "granted-too-young")} if operation == "refund" else set()
    assert history.findings() == {error("LIFE-5", f"another-purchase-in-{name}")} | early


def test_another_owners_masked_view_is_not_compared():
    history = History()
    history.create(0, 1)
    history.code(2, 3)
    masked = {"verification": None, "phone_number": None, "price": {"amount": "0", "currency_code": "USD"}}
    history.retrieve(4, 5, shown="PENDING", principal="other", view=masked)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1, "LIFE-8": 1, "AUTH-4": 1})
