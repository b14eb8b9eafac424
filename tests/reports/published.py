"""Documents held to their published schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import xmlschema
from referencing import Registry
from referencing.jsonschema import DRAFT6

SCHEMAS = Path(__file__).with_name("schemas")


def check_sarif(content: bytes) -> dict[str, Any]:
    """Return a SARIF log; raises where it is none."""
    log: dict[str, Any] = json.loads(content)
    _sarif().validate(log)
    return log


def check_har(content: bytes) -> dict[str, Any]:
    """Return an HTTP Archive; raises where it is none."""
    archive: dict[str, Any] = json.loads(content)
    _har().validate(archive)
    return archive


def check_junit(content: bytes) -> None:
    """Raise where a document is no JUnit report."""
    _junit().validate(content)


@cache
def _sarif() -> jsonschema.protocols.Validator:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_bytes())
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


@cache
def _har() -> jsonschema.protocols.Validator:
    parts = {path.name: json.loads(path.read_bytes()) for path in (SCHEMAS / "har").glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        [(name, DRAFT6.create_resource(part)) for name, part in parts.items()]
    )
    return jsonschema.Draft6Validator(
        parts["har.json"], registry=registry, format_checker=jsonschema.Draft6Validator.FORMAT_CHECKER
    )


@cache
def _junit() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")
