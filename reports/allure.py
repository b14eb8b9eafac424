"""Allure results of a run, written by Allure's own library where it is installed."""

# allure-python-commons carries no types.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from reports.errors import DocumentError
from reports.junit import clauses_of, told
from reports.plaintext import bounded

_MAX_TEXT: Final = 8_000
_STATUSES: Final = {"kept": "passed", "broken": "failed", "not_exercised": "skipped"}
_SEVERITIES: Final = {"error": "critical", "warning": "minor"}
_CONCLUSIVE: Final = "the run is conclusive"


def write_allure(document: Mapping[str, Any], directory: Path) -> int:
    """Write Allure results of a run: one a clause, and one that fails where the run is inconclusive.

    What a finding tells is attached to its clause as text. A clause has the same history id in every run,
    so that Allure shows how it did before. Results of other runs in the directory are left alone, as
    Allure expects.

    Args:
        document: a valid ``run.json``.
        directory: where to; it is made where it is missing.

    Returns:
        How many results were written.

    Raises:
        DocumentError: the library is not installed, or the directory cannot be written.
    """
    try:
        from allure_commons.logger import AllureFileLogger  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise DocumentError("--allure needs allure-python-commons: pip install 'assay[allure]'") from None
    findings = {finding["id"]: finding for finding in document["findings"]}
    try:
        writer = AllureFileLogger(directory)
        writer.report_result(_conclusion(document))
        clauses = clauses_of(document)
        for clause in clauses:
            found = [findings[name] for name in clause["findings"] if name in findings]
            writer.report_result(_clause(document, clause, found, writer))
    except OSError as error:
        raise DocumentError(f"cannot write Allure results to {directory}: {error.strerror}") from None
    return 1 + len(clauses)


def _conclusion(document: Mapping[str, Any]) -> Any:
    inconclusive = document["verdict"] == "inconclusive"
    told_why = "\n".join([*document["reasons"], *document["notes"]])
    return _result(
        document,
        _CONCLUSIVE,
        family="run",
        status="broken" if inconclusive else "passed",
        severity="critical",
        message=document["reasons"][0] if document["reasons"] else document["verdict"],
        trace=told_why,
    )


def _clause(
    document: Mapping[str, Any], clause: Mapping[str, Any], found: Sequence[Mapping[str, Any]], writer: Any
) -> Any:
    errors = [finding["title"] for finding in found if finding["severity"] == "error"]
    result = _result(
        document,
        f"{clause['id']} {clause['title']}",
        family=clause["id"].partition("-")[0],
        status=_STATUSES[clause["verdict"]],
        severity=_SEVERITIES[clause["severity"]],
        message="; ".join(errors) or clause["reason"] or f"exercised {clause['exercised']} times",
        trace="\n\n".join(told(finding) for finding in found),
        description=clause.get("promise", clause["title"]),
    )
    result.attachments = [_attached(finding, writer) for finding in found]
    return result


def _result(
    document: Mapping[str, Any],
    name: str,
    *,
    family: str,
    status: str,
    severity: str,
    message: str,
    trace: str,
    description: str = "",
) -> Any:
    from allure_commons.model2 import Label, Parameter, StatusDetails, TestResult  # noqa: PLC0415 - as above

    began = round(datetime.fromisoformat(document["started"]).timestamp() * 1000)
    told_apart = f"assay\n{document['command']}\n{name}".encode("utf-8", "surrogatepass")
    identity = hashlib.sha256(told_apart).hexdigest()[:32]
    labels = {"framework": "assay", "language": "python", "parentSuite": "assay", "suite": family, "severity": severity}
    return TestResult(
        uuid=str(uuid.uuid4()),
        historyId=identity,
        testCaseId=identity,
        fullName=f"assay.{family}: {_text(name)}",
        name=_text(name),
        description=_text(description),
        status=status,
        statusDetails=StatusDetails(message=_text(message), trace=_text(trace)),
        stage="finished",
        labels=[Label(name=label, value=value) for label, value in labels.items()],
        # Left out of Allure's own identity, for they differ from run to run.
        parameters=[
            Parameter(name=name, value=_text(str(document[name])), excluded=True)
            for name in ("target", "profile", "seed", "rerun")
        ],
        start=began,
        stop=began + round(document["duration_s"] * 1000),
    )


def _attached(finding: Mapping[str, Any], writer: Any) -> Any:
    from allure_commons.model2 import Attachment  # noqa: PLC0415 - as above

    file = f"{uuid.uuid4()}-attachment.txt"
    writer.report_attached_data(told(finding).encode("utf-8", "backslashreplace"), file)
    return Attachment(name=_text(f"{finding['severity']} {finding['id']}"), source=file, type="text/plain")


def _text(text: str) -> str:
    # Allure shows a description as Markdown and everything else as text.
    return bounded(text, _MAX_TEXT)
