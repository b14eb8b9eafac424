"""A life is a journey driven from answer to answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from contracts.budget import Budget
from contracts.history import ApiOperation
from load.call import Call
from load.drive.life import End, Life
from load.journeys import JOURNEYS
from load.journeys.steps import Pause, retrieve
from load.journeys.world import SHELF, World
from tests.load.drive.stage import Stage, purchase, shop


def live(stage: Stage, journey: Any, close_at: float | None = None) -> list[End]:
    ends: list[End] = []
    life = Life(stage.engine, "it", journey, lambda _, how: ends.append(how))
    life.begin(0.0)
    if close_at is not None:
        stage.at(close_at, life.close)
    stage.run()
    return ends


def world(**more: Any) -> World:
    return World(Random(1), {"US": 1.0}, **more)


def test_a_buyer_asks_the_price_buys_requests_the_code_and_looks() -> None:
    stage = Stage()
    assert live(stage, JOURNEYS["buyer"](world())) == [End.FINISHED]
    assert stage.operations == ["get_account", "create_purchase", "request_code", "retrieve_purchase"]


def test_where_there_are_no_accounts_a_buyer_goes_without_the_price() -> None:
    stage = Stage()
    live(stage, JOURNEYS["buyer"](world(accounts=False)))
    assert stage.operations == ["create_purchase", "request_code", "retrieve_purchase"]


def test_a_buyer_looks_ever_more_rarely_until_patience_is_at_an_end() -> None:
    def pending(call: Call) -> tuple[int, dict[str, Any], float]:
        return (200, purchase(), 0.0) if call.operation is ApiOperation.RETRIEVE else shop(call)

    stage = Stage(pending)
    assert live(stage, JOURNEYS["buyer"](world(patience=1.0))) == [End.FINISHED]
    looks = [when for when, call in stage.sent if call.operation is ApiOperation.RETRIEVE]
    gaps = [later - earlier for earlier, later in itertools.pairwise(looks)]
    assert gaps == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8])


def test_a_buyer_whose_create_is_refused_leaves() -> None:
    def sold_out(call: Call) -> tuple[int, dict[str, Any], float]:
        return (409, {}, 0.1) if call.operation is ApiOperation.CREATE else shop(call)

    stage = Stage(sold_out)
    assert live(stage, JOURNEYS["buyer"](world())) == [End.FINISHED]
    assert stage.operations == ["get_account", "create_purchase"]


def test_a_create_without_an_answer_is_not_sent_again() -> None:
    def lost(call: Call) -> tuple[int, dict[str, Any], float]:
        return (0, {}, 0.1) if call.operation is ApiOperation.CREATE else shop(call)

    stage = Stage(lost)
    live(stage, JOURNEYS["buyer"](world()))
    assert stage.operations.count("create_purchase") == 1
    assert stage.budget.purchases == 1, "a create of unknown outcome counts as spent"
    assert stage.budget.spend == Decimal("0.50")


def test_racers_reach_for_one_purchase_at_the_same_moment() -> None:
    stage = Stage()
    assert live(stage, JOURNEYS["racers"](world())) == [End.FINISHED]
    moments = {when for when, call in stage.sent if call.operation is ApiOperation.REQUEST_CODE}
    assert len(moments) == 1
    assert stage.operations.count("request_code") == 4


def test_the_impatient_repeat_and_say_what_the_repetition_is_for() -> None:
    stage = Stage()
    live(stage, JOURNEYS["impatient"](world()))
    asks = [call for _, call in stage.sent if call.operation is ApiOperation.REQUEST_CODE]
    assert [call.aim.clause if call.aim else None for call in asks] == [None, "LIFE-4", "LIFE-4", "LIFE-4"]


def test_a_browser_buys_nothing() -> None:
    stage = Stage()
    live(stage, JOURNEYS["browser"](world()))
    assert set(stage.operations) == {"get_account", "get_profile", "list_purchases"}
    assert stage.operations.count("list_purchases") == 3


def test_a_poller_buys_once_and_then_only_looks() -> None:
    stage, known = Stage(), world()
    for _ in range(5):
        live(stage, JOURNEYS["poller"](known))
    assert stage.operations == ["create_purchase", *["retrieve_purchase"] * 5]


def test_people_think_between_their_steps() -> None:
    stage = Stage()
    live(stage, JOURNEYS["buyer"](world(think=(1.0, 2.0))))
    whens = [when for when, _ in stage.sent]
    assert whens[1] - whens[0] >= 1.1
    assert whens[2] - whens[1] >= 1.1


def test_a_step_is_due_when_the_answer_before_it_was_there() -> None:
    stage = Stage()
    live(stage, JOURNEYS["buyer"](world()))
    for before, after in zip(stage.replies, stage.replies[1:], strict=False):
        assert after.due == before.ended


def test_closing_ends_a_pause_at_once_and_waits_for_a_call() -> None:
    def resting() -> Iterator[Any]:
        yield Pause(1000.0)

    def calling() -> Iterator[Any]:
        yield retrieve(1)
        raise AssertionError("no step is taken after closing")

    stage = Stage()
    assert live(stage, resting(), close_at=0.05) == [End.ABANDONED]
    stage = Stage()
    assert live(stage, calling(), close_at=0.05) == [End.ABANDONED]
    assert len(stage.replies) == 1


def test_a_journey_that_raises_is_our_crash_and_no_finding() -> None:
    def crashing() -> Iterator[Any]:
        yield retrieve(1)
        raise KeyError("id")

    stage = Stage()
    assert live(stage, crashing()) == [End.CRASHED]
    assert list(stage.engine.crashes) == ["journey it crashed: KeyError: 'id'"]


def test_a_cap_that_is_reached_ends_the_life_before_anything_is_sent() -> None:
    stage = Stage(budget=Budget(max_purchases=1))
    known = world()
    assert live(stage, JOURNEYS["impatient"](known)) == [End.FINISHED]
    sent = len(stage.sent)
    assert live(stage, JOURNEYS["impatient"](known)) == [End.ABANDONED]
    assert len(stage.sent) == sent
    assert stage.purse.spent == "the cap of 1 purchases is reached"


def test_trouble_is_the_last_answer_that_made_some() -> None:
    def busy(call: Call) -> tuple[int, dict[str, Any], float]:
        return 429, {"headers": {"retry-after": "2"}}, 0.1

    stage, seen = Stage(busy), []
    life = Life(stage.engine, "it", JOURNEYS["buyer"](world()), lambda ended, _: seen.append(ended.trouble))
    life.begin(0.0)
    stage.run()
    assert seen[0] is not None
    assert seen[0].reply.status == 429


def test_a_browser_looks_at_pages_for_as_long_as_there_are_more_and_thinks_between() -> None:
    stage = Stage()
    assert live(stage, JOURNEYS["browser"](world(think=(0.5, 0.5)))) == [End.FINISHED]
    lists = [when for when, call in stage.sent if call.operation is ApiOperation.LIST]
    assert len(lists) == 3, "not to the end of a long list"
    assert [later - earlier for earlier, later in itertools.pairwise(lists)] == pytest.approx([0.6, 0.6])
    assert "create_purchase" not in stage.operations


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (503, {}),
        (200, {"items": []}),
        (200, {"items": [], "pagination": "none"}),
        (200, {"items": [], "pagination": {"has_next": "yes"}}),
    ],
)
def test_a_browser_stops_at_a_page_that_does_not_say_there_is_another(status: int, answer: dict[str, Any]) -> None:
    def last(call: Call) -> tuple[int, dict[str, Any], float]:
        return (status, answer, 0.1) if call.operation is ApiOperation.LIST else shop(call)

    stage = Stage(last)
    assert live(stage, JOURNEYS["browser"](world())) == [End.FINISHED]
    assert stage.operations.count("list_purchases") == 1


def test_a_poller_who_cannot_buy_looks_at_nothing() -> None:
    def sold_out(call: Call) -> tuple[int, dict[str, Any], float]:
        return (409, {}, 0.1) if call.operation is ApiOperation.CREATE else shop(call)

    stage = Stage(sold_out)
    assert live(stage, JOURNEYS["poller"](world())) == [End.FINISHED]
    assert stage.operations == ["create_purchase"]


def test_the_oldest_purchase_on_a_full_shelf_is_forgotten() -> None:
    forgotten: list[int] = []
    full = world(forget=forgotten.append)
    for number in range(SHELF + 2):
        full.shelve(number)
    assert forgotten == [0, 1]
    assert full.any_purchase() in range(2, SHELF + 2)
