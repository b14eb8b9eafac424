"""The doctor: what a gate would be able to exercise on a target, found out without buying anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contracts.clauses import load_clauses
from contracts.gate.reasons import OPERATION_OF, unmet_needs
from contracts.gate.run import Gate
from contracts.gate.survey import detect_profile, survey

LEARNT_BY_BUYING = frozenset({"success", "error_status", "refund_status", "overlap"})
"""Needs that only a run can meet: a diagnosis takes them for met where a purchase is possible."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a target is like.

    Attributes:
        target: its base URL.
        reachable: whether it answers as a Purchases API that knows the key.
        trouble: why not, empty when it does.
        profile: detected from purchases it showed, None when it showed none.
        operations: by API operation, ``served``, ``not seen yet`` or why it is lacking.
        in_stock: countries that can be bought.
        balance: the owner's balance with its currency, empty where it is not served.
        keys: by role, whether a key was given and is known.
        levers: whether the target's clock and provider can be moved.
        exercisable: ids of clauses that a gate could exercise.
        not_exercisable: by clause id, why not and what would make it possible.
    """

    target: str
    reachable: bool
    trouble: str
    profile: str | None
    operations: Mapping[str, str]
    in_stock: tuple[str, ...]
    balance: str
    keys: Mapping[str, str]
    levers: bool
    exercisable: tuple[str, ...]
    not_exercisable: Mapping[str, str]


def diagnose(gate: Gate) -> Diagnosis:
    """Survey the target of a gate that has not run, and tell what it could exercise.

    Args:
        gate: a fresh gate; only its survey is run, nothing is bought.
    """
    gate.run_phase("survey", _survey_alone)
    found = gate.survey
    trouble = gate.troubles[0] if gate.troubles else _unserved(gate)
    levers = not trouble and gate.lives.levers is not None
    unmet = unmet_needs(found, gate.session, levers)
    missing: dict[str, str] = {}
    clauses = [clause for clause in load_clauses().values() if "gate" in clause.modes]
    for clause in clauses:
        why = [unmet[need] for need in clause.needs if need in unmet and need not in LEARNT_BY_BUYING]
        if trouble or why:
            missing[clause.id] = trouble or why[0]
    keys = {"owner": "refused" if "refuses the key" in trouble else "accepted"}
    same = "of the first owner" if "of one owner" in found.other_why else "refused"
    keys["other owner"] = {None: "not given", True: "accepted", False: same}[found.other_known]
    gate.finish()
    return Diagnosis(
        target=gate.target.url,
        reachable=not trouble,
        trouble=trouble,
        profile=detect_profile(gate.operations),
        operations={
            operation.value: found.lacking.get(operation, "served" if operation in found.served else "not seen yet")
            for operation in OPERATION_OF.values()
        },
        in_stock=tuple(offer.country for offer in found.in_stock),
        balance=f"{found.balance} {found.currency}" if found.balance is not None else "",
        keys=keys,
        levers=levers,
        exercisable=tuple(clause.id for clause in clauses if clause.id not in missing),
        not_exercisable=missing,
    )


def _unserved(gate: Gate) -> str:
    """Return why nothing could be told of the target, empty where some operation was served."""
    if gate.survey.served:
        return ""
    early = [note for note in gate.session.counts.notes if "ended early" in note]
    return early[0] if early else f"{gate.target.url} serves nothing: every operation was answered with a server error"


def _survey_alone(gate: Gate) -> Iterator[str]:
    """The survey without the purchase that a gate may make to tell the profile."""
    gate.survey = survey(gate.session, gate.options.countries)
    yield "surveyed"
