"""Where a run was aimed and what it was asked, in words that can be set beside each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.compare.change import EXIT_CODES, Change, overall
from reports.compare.circumstances import differences, host, setup
from tests.reports.compare import made


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("http://127.0.0.1:8080", "loopback"),
        ("http://localhost", "loopback"),
        ("http://[::1]:99/v1", "loopback"),
        ("https://API.example", "api.example"),
        ("https://api.example:8443/v1", "api.example:8443"),
        ("nothing", "nothing"),
        ("http://[broken", "http://[broken"),
        ("http://a:99999999", "http://a:99999999"),
        ("http://\x1b[2J", "http://\\x1b[2J"),
    ],
)
def test_a_target_is_a_host_and_loopback_one_word(target: str, shown: str) -> None:
    assert host(target) == shown


def test_whole_numbers_are_the_same_however_they_are_written() -> None:
    one, two = (setup(made.document(made.load_section(target_rate=rate))) for rate in (40, 40.0))
    assert differences(one, two) == {}
    assert one["rate"] == "40"


def test_what_is_not_given_is_none() -> None:
    found = setup(made.document(made.load_section(plan="", target_rate=None, model="closed", users=9)))
    assert (found["plan"], found["rate"], found["users"], found["model"]) == ("none", "none", "9", "closed")


def test_differences_give_both_values() -> None:
    one, two = (setup(made.document(made.load_section(plan=plan))) for plan in ("smoke", "nightly"))
    assert differences(one, two) == {"plan": ("smoke", "nightly")}


@given(st.lists(st.sampled_from(list(Change))))
def test_one_word_for_many_is_that_of_the_worst(changes: list[Change]) -> None:
    found = overall(changes)
    assert (found is Change.WORSE) == (Change.WORSE in changes)
    assert (EXIT_CODES[found] == 3) == (Change.WORSE not in changes and (Change.CANNOT_TELL in changes or not changes))
    assert (found is Change.SAME) == (set(changes) == {Change.SAME})
