"""The oracle: grouping, severities, counts, and what becomes of a monitor that crashes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from contracts import oracle
from contracts.clauses import Clause, load_clauses
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, finding_id
from contracts.history import OWNER, ApiOperation, Input, Mark, Operation
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.oracle import Oracle, make_oracle
from contracts.profiles import get_profile
from contracts.reading import Reading

SETTING = Setting(profile=get_profile("2026-02"))
TEMPLATE = load_clauses()["VALUE-1"]
CLAUSES: Mapping[str, Clause] = {
    "VALUE-1": replace(TEMPLATE, min_exercise=2),
    "LIFE-1": replace(TEMPLATE, id="LIFE-1", severity="warning", required=False, modes=("gate",)),
    "LOAD-1": replace(TEMPLATE, id="LOAD-1", modes=("load",)),
}


class Scripted(Monitor):
    """Does at each operation, and at the end, what a test says."""

    clauses: ClassVar[tuple[str, ...]] = ("VALUE-1", "LIFE-1")

    def __init__(
        self, observe: Callable[[Reading, Docket], None], finish: Callable[[Docket], None] | None = None
    ) -> None:
        super().__init__(SETTING)
        self._observe, self._finish = observe, finish

    def observe(self, reading: Reading, docket: Docket) -> None:
        self._observe(reading, docket)

    def finish(self, docket: Docket) -> None:
        if self._finish is not None:
            self._finish(docket)


def operation(index: int = 0) -> Operation:
    sent = Input("GET", "/v1/profile")
    return Operation(index, OWNER, ApiOperation.PROFILE, sent, None, float(index), index + 0.5)


def broken(
    clause: str = "VALUE-1", cause: str = "wrong", severity: Severity | None = None
) -> Callable[[Reading, Docket], None]:
    """Return an observer that breaks a clause with every operation."""

    def observe(reading: Reading, docket: Docket) -> None:
        docket.exercise(clause)
        observed = f"value {reading.mark.index}"
        docket.violate(
            violation(clause, cause, "a title", reading.mark, expected="right", observed=observed, severity=severity)
        )

    return observe


def judged(*monitors: Monitor, times: int = 1, severities: Mapping[str, Severity] | None = None) -> Oracle:
    """Return an oracle that was fed so many operations and finished."""
    made = Oracle(monitors, clauses=CLAUSES, severities=severities)
    for index in range(times):
        made.feed(operation(index))
    made.finish()
    return made


def verdict(made: Oracle, clause: str, **more: str) -> tuple[ClauseVerdict, int, str]:
    (result,) = (found for found in made.results(mode="gate", reasons=more) if found.id == clause)
    return result.verdict, result.exercised, result.reason


def test_violations_of_one_cause_are_one_finding() -> None:
    made = judged(Scripted(broken()), times=20)
    mark = Mark(0, OWNER, ApiOperation.PROFILE, 0.0, 0.5)
    samples = tuple(f"value {number}" for number in range(1, 6))
    assert made.findings == (
        Finding(
            finding_id("VALUE-1", "wrong"), "VALUE-1", "wrong", Severity.ERROR, "a title", "right", "value 0", 20,
            (mark,), samples,
        ),
    )  # fmt: skip
    assert made.operations == 20
    assert made.broken


def test_equal_samples_are_kept_once() -> None:
    def observe(reading: Reading, docket: Docket) -> None:
        docket.violate(violation("VALUE-1", "c", "t", reading.mark, expected="e", observed=f"{reading.mark.index % 2}"))

    (found,) = judged(Scripted(observe), times=6).findings
    assert (found.observed, found.count, found.samples) == ("0", 6, ("1",))


def test_causes_and_clauses_are_apart_and_errors_come_first() -> None:
    monitors = [Scripted(broken("LIFE-1", "b")), Scripted(broken("VALUE-1", "b")), Scripted(broken("VALUE-1", "a"))]
    found = [(finding.clause, finding.cause) for finding in judged(*monitors).findings]
    assert found == [("VALUE-1", "b"), ("VALUE-1", "a"), ("LIFE-1", "b")]


def test_feed_tells_which_findings_an_operation_touched() -> None:
    made = Oracle([Scripted(broken()), Scripted(broken("LIFE-1"))], clauses=CLAUSES)
    expected = (finding_id("VALUE-1", "wrong"), finding_id("LIFE-1", "wrong"))
    assert made.feed(operation(0)) == expected
    assert made.feed(operation(1)) == expected
    assert Oracle([Scripted(lambda _r, _d: None)], clauses=CLAUSES).feed(operation()) == ()


@pytest.mark.parametrize(
    ("clause", "own", "configured", "expected"),
    [
        ("VALUE-1", None, None, Severity.ERROR),
        ("LIFE-1", None, None, Severity.WARNING),
        ("VALUE-1", Severity.WARNING, None, Severity.WARNING),
        ("LIFE-1", Severity.ERROR, None, Severity.ERROR),
        ("VALUE-1", None, Severity.WARNING, Severity.WARNING),
        ("LIFE-1", None, Severity.ERROR, Severity.ERROR),
        ("VALUE-1", Severity.WARNING, Severity.ERROR, Severity.WARNING),
        ("LIFE-1", Severity.ERROR, Severity.WARNING, Severity.WARNING),
    ],
)
def test_severities(clause: str, own: Severity | None, configured: Severity | None, expected: Severity) -> None:
    severities = {} if configured is None else {clause: configured}
    made = judged(Scripted(broken(clause, severity=own)), times=2, severities=severities)
    assert [finding.severity for finding in made.findings] == [expected]
    assert made.broken is (expected is Severity.ERROR)
    assert (verdict(made, clause)[0] is ClauseVerdict.BROKEN) is (expected is Severity.ERROR)


def test_a_cause_that_is_an_error_once_is_an_error() -> None:
    monitors = [Scripted(broken(severity=Severity.WARNING)), Scripted(broken())]
    (found,) = judged(*monitors).findings
    assert (found.severity, found.count) == (Severity.ERROR, 2)


def test_a_clause_exercised_too_rarely_is_not_exercised() -> None:
    never = judged(Scripted(lambda _reading, _docket: None))
    assert verdict(never, "VALUE-1") == (ClauseVerdict.NOT_EXERCISED, 0, "the run met no occasion for it")
    assert verdict(never, "VALUE-1", **{"VALUE-1": "no stock"}) == (ClauseVerdict.NOT_EXERCISED, 0, "no stock")
    once = judged(Scripted(lambda _reading, docket: docket.exercise("VALUE-1")))
    reason = "exercised 1 of at least 2 times: the run met no occasion for it"
    assert verdict(once, "VALUE-1") == (ClauseVerdict.NOT_EXERCISED, 1, reason)
    twice = judged(Scripted(lambda _reading, docket: docket.exercise("VALUE-1", 2)))
    assert verdict(twice, "VALUE-1") == (ClauseVerdict.KEPT, 2, "")
    assert twice.exercised == {"VALUE-1": 2, "LIFE-1": 0, "LOAD-1": 0}


def test_a_broken_clause_is_broken_however_rarely_it_was_exercised() -> None:
    assert verdict(judged(Scripted(broken())), "VALUE-1") == (ClauseVerdict.BROKEN, 1, "")


def test_a_clause_with_warnings_alone_is_kept() -> None:
    made = judged(Scripted(broken(severity=Severity.WARNING)), times=2)
    (result,) = (found for found in made.results(mode="gate") if found.id == "VALUE-1")
    assert result == ClauseResult(
        "VALUE-1", Severity.ERROR, "documented", ClauseVerdict.KEPT, 2, True, (finding_id("VALUE-1", "wrong"),)
    )


def test_each_command_answers_for_its_clauses() -> None:
    made = judged(Scripted(broken()))
    assert [result.id for result in made.results(mode="gate")] == ["VALUE-1", "LIFE-1"]
    assert [result.id for result in made.results(mode="load")] == ["VALUE-1", "LOAD-1"]


def crash(_reading: Reading, docket: Docket) -> None:
    docket.exercise("VALUE-1", 5)
    raise ZeroDivisionError("by zero")


def test_a_monitor_that_crashes_makes_its_clauses_inconclusive() -> None:
    made = judged(Scripted(crash))
    for clause, count in (("VALUE-1", 5), ("LIFE-1", 0)):
        found, exercised, reason = verdict(made, clause)
        assert (found, exercised) == (ClauseVerdict.NOT_EXERCISED, count)
        assert reason.startswith("the check crashed: ZeroDivisionError: by zero (crash, line ")
    # An optional clause whose check crashed is not to be passed over in silence.
    assert all(result.required for result in made.results(mode="gate"))
    assert not made.findings


def test_a_crash_at_the_end_is_a_crash() -> None:
    def finish(_docket: Docket) -> None:
        raise RecursionError("deep")

    made = judged(Scripted(lambda _reading, docket: docket.exercise("VALUE-1", 9), finish))
    assert verdict(made, "VALUE-1")[0] is ClauseVerdict.NOT_EXERCISED
    assert "RecursionError: deep" in verdict(made, "VALUE-1")[2]


def test_a_crash_hides_no_violation_and_stops_no_other_monitor() -> None:
    made = judged(Scripted(crash), Scripted(broken()), times=3)
    assert verdict(made, "VALUE-1")[0] is ClauseVerdict.BROKEN
    assert verdict(made, "LIFE-1")[0] is ClauseVerdict.NOT_EXERCISED


def test_a_monitor_that_names_an_unknown_clause_has_crashed() -> None:
    made = judged(Scripted(broken("SHAPE-99")))
    assert "KeyError" in verdict(made, "VALUE-1")[2]
    assert not made.findings


def test_what_is_held_back_is_judged_once() -> None:
    ends = []
    made = Oracle([Scripted(lambda _reading, _docket: None, lambda _docket: ends.append(1))], clauses=CLAUSES)
    made.finish()
    made.finish()
    assert ends == [1]


def test_distinct_findings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "MAX_FINDINGS", 3)

    def observe(reading: Reading, docket: Docket) -> None:
        cause = f"cause {reading.mark.index}"
        docket.violate(violation("VALUE-1", cause, "t", reading.mark, expected="e", observed="o"))

    made = judged(Scripted(observe), times=10)
    assert len(made.findings) == 3
    assert made.notes == ("7 violations are not told: 3 findings with other causes came before",)
    assert judged(Scripted(broken()), times=10).notes == ()


def test_a_clause_that_breaks_after_the_bound_was_reached_is_told_once_in_each_severity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(oracle, "MAX_FINDINGS", 3)
    late = [
        broken("LIFE-1", "late", Severity.WARNING),
        broken("LIFE-1", "worse", Severity.ERROR),
        broken("LIFE-1", "x"),
    ]

    def observe(reading: Reading, docket: Docket) -> None:
        index = reading.mark.index
        (late[index - 5] if index >= 5 else broken("VALUE-1", f"cause {index}"))(reading, docket)

    made = judged(Scripted(observe), times=8)
    assert [(found.clause, found.cause) for found in made.findings if found.clause == "LIFE-1"] == [
        ("LIFE-1", "worse"),
        ("LIFE-1", "late"),
    ]
    assert verdict(made, "LIFE-1")[0] is ClauseVerdict.BROKEN


def test_what_is_withheld_opens_no_finding() -> None:
    made = Oracle([Scripted(broken())], clauses=CLAUSES, withhold=lambda violation: violation.marks[0].index < 3)
    assert [bool(made.feed(operation(index))) for index in range(5)] == [False, False, False, True, True]
    assert [(found.count, found.observed) for found in made.findings] == [(2, "value 3")]


def test_marks_of_a_violation_stand_in_order_of_time_and_once() -> None:
    first, second = operation(1).mark, operation(2).mark
    found = violation("VALUE-1", "c", "t", second, first, second, expected="e", observed="o")
    assert found.marks == (first, second)


def test_the_oracle_of_a_run_has_every_check_and_the_catalogues_tolerances() -> None:
    made = make_oracle(replace(SETTING, tolerances={"VALUE-5": {"clock_skew_s": 5}}))
    monitors = made._monitors
    assert {"SHAPE-1", "VALUE-1", "INPUT-1", "AUTH-3", "WIRE-1"} <= {c for monitor in monitors for c in monitor.clauses}
    setting = monitors[0].setting
    assert setting.tolerance("VALUE-5", "clock_skew_s", 1) == 5
    assert setting.tolerance("LIFE-10", "refund_age_s", 1) == 1200
    made.feed(operation())
    made.finish()
    assert set(made.exercised) == set(load_clauses())
