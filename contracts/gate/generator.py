"""Hypothesis as the random phases use it: the seed alone decides, nothing is printed, no project is littered."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.configuration import set_hypothesis_home_dir, storage_directory
from hypothesis.errors import Flaky, Unsatisfiable
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

SEARCH: Final = (Phase.generate,)
SEARCH_AND_SHRINK: Final = (Phase.generate, Phase.shrink)


class FailedAgainError(Exception):
    """Tells Hypothesis that an example fails and is worth shrinking; never leaves this package's callers."""


class HaltError(BaseException):
    """Ends a Hypothesis run at once.

    Hypothesis takes every ``Exception`` for a failing example: it would run it again and shrink it. What is
    no ``Exception`` passes through, so that a spent budget or an unreachable target ends the run as it is.

    Args:
        reason: what to raise once the run has ended, None where there is nothing to raise.
    """

    def __init__(self, reason: Exception | None = None) -> None:
        super().__init__(str(reason))
        self.reason = reason


def settings(examples: int, phases: tuple[Phase, ...] = SEARCH, steps: int = 1) -> hypothesis.settings:
    """Return settings that owe nothing to a profile that is loaded, such as the one for continuous integration.

    Args:
        examples: how many examples at most.
        phases: what to do with them.
        steps: steps of a state machine.
    """
    return hypothesis.settings(
        hypothesis.settings.get_profile("default"),
        max_examples=examples,
        phases=phases,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )


def draw(strategy: SearchStrategy[T], count: int, seed: str) -> list[T]:
    """Return up to so many values of a strategy; the same ones for the same seed."""
    values: list[T] = []
    try:
        run(strategy, values.append, settings(count), seed)
    except Unsatisfiable:
        # There is no such value: nothing about an operation without parameters can be wrong.
        return []
    return values


def run(strategy: SearchStrategy[T], test: Callable[[T], None], how: hypothesis.settings, seed: str) -> None:
    """Let Hypothesis call a function with values of a strategy.

    Raises:
        FailedAgainError: the smallest example found fails.
        HaltError: the function ended the run.
    """

    @hypothesis.seed(seed)
    @how
    @hypothesis.given(strategy)
    def example(value: T) -> None:
        test(value)

    example()


@contextmanager
def contained() -> Iterator[None]:
    """Keep Hypothesis away from the working directory, and from whatever else happens to be imported.

    By default it stores tables in ``.hypothesis`` where the command was started, and draws now and then on
    constants in the source of loaded modules, so that requests would depend on who imported what before.
    """
    home = storage_directory(intent_to_write=False).home_directory
    set_hypothesis_home_dir(_tables())
    try:
        with _without_constants():
            yield
    finally:
        set_hypothesis_home_dir(home)


def run_to_end(call: Callable[[], None]) -> None:
    """Let Hypothesis find and shrink a failing example, where the caller keeps what came of each.

    A server that does not answer twice alike makes Hypothesis complain of a flaky test; what was seen once
    was seen all the same.
    """
    try:
        call()
    except (FailedAgainError, Flaky, Unsatisfiable):
        return


@contextmanager
def _without_constants() -> Iterator[None]:
    """Let local modules have no constants; there is no public way, and a version without this one is left alone."""
    name = "_get_local_constants"
    known = getattr(providers, name, None)
    if known is None:
        yield
        return
    _replace(name, Constants)
    try:
        yield
    finally:
        _replace(name, known)


def _replace(name: str, source: Callable[[], Constants]) -> None:
    setattr(providers, name, source)
    # What it has drawn from before is kept here, by the kind of value.
    providers.CONSTANTS_CACHE.cache.clear()


def _tables() -> Path:
    """Return where Hypothesis keeps its tables of Unicode, which take a second to make and never change."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    except RuntimeError:
        base = Path(tempfile.gettempdir())
    return base / "assay" / "hypothesis"
