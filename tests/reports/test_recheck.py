"""A history judged again says what the run said: no alarm that a mask raised, and nothing lost but what masks hide."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from contracts.config import Settings
from contracts.errors import UsageError
from contracts.finding import Severity
from contracts.gate.opening import GateRequest, open_gate
from contracts.gate.plan import PLANS
from contracts.gate.run import PHASES, GateOptions
from contracts.history import Answer, ApiOperation, Operation
from contracts.record.recheck import recheck, recheck_run
from contracts.record.result import build_run
from contracts.record.standins import is_damaged, masked, stand_in
from contracts.record.untold import PHONES
from reports.command import make_report
from reports.har import Exchanges
from reports.rundocs import load_run
from tests.record import scene
from tests.reports import runs
from tests.reports.published import check_har

DEFECTS = ("price-in-cents", "phone-without-plus", "code-as-number", "status-with-space")
PLAN = replace(PLANS["quick"], countries=4, rereads=1, reads_of_one=3, page_sizes=(50, 3))
RANDOM = ("fuzzing", "state machine")
"""Phases that tell nothing of masks and take their time."""

app = typer.Typer()
app.command()(make_report(recheck_run))


def gate(directory: Path, *defects: str, leave_out: tuple[str, ...] = RANDOM, har_all: bool = False) -> Path:
    """Run the deterministic phases of a gate against the embedded sandbox."""
    options = GateOptions(plan=PLAN, seconds=60.0)
    request = GateRequest(options=options, out=directory, defects=defects, environment={}, har_all=har_all)
    with open_gate(request) as opened:
        for name, phase in PHASES:
            if name not in leave_out:
                opened.gate.run_phase(name, phase)
    return directory


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gate(tmp_path_factory.mktemp("kept") / "run", har_all=True)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gate(tmp_path_factory.mktemp("broken") / "run", *DEFECTS, leave_out=(*RANDOM, "near misses"))


def again(run: Path, settings: Settings | None = None, today: date | None = None) -> dict[str, Any]:
    return recheck(run, load_run(run), settings or Settings(), today)


def recorded(directory: Path, *operations: Operation, **facts: Any) -> Path:
    """Return a run that recorded these operations and found nothing, as far as it says."""
    known = {"requests": len(operations), **facts}
    document = build_run(scene.facts(**known), scene.results()[:1], [], {}, scene.masker())
    return runs.write(directory, list(operations), document, scene.masker())


def found(document: dict[str, Any]) -> dict[str, int]:
    return {finding["id"]: finding["count"] for finding in document["findings"]}


def clauses_of(document: dict[str, Any]) -> set[str]:
    return {finding["clause"] for finding in document["findings"]}


class TestARealRun:
    def test_a_kept_gate_is_kept(self, kept: Path) -> None:
        before, after = load_run(kept), again(kept)
        assert (before["verdict"], before["findings"]) == ("kept", [])
        assert (after["verdict"], after["findings"]) == ("kept", [])
        assert after["clauses"] == before["clauses"]
        assert after["notes"] == [
            *before["notes"],
            f"judged again from the history: {before['requests']} operations",
        ]

    def test_a_broken_one_has_the_same_findings_as_often(self, broken: Path) -> None:
        before, after = load_run(broken), again(broken)
        assert len(before["findings"]) >= 4
        assert found(after) == found(before)
        assert after["clauses"] == before["clauses"]
        for old, new in zip(before["findings"], after["findings"], strict=True):
            assert new["evidence"] == old["evidence"]
            assert new["curl"] == old["curl"]
            assert new["replay"] == old["replay"]
            assert new.get("location") == old.get("location")

    def test_what_hangs_on_the_digits_of_a_phone_is_taken_from_the_run(self, broken: Path) -> None:
        (before,) = (f for f in load_run(broken)["findings"] if f["clause"] == "SHAPE-6")
        (after,) = (f for f in again(broken)["findings"] if f["clause"] == "SHAPE-6")
        assert after == before

    def test_a_number_that_changes_by_its_plus_sign_alone_is_not_lost(self, broken: Path) -> None:
        named = [f for f in load_run(broken)["findings"] if f["clause"] == "LIFE-5"]
        assert named
        assert [f for f in again(broken)["findings"] if f["clause"] == "LIFE-5"] == named

    def test_no_stand_in_is_left(self, broken: Path) -> None:
        text = json.dumps(again(broken))
        assert masked(text) == text
        assert "assay-stand-in" not in text

    def test_a_killed_run_is_judged_as_far_as_it_came(self, broken: Path, tmp_path: Path) -> None:
        whole = load_run(broken)
        lines = (broken / "history.jsonl").read_bytes().splitlines(keepends=True)
        cut = {**whole, "partial": True, "verdict": "inconclusive", "exit_code": 3, "clauses": [], "findings": []}
        cut.update(requests=0, purchases=0, spend="0.00", spend_currency=None, reasons=["the run was cut short"])
        (tmp_path / "run.json").write_text(json.dumps(cut))
        (tmp_path / "history.jsonl").write_bytes(b"".join(lines[:400]) + lines[400][:100])
        after = again(tmp_path)
        assert (after["partial"], after["verdict"], after["requests"]) == (True, "broken", 400)
        assert found(after)
        assert found(after).keys() <= found(whole).keys()
        assert after["purchases"] > 0
        assert after["reasons"][1] == "the run was cut short before it could reach a verdict"
        states = {clause["id"]: clause for clause in after["clauses"]}
        for name, reason in PHONES.items():
            assert (states[name]["verdict"], states[name]["reason"]) == ("not_exercised", reason)
            assert not states[name]["required"]


def test_a_gate_archives_every_exchange_where_it_is_asked_to(kept: Path, broken: Path) -> None:
    for run, every in ((kept, True), (broken, False)):
        document = load_run(run)
        entries = check_har((run / "exchanges.har").read_bytes())["log"]["entries"]
        of_findings = {call["index"] for finding in document["findings"] for call in finding["evidence"]}
        assert len(entries) == (document["requests"] if every else len(of_findings))


class TestTheCommand:
    def test_writes_a_run_inside_the_run(self, broken: Path) -> None:
        before = (broken / "run.json").read_bytes()
        result = CliRunner().invoke(app, [str(broken), "--recheck", "--quiet"])
        assert result.stdout.startswith("broken: ")
        assert (broken / "run.json").read_bytes() == before
        assert {path.name for path in (broken / "recheck").iterdir()} >= {"run.json", "junit.xml", "findings.sarif"}
        assert found(load_run(broken / "recheck")) == found(load_run(broken))
        archive = json.loads((broken / "recheck" / "exchanges.har").read_text("ascii"))
        assert archive["log"]["entries"]

    def test_returns_the_exit_code_of_the_new_verdict(self, kept: Path, broken: Path) -> None:
        command: Any = make_report(recheck_run)
        usual = {"config": None, "har": Exchanges.FINDINGS, "allure": None, "quiet": True, "as_json": False}
        for run, code in ((kept, 0), (broken, 1)):
            assert command(run, recheck=True, **usual) == code
            assert command(run, recheck=False, **usual) == 0


class TestTodaysSettings:
    def test_decide_on_severities(self, broken: Path) -> None:
        mild = Settings(severity=dict.fromkeys(clauses_of(load_run(broken)), Severity.WARNING))
        after = again(broken, mild)
        assert found(after) == found(load_run(broken))
        assert {f["severity"] for f in after["findings"]} == {"warning"}
        assert after["verdict"] == "inconclusive"

    def test_decide_on_what_is_required(self, kept: Path) -> None:
        after = again(kept, Settings(require=("LOAD-3",)))
        assert after["verdict"] == "inconclusive"
        assert after["reasons"] == ["required but not exercised: LOAD-3 (the run met no occasion for it)"]

    def test_an_acceptance_holds_until_it_expires(self, tmp_path: Path) -> None:
        call = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", answer=scene.purchase(price=None), body=US)
        run = recorded(tmp_path / "run", call)
        document = again(run)
        (finding,) = (f for f in document["findings"] if f["clause"] == "SHAPE-7")
        finding["accepted"] = {"reason": "known", "expires": "2026-12-31", "expired": False}
        (run / "run.json").write_text(json.dumps(document))
        for today, severity in ((date(2026, 12, 31), "warning"), (date(2027, 1, 1), "error")):
            (later,) = (f for f in again(run, today=today)["findings"] if f["clause"] == "SHAPE-7")
            assert later["severity"] == severity


US = b'{"country_code":"US"}'


class TestWhatMaskingTouched:
    def create(self, directory: Path, code: str, **changes: Any) -> dict[str, Any]:
        """Judge again a purchase whose credentials were shown, and a later view of another with these changes."""
        shown = scene.purchase(status="SUCCESS", verification=scene.credentials(code))
        masker = scene.masker()
        masker.learn("code", code)
        calls = [
            scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", body=US, answer=scene.purchase()),
            scene.call(1, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", answer=shown),
            scene.call(
                2, ApiOperation.RETRIEVE, "GET", "/v1/purchases/9000", answer=scene.purchase(id=9000, **changes)
            ),
        ]
        document = build_run(scene.facts(requests=3), [], [], {}, masker)
        return again(runs.write(directory, calls, document, masker))

    def test_a_timestamp_whose_year_is_a_code_raises_no_alarm(self, tmp_path: Path) -> None:
        after = self.create(tmp_path / "run", "2026", phone_number=None)
        text = (tmp_path / "run" / "history.jsonl").read_text()
        assert "<code:3>-02-23T10" in text
        assert "SHAPE-11" not in clauses_of(after)
        assert any("violations were left out: masking or cutting" in note for note in after["notes"])

    def test_a_timestamp_that_is_wrong_does(self, tmp_path: Path) -> None:
        after = self.create(tmp_path / "run", "48213", phone_number=None, created_at="2026-02-30T10:15:01Z")
        assert "SHAPE-11" in clauses_of(after)
        assert not any("left out" in note for note in after["notes"])

    def test_a_create_of_a_megabyte_that_was_served_raises_no_alarm(self, tmp_path: Path) -> None:
        body = b'{"country_code":"US","padding":"%s"}' % (b"x" * 200_000)
        call = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", body=body, answer=scene.purchase())
        after = again(recorded(tmp_path / "run", call))
        assert "INPUT-1" not in clauses_of(after)
        cut = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", body=body[:300], answer=scene.purchase())
        assert "INPUT-1" in clauses_of(again(recorded(tmp_path / "twin", cut)))

    @pytest.mark.parametrize("key", ["code", "password"])
    def test_credentials_that_are_numbers_are_told_as_such(self, key: str, tmp_path: Path) -> None:
        verification = {**scene.credentials(), key: 48213}
        shown = scene.purchase(status="SUCCESS", verification=verification)
        call = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", answer=shown)
        run = recorded(tmp_path / "run", call)
        assert f'\\"{key}\\": <code:1>' in (run / "history.jsonl").read_text()
        after = again(run)
        assert {"SHAPE-10"} <= clauses_of(after)
        assert "SHAPE-2" not in clauses_of(after)

    def test_a_phone_number_that_is_a_number_is_told_as_such(self, tmp_path: Path) -> None:
        shown = scene.purchase(phone_number=int(scene.PHONE))
        after = again(
            recorded(tmp_path / "run", scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", answer=shown))
        )
        assert clauses_of(after) == {"SHAPE-6"}
        assert after["findings"][0]["observed"] == "<phone:1> at /phone_number of retrieve_purchase"

    @pytest.mark.parametrize("form", [scene.OWNER_KEY, base64.b64encode(scene.OWNER_KEY.encode()).decode()])
    def test_a_key_in_an_answer_is_found(self, form: str, tmp_path: Path) -> None:
        call = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", answer=scene.purchase(note=form))
        assert "AUTH-3" in clauses_of(again(recorded(tmp_path / "run", call)))
        plain = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", answer=scene.purchase(note="none"))
        assert "AUTH-3" not in clauses_of(again(recorded(tmp_path / "twin", plain)))

    def test_a_phone_number_sold_twice_is_found_by_its_mask(self, tmp_path: Path) -> None:
        calls = [
            scene.call(
                number, ApiOperation.CREATE, "POST", "/v1/purchases", body=US, answer=scene.purchase(id=number + 1)
            )
            for number in range(2)
        ]
        calls += [
            scene.call(
                number + 2,
                ApiOperation.RETRIEVE,
                "GET",
                f"/v1/purchases/{number + 1}",
                answer=scene.purchase(id=number + 1),
            )
            for number in range(2)
        ]
        after = again(recorded(tmp_path / "run", *calls))
        (finding,) = (f for f in after["findings"] if f["clause"] == "LIFE-7")
        assert finding["observed"] == "<phone:1> belongs to the purchases 1 and 2"

    def test_values_of_a_run_too_long_to_remember_them_are_not_compared(self, tmp_path: Path) -> None:
        views = [scene.purchase(status="SUCCESS", verification=scene.credentials(code)) for code in ("48213", "90177")]
        calls = [
            scene.call(number, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", answer=view)
            for number, view in enumerate(views)
        ]
        run = recorded(tmp_path / "run", *calls)
        assert "LIFE-3" in clauses_of(again(run))
        history = run / "history.jsonl"
        history.write_text(history.read_text().replace("<code:1>", "<code:399999>"))
        assert "LIFE-3" not in clauses_of(again(run))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b'"phone_number\\":\\"<phone:7>\\"', b'"phone_number\\":\\"+99990000000007\\"'),
        (b'"phone_number\\": <phone:7>', b'"phone_number\\": 99990000000007'),
        (b'\\"<phone:2:+0 000 000>\\"', b'\\"<phone:2:+0 000 000>\\"'),
        (b'\\"code\\":\\"<code:12>\\"', b'\\"code\\":\\"88880000000012\\"'),
        (b'\\"password\\":\\"<password:3>\\"', b'\\"password\\":\\"<password:3>\\"'),
        (b'\\"password\\":<password:3>', b'\\"password\\":77770000000003'),
        (b"<key:owner>", b"assay-stand-in-for-the-key-of-owner"),
        (b"<key:owner:altered>", b"<key:owner:altered>"),
        (b"<key:nobody> <code:0> <code:x> <b>", b"<key:nobody> <code:0> <code:x> <b>"),
    ],
)
def test_a_mask_has_a_stand_in_of_its_form_and_becomes_the_mask_again(line: bytes, shown: bytes) -> None:
    assert stand_in(line) == shown
    assert masked(shown.decode()) == line.decode()


@pytest.mark.parametrize(
    ("line", "damaged"),
    [
        (b'{"response_body":"{\\"created_at\\":\\"<code:1>-02-23T10:15:00Z\\"}"}', True),
        (b'{"response_body":"{\\"amount\\": \\"<code:1>.50\\"}"}', True),
        (b'{"response_body":"{\\"total_pages\\": <code:1>}"}', True),
        (b'{"response_headers":[["Date","Mon, 23 Feb <code:1> 10:15:00 GMT"]]}', True),
        (b'{"query":[["page","1"],["page_size","<code:1>"]]}', True),
        (b'{"query":[["page","1"],["phone_number","<phone:1>"]]}', False),
        (b'{"query":[["x-api-key","<key:owner>"]]}', False),
        (b'{"request_body":"x","request_body_cut":200000}', True),
        (b'{"response_body":"{\\"code\\":\\"<code:1>\\",\\"received_at\\":\\"2026-02-23T10:15:00Z\\"}"}', False),
        (b'{"response_body":"{\\"status\\":\\"SUCCESS\\",\\"phone_number\\":\\"<phone:1>\\"}"}', False),
        (b'{"response_body":"{\\"message\\":\\"nothing with <code:1>\\"}"}', False),
        (b'{"response_body":"plain"}', False),
    ],
)
def test_what_masking_took_is_told_from_what_it_hid(line: bytes, damaged: bool) -> None:
    assert is_damaged(line) is damaged


class TestWhatCannotBeJudged:
    def test_a_run_without_a_history(self, tmp_path: Path) -> None:
        run = recorded(tmp_path / "run")
        (run / "history.jsonl").unlink()
        with pytest.raises(UsageError, match=r"nothing to judge again: .*history\.jsonl is missing"):
            again(run)

    def test_a_line_that_is_no_operation(self, tmp_path: Path) -> None:
        run = recorded(tmp_path / "run", *scene.operations())
        with (run / "history.jsonl").open("ab") as history:
            history.write(b"nonsense\n")
        with pytest.raises(UsageError, match="line 8 is no operation"):
            again(run)

    def test_a_profile_that_nobody_knows(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="cannot be judged again: unknown profile '1999-01'"):
            again(recorded(tmp_path / "run", profile="1999-01"))

    def test_a_history_that_lacks_operations_is_no_whole_run(self, tmp_path: Path) -> None:
        run = recorded(tmp_path / "run", *scene.operations()[:1], requests=412)
        assert "the history holds 1 of 412 operations" in again(run)["reasons"]

    def test_what_kept_the_run_from_being_whole_still_does(self, tmp_path: Path) -> None:
        run = recorded(tmp_path / "run", *scene.operations()[:1])
        reasons = ["lives crashed: KeyError", "required but not exercised: LIFE-1"]
        document = load_run(run) | {"verdict": "inconclusive", "reasons": reasons}
        (run / "run.json").write_text(json.dumps(document))
        after = again(run)["reasons"]
        assert "lives crashed: KeyError" in after
        assert "required but not exercised: LIFE-1" not in after


def test_findings_that_are_new_or_gone_are_named(tmp_path: Path) -> None:
    run = runs.broken(tmp_path / "run")
    after = again(run)
    gone = [f.id for f in scene.findings() if f.id not in found(after)]
    new = [name for name in found(after) if name not in {f.id for f in scene.findings()}]
    assert gone
    assert new
    assert f"judged again: {', '.join(gone)} is gone" in after["notes"]
    assert f"judged again: {', '.join(new)} is new" in after["notes"]


def test_a_body_in_base64_is_judged_with_its_masks_too(tmp_path: Path) -> None:
    body = json.dumps(scene.purchase()).encode()[:-1] + b',"odd":"\xff"}'
    call = replace(
        scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117"),
        answer=Answer(200, (("content-type", "application/json"),), body),
    )
    (finding,) = again(recorded(tmp_path / "run", call))["findings"]
    assert (finding["clause"], finding["title"]) == ("SHAPE-2", "the body is not one JSON value")
