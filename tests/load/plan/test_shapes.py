"""Shapes: levels, the areas below them, and the inverse of these."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.plan.phase import Phase, measured_seconds, phase_at, phase_of_second
from load.plan.shapes import (
    Part,
    Segment,
    Shape,
    Stage,
    breakpoint_step,
    put_together,
    ramp,
    soak,
    spike,
    staged,
    steady,
    stress,
    warm_up,
)

LEVELS = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 500).map(lambda level: round(level, 3))
PARTS = st.lists(
    st.builds(Part, st.just("part"), st.floats(0.1, 100).map(lambda length: round(length, 2)), LEVELS, LEVELS),
    min_size=1,
    max_size=6,
)
SHAPES = PARTS.map(put_together).filter(lambda shape: shape.total > 1)


def numeric_area(shape: Shape, t: float) -> float:
    """Sum the level below a time in small rectangles."""
    pieces = 500
    step = (t - shape.start) / pieces
    return sum(shape.level(shape.start + (piece + 0.5) * step) for piece in range(pieces)) * step


@settings(deadline=None)
@given(SHAPES, st.floats(0, 1))
def test_the_inverse_of_the_area_is_exact(shape: Shape, share: float) -> None:
    area = max(share * shape.total, 1e-6)
    t = shape.when(min(area, shape.total))
    assert t is not None
    assert shape.start <= t <= shape.end
    assert shape.area(t) == pytest.approx(area, rel=1e-9, abs=1e-6)


@settings(deadline=None)
@given(SHAPES, st.floats(0, 1))
def test_the_inverse_names_the_first_time(shape: Shape, share: float) -> None:
    area = max(share * shape.total, 1e-3)
    t = shape.when(min(area, shape.total))
    assert t is not None
    earlier = t - 1e-3
    assert earlier < shape.start or shape.area(earlier) < area + 1e-9


@settings(deadline=None)
@given(SHAPES, st.floats(0.01, 1))
def test_the_area_is_that_below_the_level(shape: Shape, share: float) -> None:
    t = shape.start + share * (shape.end - shape.start)
    # Each jump, each segment's edge, is wrong by one rectangle at most.
    coarse = (t - shape.start) / 500 * shape.highest * (len(shape.segments) + 1)
    assert shape.area(t) == pytest.approx(numeric_area(shape, t), abs=coarse + 1e-6)


@settings(deadline=None)
@given(SHAPES)
def test_nothing_comes_before_the_start_or_after_the_end(shape: Shape) -> None:
    assert shape.area(shape.start - 1) == 0 == shape.level(shape.start - 1)
    assert shape.area(shape.end + 1) == shape.total
    assert shape.level(shape.end) == 0
    assert shape.when(shape.total * 1.001 + 1) is None


def test_a_level_jumps_at_the_edge_and_the_later_one_counts() -> None:
    shape = put_together([Part("low", 10, 2, 2), Part("high", 10, 50, 50)])
    assert shape.level(9.999) == 2
    assert shape.level(10) == 50


def test_a_climb_is_even() -> None:
    shape = put_together([Part("climb", 10, 0, 100)])
    assert [shape.level(t) for t in (0, 2.5, 5, 9)] == [0, 25, 50, 90]
    assert shape.area(5) == 125
    assert shape.when(125) == pytest.approx(5)


def test_time_without_level_is_passed_over() -> None:
    shape = put_together([Part("none", 10, 0, 0), Part("some", 10, 1, 1)])
    assert shape.when(0.5) == pytest.approx(10.5)


def test_every_phase_begins_where_the_one_before_ends() -> None:
    shape = put_together([warm_up(5, 10), *steady(10, 20)])
    assert shape.phases == (Phase("warm-up", 0, 5, False, 10), Phase("steady", 5, 25, True, 10))
    assert [phase_at(shape.phases, t) for t in (-1, 0, 4.9, 5, 24, 99)] == [0, 0, 0, 1, 1, 1]


def test_a_second_belongs_to_the_phase_it_mostly_lies_in_and_to_none_in_a_gap() -> None:
    phases = [Phase("one", 0, 2.6, True), Phase("two", 5, 7, True)]
    found = [phase_of_second(phases, t) for t in range(8)]
    assert [phase.name if phase else None for phase in found] == ["one", "one", "one", None, None, "two", "two", None]


def test_a_warm_up_without_length_is_left_out() -> None:
    assert [phase.name for phase in put_together([warm_up(0, 10), *steady(10, 20)]).phases] == ["steady"]


def test_users_are_told_as_users() -> None:
    assert put_together(steady(7, 20), open_model=False).phases == (Phase("steady", 0, 20, True, None, 7),)


def test_a_ramp_climbs_and_then_holds() -> None:
    shape = put_together(ramp(90, 30, 9))
    assert [shape.level(t) for t in (0, 10, 20, 29)] == [9, pytest.approx(49.5), 90, 90]


def test_a_spike_is_sudden_and_goes_away() -> None:
    shape = put_together(spike(100, 50, 10))
    assert [shape.level(t) for t in (0, 19.9, 20, 29.9, 30, 49)] == [10, 10, 100, 100, 10, 10]
    assert [phase.name for phase in shape.phases] == ["before", "spike", "after"]


def test_stress_goes_beyond_the_level_and_comes_back() -> None:
    shape = put_together(stress(100, 60))
    assert [shape.level(t) for t in range(5, 60, 10)] == [50, 75, 100, 125, 150, 50]
    assert shape.end == pytest.approx(60)


def test_a_soak_is_steady_in_quarters() -> None:
    shape = put_together(soak(40, 60))
    assert {shape.level(t) for t in range(60)} == {40}
    assert [(phase.start, phase.end) for phase in shape.phases] == [(0, 15), (15, 30), (30, 45), (45, 60)]


def test_stages_climb_from_the_one_before_or_jump_and_hold() -> None:
    parts = staged([Stage("up", 10, 100), Stage("jump", 10, 20, hold=True), Stage("down", 10, 0, measured=False)], 0)
    shape = put_together(parts)
    assert [shape.level(t) for t in (0, 5, 10, 19, 20, 25)] == [0, 50, 20, 20, 20, 10]
    assert [phase.measured for phase in shape.phases] == [True, True, False]


def test_a_breakpoint_step_settles_first_and_is_measured_after() -> None:
    shape = breakpoint_step(3, 100, 10, start=50, before=60)
    assert [(phase.name, phase.start, phase.end, phase.measured) for phase in shape.phases] == [
        ("step 3 settling", 50, 52, False),
        ("step 3", 52, 62, True),
    ]
    assert [shape.level(t) for t in (50, 51, 52, 61)] == [60, 80, 100, 100]


def test_a_breakpoint_step_down_settles_at_the_lower_rate() -> None:
    assert breakpoint_step(4, 50, 10, start=0, before=100).highest == 50


def test_only_measured_time_is_measured_and_a_stopped_run_measures_less() -> None:
    phases = put_together([warm_up(5, 10), *steady(10, 20)]).phases
    assert [measured_seconds(phases, until) for until in (3, 5, 15, 25, 40)] == [0, 0, 10, 20, 20]


@pytest.mark.parametrize(
    "segments",
    [
        (),
        (Segment(0, 0, 1, 1),),
        (Segment(0, 1, -1, 1),),
        (Segment(0, 1, 1, 1), Segment(2, 3, 1, 1)),
        (Segment(0, math.nan, 1, 1),),
    ],
)
def test_a_shape_with_holes_or_backward_time_cannot_be_built(segments: tuple[Segment, ...]) -> None:
    with pytest.raises(ValueError, match="(?i)shape needs|segment"):
        Shape(segments, (Phase("phase", 0, 1, True),))
