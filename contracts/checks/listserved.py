"""LIST-1 to LIST-3: a list is served at any lawful page size, for any status and in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple

from contracts.checks import scope
from contracts.history import Answer, ApiOperation, Demand, Mark
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.reading import Reading

_TELLS_NOTHING: Final = frozenset({401, 402, 403, 405, 407, 408, 421, 425, 429, 431})
"""Refusals that are about the key, the operation as a whole, or the moment, never about the page asked for."""

_ENOUGH: Final = 2
"""What confirmed refusals must weigh: a 4xx is an answer to the request, a single 500 may be an accident."""

MAX_WALKS: Final = 64
"""Walks whose next page is awaited at one time."""

_FURTHER: Final = "page"
_TOGETHER: Final = "combination"
_CLAUSES: Final[Mapping[str, str]] = {
    "page_size": "LIST-1",
    _FURTHER: "LIST-1",
    "status": "LIST-2",
    "sort": "LIST-3",
    _TOGETHER: "LIST-2",
}
_PROMISES: Final[Mapping[str, str]] = {
    "LIST-1": "200 for every page that there is, at any page_size from 1 to 50",
    "LIST-2": "200 for every known status",
    "LIST-3": "200 for date_asc, for date_desc and without sort",
}


class _Aspect(NamedTuple):
    """One property of a list request that may be why it is refused."""

    name: str
    value: str


class _Refused(NamedTuple):
    """The first of several alike requests that were refused."""

    mark: Mark
    line: str
    status: int


class ListServedCheck(Monitor):
    """Finds what of a lawful list request is refused whenever it is asked for.

    A refusal counts once another list request was served after it: the list works, and this request does not. What
    was ever served, in whatever combination, is not to blame. Of pages, the first always exists, and any other one
    that the page before it, in the same walk, announced.
    """

    clauses: ClassVar[tuple[str, ...]] = ("LIST-1", "LIST-2", "LIST-3")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._served: set[_Aspect] = set()
        self._pending: dict[tuple[_Aspect, ...], _Refused] = {}
        self._first: dict[tuple[_Aspect, ...], _Refused] = {}
        self._weights: Counter[tuple[_Aspect, ...]] = Counter()
        self._announced: dict[str, int] = {}

    def observe(self, reading: Reading, docket: Docket) -> None:  # noqa: ARG002 - judged in the end
        """Note whether a lawful list request was served."""
        operation = reading.operation
        answer = operation.answer
        if (
            answer is None
            or reading.route.api_operation is not ApiOperation.LIST
            or not operation.authenticated
            or reading.judgement.demand is not Demand.SERVE
        ):
            return
        asked = dict(operation.input.query)
        if reading.served:
            self._served.update(_aspects(asked))
            self._announce(reading, asked)
            self._confirm()
        elif self._exists(operation.walk, asked) and _is_refused(answer, asked):
            self._pending.setdefault(_aspects(asked), _refused(reading, answer))

    def finish(self, docket: Docket) -> None:
        """Blame what was refused whenever it was asked for."""
        shares: Counter[_Aspect] = Counter()
        for aspects, weight in self._weights.items():
            shares.update({aspect: weight for aspect in aspects if aspect not in self._served})
        blamed: dict[_Aspect, _Refused] = {}
        for aspects, refused in self._first.items():
            suspects = [aspect for aspect in aspects if aspect not in self._served]
            if suspects:
                # Of several suspects, the one that explains most.
                blamed.setdefault(max(suspects, key=shares.__getitem__), refused)
        for aspect, refused in blamed.items():
            if shares[aspect] >= _ENOUGH:
                _report(aspect, refused, docket)

    def _confirm(self) -> None:
        for aspects, refused in self._pending.items():
            self._first.setdefault(aspects, refused)
            self._weights[aspects] += 1 if refused.status >= 500 else _ENOUGH
        self._pending.clear()

    def _announce(self, reading: Reading, asked: Mapping[str, str]) -> None:
        """Note which page of a walk must exist as well; purchases leave a status, and never the whole list."""
        walk, value = reading.operation.walk, reading.document.value
        pagination = value.get("pagination") if isinstance(value, dict) else None
        self._announced.pop(walk, None)
        if walk and "status" not in asked and isinstance(pagination, dict) and pagination.get("has_next") is True:
            self._announced[walk] = int(asked["page"]) + 1
            if len(self._announced) > MAX_WALKS:
                del self._announced[next(iter(self._announced))]

    def _exists(self, walk: str, asked: Mapping[str, str]) -> bool:
        return asked["page"] == "1" or str(self._announced.get(walk)) == asked["page"]


def _aspects(asked: Mapping[str, str]) -> tuple[_Aspect, ...]:
    """Return what a refusal of a lawful request may be about, the likeliest first."""
    if asked["page"] != "1":
        return (_Aspect(_FURTHER, "beyond the first"),)
    status, sort = asked.get("status"), asked.get("sort")
    found = [_Aspect("page_size", asked["page_size"]), _Aspect("sort", sort or "left out")]
    if status is not None:
        found.insert(1, _Aspect("status", status))
        if sort is not None:
            found.append(_Aspect(_TOGETHER, "of status and sort"))
    return tuple(found)


def _is_refused(answer: Answer, asked: Mapping[str, str]) -> bool:
    if answer.truncated:
        return False
    if answer.status == 404 and "status" in asked:
        # Some services answer so where nothing is of that status.
        return False
    return answer.status == 500 or (400 <= answer.status < 500 and answer.status not in _TELLS_NOTHING)


def _refused(reading: Reading, answer: Answer) -> _Refused:
    query = "&".join(f"{name}={value}" for name, value in reading.operation.input.query)
    return _Refused(reading.mark, f"{scope.request_line(reading)}?{query}", answer.status)


def _report(aspect: _Aspect, refused: _Refused, docket: Docket) -> None:
    clause = _CLAUSES[aspect.name]
    docket.exercise(clause)
    docket.violate(
        violation(
            clause,
            f"{aspect.name} never served",
            f"a lawful list request is refused for its {aspect.name}",
            refused.mark,
            expected=_PROMISES[clause],
            observed=f"{aspect.name} {aspect.value}: {refused.line} was answered with {refused.status}, "
            "while other list requests were served",
        )
    )
