"""What was observed as a proposal: an OpenAPI Overlay (1.0.0) for the profile's document.

Proposed is what looks like a newer version: new keys, new enum values, null where a value was promised. What looks
like a fault is reported and not proposed: other types, missing keys, values outside of a pattern or bound, statuses.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from contracts.drift.observe import Sighting

VERSION: Final = "1.0.0"

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STEP: Final = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['((?:[^'\\]|\\.)*)'\]")


def propose(profile: str, document: Mapping[str, Any], sightings: Sequence[Sighting]) -> dict[str, Any] | None:
    """Return the overlay that lets a profile's document describe what was seen, None when there is nothing to propose.

    Args:
        profile: name of the profile.
        document: its OpenAPI document.
        sightings: what was seen beyond it.
    """
    actions = [action for seen in sightings for action in _actions(document, seen)]
    if not actions:
        return None
    info = {"title": f"Observed drift from {profile}", "version": profile}
    return {"overlay": VERSION, "info": info, "extends": f"{profile}.yaml", "actions": actions}


def apply_overlay(document: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with an overlay applied.

    Args:
        document: an OpenAPI document; it is not changed.
        overlay: its targets are paths of names alone, as `propose` writes them.

    Raises:
        ValueError: a target is no such path, or leads nowhere.
    """
    root: dict[str, Any] = copy.deepcopy(dict(document))
    for action in overlay["actions"]:
        node: Any = root
        steps = _steps(action["target"])
        for step in steps:
            if not isinstance(node, dict) or step not in node:
                raise ValueError(f"the overlay's target {action['target']!r} leads nowhere")
            node = node[step]
        if isinstance(node, list):
            node.append(copy.deepcopy(action["update"]))
        else:
            _merge(node, action["update"])
    return root


def _actions(document: Mapping[str, Any], seen: Sighting) -> Iterator[dict[str, Any]]:
    told = f"Seen {seen.count:,} times, first in {seen.places[0]}."
    target = _target(seen.spot.pointer)
    if seen.rule == "response-key-added":
        yield {
            "target": f"{target}.properties",
            "description": told,
            "update": {str(seen.value): seen.inferred.schema()},
        }
    elif seen.rule == "response-enum-widened" and not seen.after.endswith("not shown"):
        yield {"target": f"{target}.enum", "description": told, "update": seen.value}
    elif seen.rule == "nullability-widened-in-response" and not seen.spot.shared:
        # A shared component would let every other value of it be null too.
        node: Any = document
        for step in seen.spot.pointer:
            node = node[step]
        kinds = node["type"]
        if isinstance(kinds, list):
            yield {"target": f"{target}.type", "description": told, "update": "null"}
        else:
            yield {"target": target, "description": told, "update": {"type": [kinds, "null"]}}


def _merge(node: dict[str, Any], update: Mapping[str, Any]) -> None:
    """Merge as the Overlay Specification does (1.0.0, section 4.4.3): objects by key, arrays by appending."""
    for key, value in update.items():
        known = node.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            known += copy.deepcopy(value)
        else:
            node[key] = copy.deepcopy(value)


def _target(pointer: Sequence[str]) -> str:
    """Return a pointer as a JSONPath (RFC 9535) of names."""
    return "$" + "".join(f".{step}" if _PLAIN.fullmatch(step) else f"['{_escaped(step)}']" for step in pointer)


def _escaped(step: str) -> str:
    return step.replace("\\", "\\\\").replace("'", "\\'")


def _steps(target: str) -> list[str]:
    at = 1
    found: list[str] = []
    while at < len(target):
        match = _STEP.match(target, at)
        if match is None:
            break
        found.append(match[1] if match[1] is not None else re.sub(r"\\(.)", r"\1", match[2]))
        at = match.end()
    if not target.startswith("$") or at != len(target):
        raise ValueError(f"the overlay's target {target!r} is no path of names")
    return found
