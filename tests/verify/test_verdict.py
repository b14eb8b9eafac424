"""Which verdict comes from which parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.finding import Verdict
from tests.verify.documents import part
from verify.part import Name, State
from verify.verdict import decide

FOUR = (Name.GATE, Name.LOAD, Name.DRIFT, Name.COMPARE)
STATES = st.sampled_from(list(State))


def of(gate: str, load: str, drift: str, compare: str) -> list[object]:
    return [part(name, state) for name, state in zip(FOUR, (gate, load, drift, compare), strict=True)]


@pytest.mark.parametrize(
    ("states", "verdict", "code", "sentence"),
    [
        (("kept",) * 4, Verdict.KEPT, 0, "Go: gate, load, drift and compare keep what was promised."),
        (("kept", "kept", "left_out", "left_out"), Verdict.KEPT, 0,
         "Go: gate and load keep what was promised. Left out: drift, compare."),
        (("broken", "kept", "kept", "kept"), Verdict.BROKEN, 1, "No-go: gate says that a promise is broken."),
        (("inconclusive", "kept", "broken", "kept"), Verdict.BROKEN, 1, "No-go: drift says that a promise is broken."),
        (("kept", "inconclusive", "kept", "left_out"), Verdict.INCONCLUSIVE, 3,
         "Cannot tell: load came to no verdict. Left out: compare."),
        (("left_out",) * 4, Verdict.INCONCLUSIVE, 3,
         "Cannot tell: nothing was put to the test. Left out: gate, load, drift, compare."),
    ],
)  # fmt: skip
def test_the_sentence_says_go_no_go_or_cannot_tell(
    states: tuple[str, str, str, str], verdict: Verdict, code: int, sentence: str
) -> None:
    decision = decide(of(*states))  # type: ignore[arg-type]
    assert (decision.verdict, decision.exit_code, decision.sentence) == (verdict, code, sentence)


def test_what_decides_is_told_first() -> None:
    decision = decide(of("kept", "inconclusive", "broken", "left_out"))  # type: ignore[arg-type]
    assert decision.reasons == (
        "drift: drift said so",
        "load: load said so",
        "gate: gate said so",
        "compare: compare said so",
    )


def test_an_interruption_is_no_go_ahead_though_all_that_ran_was_kept() -> None:
    decision = decide([part("gate")], interrupted=True)
    assert (decision.verdict, decision.exit_code) == (Verdict.INCONCLUSIVE, 130)
    assert "interrupted" in decision.sentence


def test_a_verification_that_is_killed_has_come_to_no_verdict_and_says_so() -> None:
    begun = decide((), unfinished=True)
    assert (begun.verdict, begun.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert begun.sentence == "Cannot tell: nothing was put to the test; the verification was cut short."
    kept = decide([part("gate")], unfinished=True)
    assert (kept.verdict, kept.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert kept.reasons == ("gate: gate said so", "the verification was cut short before its end")


def test_what_was_broken_before_a_verification_was_killed_stays_broken() -> None:
    assert decide([part("gate", "broken")], unfinished=True).exit_code == 1


def test_what_was_broken_stays_broken_when_interrupted() -> None:
    decision = decide([part("gate", "broken"), part("load", "inconclusive", interrupted=True)])
    assert (decision.verdict, decision.exit_code) == (Verdict.BROKEN, 130)


@given(st.lists(STATES, min_size=4, max_size=4))
def test_only_parts_that_kept_their_promises_make_a_go(states: list[State]) -> None:
    verdict = decide([part(name, state) for name, state in zip(FOUR, states, strict=True)]).verdict
    assert (verdict is Verdict.KEPT) == (State.KEPT in states and not {State.BROKEN, State.INCONCLUSIVE} & set(states))
    assert (verdict is Verdict.BROKEN) == (State.BROKEN in states)


@given(st.lists(STATES, min_size=4, max_size=4), st.integers(0, 3))
def test_a_broken_part_never_makes_a_verdict_better(states: list[State], number: int) -> None:
    worse = [State.BROKEN if place == number else state for place, state in enumerate(states)]
    assert decide([part(name, state) for name, state in zip(FOUR, worse, strict=True)]).verdict is Verdict.BROKEN
