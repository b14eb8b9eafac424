"""An OpenAPI document into the operations that it promises, references resolved and inheritance worked out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from contracts.drift.reading import SchemaReader
from contracts.drift.refs import Document, kind_of, shorten
from contracts.errors import UsageError

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

_VERSION: Final = re.compile(r"3\.[0-2](\.[0-9]+.*)?")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_NOT_PARAMETERS: Final = frozenset({"accept", "content-type", "authorization"})
"""Header parameters of these names are ignored (OpenAPI 3.1, section 4.8.12.1)."""
_STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}

Requirement = frozenset[tuple[str, str]]
"""What one way to authenticate needs: pairs of a scheme's form on the wire and a scope, empty without one."""

Content = Mapping[str, object]
"""By media type, the schema; None where there is none."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a request.

    Attributes:
        name: as documented.
        place: path, query, header or cookie.
        required: whether a request must have it.
        deprecated: whether it is marked so.
        style: how arrays and objects are written, or the media type of a parameter with content.
        explode: whether each of their items stands alone.
        schema: raw schema.
    """

    name: str
    place: str
    required: bool
    deprecated: bool
    style: str
    explode: bool
    schema: object


@dataclass(frozen=True, slots=True)
class Header:
    """A header of a response: whether it is always sent, and its raw schema."""

    name: str
    required: bool
    schema: object


@dataclass(frozen=True, slots=True)
class Body:
    """A request body: whether it is required, and its schemas by media type."""

    required: bool
    content: Content


@dataclass(frozen=True, slots=True)
class Response:
    """A response: its headers by lower-case name, and its schemas by media type."""

    headers: Mapping[str, Header]
    content: Content


@dataclass(frozen=True, slots=True)
class Call:
    """One API operation.

    Attributes:
        method: upper case.
        path: template as documented, the path of the server in front.
        operation_id: empty where there is none.
        deprecated: whether it is marked so.
        parameters: by place and name; names of headers in lower case, of path parameters their position.
        body: what a request may carry, None for nothing.
        responses: by status, range (``4XX``) or ``default``.
        security: ways to authenticate, any of which will do; an empty one is no authentication.
    """

    method: str
    path: str
    operation_id: str
    deprecated: bool
    parameters: Mapping[tuple[str, str], Parameter]
    body: Body | None
    responses: Mapping[str, Response]
    security: tuple[Requirement, ...]

    @property
    def name(self) -> str:
        """The method and path."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Api:
    """What a document promises.

    Attributes:
        name: what the document is called.
        title: from its ``info``.
        version: likewise.
        calls: by path, its placeholders unnamed, then by method.
        schemas: reads its schemas.
    """

    name: str
    title: str
    version: str
    calls: Mapping[str, Mapping[str, Call]]
    schemas: SchemaReader


def read_api(name: str, tree: object) -> Api:
    """Return what an OpenAPI document promises.

    Args:
        name: what the document is called in messages.
        tree: the parsed document.

    Raises:
        UsageError: it is no OpenAPI 3.0, 3.1 or 3.2 document, describes no operation, or is malformed.
    """
    if not isinstance(tree, dict):
        raise UsageError(f"{name} is {kind_of(tree)}, not an OpenAPI document")
    version = tree.get("openapi")
    if version is None and "swagger" in tree:
        raise UsageError(f"{name} is a Swagger {shorten(str(tree['swagger']))} document; convert it to OpenAPI 3 first")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        said = "has no 'openapi' key" if version is None else f"says openapi: {shorten(str(version))}"
        raise UsageError(f"{name} {said}; OpenAPI 3.0, 3.1 and 3.2 are read")
    return _Walker(Document(name, tree), old_dialect=version.startswith("3.0")).api()


class _Walker:
    def __init__(self, document: Document, *, old_dialect: bool) -> None:
        self._document = document
        self._root = document.root
        self._schemas = SchemaReader(document, old_dialect=old_dialect)
        components = document.mapping(self._root.get("components"), "'components'")
        self._schemes = document.mapping(components.get("securitySchemes"), "'securitySchemes'")

    def api(self) -> Api:
        info = self._document.mapping(self._root.get("info"), "'info'")
        calls: dict[str, dict[str, Call]] = {}
        for path, item in self._document.mapping(self._root.get("paths"), "'paths'").items():
            if path.startswith("x-"):
                continue
            for call in self._calls(path, item):
                known = calls.setdefault(_PLACEHOLDER.sub("{}", call.path), {})
                if call.method in known:
                    raise UsageError(
                        f"{self._document.name} has {shorten(call.name)} and {shorten(known[call.method].name)}, "
                        "which no request tells apart"
                    )
                known[call.method] = call
        if not calls:
            raise UsageError(f"{self._document.name} describes no operation, so that there is nothing to compare")
        return Api(self._document.name, _text(info.get("title")), _text(info.get("version")), calls, self._schemas)

    def _calls(self, path: str, raw: object) -> Iterator[Call]:
        item = self._document.follow(raw, f"the path {shorten(path)}")
        for method in METHODS:
            if method not in item:
                continue
            where = f"{method.upper()} {path}"
            operation = self._document.mapping(item[method], shorten(where))
            full = self._base(operation, item) + path
            yield Call(
                method.upper(),
                full,
                _text(operation.get("operationId")),
                operation.get("deprecated") is True,
                self._parameters(item, operation, full, where),
                self._body(operation, where),
                dict(self._responses(operation, where)),
                self._security(operation, where),
            )

    def _base(self, operation: Mapping[str, object], item: Mapping[str, object]) -> str:
        """Return the path of the first server that applies; its host is a matter of deployment."""
        for holder in (operation, item, self._root):
            servers = self._document.sequence(holder.get("servers"), "'servers'")
            if servers:
                server = self._document.mapping(servers[0], "a server")
                variables = self._document.mapping(server.get("variables"), "'variables' of a server")
                url = _text(server.get("url"))
                for name in _PLACEHOLDER.findall(url):
                    url = url.replace(f"{{{name}}}", _default(variables.get(name)))
                try:
                    return urlsplit(url).path.rstrip("/")
                except ValueError:
                    raise UsageError(f"{self._document.name} has the server {shorten(url)}, which is no URL") from None
        return ""

    def _parameters(
        self, item: Mapping[str, object], operation: Mapping[str, object], path: str, where: str
    ) -> dict[tuple[str, str], Parameter]:
        positions = {name: str(place) for place, name in enumerate(_PLACEHOLDER.findall(path))}
        found: dict[tuple[str, str], Parameter] = {}
        for holder in (item, operation):
            for raw in self._document.sequence(holder.get("parameters"), f"'parameters' of {shorten(where)}"):
                parameter = self._parameter(self._document.follow(raw, f"a parameter of {shorten(where)}"), where)
                if parameter.place == "header" and parameter.name.lower() in _NOT_PARAMETERS:
                    continue
                key = parameter.name
                if parameter.place == "header":
                    key = key.lower()
                elif parameter.place == "path":
                    if key not in positions:
                        continue
                    key = positions[key]
                found[parameter.place, key] = parameter
        return found

    def _parameter(self, raw: Mapping[str, object], where: str) -> Parameter:
        name, place = raw.get("name"), raw.get("in")
        if not isinstance(name, str) or place not in (*_STYLES, "querystring"):
            raise UsageError(
                f"{self._document.name}: a parameter of {shorten(where)} lacks a name, "
                "or an 'in' of path, query, header or cookie"
            )
        kind = str(place)
        content = self._content(raw.get("content"), f"the parameter {shorten(name)}")
        style = raw.get("style", next(iter(content), _STYLES.get(kind, "form")))
        explode = raw.get("explode", style == "form")
        return Parameter(
            name,
            kind,
            raw.get("required") is True or kind == "path",
            raw.get("deprecated") is True,
            _text(style),
            explode is True,
            next(iter(content.values())) if content else raw.get("schema"),
        )

    def _body(self, operation: Mapping[str, object], where: str) -> Body | None:
        if operation.get("requestBody") is None:
            return None
        body = self._document.follow(operation["requestBody"], f"the body of {shorten(where)}")
        content = self._content(body.get("content"), f"the body of {shorten(where)}")
        return Body(body.get("required") is True, content)

    def _responses(self, operation: Mapping[str, object], where: str) -> Iterator[tuple[str, Response]]:
        given = self._document.mapping(operation.get("responses"), f"'responses' of {shorten(where)}")
        for status, raw in given.items():
            if status.startswith("x-"):
                continue
            place = f"the {shorten(status)} answer of {shorten(where)}"
            response = self._document.follow(raw, place)
            headers = self._document.mapping(response.get("headers"), f"'headers' of {place}")
            yield (
                status.upper() if status.lower() != "default" else "default",
                Response(
                    {
                        name.lower(): self._header(name, header)
                        for name, header in headers.items()
                        if name.lower() != "content-type"
                    },
                    self._content(response.get("content"), place),
                ),
            )

    def _header(self, name: str, raw: object) -> Header:
        header = self._document.follow(raw, f"the header {shorten(name)}")
        content = self._content(header.get("content"), f"the header {shorten(name)}")
        schema = next(iter(content.values())) if content else header.get("schema")
        return Header(name, header.get("required") is True, schema)

    def _content(self, raw: object, where: str) -> dict[str, object]:
        return {
            media.partition(";")[0].strip().lower(): self._document.follow(inner, f"{shorten(media)} of {where}").get(
                "schema"
            )
            for media, inner in self._document.mapping(raw, f"'content' of {where}").items()
        }

    def _security(self, operation: Mapping[str, object], where: str) -> tuple[Requirement, ...]:
        raw = operation.get("security", self._root.get("security"))
        found: list[Requirement] = []
        for entry in self._document.sequence(raw, f"'security' of {shorten(where)}"):
            pairs: set[tuple[str, str]] = set()
            for name, scopes in self._document.mapping(entry, f"'security' of {shorten(where)}").items():
                scheme = self._scheme(name)
                pairs.add((scheme, ""))
                pairs |= {(scheme, _text(scope)) for scope in self._document.sequence(scopes, f"the scopes of {name}")}
            found.append(frozenset(pairs))
        return tuple(found) or (frozenset(),)

    def _scheme(self, name: str) -> str:
        """Return what a security scheme looks like on the wire; its name is the document's own affair."""
        if name not in self._schemes:
            raise UsageError(
                f"{self._document.name} demands the security scheme {shorten(name)} and does not define it"
            )
        scheme = self._document.follow(self._schemes[name], f"the security scheme {shorten(name)}")
        kind = _text(scheme.get("type"))
        if kind == "apiKey":
            key = _text(scheme.get("name"))
            place = _text(scheme.get("in"))
            return key_scheme(place, key.lower() if place == "header" else key)
        if kind == "http":
            return f"http {_text(scheme.get('scheme')).lower()}"
        return kind or "unknown"


def key_scheme(place: str, name: str) -> str:
    """Return what an API key in a place looks like on the wire; names of headers are lower case."""
    return f"key in {place} {name}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)[:100]


def _default(variable: object) -> str:
    return _text(variable.get("default")) if isinstance(variable, dict) else ""
