"""The sample of mutants: the same one for the same seed, and a score that no excuse makes better than it is."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.mutation.sample import EQUIVALENT, Survivor, choose, excused, exit_codes, score

NAMES = [f"contracts.checks.shape.x_judge__mutmut_{number}" for number in range(100)]
KNOWN = [{"function": "shape.x_judge", "was": "if a < 1:", "became": "if a <= 1:", "why": "a is never 1 here"}]


def survivor(removed: str, added: str, name: str = NAMES[3]) -> Survivor:
    return Survivor(name, (removed,), (added,))


def test_a_seed_chooses_the_same_mutants_in_whatever_order_they_are_told() -> None:
    chosen = choose(NAMES, 10, 7)
    assert chosen == choose(reversed(NAMES), 10, 7)
    assert len(set(chosen)) == 10
    assert chosen != choose(NAMES, 10, 8)


def test_a_sample_larger_than_there_are_mutants_is_all_of_them() -> None:
    assert choose(NAMES, 1000, 0) == sorted(NAMES)


def test_an_equivalent_mutant_does_not_count() -> None:
    survivors = [survivor("if a < 1:", "if a <= 1:"), survivor("return a", "return None")]
    assert score(12, survivors, KNOWN) == (11, 10, 10 / 11)


def test_no_mutant_tried_is_no_success() -> None:
    assert score(0, [], KNOWN) == (0, 0, 0.0)


@pytest.mark.parametrize(
    ("one", "yes"),
    [
        (survivor("if a < 1:", "if a <= 1:"), True),
        (survivor("if a < 1:", "if a <= 1:", NAMES[99]), True),
        (survivor("if a < 1:", "if a < 2:"), False),
        (survivor("if b < 1:", "if a <= 1:"), False),
        (survivor("if a < 1:", "if a <= 1:", "contracts.checks.value.x_judge__mutmut_3"), False),
    ],
)
def test_an_excuse_holds_for_one_change_of_one_function(one: Survivor, *, yes: bool) -> None:
    assert excused(one, KNOWN) is yes


@pytest.mark.parametrize(
    ("removed", "added", "yes"),
    [
        ('return "odd"', 'return "XXoddXX"', True),
        ('troubles.append(("status", status))', 'troubles.append(("STATUS", status))', True),
        ('troubles.append("odd")', "troubles.append(None)", False),
        ('return ("status", status)', 'return ("status", None)', False),
        ('if kind != "SINGLE":', 'if kind != "single":', False),
        ('return "odd" if a < 1 else None', 'return "odd" if a <= 1 else None', False),
    ],
)
def test_a_name_of_a_trouble_may_be_any_text_where_that_is_listed(removed: str, added: str, *, yes: bool) -> None:
    named = [{"function": "shape.x_judge", "names": True, "why": "a name is never shown"}]
    assert excused(survivor(removed, added), named) is yes
    assert not excused(survivor(removed, added), KNOWN)
    assert not excused(survivor(removed, added, "contracts.checks.value.x_judge__mutmut_3"), named)


def test_more_than_one_line_is_no_other_name() -> None:
    named = [{"function": "shape.x_judge", "names": True, "why": "a name is never shown"}]
    assert not excused(Survivor(NAMES[3], ('return "odd"', "x = 1"), ('return "ODD"', "x = 2")), named)


def test_exit_codes_are_read_from_every_room(tmp_path: Path) -> None:
    for room, code in (("checks", 1), ("linear", None)):
        (tmp_path / room).mkdir()
        (tmp_path / room / "a.py.meta").write_text(json.dumps({"exit_code_by_key": {f"{room}.x": code}}))
    assert exit_codes(tmp_path) == {"checks.x": 1, "linear.x": None}


def test_every_excuse_says_why() -> None:
    for one in tomllib.loads(EQUIVALENT.read_text("utf-8"))["equivalent"]:
        assert set(one) in ({"function", "was", "became", "why"}, {"function", "names", "why"})
        assert len(one["why"]) > 20
