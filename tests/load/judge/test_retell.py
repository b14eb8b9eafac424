"""What the register tells the contract's invariants of a purchase: the answers that matter, and when they came."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count

import pytest

from contracts.checks.pagination import PaginationCheck
from contracts.checks.shape import ShapeCheck
from contracts.history import ApiOperation, Demand, Operation
from contracts.reading import Reading
from load.judge.retell import given, retell
from tests.checks.build import record
from tests.load.judge.scene import CODE, Scene, purchase

BARE = {"phone_number": None}
NUMBER = "+12025550001"

Story = Callable[[Scene], object]


def operations(story: Story, profile: str = "2026-02") -> list[Operation]:
    """Return what is told of purchase 1 after a story."""
    scene = Scene(profile)
    story(scene)
    judge = scene.judge
    assert judge.crashes == {}
    row = judge._register.rows[1]
    indices = count(7)
    kind = judge._kinds.known[judge._register.kind[row]]
    return retell(judge._register, 1, row, kind, lambda: next(indices))


def told(operation: Operation) -> str:
    """Write an operation in a line: name, times, and what its answer shows of the purchase."""
    text = f"{operation.api_operation.name.lower()} {operation.invoked:g}-{operation.returned:g}"
    if operation.answer is None:
        return f"{text} unanswered"
    if operation.answer.status != 200:
        return f"{text} {operation.answer.status}"
    document = json.loads(operation.answer.body)
    shown = (document.get("items") or [document.get("purchase", document)])[0]
    proof = shown["verification"]
    parts = [shown["status"], "" if shown["phone_number"] == NUMBER else str(shown["phone_number"])]
    parts.append("" if proof is None else f"code {proof['code']}")
    return " ".join([text, *filter(None, parts)])


STORIES: list[tuple[str, Story, list[str]]] = [
    ("bought", lambda s: s.create(0, 1), ["create 0-1 PENDING"]),
    (
        "first shown by the request-code that brought its credentials: that is told once",
        lambda s: s.code(0, 1, shown="SUCCESS"),
        ["request_code 0-1 SUCCESS code 54321"],
    ),
    (
        "bought and seen standing: of the last look only the time of asking is known",
        lambda s: (s.create(0, 1), s.retrieve(2, 3), s.retrieve(4, 5)),
        ["create 0-1 PENDING", "retrieve 4-4 PENDING"],
    ),
    (
        "listed before anything else: the first look outside of a list is told as well",
        lambda s: (s.list(0, 1, [purchase(1)]), s.retrieve(2, 3), s.retrieve(4, 5)),
        ["list 0-1 PENDING", "retrieve 2-3 PENDING", "retrieve 4-4 PENDING"],
    ),
    (
        "read before its create was answered: the create is told as well",
        lambda s: (s.retrieve(2, 3), s.create(0, 4)),
        ["retrieve 2-3 PENDING", "create 0-4 PENDING"],
    ),
    (
        "listed and read before its create was answered: the create is told, in place of the first read",
        lambda s: (s.list(0.5, 1, [purchase(1)]), s.retrieve(2, 3), s.create(0, 4)),
        ["list 0.5-1 PENDING", "retrieve 2-2 PENDING", "create 0-4 PENDING"],
    ),
    (
        "read, and then proved the owner's by a list: both are told",
        lambda s: (s.retrieve(0, 1), s.retrieve(2, 3), s.list(4, 5, [purchase(1)])),
        ["retrieve 0-1 PENDING", "list 0-1 PENDING", "retrieve 4-4 PENDING"],
    ),
    (
        "a number that came later",
        lambda s: (s.create(0, 1, view=BARE), s.retrieve(2, 3, view=BARE), s.retrieve(4, 5)),
        ["create 0-1 PENDING None", "retrieve 4-4 PENDING None", "retrieve 4-5 PENDING"],
    ),
    (
        "a number that a list showed first",
        lambda s: (s.create(0, 1, view=BARE), s.list(4, 5, [purchase(1)]), s.retrieve(6, 7)),
        ["create 0-1 PENDING None", "list 4-5 PENDING", "retrieve 6-6 PENDING"],
    ),
    (
        "listed and read without a number, which a read showed later",
        lambda s: (s.list(0, 1, [purchase(1, **BARE)]), s.retrieve(2, 3, view=BARE), s.retrieve(4, 5)),
        ["list 0-1 PENDING None", "retrieve 2-3 PENDING None", "retrieve 4-4 PENDING None", "retrieve 4-5 PENDING"],
    ),
    (
        "listed and read before its end, which a read showed",
        lambda s: (s.list(0, 1, [purchase(1)]), s.retrieve(2, 3), s.retrieve(4, 5, 1, "ERROR")),
        ["list 0-1 PENDING", "retrieve 2-2 PENDING", "retrieve 2-3 PENDING", "retrieve 4-5 ERROR"],
    ),
    (
        "a look that was under way with the create and answered later",
        lambda s: (s.create(0, 4), s.retrieve(2, 5)),
        ["create 0-4 PENDING", "retrieve 2-4 PENDING None"],
    ),
    (
        "a first look outside of a list that was sent the moment a list showed the end",
        lambda s: (s.list(0, 1, [purchase(1)]), s.list(2, 3, [purchase(1, "ERROR")]), s.retrieve(3, 4)),
        ["list 0-1 PENDING", "list 2-3 ERROR", "retrieve 3-3 PENDING", "retrieve 3-4 PENDING"],
    ),
    (
        "a look without number that was under way with one that had it",
        lambda s: (s.create(0, 1, view=BARE), s.retrieve(2, 6), s.retrieve(3, 7, view=BARE)),
        ["create 0-1 PENDING None", "retrieve 3-3 PENDING None", "retrieve 2-6 PENDING"],
    ),
    (
        "credentials that a request-code answered: it is told once",
        lambda s: (s.create(0, 1), s.code(2, 3), s.code(4, 5, shown="SUCCESS")),
        ["create 0-1 PENDING", "retrieve 4-4 PENDING", "request_code 4-5 SUCCESS code 54321"],
    ),
    (
        "credentials that a retrieve showed after a request-code",
        lambda s: (s.create(0, 1), s.code(2, 3), s.retrieve(4, 5, 1, "SUCCESS"), s.retrieve(6, 7, 1, "SUCCESS")),
        [
            "create 0-1 PENDING",
            "request_code 2-3 429",
            "retrieve 4-5 SUCCESS code 54321",
            "retrieve 6-6 SUCCESS code 54321",
        ],
    ),
    (
        "two request-codes at once",
        lambda s: (s.create(0, 1), s.code(2, 4), s.code(3, 5)),
        ["create 0-1 PENDING", "retrieve 3-3 PENDING", "request_code 3-5 429", "request_code 3-5 429"],
    ),
    (
        "two request-codes at once, of which the last brought the credentials",
        lambda s: (s.create(0, 1), s.code(2, 4), s.code(3, 5, shown="SUCCESS")),
        [
            "create 0-1 PENDING",
            "retrieve 3-3 PENDING",
            "request_code 3-5 SUCCESS code 54321",
            "request_code 3-5 429",
        ],
    ),
    (
        "a request-code at the very time of the retrieve that showed the credentials",
        lambda s: (s.create(0, 1), s.retrieve(2, 3, 1, "SUCCESS"), s.code(2, 3, status=409)),
        ["create 0-1 PENDING", "retrieve 2-2 PENDING", "retrieve 2-3 SUCCESS code 54321", "request_code 2-3 429"],
    ),
    (
        "a request-code that came to no answer of use",
        lambda s: (s.create(0, 1), s.code(2, 4, status=503)),
        ["create 0-1 PENDING", "request_code 2-4 unanswered"],
    ),
    (
        "a request-code refused after the end",
        lambda s: (s.create(0, 1), s.retrieve(2, 3, 1, "ERROR"), s.code(4, 5, status=409)),
        ["create 0-1 PENDING", "retrieve 2-3 ERROR", "request_code 4-5 409"],
    ),
    (
        "an end, and the last look before it",
        lambda s: (s.create(0, 1), s.retrieve(2, 3), s.retrieve(4, 5, 1, "ERROR"), s.retrieve(6, 7, 1, "ERROR")),
        ["create 0-1 PENDING", "retrieve 2-2 PENDING", "retrieve 4-5 ERROR"],
    ),
    (
        "a refund",
        lambda s: (s.create(0, 1), s.retrieve(4, 5, 1, "REFUND"), s.retrieve(6, 7, 1, "REFUND")),
        ["create 0-1 PENDING", "retrieve 4-5 REFUND"],
    ),
    (
        "a purchase that had its credentials when it was first seen",
        lambda s: (s.retrieve(0, 1, 1, "SUCCESS"), s.retrieve(2, 3, 1, "SUCCESS")),
        ["retrieve 0-1 SUCCESS code 54321", "retrieve 2-2 SUCCESS code 54321"],
    ),
    (
        "a purchase that had ended when a list first showed it",
        lambda s: (s.list(0, 1, [purchase(1, "ERROR")]), s.retrieve(2, 3, 1, "ERROR")),
        ["list 0-1 ERROR", "retrieve 2-3 ERROR"],
    ),
    (
        "a look at it standing that was under way with one that showed it ended",
        lambda s: (s.create(0, 1), s.retrieve(2, 6, 1, "ERROR"), s.retrieve(3, 7)),
        ["create 0-1 PENDING", "retrieve 3-3 PENDING", "retrieve 2-6 ERROR"],
    ),
    (
        "a look at it standing that was sent the moment another showed it ended",
        lambda s: (s.create(0, 1), s.retrieve(2, 5, 1, "ERROR"), s.retrieve(5, 6)),
        ["create 0-1 PENDING", "retrieve 2-5 ERROR", "retrieve 5-5 PENDING"],
    ),
    (
        "a first look outside of a list that was under way when a list showed the end",
        lambda s: (s.list(0, 1, [purchase(1)]), s.list(2, 5, [purchase(1, "ERROR")]), s.retrieve(3, 6)),
        ["list 0-1 PENDING", "retrieve 3-3 PENDING", "list 2-5 ERROR", "retrieve 3-6 PENDING"],
    ),
]


@pytest.mark.parametrize(("story", "lines"), [case[1:] for case in STORIES], ids=[case[0] for case in STORIES])
def test_the_answers_that_settled_something_are_told_again_with_their_own_times(story: Story, lines: list[str]) -> None:
    found = operations(story)
    assert [told(operation) for operation in found] == lines
    assert sorted(operation.index for operation in found) == list(range(7, 7 + len(lines)))


@pytest.mark.parametrize("password", ["secret-7", "", None])
def test_credentials_are_told_again_to_the_letter(password: str | None) -> None:
    proof = CODE | {"password": password}
    (found,) = operations(lambda s: s.retrieve(0, 1, 1, "SUCCESS", view={"verification": proof}), "2026-05")
    assert found.answer is not None
    assert json.loads(found.answer.body) == purchase(1, "SUCCESS", verification=proof)


@pytest.mark.parametrize("story", [case[1] for case in STORIES], ids=[case[0] for case in STORIES])
def test_views_told_again_are_lawful_by_themselves(story: Story) -> None:
    shown = [one for one in operations(story) if one.answer is not None and one.answer.status == 200]
    found = record(*shown, checks=[ShapeCheck, PaginationCheck]).violations
    # Of a code request no more is told than how it stands.
    assert [one for one in found if not one.title.startswith("code_request.")] == []


def lawful_request(operation: Operation) -> bool:
    """Whether an operation is one that a client of the owner sends, and that must be served."""
    reading = Reading(operation)
    return reading.route.api_operation is operation.api_operation and reading.judgement.demand is Demand.SERVE


@pytest.mark.parametrize("story", [case[1] for case in STORIES], ids=[case[0] for case in STORIES])
def test_requests_told_again_are_those_that_a_client_sends(story: Story) -> None:
    for operation in operations(story):
        assert lawful_request(operation), operation
        assert Reading(operation).asked_country == ("US" if operation.api_operation is ApiOperation.CREATE else None)


def test_a_page_is_told_again_as_one_that_asks_for_all_it_may() -> None:
    (page,) = operations(lambda s: s.list(0, 1, [purchase(1)], size=5, page=1))
    assert (page.input.path, page.input.query) == ("/v1/purchases", (("page", "1"), ("page_size", "50")))


def test_an_id_that_was_given_before_is_told_as_a_create_of_that_moment() -> None:
    operation = given(9, 4, -1.0)
    assert lawful_request(operation)
    assert [view.id for view in Reading(operation).views] == [9]
    assert (operation.index, operation.api_operation.name, operation.invoked, operation.returned) == (
        4, "CREATE", -1.0, -1.0,
    )  # fmt: skip
    assert operation.answer is not None
    assert (operation.answer.status, json.loads(operation.answer.body)) == (200, {"id": 9})
