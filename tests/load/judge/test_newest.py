"""The first page, newest first, held against what was bought before it was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.load.judge.scene import Scene, purchase

LOST = ("LIFE-6", "acknowledged-but-not-listed", "error")
MORE = {"total_pages": 2, "has_next": True}


def bought(*numbers: int) -> Scene:
    """Purchases made one a second; each has its number as the time at which it was made."""
    scene = Scene()
    for number in numbers:
        scene.create(number, number + 0.5, number)
    return scene


def shown(*numbers: int) -> list[dict[str, Any]]:
    return [purchase(number) for number in numbers]


def test_a_page_that_shows_all_of_the_newest_is_silent_and_counted() -> None:
    scene = bought(1, 2, 3, 4)
    scene.list(10, 11, shown(4, 3), told=MORE)
    assert scene.findings() == set()
    assert scene.judge.docket.exercised["LIFE-6"] == 1, "the oldest shown tells nothing of itself"


@pytest.mark.parametrize(
    ("items", "asked"),
    [
        ((4, 2), {"told": MORE}),
        ((4, 2), {"told": MORE, "sort": "date_desc"}),
        ((4, 3, 2), {}),
        ((), {"told": {"total_pages": 0}}),
    ],
)
def test_a_purchase_that_a_later_page_leaves_out_is_found(items: tuple[int, ...], asked: dict[str, Any]) -> None:
    scene = bought(1, 2, 3, 4)
    scene.list(10, 11, shown(*items), **asked)
    assert LOST in scene.findings()


@pytest.mark.parametrize(
    ("items", "asked"),
    [
        ((3, 2), {"told": MORE, "status": "PENDING"}),
        ((1, 3), {"told": MORE, "sort": "date_asc"}),
        ((2, 1), {"page": 2, "told": {"total_pages": 2}}),
    ],
)
def test_other_pages_filters_and_orders_say_nothing(items: tuple[int, ...], asked: dict[str, Any]) -> None:
    scene = bought(1, 2, 3, 4)
    scene.list(10, 11, shown(*items), **asked)
    assert LOST not in scene.findings()


def test_a_purchase_acknowledged_while_the_list_was_under_way_may_be_missing() -> None:
    scene = bought(1, 2)
    scene.create(3, 10.5, 3)
    scene.list(10, 11, shown(2, 1))
    assert scene.findings() == set()


def test_purchases_as_old_as_the_oldest_shown_may_be_on_the_next_page() -> None:
    scene = bought(1)
    scene.create(2, 2.5, 2)
    scene.create(2, 2.6, 3, view={"created_at": purchase(2)["created_at"]})
    scene.list(10, 11, shown(2), told=MORE)
    assert scene.findings() == set()


def test_a_purchase_that_is_missing_is_told_in_words() -> None:
    scene = bought(1, 2, 3, 4)
    scene.list(10, 11, shown(4, 2), told=MORE)
    scene.judge.finish()
    (found,) = [one for one in scene.judge.docket.findings if one.cause == LOST[1]]
    assert found.title == "a purchase that a create acknowledged is missing in a list that was asked for later"
    assert found.observed.startswith("purchase 3 ")
    assert [mark.index for mark in found.marks] == [3, 5]
