"""Profiles say what their documents say, and cannot be changed by their readers."""

import dataclasses
from collections.abc import Callable

import pytest

from contracts.profiles import DEFAULT_PROFILE, PROFILES, Profile, get_profile, openapi_document

OLD_KEYS = frozenset(
    {
        "id",
        "country_code",
        "display_name",
        "phone_number",
        "price",
        "status",
        "purchase_type",
        "verification",
        "created_at",
    }
)
OLD_STATUSES = frozenset({"PENDING", "SUCCESS", "ERROR", "REFUND"})


def test_the_documented_endpoint_is_the_default() -> None:
    assert DEFAULT_PROFILE == "2026-02"
    assert PROFILES == ("2026-02", "2026-05")


def test_the_documented_profile() -> None:
    assert get_profile("2026-02") == Profile(
        name="2026-02",
        statuses=OLD_STATUSES,
        purchase_keys=OLD_KEYS,
        newer_keys=frozenset({"emoji", "purchase_source"}),
        newer_statuses=frozenset({"EXPIRED"}),
        purchase_types=frozenset({"SINGLE", "BULK", "ADMIN"}),
        purchase_sources=frozenset(),
        nullable_password=False,
        list_parameters=frozenset({"page", "page_size", "sort", "status"}),
    )


def test_the_newest_profile() -> None:
    assert get_profile("2026-05") == Profile(
        name="2026-05",
        statuses=OLD_STATUSES | {"EXPIRED"},
        purchase_keys=OLD_KEYS | {"emoji", "purchase_source"},
        newer_keys=frozenset(),
        newer_statuses=frozenset(),
        purchase_types=frozenset({"SINGLE", "BULK", "ADMIN"}),
        purchase_sources=frozenset({"BOT", "WEB", "API"}),
        nullable_password=True,
        list_parameters=frozenset({"page", "page_size", "sort", "status", "phone_number"}),
    )


@pytest.mark.parametrize("read", [get_profile, openapi_document])
def test_an_unknown_profile_is_refused_by_name(read: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match=r"unknown profile '2025-01'; known are 2026-02, 2026-05"):
        read("2025-01")


def test_a_profile_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_profile("2026-02").name = "2026-05"  # type: ignore[misc]


def test_a_document_is_the_readers_own() -> None:
    openapi_document("2026-02")["info"]["version"] = "changed"
    assert openapi_document("2026-02")["info"]["version"] == "2026-02"


@pytest.mark.parametrize("name", PROFILES)
def test_a_document_names_its_profile(name: str) -> None:
    assert openapi_document(name)["info"]["version"] == name
