"""The newest nights are worse when they are, soon, and hardly ever when they are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reports.compare.change import Change
from reports.trend.judging import DEFAULT, Series, Trend, judge
from reports.trend.measures import ALL, Key
from reports.trend.nights import LeftOut
from reports.trend.ranktest import Floats
from tests.reports.trend import made

P50 = made.P50
RATE = Key(ALL, "rate")


def judged(values: Floats) -> Trend:
    return judge(made.nights({P50: values}))


def only(trend: Trend, key: Key = P50) -> Series:
    (found,) = (series for series in trend.series if series.key == key)
    return found


@pytest.mark.parametrize(("factor", "nights"), [(1.2, 10), (1.4, 6)])
def test_a_planted_step_is_seen_in_time(factor: float, nights: int) -> None:
    seen = 0
    for seed in range(8):
        values = made.stepped(made.noise(seed, 40 + nights, spread=0.08), 40, factor)
        seen += any(judged(values[:end]).change is Change.WORSE for end in range(41, 41 + nights))
    assert seen >= 7


def test_what_became_faster_is_better() -> None:
    found = judged(made.stepped(made.noise(1, 60), 50, 0.7))
    assert (found.change, found.reasons) == (Change.BETTER, ("better: all (p50)",))


def test_a_step_is_told_with_its_size_and_both_levels() -> None:
    series = only(judged(made.stepped(made.noise(2, 60), 53, 1.4)))
    assert series.effect == pytest.approx(0.4, abs=0.08)
    assert series.before == pytest.approx(100, rel=0.03)
    assert series.newest == pytest.approx(140, rel=0.05)
    assert series.chance is not None
    assert series.chance < 0.002


def test_two_hundred_quiet_nights_raise_no_alarm() -> None:
    for seed, kind in enumerate(({}, {"wild": 0.04}, {"spread": 0.1}, {"alike": 0.2})):
        values = made.noise(seed, 71, **kind)
        assert not [end for end in range(21, 71) if judged(values[:end]).change is Change.WORSE]


def test_a_few_wild_nights_among_the_newest_are_no_alarm() -> None:
    values = made.noise(3, 60)
    values[[54, 56, 59]] *= 3
    assert judged(values).change is Change.SAME


def test_a_certain_but_small_loss_is_no_alarm() -> None:
    found = judged(made.stepped(made.noise(4, 60, spread=0.005), 50, 1.05))
    assert found.change is Change.SAME
    assert only(found).chance is not None
    assert (only(found).chance or 1) < 0.001


def test_a_relapse_after_an_improvement_is_worse_though_the_old_level_was_worse_still() -> None:
    values = made.stepped(made.stepped(made.noise(5, 90), 50, 0.6), 83, 1.3)
    found = only(judged(values))
    assert found.change is Change.WORSE
    assert found.before == pytest.approx(60, rel=0.05)
    assert 30 <= found.nights_before <= 36


def test_a_loss_that_lasted_three_weeks_is_the_norm() -> None:
    values = made.stepped(made.noise(6, 100), 60, 1.4)
    words = [judged(values[:end]).change for end in range(61, 101)]
    assert words[6:20] == [Change.WORSE] * 14
    assert words[23:] == [Change.SAME] * 17


def test_change_points_are_marked_on_every_series() -> None:
    found = judged(made.stepped(made.noise(7, 80), 40, 1.3))
    (point,) = only(found).points
    assert abs(point.index - 40) <= 2
    assert point.size == pytest.approx(0.3, abs=0.06)


def test_a_falling_rate_is_worse_and_a_rising_one_better() -> None:
    p50 = made.noise(8, 60)
    for factor, change, effect in ((0.7, Change.WORSE, -0.3), (1.4, Change.BETTER, 0.4)):
        found = judge(made.nights({P50: p50, RATE: made.stepped(made.noise(9, 60), 50, factor)}))
        assert only(found, RATE).change is change
        assert only(found, RATE).effect == pytest.approx(effect, abs=0.06)
        assert [point.size < 0 for point in only(found, RATE).points] == [factor < 1]


def test_failures_count_by_difference_for_there_are_nights_without_any() -> None:
    quiet = np.zeros(60)
    failing = quiet.copy()
    failing[53:] = [0.002, 0.004, 0.003, 0.002, 0.0, 0.003, 0.002]
    failures = Key(ALL, "failures")
    found = judge(made.nights({P50: made.noise(1, 60), failures: failing}))
    assert only(found, failures).change is Change.WORSE
    assert only(found, failures).effect == pytest.approx(0.002)
    assert only(judge(made.nights({P50: made.noise(1, 60), failures: quiet})), failures).change is Change.SAME
    tiny = judge(made.nights({P50: made.noise(1, 60), failures: failing / 10}))
    assert only(tiny, failures).change is Change.SAME


def many(seed: int) -> dict[Key, Floats]:
    keys = [Key(name, measure) for name in (ALL, *(f"o{number}" for number in range(8))) for measure in ("p50", "p99")]
    return {key: made.noise(1000 * seed + place, 60) for place, key in enumerate(keys)}


def test_one_operation_of_many_that_became_slower_is_seen() -> None:
    series = many(1)
    slower = {Key("o3", "p50"), Key("o3", "p99")}
    found = judge(made.nights({key: made.stepped(v, 52, 1.3) if key in slower else v for key, v in series.items()}))
    assert {each.key for each in found.series if each.change is Change.WORSE} == slower
    assert found.reasons == ("worse: o3 (p50, p99)",)
    assert {each.key for each in found.series[:2]} == slower


def test_many_quiet_series_together_raise_no_alarm() -> None:
    assert {judge(made.nights(many(seed))).change for seed in range(6)} == {Change.SAME}


def test_too_few_nights_tell_nothing() -> None:
    least = DEFAULT.newest + DEFAULT.least_before
    values = made.stepped(made.noise(1, least), least - 7, 3.0)
    assert judged(values).change is Change.WORSE
    few = judged(values[1:])
    assert few.change is Change.CANNOT_TELL
    assert few.reasons == ("20 nights that can be set beside each other; a trend needs 21",)
    assert only(few).change is Change.CANNOT_TELL
    assert judge(made.nights({P50: []})).change is Change.CANNOT_TELL


def test_a_newest_run_that_was_left_out_means_that_nobody_can_tell_unless_it_is_worse_anyway() -> None:
    missed = LeftOut(Path("zz"), "2027-01-01T00:00:00.000Z", "it ended before its time")
    quiet = replace(made.nights({P50: made.noise(1, 60)}), left_out=(missed,))
    assert judge(quiet).change is Change.CANNOT_TELL
    assert judge(quiet).reasons == ("the newest run, zz, was left out: it ended before its time",)
    worse = replace(made.nights({P50: made.stepped(made.noise(1, 60), 50, 1.5)}), left_out=(missed,))
    assert judge(worse).change is Change.WORSE


def test_an_operation_that_is_no_longer_measured_is_not_the_same_as_before() -> None:
    gone: list[float | None] = [*made.noise(2, 50).tolist(), *([None] * 10)]
    found = judge(made.nights({P50: made.noise(1, 60), Key("refund", "p50"): gone}))
    assert found.change is Change.CANNOT_TELL
    assert found.reasons == ("measured before, and not in most of the newest nights: refund (p50)",)


def test_an_operation_that_is_new_is_told_and_spoils_nothing() -> None:
    new: list[float | None] = [*([None] * 50), *made.noise(2, 10).tolist()]
    found = judge(made.nights({P50: made.noise(1, 60), Key("refund", "p50"): new}))
    assert found.change is Change.SAME
    assert found.reasons == ("measured in too few nights to be judged: refund (p50)",)


def test_gaps_are_no_nights() -> None:
    values = made.stepped(made.noise(3, 70), 60, 1.4)
    gaps: list[float | None] = [None if night % 6 == 0 else float(value) for night, value in enumerate(values)]
    other = Key("refund", "p50")
    found = only(judge(made.nights({P50: made.noise(1, 70), other: gaps})), other)
    assert found.change is Change.WORSE
    assert [abs(point.index - 60) <= 1 for point in found.points] == [True]


def test_without_a_measure_of_all_operations_nobody_can_tell() -> None:
    assert judge(made.nights({Key("refund", "p50"): made.noise(1, 60)})).change is Change.CANNOT_TELL


def test_the_smallest_change_that_counts_is_the_user_s() -> None:
    nights = made.nights({P50: made.stepped(made.noise(4, 60, spread=0.01), 50, 1.08)})
    assert judge(nights).change is Change.SAME
    assert judge(nights, replace(DEFAULT, min_effect=0.05)).change is Change.WORSE
