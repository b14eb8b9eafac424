"""Where requests may go: the safety rules of the design."""

from __future__ import annotations

import pytest

from contracts.errors import UsageError
from contracts.target import Keys, admit, keys_from_environment

KEYS = Keys("owner-key-1234")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://127.9.8.7:1/prefix/", "http://127.9.8.7:1/prefix"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://localhost", "https://localhost"),
    ],
)
def test_a_loopback_target_is_admitted_without_further_ado(url: str, base: str) -> None:
    target = admit(url, KEYS)
    assert (target.url, target.loopback) == (base, True)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "http://0.0.0.0:80",
        "http://[::ffff:8.8.8.8]",
        "http://2130706433",
        "http://0177.0.0.1",
        "http://127.1",
    ],
)
def test_any_other_host_is_refused_unless_named(url: str) -> None:
    with pytest.raises(UsageError, match="--allow-host"):
        admit(url, KEYS, capped=True)


def test_a_named_host_needs_a_cap_as_well() -> None:
    with pytest.raises(UsageError, match="--max-purchases"):
        admit("https://api.example.com", KEYS, allow_hosts=["api.example.com"])
    target = admit("https://api.example.com", KEYS, allow_hosts=["api.example.com"], capped=True)
    assert not target.loopback


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "http://127.0.0.1:x",
     "http://127.0.0.1/?a=1", "http://127.0.0.1/#x", "http://127.0.0.1/a b", "http://[::1"],
)  # fmt: skip
def test_what_is_no_base_url_is_refused_with_one_line(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        admit(url, KEYS)
    assert "\n" not in str(caught.value)


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        admit("http://me:hunter22@127.0.0.1", KEYS)
    assert "hunter22" not in str(caught.value)


def test_keys_come_from_the_environment() -> None:
    keys = keys_from_environment({"ASSAY_API_KEY": "first-key", "ASSAY_OTHER_API_KEY": "second-key"})
    assert (keys.of("owner"), keys.of("other"), keys.of("stranger:no key")) == ("first-key", "second-key", None)
    assert "first-key" not in repr(keys)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({}, "ASSAY_API_KEY is not set"),
        ({"ASSAY_API_KEY": "bad\nkey"}, "cannot stand in a header"),
        ({"ASSAY_API_KEY": "same-key", "ASSAY_OTHER_API_KEY": "same-key"}, "two owners need two keys"),
    ],
)
def test_unusable_keys_are_named_by_their_variable_and_never_shown(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        keys_from_environment(environment)
    assert not any(value in str(caught.value) for value in environment.values())
