"""``junit.xml`` from ``run.json``: one suite a clause family, one case a clause."""

# junitparser is typed in name only: none of its methods is annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, Final

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2, Char) does not admit: control characters, lone surrogates, U+FFFE and U+FFFF."""

_MAX_TEXT: Final = 32_000
"""Characters told of one finding; CI servers choke on more, and run.json has the rest."""

_PROPERTIES: Final = ("verdict", "target", "profile", "seed", "command", "started", "rerun")


def junit(document: Mapping[str, Any]) -> bytes:
    """Return the JUnit report of a run.

    A broken clause fails once for each finding of severity error; warnings stand in the case's output. A
    clause that was not exercised is skipped with the reason. An inconclusive run has an error in its first
    suite, for a CI server that reads nothing but this file must not take it for a success.

    Args:
        document: a valid ``run.json``.
    """
    report = JUnitXml("assay")
    report.append(_run_suite(document))
    findings = {finding["id"]: finding for finding in document["findings"]}
    families: dict[str, TestSuite] = {}
    for clause in document["clauses"]:
        family = _family(clause["id"])
        if family not in families:
            families[family] = TestSuite(f"assay.{family}")
        families[family].append(_case(clause, findings))
    for suite in families.values():
        report.append(suite)
    report.update_statistics()
    report.time = document["duration_s"]
    content = BytesIO()
    report.write(content)
    return content.getvalue()


def legal(text: str) -> str:
    """Return a text that XML can hold: characters that it cannot are shown as escapes."""
    return _ILLEGAL.sub(lambda match: ascii(match.group())[1:-1], text)


def _family(clause: str) -> str:
    return clause.partition("-")[0]


def _run_suite(document: Mapping[str, Any]) -> TestSuite:
    suite = TestSuite("assay")
    suite.timestamp = document["started"].removesuffix("Z")
    for name in _PROPERTIES:
        suite.add_property(name, legal(str(document[name])))
    case = TestCase("the run is conclusive", "assay", document["duration_s"])
    if document["verdict"] == "inconclusive":
        reasons = legal("\n".join(document["reasons"]))
        case.append(_result(Error, legal(document["reasons"][0] if document["reasons"] else "inconclusive"), reasons))
    case.system_out = legal("\n".join([*document["reasons"], *document["notes"]]))
    suite.append(case)
    return suite


def _case(clause: Mapping[str, Any], findings: Mapping[str, Mapping[str, Any]]) -> TestCase:
    case = TestCase(legal(f"{clause['id']} {clause['title']}"), f"assay.{_family(clause['id'])}", 0.0)
    found = [findings[name] for name in clause["findings"] if name in findings]
    if clause["verdict"] == "not_exercised":
        case.append(Skipped(legal(clause["reason"] or "not exercised")))
    for finding in found:
        if finding["severity"] == "error":
            case.append(_result(Failure, legal(finding["title"]), told(finding)))
    warnings = [told(finding) for finding in found if finding["severity"] != "error"]
    case.system_out = legal("\n".join([f"exercised {clause['exercised']} times", *warnings]))
    return case


def _result(kind: type[Error | Failure], message: str, text: str) -> Error | Failure:
    result = kind(message, "assay")
    result.text = text
    return result


def told(finding: Mapping[str, Any]) -> str:
    """Return all that a finding tells as bounded text that XML can hold."""
    text = legal("\n".join(_lines(finding)))
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}\n… (see run.json)"


def _lines(finding: Mapping[str, Any]) -> Iterator[str]:
    """Yield a finding line by line, so that it can be acted on where the report is read."""
    yield f"{finding['severity']} {finding['id']}: {finding['title']} ({finding['count']} times)"
    if accepted := finding.get("accepted"):
        state = "was accepted, but that has expired" if accepted["expired"] else "is accepted"
        yield f"it {state} (until {accepted['expires']}): {accepted['reason']}"
    yield f"expected: {finding['expected']}"
    yield f"observed: {finding['observed']}"
    for sample in finding["samples"]:
        yield f"also: {sample}"
    for call in finding["evidence"]:
        answer = call["status"] or call["error"] or "no answer kept"
        yield (
            f"operation {call['index']}: {call['principal']} {call['method'] or call['operation']} "
            f"{call['path'] or ''} -> {answer}, {call['invoked'] * 1000:.1f} to {call['returned'] * 1000:.1f} ms"
        )
        if call["request"] is not None:
            yield f"  sent: {call['request']}"
        if call["response"] is not None:
            yield f"  came: {call['response']}"
    yield from finding["curl"]
    yield f"run again: {finding['replay']}"
    yield f"more: assay explain {finding['clause']}"
