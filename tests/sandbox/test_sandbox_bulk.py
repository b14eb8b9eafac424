"""Bulk purchases: taken whole or not at all, ready when the provider is, handed over as an archive."""

import csv
import io
import json
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor

import httpx
import jsonschema
import phonenumbers
import pytest

from fixtures.sandbox.bulks import MAX_QUANTITY
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import MAX_ID, Settings
from tests.sandbox.receivers import Receiver, receiving


def order(api, quantity=3, country_code="US", by=None, **members):
    body = {"country_code": country_code, "quantity": quantity, **members}
    return (by or api.owner).post("/v1/purchases/bulk", json=body)


def bought(api, *args, **members):
    response = order(api, *args, **members)
    assert response.status_code == 200, response.text
    return response.json()


def look(api, bulk_id, by=None):
    return (by or api.owner).get(f"/v1/purchases/bulk/{bulk_id}").json()


def accounts(response):
    assert (response.status_code, response.headers["content-type"]) == (200, "application/zip"), response.text
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert (archive.namelist(), archive.testzip()) == (["accounts.csv"], None)
        return list(csv.DictReader(io.StringIO(archive.read("accounts.csv").decode())))


def error(response):
    return response.status_code, response.json()["error"]["code"]


class TestCreate:
    def test_charges_all_of_it_at_once_and_is_pending(self, api):
        bulk = bought(api, 4)
        assert bulk == {
            "bulk_purchase_id": bulk["bulk_purchase_id"], "country_code": "US", "quantity": 4, "status": "PENDING",
            "total_price": {"amount": "6.00", "currency_code": "USD"}, "item": None,
            "price_per_account": {"amount": "1.50", "currency_code": "USD"},
            "created_at": bulk["created_at"], "updated_at": bulk["created_at"],
        }  # fmt: skip
        assert api.balance() == 994

    def test_gives_ids_of_one_sequence_with_purchases(self, api):
        ids = [api.buy()["id"], bought(api)["bulk_purchase_id"], api.buy()["id"]]
        assert ids == [ids[0], ids[0] + 1, ids[0] + 2]

    def test_takes_what_is_in_stock_to_the_last_one(self, api):
        api.do("stock", country_code="US", available=5)
        bought(api, 3)
        assert api.owner.get("/v1/accounts/US").json()["available_count"] == 2
        assert error(order(api, 3)) == (400, "out_of_stock")
        assert (api.balance(), api.owner.get("/v1/accounts/US").json()["available_count"]) == (995.5, 2)
        bought(api, 2)
        assert api.owner.get("/v1/accounts/US").json()["available"] is False

    def test_takes_what_can_be_paid_to_the_last_cent(self, api):
        api.do("balance", owner="owner", amount="4.50")
        assert error(order(api, 4)) == (402, "insufficient_balance")
        assert api.balance() == 4.5
        bought(api, 3)
        assert api.balance() == 0

    def test_costs_what_the_owner_pays_for_one(self, api):
        for _ in range(5):
            api.code(api.buy()["id"])
        bulk = bought(api, 2)
        price = api.owner.get("/v1/accounts/US").json()["price"]
        assert (bulk["price_per_account"], bulk["total_price"]["amount"]) == (
            price,
            f"{2 * float(price['amount']):.2f}",
        )

    @pytest.mark.parametrize("quantity", [MAX_QUANTITY + 1, MAX_ID])
    def test_of_more_than_there_ever_are_at_once_is_out_of_stock(self, api, quantity):
        api.do("balance", owner="owner", amount="9999999999")
        assert error(order(api, quantity)) == (400, "out_of_stock")

    @pytest.mark.parametrize("quantity", [0, -1, MAX_ID + 1, True, 1.0, 1.5, "1", None, [1]])
    def test_of_what_is_no_quantity_is_refused(self, api, quantity):
        assert error(order(api, quantity)) == (422, "validation_failed")
        assert api.balance() == 1000

    @pytest.mark.parametrize(
        ("members", "refused"),
        [
            ({"country_code": "us"}, (422, "validation_failed")),
            ({"country_code": "US\n"}, (422, "validation_failed")),
            ({"country_code": "ZZ"}, (422, "country_not_on_sale")),
            ({"country_code": "NL"}, (400, "out_of_stock")),
            ({"callback_url": "no uri"}, (422, "validation_failed")),
        ],
    )
    def test_of_what_cannot_be_bought_is_refused(self, api, members, refused):
        assert error(order(api, **members)) == refused
        assert api.balance() == 1000

    def test_follows_the_switches(self, api):
        api.do("scenario", out_of_stock=True)
        assert error(order(api)) == (400, "out_of_stock")
        api.do("scenario", out_of_stock=False, low_balance=True)
        assert error(order(api)) == (402, "insufficient_balance")

    def test_never_sells_more_than_there_is_when_orders_overlap(self, api):
        api.do("stock", country_code="US", available=10)
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: order(api, 3).status_code, range(8)))
        assert (statuses.count(200), statuses.count(400)) == (3, 5)
        assert api.owner.get("/v1/accounts/US").json()["available_count"] == 1
        assert api.balance() == 1000 - 9 * 1.5


class TestReady:
    def test_shows_its_archive_once_the_provider_is_done(self, start):
        api = start(profile="2026-05", latency_s=100)
        bulk = bought(api)
        assert look(api, bulk["bulk_purchase_id"]) == bulk
        api.advance(126)
        done = look(api, bulk["bulk_purchase_id"])
        item = done["item"]
        path = f"/v1/purchases/bulk/{bulk['bulk_purchase_id']}/download"
        assert (done["status"], item["status"], item["quantity"], item["archive_url"]) == (
            "SUCCESS",
            "SUCCESS",
            3,
            path,
        )
        assert uuid.UUID(item["export_id"]).version == 4
        assert done["updated_at"] > done["created_at"]
        assert look(api, bulk["bulk_purchase_id"]) == done

    def test_is_an_error_where_the_provider_fails_and_keeps_the_money(self, api):
        api.script("failure")
        bulk_id = bought(api)["bulk_purchase_id"]
        assert (look(api, bulk_id)["status"], look(api, bulk_id)["item"], api.balance()) == ("ERROR", None, 995.5)

    def test_waits_as_often_as_the_provider_says(self, api):
        api.script("pending", "pending", "success")
        bulk_id = bought(api)["bulk_purchase_id"]
        seen = [look(api, bulk_id)["status"]]
        for _ in range(2):
            api.advance(10)
            seen.append(look(api, bulk_id)["status"])
        assert seen == ["PENDING", "PENDING", "SUCCESS"]

    def test_is_refunded_whole_by_an_administrator_once(self, api):
        bulk_id = bought(api)["bulk_purchase_id"]
        for _ in range(2):
            assert api.do(f"purchases/{bulk_id}/refund")["status"] == "REFUND"
            assert api.balance() == 1000
        assert error(api.owner.get(f"/v1/purchases/bulk/{bulk_id}/download")) == (409, "not_ready")

    def test_goes_on_in_a_kept_store(self, start, tmp_path):
        settings = {"profile": "2026-05", "store": tmp_path / "kept.db", "latency_s": 0.3}
        with SandboxThread(Settings(**settings)) as sandbox:
            headers = {"x-api-key": sandbox.owner_key}
            body = {"country_code": "US", "quantity": 2}
            url = f"{sandbox.url}/v1/purchases/bulk"
            bulk = httpx.post(url, headers=headers, json=body, trust_env=False, verify=False).json()
        api = start(**settings)
        api.advance(1)
        assert look(api, bulk["bulk_purchase_id"])["status"] == "SUCCESS"


class TestArchive:
    def test_holds_as_many_accounts_as_were_bought_and_none_twice(self, api):
        single = api.buy()["phone_number"]
        first, second = (bought(api, 50)["bulk_purchase_id"] for _ in range(2))
        another = api.buy()["phone_number"]
        rows = [accounts(api.owner.get(f"/v1/purchases/bulk/{each}/download")) for each in (first, second)]
        assert [len(each) for each in rows] == [50, 50]
        numbers = [row["phone_number"] for each in rows for row in each]
        assert len({single, another, *numbers}) == 102
        for row in rows[0]:
            assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(row["phone_number"]), "US")
            assert (len(row["code"]), len(row["password"])) == (5, 16)

    def test_is_the_same_each_time_and_says_it_is_a_file(self, api):
        path = f"/v1/purchases/bulk/{bought(api)['bulk_purchase_id']}/download"
        first, second = api.owner.get(path), api.owner.get(path + "/", headers={"accept": "*/*"})
        assert first.content == second.content
        assert first.headers["content-disposition"].startswith("attachment; filename=")

    def test_is_refused_before_it_is_ready(self, api):
        api.script("pending")
        path = f"/v1/purchases/bulk/{bought(api)['bulk_purchase_id']}/download"
        assert error(api.owner.get(path)) == (409, "not_ready")

    def test_comes_without_passwords_where_accounts_do(self, start):
        api = start(profile="2026-05", null_password=True)
        path = f"/v1/purchases/bulk/{bought(api)['bulk_purchase_id']}/download"
        assert {row["password"] for row in accounts(api.owner.get(path))} == {""}


class TestWhoMay:
    def test_another_owner_sees_nothing_of_it(self, api):
        bulk_id = bought(api)["bulk_purchase_id"]
        for path in (f"/v1/purchases/bulk/{bulk_id}", f"/v1/purchases/bulk/{bulk_id}/download"):
            assert error(api.other.get(path)) == (404, "unknown_purchase")
            assert api.nobody.get(path).status_code == 401
        assert order(api, by=api.nobody).status_code == 401

    def test_a_bulk_is_no_purchase_and_a_purchase_no_bulk(self, api):
        bulk_id, purchase_id = bought(api)["bulk_purchase_id"], api.buy()["id"]
        assert api.owner.get(f"/v1/purchases/{bulk_id}").status_code == 404
        assert api.owner.get(f"/v1/purchases/bulk/{purchase_id}").status_code == 404
        assert [item["id"] for item in api.list()["items"]] == [purchase_id]

    @pytest.mark.parametrize("text", ["0", "-1", "bulk", str(MAX_ID + 1), "1.0", "%D9%A1", "refund"])
    def test_what_is_no_id_is_refused(self, api, text):
        assert error(api.owner.get(f"/v1/purchases/bulk/{text}")) == (422, "validation_failed")

    def test_the_word_is_read_before_it_could_be_an_id(self, shared):
        newer = shared.profile == "2026-05"
        assert shared.owner.get("/v1/purchases/bulk").status_code == (405 if newer else 422)
        assert shared.owner.post("/v1/purchases/bulk/refund").status_code == (405 if newer else 422)
        assert shared.owner.get("/v1/purchases/bulk/1").status_code == 404
        if not newer:
            assert order(shared).status_code == 405


class TestWord:
    def test_is_sent_when_it_is_ready(self, start):
        api = start(profile="2026-05", latency_s=100)
        with receiving(Receiver(200)) as receiver:
            bulk_id = bought(api, callback_url=receiver.url)["bulk_purchase_id"]
            api.advance(126)
            receiver.await_requests(1)
            payload = payload_of(receiver)
            assert payload == {"event": "bulk_ready", "bulk": look(api, bulk_id)}
            assert payload["bulk"]["status"] == "SUCCESS"
            assert len(receiver.requests) == 1
        document = api.nobody.get("/openapi.json").json()
        schema = {"$ref": "#/components/schemas/WebhookBulkReadyPayload", "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(payload)

    def test_is_sent_when_it_failed(self, api):
        api.script("failure")
        with receiving(Receiver(200)) as receiver:
            bulk_id = bought(api, callback_url=receiver.url)["bulk_purchase_id"]
            receiver.await_requests(1)
            assert payload_of(receiver) == {"event": "failed", "bulk": look(api, bulk_id)}


def payload_of(receiver):
    return json.loads(receiver.requests[0][2])


class TestByHash:
    def hash_of(self, api, purchase_id):
        answer = api.admin.get(f"/admin/purchases/{purchase_id}/hash")
        assert answer.status_code == 200, answer.text
        return answer.json()["hash"]

    def test_shows_the_purchase_and_asks_for_its_code_without_a_key(self, api):
        purchase = api.buy()
        path = f"/v1/purchases-by-hash/{self.hash_of(api, purchase['id'])}"
        assert api.nobody.get(path).json() == purchase
        answer = api.nobody.post(f"{path}/request-code").json()
        assert (answer["purchase"]["status"], answer["code_request"]["status"]) == ("SUCCESS", "success")
        assert api.nobody.get(f"{path}/").json() == answer["purchase"] == api.show(purchase["id"])
        assert error(api.nobody.post(f"{path}/request-code", json={})) == (409, "code_already_issued")

    @pytest.mark.parametrize("path", ["", "/", "//", "//request-code"])
    def test_left_out_is_a_violation_of_that_field(self, api, path):
        answer = api.nobody.request("POST" if "code" in path else "GET", f"/v1/purchases-by-hash{path}")
        assert error(answer) == (400, "validation_failed")
        assert [violation["field"] for violation in answer.json()["fieldViolations"]] == ["hash"]

    def test_of_nobody_is_unknown(self, api):
        purchase = api.buy()
        known = self.hash_of(api, purchase["id"])
        digest, _, number = known.rpartition("-")
        flipped = ("0" if digest[0] != "0" else "1") + digest[1:]
        for wrong in (f"{flipped}-{number}", f"{digest}-{int(number) + 1}", digest, number, known.upper() + "0", "x"):
            for answer in (
                api.nobody.get(f"/v1/purchases-by-hash/{wrong}"),
                api.nobody.post(f"/v1/purchases-by-hash/{wrong}/request-code"),
            ):
                assert error(answer) == (404, "unknown_purchase")
        assert api.show(purchase["id"]) == purchase

    def test_is_another_under_another_secret_and_for_another_purchase(self, start):
        hashes = set()
        for seed in (1, 2):
            api = start(profile="2026-05", seed=seed, first_id=7)
            hashes |= {self.hash_of(api, api.buy()["id"]).partition("-")[0] for _ in range(2)}
        assert len(hashes) == 4

    def test_is_told_by_no_answer_to_an_owner(self, api):
        purchase = api.buy()
        digest = self.hash_of(api, purchase["id"]).partition("-")[0]
        answers = [api.owner.get(f"/v1/purchases/{purchase['id']}"), api.code(purchase["id"])]
        assert not any(digest in answer.text for answer in answers)
        assert api.owner.get(f"/admin/purchases/{purchase['id']}/hash").status_code == 401

    def test_shares_one_rate_limit_among_callers_without_a_key(self, api):
        path = f"/v1/purchases-by-hash/{self.hash_of(api, api.buy()['id'])}"
        api.do("scenario", rate_limit=0.01)
        assert [api.nobody.get(path).status_code for _ in range(2)] == [200, 429]
        assert api.owner.get("/v1/profile").status_code == 200

    def test_is_unknown_to_the_older_profile(self, start):
        api = start(profile="2026-02")
        assert api.admin.get(f"/admin/purchases/{api.buy()['id']}/hash").status_code == 409
        assert api.nobody.get("/v1/purchases-by-hash/x").status_code == 404
