"""Objectives as a plan writes them: ``create_purchase p99 < 250ms``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.config import nearest, refuse
from contracts.errors import UsageError
from contracts.history import ApiOperation
from contracts.units import parse_duration
from load.measure.figures import ALL
from load.plan.quantities import parse_rate, parse_share, tell_number

MS: Final = "ms"
PERCENT: Final = "%"
PER_SECOND: Final = "/s"
COUNT: Final = ""

FEWER: Final = ("<", "<=")
MORE: Final = (">", ">=")

OPERATIONS: Final = (ALL, *(operation.value for operation in ApiOperation))

ANY_OPERATION: Final = frozenset({"error_rate", "backpressure_rate", "request_rate", "requests"})
"""Metrics, beside the latencies, that an operation can have of its own."""

WHOLE_RUN: Final = frozenset({"achieved_rate", "dropped", "findings", "growth"})
"""Metrics of the run alone."""

AT_LEAST: Final = frozenset({"achieved_rate", "request_rate", "requests"})
"""Metrics of which more is better."""

UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "error_rate": (PERCENT,),
    "backpressure_rate": (PERCENT,),
    "request_rate": (PER_SECOND,),
    "requests": (COUNT,),
    "achieved_rate": (PERCENT, PER_SECOND),
    "dropped": (PERCENT, COUNT),
    "findings": (COUNT,),
    "growth": (PERCENT,),
}

_LATENCY: Final = re.compile(r"(service_)?(?:p([0-9]{1,2}(?:\.[0-9]{1,4})?|100)|max|mean)")
_EXPRESSION: Final = re.compile(r"(?:([a-z_]+)\s+)?([a-z_]+[0-9.]*)\s*(<=|>=|<|>)\s*(\S.*)")
_WHOLE: Final = re.compile(r"[0-9]{1,12}")
_KNOWN: Final = ("p50", "p90", "p95", "p99", "p99.9", "max", "mean", "service_p99", *UNITS)
_SHOWN: Final = 60
_LARGEST: Final = 10**12
_EXAMPLE: Final = 'an objective such as "create_purchase p99 < 250ms" or "error_rate < 0.1%"'


@dataclass(frozen=True, slots=True)
class Objective:
    """What a run must reach.

    Attributes:
        operation: an API operation's name, or ``ALL``.
        metric: ``p50``..``p99.99``, ``max``, ``mean``, the same of service times as ``service_p99``; ``error_rate``,
            ``backpressure_rate``, ``request_rate``, ``requests``; of the run alone ``achieved_rate``, ``dropped``,
            ``findings`` and ``growth``.
        relation: ``<``, ``<=``, ``>`` or ``>=``.
        limit: in ``unit``.
        unit: ``ms``, ``%``, ``/s`` or none for a count. A rate achieved in ``%`` is the share of the one asked for.
        abort: whether the run stops as soon as it is missed for good.
    """

    operation: str
    metric: str
    relation: str
    limit: float
    unit: str
    abort: bool = False

    @property
    def expr(self) -> str:
        """The objective as a plan would write it."""
        whose = "" if self.operation == ALL else f"{self.operation} "
        return f"{whose}{self.metric} {self.relation} {tell_number(self.limit)}{self.unit}"

    @property
    def percent(self) -> float | None:
        """The percentile that a latency metric asks for, None for any other."""
        name = self.metric.removeprefix("service_")
        if name == "max":
            return 100.0
        return float(name[1:]) if name.startswith("p") else None

    @property
    def is_latency(self) -> bool:
        """Whether the metric is a time."""
        return self.unit == MS

    def holds(self, value: float) -> bool:
        """Return whether a value of the metric, in ``unit``, meets the limit."""
        return {
            "<": value < self.limit,
            "<=": value <= self.limit,
            ">": value > self.limit,
            ">=": value >= self.limit,
        }[self.relation]


def parse_objective(text: str, where: str, *, abort: bool = False) -> Objective:
    """Return the objective that a line tells.

    Args:
        text: ``[operation] metric relation limit``.
        where: how messages name the place.
        abort: whether missing it stops the run.

    Raises:
        UsageError: it is none; the message shows it and what one looks like.
    """
    match = _EXPRESSION.fullmatch(text.strip())
    if match is None:
        refuse(where, text, _EXAMPLE)
    operation, metric, relation, limit = match.groups()
    return build_objective(operation or ALL, metric, relation, limit, where, abort=abort)


def build_objective(
    operation: str, metric: str, relation: str | None, limit: object, where: str, *, abort: bool
) -> Objective:
    """Return an objective of its parts.

    Args:
        operation: an API operation's name, or ``ALL``.
        metric: its name.
        relation: None for the one that the metric needs, the limit itself allowed.
        limit: as written.
        where: how messages name the place.
        abort: whether missing it stops the run.

    Raises:
        UsageError: a part is unknown, or they do not go together.
    """
    if operation not in OPERATIONS:
        raise UsageError(f"{where}: unknown operation {operation[:_SHOWN]!r}; {nearest(operation, OPERATIONS)}")
    latency = _LATENCY.fullmatch(metric)
    if latency is None and metric not in UNITS:
        raise UsageError(f"{where}: unknown metric {metric[:_SHOWN]!r}; {nearest(metric, _KNOWN)}")
    if metric in WHOLE_RUN and operation != ALL:
        raise UsageError(f"{where}: {metric} is of the whole run, not of {operation}; leave the operation out")
    lawful = MORE if metric in AT_LEAST else FEWER
    if relation is None:
        relation = lawful[1]
    if relation not in lawful:
        raise UsageError(f"{where}: {metric} {relation} is no objective; write {' or '.join(lawful)}")
    number, unit = _limit(limit, (MS,) if latency else UNITS[metric], where, metric)
    if number == 0 and relation == "<":
        raise UsageError(f"{where}: {metric} < 0 can never hold; write {metric} <= 0")
    return Objective(operation, metric, relation, number, unit, abort)


def _limit(value: object, units: tuple[str, ...], where: str, metric: str) -> tuple[float, str]:
    examples = {MS: "250ms", PERCENT: "0.1%", PER_SECOND: "200/s", COUNT: "0"}
    expected = f"a limit such as {' or '.join(examples[unit] for unit in units)}"
    is_count = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    text = str(value).strip() if isinstance(value, str) or is_count else ""
    for unit in units:
        try:
            if unit == MS:
                return round(parse_duration(text) * 1000, 6), unit
            if unit == PERCENT and text.endswith("%"):
                return round(parse_share(text) * 100, 9), unit
            if unit == PER_SECOND and "/" in text:
                return parse_rate(text), unit
        except ValueError:
            continue
        if unit == COUNT and _WHOLE.fullmatch(text):
            return float(text), unit
    shown = str(value)[:_SHOWN] if isinstance(value, str | float | bool) or is_count else type(value).__name__
    raise UsageError(f"{where}: the limit of {metric} is {shown!r}; expected {expected}")
