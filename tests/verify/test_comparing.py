"""A release beside the accepted one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.errors import DocumentError
from tests.reports.compare import made
from tests.verify.documents import clause, finding, run
from verify.comparing import FILE, compare_with
from verify.part import Name, Part, State


def release(place: Path, seed: int, *, load: dict[str, Any] | None = None, gate: dict[str, Any] | None = None,
            scale: float = 4.0) -> Path:  # fmt: skip
    """A verification's run directory: latencies around 32 ms."""
    made.write(place, run("verify"))
    made.write(place / "gate", gate or run())
    made.load_run(place / "load", seed, load, scale=scale)
    return place


def compared(before: Path, after: Path) -> tuple[Part, list[str]]:
    runs = {name: after / name for name in (Name.GATE, Name.LOAD) if (after / name).is_dir()}
    part, troubles = compare_with(before, runs, after, tolerance=0.2, floor_ms=5.0, seed=0)
    return part, [trouble.observed for trouble in troubles]


def test_the_same_release_twice_is_the_same(tmp_path: Path) -> None:
    part, troubles = compared(release(tmp_path / "a", 1), release(tmp_path / "b", 2))
    assert (part.state, part.exit_code, troubles) == (State.KEPT, 0, [])
    assert part.sentence == f"beside {tmp_path / 'a'}: gate the same. load the same"
    held = json.loads((tmp_path / "b" / FILE).read_text())
    assert [pair["name"] for pair in held["pairs"]] == ["gate", "load"]
    assert held["pairs"][1]["measures"]


def test_a_release_half_as_slow_again_is_worse_with_the_figures(tmp_path: Path) -> None:
    part, troubles = compared(release(tmp_path / "a", 1), release(tmp_path / "b", 2, scale=6.0))
    assert (part.state, part.exit_code) == (State.BROKEN, 1)
    assert "all p50 32." in part.sentence
    assert len(troubles) == 1


def test_a_release_slower_by_three_tenths_is_no_go_ahead_and_the_figures_say_why(tmp_path: Path) -> None:
    part, _ = compared(release(tmp_path / "a", 1), release(tmp_path / "b", 2, scale=5.2))
    assert part.state in {State.BROKEN, State.INCONCLUSIVE}
    assert "(+3" in part.sentence


def test_a_defect_that_is_new_is_worse_by_name(tmp_path: Path) -> None:
    broken = run(
        "gate", "broken", clauses=[clause("SHAPE-6", "broken")], findings=[finding("SHAPE-6-1", "SHAPE-6")]
    )  # fmt: skip
    before = release(tmp_path / "a", 1, gate=run(clauses=[clause("SHAPE-6")]))
    part, _ = compared(before, release(tmp_path / "b", 2, gate=broken))
    assert part.state is State.BROKEN
    assert "new: SHAPE-6 a number ends in a newline" in part.sentence


def test_a_required_clause_lost_from_sight_leaves_it_open(tmp_path: Path) -> None:
    before = release(tmp_path / "a", 1, gate=run(clauses=[clause("LIFE-3")]))
    part, _ = compared(before, release(tmp_path / "b", 2, gate=run(clauses=[clause("LIFE-3", "not_exercised")])))
    assert part.state is State.INCONCLUSIVE
    assert "LIFE-3 was kept and is not exercised" in part.sentence


def test_another_load_cannot_be_compared(tmp_path: Path) -> None:
    other = made.load_section(plan="prerelease")
    part, _ = compared(release(tmp_path / "a", 1), release(tmp_path / "b", 2, load=other))
    assert part.state is State.INCONCLUSIVE
    assert "another load: plan prerelease instead of nightly" in part.sentence


@pytest.mark.parametrize(("highest", "state"), [(100.0, State.KEPT), (60.0, State.BROKEN)])
def test_two_searches_compare_the_rates_that_held(tmp_path: Path, highest: float, state: State) -> None:
    def search(rate: float) -> dict[str, Any]:
        steps = [{"rate": rate * 1.1, "ok": False}]
        return made.load_section(target_rate=rate, breakpoint={"highest": rate, "limited_by": "p99", "steps": steps})

    before = release(tmp_path / "a", 1, load=search(100.0))
    part, _ = compared(before, release(tmp_path / "b", 2, load=search(highest), scale=9.0))
    assert part.state is state
    assert ("highest rate that held: 100/s before, 60/s now" in part.sentence) == (state is State.BROKEN)


def test_a_gate_alone_can_be_compared_with_and_the_rest_is_told(tmp_path: Path) -> None:
    gate = made.write(tmp_path / "gate", run())
    part, _ = compared(gate, release(tmp_path / "b", 2))
    assert part.state is State.KEPT
    assert part.sentence.endswith("gate the same. no load to compare")


def test_runs_with_nothing_in_common_are_left_out(tmp_path: Path) -> None:
    after = release(tmp_path / "b", 2)
    part, _ = compare_with(
        made.write(tmp_path / "gate", run()), {Name.LOAD: after / "load"}, after, tolerance=0.2, floor_ms=5.0, seed=0
    )
    assert part.state is State.LEFT_OUT


def test_a_run_of_another_command_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="assay replay"):
        compared(made.write(tmp_path / "r", run("replay")), release(tmp_path / "b", 2))
