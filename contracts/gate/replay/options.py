"""What a replay is asked to do, and what it may come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from contracts.finding import Severity

TRIES: Final = 3
"""How often steps are played that do not fail at once: one purchase may be spared what its neighbour is not."""

RACE_TRIES: Final = 5
"""The same for steps with requests at once, which chance has a part in."""


class Outcome(StrEnum):
    """What a replay came to."""

    FAILS = "still fails"
    DIFFERS = "fails in another way"
    GONE = "does not fail any more"
    UNPLAYED = "could not be replayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """What a replay is asked to do.

    Attributes:
        tries: how often to play steps that do not fail, None for as often as their kind asks for.
        wider: whether to send more of the run where the steps alone do not fail.
        seconds: time budget.
        max_purchases: cap on purchases, None for what the tries cost.
        max_spend: cap on what they cost, None for none.
        timeout: seconds to wait for one answer.
        severities: configured severity by clause id.
        tolerances: configured tolerances by clause id.
    """

    tries: int | None = None
    wider: bool = True
    seconds: float = 120.0
    max_purchases: int | None = None
    max_spend: Decimal | None = None
    timeout: float = 10.0
    severities: Mapping[str, Severity] = field(default_factory=dict)
    tolerances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
