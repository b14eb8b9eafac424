"""LIFE-1 and LIFE-2: each lawful history beside its unlawful twin."""

from __future__ import annotations

import pytest

from tests.invariants.build import History, error, purchase


def test_a_whole_life_is_lawful():
    history = History()
    history.create(0, 1)
    history.retrieve(2, 3)
    history.code(4, 5)
    history.retrieve(6, 7, shown="SUCCESS")
    history.retrieve(8, 9, shown="REFUND")
    assert history.verdict() == (
        {("LIFE-3", "vanished-with-refund", "warning")},
        {"LIFE-1": 4, "LIFE-2": 2, "LIFE-3": 2, "LIFE-5": 4, "LIFE-6": 3, "LIFE-8": 1},
    )


def test_success_goes_back_to_pending():
    history = History()
    history.create(0, 1)
    history.code(2, 3)
    history.retrieve(4, 5, shown="PENDING")
    assert history.verdict() == (
        {error("LIFE-2", "success-then-pending-in-retrieve"), error("LIFE-6", "success-then-pending-in-retrieve")},
        {"LIFE-1": 2, "LIFE-2": 1, "LIFE-5": 2, "LIFE-6": 1, "LIFE-8": 1},
    )


def test_pending_from_before_the_success_arrived_is_lawful():
    history = History()
    history.create(0, 1)
    history.code(2, 5)
    history.retrieve(4, 6, shown="PENDING")
    assert history.verdict() == ({*()}, {"LIFE-1": 2, "LIFE-5": 2, "LIFE-6": 1, "LIFE-8": 1})


def test_overlapping_reads_may_show_either_state():
    history = History()
    history.create(0, 1)
    history.retrieve(2, 9, shown="SUCCESS")
    history.retrieve(3, 8, shown="PENDING")
    history.list(4, 10, [purchase(1, "PENDING")])
    assert history.findings() == set()


@pytest.mark.parametrize(
    ("first", "second"), [("SUCCESS", "ERROR"), ("ERROR", "SUCCESS"), ("SUCCESS", "EXPIRED"), ("EXPIRED", "ERROR")]
)
@pytest.mark.parametrize("overlapping", [False, True])
def test_two_final_statuses_contradict_each_other_in_any_order(first, second, overlapping):
    history = History(profile="2026-05")
    history.create(0, 1)
    history.retrieve(2, 9 if overlapping else 3, shown=first)
    history.retrieve(4, 10, shown=second)
    cause = f"{first}-then-{second}-in-retrieve".lower()
    assert history.findings() == {error("LIFE-1", cause), error("LIFE-2", cause)}


@pytest.mark.parametrize("status", ["SUCCESS", "ERROR", "EXPIRED", "PENDING"])
def test_every_status_may_become_refund(status):
    history = History(profile="2026-05")
    history.create(0, 1)
    history.retrieve(2, 3, shown=status)
    history.retrieve(4, 5, shown="REFUND", view={"verification": purchase(1, status)["verification"]})
    assert history.findings() == set()


@pytest.mark.parametrize("status", ["SUCCESS", "ERROR", "EXPIRED"])
def test_refund_becomes_nothing_else(status):
    history = History(profile="2026-05")
    history.create(0, 1)
    history.retrieve(2, 3, shown="REFUND")
    history.retrieve(4, 5, shown=status)
    cause = f"refund-then-{status}-in-retrieve".lower()
    assert history.findings() == {error("LIFE-1", cause), error("LIFE-2", cause)}


def test_refund_does_not_go_back_to_pending():
    history = History()
    history.create(0, 1)
    history.retrieve(2, 3, shown="REFUND")
    history.retrieve(4, 5, shown="PENDING")
    cause = "refund-then-pending-in-retrieve"
    assert history.findings() == {error("LIFE-1", cause), error("LIFE-2", cause), error("LIFE-6", cause)}


def test_refund_read_while_success_was_still_under_way_is_lawful():
    history = History()
    history.create(0, 1)
    history.retrieve(2, 8, shown="SUCCESS")
    history.retrieve(3, 4, shown="REFUND")
    assert history.findings() == set()


def test_a_list_that_lags_breaks_list_5_as_well():
    history = History()
    history.create(0, 1)
    history.code(2, 3)
    history.list(4, 5, [1])
    cause = "success-then-pending-in-list"
    assert history.findings() == {error("LIFE-2", cause), error("LIFE-6", cause), error("LIST-5", cause)}


def test_a_stale_read_over_another_connection_is_race_3():
    history = History()
    history.create(0, 1, lane="a")
    history.code(2, 3, lane="a")
    history.retrieve(4, 5, shown="PENDING", lane="b")
    cause = "success-then-pending-in-retrieve"
    assert history.verdict() == (
        {error("LIFE-2", cause), error("LIFE-6", cause), error("RACE-3", cause)},
        {"LIFE-1": 2, "LIFE-2": 1, "LIFE-5": 2, "LIFE-6": 1, "LIFE-8": 1, "RACE-3": 1},
    )


def test_a_read_over_another_connection_that_sees_the_write_exercises_race_3():
    history = History()
    history.create(0, 1, lane="a")
    history.code(2, 3, lane="a")
    history.retrieve(4, 5, shown="SUCCESS", lane="b")
    assert history.verdict() == (
        set(),
        {"LIFE-1": 2, "LIFE-2": 1, "LIFE-3": 1, "LIFE-5": 2, "LIFE-6": 1, "LIFE-8": 1, "RACE-3": 1},
    )


def test_an_unreadable_status_is_the_business_of_shape():
    history = History()
    history.create(0, 1)
    history.code(2, 3)
    history.retrieve(4, 5, view={"status": "DONE", "verification": None})
    history.retrieve(6, 7, view={"status": 7, "verification": purchase(1, "SUCCESS")["verification"]})
    assert history.findings() == {("LIFE-3", "vanished", "error")}


def test_statuses_of_different_purchases_are_not_compared():
    history = History()
    history.create(0, 1, 1)
    history.create(2, 3, 2)
    history.code(4, 5, 1)
    history.retrieve(6, 7, 2, "PENDING")
    history.retrieve(8, 9, 2, "ERROR")
    assert history.findings() == set()
