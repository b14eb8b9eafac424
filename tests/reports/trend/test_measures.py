"""A load section of anybody's making gives true measures, or one clear reason why not."""

from __future__ import annotations

from typing import Any

import pytest

from reports.errors import DocumentError
from reports.trend.measures import Key, measures
from tests.reports.compare import made
from tests.reports.trend.made import row


def section(*rows: Any, **changes: Any) -> dict[str, Any]:
    return made.load_section(operations=list(rows), **changes)


def test_percentiles_failures_and_the_rate_are_followed() -> None:
    assert measures(section(row("all", 8.0, 20.0, failures=3), row("refund", 4.0, 9.0))) == {
        Key("all", "p50"): 8.0,
        Key("all", "p99"): 20.0,
        Key("all", "failures"): 0.003,
        Key("all", "rate"): 40.0,
        Key("refund", "p50"): 4.0,
        Key("refund", "p99"): 9.0,
        Key("refund", "failures"): 0.0,
    }


def test_an_operation_that_was_not_asked_for_has_no_measures() -> None:
    idle = {"name": "refund", "requests": 0, "failures": 0, "latency_ms": dict.fromkeys(("p50", "p99"))}
    assert measures(section(idle)) == {}


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"name": None}, "an operation's name is None"),
        ({"name": "x" * 1000}, "an operation's name is 'xxx"),
        ({"requests": "many"}, "requests of all is 'many', not a number"),
        ({"requests": True}, "requests of all is True, not a number"),
        ({"failures": -1}, "failures of all is -1, not a number from 0"),
        ({"failures": 2000}, "all has 2000 failures in 1000 requests"),
        ({"latency_ms": []}, "latency_ms of all is []"),
        ({"latency_ms": {"p50": float("nan")}}, "p50 of all is nan"),
        ({"latency_ms": {"p99": float("inf")}}, "p99 of all is inf"),
        ({"latency_ms": {"p99": 10**400}}, "p99 of all is 1000"),
    ],
)
def test_a_value_that_cannot_be_is_told(bad: dict[str, Any], told: str) -> None:
    with pytest.raises(DocumentError) as caught:
        measures(section({**row("all", 8.0, 20.0), **bad}))
    assert told in str(caught.value)
    assert len(str(caught.value)) < 200


def test_more_operations_than_an_api_has_are_refused() -> None:
    with pytest.raises(DocumentError, match="it has 201 operations"):
        measures(section(*(row(f"o{number}", 1.0, 2.0) for number in range(201))))
