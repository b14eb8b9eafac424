"""The documents that take seconds to make or to read, each in a process of its own."""

from __future__ import annotations

import pytest

from tests.strangers.bombs import COMPARABLE, SLOW
from tests.strangers.test_bombs import explode


@pytest.mark.parametrize("name", SLOW)
def test_a_document_that_asks_for_much_is_refused_in_bounds(name: str) -> None:
    came = explode([name])
    assert name in came, "the reader was ended by it"
    assert not came[name].startswith("CRASH"), came[name]
    assert (came[name] == "None") is (name in COMPARABLE)
