"""report.md is short, says what run.json says, and nothing that a target says becomes Markdown."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reports.markdown.proof import proof_markdown
from reports.markdown.run import MAX_FINDINGS, MAX_LINES, run_markdown
from reports.markdown.summary import append_summary
from reports.markdown.text import code, prose
from reports.partial import Recorded
from reports.plaintext import plain
from tests.record import scene
from tests.reports.html.material import HOSTILE, case, load_section, parts, poisoned, proof

ROOT = Path(__file__).resolve().parents[2]
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKDOWN = (
    "[a](http://evil.example) ![i](http://evil.example/p.png) <img src=x> @octocat #12 GH-3 owner/repo#4 "
    "www.evil.example https://evil.example mailto:a@evil.example **bold** _it_ `code` ~~gone~~ | cell | $x$ "
    "&lt; \\ :smile: !7 ~8 %9 &10"
)
TEXTS = st.text(st.characters() | st.sampled_from("`*_[]()<>#@!~|$\\&;:-+=.1 \n\u202e\ud800"), max_size=40)


def tokens(text: str) -> list[Any]:
    found = []
    for token in PARSER.parse(text):
        found.append(token)
        found += token.children or []
    return found


@given(text=TEXTS)
def test_prose_renders_as_its_visible_self_and_nothing_else(text: str) -> None:
    for line in (f"- {prose(text)}", f"- **X** {prose(text)}"):
        kinds = {token.type for token in tokens(line)}
        assert kinds <= {
            "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "paragraph_open",
            "paragraph_close", "inline", "text", "strong_open", "strong_close", "text_special",
        }  # fmt: skip
    seen = "".join(token.content for token in tokens(f"x {prose(text)}") if token.type in {"text", "text_special"})
    assert seen.replace("\u200b", "").split() == ["x", *plain(text, 300).split()]


@given(text=TEXTS)
def test_code_renders_as_a_single_code_span(text: str) -> None:
    made = [token for token in tokens(f"x {code(text)} y") if token.type not in {"paragraph_open", "paragraph_close"}]
    spans = [token.content for token in made if token.type == "code_inline"]
    if plain(text, 300).strip():
        assert [token.type for token in made] == ["inline", "text", "code_inline", "text"]
        assert spans[0].split() == plain(text, 300).split()
    else:
        assert spans == []


def test_nothing_is_left_for_a_forge_to_link_or_notify() -> None:
    text = "".join(token.content for token in tokens(f"x {prose(MARKDOWN, 1000)}") if token.type.startswith("text"))
    for wanted in ("@octocat", "#12", "#4", "GH-3", "www.", "https://", "mailto:", ":smile:", "!7", "~8", "%9", "&10"):
        assert wanted not in text
        assert wanted in text.replace("\u200b", "")


def test_the_whole_report_of_a_broken_run() -> None:
    assert run_markdown(scene.document()) == (
        """\
### ❌ Broken: The target does not keep its contract.

assay gate of `http://127.0.0.1:8080` · 2026-02-23 10:15:00 UTC · 14.3 s · profile 2026-02 · seed 7 · """
        """412 requests · 25 purchases · 37.50 USD

- 2 findings of severity error: LIFE-3, SHAPE-6

**What is broken** (2 errors, 1 warning)

- **LIFE-3** error: the code of a purchase changed (× 3)
  - expected credentials, once shown to the owner, are the same in every later view
  - observed `purchase 8117: code '<code:1>', then '<code:2>'`
- **SHAPE-6** error: phone_number is no E.164 number
  - expected null or a plus sign and 2 to 15 ASCII digits, matched whole
  - observed `'<phone:1>\\n'`
- **INPUT-6** warning: a refusal names a code \\[red\\]of a purchase\\[/red\\] (× 2)
  - expected a refusal gives nothing away
  - observed `\\x1b[31mnothing with code <code:1>\\x1b[0m\\u202e`

**What was not tested** (\\* required)

- AUTH-4, AUTH-5: it needs a second owner: set ASSAY_OTHER_API_KEY
- LIFE-10: no PENDING purchase was 20 minutes old

8 clauses: 3 kept, 2 broken, 3 not tested. Again: `assay gate --url http://127.0.0.1:8080 --seed 7`
"""
    )


def test_a_partial_run_is_marked_as_one() -> None:
    document = {**scene.document(), "partial": True, "clauses": [], "findings": [], "requests": 0}
    text = run_markdown(document, Recorded(597, 24))
    assert "**Partial:** the run ended before its time; its history holds 597 operations, 24 purchases among" in text
    assert "0 requests" not in text


def test_a_verification_tells_its_parts() -> None:
    text = run_markdown({**scene.document(), "command": "verify", "parts": parts()})
    assert "- **gate** kept: 57 clauses kept\n- **load** broken: p99 of create" in text
    assert "- **compare** left out: no release to compare with was named\n" in text


def test_missed_objectives_come_first_and_saturation_before_them() -> None:
    document = {**scene.document(), "load": load_section(saturated=True, saturation="use more processes")}
    text = run_markdown(document)
    assert "**The generator was saturated.** use more processes" in text
    assert "198.4 journeys/s, 993.2 requests/s: p50 9 ms, p90 22 ms, p99 55 ms, max 402.5 ms" in text
    assert "**Objectives** (1 of 3 met)\n\n- ❌ `all p999 < 150ms`: observed 180 ms\n- ❌ `list p99" in text
    assert text.index("saturated") < text.index("Objectives")


@pytest.mark.parametrize(
    "text", [HOSTILE, MARKDOWN, "`" * 500, "x" * 1_000_000, "\n# heading\n\n---\n", "[x]: http://e"]
)
def test_hostile_text_is_bounded_and_becomes_nothing(text: str) -> None:
    document = scene.document()
    document["findings"] *= 40
    document["clauses"] = [
        {**clause, "verdict": "not_exercised", "reason": f"{number}"}
        for number, clause in enumerate(document["clauses"] * 10)
    ]
    document.update(partial=True, reasons=["a"] * 30, load=load_section(saturated=True, saturation="much"))
    document["load"]["objectives"] *= 20
    document["parts"] = parts() * 5
    made = run_markdown(poisoned(document, text), Recorded(1, 1))
    lines = made.splitlines()
    assert len(lines) <= MAX_LINES
    assert len(made.encode()) < 32_000
    kinds = {token.type for token in tokens(made)}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "fence", "code_block", "hr", "em_open"}
    assert not kinds & {"s_open", "table_open", "ordered_list_open", "blockquote_open"}
    assert [token.type for token in tokens(made)].count("heading_open") == 1
    assert f"{3 * 40 - MAX_FINDINGS} more findings in report.html" in made


def test_a_proof_is_short_and_names_what_went_wrong() -> None:
    text = proof_markdown(proof())
    assert "### ❌ Broken: The gate catches 2 of 3 seeded defects and is silent on 1 of 2 lawful variants." in text
    assert "| defects | 2 | 1 |" in text
    assert "- missed: `lists-twice` (LIFE-3, RACE-2) whoever buys is charged twice" in text
    assert "- false alarm: `slow-answers` (LIFE-3)" in text
    assert "1 case not shown." in text
    many = proof(cases=[case(f"c{n}", right=False) for n in range(500)], partial=True, reasons=["a"] * 50)
    assert len(proof_markdown(poisoned(many)).splitlines()) <= MAX_LINES
    kinds = {token.type for token in tokens(proof_markdown(poisoned(many, MARKDOWN)))}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "em_open", "s_open"}


class TestJobSummary:
    def test_a_run_is_appended(self, tmp_path: Path) -> None:
        file = tmp_path / "summary.md"
        file.write_text("before\n")
        assert append_summary(scene.document(), {"GITHUB_STEP_SUMMARY": str(file)}) is None
        assert file.read_text(encoding="utf-8") == f"before\n{run_markdown(scene.document())}\n"

    def test_without_one_nothing_is_written(self) -> None:
        assert append_summary(scene.document(), {}) is None
        assert append_summary(scene.document(), {"GITHUB_STEP_SUMMARY": ""}) is None

    def test_one_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        told = append_summary(scene.document(), {"GITHUB_STEP_SUMMARY": str(tmp_path)})
        assert told == f"GITHUB_STEP_SUMMARY: cannot write {tmp_path}: Is a directory"
        assert append_summary(scene.document(), {"GITHUB_STEP_SUMMARY": "a\x00b"}) is not None

    def test_a_gate_writes_there_even_when_its_target_is_gone(self, tmp_path: Path) -> None:
        file = tmp_path / "summary.md"
        with socket.socket() as taken:
            # Bound, but nobody listens: whoever connects is refused.
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            result = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "assay",
                    "gate",
                    "--url",
                    url,
                    "--depth",
                    "quick",
                    "--out",
                    str(tmp_path / "run"),
                ],
                env={**os.environ, "ASSAY_API_KEY": "k" * 20, "GITHUB_STEP_SUMMARY": str(file)},
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )
        assert result.returncode == 3, result.stderr
        assert file.read_text(encoding="utf-8").startswith("### ⚠️ Inconclusive")
        assert file.read_text(encoding="utf-8") == (tmp_path / "run" / "report.md").read_text(encoding="utf-8") + "\n"
        assert url in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
