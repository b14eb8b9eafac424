"""The answers of two releases to the same requests, compared by meaning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.history import Aim, Answer, ApiOperation, Demand, Input, Operation
from contracts.record.historyfile import HistoryWriter
from contracts.record.masking import Masker
from verify.answers import differences, gather
from verify.beside import FILE, compare_answers, environment_of_old
from verify.part import Part, State

PURCHASE = {
    "id": 7, "country_code": "US", "phone_number": None, "price": {"amount": "1.50"}, "status": "PENDING",
    "created_at": "2026-02-23T10:15:00.000Z", "tags": [{"name": "a"}],
}  # fmt: skip


def call(body: Any = PURCHASE, status: int = 200, *, sent: bytes = b'{"country_code":"US"}', aim: str = "",
         took_s: float = 0.01, index: int = 0, operation: ApiOperation = ApiOperation.CREATE) -> Operation:  # fmt: skip
    return Operation(
        index=index, principal="owner", api_operation=operation, input=Input("POST", "/v1/purchases", body=sent),
        answer=Answer(status, (), body if isinstance(body, bytes) else json.dumps(body).encode()),
        invoked=1.0, returned=1.0 + took_s, aim=Aim("INPUT-1", aim, Demand.REFUSE) if aim else None,
    )  # fmt: skip


def told(old: list[Operation], new: list[Operation]) -> list[str]:
    return [f"{trouble.severity}: {trouble.title}" for trouble in differences(gather(old), gather(new), 0.2, 5.0)]


def of(times: int = 5, **changes: Any) -> list[Operation]:
    return [call({**PURCHASE, **changes}) for _ in range(times)]


def test_ids_times_numbers_amounts_and_order_are_no_difference() -> None:
    new = of(id=8, created_at="2027-01-01T00:00:00.123Z", price={"amount": "23.00"})
    new += [call({key: PURCHASE[key] for key in reversed(PURCHASE)})]
    assert told(of(), new) == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"id": "7"}, "error: create_purchase 200: id: string is new"),
        ({"price": None}, "error: create_purchase 200: price.amount: the key is gone"),
        (
            {"created_at": "2026-02-23T10:15:00Z"},
            "warning: create_purchase 200: created_at: a time in seconds is a new format",
        ),
        ({"created_at": "yesterday"}, "warning: create_purchase 200: created_at: a text is a new format"),
        ({"emoji": "x"}, "warning: create_purchase 200: emoji: the key is new"),
        ({"phone_number": "<phone:1>"}, "warning: create_purchase 200: phone_number: string is new"),
        ({"tags": [{"name": 1}]}, "error: create_purchase 200: tags[].name: integer is new"),
        ({"price": {"amount": "1.5"}}, "warning: create_purchase 200: price.amount: a text is a new format"),
    ],
)  # fmt: skip
def test_what_a_reader_relies_on_is_a_difference(changes: dict[str, Any], wanted: str) -> None:
    assert wanted in told(of(), of(**changes))


def test_a_key_that_was_there_only_at_times_may_be_missing() -> None:
    sometimes = [*of(3), *of(3, emoji="x")]
    assert told(sometimes, of(6)) == []


def test_too_few_answers_say_nothing_of_what_is_missing() -> None:
    assert told(of(2), of(2, id="7")) == []


@pytest.mark.parametrize(
    ("was", "now", "severity"), [(400, 422, "warning"), (422, 200, "error"), (400, 500, "error"), (200, 201, "warning")]
)
def test_another_status_for_the_same_request_is_graver_where_its_class_changes(
    was: int, now: int, severity: str
) -> None:
    found = told([call({}, was, aim="a number for a code")], [call({}, now, aim="a number for a code")])
    assert len(found) == 1
    assert found[0].startswith(
        f"{severity}: create_purchase (POST) by owner, a number for a code: answered {was} before"
    )


def test_a_status_that_depends_on_the_state_of_a_purchase_is_none() -> None:
    assert told([call({}, 200), call({}, 409)], [call({}, 409)]) == []


def test_an_answer_that_depends_on_the_state_of_a_purchase_is_compared_only_where_it_must_be_refused() -> None:
    old, new = ([call({}, status, operation=ApiOperation.REQUEST_CODE)] for status in (409, 200))
    assert told(old, new) == []
    old, new = ([call({}, status, operation=ApiOperation.REQUEST_CODE, aim="of another")] for status in (404, 200))
    assert len(told(old, new)) == 1


def test_a_failure_of_the_server_that_was_not_there_before_is_an_error_in_any_state() -> None:
    old = [call({}, status, operation=ApiOperation.REQUEST_CODE) for status in (200, 409)]
    new = [call({}, status, operation=ApiOperation.REQUEST_CODE) for status in (200, 503)]
    assert told(old, new) == [
        'error: request_code (POST) by owner, body b\'{"country_code":"US"}\': answered 200 before, 503 now'
    ]


def test_requests_that_only_one_release_was_sent_are_not_compared() -> None:
    assert told([call({}, 200, sent=b"a")], [call({}, 500, sent=b"b")]) == []


def test_a_refusal_that_looks_otherwise_is_a_warning_alone() -> None:
    old = [call({"error": "x"}, 400) for _ in range(5)]
    new = [call({"detail": "x"}, 400) for _ in range(5)]
    assert {line.partition(":")[0] for line in told(old, new)} == {"warning"}
    assert len(told(old, new)) == 2


def test_an_answer_that_is_no_json_any_more_is_an_error() -> None:
    assert "error: create_purchase 200: the body: no JSON is new" in told(of(), [call(b"<html>") for _ in range(5)])


@pytest.mark.parametrize(("took_s", "count"), [(0.010, 0), (0.0125, 0), (0.02, 1)])
def test_a_median_that_grew_beyond_tolerance_and_floor_is_a_warning(took_s: float, count: int) -> None:
    found = told([call() for _ in range(30)], [call(took_s=took_s) for _ in range(30)])
    assert len(found) == count
    assert all("the median answer takes longer" in line for line in found)


def test_a_rate_limit_says_nothing() -> None:
    assert told([call({}, 200, sent=b"a")], [call({}, 429, sent=b"a")]) == []


def write(place: Path, operations: list[Operation]) -> Path:
    place.mkdir()
    with HistoryWriter(place / "history.jsonl", Masker({"owner": "sk-0123456789"})) as history:
        for operation in operations:
            history.write(operation)
    return place


def beside(tmp_path: Path, old: list[Operation], new: list[Operation]) -> tuple[Part, int]:
    part, troubles = compare_answers(
        write(tmp_path / "old", old), write(tmp_path / "new", new), tmp_path, tolerance=0.2, floor_ms=5.0
    )
    assert len(json.loads((tmp_path / FILE).read_text())["differences"]) == len(troubles)
    return part, len(troubles)


def many(**changes: Any) -> list[Operation]:
    return [call({**PURCHASE, **changes}, sent=str(number).encode(), index=number) for number in range(25)]


def test_the_same_answers_are_kept(tmp_path: Path) -> None:
    part, found = beside(tmp_path, many(), many(id=9))
    assert (part.state, found) == (State.KEPT, 0)
    assert part.sentence == "25 kinds of requests got answers that mean the same"


def test_a_difference_that_breaks_a_reader_is_broken_by_name(tmp_path: Path) -> None:
    part, _ = beside(tmp_path, many(), many(id="9"))
    assert (part.state, part.exit_code) == (State.BROKEN, 1)
    assert part.sentence == "1 difference breaks a reader: create_purchase 200: id: string is new"


def test_too_little_in_common_is_no_pass(tmp_path: Path) -> None:
    part, _ = beside(tmp_path, many(), many()[:5])
    assert part.state is State.INCONCLUSIVE


def test_the_release_that_still_runs_may_have_keys_of_its_own() -> None:
    given = {"ASSAY_API_KEY": "new", "ASSAY_AGAINST_API_KEY": "old"}
    assert environment_of_old(given)["ASSAY_API_KEY"] == "old"
    assert environment_of_old({"ASSAY_API_KEY": "new"}) == {"ASSAY_API_KEY": "new"}
