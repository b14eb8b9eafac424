"""Identity: the purchase shown is the one asked for, and what was sold never changes (LIFE-5, LIST-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from contracts.history import Mark
from contracts.invariants.book import Entry
from contracts.invariants.invariant import Invariant
from contracts.invariants.purchase import Sight
from contracts.invariants.telling import course, crosses_list, name, said
from contracts.invariants.values import MAX_TEXT, money_of, phone_of, same_moment
from contracts.monitor import Docket, excerpt, violation


class _Change(NamedTuple):
    key: str
    before: object
    after: object
    evidence: Mark


class Identity(Invariant):
    """Compares every view of a purchase with what was shown of it first."""

    clauses = ("LIFE-5", "LIST-5")

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge the unchanging values of every purchase shown, and whether it is the one asked for."""
        if entry.own and entry.misplaced is not None:
            _report_misplaced(entry, docket)
        for sight in entry.sights:
            first = sight.record.known
            if first is None or first is sight.mark:
                continue
            docket.exercise("LIFE-5")
            if crosses_list(first, sight.mark):
                docket.exercise("LIST-5")
            for change in (*_changes(sight, first), *_phone_changes(sight)):
                _report(sight, change, docket)


def _changes(sight: Sight, first: Mark) -> Iterator[_Change]:
    record, data = sight.record, sight.view.data
    name = data.get("display_name")
    names = name if isinstance(name, Mapping) else {}
    for key, before, after in (
        ("country_code", record.country, data.get("country_code")),
        ("purchase_type", record.type, data.get("purchase_type")),
        ("display_name.ru", record.name_ru, names.get("ru")),
        ("display_name.en", record.name_en, names.get("en")),
        ("created_at", record.created_at, data.get("created_at")),
    ):
        # Nearly every view is as the first one was, and the contract's own parsers are slow.
        if before is None or before == after or not isinstance(after, str):
            continue
        if key != "created_at" or not same_moment(before, after[:MAX_TEXT]):
            yield _Change(key, before, after, first)
    price = money_of(data.get("price"))
    if record.price is not None and price is not None and record.price != price:
        yield _Change("price", str(record.price), str(price), first)


def _phone_changes(sight: Sight) -> Iterator[_Change]:
    record, data = sight.record, sight.view.data
    if record.phoned is None or record.phoned is sight.mark:
        return
    phone = phone_of(data)
    if phone is not None and phone != record.phone:
        yield _Change("phone_number", record.phone, phone, record.phoned)
    elif data.get("phone_number", False) is None and record.phoned.precedes(sight.mark):
        yield _Change("phone_number", record.phone, None, record.phoned)


def _report(sight: Sight, change: _Change, docket: Docket) -> None:
    before, after = excerpt(change.before), excerpt(change.after)
    title = course(change.evidence, f"{change.key} {before}", sight.mark, after)
    clauses = {"LIFE-5": f"{change.key} of a purchase never changes"}
    if change.key == "phone_number":
        clauses["LIFE-5"] = "phone_number goes from null to a value once and then never changes"
    if crosses_list(change.evidence, sight.mark):
        clauses["LIST-5"] = "an item of a list equals what retrieve shows"
    cause = f"{change.key}-{'lost' if change.after is None else 'changed'}"
    for clause, expected in clauses.items():
        docket.violate(
            violation(
                clause,
                cause,
                f"{change.key} changed: {name(change.evidence)} and {name(sight.mark)} differ",
                change.evidence,
                sight.mark,
                expected=expected,
                observed=f"purchase {sight.record.id}: {title}",
            )
        )


def _report_misplaced(entry: Entry, docket: Docket) -> None:
    view = entry.misplaced
    docket.exercise("LIFE-5")
    if view is None:
        return
    docket.violate(
        violation(
            "LIFE-5",
            f"another-purchase-in-{name(entry.mark)}",
            f"{name(entry.mark)} shows another purchase than the one asked for",
            entry.mark,
            expected=f"the purchase with the id asked for, {entry.reading.purchase_id}",
            observed=said(entry.mark, f"id {view.id} for id {entry.reading.purchase_id}"),
        )
    )
