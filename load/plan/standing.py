"""Standing objectives: what every run must reach unless its plan says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from load.plan.expression import Objective, parse_objective

_ERRORS: Final = parse_objective("error_rate <= 1%", "standing objectives")
_GROWTH: Final = parse_objective("growth <= 100%", "standing objectives")

LONG_ENOUGH: Final = 10.0
"""Measured seconds from which a run can be asked whether it became slower."""


def standing(objectives: Sequence[Objective], duration: float, *, level: bool) -> tuple[Objective, ...]:
    """Return the objectives that a plan has not named and is held to all the same.

    A server that fails one request in two, or that becomes slower with every request, carries nothing, whatever the
    plan forgot to ask. A plan that names a metric has its own word on it.

    Args:
        objectives: of the plan.
        duration: measured seconds.
        level: whether the load stays at one level; where it climbs, times may climb with it.
    """
    named = {objective.metric for objective in objectives}
    wanted = [_ERRORS] if not level or duration < LONG_ENOUGH else [_ERRORS, _GROWTH]
    return tuple(objective for objective in wanted if objective.metric not in named)
