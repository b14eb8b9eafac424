"""A fixed calculation, timed: whether the machine is as fast as it was a minute ago."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Final

_DOCUMENT: Final = {
    "id": 1,
    "country_code": "US",
    "price": {"amount": "1.25", "currency_code": "USD"},
    "status": "PENDING",
}
_AT_ONCE: Final = 200


def calibrate(seconds: float = 1.0) -> float:
    """Return how often a second a fixed calculation was done, by the wall clock.

    Wall clock rather than processor time, for a neighbour that takes the processor away is what is looked for.
    It is much what a load generator does with an answer: parse, write, hash.

    Args:
        seconds: how long to measure, more than 0.
    """
    text = json.dumps(_DOCUMENT)
    done = 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(_AT_ONCE):
            hashlib.sha256(json.dumps(json.loads(text)).encode()).digest()
        done += _AT_ONCE
    return done / spent
