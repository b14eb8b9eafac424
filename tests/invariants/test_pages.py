"""LIST-2 to LIST-4 on one page: each lawful page beside its unlawful twins."""

from __future__ import annotations

import pytest

from tests.invariants.build import History, error, purchase, warning


def one_page(*items: object, **call: object) -> History:
    history = History()
    history.list(0, 1, items, **call)
    return history


def test_a_page_that_agrees():
    history = one_page(3, 2, 1)
    assert history.verdict() == (set(), {"LIST-1": 1, "LIST-3": 1, "LIST-4": 1})


@pytest.mark.parametrize("total", [0, 1])
@pytest.mark.parametrize("current", [0, 1])
def test_an_empty_list_has_a_page_or_none(total, current):
    history = one_page(total=total, current=current, has_next=False)
    assert history.verdict() == (set(), {"LIST-1": 1, "LIST-4": 1})


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ({"size": 2, "total": 1}, error("LIST-4", "page-over-size")),
        ({"current": 2}, error("LIST-4", "another-current-page")),
        ({"current": 0}, error("LIST-4", "another-current-page")),
        ({"total": 1, "has_next": True}, error("LIST-4", "has-next-wrongly-true")),
        ({"total": 2, "has_next": False}, error("LIST-4", "has-next-wrongly-false")),
        ({"total": 0}, error("LIST-4", "total-below-one")),
        ({"page": 3, "total": 1}, warning("LIST-4", "items-beyond-the-end")),
        ({"sort": "date_asc"}, error("LIST-3", "not-oldest-first")),
    ],
)
def test_a_page_that_contradicts_itself(call, found):
    assert one_page(3, 2, 1, **call).findings() == {found}


@pytest.mark.parametrize("sort", [None, "date_desc"])
def test_a_page_that_is_not_newest_first(sort):
    assert one_page(1, 2, sort=sort).findings() == {error("LIST-3", "not-newest-first")}


def test_a_page_that_is_oldest_first():
    assert one_page(1, 2, sort="date_asc").findings() == set()


def test_items_of_the_same_instant_stand_in_any_order():
    at = {"created_at": "2024-11-19T07:50:01.500Z"}
    coarse = {"created_at": "2024-11-19T07:50:01Z"}
    history = one_page(purchase(1, **at), purchase(2, **coarse), purchase(3, **at))
    assert history.verdict() == (set(), {"LIST-1": 1, "LIST-4": 1})


@pytest.mark.parametrize("current", [2, 5])
def test_a_page_beyond_the_end_may_be_clamped_or_empty(current):
    assert one_page(page=5, total=2, has_next=False, current=current).findings() == set()


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_page_beyond_the_end_may_be_refused(status):
    assert one_page(page=5, status=status).verdict() == (set(), {})


def test_a_filter_that_lets_another_status_through():
    history = one_page(2, purchase(1, "SUCCESS"), only="PENDING")
    found, exercised = history.verdict()
    assert found == {error("LIST-2", "another-status-in-filtered-list")}
    assert exercised["LIST-2"] == 1


def test_a_filter_that_holds():
    found, exercised = one_page(2, 1, only="PENDING").verdict()
    assert found == set()
    assert exercised["LIST-2"] == 1


def test_a_purchase_twice_on_one_page():
    assert one_page(2, 2, 1).findings() == {error("LIST-1", "shown-twice-on-one-page")}


@pytest.mark.parametrize(
    "query",
    [
        [("page", "1"), ("page", "2"), ("page_size", "1")],
        [("page", "1"), ("page_size", "99")],
        [("page", "x"), ("page_size", "1")],
        [("page", "1"), ("page_size", "1"), ("sort", "id")],
        [("page", "1"), ("page_size", "1"), ("status", "EXPIRED")],
        [("page", "1"), ("page_size", "1"), ("phone_number", "12")],
    ],
)
def test_a_request_that_is_not_proper_is_not_judged(query):
    history = one_page(1, 2, 3, total=7, has_next=False, query=query)
    assert history.verdict() == (set(), {})


def test_a_request_without_parameters_is_the_first_page():
    assert one_page(1, 2, 3, page=None, size=None).findings() == {error("LIST-3", "not-newest-first")}


@pytest.mark.parametrize("odd", [None, {}, {"current_page": "1", "total_pages": 1.5, "has_next": 1}, [], "x"])
def test_unreadable_pagination_is_the_business_of_shape(odd):
    history = one_page(2, 1)
    history.call(
        history.operations[0].api_operation,
        2,
        3,
        {"items": [purchase(2), purchase(1)], "pagination": odd},
        query=[("page", "1"), ("page_size", "1")],
    )
    assert history.findings() == {error("LIST-4", "page-over-size")}


def search(*items: object, profile: str = "2026-05") -> History:
    history = History(profile=profile)
    query = [("page", "1"), ("page_size", "50"), ("status", "SUCCESS"), ("phone_number", "2025")]
    history.list(0, 1, items, query=query)
    return history


def test_a_search_that_ignores_the_status_beside_the_fragment():
    assert search(purchase(1, status="PENDING")).findings() == {error("LIST-2", "another-status-in-filtered-list")}


def test_a_search_that_finds_nothing():
    assert search().findings() == set()


def test_an_older_profile_knows_no_search():
    assert search(purchase(1, status="PENDING"), profile="2026-02").findings() == set()


def test_what_a_search_leaves_out_is_not_lost():
    history = History(profile="2026-05")
    history.create(0, 1, 7)
    history.list(2, 3, query=[("page", "1"), ("page_size", "50"), ("phone_number", "999")])
    history.retrieve(4, 5, 7)
    assert history.findings() == set()
