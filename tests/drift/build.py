"""OpenAPI documents written out for tests, as small as what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.drift.change import Change
from contracts.drift.compare import compare
from contracts.drift.walk import Api, read_api

Tree = dict[str, Any]


def doc(paths: Mapping[str, Any], version: str = "3.1.0", **rest: Any) -> Tree:
    """A document with these paths."""
    return {"openapi": version, "info": {"title": "T", "version": "1"}, "paths": dict(paths), **rest}


def call(method: str = "get", path: str = "/things", **operation: Any) -> Tree:
    """A document with one operation, which answers 200 without a body unless told otherwise."""
    return doc({path: {method: {"responses": {"200": {"description": "ok"}}, **operation}}})


def sent(schema: Any, version: str = "3.1.0", **components: Any) -> Tree:
    """A document with one operation that takes a body of this schema."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    found = call("post", requestBody=body)
    return found | {"openapi": version, "components": {"schemas": components}}


def answered(schema: Any, version: str = "3.1.0", **components: Any) -> Tree:
    """A document with one operation that answers with a body of this schema."""
    response = {"description": "ok", "content": {"application/json": {"schema": schema}}}
    found = call("get", responses={"200": response})
    return found | {"openapi": version, "components": {"schemas": components}}


def api(tree: object, name: str = "doc") -> Api:
    """The API of a document."""
    return read_api(name, tree)


def changes(old: object, new: object) -> list[Change]:
    """The differences between two documents."""
    return compare(api(old, "old"), api(new, "new"))


def rules(old: object, new: object) -> list[str]:
    """The ids of the rules that the differences fall under, sorted."""
    return sorted(change.rule.id for change in changes(old, new))
