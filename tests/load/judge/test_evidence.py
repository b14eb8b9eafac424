"""A finding made at speed names the answers that it stands on, and rare answers are held to all that is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from contracts.finding import Severity, Violation
from contracts.history import ApiOperation
from contracts.invariants.lifecycle import Lifecycle
from contracts.monitor import violation
from load.call import Call
from load.journeys.steps import account, create, list_page, profile, request_code, retrieve
from load.judge import bench
from load.judge.bench import Bench, Desk
from load.judge.habits import ENOUGH, Habits
from load.judge.judge import Judge
from tests.load.judge.scene import ASKED, CODE, KEY, REFUSAL, Scene, purchase, reply

REFUND = Call(ApiOperation.REFUND, "POST", "/v1/purchases/1/refund", b"", True)
BARE = {"phone_number": None}


def page(*items: Any) -> dict[str, Any]:
    return {"items": list(items), "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}


def retrieve_of(number: int, shown: str, **changes: Any) -> tuple[Call, Any]:
    return retrieve(number), purchase(number, shown, **changes)


UNLAWFUL: list[tuple[str, Call, Any, int]] = [
    ("an account", account("US"), {"country_code": 1}, 200),
    ("a balance", profile(), {"id": "1"}, 200),
    ("a create", create("US"), purchase(9, price=None), 200),
    ("a create that repeats an id", create("US"), purchase(1, phone_number=None), 200),
    ("a retrieve", retrieve(1), purchase(1, status="DONE"), 200),
    ("a retrieve that goes back", retrieve(2), purchase(2, "PENDING"), 200),
    ("a retrieve of another", retrieve(1), purchase(2, "SUCCESS"), 200),
    ("a retrieve that is denied", retrieve(1), REFUSAL, 404),
    ("a request-code", request_code(1), {"purchase": purchase(1), "code_request": ASKED | {"status": "success"}}, 200),
    (
        "a request-code without a price",
        request_code(1),
        {"purchase": purchase(1, price=None), "code_request": ASKED},
        200,
    ),
    ("a page", list_page(1, 20), page(purchase(1), purchase(1)), 200),
    ("a page that goes back", list_page(1, 20), page(purchase(2, "PENDING"), purchase(1)), 200),
    ("a page without its newest", list_page(1, 20), page(purchase(1)), 200),
    ("a refusal with a key", retrieve(1), {"error": KEY}, 400),
    ("a 201", create("US"), purchase(9), 201),
    ("another owner's look", replace(retrieve(2), principal="other"), purchase(2, "SUCCESS"), 200),
    (
        "a refund of what has ended",
        replace(REFUND, path="/v1/purchases/2/refund"),
        {"purchase": purchase(2, "REFUND")},
        200,
    ),
    ("a path that is none", replace(retrieve(1), path="/v1/purchases/one"), {"key": KEY}, 200),
]


@pytest.mark.parametrize(("call", "body", "status"), [row[1:] for row in UNLAWFUL], ids=[row[0] for row in UNLAWFUL])
def test_every_finding_stands_on_the_answer_that_was_wrong(call: Call, body: Any, status: int) -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(2, 3, 2)
    scene.retrieve(4, 5, 2, "SUCCESS")
    answer = reply(body, 8, 9, status=status)
    seen = scene.judge.see(call, answer, 4_711)
    assert not seen.lawful
    scene.judge.finish()
    assert scene.judge.crashes == {}
    found = scene.judge.docket.findings
    assert found
    for one in found:
        assert 4_711 in {mark.index for mark in one.marks}, one
    kept = scene.judge.evidence[4_711]
    assert kept.answer is not None
    assert (kept.invoked, kept.returned, kept.answer.status, kept.answer.body) == (8, 9, status, answer.body)


@pytest.mark.parametrize(
    ("query", "broken"),
    [("", {"SHAPE-8"}), ("?page_size=5", {"SHAPE-8"}), ("?page=1", {"SHAPE-8"}), ("?page=x&page_size=5", set())],
)
def test_a_list_call_in_another_form_is_judged_as_the_contract_has_it(query: str, broken: set[str]) -> None:
    scene = Scene()
    call = replace(list_page(1, 20), path=f"/v1/purchases{query}")
    scene.see(call, page(purchase(1)), 0, 1)
    scene.see(call, page(purchase(1, status="DONE")), 2, 3)
    assert scene.broken() == broken


# ---- what only the contract's invariants can judge


def test_an_id_given_again_is_found_where_its_purchase_was_in_doubt_before() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0, 1, 2)
    scene.retrieve(2, 3, 2)
    scene.retrieve(4, 5, 1, status=404)
    scene.judge.see(create("US"), reply(purchase(1, phone_number=None), 6, 7), 4_711)
    scene.judge.finish()
    (found,) = [one for one in scene.judge.docket.findings if one.cause == "id-given-twice"]
    assert [mark.index for mark in found.marks][-1] == 4_711
    assert 4_711 in scene.judge.evidence


@pytest.mark.parametrize("first", [lambda s: s.retrieve(0.2, 0.5, 1), lambda s: s.list(0.2, 0.5, [purchase(1)])])
def test_an_id_given_again_is_found_where_its_purchase_was_shown_before_its_create_was_answered(first: Any) -> None:
    scene = Scene()
    first(scene)
    scene.retrieve(0.5, 0.8, 1)
    scene.create(0, 1, 1)
    scene.see(REFUND, REFUSAL, 2, 3, status=409)
    scene.create(6, 7, 1)
    assert ("LIFE-7", "id-given-twice", "error") in scene.findings()


@pytest.mark.parametrize("phone", ["+12025550001", None])
def test_a_purchase_that_another_owner_is_shown_in_a_list_is_found(phone: str | None) -> None:
    scene = Scene()
    scene.create(0, 1, 1, view={"phone_number": phone})
    scene.see(replace(list_page(1, 20), principal="other"), page(purchase(1, phone_number=phone)), 2, 3)
    assert scene.broken() == {"AUTH-6"}


def test_a_number_that_a_refunded_purchase_still_has_is_not_sold_again() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.see(REFUND, REFUSAL, 2, 3, status=409)
    scene.create(4, 5, 2, view={"phone_number": "+12025550001"})
    scene.retrieve(6, 7, 1)
    scene.retrieve(6, 7, 2, view={"phone_number": "+12025550001"})
    assert scene.broken() == {"LIFE-7"}


def test_a_number_that_a_purchase_in_doubt_is_given_later_is_not_sold_again() -> None:
    scene = Scene()
    scene.create(0, 1, 1, view=BARE)
    scene.see(REFUND, REFUSAL, 2, 3, status=409)
    scene.retrieve(4, 5, 1)
    scene.create(6, 7, 2, view={"phone_number": "+12025550001"})
    scene.retrieve(8, 9, 1)
    assert scene.broken() == {"LIFE-7"}


def test_a_purchase_in_doubt_is_not_given_a_number_that_is_sold() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0, 1, 2, view=BARE)
    scene.see(replace(REFUND, path="/v1/purchases/2/refund"), REFUSAL, 2, 3, status=409)
    scene.retrieve(4, 5, 2, view={"phone_number": "+12025550001"})
    scene.retrieve(6, 7, 1)
    assert "LIFE-7" in scene.broken()


def test_a_retrieve_that_keeps_failing_is_told_with_both_of_its_answers() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.judge.see(retrieve(1), reply(REFUSAL, 2, 3, status=500), 4_711)
    scene.judge.see(retrieve(1), reply(REFUSAL, 4, 5, status=500), 4_712)
    scene.judge.finish()
    (found,) = [one for one in scene.judge.docket.findings if one.clause == "LIFE-6"]
    assert [mark.index for mark in found.marks] == [4_711, 4_712]


def test_what_a_crowd_of_items_gets_wrong_alike_is_counted_every_time() -> None:
    scene = Scene()
    many = 2 * ENOUGH
    for number in range(1, many + 1):
        scene.create(number, number + 0.5, number)
        scene.retrieve(1000 + number, 1000.5 + number, number, "SUCCESS")
    for number in range(1, many + 1):
        # Not the first page, which had to show the newest.
        told = {"current_page": 2, "total_pages": 2, "has_next": False}
        body = {"items": [purchase(number)], "pagination": told}
        scene.see(list_page(2, 20), body, 3000 + number, 3000.5 + number)
    scene.judge.finish()
    assert scene.judge.crashes == {}
    (found,) = [one for one in scene.judge.docket.findings if one.clause == "LIFE-2"]
    assert found.count == many


def test_a_number_sold_is_told_from_when_its_purchase_surely_stood() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0, 1, 2)
    scene.retrieve(4, 5, 2)
    scene.create(0, 1, 3, view=BARE)
    scene.retrieve(6, 7, 3)
    scene.create(0, 1, 4)
    scene.retrieve(8, 9, 4, "ERROR")
    scene.list(10, 11, [purchase(5)])
    assert scene.judge.take_sold(all_of_them=True) == [
        (12025550001, 1, 1.0, 0.0),
        (12025550002, 2, 1.0, 4.0),
        (12025550003, 3, 7.0, 6.0),
        (12025550004, 4, 1.0, 0.0),
    ]


# ---- desks, habits and crashes


class Telling:
    """A docket that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Violation] = []
        self.exercised: Counter[str] = Counter()

    def exercise(self, clause: str, times: int = 1) -> None:
        self.exercised[clause] += times

    def violate(self, violation: Violation) -> None:
        self.told.append(violation)


def made(clause: str = "LIFE-2", cause: str = "x", severity: Severity | None = None) -> Violation:
    return violation(clause, cause, "a title", expected="this", observed="that", severity=severity)


@pytest.mark.parametrize(
    ("clause", "cause", "passed"),
    [
        ("LIFE-2", "x", True),
        ("RACE-1", "balance-too-high", True),
        ("RACE-1", "acknowledged-but-denied", False),
        ("LIFE-6", "acknowledged-but-denied", True),
        ("RACE-3", "x", False),
    ],
)
def test_what_needs_connections_or_the_order_of_creates_is_not_said_at_speed(
    clause: str, cause: str, passed: bool
) -> None:
    docket = Telling()
    desk = Desk(docket, {})
    desk.violate(made(clause, cause))
    assert docket.told == desk.heard == ([made(clause, cause)] if passed else [])


def test_a_muted_desk_hears_counts_and_tells_nothing() -> None:
    docket = Telling()
    desk = Desk(docket, {}, lambda _: False)
    desk.muted = True
    desk.violate(made())
    desk.exercise("LIFE-2")
    assert (desk.heard, desk.counted, docket.told, docket.exercised) == ([], [], [], {})


def test_what_is_withheld_is_neither_heard_nor_told() -> None:
    docket = Telling()
    desk = Desk(docket, {}, lambda one: one.cause == "x")
    desk.violate(made())
    assert (desk.heard, docket.told) == ([], [])


@pytest.mark.parametrize(
    ("clause", "given", "configured", "error"),
    [
        ("LIFE-2", None, {}, True),
        ("MONEY-2", None, {}, False),
        ("LIFE-2", Severity.WARNING, {}, False),
        ("LIFE-2", Severity.WARNING, {"LIFE-2": Severity.ERROR}, False),
        ("LIFE-2", None, {"LIFE-2": Severity.WARNING}, False),
        ("MONEY-2", None, {"MONEY-2": Severity.ERROR}, True),
    ],
)
def test_a_tolerance_stays_a_warning_whatever_is_configured(
    clause: str, given: Severity | None, configured: dict[str, Severity], error: bool
) -> None:
    assert Desk(Telling(), configured).is_error(made(clause, severity=given)) is error


def test_what_goes_wrong_alike_is_judged_in_full_so_many_times_and_counted_each_time() -> None:
    docket, habits = Telling(), Habits()
    desk = Desk(docket, {})
    judged = []

    def act() -> None:
        judged.append(1)
        desk.exercise("LIFE-2")
        desk.violate(made())

    for times in range(1, ENOUGH + 4):
        assert habits.is_settled("trouble") is (times > ENOUGH)
        assert habits.judge("trouble", desk, docket, act) == (made(),)
        assert (len(docket.told), docket.exercised["LIFE-2"]) == (times, times)
    assert len(judged) == ENOUGH
    for _ in range(ENOUGH + 3):
        assert habits.judge("none", desk, docket, lambda: None) == ()
    assert not habits.is_settled("none")


def test_a_crash_is_told_with_its_place_and_the_first_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("oh" * 200)

    monkeypatch.setattr(Bench, "judge_answer", broken)
    judge = Judge("2026-02", secrets=[KEY])
    judge.see(retrieve(1), reply(b"{", 0, 1))
    text = judge.crashes["LOAD-1"]
    assert text.startswith(f"ValueError: {'oh' * 100} (broken, line ")
    judge._bench.note_crash(("LOAD-1", "SHAPE-1"), KeyError.__new__(KeyError).with_traceback(_traceback()))
    assert judge.crashes["LOAD-1"] == text
    assert judge.crashes["SHAPE-1"].startswith("KeyError: ")


def _traceback() -> Any:
    try:
        raise KeyError
    except KeyError as error:
        return error.__traceback__


def test_what_a_purchase_in_doubt_does_later_stands_on_the_answer_that_did_it() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0, 1, 2)
    scene.retrieve(2, 3, 2)
    scene.retrieve(4, 5, 1, status=404)
    scene.retrieve(6, 7, 1, "SUCCESS")
    scene.judge.see(retrieve(1), reply(purchase(1), 8, 9), 4_711)
    scene.judge.finish()
    found = [one for one in scene.judge.docket.findings if one.clause == "LIFE-2"]
    assert found
    assert all(4_711 in {mark.index for mark in one.marks} for one in found)


def test_of_the_answers_judged_in_full_the_newest_are_at_hand_as_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "MAX_RECENT", 2)
    scene = Scene()
    for amount in ("10.00", "9.00", "8.00"):
        scene.balance(0, 1, amount)
    scene.judge.see(profile(), reply({"id": "1"}, 2, 3), 4_711)
    assert 4_711 in scene.judge.evidence


def test_an_invariant_that_crashes_leaves_its_own_clauses_without_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr(Lifecycle, "observe", crash)
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0, 1, 2)
    scene.retrieve(2, 3, 2)
    scene.retrieve(4, 5, 1, status=404)
    assert scene.judge.crashes.keys() == set(Lifecycle.clauses)


def test_an_answer_that_breaks_several_clauses_is_told_with_each_of_them() -> None:
    scene = Scene()
    scene.see(create("US"), purchase(1, price=None, status="DONE", id="x"), 0, 1)
    scene.judge.finish()
    broken = sorted({one.clause for one in scene.judge.docket.findings} - {"LOAD-1"})
    (speed,) = [one for one in scene.judge.docket.findings if one.clause == "LOAD-1"]
    assert len(broken) > 1
    assert speed.observed.startswith(f"{', '.join(broken)}: ")


@pytest.mark.parametrize(
    ("common", "rare", "broken"),
    [
        (
            [retrieve_of(number, "PENDING", verification=CODE) for number in range(1, ENOUGH + 4)],
            retrieve_of(99, "PENDING", display_name={"ru": " ", "en": " "}),
            "SHAPE-5",
        ),
        (
            [(list_page(1, 20), page(purchase(2), purchase(2)))] * (ENOUGH + 3),
            (list_page(1, 20), page(purchase(1), purchase(2))),
            "LIST-3",
        ),
    ],
)
def test_what_is_often_wrong_hides_nothing_that_is_wrong_in_another_way(
    common: list[tuple[Call, Any]], rare: tuple[Call, Any], broken: str
) -> None:
    scene = Scene()
    for at, (call, body) in enumerate(common):
        scene.see(call, body, at, at + 0.5)
    scene.judge.flush(50)
    assert broken not in {one.clause for one in scene.judge.docket.findings}
    scene.see(*rare, 100, 101)
    assert broken in {one.clause for one in scene.judge.docket.findings}


def test_an_offer_known_byte_by_byte_is_still_held_to_its_headers() -> None:
    scene = Scene()
    scene.account(0, 1)
    scene.account(2, 3)
    assert scene.judge.docket.findings == ()
    call, body = (
        account("US"),
        {
            "country_code": "US",
            "display_name": {"ru": "США", "en": "United States"},
            "price": {"amount": "1.50", "currency_code": "USD"},
            "discount": {"base_price": "1.50", "percent": 0},
            "available": True,
        },
    )
    scene.see(call, body, 4, 5, headers=(("content-type", "text/html"),))
    assert scene.broken() == {"SHAPE-1"}
