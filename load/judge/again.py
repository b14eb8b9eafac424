"""A load run's history judged again: recorded operations back into calls and replies, for the judge of the run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlencode

from contracts.finding import ClauseResult, Finding, Severity, Violation
from contracts.history import Aim, ApiOperation, Demand
from contracts.monitor import Setting
from contracts.record.line import body_of
from contracts.record.standins import KEY_SIGNS
from load.call import Call, Reply
from load.judge.judge import Judge, Mask, shown_index

FLUSH_EVERY: Final = 5_000
"""Operations between two times that the judge is brought up to date and forgets what is over."""

_KINDS: Final = {kind.value: kind for kind in ApiOperation}
_MAX_QUERIES: Final = 10_000


class JudgedAgain:
    """Judges a load run's masked history as the run judged its answers (``contracts.record.recheck.Judging``).

    What differs is what is forgotten: the run forgets a purchase when its journey has left it, of which a history
    says nothing. A response of which the history kept a part only is not judged at all.

    Args:
        setting: what checks may know of the run.
        severities: configured severity by clause id.
        withhold: asked of every violation; True leaves it out.
    """

    def __init__(
        self, setting: Setting, severities: Mapping[str, Severity], withhold: Callable[[Violation], bool]
    ) -> None:
        self._judge = Judge(
            setting.profile.name,
            secrets=setting.secrets,
            tolerances=setting.tolerances,
            severities=severities,
            mask=Mask(withhold, KEY_SIGNS),
        )
        self._queries: dict[tuple[Any, ...], str] = {}
        self._fed = 0
        self._last = 0
        self.unread = 0

    def feed(self, line: Mapping[str, Any]) -> None:
        """Judge one operation by its line; they come in the order in which their answers arrived."""
        self._fed += 1
        self._last = max(self._last, line["index"])
        if "response_body_cut" in line and line.get("response_truncated") is not True:
            self.unread += 1
            return
        self._judge.see(self._call(line), reply_of(line), line["index"])
        if self._fed % FLUSH_EVERY == 0:
            self._judge.flush(line["returned"])

    def finish(self) -> None:
        """Judge what was held back."""
        self._judge.finish()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found, errors first."""
        return tuple(
            replace(finding, marks=tuple([replace(m, index=shown_index(m.index, self._last)) for m in finding.marks]))
            for finding in self._judge.docket.findings
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the judging."""
        unread = f"{self.unread} answers were not judged: the history holds a part of them only"
        return (*self._judge.docket.notes, *([unread] if self.unread else ()))

    def results(self, *, mode: str, reasons: Mapping[str, str] | None = None) -> tuple[ClauseResult, ...]:
        """Return the verdict on every clause that a command can exercise at all (see ``Oracle.results``)."""
        return self._judge.docket.results(mode=mode, reasons=reasons)

    def _call(self, line: Mapping[str, Any]) -> Call:
        path = line["path"]
        if line["query"]:
            pairs = tuple(map(tuple, line["query"]))
            query = self._queries.get(pairs)
            if query is None:
                if len(self._queries) >= _MAX_QUERIES:
                    self._queries.clear()
                query = self._queries[pairs] = urlencode(pairs)
            path = f"{path}?{query}"
        aim = line["aim"]
        body = body_of(line, "request_body") or b""
        return Call(
            _KINDS[line["operation"]],
            line["method"],
            path,
            body,
            not body and any(name.lower() == "content-type" for name, _ in line["request_headers"]),
            line["principal"],
            None if aim is None else Aim(aim["clause"], aim["reason"], Demand(aim["demand"])),
        )


def reply_of(line: Mapping[str, Any]) -> Reply:
    """Return what came of a recorded operation.

    The clock of the run stands in for a missing ``Date``, to the second, for the answer is judged at another time
    (VALUE-5).

    Args:
        line: of the history, decoded and read by ``from_line`` before.
    """
    status, sent, error = line["status"], line["invoked"], line["error"]
    if status is None:
        return Reply(0, (), b"", error, b"", sent, sent, line["returned"])
    headers = tuple([(name, value) for name, value in line["response_headers"]])
    if line["operation"] == ApiOperation.CREATE and not any(name == "date" for name, _ in headers):
        with contextlib.suppress(ValueError, OverflowError, OSError):
            # What was written by another hand may name no moment at all.
            date = format_datetime(datetime.fromtimestamp(line["wall"], UTC), usegmt=True)
            headers = (*headers, ("date", date))
    return Reply(status, headers, body_of(line, "response_body") or b"", error, b"", sent, sent, line["returned"])
