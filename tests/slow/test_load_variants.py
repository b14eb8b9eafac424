"""No lawful oddity of the catalogue is an error to the judge of a load run."""

from __future__ import annotations

import pytest

from fixtures.defects.catalogue import VARIANTS
from tests.load.judge.test_volume import errors, lived


@pytest.mark.parametrize("name", VARIANTS)
def test_a_lawful_variant_breaks_nothing_at_speed(name: str) -> None:
    assert errors(lived(name)) == set()
