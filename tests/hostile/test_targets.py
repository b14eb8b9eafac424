"""Each target misbehaves as its catalogue says, seen by a client of raw bytes."""

from __future__ import annotations

import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.hostile.__main__ import listing
from fixtures.hostile.catalogue import HOSTILES, find
from fixtures.hostile.certificates import write_authority
from fixtures.hostile.model import AFTER, COMMANDS, ONSETS
from fixtures.hostile.serving import HostileTarget
from tests.hostile.probe import (
    BODY,
    CLOSED,
    DISTRUST,
    FLOOD,
    GOOD,
    REFUSED,
    RESET,
    SILENT,
    Seen,
    ask,
    front,
    upstream,
)


def right(seen: Seen) -> bool:
    return seen.body == BODY and seen.head.startswith(b"HTTP/1.1 200 OK") and seen.end == SILENT


def ends(end: str, raw: bytes = b"") -> Callable[[Seen], bool]:
    return lambda seen: seen == Seen(raw, end)


def has(part: bytes, *ends: str) -> Callable[[Seen], bool]:
    return lambda seen: part in seen.raw and (not ends or seen.end in ends)


def length(by: Callable[[int], int], end: str) -> Callable[[Seen], bool]:
    return lambda seen: b"content-length: %d" % by(len(BODY)) in seen.head and seen.body == BODY and seen.end == end


def body(test: Callable[[bytes], bool]) -> Callable[[Seen], bool]:
    return lambda seen: seen.end == SILENT and seen.body != BODY and test(seen.body)


def fails(error: type[Exception], decode: Callable[[bytes], object]) -> Callable[[bytes], bool]:
    def test(raw: bytes) -> bool:
        try:
            decode(raw)
        except error:
            return True
        return False

    return test


def not_json(raw: bytes) -> bool:
    def refuse(name: str) -> None:
        raise ValueError(name)

    return fails(ValueError, lambda data: json.loads(data.decode("utf-8"), parse_constant=refuse))(raw)


def key_twice(raw: bytes) -> bool:
    pairs: list[list[str]] = []
    json.loads(raw, object_pairs_hook=lambda items: pairs.append([name for name, _ in items]))
    return any(len(set(names)) < len(names) for names in pairs)


def status(code: int, part: bytes = b"") -> Callable[[Seen], bool]:
    return lambda seen: seen.head.startswith(b"HTTP/1.1 %d " % code) and part in seen.raw


def goes(to: bytes, code: int = 307) -> Callable[[Seen], bool]:
    return status(code, b"location: " + to)


CHUNKED = b"transfer-encoding: chunked"
DEPTH = b"[" * 100_000

EXPECTED: dict[str, Callable[[Seen], bool]] = {
    "well-behaved": right,
    "refuses-connections": ends(REFUSED),
    "accepts-and-ignores": ends(SILENT),
    "swallows-requests": ends(SILENT),
    "drips-headers": ends(SILENT, b"H"),
    "drips-body": lambda seen: seen.end == SILENT and seen.body == BODY[:1],
    "answers-too-late": ends(SILENT),
    "answers-in-the-last-moment": ends(SILENT),
    "answers-late-in-time": right,
    "closes-on-arrival": lambda seen: seen.raw == b"" and seen.end in {CLOSED, RESET},
    "resets-on-arrival": ends(RESET),
    "closes-before-answer": ends(CLOSED),
    "resets-before-answer": ends(RESET),
    "closes-within-headers": lambda seen: seen.end == CLOSED and b"\r\n\r\n" not in seen.raw and bool(seen.raw),
    "closes-after-headers": lambda seen: seen.end == CLOSED and seen.raw.endswith(b"\r\n\r\n"),
    "closes-in-body": lambda seen: seen.end == CLOSED and 0 < len(seen.body) < len(BODY),
    "resets-in-body": lambda seen: seen.end == RESET and 0 < len(seen.body) < len(BODY),
    "closes-before-last-chunk": lambda seen: seen.end == CLOSED and CHUNKED in seen.head and b"\r\n0" not in seen.body,
    "closes-idle-connections": lambda seen: seen.end == CLOSED and seen.body == BODY and b"connection" not in seen.head,
    "loses-answers-to-creates": right,
    "loses-answers-to-actions": right,
    "gateway-504-to-creates": right,
    "gateway-504-before-creates": right,
    "gateway-502-to-lists": right,
    "cuts-long-answers": right,
    "closes-on-the-second-request": right,
    "length-too-long": length(lambda n: n + 50, CLOSED),
    "length-too-long-kept-open": length(lambda n: n + 50, SILENT),
    "length-too-short": length(lambda n: n - 10, SILENT),
    "length-negative": length(lambda n: -n, SILENT),
    "lengths-that-differ": lambda seen: seen.head.count(b"content-length: ") == 2,
    "length-and-chunks": lambda seen: CHUNKED in seen.head and b"content-length: " in seen.head,
    "chunk-size-not-hex": has(CHUNKED + b"\r\n\r\nxyz\r\n"),
    "chunk-size-negative": has(CHUNKED + b"\r\n\r\n-5\r\n"),
    "chunk-size-enormous": has(CHUNKED + b"\r\n\r\n" + b"f" * 100),
    "chunk-longer-than-said": has(CHUNKED + b"\r\n\r\n5\r\n" + BODY),
    "chunk-never-ends": lambda seen: seen.end == SILENT and CHUNKED in seen.head and len(seen.body) < 20,
    "chunks-without-end": has(CHUNKED, FLOOD),
    "trailers-without-end": has(b"\r\n0\r\nx-more: ", FLOOD),
    "body-without-end": lambda seen: seen.end == FLOOD and b"content-length" not in seen.head,
    "answers-twice": lambda seen: seen.raw.count(b"HTTP/1.1 200") == 2,
    "answers-twice-a-little-later": lambda seen: seen.raw.count(b"HTTP/1.1 200") == 2,
    "answers-before-request": has(b"HTTP/1.1 200 OK"),
    "interim-flood": has(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100, FLOOD),
    "interim-few": lambda seen: seen.raw.count(b"HTTP/1.1 103") == 3 and seen.raw.endswith(BODY),
    "http-0.9": ends(CLOSED, BODY),
    "garbage": lambda seen: seen.end == CLOSED and not seen.raw.startswith(b"HTTP"),
    "status-not-a-number": has(b"HTTP/1.1 OK200"),
    "header-without-colon": has(b"\r\nwhat is this\r\n"),
    "nul-in-header": has(b"x-odd: a\x00b"),
    "byte-by-byte": right,
    "header-folded": has(b"x-folded: one\r\n two\r\n"),
    "header-beyond-ascii": has(b"x-note: caf\xe9 \xff\r\n"),
    "cookies-by-the-hundred": lambda seen: seen.head.count(b"\r\nset-cookie: ") == 200 and seen.body == BODY,
    "chunks-of-a-byte": has(b'\r\n01;a=b;c="d;e"\r\n}\r\n0\r\nx-end: 1\r\n\r\n'),
    "http-1.0-kept": lambda seen: seen.raw.startswith(b"HTTP/1.0 200") and (seen.body, seen.end) == (BODY, SILENT),
    "http-1.0-until-close": lambda seen: b"content-length" not in seen.head and (seen.body, seen.end) == (BODY, CLOSED),
    "length-listed-twice": has(b"content-length: %d, %d\r\n" % (len(BODY), len(BODY))),
    "http-1.2": lambda seen: seen.raw.startswith(b"HTTP/1.2 200") and (seen.body, seen.end) == (BODY, SILENT),
    "gzip-in-members": body(lambda raw: raw.count(b"\x1f\x8b\x08") == 3 and gzip.decompress(raw) == BODY),
    "deflate-without-header": body(lambda raw: zlib.decompress(raw, -15) == BODY),
    "labelled-twice-alike": lambda seen: seen.head.count(b"content-type: application/json") == 2 and seen.body == BODY,
    "labelled-twice-apart": lambda seen: b"application/json" in seen.head and b"content-type: text/html" in seen.head,
    "date-missing": lambda seen: b"date:" not in seen.head and seen.body == BODY,
    "date-is-none": has(b"\r\ndate: yesterday"),
    "announces-close-and-stays": lambda seen: b"connection: close" in seen.head and seen.end == SILENT,
    "half-closes": lambda seen: seen.end == CLOSED and seen.body == BODY,
    "tires-of-waiting": lambda seen: seen.end == CLOSED and BODY + b"HTTP/1.1 408 " in seen.raw,
    "slow-at-first": right,
    "lines-end-in-lf": lambda seen: b"\r" not in seen.raw and seen.raw.endswith(b"\n\n" + BODY),
    "http-2-in-the-status": has(b"HTTP/2.0 200 OK\r\n"),
    "http-1.0-in-chunks": lambda seen: seen.raw.startswith(b"HTTP/1.0 200") and CHUNKED in seen.head,
    "control-character-in-header": has(b"x-odd: a\x07b\r\n"),
    "transfer-in-gzip": lambda seen: b"gzip, chunked" in seen.head and b"\x1f\x8b" in seen.body,
    "switches-protocols": status(101, b"upgrade: h2c\r\n"),
    "speaks-http-2": lambda seen: seen.end == CLOSED and seen.raw[3:4] == b"\x04" and seen.raw[18:19] == b"\x07",
    "speaks-smtp": lambda seen: seen.raw.startswith(b"220 ") and b"\r\n500 " in seen.raw,
    "speaks-redis": ends(SILENT, b"-ERR unknown command 'GET'\r\n"),
    "body-of-100-megabytes": lambda seen: seen.end == FLOOD and b"content-length: 1000000" in seen.head,
    "header-of-10-megabytes": lambda seen: seen.end == FLOOD and b"\r\n\r\n" not in seen.raw,
    "ten-thousand-headers": lambda seen: seen.head.count(b"\r\nx-more-") == 10_000 and seen.body == BODY,
    "gzip-bomb": lambda seen: seen.end == FLOOD and zlib.decompressobj(31).decompress(seen.body, 9) == b"{}" + b" " * 7,
    "gzip-broken": body(fails(Exception, gzip.decompress)),
    "gzip-cut": body(fails(EOFError, gzip.decompress)),
    "gzip-said-and-not-done": lambda seen: b"content-encoding: gzip" in seen.head and seen.body == BODY,
    "coding-unknown": has(b"content-encoding: x-rot13"),
    "gzip-right": body(lambda raw: gzip.decompress(raw) == BODY),
    "redirects-to-itself": goes(b"/v1/purchases/7\r\n"),
    "redirects-in-a-circle": goes(b"/v1/a\r\n", 308),
    "redirects-for-ever": goes(b"/v1/elsewhere/0\r\n"),
    "redirects-to-a-stranger": goes(b"http://127.0.0.1:"),
    "redirects-to-a-stranger-302": goes(b"http://127.0.0.1:", 302),
    "redirects-with-user-info": goes(b"http://127.0.0.1@127.0.0.1:"),
    "redirects-to-ftp": goes(b"ftp://"),
    "redirects-to-file": goes(b"file:///"),
    "redirects-to-nonsense": goes(b"http://[::1\r\n"),
    "tls-right": right,
    "tls-many-tickets": right,
    "tls-renewed": right,
    "tls-ends-unannounced": lambda seen: seen.end == CLOSED and right(Seen(seen.raw, SILENT)),
    "tls-body-until-farewell": lambda seen: (seen.end, seen.body) == (CLOSED, BODY) and b"length" not in seen.head,
    "tls-body-until-cut": lambda seen: (seen.end, seen.body) == (CLOSED, BODY) and b"length" not in seen.head,
    "tls-name-refused": ends(DISTRUST),
    "tls-wrong-host": ends(DISTRUST),
    "tls-expired": ends(DISTRUST),
    "tls-self-signed": ends(DISTRUST),
    "tls-reset-in-handshake": ends(RESET),
    "tls-silent-in-handshake": ends(SILENT),
    "tls-plain-http": ends(DISTRUST),
    "json-of-depth-100000": body(lambda raw: DEPTH in raw and raw.count(b"]") == 100_000),
    "json-number-of-a-million-digits": lambda seen: seen.end == FLOOD and b'"id": ' + b"9" * 300_000 in seen.body,
    "json-exponent-enormous": body(lambda raw: b"1e999999999" in raw),
    "json-nan": body(not_json),
    "json-infinity": body(not_json),
    "json-key-twice": body(key_twice),
    "json-surrogate-bytes": body(fails(UnicodeDecodeError, bytes.decode)),
    "json-surrogate-escaped": body(lambda raw: json.loads(raw)["half"] == "\ud800"),
    "json-byte-order-mark": body(lambda raw: raw == b"\xef\xbb\xbf" + BODY),
    "json-utf-16": body(lambda raw: raw.decode("utf-16") == BODY.decode()),
    "json-latin-1": body(fails(UnicodeDecodeError, bytes.decode)),
    "json-cut": body(lambda raw: raw == BODY[:-10]),
    "json-two-values": body(lambda raw: raw == BODY * 2),
    "json-comment": body(not_json),
    "json-white-space": body(lambda raw: json.loads(raw) == json.loads(BODY)),
    "gateway-page-502": status(502, b"<h1>502 Bad Gateway</h1>"),
    "gateway-page-504": status(504, b"<h1>504 Gateway Time-out</h1>"),
    "portal-page-511": status(511, b"<!doctype html>"),
    "portal-page-200": status(200, b"<!doctype html>"),
    "unavailable-for-a-year": status(503, b"retry-after: 31536000"),
    "unavailable-for-nonsense": status(503, b"retry-after: soon"),
    "limited-for-a-year": status(429, b"retry-after: 31536000"),
    "limited-until-nan": status(429, b"retry-after: nan"),
    "limited-until-the-year-dot": status(429, b"retry-after: Mon, 99 Foo"),
    "limited-for-ever": lambda seen: status(429)(seen) and b"retry-after" not in seen.raw,
    "limited-for-no-time": status(429, b"retry-after: 0\r\n"),
    "down-for-a-while": ends(REFUSED),
    "unavailable-for-a-while": status(503),
    "loses-every-ninth-answer": right,
    "unavailable-each-fifth-time": right,
    "limited-each-fifth-time": right,
    "swallows-every-fiftieth": right,
    "clock-an-hour-fast": lambda seen: b"13:00:00 GMT" in seen.head and b"T13:00:00.000Z" in seen.body,
    "clock-an-hour-slow": lambda seen: b"11:00:00 GMT" in seen.head and b"T11:00:00.000Z" in seen.body,
    "date-header-an-hour-off": lambda seen: b"11:00:00 GMT" in seen.head and seen.body == BODY,
}


@pytest.fixture(scope="module")
def behind() -> Iterator[str]:
    with upstream() as url:
        yield url


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    write_authority(path)
    return path


# A reset that overtakes ssl's own look at the socket leaves the half-made one to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.parametrize("name", HOSTILES)
def test_a_target_misbehaves_as_it_says(name: str, behind: str, authority: Path) -> None:
    seen = Seen(b"", "")
    for wait in (0.15, 1.0, 5.0):  # a busy machine is slow to misbehave
        with front(name, behind) as target:
            seen = ask(target.url, ca=authority if HOSTILES[name].secure else None, wait=wait)
        if EXPECTED[name](seen):
            return
    pytest.fail(str(seen))


@pytest.mark.parametrize("name", ["refuses-connections", "resets-on-arrival", "closes-in-body", "tls-expired"])
def test_a_target_behaves_for_as_long_as_it_is_told_to(name: str, behind: str, authority: Path) -> None:
    ca = authority if HOSTILES[name].secure else None
    with front(name, behind, after=2) as target:
        assert right(ask(target.url, ca=ca, wait=0.5))
        assert right(ask(target.url, ca=ca, wait=0.5))
        deadline = time.monotonic() + 5
        # What has stopped listening may still have taken the next connection.
        while not EXPECTED[name](seen := ask(target.url, ca=ca)) and time.monotonic() < deadline:
            pass
    assert EXPECTED[name](seen), seen
    assert target.met >= (name == "closes-in-body")


def test_one_request_of_nine_is_met_badly(behind: str) -> None:
    with front("loses-every-ninth-answer", behind) as target:
        seen = [right(ask(target.url)) for _ in range(18)]
    assert seen == [*[True] * 8, False] * 2


def test_a_target_that_was_down_is_well_again(behind: str) -> None:
    with front("unavailable-for-a-while", behind) as target:
        assert status(503)(ask(target.url))
        target._onset = type(target._onset)(0, 0.0)
        assert right(ask(target.url))


def test_a_target_that_listens_again_takes_connections(behind: str) -> None:
    with front("down-for-a-while", behind) as target:
        assert ask(target.url).end == REFUSED
        target._onset = type(target._onset)(0, 0.0)
        deadline = time.monotonic() + 5
        while not right(seen := ask(target.url)) and time.monotonic() < deadline:
            pass
    assert right(seen), seen


def test_whoever_follows_to_another_origin_is_noticed(behind: str) -> None:
    with front("redirects-to-a-stranger", behind) as target:
        seen = ask(target.url)
        elsewhere = seen.head.partition(b"location: ")[2].partition(b"/v1")[0].decode()
        assert target.strayed == []
        ask(elsewhere)
        assert [b"the-key" in raw for raw in target.strayed] == [True]


def test_no_thread_is_left_when_a_target_stops(behind: str) -> None:
    before = set(threading.enumerate())
    for name in ("swallows-requests", "body-without-end", "drips-headers", "accepts-and-ignores"):
        with front(name, behind) as target:
            ask(target.url, wait=0.02)
    left = [one for one in set(threading.enumerate()) - before if one.name == "hostile"]
    assert left == []


def test_the_sandbox_stands_behind_a_target() -> None:
    with HostileTarget(find("json-byte-order-mark"), after=1) as target:
        key = target.keys["ASSAY_API_KEY"].encode()
        asked = b"GET /v1/profile HTTP/1.1\r\nhost: x\r\nx-api-key: " + key + b"\r\n\r\n"
        assert b'"balance"' in ask(target.url, data=asked).body
        assert ask(target.url, data=asked).body.startswith(b"\xef\xbb\xbf{")


def test_every_target_is_listed_in_a_sentence_and_has_a_design_for_every_command() -> None:
    assert set(EXPECTED) == set(HOSTILES)
    lines = listing().splitlines()
    assert len(lines) == len(HOSTILES)
    for name, hostile in HOSTILES.items():
        assert set(hostile.designs) == {(command, onset) for command in COMMANDS for onset in ONSETS}, name
        assert any(line.startswith(name) and line.endswith(hostile.does) for line in lines)


def test_a_target_that_keeps_nothing_is_never_designed_to_pass() -> None:
    """Zero stands only where HTTP and the contract allow what is done, and for the doctor, which gives no verdict."""
    passing = {name for name, one in HOSTILES.items() if one.designs["gate", AFTER].exits == {0}}
    assert passing == {
        "well-behaved",
        "answers-late-in-time",
        "announces-close-and-stays",
        "byte-by-byte",
        "chunks-of-a-byte",
        "closes-idle-connections",
        "closes-on-the-second-request",
        "date-is-none",
        "date-missing",
        "deflate-without-header",
        "gzip-in-members",
        "http-1.2",
        "labelled-twice-alike",
        "limited-each-fifth-time",
        "tls-renewed",
        "cookies-by-the-hundred",
        "half-closes",
        "header-beyond-ascii",
        "header-folded",
        "http-1.0-kept",
        "http-1.0-until-close",
        "interim-few",
        "length-listed-twice",
        "slow-at-first",
        "tires-of-waiting",
        "gzip-right",
        "tls-body-until-farewell",
        "tls-ends-unannounced",
        "tls-many-tickets",
        "tls-right",
        "json-exponent-enormous",
        "json-surrogate-escaped",
        "json-white-space",
    }


def test_a_name_that_is_none_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="nearest is 'gzip-bomb'"):
        find("gzipbomb")


def test_a_good_answer_is_passed_on_as_it_is(behind: str) -> None:
    with front("well-behaved", behind) as target:
        assert sorted(ask(target.url).raw.split(b"\r\n")) == sorted(GOOD.split(b"\r\n"))
