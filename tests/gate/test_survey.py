"""The survey: whose keys these are, and which countries are on offer, before anything is bought."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.gate.reasons import reasons
from contracts.gate.survey import FIRST_COUNTRIES, Survey, survey
from contracts.history import Answer, ApiOperation, Input
from tests.gate.test_session import JSON, open_session

OWNERS = {"owner-key-1234": "1", "other-key-1234": "2"}
EMPTY = {"items": [], "pagination": {"current_page": 1, "total_pages": 0, "has_next": False}}


class Target:
    """Serves lists, profiles and accounts.

    Args:
        owners: owner's id by key; other keys are refused.
        countries: those on offer.
        lacking: whether it has no profile.
    """

    def __init__(self, owners: dict[str, str], countries: tuple[str, ...] = ("US",), *, lacking: bool = False) -> None:
        self.owners = owners
        self.countries = countries
        self.lacking = lacking

    def __call__(self, sent: Input) -> Answer:
        """Answer a request."""
        owner = self.owners.get(dict(sent.headers).get("x-api-key", ""))
        code = sent.path.rpartition("/")[2]
        if owner is None:
            return _answer(401, {"message": "who are you"})
        if sent.method == "POST":
            return _answer(422, {"message": "country_code is missing"})
        if sent.path == "/v1/purchases":
            return _answer(200, EMPTY)
        if sent.path == "/v1/profile":
            balance = {"amount": "10.00", "currency_code": "USD"}
            return _answer(404, {}) if self.lacking else _answer(200, {"id": owner, "balance": balance})
        price = {"amount": "1.50", "currency_code": "USD"}
        return _answer(200, {"price": price, "available": True}) if code in self.countries else _answer(404, {})


def _answer(status: int, value: Any) -> Answer:
    return Answer(status, (JSON,), json.dumps(value).encode())


def surveyed(target: Target) -> tuple[Survey, str]:
    """Survey a target; tell what was found, and why AUTH-6 cannot be exercised."""
    session, _ = open_session(target)
    found = survey(session)
    return found, reasons(found, session, False, []).get("AUTH-6", "")


def test_a_second_owners_key_is_of_use() -> None:
    found, why = surveyed(Target(OWNERS))
    assert (found.other_known, found.other_why) == (True, "")
    assert why == ""


def test_a_second_key_of_the_same_owner_is_none_of_a_second_owner() -> None:
    found, why = surveyed(Target(dict.fromkeys(OWNERS, "1")))
    assert found.other_known is False
    assert why == "both keys are of one owner: GET /v1/profile shows the same id to them"


def test_without_a_profile_nobody_knows_whose_keys_they_are() -> None:
    assert surveyed(Target(dict.fromkeys(OWNERS, "1"), lacking=True))[0].other_known is True


def test_a_second_key_that_is_refused_is_of_no_use() -> None:
    found, why = surveyed(Target({"owner-key-1234": "1"}))
    assert found.other_known is False
    assert why == "the target refuses the key in ASSAY_OTHER_API_KEY"


@pytest.mark.parametrize("country", ["US", "EE", "ZW"])
def test_whatever_country_is_on_offer_is_found(country: str) -> None:
    found, _ = surveyed(Target(OWNERS, (country,)))
    assert [offer.country for offer in found.in_stock] == [country]
    assert (country in FIRST_COUNTRIES) is (country == "US")


def test_a_target_that_serves_no_account_lacks_the_operation() -> None:
    found, _ = surveyed(Target(OWNERS, ()))
    assert ApiOperation.ACCOUNT in found.lacking
