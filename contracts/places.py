"""Where the contract says what a finding is about: file, line and pointer in a profile's OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from contracts.profiles import PROFILES, openapi_document

_OF_THE_ANSWER: Final = ("SHAPE", "VALUE")
"""Families that judge what one answer says: they point at its schema, all others at the operation."""


class Place(NamedTuple):
    """A part of an OpenAPI document.

    Attributes:
        file: the document, below the project's root.
        line: the part's first line, counted from 1.
        pointer: the part, a JSON pointer (RFC 6901).
    """

    file: str
    line: int
    pointer: str


def place_of(profile: str, clause: str, operation: str | None) -> Place | None:
    """Return where a profile promises what a finding says was broken.

    Args:
        profile: one of ``contracts.profiles.PROFILES``.
        clause: the finding's clause.
        operation: the API operation whose answer completed it, None or ``other`` for a call that the
            contract does not have; the list of paths stands for it.

    Returns:
        The place; None for a profile without a document.
    """
    if profile not in PROFILES:
        return None
    steps = _operations(profile).get(operation or "", ("paths",))
    if len(steps) > 1 and clause.partition("-")[0] in _OF_THE_ANSWER:
        steps += ("responses", "200")
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    return Place(f"contracts/openapi/{profile}.yaml", _line(profile, steps), pointer)


def _line(profile: str, steps: tuple[str, ...]) -> int:
    """Return the line of the key that a path of keys ends with."""
    node = _composed(profile)
    line = 1
    for step in steps:
        line, node = next((key.start_mark.line + 1, child) for key, child in node.value if key.value == step)
    return line


@cache
def _operations(profile: str) -> Mapping[str, tuple[str, ...]]:
    """Return the path of keys to each operation of a document, by its ``operationId``."""
    paths = openapi_document(profile)["paths"]
    return {
        operation["operationId"]: ("paths", path, method)
        for path, item in paths.items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "operationId" in operation
    }


@cache
def _composed(profile: str) -> yaml.Node:
    text = (Path(__file__).parent / "openapi" / f"{profile}.yaml").read_text(encoding="utf-8")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    node = yaml.compose(text, Loader=loader)
    assert node is not None
    return node
