"""AUTH-4 to AUTH-6: what others are told of a purchase; each lawful history beside its unlawful twin."""

from __future__ import annotations

import base64

import pytest

from contracts.history import Answer
from contracts.invariants.leaks import find_leak
from contracts.invariants.values import Credentials
from tests.invariants.build import (
    CODE,
    FOREIGN_ACT,
    FOREIGN_READ,
    UNKNOWN_ID,
    History,
    error,
    purchase,
    warning,
)


def coded() -> History:
    history = History()
    history.create(0, 1)
    history.code(2, 3)
    return history


OWNED = {"LIFE-1": 1, "LIFE-5": 1, "LIFE-8": 1}


@pytest.mark.parametrize("status", [403, 404])
def test_another_owner_is_denied(status):
    history = coded()
    history.retrieve(4, 5, status=403, principal="other", aim=FOREIGN_READ)
    assert history.verdict() == (set(), OWNED | {"AUTH-4": 1})


def test_another_owner_is_shown_a_masked_purchase():
    history = coded()
    history.retrieve(4, 5, shown="SUCCESS", view={"verification": None}, principal="other")
    assert history.verdict() == (set(), OWNED | {"AUTH-4": 1})


@pytest.mark.parametrize("value", [CODE, {}, "hidden", {"code": None}])
def test_another_owner_is_shown_credentials(value):
    history = coded()
    history.retrieve(4, 5, shown="SUCCESS", view={"verification": value}, principal="other")
    assert history.findings() == {error("AUTH-4", "verification-shown")}


@pytest.mark.parametrize("status", [400, 401, 410, 422])
def test_another_owner_is_denied_in_an_odd_way(status):
    history = coded()
    history.retrieve(4, 5, status=status, principal="other")
    assert history.findings() == {warning("AUTH-4", f"foreign-read-refused-{status}")}


def test_another_owners_read_crashes():
    history = coded()
    history.retrieve(4, 5, status=500, principal="other")
    assert history.findings() == {error("AUTH-4", "foreign-read-answered-500")}


@pytest.mark.parametrize("status", [405, 429, 501, 502, 503, 504, None])
def test_trouble_on_the_way_is_not_judged(status):
    history = coded()
    history.retrieve(4, 5, status=status, principal="other")
    assert history.verdict() == (set(), OWNED)


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "code 54321 was given out"},
        {"purchase": {"extra": [{"deep": "54321"}]}},
        {"hint": "pw=secret-7;"},
        {"secret-7": 1},
        b"<html>secret-7</html>",
        {"last_code": 54321},
    ],
)
@pytest.mark.parametrize("known_first", [True, False])
def test_credentials_anywhere_in_an_answer(answer, known_first):
    history = History()
    history.create(0, 1)
    if known_first:
        history.code(2, 3)
    history.call(history.operations[0].api_operation.RETRIEVE, 4, 5, answer, number=1, status=403, principal="other")
    if not known_first:
        history.code(6, 7)
    assert history.findings() == {error("AUTH-4", "leak-in-retrieve")}


def test_credentials_in_a_header_and_in_the_answer_to_an_action():
    history = coded()
    history.code(4, 5, status=403, principal="other", aim=FOREIGN_ACT, headers=[("x-debug", "secret-7")])
    assert history.findings() == {error("AUTH-4", "leak-in-request-code")}


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "no"},
        {"code": 404, "id": 54321},
        {"at": "2024-11-19T05:43:21.54321Z", "trace": "a-54321-b", "n": "1.54321", "amount": "54321.00"},
        {"message": "id 1543210"},
    ],
)
def test_numbers_that_look_like_a_code_by_chance(answer):
    history = coded()
    history.call(
        history.operations[0].api_operation.RETRIEVE,
        4,
        5,
        answer,
        number=1,
        status=404,
        principal="other",
        headers=[("content-length", "54321"), ("etag", '"x54321"')],
    )
    assert history.findings() == set()


def test_the_id_of_the_purchase_is_no_leak():
    history = History()
    history.create(0, 1, 54321, view={"phone_number": None})
    history.code(2, 3, 54321, view={"phone_number": None})
    history.call(
        history.operations[0].api_operation.RETRIEVE,
        4,
        5,
        {"message": "purchase 54321 is not yours"},
        number=54321,
        status=403,
        principal="other",
    )
    assert history.findings() == set()


@pytest.mark.parametrize(
    ("text", "leak"),
    [
        (b"hunter22", "password in the body"),
        (base64.b64encode(b"hunter22"), "password, encoded, in the body"),
        (b'{"token": "' + base64.urlsafe_b64encode(b"otp:AB12").rstrip(b"=") + b'"}', "code, encoded, in the body"),
        (base64.b64encode(b"otp:AB123"), None),
        (base64.b64encode(b"\x00\xffAB12\x07"), None),
        (b'"see /login?next=%2Fcode%3DAB12"', "code, encoded, in the body"),
        (b'"x hunter22 y"', "password in the body"),
        (b'"hunter\\u00322"', "password in the body"),
        (b'"AB12"', "code in the body"),
        (b'"AB123"', None),
        (b'"xhunter22y"', "password in the body"),
        (b'"2024-11-19T08:30:00ZAB12"', "code in the body"),
        (b'{"code": true}', None),
        (b"[" * 60 + b'"hunter22"' + b"]" * 60, None),
    ],
)
def test_where_a_leak_is_looked_for(text, leak):
    known = Credentials("AB12", "hunter22", passwordless=False, received_at=None)
    assert find_leak(Answer(403, (), text), known, frozenset()) == leak


@pytest.mark.parametrize(
    ("header", "leak"),
    [("54321", "code in the header x-note"), ("code 54321", None)],
)
def test_a_short_code_in_a_header_must_be_the_whole_of_it(header, leak):
    known = Credentials("54321", None, passwordless=False, received_at=None)
    assert find_leak(Answer(403, (("x-note", header),), b"{}"), known, frozenset()) == leak


def test_a_code_of_six_characters_may_stand_among_other_words_of_a_header():
    known = Credentials("543210", None, passwordless=False, received_at=None)
    answer = Answer(403, (("x-note", "code 543210"),), b"{}")
    assert find_leak(answer, known, frozenset()) == "code in the header x-note"


def test_short_values_say_nothing():
    known = Credentials("404", "abc", passwordless=False, received_at=None)
    assert find_leak(Answer(404, (), b'{"code": "404", "password": "abc"}'), known, frozenset()) is None


def test_ids_told_apart_are_a_warning():
    history = coded()
    history.retrieve(4, 5, status=403, principal="other")
    history.retrieve(6, 7, 999, status=404, aim=UNKNOWN_ID)
    assert history.findings() == {warning("AUTH-4", "foreign-ids-told-apart")}


@pytest.mark.parametrize("foreign", [404, 200])
def test_ids_not_told_apart(foreign):
    history = coded()
    history.retrieve(4, 5, status=foreign, principal="other", view={"verification": None})
    history.retrieve(6, 7, 999, status=404, aim=UNKNOWN_ID)
    assert history.findings() == set()


def test_ids_answered_now_one_way_now_another_tell_nothing():
    history = coded()
    history.retrieve(4, 5, status=403, principal="other")
    history.retrieve(6, 7, status=404, principal="other")
    history.retrieve(8, 9, 999, status=404, aim=UNKNOWN_ID)
    assert history.findings() == set()


@pytest.mark.parametrize("action", ["code", "refund"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_another_owner_cannot_act(action, status):
    history = coded()
    history.refund(3.1, 3.2, status=409)
    getattr(history, action)(4, 5, status=status, principal="other", aim=FOREIGN_ACT)
    found, exercised = history.verdict()
    assert found == set()
    assert exercised["AUTH-5"] == 1


@pytest.mark.parametrize(("action", "name"), [("code", "request-code"), ("refund", "refund")])
def test_another_owner_acts(action, name):
    history = History()
    history.create(0, 1)
    getattr(history, action)(4, 5, principal="other", aim=FOREIGN_ACT, view={"verification": None})
    found, exercised = history.verdict()
    assert found == {error("AUTH-5", f"foreign-{name}-served")}
    assert exercised == {"AUTH-5": 1}


def test_an_attempt_where_the_operation_is_lacking_tests_nothing():
    history = History()
    history.create(0, 1)
    history.refund(4, 5, status=404, principal="other", aim=FOREIGN_ACT)
    assert history.verdict() == (set(), {})


def test_a_list_of_ones_own():
    history = coded()
    history.create(4, 5, 2, principal="other")
    history.list(6, 7, [2], principal="other")
    found, exercised = history.verdict()
    assert found == set()
    assert exercised["AUTH-6"] == 1


def test_a_list_that_shows_anothers_purchase():
    history = coded()
    history.list(4, 5, [purchase(1, "SUCCESS")], principal="other")
    found, exercised = history.verdict()
    assert found == {error("AUTH-6", "lists-anothers-purchase")}
    assert exercised["AUTH-6"] == 1


def test_two_lists_that_show_one_purchase():
    history = History()
    history.list(0, 1, [1])
    history.list(2, 3, [1], principal="other")
    assert history.findings() == {error("AUTH-6", "lists-anothers-purchase")}


def test_a_list_that_shows_anothers_purchase_before_its_create_returned():
    history = History()
    history.create(0, 5)
    history.list(2, 3, [1], principal="other")
    assert history.findings() == {error("AUTH-6", "lists-anothers-purchase")}


def test_a_masked_read_does_not_make_a_purchase_ones_own():
    history = History()
    history.retrieve(0, 1, view={"verification": None, "phone_number": None}, principal="other")
    history.list(2, 3, [purchase(1, "SUCCESS")])
    history.retrieve(4, 5, shown="SUCCESS")
    history.retrieve(6, 7, shown="SUCCESS", view={"verification": None}, principal="other")
    assert history.findings() == set()
