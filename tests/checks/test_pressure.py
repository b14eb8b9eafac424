"""LOAD-3: which 429 tells how long to wait."""

from __future__ import annotations

import pytest

from contracts.checks.pressure import PressureCheck
from tests.checks.build import Verdict, answer, call, create, listing, record, warning

SILENT: set[Verdict] = set()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("2", SILENT),
        ("0", SILENT),
        ("0.5", SILENT),
        (" 30 ", SILENT),
        ("Tue, 10 Feb 2026 12:00:01 GMT", SILENT),
        (None, warning("LOAD-3", "no Retry-After")),
        ("", warning("LOAD-3", "unreadable Retry-After")),
        ("soon", warning("LOAD-3", "unreadable Retry-After")),
        ("-1", warning("LOAD-3", "unreadable Retry-After")),
        ("٢", warning("LOAD-3", "unreadable Retry-After")),
        ("2s", warning("LOAD-3", "unreadable Retry-After")),
    ],
)
def test_retry_after(header: str | None, expected: set[Verdict]) -> None:
    headers = {} if header is None else {"Retry-After": header}
    given = answer({"message": "slow down"}, 429, headers=headers)
    for operation in (
        create(given),
        create(given, "us"),
        listing(given, principal="stranger:no key"),
        call("GET", "/anything", given),
    ):
        docket = record(operation)
        assert (docket.verdicts, docket.exercised) == (expected, {"LOAD-3": 1, "AUTH-3": 1})


def test_other_refusals_press_nobody() -> None:
    docket = record(create(answer({}, 503)), create(answer({}, 200)), create(None), checks=[PressureCheck])
    assert (docket.verdicts, docket.exercised) == (SILENT, {})


@pytest.mark.parametrize(
    ("headers", "observed"), [({}, "no Retry-After"), ({"Retry-After": "soon"}, "Retry-After 'soon'")]
)
def test_what_was_seen_instead_of_a_wait(headers: dict[str, str], observed: str) -> None:
    (found,) = record(create(answer({}, 429, headers=headers)), checks=[PressureCheck]).violations
    assert found.observed == observed
