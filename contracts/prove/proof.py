"""A proof: many cases in parallel, and what they come to."""

from __future__ import annotations

import multiprocessing
import os
import signal
import statistics
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Final, TypeAlias

from contracts.interruption import interruption
from contracts.prove.case import CONTROL, DEFECT, MUTANT, NOT_SHOWN, Case, Shown, without_gate
from contracts.prove.trial import show

Results: TypeAlias = Generator[Shown, None, None]
"""What came of each case, as it comes; whoever closes it ends what is under way."""

LOST: Final = "a worker process was killed, and with it what all of them had in hand"
"""Why a case was not shown that one process or another was busy with, or was still to take up."""


def run_cases(cases: Sequence[Case], jobs: int) -> Results:
    """Run cases in worker processes, yielding each as it ends.

    Args:
        cases: what to show.
        jobs: worker processes; each starts its own sandbox on a free port.
    """
    # A fresh interpreter for each worker: a fork would copy the threads' locks of this one.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_be_led_by_the_parent) as pool:
        pending: dict[Future[Shown], Case] = {pool.submit(show, case): case for case in cases}
        try:
            while pending:
                with interruption.opened():
                    done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    case = pending.pop(future)
                    try:
                        shown = future.result()
                    except BrokenProcessPool:
                        shown = without_gate(case, NOT_SHOWN, LOST)
                    yield shown
        except BaseException:
            # The futures are left to break with the workers: cancelled ones make the executor raise.
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise


def _be_led_by_the_parent() -> None:
    # Ctrl-C, and a terminal that goes away, reach every process of the terminal; the parent ends the workers, which
    # have nothing to write.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def end_with_the_parent() -> None:
        # One that was killed ends nobody: its workers would wait for their next case for ever.
        parent.join()
        os._exit(1)

    threading.Thread(target=end_with_the_parent, name="parent watcher", daemon=True).start()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a proof came to.

    Attributes:
        defects: cases with a defect that were shown.
        caught: those caught under a clause that names them.
        mutants: cases with a mutant that were shown.
        caught_mutants: those caught under a clause that names them.
        variants: cases with a variant, and controls, that were shown.
        silent: those that raised no alarm.
        median_seconds: until the first finding of a caught defect; None without any.
        median_purchases: likewise.
        not_shown: cases without a gate.
        wrong: every case that was shown and is not right, controls first.
    """

    defects: int
    caught: int
    mutants: int
    caught_mutants: int
    variants: int
    silent: int
    median_seconds: float | None
    median_purchases: float | None
    not_shown: int
    wrong: tuple[Shown, ...]


def summarise(results: Sequence[Shown]) -> Summary:
    """Return the summary of a proof's results."""
    shown = [one for one in results if one.verdict != NOT_SHOWN]
    defects = [one for one in shown if one.kind == DEFECT]
    mutants = [one for one in shown if one.kind == MUTANT]
    rest = [one for one in shown if one.kind not in {DEFECT, MUTANT}]
    caught = [one for one in defects if one.right]
    seconds = [one.catch_seconds for one in caught if one.catch_seconds is not None]
    purchases = [one.catch_purchases for one in caught if one.catch_purchases is not None]
    return Summary(
        defects=len(defects),
        caught=len(caught),
        mutants=len(mutants),
        caught_mutants=sum(one.right for one in mutants),
        variants=len(rest),
        silent=sum(one.right for one in rest),
        median_seconds=round(statistics.median(seconds), 3) if seconds else None,
        median_purchases=statistics.median(purchases) if purchases else None,
        not_shown=len(results) - len(shown),
        wrong=tuple(sorted((one for one in shown if one.wrong), key=lambda one: (one.kind != CONTROL, one.key))),
    )
