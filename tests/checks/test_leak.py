"""AUTH-3: a key is found in every form, and innocent text is left alone."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from contracts.checks.keys import KeyFinder
from contracts.checks.leak import LeakCheck
from tests.checks.build import OTHER_KEY, OWNER_KEY, answer, call, create, error, purchase, record, retrieve, verdicts

IN_BODY = error("AUTH-3", "in the body")
IN_HEADER = error("AUTH-3", "in a header")
ODD_KEY = "a/b+c=d e%ü&9xyz"


@pytest.mark.parametrize("key", [OWNER_KEY, OTHER_KEY])
@pytest.mark.parametrize("status", [200, 302, 401, 404, 500])
def test_a_key_in_the_body_of_any_answer(key: str, status: int) -> None:
    docket = record(create(answer({"note": f"for {key}!"}, status)), checks=[LeakCheck])
    assert docket.verdicts == IN_BODY
    assert docket.exercised == {"AUTH-3": 1}
    assert key not in docket.violations[0].observed


def test_a_key_in_a_header() -> None:
    leaking = answer(purchase(), headers={"Set-Cookie": f"key={OWNER_KEY}; Path=/"})
    docket = record(retrieve(leaking), checks=[LeakCheck])
    assert docket.verdicts == IN_HEADER
    assert "the header Set-Cookie" in docket.violations[0].observed


def test_a_key_shown_to_nobody_in_particular() -> None:
    seen = call("GET", "/debug", answer(body=OWNER_KEY.encode(), kind="text/plain"), principal="stranger:no key")
    assert verdicts(seen) == IN_BODY


def test_lawful_answers_are_counted_and_silent() -> None:
    masked = answer({"message": f"unknown key …{OWNER_KEY[-4:]}"}, 401)
    docket = record(create(masked), retrieve(answer(purchase())), create(None), checks=[LeakCheck])
    assert (docket.verdicts, docket.exercised) == (set(), {"AUTH-3": 2})


@pytest.mark.parametrize(
    "form",
    [
        ODD_KEY,
        "a\\/b+c=d e%\\u00fc&9xyz",
        "a/b+c=d e%ü&amp;9xyz",
        quote(ODD_KEY, safe=""),
        quote(ODD_KEY, safe="").lower(),
        quote(ODD_KEY),
        "a%2Fb%2Bc%3Dd+e%25%C3%BC%269xyz",
        base64.b64encode(ODD_KEY.encode()).decode(),
        base64.urlsafe_b64encode(ODD_KEY.encode()).decode().rstrip("="),
        "".join(f"%{byte:02x}" for byte in ODD_KEY.encode()),
        ODD_KEY.encode().hex(),
        json.dumps(list(ODD_KEY.encode())).strip("[]"),
        json.dumps(list(ODD_KEY.encode()), separators=(",", ":")).strip("[]"),
    ],
)
def test_every_form_of_a_long_key(form: str) -> None:
    assert KeyFinder([ODD_KEY]).found_in(f"<p>{form}</p>".encode())
    assert not KeyFinder([ODD_KEY]).found_in(f"<p>{form[1:]}</p>".encode())


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(3))
def test_a_key_within_a_longer_text_in_base64(before: int, after: int) -> None:
    session = base64.b64encode(b"{" * before + ODD_KEY.encode() + b"}" * after)
    assert KeyFinder([ODD_KEY]).found_in(b"session=" + session + b"; Path=/")
    other = base64.b64encode(b"{" * before + ODD_KEY[1:].encode() + b"}" * after)
    assert not KeyFinder([ODD_KEY]).found_in(b"session=" + other + b"; Path=/")


@pytest.mark.parametrize(
    ("key", "text", "found"),
    [
        ("secret", "the secret is out", True),
        ("secret", '{"password": "secret123"}', False),
        ("secret", "top-secret", False),
        ("test-key", '"test-key"', True),
        ("test-key", "latest-key", False),
        ("abcde", "abcde", False),
        ("", "anything", False),
    ],
)
def test_a_short_key_must_stand_alone(key: str, text: str, found: bool) -> None:
    assert KeyFinder([key]).found_in(text.encode()) is found


@pytest.mark.parametrize("before", range(3))
def test_a_key_in_the_base64_of_urls_is_found_wherever_it_begins(before: int) -> None:
    key = "k?~>k?~>k?~>9"
    session = base64.urlsafe_b64encode(b"{" * before + key.encode())
    assert session != base64.b64encode(b"{" * before + key.encode())
    assert KeyFinder([key]).found_in(b"session=" + session)
