"""References inside one document: local JSON pointers (RFC 6901) and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from contracts.errors import UsageError

_SHOWN: Final = 100
_WORDS: Final = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number"}


class Document:
    """A parsed OpenAPI document, for looking things up in.

    Attributes:
        name: what it is called in messages.
        root: its tree.
    """

    def __init__(self, name: str, root: Mapping[str, object]) -> None:
        self.name = name
        self.root = root

    def resolve(self, reference: str) -> object:
        """Return what a reference points to.

        Raises:
            UsageError: it leads out of the document, is no JSON pointer, or points to nothing.
        """
        if not reference.startswith("#"):
            raise UsageError(
                f"{self.name} refers to {shorten(reference)} outside of the document; bundle it into one document first"
            )
        pointer = unquote(reference[1:])
        if pointer and not pointer.startswith("/"):
            raise UsageError(f"{self.name} refers to {shorten(reference)}, which is no JSON pointer")
        node: object = self.root
        for raw in pointer.split("/")[1:]:
            step = raw.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and step in node:
                node = node[step]
            elif (
                isinstance(node, list)
                and step.isascii()
                and step.isdigit()
                and len(step) < 10
                and int(step) < len(node)
            ):
                node = node[int(step)]
            else:
                raise UsageError(f"{self.name} refers to {shorten(reference)}, which it does not have")
        return node

    def follow(self, node: object, where: str) -> Mapping[str, object]:
        """Return an object of the document, or the object that its ``$ref`` leads to.

        Args:
            node: what stands at a place where the OpenAPI Specification has an object or a reference to one.
            where: the place, for messages.

        Raises:
            UsageError: there is no object, or the references go round in a circle.
        """
        seen: set[str] = set()
        found = self.mapping(node, where)
        while isinstance(reference := found.get("$ref"), str):
            if reference in seen:
                raise UsageError(f"{self.name}: {where} refers to itself through {shorten(reference)}")
            seen.add(reference)
            found = self.mapping(self.resolve(reference), shorten(reference))
        return found

    def mapping(self, node: object, where: str) -> Mapping[str, object]:
        """Return a node that must be an object; None stands for an empty one.

        Raises:
            UsageError: it is something else.
        """
        if node is None:
            return {}
        if not isinstance(node, dict):
            raise UsageError(f"{self.name}: {where} is {kind_of(node)}, not an object")
        return node

    def sequence(self, node: object, where: str) -> list[object]:
        """Return a node that must be an array; None stands for an empty one.

        Raises:
            UsageError: it is something else.
        """
        if node is None:
            return []
        if not isinstance(node, list):
            raise UsageError(f"{self.name}: {where} is {kind_of(node)}, not an array")
        return node


def _place(step: str) -> float:
    """Return the index that a pointer's step names, infinity where it names none."""
    return int(step) if step.isascii() and step.isdigit() and len(step) < 10 else math.inf


def kind_of(node: object) -> str:
    """Name the JSON type of a value."""
    return "null" if node is None else _WORDS.get(type(node), "a number")


def shorten(text: str) -> str:
    """Return a text in quotes, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
