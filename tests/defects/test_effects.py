"""Every defect and variant shows: it changes an answer of a lawful API, and the control changes none."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import ASGIApp

from fixtures.defects.catalogue import DEFECTS, VARIANTS, find, wrap
from fixtures.defects.variants import labels
from tests.defects.caller import Caller, Reply
from tests.defects.tiny import Tiny
from tests.defects.tour import crowd_tour, grand_tour, last_item_tour, long_tour, short_tour

Tour = Callable[[Caller], AsyncGenerator[Reply, None]]

# These change no answer, only the time it takes.
SLOW = {"slow-answers", "slow-codes", "slower-with-every-request", "stalls-every-so-often"}

# These change nothing of an API that does what they do, so they are put around one that does not.
OTHERWISE: dict[str, dict[str, Any]] = {
    "foreign-purchase-404": {"foreign": 403},
    "bad-key-401": {"stranger": 403},
    "last-item-sold-to-all": {"last": "GB"},
    "refund-minutes-too-early": {"old": timedelta(minutes=19)},
}

# One instant for all, so that nothing differs but what is meant to.
CLOCK = Tiny().now


@pytest.fixture(autouse=True)
def agreeing_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let our own clock stand at the same instant, however long the tests before these took."""
    monkeypatch.setattr(labels, "time", SimpleNamespace(time=CLOCK.timestamp))


@functools.cache
def bare(tour: Tour, name: str = "") -> list[Reply]:
    """Return what the bare API answers, framed as wrapped answers are."""

    async def record() -> list[Reply]:
        return [reply async for reply in tour(Caller(wrap(tiny(name), [])))]

    return asyncio.run(record())


def tiny(name: str) -> Tiny:
    return Tiny(CLOCK, **OTHERWISE.get(name, {}))


def tour_of(needs: tuple[str, ...]) -> Tour:
    if "admin_stock" in needs:
        return last_item_tour
    if "volume" in needs:
        return long_tour
    return crowd_tour if "overlap" in needs else grand_tour


async def first_difference(app: ASGIApp, tour: Tour, expected: list[Reply]) -> int | None:
    """Return the place of the first answer that is not the one expected, None where all are."""
    place = 0
    async with aclosing(tour(Caller(app))) as replies:
        async for reply in replies:
            if place >= len(expected) or reply != expected[place]:
                return place
            place += 1
    return None if place == len(expected) else place


@pytest.mark.parametrize("name", [name for name in [*DEFECTS, *VARIANTS] if name not in {"noop", *SLOW}])
def test_it_changes_an_answer(name: str) -> None:
    tour = tour_of(find(name).needs)
    expected = bare(tour, name if name in OTHERWISE else "")
    assert asyncio.run(first_difference(wrap(tiny(name), [name]), tour, expected)) is not None


@pytest.mark.parametrize("tour", [grand_tour, crowd_tour, short_tour])
def test_the_control_changes_nothing(tour: Tour) -> None:
    assert asyncio.run(first_difference(wrap(Tiny(CLOCK), ["noop"]), tour, bare(tour))) is None


@pytest.mark.parametrize("name", sorted(SLOW - {"slower-with-every-request", "stalls-every-so-often"}))
def test_slow_variants_only_wait(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", wait)
    app = wrap(Tiny(CLOCK), [name])
    assert asyncio.run(first_difference(app, grand_tour, bare(grand_tour))) is None
    assert waits
    assert all(0 < seconds < 1 for seconds in waits)
