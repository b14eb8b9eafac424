"""How checks that crashed reach the verdict: inconclusive, never a pass."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.monitor import Docket, Monitor, Setting
from contracts.reading import Reading


class Crashes(Monitor):
    """Hands crashes of checks on to the oracle, which knows what to make of them: inconclusive, never a pass.

    Args:
        crashes: by clause id, filled as the run goes.
    """

    def __init__(self, setting: Setting, crashes: Mapping[str, str]) -> None:
        super().__init__(setting)
        self._crashes = crashes

    def observe(self, reading: Reading, docket: Docket) -> None:
        """See nothing: the oracle is fed with findings and counts, not with operations."""

    def finish(self, docket: Docket) -> None:  # noqa: ARG002 - as every monitor has it
        """Crash as the checks did.

        Raises:
            RuntimeError: a check crashed; the message says which and why.
        """
        if self._crashes:
            # The oracle asks for the clauses once this has failed.
            self.clauses = (*self._crashes, "LOAD-1")  # type: ignore[misc]
            raise RuntimeError("; ".join(dict.fromkeys(self._crashes.values())))
