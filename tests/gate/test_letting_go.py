"""A gate that is over is let go: nothing that lives on, such as what Hypothesis remembers, holds what it collected."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from contracts.gate.fuzz import fuzz
from contracts.gate.machine import live
from contracts.gate.races import Races
from contracts.gate.session import Session
from tests.gate.stand import QUICK, Stand, stand

SMALL = replace(QUICK, fuzz_examples=2, machine_examples=3)

PHASES: dict[str, Callable[[Stand], Iterable[object]]] = {
    "fuzzing": lambda on: fuzz(on.session, on.survey, on.plan),
    "state machine": lambda on: live(on.session, on.survey, on.plan, on.lives),
    "races": lambda on: Races(on.session, on.survey, on.lives, 5.0).run(on.plan),
}


def lower_case(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
    """Break a promise in every purchase that is shown by itself, so that lives fail and are made short."""
    if status == 200 and "status" in document:
        document["status"] = document["status"].lower()
    return status, document


def after(phase: str, *, broken: bool) -> weakref.ref[Session]:
    """Run a phase on a stand of its own, and return what tells whether its session is still there."""
    with stand(plan=SMALL, falsify=lower_case if broken else None) as on:
        for _ in PHASES[phase](on):
            pass
        assert len(on.sent) > 5
        assert bool(on.errors) is broken
        return weakref.ref(on.session)


@pytest.mark.parametrize(
    ("phase", "broken"),
    [("fuzzing", True), ("state machine", False), ("state machine", True), ("races", False)],
)
def test_a_phase_that_is_over_holds_no_session(phase: str, broken: bool) -> None:
    session = after(phase, broken=broken)
    gc.collect()
    assert session() is None
