"""INPUT and AUTH-1: which status is right for which fault, and when a status tells nothing."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.checks.refusal import RefusalCheck
from contracts.history import Aim, Demand, Operation
from tests.checks.build import (
    GONE,
    OWNER_KEY,
    Verdict,
    account,
    answer,
    call,
    create,
    error,
    listing,
    page,
    purchase,
    record,
    refund,
    refusal,
    request_code,
    retrieve,
    verdicts,
    warning,
)

NO_KEY = "stranger:no key"
SERVED = [
    retrieve(answer(purchase())),
    listing(answer(page())),
    call("GET", "/v1/accounts/US", answer(account())),
    request_code(refusal(409)),
    refund(refusal(409)),
    call("GET", "/v1/profile", answer({})),
]
"""Shows that the target has the published operations."""


def judged(*operations: Operation) -> tuple[set[Verdict], dict[str, int]]:
    """Return what the refusals' check alone reports and counts, on a target that has every operation."""
    docket = record(*SERVED, *operations, checks=[RefusalCheck])
    return docket.verdicts, dict(docket.exercised)


def said(clause: str, cause: str | None, *, warn: bool = False) -> tuple[set[Verdict], dict[str, int]]:
    """Return one exercise of a clause and at most one violation."""
    if cause is None:
        return set(), {clause: 1}
    return (warning if warn else error)(clause, cause), {clause: 1}


UNJUDGED: tuple[set[Verdict], dict[str, int]] = (set(), {})

ILL_FORMED: list[tuple[int, tuple[set[Verdict], dict[str, int]]]] = [
    (400, said("INPUT-1", None)),
    (422, said("INPUT-1", None)),
    (404, said("INPUT-1", "another refusal", warn=True)),
    (413, said("INPUT-1", "another refusal", warn=True)),
    (415, said("INPUT-1", "another refusal", warn=True)),
    (401, said("INPUT-1", "another refusal", warn=True)),
    (409, said("INPUT-1", "another refusal", warn=True)),
    (200, said("INPUT-1", "accepted")),
    (201, said("INPUT-1", "accepted")),
    (204, said("INPUT-1", "accepted")),
    (500, said("INPUT-1", "server error")),
    (501, said("INPUT-1", "server error")),
    (507, said("INPUT-1", "server error")),
    (302, said("INPUT-1", "redirected")),
    (307, UNJUDGED),
    (308, UNJUDGED),
    (408, UNJUDGED),
    (429, UNJUDGED),
    (502, UNJUDGED),
    (503, UNJUDGED),
    (504, UNJUDGED),
    (511, UNJUDGED),
]


@pytest.mark.parametrize(("status", "expected"), ILL_FORMED)
@pytest.mark.parametrize("code", ["us", "USA", "US\n", "", None, 5, ["US"], {"a": 1}, "ＵＳ"])
def test_an_ill_formed_create(code: Any, status: int, expected: tuple[set[Verdict], dict[str, int]]) -> None:
    assert judged(create(answer({}, status), code)) == expected


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"country_code": "US"', b"\xff", b"country_code=US"])
def test_a_body_that_is_no_object(body: bytes) -> None:
    assert judged(create(refusal(400), body=body)) == said("INPUT-1", None)
    assert judged(create(answer(purchase()), body=body)) == said("INPUT-1", "accepted")


def test_no_answer_is_not_judged() -> None:
    assert judged(create(None, "us")) == UNJUDGED


def test_one_cause_however_many_inputs_are_accepted() -> None:
    docket = record(*(create(answer(purchase()), code) for code in ("us", "USA", "US\n")), checks=[RefusalCheck])
    assert docket.verdicts == error("INPUT-1", "accepted")
    assert [found.observed.partition(":")[0] for found in docket.violations] == [
        "country_code in lower case",
        "country_code of the wrong length",
        "country_code with white space or control characters",
    ]


OUT_OF_STOCK = Aim("INPUT-3", "a country shown as out of stock", Demand.REFUSE)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, said("INPUT-3", None)) for status in (400, 402, 403, 404, 410, 422)),
        (409, said("INPUT-3", "a conflict", warn=True)),
        (200, said("INPUT-3", "accepted")),
        (500, said("INPUT-3", "server error")),
        (503, UNJUDGED),
    ],
)
def test_a_country_that_cannot_be_bought(status: int, expected: tuple[set[Verdict], dict[str, int]]) -> None:
    assert judged(create(answer({}, status), "ZZ")) == expected
    assert judged(create(answer({}, status), "FR", aim=OUT_OF_STOCK)) == expected


@pytest.mark.parametrize("code", ["US", "XK", "UK", "SU"])
def test_a_country_that_may_be_sold(code: str) -> None:
    for status in (200, 400, 404, 409):
        assert judged(create(answer({}, status), code)) == UNJUDGED


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, said("INPUT-5", None)),
        (400, said("INPUT-5", None)),
        (422, said("INPUT-5", None)),
        (500, said("INPUT-5", "server error")),
        (501, said("INPUT-5", "server error")),
        (503, UNJUDGED),
        (429, UNJUDGED),
    ],
)
def test_extra_keys(status: int, expected: tuple[set[Verdict], dict[str, int]]) -> None:
    body = b'{"country_code": "US", "note": 1}'
    assert judged(create(answer({}, status), body=body)) == expected


@pytest.mark.parametrize(
    ("operation", "clause"),
    [
        (lambda given: create(given, body=b'{"country_code": "US", "country_code": "CA"}'), "INPUT-1"),
        (lambda given: create(given, headers={"content-type": "text/plain"}), "INPUT-1"),
        (lambda given: create(given, "XK"), "INPUT-3"),
        (lambda given: listing(given, query=()), "INPUT-9"),
        (lambda given: listing(given, query=(("page", "+1"), ("page_size", "5"))), "INPUT-9"),
        (lambda given: retrieve(given, "01"), "INPUT-8"),
        (lambda given: refund(given, body=b"{}"), "WIRE-2"),
        (lambda given: request_code(given, body=b"[]"), "WIRE-2"),
        (lambda given: call("GET", "/v1/accounts/us", given), "INPUT-3"),
    ],
)
def test_either_is_lawful_but_a_server_error(operation: Any, clause: str) -> None:
    for status in (200, 302, 400, 404, 422, 503):
        assert judged(operation(answer({}, status))) == UNJUDGED
    assert judged(operation(answer({}, 500))) == said(clause, "server error")


@pytest.mark.parametrize(
    ("method", "path", "status", "expected"),
    [
        *((method, "/v1/purchases", 405, said("INPUT-7", None)) for method in ("DELETE", "PUT", "PATCH", "ASSAY")),
        ("DELETE", "/v1/purchases/5", 404, said("INPUT-7", None)),
        ("DELETE", "/v1/purchases/5", 501, said("INPUT-7", None)),
        ("GET", "/v1/purchases/5/refund", 405, said("INPUT-7", None)),
        ("DELETE", "/v1/purchases/5", 204, said("INPUT-7", "accepted")),
        ("PUT", "/v1/purchases/5", 200, said("INPUT-7", "accepted")),
        ("POST", "/v1/profile", 201, said("INPUT-7", "accepted")),
        ("DELETE", "/v1/purchases/5", 500, said("INPUT-7", "server error")),
        ("DELETE", "/v1/purchases/5", 403, said("INPUT-7", "another refusal", warn=True)),
        ("PATCH", "/v1/purchases", 400, said("INPUT-7", "another refusal", warn=True)),
        ("ASSAY", "/v1/purchases", 400, said("INPUT-7", None)),
        ("DELETE", "/v1/purchases/5", 503, UNJUDGED),
        ("HEAD", "/v1/purchases/5", 200, UNJUDGED),
        ("HEAD", "/v1/purchases/5", 404, said("INPUT-7", None)),
        ("HEAD", "/v1/purchases/5/refund", 200, said("INPUT-7", "accepted")),
        ("OPTIONS", "/v1/purchases", 204, UNJUDGED),
        ("OPTIONS", "/v1/purchases", 400, UNJUDGED),
        ("OPTIONS", "/v1/purchases", 500, said("INPUT-7", "server error")),
        ("TRACE", "/v1/purchases", 200, UNJUDGED),
        ("GET", "/health", 200, UNJUDGED),
        ("GET", "/v1/service/health", 500, UNJUDGED),
        ("POST", "/v1/purchases/bulk", 200, UNJUDGED),
        ("GET", "/v1/accounts/countries", 200, UNJUDGED),
    ],
)
def test_methods(method: str, path: str, status: int, expected: tuple[set[Verdict], dict[str, int]]) -> None:
    assert judged(call(method, path, answer({}, status))) == expected


UNKNOWN = Aim("INPUT-8", "an id nobody was given", Demand.REFUSE)


@pytest.mark.parametrize("number", ["0", "-1", str(2**53), "9" * 400, "abc", "%00"])
@pytest.mark.parametrize("kind", [retrieve, request_code, refund])
def test_an_impossible_id(kind: Any, number: str) -> None:
    for status in (400, 404, 403, 409, 422):
        assert judged(kind(answer({}, status), number)) == said("INPUT-8", None)
    for status in (405, 501, 503, 429):
        assert judged(kind(answer({}, status), number)) == UNJUDGED
    assert judged(kind(answer(purchase()), number)) == said("INPUT-8", "accepted")
    assert judged(kind(answer({}, 500), number)) == said("INPUT-8", "server error")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, said("INPUT-8", None)),
        (403, said("INPUT-8", None)),
        (400, said("INPUT-8", "unknown id: another refusal")),
        (409, said("INPUT-8", "unknown id: another refusal")),
        (410, said("INPUT-8", "unknown id: another refusal")),
        (407, UNJUDGED),
        (405, UNJUDGED),
        (200, said("INPUT-8", "unknown id: accepted")),
        (500, said("INPUT-8", "unknown id: server error")),
    ],
)
@pytest.mark.parametrize("kind", [retrieve, request_code, refund])
def test_an_id_that_nobody_was_given(kind: Any, status: int, expected: tuple[set[Verdict], dict[str, int]]) -> None:
    assert judged(kind(answer({}, status), 999_999, aim=UNKNOWN)) == expected


@pytest.mark.parametrize(("number", "warn"), [(2**31 - 1, False), (2**31, True), (2**53 - 1, True)])
def test_an_unknown_id_that_not_every_integer_holds_may_be_refused_as_impossible(number: int, warn: bool) -> None:
    found = judged(retrieve(answer({}, 422), number, aim=UNKNOWN))
    assert found == said("INPUT-8", "unknown id: another refusal", warn=warn)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("page", "0"), ("page", "x"), ("page_size", "51"), ("page_size", "-1"), ("sort", "up"), ("status", "DONE")],
)
def test_list_parameters(parameter: str, value: str) -> None:
    query = tuple({"page": "1", "page_size": "10", parameter: value}.items())
    for status in (400, 404, 422):
        assert judged(listing(refusal(status), query=query)) == said("INPUT-9", None)
    # Numbers can be clamped; a word or an unknown order was ignored; an unknown status shows nothing.
    clamped, accepted = said("INPUT-9", "clamped", warn=True), said("INPUT-9", "accepted")
    ignored = parameter == "sort" or value == "x"
    assert judged(listing(answer(page()), query=query)) == (accepted if ignored else clamped)
    shown = judged(listing(answer(page(purchase())), query=query))
    assert shown == (accepted if ignored or parameter == "status" else clamped)
    many = page(*(purchase(id=number) for number in range(1, 52)))
    broken_pages: list[Any] = [many, page(items=GONE), [], {"items": {}}]
    for broken in broken_pages:
        assert judged(listing(answer(broken), query=query)) == said("INPUT-9", "accepted")
    assert judged(listing(answer({}, 500), query=query)) == said("INPUT-9", "server error")
    assert judged(listing(answer({}, 501), query=query)) == UNJUDGED


KEYLESS: list[tuple[int, tuple[set[Verdict], dict[str, int]], tuple[set[Verdict], dict[str, int]]]] = [
    (401, said("AUTH-1", None), said("AUTH-1", None)),
    (403, said("AUTH-1", None), said("AUTH-1", None)),
    (407, UNJUDGED, UNJUDGED),
    (421, UNJUDGED, UNJUDGED),
    (511, UNJUDGED, UNJUDGED),
    (404, said("AUTH-1", "another refusal"), said("AUTH-1", "another refusal")),
    (405, said("AUTH-1", "another refusal"), UNJUDGED),
    (501, said("AUTH-1", "server error"), UNJUDGED),
    (400, said("AUTH-1", "another refusal"), said("AUTH-1", "another refusal")),
    (422, said("AUTH-1", "another refusal"), said("AUTH-1", "another refusal")),
    (200, said("AUTH-1", "accepted"), said("AUTH-1", "accepted")),
    (500, said("AUTH-1", "server error"), said("AUTH-1", "server error")),
    (302, said("AUTH-1", "redirected"), said("AUTH-1", "redirected")),
    (307, UNJUDGED, UNJUDGED),
    (429, UNJUDGED, UNJUDGED),
    (503, UNJUDGED, UNJUDGED),
]
"""Status, what a documented create makes of it, and what the published operations make of it."""


@pytest.mark.parametrize(("status", "for_create", "for_others"), KEYLESS)
def test_requests_without_the_right_key(status: int, for_create: Any, for_others: Any) -> None:
    given = answer({}, status, headers={"location": "/login"})
    assert judged(create(given, principal=NO_KEY)) == for_create
    for operation in (
        listing(given, principal=NO_KEY),
        retrieve(given, principal=NO_KEY),
        request_code(given, principal=NO_KEY),
        refund(given, principal=NO_KEY),
        call("GET", "/v1/accounts/US", given, principal=NO_KEY),
        call("GET", "/v1/profile", given, principal=NO_KEY),
    ):
        assert judged(operation) == for_others


def test_a_404_without_a_key_may_mean_an_operation_that_is_lacking() -> None:
    keyless = call("GET", "/v1/profile", refusal(404), principal=NO_KEY)
    assert record(keyless, checks=[RefusalCheck]).verdicts == set()
    assert record(keyless, call("GET", "/v1/profile", refusal(404)), checks=[RefusalCheck]).verdicts == set()
    assert record(keyless, call("GET", "/v1/profile", answer({})), checks=[RefusalCheck]).verdicts == error(
        "AUTH-1", "another refusal"
    )


def test_a_503_whenever_one_kind_of_request_is_sent_is_the_answer_to_it() -> None:
    outage, up = create(answer({}, 503), "us"), retrieve(answer(purchase()))
    assert record(outage, up, outage, up, outage, checks=[RefusalCheck]).verdicts == error("INPUT-1", "server error")


@pytest.mark.parametrize("status", [407, 421, 425])
def test_a_proxys_refusal_that_the_keyless_alone_get_is_the_answer_to_them(status: int) -> None:
    keyless, up = create(answer({}, status), principal=NO_KEY), retrieve(answer(purchase()))
    refused = create(refusal(401), principal=NO_KEY)
    wrong = error("AUTH-1", "another refusal")
    assert record(keyless, up, keyless, up, keyless, checks=[RefusalCheck]).verdicts == wrong
    # So would everybody be for a while, or now and then.
    assert record(keyless, keyless, keyless, keyless, up, checks=[RefusalCheck]).verdicts == set()
    assert record(keyless, up, keyless, up, refused, keyless, checks=[RefusalCheck]).verdicts == set()


@pytest.mark.parametrize(
    "history",
    [
        "outage up outage",
        "outage outage outage outage up",
        "outage up outage up outage up refused",
        "refused outage up outage up outage",
        "outage up other up outage",
    ],
)
def test_a_503_now_and_then_is_an_outage(history: str) -> None:
    """It went on without a break, or the same request was also refused properly."""
    calls = {
        "outage": create(answer({}, 503), "us"),
        "other": create(answer({}, 503), 5),
        "up": retrieve(answer(purchase())),
        "refused": create(refusal(422), "us"),
    }
    assert record(*(calls[name] for name in history.split()), checks=[RefusalCheck]).verdicts == set()


def test_a_redirect_to_the_other_form_is_left_to_the_slash() -> None:
    given = answer({}, 301, headers={"location": "https://shop.example/api/v1/purchases"})
    assert judged(create(given, path="/v1/purchases/", principal=NO_KEY)) == UNJUDGED
    assert judged(create(given, "us", path="/v1/purchases/")) == UNJUDGED


def test_a_request_with_two_faults_may_be_refused_for_either() -> None:
    assert judged(create(refusal(401), "us", principal=NO_KEY)) == said("AUTH-1", None)
    assert judged(create(refusal(422), "us", principal=NO_KEY)) == said("INPUT-1", None)
    assert judged(create(answer({}), "us", principal=NO_KEY)) == said("AUTH-1", "accepted")
    assert judged(retrieve(refusal(404), "abc", principal=NO_KEY)) == said("INPUT-8", None)
    for status in (401, 403, 404, 405):
        assert judged(call("DELETE", "/v1/purchases/5", refusal(status), principal=NO_KEY)) == said("INPUT-7", None)


@pytest.mark.parametrize(
    ("method", "path"),
    [("OPTIONS", "/v1/purchases"), ("HEAD", "/v1/profile"), ("GET", "/docs"), ("GET", "/v1/accounts/countries")],
)
def test_what_is_open_to_all_needs_no_key(method: str, path: str) -> None:
    assert judged(call(method, path, answer({}), principal=NO_KEY)) == UNJUDGED


def test_what_the_history_forbids_is_judged_elsewhere() -> None:
    again = Aim("LIFE-4", "a second request", Demand.REFUSE)
    for status in (200, 302, 400, 409, 500):
        assert judged(request_code(answer({}, status), aim=again)) == UNJUDGED


def test_a_404_counts_only_where_the_operation_exists() -> None:
    bad, fine = retrieve(refusal(404), "abc"), retrieve(answer(purchase()))
    assert record(bad, checks=[RefusalCheck]).exercised == {}
    assert record(bad, bad, fine, bad, checks=[RefusalCheck]).exercised == {"INPUT-8": 3}
    assert record(retrieve(refusal(400), "abc"), checks=[RefusalCheck]).exercised == {"INPUT-8": 1}


def test_a_finding_tells_the_request_and_the_status_but_no_key() -> None:
    (found,) = record(create(answer({}, 500), "us"), checks=[RefusalCheck]).violations
    assert found.observed == "country_code in lower case: POST /v1/purchases was answered with 500"
    assert found.title == "an ill-formed create caused a server error"
    assert OWNER_KEY not in repr(found)


def test_lawful_refusals_are_silent_for_every_check() -> None:
    assert verdicts(create(refusal(422), "us"), listing(refusal(401), principal=NO_KEY)) == set()


@pytest.mark.parametrize(("aimed", "clause"), [("INPUT-3", "INPUT-3"), ("LIFE-4", "INPUT-1")])
def test_of_two_oddities_the_one_that_was_meant_is_blamed(aimed: str, clause: str) -> None:
    """A server error is held against what the sender was after, where that is one that this check judges."""
    aim = Aim(aimed, "what the sender was after", Demand.EITHER)
    twice = create(answer({}, 500), body=b'{"country_code": "US", "country_code": "CA"}', aim=aim)
    assert judged(twice) == said(clause, "server error")
