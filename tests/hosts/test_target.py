"""Where requests may go: the safety rules of the design, decided once and before anything is sent."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import UsageError
from contracts.target import Keys, admit, is_loopback_address, keys_from_environment, locate, unsafe_host

KEYS = Keys("owner-key-1234")


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A resolver of a few names, in place of the system's."""
    known = {"localhost": ["127.0.0.1", "::1"], "api.example.com": ["192.0.2.7"]}

    def getaddrinfo(host: str, port: Any, **_: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror(-2, "Name or service not known")
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in a], socket.SOCK_STREAM, 6, "", (a, port)) for a in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.mark.parametrize(
    ("url", "base", "addresses"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", ("127.0.0.1",)),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", ("127.0.0.1",)),
        ("http://127.9.8.7:1/prefix/", "http://127.9.8.7:1/prefix", ("127.9.8.7",)),
        ("http://[::1]:8080", "http://[::1]:8080", ("::1",)),
        ("http://[0:0:0:0:0:0:0:1]", "http://[0:0:0:0:0:0:0:1]", ("0:0:0:0:0:0:0:1",)),
        ("http://[::ffff:127.0.0.1]:80", "http://[::ffff:127.0.0.1]:80", ("::ffff:127.0.0.1",)),
        ("http://localhost:8080", "http://localhost:8080", ("127.0.0.1", "::1")),
        ("https://LOCALHOST", "https://localhost", ("127.0.0.1", "::1")),
    ],
)
def test_a_loopback_target_is_admitted_without_further_ado(url: str, base: str, addresses: tuple[str, ...]) -> None:
    target = admit(url, KEYS)
    assert (target.url, target.loopback, target.addresses) == (base, True, addresses)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://localhost-example.com",
        "http://localhost.localdomain",
        "http://xn--lclhost-q0a2d.com",
        "http://10.0.0.1",
        "http://192.168.1.1",
        "http://169.254.169.254",
        "http://0.0.0.0:80",
        "http://[::]",
        "http://[::ffff:8.8.8.8]",
        "http://[::ffff:0.0.0.0]",
        "http://[64:ff9b::7f00:1]",
        "http://[fe80::1]",
        "http://128.0.0.1",
    ],
)
def test_any_other_host_is_refused_unless_named(url: str) -> None:
    with pytest.raises(UsageError, match="--allow-host"):
        admit(url, KEYS, capped=True)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.1", "four decimal numbers"),
        ("http://2130706433", "four decimal numbers"),
        ("http://0x7f000001", "four decimal numbers"),
        ("http://0x7f.1", "four decimal numbers"),
        ("http://017700000001", "four decimal numbers"),
        ("http://0177.0.0.1", "four decimal numbers"),
        ("http://127.0.0.01", "four decimal numbers"),
        ("http://127.0.0.1.", "four decimal numbers"),
        ("http://256.0.0.1", "four decimal numbers"),
        ("http://example.0x7f000001", "four decimal numbers"),
        ("http://localhost.", "ends in a dot"),
        ("http://example.com.", "ends in a dot"),
        ("http://１２７.0.0.1", "not ASCII"),
        ("http://ⓛocalhost", "not ASCII"),
        ("http://аpi.example.com", "not ASCII"),
        ("http://bücher.example", "not ASCII"),
        ("http://127。0。0。1", "not ASCII"),
        ("http://127.0.0.1%2eexample.com", "percent sign"),
        ("http://%6c%6fcalhost", "percent sign"),
        ("http://[fe80::1%25eth0]", "percent sign"),
        ("http://[::1%25lo]", "percent sign"),
        ("http://a..b", "no host name"),
        ("http://.example.com", "no host name"),
        ("http://-a.example", "no host name"),
        ("http://a b.example", "spaces"),
        ("http://127.0.0.1\\.example.com", "backslashes"),
        ("http://127.0.0.1\\@example.com", "user name"),
        ("http://example.com;127.0.0.1", "four decimal numbers"),
        ("http://example.com,evil.example", "no host name"),
        ("http://*.example.com", "no host name"),
        ("http://" + "a" * 64 + ".example", "no host name"),
    ],
)
def test_a_host_that_could_be_read_as_another_is_refused_even_where_it_was_named(url: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        admit(url, KEYS, allow_hosts=["example.com"], capped=True)
    assert "\n" not in str(caught.value)


def test_a_named_host_needs_a_cap_as_well() -> None:
    with pytest.raises(UsageError, match="--max-purchases"):
        admit("https://api.example.com", KEYS, allow_hosts=["api.example.com"])
    target = admit("https://api.example.com", KEYS, allow_hosts=["api.example.com"], capped=True)
    assert (target.loopback, target.addresses) == (False, ("192.0.2.7",))


def test_a_cap_alone_does_not_allow_a_host() -> None:
    with pytest.raises(UsageError, match="--allow-host"):
        admit("https://api.example.com", KEYS, capped=True)


@pytest.mark.parametrize("allowed", ["API.Example.COM", "api.example.com"])
def test_a_host_is_named_whole_whatever_its_case(allowed: str) -> None:
    assert admit("http://api.example.com", KEYS, allow_hosts=[allowed], capped=True).url == "http://api.example.com"


@pytest.mark.parametrize("allowed", ["example.com", "pi.example.com", "api.example.com.evil.example", "api"])
def test_part_of_a_host_does_not_name_it(allowed: str) -> None:
    with pytest.raises(UsageError, match=r"add --allow-host api\.example\.com"):
        admit("http://api.example.com", KEYS, allow_hosts=[allowed], capped=True)


@pytest.mark.parametrize(
    "allowed",
    ["", "*", "*.example.com", "api.example.com:443", "https://api.example.com", "api.example.com/", "10.0.0.0/8",
     "api.example.com.", "аpi.example.com", "me@api.example.com", "api.example.com\n"],
)  # fmt: skip
def test_what_names_no_host_is_refused_instead_of_ignored(allowed: str) -> None:
    with pytest.raises(UsageError, match="--allow-host") as caught:
        admit("http://api.example.com", KEYS, allow_hosts=[allowed], capped=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("allowed", ["2001:db8::1", "[2001:db8::1]", "2001:DB8:0:0::1"])
def test_an_ipv6_address_is_named_however_it_is_written(allowed: str) -> None:
    assert not admit("http://[2001:db8::1]:80", KEYS, allow_hosts=[allowed], capped=True).loopback


@pytest.mark.parametrize("found", [["127.0.0.1", "192.0.2.1"], ["192.0.2.1"], ["::1", "2001:db8::1"], []])
def test_localhost_is_this_machine_only_by_every_address_it_has(
    resolver: dict[str, list[str]], found: list[str]
) -> None:
    resolver["localhost"] = found
    with pytest.raises(UsageError, match="not a loopback address"):
        admit("http://localhost", KEYS, capped=True)


def test_a_name_that_resolves_to_loopback_is_still_another_host(resolver: dict[str, list[str]]) -> None:
    resolver["rebinding.example"] = ["127.0.0.1"]
    with pytest.raises(UsageError, match="--allow-host"):
        admit("http://rebinding.example", KEYS, capped=True)


def test_a_name_that_does_not_resolve_has_no_address_to_connect_to() -> None:
    target = admit("http://gone.example", KEYS, allow_hosts=["gone.example"], capped=True)
    assert target.addresses == ()


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "http://127.0.0.1:x",
     "http://127.0.0.1/?a=1", "http://127.0.0.1/?", "http://127.0.0.1/#x", "http://127.0.0.1/#", "http://127.0.0.1/a b",
     "http://[::1", "http://127.0.0.1/\n", "http://127.0.0.1\t", "http://[::1]x", "http://example.com[::1]",
     "http:127.0.0.1", "//127.0.0.1",
     "http://127.0.0.1/ä", "http://127.0.0.1\x00", "file:///etc/passwd", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_base_url_is_refused_with_one_line(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        admit(url, KEYS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://me:hunter22@127.0.0.1", "http://hunter22@127.0.0.1", "http://:hunter22@127.0.0.1",
     "http://127.0.0.1:80@hunter22.example", "http://127.0.0.1/?key=hunter22", "ftp://hunter22@x"],
)  # fmt: skip
def test_credentials_in_a_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        admit(url, KEYS)
    assert "hunter22" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_place_or_one_clear_line(text: str) -> None:
    told: list[str] = []
    for url in (text, f"http://{text}", f"http://127.0.0.1{text}", f"http://{text}@127.0.0.1"):
        try:
            place = locate(url)
        except UsageError as error:
            told.append(str(error))
            continue
        assert place.url.isascii()
        assert unsafe_host(place.host) is None
        assert "@" not in place.origin
    assert "".join(told).isprintable()


@given(st.text(st.sampled_from("0123456789abcfx.:[]%@/\\"), max_size=24))
def test_what_is_admitted_without_being_named_is_loopback_as_every_library_reads_it(text: str) -> None:
    """Among all spellings of addresses, those that need no option are plain loopback addresses."""
    try:
        target = admit(f"http://{text}", KEYS)
    except UsageError:
        return
    assert target.addresses is not None
    assert all(map(is_loopback_address, target.addresses))


def test_keys_come_from_the_environment() -> None:
    keys = keys_from_environment({"ASSAY_API_KEY": "first-key", "ASSAY_OTHER_API_KEY": "second-key"})
    assert (keys.of("owner"), keys.of("other"), keys.of("stranger:no key")) == ("first-key", "second-key", None)
    assert "first-key" not in repr(keys)
    assert "first-key" not in repr(admit("http://127.0.0.1", keys))


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
