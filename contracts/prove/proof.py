"""A proof: many cases in parallel, kept as they come, taken up again where they broke off."""

from __future__ import annotations

import json
import multiprocessing
import statistics
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from contracts.prove.case import CONTROL, DEFECT, Case, Shown, show


def run_cases(cases: Sequence[Case], jobs: int) -> Iterator[Shown]:
    """Run cases in worker processes, yielding each as it ends.

    Args:
        cases: what to show.
        jobs: worker processes; each starts its own sandbox on a free port.
    """
    # A fresh interpreter for each worker: a fork would copy the threads' locks of this one.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        pending: set[Future[Shown]] = {pool.submit(show, case) for case in cases}
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in pending:
                future.cancel()


def load_shown(path: Path) -> dict[str, Shown]:
    """Return what an earlier proof showed, by case key; a line that broke off is left out."""
    found: dict[str, Shown] = {}
    if not path.exists():
        return found
    for line in path.read_text("utf-8").splitlines():
        try:
            fields: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(line).items()
            }
            shown = Shown(**fields)
        except (ValueError, TypeError, AttributeError):
            continue
        found[shown.key] = shown
    return found


def keep(path: Path, shown: Shown) -> None:
    """Append one result to the proof's file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(shown)) + "\n")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a proof came to.

    Attributes:
        defects: cases with a defect.
        caught: those caught under a clause that names them.
        variants: cases with a variant, and the bare sandbox.
        silent: those that raised no alarm.
        wrong: every case that was not right.
        median_seconds: until the first finding of a caught defect; None without any.
        median_purchases: likewise.
    """

    defects: int
    caught: int
    variants: int
    silent: int
    wrong: tuple[Shown, ...]
    median_seconds: float | None
    median_purchases: float | None


def summarise(shown: Sequence[Shown]) -> Summary:
    """Return the summary of a proof's results."""
    defects = [one for one in shown if one.kind == DEFECT]
    rest = [one for one in shown if one.kind != DEFECT]
    caught = [one for one in defects if one.right]
    seconds = [one.catch_seconds for one in caught if one.catch_seconds is not None]
    purchases = [one.catch_purchases for one in caught if one.catch_purchases is not None]
    return Summary(
        len(defects),
        len(caught),
        len(rest),
        sum(one.right for one in rest),
        tuple(sorted((one for one in shown if not one.right), key=lambda one: (one.kind != CONTROL, one.key))),
        round(statistics.median(seconds), 3) if seconds else None,
        statistics.median(purchases) if purchases else None,
    )
