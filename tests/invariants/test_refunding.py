"""LIFE-10: each lawful answer to refund beside its unlawful twins."""

from __future__ import annotations

import pytest

from tests.invariants.build import CODE, History, error, purchase, warning

OLD = 1300.0


def bought(**call: object) -> History:
    history = History()
    history.create(0, 1, **call)
    return history


def served() -> History:
    """Return a history of which another purchase shows that the target has the operation."""
    history = bought()
    history.create(0, 1, 9)
    history.refund(1.1, 1.2, 9, status=422)
    return history


def test_a_refund_that_is_due():
    history = bought()
    history.refund(OLD, OLD + 1)
    history.retrieve(OLD + 2, OLD + 3, shown="REFUND")
    assert history.verdict() == (set(), {"LIFE-1": 2, "LIFE-2": 1, "LIFE-5": 2, "LIFE-6": 1, "LIFE-10": 1})


@pytest.mark.parametrize("seconds", [2, 600, 1190, 1192])
def test_a_refund_too_early_is_refused(seconds):
    history = bought()
    history.refund(seconds, seconds + 1, status=422)
    history.retrieve(seconds + 2, seconds + 3)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1, "LIFE-6": 1, "LIFE-10": 1})


@pytest.mark.parametrize("seconds", [2, 600, 1190, 1192])
def test_a_refund_too_early_is_granted(seconds):
    history = bought()
    history.refund(seconds, seconds + 1)
    assert history.findings() == {error("LIFE-10", "granted-too-young")}


@pytest.mark.parametrize("seconds", [1193, 1194, 1199, 1202, 1206])
@pytest.mark.parametrize("status", [200, 409, 500])
def test_an_age_near_the_limit_is_not_judged(seconds, status):
    history = served()
    history.refund(seconds, seconds + 1, status=status)
    if status != 200:
        history.retrieve(seconds + 2, seconds + 3)
    assert history.findings() == set()


def test_the_age_is_told_by_the_servers_clock():
    history = bought()
    history.shift = 1300
    history.refund(2, 3)
    found, exercised = history.verdict()
    assert found == set()
    assert exercised["LIFE-10"] == 1


@pytest.mark.parametrize(("shift", "found"), [(0, {error("LIFE-10", "granted-too-young")}), (1300, set())])
def test_the_age_is_told_by_the_answer_where_the_server_has_no_date(shift, found):
    history = bought(dated=False)
    history.shift = shift
    history.refund(600, 601, dated=False)
    assert history.findings() == found


def test_the_age_is_told_by_our_clock_where_the_server_tells_nothing():
    history = bought(dated=False)
    history.create(1.02, 1.04, 9)
    history.refund(1.1, 1.2, 9, status=422, dated=False)
    history.refund(OLD, OLD + 1, status=409, dated=False)
    history.retrieve(OLD + 2, OLD + 3)
    assert history.verdict() == (
        {error("LIFE-10", "due-refund-refused-409")},
        {"LIFE-1": 1, "LIFE-5": 1, "LIFE-6": 1, "LIFE-7": 1, "LIFE-10": 2},
    )


def test_the_age_of_a_purchase_found_is_told_within_the_skew_of_clocks():
    for seconds, found in [(500, {error("LIFE-10", "granted-too-young")}), (1000, set()), (2000, set())]:
        history = History()
        history.list(seconds, seconds + 1, [1])
        history.refund(seconds + 2, seconds + 3)
        assert history.findings() == found


def test_the_limit_can_be_configured():
    history = bought()
    history.refund(100, 101)
    assert history.findings(**{"LIFE-10": {"refund_age_s": 60}}) == set()


@pytest.mark.parametrize(
    ("state", "reason"),
    [("SUCCESS", "in-success"), ("ERROR", "in-error"), ("EXPIRED", "in-expired"), ("REFUND", "already-refunded")],
)
def test_a_refund_after_the_end(state, reason):
    for status, found in [(200, {error("LIFE-10", f"granted-{reason}")}), (409, set()), (404, set())]:
        history = served()
        history.retrieve(2, 3, shown=state)
        history.refund(OLD, OLD + 1, status=status, view={"verification": CODE if state == "SUCCESS" else None})
        found_now, exercised = history.verdict()
        assert found_now == found
        assert exercised["LIFE-10"] == 2


@pytest.mark.parametrize("status", [500, 501])
def test_a_refund_that_must_be_refused_is_answered_with_a_crash(status):
    history = served()
    history.refund(2, 3, status=status)
    assert history.findings() == {error("LIFE-10", f"refund-answered-{status}")}


@pytest.mark.parametrize("status", [429, 502, 503, 504, None])
def test_trouble_on_the_way_is_not_judged(status):
    history = served()
    history.refund(2, 3, status=status)
    history.refund(OLD, OLD + 1, status=status)
    history.retrieve(OLD + 2, OLD + 3)
    assert history.findings() == set()


def test_a_refund_overlapping_the_end_is_not_judged_by_it():
    history = bought()
    history.retrieve(OLD, OLD + 2, shown="ERROR")
    history.refund(OLD + 1, OLD + 3, status=409)
    assert history.findings() == set()


@pytest.mark.parametrize(
    ("amount", "found"), [("1.5", set()), ("0.75", {error("LIFE-10", "refund-of-another-amount")})]
)
def test_a_refund_credits_the_full_price(amount, found):
    history = bought()
    history.refund(OLD, OLD + 1, amount=amount)
    assert history.findings() == found


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_a_due_refund_that_is_refused(status):
    history = served()
    history.refund(OLD, OLD + 1, status=status)
    history.retrieve(OLD + 2, OLD + 3)
    assert history.findings() == {error("LIFE-10", f"due-refund-refused-{status}")}


@pytest.mark.parametrize("state", ["REFUND", "ERROR", "SUCCESS"])
def test_a_due_refund_that_is_refused_as_the_purchase_moved_is_lawful(state):
    history = served()
    history.refund(OLD, OLD + 1, status=409)
    history.retrieve(OLD + 2, OLD + 3, shown=state)
    assert history.findings() == set()


def test_a_due_refund_refused_while_a_code_is_requested_is_lawful():
    history = served()
    history.refund(OLD, OLD + 2, status=409)
    history.code(OLD + 1, OLD + 3, shown="PENDING")
    history.retrieve(OLD + 4, OLD + 5)
    assert history.findings() == set()


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_refund_where_the_operation_is_lacking(status):
    history = bought()
    history.refund(2, 3, status=status)
    history.refund(OLD, OLD + 1, status=status)
    history.retrieve(OLD + 2, OLD + 3)
    assert history.verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1, "LIFE-6": 1})


def test_the_published_sample_answers_a_refund_with_success():
    history = bought()
    history.refund(OLD, OLD + 1, shown="SUCCESS", view={"verification": None})
    history.retrieve(OLD + 2, OLD + 3, shown="REFUND")
    assert history.findings() == {warning("LIFE-10", "refund-answer-shows-another-status")}


def test_a_refund_that_was_granted_and_does_not_show():
    history = bought()
    history.refund(OLD, OLD + 1, shown="PENDING")
    history.retrieve(OLD + 2, OLD + 3, shown="PENDING")
    assert history.findings() == {
        warning("LIFE-10", "refund-answer-shows-another-status"),
        error("LIFE-10", "refund-not-visible"),
        error("LIFE-6", "refund-not-visible"),
    }


def test_a_refused_refund_that_took_effect():
    history = served()
    history.refund(2, 3, status=422)
    history.retrieve(4, 5, shown="REFUND")
    assert history.findings() == {error("LIFE-10", "refused-refund-took-effect")}


def test_an_administrators_refund_later_is_lawful():
    history = served()
    history.refund(2, 3, status=422)
    history.retrieve(4, 5)
    history.retrieve(6, 7, shown="REFUND")
    assert history.findings() == set()


def test_an_administrators_refund_while_other_things_were_done_is_lawful():
    history = served()
    history.refund(2, 3, status=422)
    history.create(4, 5, 8)
    history.retrieve(6, 7, shown="REFUND")
    assert history.findings() == set()


def test_an_error_that_the_shop_refunds_by_itself_is_lawful():
    history = served()
    history.retrieve(1.5, 1.6, shown="ERROR")
    history.refund(2, 3, status=422)
    history.retrieve(4, 5, shown="REFUND")
    assert history.findings() == set()


def test_two_refunds_at_once_of_which_one_is_granted():
    history = bought()
    history.refund(OLD, OLD + 2)
    history.refund(OLD + 1, OLD + 3, status=409)
    history.retrieve(OLD + 4, OLD + 5, shown="REFUND")
    assert history.findings() == set()


def test_two_refunds_at_once_that_are_both_granted():
    history = bought()
    history.refund(OLD, OLD + 2)
    history.refund(OLD + 1, OLD + 3)
    assert history.findings() == {error("LIFE-10", "granted-already-refunded")}


@pytest.mark.parametrize("code_first", [True, False])
def test_code_and_money_at_once(code_first):
    history = bought()
    history.code(OLD, OLD + (3 if code_first else 5))
    history.refund(OLD + 1, OLD + 4)
    assert history.findings() == {error("LIFE-10", "code-and-money")}


def test_code_or_money_at_once():
    history = bought()
    history.code(OLD, OLD + 5, status=409)
    history.refund(OLD + 1, OLD + 4)
    history.retrieve(OLD + 6, OLD + 7, shown="REFUND")
    assert history.findings() == set()


def test_a_refund_of_an_odd_form_may_be_refused():
    history = served()
    history.refund(OLD, OLD + 1, status=422, body=b'{"reason": "late"}')
    history.retrieve(OLD + 2, OLD + 3)
    assert history.findings() == set()


def test_unreadable_amounts_are_the_business_of_shape():
    history = bought()
    history.refund(OLD, OLD + 1, amount="all")
    assert history.findings() == set()
    assert purchase(1)["price"]["amount"] == "1.50"
