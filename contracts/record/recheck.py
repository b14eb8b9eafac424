"""A history judged again, offline, by today's clauses and settings: streaming, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

from contracts.baseline import Baseline, Entry, load_baseline
from contracts.clauses import load_clauses
from contracts.config import Settings, load_settings
from contracts.errors import UsageError
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, Violation
from contracts.history import ApiOperation, Operation, Outcome
from contracts.invariants.values import money_of
from contracts.monitor import Setting
from contracts.oracle import Oracle, make_oracle
from contracts.profiles import get_profile
from contracts.reading import Reading
from contracts.record.historyfile import parse_line, read_lines
from contracts.record.line import from_line
from contracts.record.masking import Masker
from contracts.record.result import INTERRUPTED, Phase, RunFacts, build_run
from contracts.record.standins import KEYS, is_damaged, masked, stand_in, stood_in

PHONES: Final[Mapping[str, str]] = {
    "SHAPE-6": "a history masks phone numbers: of its digits and its plus sign only the run itself could tell",
    "VALUE-2": "a history masks phone numbers: of their calling codes only the run itself could tell",
}
"""Clauses that look at phone numbers character by character; what the run itself found of them stands."""

_HISTORY: Final = "history.jsonl"
_DOUBTS_OF_CLAUSES: Final = ("required but not exercised: ", "no clause was exercised")
_MASK_SIGNS: Final = ("<code:", "<password:", "<phone:")

_EXERCISED: Final = re.compile(r"^exercised \d+ of at least \d+ times: ")
_MANY: Final = re.compile(rb"<(?:code|password|phone):[0-9]{6}")
"""A mask by which there are 100,000 values of a kind: the masker keeps as many at least."""

Read = TypeVar("Read")
"""What is read from a line."""


@dataclass(slots=True)
class _Account:
    """What was seen on the way.

    Attributes:
        operations: how many were judged.
        purchases: creates that were served or whose outcome is unknown.
        spend: what the served ones cost.
        currency: of the first price seen.
        damaged: indices of operations that masking or cutting took something from.
        long: whether there were so many secrets that the masker forgot some.
        withheld: violations left out for either reason.
    """

    operations: int = 0
    purchases: int = 0
    spend: Decimal = Decimal(0)
    currency: str | None = None
    damaged: set[int] = field(default_factory=set)
    long: bool = False
    withheld: int = 0


def recheck_run(run_dir: Path, document: Mapping[str, Any], config: Path | None) -> dict[str, Any]:
    """Judge a run's history again by the settings file that the user named, or by the present directory's.

    Raises:
        UsageError: as ``recheck`` and ``load_settings`` do.
    """
    return recheck(run_dir, document, load_settings(config, Path.cwd()))


def recheck(
    run_dir: Path, document: Mapping[str, Any], settings: Settings, today: date | None = None
) -> dict[str, Any]:
    """Judge a run's history again and return the ``run.json`` that it comes to now.

    Masks become stand-ins before they are judged (``contracts.record.standins``). Three things a masked
    history cannot tell, and none of them is guessed. What depends on how a phone number is written is taken
    from the run itself (``PHONES``, and findings that name one). A violation that involves an operation whose
    own values were masked or cut by accident is left out and counted in a note. So is one that compares
    values in a run so long that equal ones may have different masks.

    Args:
        run_dir: where ``history.jsonl`` is.
        document: the run's valid ``run.json``.
        settings: of today; severities, tolerances and which clauses are required come from them.
        today: by which acceptances expire; the present day by default.

    Raises:
        UsageError: there is no history, a line of it is no operation, or the profile is not known.
    """
    account = _Account()
    oracle = _oracle(document, settings, account)
    for line, operation in _operations(run_dir / _HISTORY):
        _note(line, operation, account, costs=document["partial"])
        oracle.feed(operation)
    oracle.finish()
    baseline = _baseline(document, settings, today or datetime.now(UTC).date())
    found = [_masked(finding) for finding in oracle.findings]
    carried = _carried(document, settings, [finding.id for finding in found])
    order = {clause: number for number, clause in enumerate(load_clauses())}
    findings = baseline.weigh(
        sorted([*found, *carried], key=lambda f: (f.severity is not Severity.ERROR, order.get(f.clause, len(order))))
    )
    evidence = {mark.index for finding in findings for mark in finding.marks}
    rechecked = build_run(
        _facts(document, account, _notes(oracle, findings, document, account)),
        baseline.judge(_results(oracle, carried, document, settings), findings),
        findings,
        {operation.index: operation for operation in _recorded(run_dir / _HISTORY, evidence)},
        Masker({}),
        troubles=_troubles(document, account),
        load=document.get("load"),
        baseline=baseline,
    )
    before = {finding["id"]: finding for finding in document["findings"]}
    unseen = {finding.id for finding in carried}
    for finding in rechecked["findings"]:
        told = before.get(finding["id"])
        if told is not None and (finding["id"] in unseen or finding["clause"] in PHONES):
            finding |= {name: told[name] for name in told.keys() - {"severity", "accepted"}}
        elif told is not None:
            finding["replay"] = told["replay"]
    return rechecked


def _oracle(document: Mapping[str, Any], settings: Settings, account: _Account) -> Oracle:
    try:
        profile = get_profile(document["profile"])
    except ValueError as error:
        raise UsageError(f"the run cannot be judged again: {error}") from None

    def withhold(violation: Violation) -> bool:
        if violation.clause == "VALUE-2":
            return True
        doubtful = any(mark.index in account.damaged for mark in violation.marks)
        if not doubtful and account.long:
            # The masker has forgotten its oldest values: seen again, they got other masks.
            doubtful = any(sign in masked(violation.observed) for sign in _MASK_SIGNS)
        account.withheld += doubtful
        return doubtful

    tolerances = {clause: dict(values) for clause, values in settings.tolerance.items()}
    setting = Setting(profile=profile, secrets=tuple(KEYS.values()), tolerances=tolerances)
    return make_oracle(setting, {clause: Severity(value) for clause, value in settings.severity.items()}, withhold)


def _operations(history: Path) -> Iterator[tuple[bytes, Operation]]:
    """Yield each line and its operation, stand-ins in place of masks."""

    def read(line: bytes) -> tuple[bytes, Operation]:
        value = parse_line(stand_in(line))
        return line, from_line(stood_in(value) if b'_base64"' in line else value)

    return _read(history, read)


def _recorded(history: Path, indices: Iterable[int]) -> Iterator[Operation]:
    """Yield some operations as they were recorded, with their masks."""
    wanted = {b'{"index":%d' % index for index in indices}

    def read(line: bytes) -> Operation | None:
        return from_line(parse_line(line)) if line[: line.find(b",")] in wanted else None

    if wanted:
        yield from (operation for operation in _read(history, read) if operation is not None)


def _read(history: Path, read: Callable[[bytes], Read]) -> Iterator[Read]:
    try:
        yield from read_lines(history, read)
    except FileNotFoundError:
        raise UsageError(f"there is nothing to judge again: {history} is missing") from None
    except OSError as error:
        raise UsageError(f"cannot read {history}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None


def _note(line: bytes, operation: Operation, account: _Account, *, costs: bool) -> None:
    """Take account of an operation before it is judged, and of what it cost where the run did not come to that."""
    account.operations += 1
    if is_damaged(line):
        account.damaged.add(operation.index)
    account.long = account.long or _MANY.search(line) is not None
    if costs and operation.api_operation is ApiOperation.CREATE and operation.outcome is not Outcome.FAIL:
        account.purchases += 1
        views = Reading(operation).views
        money = money_of(views[0].data.get("price")) if views else None
        if money is not None:
            account.spend += money.amount
            account.currency = account.currency or money.currency


def _results(
    oracle: Oracle, carried: Sequence[Finding], document: Mapping[str, Any], settings: Settings
) -> Sequence[ClauseResult]:
    """Return the verdicts, those that hang on phone numbers as the run itself gave them."""
    before = {clause["id"]: clause for clause in document["clauses"]}
    # The oracle tells anew how often a clause was exercised.
    reasons = {name: _EXERCISED.sub("", clause["reason"]) for name, clause in before.items() if clause["reason"]}
    mode = "load" if document["command"] == "load" else "gate"
    judged = []
    for result in oracle.results(mode=mode, reasons=reasons):
        catalogued = load_clauses()[result.id].required
        crashed = result.required and not catalogued
        required = crashed or result.id in settings.require or (catalogued and result.id not in settings.optional)
        mine = [finding for finding in carried if finding.clause == result.id]
        weighed = replace(result, required=required, findings=(*result.findings, *(finding.id for finding in mine)))
        if any(finding.severity is Severity.ERROR for finding in mine):
            weighed = replace(weighed, verdict=ClauseVerdict.BROKEN, reason="")
        judged.append(_with_phones(weighed, before.get(result.id)) if result.id in PHONES else weighed)
    return judged


def _with_phones(result: ClauseResult, before: Mapping[str, Any] | None) -> ClauseResult:
    if result.verdict is ClauseVerdict.BROKEN:
        return result
    if before is None:
        return replace(result, verdict=ClauseVerdict.NOT_EXERCISED, required=False, reason=PHONES[result.id])
    return replace(
        result, verdict=ClauseVerdict(before["verdict"]), exercised=before["exercised"], reason=before["reason"]
    )


def _carried(document: Mapping[str, Any], settings: Settings, found: Collection[str]) -> list[Finding]:
    """Return what the run itself found of phone numbers and the history does not show."""
    return [
        Finding(
            finding["id"],
            finding["clause"],
            "",
            _severity(finding, settings),
            finding["title"],
            finding["expected"],
            finding["observed"],
            finding["count"],
            (),
        )
        for finding in document["findings"]
        if finding["id"] not in found and _rests_on_phones(finding)
    ]


def _severity(finding: Mapping[str, Any], settings: Settings) -> Severity:
    """Return the severity that today's settings give to a finding of the run."""
    # While it was accepted it was told as a warning, whatever its clause says.
    own = load_clauses()[finding["clause"]].severity if "accepted" in finding else finding["severity"]
    return Severity.WARNING if own == Severity.WARNING else settings.severity.get(finding["clause"], Severity.ERROR)


def _rests_on_phones(finding: Mapping[str, Any]) -> bool:
    """Tell whether a finding may hang on how a phone number is written: a mask does not show its plus sign."""
    return finding["clause"] in PHONES or any("<phone:" in text for text in (finding["observed"], *finding["samples"]))


def _masked(finding: Finding) -> Finding:
    """Return a finding with masks in place of stand-ins again."""
    return replace(
        finding,
        title=masked(finding.title),
        expected=masked(finding.expected),
        observed=masked(finding.observed),
        samples=tuple(map(masked, finding.samples)),
    )


def _baseline(document: Mapping[str, Any], settings: Settings, today: date) -> Baseline:
    """Return what is accepted: by the settings' own baseline, and by the one that the run was given."""
    ours = () if settings.baseline is None else load_baseline(settings.baseline, today, must_exist=True).entries
    known = {entry.finding for entry in ours}
    theirs = [
        Entry(finding["id"], finding["accepted"]["reason"], date.fromisoformat(finding["accepted"]["expires"]))
        for finding in document["findings"]
        if "accepted" in finding and finding["id"] not in known
    ]
    return Baseline((*ours, *theirs), today)


def _troubles(document: Mapping[str, Any], account: _Account) -> list[str]:
    """Return what kept the run from being whole, for judging it again does not make it so."""
    reasons = list(document["reasons"]) if document["verdict"] == "inconclusive" else document["reasons"][1:]
    troubles = [reason for reason in reasons if not reason.startswith(_DOUBTS_OF_CLAUSES)]
    if not document["partial"] and account.operations < document["requests"]:
        troubles.append(f"the history holds {account.operations} of {document['requests']} operations")
    return [] if document["partial"] else troubles


def _facts(document: Mapping[str, Any], account: _Account, notes: Iterable[str]) -> RunFacts:
    partial = document["partial"]
    return RunFacts(
        command=document["command"],
        target=document["target"],
        profile=document["profile"],
        seed=document["seed"],
        started=datetime.fromisoformat(document["started"]),
        rerun=document["rerun"],
        duration_s=document["duration_s"],
        # A killed run wrote its result when it began: what it cost stands in its history alone.
        purchases=account.purchases if partial else document["purchases"],
        spend=account.spend if partial else Decimal(document["spend"]),
        spend_currency=account.currency if partial else document["spend_currency"],
        requests=account.operations if partial else document["requests"],
        notes=tuple(notes),
        phases=tuple(
            Phase(phase["name"], phase["seconds"], phase["requests"], phase["purchases"])
            for phase in document["phases"]
        ),
        partial=partial,
        interrupted=document["exit_code"] == INTERRUPTED,
    )


def _notes(oracle: Oracle, findings: Iterable[Finding], document: Mapping[str, Any], account: _Account) -> list[str]:
    before = [finding["id"] for finding in document["findings"]]
    after = [finding.id for finding in findings]
    notes = [*document["notes"], *oracle.notes, f"judged again from the history: {account.operations} operations"]
    if not document["partial"]:
        new, gone = [name for name in after if name not in before], [name for name in before if name not in after]
        notes += [f"judged again: {', '.join(new)} is new"] if new else []
        notes += [f"judged again: {', '.join(gone)} is gone"] if gone else []
    if account.withheld:
        notes.append(f"{account.withheld} violations were left out: masking or cutting touched the values they rest on")
    return notes
