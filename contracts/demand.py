"""What the contract demands of the target for one request: serve, refuse, or either.

The judgement is read off the wire, so that hand-written near misses, fuzzers, state machines and load
journeys are all judged alike. Where a request alone cannot tell (an id nobody was given, a country out
of stock) the sender says so in the operation's ``aim``.

Requests that reasonable servers read differently (duplicate keys, ``+1``, leading zeros, unknown query
parameters, a body on refund) are EITHER: served or refused, never answered with a 5xx.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pycountry

from contracts.document import parse
from contracts.history import ApiOperation, Demand, Input, Operation
from contracts.routes import route

MAX_ID: Final = 2**53 - 1
"""Largest id that JSON numbers carry exactly (api-facts, section 1)."""

MAX_PAGE_SIZE: Final = 50

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_WORD_OF_A_NUMBER: Final = re.compile(r"[0-9][0-9a-z]*[gkpqrstvwyz][0-9a-z]*", re.ASCII | re.IGNORECASE)
"""Digits and a letter that no notation of numbers has: ``parseInt`` reads ``12xyz`` as 12."""

_CANONICAL_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*")
_LENIENT_INTEGER: Final = re.compile(r"\s*\+?0*[1-9][0-9]*(\.0+)?\s*")
_MAY_BE_LAWFUL: Final = re.compile(rb'"country_code"\s*:\s*"[A-Z]{2}"\s*[,}]')
_EXTENSIONS: Final = ("byte order mark", "is not JSON", "to read")
"""Ends of what ``document`` says of bodies that parsers may take (RFC 8259, section 9): a byte order mark, NaN,
and values deeper or longer than ours reads."""

_SORTS: Final = frozenset({"date_asc", "date_desc"})
_STATUSES: Final = frozenset({"PENDING", "SUCCESS", "ERROR", "REFUND"})
_NEWER_STATUSES: Final = frozenset({"EXPIRED"})
_RESERVED: Final = frozenset(
    "AC AN BU CP CS CT DD DG DY EA EU EW EZ FL FQ FX HV IB IC JA JT LF MI NH NQ NT PC PI PU PZ RA RB RC RH "
    "RI RL RM RN RP SF SU TA TP UK UN VD WG WK WL WO WV XK YD YU YV ZR".split()
)
"""Codes ISO 3166-1 reserves or once assigned, and XK, which many services use: shops differ on them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a request must be refused.

    Attributes:
        clause: id of the clause that demands it.
        reason: what is wrong with the request, in a few words; a stable slug of the input's class.
    """

    clause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the contract demands for one request.

    Attributes:
        demand: serve, refuse or either.
        faults: why it must be refused, authentication first; empty unless REFUSE.
        oddities: clause ids that say "either, but never a 5xx" (INPUT-5 for extra keys).
    """

    demand: Demand
    faults: tuple[Fault, ...] = ()
    oddities: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def is_assigned(code: str) -> bool | None:
    """Tell whether ISO 3166-1 assigns a two-letter code; None for reserved and withdrawn ones."""
    if pycountry.countries.get(alpha_2=code) is not None:
        return True
    return None if code in _RESERVED else False


def judge(operation: Operation) -> Judgement:
    """Return what the contract demands of the answer to an operation.

    Args:
        operation: any recorded call; its answer is not looked at.

    Returns:
        The judgement; an ``aim`` of the sender adds to what the wire shows, it never hides a fault.
    """
    faults: list[Fault] = []
    oddities: list[str] = []
    if not operation.authenticated:
        faults.append(Fault("AUTH-1", operation.principal.partition(":")[2] or "no key"))
    found, either = _wire_faults(operation.input, operation.api_operation)
    faults += found
    oddities += either
    aim = operation.aim
    if aim is not None and aim.demand is Demand.REFUSE and all(f.clause != aim.clause for f in faults):
        faults.append(Fault(aim.clause, aim.reason))
    if aim is not None and aim.demand is Demand.EITHER:
        oddities.append(aim.clause)
    if faults:
        return Judgement(Demand.REFUSE, tuple(faults))
    if oddities:
        return Judgement(Demand.EITHER, (), tuple(dict.fromkeys(oddities)))
    return Judgement(Demand.SERVE)


def _wire_faults(sent: Input, api_operation: ApiOperation) -> tuple[list[Fault], list[str]]:
    """Return the faults and oddities that the request itself shows, keys apart."""
    where = route(sent.method, sent.path)
    if where.api_operation is ApiOperation.OTHER:
        if where.known_path:
            return [Fault("INPUT-7", f"method {sent.method[:20]}")], []
        return [], ["INPUT-7"]
    if api_operation is ApiOperation.CREATE:
        return _create_faults(sent)
    if api_operation is ApiOperation.LIST:
        return _list_faults(sent)
    if api_operation in {ApiOperation.RETRIEVE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND}:
        faults, oddities = _id_faults(where.parameter or "")
        return faults, oddities + _action_oddities(sent, api_operation)
    if api_operation is ApiOperation.ACCOUNT and _COUNTRY.fullmatch(where.parameter or "") is None:
        return [], ["INPUT-3"]
    return [], ["INPUT-9"] if sent.query else []


def _create_faults(sent: Input) -> tuple[list[Fault], list[str]]:
    oddities: list[str] = []
    kind = next((value for key, value in sent.headers if key.lower() == "content-type"), "")
    media = kind.partition(";")[0].strip().lower()
    document = parse(sent.body)
    if document.error is not None:
        if document.error.endswith(_EXTENSIONS) and _MAY_BE_LAWFUL.search(sent.body):
            return [], ["INPUT-1"]
        reason = "an empty body" if not sent.body.strip() else f"a body that is not JSON ({document.error})"
        return [Fault("INPUT-1", re.sub(r"(?<![-\w])\d+", "n", reason))], []
    body = document.value
    if not isinstance(body, dict):
        return [Fault("INPUT-1", f"a body that is {_kind(body)}, not an object")], []
    if "country_code" not in body:
        return [Fault("INPUT-1", "country_code missing")], []
    if "country_code" in document.duplicates:
        # Parsers differ on which of the two they keep.
        return [], ["INPUT-1"]
    code = body["country_code"]
    if not isinstance(code, str):
        return [Fault("INPUT-1", f"country_code is {_kind(code)}")], []
    if _COUNTRY.fullmatch(code) is None:
        return [Fault("INPUT-1", f"country_code {_ill_form(code)}")], []
    if document.duplicates or media != "application/json" or sent.query:
        oddities.append("INPUT-1")
    if len(body) > 1:
        oddities.append("INPUT-5")
    assigned = is_assigned(code)
    if assigned is False and not oddities:
        return [Fault("INPUT-3", "an unassigned country code")], []
    if assigned is not True:
        oddities.append("INPUT-3")
    return [], oddities


def _list_faults(sent: Input) -> tuple[list[Fault], list[str]]:
    faults: list[Fault] = []
    oddities: list[str] = []
    names = [key for key, _ in sent.query]
    if len(set(names)) != len(names) or not {"page", "page_size"} <= set(names):
        oddities.append("INPUT-9")
    counts = {name: names.count(name) for name in names}
    for name, value in sent.query:
        verdict = _parameter_verdict(name, value)
        if verdict is True:
            continue
        if verdict is False and counts[name] == 1:
            faults.append(Fault("INPUT-9", f"{name} {_domain_fault(name, value)}"))
        else:
            oddities.append("INPUT-9")
    return faults, oddities


def _parameter_verdict(name: str, value: str) -> bool | None:
    """Tell whether a list parameter lies in its domain; None where servers may differ."""
    if name in {"page", "page_size"}:
        limit = MAX_PAGE_SIZE if name == "page_size" else None
        if _CANONICAL_INTEGER.fullmatch(value):
            # Compared by length first: a value of a thousand digits must not be converted.
            if value.startswith("-") or value == "0":
                return False
            if len(value) > 15:
                return None if limit is None else False
            number = int(value)
            return number <= limit if limit is not None else (True if number <= 2**31 - 1 else None)
        return None if _LENIENT_INTEGER.fullmatch(value) or value == "" else False
    if name == "sort":
        return True if value in _SORTS else (None if value == "" else False)
    if name == "status":
        if value in _NEWER_STATUSES or value == "":
            return None
        return value in _STATUSES
    return None


def _domain_fault(name: str, value: str) -> str:
    if name in {"sort", "status"}:
        return "is no known value"
    if _CANONICAL_INTEGER.fullmatch(value):
        return "below 1" if value.startswith("-") or value == "0" else "above its maximum"
    return "is no number"


def _id_faults(raw: str) -> tuple[list[Fault], list[str]]:
    if _CANONICAL_INTEGER.fullmatch(raw):
        if raw == "0":
            return [Fault("INPUT-8", "id 0")], []
        if raw.startswith("-"):
            return [Fault("INPUT-8", "a negative id")], []
        if len(raw) > 16 or int(raw) > MAX_ID:
            return [Fault("INPUT-8", "an id over 2^53-1")], []
        return [], []
    if _WORD_OF_A_NUMBER.fullmatch(raw):
        return [Fault("INPUT-8", "an id that is a number and a word")], []
    if any(character.isnumeric() for character in raw):
        # int() of several languages reads "+1", "1_0", "１" or "1\n" as a number; INPUT-8 speaks of no number.
        return [], ["INPUT-8"]
    return [Fault("INPUT-8", "an id that is no number")], []


def _action_oddities(sent: Input, api_operation: ApiOperation) -> list[str]:
    if api_operation is ApiOperation.RETRIEVE:
        return ["INPUT-8"] if sent.query or sent.body else []
    if sent.query:
        return ["INPUT-8"]
    if not sent.body:
        return []
    if api_operation is ApiOperation.REFUND:
        return ["WIRE-2"]
    document = parse(sent.body)
    if document.error is not None or not isinstance(document.value, dict) or document.value:
        return ["WIRE-2"]
    return []


def _kind(value: object) -> str:
    """Name the JSON type of a decoded value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def _ill_form(code: str) -> str:
    """Name the class of an ill-formed country code, so that findings group by cause."""
    if code == "":
        return "empty"
    if len(code) > 1000:
        return "enormous"
    stripped = "".join(character for character in code if character.isprintable()).strip()
    if stripped != code and _COUNTRY.fullmatch(stripped):
        return "with white space or control characters"
    if not code.isascii():
        return "with characters outside ASCII"
    if _COUNTRY.fullmatch(code.upper()):
        return "in lower case"
    if code.isalpha():
        return "of the wrong length"
    return "with characters other than capitals"
