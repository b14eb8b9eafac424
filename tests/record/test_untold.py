"""What a masked history cannot tell is taken from the run: secrets inside encodings, answers nobody believed."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.config import Settings
from contracts.finding import ClauseVerdict, Severity
from contracts.gate.opening import GateRequest, open_gate
from contracts.gate.plan import PLANS
from contracts.gate.run import PHASES, GateOptions
from contracts.history import ApiOperation, Operation
from contracts.record.recheck import recheck
from contracts.record.result import build_run
from contracts.record.untold import hidden_in, is_believed
from reports.rundocs import load_run
from tests.record import scene
from tests.reports import runs

PLAN = replace(PLANS["quick"], countries=4, rereads=1, reads_of_one=3, page_sizes=(50, 3))
EARLY = ("survey", "lives", "two owners")


def again(run: Path, **settings: Any) -> dict[str, Any]:
    return recheck(run, load_run(run), Settings(**settings))


def ids(document: dict[str, Any]) -> list[str]:
    return [finding["id"] for finding in document["findings"]]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("packed") / "run"
    options = GateOptions(plan=PLAN, seconds=60.0)
    request = GateRequest(options=options, out=directory, defects=("code-in-token-for-other-owner",), environment={})
    with open_gate(request) as opened:
        for name, phase in PHASES:
            if name in EARLY:
                opened.gate.run_phase(name, phase)
    return directory


class TestASecretInsideAnEncoding:
    def test_is_what_the_run_says_it_is(self, packed: Path) -> None:
        before, after = load_run(packed), again(packed)
        (finding,) = before["findings"]
        assert finding["clause"] == "AUTH-4"
        assert "code, encoded, in the header" in finding["observed"]
        assert after["findings"] == before["findings"]
        told = {clause["id"]: clause for clause in after["clauses"]}["AUTH-4"]
        assert (told["verdict"], told["findings"]) == (ClauseVerdict.BROKEN, [finding["id"]])

    def test_has_the_severity_of_today(self, packed: Path) -> None:
        (finding,) = again(packed, severity={"AUTH-4": Severity.WARNING})["findings"]
        assert finding["severity"] == Severity.WARNING

    def test_is_not_in_the_history(self, packed: Path) -> None:
        text = (packed / "history.jsonl").read_text()
        assert '["x-trace","b3RwO<code:' in text

    def test_other_findings_of_the_clause_have_to_be_shown(self, packed: Path) -> None:
        document = load_run(packed)
        assert hidden_in(document) == set(ids(document))
        for finding in document["findings"]:
            finding |= {"observed": "purchase 8117: code in the body", "samples": []}
        assert not hidden_in(document)


def served_without_a_price(index: int) -> Operation:
    answer = scene.purchase(price=None)
    return scene.call(index, ApiOperation.CREATE, "POST", "/v1/purchases", body=b'{"country_code":"US"}', answer=answer)


class TestAnswersThatTheRunDidNotBelieve:
    def run(self, directory: Path, *, exercised: int, **facts: Any) -> Path:
        results = [replace(scene.results()[0], exercised=exercised, verdict=ClauseVerdict.NOT_EXERCISED, findings=())]
        troubles = ["the target answers requests that nobody made"]
        known = {"requests": 1, **facts}
        document = build_run(scene.facts(**known), results, [], {}, scene.masker(), troubles=troubles)
        return runs.write(directory, [served_without_a_price(0)], document, scene.masker())

    def test_are_not_judged(self, tmp_path: Path) -> None:
        after = again(self.run(tmp_path / "run", exercised=0))
        assert after["findings"] == []
        assert after["verdict"] == "inconclusive"
        assert {clause["exercised"] for clause in after["clauses"]} == {0}
        assert "not judged again: the run believed none of its 1 answers" in after["notes"]

    def test_are_where_it_believed_any(self, tmp_path: Path) -> None:
        after = again(self.run(tmp_path / "run", exercised=1))
        assert {finding["clause"] for finding in after["findings"]} >= {"SHAPE-7"}
        assert "judged again from the history: 1 operations" in after["notes"]

    def test_are_where_it_was_killed_before_it_could_say(self, tmp_path: Path) -> None:
        run = self.run(tmp_path / "run", exercised=0, partial=True)
        assert is_believed(load_run(run))
        assert again(run)["verdict"] == "broken"


@pytest.mark.parametrize("around", [("otp:", ""), ("", ":otp"), ("a=1&otp=", "&b=2"), ("{'c': '", "'}")])
@pytest.mark.parametrize("strip", [True, False])
def test_a_short_code_within_a_short_token_is_masked(around: tuple[str, str], strip: bool) -> None:
    masker = scene.masker()
    masker.learn("code", "4821")
    token = base64.urlsafe_b64encode(f"{around[0]}4821{around[1]}".encode()).decode()
    token = token.rstrip("=") if strip else token
    for text in (token, f'{{"trace":"{token}"}}', f"see {token}."):
        masked = masker.mask(text)
        assert "<code:" in masked
        assert masker.mask(masked) == masked


@pytest.mark.parametrize("word", ["purchase_type", "country_code", "MTIzNDU2", "otp", "b3RwOjEy"])
def test_words_that_hold_no_secret_stay(word: str) -> None:
    masker = scene.masker()
    masker.learn("code", "4821")
    assert masker.mask(word) == word
