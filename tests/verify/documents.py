"""Small valid ``run.json`` documents, and parts, written out by hand."""

from __future__ import annotations

from typing import Any

from verify.part import Name, Part, State


def clause(name: str, verdict: str = "kept", **other: Any) -> dict[str, Any]:
    return {
        "id": name, "title": name.lower(), "severity": "error", "basis": "documented", "verdict": verdict,
        "exercised": 0 if verdict == "not_exercised" else 3, "required": True, "findings": [], "reason": "",
    } | other  # fmt: skip


def finding(name: str, clause: str, **other: Any) -> dict[str, Any]:
    return {
        "id": name, "clause": clause, "severity": "error", "title": "a number ends in a newline", "expected": "E.164",
        "observed": "'+1555\\n'", "operation": None, "count": 1, "samples": [], "evidence": [], "curl": [],
        "replay": "assay replay RUN ID",
    } | other  # fmt: skip


def run(command: str = "gate", verdict: str = "kept", **other: Any) -> dict[str, Any]:
    return {
        "schema": 1, "command": command, "verdict": verdict,
        "exit_code": {"kept": 0, "broken": 1, "inconclusive": 3}[verdict], "reasons": [f"{command} is {verdict}"],
        "partial": False, "started": "2026-02-23T10:15:00.000Z", "duration_s": 1.0, "target": "http://127.0.0.1:8080",
        "profile": "2026-02", "seed": 0, "purchases": 2, "spend": "3.00", "spend_currency": "USD", "requests": 10,
        "rerun": f"assay {command}", "notes": [], "phases": [], "clauses": [clause("SHAPE-1")], "findings": [],
    } | other  # fmt: skip


def part(name: str, state: str = "kept", **other: Any) -> Part:
    code = {"kept": 0, "broken": 1, "inconclusive": 3, "left_out": None}[state]
    return Part(**{"name": Name(name), "state": State(state), "sentence": f"{name} said so", "exit_code": code} | other)
