"""The generator is judged by its own samples."""

from typing import Any

import pytest

from load.plan.watch import IDLE, LATE, OK, SATURATED, Sample, starved, watch


def sample(**changes: Any) -> Sample:
    calm: dict[str, Any] = {
        "cpu": 0.4,
        "loop_delay_ms": 2.0,
        "lag_p99_ms": 1.5,
        "requests": 100,
        "asked": 50.0,
        "arrivals": 50,
    }
    return Sample(**{**calm, **changes})


def run(bad: int, good: int = 17, **changes: Any) -> list[Sample]:
    return [sample(**changes)] * bad + [sample()] * good


def test_a_calm_generator_is_trusted() -> None:
    health = watch(run(0))
    assert (health.state, health.reason, health.trusted) == (OK, "", True)


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        (
            {"cpu": 0.97},
            SATURATED,
            "the generator used 97% of a core in 3 of 20 measured seconds; give it more processes",
        ),
        (
            {"loop_delay_ms": 180.0},
            LATE,
            "the generator's event loop was up to 180 ms late in 3 of 20 measured seconds",
        ),
        ({"lag_p99_ms": 60.0}, LATE, "requests were sent up to 60 ms late in 3 of 20 measured seconds"),
    ],
)
def test_three_bad_seconds_in_twenty_take_the_trust_away(changes: dict[str, Any], state: str, reason: str) -> None:
    health = watch(run(3, **changes))
    assert (health.state, health.trusted) == (state, False)
    assert health.reason.startswith(reason)


@pytest.mark.parametrize("changes", [{"cpu": 1.0}, {"loop_delay_ms": 900.0}, {"lag_p99_ms": 900.0}])
def test_two_bad_seconds_are_a_hiccup(changes: dict[str, Any]) -> None:
    assert watch(run(2, **changes)).trusted


@pytest.mark.parametrize("changes", [{"cpu": 1.0}, {"loop_delay_ms": 900.0}, {"lag_p99_ms": 900.0}])
def test_in_a_long_run_a_tenth_must_be_bad(changes: dict[str, Any]) -> None:
    assert watch(run(9, 91, **changes)).trusted
    assert not watch(run(10, 90, **changes)).trusted


@pytest.mark.parametrize(
    "changes", [{"cpu": 0.94}, {"loop_delay_ms": 100.0}, {"lag_p99_ms": 50.0}, {"lag_p99_ms": None}]
)
def test_values_within_the_budget_are_trusted(changes: dict[str, Any]) -> None:
    assert watch(run(20, 0, **changes)).trusted


def test_waiting_for_a_connection_is_the_targets_doing_not_the_generators() -> None:
    samples = run(20, 0, lag_p99_ms=4000.0, waited=7)
    assert watch(samples).trusted
    assert starved(samples).startswith("requests waited for a free connection in 20 of 20 measured seconds")


def test_nothing_is_said_of_connections_that_were_enough() -> None:
    assert starved(run(2, waited=5)) == ""


@pytest.mark.parametrize("samples", [[], [sample(requests=0)] * 20])
def test_a_run_that_sent_nothing_is_idle(samples: list[Sample]) -> None:
    health = watch(samples)
    assert (health.state, health.trusted) == (IDLE, False)
    assert "not one request ended" in health.reason


def test_arrivals_that_never_came_due_are_a_lost_worker() -> None:
    health = watch([sample(arrivals=25)] * 20)
    assert health.state == LATE
    assert health.reason.startswith("500 of 1000 arrivals came due: a worker was lost")


def test_a_few_arrivals_of_rounding_are_no_shortage() -> None:
    assert watch([sample(asked=0.5, arrivals=0), sample(asked=0.5, arrivals=0)]).trusted


def test_users_have_no_schedule_to_be_short_of() -> None:
    assert watch([sample(asked=None, arrivals=0)] * 20).trusted
