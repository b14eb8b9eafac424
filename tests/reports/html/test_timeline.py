"""Calls stand where they were in real time; waits that would hide them are cut out, and said."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reports.lanes import lanes_of
from reports.timeline import Layout, Span, lay_out

SPANS = st.lists(
    st.builds(
        lambda lane, start, length: Span(lane, start, start + length),
        st.sampled_from(["owner", "other", "volley 1.1"]),
        st.floats(0, 1e6) | st.floats(0, 1),
        st.just(0.0) | st.floats(0, 10) | st.floats(0, 1e-8),
    ),
    min_size=1,
    max_size=12,
)


def test_without_long_waits_all_is_to_one_scale() -> None:
    made = lay_out([Span("owner", 10.0, 10.2), Span("other", 10.1, 10.4), Span("owner", 10.3, 10.5)])
    assert made.rows == ("owner", "other")
    assert made.breaks == ()
    places = [(bar.row, round(bar.left, 6), round(bar.width, 6)) for bar in made.bars]
    assert places == [(0, 0, 40), (1, 20, 60), (0, 60, 40)]
    assert [(round(tick.left, 6), tick.seconds) for tick in made.ticks[:3]] == [(0, 0.0), (20, 0.1), (40, 0.2)]


def test_a_wait_that_would_hide_the_calls_is_cut_out_and_told() -> None:
    made = lay_out([Span("owner", 1.0, 1.1), Span("owner", 6.1, 6.2)])
    assert [(round(gap.left, 6), round(gap.seconds, 6), gap.width) for gap in made.breaks] == [(50, 5, 6)]
    assert [(round(bar.left, 6), round(bar.width, 6)) for bar in made.bars] == [(0, 47), (53, 47)]
    assert [round(tick.seconds, 6) for tick in made.ticks if round(tick.left, 6) == 53] == [5.1]


def test_a_wait_in_proportion_stays() -> None:
    assert lay_out([Span("owner", 0.5, 0.5425), Span("owner", 0.6, 0.6425)]).breaks == ()


def test_calls_of_a_lane_that_overlap_take_rows_of_their_own() -> None:
    made = lay_out([Span("owner", 0, 3), Span("owner", 1, 2), Span("owner", 2.5, 4), Span("other", 0, 1)])
    assert made.rows == ("owner", "owner", "other")
    assert [bar.row for bar in made.bars] == [0, 1, 1, 2]


def test_calls_without_a_length_still_stand_apart() -> None:
    made = lay_out([Span("owner", 1, 1), Span("owner", 2, 2)])
    assert made.bars[0].left < made.bars[1].left
    assert len(made.breaks) == 1


def test_nothing_is_laid_out_as_nothing() -> None:
    assert lay_out([]) == Layout((), (), (), ())


@given(spans=SPANS)
def test_everything_stays_on_the_axis_and_in_order(spans: list[Span]) -> None:
    made = lay_out(spans)
    assert len(made.bars) == len(spans)
    for span, bar in zip(spans, made.bars, strict=True):
        assert -1e-6 <= bar.left <= 100 + 1e-6
        assert bar.width >= -1e-6
        assert bar.left + bar.width <= 100 + 1e-6
        assert made.rows[bar.row] == span.lane
    for (one, here), (two, there) in combinations(zip(spans, made.bars, strict=True), 2):
        if one.start < two.start:
            assert here.left <= there.left + 1e-6
    lefts = [tick.left for tick in made.ticks]
    assert lefts == sorted(lefts)
    assert len(lefts) <= 10


@given(spans=SPANS)
def test_bars_of_one_row_do_not_overlap(spans: list[Span]) -> None:
    made = lay_out(spans)
    by_row: dict[int, list[Span]] = {}
    for span, bar in zip(spans, made.bars, strict=True):
        by_row.setdefault(bar.row, []).append(span)
    for members in by_row.values():
        members.sort(key=lambda span: (span.start, span.end))
        assert all(one.end <= two.start for one, two in pairwise(members))


class TestLanes:
    def test_are_read_from_the_history(self, tmp_path: Path) -> None:
        lines = [f'{{"index":{index},"lane":"volley 1.{index}"}}' for index in range(5)]
        (tmp_path / "history.jsonl").write_text("\n".join(lines))
        assert lanes_of(tmp_path, [1, 3, 9]) == {1: "volley 1.1", 3: "volley 1.3"}

    def test_of_odd_lines_are_left_out(self, tmp_path: Path) -> None:
        odd = ['{"index":1,"lane":7}', '{"index":2,', '{"index":3,"lane":""}', "\x00\xff", '{"index":4,"lane":"x"}']
        (tmp_path / "history.jsonl").write_text("\n".join(odd))
        assert lanes_of(tmp_path, [1, 2, 3, 4]) == {4: "x"}

    def test_need_no_history(self, tmp_path: Path) -> None:
        assert lanes_of(tmp_path, [1]) == {}
