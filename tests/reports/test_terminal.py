"""The terminal report tells what to act on, in any width, and obeys nothing that a target says."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from reports.partial import Recorded
from reports.plaintext import plain
from reports.terminal import MAX_FINDINGS, render, render_quiet
from tests.record import scene

RUN = Path("reports/runs/20260223T101500Z-gate")


def shown(document: dict[str, Any], width: int = 80, *, encoding: str = "utf-8", **options: Any) -> str:
    buffer = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    render(document, Console(file=buffer, width=width, highlight=False, **options), run_dir=RUN)
    buffer.seek(0)
    return buffer.read()


def test_the_whole_report_of_a_broken_run() -> None:
    assert shown(scene.document()) == (
        """\
Broken: the target does not keep its contract.
  2 findings of severity error: LIFE-3, SHAPE-6

target    http://127.0.0.1:8080
profile   2026-02
seed      7
cost      412 requests · 25 purchases · 37.50 USD · 14.3 s
note      profile 2026-02 was detected
again     assay gate --url http://127.0.0.1:8080 --seed 7

1. error LIFE-3  the code of a purchase changed (3 times)
   expected  credentials, once shown to the owner, are the same in every later
             view
   observed  purchase 8117: code '<code:1>', then '<code:2>'
   also      purchase 8118: code '<code:2>', then '<code:1>'
   in        #1 owner POST /v1/purchases/8117/request-code: 200, 600-642 ms
             #2 owner GET /v1/purchases/8117: 200, 700-742 ms
   try
curl -sS -i -X GET http://127.0.0.1:8080/v1/purchases/8117 """
        """-H 'accept: application/json' -H 'x-api-key: '"$ASSAY_API_KEY"
   more      assay explain LIFE-3; LIFE-3-3953a1 in run.json

2. error SHAPE-6  phone_number is no E.164 number
   expected  null or a plus sign and 2 to 15 ASCII digits, matched whole
   observed  '<phone:1>\\n'
   in        #5 owner GET /v1/purchases?page=1&page_size=50: 200, 1,000-1,042 ms
   try
curl -sS -i -X GET 'http://127.0.0.1:8080/v1/purchases?page=1&page_size=50' """
        """-H 'accept: application/json' -H 'x-api-key: '"$ASSAY_API_KEY"
   more      assay explain SHAPE-6; SHAPE-6-c480d1 in run.json

3. warning INPUT-6  a refusal names a code [red]of a purchase[/red] (2 times)
   expected  a refusal gives nothing away
   observed  \\x1b[31mnothing with code <code:1>\\x1b[0m\\u202e
   in        #6 other GET /v1/purchases/8117: 404, 1,100-1,142 ms
   try
curl -sS -i -X GET http://127.0.0.1:8080/v1/purchases/8117 """
        """-H 'accept: application/json' -H 'x-api-key: '"$ASSAY_OTHER_API_KEY"
   more      assay explain INPUT-6; INPUT-6-f79482 in run.json

Not exercised (* required)
  AUTH-4, AUTH-5: it needs a second owner: set ASSAY_OTHER_API_KEY
  LIFE-10: no PENDING purchase was 20 minutes old

Clauses, each with how often it was exercised
✓ kept   ✗ broken   – not exercised
SHAPE 1✓412  6✗96
INPUT 6✓231
AUTH  4–  5–
LIFE  3✗48  10–
MONEY 2✓7

Written to reports/runs/20260223T101500Z-gate
"""
    )


def test_a_run_that_tested_nothing_says_so_in_one_line_in_place_of_every_clause_by_name() -> None:
    document = scene.document()
    for clause in document["clauses"]:
        clause |= {"verdict": "not_exercised", "exercised": 0, "reason": "connection refused"}
    assert f"  all {len(document['clauses'])} clauses: connection refused\n" in shown(document)
    document["clauses"][0]["reason"] = "no stock"
    assert f"all {len(document['clauses'])} clauses" not in shown(document)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_but_a_command_is_wider_than_the_terminal(width: int) -> None:
    document = scene.document()
    document["findings"][0]["observed"] = "観測" * 200 + "x" * 300
    lines = shown(document, width).splitlines()
    assert all(len(line) <= width for line in lines if not line.startswith(("curl ", "assay ")))
    assert all(line == line.rstrip() for line in lines)


def test_the_line_that_runs_it_again_is_never_broken() -> None:
    command = "assay gate --url http://127.0.0.1:8080 --profile 2026-02 --depth quick --seed 7 --max-purchases 40"
    document = {**scene.document(), "rerun": command}
    assert f"\nagain\n{command}\n" in shown(document)
    assert f"\nagain     {command}\n" in shown(document, 200)


def test_colours_are_used_in_a_terminal_and_not_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = shown(scene.document(), force_terminal=True, color_system="standard")
    assert "\x1b[1;31mBroken" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    plain_text = shown(scene.document(), force_terminal=True)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", plain_text)


def test_a_terminal_without_unicode_gets_ascii() -> None:
    document = scene.document()
    document["findings"][0]["observed"] = "США"
    text = shown(document, encoding="ascii")
    assert text.isascii()
    assert "1+412  6!96" in text
    assert r"\u0421\u0428\u0410" in text
    assert render_quiet(document, Path("/tmp/США"), ascii_only=True).isascii()


HOSTILE = ("\x1b]0;owned\x07", "\x1b[2J", "\r\n", "\u202e", "\u200b", "\ud800", "\x9b31m", "[bold]", "\u2028", "[/]")


def test_nothing_that_a_target_says_is_obeyed() -> None:
    document = scene.document()
    text = "".join(HOSTILE)

    def poisoned(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: poisoned(child, name) for name, child in value.items()}
        if isinstance(value, list):
            return [poisoned(child, key) for child in value]
        return text if isinstance(value, str) and key not in {"verdict", "severity", "outcome", "spend"} else value

    result = shown(poisoned(document), force_terminal=True, color_system=None)
    assert not [bad for bad in (*"\x1b\x07\r\u202e\u200b\x9b\u2028",) if bad in result]
    assert "[bold]" in result
    quiet = render_quiet(poisoned(document), Path(text))
    assert "\n" not in quiet
    assert "\x1b" not in quiet


@settings(deadline=None)
@given(text=st.text(st.characters()))
def test_any_text_becomes_one_line_that_shows_what_cannot_be_seen(text: str) -> None:
    made = plain(text, ascii_only=False)
    assert made.isprintable() or all(character.isspace() for character in made if not character.isprintable())
    assert made.encode("utf-8").decode("utf-8") == made
    assert plain(text, ascii_only=True).isascii()


def test_long_texts_are_cut_with_a_note() -> None:
    assert plain("x" * 100, 10) == "xxxxxxxxxx… (100 characters)"
    document = scene.document()
    document["findings"][0]["observed"] = "y" * 100_000
    document["findings"][0]["curl"] = ["z" * 100_000]
    text = shown(document)
    assert "(100000 characters)" in text
    assert "a command of 100,000 characters, in run.json" in text
    assert len(text) < 8_000


def test_many_findings_are_counted_rather_than_shown() -> None:
    document = scene.document()
    document["findings"] = document["findings"][:1] * (MAX_FINDINGS + 12)
    text = shown(document)
    assert f"{MAX_FINDINGS}. error LIFE-3" in text
    assert "12 more findings in run.json" in text
    assert f"{MAX_FINDINGS + 1}. error" not in text


def test_of_many_calls_and_samples_the_first_and_the_last_are_shown() -> None:
    document = scene.document()
    found = document["findings"][0]
    found["samples"] = [f"sample {number}" for number in range(5)]
    found["evidence"] = [{**found["evidence"][0], "index": number} for number in range(24)]
    text = shown(document)
    assert "also      sample 0\n             (3 more in run.json)\n             sample 4\n" in text
    assert [int(index) for index in re.findall(r"#(\d+) owner POST", text)] == [0, 1, 2, 3, 20, 21, 22, 23]
    assert "(16 more in run.json)" in text


def test_errors_come_before_warnings() -> None:
    document = scene.document()
    document["findings"].reverse()
    text = shown(document)
    assert text.index("1. error SHAPE-6") < text.index("3. warning INPUT-6")


def test_a_run_that_was_cut_short_says_how_far_it_came() -> None:
    document = {**scene.document(), "partial": True, "clauses": [], "findings": []}
    buffer = io.StringIO()
    render(document, Console(file=buffer, width=80), recorded=Recorded(212, 30))
    text = " ".join(buffer.getvalue().split())
    assert "The run ended before its time; its history holds 212 operations, 30 purchases among them." in text
    assert "Written to" not in buffer.getvalue()
    assert "Clauses" not in buffer.getvalue()


def test_a_call_that_is_not_held_any_more_is_named() -> None:
    document = scene.document()
    document["findings"][0]["evidence"][0].update(method=None, path=None, status=None, request=None, response=None)
    assert "#1 owner request_code: no answer kept, 600-642 ms" in shown(document)
    document["findings"][0]["evidence"][0].update(error="timeout")
    assert "#1 owner request_code: timeout, 600-642 ms" in shown(document)


def test_a_required_clause_is_marked_and_large_counts_are_short() -> None:
    document = scene.document()
    document["clauses"][3]["required"] = True
    document["clauses"][0]["exercised"] = 12_345
    document["clauses"][1]["exercised"] = 7_654_321
    text = shown(document)
    assert "AUTH-4*, AUTH-5: it needs a second owner" in text
    assert "1✓12k  6✗7M" in text


class TestOneLine:
    def test_of_a_broken_run(self) -> None:
        assert render_quiet(scene.document(), RUN) == (
            "broken: 2 findings (LIFE-3, SHAPE-6), 1 warning · 412 requests · 25 purchases · 37.50 USD · seed 7 · "
            "reports/runs/20260223T101500Z-gate"
        )

    def test_of_a_kept_run(self) -> None:
        document = {**scene.document(), "verdict": "kept", "findings": [], "spend": "0.00", "spend_currency": None}
        assert render_quiet(document) == "kept: 3 clauses · 412 requests · 25 purchases · 0.00 spent · seed 7"

    @pytest.mark.parametrize(
        ("reasons", "gist"),
        [
            ([], "no reason was written down"),
            (["the target does not answer"], "the target does not answer"),
            (["a", "b"], "a (and 1 more reason)"),
            (["a", "b", "c"], "a (and 2 more reasons)"),
        ],
    )
    def test_of_an_inconclusive_run(self, reasons: list[str], gist: str) -> None:
        document = {**scene.document(), "verdict": "inconclusive", "reasons": reasons}
        assert render_quiet(document).startswith(f"inconclusive: {gist} · ")

    def test_of_a_run_that_is_broken_without_a_finding(self) -> None:
        """More causes than the oracle keeps leave clauses broken whose findings were dropped."""
        assert render_quiet({**scene.document(), "findings": []}).startswith("broken: 0 findings · ")
