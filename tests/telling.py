"""What every finding must tell by itself: what went wrong, what was promised, what was seen, in which operations."""

from __future__ import annotations

import re
from collections.abc import Iterable

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


def untold(violation: Violation | Finding, *, shown: bool = True) -> list[str]:
    """Return what a violation does not tell a reader; where no operation can be shown, that is not asked for."""
    missing = [
        f"{violation.clause} {violation.cause}: {part} is {text!r}"
        for part, text in (("title", violation.title), ("expected", violation.expected))
        if not _reads(text)
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
