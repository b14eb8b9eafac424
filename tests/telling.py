"""What every finding must tell by itself: what went wrong, what was promised, what was seen, in which operations."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from hypothesis import currently_in_test_context

from contracts.finding import Finding, Violation

AMOUNTS = re.compile(r"\d+\.\d\d [A-Z]{3}")

NAMES = ("PENDING ", "SUCCESS ", "SINGLE, ", "YYYY-")
"""Upper-case words of the contract that a text may begin with."""

CONTRADICTIONS = re.compile(
    r"acknowledged-but-|balance-too-|changed-|charge-is-not-|code-and-money|credentials-after-|due-refund-refused-|"
    r"empty-page|(error|success|refund|expired)-then-|first-request-refused-|foreign-|granted-(already|in)-|leak-in-|"
    r"listed-but-|lists-anothers-|missing-from-|no-order-of-|phone-sold-twice|phone_number-lost|purchase-from-nowhere|"
    r"refund-answered-|refund-not-visible|refund-of-another-|refund-took-effect|refused-refund-|repeat-|"
    r"request-code-(answered|took)-|retrieve-keeps-|served-after-|shown-on-two-|total-pages-|two-sets-of-|vanished|"
    r"verification-shown|[a-z_.]+-changed$"
)
"""Causes of which one answer says nothing: it is another one that makes it wrong."""

COURSES = re.compile(r"available-but-refused-|balance-fell|create-made-two|purchase-appeared|refused-but-charged")
"""Causes that take three operations to be told: what was before, what happened, and what was after."""

_VIEW = "(?:create|list|retrieve|request-code|refund)"
_STATUS = "(?:PENDING|SUCCESS|ERROR|EXPIRED|REFUND)"
_CREDENTIAL = "(?:code|password|received_at)"
_WHATS = {
    "#": r"\d+(?:\.\d+)?",
    "AMOUNT": r"-?\d+(?:\.\d+)? [A-Z]{3}",
    "CODES": r"\+\d+(?: or \+\d+)*",
    "COUNTRY": "[A-Z]{2}",
    "COURSE": rf"{_VIEW} (?:showed|answered) (?:{_STATUS}|credentials), (?:a later|an overlapping) {_VIEW} shows "
    rf"(?:{_STATUS}|verification null|another {_CREDENTIAL}(?:, {_CREDENTIAL})*)",
    "CREDENTIAL": rf"{_CREDENTIAL}(?:, encoded,)?",
    "FIELD": r"[a-z_]+(?:\.[a-z_]+)*",
    "NAME": "[a-z_-]+",
    "OPERATION": _VIEW,
    "STATUS": _STATUS,
    "VALUE": r"\S.*",
    "VIEW": _VIEW,
    "WHO": "(?:another owner|somebody without a key)",
}
"""What stands in ``findings.toml`` for something that differs from run to run."""


def untold(violation: Violation | Finding, *, shown: bool = True) -> list[str]:
    """Return what a violation does not tell a reader; where no operation can be shown, that is not asked for."""
    missing = [
        f"{violation.clause} {violation.cause}: {part} is {text!r}"
        for part, text in (("title", violation.title), ("expected", violation.expected))
        if not _reads(text)
    ]
    # Generated histories mix subjects and verbs as they like: what is told of them is not written down beforehand.
    known = () if currently_in_test_context() else (("titles", violation.title), ("promises", violation.expected))
    missing += [
        f"{violation.clause} {violation.cause}: tests/findings.toml has none of the {part} {text!r}"
        for part, text in known
        if isinstance(text, str) and not _known(part).fullmatch(text)
    ]
    if not isinstance(violation.observed, str) or not violation.observed:
        missing.append(f"{violation.clause} {violation.cause}: observed is {violation.observed!r}")
    needed = 3 if COURSES.match(violation.cause) else 2 if CONTRADICTIONS.match(violation.cause) else 1
    if shown and len(set(violation.marks)) < needed:
        missing.append(f"{violation.clause} {violation.cause}: {len(set(violation.marks))} operations of {needed}")
    return missing


def well_told(violations: Iterable[Violation | Finding], *, shown: bool = True) -> None:
    """Assert that each violation can be understood without the code that found it."""
    missing = [line for violation in violations for line in untold(violation, shown=shown)]
    assert missing == []


def _reads(text: object) -> bool:
    """Whether a text is one line that begins as a sentence of ours does, and says more than that nothing is known."""
    if not isinstance(text, str) or "\n" in text or re.search(r"\bNone\b", text) is not None:
        return False
    return AMOUNTS.match(text) is not None or (
        any(letter.islower() for letter in text) and (not text[:1].isupper() or text.startswith(NAMES))
    )


@cache
def _known(part: str) -> re.Pattern[str]:
    """Return what matches any of the texts that findings are told in, ``titles`` or ``promises``."""
    texts = tomllib.loads(Path(__file__).with_name("findings.toml").read_text("utf-8"))[part]
    places = "|".join(rf"\b{word}\b" if word.isalpha() else word for word in _WHATS)
    return re.compile("|".join(_pattern(text, places) for text in texts))


def _pattern(text: str, places: str) -> str:
    return "".join(_WHATS.get(piece, re.escape(piece)) for piece in re.split(f"({places})", text))
