"""LIST-1 to LIST-3: what of a lawful list request is refused whenever it is asked for."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from contracts.checks.listserved import ListServedCheck
from contracts.history import Answer, Operation
from tests.checks.build import Verdict, answer, error, listing, page, purchase, record, refusal

SERVED = answer(page(purchase()))
MORE = answer(page(purchase(), pagination={"current_page": 1, "total_pages": 2, "has_next": True}))
NOTHING: set[Verdict] = set()


def asked(given: Answer, walk: str = "", **changes: str) -> Operation:
    """Return a list call of the first page, ten to a page, unless told otherwise."""
    query = {"page": "1", "page_size": "10", **changes}
    return replace(listing(given, query=tuple(query.items())), walk=walk)


def judged(*operations: Operation) -> set[Verdict]:
    return record(*operations, checks=[ListServedCheck]).verdicts


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"page_size": "50"}, error("LIST-1", "page_size never served")),
        ({"status": "REFUND"}, error("LIST-2", "status never served")),
        ({"sort": "date_asc"}, error("LIST-3", "sort never served")),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_a_lawful_request_that_is_refused_while_the_list_is_served(
    changes: dict[str, str], expected: set[Verdict], status: int
) -> None:
    refused = asked(refusal(status), **changes)
    assert judged(asked(SERVED), refused, asked(SERVED)) == expected
    # Without an answer of the list after it, the list itself may be gone.
    assert judged(asked(SERVED), refused) == NOTHING
    assert judged(asked(SERVED), refused, asked(SERVED), asked(SERVED, **changes)) == NOTHING


def test_one_accident_is_none_and_two_with_a_served_page_between_are_a_refusal() -> None:
    failed = asked(refusal(500), page_size="50")
    assert judged(failed, failed, failed, asked(SERVED)) == NOTHING
    assert judged(failed, asked(SERVED), failed, asked(SERVED)) == error("LIST-1", "page_size never served")


@pytest.mark.parametrize("status", [401, 403, 405, 408, 429, 501, 502, 503, 504])
def test_a_status_that_says_nothing_of_the_request_is_passed_over(status: int) -> None:
    refused = asked(refusal(status), page_size="50")
    assert judged(refused, asked(SERVED), refused, asked(SERVED)) == NOTHING


def test_a_404_may_say_that_nothing_is_of_a_status() -> None:
    assert judged(asked(refusal(404), status="ERROR"), asked(SERVED)) == NOTHING
    assert judged(asked(refusal(404), sort="date_asc"), asked(SERVED)) == error("LIST-3", "sort never served")


def test_what_explains_most_is_blamed_and_nothing_that_was_served_elsewhere() -> None:
    sizes = [asked(refusal(400), page_size=size) for size in ("3", "7", "9")]
    sorted_pages = [asked(SERVED, page_size=size, sort="date_desc") for size in ("10", "50")]
    assert judged(*sizes, *sorted_pages) == error("LIST-3", "sort never served")


def test_two_parameters_that_are_served_apart_and_never_together() -> None:
    apart = [asked(SERVED, status="ERROR"), asked(SERVED, sort="date_asc")]
    both = asked(refusal(400), status="ERROR", sort="date_asc")
    assert judged(both, *apart) == error("LIST-2", "combination never served")


def test_a_page_that_the_page_before_it_announced_exists() -> None:
    second = asked(refusal(404), walk="walk 1", page="2")
    assert judged(asked(MORE, walk="walk 1"), second, asked(SERVED)) == error("LIST-1", "page never served")


@pytest.mark.parametrize(
    "operations",
    [
        (asked(SERVED, walk="walk 1"), asked(refusal(404), walk="walk 1", page="2")),
        (asked(MORE, walk="walk 1"), asked(refusal(404), walk="walk 2", page="2")),
        (asked(MORE, walk="walk 1"), asked(refusal(404), walk="walk 1", page="3")),
        (asked(MORE, walk="walk 1", status="PENDING"), asked(refusal(400), walk="walk 1", page="2", status="PENDING")),
    ],
    ids=["not announced", "announced in another walk", "one too far", "left by purchases that moved on"],
)
def test_a_page_that_nobody_announced_may_be_refused(operations: tuple[Operation, ...]) -> None:
    assert judged(*operations, asked(SERVED)) == NOTHING


def test_requests_that_may_be_refused_are_passed_over() -> None:
    for changes in ({"page_size": "51"}, {"status": "EXPIRED"}, {"phone_number": "1"}, {"sort": "price"}):
        assert judged(asked(refusal(400), **changes), asked(SERVED)) == NOTHING


def test_walks_that_are_never_ended_are_forgotten() -> None:
    names = (f"walk {number}" for number in count(1))
    pages = [asked(MORE, walk=next(names)) for _ in range(100)]
    assert judged(*pages, asked(refusal(404), walk="walk 1", page="2"), asked(SERVED)) == NOTHING
    assert judged(*pages, asked(refusal(404), walk="walk 100", page="2"), asked(SERVED)) == error(
        "LIST-1", "page never served"
    )
