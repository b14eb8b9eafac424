"""A gate that a pytest session runs, phase by phase as its tests ask."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from contracts.config import load_settings
from contracts.errors import UsageError
from contracts.finding import ClauseResult, Finding, Severity
from contracts.gate.opening import OpenGate, open_gate
from contracts.gate.request import make_request
from contracts.gate.run import PHASES
from contracts.gate.sessioncaps import SessionCaps


class Suite:
    """Runs the phases of one gate in their order, each once.

    Args:
        opened: the gate.
    """

    def __init__(self, opened: OpenGate) -> None:
        self._opened = opened
        self._done = 0
        self._stopped = False

    @property
    def troubles(self) -> Sequence[str]:
        """What kept the gate from testing the target."""
        return self._opened.gate.troubles

    def through(self, name: str) -> list[Finding]:
        """Run the phases up to and with one; return the error findings that were opened on the way."""
        before = {finding.id for finding in self._errors()}
        last = [phase for phase, _ in PHASES].index(name) + 1
        while self._done < last and not self._stopped:
            phase, run = PHASES[self._done]
            self._stopped = not self._opened.gate.run_phase(phase, run)
            self._done += 1
        return [finding for finding in self._errors() if finding.id not in before]

    def result(self, clause: str) -> tuple[ClauseResult, list[Finding]]:
        """Run every phase and return the verdict on a clause, with its error findings."""
        self.through(PHASES[-1][0])
        self._opened.gate.finish()
        result = next(result for result in self._opened.gate.results if result.id == clause)
        return result, [finding for finding in self._errors() if finding.clause == clause]

    def whole(self) -> Sequence[str]:
        """Run every phase, and return what keeps the run as a whole from vouching for the target."""
        self.through(PHASES[-1][0])
        self._opened.gate.finish()
        return self.troubles

    def tell(self, findings: Sequence[Finding]) -> str:
        """Return findings as text, with everything secret masked."""
        text = "\n".join(
            f"{finding.id} ({finding.count}×): {finding.title}\n"
            f"  expected: {finding.expected}\n  observed: {finding.observed}"
            for finding in findings
        )
        return self._opened.mask(text)

    def _errors(self) -> list[Finding]:
        return [finding for finding in self._opened.gate.findings if finding.severity is Severity.ERROR]


@contextlib.contextmanager
def open_suite(option: Callable[[str], Any], *, processes: int = 1, caps: SessionCaps | None = None) -> Iterator[Suite]:
    """Yield the gate that pytest's options ask for.

    Args:
        option: returns the value of ``--assay-<name>``, None where it was not given.
        processes: of this pytest session.
        caps: of this pytest session, None where no other gate shares them.

    Raises:
        UsageError: bad usage, found before anything is sent.
    """
    request = make_request(
        load_settings(option("config"), Path.cwd()),
        url=option("url"),
        profile=option("profile"),
        depth=option("depth") or "quick",
        seed=option("seed"),
        time=option("time"),
        max_purchases=option("max-purchases"),
        max_spend=option("max-spend"),
        allow_host=option("allow-host"),
        timeout=None,
        out=option("out"),
    )
    if request.url is not None and processes > 1:
        raise UsageError(
            f"each of {processes} pytest processes would run a gate of its own, with the whole cap, on one account; "
            "add -n 0"
        )
    shared = (caps or SessionCaps()).shared(request, request.options.max_purchases)
    with shared as (granted, budgets), open_gate(granted) as opened:
        budgets.append(opened.gate.session.budget)
        yield Suite(opened)
