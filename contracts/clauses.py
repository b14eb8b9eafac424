"""The catalogue of clauses: reads `clauses.toml` and refuses it where it is not sound."""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

Basis = Literal["documented", "published", "implied", "user"]
Severity = Literal["error", "warning"]
Mode = Literal["gate", "load"]
Need = Literal[
    "create",
    "retrieve",
    "list",
    "request_code",
    "refund",
    "accounts",
    "profile",
    "second_key",
    "success",
    "error_status",
    "refund_status",
    "aged_purchase",
    "overlap",
    "load",
]


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise of the contract.

    Attributes:
        id: Family and number, such as "LIFE-3"; stable for ever.
        title: A name for the property, three to seven words.
        promise: The whole promise, in sentences.
        basis: Where the promise comes from.
        severity: What a broken promise does: "error" fails the gate, "warning" is reported.
        min_exercise: Fewer exercises than this leave the clause inconclusive.
        required: Whether a gate with one key, against a target that serves create, retrieve, list and
            request-code, must exercise it.
        needs: What a target must serve or show for the clause to be exercised in full.
        modes: Which commands can exercise it.
        why: What a buyer would suffer.
        tested: How the suite tests it.
        breaks: An answer or behaviour that breaks it.
        lawful: An oddity that does not.
        tolerance: Numbers that configuration may override; the unit ends the name (`_s` is seconds).
    """

    id: str
    title: str
    promise: str
    basis: Basis
    severity: Severity
    min_exercise: int
    required: bool
    needs: tuple[Need, ...]
    modes: tuple[Mode, ...]
    why: str
    tested: str
    breaks: str
    lawful: str
    tolerance: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def family(self) -> str:
        """The family the clause belongs to, such as "LIFE"."""
        return self.id.partition("-")[0]


@cache
def load_clauses() -> Mapping[str, Clause]:
    """Return every clause by its id, in catalogue order.

    Raises:
        ValueError: The catalogue is not sound; the message tells the offending value.
    """
    return parse_clauses(_catalogue())


@cache
def load_families() -> Mapping[str, str]:
    """Return what each family of clauses is about, in catalogue order."""
    families: dict[str, str] = _catalogue()["families"]
    return families


def parse_clauses(catalogue: Mapping[str, Any]) -> Mapping[str, Clause]:
    """Return the clauses of a parsed catalogue by their ids, in its order.

    Args:
        catalogue: A document with a table `families` and an array of tables `clause`.

    Raises:
        ValueError: A key is unknown or missing, an id occurs twice, or a value is out of its domain; the
            message tells the clause and the offending value.
    """
    clauses: dict[str, Clause] = {}
    for table in catalogue["clause"]:
        clause = _clause(table, catalogue["families"])
        if clause.id in clauses:
            raise ValueError(f"clause {clause.id!r} is there twice")
        clauses[clause.id] = clause
    return clauses


def nearest(name: str) -> str | None:
    """Return the clause or family whose name is most like the given one, or None if none is at all."""
    known = [*load_families(), *load_clauses()]
    return next(iter(difflib.get_close_matches(name.upper(), known, n=1)), None)


@cache
def _catalogue() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("clauses.toml").read_text(encoding="utf-8"))


def _clause(table: Mapping[str, Any], families: Mapping[str, str]) -> Clause:
    name = _text(table.get("id"), "a clause: id")
    if not re.fullmatch(rf"({'|'.join(families)})-[1-9][0-9]*", name):
        raise ValueError(f"{name!r} is not a family and a number")
    known = {entry.name for entry in fields(Clause)}
    if unknown := sorted(table.keys() - known):
        raise ValueError(f"{name}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
    if missing := sorted(known - {"tolerance"} - table.keys()):
        raise ValueError(f"{name}: missing key {missing[0]!r}")
    return Clause(
        id=name,
        title=_text(table["title"], f"{name}: title"),
        promise=_text(table["promise"], f"{name}: promise"),
        basis=cast("Basis", _one_of(table["basis"], get_args(Basis), f"{name}: basis")),
        severity=cast("Severity", _one_of(table["severity"], get_args(Severity), f"{name}: severity")),
        min_exercise=_count(table["min_exercise"], f"{name}: min_exercise"),
        required=_flag(table["required"], f"{name}: required"),
        needs=cast("tuple[Need, ...]", _some_of(table["needs"], get_args(Need), f"{name}: needs")),
        modes=cast("tuple[Mode, ...]", _some_of(table["modes"], get_args(Mode), f"{name}: modes")),
        why=_text(table["why"], f"{name}: why"),
        tested=_text(table["tested"], f"{name}: tested"),
        breaks=_text(table["breaks"], f"{name}: breaks"),
        lawful=_text(table["lawful"], f"{name}: lawful"),
        tolerance=_numbers(table.get("tolerance", {}), f"{name}: tolerance"),
    )


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where} is {value!r}, not a text")
    return " ".join(value.split())


def _one_of(value: object, allowed: Sequence[str], where: str) -> str:
    if value not in allowed:
        raise ValueError(f"{where} is {value!r}, not one of {', '.join(allowed)}")
    return str(value)


def _some_of(value: object, allowed: Sequence[str], where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{where} is {value!r}, not a list")
    return tuple(_one_of(item, allowed, where) for item in value)


def _count(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{where} is {value!r}, not a whole number from 1")
    return value


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{where} is {value!r}, neither true nor false")
    return value


def _numbers(value: object, where: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {value!r}, not a table")
    for name, number in value.items():
        if not isinstance(number, int | float) or isinstance(number, bool):
            raise ValueError(f"{where}.{name} is {number!r}, not a number")
    return dict(value)
