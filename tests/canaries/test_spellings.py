"""Keys, passwords and phone numbers are hidden in each form in which a server may repeat them, and little else is."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.record.keys import KeyFinder
from contracts.record.masking import Masker
from contracts.target import keys_from_environment
from tests.gate.test_session import PURCHASE

KEY = "Ow7-Canary-Key-0001"
ODD = 'sk"t\\e&s<t>=%41zz-9'
PASSWORD = "Pa55&w<rd>Qx"
PHONE = "+15550100999"


def b64(text: bytes) -> str:
    return base64.b64encode(text).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "HTML": html.escape,
    "decimal character references": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "hexadecimal character references": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "character references without their end": lambda s: "".join(f"&#{ord(c):04}" for c in s),
    "HTML of HTML": lambda s: html.escape("".join(f"&#{ord(c)};" for c in s)),
    "a URL in a URL": lambda s: quote(quote(s, safe=""), safe=""),
    "a URL in HTML in JSON": lambda s: json.dumps(html.escape(f'"{quote(s, safe="")}"')),
    "JSON in JSON": lambda s: json.dumps(json.dumps(s)),
    "octal escapes": lambda s: "".join(f"\\{ord(c):03o}" for c in s),
    "JavaScript escapes": lambda s: "".join(f"\\u{{{ord(c):x}}}" for c in s),
    "UTF-16": lambda s: s.encode("utf-16-le").decode("latin-1"),
    "hexadecimal": lambda s: s.encode().hex(),
    "hexadecimal with colons": lambda s: s.encode().hex(":").upper(),
    "hexadecimal with spaces": lambda s: s.encode().hex(" ", 2),
    "hexadecimal of a C array": lambda s: ", ".join(f"0x{b:02x}" for b in s.encode()),
    "hexadecimal of UTF-16": lambda s: s.encode("utf-16-be").hex(),
    "a buffer of JavaScript": lambda s: json.dumps({"type": "Buffer", "data": list(s.encode())}),
    "a buffer over many lines": lambda s: json.dumps(list(s.encode()), indent=8),
    "basic authentication": lambda s: b64(f"user:{s}".encode()),
    "base64 of JSON for URLs": lambda s: base64.urlsafe_b64encode(json.dumps({"k": s, "x": 1}).encode()).decode(),
    "a part of a JWT": lambda s: f"eyJh.{base64.urlsafe_b64encode(json.dumps([s, 1]).encode()).decode().rstrip('=')}.x",
    "base64 after a slash": lambda s: f"/v1/p/{b64(s.encode())}",
    "base64 of base64": lambda s: b64(b64(s.encode()).encode()),
    "base64 of hexadecimal": lambda s: b64(s.encode().hex().encode()),
    "base64 of UTF-16": lambda s: b64(s.encode("utf-16-le")),
    "base64 in lines": lambda s: base64.encodebytes(b"a" * 50 + s.encode() + b"b" * 50).decode(),
}  # fmt: skip


@pytest.fixture
def masker() -> Masker:
    known = Masker({"owner": KEY, "other": ODD})
    known.learn("password", PASSWORD)
    known.learn("phone", PHONE)
    return known


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", [KEY, ODD, PASSWORD, PHONE])
def test_a_secret_is_hidden_in_every_form(form: str, secret: str, masker: Masker) -> None:
    shown = FORMS[form](secret)
    masked = masker.mask(f'{{"error": "bad {shown} here", "n": 7}}')
    assert shown not in masked
    assert masked.startswith('{"error": "bad ')
    assert masked.endswith(' here", "n": 7}')
    assert "<" in masked
    assert masker.mask(masked) == masked


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase])
@pytest.mark.parametrize("secret", [KEY, PASSWORD])
def test_a_secret_in_other_letters_is_hidden(change: Callable[[str], str], secret: str, masker: Masker) -> None:
    assert change(secret) not in masker.mask(f"a {change(secret)} b")
    assert change(secret) not in masker.mask(quote(change(secret), safe=""))


def test_the_same_secret_in_many_forms_of_one_text_is_hidden_in_each(masker: Masker) -> None:
    """What two places decode to alike is hidden in both."""
    text = " | ".join(FORMS[form](secret) for secret in (KEY, ODD) for form in FORMS)
    masked = masker.mask(text + "x" * 8_000)
    assert [form for form in FORMS for secret in (KEY, ODD) if FORMS[form](secret) in masked] == []


def test_a_long_key_told_in_two_halves_is_hidden() -> None:
    key = "gm-4f7a9c2e8b1d6035f9a7c4e2"
    masker = Masker({"owner": key})
    half = len(key) // 2
    masked = masker.mask(json.dumps({"key_start": key[:half], "key_end": key[half:]}))
    assert json.loads(masked) == {"key_start": "<key:owner:altered>", "key_end": "<key:owner:altered>"}


def test_of_two_keys_that_begin_alike_each_has_its_own_mask() -> None:
    masker = Masker({"other": "abcdefgh1234wxyz", "owner": "abcdefgh1234"})
    assert masker.mask("abcdefgh1234 abcdefgh1234wxyz") == "<key:owner> <key:other>"


@pytest.mark.parametrize("key", ["test", "demo", "abcd", "secret"])
def test_a_short_key_is_hidden_as_a_word_and_leaves_other_words_alone(key: str) -> None:
    masker = Masker({"owner": key})
    told = f"re{key}ed, {key}s and a{key}b stay"
    assert masker.mask(told) == told
    assert masker.mask(f'"{key}"') == '"<key:owner>"'
    assert masker.mask(f"x-api-key: {key}") == "x-api-key: <key:owner>"


@pytest.mark.parametrize("key", ["null", "TRUE", "200", "40912", "status", "Pending"])
@pytest.mark.parametrize("variable", ["ASSAY_API_KEY", "ASSAY_OTHER_API_KEY", "ASSAY_ADMIN_KEY"])
def test_a_key_that_answers_are_full_of_is_used_left_readable_and_told_of(key: str, variable: str) -> None:
    keys = keys_from_environment({"ASSAY_API_KEY": "owner-key-1"} | {variable: key})
    (remark,) = keys.remarks
    assert remark.startswith(f"{variable} is a word or number that answers")
    assert f" {key} " not in remark
    told = f'{{"status": "{key}"}}'
    assert Masker({"owner": key}).mask(told) == told


@pytest.mark.parametrize("key", ["k", "x9", "abc", "test", "0123456789", "sandbox-key", "null-key"])
def test_a_key_that_can_be_hidden_is_taken(key: str) -> None:
    keys = keys_from_environment({"ASSAY_API_KEY": key})
    assert (keys.owner, keys.remarks) == (key, ())


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({**PURCHASE, "phone_number": None}),
        "AUTH-3: an answer contains an API key in a header; GET /v1/purchases/17/request-code, answered with 200",
        "2026-11-23T23:28:40.123456Z 550e8400-e29b-41d4-a716-446655440000 [12, 14, 20, 31, 7, 8] %20 \\n &amp; &nbsp;",
        'ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4", Basic dXNlcjpwYXNzd29yZA==, a+b/c_d-e0123456789',
    ],
)
def test_what_holds_no_secret_stays_as_it_is(text: str, masker: Masker) -> None:
    assert masker.mask(text) == text


def test_a_password_that_differs_from_a_word_of_the_wire_in_its_letters_leaves_that_word_readable() -> None:
    masker = Masker({})
    masker.learn("password", "PassWord")
    assert masker.mask('{"password": "PassWord"}') == '{"password": "<password:1>"}'


@given(st.text(st.sampled_from('%&;#x\\u{}[], 0123456789abcdefABCDEF+/=\n\0<>"Ow7'), max_size=200))
def test_any_text_is_masked_once_and_for_all(text: str) -> None:
    masker = Masker({"owner": KEY})
    masker.learn("password", "abcdef12")
    once = masker.mask(text)
    assert masker.mask(once) == once


def test_a_text_made_of_signs_of_every_encoding_is_masked_in_bounded_time() -> None:
    sign = "%25&amp;\\u0041QUJDREVGR0hJSktMTU5PUA== 41424344454647 [65,66,67,68,69,70]"
    masked = Masker({"owner": KEY}).mask(sign * 200 + KEY)
    assert masked == sign * 200 + "<key:owner>"


def test_a_key_finder_tells_exact_keys_before_altered_ones() -> None:
    found = list(KeyFinder({"a": "abcdefgh1234", "b": "ABCDEFGH1234"}).find("ABCDEFGH1234"))
    assert [span.mask for span in found] == ["<key:b>", "<key:a:altered>"]
