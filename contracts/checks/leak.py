"""AUTH-3: no answer of any kind contains an API key."""

from __future__ import annotations

from typing import ClassVar

from contracts.checks import scope
from contracts.checks.keys import KeyFinder
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.reading import Reading


class LeakCheck(Monitor):
    """Searches headers and body of every answer for every key of the run, whoever asked for what."""

    clauses: ClassVar[tuple[str, ...]] = ("AUTH-3",)

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._keys = KeyFinder(setting.secrets)

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Search one answer."""
        answer = reading.operation.answer
        if answer is None:
            return
        docket.exercise("AUTH-3")
        if self._keys.found_in(answer.body):
            _report(reading, docket, "in the body", "the body")
        head = "\n".join(value for _, value in answer.headers)
        if self._keys.found_in(head.encode(errors="replace")):
            names = [name for name, value in answer.headers if self._keys.found_in(value.encode(errors="replace"))]
            _report(reading, docket, "in a header", f"the header {', '.join(sorted(set(names)))}")


def _report(reading: Reading, docket: Docket, cause: str, where: str) -> None:
    request = f"{scope.request_line(reading)}, answered with {reading.operation.status}"
    docket.violate(
        violation(
            "AUTH-3",
            cause,
            f"an answer contains an API key {cause}",
            reading.mark,
            expected="no API key in any answer, plain or encoded",
            # The key itself is not repeated here: findings are read by people who do not own it.
            observed=f"a key in {where} of the answer to {request}",
        )
    )
