"""The versions of the contract, and what each lets a purchase look like."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROFILES: tuple[str, ...] = ("2026-02", "2026-05")
"""Names of the profiles, oldest first."""

DEFAULT_PROFILE = "2026-02"
"""The profile a target is held to when nobody names one: the documented endpoint."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one version of the contract says of a purchase.

    Everything here is read from the profile's OpenAPI document, so that the two cannot disagree.

    Attributes:
        name: One of `PROFILES`.
        statuses: Lawful values of `status` (SHAPE-8).
        purchase_keys: Keys every purchase has (SHAPE-2).
        newer_keys: Keys that only a newer profile knows. Seen here, they are drift: a warning.
        newer_statuses: Statuses that only a newer profile knows. Seen here, they are drift: a warning.
        purchase_types: Lawful values of `purchase_type` (SHAPE-9).
        purchase_sources: Lawful values of `purchase_source`; empty where the profile lacks the key.
        nullable_password: Whether `verification.password` may be null without a warning (SHAPE-10).
        list_parameters: Query parameters of the list of purchases.
    """

    name: str
    statuses: frozenset[str]
    purchase_keys: frozenset[str]
    newer_keys: frozenset[str]
    newer_statuses: frozenset[str]
    purchase_types: frozenset[str]
    purchase_sources: frozenset[str]
    nullable_password: bool
    list_parameters: frozenset[str]


@cache
def get_profile(name: str) -> Profile:
    """Return the profile of that name.

    Args:
        name: One of `PROFILES`.

    Raises:
        ValueError: The name is not a profile; the message names those there are.
    """
    schemas = _schemas(name)
    purchase = schemas["Purchase"]
    keys, statuses = _keys(schemas), _statuses(schemas)
    newer = [_schemas(later) for later in PROFILES[PROFILES.index(name) + 1 :]]
    return Profile(
        name=name,
        statuses=statuses,
        purchase_keys=keys,
        newer_keys=frozenset[str]().union(*map(_keys, newer)) - keys,
        newer_statuses=frozenset[str]().union(*map(_statuses, newer)) - statuses,
        purchase_types=frozenset(purchase["properties"]["purchase_type"]["enum"]),
        purchase_sources=frozenset(purchase["properties"].get("purchase_source", {}).get("enum", ())),
        nullable_password="null" in schemas["Verification"]["properties"]["password"]["type"],
        list_parameters=frozenset(
            one["name"] for one in _document(name)["paths"]["/v1/purchases"]["get"]["parameters"]
        ),
    )


def openapi_document(name: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a profile, a fresh copy that the caller may change.

    Args:
        name: One of `PROFILES`.

    Raises:
        ValueError: The name is not a profile; the message names those there are.
    """
    return copy.deepcopy(_document(name))


@cache
def _document(name: str) -> dict[str, Any]:
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}; known are {', '.join(PROFILES)}")
    text = (Path(__file__).parent / "openapi" / f"{name}.yaml").read_text(encoding="utf-8")
    # The same loader in C, where libyaml is there, is ten times as fast; every command waits for it.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    return document


def _schemas(name: str) -> Mapping[str, Any]:
    schemas: Mapping[str, Any] = _document(name)["components"]["schemas"]
    return schemas


def _keys(schemas: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(schemas["Purchase"]["required"])


def _statuses(schemas: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(schemas["Status"]["enum"])
