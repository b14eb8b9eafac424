"""A contract comes from a profile, a file or a running target, by the safety rules of a target."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.drift import fetch
from contracts.drift.compare import compare
from contracts.drift.fetch import fetch_document
from contracts.drift.load import load_api
from contracts.drift.rules import Severity
from contracts.errors import UsageError
from contracts.profiles import PROFILES
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.drift.build import call

DOCUMENT = json.dumps(call()).encode()

Answer = tuple[int, dict[str, str], bytes]
Served = Callable[[str, dict[str, str]], Answer]


@contextmanager
def served(answer: Served) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Serve answers on loopback; yield the base URL and what was asked: method, path, key."""
    asked: list[tuple[str, str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append((self.command, self.path, headers.get("x-api-key", "")))
            status, extra, body = answer(self.path, headers)
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def at(path: str, body: bytes = DOCUMENT) -> Served:
    return lambda asked, _headers: (200, {}, body) if asked == path else (404, {}, b"{}")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_known_by_its_name(profile: str) -> None:
    found = load_api(profile)
    assert (found.title, found.version) == ("Purchases API", profile)
    assert sum(len(calls) for calls in found.calls.values()) == 7


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", DOCUMENT.decode()), ("a.yaml", "openapi: 3.1.0\npaths: {/a: {get: {}}}")]
)
def test_a_file_is_read(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert len(load_api(str(tmp_path / name)).calls) == 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("2026-5", "did you mean the profile 2026-05?"),
        ("nothing.yaml", "nor one of the profiles 2026-02, 2026-05"),
        (".", "directory"),
        ("a\0b", "null"),
        ("x" * 5000, "too long"),
        ("ftp://127.0.0.1/openapi.json", "is no file"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    source: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as refused:
        load_api(source)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml", ""])
def test_a_target_is_asked_for_its_document_under_the_customary_names(path: str) -> None:
    with served(at(path or "/")) as (url, asked):
        found = load_api(url if path else f"{url}/")
    assert len(found.calls) == 1
    assert found.name == f"{url}{path or '/'}"
    assert {method for method, _, _ in asked} == {"GET"}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_sandbox_serves_a_contract_that_keeps_its_profile(profile: str) -> None:
    with SandboxThread(Settings(profile=profile)) as sandbox:
        found = compare(load_api(profile), load_api(sandbox.url))
    assert {change.rule.severity for change in found} == {Severity.INFO}
    assert "/v1/accounts" in {change.subject for change in found if change.rule.id == "path-added"}


def test_a_sandbox_of_the_newer_profile_drifts_from_the_older_one_as_the_profiles_do() -> None:
    with SandboxThread(Settings(profile="2026-05")) as sandbox:
        found = compare(load_api("2026-02"), load_api(sandbox.url))
    grave = [(change.rule.id, change.subject) for change in found if change.rule.severity is not Severity.INFO]
    assert grave == [
        ("nullability-widened-in-response", "Verification.password"),
        ("response-enum-widened", "Status"),
    ]


def test_an_address_of_a_document_is_the_only_one_asked() -> None:
    with served(at("/docs/api.json")) as (url, asked):
        load_api(f"{url}/docs/api.json")
    assert [path for _, path, _ in asked] == ["/docs/api.json"]


def test_the_key_is_shown_only_where_it_is_asked_for() -> None:
    with served(at("/openapi.json")) as (url, asked):
        fetch_document(url, key="some-key-1234")
    assert [key for _, _, key in asked] == [""]

    def guarded(_path: str, headers: dict[str, str]) -> Answer:
        return (200, {}, DOCUMENT) if headers.get("x-api-key") == "some-key-1234" else (401, {}, b"{}")

    with served(guarded) as (url, asked):
        assert fetch_document(f"{url}/openapi.json", key="some-key-1234")[0] == DOCUMENT
    assert [key for _, _, key in asked] == ["", "some-key-1234"]


def test_a_redirect_within_the_origin_is_followed_and_no_other() -> None:
    def moved(path: str, _headers: dict[str, str]) -> Answer:
        return (307, {"location": "/v2/openapi.json"}, b"") if path == "/openapi.json" else (200, {}, DOCUMENT)

    with served(moved) as (url, _):
        assert fetch_document(url)[0] == DOCUMENT
    with served(at("/openapi.json")) as (other, asked):

        def away(_path: str, _headers: dict[str, str]) -> Answer:
            return 302, {"location": f"{other}/openapi.json"}, b""

        with served(away) as (url, _), pytest.raises(UsageError, match="another origin"):
            fetch_document(url, key="some-key-1234")
    assert asked == []


def endless(_path: str, _headers: dict[str, str]) -> Answer:
    return 302, {"location": "/openapi.json"}, b""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (endless, "redirects again and again"),
        (at("/elsewhere"), r"serves no OpenAPI document \(/openapi.json: 404, /openapi.yaml: 404, /: 404\)"),
        (lambda _path, _headers: (200, {}, b"<!DOCTYPE html><html></html>"), "an HTML page"),
        (lambda _path, _headers: (200, {"content-encoding": "gzip"}, b"x"), "content coding 'gzip'"),
        (lambda _path, _headers: (200, {"content-length": "99"}, b"x"), "cannot be read"),
        (lambda _path, _headers: (200, {}, b'{"items": []}'), "has no 'openapi' key"),
        (lambda _path, _headers: (302, {"location": "http://[::1"}, b""), "cannot be read"),
    ],
)
def test_a_target_without_a_document_is_one_line(answer: Served, words: str) -> None:
    with served(answer) as (url, _), pytest.raises(UsageError, match=words) as refused:
        load_api(url)
    assert len(str(refused.value).splitlines()) == 1


def test_a_document_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MAX_BYTES", 1000)
    with served(at("/openapi.json", b" " * 5000)) as (url, _), pytest.raises(UsageError, match="more than 1,000 bytes"):
        load_api(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://192.0.2.1", "--allow-host 192.0.2.1"),
        ("https://api.example/openapi.json", "--allow-host api.example"),
        ("http://user:secret@127.0.0.1/", "credentials belong in the environment"),
        ("http://127.0.0.1:99999/", "is not a URL"),
        ("http://127.0.0.1/?token=secret", "without a query"),
        ("http:///openapi.json", "is not an http or https URL"),
        ("http://127.0.0.1/a b", "without a query"),
        ("http://127.0.0.1:1", "cannot be read"),
    ],
)
def test_an_address_that_may_not_be_asked_is_one_line(url: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        load_api(url)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
