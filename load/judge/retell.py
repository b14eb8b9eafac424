"""A purchase's life told again, as the fewest operations that leave the contract's invariants knowing what we know."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from contracts.history import OWNER, Answer, ApiOperation, Input, Operation
from contracts.routes import METHODS, PATHS
from load.judge.facts import ABSENT, BREAK, SPLIT, STATUSES, SUCCESS, Kind
from load.judge.register import (
    ACKED_BY,
    HELD,
    KNOWN_BY,
    NEVER,
    OPERATIONS,
    PHONED_BY,
    RACED_CODE,
    REFUSED,
    SETTLED_BY,
    STATUS,
    UNSURE,
    Register,
)

_HEADERS: Final = (("content-type", "application/json"),)
_NOT_NOW: Final = 429
"""How a request-code is told again of which only its time is known: a status that says nothing of the purchase."""

_ENDED: Final = 409
"""How one is told again that was refused after its purchase had ended (LIFE-9)."""


def retell(register: Register, number: int, row: int, kind: Kind, index: Callable[[], int]) -> list[Operation]:
    """Return operations that tell what the register knows of a purchase, in order of their answers.

    Their times are those of the answers that were seen; their bodies say what was seen, in as few words as an
    invariant needs.

    Args:
        register: the register.
        number: the purchase's id.
        row: its row.
        kind: its kind.
        index: gives each of them its index.
    """
    flags = register.flags[row]
    teller = _Teller(number, kind, register.text[row], STATUSES[flags & STATUS], index)
    known = (register.known_sent[row], register.known_ended[row])
    acked = (register.acked_sent[row], register.acked_ended[row])
    settled = (register.settled_sent[row], register.settled_ended[row])
    phoned = (register.phoned_sent[row], register.phoned_ended[row])
    asked = (register.asked_sent[row], register.asked_ended[row])
    told = {known: flags >> KNOWN_BY & 7}
    for times, shift in ((acked, ACKED_BY), (phoned, PHONED_BY), (settled, SETTLED_BY)):
        if times[1] != NEVER:
            told.setdefault(times, flags >> shift & 7)
    operations = []
    for times, by in told.items():
        with_phone = times[1] >= phoned[1]
        with_end = times == settled or (times[0] > settled[1])
        operations.append(teller.view(OPERATIONS[by], times, phone=with_phone, end=with_end))
    proved = SPLIT in register.text[row] or any(OPERATIONS[by] is not ApiOperation.RETRIEVE for by in told.values())
    if flags & HELD and not proved:
        # A view that settled nothing else proved whose it is; of that no time was kept.
        operations.append(teller.view(ApiOperation.LIST, known, phone=known[1] >= phoned[1], end=known == settled))
    if asked[1] != NEVER:
        again = 2 if flags & RACED_CODE else 1
        if asked == settled and flags >> SETTLED_BY & 7 == 3:
            again -= 1
        status = _ENDED if flags & REFUSED else _NOT_NOW
        operations += [teller.ask(asked, None if flags & UNSURE else status) for _ in range(again)]
    stood = register.stood[row]
    if stood > known[0] and (flags & STATUS <= SUCCESS or stood <= settled[1]):
        # Of the last view that showed it standing only the time of asking is known; nothing else is read of it.
        end = flags & STATUS == SUCCESS and stood > settled[1]
        times = (stood, max(stood, known[1]))
        operations.append(teller.view(ApiOperation.RETRIEVE, times, phone=stood > phoned[1], end=end))
    return sorted(operations, key=lambda operation: (operation.returned, operation.invoked))


def given(number: int, index: int, at: float) -> Operation:
    """Return a create that was answered with an id, long before a moment."""
    body = json.dumps({"id": number}).encode()
    return Operation(
        index,
        OWNER,
        ApiOperation.CREATE,
        Input("POST", PATHS[ApiOperation.CREATE], headers=_HEADERS, body=b'{"country_code":"US"}'),
        Answer(200, _HEADERS, body),
        at,
        at,
    )


class _Teller:
    """Writes the operations of one purchase."""

    def __init__(self, number: int, kind: Kind, text: str, status: str, index: Callable[[], int]) -> None:
        head, _, proof = text.partition(SPLIT)
        phone, _, created = head.partition(BREAK)
        self._number = number
        self._index = index
        self._kind = kind
        self._status = status
        self._phone = phone or None
        self._proof = _proof(proof) if proof else None
        self._data: dict[str, Any] = {
            "id": number,
            "country_code": kind.country,
            "display_name": {"ru": kind.ru, "en": kind.en},
            "phone_number": None,
            "price": {"amount": kind.amount, "currency_code": kind.currency},
            "status": "PENDING",
            "purchase_type": kind.type,
            "verification": None,
            "created_at": created,
        }

    def view(self, by: ApiOperation, times: tuple[float, float], *, phone: bool, end: bool) -> Operation:
        data = self._data | {"phone_number": self._phone if phone else None}
        if end:
            data |= {"status": self._status, "verification": self._proof}
        document = data
        if by is ApiOperation.LIST:
            pages = {"current_page": 1, "total_pages": 1, "has_next": False}
            document = {"items": [data], "pagination": pages}
        elif by is ApiOperation.REQUEST_CODE:
            document = {"purchase": data, "code_request": {"status": "pending"}}
        return self._operation(by, times, Answer(200, _HEADERS, json.dumps(document).encode()))

    def ask(self, times: tuple[float, float], status: int | None) -> Operation:
        answer = None if status is None else Answer(status, _HEADERS)
        return self._operation(ApiOperation.REQUEST_CODE, times, answer)

    def _operation(self, by: ApiOperation, times: tuple[float, float], answer: Answer | None) -> Operation:
        country = f'{{"country_code":"{self._kind.country}"}}'.encode()
        sent = Input(
            METHODS[by],
            PATHS[by].replace("{id}", str(self._number)),
            (("page", "1"), ("page_size", "50")) if by is ApiOperation.LIST else (),
            _HEADERS,
            country if by is ApiOperation.CREATE else b"",
        )
        return Operation(self._index(), OWNER, by, sent, answer, times[0], times[1])


def _proof(text: str) -> dict[str, Any]:
    code, password, received = text.split(BREAK)
    return {"code": code, "password": None if password == ABSENT else password, "received_at": received}
