"""A reading: one operation with its answer decoded once, and every purchase that the answer shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from contracts.demand import Judgement, judge
from contracts.document import Document, parse
from contracts.history import ApiOperation, Mark, Operation, Outcome
from contracts.routes import Route, route


@dataclass(frozen=True, slots=True)
class View:
    """One purchase as one answer shows it.

    Attributes:
        mark: the operation that showed it.
        data: the purchase object as decoded, of any content.
        pointer: where it stands in the answer, a JSON pointer (RFC 6901): ``""``, ``/purchase``, ``/items/3``.
    """

    mark: Mark
    data: Mapping[str, object]
    pointer: str

    @property
    def id(self) -> int | None:
        """The purchase's id where it is an integer, else None."""
        value = self.data.get("id")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def status(self) -> str | None:
        """The status where it is a string, else None."""
        value = self.data.get("status")
        return value if isinstance(value, str) else None


class Reading:
    """One operation, decoded.

    Attributes:
        operation: the operation as recorded.
        mark: the operation without its bytes.
        route: where the request went.
        judgement: what the contract demands for the request.
    """

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.mark: Mark = operation.mark
        self.route: Route = route(operation.input.method, operation.input.path)
        self.judgement: Judgement = judge(operation)

    @cached_property
    def document(self) -> Document:
        """The answer's body, decoded strictly; an error where there is no answer."""
        answer = self.operation.answer
        return Document(None, "no answer") if answer is None else parse(answer.body)

    @cached_property
    def sent(self) -> Document:
        """The request's body, decoded strictly."""
        return parse(self.operation.input.body)

    @property
    def served(self) -> bool:
        """True for a 200 on one of the seven operations by a principal with a valid key."""
        operation = self.operation
        return (
            operation.outcome is Outcome.OK
            and operation.authenticated
            and operation.api_operation is not ApiOperation.OTHER
        )

    @cached_property
    def purchase_id(self) -> int | None:
        """The id that the request's path names, where it is a canonical integer, else None."""
        raw = self.route.parameter
        if self.route.api_operation not in _BY_ID or raw is None:
            return None
        return int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 16 else None

    @cached_property
    def asked_country(self) -> str | None:
        """The country code that a create or an account call asked for, where it is a string."""
        if self.route.api_operation is ApiOperation.ACCOUNT:
            return self.route.parameter
        value = self.sent.value
        if self.route.api_operation is ApiOperation.CREATE and isinstance(value, dict):
            code = value.get("country_code")
            return code if isinstance(code, str) else None
        return None

    @cached_property
    def views(self) -> tuple[View, ...]:
        """Every purchase object that a 2xx answer shows, in order; empty for refusals."""
        if self.operation.outcome is not Outcome.OK:
            return ()
        return tuple(self._views())

    def _views(self) -> Iterator[View]:
        value = self.document.value
        if not isinstance(value, dict):
            return
        kind = self.route.api_operation
        if kind in {ApiOperation.CREATE, ApiOperation.RETRIEVE}:
            yield View(self.mark, value, "")
        elif kind in {ApiOperation.REQUEST_CODE, ApiOperation.REFUND}:
            inner = value.get("purchase")
            if isinstance(inner, dict):
                yield View(self.mark, inner, "/purchase")
        elif kind is ApiOperation.LIST:
            items = value.get("items")
            for number, item in enumerate(items if isinstance(items, list) else ()):
                if isinstance(item, dict):
                    yield View(self.mark, item, f"/items/{number}")


_BY_ID = frozenset({ApiOperation.RETRIEVE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND})
