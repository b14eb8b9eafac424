"""Two APIs compared, operation by operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from contracts.drift.change import Change, Ledger, Note
from contracts.drift.rules import Side
from contracts.drift.schemas import SchemaComparison, told
from contracts.drift.shape import NUMERIC
from contracts.drift.walk import Api, Body, Call, Content, Header, Parameter, Requirement, Response, key_scheme
from contracts.errors import UsageError


def compare(old: Api, new: Api) -> list[Change]:
    """Return how a new API differs from an old one, the worst first.

    Descriptions, examples, tags, links, callbacks and webhooks are not compared.

    Args:
        old: what consumers were built for.
        new: what they will meet.

    Raises:
        UsageError: a schema is malformed, or the documents are too deeply nested or too entangled to compare.
    """
    comparison = _Comparison(old, new)
    try:
        comparison.paths()
    except RecursionError:
        raise UsageError(f"{old.name} and {new.name} are nested too deeply to compare") from None
    return comparison.ledger.changes()


class _Comparison:
    def __init__(self, old: Api, new: Api) -> None:
        self.ledger = Ledger()
        self._old = old
        self._new = new
        self._schemas = SchemaComparison(old.schemas, new.schemas)

    def paths(self) -> None:
        """Compare every path of the two."""
        twins = _twins(self._old, self._new)
        for path, calls in self._old.calls.items():
            twin = twins.get(path)
            if twin is None:
                self._whole(calls, "path-removed")
                continue
            others = self._new.calls[twin]
            if twin != path:
                one, two = _shown(calls), _shown(others)
                self.ledger.add(one, [Note("trailing-slash-changed", (), one, two)])
            for method, call in calls.items():
                if method in others:
                    self._call(call, others[method])
                else:
                    self.ledger.add(call.name, [Note("operation-removed")])
            for method, call in others.items():
                if method not in calls:
                    self.ledger.add(call.name, [Note("operation-added")])
        met = set(twins.values())
        for path, calls in self._new.calls.items():
            if path not in met:
                self._whole(calls, "path-added")

    def _whole(self, calls: Mapping[str, Call], rule: str) -> None:
        methods = ", ".join(calls)
        gone = rule == "path-removed"
        self.ledger.add(_shown(calls), [Note(rule, (), methods if gone else "", "" if gone else methods)])

    def _call(self, old: Call, new: Call) -> None:
        schemes = {scheme for way in (*old.security, *new.security) for scheme, _ in way}
        ways = _security(_demanded(old, schemes), _demanded(new, schemes))
        self.ledger.add(old.name, chain(_marks(old, new), ways))
        for key in [*old.parameters, *(key for key in new.parameters if key not in old.parameters)]:
            self._parameter(old, new, key)
        self._body(old, new)
        self._responses(old, new)

    def _parameter(self, old: Call, new: Call, key: tuple[str, str]) -> None:
        before, after = old.parameters.get(key), new.parameters.get(key)
        known = before or after
        assert known is not None
        place = f"{old.name} {known.place} {known.name}"
        if before is None or after is None:
            if known.required and _is_credential(key, old if before is None else new):
                # One document calls it a parameter, the other a way to authenticate; the wire is the same.
                return
            rule = "request-parameter-removed"
            if after is not None:
                rule = "request-parameter-added-required" if after.required else "request-parameter-added"
            one, two = _brief(before, self._old), _brief(after, self._new)
            self.ledger.add(place, [Note(rule, (), one, two)])
            return
        self.ledger.add(place, _parameter_marks(before, after))
        if self._written_alike(before, after):
            notes = self._compare(before.schema, after.schema, Side.REQUEST)
            # What is always sent needs no default.
            kept = [note for note in notes if note.rule != "request-default-changed" or not before.required]
            self.ledger.add(place, kept)
        else:
            note = Note("request-parameter-serialization-changed", (), _written(before), _written(after))
            self.ledger.add(place, [note])

    def _written_alike(self, old: Parameter, new: Parameter) -> bool:
        if old.style != new.style:
            return False
        if old.explode == new.explode:
            return True
        plain = NUMERIC | {"string", "boolean"}
        pairs = ((old, self._old), (new, self._new))
        return all(
            shape.types <= plain
            for parameter, api in pairs
            for shape in api.schemas.normal(_conjunction(parameter.schema)).shapes
        )

    def _body(self, old: Call, new: Call) -> None:
        before, after = old.body, new.body
        place = f"{old.name} request"
        if before is None or after is None:
            if after is not None:
                rule = "request-body-added-required" if after.required else "request-body-added"
                self.ledger.add(place, [Note(rule)])
            elif before is not None:
                self.ledger.add(place, [Note("request-body-removed")])
            return
        if before.required != after.required:
            self.ledger.add(place, [Note(f"request-body-now-{'required' if after.required else 'optional'}")])
        self._bodies(place, before, after)

    def _bodies(self, place: str, old: Body, new: Body) -> None:
        for media, schema in old.content.items():
            match = _covering(media, new.content)
            if match is None:
                self.ledger.add(place, [Note("request-media-type-removed", (), media)])
            else:
                self.ledger.add(place, self._compare(schema, new.content[match], Side.REQUEST))
        for media in new.content:
            if _covering(media, old.content) is None:
                self.ledger.add(place, [Note("request-media-type-added", (), "", media)])

    def _responses(self, old: Call, new: Call) -> None:
        compared: set[tuple[str, str]] = set()
        for status in old.responses:
            matches = _statuses(status, new.responses)
            if not matches:
                self.ledger.add(f"{old.name} {status}", [Note(f"{_class(status, old.responses)}-status-removed")])
            compared |= {(status, match) for match in matches}
        for status in new.responses:
            match = _covering_status(status, old.responses)
            if match is None and not any(pair[1] == status for pair in compared):
                self.ledger.add(f"{new.name} {status}", [Note(f"{_class(status, new.responses)}-status-added")])
            elif match is not None:
                compared.add((match, status))
        for before, after in sorted(compared):
            place = f"{old.name} {after if before == 'default' else before}"
            is_error = _class(before, old.responses) == "error"
            self._response(place, old.responses[before], new.responses[after], is_error=is_error)

    def _response(self, place: str, old: Response, new: Response, *, is_error: bool) -> None:
        if bool(old.content) != bool(new.content):
            what = "error-body" if is_error else "response-body"
            self.ledger.add(place, [Note(f"{what}-{'removed' if old.content else 'added'}")])
        else:
            for media in old.content:
                # An error is as well told in another kind of JSON, such as that of RFC 9457.
                kin = is_error and _is_json(media) and any(map(_is_json, new.content))
                if not kin and not any(_covers(media, other) for other in new.content):
                    self.ledger.add(place, [Note("response-media-type-removed", (), media)])
            for media, schema in new.content.items():
                match = _covering(media, old.content)
                if match is None:
                    self.ledger.add(place, [Note("response-media-type-added", (), "", media)])
                else:
                    self.ledger.add(place, self._compare(old.content[match], schema, Side.RESPONSE))
        for name in [*old.headers, *(name for name in new.headers if name not in old.headers)]:
            self._header(place, old.headers.get(name), new.headers.get(name))

    def _header(self, place: str, old: Header | None, new: Header | None) -> None:
        known = old or new
        assert known is not None
        spot = f"{place} header {known.name}"
        if new is None:
            optional = old is not None and not old.required
            self.ledger.add(spot, [Note("response-optional-header-removed" if optional else "response-header-removed")])
        elif old is None:
            self.ledger.add(spot, [Note("response-header-added")])
        else:
            if old.required != new.required:
                ending = "required" if new.required else "optional"
                self.ledger.add(spot, [Note(f"response-header-now-{ending}")])
            self.ledger.add(spot, self._compare(old.schema, new.schema, Side.RESPONSE))

    def _compare(self, old: object, new: object, side: Side) -> list[Note]:
        return self._schemas.notes(_conjunction(old), _conjunction(new), side)


def _conjunction(schema: object) -> tuple[object, ...]:
    return () if schema is None else (schema,)


def _twins(old: Api, new: Api) -> dict[str, str]:
    """Return by old path the new path that it became: the same, or the same but for a trailing slash."""
    found = {path: path for path in old.calls if path in new.calls}
    for path in old.calls:
        other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
        if path not in found and other in new.calls and other not in old.calls:
            found[path] = other
    return found


def _shown(calls: Mapping[str, Call]) -> str:
    return next(iter(calls.values())).path


def _marks(old: Call, new: Call) -> Iterator[Note]:
    if old.deprecated != new.deprecated:
        yield Note("operation-deprecated" if new.deprecated else "operation-undeprecated")
    if old.operation_id != new.operation_id:
        yield Note("operation-id-changed", (), old.operation_id, new.operation_id)
    for key, parameter in old.parameters.items():
        other = new.parameters.get(key)
        if key[0] == "path" and other is not None and other.name != parameter.name:
            yield Note("path-parameter-renamed", (), parameter.name, other.name)


def _parameter_marks(old: Parameter, new: Parameter) -> Iterator[Note]:
    if old.required != new.required:
        yield Note(f"request-parameter-now-{'required' if new.required else 'optional'}")
    if new.deprecated and not old.deprecated:
        yield Note("request-parameter-deprecated")


def _brief(parameter: Parameter | None, api: Api) -> str:
    if parameter is None:
        return ""
    allowed = told(api.schemas.normal(_conjunction(parameter.schema)))
    return f"{allowed}, {'required' if parameter.required else 'optional'}"


def _written(parameter: Parameter) -> str:
    return f"style {parameter.style}{', explode' if parameter.explode else ''}"


def _is_credential(key: tuple[str, str], call: Call) -> bool:
    """Tell whether every way to authenticate a call shows what a parameter carries."""
    return all((key_scheme(*key), "") in way for way in call.security)


def _demanded(call: Call, schemes: set[str]) -> tuple[Requirement, ...]:
    """Return the ways to authenticate, with required parameters that are one in either of two documents."""
    shown = {
        (scheme, "")
        for key, parameter in call.parameters.items()
        if parameter.required and (scheme := key_scheme(*key)) in schemes
    }
    return tuple(way | shown for way in call.security)


def _security(old: tuple[Requirement, ...], new: tuple[Requirement, ...]) -> Iterator[Note]:
    """Compare ways to authenticate: an old one works where some new one demands no more than it shows."""
    lost = [way for way in old if not any(demand <= way for demand in new)]
    if frozenset() in lost:
        yield Note("security-now-required", (), "", " or ".join(map(_way, new)))
    for way in lost:
        if way:
            yield Note("security-alternative-removed", (), _way(way), " or ".join(map(_way, new)))
    for way in new:
        if not way and old != new and frozenset() not in old:
            yield Note("security-no-longer-required", (), " or ".join(map(_way, old)))
        elif way and way not in old and frozenset() not in old and not lost:
            yield Note("security-alternative-added", (), "", _way(way))


def _way(way: Requirement) -> str:
    schemes = sorted(scheme for scheme, scope in way if not scope)
    scopes = sorted(scope for _, scope in way if scope)
    return " and ".join(schemes) + (f" ({', '.join(scopes)})" if scopes else "") or "nothing"


def _covers(broad: str, media: str) -> bool:
    """Tell whether a media type or range (RFC 9110, section 12.5.1) takes in another."""
    return broad in {media, "*/*"} or (broad.endswith("/*") and media.startswith(broad[:-1]))


def _is_json(media: str) -> bool:
    return media == "application/json" or media.endswith("+json")


def _covering(media: str, content: Content) -> str | None:
    """Return the most particular media type of a content that takes in one, None without any."""
    return max((broad for broad in content if _covers(broad, media)), key=len, default=None)


def _statuses(status: str, responses: Mapping[str, Response]) -> list[str]:
    """Return what a status or range of an old contract became in a new one."""
    if status in responses:
        return [status]
    inside = [
        other
        for other in responses
        if status.endswith("XX") and other.startswith(status[0]) and other not in {"default", status}
    ]
    if inside:
        return inside
    match = _covering_status(status, responses)
    return [] if match is None else [match]


def _covering_status(status: str, responses: Mapping[str, Response]) -> str | None:
    """Return the entry that speaks of a status (OpenAPI 3.1, section 4.8.16), None without any.

    A ``default`` beside a success is one for failures, as documents everywhere use it.
    """
    if status in responses:
        return status
    wide = f"{status[:1]}XX"
    if wide in responses:
        return wide
    if "default" in responses:
        is_success = status.startswith("2")
        if not is_success or not any(other.startswith("2") for other in responses):
            return "default"
    return None


def _class(status: str, responses: Mapping[str, Response]) -> str:
    if status.startswith("2") or (status == "default" and not any(other.startswith("2") for other in responses)):
        return "success"
    return "redirect" if status.startswith("3") else "error"
