"""What is read of one view: exactly what can be kept and told again, and nothing of what cannot."""

from __future__ import annotations

from typing import Any

import pytest

from load.judge.facts import BREAK, MAX_HEAD, MAX_KINDS, MAX_PROOF, SPLIT, Kinds, is_keepable, is_readable
from tests.load.judge.scene import CODE, purchase

MAX_ID = 2**53 - 1
HEAD = MAX_HEAD - len(BREAK + purchase(1)["created_at"])
PROOF = MAX_PROOF - len(BREAK.join([CODE["password"], CODE["received_at"], ""]))


def proof(**changes: Any) -> dict[str, Any]:
    return {"status": "SUCCESS", "verification": CODE | changes}


def readable(changes: dict[str, Any]) -> bool:
    view = purchase(1, **changes)
    facts = Kinds().read(view)
    assert facts is not None
    return is_readable(view, facts)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"id": 1},
        {"id": MAX_ID},
        {"phone_number": None},
        {"phone_number": "no number"},
        {"phone_number": "+" + "1" * (HEAD - 1)},
        {"created_at": "yesterday"},
        proof(),
        proof(code="x"),
        proof(code="1" * PROOF),
        proof(password=None),
        proof(password=""),
        proof(received_at="yesterday"),
    ],
)
def test_a_view_of_odd_values_is_read_where_they_can_be_told_again(changes: dict[str, Any]) -> None:
    assert readable(changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 0},
        {"id": -1},
        {"id": MAX_ID + 1},
        {"phone_number": ""},
        {"phone_number": 12025550001},
        {"phone_number": False},
        {"phone_number": "+" + "1" * HEAD},
        {"phone_number": f"+1{BREAK}2"},
        {"phone_number": f"+1{SPLIT}2"},
        {"created_at": 1},
        {"created_at": None},
        {"created_at": f"{SPLIT}"},
        proof(code=""),
        proof(code=54321),
        proof(code=None),
        proof(code="1" * (PROOF + 1)),
        proof(code=f"5{BREAK}4"),
        proof(password=1),
        proof(password=False),
        proof(received_at=1),
        proof(received_at=None),
        proof(received_at=SPLIT),
    ],
)
def test_a_view_whose_values_would_be_told_again_as_others_is_not_read(changes: dict[str, Any]) -> None:
    assert not readable(changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": True},
        {"id": 1.0},
        {"id": "1"},
        {"status": "DONE"},
        {"status": None},
        {"price": None},
        {"price": {"amount": 1.5, "currency_code": "USD"}},
        {"price": {"amount": "1.50"}},
        {"display_name": "United States"},
        {"display_name": {"ru": "x" * 201, "en": "x"}},
        {"country_code": None},
        {"purchase_type": []},
        {"verification": {"code": "1", "password": "2"}},
        {"verification": "54321"},
    ],
)
def test_nothing_is_read_of_a_view_that_lacks_or_mistypes_what_is_compared(changes: dict[str, Any]) -> None:
    assert Kinds().read(purchase(1, **changes)) is None


def test_a_name_of_200_characters_is_read() -> None:
    assert Kinds().read(purchase(1, display_name={"ru": "x" * 200, "en": "x" * 200})) is not None


def test_what_is_read_is_what_the_view_says() -> None:
    kinds = Kinds()
    facts = kinds.read(purchase(7, "SUCCESS"))
    assert facts == (
        7, 0, f"+12025550007{BREAK}2026-01-05T12:00:07.000Z", 1,
        f"54321{BREAK}secret-7{BREAK}2026-01-05T12:30:00.000Z",
    )  # fmt: skip
    assert kinds.known == [("US", "SINGLE", "США", "United States", "1.50", "USD", ("+1",), True)]


@pytest.mark.parametrize(
    "changes",
    [
        {"country_code": "CA"},
        {"purchase_type": "BULK"},
        {"display_name": {"ru": "Америка", "en": "United States"}},
        {"display_name": {"ru": "США", "en": "America"}},
        {"price": {"amount": "1.51", "currency_code": "USD"}},
        {"price": {"amount": "1.50", "currency_code": "EUR"}},
    ],
)
def test_purchases_are_of_one_kind_only_where_all_that_never_changes_is_the_same(changes: dict[str, Any]) -> None:
    kinds = Kinds()
    first, second, third = (kinds.read(view) for view in (purchase(1), purchase(2, **changes), purchase(3)))
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.kind, second.kind, third.kind) == (0, 1, 0)


@pytest.mark.parametrize(
    ("changes", "lawful"),
    [
        ({"display_name": {"ru": " ", "en": "x"}}, False),
        ({"price": {"amount": "1.50", "currency_code": "ZZZ"}}, False),
        ({"price": {"amount": "0", "currency_code": "USD"}}, False),
        ({"price": {"amount": "0.01", "currency_code": "USD"}}, True),
    ],
)
def test_what_no_schema_can_say_of_names_and_prices_is_asked_once_a_kind(changes: Any, lawful: bool) -> None:
    kinds = Kinds()
    kinds.read(purchase(1, **changes))
    assert kinds.known[0].lawful is lawful


def test_kinds_beyond_the_limit_are_not_told_apart_and_those_known_still_are() -> None:
    kinds = Kinds(lambda country: ())
    views = [purchase(1, price={"amount": f"{number}.00", "currency_code": "USD"}) for number in range(4)]
    assert kinds.read(views[1]) is not None
    kinds.known.extend(kinds.known[:1] * (MAX_KINDS - 2))
    last = kinds.read(views[2])
    assert last is not None
    assert last.kind == MAX_KINDS - 1
    assert kinds.read(views[3]) is None
    assert kinds.read(views[1]) is not None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"1{BREAK}2{BREAK}3", True),
        (f"1{BREAK}2", False),
        (f"1{BREAK}2{BREAK}3{BREAK}4", False),
        (f"1{BREAK}2{BREAK}3{SPLIT}", False),
        ("1" * (MAX_PROOF - 2) + BREAK * 2, True),
        ("1" * (MAX_PROOF - 1) + BREAK * 2, False),
    ],
)
def test_credentials_are_kept_only_where_they_can_be_taken_apart_again(text: str, kept: bool) -> None:
    assert is_keepable(text) is kept
