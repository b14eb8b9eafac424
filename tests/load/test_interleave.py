"""Two releases are loaded in turn and compared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from contracts.errors import UsageError
from load import command
from load import interleave as module
from load.interleave import Interleaving, interleave, own_arguments
from reports.errors import DocumentError
from tests.load.test_request import ask
from tests.reports.compare.made import load_run


def test_every_run_is_given_what_is_not_about_where_it_runs() -> None:
    given = ["nightly", "--url", "http://a", "--interleave=http://b", "--rounds", "4", "--rate", "5/s", "-q", "--json"]
    assert own_arguments([*given, "--out", "x", "--label", "y"]) == ["nightly", "--rate", "5/s", "--label", "y"]


class Runs:
    """Stands for the runs: remembers who ran, and leaves a made-up run behind."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str, str | None]] = []

    def __call__(self, arguments: Sequence[str], url: str, place: Path, environment: Mapping[str, str]) -> None:
        self.ran.append((url, place.name, environment.get("ASSAY_API_KEY")))
        load_run(place, seed=len(self.ran))


def asked(out: Path, rounds: int = 2) -> Interleaving:
    return Interleaving(
        baseline="http://127.0.0.1:1",
        candidate="http://127.0.0.1:2",
        rounds=rounds,
        out=out,
        arguments=["nightly"],
        seed=1,
    )


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    stand_in = Runs()
    monkeypatch.setattr(module, "_run", stand_in)
    monkeypatch.setattr(module, "calibrate", lambda: 1000.0)
    return stand_in


def test_they_take_turns_and_the_comparison_is_written(runs: Runs, tmp_path: Path) -> None:
    environment = {"ASSAY_API_KEY": "old-key", "ASSAY_CANDIDATE_API_KEY": "new-key"}
    code = interleave(asked(tmp_path), environment, quiet=True, as_json=False)
    old, new = "http://127.0.0.1:1", "http://127.0.0.1:2"
    assert runs.ran == [
        (old, "1-A", "old-key"),
        (new, "2-B", "new-key"),
        (new, "3-B", "new-key"),
        (old, "4-A", "old-key"),
    ]
    assert code in {0, 3}
    assert json.loads((tmp_path / "compare.json").read_text())
    assert (tmp_path / "compare.md").read_text()


def test_without_a_key_of_its_own_the_candidate_gets_the_baselines(runs: Runs, tmp_path: Path) -> None:
    interleave(asked(tmp_path), {"ASSAY_API_KEY": "one-key"}, quiet=True, as_json=False)
    assert {key for _, _, key in runs.ran} == {"one-key"}


def test_a_machine_that_drifts_means_that_nobody_can_tell(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = iter([1000.0, 1000.0, 700.0, 1000.0, 1000.0])
    monkeypatch.setattr(module, "calibrate", lambda: next(rates))
    assert interleave(asked(tmp_path), {}, quiet=True, as_json=False) == 3
    assert "drifted" in capsys.readouterr().out


def test_rounds_that_cannot_be_balanced_are_refused_before_anything_is_sent(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="3 rounds"):
        interleave(asked(tmp_path, rounds=3), {}, quiet=True, as_json=False)
    assert not runs.ran


@pytest.mark.parametrize(
    ("candidate", "complaint"),
    [
        ("", "--interleave '' is not an http or https URL"),
        ("127.0.0.1:9", "--interleave '127.0.0.1:9' is not an http or https URL"),
        ("http://192.0.2.1", "--allow-host 192.0.2.1"),
    ],
)
def test_a_candidate_that_cannot_be_asked_is_told_before_the_baseline_sells(
    candidate: str, complaint: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_API_KEY", "some-key-1234")
    request = ask(url="http://127.0.0.1:9")
    with pytest.raises(UsageError, match=re.escape(complaint)):
        command._interleave(request, candidate, 2, quiet=True, as_json=False)
    assert not runs.ran


def test_a_run_that_cannot_be_begun_ends_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="could not be begun"):
        module._run(["no-such-plan"], "http://127.0.0.1:9", tmp_path / "r", {"PATH": "", "ASSAY_API_KEY": "k" * 12})
