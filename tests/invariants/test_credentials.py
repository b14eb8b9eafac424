"""LIFE-3 and RACE-2: each lawful history beside its unlawful twin."""

from __future__ import annotations

import pytest

from tests.invariants.build import CODE, OTHER_CODE, History, error, purchase, warning


def started() -> History:
    history = History()
    history.create(0, 1)
    history.code(2, 3)
    return history


def test_the_same_credentials_in_every_view_are_lawful():
    history = started()
    history.retrieve(4, 5, shown="SUCCESS")
    history.list(6, 7, [purchase(1, "SUCCESS")])
    assert history.verdict() == (
        set(),
        {
            "LIFE-1": 3,
            "LIFE-2": 2,
            "LIFE-3": 2,
            "LIFE-5": 3,
            "LIFE-6": 2,
            "LIFE-8": 1,
            "LIST-1": 1,
            "LIST-4": 1,
            "LIST-5": 1,
        },
    )


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"code": "11111"}, "changed-code"),
        ({"password": "other"}, "changed-password"),
        ({"received_at": "2024-11-19T08:30:00.001Z"}, "changed-received_at"),
        (OTHER_CODE, "changed-code-password-received_at"),
    ],
)
@pytest.mark.parametrize("overlapping", [False, True])
def test_other_credentials_break_life_3_in_any_order(changes, cause, overlapping):
    history = started()
    history.retrieve(2.5 if overlapping else 4, 5, shown="SUCCESS", view={"verification": CODE | changes})
    assert history.findings() == {error("LIFE-3", cause)}


def test_other_credentials_in_a_list_break_list_5_as_well():
    history = started()
    history.list(4, 5, [purchase(1, "SUCCESS", verification=CODE | {"code": "*****"})])
    assert history.findings() == {error("LIFE-3", "changed-code"), error("LIST-5", "changed-code")}


@pytest.mark.parametrize(
    "written", ["2024-11-19T08:30:00Z", "2024-11-19T08:30:00.000000Z", "2024-11-19T08:30:00.000+00:00"]
)
def test_the_same_instant_written_otherwise_is_lawful(written):
    history = started()
    history.retrieve(4, 5, shown="SUCCESS", view={"verification": CODE | {"received_at": written}})
    assert history.findings() == set()


@pytest.mark.parametrize(
    ("fine", "coarse", "same"),
    [
        ("2024-11-19T08:30:00.999Z", "2024-11-19T08:30:00Z", True),  # cut
        ("2024-11-19T08:30:00.999Z", "2024-11-19T08:30:01Z", True),  # rounded
        ("2024-11-19T08:30:00.999Z", "2024-11-19T08:30:02Z", False),
        ("2024-11-19T08:30:00.999500Z", "2024-11-19T08:30:01.000Z", True),
        ("2024-11-19T08:30:00.998Z", "2024-11-19T08:30:00.999Z", False),
    ],
)
def test_fractions_are_compared_at_the_coarser_precision(fine, coarse, same):
    history = History()
    history.create(0, 1)
    history.code(2, 3, view={"verification": CODE | {"received_at": fine}})
    history.retrieve(4, 5, shown="SUCCESS", view={"verification": CODE | {"received_at": coarse}})
    assert history.findings() == (set() if same else {error("LIFE-3", "changed-received_at")})


def test_credentials_that_vanish_break_life_3():
    history = started()
    history.retrieve(4, 5, shown="SUCCESS", view={"verification": None})
    assert history.verdict() == (
        {error("LIFE-3", "vanished")},
        {"LIFE-1": 2, "LIFE-2": 1, "LIFE-3": 1, "LIFE-5": 2, "LIFE-6": 1, "LIFE-8": 1},
    )


def test_null_in_a_view_from_before_they_arrived_is_lawful():
    history = started()
    history.retrieve(2.5, 5, shown="PENDING")
    assert history.findings() == set()


def test_credentials_hidden_by_a_refund_are_a_warning():
    history = started()
    history.retrieve(4, 5, shown="REFUND")
    history.list(6, 7, [purchase(1, "REFUND")])
    assert history.findings() == {warning("LIFE-3", "vanished-with-refund"), warning("LIST-5", "vanished-with-refund")}


def test_a_password_may_follow_once():
    history = History(profile="2026-05")
    history.create(0, 1)
    history.code(2, 3, view={"verification": CODE | {"password": None}})
    history.retrieve(4, 5, shown="SUCCESS")
    history.retrieve(6, 7, shown="SUCCESS")
    assert history.findings() == set()


def test_a_password_that_followed_does_not_go_again():
    history = History(profile="2026-05")
    history.create(0, 1)
    history.code(2, 3, view={"verification": CODE | {"password": None}})
    history.retrieve(4, 5, shown="SUCCESS")
    history.retrieve(6, 7, shown="SUCCESS", view={"verification": CODE | {"password": None}})
    assert history.findings() == {error("LIFE-3", "changed-password")}


def test_a_null_password_read_while_the_password_arrived_is_lawful():
    history = History(profile="2026-05")
    history.create(0, 1)
    history.code(2, 3, view={"verification": CODE | {"password": None}})
    history.retrieve(4, 7, shown="SUCCESS")
    history.retrieve(5, 8, shown="SUCCESS", view={"verification": CODE | {"password": None}})
    assert history.findings() == set()


def test_malformed_credentials_are_the_business_of_shape():
    history = started()
    for number, odd in enumerate([{}, [], "x", {"code": 54321, "password": 1, "received_at": "noon"}, 0, False]):
        history.retrieve(4 + number, 4.5 + number, shown="SUCCESS", view={"verification": odd})
    assert history.findings() == set()


def test_codes_at_once_that_bring_one_set_are_lawful():
    history = History()
    history.create(0, 1)
    history.code(2, 5)
    history.code(3, 6)
    history.code(3, 7, status=409)
    assert history.verdict() == (
        set(),
        {"LIFE-1": 2, "LIFE-3": 1, "LIFE-5": 2, "LIFE-8": 2, "RACE-2": 2},
    )


def test_codes_at_once_that_bring_two_sets_break_race_2():
    history = History()
    history.create(0, 1)
    history.code(2, 5)
    history.code(3, 6, view={"verification": OTHER_CODE})
    assert history.verdict() == (
        {error("LIFE-3", "changed-code-password-received_at"), error("RACE-2", "two-sets-of-credentials")},
        {"LIFE-1": 2, "LIFE-3": 1, "LIFE-5": 2, "LIFE-8": 2, "RACE-2": 1},
    )


def test_a_second_set_seen_only_after_the_race_breaks_race_2():
    history = History()
    history.create(0, 1)
    history.code(2, 5)
    history.code(3, 6, status=409)
    history.retrieve(7, 8, shown="SUCCESS", view={"verification": CODE | {"code": "11111"}})
    assert history.findings() == {error("LIFE-3", "changed-code"), error("RACE-2", "two-sets-of-credentials")}
