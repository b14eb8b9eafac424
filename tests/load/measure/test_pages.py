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
from load.measure.ledger import Books
from load.measure.pages import PAGE, Pages
from load.measure.second import Pace

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


def test_the_books_of_a_run_do_not_grow_by_new_buckets() -> None:
    chance = random.Random(4)
    books = Books()
    sizes, met = [], []
    gc.collect()
    tracemalloc.start()
    for _ in range(3):
        for _ in range(80):
            answers, pace = Answers(), Pace()
            for _ in range(20):
                took = 0.001 * 16 ** chance.random()
                answers.record(200, Count.OK, took, took / 2)
                pace.lag.record(took / 4)
            books.add("retrieve", answers)
            books.pace.merge(pace)
        del answers, pace
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
        met.append(len(books.pace.lag.counts))
    tracemalloc.stop()
    # Five histograms meet hundreds of new buckets each, of which a dictionary would take a hundred bytes apiece.
    assert met[2] > met[0] + 500
    assert sizes[2] - sizes[0] < 8_000


def test_lasting_answers_add_up_like_others() -> None:
    one, lasting = Answers(), Answers.lasting()
    one.record(200, Count.OK, 0.1, 0.05)
    one.record(503, Count.FAILURE, 0.2, 0.1)
    lasting.merge(one)
    assert lasting.plain() == one.plain()
