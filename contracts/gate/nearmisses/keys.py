"""Near misses of the key, on every operation (AUTH-1, AUTH-2)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from contracts.gate.nearmisses.miss import NearMiss, Subject
from contracts.history import STRANGER

_HEADER = "x-api-key"

_IN_BOTH_FORMS = frozenset({"no key", "a wrong key"})
"""What is tried with a trailing slash as well."""


def _attempts(subject: Subject) -> Iterator[tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], bool]]:
    """Yield how, headers, query and whether every operation gets it at every depth."""
    key = subject.key
    yield "no key", (), (), True
    yield "an empty key", ((_HEADER, ""),), (), True
    yield "a wrong key", ((_HEADER, subject.wrong_key),), (), True
    yield "a truncated key", ((_HEADER, key[:-1]),), (), True
    swapped = key.swapcase()
    if swapped != key:
        yield "the key in another letter case", ((_HEADER, swapped),), (), True
    yield "the key and one character more", ((_HEADER, key + "0"),), (), False
    yield "half of the key", ((_HEADER, key[: len(key) // 2]),), (), False
    yield "the word null", ((_HEADER, "null"),), (), False
    yield "a wildcard", ((_HEADER, "%"),), (), False
    yield "an SQL condition", ((_HEADER, "' OR '1'='1"),), (), False
    yield "the key in the query", (), ((_HEADER, key),), True
    yield "the key in the query as api_key", (), (("api_key", key),), False
    yield "the key in a cookie", (("cookie", f"{_HEADER}={key}"),), (), True
    yield "the key as a bearer token", (("authorization", f"Bearer {key}"),), (), True
    yield "the key in Authorization", (("authorization", key),), (), False
    basic = base64.b64encode(f"{key}:".encode()).decode()
    yield "the key as basic credentials", (("authorization", f"Basic {basic}"),), (), False


def key_misses(subject: Subject, *, accounts: bool, profile: bool) -> Iterator[NearMiss]:
    """Yield calls without a valid key in its place, on every operation.

    Args:
        subject: a country, a purchase of the owner's and keys.
        accounts: whether the target serves accounts.
        profile: whether the target serves the profile.
    """
    create = json.dumps({"country_code": subject.country}).encode()
    label = (("content-type", "application/json"),)
    operations: list[tuple[str, str, str, bytes]] = [
        ("create", "POST", "/v1/purchases", create),
        ("list", "GET", "/v1/purchases", b""),
    ]
    if subject.purchase is not None:
        operations += [
            ("retrieve", "GET", f"/v1/purchases/{subject.purchase}", b""),
            ("request-code", "POST", f"/v1/purchases/{subject.purchase}/request-code", b""),
            ("refund", "POST", f"/v1/purchases/{subject.purchase}/refund", b""),
        ]
    operations += [("account", "GET", f"/v1/accounts/{subject.country}", b"")] if accounts else []
    operations += [("profile", "GET", "/v1/profile", b"")] if profile else []
    for how, headers, query, common in _attempts(subject):
        for name, method, path, body in operations:
            page = (("page", "1"), ("page_size", "10")) if name == "list" else ()
            # Who guards by the path may know one of its forms only (WIRE-1).
            for form, slash in (("", ""), ("-and-a-slash", "/")) if how in _IN_BOTH_FORMS else (("", ""),):
                yield NearMiss(
                    f"key/{name}/{how.replace(' ', '-')}{form}",
                    method,
                    path + slash,
                    body,
                    (*page, *query),
                    (*headers, *(label if method == "POST" else ())),
                    f"{STRANGER}:{how}",
                    essential=common,
                )
