"""Before a run: what can be bought and for how much, and targets that cannot be loaded at all, each told in a line."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.target import Keys, Target
from fixtures.hostile.catalogue import find
from fixtures.hostile.certificates import write_authority
from fixtures.hostile.serving import HostileTarget
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from load.preflight import COUNTRIES, Ground, NotReadyError, profile_of, survey

KEY = "a-key-of-the-owner"
PAGE = {"items": [], "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}

Answer = tuple[int, bytes]


def account(amount: Any = "0.50", *, available: Any = True, currency: Any = "USD") -> dict[str, Any]:
    return {"country_code": "US", "price": {"amount": amount, "currency_code": currency}, "available": available}


def target(url: str, key: str = KEY) -> Target:
    return Target(url, url, loopback=True, keys=Keys(key))


@contextlib.contextmanager
def served(answer: Callable[[str], Any]) -> Iterator[Target]:
    """Serve what a function returns for a path: status and body as bytes, or a document with 200, or None for 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = answer(self.path)
            if not isinstance(told, tuple):
                told = (404, b"{}") if told is None else (200, json.dumps(told).encode())
            status, body = told
            self.send_response(status)
            if body.startswith(b"\x1f\x8b"):
                self.send_header("content-encoding", "gzip")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield target(f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def shop(accounts: Callable[[str], Any], listed: Any = PAGE) -> Callable[[str], Any]:
    def answer(path: str) -> Any:
        return listed if path.startswith("/v1/purchases?") else accounts(path.removeprefix("/v1/accounts/"))

    return answer


def ground_of(accounts: Callable[[str], Any], *countries: str, listed: Any = PAGE) -> Ground:
    with served(shop(accounts, listed)) as where:
        return survey(where, 5.0, countries)


def refusal_of(accounts: Callable[[str], Any], *countries: str, listed: Any = PAGE) -> str:
    with pytest.raises(NotReadyError) as caught:
        ground_of(accounts, *countries, listed=listed)
    text = str(caught.value)
    assert "\n" not in text
    assert KEY not in text
    return text


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(Settings(seed=5)) as sandbox:
        yield sandbox


def test_the_sandbox_tells_what_it_sells_and_nothing_is_bought(sandbox: SandboxThread) -> None:
    where = target(sandbox.url, sandbox.owner_key)
    found = survey(where, 5.0)
    assert set(found.prices) <= set(COUNTRIES)
    assert "US" in found.prices
    assert all(price > 0 for price in found.prices.values())
    assert (found.currency, found.accounts, found.newest) == ("USD", True, None)
    answer = httpx.get(f"{sandbox.url}/v1/profile", headers={"x-api-key": sandbox.owner_key})
    assert answer.json()["statistics"]["total_purchases"] == 0


def test_only_the_countries_asked_for_are_looked_at(sandbox: SandboxThread) -> None:
    assert set(survey(target(sandbox.url, sandbox.owner_key), 5.0, ["US", "GB"]).prices) == {"US", "GB"}


def test_the_newest_profile_is_known_by_the_purchases_shown() -> None:
    for profile, newest in (("2026-02", False), ("2026-05", True)):
        with SandboxThread(Settings(seed=5, profile=profile)) as sandbox:
            key = {"x-api-key": sandbox.owner_key}
            httpx.post(f"{sandbox.url}/v1/purchases", json={"country_code": "US"}, headers=key)
            ground = survey(target(sandbox.url, sandbox.owner_key), 5.0, ["US"])
        assert ground.newest is newest
        assert profile_of(ground, "auto") == profile


def test_a_profile_that_is_named_is_not_questioned() -> None:
    assert profile_of(Ground(newest=True), "2026-02") == "2026-02"
    assert profile_of(Ground(newest=None), "auto") == "2026-02"


def test_a_target_that_does_not_answer_is_told_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(NotReadyError, match=f"127.0.0.1:{port} does not answer GET /v1/purchases.*refused"):
        survey(target(f"http://127.0.0.1:{port}"), 5.0)


def test_a_target_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NotReadyError, match="does not answer .*timeout: no byte of an answer in time"):
            survey(target(url), 0.1)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_the_variable_and_not_the_key(status: int) -> None:
    text = refusal_of(lambda code: None, listed=(status, b"{}"))
    assert "refuses the key in ASSAY_API_KEY" in text
    assert f"answered {status}" in text


def test_the_sandbox_refuses_a_wrong_key(sandbox: SandboxThread) -> None:
    with pytest.raises(NotReadyError, match="refuses the key"):
        survey(target(sandbox.url, "wrong-key"), 5.0)


def test_an_empty_stock_is_told_with_the_countries_asked_about() -> None:
    text = refusal_of(lambda code: account(available=False), "US", "GB")
    assert text.endswith("has nothing in stock among US, GB")


def test_countries_out_of_stock_or_unknown_are_left_out() -> None:
    stock = {"US": account(), "GB": account(available=False)}
    found = ground_of(stock.get, "US", "GB", "FR")
    assert found.prices == {"US": Decimal("0.50")}


def test_availability_must_be_true_and_not_merely_something() -> None:
    assert "nothing in stock" in refusal_of(lambda code: account(available="false"), "US")


@pytest.mark.parametrize("status", [404, 405, 501])
def test_without_accounts_the_countries_asked_for_are_tried(status: int) -> None:
    found = ground_of(lambda code: (status, b"{}"), "US", "GB")
    assert (found.prices, found.accounts) == ({"US": Decimal(0), "GB": Decimal(0)}, False)
    assert set(ground_of(lambda code: (status, b"{}")).prices) == {COUNTRIES[0]}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_what_serves_neither_accounts_nor_a_list_is_no_such_api(status: int) -> None:
    text = refusal_of(lambda code: None, "US", listed=(status, b"{}"))
    assert "is no Purchases API" in text
    assert f"answered {status}" in text


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"\xff\xfe", b'{"available":', b"[" * 100_000])
def test_accounts_that_are_no_json_object_are_as_good_as_none(body: bytes) -> None:
    found = ground_of(lambda code: (200, body), "US")
    assert (found.accounts, found.prices) == (False, {"US": Decimal(0)})


def test_a_body_that_cannot_be_unpacked_is_no_answer() -> None:
    assert "does not answer GET /v1/accounts/US" in refusal_of(lambda code: (200, b"\x1f\x8bno gzip"), "US")


def test_a_list_that_is_no_json_is_not_in_the_way() -> None:
    assert ground_of(lambda code: account(), "US", listed=(200, b"<html>")).newest is None


@pytest.mark.parametrize("amount", [None, 5, "free", "-1", "NaN", "Infinity", "1" * 30, {"a": 1}])
def test_a_price_that_cannot_be_read_counts_as_nothing(amount: Any) -> None:
    assert ground_of(lambda code: account(amount), "US").prices == {"US": Decimal(0)}


@pytest.mark.parametrize("items", [None, {}, "x", [], [1], [None], [{"id": 1}]])
def test_a_list_of_anything_shows_no_newest_profile(items: Any) -> None:
    assert not ground_of(lambda code: account(), "US", listed={"items": items}).newest


def test_a_huge_body_is_not_taken_whole() -> None:
    huge = b'{"available":true,"x":"' + b"x" * 20_000_000 + b'"}'
    assert "/v1/accounts/US: too large" in refusal_of(lambda code: (200, huge), "US")


def test_a_small_body_that_unpacks_to_a_huge_one_is_not_taken_whole() -> None:
    bomb = gzip.compress(b'{"available":true,"x":"' + b"x" * 30_000_000 + b'"}')
    assert len(bomb) < 100_000
    assert "/v1/accounts/US: too large" in refusal_of(lambda code: (200, bomb), "US")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("drips-headers", "timeout: an answer that was begun and not ended in time"),
        ("drips-body", "timeout: an answer that was begun and not ended in time"),
        ("interim-flood", "too large: more than 16 interim answers before the final one"),
        ("chunk-never-ends", "timeout: an answer that was begun and not ended in time"),
        ("http-0.9", "malformed: "),
        ("header-of-10-megabytes", "too large: "),
        ("closes-in-body", "closed: the server closed the connection in the middle of an answer"),
        ("tls-expired", "tls: certificate has expired"),
        ("tls-wrong-host", "tls: IP address mismatch"),
        ("tls-self-signed", "tls: unable to get local issuer certificate; if it is to be trusted, name its"),
    ],
)
def test_a_target_that_misbehaves_from_the_start_is_told_by_what_it_does(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_authority(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with HostileTarget(find(name)) as hostile, pytest.raises(NotReadyError) as caught:
        survey(target(hostile.url, hostile.keys["ASSAY_API_KEY"]), 0.3)
    assert f"does not answer GET /v1/purchases?page=1&page_size=50: {reason}" in str(caught.value)
