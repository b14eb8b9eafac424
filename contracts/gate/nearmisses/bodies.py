"""Near misses in the body of a create: the country code, the object around it, the bytes (INPUT-1, INPUT-5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from contracts.gate.nearmisses.miss import NearMiss, Subject

PATH: Final = "/v1/purchases"

_INVISIBLE: Final = {
    "space": " ",
    "tab": "\t",
    "newline": "\n",
    "carriage-return": "\r",
    "nul": "\x00",
    "escape": "\x1b",
    "no-break-space": "\u00a0",
    "zero-width-space": "\u200b",
    "zero-width-joiner": "\u200d",
    "line-separator": "\u2028",
    "right-to-left-mark": "\u200f",
    "byte-order-mark": "\ufeff",
    "combining-acute": "\u0301",
    "variation-selector": "\ufe0f",
}
"""Characters that a strip, a normalisation or a sloppy pattern lets through, by name."""

_ESSENTIAL_INVISIBLE: Final = frozenset({"space", "newline", "nul"})

_CYRILLIC: Final = str.maketrans("ABCEHIKMOPSTXY", "АВСЕНІКМОРЅТХУ")
_GREEK: Final = str.maketrans("ABEHIKMNOPTXYZ", "ΑΒΕΗΙΚΜΝΟΡΤΧΥΖ")


def _full_width(code: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in code)


def _mathematical(code: str) -> str:
    return "".join(chr(0x1D400 + ord(letter) - ord("A")) for letter in code)


def _regional(code: str) -> str:
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code)


def _with_code(name: str, code: object, *, essential: bool = False) -> NearMiss:
    body = json.dumps({"country_code": code}).encode()
    return NearMiss(f"country_code/{name}", "POST", PATH, body, essential=essential)


def country_misses(subject: Subject) -> Iterator[NearMiss]:
    """Yield creates whose country code is almost one (INPUT-1)."""
    code = subject.country
    yield _with_code("lower-case", code.lower(), essential=True)
    yield _with_code("mixed-case", code[0] + code[1].lower(), essential=True)
    yield _with_code("mixed-case-first", code[0].lower() + code[1])
    yield _with_code("three-letters", "USA", essential=True)
    yield _with_code("three-letters-own", code + code[1])
    yield _with_code("one-letter", code[0], essential=True)
    yield _with_code("empty", "", essential=True)
    yield _with_code("blank", "  ")
    yield _with_code("digits", "12")
    yield _with_code("letter-and-digit", code[0] + "1")
    yield _with_code("doubled", code + code)
    yield _with_code("two-codes", f"{code},{code}")
    yield _with_code("with-dash", f"{code[0]}-{code[1]}")
    yield _with_code("quoted", f'"{code}"')
    yield _with_code("name-of-country", "United States")
    yield _with_code("locale", f"en-{code}")
    yield _with_code("calling-code", "+1")
    yield _with_code("wildcard", "%%")
    yield _with_code("pattern", "..")
    yield _with_code("null-word", "null")
    yield _with_code("path", f"../{code}")
    yield _with_code("sql", f"{code}' OR '1'='1")
    yield _with_code("full-width", _full_width(code), essential=True)
    yield _with_code("mathematical", _mathematical(code))
    yield _with_code("flag", _regional(code))
    yield _with_code("circled", "".join(chr(0x24B6 + ord(letter) - ord("A")) for letter in code))
    # A look-alike needs a letter that has one; Russia's code is the classic (contract, INPUT-1).
    yield _with_code("cyrillic", _look_alike(code, _CYRILLIC, "РЅ"), essential=True)
    yield _with_code("greek", _look_alike(code, _GREEK, "ΒΕ"))
    yield _with_code("dotless-i", "\u0131D")
    yield _with_code("sharp-s", "\u00df")
    yield _with_code("accented", code[0] + code[1] + "\u0308")
    for name, character in _INVISIBLE.items():
        essential = name in _ESSENTIAL_INVISIBLE
        yield _with_code(f"{name}-before", character + code, essential=name == "space")
        yield _with_code(f"{name}-after", code + character, essential=essential)
        yield _with_code(f"{name}-within", code[0] + character + code[1])
    yield _with_code("crlf-after", code + "\r\n")
    yield _with_code("spaces-around", f" {code} ")
    yield _with_code("lone-surrogate", code + "\ud800")
    yield _with_code("long", "A" * 10_000)
    yield _with_code("long-own", code * 200)


def _look_alike(code: str, table: dict[int, int], fallback: str) -> str:
    changed = code.translate(table)
    return changed if changed != code else fallback


def body_misses(subject: Subject) -> Iterator[NearMiss]:
    """Yield creates whose body is not one object with a string in it, or not JSON at all (INPUT-1)."""
    code = subject.country
    lawful = json.dumps({"country_code": code})
    values: list[tuple[str, object, bool]] = [
        ("null", None, True),
        ("number", 1, True),
        ("zero", 0, False),
        # More than 64 bits, and more than a double: a server that reads either must not fall over it.
        ("large-number", 2**64, False),
        ("fraction", 1.5, False),
        ("boolean", True, False),
        ("array", [code], True),
        ("empty-array", [], False),
        ("object", {"code": code}, False),
        ("empty-object", {}, False),
        ("nested-object", {"country_code": code}, False),
    ]
    for name, value, essential in values:
        yield _with_code(f"type-{name}", value, essential=essential)
    bodies: list[tuple[str, bytes, bool]] = [
        ("missing", b"{}", True),
        ("empty", b"", True),
        ("white-space", b" \n ", False),
        ("null", b"null", True),
        ("true", b"true", False),
        ("number", b"42", False),
        ("bare-string", json.dumps(code).encode(), False),
        ("object-in-a-string", json.dumps(lawful).encode(), False),
        ("bare-word", code.encode(), False),
        ("array", f"[{lawful}]".encode(), True),
        ("empty-array", b"[]", False),
        ("two-objects", f"{lawful}{lawful}".encode(), False),
        ("trailing-garbage", f"{lawful}x".encode(), False),
        ("trailing-comma", f'{{"country_code": "{code}",}}'.encode(), False),
        ("single-quotes", f"{{'country_code': '{code}'}}".encode(), False),
        ("unquoted-key", f'{{country_code: "{code}"}}'.encode(), False),
        ("comment", f"/* */ {lawful}".encode(), False),
        ("truncated", lawful[:-2].encode(), True),
        ("truncated-early", b'{"country_code', False),
        ("form-encoded", f"country_code={code}".encode(), False),
        ("invalid-utf-8", f'{{"country_code": "{code[0]}'.encode() + b'\xff"}', True),
        # Beside a lawful code: a decoder that puts U+FFFD in place of such bytes finds nothing to refuse.
        ("invalid-utf-8-elsewhere", f'{{"country_code": "{code}", "note": "'.encode() + b'\xff"}', True),
        ("overlong-utf-8", f'{{"country_code": "{code[0]}'.encode() + b'\xc1\x93"}', False),
        ("utf-16", lawful.encode("utf-16"), False),
        ("nan", b'{"country_code": NaN}', False),
        ("infinity", b'{"country_code": -Infinity}', False),
        ("raw-newline", f'{{"country_code": "{code}\n"}}'.encode(), False),
        ("raw-nul", f'{{"country_code": "{code}\x00"}}'.encode(), False),
        ("huge-number", b'{"country_code": ' + b"9" * 5_000 + b"}", False),
        ("number-over-double", b'{"country_code": 1e999}', False),
        ("deep-array", b"[" * 2_000 + b"]" * 2_000, False),
        ("deep", b'{"country_code": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", True),
        ("megabyte", json.dumps({"country_code": "A" * 1_000_000}).encode(), True),
        ("other-key", f'{{"countryCode": "{code}"}}'.encode(), False),
        ("shorter-key", f'{{"country": "{code}"}}'.encode(), False),
        ("key-in-capitals", f'{{"COUNTRY_CODE": "{code}"}}'.encode(), False),
        ("key-with-space", f'{{"country_code ": "{code}"}}'.encode(), False),
        ("nested", f'{{"data": {lawful}}}'.encode(), False),
    ]
    for kind, media_type, body in _other_formats(code):
        yield NearMiss(f"body/{kind}-labelled", "POST", PATH, body, headers=(("content-type", media_type),))
    label = (("content-type", "application/json"),)
    asked = (("country_code", code),)
    yield NearMiss("body/country-in-query", "POST", PATH, b"{}", query=asked)
    yield NearMiss("body/country-in-query-alone", "POST", PATH, query=asked, headers=label)
    for name, body, essential in bodies:
        headers = (("content-type", "application/json"),) if not body else ()
        yield NearMiss(f"body/{name}", "POST", PATH, body, headers=headers, essential=essential)


def _other_formats(code: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield the same request in formats that frameworks read unasked: name, media type and body."""
    yield "form", "application/x-www-form-urlencoded", f"country_code={code}".encode()
    part = f'--assay\r\nContent-Disposition: form-data; name="country_code"\r\n\r\n{code}\r\n--assay--\r\n'
    yield "multipart", "multipart/form-data; boundary=assay", part.encode()
    yield "xml", "application/xml", f"<root><country_code>{code}</country_code></root>".encode()


_PRIVILEGED: Final = {
    "price": {"amount": "0.00", "currency_code": "USD"},
    "status": "REFUND",
    "id": 1,
    "created_at": "2020-01-01T00:00:00.000Z",
}
"""Keys of the purchase itself. A server that binds a body to its record takes them over, and lets buyers set their
price; a new purchase that shows one of these values breaks the clause of that key."""


def extra_key_misses(subject: Subject) -> Iterator[NearMiss]:
    """Yield creates that are lawful but for a key nobody asked for (INPUT-5); each may buy one purchase.

    A country asked for twice belongs here as well: a server may take either or refuse, and must not fail.
    """
    twice = f'{{"country_code": "{subject.country}", "country_code": "us"}}'.encode()
    yield NearMiss("extra-keys/country-twice", "POST", PATH, twice)
    for name, extra, essential in (
        ("unknown", {"assay": "probe"}, False),
        ("privileged", {"assay": "probe", **_PRIVILEGED}, True),
        ("nested", {"meta": {"a": [1, {"b": None}]}, "": 0}, False),
        ("prototype", {"__proto__": {"assay": 1}, "constructor": {"prototype": {}}}, False),
        ("quantity", {"quantity": 2}, True),
    ):
        body = json.dumps({"country_code": subject.country, **extra}).encode()
        yield NearMiss(f"extra-keys/{name}", "POST", PATH, body, essential=essential)
