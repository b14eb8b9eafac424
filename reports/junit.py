"""``junit.xml`` from ``run.json``: one suite a clause family, one case a clause."""

# junitparser is typed in name only: none of its methods is annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from reports.plaintext import bounded

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
    for clause in clauses_of(document):
        family = _family(clause["id"])
        if family not in families:
            families[family] = TestSuite(f"assay.{family}")
        families[family].append(_case(clause, findings))
    for suite in families.values():
        report.append(suite)
    report.update_statistics()
    report.time = document["duration_s"]
    root = ET.fromstring(report.tostring())  # noqa: S314 - written in the line above
    # The common schema knows this attribute of a suite, but not of all suites together.
    root.attrib.pop("skipped", None)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def clauses_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the clauses of a run, and one for each that it does not list though something was found of it.

    A load run lists the clauses it can exercise; what it sees on the way may break others.

    Args:
        document: a valid ``run.json``.
    """
    listed = {clause["id"] for clause in document["clauses"]}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for finding in document["findings"]:
        if finding["clause"] not in listed:
            found.setdefault(finding["clause"], []).append(finding)
    return [*document["clauses"], *(_unlisted(name, findings) for name, findings in found.items())]


def _unlisted(name: str, findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    broken = any(finding["severity"] == "error" for finding in findings)
    return {
        "id": name,
        "title": "seen on the way",
        "severity": "error" if broken else "warning",
        "verdict": "broken" if broken else "kept",
        "exercised": sum(finding["count"] for finding in findings),
        "findings": [finding["id"] for finding in findings],
        "reason": "",
    }


def legal(text: str) -> str:
    """Return a text that XML can hold, and a log shows as it is: all other characters become escapes.

    XML 1.0 (section 2.2, Char) does not admit most control characters, lone surrogates, U+FFFE and U+FFFF.
    Those that it admits and nobody can see, such as marks that turn the writing direction, go with them.
    """
    return bounded(text)


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
