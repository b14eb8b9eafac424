"""Which clause each error of an answer's JSON Schema breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from contracts.checks.faults import Fault, Path, value_at
from contracts.finding import Severity
from contracts.history import ApiOperation
from contracts.profiles import Profile
from contracts.schema import SchemaError, Validator, answer_schema

MakeValidator: TypeAlias = Callable[[Mapping[str, Any]], Validator]

PURCHASE: Final[Mapping[str, str]] = {
    "id": "SHAPE-3",
    "country_code": "SHAPE-4",
    "display_name": "SHAPE-5",
    "phone_number": "SHAPE-6",
    "price": "SHAPE-7",
    "status": "SHAPE-8",
    "purchase_type": "SHAPE-9",
    "verification": "SHAPE-10",
    "created_at": "SHAPE-11",
}
"""The clause of each key of a purchase; keys without one of their own are SHAPE-2's."""

AROUND: Final[Mapping[ApiOperation, Mapping[Path, str]]] = {
    ApiOperation.REFUND: {("refund", "amount"): "SHAPE-7"},
    ApiOperation.ACCOUNT: {
        ("country_code",): "SHAPE-4",
        ("display_name",): "SHAPE-5",
        ("price",): "SHAPE-7",
    },
    ApiOperation.PROFILE: {("balance",): "SHAPE-7"},
}
"""Values outside of purchases that a clause speaks of, by where they stand."""

_CONTAINERS: Final = frozenset({"items", "purchase", "code_request", "refund", "discount", "statistics"})
"""Published objects and arrays: of another type, they have none of the keys required of them."""

_WORDS: Final[Mapping[str, str]] = {
    "required": "missing",
    "type": "of the wrong type",
    "enum": "an unknown value",
    "minimum": "out of range",
    "maximum": "out of range",
    "minLength": "empty",
    "depth": "nested too deeply to be judged",
}


@cache
def compiled(make: MakeValidator, profile_name: str, kind: ApiOperation) -> Validator:
    """Return the validator of an operation's answer.

    It knows required keys only: what else the published operations carry (``available_count``,
    ``telegram_id``) is not promised to anyone. ``pagination`` is left to WIRE-3.

    Args:
        make: compiles a schema.
        profile_name: the contract version.
        kind: the operation.
    """
    schema = answer_schema(profile_name, kind.value)
    if kind is ApiOperation.LIST:
        schema["required"] = [key for key in schema["required"] if key != "pagination"]
    return make(_required_only(schema))


def faults(kind: ApiOperation, error: SchemaError, answer: object, profile: Profile) -> Iterator[Fault]:
    """Yield what a schema error means in clauses.

    Args:
        kind: the operation whose answer it is.
        error: what a validator found, its path from the answer's root.
        answer: the decoded answer.
        profile: the contract version.
    """
    start = _purchase_at(kind, error.path)
    if start is None:
        yield _around(kind, error)
        return
    inner = error.path[len(start) :]
    yield _in_purchase(inner, error, value_at(answer, error.path), profile)
    if kind is ApiOperation.LIST and not inner and error.keyword in {"required", "type"}:
        yield Fault("LIST-5", "not a whole purchase", "an item of a list is not a whole purchase", error.path)


def _purchase_at(kind: ApiOperation, path: Path) -> Path | None:
    """Return where the purchase begins that a place belongs to, None outside of purchases."""
    if kind in {ApiOperation.CREATE, ApiOperation.RETRIEVE}:
        return ()
    if kind is ApiOperation.LIST and path[:1] == ("items",) and len(path) > 1:
        return path[:2]
    if kind in {ApiOperation.REQUEST_CODE, ApiOperation.REFUND} and path[:1] == ("purchase",):
        return path[:1]
    return None


def _in_purchase(inner: Path, error: SchemaError, value: object, profile: Profile) -> Fault:
    words = _WORDS.get(error.keyword, "ill-formed")
    if not inner:
        if error.key is not None:
            return _fault("SHAPE-2", error.key, "missing", error.path)
        return _fault("SHAPE-2", "purchase", "no object" if error.keyword == "type" else words, error.path)
    if inner == ("status",) and isinstance(value, str) and value in profile.newer_statuses:
        title = "a status that only a newer profile knows"
        return Fault("SHAPE-8", "newer status", title, error.path, Severity.WARNING)
    if inner == ("verification", "password") and value is None and error.keyword == "type":
        title = "verification.password is null, which only a newer profile allows"
        return Fault("SHAPE-10", "null password", title, error.path, Severity.WARNING)
    top = str(inner[0])
    clause = PURCHASE.get(top, "SHAPE-2")
    if inner == ("verification", "received_at"):
        clause = "SHAPE-11"
    severity = None
    if top == "emoji" and error.keyword == "minLength":
        # Nothing published says that every country has a flag.
        severity = Severity.WARNING
    return _fault(clause, _name(inner, error), words, error.path, severity)


def _around(kind: ApiOperation, error: SchemaError) -> Fault:
    """Return what is wrong outside of purchases: the envelopes, and the answers that have no purchase."""
    words = _WORDS.get(error.keyword, "ill-formed")
    for place, clause in AROUND.get(kind, {}).items():
        if error.path[: len(place)] == place:
            # Money is money: an amount of a balance is told with the amounts of prices.
            head: Path = ("price",) if clause == "SHAPE-7" else place
            return _fault(clause, _name(head + error.path[len(place) :], error), words, error.path)
    name = _name(error.path, error) or "answer"
    hollow = error.keyword == "type" and error.path[-1] in _CONTAINERS
    if error.keyword in {"required", "depth"} or hollow:
        return _fault("SHAPE-2", name, words, error.path)
    title = f"{name} is not as the official clients know it"
    return Fault("SHAPE-2", f"{name} not as published", title, error.path, Severity.WARNING)


def _fault(clause: str, name: str, words: str, path: Path, severity: Severity | None = None) -> Fault:
    return Fault(clause, f"{name} {words}", f"{name} is {words}", path, severity)


def _name(path: Path, error: SchemaError) -> str:
    """Return the dotted name of a field, the missing key at its end."""
    steps = [str(step) for step in path if isinstance(step, str)]
    return ".".join([*steps, error.key] if error.key is not None else steps)


def _required_only(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without the properties that are not required, at any depth."""
    pruned = dict(schema)
    if "properties" in schema:
        required = schema.get("required", ())
        pruned["properties"] = {
            key: _required_only(inner) for key, inner in schema["properties"].items() if key in required
        }
    if "items" in schema:
        pruned["items"] = _required_only(schema["items"])
    return pruned
