"""What a whole run counts is kept in pages: it says what a dictionary says, and does not grow by and by."""

from __future__ import annotations

import gc
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load.measure.answers import Answers, Count
from load.measure.histogram import HIGHEST_NS, Histogram, bucket_of
from load.measure.ledger import Ledger
from load.measure.pages import PAGE, Pages
from load.measure.second import Second
from load.plan.phase import Phase

BUCKETS = bucket_of(HIGHEST_NS) + 1
DURATIONS = st.lists(st.floats(0.0, 4000.0), max_size=40)


@given(st.lists(st.tuples(st.integers(0, 4 * PAGE - 1), st.integers(1, 2**60)), max_size=60))
def test_pages_say_what_a_dictionary_says(counted: list[tuple[int, int]]) -> None:
    pages, model = Pages(4 * PAGE), dict[int, int]()
    some = counted[:15]
    pages.add(some)
    for key, count in some:
        model[key] = model.get(key, 0) + count
    assert dict(pages.items()) == model
    assert list(pages) == sorted(model)
    assert sorted(pages.values()) == sorted(model.values())
    assert len(pages) == len(model)
    assert all((key in pages) is (key in model) for key in range(0, 4 * PAGE, 7))
    assert [pages[key] for key, _ in counted] == [model.get(key, 0) for key, _ in counted]


def test_a_count_is_replaced() -> None:
    pages = Pages(PAGE)
    pages[7] = 5
    pages[7] += 2
    pages[9] = 1
    pages[9] = 0
    assert dict(pages.items()) == {7: 7}


def test_a_bucket_that_is_none_is_refused() -> None:
    with pytest.raises(IndexError):
        Pages(PAGE).add([(PAGE, 1)])


@given(st.lists(DURATIONS, max_size=4))
def test_a_lasting_histogram_says_what_any_other_says(parts: list[list[float]]) -> None:
    plain, lasting = Histogram(), Histogram.lasting()
    for part in parts:
        plain.merge(Histogram.of(part))
        lasting.merge(Histogram.of(part))
        # And one that is merged itself, as the processes of a run are.
        both = Histogram.lasting()
        both.merge(lasting)
        assert both.plain() == plain.plain() == lasting.plain()
    assert lasting.count == plain.count
    assert lasting.percentiles((0, 50, 99, 100)) == plain.percentiles((0, 50, 99, 100))
    assert lasting.distribution() == plain.distribution()
    assert lasting.coarse(8) == plain.coarse(8)
    assert list(lasting.buckets()) == list(plain.buckets())
    assert lasting.above(0.01) == plain.above(0.01)
    assert lasting.cumulated((0.001, 1.0)) == plain.cumulated((0.001, 1.0))


def seconds(first: int, last: int, chance: random.Random) -> list[Second]:
    """Return seconds of a run whose times go on spreading over buckets that were not met before."""
    found = []
    for t in range(first, last):
        second = Second(t)
        answers = second.of(0, "retrieve")
        for _ in range(40):
            took = chance.lognormvariate(-6.5, 0.8)
            answers.record(200, Count.OK, took, took * 0.9)
            second.pace_of(0).lag.record(took / 10)
        found.append(second)
    return found


def test_the_books_of_a_run_do_not_grow_by_new_buckets() -> None:
    chance = random.Random(4)
    ledger = Ledger([Phase("hold", 0.0, 1e6, True, rate=40.0)], lambda start, end: 40.0 * (end - start), recent=2)
    sizes = []
    met = []
    gc.collect()
    tracemalloc.start()
    for first in (0, 100, 200):
        for second in seconds(first, first + 100, chance):
            ledger.add(second)
            list(ledger.closing(second.t + 1))
        del second
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
        met.append(len(ledger.figures(1.0).operations["retrieve"].response.counts))
    tracemalloc.stop()
    assert met[2] > met[1] + 200 > met[0] + 400
    # A row of the timeline is some two kilobytes; six histograms with 200 new buckets each would be 120 more.
    rows = 100 * 2_500
    assert sizes[2] - sizes[1] < rows


def test_lasting_answers_add_up_like_others() -> None:
    one, lasting = Answers(), Answers.lasting()
    one.record(200, Count.OK, 0.1, 0.05)
    one.record(503, Count.FAILURE, 0.2, 0.1)
    lasting.merge(one)
    assert lasting.plain() == one.plain()
