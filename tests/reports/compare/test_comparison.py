"""Two runs come to one word, and what stands against it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.compare.cells import DEFAULT, Tolerance
from reports.compare.change import Change
from reports.compare.comparison import Comparison, compare, open_run
from reports.errors import DocumentError
from tests.record import scene
from tests.reports.compare import made

FIFTH = Tolerance(0.2, 0.001)


def gates(directory: Path, baseline: dict[str, Any], candidate: dict[str, Any]) -> Comparison:
    one, two = made.write(directory / "before", baseline), made.write(directory / "after", candidate)
    return compare(open_run(one), open_run(two), DEFAULT, 0)


def loads(
    directory: Path,
    baseline: dict[str, Any] | None = None,
    candidate: dict[str, Any] | None = None,
    scale: float = 1.0,
    **changes: Any,
) -> Comparison:
    one = made.write(directory / "before", made.document(baseline or made.load_section()), made.lines(1))
    two = made.document(candidate or made.load_section(), **changes)
    return compare(open_run(one), open_run(made.write(directory / "after", two, made.lines(2, scale=scale))), FIFTH, 0)


def test_gates_that_differ_in_nothing_are_the_same(tmp_path: Path) -> None:
    found = gates(tmp_path, made.document(), made.document())
    assert (found.change, found.reasons, found.cells) == (Change.SAME, ("no difference beyond the tolerance",), ())


def test_a_gate_with_new_findings_is_worse(tmp_path: Path) -> None:
    found = gates(tmp_path, made.document(), scene.document())
    assert found.change is Change.WORSE
    assert found.reasons[0] == "2 findings (error) appeared: LIFE-3, SHAPE-6"


def test_a_gate_that_lost_its_findings_is_better(tmp_path: Path) -> None:
    found = gates(tmp_path, scene.document(), made.document())
    assert found.change is Change.BETTER
    assert "2 findings (error) went: LIFE-3, SHAPE-6" in found.reasons


def test_a_gate_that_was_cut_short_cannot_be_told_unless_it_is_worse(tmp_path: Path) -> None:
    assert gates(tmp_path / "1", made.document(), made.document(partial=True)).change is Change.CANNOT_TELL
    broken = {**scene.document(), "partial": True}
    assert gates(tmp_path / "2", made.document(), broken).change is Change.WORSE


def test_load_runs_of_the_same_release_are_the_same(tmp_path: Path) -> None:
    found = loads(tmp_path)
    assert (found.change, found.reasons) == (Change.SAME, ("no difference beyond the tolerance",))


def test_a_slower_release_is_worse(tmp_path: Path) -> None:
    found = loads(tmp_path, scale=1.6)
    assert found.change is Change.WORSE
    assert found.reasons[0].startswith("worse: all (p50, p90, p99), create_purchase (p50, p90")


@pytest.mark.parametrize(
    ("candidate", "told"),
    [
        ({"saturated": True}, "the generator of after was saturated: it measured itself, not the target"),
        ({"target_rate": 80.0}, "after was another load: rate 80 instead of 40"),
        ({"plan": "smoke"}, "after was another load: plan smoke instead of nightly"),
        ({"model": "closed", "users": 9}, "after was another load: model closed instead of open"),
    ],
)
def test_numbers_that_are_no_fair_comparison_are_no_reason_to_call_a_run_worse(
    tmp_path: Path, candidate: dict[str, Any], told: str
) -> None:
    found = loads(tmp_path, candidate=made.load_section(**candidate), scale=1.6)
    assert found.change is Change.CANNOT_TELL
    assert told in found.reasons
    assert not any(reason.startswith("worse") for reason in found.reasons)


def test_a_finding_under_load_is_worse_even_from_a_saturated_generator(tmp_path: Path) -> None:
    broken = {"findings": scene.document()["findings"]}
    found = loads(tmp_path, candidate=made.load_section(saturated=True), **broken)
    assert found.change is Change.WORSE


def test_other_targets_and_profiles_are_told_and_the_ports_of_loopback_are_not(tmp_path: Path) -> None:
    assert loads(tmp_path / "1", target="http://127.0.0.1:9999").remarks == ()
    found = loads(tmp_path / "2", target="https://api.example", profile="2026-05")
    assert found.remarks == (
        f"different targets: {scene.TARGET} and https://api.example",
        "different profiles: 2026-02 and 2026-05",
    )
    assert found.change is Change.SAME


def test_a_load_run_that_was_killed_cannot_be_told(tmp_path: Path) -> None:
    one = made.load_run(tmp_path / "before", 1)
    killed = made.write(tmp_path / "after", made.document(command="load", partial=True))
    found = compare(open_run(one), open_run(killed), FIFTH, 0)
    assert (found.change, found.cells) == (Change.CANNOT_TELL, ())
    assert "after ended before its time" in found.reasons


def test_load_runs_that_measured_nothing_cannot_be_told(tmp_path: Path) -> None:
    one, two = (made.write(tmp_path / name, made.document(made.load_section()), []) for name in ("before", "after"))
    found = compare(open_run(one), open_run(two), FIFTH, 0)
    assert (found.change, found.reasons) == (Change.CANNOT_TELL, ("nothing was measured in both runs",))


def test_a_gate_and_a_load_run_are_not_compared(tmp_path: Path) -> None:
    gate, load = made.write(tmp_path / "gate", made.document()), made.load_run(tmp_path / "load", 1)
    with pytest.raises(DocumentError, match="load is a load run and .*gate a run of assay gate; give two of one kind"):
        compare(open_run(gate), open_run(load), FIFTH, 0)


def test_a_run_may_be_named_by_its_file(tmp_path: Path) -> None:
    load = made.load_run(tmp_path / "load", 1)
    assert open_run(load / "run.json").path == load
