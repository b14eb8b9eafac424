"""INPUT-6: a refusal is JSON and gives nothing away."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import ClassVar, Final
from urllib.parse import unquote

from contracts.checks import media, scope
from contracts.checks.faults import shown
from contracts.checks.giveaways import giveaways
from contracts.checks.keys import DISTINCT_LENGTH, KeyFinder
from contracts.finding import Severity
from contracts.history import Answer, ApiOperation, Input
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.reading import Reading

_FRONT: Final = frozenset({405, 407, 408, 411, 413, 414, 415, 417, 421, 426, 431})
"""Refusals that the server software in front often writes itself, before any code of the shop runs."""

_ADDRESSES: Final = frozenset(
    "alt-svc content-location content-security-policy content-security-policy-report-only link location nel "
    "refresh report-to reporting-endpoints set-cookie via".split()
)
"""Headers whose values hold URLs or paths of URLs, which are no files of the server."""


class DisclosureCheck(Monitor):
    """Judges the body of every refusal, and what the body of a server error gives away.

    It remembers which operations have ever succeeded: until then a 404 may be the front's own way to say
    that the target lacks the operation.
    """

    clauses: ClassVar[tuple[str, ...]] = ("INPUT-6",)

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._keys = KeyFinder(setting.secrets)
        self._served: set[ApiOperation] = {ApiOperation.CREATE}

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Judge one answer; successes and redirects are passed over."""
        if reading.served:
            self._served.add(reading.route.api_operation)
        operation = reading.operation
        answer = operation.answer
        if answer is None or answer.status < 400 or answer.status == 429 or operation.input.method.upper() == "HEAD":
            return
        if answer.status < 500:
            docket.exercise("INPUT-6")
            if not answer.truncated:
                self._judge_form(reading, answer, docket)
        # NUL keeps patterns from reaching from one text into the next.
        told = "\0".join([*_texts(reading, answer), *_header_texts(answer)])
        for found in giveaways(told, "\0".join(_sent_texts(reading))):
            _report(reading, docket, found.kind, f"an error gives away {found.kind}", shown(found.text))
        if self._keys.found_in(answer.body) or _own_key(reading).found_in(answer.body):
            # The key itself is not repeated here: findings are read by people who do not own it.
            _report(reading, docket, "the caller's key", "an error repeats the caller's key", "the key, in the body")

    def _judge_form(self, reading: Reading, answer: Answer, docket: Docket) -> None:
        """Judge whether a refusal is JSON, and says that it is."""
        if reading.document.error is not None:
            empty = not answer.body
            cause = "an empty body" if empty else "not JSON"
            observed = "no body" if empty else shown(answer.body[:80].decode("utf-8", "replace"))
        elif not media.parse(media.label(answer)).is_json:
            cause, observed = "not labelled JSON", f"Content-Type {shown(media.label(answer))}"
        else:
            return
        front = self._is_from_front(reading, answer)
        _report(
            reading,
            docket,
            f"{cause}, by the HTTP layer" if front else cause,
            "a refusal by the HTTP layer is not JSON" if front else "a refusal is not JSON",
            f"{observed}, status {answer.status} to {scope.request_line(reading)}",
            Severity.WARNING if front else None,
        )

    def _is_from_front(self, reading: Reading, answer: Answer) -> bool:
        """Tell whether a refusal may well have been written before the request reached the shop."""
        where = reading.route
        if answer.status in _FRONT or where.api_operation is ApiOperation.OTHER:
            return True
        if answer.status not in {400, 404}:
            return False
        if not _is_plain(reading.operation.input):
            return True
        if where.api_operation in scope.BY_ID and reading.purchase_id is None:
            # Routers that know ids are numbers do not find a path for anything else.
            return True
        return answer.status == 404 and (where.slash or where.api_operation not in self._served)


def _is_plain(sent: Input) -> bool:
    """Tell whether a request has nothing that HTTP servers refuse by themselves."""
    values = [sent.path, *(value for _, value in sent.headers)]
    return all(value.isascii() and value.isprintable() for value in values) and "%00" not in sent.path


def _texts(reading: Reading, answer: Answer) -> Iterator[str]:
    """Return every text of an error: the strings of JSON with their escapes resolved, else the body."""
    if reading.document.error is None:
        return _strings(reading.document.value)
    return iter([html.unescape(answer.body.decode("utf-8", "replace"))])


def _header_texts(answer: Answer) -> Iterator[str]:
    """Yield what headers say: frameworks in debug mode put the exception and its file there, percent-encoded."""
    for name, value in answer.headers:
        if name.lower() not in _ADDRESSES:
            yield unquote(value)


def _sent_texts(reading: Reading) -> Iterator[str]:
    """Yield what a server could quote from a request."""
    sent = reading.operation.input
    yield sent.path
    yield unquote(sent.path)
    for pair in sent.query:
        yield from pair
    yield sent.body.decode("utf-8", "replace")
    yield from _strings(reading.sent.value)


def _strings(root: object) -> Iterator[str]:
    """Yield the keys and texts of a decoded JSON value of any depth."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            yield from value
            waiting += value.values()


def _own_key(reading: Reading) -> KeyFinder:
    """Return a finder of the key that the caller showed.

    A made-up key is looked for only where it cannot be mistaken for words: "wrong key" is what a refusal
    of the key ``wrong-key`` may well say.
    """
    key = next((value for name, value in reading.operation.input.headers if name.lower() == "x-api-key"), "")
    distinct = len(key) >= DISTINCT_LENGTH and any(character.isdigit() for character in key)
    return KeyFinder([key] if reading.operation.authenticated or distinct else [])


def _report(
    reading: Reading, docket: Docket, cause: str, title: str, observed: str, severity: Severity | None = None
) -> None:
    docket.violate(
        violation(
            "INPUT-6",
            cause,
            title,
            reading.mark,
            expected="a refusal in JSON without stack trace, file path, SQL or the caller's key",
            observed=observed,
            severity=severity,
        )
    )
