"""The search for an order: whether calls that overlapped can be told as one after the other.

The algorithm is that of Wing and Gong, "Testing and Verifying Concurrent Objects" (1993): take any call that
no other one must precede, see what state it leaves, and go on from there. As Lowe proposes in "Testing for
Linearizability" (2016), no set of calls is looked into twice with the same state.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from contracts.history import Outcome
from contracts.linear.model import Call, InputT, Model, OutputT, StateT

MAX_STEPS: Final = 20_000
"""Steps of a model after which a search gives up; some hundredths of a second."""


class Decision(StrEnum):
    """What a search says of a history. ``unknown`` when it gave up, which is no pass."""

    OK = "ok"
    ILLEGAL = "illegal"
    UNKNOWN = "unknown"


def decide(
    model: Model[StateT, InputT, OutputT], calls: Sequence[Call[InputT, OutputT]], *, max_steps: int = MAX_STEPS
) -> Decision:
    """Decide whether calls can be ordered.

    Args:
        model: what the calls were made on.
        calls: the history, in any sequence.
        max_steps: how often the model may be asked.

    Returns:
        ``ok`` when every call that was answered fits into one order, together with any of those of unknown
        outcome; ``illegal`` when there is none; ``unknown`` when the steps did not suffice to tell.
    """
    ordered = sorted(calls, key=lambda call: call.invoked)
    returned = [math.inf if call.outcome is Outcome.UNKNOWN else call.returned for call in ordered]
    required = sum(1 << i for i, call in enumerate(ordered) if call.outcome is not Outcome.UNKNOWN)
    waiting = [(0, model.initial)]
    seen = set(waiting)
    steps = 0
    while waiting:
        taken, state = waiting.pop()
        if taken & required == required:
            return Decision.OK
        reached: list[tuple[int, StateT]] = []
        for index in _first(ordered, returned, taken):
            steps += 1
            if steps > max_steps:
                return Decision.UNKNOWN
            after = tuple(model.step(state, ordered[index]))
            following = taken | 1 << index
            if model.idle_stays_idle and after == (state,):
                reached = [(following, state)]
                break
            reached += [(following, left) for left in after]
        # The last pushed is the first looked into: calls are tried in the order in which they were sent.
        for found in reversed(reached):
            if found not in seen:
                seen.add(found)
                waiting.append(found)
    return Decision.ILLEGAL


def _first(ordered: Sequence[Call[InputT, OutputT]], returned: Sequence[float], taken: int) -> Iterator[int]:
    """Yield the calls that may come next: those sent before any other one not yet taken had returned."""
    # The lowest zero of the mask: what was sent before it is taken already.
    start = (~taken & (taken + 1)).bit_length() - 1
    earliest = math.inf
    for index in range(start, len(ordered)):
        if taken >> index & 1:
            continue
        if ordered[index].invoked > earliest:
            return
        earliest = min(earliest, returned[index])
        yield index
