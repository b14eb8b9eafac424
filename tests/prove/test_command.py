"""`assay prove` as a user meets it: what it selects, what it refuses, what it shows, and how it ends."""

from __future__ import annotations

import io
import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from contracts.errors import UsageError
from contracts.prove import command
from contracts.prove.case import CONTROL, DEFECT, KINDS, MUTANT, NOT_SHOWN, VARIANT, Case, Shown, without_gate
from contracts.prove.command import prove
from contracts.prove.proof import run_cases
from contracts.prove.record import EMBEDDED, ProofFacts, build_proof
from contracts.prove.selection import select
from contracts.prove.table import render_proof
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings

KEYS = ("ASSAY_API_KEY", "ASSAY_OTHER_API_KEY", "ASSAY_ADMIN_KEY")


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in a directory without settings, with nobody's keys."""
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"depth": "shallow"}, "--depth 'shallow' is not one of quick, full, deep"),
        ({"profile": "auto"}, "--profile 'auto' is not one of 2026-02, 2026-05"),
        ({"kind": ["bug"]}, "--kind 'bug' is not one of control, defect, mutant, variant"),
        ({"seeds": "1;2"}, "--seeds '1;2' is not a list of whole numbers"),
        ({"max_purchases": 5}, "belong to a proof with --url"),
        ({"allow_host": ["staging.example"]}, "belong to a proof with --url"),
        ({"url": "http://127.0.0.1:1"}, "ASSAY_API_KEY is not set"),
        ({"url": "http://127.0.0.1:1", "jobs": 2}, "--jobs 2 with --url"),
        ({"names": ["create-answers-2O1"]}, "did you mean create-answers-201"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_usage_is_refused_before_anything_is_written(options: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words.replace("?", r"\?")):
        prove(**options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "staging.example is not a loopback address"),
        ({"allow_host": ["staging.example"]}, "buying there needs a cap"),
    ],
)
def test_the_rules_for_targets_are_those_of_the_gate(
    options: Any, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ASSAY_API_KEY", "a-key-of-nobody")
    with pytest.raises(UsageError, match=words):
        prove(url="https://staging.example", **options)
    assert list(tmp_path.iterdir()) == []


def kinds_of(monkeypatch: pytest.MonkeyPatch, **options: Any) -> set[str]:
    """Return the kinds of case that a command line leads to, without running any."""
    seen: list[Case] = []

    def run(cases: list[Case], _jobs: int) -> Iterator[Shown]:
        seen.extend(cases)
        yield from (without_gate(case, NOT_SHOWN, "not run") for case in cases)

    monkeypatch.setattr(command, "run_cases", run)
    assert prove(**options, as_json=True) == 3
    return {case.kind for case in seen}


def test_mutants_are_part_of_a_whole_proof_but_not_of_a_quick_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kinds_of(monkeypatch) == set(KINDS)
    assert kinds_of(monkeypatch, depth="quick") == {CONTROL, DEFECT, VARIANT}
    assert kinds_of(monkeypatch, depth="quick", kind=[MUTANT]) == {MUTANT}
    assert kinds_of(monkeypatch, depth="quick", names=["get_profile/*"]) == {MUTANT}
    capsys.readouterr()


def test_a_proof_before_a_url_is_written_and_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with SandboxThread(Settings(seed=5), lambda app: wrap(app, ["list-answers-206"])) as sandbox:
        monkeypatch.setenv("ASSAY_API_KEY", sandbox.owner_key)
        code = prove(["create-answers-201"], url=sandbox.url, depth="quick", max_purchases=40, out=tmp_path / "out")
        url, key = sandbox.url, sandbox.owner_key
    shown = capsys.readouterr()
    document = json.loads((tmp_path / "out" / "proof.json").read_text("utf-8"))
    assert code == document["exit_code"] == 3
    assert (document["target"], document["summary"]["not_shown"]) == (url, 2)
    assert "the target with nothing seeded is not kept but broken (SHAPE-1)" in document["reasons"][0]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"proof.json", "report.html", "report.md"}
    assert "2 not shown" in shown.out
    assert "purchases: 0 for 0" in shown.err
    assert not any(key in text for text in (shown.out, shown.err, json.dumps(document)))


def test_an_interruption_leaves_a_partial_document_and_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    closed: list[bool] = []

    def run(cases: list[Case], _jobs: int) -> Iterator[Shown]:
        try:
            yield without_gate(cases[0], NOT_SHOWN, "not run")
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    monkeypatch.setattr(command, "run_cases", run)
    assert prove(depth="quick", out=tmp_path / "out", as_json=True) == 130
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads((tmp_path / "out" / "proof.json").read_text("utf-8"))
    assert document["partial"]
    assert closed == [True]


def test_a_closed_proof_ends_its_workers() -> None:
    before = set(multiprocessing.active_children())
    results = run_cases(select(["get_profile/id:dropped", "none"], kinds=[CONTROL, MUTANT], depth="deep"), 2)
    assert next(results).name == "get_profile/id:dropped"
    results.close()
    assert set(multiprocessing.active_children()) <= before


def proof_of(*outcomes: tuple[Case, bool | None, tuple[str, ...]]) -> dict[str, Any]:
    """Return the document of cases of which each was right, wrong, or not shown."""
    results = []
    for case, right, caught in outcomes:
        verdict = NOT_SHOWN if right is None else "broken" if caught else "kept"
        note = "the cap is spent" if right is None else "what was found"
        seconds, purchases = (1.25, 3) if caught else (None, None)
        results.append(
            Shown(
                case.key,
                case.name,
                case.kind,
                bool(right),
                verdict,
                caught,
                (),
                (),
                2.0,
                9,
                5,
                seconds,
                purchases,
                note,
            )
        )
    facts = ProofFacts(target=EMBEDDED, profile="2026-02", depth="quick", seeds=[0])
    return build_proof(facts, [case for case, _, _ in outcomes], results, duration_s=1.0)


def rendered(document: dict[str, Any], *, verbose: bool = False) -> str:
    text = io.StringIO()
    render_proof(document, Console(file=text, width=120, highlight=False), verbose=verbose)
    return text.getvalue()


def one(kind: str, name: str) -> Case:
    return select([name], kinds=[kind], depth="quick")[0]


def test_the_terminal_shows_families_and_what_is_wrong_alone() -> None:
    document = proof_of(
        (one(CONTROL, "none"), True, ()),
        (one(DEFECT, "create-answers-201"), True, ("SHAPE-1",)),
        (one(DEFECT, "price-as-number"), False, ("SHAPE-2",)),
        (one(MUTANT, "get_profile/id:dropped"), True, ("SHAPE-2",)),
        (one(DEFECT, "other-owner-pays"), None, ()),
    )
    text = rendered(document)
    assert "create-answers-201" not in text
    [family] = [line for line in text.splitlines() if line.startswith("SHAPE")]
    assert family.split() == "SHAPE 1 of 2 1 of 1 1.2 3".split()
    [wrong] = [line for line in text.splitlines() if line.startswith("NOT")]
    assert wrong.split() == "NOT price-as-number SHAPE-7 SHAPE-2: what was found 1.2 3".split()
    assert "the cap is spent: other-owner-pays" in text
    assert text.splitlines()[-1].startswith("broken: 1 of 2 defects caught; 1 of 1 mutants caught; 1 of 1 variants")


def test_the_terminal_shows_every_case_when_asked() -> None:
    document = proof_of((one(DEFECT, "create-answers-201"), True, ("SHAPE-1",)), (one(CONTROL, "none"), True, ()))
    text = rendered(document, verbose=True)
    lines = [line.split() for line in text.splitlines() if line.startswith("ok")]
    assert lines == ["ok create-answers-201 SHAPE-1 SHAPE-1 1.2 3".split(), "ok none silent".split()]
