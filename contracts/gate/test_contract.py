"""The gate as tests: one for each phase, one for the run as a whole, one for each clause."""

from __future__ import annotations

import pytest

from contracts.clauses import load_clauses
from contracts.finding import ClauseVerdict
from contracts.gate.run import PHASES
from contracts.gate.suite import Suite

CLAUSES = [clause.id for clause in load_clauses().values() if "gate" in clause.modes]


@pytest.mark.parametrize("phase", [name for name, _ in PHASES])
def test_phase(assay_suite: Suite, phase: str) -> None:
    """A phase, after those before it, sees nothing broken."""
    findings = assay_suite.through(phase)
    if assay_suite.troubles:
        pytest.fail(f"inconclusive: {assay_suite.troubles[0]}", pytrace=False)
    if findings:
        pytest.fail(assay_suite.tell(findings), pytrace=False)


def test_whole(assay_suite: Suite) -> None:
    """The run as a whole can vouch for the target: it did not lose answers, or send what nobody asked for."""
    if troubles := assay_suite.whole():
        pytest.fail(f"inconclusive: {troubles[0]}", pytrace=False)


@pytest.mark.parametrize("clause", CLAUSES)
def test_clause(assay_suite: Suite, clause: str) -> None:
    """A clause was exercised by the whole gate and kept."""
    result, findings = assay_suite.result(clause)
    if findings:
        pytest.fail(assay_suite.tell(findings), pytrace=False)
    if result.verdict is ClauseVerdict.NOT_EXERCISED:
        if result.required:
            pytest.fail(f"inconclusive: {result.reason}", pytrace=False)
        pytest.skip(f"not exercised: {result.reason}")
