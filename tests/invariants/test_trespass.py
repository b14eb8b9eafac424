"""AUTH-5 and AUTH-2: a purchase after the attempts of others; each lawful history beside its unlawful twin."""

from __future__ import annotations

import pytest

from tests.invariants.build import FOREIGN_ACT, History, error

WHO = [("other", "AUTH-5"), ("stranger:no key", "AUTH-2")]


def attempted(action: str, principal: str, status: int = 403) -> History:
    history = History()
    history.create(0, 1)
    aim = FOREIGN_ACT if principal == "other" else None
    getattr(history, action)(2, 3, status=status, principal=principal, aim=aim)
    return history


@pytest.mark.parametrize(("principal", "clause"), WHO)
@pytest.mark.parametrize("action", ["code", "refund"])
def test_an_attempt_without_effect(action, principal, clause):
    history = attempted(action, principal)
    history.retrieve(4, 5)
    found, exercised = history.verdict()
    assert found == set()
    assert exercised[clause] >= 1


@pytest.mark.parametrize(("principal", "clause"), WHO)
@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_attempt_that_brought_the_code(principal, clause, status):
    history = attempted("code", principal, status)
    history.retrieve(4, 5, shown="SUCCESS")
    assert history.findings() == {error(clause, "request-code-took-effect")}


@pytest.mark.parametrize(("principal", "clause"), WHO)
def test_an_attempt_whose_effect_came_late(principal, clause):
    history = attempted("code", principal)
    history.retrieve(4, 5)
    history.retrieve(30, 31, shown="SUCCESS")
    assert history.findings() == {error(clause, "request-code-took-effect")}


@pytest.mark.parametrize(("principal", "clause"), WHO)
def test_an_attempt_that_refunded(principal, clause):
    history = attempted("refund", principal)
    history.retrieve(4, 5, shown="REFUND")
    assert history.findings() == {error(clause, "refund-took-effect")}


@pytest.mark.parametrize(("principal", "clause"), WHO)
@pytest.mark.parametrize("shown", ["ERROR", "EXPIRED"])
def test_what_comes_by_itself_is_lawful(principal, clause, shown):
    history = attempted("code", principal)
    history.retrieve(4, 5, shown=shown)
    assert history.findings() == set()


@pytest.mark.parametrize(("principal", "clause"), WHO)
def test_an_administrators_refund_later_is_lawful(principal, clause):
    history = attempted("refund", principal)
    history.retrieve(4, 5)
    history.retrieve(6, 7, shown="REFUND")
    history = attempted("refund", principal)
    history.create(4, 5, 2)
    history.retrieve(6, 7, shown="REFUND")
    assert history.findings() == set()


@pytest.mark.parametrize(("principal", "clause"), WHO)
def test_the_owners_own_request_explains_the_code(principal, clause):
    history = attempted("code", principal)
    history.code(4, 5, shown="PENDING")
    history.retrieve(6, 7, shown="SUCCESS")
    assert history.findings() == set()


@pytest.mark.parametrize(("principal", "clause"), WHO)
@pytest.mark.parametrize("status", [200, None])
def test_the_owners_own_request_that_was_under_way_explains_the_code(principal, clause, status):
    history = attempted("code", principal)
    history.code(1.5, 9, status=status)
    history.retrieve(4, 5, shown="SUCCESS")
    assert history.findings() == set()


@pytest.mark.parametrize(("principal", "clause"), WHO)
def test_the_owners_own_request_sent_afterwards_explains_nothing(principal, clause):
    history = attempted("code", principal)
    history.retrieve(4, 5, shown="SUCCESS")
    history.code(6, 7, status=409)
    assert history.findings() == {error(clause, "request-code-took-effect")}


def test_a_code_that_was_there_before_is_lawful():
    history = History()
    history.create(0, 1)
    history.retrieve(1.2, 1.4, shown="SUCCESS")
    history.code(2, 3, status=403, principal="other", aim=FOREIGN_ACT)
    history.retrieve(4, 5, shown="SUCCESS")
    assert history.findings() == set()


def test_the_attempt_since_the_last_look_is_blamed():
    history = attempted("code", "other")
    history.retrieve(4, 5)
    history.code(6, 7, status=401, principal="stranger:no key")
    history.retrieve(8, 9, shown="SUCCESS")
    assert history.findings() == {error("AUTH-2", "request-code-took-effect")}
