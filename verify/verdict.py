"""One verdict from the parts: go, no-go or cannot tell, and the reasons in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.finding import Verdict
from verify.part import INTERRUPTED, Part, State

WORDS: Final = {Verdict.KEPT: "Go", Verdict.BROKEN: "No-go", Verdict.INCONCLUSIVE: "Cannot tell"}
"""What whoever signs a release reads, by the verdict of the design."""

_ORDER: Final = (State.BROKEN, State.INCONCLUSIVE, State.KEPT, State.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a verification came to.

    Attributes:
        verdict: broken is no-go, inconclusive is cannot tell.
        sentence: the answer in one sentence, with what it does not cover.
        reasons: one for each part, what decides first.
        interrupted: whether a signal ended it before its time.
    """

    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...]
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 go, 1 no-go, 3 cannot tell, 130 interrupted."""
        return INTERRUPTED if self.interrupted else self.verdict.exit_code


def decide(parts: Sequence[Part], *, interrupted: bool = False, unfinished: bool = False) -> Decision:
    """Return the verdict on a release.

    Broken outranks inconclusive, which outranks kept. A part that was left out decides nothing, and the sentence
    names it; where every part was, nobody can tell.

    Args:
        parts: in any order.
        interrupted: whether a signal ended the verification.
        unfinished: whether parts are still to come: what stands for ever if the verification is killed.
    """
    interrupted = interrupted or any(part.interrupted for part in parts)
    by_state = {state: [part for part in parts if part.state is state] for state in State}
    reasons = [f"{part.name}: {part.sentence}" for state in _ORDER for part in parts if part.state is state]
    if by_state[State.BROKEN]:
        verdict = Verdict.BROKEN
    elif by_state[State.INCONCLUSIVE] or interrupted or unfinished or not by_state[State.KEPT]:
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.KEPT
    if unfinished:
        reasons.append("the verification was cut short before its end")
    ending = "interrupted" if interrupted else "cut short" if unfinished else ""
    return Decision(verdict, _sentence(verdict, by_state, ending), tuple(reasons), interrupted)


def _sentence(verdict: Verdict, by_state: dict[State, list[Part]], ending: str) -> str:
    deciding = {Verdict.KEPT: State.KEPT, Verdict.BROKEN: State.BROKEN, Verdict.INCONCLUSIVE: State.INCONCLUSIVE}
    named = by_state[deciding[verdict]]
    if verdict is Verdict.KEPT:
        said = f"{_names(named)} {'keeps' if len(named) == 1 else 'keep'} what was promised"
    elif verdict is Verdict.BROKEN:
        said = f"{_names(named)} {'says' if len(named) == 1 else 'say'} that a promise is broken"
    elif named:
        said = f"{_names(named)} came to no verdict"
    else:
        said = "nothing was put to the test"
    if ending:
        said += f"; the verification was {ending}"
    missing = by_state[State.LEFT_OUT]
    without = f" Left out: {', '.join(part.name for part in missing)}." if missing else ""
    return f"{WORDS[verdict]}: {said}.{without}"


def _names(parts: Sequence[Part]) -> str:
    names = [str(part.name) for part in parts]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
