"""What a target repeats of other answers is hidden where nobody has seen those, and keys are in any spelling."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.history import Answer, ApiOperation, Input, Operation
from contracts.record.learning import strays_in
from contracts.record.line import to_line
from contracts.record.masking import Masker
from tests.canaries.stage import opened, spelt
from tests.gate.test_session import PURCHASE


def answered(body: bytes) -> Operation:
    sent = Input("GET", "/v1/purchases/7")
    return Operation(0, "owner", ApiOperation.RETRIEVE, sent, Answer(404, (), body), 0.0, 0.1)


def strays(document: Any) -> set[tuple[str, str]]:
    return set(strays_in(answered(json.dumps(document).encode())))


def test_words_in_members_that_nobody_expects_are_taken_for_secrets() -> None:
    assert strays({"debug": ["o2roAejGrHVI", {"x": "48213"}], "trace": "abcdef"}) == {
        ("password", "o2roAejGrHVI"), ("password", "48213"), ("password", "abcdef"),
    }  # fmt: skip


def test_phone_numbers_are_taken_for_secrets_wherever_they_stand() -> None:
    found = strays({"error": "call +15550100999 or +4915550100", "id": 7})
    assert found == {("phone", "+15550100999"), ("phone", "+4915550100")}


@pytest.mark.parametrize(
    "document",
    [
        {"error": {"code": "not_found", "message": "no purchase has this id"}},
        {"detail": [{"msg": "field required", "type": "missing"}]},
        {"debug": "the request took 12 ms", "n": 123456, "ok": True, "x": "abc"},
        PURCHASE,
        {"items": [PURCHASE], "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}},
    ],
)
def test_what_people_need_to_read_an_answer_stays(document: Any) -> None:
    assert strays(document) == set()


@given(st.binary(max_size=300))
def test_any_body_can_be_searched(body: bytes) -> None:
    assert all(kind in {"password", "phone"} and value for kind, value in strays_in(answered(body)))


def test_an_answer_of_any_depth_can_be_searched() -> None:
    assert list(strays_in(answered(b'{"x":' * 50_000))) == []


def test_an_operation_without_an_answer_has_none() -> None:
    lost = Operation(0, "owner", ApiOperation.RETRIEVE, Input("GET", "/"), None, 0.0, 0.1, error="timeout")
    assert list(strays_in(lost)) == []


def test_a_line_written_after_they_were_learnt_shows_none() -> None:
    masker = Masker({"owner": "owner-key-1234"})
    operation = answered(json.dumps({"debug": ["+15550100999", "s3cretWord", "c3VwZXI="]}).encode())
    for kind, value in strays_in(operation):
        masker.learn(kind, value)
    line = json.dumps(to_line(operation, masker)).encode()
    assert spelt(line, ["+15550100999", "s3cretWord", "c3VwZXI="]) == []


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=8, max_size=40), st.text(max_size=20))
def test_a_key_in_hexadecimal_is_hidden(key: str, around: str) -> None:
    masker = Masker({"owner": key})
    for digits in (key.encode().hex(), key.encode().hex().upper()):
        masked = masker.mask(f"{around} {digits} {around}")
        assert "<key:owner:hex>" in masked
        assert digits not in masked
        assert masker.mask(masked) == masked


def test_the_search_itself_finds_a_secret_in_every_spelling_and_packing() -> None:
    """Canaries are worth what their search is: each of these must be found, and nothing in their absence."""
    secret = "k3y-of-Owner/1+2"
    inner = json.dumps({"a": secret}).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inner.json.gz", gzip.compress(inner))
    for name, content in (("a.json", inner), ("a.gz", gzip.compress(inner)), ("a.zip", archive.getvalue())):
        assert any(spelt(data, [secret]) for _, data in opened(name, content)), name
    assert spelt(secret.encode().hex().upper().encode(), [secret]) == [f"{secret} (hexadecimal)"]
    assert not any(spelt(data, [secret]) for _, data in opened("b.gz", gzip.compress(b"nothing")))
