"""One history, judged by both sides: the load judge and the contract's oracle with the same checks and invariants."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from contracts.checks.leak import LeakCheck
from contracts.checks.pagination import PaginationCheck
from contracts.checks.pressure import PressureCheck
from contracts.checks.shape import ShapeCheck
from contracts.checks.value import ValueCheck
from contracts.clauses import load_clauses
from contracts.history import ApiOperation, Operation
from contracts.invariants.pages import Pages
from contracts.monitor import Setting
from contracts.oracle import Oracle
from contracts.profiles import get_profile
from contracts.schema import RustValidator
from load.call import TIMEOUT, Call, Reply
from load.judge.bench import INVARIANTS
from load.judge.judge import Judge
from tests.invariants.build import History

KEY = "key-of-the-owner-0001"
PREFIXES = {"US": "+1", "DE": "+49", "KZ": "+7"}
JSON = ("content-type", "application/json")


def whole(history: History) -> History:
    """Return a history of the model's shop in which every answer is as the wire has it, to the last key."""
    return replace(history, operations=[_whole(operation, history.profile) for operation in history.operations])


def _whole(operation: Operation, profile: str) -> Operation:
    answer = operation.answer
    if answer is None:
        return operation
    value = json.loads(answer.body)
    for view in (value, value.get("purchase"), *value.get("items", ())):
        if isinstance(view, dict) and "phone_number" in view:
            _complete(view, profile)
    if operation.api_operation is ApiOperation.ACCOUNT and "price" in value:
        value["display_name"] = {"ru": "Страна", "en": "Country"}
    if operation.api_operation is ApiOperation.PROFILE:
        value["statistics"] = {"total_purchases": 1}
    body = json.dumps(value).encode()
    return replace(operation, answer=replace(answer, headers=(*answer.headers, JSON), body=body))


def _complete(view: dict[str, Any], profile: str) -> None:
    if view["phone_number"] is not None:
        view["phone_number"] = PREFIXES[view["country_code"]] + view["phone_number"].removeprefix("+1")
    if profile == "2026-05":
        view |= {"emoji": "*", "purchase_source": "API"}


def called(operation: Operation) -> tuple[Call, Reply]:
    """Return an operation as the load room has it."""
    sent, answer = operation.input, operation.answer
    path = f"{sent.path}?{urlencode(sent.query)}" if sent.query else sent.path
    call = Call(
        operation.api_operation,
        sent.method,
        path,
        sent.body.replace(b": ", b":"),
        not sent.body,
        operation.principal,
        operation.aim,
    )
    if answer is None:
        return call, Reply(0, (), b"", TIMEOUT, b"", operation.invoked, operation.invoked, operation.returned)
    headers = tuple((name.lower(), value) for name, value in answer.headers)
    reply = Reply(
        answer.status, headers, answer.body, None, b"", operation.invoked, operation.invoked, operation.returned
    )
    return call, reply


def in_order(history: History) -> list[Operation]:
    """Return the operations in the order in which their answers arrived."""
    return sorted(history.operations, key=lambda operation: operation.returned)


def judge_of(history: History, **more) -> Judge:
    """Return a load judge that saw a history."""
    judge = Judge(history.profile, secrets=[KEY], **more)
    for operation in in_order(history):
        judge.see(*called(operation))
    judge.finish()
    assert judge.crashes == {}
    return judge


def oracle_of(history: History) -> Oracle:
    """Return an oracle of the contract that saw a history."""
    clauses = load_clauses()
    tolerances = {clause.id: dict(clause.tolerance) for clause in clauses.values()}
    setting = Setting(profile=get_profile(history.profile), secrets=(KEY,), tolerances=tolerances)
    checks = [ValueCheck(setting), LeakCheck(setting), PressureCheck(setting), PaginationCheck(setting)]
    invariants = [make(setting) for make in (*INVARIANTS, Pages)]
    oracle = Oracle([ShapeCheck(setting, RustValidator), *checks, *invariants])
    for operation in in_order(history):
        oracle.feed(operation)
    oracle.finish()
    return oracle


def found(oracle: Oracle) -> set[tuple[str, str, str]]:
    """Return clause, cause and severity of every finding, LOAD-1 apart."""
    return {(f.clause, f.cause, f.severity.value) for f in oracle.findings if f.clause != "LOAD-1"}


def counts(oracle: Oracle) -> dict[str, int]:
    """Return how often each clause was exercised, LOAD-1 apart."""
    return {clause: count for clause, count in oracle.exercised.items() if count and clause != "LOAD-1"}
