"""Shrinking: the shortest part of a history that cannot be ordered by itself.

The model must allow every part of a history that it allows as a whole, else what is left of a history may be
illegal only because a call is missing, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice
from typing import Final

from contracts.linear.model import Call, InputT, Model, OutputT, StateT
from contracts.linear.search import MAX_STEPS, Decision, decide

MAX_TRIES: Final = 5_000
"""Parts of one size that are tried when a shorter one than the first found is looked for."""


def shortest(
    model: Model[StateT, InputT, OutputT],
    calls: Sequence[Call[InputT, OutputT]],
    *,
    max_steps: int = MAX_STEPS,
    max_tries: int = MAX_TRIES,
) -> tuple[Call[InputT, OutputT], ...]:
    """Return the shortest part of an illegal history that is illegal too; always the same one.

    Calls are left out one by one, the last sent first, as long as the rest stays illegal. Then every smaller
    part is tried, so that of several contradictions the shortest is told, and among those the earliest.

    Args:
        model: what the calls were made on.
        calls: a history that ``decide`` finds illegal.
        max_steps: how often the model may be asked for one part.
        max_tries: how many parts of one size are tried. Beyond that the result is one from which no call can
            be left out, yet there may be a shorter one made of other calls.

    Returns:
        The part, in the order in which its calls were sent.
    """
    ordered = sorted(calls, key=lambda call: (call.invoked, call.returned))
    rest = list(ordered)
    for index in reversed(range(len(ordered))):
        without = rest[:index] + rest[index + 1 :]
        if decide(model, without, max_steps=max_steps) is Decision.ILLEGAL:
            rest = without
    for size in range(1, len(rest)):
        for part in islice(combinations(ordered, size), max_tries):
            if decide(model, part, max_steps=max_steps) is Decision.ILLEGAL:
                return part
    return tuple(rest)
