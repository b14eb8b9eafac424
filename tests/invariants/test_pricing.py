"""VALUE-6 and INPUT-4: offers and charges; each lawful history beside its unlawful twin."""

from __future__ import annotations

import pytest

from tests.invariants.build import History, error


def priced(amount: str, currency: str = "USD") -> dict[str, object]:
    return {"price": {"amount": amount, "currency_code": currency}}


@pytest.mark.parametrize(
    ("price", "base", "percent"),
    [("2.70", "3.00", 10), ("2.70", "3", "10"), ("1.01", "1.35", 25), ("1.02", "1.35", 25), ("1.50", "1.50", 0)],
)
def test_a_quote_to_the_cent(price, base, percent):
    history = History()
    history.account(0, 1, price=price, base=base, percent=percent)
    assert history.verdict() == (set(), {"VALUE-6": 1})


@pytest.mark.parametrize(
    ("price", "base", "percent"), [("2.71", "3.00", 10), ("3.00", "3.00", 10), ("1.00", "1.35", 25)]
)
def test_a_quote_that_is_not_the_base_less_the_percent(price, base, percent):
    history = History()
    history.account(0, 1, price=price, base=base, percent=percent)
    assert history.verdict() == ({error("VALUE-6", "quote-is-not-base-less-percent")}, {"VALUE-6": 1})


@pytest.mark.parametrize("price", ["37", "38", "37.00", "37.05"])
def test_a_quote_in_a_currency_without_cents_is_rounded_to_the_whole(price):
    history = History()
    history.account(0, 1, price=price, base="39", percent=5, currency="JPY")
    assert history.verdict() == (set(), {"VALUE-6": 1})


@pytest.mark.parametrize(("price", "currency"), [("36", "JPY"), ("39", "JPY"), ("37.06", "JPY"), ("37", "USD")])
def test_a_quote_is_rounded_no_further_than_its_currency_is(price, currency):
    history = History()
    history.account(0, 1, price=price, base="39", percent=5, currency=currency)
    assert history.verdict() == ({error("VALUE-6", "quote-is-not-base-less-percent")}, {"VALUE-6": 1})


@pytest.mark.parametrize(
    ("base", "percent"), [(None, 10), ("3,00", 10), ("3.00", "ten"), ("3.00", True), ("3.00", 1e300)]
)
def test_an_unreadable_quote_is_the_business_of_shape(base, percent):
    history = History()
    history.account(0, 1, base=base, percent=percent)
    assert history.verdict() == (set(), {})


def test_a_charge_as_quoted():
    history = History()
    history.account(0, 1)
    history.create(2, 3, view=priced("1.5"))
    history.account(4, 5)
    assert history.verdict() == (set(), {"VALUE-6": 3, "INPUT-4": 1})


@pytest.mark.parametrize("charge", [priced("1.51"), priced("1.50", "EUR")])
def test_a_charge_that_is_not_the_quote(charge):
    history = History()
    history.account(0, 1)
    history.create(2, 3, view=charge)
    history.account(4, 5)
    assert history.findings() == {error("VALUE-6", "charge-is-not-the-quote")}


@pytest.mark.parametrize(("charge", "broken"), [("1.50", False), ("0.00", True)])
def test_a_create_with_keys_nobody_asked_for_is_charged_like_any_other(charge, broken):
    history = History()
    history.account(0, 1)
    body = b'{"country_code": "US", "price": {"amount": "0.00", "currency_code": "USD"}}'
    history.create(2, 3, body=body, view=priced(charge))
    history.account(4, 5)
    assert (error("VALUE-6", "charge-is-not-the-quote") in history.findings()) is broken


def test_a_charge_that_was_quoted_before_only():
    history = History()
    history.account(0, 1)
    history.create(2, 3, view=priced("2.00"))
    assert history.findings() == {error("VALUE-6", "charge-is-not-the-quote")}


def test_a_charge_quoted_before_only_and_bought_among_others_is_not_judged():
    history = History()
    history.account(0, 1)
    history.create(2, 3, 1, view=priced("1.40"))
    history.create(4, 5, 2, view=priced("1.40"))
    assert history.findings() == set()


@pytest.mark.parametrize("amount", ["1.50", "1.40"])
def test_a_discount_that_moves_between_two_quotes(amount):
    history = History()
    history.account(0, 1, price="1.50")
    history.create(2, 3, view=priced(amount))
    history.account(4, 5, price="1.40", base="1.40")
    assert history.findings() == set()


def test_a_charge_between_two_quotes_with_nothing_else_bought():
    history = History()
    history.account(0, 1, price="1.50")
    history.create(2, 3, view=priced("1.45"))
    history.account(4, 5, price="1.40", base="1.40")
    assert history.findings() == {error("VALUE-6", "charge-is-not-the-quote")}


def test_a_charge_between_two_quotes_with_more_bought_meanwhile_is_lawful():
    history = History()
    history.account(0, 1, price="1.50")
    for number in range(1, 5):
        history.create(1 + number, 1.5 + number, number, view=priced(f"1.{50 - 2 * number}"))
    history.account(8, 9, price="1.40", base="1.40")
    assert history.findings() == set()


def test_a_quote_under_way_during_the_create_says_nothing():
    history = History()
    history.account(0, 3)
    history.create(2, 5, view=priced("9.00"))
    history.account(4, 7)
    assert history.findings() == set()


def test_quotes_of_other_countries_and_owners_say_nothing():
    history = History()
    history.account(0, 1, "DE", price="9.00", base="9.00")
    history.account(0, 1, "US", price="9.00", base="9.00", principal="other")
    history.create(2, 3)
    history.account(4, 5, "DE", price="9.00", base="9.00")
    history.account(4, 5, "US", price="9.00", base="9.00", principal="other")
    assert history.findings() == set()


def test_a_purchase_that_failed_may_cost_nothing():
    history = History()
    history.account(0, 1)
    history.create(2, 3, view={"status": "ERROR"} | priced("0.00"))
    history.account(4, 5)
    assert history.findings() == set()


def denied(status: int = 409, **after: object) -> History:
    history = History()
    history.profile_look(0, 0.5, "10.00")
    history.account(0, 1)
    history.create(2, 3, status=status)
    history.account(4, 5, **after)
    history.profile_look(6, 7, "10.00")
    return history


@pytest.mark.parametrize("status", [400, 402, 404, 409, 422, 500])
def test_an_offer_that_cannot_be_bought(status):
    found, exercised = denied(status).verdict()
    assert found == {error("INPUT-4", f"available-but-refused-{status}")}
    assert exercised["INPUT-4"] == 1


@pytest.mark.parametrize("status", [407, 408, 421, 425, 429, 502, 503, 511, None])
def test_a_create_put_off_is_not_judged(status):
    assert denied(status).findings() == set()


def test_an_offer_that_is_gone_is_lawful():
    assert denied(available=False).findings() == set()


@pytest.mark.parametrize("invoked", [2.5, 8])
def test_an_offer_that_is_sold_again_is_lawful(invoked):
    history = denied()
    history.create(invoked, 9)
    assert history.findings() == set()


@pytest.mark.parametrize(("before", "after"), [("1.00", "10.00"), ("10.00", "1.00"), ("1.00", "1.00")])
def test_a_balance_that_does_not_suffice_is_lawful(before, after):
    history = History()
    history.profile_look(0, 0.5, before)
    history.account(0, 1)
    history.create(2, 3, status=402)
    history.account(4, 5)
    history.profile_look(6, 7, after)
    assert history.findings() & {error("INPUT-4", "available-but-refused-402")} == set()


def test_a_balance_that_a_refund_has_filled_meanwhile_proves_nothing():
    history = History()
    history.create(-3, -2, 7)
    history.account(0, 1)
    history.create(2, 3, status=402)
    history.account(4, 5)
    history.retrieve(5.1, 5.2, 7, "REFUND")
    history.profile_look(6, 7, "10.00")
    assert history.findings() == set()


def test_an_unknown_balance_proves_nothing():
    history = History()
    history.account(0, 1)
    history.create(2, 3, status=402)
    history.account(4, 5)
    assert history.findings() == set()


@pytest.mark.parametrize("principal", ["owner", "other"])
def test_a_balance_read_later_or_by_another_owner_excuses_no_refusal(principal):
    history = denied()
    history.profile_look(8, 9, "1.00", principal=principal)
    assert error("INPUT-4", "available-but-refused-409") in history.findings()
