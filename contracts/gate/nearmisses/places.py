"""Near misses in the path, the query and the method (INPUT-7, INPUT-8, INPUT-9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from contracts.demand import MAX_ID
from contracts.gate.nearmisses.miss import NearMiss, Subject
from contracts.history import Aim, Demand

_IDS: Final[tuple[tuple[str, str, bool], ...]] = (
    ("zero", "0", True),
    ("negative", "-1", True),
    ("over-2-53", str(MAX_ID + 1), True),
    ("over-2-63", str(2**63), True),
    ("over-2-64", str(2**64), False),
    ("very-negative", str(-(2**63) - 1), False),
    ("thousand-digits", "9" * 1_000, False),
    ("word", "abc", True),
    ("null-word", "null", False),
    ("undefined", "undefined", False),
    ("not-a-number", "NaN", False),
    ("star", "*", False),
    ("quote", "%27", False),
    ("nul", "%00", False),
    ("emoji", "%F0%9F%93%9E", False),
    ("invalid-utf-8", "%FF", False),
)

_ODD_IDS: Final[tuple[tuple[str, str], ...]] = (
    ("fraction", "1.5"),
    ("exponent", "1e3"),
    ("plus", "+1"),
    ("spaced", "%201"),
    ("newline-after", "1%0A"),
    ("hexadecimal", "0x1"),
    ("leading-zero", "01"),
    ("arabic-digit", "%D9%A1"),
    ("underscore", "1_0"),
)
"""Ids that servers may read as numbers: any answer but a 5xx is lawful."""

_PAGES: Final[tuple[tuple[str, str, str, bool], ...]] = (
    ("page", "zero", "0", True),
    ("page", "negative", "-1", True),
    ("page", "word", "abc", True),
    ("page", "huge", str(2**63), False),
    ("page", "enormous", "9" * 400, False),
    ("page", "fraction", "1.5", False),
    ("page", "arabic-digit", "\u0661", False),
    ("page_size", "zero", "0", True),
    ("page_size", "negative", "-5", True),
    ("page_size", "one-over", "51", True),
    ("page_size", "thousand", "1000", True),
    ("page_size", "huge", str(2**63), False),
    ("page_size", "word", "ten", True),
    ("page_size", "fraction", "2.5", False),
    ("page_size", "nul", "\x00", False),
    ("sort", "unknown", "price_asc", True),
    ("sort", "sql", "date_asc; DROP TABLE purchases", False),
    ("sort", "capitals", "DATE_ASC", False),
    ("status", "unknown", "DONE", True),
    ("status", "lower-case", "pending", False),
    ("status", "wildcard", "%", False),
)


_FRAGMENTS: Final[tuple[tuple[str, str], ...]] = (
    ("pattern", "(["),
    ("wildcard", "%_\\"),
    ("quote", "'"),
    ("nul", "1\x00"),
    ("long", "1" * 2_000),
)
"""Fragments of phone numbers that only a search gone wrong cannot take; 2026-02 has no such parameter."""


def id_misses(subject: Subject) -> Iterator[NearMiss]:
    """Yield ids out of the domain, on each operation that takes one (INPUT-8)."""
    if subject.purchase is not None:
        # A server that reads a number as far as it goes answers with a purchase that nobody asked for.
        yield NearMiss("id/own-and-letters", "GET", f"/v1/purchases/{subject.purchase}xyz", essential=True)
    for name, raw, essential in _IDS:
        yield NearMiss(f"id/{name}", "GET", f"/v1/purchases/{raw}", essential=essential)
    for name, raw in _ODD_IDS:
        yield NearMiss(f"id/{name}", "GET", f"/v1/purchases/{raw}")
    label = (("content-type", "application/json"),)
    for action in ("request-code", "refund"):
        for name, raw, essential in _IDS[:8]:
            path = f"/v1/purchases/{raw}/{action}"
            yield NearMiss(f"id/{action}-{name}", "POST", path, headers=label, essential=essential and name == "zero")


def unknown_ids(numbers: Sequence[int]) -> Iterator[NearMiss]:
    """Yield calls on ids that nobody was given (INPUT-8: 404)."""
    aim = Aim("INPUT-8", "an id nobody was given", Demand.REFUSE)
    label = (("content-type", "application/json"),)
    for where in numbers:
        name = "largest" if where == MAX_ID else "free"
        yield NearMiss(f"id/unknown-{name}", "GET", f"/v1/purchases/{where}", aim=aim, essential=True)
        for action in ("request-code", "refund"):
            path = f"/v1/purchases/{where}/{action}"
            yield NearMiss(
                f"id/{action}-unknown-{name}", "POST", path, headers=label, aim=aim, essential=name == "free"
            )
    if numbers:
        # No purchase is at stake; which of the two is refused is the target's choice, to fail is not.
        path, either = f"/v1/purchases/{numbers[0]}/refund", Aim(aim.clause, f"{aim.reason}, and a body", Demand.EITHER)
        yield NearMiss("id/refund-unknown-with-body", "POST", path, b'{"assay": "probe"}', aim=either)


def wrapped_id(own: int, highest: int) -> Iterator[NearMiss]:
    """Yield a read of an id that is one of the owner's once it is cut to 32 bits (INPUT-8: 404).

    Args:
        own: id of a purchase of the owner.
        highest: the highest id seen; what lies above it was given to nobody.
    """
    number = own + 2**32
    if highest < number <= MAX_ID:
        aim = Aim("INPUT-8", "an id nobody was given", Demand.REFUSE)
        yield NearMiss("id/unknown-own-and-2-32", "GET", f"/v1/purchases/{number}", aim=aim, essential=True)


def list_misses() -> Iterator[NearMiss]:
    """Yield list parameters out of their domain, left out, or such as only one profile has (INPUT-9)."""
    lawful = {"page": "1", "page_size": "10"}
    for parameter in lawful:
        rest = tuple(pair for pair in lawful.items() if pair[0] != parameter)
        yield NearMiss(f"list/{parameter}-left-out", "GET", "/v1/purchases", query=rest)
        yield NearMiss(f"list/{parameter}-blank", "GET", "/v1/purchases", query=(*rest, (parameter, "")))
    for name, value in _FRAGMENTS:
        query = (*lawful.items(), ("phone_number", value))
        yield NearMiss(f"list/phone_number-{name}", "GET", "/v1/purchases", query=query)
    for parameter, name, value, essential in _PAGES:
        query = tuple({**lawful, parameter: value}.items())
        yield NearMiss(f"list/{parameter}-{name}", "GET", "/v1/purchases", query=query, essential=essential)


def method_misses(subject: Subject) -> Iterator[NearMiss]:
    """Yield methods that the contract does not have (INPUT-7), on paths that would otherwise be right."""
    number = subject.purchase if subject.purchase is not None else 1
    for method, path, essential in (
        ("DELETE", f"/v1/purchases/{number}", True),
        ("PUT", f"/v1/purchases/{number}", True),
        ("PATCH", f"/v1/purchases/{number}", False),
        ("POST", f"/v1/purchases/{number}", False),
        ("DELETE", "/v1/purchases", True),
        ("PUT", "/v1/purchases", False),
        ("PATCH", "/v1/purchases", False),
        ("GET", f"/v1/purchases/{number}/request-code", True),
        ("PUT", f"/v1/purchases/{number}/request-code", False),
        ("GET", f"/v1/purchases/{number}/refund", True),
        ("DELETE", f"/v1/purchases/{number}/refund", False),
        ("POST", f"/v1/accounts/{subject.country}", False),
        ("DELETE", f"/v1/accounts/{subject.country}", False),
        ("POST", "/v1/profile", False),
        ("DELETE", "/v1/profile", False),
        ("ASSAY", "/v1/purchases", False),
    ):
        place = path.removeprefix("/v1/").replace(str(number), "id").replace("/", "-")
        body = b'{"status": "SUCCESS"}' if method in {"PUT", "PATCH"} else b""
        yield NearMiss(f"method/{method.lower()}-{place}", method, path, body, essential=essential)
