"""Buying, looking, listing, and what it costs, under both profiles."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import phonenumbers
import pytest

from fixtures.sandbox.countries import COUNTRIES
from fixtures.sandbox.settings import MAX_ID

OLDER_KEYS = {
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


def test_a_new_purchase_has_the_keys_of_its_profile(shared):
    price = shared.owner.get("/v1/accounts/KZ").json()["price"]
    purchase = shared.buy("KZ")
    newer = {"emoji": "🇰🇿", "purchase_source": "API"} if shared.profile == "2026-05" else {}
    assert purchase == {
        **newer,
        "id": purchase["id"],
        "country_code": "KZ",
        "display_name": {"ru": "Казахстан", "en": "Kazakhstan"},
        "phone_number": purchase["phone_number"],
        "price": price,
        "status": "PENDING",
        "purchase_type": "SINGLE",
        "verification": None,
        "created_at": purchase["created_at"],
    }
    assert set(purchase) == OLDER_KEYS | set(newer)
    assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(purchase["phone_number"]), "KZ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", purchase["created_at"])


def test_success_is_200_and_json(shared):
    response = shared.owner.post("/v1/purchases", json={"country_code": "US"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"


def test_every_path_is_served_with_and_without_its_trailing_slash(shared):
    purchase_id = shared.buy()["id"]
    for path in (f"/v1/purchases/{purchase_id}", "/v1/profile", "/v1/accounts/US"):
        assert shared.owner.get(path).json() == shared.owner.get(path + "/").json()
    for slash in ("", "/"):
        bought = shared.owner.post(f"/v1/purchases{slash}", json={"country_code": "US"})
        assert bought.status_code == 200
        assert shared.code(f"{bought.json()['id']}").status_code == 200
        for path in ("/v1/purchases", "/v1/accounts"):
            response = shared.owner.get(path + slash, params={"page": 1, "page_size": 1})
            assert response.status_code == 200


def test_ids_are_sequential_and_numbers_differ(shared):
    purchases = [shared.buy() for _ in range(5)]
    ids = [purchase["id"] for purchase in purchases]
    assert ids == list(range(ids[0], ids[0] + 5))
    assert len({purchase["phone_number"] for purchase in purchases}) == 5


def test_unknown_body_keys_are_ignored(shared):
    response = shared.owner.post(
        "/v1/purchases", json={"country_code": "US", "id": 1, "price": None, "__proto__": {"x": [1]}}
    )
    assert response.status_code == 200


def test_a_purchase_can_be_retrieved_by_its_owner_alone(shared):
    purchase = shared.buy()
    assert shared.show(purchase["id"]) == purchase
    assert shared.other.get(f"/v1/purchases/{purchase['id']}").status_code == 404


def test_an_unknown_id_is_404(shared):
    for purchase_id in (1, MAX_ID):
        assert shared.owner.get(f"/v1/purchases/{purchase_id}").status_code == 404


def test_the_first_id_can_be_chosen_and_the_last_one_ends_the_sale(start):
    api = start(first_id=MAX_ID)
    assert api.buy()["id"] == MAX_ID
    refused = api.owner.post("/v1/purchases", json={"country_code": "US"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "out_of_stock")


def test_created_at_and_the_date_header_tell_one_time(api):
    """Moving the clock moves both (VALUE-5)."""
    api.advance(3 * 86_400)
    response = api.owner.post("/v1/purchases", json={"country_code": "US"})
    created = datetime.fromisoformat(response.json()["created_at"])
    dated = parsedate_to_datetime(response.headers["date"])
    assert abs(created - dated) < timedelta(seconds=2)
    assert created - datetime.now(UTC) > timedelta(days=2)


def test_walks_show_every_purchase_once_at_any_page_size(api):
    bought = [api.buy(code)["id"] for code in ["US", "CA", "RU"] * 4]
    for size in (1, 5, 12, 50):
        pages = -(-12 // size)
        seen = []
        for number in range(1, pages + 1):
            page = api.list(page=number, page_size=size)
            assert page["pagination"] == {
                "current_page": number,
                "total_pages": pages,
                "has_next": number < pages,
            }
            assert len(page["items"]) <= size
            seen += [item["id"] for item in page["items"]]
        assert seen == bought[::-1]


def test_the_list_is_sorted_by_date(api):
    bought = [api.buy()["id"] for _ in range(3)]
    assert [item["id"] for item in api.list()["items"]] == bought[::-1]
    assert [item["id"] for item in api.list(sort="date_desc")["items"]] == bought[::-1]
    assert [item["id"] for item in api.list(sort="date_asc")["items"]] == bought


def test_a_page_beyond_the_end_is_empty(api):
    api.buy()
    for number in (2, 1000, MAX_ID):
        page = api.list(page=number)
        assert page == {
            "items": [],
            "pagination": {"current_page": number, "total_pages": 1, "has_next": False},
        }


def test_an_owner_without_purchases_has_no_pages(api):
    api.buy(by=api.other)
    assert api.list() == {
        "items": [],
        "pagination": {"current_page": 1, "total_pages": 0, "has_next": False},
    }


def test_list_items_are_whole_purchases(shared):
    purchase = shared.buy()
    shared.code(purchase["id"])
    assert shared.list(page_size=1)["items"] == [shared.show(purchase["id"])]


def test_a_status_filter_shows_all_and_only_that_status(api):
    api.script("success", "failure")
    ids = {status: api.buy()["id"] for status in ("SUCCESS", "ERROR", "REFUND", "EXPIRED", "PENDING")}
    api.code(ids["SUCCESS"])
    api.code(ids["ERROR"])
    api.do(f"purchases/{ids['REFUND']}/refund")
    api.do(f"purchases/{ids['EXPIRED']}/expire")
    for status, purchase_id in ids.items():
        for sort in ("date_asc", "date_desc"):
            page = api.list(status=status, sort=sort)
            assert [(item["id"], item["status"]) for item in page["items"]] == [(purchase_id, status)]
            assert page["pagination"]["total_pages"] == 1


def test_a_phone_fragment_filters_the_newer_profile_only(shared):
    purchase = shared.buy()
    number = purchase["phone_number"]
    found = shared.list(phone_number=number)
    if shared.profile == "2026-05":
        assert [item["id"] for item in found["items"]] == [purchase["id"]]
        assert shared.list(phone_number=number[3:], status="PENDING")["items"] == found["items"]
        assert shared.list(phone_number=number, status="ERROR")["items"] == []
        assert found["pagination"] == {"current_page": 1, "total_pages": 1, "has_next": False}
        assert shared.list(phone_number="no such\0number")["items"] == []
        assert shared.list(phone_number="")["pagination"]["total_pages"] > 0
    else:
        assert found["pagination"]["total_pages"] == shared.list()["pagination"]["total_pages"]


@pytest.mark.parametrize("code", COUNTRIES)
def test_every_country_in_stock_can_be_bought_at_the_price_it_shows(shared, code):
    account = shared.owner.get(f"/v1/accounts/{code}").json()
    assert account["country_code"] == code
    assert account["tags"] == list(COUNTRIES[code].tags)
    assert account["available"] == (code != "NL")
    if account["available"]:
        assert shared.buy(code)["price"] == account["price"]
        stocked = COUNTRIES[code].stock is not None
        after = shared.owner.get(f"/v1/accounts/{code}").json()["available_count"]
        assert after == (account["available_count"] - 1 if stocked else None)
    else:
        assert account["available_count"] == 0


def test_discounts_follow_the_codes_obtained(api):
    def look():
        account = api.owner.get("/v1/accounts/US").json()
        profile = api.owner.get("/v1/profile").json()["discount"]
        assert account["discount"] == {"base_price": "1.50", "percent": profile["percent"]}
        return profile["level"], account["price"]["amount"]

    assert look() == ("none", "1.50")
    for _ in range(5):
        api.code(api.buy()["id"])
    assert look() == ("bronze", "1.43")
    assert api.buy()["price"]["amount"] == "1.43"
    assert api.other.get("/v1/accounts/US").json()["price"]["amount"] == "1.50"
    for _ in range(15):
        api.code(api.buy()["id"])
    assert look() == ("silver", "1.35")


def test_the_profile_tells_the_owners_standing(api):
    api.buy()
    profile = api.owner.get("/v1/profile").json()
    assert profile == {
        "id": "1",
        "balance": {"amount": "998.50", "currency_code": "USD"},
        "created_at": profile["created_at"],
        "discount": {"level": "none", "percent": 0},
        "language": "en",
        "login": None,
        "statistics": {"total_purchases": 1},
        "telegram_id": None,
        "telegram_username": None,
    }
    assert api.other.get("/v1/profile").json()["balance"]["amount"] == "1000.00"


def test_the_older_profile_tells_of_referrals(start):
    assert start(profile="2026-02").owner.get("/v1/profile").json()["referral"] == {
        "balance": {"amount": "0.00", "currency_code": "USD"},
        "level": "bronze",
        "percent": 0,
        "profit": {"amount": "0.00", "currency_code": "USD"},
        "referrals_count": 0,
    }


def test_what_is_not_on_sale_or_too_dear_is_refused_without_effect(api):
    api.do("balance", owner="owner", amount="1.49")
    before = api.balance(), api.purchases()
    answers = {}
    for code in ("ZZ", "AQ", "NL", "US"):
        response = api.owner.post("/v1/purchases", json={"country_code": code})
        answers[code] = response.status_code, response.json()["error"]["code"]
    assert answers == {
        "ZZ": (422, "country_not_on_sale"),
        "AQ": (422, "country_not_on_sale"),
        "NL": (400, "out_of_stock"),
        "US": (402, "insufficient_balance"),
    }
    assert (api.balance(), api.purchases()) == before
    api.do("balance", owner="owner", amount="1.50")
    api.buy()
    assert api.balance() == 0


def test_a_small_stock_sells_out(api):
    for _ in range(12):
        api.buy("EE")
    assert api.owner.post("/v1/purchases", json={"country_code": "EE"}).status_code == 400
    account = api.owner.get("/v1/accounts/EE").json()
    assert (account["available"], account["available_count"]) == (False, 0)


def test_the_list_of_countries_is_sorted_and_paged(shared):
    def walk(**parameters):
        items, number = [], 1
        while True:
            page = shared.owner.get("/v1/accounts", params={"page": number, "page_size": 7, **parameters}).json()
            items += page["items"]
            if not page["pagination"]["has_next"]:
                assert page["pagination"]["total_pages"] == number
                return items
            number += 1

    assert {item["country_code"] for item in walk()} == set(COUNTRIES)
    names = [item["display_name"]["en"] for item in walk(sort="name_asc")]
    assert names == sorted(names)
    prices = [float(item["price"]["amount"]) for item in walk(sort="price_desc")]
    assert prices == sorted(prices, reverse=True)
    popular = [item["popularity_index"] for item in walk()]
    assert popular == sorted(popular, reverse=True)
    assert {item["country_code"] for item in walk(country_codes="US,RU,ZZ")} == {"US", "RU"}
    detail = shared.owner.get("/v1/accounts/US").json()
    item = next(item for item in walk() if item["country_code"] == "US")
    assert {key: item[key] for key in item.keys() & detail.keys()} == {
        key: value for key, value in detail.items() if key != "discount"
    }
    assert item["base_price"] == {"amount": "1.50", "currency_code": "USD"}


def test_an_unsold_country_has_no_account(shared):
    assert shared.owner.get("/v1/accounts/ZZ").status_code == 404
