"""VALUE: what one successful answer says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Final

import phonenumbers

from contracts import instant
from contracts.checks import dates, scope
from contracts.checks.faults import shown
from contracts.finding import Severity
from contracts.history import OWNER, ApiOperation, Operation
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.reading import Reading, View

MAX_KNOWN: Final = 100_000
"""Purchases of the owner that are remembered; older ones are no longer judged where ownership matters."""

_E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class ValueCheck(Monitor):
    """Judges what purchases say, in every success shown to a holder of a key.

    The one thing it remembers is which purchases are the owner's: another's may lawfully be shown as
    SUCCESS with null verification (AUTH-4), and an answer alone does not tell whose it is.
    """

    clauses: ClassVar[tuple[str, ...]] = tuple(f"VALUE-{number}" for number in (1, 2, 3, 4, 5, 7, 8))

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._owned: dict[int, None] = {}

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Judge every purchase that one answer shows."""
        kind = scope.judged_kind(reading)
        if kind is None:
            return
        if kind is ApiOperation.ACCOUNT:
            _judge_offer(reading, docket)
        for view in reading.views:
            if reading.operation.principal == OWNER and kind in {ApiOperation.CREATE, ApiOperation.LIST}:
                self._remember(view.id)
            _judge_phone(view, docket)
            self._judge_credentials(view, reading, docket)
            _judge_order(view, docket)
            if kind is ApiOperation.CREATE:
                _judge_echo(view, reading, docket)
                self._judge_clock(view, reading.operation, docket)
                self._judge_start(view, docket)
                _judge_type(view, docket)

    def _remember(self, number: int | None) -> None:
        if number is None or number in self._owned:
            return
        self._owned[number] = None
        if len(self._owned) > MAX_KNOWN:
            del self._owned[next(iter(self._owned))]

    def _judge_credentials(self, view: View, reading: Reading, docket: Docket) -> None:
        """VALUE-3: PENDING and ERROR have null verification, SUCCESS has it."""
        if "verification" not in view.data:
            return
        verification = view.data["verification"]
        if view.status in {"PENDING", "ERROR"}:
            docket.exercise("VALUE-3")
            # An object with nothing in it shows nothing; SHAPE-10 says that it should have been null.
            if isinstance(verification, Mapping) and any(value is not None for value in verification.values()):
                docket.violate(
                    violation(
                        "VALUE-3",
                        f"credentials while {view.status}",
                        f"a purchase that is {view.status} has a verification",
                        view.mark,
                        expected="null verification in PENDING and ERROR",
                        observed=f"status {view.status} with {shown(verification)}",
                    )
                )
        elif view.status == "SUCCESS" and self._is_owners(view, reading):
            docket.exercise("VALUE-3")
            if verification is None:
                docket.violate(
                    violation(
                        "VALUE-3",
                        "no credentials while SUCCESS",
                        "a purchase that is SUCCESS has no verification",
                        view.mark,
                        expected="a verification in SUCCESS, for the owner",
                        observed=f"status SUCCESS with null verification in {view.mark.api_operation}",
                    )
                )

    def _is_owners(self, view: View, reading: Reading) -> bool:
        aim = reading.operation.aim
        foreign = aim is not None and aim.clause in {"AUTH-4", "AUTH-5"}
        return reading.operation.principal == OWNER and not foreign and view.id in self._owned

    def _judge_clock(self, view: View, operation: Operation, docket: Docket) -> None:
        """VALUE-5: created_at is now, by the server's own Date, else by our clock."""
        created = instant.parse(view.data.get("created_at"))
        now = dates.parse(operation.answer.header("date")) if operation.answer is not None else None
        if now is None and operation.wall:
            now = datetime.fromtimestamp(operation.wall, UTC)
        if created is None or now is None:
            return
        docket.exercise("VALUE-5")
        limit = self.setting.tolerance("VALUE-5", "clock_skew_s", 300)
        # Date is cut to whole seconds, and so may created_at be.
        if abs(created.time - now) > timedelta(seconds=limit + 1):
            docket.violate(
                violation(
                    "VALUE-5",
                    "created_at not now",
                    "a new purchase's created_at is not now",
                    view.mark,
                    expected=f"created_at within {limit:g} s of the answer's Date, else of our clock",
                    observed=f"created_at {view.data.get('created_at')}, now {now.isoformat()}",
                )
            )

    def _judge_start(self, view: View, docket: Docket) -> None:
        """VALUE-7: create answers PENDING; SUCCESS with full credentials is a warning."""
        profile = self.setting.profile
        if view.status not in profile.statuses | profile.newer_statuses:
            return
        docket.exercise("VALUE-7")
        if view.status == "PENDING":
            return
        tolerated = view.status == "SUCCESS" and _is_full(view.data.get("verification"))
        docket.violate(
            violation(
                "VALUE-7",
                "SUCCESS at once" if tolerated else "not PENDING",
                "create answers SUCCESS at once" if tolerated else "create does not answer a PENDING purchase",
                view.mark,
                expected="status PENDING in the answer to a create",
                observed=f"status {view.status}" + (" with credentials" if tolerated else ""),
                severity=Severity.WARNING if tolerated else None,
            )
        )


def _judge_offer(reading: Reading, docket: Docket) -> None:
    """VALUE-1: an account is that of the country asked about."""
    value, asked = reading.document.value, reading.route.parameter
    got = value.get("country_code") if isinstance(value, dict) else None
    # What is no code at all is SHAPE-4's.
    if isinstance(got, str) and _COUNTRY.fullmatch(got) and _COUNTRY.fullmatch(asked or "") and got != asked:
        docket.violate(
            violation(
                "VALUE-1",
                "account of another country",
                "an account is of another country than asked about",
                reading.operation.mark,
                expected="country_code as in the path",
                observed=f"asked about {shown(asked)}, got {shown(got)}",
            )
        )


def _judge_echo(view: View, reading: Reading, docket: Docket) -> None:
    """VALUE-1: country_code is the one asked for."""
    got = view.data.get("country_code")
    # A key sent twice or beside a query has no one value that was asked for.
    if not isinstance(got, str) or "INPUT-1" in reading.judgement.oddities:
        return
    docket.exercise("VALUE-1")
    if got != reading.asked_country:
        docket.violate(
            violation(
                "VALUE-1",
                "another country",
                "a new purchase is of another country than asked for",
                view.mark,
                expected="country_code as in the request",
                observed=f"asked for {shown(reading.asked_country)}, got {shown(got)}",
            )
        )


def _judge_phone(view: View, docket: Docket) -> None:
    """VALUE-2: the phone number carries the calling code of its country."""
    phone, country = view.data.get("phone_number"), view.data.get("country_code")
    if not isinstance(phone, str) or not _E164.fullmatch(phone):
        return
    if not isinstance(country, str) or not _COUNTRY.fullmatch(country):
        return
    codes = calling_codes(country)
    if not codes:
        return
    docket.exercise("VALUE-2")
    # No calling code is the beginning of another (ITU-T E.164), so that the beginning decides.
    if not phone.startswith(codes):
        docket.violate(
            violation(
                "VALUE-2",
                "another calling code",
                "a phone number does not carry the calling code of its country",
                view.mark,
                expected=f"a number that begins with {' or '.join(codes)} for {country}",
                observed=f"{phone} for {country}",
            )
        )


def _judge_order(view: View, docket: Docket) -> None:
    """VALUE-4: the code was not received before the purchase was made."""
    verification = view.data.get("verification")
    if not isinstance(verification, Mapping):
        return
    created = instant.parse(view.data.get("created_at"))
    received = instant.parse(verification.get("received_at"))
    if created is None or received is None:
        return
    docket.exercise("VALUE-4")
    unit = timedelta(0)
    if created.digits != received.digits:
        # The coarser of the two may have been rounded up or down to its last digit.
        unit = timedelta(microseconds=10 ** (6 - min(created.digits, received.digits)))
    if created.time - received.time > unit:
        docket.violate(
            violation(
                "VALUE-4",
                "received before created",
                "a code was received before its purchase was made",
                view.mark,
                expected="received_at not before created_at",
                observed=f"created_at {view.data.get('created_at')}, received_at {verification.get('received_at')}",
            )
        )


def _judge_type(view: View, docket: Docket) -> None:
    """VALUE-8: this endpoint sells SINGLE; lists may show what other channels sold."""
    kind = view.data.get("purchase_type")
    if not isinstance(kind, str) or kind not in {"SINGLE", "BULK", "ADMIN"}:
        return
    docket.exercise("VALUE-8")
    if kind != "SINGLE":
        docket.violate(
            violation(
                "VALUE-8",
                "not SINGLE",
                "create answers a purchase that is not SINGLE",
                view.mark,
                expected="purchase_type SINGLE in the answer to a create",
                observed=f"purchase_type {kind}",
                severity=Severity.WARNING,
            )
        )


@lru_cache(maxsize=1024)
def calling_codes(country: str) -> tuple[str, ...]:
    """Return the calling codes of a country with their plus sign, none where there is no record."""
    if country == "VA":
        # Assigned +379, in use +39 (ITU-T E.164, list of assigned country codes).
        return ("+39", "+379")
    code = phonenumbers.country_code_for_region(country)
    return (f"+{code}",) if code else ()


def _is_full(verification: object) -> bool:
    """Tell whether a verification is a full set of credentials."""
    if not isinstance(verification, Mapping):
        return False
    code, password = verification.get("code"), verification.get("password", 0)
    whole = isinstance(code, str) and code != "" and (password is None or isinstance(password, str))
    return whole and instant.parse(verification.get("received_at")) is not None
