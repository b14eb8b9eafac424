"""Aiming: generated requests turned on the shop at hand, with its countries and purchases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from schemathesis.core import NotSet
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario

from contracts.demand import MAX_ID, is_assigned
from contracts.gate.fuzz.source import Case
from contracts.gate.fuzz.wireform import Request, request_of
from contracts.gate.refusals import UNKNOWN_AHEAD
from contracts.gate.session import Session
from contracts.gate.survey import FIRST_COUNTRIES, Survey
from contracts.history import OWNER, STRANGER, Aim, ApiOperation, Demand

UNKNOWN: Final = Aim("INPUT-8", "an id nobody was given", Demand.REFUSE)
UNKNOWN_AND_ODD: Final = Aim("INPUT-8", "an id nobody was given, and an odd body", Demand.EITHER)
"""Which of the two is refused, and so with which status, is the target's choice."""

_ID: Final = re.compile(r"[1-9][0-9]{0,15}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_ACTIONS: Final = frozenset({ApiOperation.REQUEST_CODE, ApiOperation.REFUND})
_PROBES: Final = frozenset({CoverageScenario.MALFORMED_CONTENT_TYPE, CoverageScenario.UNSUPPORTED_CONTENT_TYPE})
_PROBED: Final[Mapping[ApiOperation, str]] = {
    ApiOperation.RETRIEVE: "INPUT-8",
    ApiOperation.REQUEST_CODE: "WIRE-2",
    ApiOperation.REFUND: "WIRE-2",
}
"""Clause that says "either, but never a 5xx" of a request with another content type; INPUT-9 for the rest."""


class Aiming:
    """Gives generated requests real subjects: the owner's purchases, countries in stock, ids that are nobody's.

    Args:
        session: knows the target and the owner's purchases.
        survey: knows the countries.
    """

    def __init__(self, session: Session, survey: Survey) -> None:
        self._session = session
        self._before = {entry.id for entry in session.book.of(OWNER)}
        self._stock = [offer.country for offer in survey.in_stock] or list(FIRST_COUNTRIES)

    def aim(self, operation: ApiOperation, case: Case, number: int) -> Request | None:
        """Return a case as a request to the shop at hand.

        Args:
            operation: which operation the case was made for.
            case: as generated; its ids and countries are replaced in place.
            number: of the case; it alone chooses among subjects, so that a case shrinks with its subject.

        Returns:
            The request, None where the case cannot be sent as it is.
        """
        scenario = scenario_of(case)
        aim = None
        if scenario in _PROBES and operation is not ApiOperation.CREATE:
            aim = Aim(_PROBED.get(operation, "INPUT-9"), "another content type", Demand.EITHER)
        if operation is ApiOperation.CREATE:
            self._sell(case, number)
        elif operation is ApiOperation.ACCOUNT:
            self._show(case, number)
        elif "purchase_id" in case.path_parameters:
            aim = self._own(operation, case, number, needed=scenario is not None and aim is not None) or aim
        keyless = scenario is CoverageScenario.MISSING_PARAMETER and _names_key(case)
        return request_of(case, self._session.target.url, f"{STRANGER}:no key" if keyless else OWNER, aim)

    def _sell(self, case: Case, number: int) -> None:
        """Let a lawful create ask for a country in stock; every other unassigned code stays what it is."""
        body = case.body
        if case.method != "POST" or not isinstance(body, dict):
            return
        code = body.get("country_code")
        if not isinstance(code, str) or not _COUNTRY.fullmatch(code):
            return
        if is_assigned(code) is not False or number % 2 == 0:
            case.body = {**body, "country_code": self._stock[number % len(self._stock)]}

    def _show(self, case: Case, number: int) -> None:
        if number % 2 == 0 and _COUNTRY.fullmatch(str(case.path_parameters.get("country_code"))):
            case.path_parameters = {"country_code": self._stock[number % len(self._stock)]}

    def _own(self, operation: ApiOperation, case: Case, number: int, *, needed: bool) -> Aim | None:
        """Put an id that tells what must come of it where the generated one lies in the domain."""
        text = str(case.path_parameters["purchase_id"])
        if not _ID.fullmatch(text) or int(text) > MAX_ID:
            return None
        subject = self._subject(operation, case, number) if needed or number % 2 == 0 else None
        case.path_parameters = {"purchase_id": self._nobodys(int(text)) if subject is None else subject}
        if subject is not None:
            return None
        return UNKNOWN if isinstance(case.body, NotSet) or case.body == {} else UNKNOWN_AND_ODD

    def _subject(self, operation: ApiOperation, case: Case, number: int) -> int | None:
        """Return a purchase of the owner's; purchases that earlier phases left PENDING are only read."""
        if not _harmless(case.body):
            return None
        entries = self._session.book.of(OWNER)
        if operation in _ACTIONS:
            entries = [entry for entry in entries if entry.status != "PENDING" or entry.id not in self._before]
        return entries[number % len(entries)].id if entries else None

    def _nobodys(self, number: int) -> int:
        """Return an id that nobody was given; a lower one could be another customer's."""
        least = self._session.book.highest_id + UNKNOWN_AHEAD
        if number >= least:
            return number
        made = least + number % UNKNOWN_AHEAD
        return made if made <= MAX_ID else MAX_ID // 2 - number % UNKNOWN_AHEAD


def scenario_of(case: Case) -> CoverageScenario | None:
    """Return what a case of the coverage phase covers, None for the other phases."""
    data = None if case.meta is None else case.meta.phase.data
    return data.scenario if isinstance(data, CoveragePhaseData) else None


def _names_key(case: Case) -> bool:
    data = None if case.meta is None else case.meta.phase.data
    return isinstance(data, CoveragePhaseData) and (data.parameter or "").lower() == "x-api-key"


def _harmless(body: object) -> bool:
    """Tell whether a body leads the target to call nobody: made-up callbacks could be somebody's servers."""
    callback = body.get("callback_url") if isinstance(body, dict) else None
    if not isinstance(callback, str):
        return True
    try:
        host = urlsplit(callback).hostname
    except ValueError:
        return False
    # RFC 2606, section 2: nobody can have a name below .example.
    return host is not None and host.endswith(".example")
