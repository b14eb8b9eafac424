"""Shortening: the steps of a script that fails without those it fails without as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.gate.replay.steps import Call, Script, without
from contracts.history import ApiOperation

_READS: Final = frozenset(
    {ApiOperation.RETRIEVE, ApiOperation.LIST, ApiOperation.ACCOUNT, ApiOperation.PROFILE, ApiOperation.OTHER}
)

Fails = Callable[[Script], bool]
"""Tells whether a script still fails; False as well where it may not be played any more."""


def shorten(script: Script, fails: Fails) -> Script:
    """Return a short part of a failing script that still fails.

    Delta debugging (Zeller and Hildebrandt, 2002) after two guesses: the steps that the finding names, and all
    but reads that it does not name.

    Args:
        script: fails as it is.
        fails: tells whether a part of it still does.
    """
    best = script
    for guess in (_named(script), _without_reads(script)):
        if 0 < len(guess) < len(best) and fails(guess):
            best = guess
            break
    return _without_chunks(best, fails)


def _named(script: Script) -> Script:
    """Return the steps that a finding names, and those that make the purchases these act on."""
    needed: set[int] = set()
    kept: set[int] = set()
    for place in reversed(range(len(script))):
        step = script[place]
        if step.marked or step.made & needed:
            kept.add(place)
            needed |= step.purchases
    return without(script, set(range(len(script))) - kept)


def _without_reads(script: Script) -> Script:
    reads = {
        place
        for place, step in enumerate(script)
        if isinstance(step, Call) and not step.marked and step.operation.api_operation in _READS
    }
    return without(script, reads)


def _without_chunks(best: Script, fails: Fails) -> Script:
    """Leave out ever smaller stretches, the last ones first, as long as the rest fails."""
    size = max(1, len(best) // 2)
    while True:
        end = len(best)
        while end > 0:
            rest = without(best, range(max(0, end - size), end))
            if 0 < len(rest) < len(best) and fails(rest):
                best = rest
            end = min(end - size, len(best))
        if size == 1:
            return best
        size //= 2
