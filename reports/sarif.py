"""``findings.sarif`` from ``run.json``: the findings as code scanning tracks them (SARIF 2.1.0)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.plaintext import bounded

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"

_MAX_TEXT: Final = 8_000
"""Characters of one text; code scanning cuts what is longer, and run.json has the rest."""

_LEVELS: Final = {"error": "error", "warning": "warning"}


def sarif(document: Mapping[str, Any]) -> bytes:
    """Return the findings of a run as a SARIF log.

    Rules are the clauses of the run. A finding points at the line of the OpenAPI document that it
    contradicts, is told from others by its id, which is stable over runs, and is suppressed while a
    baseline accepts it.

    Args:
        document: a valid ``run.json``.

    Returns:
        JSON in pure ASCII, so that no text of a target can break it.
    """
    rules = [_rule(clause) for clause in document["clauses"]]
    known = {rule["id"] for rule in rules}
    # A finding of a clause that the run did not list would have no rule to refer to.
    rules += [
        {"id": name, "name": name, "shortDescription": {"text": name}}
        for name in dict.fromkeys(finding["clause"] for finding in document["findings"])
        if name not in known
    ]
    order = {rule["id"]: number for number, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "assay", "rules": rules}},
        "automationDetails": {"id": f"assay {document['command']}/"},
        "invocations": [_invocation(document)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order[finding["clause"]]) for finding in document["findings"]],
        "properties": {"verdict": document["verdict"], "target": _text(document["target"]), "seed": document["seed"]},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1).encode("ascii") + b"\n"


def _rule(clause: Mapping[str, Any]) -> dict[str, Any]:
    promise = clause.get("promise", clause["title"])
    return {
        "id": clause["id"],
        "name": clause["id"],
        "shortDescription": {"text": _text(clause["title"])},
        "fullDescription": {"text": _text(promise)},
        "help": {"text": _text(f"{promise}\n\nBasis: {clause['basis']}. More: assay explain {clause['id']}")},
        "defaultConfiguration": {"level": _LEVELS[clause["severity"]]},
        "properties": {"tags": ["contract", clause["id"].partition("-")[0]], "basis": clause["basis"]},
    }


def _invocation(document: Mapping[str, Any]) -> dict[str, Any]:
    conclusive = document["verdict"] != "inconclusive"
    told = [("note" if conclusive else "error", reason) for reason in document["reasons"]]
    told += [("note", note) for note in document["notes"]]
    if document["partial"]:
        told.append(("error", "the run ended before its time: findings may be missing"))
    return {
        "executionSuccessful": conclusive and not document["partial"],
        "exitCode": document["exit_code"],
        "commandLine": _text(document["rerun"]),
        "startTimeUtc": document["started"],
        "toolExecutionNotifications": [{"level": level, "message": {"text": _text(text)}} for level, text in told],
    }


def _result(finding: Mapping[str, Any], rule: int) -> dict[str, Any]:
    accepted = finding.get("accepted")
    lines = [finding["title"], f"expected: {finding['expected']}", f"observed: {finding['observed']}"]
    lines += [f"run again: {finding['replay']}"]
    return {
        "ruleId": finding["clause"],
        "ruleIndex": rule,
        "level": _LEVELS[finding["severity"]],
        "message": {"text": _text("\n".join(lines))},
        "occurrenceCount": finding["count"],
        "partialFingerprints": {
            "assayFindingId/v1": finding["id"],
            # By this one GitHub tells alerts apart; two findings may well point at one line.
            "primaryLocationLineHash": f"{_digest(finding['id'])}:1",
        },
        "locations": [_location(finding)],
        **_exchange(finding["evidence"]),
        **({"codeFlows": [_flow(finding)]} if finding["evidence"] else {}),
        **({"suppressions": [_suppression(accepted)]} if accepted and not accepted["expired"] else {}),
        "properties": {"finding": finding["id"], "operation": finding["operation"]},
    }


def _location(finding: Mapping[str, Any]) -> dict[str, Any]:
    where = finding.get("location")
    if where is None:
        return {"logicalLocations": [{"name": finding["operation"] or "target", "kind": "function"}]}
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": where["file"], "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": where["line"]},
        },
        "logicalLocations": [
            {"name": finding["operation"] or "paths", "fullyQualifiedName": where["pointer"], "kind": "function"}
        ],
    }


def _exchange(evidence: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the exchange that completed the finding, as far as the run still held it."""
    last = evidence[-1] if evidence else None
    if last is None or last["method"] is None:
        return {}
    request: dict[str, Any] = {"protocol": "HTTP", "method": last["method"], "target": _text(last["path"])}
    if last["request"] is not None:
        request["body"] = {"text": _text(last["request"])}
    if last["status"] is None:
        return {"webRequest": request, "webResponse": {"noResponseReceived": True}}
    response: dict[str, Any] = {"protocol": "HTTP", "statusCode": last["status"]}
    if last["response"] is not None:
        response["body"] = {"text": _text(last["response"])}
    return {"webRequest": request, "webResponse": response}


def _flow(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operations involved, one thread for each principal, in order of time."""
    threads: dict[str, list[dict[str, Any]]] = {}
    for number, call in enumerate(finding["evidence"], 1):
        answer = call["status"] or call["error"] or "no answer kept"
        what = " ".join(part for part in (call["method"], call["path"]) if part) or call["operation"]
        times = f"{call['invoked'] * 1000:.1f} to {call['returned'] * 1000:.1f} ms"
        message = {"message": {"text": _text(f"operation {call['index']}: {what}: {answer}, {times}")}}
        threads.setdefault(call["principal"], []).append(
            {"location": {**_location(finding), **message}, "executionOrder": number}
        )
    return {"threadFlows": [{"id": _text(who), "locations": steps} for who, steps in threads.items()]}


def _suppression(accepted: Mapping[str, Any]) -> dict[str, Any]:
    until = f"{accepted['reason']} (until {accepted['expires']})"
    return {"kind": "external", "status": "accepted", "justification": _text(until)}


def _digest(name: str) -> str:
    # A stranger's id may hold a lone surrogate.
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _text(text: str) -> str:
    """Return a text that a viewer can show: bounded, never empty, and without a link that a target wrote.

    ``[words](address)`` is a link in every message (SARIF 2.1.0, section 3.11.6); a space ends that.
    """
    return bounded(text, _MAX_TEXT).replace("](", "] (") or "(empty)"
