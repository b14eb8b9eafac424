"""What the screen passes: all that is lawful, and nothing else; what it does not pass costs the full judgement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.monitor import Setting
from contracts.profiles import get_profile
from load.judge.facts import BREAK, MAX_HEAD, MAX_PROOF, Facts, Kinds
from load.judge.register import phone_number
from load.judge.screen import Query, Screen
from tests.load.judge.scene import BASE, CODE, Scene, purchase

JSON = ("content-type", "application/json")
BODY = b'{"country_code":"US"}'


class Seen:
    """A screen, and one view of a purchase that it is shown."""

    def __init__(self, view: dict[str, Any], profile: str = "2026-02") -> None:
        kinds = Kinds()
        self.view = view
        self.facts = kinds.read(view)
        self.screen = Screen(Setting(profile=get_profile(profile)), kinds)

    @property
    def known(self) -> Facts:
        assert self.facts is not None
        return self.facts

    def passes(self) -> bool:
        return self.screen.view(self.view, self.facts) is None and self.screen.fresh(self.known) is None


@pytest.mark.parametrize("shown", ["PENDING", "SUCCESS", "ERROR", "REFUND"])
@pytest.mark.parametrize("phone", ["+12025550001", None])
def test_a_lawful_view_is_passed(shown: str, phone: str | None) -> None:
    assert Seen(purchase(1, shown, phone_number=phone)).passes()


@pytest.mark.parametrize(
    ("shown", "changes", "passed"),
    [
        ("REFUND", {"verification": CODE}, True),
        ("ERROR", {"verification": CODE}, False),
        ("PENDING", {"verification": CODE}, False),
        ("SUCCESS", {"verification": None}, False),
        ("SUCCESS", {"verification": CODE | {"received_at": purchase(1)["created_at"]}}, True),
        ("SUCCESS", {"verification": CODE | {"received_at": "2026-01-05T12:00:00.999Z"}}, False),
        ("SUCCESS", {"verification": CODE | {"received_at": "soon"}}, False),
        ("SUCCESS", {"verification": CODE | {"code": "1" * (MAX_PROOF - 34)}}, True),
        ("SUCCESS", {"verification": CODE | {"code": "1" * MAX_PROOF}}, False),
        ("SUCCESS", {"verification": CODE | {"code": BREAK}}, False),
        ("PENDING", {"created_at": "soon"}, False),
        ("PENDING", {"phone_number": "+" + "1" * MAX_HEAD}, False),
        ("PENDING", {"phone_number": "+491"}, False),
        ("PENDING", {"surplus": 1}, False),
        ("PENDING", {"purchase_type": "BULK"}, True),
        ("PENDING", {"price": {"amount": "0", "currency_code": "USD"}}, False),
        ("EXPIRED", {}, False),
    ],
)
def test_a_view_is_passed_only_where_it_is_surely_lawful(shown: str, changes: dict[str, Any], passed: bool) -> None:
    assert Seen(purchase(1, shown, **changes)).passes() is passed


def test_what_a_newer_profile_knows_is_passed_there() -> None:
    newer = {"emoji": "*", "purchase_source": "API"}
    assert Seen(purchase(1, "EXPIRED", **newer), "2026-05").passes()
    assert not Seen(purchase(1, "EXPIRED"), "2026-05").passes()


@pytest.mark.parametrize(
    ("changes", "kind", "body", "wall", "passed"),
    [
        ({}, "SINGLE", BODY, 0, True),
        ({}, "SINGLE", BODY, 301, True),
        ({}, "SINGLE", BODY, -301, True),
        ({}, "SINGLE", BODY, 301.001, False),
        ({}, "SINGLE", BODY, -301.001, False),
        ({}, "BULK", BODY, 0, False),
        ({"status": "ERROR"}, "SINGLE", BODY, 0, False),
        ({}, "SINGLE", b'{"country_code": "US"}', 0, False),
        ({}, "SINGLE", b'{"country_code":"CA"}', 0, False),
        ({"created_at": "soon"}, "SINGLE", BODY, 0, False),
    ],
)
def test_a_create_is_passed_only_where_it_is_surely_lawful(
    changes: dict[str, Any], kind: str, body: bytes, wall: float, passed: bool
) -> None:
    seen = Seen(purchase(0, **changes))
    assert (seen.screen.bought(seen.known, kind, body, None, BASE.timestamp() + wall) is None) is passed


def test_the_clock_of_the_server_counts_where_it_shows_one() -> None:
    seen = Seen(purchase(0))
    for date, passed in [("Mon, 05 Jan 2026 12:00:00 GMT", True), ("Mon, 05 Jan 2026 13:00:00 GMT", False)] * 2:
        assert (seen.screen.bought(seen.known, "SINGLE", BODY, date, BASE.timestamp()) is None) is passed
    assert seen.screen.bought(seen.known, "SINGLE", BODY, "noon", BASE.timestamp()) is not None


@pytest.mark.parametrize(
    ("headers", "passed"),
    [
        ((JSON,), True),
        ((("content-type", "application/json; charset=utf-8"),), True),
        ((JSON, JSON), False),
        ((), False),
        ((("content-type", "text/plain"),), False),
        ((JSON, ("x-note", "application/json")), True),
    ],
)
def test_a_head_is_passed_with_one_label(headers: tuple[tuple[str, str], ...], passed: bool) -> None:
    assert (Seen(purchase(1)).screen.head(headers) is None) is passed


def told(**changes: Any) -> dict[str, Any]:
    return {"current_page": 1, "total_pages": 1, "has_next": False} | changes


FIRST = Query(1, 2, "date_desc", None)


@pytest.mark.parametrize(
    ("query", "items", "pagination", "passed"),
    [
        (FIRST, [2, 1], told(), True),
        (FIRST, [2, 1], told(total_pages=2, has_next=True), True),
        (FIRST, [2, 1], told(total_pages=2), False),
        (FIRST, [2, 1], told(has_next=True), False),
        (FIRST, [2, 1], None, False),
        (FIRST, [2, 1], told(total_pages=0), False),
        (FIRST, [], told(total_pages=0), True),
        (FIRST, [], told(total_pages=-1), False),
        (FIRST, [], told(total_pages=True), False),
        (FIRST, [], told(current_page="1"), False),
        (FIRST, [], told(has_next=0), False),
        (FIRST, [3, 2, 1], told(), False),
        (FIRST, [1, 2], told(), False),
        (FIRST, [1, 1], told(), False),
        (FIRST, [1], told(current_page=2), False),
        (FIRST, [], told(total_pages=0, current_page=0), False),
        (FIRST._replace(sort="date_asc"), [1, 2], told(), True),
        (FIRST._replace(sort="date_asc"), [2, 1], told(), False),
        (FIRST._replace(status="PENDING"), [2, 1], told(), True),
        (FIRST._replace(status="ERROR"), [2, 1], told(), False),
        (FIRST._replace(page=2), [1], told(current_page=2, total_pages=2), True),
        (FIRST._replace(page=2), [1], told(current_page=1, total_pages=2), False),
        (FIRST._replace(page=2), [], told(current_page=1), True),
        (FIRST._replace(page=2), [1], told(current_page=2), False),
    ],
)
def test_a_page_is_passed_only_where_it_is_surely_lawful(
    query: Query, items: list[int], pagination: object, passed: bool
) -> None:
    document = {"items": [purchase(number) for number in items], "pagination": pagination}
    assert (Seen(purchase(1)).screen.page(query, document) is None) is passed


def test_times_written_in_two_ways_are_left_to_the_contract() -> None:
    items = [purchase(2), purchase(1, created_at="2026-01-05T12:00:01Z")]
    assert Seen(purchase(1)).screen.page(FIRST, {"items": items, "pagination": told()}) is not None


def test_a_lawful_life_is_passed_from_end_to_end() -> None:
    scene = Scene()
    scene.create(0, 1)
    scene.list(2, 3, [purchase(1)])
    scene.code(4, 5)
    scene.code(6, 7, shown="SUCCESS")
    scene.code(8, 9, status=409)
    scene.retrieve(10, 11, shown="SUCCESS")
    scene.list(12, 13, [purchase(1, "SUCCESS")], status="SUCCESS")
    scene.create(16, 17, 2, status=429, headers=(("retry-after", "2"),))
    assert list(scene.judge._bench._recent) == []
    assert scene.findings() == set()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+12025550001", 12025550001),
        ("+1", 1),
        ("+" + "9" * 15, 10**15 - 1),
        ("+" + "9" * 16, None),
        ("12025550001", None),
        ("+1202x", None),
        ("+", None),
        ("", None),
        ("+1 2", None),
        ("+\u0661", None),
        ("+\u00b9", None),
    ],
)
def test_only_a_plain_number_is_held_against_others(text: str, number: int | None) -> None:
    assert phone_number(f"{text}{BREAK}2026-01-05T12:00:01Z") == number


LAWFUL: dict[str, Callable[[Scene], object]] = {
    "a create answered with what a list showed while it was under way": lambda s: (
        s.list(0.5, 1, [purchase(9), purchase(1)]),
        s.create(1, 2),
    ),
    "a retrieve denied that was sent the moment the purchase was first shown": lambda s: (
        s.create(0, 1),
        s.retrieve(1, 2, status=404),
    ),
    "a second request-code refused, whoever sent the first": lambda s: (
        s.create(0, 1),
        s.code(2, 3),
        s.code(4, 5, status=409),
    ),
    "a first request-code refused that its sender knows for one of several": lambda s: (
        s.create(0, 1),
        s.code(2, 3, status=409, again=True),
    ),
    "a request-code refused after one of unknown outcome": lambda s: (
        s.create(0, 1),
        s.code(2, 3, status=503),
        s.code(4, 5, status=422),
    ),
    "a request-code refused that was sent the moment the purchase was first shown": lambda s: (
        s.create(0, 1),
        s.code(1, 2, status=409),
    ),
    "a request-code broken that was sent the moment the purchase was first shown": lambda s: (
        s.create(0, 1),
        s.code(1, 2, status=500),
    ),
    "a request-code served that was sent the moment its credentials were first shown": lambda s: (
        s.create(0, 1),
        s.retrieve(2, 3, shown="SUCCESS"),
        s.code(3, 4, shown="SUCCESS"),
    ),
    "a look back that was sent the moment the purchase ended": lambda s: (
        s.create(0, 1),
        s.retrieve(2, 3, shown="ERROR"),
        s.retrieve(3, 4),
    ),
    "a look without number that was sent the moment the number was first shown": lambda s: (
        s.create(0, 1, view={"phone_number": None}),
        s.retrieve(2, 3),
        s.retrieve(3, 4, view={"phone_number": None}),
    ),
    "a refund that a request-code met": lambda s: (s.create(0, 1), s.code(2, 3), s.retrieve(4, 5, shown="REFUND")),
    "a number sold again after its purchase ended": lambda s: (
        s.create(0, 1),
        s.retrieve(2, 3, shown="ERROR"),
        s.create(4, 5, 2, view={"phone_number": "+12025550001"}),
    ),
    "an id denied that nobody showed the caller": lambda s: s.retrieve(0, 1, 7, status=404),
}


@pytest.mark.parametrize("story", LAWFUL.values(), ids=LAWFUL)
def test_what_is_surely_lawful_is_left_to_no_slower_judge(story: Callable[[Scene], object]) -> None:
    scene = Scene()
    # What the target is known to serve.
    scene.create(-2, -1.9, 9)
    scene.retrieve(-1.8, -1.7, 9)
    scene.code(-1.6, -1.5, 9)
    story(scene)
    assert scene.judge._bench.book.purchases == {}
    assert scene.findings() == set()
