"""An objection of schemathesis' becomes a finding where the contract agrees, and a line of a note where it does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from contracts.finding import Violation
from contracts.gate.fuzz import opinion
from contracts.gate.fuzz.opinion import SecondOpinion
from contracts.history import OTHER, ApiOperation, Operation
from tests.record import scene

REQUEST: Any = SimpleNamespace(method="GET")


class Session:
    """Knows one purchase of the owner's; keeps what the oracle and the notes are told."""

    def __init__(self, status: str) -> None:
        self.told: list[str] = []
        self.notes: list[str] = []
        self.exercised: list[str] = []
        self.oracle = SimpleNamespace(exercise=self.exercised.append, violate=self._violate)
        self.book = SimpleNamespace(get={8117: SimpleNamespace(principal="owner", status=status)}.get)
        self.note = self.notes.append

    def _violate(self, found: Violation) -> None:
        self.told.append(found.clause)


def weighed(
    monkeypatch: pytest.MonkeyPatch, name: str, operation: Operation, status: str = "PENDING", *, judged: bool = False
) -> Session:
    """Let one check object to an answer."""
    session = Session(status)
    survey: Any = SimpleNamespace(in_stock=[SimpleNamespace(country="US")])
    second = SecondOpinion(session, survey)  # type: ignore[arg-type] # what of a session it needs
    monkeypatch.setattr(opinion, "_objections", lambda *_: iter([name]))
    second.weigh(SimpleNamespace(), REQUEST, operation, judged=judged)  # type: ignore[arg-type] # the checks are none
    second.note()
    assert session.exercised == session.told, "a clause that is broken was exercised"
    return session


def of(api_operation: ApiOperation, status: int, number: int = 8117, **more: Any) -> Operation:
    ends = {ApiOperation.REQUEST_CODE: "/request-code", ApiOperation.REFUND: "/refund"}
    method = "GET" if api_operation is ApiOperation.RETRIEVE else "POST"
    path = f"/v1/purchases/{number}{ends.get(api_operation, '')}"
    return scene.call(1, api_operation, method, path, status=status, answer={}, **more)


def listed(answered: int, **query: str) -> Operation:
    asked = tuple({"page": "1", "page_size": "5", **query}.items())
    return scene.call(1, ApiOperation.LIST, "GET", "/v1/purchases", status=answered, answer={}, query=asked)


def create(status: int, country: str = "US", *, principal: str = "owner") -> Operation:
    body = f'{{"country_code": "{country}"}}'.encode()
    return scene.call(
        1, ApiOperation.CREATE, "POST", "/v1/purchases", status=status, answer={}, body=body, principal=principal
    )


ERROR, TAKEN, DOCUMENTED = "not_a_server_error", "positive_data_acceptance", "status_code_conformance"


@pytest.mark.parametrize(
    ("name", "operation", "clause"),
    [
        (ERROR, listed(500), "LIST-1"),
        (ERROR, listed(500, sort="date_asc"), "LIST-3"),
        (ERROR, listed(500, status="SUCCESS", sort="date_asc"), "LIST-2"),
        (ERROR, create(500), "INPUT-4"),
        (ERROR, of(ApiOperation.RETRIEVE, 500), "LIFE-6"),
        (ERROR, of(ApiOperation.REFUND, 500), "LIFE-10"),
        (ERROR, of(ApiOperation.REQUEST_CODE, 500), "LIFE-8"),
        (TAKEN, listed(400), "LIST-1"),
        (DOCUMENTED, listed(206), "SHAPE-1"),
        ("negative_data_rejection", create(200, "us"), "INPUT-1"),
    ],
)
def test_what_the_contract_promises_is_a_finding(
    name: str, operation: Operation, clause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = weighed(monkeypatch, name, operation)
    assert session.told == [clause]
    assert session.notes == []


@pytest.mark.parametrize(
    ("name", "operation", "status"),
    [
        pytest.param(ERROR, listed(503), "PENDING", id="an outage is no answer of the target's"),
        pytest.param(ERROR, create(500, "DE"), "PENDING", id="what is not in stock need not be served"),
        pytest.param(ERROR, of(ApiOperation.RETRIEVE, 500, 9), "PENDING", id="a purchase nobody knows"),
        pytest.param(ERROR, of(ApiOperation.RETRIEVE, 500, principal=OTHER), "PENDING", id="a purchase of another's"),
        pytest.param(ERROR, of(ApiOperation.REQUEST_CODE, 500), "REFUND", id="a code after the refund"),
        pytest.param(ERROR, create(500, principal="stranger:no key"), "PENDING", id="a stranger is owed nothing"),
        pytest.param(TAKEN, listed(400, page="9"), "PENDING", id="targets differ on pages after the last"),
        pytest.param(DOCUMENTED, listed(404), "PENDING", id="a refusal that the document leaves out"),
        pytest.param(
            "negative_data_rejection", create(200), "PENDING", id="the document is stricter than the contract"
        ),
        pytest.param("content_type_conformance", listed(200), "PENDING", id="our own checks speak of that"),
    ],
)
def test_what_the_contract_allows_is_noted_and_no_finding(
    name: str, operation: Operation, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = weighed(monkeypatch, name, operation, status)
    assert session.told == []
    [note] = session.notes
    assert note.startswith(f"schemathesis' check {name} objects to 1 answers that the contract allows (first: GET ")


@pytest.mark.parametrize("operation", [create(409), create(400, "us"), of(ApiOperation.REFUND, 409)])
def test_a_refusal_that_stock_and_states_decide_is_not_even_noted(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = weighed(monkeypatch, TAKEN, operation)
    assert (session.told, session.notes) == ([], [])


def test_what_our_own_checks_found_is_not_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    session = weighed(monkeypatch, ERROR, listed(500), judged=True)
    assert (session.told, session.notes) == ([], [])


def test_an_answer_that_did_not_come_is_none_to_object_to(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = scene.call(1, ApiOperation.LIST, "GET", "/v1/purchases", status=None, error="timeout")
    assert weighed(monkeypatch, ERROR, lost).notes == []
