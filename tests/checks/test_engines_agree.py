"""Both validators lead to the same findings, for lawful answers and for broken ones."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.checks.shape import ShapeCheck
from contracts.history import Operation
from contracts.profiles import PROFILES
from contracts.schema import PythonValidator, RustValidator
from tests.checks.build import (
    SHOWN_BY,
    account,
    answer,
    call,
    code_answer,
    listing,
    page,
    profile_answer,
    purchase,
    record,
    refund,
    refund_answer,
    request_code,
)

ENGINES = [partial(ShapeCheck, make_validator=PythonValidator), partial(ShapeCheck, make_validator=RustValidator)]

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(["PENDING", "EXPIRED", "US", "+12025550123", "1.50", "USD", "2026-02-30T00:00:00Z", "SINGLE\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [*purchase("2026-05"), "code", "password", "received_at", "ru", "en", "amount", "currency_code", "colour"]
)


def damaged(value: Any) -> st.SearchStrategy[Any]:
    """Return strategies for a decoded value with something in it replaced, added or left out."""
    if not isinstance(value, dict):
        return VALUES
    replaced = st.tuples(KEYS, VALUES).map(lambda pair: value | {pair[0]: pair[1]})
    choices = [st.just(value), VALUES, replaced]
    for key in value:
        rest = {other: inner for other, inner in value.items() if other != key}
        choices += [st.just(rest), st.tuples(st.just(key), damaged(value[key])).map(lambda pair: value | dict([pair]))]
    return st.one_of(choices)


def findings(operation: Operation, profile: str) -> list[list[tuple[str, str, str, str]]]:
    """Return what each engine leads to, in full but for the order."""
    return [
        sorted(
            (found.clause, found.cause, found.observed, str(found.severity))
            for found in record(operation, profile=profile, checks=[engine]).violations
        )
        for engine in ENGINES
    ]


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_on_purchases(profile: str, data: st.DataObject) -> None:
    credentials = {"code": "1", "password": "", "received_at": "2026-02-10T12:00:30.000Z"}
    shown = data.draw(damaged(purchase(profile, status="SUCCESS", verification=credentials)))
    kind = data.draw(st.sampled_from(list(SHOWN_BY)))
    python, rust = findings(SHOWN_BY[kind](shown), profile)
    assert python == rust


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_on_what_stands_around_purchases(data: st.DataObject) -> None:
    operations = [
        (page(purchase()), listing),
        (code_answer(), request_code),
        (refund_answer(), refund),
        (account(), lambda shown: call("GET", "/v1/accounts/US", shown)),
        (profile_answer(), lambda shown: call("GET", "/v1/profile", shown)),
    ]
    lawful, show = data.draw(st.sampled_from(operations))
    python, rust = findings(show(answer(data.draw(damaged(lawful)))), "2026-02")
    assert python == rust


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_finds_what_is_broken(engine: Any) -> None:
    broken = SHOWN_BY[next(iter(SHOWN_BY))](purchase(id="1", phone_number="+1\n", price=None))
    assert record(broken, checks=[engine]).verdicts == {
        ("SHAPE-3", "id of the wrong type", "error"),
        ("SHAPE-6", "phone_number ill-formed", "error"),
        ("SHAPE-7", "price of the wrong type", "error"),
    }
