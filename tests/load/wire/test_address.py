"""Base URLs taken apart, and hosts looked up."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from contracts.errors import UsageError
from load.wire.address import Address, Origin, resolve


@pytest.mark.parametrize(
    ("url", "origin", "authority"),
    [
        ("http://127.0.0.1:8080", Origin(False, "127.0.0.1", 8080), "127.0.0.1:8080"),
        ("http://localhost/", Origin(False, "localhost", 80), "localhost"),
        ("https://api.example.com/a/b/", Origin(True, "api.example.com", 443, "/a/b"), "api.example.com"),
        ("https://api.example.com:80", Origin(True, "api.example.com", 80), "api.example.com:80"),
        ("HTTP://[::1]:81", Origin(False, "::1", 81), "[::1]:81"),
        ("http://bücher.example", Origin(False, "xn--bcher-kva.example", 80), "xn--bcher-kva.example"),
    ],
)
def test_a_base_url_is_taken_apart(url: str, origin: Origin, authority: str) -> None:
    assert Origin.from_url(url) == origin
    assert origin.authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "ftp://x",
        "http://",
        "http://x:99999",
        "http://x?a=b",
        "http://x#a",
        "http://x/a b",
        "http://[::1",
        "http://x/é",
        "http://a b/",
    ],
)
def test_what_is_no_base_url_is_refused_with_its_value(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Origin.from_url(url)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize("host", ["ü..example", f"{'ü' * 70}.example"])
def test_a_host_that_is_no_name_of_the_internet_is_refused_with_its_value(host: str) -> None:
    with pytest.raises(UsageError, match=f"^not a host name: '{host}'"):
        Origin.from_url(f"http://{host}/prefix")


def test_credentials_in_a_url_are_refused_and_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        Origin.from_url("http://me:hunter2@x/")
    assert "hunter2" not in str(caught.value)


def found(*pairs: tuple[socket.AddressFamily, str]) -> list[tuple[Any, ...]]:
    ends = {socket.AF_INET: (), socket.AF_INET6: (0, 0)}
    return [(family, socket.SOCK_STREAM, 6, "", (host, 80, *ends[family])) for family, host in pairs]


def test_families_take_turns_and_nothing_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    answer = found((six, "::1"), (six, "::2"), (six, "::2"), (six, "::3"), (four, "127.0.0.1"), (four, "127.0.0.2"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    order = [address.sockaddr[0] for address in resolve(Origin(False, "x", 80))]
    assert order == ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]


def test_an_address_stands_for_itself() -> None:
    assert resolve(Origin(False, "127.0.0.1", 8080)) == (Address(socket.AF_INET, ("127.0.0.1", 8080)),)


def test_a_name_that_does_not_resolve_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(UsageError, match="'nowhere.invalid' does not resolve"):
        resolve(Origin(False, "nowhere.invalid", 80))
