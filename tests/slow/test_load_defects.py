"""What goes wrong under load ends a whole run as broken, under its clause or its objective; not so a hot generator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.load.runs import assay, result

PLAN = """
{objectives}
[plan]
rate = "{rate}"
duration = "{duration}"
warmup = "1s"
countries = ["US"]
[journeys]
buyer = 4
poller = 3
browser = 1
"""


def plan(folder: Path, objectives: str = "", rate: str = "60/s", duration: str = "14s") -> str:
    file = folder / "plan.toml"
    file.write_text(PLAN.format(objectives=objectives, rate=rate, duration=duration))
    return str(file)


def loaded(folder: Path, *arguments: str) -> dict[str, Any]:
    done = assay("load", *arguments, "--out", str(folder / "r"), "--quiet")
    assert done.returncode in {0, 1, 3}, done.stderr
    document = result(folder / "r")
    assert document["exit_code"] == done.returncode
    return document


def broken(document: dict[str, Any]) -> dict[str, str]:
    """Return what was observed, by clause, of everything that is an error."""
    return {one["clause"]: one["observed"] for one in document["findings"] if one["severity"] == "error"}


@pytest.mark.parametrize(
    ("defect", "clause"),
    [
        ("codes-cross-between-buyers", "LIFE-3"),
        ("format-breaks-after-thousands", "SHAPE-11"),
        ("numbers-sold-again-after-hundreds", "LIFE-7"),
    ],
)
def test_an_answer_that_only_load_spoils_is_found_under_its_clause(defect: str, clause: str, tmp_path: Path) -> None:
    document = loaded(tmp_path, plan(tmp_path), "--defect", defect)
    assert document["exit_code"] == 1
    assert {clause, "LOAD-1"} <= broken(document).keys()


@pytest.mark.parametrize(
    ("defect", "objectives", "metric"),
    [
        ("half-refused-after-hundreds", "", "error_rate"),
        ("slower-with-every-request", "", "growth"),
        ("stalls-every-so-often", 'objectives = ["p99.9 < 500ms"]', "p99.9"),
        ("stalls-every-so-often", 'objectives = ["max < 500ms"]', "max"),
    ],
)
def test_a_server_that_gives_in_misses_an_objective_by_name(
    defect: str, objectives: str, metric: str, tmp_path: Path
) -> None:
    many = {"rate": "120/s", "duration": "24s"} if metric == "growth" else {}
    document = loaded(tmp_path, plan(tmp_path, objectives, **many), "--defect", defect)
    # A generator that a busy machine makes late is no witness, and says so.
    late = document["load"]["saturated"]
    assert document["exit_code"] == (3 if late else 1), document["reasons"]
    assert late or "LOAD-2" in broken(document)
    assert metric in {one["metric"] for one in document["load"]["objectives"] if not one["ok"]}


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_charge_that_is_lost_at_speed_is_missed_in_the_balance_at_rest(processes: str, tmp_path: Path) -> None:
    document = loaded(
        tmp_path, plan(tmp_path, duration="6s"), "--defect", "charges-lost-after-dozens", "--processes", processes
    )
    assert document["exit_code"] == 1
    assert broken(document).keys() == {"MONEY-1"}, "every answer by itself is right"


def test_an_id_given_to_two_workers_is_found_where_their_books_meet(tmp_path: Path) -> None:
    few = plan(tmp_path, rate="250/s", duration="12s")
    document = loaded(tmp_path, few, "--defect", "rarely-same-id", "--processes", "2")
    assert document["exit_code"] == 1
    found = [one for one in document["findings"] if one["clause"] == "LIFE-7"]
    assert any("given to creates of" in one["observed"] for one in found)


def test_a_saturated_generator_is_inconclusive_and_says_what_to_do(tmp_path: Path) -> None:
    document = loaded(tmp_path, plan(tmp_path, 'objectives = ["p99 < 50ms"]', rate="20000/s", duration="8s"))
    assert document["exit_code"] == 3
    assert document["load"]["saturated"]
    assert "--processes" in document["load"]["saturation"]
    assert "LOAD-2" not in broken(document)
