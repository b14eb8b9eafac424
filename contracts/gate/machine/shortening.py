"""Shortening: parts of a failing life, the most telling first, for every life that is played costs a purchase."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from contracts.gate.machine.rules import Script
from contracts.gate.machine.steps import Create, Lever, Refund, RequestCode, Retrieve, Wait

_MOVES: Final = (Create, RequestCode, Refund, Retrieve, Wait, Lever)
"""Steps that move a purchase or read it; the others look on."""

Fails = Callable[[Script], bool]
"""Tells whether a life still fails; False as well where it may not be played any more."""


def shorten(script: Script, named: Collection[int], fails: Fails) -> Script:
    """Return a short part of a failing life that still fails.

    Delta debugging (Zeller and Hildebrandt, 2002) after three guesses: the steps that the finding names, all
    that happened to their purchases, and of that what moves or reads a purchase.

    Args:
        script: a life whose last step shows the finding.
        named: places of the steps that the finding names.
        fails: tells whether a life still fails.
    """
    last = len(script) - 1
    places = {*named, last}
    purchases = {script[place].on for place in places}
    best = script
    alike = part(script, set(range(len(script))), purchases)
    for guess in (part(script, places, purchases), alike):
        if len(guess) < len(best) and fails(guess):
            best = guess
            break
    moves = tuple(step for step in best if isinstance(step, _MOVES))
    if len(moves) < len(best) and fails(moves):
        best = moves
    return _without_chunks(best, fails)


def part(script: Script, places: Collection[int], purchases: Collection[int]) -> Script:
    """Return some steps of a life with the purchases that they act on, numbered anew."""
    kept = [
        step
        for place, step in enumerate(script)
        if (step.on in purchases if isinstance(step, Create) else place in places and step.on in {0, *purchases})
    ]
    numbers = {step.on: number for number, step in enumerate((s for s in kept if isinstance(s, Create)), 1)}
    return tuple(replace(step, on=numbers.get(step.on, 0)) for step in kept)


def _without_chunks(best: Script, fails: Fails) -> Script:
    """Leave out ever smaller stretches of a life as long as the rest fails."""
    size = len(best) // 2
    while size >= 1:
        start = 0
        while start < len(best):
            places = set(range(len(best))) - set(range(start, start + size))
            rest = part(best, places, {best[place].on for place in places if not isinstance(best[place], Create)})
            if len(rest) < len(best) and fails(rest):
                best = rest
            else:
                start += size
        size //= 2
    return best
