"""A replayed run directory may come from a stranger: it sends nothing elsewhere, and buys no more than it may."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.budget import Budget, BudgetSpentError
from contracts.config import Settings
from contracts.errors import UsageError
from contracts.gate.plan import PLANS
from contracts.gate.replay.opening import ReplayRequest, make_replay_request
from contracts.gate.replay.options import ReplayOptions
from contracts.gate.replay.record import UnreplayableError, load_recorded
from contracts.gate.replay.replay import MOST_PURCHASES, Replay
from contracts.gate.replay.restore import Restorer
from contracts.gate.replay.sendable import why_not
from contracts.history import ApiOperation, Input
from contracts.record.line import dumps, to_line
from contracts.record.masking import Masker
from contracts.target import Keys, Target
from tests.record import scene
from tests.reports import runs

KEY = "k" * 24


def request(place: Path, *, url: str | None = None, settings: Settings | None = None) -> ReplayRequest:
    recorded = load_recorded(place)
    return make_replay_request(
        recorded, recorded.document["findings"][0], settings or Settings(), ReplayOptions(), url=url, allow_host=None,
        timeout=None, time=None, max_purchases=None, max_spend=None, out=None,
    )  # fmt: skip


def changed(tmp_path: Path, **changes: Any) -> Path:
    place = runs.broken(tmp_path / "run")
    document = json.loads((place / "run.json").read_bytes())
    (place / "run.json").write_text(json.dumps({**document, **changes}))
    return place


@pytest.mark.parametrize(
    "target", ["https://api.example.com", "http://127.0.0.1@evil.example/", "http://[bad", "file:///etc/passwd", ""]
)
def test_a_recorded_target_elsewhere_is_asked_only_where_the_user_names_it(target: str, tmp_path: Path) -> None:
    place = changed(tmp_path, target=target)
    allowing = Settings(allow_host=("api.example.com",), max_purchases=10)
    with pytest.raises(UsageError, match="recorded target|name the target with --url"):
        request(place, settings=allowing)
    assert request(place, url="http://127.0.0.1:9", settings=allowing).gate.url == "http://127.0.0.1:9"


def test_a_recorded_target_on_this_machine_is_asked(tmp_path: Path) -> None:
    assert request(runs.broken(tmp_path / "run")).gate.url == scene.TARGET


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rerun": "assay 'gate"}, "rerun"),
        ({"profile": "auto"}, "judged by profile 'auto'"),
        ({"profile": "p" * 9000}, "judged by profile"),
    ],
)
def test_a_record_that_this_release_cannot_judge_is_one_line(
    changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        request(changed(tmp_path, **changes))
    assert len(str(caught.value)) < 400


def test_a_finding_of_an_unknown_clause_is_one_line(tmp_path: Path) -> None:
    findings = scene.document()["findings"]
    with pytest.raises(UsageError, match="'NOSUCH-1' is no clause"):
        request(changed(tmp_path, findings=[{**findings[0], "clause": "NOSUCH-1"}]))


@pytest.mark.parametrize(
    "sent",
    [
        Input("post", "/v1/purchases"),
        Input("GET / HTTP/1.1\r\nX:", "/"),
        Input("POST", "@evil.example/v1/purchases"),
        Input("POST", ".evil.example/"),
        Input("POST", ":81/v1/purchases"),
        Input("POST", "/v1/purchases?x=1"),
        Input("POST", "/v1/purchases#x"),
        Input("POST", "/v1/x/../purchases"),
        Input("POST", "/../other/v1/purchases"),
        Input("POST", "/v1/x/%252e%252e/purchases"),
        Input("POST", "/v1/x\\..\\purchases"),
        Input("POST", "/v1/x/..;a/purchases"),
        Input("GET", "/v1/purchases\r\nHost: evil"),
        Input("GET", "/v1/purchases", headers=(("Host", "evil.example"),)),
        Input("GET", "/v1/purchases", headers=(("Transfer-Encoding", "chunked"),)),
        Input("GET", "/v1/purchases", headers=(("content-length", "0"),)),
        Input("GET", "/v1/purchases", headers=(("X-HTTP-Method-Override", "POST"),)),
        Input("GET", "/v1/purchases", headers=(("X-Original-URL", "/v1/purchases"),)),
    ],
)
def test_a_request_that_is_not_what_it_seems_is_not_sent_again(sent: Input) -> None:
    assert why_not(sent) is not None
    operation = replace(scene.operations()[0], input=sent)
    with pytest.raises(UnreplayableError, match="is not sent again"):
        Restorer({}, KEY, "w" * 24).restore(operation, None, 0)


@pytest.mark.parametrize("operation", scene.operations())
def test_what_a_gate_sends_may_be_sent_again(operation: Any) -> None:
    assert why_not(operation.input) is None


def test_odd_paths_of_the_catalogue_may_be_sent_again() -> None:
    for path in (
        "/v1/purchases/%00",
        "/v1/purchases/1.5",
        "/v1/purchases/-1",
        "/v1/accounts/%F0%9F%87%BA",
        "/v1/purchases/",
    ):
        assert why_not(Input("GET", path)) is None


def many_creates(tmp_path: Path, number: int) -> Path:
    """A finding about so many creates."""
    place = runs.broken(tmp_path / "run")
    one = scene.operations()[0]
    operations = [
        replace(
            scene.call(
                index,
                ApiOperation.CREATE,
                "POST",
                "/v1/purchases",
                body=one.input.body,
                answer=scene.purchase(id=index + 1),
            ),
            invoked=float(index),
            returned=index + 0.5,
        )
        for index in range(number)
    ]
    (place / "history.jsonl").write_bytes(b"".join(dumps(to_line(each, Masker({}))) for each in operations))
    document = json.loads((place / "run.json").read_bytes())
    evidence = document["findings"][0]["evidence"][0]
    document["findings"][0]["evidence"] = [{**evidence, "index": index} for index in range(number)]
    (place / "run.json").write_text(json.dumps(document))
    return place


@pytest.mark.parametrize(("number", "cap"), [(20, 20 * 3 + 20 + 2), (600, MOST_PURCHASES)])
def test_a_record_asks_for_no_more_purchases_than_a_gate(number: int, cap: int, tmp_path: Path) -> None:
    asked = request(many_creates(tmp_path, number))
    target = Target("http://127.0.0.1:9", "http://127.0.0.1:9", loopback=True, keys=Keys(KEY))
    replay = Replay(target, asked.recorded, asked.finding, asked.options, lambda _: None)
    assert replay.budget.max_purchases == cap
    assert bool(replay.troubles) is (number > cap)
    assert PLANS["deep"].purchases > MOST_PURCHASES


def test_a_history_too_long_to_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.gate.replay.record.MOST_OPERATIONS", 3)
    with pytest.raises(UsageError, match="more than 3 operations"):
        load_recorded(runs.broken(tmp_path / "run"))


def test_creates_fired_at_once_are_counted_by_what_they_are_and_not_by_what_they_are_called() -> None:
    from contracts.gate.replay.salvo import _reserve

    class Stand:
        """As much of a session as money needs."""

        budget = Budget(2)
        dearest = None

    stand: Any = Stand()
    with pytest.raises(BudgetSpentError):
        _reserve(stand, [1, 0, 2])
    assert stand.budget.purchases == 0
    assert [one is not None for one in _reserve(stand, [1, 0, 1])] == [True, False, True]
