"""Shrinking an example stops where its requests, its purchases or the run's caps end; what is smallest so far stays."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.budget import Budget, BudgetSpentError
from contracts.gate.allowance import Allowance
from contracts.gate.fuzz.shrinking import REQUESTS_EACH, _Trial
from contracts.gate.fuzz.wireform import Request
from contracts.gate.generator import FailedAgainError, HaltError


def request(body: bytes, *, method: str = "POST", path: str = "/v1/purchases") -> Request:
    return Request(method, path, (), (), body, "owner", None, SimpleNamespace())  # type: ignore[arg-type]


EXAMPLE = request(b'{"country_code": "US", "x": "yyyyyyyy"}')


class Retries:
    """Sends again: fails alike for as long as told."""

    def __init__(self, fails: Callable[[Request], bool] = lambda _: True) -> None:
        self.sent: list[Request] = []
        self._fails = fails

    def __call__(self, asked: Request) -> bool:
        self.sent.append(asked)
        return self._fails(asked)


def trial(retries: Callable[[Request], bool], *, purchases: int = 100, place: int = 0) -> _Trial:
    return _Trial(place, EXAMPLE, lambda case: case.made, retries, Allowance(Budget(), purchases))  # type: ignore[attr-defined]


def case(made: Request | None) -> Any:
    return SimpleNamespace(made=made)


def test_a_smaller_request_that_fails_alike_takes_the_examples_place() -> None:
    retries = Retries()
    tried = trial(retries)
    small, large = request(b"{}"), request(b"x" * 500)
    for made in (small, large):
        with pytest.raises(FailedAgainError):
            tried(case(made))
    assert tried.smallest == small
    assert retries.sent == [small, large]


def test_what_was_tried_is_not_sent_again_and_the_example_itself_never() -> None:
    retries = Retries(lambda asked: asked.body != b"{}")
    tried = trial(retries)
    tried(case(request(b"{}")))
    tried(case(request(b"{}")))
    with pytest.raises(FailedAgainError):
        tried(case(EXAMPLE))
    assert retries.sent == [request(b"{}")]
    assert tried.smallest == EXAMPLE


def test_examples_drawn_before_and_those_of_another_subject_are_passed_over() -> None:
    retries = Retries()
    tried = trial(retries, place=2)
    for made in (request(b"1"), request(b"2"), None):
        tried(case(made))
    assert retries.sent == []
    with pytest.raises(FailedAgainError):
        tried(case(request(b"3")))


@pytest.mark.parametrize("path", ["/v1/purchases", "/v1/purchases/"])
def test_a_create_is_not_sent_where_the_allowance_has_no_purchase_left(path: str) -> None:
    retries = Retries()
    tried = trial(retries, purchases=0)
    with pytest.raises(HaltError) as halted:
        tried(case(request(b"{}", path=path)))
    assert (retries.sent, halted.value.reason) == ([], None)
    with pytest.raises(FailedAgainError):
        tried(case(request(b"{}", path="/v1/purchases/7/refund")))
    assert len(retries.sent) == 1, "what buys nothing may still be tried"


def test_one_example_costs_so_many_requests_and_no_more() -> None:
    retries = Retries(lambda _: False)
    tried = trial(retries)
    for number in range(REQUESTS_EACH):
        tried(case(request(b"%d" % number)))
    with pytest.raises(HaltError) as halted:
        tried(case(request(b"one more")))
    assert len(retries.sent) == REQUESTS_EACH
    assert halted.value.reason is None


def test_the_runs_own_cap_ends_shrinking_and_any_other_trouble_is_handed_on() -> None:
    def spent(_: Request) -> bool:
        raise BudgetSpentError("the cap is reached")

    def gone(_: Request) -> bool:
        raise ConnectionError("the target is gone")

    with pytest.raises(HaltError) as halted:
        trial(spent)(case(request(b"{}")))
    assert halted.value.reason is None
    with pytest.raises(HaltError) as halted:
        trial(gone)(case(request(b"{}")))
    assert isinstance(halted.value.reason, ConnectionError)
