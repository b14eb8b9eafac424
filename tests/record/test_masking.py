"""No secret that was learnt survives in any spelling the suite knows, and nothing else is touched."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from contracts.history import ApiOperation, Input
from contracts.record.keys import PUBLIC, KeyFinder
from contracts.record.masking import Masker
from contracts.record.store import SHORTEST, SecretStore
from tests.record import scene

KEY = "gmt_live_0123456789abcdefXYZ"
OTHER = "gmt_live_zyxwvutsrqponmlkjih"


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def utf8(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda value: value,
    "percent": lambda value: urllib.parse.quote(value, safe="", errors="surrogatepass"),
    "percent, lower case": lambda value: re.sub(
        "%..", lambda m: m.group().lower(), urllib.parse.quote(value, safe="", errors="surrogatepass")
    ),
    "percent, every byte": lambda value: "".join(f"%{byte:02X}" for byte in utf8(value)),
    "form": lambda value: urllib.parse.quote_plus(value, errors="surrogatepass"),
    "base64": lambda value: b64(utf8(value)),
    "base64 without padding": lambda value: b64(utf8(value)).rstrip("="),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(utf8(value)).decode(),
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON, not only ASCII": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "JSON, every character": lambda value: "".join(
        f"\\u{int.from_bytes(unit, 'big'):04X}"
        for unit in re.findall(rb"(?s)..", value.encode("utf-16-be", "surrogatepass"))
    ),
    "JSON in JSON": lambda value: json.dumps(json.dumps(value)[1:-1])[1:-1],
    "a URL in JSON": lambda value: json.dumps(urllib.parse.quote(value, safe="", errors="surrogatepass"))[1:-1],
    "repr": lambda value: repr(value)[1:-1],
    "UTF-16": lambda value: value.encode("utf-16-le", "surrogatepass").decode("latin-1") if value.isascii() else value,
}

# Values that look like our own masks, or like a word of the wire, are told apart on purpose.
values = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=SHORTEST, max_size=60).filter(
    lambda value: value not in PUBLIC and not set("<>") & set(value)
)
passwords = values | st.from_regex(r"[A-Za-z0-9+/?~ %\\\"']{6,24}", fullmatch=True)
codes = st.from_regex(r"[0-9]{4,8}", fullmatch=True)
phones = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
contexts = st.sampled_from(
    [('{"x":"', '"}'), ("before ", " after"), ("?key=", "&page=1"), ("(", ")"), ("", ""), ("\n", "\r\n"), ("/", "/")]
)


def reads_as(text: str, value: str) -> bool:
    """Tell whether somebody who looks for a value in a text, in any spelling, finds it."""
    return any(spell(value) in text for spell in SPELLINGS.values())


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(deadline=None)
@given(kind=st.sampled_from(["password", "code"]), value=passwords | codes, context=contexts)
@example(kind="code", value="12345", context=("", ""))
@example(kind="password", value='a"b', context=("(", ")"))
@example(kind="password", value="a b+c", context=("?key=", "&page=1"))
@example(kind="password", value="пароль №1", context=("/", "/"))
@example(kind="password", value="\U0001f600\U0001f600\U0001f600", context=("", ""))
def test_no_value_survives_in_any_spelling(spelling: str, kind: str, value: str, context: tuple[str, str]) -> None:
    masker = Masker({"owner": KEY})
    masker.learn(kind, value)  # type: ignore[arg-type]
    spelled = SPELLINGS[spelling](value)
    assume(not reads_as(f"{context[0]}{context[1]}<{kind}:1>", value))
    masked = masker.mask(context[0] + spelled + context[1])
    assert f"<{kind}:1>" in masked
    assert not reads_as(masked, value)
    assert masker.mask(masked) == masked


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(deadline=None)
@given(phone=phones, context=contexts)
def test_no_phone_number_survives_with_or_without_its_plus(spelling: str, phone: str, context: tuple[str, str]) -> None:
    masker = Masker({})
    masker.learn("phone", phone)
    for shown in (phone, phone[1:]):
        masked = masker.mask(context[0] + SPELLINGS[spelling](shown) + context[1])
        assert masked.count("<phone:1>") == 1
        assert phone[1:] not in masked


# The base64 of one or two characters occurs everywhere.
@pytest.mark.parametrize(
    ("key", "spelling"),
    [
        (key, spelling)
        for key in (KEY, "ab-1", "k", "x9", "p@ss wörd!", "-" * 5, "Z" * 300)
        for spelling in SPELLINGS
        if len(key) >= SHORTEST or "base64" not in spelling
    ],
)
def test_no_key_survives_in_any_spelling(spelling: str, key: str) -> None:
    spelled = SPELLINGS[spelling](key)
    masked = Masker({"owner": key}).mask(f'"{spelled}"')
    assert "<key:owner" in masked
    assert not reads_as(masked.replace("<key:owner>", "").replace("<key:owner:base64>", ""), key)


@settings(deadline=None)
@given(secrets=st.lists(passwords, min_size=2, max_size=8, unique=True), data=st.data())
def test_no_value_survives_among_others(secrets: list[str], data: st.DataObject) -> None:
    masker = Masker({})
    for secret in secrets:
        masker.learn("password", secret)
    text = " ".join(data.draw(st.permutations(secrets)))
    masked = re.sub(r"<password:\d+>", "\0", masker.mask(text))
    for secret in secrets:
        assert len(secret) < 6 or secret not in masked


@settings(deadline=None)
@given(text=st.text(), key=st.text(min_size=1))
def test_masking_never_raises_and_never_changes_its_mind(text: str, key: str) -> None:
    masker = Masker({"owner": key})
    masker.learn("password", text[:50])
    masked = masker.mask(text)
    if not set("<>:") & set(text + key):
        assert masker.mask(masked) == masked


class TestWhatAMaskSays:
    def test_equal_values_look_equal_and_others_do_not(self) -> None:
        masker = Masker({})
        for code in ("48213", "90177", "48213"):
            masker.learn("code", code)
        assert masker.mask("48213 90177 48213") == "<code:1> <code:2> <code:1>"

    def test_the_longest_value_wins(self) -> None:
        masker = Masker({})
        masker.learn("password", "secret")
        masker.learn("password", "secret-and-more")
        assert masker.mask("secret-and-more, secret") == "<password:2>, <password:1>"

    def test_a_key_in_another_letter_case_or_cut_short_is_told_apart(self) -> None:
        masker = Masker({"owner": KEY, "other": OTHER})
        assert masker.mask(KEY) == "<key:owner>"
        assert masker.mask(KEY.swapcase()) == "<key:owner:altered>"
        assert masker.mask(KEY[:-1]) == "<key:owner:altered>"
        assert masker.mask(KEY[4:]) == "<key:owner:altered>"
        assert masker.mask(KEY[:9]) == KEY[:9]

    @pytest.mark.parametrize("name", ["", "a", "me", "user"])
    def test_a_key_in_basic_authentication_is_masked(self, name: str) -> None:
        masked = Masker({"owner": KEY}).mask(f"Basic {b64(f'{name}:{KEY}'.encode())}")
        assert "<key:owner:base64>" in masked
        assert len(masked) < len("Basic <key:owner:base64>") + 12

    def test_what_is_wrong_with_a_phone_number_stays_visible(self) -> None:
        masker = Masker({})
        for phone in ("+12025550123\n", "+1 202 555-0199", "+١٢٠٢٥٥٥"):
            masker.learn("phone", phone)
        assert masker.mask(repr("+12025550123\n")) == r"'<phone:1>\n'"
        assert masker.mask("+1 202 555-0199") == "<phone:2:+0 000 000-0000>"
        assert masker.mask("+١٢٠٢٥٥٥") == "<phone:3:+٠٠٠٠٠٠٠>"

    def test_an_excerpt_that_cut_a_value_short_does_not_show_its_beginning(self) -> None:
        masker = Masker({"owner": KEY})
        masker.learn("password", "correct horse battery staple " * 20)
        masker.learn("code", "48213")
        assert masker.mask("'correct horse bat… (580 characters)") == "'<password:1>… (580 characters)"
        assert masker.mask("'correct horse battery staple correct horse'…") == "'<password:1>'…"
        assert masker.mask("{'code': '4821… (90 characters)") == "{'code': '<code:1>… (90 characters)"


class TestWhatIsLeftAlone:
    def test_a_short_value_inside_a_longer_run(self) -> None:
        masker = Masker({})
        masker.learn("code", "12345")
        masker.learn("password", "abc")
        assert masker.mask("x12345 123456 12345a abcd xabc") == "x12345 123456 12345a abcd xabc"
        assert masker.mask("12345_abc") == "<code:1>_<password:1>"

    def test_a_purchase_id_that_equals_a_code(self) -> None:
        masker = Masker({})
        masker.learn("code", "12345")
        text = '/v1/purchases/12345/refund {"id": 12345, "n": 12345} purchase 12345'
        assert masker.mask(text) == text.replace('"n": 12345', '"n": <code:1>')
        assert masker.mask_value({"id": 12345, "n": 12345}) == {"id": 12345, "n": "<code:1>"}

    @pytest.mark.parametrize("word", ["PENDING", "null", "password", "ab", "1", ""])
    def test_words_of_the_wire_and_values_too_short_to_hide(self, word: str) -> None:
        masker = Masker({})
        masker.learn("password", word)
        assert masker.mask(f"a {word} b") == f"a {word} b"

    def test_the_code_of_an_error_document(self) -> None:
        masker = Masker({})
        refused = {"error": {"code": "not_found", "status": 404}, "code": 404}
        masker.learn_from(scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", status=404, answer=refused))
        assert masker.mask("not_found 404") == "not_found 404"


class TestLearning:
    @pytest.mark.parametrize(
        "body",
        [
            json.dumps(scene.purchase(verification=scene.credentials())).encode(),
            json.dumps({"items": [{"deeper": [scene.purchase(verification=scene.credentials())]}]}).encode(),
            json.dumps(scene.purchase(verification=scene.credentials())).encode()[:-30],
            b"\xef\xbb\xbf" + json.dumps(scene.purchase(verification=scene.credentials())).encode(),
            json.dumps(scene.purchase(verification=scene.credentials())).encode("utf-16"),
            b"[" * 3000 + json.dumps(scene.purchase(verification=scene.credentials())).encode(),
            json.dumps(scene.purchase(verification=scene.credentials())).replace("code", "c\\u006fde", 2).encode(),
        ],
        ids=["whole", "nested", "cut", "marked", "UTF-16", "too deep", "escaped keys"],
    )
    def test_credentials_of_any_answer_are_learnt(self, body: bytes) -> None:
        masker = Masker({})
        masker.learn_from(scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", raw=body))
        masked = masker.mask(f"{scene.PHONE} {scene.CODE} {scene.PASSWORD}")
        assert masked == "<phone:1> <code:1> <password:1>"

    def test_of_a_key_given_twice_both_values_are_learnt(self) -> None:
        masker = Masker({})
        body = b'{"code": "48213", "code": "90177", "password": "first-one", "password": "second-one"}'
        masker.learn_from(scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", raw=body))
        masked = masker.mask("48213 90177 first-one second-one")
        assert re.fullmatch(r"<code:\d> <code:\d> <password:\d> <password:\d>", masked)

    def test_numbers_and_lists_in_the_place_of_a_text_are_learnt(self) -> None:
        masker = Masker({})
        answer = scene.purchase(phone_number=12025550123, verification={"code": 48213, "password": ["pass-word"]})
        masker.learn_from(scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", answer=answer))
        assert masker.mask("12025550123 48213 pass-word") == "<phone:1> <code:1> <password:1>"

    def test_another_owners_credentials_in_a_refusal_are_learnt(self) -> None:
        masker = Masker({})
        answer = {"error": "not yours", "purchase": scene.purchase(verification=scene.credentials())}
        masker.learn_from(scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", status=403, answer=answer))
        assert masker.mask(f"{scene.CODE} {scene.PASSWORD}") == "<code:1> <password:1>"

    def test_a_list_filter_and_a_request_body_are_learnt(self) -> None:
        masker = Masker({})
        operation = scene.call(
            0,
            ApiOperation.LIST,
            "GET",
            "/v1/purchases",
            query=(("phone_number", "2025550"),),
            body=b'{"password": "from-a-request"}',
            status=None,
        )
        masker.learn_from(operation)
        assert masker.mask("2025550 from-a-request") == "<phone:1> <password:1>"

    @pytest.mark.parametrize(
        "body",
        [
            b'{"code":' * 100_000,
            b"[" * 1_000_000,
            b'{"a":' + b"[" * 500_000,
            b'"code"' + b" " * 1_000_000,
            b'{"password":"' + b"\\" * 1_000_000,
            b'{"code":"' + b'48213","code":"' * 60_000,
            b"%41\\u0041\0" * 60_000,
            json.dumps({"password": "x" * 900_000}).encode(),
            json.dumps([{"code": f"{number:05d}"} for number in range(50_000)]).encode(),
        ],
        ids=["open", "deep", "deeper", "spaces", "escapes", "twice", "spellings", "huge", "many"],
    )
    def test_a_hostile_body_costs_little(self, body: bytes) -> None:
        masker = Masker({"owner": KEY})
        operation = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", raw=body)
        began = time.process_time()
        masker.learn_from(operation)
        masker.mask(body[:70_000].decode("utf-8", "surrogateescape"))
        assert time.process_time() - began < 5

    def test_a_password_of_a_megabyte_is_masked_whole(self) -> None:
        masker = Masker({})
        masker.learn("password", "x-" * 400_000)
        assert masker.mask(f"<{'x-' * 400_000}>") == "<<password:1>>"


class TestDecodedValues:
    def test_keys_and_values_are_masked_and_the_rest_stays(self) -> None:
        masker = Masker({"owner": KEY})
        masker.learn("code", "48213")
        before = {"a": [KEY, 1.5, None, True, {"48213": (48213,)}], "id": 48213}
        assert masker.mask_value(before) == {
            "a": ["<key:owner>", 1.5, None, True, {"<code:1>": ["<code:1>"]}],
            "id": 48213,
        }
        assert before["id"] == 48213

    def test_depth_is_no_trouble(self) -> None:
        value: list[object] = []
        for _ in range(100_000):
            value = [value]
        masked = Masker({"owner": KEY}).mask_value(value)
        assert isinstance(masked, list)
        # Taken apart by hand: Python destroys deeply nested lists by recursion.
        for nested in (value, masked):
            inner: list[object] = [nested]
            while inner:
                child = inner.pop()
                inner = child if isinstance(child, list) else []


class TestCost:
    def test_one_text_among_many_thousand_values(self) -> None:
        masker = Masker({"owner": KEY})
        for number in range(30_000):
            masker.learn("password", f"password-{number * 7919:012x}")
            masker.learn("code", f"{number:05d}")
        text = json.dumps(scene.purchase(verification=scene.credentials(code="29999")))
        began = time.process_time()
        for _ in range(100):
            masked = masker.mask(text)
        assert time.process_time() - began < 1
        assert "29999" not in masked

    def test_a_text_that_was_harmless_is_looked_at_again_once_more_is_known(self) -> None:
        masker = Masker({})
        assert masker.mask("code 48213") == masker.mask("code 48213") == "code 48213"
        masker.learn("code", "48213")
        assert masker.mask("code 48213") == "code <code:1>"

    def test_the_oldest_values_are_forgotten_and_keep_their_mask_until_then(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("contracts.record.masking._MOST", 3)
        masker = Masker({})
        for number in range(6):
            masker.learn("password", f"password-{number}")
        assert masker.mask("password-0 password-5") == "<password:1> <password:6>"
        masker.learn("password", "password-0")
        assert masker.mask("password-0") == "<password:1>"
        assert masker.mask("password-1") == "password-1"

    def test_threads_give_each_value_one_mask(self) -> None:
        masker = Masker({})
        numbers = range(2_000)

        def learn() -> None:
            for number in numbers:
                masker.learn("code", f"{number:06d}")
                masker.mask(f"{number:06d}")

        threads = [threading.Thread(target=learn) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {masker.mask(f"{number:06d}") for number in numbers} == {f"<code:{n + 1}>" for n in numbers}


def test_values_with_one_long_beginning_are_told_apart() -> None:
    store = SecretStore()
    beginning = "x" * 40
    store.add(f"{beginning}-one", "<password:1>")
    store.add(f"{beginning}-two-and-more", "<password:2>")
    found = sorted(store.find(f"{beginning}-one"), key=lambda span: span.end - span.start)
    assert found[-1].mask == "<password:1>"
    assert (found[-1].start, found[-1].end) == (0, len(beginning) + 4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AbcdEfgh1", "abcdefgh1"),
        ("hunter2hunter2", "aHVudGVyMmh1bnRlcjI="),
        ("hunter2hunter2", "68756e74657232"),
        ("12345", "MTIzNDU="),
        ("a b cdefg", "a%20b%20cdefg"),
        ("a&b-cdefg", "a&amp;b-cdefg"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_credentials_that_changed_into_another_spelling_do_not_look_equal(one: str, other: str, turned: bool) -> None:
    masker = Masker({})
    for value in (other, one) if turned else (one, other):
        masker.learn("password", value)
    assert masker.mask(f'"{one}"') != masker.mask(f'"{other}"')


def test_keys_that_are_empty_are_passed_over() -> None:
    assert list(KeyFinder({"owner": ""}).find("anything")) == []


def test_a_request_is_not_changed_by_learning() -> None:
    operation = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", body=b"{}")
    Masker({}).learn_from(operation)
    assert operation.input == Input(
        "POST",
        "/v1/purchases",
        (),
        (("accept", "application/json"), ("x-api-key", scene.OWNER_KEY), ("content-type", "application/json")),
        b"{}",
    )
