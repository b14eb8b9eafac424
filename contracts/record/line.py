"""One operation as one JSON object of the history file, and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.history import Aim, Answer, ApiOperation, Demand, Input, Operation
from contracts.record.learning import doubtful_in
from contracts.record.masking import Masker

MAX_BODY: Final = 64 * 1024
"""Characters of a body that are kept."""

_MARGIN: Final = 4096
"""Characters masked beyond those kept, so that no secret is cut in two before it is masked."""

_KINDS: Final = {kind.value: kind for kind in ApiOperation}

_FROM_THE_WIRE: Final = (
    "path",
    "query",
    "request_headers",
    "request_body",
    "response_headers",
    "response_body",
    "error",
)
_FROM_THE_TARGET: Final = ("response_headers", "response_body")


def to_line(operation: Operation, masker: Masker) -> dict[str, Any]:
    """Return the history line of an operation, its secrets masked.

    A body that is not UTF-8 stands in base64 under ``request_body_base64`` or ``response_body_base64``,
    masked before it was encoded. Of a body longer than ``MAX_BODY`` the rest is left out, and
    ``request_body_cut`` or ``response_body_cut`` tells how many bytes it had.

    Args:
        operation: any recorded call.
        masker: knows the run's secrets.
    """
    sent, answer, aim = operation.input, operation.answer, operation.aim
    return {
        "index": operation.index,
        "principal": operation.principal,
        "operation": operation.api_operation.value,
        "method": sent.method,
        "path": masker.mask(sent.path),
        "query": masker.mask_value(sent.query),
        "request_headers": masker.mask_value(sent.headers),
        **_body("request_body", sent.body, masker),
        "status": operation.status,
        "response_headers": None if answer is None else masker.mask_value(answer.headers),
        **_body("response_body", None if answer is None else answer.body, masker),
        **({"response_truncated": True} if answer is not None and answer.truncated else {}),
        "outcome": operation.outcome.value,
        "error": None if operation.error is None else masker.mask(operation.error),
        "invoked": operation.invoked,
        "returned": operation.returned,
        "wall": operation.wall,
        "lane": operation.lane,
        "walk": operation.walk,
        "aim": None if aim is None else {"clause": aim.clause, "reason": masker.mask(aim.reason), "demand": aim.demand},
    }


def mask_again(line: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    """Return a history line with the secrets that became known after it was written masked as well."""
    return _masked(line, masker, _FROM_THE_WIRE)


def withhold(line: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
    """Return a history line without what may turn out to be a secret, ``<withheld:1>`` and so on in its place.

    Equal values have equal numbers within one line.

    Args:
        line: as ``to_line`` made it.
        operation: what it was made of.
    """
    masker = Masker({})
    for value in doubtful_in(operation):
        masker.learn("withheld", value)
    return _masked(line, masker, _FROM_THE_TARGET)


def _masked(line: Mapping[str, Any], masker: Masker, names: Sequence[str]) -> dict[str, Any]:
    masked = dict(line)
    for name in names:
        masked[name] = masker.mask_value(line[name])
        encoded = line.get(f"{name}_base64")
        if encoded is not None:
            masked[f"{name}_base64"] = _encoded(masker.mask(_decoded(encoded)))
    return masked


def from_line(line: Mapping[str, Any]) -> Operation:
    """Return the operation of a history line, its secrets still masked.

    A response that was cut comes back as truncated: its outcome is unknown.

    Raises:
        ValueError: a member has a value that no operation has.
        KeyError: a member is missing.
        TypeError: a member is of another type.
    """
    aim = line["aim"]
    status = line["status"]
    return Operation(
        index=_integer(line["index"]),
        principal=_text(line["principal"]),
        api_operation=_KINDS.get(line["operation"]) or ApiOperation(line["operation"]),
        input=Input(
            _text(line["method"]),
            _text(line["path"]),
            _pairs(line["query"]),
            _pairs(line["request_headers"]),
            body_of(line, "request_body") or b"",
        ),
        answer=None
        if status is None
        else Answer(
            _integer(status),
            _pairs(line["response_headers"]),
            body_of(line, "response_body") or b"",
            "response_body_cut" in line or line.get("response_truncated") is True,
        ),
        invoked=float(line["invoked"]),
        returned=float(line["returned"]),
        wall=float(line["wall"]),
        error=None if line["error"] is None else _text(line["error"]),
        lane=_text(line["lane"]),
        walk=_text(line["walk"]),
        aim=None if aim is None else Aim(_text(aim["clause"]), _text(aim["reason"]), Demand(aim["demand"])),
    )


def body_of(line: Mapping[str, Any], name: str) -> bytes | None:
    """Return a body as bytes, None where the line has none.

    Args:
        line: a decoded history line.
        name: ``request_body`` or ``response_body``.

    Raises:
        ValueError: what should be base64 is none.
        KeyError: it is missing.
        TypeError: it is no text.
    """
    encoded = line.get(f"{name}_base64")
    if encoded is not None:
        return base64.b64decode(_text(encoded), validate=True)
    text = line[name]
    return None if text is None else _text(text).encode("utf-8")


def dumps(line: Mapping[str, Any]) -> bytes:
    """Return a history line as bytes, pure ASCII so that no text can break it, ended."""
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def readable(body: bytes, masker: Masker, limit: int) -> tuple[str, bool, bool]:
    """Return a body as masked text.

    Args:
        body: the bytes of a request or response.
        masker: knows the run's secrets.
        limit: characters that are kept.

    Returns:
        The text; whether it is UTF-8 (else its odd bytes are lone surrogates, as Python's
        ``surrogateescape`` has it); whether it was cut.
    """
    # No character takes more than four bytes.
    whole = body[: 4 * (limit + _MARGIN)].decode("utf-8", "surrogateescape")
    cut = len(whole) > limit
    text = masker.mask(whole[: limit + _MARGIN])
    if cut:
        text = text[:limit]
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text, False, cut
    return text, True, cut


def _body(name: str, body: bytes | None, masker: Masker) -> dict[str, Any]:
    if body is None:
        return {name: None}
    text, is_utf8, cut = readable(body, masker, MAX_BODY)
    kept: dict[str, Any] = {name: text} if is_utf8 else {name: None, f"{name}_base64": _encoded(text)}
    return {**kept, f"{name}_cut": len(body)} if cut else kept


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")


def _decoded(encoded: str) -> str:
    return base64.b64decode(encoded).decode("utf-8", "surrogateescape")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is no text")
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{str(value)[:40]!r} is no integer")
    return value


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        raise TypeError(f"{str(value)[:40]!r} is no list of pairs")
    # A million lines have some millions of pairs: no call for each of them.
    pairs = tuple([(name, content) for name, content in value])
    for name, content in pairs:
        if type(name) is not str or type(content) is not str:
            raise TypeError(f"{str((name, content))[:40]!r} is no pair of texts")
    return pairs
