"""INPUT and AUTH-1: requests that must be refused are, with the right status and never with a 5xx."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple

from contracts.checks import scope
from contracts.checks.rulings import OTHER_REFUSAL, SERVER_ERROR, Ruling, refused_id_is_unknown, rule
from contracts.demand import Fault
from contracts.finding import Violation
from contracts.history import Answer, ApiOperation, Demand
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.reading import Reading
from contracts.statuses import OUTAGES, UNJUDGED

_SUBJECTS: Final[Mapping[str, str]] = {
    "AUTH-1": "a request without the right key",
    "INPUT-1": "an ill-formed create",
    "INPUT-3": "a create for a country that cannot be bought",
    "INPUT-5": "a body with extra keys",
    "INPUT-7": "an unsupported method",
    "INPUT-8": "an impossible id",
    "INPUT-9": "a list parameter out of its domain",
    "WIRE-2": "a body where none is needed",
}

_EXPECTED: Final[Mapping[str, str]] = {
    "AUTH-1": "401 or 403",
    "INPUT-1": "400 or 422; for an odd but lawful request anything but a 5xx",
    "INPUT-3": "a 4xx other than 409",
    "INPUT-5": "the keys ignored, or a 4xx",
    "INPUT-7": "405; 404 and 501 are tolerated",
    "INPUT-8": "a 4xx; for an id that nobody was given 404, where 403 is tolerated",
    "INPUT-9": "a 4xx",
    "WIRE-2": "anything but a 5xx",
}

_VERBS: Final[Mapping[str, str]] = {
    "accepted": "was accepted",
    "server error": "caused a server error",
    "redirected": "was redirected",
    "another refusal": "was refused with a status that means something else",
    "a conflict": "was refused as a conflict, which the official clients retry",
    "clamped": "was served as if it were another",
}

_SHOWS_SERVED: Final = frozenset({*range(200, 300), 400, 402, 409, 422})
"""Statuses by which a target shows that it has an operation at all."""


MAX_HELD: Final = 20
"""Answers of one operation that are held back until it is known to be served."""

MIN_OUTAGES: Final = 3
"""Outages that one kind of fault must meet, each with the target up before it, to be no coincidence."""


_BETWEEN: Final = UNJUDGED - OUTAGES - {408, 429}
"""What a proxy or a front answers to whomever it will: it tells of keys where the keyless alone get it."""

_Form = tuple[ApiOperation, bool]
"""An API operation, and whether it is addressed with a trailing slash."""


class _Outage(NamedTuple):
    """What one kind of fault met instead of an answer.

    Attributes:
        first: the violation that it is if no proper answer ever comes.
        times: how often it was met with the target up just before.
    """

    first: Violation | None = None
    times: int = 0


_ANSWERED: Final = _Outage()
"""Stands for a kind of fault that was answered properly at least once."""


class RefusalCheck(Monitor):
    """Judges the status of every answer to a request that must, or may, be refused.

    It remembers which operations the target serves: a 404 for a bad id means nothing where every id is
    answered with 404, so that such an answer counts only once the operation has been seen to exist. And it
    tells an outage from a 503 that is the answer to one kind of request, whenever that is sent.
    """

    clauses: ClassVar[tuple[str, ...]] = tuple(_SUBJECTS)

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._strange: dict[_Form, list[Violation]] = {}
        self._outages: dict[tuple[str, str], _Outage] = {}
        self._up = True
        self._served: set[ApiOperation] = {ApiOperation.CREATE, ApiOperation.OTHER}
        self._forms: set[_Form] = {(ApiOperation.CREATE, False)}
        self._waiting: Counter[tuple[ApiOperation, str]] = Counter()

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Judge one answer."""
        operation = reading.operation
        answer = operation.answer
        if answer is None or answer.truncated or answer.status < 200 or scope.is_other_resource(reading):
            return
        if answer.status in UNJUDGED:
            if answer.status in OUTAGES or (answer.status in _BETWEEN and _is_keyless(reading)):
                self._note_outage(reading, answer)
            return
        self._up = True
        if operation.authenticated and answer.status in _SHOWS_SERVED:
            self._serve(reading.route.api_operation, docket)
            self._forms.add(_form(reading))
        judgement = reading.judgement
        if judgement.demand is Demand.REFUSE:
            self._judge_refusal(reading, answer, docket)
        elif judgement.demand is Demand.EITHER:
            _judge_either(reading, answer, docket)

    def _judge_refusal(self, reading: Reading, answer: Answer, docket: Docket) -> None:
        faults = reading.judgement.faults
        if reading.route.api_operation is ApiOperation.OTHER:
            # No key opens or closes what the contract does not have; only its own method clause judges.
            faults = tuple(fault for fault in faults if fault.clause != "AUTH-1")
        for fault in faults:
            self._outages[fault.clause, fault.reason] = _ANSWERED
        rulings = [(fault, rule(fault, reading, answer)) for fault in faults]
        # A request with several faults may be refused for any of them.
        for fault, ruling in rulings:
            if ruling is not None and ruling.right:
                if fault.clause in _SUBJECTS:
                    self._exercise(reading, answer, fault.clause, docket)
                return
        for fault, ruling in rulings:
            if ruling is None and fault.clause == "AUTH-1" and answer.status == 404 and len(faults) == 1:
                held = self._strange.setdefault(_form(reading), [])
                held += [_violation(fault, OTHER_REFUSAL, reading)] if len(held) < MAX_HELD else []
            if ruling is None:
                # Where one fault's status cannot be judged, it may be the reason of the answer.
                return
            self._exercise(reading, answer, fault.clause, docket)
            _report(fault, ruling, reading, docket)
            return

    def finish(self, docket: Docket) -> None:
        """Judge what could be told from a lacking operation, or from an outage, only in the end."""
        for form, held in self._strange.items():
            # A trailing slash that is not served is WIRE-1's finding, and says nothing of keys.
            for found in held if form in self._forms else ():
                docket.exercise(found.clause)
                docket.violate(found)
        for outage in self._outages.values():
            if outage.first is not None and outage.times >= MIN_OUTAGES:
                docket.exercise(outage.first.clause)
                docket.violate(outage.first)

    def _note_outage(self, reading: Reading, answer: Answer) -> None:
        """Count the outages that one kind of fault met while the target was up before each of them."""
        faults = reading.judgement.faults
        if reading.judgement.demand is Demand.REFUSE and faults and faults[0].clause in _SUBJECTS and self._up:
            key = (faults[0].clause, faults[0].reason)
            known = self._outages.get(key, _Outage())
            if known is not _ANSWERED:
                kind = SERVER_ERROR if answer.status in OUTAGES else OTHER_REFUSAL
                first = known.first or _violation(faults[0], kind, reading)
                self._outages[key] = _Outage(first, known.times + 1)
        self._up = False

    def _exercise(self, reading: Reading, answer: Answer, clause: str, docket: Docket) -> None:
        kind = reading.route.api_operation
        if answer.status == 404 and kind not in self._served:
            self._waiting[kind, clause] += 1
        else:
            docket.exercise(clause)

    def _serve(self, kind: ApiOperation, docket: Docket) -> None:
        if kind in self._served:
            return
        self._served.add(kind)
        for key in [key for key in self._waiting if key[0] is kind]:
            docket.exercise(key[1], self._waiting.pop(key))


def _is_keyless(reading: Reading) -> bool:
    faults = reading.judgement.faults
    return bool(faults) and faults[0].clause == "AUTH-1"


def _form(reading: Reading) -> _Form:
    return reading.route.api_operation, reading.route.slash


def _judge_either(reading: Reading, answer: Answer, docket: Docket) -> None:
    """Judge a request that servers may take or refuse: a 5xx is neither."""
    kind = reading.route.api_operation
    oddities = [clause for clause in reading.judgement.oddities if clause in _SUBJECTS and clause != "INPUT-7"]
    if "INPUT-5" in oddities:
        docket.exercise("INPUT-5")
    if not oddities or answer.status < 500 or (answer.status == 501 and kind is not ApiOperation.CREATE):
        return
    aim = reading.operation.aim
    clause = aim.clause if aim is not None and aim.clause in oddities else oddities[0]
    if clause != "INPUT-5":
        docket.exercise(clause)
    reason = aim.reason if aim is not None and aim.clause == clause else "odd but lawful"
    _report(Fault(clause, reason), SERVER_ERROR, reading, docket)


def _report(fault: Fault, ruling: Ruling, reading: Reading, docket: Docket) -> None:
    docket.violate(_violation(fault, ruling, reading))


def _violation(fault: Fault, ruling: Ruling, reading: Reading) -> Violation:
    subject, cause = _SUBJECTS[fault.clause], ruling.kind
    if fault.clause == "INPUT-8" and refused_id_is_unknown(fault, reading):
        subject, cause = "an id that nobody was given", f"unknown id: {ruling.kind}"
    return violation(
        fault.clause,
        cause,
        f"{subject} {_VERBS[ruling.kind]}",
        reading.mark,
        expected=_EXPECTED[fault.clause],
        observed=f"{fault.reason}: {scope.request_line(reading)} was answered with {reading.operation.status}",
        severity=ruling.severity,
    )
