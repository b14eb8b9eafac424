"""Hits: which findings a stretch of requests opened or added to."""

from __future__ import annotations

from typing import NamedTuple

from contracts.finding import Finding, Severity
from contracts.oracle import Oracle


class Hit(NamedTuple):
    """What became known since the last look.

    Attributes:
        touched: ids of findings that were opened or added to, warnings included.
        errors: those of severity error.
        opened: those of severity error that are new, in the oracle's order.
    """

    touched: frozenset[str]
    errors: frozenset[str]
    opened: tuple[str, ...]


class Hits:
    """Watches an oracle between requests.

    Args:
        oracle: judges every request.
    """

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._counts = {finding.id: finding.count for finding in oracle.findings}
        self._errors = {finding.id for finding in oracle.findings if finding.severity is Severity.ERROR}

    def look(self) -> Hit:
        """Return what became known since the last look, or since this watch began."""
        findings = self._oracle.findings
        touched = [finding for finding in findings if finding.count != self._counts.get(finding.id)]
        errors = [finding.id for finding in touched if finding.severity is Severity.ERROR]
        opened = tuple(number for number in errors if number not in self._errors)
        self._counts.update({finding.id: finding.count for finding in touched})
        self._errors.update(opened)
        return Hit(frozenset(finding.id for finding in touched), frozenset(errors), opened)

    def finding(self, number: str) -> Finding:
        """Return a finding as it stands.

        Raises:
            KeyError: there is none of that id.
        """
        for finding in self._oracle.findings:
            if finding.id == number:
                return finding
        raise KeyError(number)
