"""The steps of a replay in a reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contracts.gate.replay.steps import Call, Lever, Script, Settle, Step, Together, Walk
from contracts.history import OTHER, OWNER, STRANGER, ApiOperation, Operation
from contracts.reading import Reading
from contracts.record.curl import query_string

_SHOWN: Final = 60
_ADMIN: Final[Mapping[str, str]] = {
    "refund": "an administrator refunds {name}",
    "expire": "{name} expires",
}
_PROVIDER: Final[Mapping[str, str]] = {
    "SUCCESS": "",
    "ERROR": ", the provider fails",
    "PENDING": ", the provider is not ready",
}


def names_of(script: Script) -> dict[int, str]:
    """Return what each purchase is called: ``#1`` for the first one made, its id for one that was there before."""
    made = dict.fromkeys(number for step in script for number in sorted(step.made))
    names = {number: f"#{place}" for place, number in enumerate(made, 1)}
    found = (number for step in script for number in sorted(step.purchases))
    return names | {number: f"purchase {number}" for number in found if number not in names}


def lines_of(script: Script) -> list[str]:
    """Return a script line by line; the same step several times in a row is one line."""
    names = names_of(script)
    lines: list[str] = []
    for step in script:
        lines += _lines(step, names)
    return list(_folded(lines))


def _lines(step: Step, names: Mapping[int, str]) -> Iterator[str]:
    if isinstance(step, Call):
        yield _call(step, names)
    elif isinstance(step, Together):
        yield f"{len(step.calls)} requests at once:"
        yield from _folded([f"   {_call(call, names)}" for call in step.calls])
    elif isinstance(step, Walk):
        yield f"{_who(step.first.principal)} walks the list{_listed(step.first, 'in pages of')}"
    elif isinstance(step, Settle):
        yield "every purchase is read once more"
    elif isinstance(step, Lever):
        if step.purchase is None:
            yield f"the clock moves {step.seconds / 60:.0f} minutes"
        else:
            yield _ADMIN[step.action].format(name=names[step.purchase])


def _folded(lines: Sequence[str]) -> Iterator[str]:
    place = 0
    while place < len(lines):
        times = 1
        while place + times < len(lines) and lines[place + times] == lines[place]:
            times += 1
        yield lines[place] + (f" ×{times}" if times > 1 else "")
        place += times


def _call(call: Call, names: Mapping[int, str]) -> str:
    made = "" if call.makes is None else f" -> {names[call.makes]}"
    return f"{_who(call.operation.principal)} {_what(call, names)}{made}"


def _who(principal: str) -> str:
    if principal == OWNER:
        return "owner"
    if principal == OTHER:
        return "other owner"
    return f"stranger ({principal.removeprefix(STRANGER).lstrip(':')})"


def _what(call: Call, names: Mapping[int, str]) -> str:
    operation = call.operation
    reading = Reading(operation)
    slash = " with a trailing slash" if reading.route.slash else ""
    name = names[call.names] if call.names is not None else f"purchase {_cut(reading.route.parameter or '')}"
    match reading.route.api_operation:
        case ApiOperation.CREATE:
            return _create(reading) + slash
        case ApiOperation.RETRIEVE:
            return f"reads {name}{slash}"
        case ApiOperation.REQUEST_CODE:
            return f"asks for the code of {name}{_body(operation)}{_PROVIDER.get(call.wanted or '', '')}{slash}"
        case ApiOperation.REFUND:
            return f"asks for the money of {name} back{_body(operation)}{slash}"
        case ApiOperation.LIST:
            return f"lists{_listed(operation, 'of')}{slash}"
        case ApiOperation.ACCOUNT:
            return f"reads the offer of {_cut(reading.route.parameter or '')}{slash}"
        case ApiOperation.PROFILE:
            return f"reads the balance{slash}"
        case _:
            path = operation.input.path
            if call.names is not None:
                path = path.replace(f"/{call.names}", f"/{name}")
            return f"sends {operation.input.method} {_cut(path)}{_body(operation)}"


def _create(reading: Reading) -> str:
    value = reading.sent.value
    country = reading.asked_country
    if isinstance(value, dict) and len(value) == 1 and country is not None and country.isalpha() and country.isascii():
        return f"buys in {_cut(country)}"
    query = query_string(reading.operation.input.query)
    return f"buys with the body {_text(reading.operation.input.body)}" + (
        f" and the query {_cut(query)}" if query else ""
    )


def _body(operation: Operation) -> str:
    return f" with the body {_text(operation.input.body)}" if operation.input.body else ""


def _text(body: bytes) -> str:
    return ascii(_cut(body.decode("utf-8", "backslashreplace")))[1:-1] or "(empty)"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def _listed(operation: Operation, of: str) -> str:
    asked = dict(operation.input.query)
    size, page = asked.pop("page_size", None), asked.pop("page", None)
    paged = "" if size is None else f" {of} {_cut(size)}"
    if of == "of":
        paged = f" page {_cut(page or '?')}{paged}"
    rest = "".join(f", {name} {_cut(value)}" for name, value in asked.items() if name.lower() != "x-api-key")
    return paged + rest
