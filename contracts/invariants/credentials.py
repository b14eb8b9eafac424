"""Credentials: once shown to the owner, they are the same in every later view (LIFE-3, RACE-2)."""

from __future__ import annotations

from contracts.finding import Severity
from contracts.history import Mark
from contracts.invariants.book import Entry
from contracts.invariants.invariant import Invariant
from contracts.invariants.purchase import Sight
from contracts.invariants.telling import course, crosses_list, name
from contracts.invariants.values import REFUND, SUCCESS, Credentials, Proof, same_moment
from contracts.monitor import Docket, excerpt, violation


class StableCredentials(Invariant):
    """Compares every view of credentials with the first one."""

    clauses = ("LIFE-3", "RACE-2", "LIST-5")

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge the credentials of every purchase shown."""
        for sight in entry.sights:
            first = sight.record.shown
            if first is None or first is sight.mark:
                continue
            if sight.proof is Proof.SHOWN:
                docket.exercise("LIFE-3")
                _compare(sight, first, docket)
            elif sight.proof is Proof.NULL and first.precedes(sight.mark):
                _miss(sight, first, docket)


def differences(first: Credentials, second: Credentials) -> list[str]:
    """Return the names of the values in which two sets of credentials contradict each other in any order."""
    found = []
    if first.code is not None and second.code is not None and first.code != second.code:
        found.append("code")
    if first.password is not None and second.password is not None and first.password != second.password:
        found.append("password")
    if first.received_at and second.received_at and not same_moment(first.received_at, second.received_at):
        found.append("received_at")
    return found


def _compare(sight: Sight, first: Mark, docket: Docket) -> None:
    record, seen = sight.record, sight.credentials
    known = record.credentials
    if known is None or seen is None:
        return
    changed = differences(known, seen)
    evidence = first
    if seen.passwordless and known.password is not None:
        # A password may follow once; it may not go again.
        grown = record.grown or first
        if grown.precedes(sight.mark):
            changed.append("password")
            evidence = grown if len(changed) == 1 else first
    if not changed:
        return
    what = ", ".join(changed)
    title = course(evidence, "credentials", sight.mark, f"another {what}")
    observed = f"purchase {record.id}: " + "; ".join(
        f"{key} {excerpt(getattr(known, key))} in {name(evidence)}, {excerpt(getattr(seen, key))} in {name(sight.mark)}"
        for key in changed
    )
    _report(sight, evidence, f"changed-{'-'.join(changed)}", title, observed, docket)
    if record.raced_code:
        docket.violate(
            violation(
                "RACE-2",
                "two-sets-of-credentials",
                f"request-codes at once brought two sets of credentials: {title}",
                evidence,
                sight.mark,
                expected="one set of credentials is ever seen",
                observed=observed,
            )
        )


def _miss(sight: Sight, first: Mark, docket: Docket) -> None:
    # With another status than these two the change of status is what went wrong, and LIFE-2 tells it.
    if sight.status not in {None, SUCCESS, REFUND}:
        return
    docket.exercise("LIFE-3")
    severity = Severity.WARNING if sight.status == REFUND else None
    title = course(first, "credentials", sight.mark, "verification null")
    cause = "vanished-with-refund" if sight.status == REFUND else "vanished"
    observed = f"purchase {sight.record.id}, {sight.status or 'status unreadable'}: {title}"
    _report(sight, first, cause, title, observed, docket, severity)


def _report(
    sight: Sight,
    first: Mark,
    cause: str,
    title: str,
    observed: str,
    docket: Docket,
    severity: Severity | None = None,
) -> None:
    clauses = {"LIFE-3": "credentials, once shown to the owner, are the same in every later view"}
    if crosses_list(first, sight.mark):
        clauses["LIST-5"] = "an item of a list equals what retrieve shows"
    for clause, expected in clauses.items():
        docket.violate(
            violation(clause, cause, title, first, sight.mark, expected=expected, observed=observed, severity=severity)
        )
