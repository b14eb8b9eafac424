"""``proof.json`` read, and the documents that are made from it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from reports.errors import DocumentError
from reports.foreign import fault_of, read_json
from reports.plaintext import counted

PROOF: Final = "proof.json"
NOT_SHOWN: Final = "not_shown"

_MAX_PROOF: Final = 64 * 1024 * 1024


def holds_proof(path: Path) -> bool:
    """Return whether a path is a proof or the directory of one, and not of a run."""
    # Path.is_file() raises where a name is too long.
    return path.name == PROOF or (os.path.isfile(path / PROOF) and not os.path.lexists(path / "run.json"))  # noqa: PTH113


def load_proof(path: Path) -> dict[str, Any]:
    """Return the document ``proof.json`` of a proof.

    Args:
        path: the directory of a proof, or the file itself.

    Raises:
        DocumentError: it cannot be read, or is no ``proof.json``.
    """
    file = path if path.name == PROOF else path / PROOF
    try:
        document = read_json(file, _MAX_PROOF, "result of a proof")
    except FileNotFoundError:
        raise DocumentError(f"cannot read {file}: No such file or directory") from None
    fault = fault_of(document, _validator())
    if fault is not None:
        raise DocumentError(f"{file} is not the result of a proof of assay: {fault}")
    checked: dict[str, Any] = document
    return checked


def state_of(case: Mapping[str, Any]) -> str:
    """Return how a case came out: ``missed``, ``alarm``, ``caught``, ``silent`` or ``not_shown``.

    A defect or mutant is caught or missed; a variant or control is silent or raises a false alarm.
    """
    if case["verdict"] == NOT_SHOWN or case["right"] is None:
        return NOT_SHOWN
    if case["kind"] in {"defect", "mutant"}:
        return "caught" if case["right"] else "missed"
    return "silent" if case["right"] else "alarm"


def wrong_first(cases: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return cases with what went wrong first, then what was not shown, otherwise in their order."""
    order = {"missed": 0, "alarm": 0, NOT_SHOWN: 1}
    return sorted(cases, key=lambda case: order.get(state_of(case), 2))


def proof_sentence(document: Mapping[str, Any]) -> str:
    """Return what a proof came to, in one sentence."""
    summary = document["summary"]
    seeded, caught = summary["defects"] + summary["mutants"], summary["caught"] + summary["caught_mutants"]
    variants, silent = summary["variants"], summary["silent"]
    if not seeded and not variants:
        return "No case was shown."
    defects = f"The gate catches {_of(caught, seeded, 'seeded defect')}"
    quiet = f"is silent on {_of(silent, variants, 'lawful variant')}"
    if not variants:
        return f"{defects}."
    return f"{defects} and {quiet}." if seeded else f"The gate {quiet}."


def _of(number: int, whole: int, noun: str) -> str:
    if number != whole:
        return f"{number:,} of {counted(whole, noun)}"
    return f"the one {noun}" if whole == 1 else f"all {whole:,} {noun}s"


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    text = Path(__file__).with_name("proof.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text))
