"""What is wrong with the shape of an answer: one fault, the clause it breaks, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from contracts.finding import Severity
from contracts.monitor import excerpt

Path = tuple[str | int, ...]
"""Where in a decoded answer, as keys and indices from its root."""

EXPECTED: Final[Mapping[str, str]] = {
    "SHAPE-1": "status 200 with Content-Type application/json in UTF-8",
    "SHAPE-2": "one JSON object in valid UTF-8, no key twice, every required key present",
    "SHAPE-3": "a JSON integer 1..9007199254740991, written without fraction or exponent",
    "SHAPE-4": "a string of exactly two ASCII capitals",
    "SHAPE-5": "an object with non-empty ru and en",
    "SHAPE-6": "null, or + and 2 to 15 ASCII digits of which the first is not 0, and nothing else",
    "SHAPE-7": "amount: ASCII digits with at most two decimals; currency_code: a code known to ISO 4217",
    "SHAPE-8": "one of the profile's statuses",
    "SHAPE-9": "SINGLE, BULK or ADMIN",
    "SHAPE-10": "null, or an object with non-empty string code, string password and timestamp received_at",
    "SHAPE-11": "YYYY-MM-DDThh:mm:ss with no, three or six fraction digits, in UTC, Z or +00:00, of the calendar",
    "LIST-5": "an item of a list is a whole purchase",
}
"""What each clause promises, in the words of a finding."""


class Fault(NamedTuple):
    """One thing wrong with an answer.

    Attributes:
        clause: id of the clause it breaks.
        cause: the slug that groups it with its like, whatever the operation.
        title: one line that says what is wrong.
        path: where the offending value stands.
        severity: None for the clause's own.
        observed: what was seen there, where the value itself would not tell.
    """

    clause: str
    cause: str
    title: str
    path: Path
    severity: Severity | None = None
    observed: str | None = None


def value_at(root: object, path: Path) -> object:
    """Return the value at a place in a decoded answer, None where the place does not exist."""
    value = root
    for step in path:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, Sequence) and not isinstance(value, str) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            return None
    return value


def pointer(path: Path) -> str:
    """Return a place as a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def place(of: str) -> Path:
    """Return what a JSON pointer to a purchase in an answer names (``/items/3``); no key there needs escaping."""
    return tuple(int(step) if step.isdecimal() else step for step in of.split("/")[1:])


def shown(value: object) -> str:
    """Return a short text for a decoded value of any size and depth."""
    if isinstance(value, Mapping):
        return f"an object with the keys {excerpt(sorted(value)[:20])}"
    if isinstance(value, str):
        return excerpt(value[:200])
    if isinstance(value, Sequence):
        # Its repr may be megabytes long, or too deep for Python to write.
        return f"an array of {len(value)}"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    return excerpt(value)
