"""Offers under load: each is of the country that was asked about, however many ask at once (VALUE-1)."""

from __future__ import annotations

from typing import Any

import pytest

from load.journeys.steps import account
from tests.load.judge.scene import Scene


def offer(country: str) -> dict[str, Any]:
    return {
        "country_code": country,
        "display_name": {"ru": "Страна", "en": "Country"},
        "price": {"amount": "1.50", "currency_code": "USD"},
        "discount": {"base_price": "1.50", "percent": 0},
        "available": True,
    }


@pytest.mark.parametrize(("shown", "broken"), [(("US", "GB", "US"), set()), (("US", "GB", "GB"), {"VALUE-1"})])
def test_an_offer_that_was_meant_for_another_is_found(shown: tuple[str, ...], broken: set[str]) -> None:
    scene = Scene()
    for moment, (asked, told) in enumerate(zip(("US", "GB", "US"), shown, strict=True)):
        scene.see(account(asked), offer(told), moment, moment + 0.5)
    assert scene.broken() == broken
