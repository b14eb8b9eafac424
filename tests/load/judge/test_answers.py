"""One answer by itself: what breaks a clause is named as in the gate, what is lawful is not looked at twice."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.history import OTHER, ApiOperation
from load.call import MALFORMED, TOO_LARGE, Call, Reply
from load.journeys.steps import create, list_page, profile, request_code, retrieve
from tests.load.judge.scene import CODE, KEY, REFUSAL, Scene, purchase, reply, stamp

TOLD = {"current_page": 1, "total_pages": 1, "has_next": False}
JSON_HEADERS = (("content-type", "application/json"),)


def shown(**changes: object) -> Scene:
    scene = Scene()
    scene.create(0, 1)
    scene.retrieve(2, 3, view=changes)
    return scene


def raw(body: bytes, **more: object) -> Scene:
    scene = Scene()
    scene.see(retrieve(1), body, 2, 3, **more)
    return scene


TEXT = json.dumps(purchase(1)).encode()

SHAPES = [
    ("SHAPE-3", {"id": 1.0}),
    ("SHAPE-3", {"id": 2**53}),
    ("SHAPE-4", {"country_code": "US\n"}),
    ("SHAPE-5", {"display_name": {"ru": "США", "en": " "}}),
    ("SHAPE-6", {"phone_number": "+1202555000١"}),
    ("SHAPE-6", {"phone_number": "+12025550001\n"}),
    ("SHAPE-7", {"price": {"amount": "1.500", "currency_code": "USD"}}),
    ("SHAPE-7", {"price": {"amount": "1.50", "currency_code": "ZZZ"}}),
    ("SHAPE-8", {"status": "DONE"}),
    ("SHAPE-9", {"purchase_type": "GIFT"}),
    ("SHAPE-10", {"status": "SUCCESS", "verification": CODE | {"code": ""}}),
    ("SHAPE-11", {"created_at": "2026-02-30T12:00:00.000Z"}),
    ("SHAPE-11", {"created_at": "2026-01-05T12:00:01.00Z"}),
    ("SHAPE-11", {"created_at": "2026-01-05T12:00:01.000+01:00"}),
    ("SHAPE-11", {"status": "SUCCESS", "verification": CODE | {"received_at": "2026-02-30T12:00:00.000Z"}}),
    ("VALUE-2", {"phone_number": "+4930123456"}),
    ("VALUE-3", {"verification": CODE}),
    ("VALUE-3", {"status": "SUCCESS", "verification": None}),
    ("VALUE-4", {"status": "SUCCESS", "verification": CODE | {"received_at": "2026-01-05T11:59:59.000Z"}}),
]


@pytest.mark.parametrize(("clause", "changes"), SHAPES)
def test_a_value_that_breaks_a_clause_is_found_under_it(clause, changes):
    assert clause in shown(**changes).broken()


@pytest.mark.parametrize(
    "changes",
    [
        {"created_at": "2026-01-05T12:00:01Z"},
        {"created_at": "2026-01-05T12:00:01.000000+00:00"},
        {"status": "SUCCESS", "verification": CODE | {"password": 'with ": in it, and a \\ too'}},
        {"status": "SUCCESS", "verification": CODE | {"received_at": "2026-01-05T12:00:01Z"}},
        {"display_name": {"ru": "США : штаты", "en": 'The "States":'}},
        {"price": {"amount": "2", "currency_code": "EUR"}},
    ],
)
def test_what_is_odd_and_lawful_is_not(changes):
    scene = Scene()
    scene.create(0, 1, view={key: value for key, value in changes.items() if key not in {"status", "verification"}})
    scene.retrieve(2, 3, view=changes)
    assert scene.findings() == set()


BODIES = [
    ("SHAPE-2", TEXT.replace(b'"id": 1', b'"id": 1, "id": 1')),
    ("SHAPE-2", TEXT.replace(b'"id": 1', b'"id" : 7, "id": 1')),
    ("SHAPE-2", TEXT.replace(b'"ru"', b'"en": "twice", "ru"')),
    ("SHAPE-2", TEXT[:-1]),
    ("SHAPE-2", b"\xef\xbb\xbf" + TEXT),
    ("SHAPE-2", TEXT.replace(b"United", b"\xff\xfe")),
    ("SHAPE-2", b"[" + TEXT + b"]"),
    ("SHAPE-2", b""),
    ("SHAPE-3", TEXT.replace(b'"id": 1', b'"id": "1"')),
    ("AUTH-3", TEXT.replace(b"United States", KEY.encode())),
]


@pytest.mark.parametrize(("clause", "body"), BODIES)
def test_a_body_that_breaks_a_clause_is_found_under_it(clause, body):
    assert clause in raw(body).broken()


def test_not_a_number_is_not_json():
    assert raw(TEXT.replace(b'"id": 1', b'"id": NaN')).broken() == {"SHAPE-2"}


@pytest.mark.parametrize("body", [TEXT, TEXT.replace(b": ", b" : "), TEXT.replace(b": ", b":\n\t")])
def test_white_space_between_key_and_colon_is_lawful(body):
    assert raw(body).findings() == set()


HEADS = [
    ("SHAPE-1", (("content-type", "text/html"),)),
    ("SHAPE-1", ()),
    ("SHAPE-1", (("content-type", "application/json; charset=latin-1"),)),
    ("AUTH-3", (*JSON_HEADERS, ("x-debug", f"key={KEY}"))),
]


@pytest.mark.parametrize(("clause", "headers"), HEADS)
def test_a_head_that_breaks_a_clause_is_found_under_it(clause, headers):
    assert raw(TEXT, headers=headers).broken() == {clause}


@pytest.mark.parametrize("label", ["application/json;charset=UTF-8", 'application/json; charset="utf-8"'])
def test_a_label_written_otherwise_is_lawful(label):
    assert raw(TEXT, headers=(("content-type", label),)).findings() == set()


CREATES = [
    ("VALUE-1", {"country_code": "CA"}, "error"),
    ("VALUE-5", {"created_at": stamp(-400)}, "error"),
    ("VALUE-7", {"status": "ERROR"}, "error"),
    ("VALUE-7", {"status": "SUCCESS", "verification": CODE}, "warning"),
    ("VALUE-8", {"purchase_type": "BULK"}, "warning"),
    ("SHAPE-2", {"surplus": 1}, "warning"),
    ("SHAPE-7", {"price": {"amount": "0.00", "currency_code": "USD"}}, "warning"),
]


@pytest.mark.parametrize(("clause", "view", "severity"), CREATES)
def test_a_create_that_breaks_a_clause_is_found_under_it(clause, view, severity):
    scene = Scene()
    seen = scene.create(0, 1, view=view)
    assert {(c, s) for c, _, s in scene.findings()} == {(clause, severity)}
    assert seen.lawful is (severity == "warning")


def test_a_create_without_a_date_is_judged_by_our_own_clock():
    scene = Scene()
    scene.create(0, 1, headers=JSON_HEADERS)
    assert scene.broken() == {"VALUE-5"}


def test_a_success_with_another_status_is_found():
    scene = Scene()
    assert not scene.see(create("US"), purchase(1), 0, 1, 201).lawful
    assert scene.broken() == {"SHAPE-1"}


PAGES = [
    ("LIST-2", {"items": [purchase(1, "ERROR")], "status": "PENDING"}),
    ("LIST-3", {"items": [purchase(1), purchase(2)]}),
    ("LIST-3", {"items": [purchase(2), purchase(1)], "sort": "date_asc"}),
    ("LIST-4", {"items": [purchase(3), purchase(2)], "size": 1}),
    ("LIST-4", {"items": [purchase(1)], "told": {"has_next": True}}),
    ("LIST-4", {"items": [purchase(1)], "told": {"current_page": 2}}),
    ("LIST-4", {"items": [purchase(1)], "told": {"total_pages": 0}}),
    ("LIST-5", {"items": [{"id": 1}]}),
    ("WIRE-3", {"items": [], "told": {"has_next": None}}),
    ("SHAPE-6", {"items": [purchase(2), purchase(1, phone_number="none")]}),
    ("VALUE-2", {"items": [purchase(2), purchase(1, phone_number="+4930123")]}),
]


@pytest.mark.parametrize(("clause", "page"), PAGES)
def test_a_page_that_breaks_a_clause_is_found_under_it(clause, page):
    scene = Scene()
    assert not scene.list(0, 1, **page).lawful
    assert clause in scene.broken()


@pytest.mark.parametrize("body", [b"", b"[1]", b"{"])
def test_a_page_that_is_no_object_is_found(body):
    scene = Scene()
    assert scene.see(list_page(1, 20), body, 0, 1).document is None
    assert "SHAPE-2" in scene.broken()


@pytest.mark.parametrize(
    "page",
    [
        {"items": [purchase(2), purchase(1)]},
        {"items": [purchase(1), purchase(2)], "sort": "date_asc", "status": "PENDING"},
        {"items": [], "told": {"total_pages": 0}},
        {"items": [], "told": {"total_pages": 0, "current_page": 0}},
        {"items": [purchase(2, created_at=stamp(1)), purchase(1, created_at=stamp(1)[:-5] + "Z")]},
    ],
)
def test_a_lawful_page_is_not(page):
    scene = Scene()
    assert scene.list(0, 1, **page).lawful
    assert scene.findings() == set()


def test_accounts_and_balances_are_judged_once_for_equal_bodies_and_counted_each_time():
    scene = Scene()
    for moment in range(3):
        scene.account(moment, moment + 0.5)
        scene.balance(moment, moment + 0.6)
    assert scene.findings() == set()
    assert scene.judge.docket.exercised["SHAPE-1"] == 6
    assert scene.judge.docket.exercised["SHAPE-7"] == 6


def test_what_accounts_and_balances_say_is_handed_on_each_time():
    scene = Scene()
    for moment in range(2):
        assert scene.account(moment, moment + 0.5).document["country_code"] == "US"
        assert scene.balance(moment, moment + 0.6).document["balance"]["amount"] == "10.00"


def test_an_account_or_balance_that_breaks_a_clause_is_found():
    scene = Scene()
    scene.account(0, 1, price={"amount": 1.5, "currency_code": "USD"})
    scene.balance(2, 3, amount="much")
    assert scene.broken() == {"SHAPE-7"}


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((("retry-after", "2"),), set()),
        ((("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),), set()),
        ((), {("LOAD-3", "no Retry-After", "warning")}),
        ((("retry-after", "soon"),), {("LOAD-3", "unreadable Retry-After", "warning")}),
    ],
)
def test_back_pressure_says_how_long_to_wait(headers, found):
    scene = Scene()
    assert scene.see(create("US"), REFUSAL, 0, 1, 429, headers).lawful
    assert scene.findings() == found
    assert scene.judge.docket.exercised["LOAD-3"] == 1


def test_a_refusal_with_the_key_in_it_is_found():
    scene = Scene()
    assert not scene.see(create("US"), {"error": KEY}, 0, 1, 402).lawful
    assert scene.broken() == {"AUTH-3"}


@pytest.mark.parametrize("error", [MALFORMED, TOO_LARGE])
def test_an_answer_that_cannot_be_read_at_all_is_found_with_its_bytes(error):
    scene = Scene()
    seen = scene.judge.see(retrieve(1), Reply(0, (), b"", error, b"HTTP/9 what", 0, 0, 1))
    assert not seen.lawful
    scene.judge.finish()
    (finding,) = scene.judge.docket.findings
    assert (finding.clause, finding.severity.value) == ("LOAD-1", "error")
    assert "HTTP/9 what" in finding.observed


def test_an_unlawful_answer_under_load_also_breaks_the_clause_of_load():
    scene = shown(status="DONE")
    scene.judge.finish()
    speed = next(f for f in scene.judge.docket.findings if f.clause == "LOAD-1")
    assert speed.count == 1
    assert "SHAPE-8" in speed.observed
    assert scene.judge.docket.exercised["LOAD-1"] == 2


def test_evidence_is_kept_for_the_first_violation_of_each_finding():
    scene = Scene()
    scene.create(0, 1)
    for moment in range(2, 9):
        scene.retrieve(moment, moment + 0.5, view={"status": "DONE"})
    scene.judge.finish()
    finding = next(f for f in scene.judge.docket.findings if f.clause == "SHAPE-8")
    assert finding.count == 7
    assert [mark.index for mark in finding.marks] == [2]
    assert b"DONE" in scene.judge.evidence[2].answer.body
    assert set(scene.judge.evidence) == {2}


def test_the_credentials_of_a_purchase_shown_to_another_owner_are_found():
    scene = Scene()
    scene.create(0, 1)
    scene.code(2, 3, shown="SUCCESS")
    call = Call(ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", principal=OTHER)
    assert not scene.judge.see(call, reply(purchase(1, "SUCCESS"), 4, 5)).lawful
    assert "AUTH-4" in scene.broken()


CALLS = st.sampled_from(
    [create("US"), retrieve(1), retrieve(2), request_code(1), list_page(1, 20), Call(ApiOperation.REFUND, "POST", "/x")]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from([CODE, "US"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
VIEWS = st.builds(
    lambda key, value, status: purchase(1, status) | {key: value},
    st.sampled_from([*purchase(1), "items", "pagination", "purchase", "code_request"]),
    VALUES,
    st.sampled_from(["PENDING", "SUCCESS", "REFUND"]),
)
DOCUMENTS = (
    VIEWS
    | st.fixed_dictionaries({"purchase": VIEWS | VALUES, "code_request": VALUES})
    | st.fixed_dictionaries({"items": st.lists(VIEWS | VALUES, max_size=2), "pagination": VALUES})
    | VALUES
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(
        st.tuples(
            CALLS,
            DOCUMENTS.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=9),
            st.sampled_from([200, 200, 200, 201, 204, 404, 409, 429, 500]),
        ),
        max_size=6,
    )
)
def test_no_answer_makes_the_judge_crash(answers):
    scene = Scene()
    for place, (call, body, status) in enumerate(answers):
        scene.see(call, body, place, place + 0.9, status)
    scene.findings()


@pytest.mark.parametrize("body", [purchase(1), {"items": [purchase(1)], "pagination": TOLD}])
def test_half_a_surrogate_pair_escaped_is_odd_and_no_reason_to_give_up(body: dict[str, object]) -> None:
    scene = Scene()
    text = json.dumps(body).encode()[:-1] + b',"note":"\\ud800"}'
    call = create("US") if "id" in body else list_page(1, 20)
    seen = scene.see(call, text, 0, 1)
    assert seen.ok
    assert scene.broken() == set()


def test_a_refusal_is_handed_on_with_what_it_says():
    scene = Scene()
    scene.create(0, 1)
    assert scene.retrieve(2, 3, status=400).document == REFUSAL
    assert scene.see(retrieve(1), b"{no", 4, 5, status=400).document is None


def test_names_are_counted_where_accounts_show_them_and_nowhere_else():
    scene = Scene()
    body = {"id": "1", "balance": {"amount": "1", "currency_code": "USD"}, "statistics": {"total_purchases": 1}}
    scene.see(profile(), body | {"display_name": {"ru": "a", "en": "b"}}, 0, 1)
    scene.judge.finish()
    assert scene.judge.docket.exercised["SHAPE-5"] == 0
    other = Scene()
    other.account(0, 1)
    other.judge.finish()
    assert other.judge.docket.exercised["SHAPE-5"] == 1
