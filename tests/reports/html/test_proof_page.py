"""The page of a proof shows what was missed first, and every case with its clauses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.errors import DocumentError
from reports.html.proof import proof_page
from reports.pages import proof_pages
from reports.proof import holds_proof, load_proof, proof_sentence, state_of
from reports.proofcommand import report_proof
from tests.reports.html.material import Page, case, poisoned, proof


def test_what_went_wrong_comes_first_and_every_case_is_there_once() -> None:
    page = Page(proof_page(proof()))
    assert page.values("data-case") == [
        "lists-twice", "slow-answers", "late", "code-changes", "id-as-text", "keys-in-other-order",
    ]  # fmt: skip
    assert page.values("data-state") == ["missed", "alarm", "not_shown", "caught", "caught", "silent"]
    text = " ".join(page.text.split())
    assert "Broken The gate catches 2 of 3 seeded defects and is silent on 1 of 2 lawful variants." in text
    first = text[text.index("What went wrong") : text.index("By family")]
    assert "✗ missed lists-twice" in first
    assert "✗ false alarm slow-answers" in first
    assert "code-changes" not in first


def test_clauses_of_a_case_tell_which_caught_it() -> None:
    content = proof_page(proof()).decode()
    assert '<span class="chip hit">LIFE-3</span><span class="chip not">RACE-2</span>' in content
    assert '<span class="chip other">SHAPE-1</span>' in content
    assert '<span class="chip warned">RACE-2</span>' in content


def test_a_clause_is_counted_by_what_it_names_catches_and_catches_alone() -> None:
    text = " ".join(Page(proof_page(proof())).text.split())
    assert "LIFE-3 2 1 1 RACE-2 2 0 0 SHAPE-3 1 1 1" in text
    assert "LIFE 3 1 1 0" not in text  # the case that was not shown is none of those shown
    assert "LIFE 2 1 1 1" in text


def test_a_proof_page_obeys_nothing() -> None:
    clean, page = Page(proof_page(proof())), Page(proof_page(poisoned(proof())))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in clean.elements} | {"span"}
    assert "<script>window.owned=1</script>" in page.text
    assert not set("\u202e\u2028\x1b\x00\u200b") & set(page.text)


def test_thousands_of_cases_with_long_texts_stay_below_5_mb() -> None:
    cases = [case(f"case-{number}", statement="д" * 5_000, note="д" * 5_000) for number in range(6_000)]
    assert len(proof_page(proof(cases=cases))) < 5_000_000


def test_a_partial_proof_is_marked_and_an_empty_one_says_so() -> None:
    summary = {**dict.fromkeys(proof()["summary"], 0), "median_seconds": None, "median_purchases": None}
    empty = proof(cases=[], partial=True, summary=summary)
    text = " ".join(Page(proof_page(empty)).text.split())
    assert "Partial. The proof ended before its time." in text
    assert "No case was shown." in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"caught": 2, "silent": 2}, "The gate catches all 3 seeded defects and is silent on all 2 lawful variants."),
        (
            {"defects": 1, "caught": 1, "mutants": 0, "caught_mutants": 0, "variants": 1, "silent": 0},
            "The gate catches the one seeded defect and is silent on 0 of 1 lawful variant.",
        ),
        ({"variants": 0, "silent": 0}, "The gate catches 2 of 3 seeded defects."),
        (
            {"defects": 0, "caught": 0, "mutants": 0, "caught_mutants": 0},
            "The gate is silent on 1 of 2 lawful variants.",
        ),
    ],
)
def test_a_proof_in_one_sentence(changes: dict[str, int], sentence: str) -> None:
    assert proof_sentence(proof(summary={**proof()["summary"], **changes})) == sentence


def test_a_control_that_alarms_is_a_false_alarm() -> None:
    assert state_of(case("bare", "control", right=False)) == "alarm"


class TestReporting:
    def test_a_proof_is_shown_and_its_pages_written(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "proof.json").write_text(json.dumps(proof()))
        assert holds_proof(tmp_path)
        report_proof(tmp_path, quiet=False, as_json=False)
        out = capsys.readouterr().out
        assert out.startswith("broken: The gate catches 2 of 3 seeded defects")
        assert "missed lists-twice: whoever buys is charged twice" in out
        assert "1 case not shown" in out
        assert (tmp_path / "report.html").read_bytes() == proof_pages(proof())["report.html"]
        assert (tmp_path / "report.md").read_text().startswith("### ❌ Broken")

    def test_quiet_is_one_line_and_json_the_document(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "proof.json").write_text(json.dumps(proof()))
        report_proof(tmp_path / "proof.json", quiet=True, as_json=False)
        assert capsys.readouterr().out.count("\n") == 1
        report_proof(tmp_path, quiet=True, as_json=True)
        assert json.loads(capsys.readouterr().out) == proof()

    @pytest.mark.parametrize("content", [b"", b"[]", b'{"schema": 2}', b"[" * 100_000, b'{"schema": 1}', b"\xff"])
    def test_what_is_no_proof_is_one_clear_line(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "proof.json").write_bytes(content)
        with pytest.raises(DocumentError) as caught:
            load_proof(tmp_path)
        assert str(caught.value).startswith(f"{tmp_path / 'proof.json'} is not ")
        assert len(str(caught.value)) < len(str(tmp_path)) + 400

    def test_a_run_is_no_proof(self, tmp_path: Path) -> None:
        assert not holds_proof(tmp_path)
        (tmp_path / "proof.json").touch()
        (tmp_path / "run.json").touch()
        assert not holds_proof(tmp_path)
        with pytest.raises(DocumentError, match="cannot read"):
            load_proof(tmp_path / "elsewhere")
