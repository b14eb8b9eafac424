"""The bookkeeping of a proof: what counts as right, what is kept, what is taken up again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.prove.case import CONTROL, DEFECT, MUTANT, NOT_SHOWN, VARIANT, Case, Shown, is_right
from contracts.prove.kept import keep, load_shown
from contracts.prove.proof import summarise
from contracts.prove.selection import select

CASE = Case("a-defect", DEFECT, ("LIFE-3", "LIFE-4"), (), (), "2026-02", "quick", 0)
SHOWN = Shown("k", "a-defect", DEFECT, True, "broken", ("LIFE-3",), (), (), 2.0, 100, 9, 1.5, 4, "")


@pytest.mark.parametrize(
    ("caught", "right"),
    [(("LIFE-3",), True), (("SHAPE-1", "LIFE-4"), True), (("SHAPE-1",), False), ((), False)],
)
def test_a_defect_must_be_caught_under_a_clause_that_names_it(caught: tuple[str, ...], right: bool) -> None:
    assert is_right(CASE, caught, (), ()) is right


@pytest.mark.parametrize(
    ("caught", "warned", "missed", "right"),
    [
        ((), (), (), True),
        ((), ("WIRE-1",), (), True),
        ((), ("WIRE-1", "LIFE-4"), (), False),
        (("LIST-1",), (), (), False),
        ((), (), ("LIST-1",), False),
    ],
)
def test_a_variant_must_be_silent_but_for_the_warnings_it_announces(
    caught: tuple[str, ...], warned: tuple[str, ...], missed: tuple[str, ...], right: bool
) -> None:
    variant = replace(CASE, kind=VARIANT, clauses=(), warnings=("WIRE-1",))
    assert is_right(variant, caught, warned, missed) is right


def test_a_variant_that_takes_operations_away_may_leave_clauses_untested() -> None:
    variant = replace(CASE, kind=VARIANT, clauses=(), lacks=("list_purchases",))
    assert is_right(variant, (), (), ("LIST-1",))
    assert not is_right(variant, ("LIST-1",), (), ())


def test_results_survive_a_line_that_broke_off(tmp_path: Path) -> None:
    path = tmp_path / "proof.jsonl"
    keep(path, SHOWN)
    keep(path, replace(SHOWN, key="other"))
    with path.open("a") as file:
        file.write('{"key": "cut", "na')
    assert load_shown(path) == {"k": SHOWN, "other": replace(SHOWN, key="other")}
    assert load_shown(tmp_path / "none.jsonl") == {}


def test_what_is_kept_after_a_line_that_broke_off_is_not_lost_with_it(tmp_path: Path) -> None:
    path = tmp_path / "proof.jsonl"
    path.write_text('{"key": "cut", "na')
    keep(path, SHOWN)
    assert load_shown(path) == {"k": SHOWN}


@pytest.mark.parametrize(
    "changes",
    [
        {"seconds": "long"}, {"seconds": float("nan")}, {"seconds": -1}, {"requests": 1.5}, {"requests": 10**400},
        {"right": 1}, {"caught_by": "LIFE-3"}, {"caught_by": [3]}, {"note": None}, {"note": "x" * 20_000}, {"more": 1},
        {"purchases": True}, {"catch_seconds": []},
        {"catch_purchases": None}, {"key": 7},
    ],
)  # fmt: skip
def test_a_line_that_is_no_result_is_left_out(changes: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "proof.jsonl"
    keep(path, SHOWN)
    line = path.read_text("ascii")
    path.write_text(json.dumps({**json.loads(line), "key": "other", **changes}) + "\n" + line)
    assert load_shown(path) == {"k": SHOWN}


def test_a_file_beyond_any_proof_is_refused_and_not_read(tmp_path: Path) -> None:
    with (tmp_path / "proof.jsonl").open("wb") as file:
        file.truncate(10 * 1024**3)
    with pytest.raises(UsageError, match="larger than"):
        load_shown(tmp_path / "proof.jsonl")


def test_a_result_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        keep(tmp_path / "gone" / "proof.jsonl", SHOWN)


def test_the_summary_counts_defects_and_variants_apart() -> None:
    shown = [
        SHOWN,
        replace(SHOWN, key="b", right=False, caught_by=(), catch_seconds=None, catch_purchases=None),
        replace(SHOWN, key="c", kind=VARIANT, catch_seconds=None, catch_purchases=None),
        replace(SHOWN, key="d", kind=CONTROL, right=False),
    ]
    summary = summarise(shown)
    assert (summary.defects, summary.caught, summary.variants, summary.silent) == (2, 1, 2, 1)
    assert (summary.mutants, summary.caught_mutants, summary.not_shown) == (0, 0, 0)
    assert [one.key for one in summary.wrong] == ["d", "b"]
    assert (summary.median_seconds, summary.median_purchases) == (1.5, 4)


def test_the_summary_leaves_mutants_out_of_the_medians_and_what_was_not_shown_out_of_all() -> None:
    mutant = replace(SHOWN, key="m", kind=MUTANT, catch_seconds=9.0, catch_purchases=90)
    shown = [SHOWN, mutant, replace(mutant, right=False), replace(SHOWN, right=False, verdict=NOT_SHOWN)]
    summary = summarise(shown)
    assert (summary.defects, summary.caught, summary.mutants, summary.caught_mutants) == (1, 1, 2, 1)
    assert (summary.not_shown, summary.median_seconds, summary.median_purchases) == (1, 1.5, 4)
    assert [one.kind for one in summary.wrong] == [MUTANT]


def test_an_unknown_name_suggests_a_known_one() -> None:
    name = next(case.name for case in select(kinds=[DEFECT]))
    with pytest.raises(UsageError, match=name):
        select([name + "x"])


def test_every_seed_shows_every_case() -> None:
    one, three = select(seeds=[0]), select(seeds=[0, 1, 2])
    assert len(three) == 3 * len(one)
    assert len({case.key for case in three}) == len(three)


def test_a_name_of_another_kind_is_told_apart_from_an_unknown_one() -> None:
    with pytest.raises(UsageError, match="nothing of kind variant is called create-answers-201 with profile"):
        select(["create-answers-201"], kinds=[VARIANT])


@pytest.mark.parametrize("unshown", ["noop", "create-answers-202x"])
def test_a_name_is_never_left_out_without_a_word(unshown: str) -> None:
    with pytest.raises(UsageError, match=f"called {unshown!r}"):
        select(["create-answers-201", unshown])


def test_a_name_of_another_kind_is_told_beside_one_that_is_shown() -> None:
    variant = next(case.name for case in select(kinds=[VARIANT]))
    with pytest.raises(UsageError, match=f"nothing of kind defect is called {variant} with profile"):
        select(["create-answers-201", variant], kinds=[DEFECT])


def test_the_gate_of_a_mutant_is_always_brief() -> None:
    cases = select(kinds=[DEFECT, MUTANT])
    assert {case.kind for case in cases if case.brief} == {MUTANT}
    assert all(case.mutation is not None and case.clauses for case in cases if case.kind == MUTANT)


def test_cases_before_different_targets_have_different_keys() -> None:
    here, there = (select(kinds=[DEFECT], target=target) for target in ("", "http://127.0.0.1:1"))
    assert not {case.key for case in here} & {case.key for case in there}
