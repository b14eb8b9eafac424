"""A history that nobody could mask once more at its end holds no secret that is there by name."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.history import Answer, ApiOperation, Input, Operation
from contracts.record.historyfile import HistoryWriter
from contracts.record.masking import Masker

SECRETS = {"code": "48213", "password": "Tr0ub4dor&3", "phone": "+12025550143"}


def shown(value: object, status: int = 200) -> Operation:
    answer = Answer(status, (("content-type", "application/json"),), json.dumps(value).encode())
    return Operation(
        index=0,
        principal="other",
        api_operation=ApiOperation.RETRIEVE,
        input=Input("GET", "/v1/purchases/7"),
        answer=answer,
        invoked=0.0,
        returned=0.1,
        wall=time.time(),
    )


def written(path: Path, *operations: Operation) -> str:
    """Write a history that is never closed, as that of a run that is killed."""
    history = HistoryWriter(path, Masker({"owner": "owner-key-1234"}))
    for operation in operations:
        history.write(operation)
    content = path.read_text("ascii")
    history._file.close()
    return content


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("code", "code"),
        ("otp", "code"),
        ("loginCode", "code"),
        ("SMS_CODE", "code"),
        ("verification-code", "code"),
        ("pin", "code"),
        ("password", "password"),
        ("Passwd", "password"),
        ("pass", "password"),
        ("secret", "password"),
        ("phone_number", "phone"),
        ("phoneNumber", "phone"),
        ("msisdn", "phone"),
    ],
)
def test_what_a_target_shows_by_another_name_is_masked_at_once(name: str, kind: str, tmp_path: Path) -> None:
    secret = SECRETS[kind]
    content = written(tmp_path / "history.jsonl", shown({"debug": {"last": {name: secret}}}))
    assert secret not in content
    assert f"<{kind}:1>" in content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country_code", "US"),
        ("currency_code", "USD"),
        ("error_code", "12345-out-of-stock"),
        ("number", "48213"),
        ("status_code", "40912"),
        ("passport", "48213"),
    ],
)
def test_what_only_sounds_alike_stays_readable_in_a_run_that_ends(name: str, value: str, tmp_path: Path) -> None:
    with HistoryWriter(tmp_path / "history.jsonl", Masker({})) as history:
        history.write(shown({name: value}))
    assert value in (tmp_path / "history.jsonl").read_text("ascii")


def test_the_word_of_a_refusal_stays_readable(tmp_path: Path) -> None:
    assert "out_of_stock" in written(tmp_path / "history.jsonl", shown({"error": {"code": "out_of_stock"}}, 409))


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    cut=st.integers(30, 90),
    before=st.text(st.characters(codec="ascii", exclude_characters='"\\'), max_size=20),
)
def test_a_body_that_is_cut_short_hides_what_it_still_shows(cut: int, before: str, tmp_path: Path) -> None:
    body = json.dumps({"note": before, "verification": {"code": SECRETS["code"], "otp": "7741902"}})[
        : cut + len(before)
    ]
    operation = shown({})
    answer = Answer(200, (), body.encode())
    path = tmp_path / f"{time.monotonic_ns()}.jsonl"
    content = written(path, Operation(**{**{f: getattr(operation, f) for f in operation.__slots__}, "answer": answer}))
    whole = [value for value in (SECRETS["code"], "7741902") if f'"{value}"' in body]
    assert [value for value in whole if value in content and value not in before] == []
