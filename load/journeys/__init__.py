"""Journeys: whole lives of buyers and their likes, each told as a generator of calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from load.journeys.browser import browser
from load.journeys.buyer import buyer
from load.journeys.impatient import impatient
from load.journeys.poller import poller
from load.journeys.racers import racers
from load.journeys.steps import Journey
from load.journeys.world import World

JOURNEYS: Final[Mapping[str, Callable[[World], Journey]]] = {
    "buyer": buyer,
    "browser": browser,
    "poller": poller,
    "impatient": impatient,
    "racers": racers,
}
"""Every journey by the name that a plan gives it; a new one is registered here."""

BUYING: Final = frozenset({"buyer", "impatient", "racers"})
"""Journeys that make purchases whenever they run; a poller makes one only when there is none to poll."""
