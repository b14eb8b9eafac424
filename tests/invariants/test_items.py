"""LIST-5 on values that may change: a list that shows another than what was shown before it and after it."""

from __future__ import annotations

import pytest

from tests.invariants.build import Finding, History, error, purchase

FLAG, OTHER = "\U0001f1fa\U0001f1f8", "\U0001f3f3"


def seen(*values: str, profile: str = "2026-05", key: str = "emoji") -> set[Finding]:
    """Return the findings on a purchase that is retrieved and listed in turn with such values."""
    history = History(profile=profile)
    history.create(0, 1, view={key: values[0]})
    for place, value in enumerate(values[1:], 1):
        if place % 2:
            history.list(2 * place, 2 * place + 1, [purchase(1, **{key: value})])
        else:
            history.retrieve(2 * place, 2 * place + 1, view={key: value})
    return {found for found in history.findings() if found[0] == "LIST-5"}


def test_a_list_that_shows_the_same_value() -> None:
    assert seen(FLAG, FLAG, FLAG) == set()


@pytest.mark.parametrize("key", ["emoji", "purchase_source"])
def test_a_list_that_shows_another_value_than_before_and_after_it(key: str) -> None:
    assert seen(FLAG, OTHER, FLAG, key=key) == {error("LIST-5", f"{key}-differs-in-list")}


def test_a_value_that_changes_and_stays_as_it_is() -> None:
    assert seen(FLAG, OTHER, OTHER) == set()
    assert seen(FLAG, OTHER) == set()


def test_an_older_profile_has_no_such_keys() -> None:
    assert seen(FLAG, OTHER, FLAG, profile="2026-02") == set()
