"""A case whose worker process was killed was not shown; that is told, and no other case is lost with it."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

import pytest

from contracts.prove import proof
from contracts.prove.case import DEFECT, NOT_SHOWN, Case, Shown
from contracts.prove.proof import LOST, run_cases

CASE = Case("a-defect", DEFECT, ("LIFE-3",), (), (), "2026-02", "quick", 0)
SHOWN = Shown("k", "other", DEFECT, True, "broken", ("LIFE-3",), (), (), 2.0, 100, 9, 1.5, 4, "")


class Pool:
    """Stands for the worker processes: the one that took the first case was killed."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, show: Any, case: Case) -> Future[Shown]:
        future: Future[Shown] = Future()
        if case.name == CASE.name:
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(replace(SHOWN, key=case.key))
        return future


def test_what_a_killed_worker_had_in_hand_was_not_shown_and_the_rest_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "ProcessPoolExecutor", Pool)
    other = replace(CASE, name="other")
    found = {shown.name: shown for shown in run_cases([CASE, other], 2)}
    assert (found["a-defect"].verdict, found["a-defect"].note) == (NOT_SHOWN, LOST)
    assert not found["a-defect"].right, "nothing was caught"
    assert found["other"].caught_by == ("LIFE-3",)


def test_nothing_but_a_killed_worker_is_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Pool):
        def submit(self, show: Any, case: Case) -> Future[Shown]:
            future: Future[Shown] = Future()
            future.set_exception(ValueError("a fault of ours"))
            return future

    monkeypatch.setattr(proof, "ProcessPoolExecutor", Broken)
    with pytest.raises(ValueError, match="a fault of ours"):
        list(run_cases([CASE], 1))
