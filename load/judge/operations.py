"""A call and its reply as the contract's operation, for the few answers that are judged in full."""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import parse_qsl

import orjson

from contracts.history import Answer, ApiOperation, Input, Operation
from load.call import TOO_LARGE, Call, Reply

_JSON: Final = (("content-type", "application/json"),)

_STEMS: Final = {
    ApiOperation.RETRIEVE: (len("/v1/purchases/"), None),
    ApiOperation.REQUEST_CODE: (len("/v1/purchases/"), -len("/request-code")),
    ApiOperation.REFUND: (len("/v1/purchases/"), -len("/refund")),
}


def operation_of(call: Call, reply: Reply, index: int) -> Operation:
    """Return what happened as an operation.

    Args:
        call: what was sent. The key is left out of its headers: no check needs it, and no record may show it.
        reply: what came of it.
        index: its position among the answers of this process.
    """
    path, _, query = call.path.partition("?")
    sent = Input(
        call.method,
        path,
        tuple(parse_qsl(query, keep_blank_values=True)),
        _JSON if call.body or call.labelled else (),
        call.body,
    )
    answer = None
    if reply.status:
        answer = Answer(reply.status, reply.headers, reply.body, truncated=reply.error == TOO_LARGE)
    return Operation(
        index,
        call.principal,
        call.operation,
        sent,
        answer,
        reply.sent,
        reply.ended,
        time.time(),
        reply.error,
        aim=call.aim,
    )


def excerpt_of(operation: Operation, items: list[object]) -> Operation:
    """Return a list call as if its page had shown these items only.

    Invariants of purchases look at items one by one; those that are surely lawful are not shown to them.
    """
    answer = operation.answer
    assert answer is not None
    pages = {"current_page": 1, "total_pages": 1, "has_next": False}
    body = orjson.dumps({"items": items, "pagination": pages})
    return Operation(
        operation.index,
        operation.principal,
        operation.api_operation,
        operation.input,
        Answer(answer.status, answer.headers, body),
        operation.invoked,
        operation.returned,
        operation.wall,
        aim=operation.aim,
    )


def purchase_of(call: Call) -> int | None:
    """Return the id that a call names, None where it names none that is plainly written."""
    stem = _STEMS.get(call.operation)
    if stem is None:
        return None
    text = call.path[stem[0] : stem[1]]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else None
