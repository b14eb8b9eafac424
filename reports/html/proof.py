"""``report.html`` of a proof: every seeded defect with the clauses that should and did catch it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.digest import lasted, started
from reports.html.figures import told
from reports.html.page import encode, render
from reports.html.text import visible
from reports.proof import proof_sentence, state_of, wrong_first

MAX_CASES: Final = 4_000
"""Cases on the page; with the texts cut as they are, it stays below 5 MB."""

_MAX_CHIPS: Final = 12
_STATES: Final = ("missed", "alarm", "not_shown", "caught", "silent")


def proof_page(document: Mapping[str, Any]) -> bytes:
    """Return the page of a proof: UTF-8, self-contained.

    Args:
        document: a valid ``proof.json``.
    """
    ordered = wrong_first(document["cases"])
    cases = [_case(case) for case in ordered[:MAX_CASES]]
    values = {
        "title": f"{document['verdict']}: proof of the gate against {visible(document['target'], 100)}",
        "kind": "prove",
        "source": "proof.json",
        "sections": [
            ("verdict", "Verdict", None),
            ("families", "Families", None),
            ("clauses", "Clauses", None),
            ("cases", "Cases", len(ordered)),
        ],
        "proof": document,
        "sentence": proof_sentence(document),
        "started": started(document),
        "lasted": lasted(document["duration_s"]),
        "median": (told(document["summary"]["median_seconds"]), told(document["summary"]["median_purchases"])),
        "wrong": [case for case in cases if case["state"] in {"missed", "alarm"}][:30],
        "wrong_count": sum(state_of(case) in {"missed", "alarm"} for case in ordered),
        "cases": cases,
        "more_cases": len(ordered) - len(cases),
        "families": _families(document["cases"]),
        "clause_rows": _clauses(document["cases"]),
        "kinds": [(kind, kind) for kind in dict.fromkeys(case["kind"] for case in cases)],
        "states": [
            (state, state.replace("_", " ")) for state in _STATES if any(case["state"] == state for case in cases)
        ],
        "family_names": [(name, name) for name in dict.fromkeys(visible(case["family"], 40) for case in cases)],
    }
    return encode(render("proof.html", values))


def _case(case: Mapping[str, Any]) -> dict[str, Any]:
    caught, warned = set(case["caught_by"]), set(case["warned_by"])
    rightful = case["clauses"]
    chips = [(clause, "hit" if clause in caught else "warned" if clause in warned else "not") for clause in rightful]
    chips += [(clause, "other") for clause in case["caught_by"] if clause not in rightful]
    return {
        **case,
        "state": state_of(case),
        "chips": chips[:_MAX_CHIPS],
        "more_chips": max(0, len(chips) - _MAX_CHIPS),
        "when": told(case["catch_seconds"]),
        "bought": told(case["catch_purchases"]),
    }


def _families(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return how each family came out, in the order of the cases."""
    states: dict[str, Counter[str]] = {}
    for case in cases:
        states.setdefault(visible(case["family"], 40), Counter())[state_of(case)] += 1
    return [
        {
            "name": name,
            "shown": sum(counts.values()) - counts["not_shown"],
            "right": counts["caught"] + counts["silent"],
            "wrong": counts["missed"] + counts["alarm"],
            "not_shown": counts["not_shown"],
        }
        for name, counts in list(states.items())[:200]
    ]


def _clauses(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return, for each clause, how many defects name it and how many of these it caught itself."""
    named: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for case in cases:
        if case["kind"] not in {"defect", "mutant"} or state_of(case) == "not_shown":
            continue
        named.update(case["clauses"])
        hits = [clause for clause in case["clauses"] if clause in case["caught_by"]]
        caught.update(hits)
        alone.update(hits if len(hits) == 1 else ())
    families = list(dict.fromkeys(clause.partition("-")[0] for clause in named))
    order = sorted(named, key=lambda clause: (families.index(clause.partition("-")[0]), _number(clause)))
    return [
        {"id": visible(clause, 60), "named": named[clause], "caught": caught[clause], "alone": alone[clause]}
        for clause in order[:500]
    ]


def _number(clause: str) -> tuple[int, str]:
    # Longer is greater: whole numbers without leading zeros, of any length.
    number = clause.partition("-")[2]
    return len(number), number
