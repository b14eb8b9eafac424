"""WIRE-3: every page has its pagination."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.checks.pagination import PaginationCheck
from tests.checks.build import GONE, Verdict, answer, error, listing, page, purchase, record, refusal, verdicts

LAWFUL = {"current_page": 1, "total_pages": 1, "has_next": False}


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (LAWFUL, set()),
        (LAWFUL | {"total_items": 7, "has_previous": False}, set()),
        (LAWFUL | {"total_pages": 0}, set()),
        (GONE, error("WIRE-3", "no pagination")),
        (None, error("WIRE-3", "no pagination")),
        ([], error("WIRE-3", "no pagination")),
        ({}, error("WIRE-3", "current_page unusable") | error("WIRE-3", "total_pages unusable")
            | error("WIRE-3", "has_next unusable")),
        (LAWFUL | {"current_page": "1"}, error("WIRE-3", "current_page unusable")),
        (LAWFUL | {"current_page": True}, error("WIRE-3", "current_page unusable")),
        (LAWFUL | {"current_page": 1.0}, error("WIRE-3", "current_page unusable")),
        (LAWFUL | {"current_page": -1}, set()),
        (LAWFUL | {"total_pages": -1}, error("WIRE-3", "total_pages unusable")),
        (LAWFUL | {"total_pages": None}, error("WIRE-3", "total_pages unusable")),
        (LAWFUL | {"has_next": 0}, error("WIRE-3", "has_next unusable")),
        (LAWFUL | {"has_next": "false"}, error("WIRE-3", "has_next unusable")),
    ],
)  # fmt: skip
def test_pagination(shown: Any, expected: set[Verdict]) -> None:
    for items in ([], [purchase()]):
        assert verdicts(listing(answer(page(*items, pagination=shown)))) == expected


def test_only_pages_are_counted() -> None:
    docket = record(
        listing(answer(page())),
        listing(answer(page(), 201)),
        listing(answer([])),
        listing(refusal(422)),
        listing(answer(page()), query=(("page", "0"), ("page_size", "5"))),
        listing(answer(page()), principal="stranger:no key"),
        checks=[PaginationCheck],
    )
    assert docket.exercised == {"WIRE-3": 2}
