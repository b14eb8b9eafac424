"""LIFE-4, LIFE-8 and LIFE-9: each lawful answer to request-code beside its unlawful twins."""

from __future__ import annotations

import pytest

from tests.invariants.build import CODE, FOREIGN_ACT, OTHER_CODE, History, error, purchase, warning


def bought(**view: object) -> History:
    history = History()
    history.create(0, 1, view=view)
    return history


def coded() -> History:
    history = bought()
    history.code(2, 3)
    return history


def ended(status: str) -> History:
    history = bought()
    history.retrieve(2, 3, shown=status)
    # Another purchase shows that the target has the operation.
    history.create(2, 3, 9)
    history.code(3.1, 3.2, 9)
    return history


@pytest.mark.parametrize("status", [409, 400])
def test_a_repeat_is_a_conflict(status):
    history = coded()
    history.code(4, 5, status=status)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-4": 1, "LIFE-5": 1, "LIFE-8": 1})


@pytest.mark.parametrize("status", [401, 403, 404, 405, 422, 423, 500, 501])
def test_a_repeat_refused_otherwise(status):
    history = coded()
    history.code(4, 5, status=status)
    cause = f"{'request-code' if status >= 500 else 'repeat'}-answered-{status}"
    assert history.verdict() == ({error("LIFE-4", cause)}, {"LIFE-1": 1, "LIFE-4": 1, "LIFE-5": 1, "LIFE-8": 1})


@pytest.mark.parametrize("status", [429, 408, 502, 503, 504, None])
def test_trouble_on_the_way_of_a_repeat_is_not_judged(status):
    history = coded()
    history.code(4, 5, status=status)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1, "LIFE-8": 1})


def test_a_repeat_served_with_the_same_credentials_is_a_warning():
    history = coded()
    history.code(4, 5)
    assert history.findings() == {warning("LIFE-4", "repeat-served")}


def test_a_repeat_with_new_credentials():
    history = coded()
    history.code(4, 5, view={"verification": OTHER_CODE})
    assert history.findings() == {
        error("LIFE-4", "repeat-brings-new-credentials"),
        error("LIFE-3", "changed-code-password-received_at"),
    }


def test_a_repeat_served_without_credentials():
    history = coded()
    history.code(4, 5, view={"verification": None})
    assert history.findings() == {error("LIFE-4", "repeat-without-credentials"), error("LIFE-3", "vanished")}


def test_a_repeat_under_way_before_the_credentials_arrived_may_be_served():
    history = bought()
    history.code(2, 4)
    history.code(3, 5)
    assert history.findings() == set()


def test_a_repeat_where_the_operation_is_lacking():
    history = History()
    history.list(0, 1, [purchase(1, "SUCCESS")])
    history.code(2, 3, status=404)
    history.code(4, 5, status=405)
    assert history.findings() == set()


@pytest.mark.parametrize(
    ("shown", "progress"),
    [
        ("SUCCESS", {}),
        ("ERROR", {}),
        ("PENDING", {}),
        ("PENDING", {"status": "failed", "retry_after": 10, "attempt": 18}),
        ("PENDING", {"status": "failed", "next_attempt_at": "2024-11-19T07:51:10.000Z", "attempt": 18}),
        ("PENDING", {"status": "failed", "attempt": 2, "max_attempts": 18}),
        ("PENDING", {"status": 7}),
        ("SUCCESS", {"status": "pending"}),
    ],
)
def test_lawful_ends_of_a_request(shown, progress):
    history = bought()
    history.code(2, 3, shown=shown, progress=progress)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1, "LIFE-8": 1})


@pytest.mark.parametrize("shown", ["REFUND", "EXPIRED"])
def test_an_administrator_who_came_first_is_lawful_and_no_exercise(shown):
    history = bought()
    history.code(2, 3, shown=shown)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1})


@pytest.mark.parametrize(
    ("shown", "view", "progress", "found"),
    [
        ("SUCCESS", {"verification": None}, {}, error("LIFE-8", "success-without-credentials")),
        ("PENDING", {}, {"status": "success"}, error("LIFE-8", "pending-but-success")),
        ("PENDING", {}, {"status": "not_requested"}, error("LIFE-8", "pending-but-not_requested")),
        ("PENDING", {}, {"status": "failed", "attempt": 18}, error("LIFE-8", "pending-but-failed")),
        ("SUCCESS", {}, {"status": "failed"}, warning("LIFE-8", "success-with-failed-request")),
        ("SUCCESS", {}, {"status": "not_requested"}, warning("LIFE-8", "success-with-failed-request")),
    ],
)
def test_unlawful_ends_of_a_request(shown, view, progress, found):
    history = bought()
    history.code(2, 3, shown=shown, view=view, progress=progress)
    assert history.findings() == {found}


@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 409, 410, 422])
def test_a_first_request_refused_though_the_purchase_stays_pending(status):
    history = bought()
    history.create(0, 1, 9)
    history.code(1.1, 1.2, 9)
    history.code(2, 3, status=status)
    history.retrieve(4, 5)
    assert history.findings() == {error("LIFE-8", f"first-request-refused-{status}")}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_first_request_where_the_operation_is_lacking(status):
    history = bought()
    history.code(2, 3, status=status)
    history.retrieve(4, 5)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1, "LIFE-6": 1})


@pytest.mark.parametrize("status", [401, 407, 421, 425, 429, 502, 503, 504, 511, None])
def test_a_first_request_put_off_is_not_judged(status):
    history = bought()
    history.create(0, 1, 9)
    history.code(1.1, 1.2, 9)
    history.code(2, 3, status=status)
    history.retrieve(4, 5)
    assert history.findings() == set()


@pytest.mark.parametrize("shown", ["SUCCESS", "ERROR", "REFUND"])
def test_a_first_request_refused_as_the_purchase_moved_is_lawful(shown):
    history = bought()
    history.create(0, 1, 9)
    history.code(1.1, 1.2, 9)
    history.code(2, 3, status=409)
    history.retrieve(4, 5, shown=shown)
    assert history.findings() == set()


@pytest.mark.parametrize("other", ["code", "refund"])
def test_a_request_refused_while_another_one_is_under_way_is_lawful(other):
    history = bought()
    history.create(0, 1, 9)
    history.code(1.1, 1.2, 9)
    history.code(2, 3, status=409)
    getattr(history, other)(2.5, 9, status=None)
    history.retrieve(4, 5)
    assert history.findings() == set()


def test_a_second_request_refused_while_the_first_is_pending_is_lawful():
    history = bought()
    history.code(2, 3, shown="PENDING")
    history.code(4, 5, status=409)
    history.retrieve(6, 7)
    assert history.findings() == set()


def test_a_request_after_one_that_was_never_answered_is_not_judged():
    history = bought()
    history.code(2, 3, status=None)
    history.code(4, 5, status=409)
    history.retrieve(6, 7)
    assert history.findings() == set()


def test_a_foreign_attempt_before_changes_nothing():
    history = bought()
    history.code(2, 3, status=404, principal="other", aim=FOREIGN_ACT)
    history.code(4, 5, status=409)
    history.retrieve(6, 7)
    assert history.findings() == {error("LIFE-8", "first-request-refused-409")}


def test_a_request_answered_with_500():
    history = bought()
    history.code(2, 3, status=500)
    assert history.findings() == {error("LIFE-8", "request-code-answered-500")}


@pytest.mark.parametrize(("shown", "clause"), [("SUCCESS", "LIFE-4"), ("ERROR", "LIFE-9"), ("PENDING", "LIFE-8")])
def test_one_of_two_requests_at_once_answered_with_500(shown, clause):
    history = bought()
    history.code(2, 4, shown=shown)
    history.code(3, 5, status=500)
    assert history.findings() == {error(clause, "request-code-answered-500")}


@pytest.mark.parametrize(("shown", "clause"), [("SUCCESS", "LIFE-4"), ("ERROR", "LIFE-9"), ("PENDING", "LIFE-8")])
def test_the_500_of_two_requests_at_once_is_judged_alike_when_it_arrives_first(shown, clause):
    history = bought()
    history.code(2, 4, status=500)
    history.code(3, 5, shown=shown)
    history.retrieve(6, 7, shown=shown)
    assert history.findings() == {error(clause, "request-code-answered-500")}


@pytest.mark.parametrize("arrived", [4, 6])
def test_the_conflicts_of_requests_at_once_are_lawful_whenever_they_arrive(arrived):
    history = bought()
    history.code(2, 5)
    history.code(3, arrived, status=409)
    history.code(3, arrived, status=400)
    history.retrieve(7, 8, shown="SUCCESS")
    assert history.findings() == set()


def test_a_500_is_no_repeat_of_a_request_sent_after_it():
    history = bought()
    history.code(2, 3, status=500)
    history.code(4, 5)
    assert history.findings() == {error("LIFE-8", "request-code-answered-500")}


def test_requests_at_once_that_all_break_are_first_ones():
    history = bought()
    history.code(2, 4, status=500)
    history.code(3, 5, status=500)
    assert history.findings() == {error("LIFE-8", "request-code-answered-500")}


def test_an_odd_body_may_be_refused():
    history = bought()
    history.create(0, 1, 9)
    history.code(1.1, 1.2, 9)
    history.code(2, 3, status=422, body=b'{"callback_url": 7}')
    history.retrieve(4, 5)
    assert history.findings() == set()


@pytest.mark.parametrize("ending", ["ERROR", "REFUND", "EXPIRED"])
@pytest.mark.parametrize("status", [400, 404, 409, 410, 422])
def test_after_the_end_a_request_is_refused(ending, status):
    history = ended(ending)
    history.code(4, 5, status=status)
    history.retrieve(6, 7, shown=ending)
    found, exercised = history.verdict()
    assert found == set()
    assert exercised["LIFE-9"] == 1


@pytest.mark.parametrize("ending", ["ERROR", "REFUND", "EXPIRED"])
@pytest.mark.parametrize("status", [200, 500, 501])
def test_after_the_end_a_request_is_not_served(ending, status):
    history = ended(ending)
    history.code(4, 5, shown=ending, status=status)
    cause = "served-after-the-end" if status == 200 else f"request-code-answered-{status}"
    found, exercised = history.verdict()
    assert found == {error("LIFE-9", cause)}
    assert exercised["LIFE-9"] == 1


@pytest.mark.parametrize("ending", ["ERROR", "REFUND"])
def test_a_refused_request_after_the_end_that_brings_credentials(ending):
    history = ended(ending)
    history.code(4, 5, status=409)
    history.retrieve(6, 7, shown=ending, view={"verification": CODE})
    assert history.findings() == {error("LIFE-9", "credentials-after-the-end")}


def test_a_request_that_overlaps_the_end_may_be_served():
    history = bought()
    history.retrieve(2, 4, shown="ERROR")
    history.code(3, 5, shown="ERROR")
    assert history.findings() == set()


def test_after_the_end_where_the_operation_is_lacking():
    history = bought()
    history.retrieve(2, 3, shown="ERROR")
    history.code(4, 5, status=404)
    history.code(6, 7, status=501)
    found, exercised = history.verdict()
    assert found == set()
    assert "LIFE-9" not in exercised


def test_refund_after_success_is_the_end_and_not_a_conflict():
    history = coded()
    history.retrieve(4, 5, shown="REFUND", view={"verification": CODE})
    history.code(6, 7, shown="REFUND", view={"verification": CODE})
    assert history.findings() == {error("LIFE-9", "served-after-the-end")}
