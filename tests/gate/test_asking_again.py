"""A first page that fails is asked for once more, with plain pages around it, and a page that is refused is not."""

from __future__ import annotations

import pytest

from contracts.gate.shop import PLAIN_PAGE, Shop
from contracts.history import Answer, Input
from tests.gate.test_session import JSON, ok, open_session

EMPTY = ok({"items": [], "pagination": {"current_page": 1, "total_pages": 0, "has_next": False}})


def sizes_asked(status: int, page_size: int) -> list[int]:
    """Walk a list that answers pages of one size with a status; return the sizes of the pages asked for."""

    def script(asked: Input) -> Answer:
        return Answer(status, (JSON,), b'{"message":"no"}') if dict(asked.query)["page_size"] == "50" else EMPTY

    session, wire = open_session(script)
    assert Shop(session).walk(page_size) == []
    return [int(dict(asked.query)["page_size"]) for asked in wire.sent]


def test_a_page_that_fails_is_asked_for_again_between_pages_that_are_served() -> None:
    assert sizes_asked(500, 50) == [50, PLAIN_PAGE, 50, PLAIN_PAGE]


@pytest.mark.parametrize(("status", "page_size"), [(422, 50), (404, 50), (500, 7)])
def test_no_other_page_is_asked_for_twice(status: int, page_size: int) -> None:
    assert sizes_asked(status, page_size) == [page_size]
