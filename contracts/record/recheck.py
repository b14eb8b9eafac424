"""A history judged again, offline, by today's clauses and settings: streaming, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol

from contracts.baseline import Baseline, Entry, load_baseline
from contracts.clauses import load_clauses
from contracts.config import Settings, load_settings
from contracts.errors import UsageError
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, Violation
from contracts.history import ApiOperation, Operation, Outcome
from contracts.invariants.values import money_of
from contracts.monitor import Setting
from contracts.oracle import make_oracle
from contracts.profiles import get_profile
from contracts.reading import Reading
from contracts.record.line import from_line
from contracts.record.masking import Masker
from contracts.record.readahead import Recorded, read_operations, read_recorded
from contracts.record.result import INTERRUPTED, Phase, RunFacts, build_run
from contracts.record.standins import KEYS, masked
from contracts.record.untold import PHONES, SUMS, as_told, carried, hidden_in, is_believed

_HISTORY: Final = "history.jsonl"
_DOUBTS_OF_CLAUSES: Final = ("required but not exercised: ", "no clause was exercised")
_MASK_SIGNS: Final = ("<code:", "<password:", "<phone:")

_EXERCISED: Final = re.compile(r"^exercised \d+ of at least \d+ times: ")
_LOAD: Final = "load"
_ALWAYS_REQUIRED: Final[Mapping[str, frozenset[str]]] = {_LOAD: frozenset({"LOAD-1"})}
"""By command, what it requires whatever the catalogue says: a load run has no business with most clauses."""


class Judging(Protocol):
    """What judges operations one after the other: the oracle of the gate, or what a command judges by instead."""

    def feed(self, line: Mapping[str, Any], /) -> object:
        """Judge one operation, by its decoded history line with stand-ins in place of masks."""

    def finish(self) -> None:
        """Judge what was held back."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found, errors first."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the judging."""

    def results(self, *, mode: str, reasons: Mapping[str, str] | None = None) -> tuple[ClauseResult, ...]:
        """Return the verdict on every clause that a command can exercise at all."""


MakeJudging = Callable[[Setting, Mapping[str, Severity], Callable[[Violation], bool]], Judging]
"""Makes a judge from a setting, configured severities, and what is asked whether to leave a violation out."""

NONE: Final[Mapping[str, MakeJudging]] = {}
"""No command has a judge of its own."""


class _ByOracle:
    """The oracle, told of operations by their lines (``Judging``)."""

    def __init__(
        self, setting: Setting, severities: Mapping[str, Severity], withhold: Callable[[Violation], bool]
    ) -> None:
        oracle = make_oracle(setting, severities, withhold)
        self.oracle = oracle
        self.finish = oracle.finish
        self.results = oracle.results

    def feed(self, line: Mapping[str, Any]) -> None:
        self.oracle.feed(from_line(line))

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.oracle.findings

    @property
    def notes(self) -> tuple[str, ...]:
        return self.oracle.notes


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


def recheck_run(
    run_dir: Path, document: Mapping[str, Any], config: Path | None, judges: Mapping[str, MakeJudging] = NONE
) -> dict[str, Any]:
    """Judge a run's history again by the settings file that the user named, or by the present directory's.

    Args:
        run_dir: where ``history.jsonl`` is.
        document: the run's valid ``run.json``.
        config: the settings file; None for the present directory's.
        judges: by command, what judges its runs instead of the oracle.

    Raises:
        UsageError: as ``recheck`` and ``load_settings`` do.
    """
    return recheck(run_dir, document, load_settings(config, Path.cwd()), judges=judges)


def recheck(
    run_dir: Path,
    document: Mapping[str, Any],
    settings: Settings,
    today: date | None = None,
    judges: Mapping[str, MakeJudging] = NONE,
) -> dict[str, Any]:
    """Judge a run's history again and return the ``run.json`` that it comes to now.

    Masks become stand-ins before they are judged (``contracts.record.standins``). Three things a masked
    history cannot tell, and none of them is guessed. What depends on how a secret is written is taken from the
    run itself (``contracts.record.untold``). A violation that involves an operation whose
    own values were masked or cut by accident is left out and counted in a note. So is one that compares
    values in a run so long that equal ones may have different masks. Answers that the run itself did not believe
    are not judged.

    Args:
        run_dir: where ``history.jsonl`` is.
        document: the run's valid ``run.json``.
        settings: of today; severities, tolerances and which clauses are required come from them.
        today: by which acceptances expire; the present day by default.
        judges: by command, what judges its runs instead of the oracle.

    Raises:
        UsageError: there is no history, a line of it is no operation, or the profile is not known.
    """
    if document["command"] == _LOAD and not (run_dir / _HISTORY).exists():
        raise UsageError(
            f"there is nothing to judge again: {run_dir / _HISTORY} is missing; a load run keeps the operations of its "
            "findings alone, unless it is given --history all"
        )
    account = _Account()
    oracle = _judging(document, settings, account, judges.get(document["command"], _ByOracle))
    believed = is_believed(document)
    for recorded in read_recorded(run_dir / _HISTORY):
        _note(recorded, account, costs=document["partial"])
        if believed:
            oracle.feed(recorded.line)
    oracle.finish()
    baseline = _baseline(document, settings, today or datetime.now(UTC).date())
    found = [_masked(finding) for finding in oracle.findings]
    hidden = hidden_in(document) | _touched(document, account)
    standing = carried(document, settings, [finding.id for finding in found], hidden)
    order = {clause: number for number, clause in enumerate(load_clauses())}
    findings = baseline.weigh(
        sorted([*found, *standing], key=lambda f: (f.severity is not Severity.ERROR, order.get(f.clause, len(order))))
    )
    evidence = {mark.index for finding in findings for mark in finding.marks}
    rechecked = build_run(
        _facts(document, account, _notes(oracle, findings, document, account)),
        baseline.judge(_results(oracle, standing, document, settings), findings),
        findings,
        {operation.index: operation for operation in read_operations(run_dir / _HISTORY, evidence)},
        Masker({}),
        troubles=_troubles(document, account),
        load=document.get("load"),
        baseline=baseline,
    )
    before = {finding["id"]: finding for finding in document["findings"]}
    unseen = {finding.id for finding in standing}
    for finding in rechecked["findings"]:
        told = before.get(finding["id"])
        whole = finding["id"] in unseen or finding["clause"] in PHONES or finding["clause"] in SUMS
        if told is not None and finding["id"] in hidden and whole:
            finding |= {name: told[name] for name in told.keys() - {"severity", "accepted"}}
        elif told is not None:
            finding["replay"] = told["replay"]
    return rechecked


def _judging(document: Mapping[str, Any], settings: Settings, account: _Account, make: MakeJudging) -> Judging:
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
    return make(setting, {clause: Severity(value) for clause, value in settings.severity.items()}, withhold)


def _note(recorded: Recorded, account: _Account, *, costs: bool) -> None:
    """Take account of an operation before it is judged, and of what it cost where the run did not come to that."""
    account.operations += 1
    if recorded.damaged:
        account.damaged.add(recorded.line["index"])
    account.long = account.long or recorded.long
    if costs and recorded.line["operation"] == ApiOperation.CREATE:
        _note_cost(from_line(recorded.line), account)


def _note_cost(operation: Operation, account: _Account) -> None:
    if operation.outcome is Outcome.FAIL:
        return
    account.purchases += 1
    views = Reading(operation).views
    money = money_of(views[0].data.get("price")) if views else None
    if money is not None:
        account.spend += money.amount
        account.currency = account.currency or money.currency


def _results(
    oracle: Judging, standing: Sequence[Finding], document: Mapping[str, Any], settings: Settings
) -> Sequence[ClauseResult]:
    """Return the verdicts, those that hang on phone numbers or measurements as the run itself gave them."""
    before = {clause["id"]: clause for clause in document["clauses"]}
    # The oracle tells anew how often a clause was exercised.
    reasons = {name: _EXERCISED.sub("", clause["reason"]) for name, clause in before.items() if clause["reason"]}
    load = document["command"] == _LOAD
    always = _ALWAYS_REQUIRED.get(document["command"], frozenset())
    judged = []
    for result in oracle.results(mode=_LOAD if load else "gate", reasons=reasons):
        catalogued = load_clauses()[result.id].required
        crashed = result.required and not catalogued
        expected = result.id in always if load else catalogued and result.id not in settings.optional
        required = crashed or result.id in settings.require or expected
        mine = [finding for finding in standing if finding.clause == result.id]
        weighed = replace(result, required=required, findings=(*result.findings, *(finding.id for finding in mine)))
        if any(finding.severity is Severity.ERROR for finding in mine):
            weighed = replace(weighed, verdict=ClauseVerdict.BROKEN, reason="")
        judged.append(as_told(weighed, document))
    return judged


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


def _touched(document: Mapping[str, Any], account: _Account) -> frozenset[str]:
    """Return the ids of the run's findings that rest on operations of which masking or cutting took something."""
    return frozenset(
        finding["id"]
        for finding in document["findings"]
        if any(call["index"] in account.damaged for call in finding["evidence"])
        or (account.long and any(sign in finding["observed"] for sign in _MASK_SIGNS))
    )


def _notes(oracle: Judging, findings: Iterable[Finding], document: Mapping[str, Any], account: _Account) -> list[str]:
    before = [finding["id"] for finding in document["findings"]]
    after = [finding.id for finding in findings]
    judged = f"judged again from the history: {account.operations} operations"
    if not is_believed(document):
        judged = f"not judged again: the run believed none of its {account.operations} answers"
    notes = [*document["notes"], *oracle.notes, judged]
    if not document["partial"]:
        new, gone = [name for name in after if name not in before], [name for name in before if name not in after]
        notes += [f"judged again: {', '.join(new)} is new"] if new else []
        notes += [f"judged again: {', '.join(gone)} is gone"] if gone else []
    if account.withheld:
        notes.append(f"{account.withheld} violations were left out: masking or cutting touched the values they rest on")
    return notes
