"""Both validators say the same, and say what the contract says of shapes."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.profiles import PROFILES, get_profile, openapi_document
from contracts.schema import PythonValidator, RustValidator, SchemaError, answer_schema, purchase_schema

OPERATIONS = (
    "create_purchase",
    "list_purchases",
    "retrieve_purchase",
    "request_code",
    "refund_purchase",
    "get_account",
    "get_profile",
)
TIMESTAMP = "2024-11-19T07:50:00.000Z"
ARABIC = "\u0660\u0661\u0662\u0663"
WIDE = "\uff10\uff11\uff12\uff13"
PYTHON = {name: PythonValidator(purchase_schema(name)) for name in PROFILES}
RUST = {name: RustValidator(purchase_schema(name)) for name in PROFILES}


def purchase(profile: str = "2026-02", **changes: Any) -> dict[str, Any]:
    """Write out a lawful purchase that has its code, with some of its values changed."""
    written = {
        "id": 12345,
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "phone_number": "+12025550123",
        "price": {"amount": "1.50", "currency_code": "USD"},
        "status": "SUCCESS",
        "purchase_type": "SINGLE",
        "verification": {"code": "12345", "password": "secret123", "received_at": TIMESTAMP},
        "created_at": TIMESTAMP,
    }
    newer = {"emoji": "🇺🇸", "purchase_source": "API"} if profile == "2026-05" else {}
    return written | newer | changes


def judge(instance: object, profile: str = "2026-02") -> list[SchemaError]:
    """Return what both validators say of a purchase, having made sure that it is the same."""
    errors = list(PYTHON[profile].errors(instance))
    assert list(RUST[profile].errors(instance)) == errors
    assert PYTHON[profile].is_valid(instance) is RUST[profile].is_valid(instance) is (not errors)
    return errors


def places(errors: list[SchemaError]) -> list[tuple[str, str]]:
    return [("/".join(map(str, error.path)), error.keyword) for error in errors]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_answer_schemas_are_self_contained(profile: str, operation: str) -> None:
    schema = answer_schema(profile, operation)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$ref" not in json.dumps(schema)
    PythonValidator(schema)
    RustValidator(schema)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_purchase_is_what_create_and_retrieve_answer(profile: str) -> None:
    schema = purchase_schema(profile)
    assert answer_schema(profile, "create_purchase") == answer_schema(profile, "retrieve_purchase") == schema
    assert answer_schema(profile, "list_purchases")["properties"]["items"]["items"] == {
        key: value for key, value in schema.items() if key != "$schema"
    }


def test_an_unknown_operation_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"unknown operation 'delete_purchase'; known are create_purchase, get_"):
        answer_schema("2026-02", "delete_purchase")


def test_an_unknown_profile_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown profile '2025-01'"):
        purchase_schema("2025-01")


@pytest.mark.parametrize("profile", PROFILES)
def test_lawful_purchases(profile: str) -> None:
    for example_ in openapi_document(profile)["components"]["examples"].values():
        assert judge(example_["value"], profile) == []


@pytest.mark.parametrize(
    ("key", "value", "keyword"),
    [
        *(("id", value, "type") for value in ("12345", True, 1.5, None, float("inf"), float("nan"), [1])),
        *(("id", value, "minimum") for value in (0, -1, -(10**300), -1e300)),
        *(("id", value, "maximum") for value in (2**53, 2**53 + 1, 2**64, 10**4000, 9007199254740992.0)),
        *(
            ("country_code", value, "pattern")
            for value in ("us", "USA", "U", "", " US", "US\n", "\uff35\uff33", "US\0")
        ),
        *(("country_code", value, "type") for value in (None, 1, ["US"])),
        *(
            ("phone_number", value, "pattern")
            for value in (
                *(
                    "12025550123",
                    "+02025550123",
                    "+1",
                    "+1 202 555 0123",
                    "+1-202-555-0123",
                    "+12025550123\n",
                ),
                *(
                    "+1202555\u0660\u0661\u0662\u0663",
                    "+1\uff12\uff10\uff12",
                    "+" + "1" * 16,
                    "",
                    "+12025550123\u2028",
                    " +12025550123",
                ),
            )
        ),
        ("phone_number", 12025550123, "type"),
        *(("status", value, "enum") for value in ("success", "EXPIRED", "SUCCESS\n", "")),
        ("status", None, "type"),
        *(("purchase_type", value, "enum") for value in ("single", "GIFT")),
        *(
            ("created_at", value, "pattern")
            for value in (
                *("2024-11-19 07:50:00Z", "2024-11-19T07:50:00", "2024-11-19T07:50:00+03:00", "2024-11-19"),
                *(
                    "2024-11-19T07:50:00.1Z",
                    "2024-11-19T07:50:00.1234Z",
                    TIMESTAMP + "\n",
                    "2024-11-19T07:50Z",
                ),
                *(
                    "2024-11-19t07:50:00z",
                    "2024-11-19T07:50:00-00:00",
                    "\u0662\u0660\u0662\u0664-11-19T07:50:00Z",
                    "2024-11-19T07:50:00.Z",
                ),
            )
        ),
        ("created_at", 1732002600, "type"),
        ("display_name", "United States", "type"),
        ("verification", [], "type"),
    ],
)
def test_a_wrong_value_breaks_one_keyword(key: str, value: object, keyword: str) -> None:
    assert places(judge(purchase() | {key: value})) == [(key, keyword)]


@pytest.mark.parametrize(
    ("amount", "lawful"),
    [("1.50", True), ("2", True), ("0.9", True), ("0", True), ("007", True)]
    + [
        (text, False)
        for text in ("1.500", "1.", ".5", "-1.50", "+1", "1,50", "1e2", "1.50\n", "\u0661.\u0665", "", " 1")
    ],
)
def test_amounts(amount: str, lawful: bool) -> None:
    price = {"amount": amount, "currency_code": "USD"}
    assert places(judge(purchase(price=price))) == ([] if lawful else [("price/amount", "pattern")])


@pytest.mark.parametrize("created", [TIMESTAMP, "2024-11-19T07:50:00Z", "2024-11-19T07:50:00.123456+00:00"])
def test_timestamps(created: str) -> None:
    assert judge(purchase(created_at=created)) == []


@pytest.mark.parametrize(("profile", "expected"), [("2026-02", ["type"]), ("2026-05", [])])
def test_a_null_password_is_lawful_only_in_the_newest_profile(profile: str, expected: list[str]) -> None:
    verification = {"code": "1", "password": None, "received_at": TIMESTAMP}
    errors = judge(purchase(profile, verification=verification), profile)
    assert [error.keyword for error in errors if error.path == ("verification", "password")] == expected


def test_a_missing_key_is_named_for_each() -> None:
    assert judge({"verification": {"code": ""}})[-3:] == [
        SchemaError(("verification",), "required", "required key 'password' is missing", "password"),
        SchemaError(("verification",), "required", "required key 'received_at' is missing", "received_at"),
        SchemaError(("verification", "code"), "minLength", "'' is shorter than 1"),
    ]
    assert {error.key for error in judge({}, "2026-05")} == set(purchase("2026-05"))


def test_an_extra_key_is_no_error() -> None:
    assert judge(purchase(loyalty={"points": 3})) == []


def test_json_schema_takes_a_whole_float_for_an_integer() -> None:
    """Which is why SHAPE-3 is judged by the text of the number as well."""
    assert judge(purchase(id=12345.0)) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": 1}, "an object is not of type null, string"),
        ([1], "an array is not of type null, string"),
        (True, "true is not of type null, string"),
        (1.5, "1.5 is not of type null, string"),
        (10**100, "an integer of 333 bits is not of type null, string"),
        ("x" * 10**6, "'" + "x" * 60 + "'… does not match ^\\+[1-9][0-9]{1,14}(?![\\s\\S])"),
    ],
)
def test_messages_show_the_value_and_stay_short(value: object, shown: str) -> None:
    assert [error.message for error in judge(purchase(phone_number=value))] == [shown]


def test_a_lone_surrogate_is_judged() -> None:
    """`json` parses it, and Rust has no place for it."""
    value = json.loads('"\\ud800S"')
    assert places(judge(purchase(country_code=value))) == [("country_code", "pattern")]


@pytest.mark.parametrize("depth", [300, 1000])
def test_deep_nesting_is_judged_where_it_does_not_belong(depth: int) -> None:
    """Rust holds 255 levels; Python shows about a thousand."""
    value = orjson.loads("[" * depth + "]" * depth)
    errors = judge(purchase(id=value))
    assert places(errors) in ([("id", "type")], [("", "depth")])
    assert judge(purchase(extra=value)) == []


def test_whole_answers() -> None:
    """Paths lead through the envelope, array indices included."""
    page = {
        "items": [purchase(), purchase(id=0)],
        "pagination": {"current_page": 0, "total_pages": -1},
    }
    schema = answer_schema("2026-02", "list_purchases")
    expected = [
        (("items", 1, "id"), "minimum", None),
        (("pagination",), "required", "has_next"),
        (("pagination", "current_page"), "minimum", None),
        (("pagination", "total_pages"), "minimum", None),
    ]
    for validator in (PythonValidator(schema), RustValidator(schema)):
        assert [(error.path, error.keyword, error.key) for error in validator.errors(page)] == expected


def lawful_purchases(profile: str) -> st.SearchStrategy[dict[str, Any]]:
    timestamps = st.builds(
        lambda instant, fraction, zone: instant.isoformat(timespec="seconds") + fraction + zone,
        st.datetimes(),
        st.sampled_from(["", ".000", ".123456"]),
        st.sampled_from(["Z", "+00:00"]),
    )
    verification = st.fixed_dictionaries(
        {
            "code": st.text(min_size=1, max_size=8),
            "password": st.text(max_size=8) if profile == "2026-02" else st.none() | st.text(max_size=8),
            "received_at": timestamps,
        }
    )
    price = st.fixed_dictionaries(
        {
            "amount": st.decimals(0, 10**6, places=2).map(str) | st.integers(0, 100).map(str),
            "currency_code": st.sampled_from(["USD", "EUR"]),
        }
    )
    keys: dict[str, st.SearchStrategy[Any]] = {
        "id": st.integers(1, 2**53 - 1),
        "country_code": st.sampled_from(["US", "RU", "KZ", "DE"]),
        "display_name": st.fixed_dictionaries({"ru": st.text(min_size=1), "en": st.text(min_size=1)}),
        "phone_number": st.none() | st.integers(10, 10**15 - 1).map("+{}".format),
        "price": price,
        "status": st.sampled_from(sorted(get_profile(profile).statuses)),
        "purchase_type": st.sampled_from(["SINGLE", "BULK", "ADMIN"]),
        "verification": st.none() | verification,
        "created_at": timestamps,
    }
    if profile == "2026-05":
        keys |= {"emoji": st.text(min_size=1), "purchase_source": st.sampled_from(["BOT", "WEB", "API"])}
    return st.fixed_dictionaries(keys)


ODD_NUMBERS = (0, -1, 1.5, 12345.0, 2**53, 2**63, 2**64, 10**400, -(10**400), 1e300)
NO_NUMBERS = (float("inf"), float("-inf"), float("nan"))
ODD_TEXTS = (
    "",
    "\n",
    "US\n",
    "\0",
    "\ud800",
    "EXPIRED",
    "success",
    f"+1{ARABIC}",
    f"+1{WIDE}",
    f"1.{ARABIC}",
)
ODD_VALUES = st.sampled_from([None, True, False, [], [None], {}, {"code": 1}, *ODD_NUMBERS, *NO_NUMBERS, *ODD_TEXTS])


def changed_texts(text: str) -> st.SearchStrategy[str]:
    arabic = {ord("0") + digit: chr(0x660 + digit) for digit in range(10)}
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    padded = [text + "\n", "\n" + text, text + "\r", text + "\u2028", text + " ", text * 2, text[:-1]]
    return st.sampled_from([*padded, text.translate(arabic), text.translate(wide), text.lower()])


@st.composite
def mutated_purchases(draw: st.DrawFn, profile: str) -> dict[str, Any]:
    """Draw a lawful purchase in which up to three places, at either level, are changed or dropped."""
    instance = draw(lawful_purchases(profile))
    for _ in range(draw(st.integers(1, 3))):
        holder = instance
        key = draw(st.sampled_from(sorted(holder)))
        if isinstance(holder[key], dict) and holder[key] and draw(st.booleans()):
            holder = holder[key]
            key = draw(st.sampled_from(sorted(holder)))
        value = holder.pop(key)
        changes: list[st.SearchStrategy[Any]] = [ODD_VALUES, st.text(), st.integers()]
        if isinstance(value, str):
            changes += [changed_texts(value)] * 3
        if isinstance(value, int) and abs(value) < 2**64:  # an earlier change may have made it huge
            changes += [st.sampled_from([str(value), -value, bool(value), float(value)])]
        if draw(st.integers(0, 4)):
            holder[key] = draw(st.one_of(changes))
    return instance


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_the_validators_agree_on_lawful_purchases(profile: str, data: st.DataObject) -> None:
    assert judge(data.draw(lawful_purchases(profile)), profile) == []


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_validators_agree_on_mutated_purchases(profile: str, data: st.DataObject) -> None:
    judge(data.draw(mutated_purchases(profile)), profile)


@settings(max_examples=100, deadline=None)
@given(
    instance=st.recursive(
        ODD_VALUES | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_the_validators_agree_on_anything(instance: object) -> None:
    judge(instance)
