"""The official Python client walks through everything it can do with a purchase (WIRE-1, WIRE-2, WIRE-3)."""

import asyncio
import importlib.metadata
import io
import zipfile

import gmt
import httpx
import pytest

from tests.sandbox.receivers import Receiver, receiving


def test_the_profile_is_the_one_of_the_installed_client(world):
    version = importlib.metadata.version("gmt-python-sdk")
    assert gmt.__version__ == version
    assert world.sandbox.settings.profile == world.profile


def test_create_answers_a_pending_purchase(client, world):
    purchase = client.purchases.create(country_code="US")
    assert (purchase.country_code, purchase.status, purchase.verification) == ("US", "PENDING", None)
    assert (purchase.display_name.en, purchase.display_name.ru) == ("United States", "США")
    assert (purchase.price.amount, purchase.price.currency_code) == ("1.50", "USD")
    assert purchase.purchase_type == "SINGLE"
    assert purchase.phone_number.startswith("+1")
    if world.profile == "2026-05":
        assert (purchase.emoji, purchase.purchase_source) == ("🇺🇸", "API")


def test_no_answer_holds_a_key_the_client_does_not_know(client, listing):
    """The client keeps unknown keys aside; an answer of its own profile has none."""
    purchase = client.purchases.create(country_code="US")
    asked = client.purchases.request_verification_code(purchase.id)
    page = client.purchases.list(page=1, page_size=5, **listing)
    answers = [purchase, asked, asked.purchase, asked.code_request, page.pagination, *page.items]
    answers.append(client.purchases.retrieve(purchase.id))
    assert [answer.model_extra for answer in answers] == [{}] * len(answers)


def test_retrieve_shows_what_create_answered(client):
    purchase = client.purchases.create(country_code="RU")
    assert client.purchases.retrieve(purchase.id).to_dict() == purchase.to_dict()


def test_list_walks_over_several_pages(client, listing):
    bought = [client.purchases.create(country_code="US").id for _ in range(7)]
    first = client.purchases.list(page=1, page_size=3, **listing)
    assert len(first.items) == 3
    assert (first.pagination.current_page, first.pagination.total_pages) == (1, 3)
    assert first.pagination.has_next is True
    assert [purchase.id for purchase in first] == bought[::-1], "iteration asks for the next page by itself"


def test_list_ends_when_there_is_nothing(client, listing):
    assert list(client.purchases.list(page=1, page_size=50, **listing)) == []


def test_list_filters_by_status(client, listing):
    ids = [client.purchases.create(country_code="US").id for _ in range(2)]
    client.purchases.request_verification_code(ids[0])
    for status, purchase_id in (("SUCCESS", ids[0]), ("PENDING", ids[1])):
        page = client.purchases.list(page=1, page_size=50, status=status, **listing)
        assert [purchase.id for purchase in page] == [purchase_id]


def test_the_newer_client_searches_by_number_and_sees_expired_purchases(client, world):
    if world.profile != "2026-05":
        pytest.skip("only the newer client can")
    old, new = (client.purchases.create(country_code="US") for _ in range(2))
    world.do(f"purchases/{old.id}/expire")
    page = client.purchases.list(page=1, page_size=9, sort="date_asc", phone_number=old.phone_number)
    assert [(purchase.id, purchase.status) for purchase in page] == [(old.id, "EXPIRED")]
    both = client.purchases.list(page=1, page_size=9, sort="date_asc")
    assert [purchase.id for purchase in both] == [old.id, new.id]


def test_request_code_brings_credentials_once(client):
    purchase = client.purchases.create(country_code="US")
    answer = client.purchases.request_verification_code(purchase.id)
    assert (answer.purchase.status, answer.code_request.status) == ("SUCCESS", "success")
    assert answer.purchase.verification.code
    with pytest.raises(gmt.ConflictError) as refused:
        client.purchases.request_verification_code(purchase.id)
    assert refused.value.status_code == 409
    kept = client.purchases.retrieve(purchase.id).verification
    assert kept.to_dict() == answer.purchase.verification.to_dict()


def test_request_code_takes_a_callback(client):
    purchase = client.purchases.create(country_code="US")
    answer = client.purchases.request_verification_code(purchase.id, callback_url="https://buyer.example/hook")
    assert answer.purchase.status == "SUCCESS"


def test_request_code_tells_of_waiting_and_of_failure(client, world):
    purchase = client.purchases.create(country_code="US")
    world.do("provider", outcomes=["pending", "failure"])
    waiting = client.purchases.request_verification_code(purchase.id)
    assert (waiting.purchase.status, waiting.code_request.status) == ("PENDING", "pending")
    assert (waiting.code_request.attempt, waiting.code_request.retry_after) == (1, 10)
    failed = client.purchases.request_verification_code(purchase.id)
    assert (failed.purchase.status, failed.code_request.status) == ("ERROR", "failed")


def test_refund_is_granted_after_twenty_minutes(client, world):
    purchase = client.purchases.create(country_code="US")
    with pytest.raises(gmt.UnprocessableEntityError):
        client.purchases.refund(purchase.id)
    world.do("clock", advance_s=1200)
    answer = client.purchases.refund(purchase.id)
    assert (answer.purchase.id, answer.purchase.status) == (purchase.id, "REFUND")
    assert answer.refund.amount.to_dict() == purchase.price.to_dict()
    assert client.profile.retrieve().balance.amount == "1000.00"
    with pytest.raises(gmt.ConflictError):
        client.purchases.refund(purchase.id)


def test_accounts_and_profile_are_understood(client):
    account = client.accounts.retrieve("US")
    assert (account.price.amount, account.discount.base_price, account.available) == ("1.50", "1.50", True)
    codes = [item.country_code for item in client.accounts.list(page=1, page_size=5, sort="price_asc")]
    assert len(codes) == len(set(codes)) == 16
    client.purchases.create(country_code="US")
    profile = client.profile.retrieve()
    assert (profile.balance.amount, profile.statistics.total_purchases) == ("998.50", 1)
    assert profile.discount.level == "none"


def test_a_wrong_key_is_an_authentication_error(world):
    with world.client("wrong-key") as client:
        for call in (
            lambda: client.purchases.create(country_code="US"),
            lambda: client.purchases.retrieve(1),
            lambda: client.purchases.refund(1),
            lambda: client.purchases.request_verification_code(1),
            client.profile.retrieve,
        ):
            with pytest.raises(gmt.AuthenticationError):
                call()


@pytest.mark.parametrize("code", ["us", "USA", "", "US\n", "ZZ"])
def test_a_bad_country_is_an_unprocessable_entity(client, code):
    with pytest.raises(gmt.UnprocessableEntityError) as refused:
        client.purchases.create(country_code=code)
    assert set(refused.value.body["error"]) == {"code", "message"}


def test_what_cannot_be_bought_is_a_final_error(client):
    with pytest.raises(gmt.BadRequestError):
        client.purchases.create(country_code="NL")


def test_too_little_money_is_a_plain_status_error(client, world):
    world.do("balance", owner="owner", amount="0.01")
    with pytest.raises(gmt.APIStatusError) as refused:
        client.purchases.create(country_code="US")
    assert refused.value.status_code == 402


def test_an_unknown_id_and_another_owners_purchase_are_not_found(client, world):
    purchase = client.purchases.create(country_code="US")
    with world.client(world.sandbox.other_key) as other:
        for asker, number in ((client, 1), (other, purchase.id)):
            for call in (
                asker.purchases.retrieve,
                asker.purchases.refund,
                asker.purchases.request_verification_code,
            ):
                with pytest.raises(gmt.NotFoundError):
                    call(number)


def test_the_asynchronous_client_does_the_same(world):
    async def walk():
        async with httpx.AsyncClient(trust_env=False, verify=False) as transport:
            client = gmt.AsyncGmt(
                api_key=world.sandbox.owner_key,
                base_url=world.sandbox.url,
                max_retries=0,
                http_client=transport,
                _strict_response_validation=True,
            )
            bought = await asyncio.gather(*(client.purchases.create(country_code="US") for _ in range(10)))
            return await asyncio.gather(
                *(client.purchases.request_verification_code(purchase.id) for purchase in bought)
            )

    answers = asyncio.run(walk())
    assert {answer.purchase.status for answer in answers} == {"SUCCESS"}
    assert len({answer.purchase.phone_number for answer in answers}) == 10


@pytest.fixture
def newer(client, world):
    """The client, where it and the sandbox know what 2026-05 added."""
    if world.profile != "2026-05":
        pytest.skip("only the newer client can")
    return client


def test_the_newer_client_buys_in_bulk_and_fetches_the_archive(newer, world):
    world.do("provider", outcomes=["pending"])
    bulk = newer.purchases.bulk.create(country_code="US", quantity=3)
    assert (bulk.status, bulk.item, bulk.total_price.amount) == ("PENDING", None, "4.50")
    assert newer.purchases.bulk.retrieve(bulk.bulk_purchase_id).status == "PENDING"
    with pytest.raises(gmt.ConflictError):
        newer.purchases.bulk.download(bulk.bulk_purchase_id)
    world.do("clock", advance_s=10)
    done = newer.purchases.bulk.retrieve(bulk.bulk_purchase_id)
    assert (done.status, done.item.quantity, done.item.status) == ("SUCCESS", 3, "SUCCESS")
    assert newer.purchases.bulk.download(bulk.bulk_purchase_id) is None, "the client throws the archive away"
    raw = newer.purchases.bulk.with_raw_response.download(bulk.bulk_purchase_id)
    assert raw.http_request.headers["accept"] == "*/*"
    with zipfile.ZipFile(io.BytesIO(raw.http_response.content)) as archive:
        assert len(archive.read("accounts.csv").splitlines()) == 1 + 3
    assert [answer.model_extra for answer in (bulk, done, done.item)] == [{}] * 3
    for call in (newer.purchases.bulk.retrieve, newer.purchases.bulk.download):
        with pytest.raises(gmt.NotFoundError):
            call(1)


def test_the_newer_client_cannot_buy_in_bulk_what_is_not_there(newer):
    for wrong in ({"country_code": "us", "quantity": 1}, {"country_code": "US", "quantity": 0}):
        with pytest.raises(gmt.UnprocessableEntityError):
            newer.purchases.bulk.create(**wrong)
    with pytest.raises(gmt.BadRequestError):
        newer.purchases.bulk.create(country_code="EE", quantity=13)
    assert newer.profile.retrieve().balance.amount == "1000.00"


def test_the_newer_client_reaches_a_purchase_by_its_hash(newer, world):
    purchase = newer.purchases.create(country_code="US")
    key = world.ask(f"purchases/{purchase.id}/hash")["hash"]
    assert newer.purchases_by_hash.retrieve(key).to_dict() == purchase.to_dict()
    answer = newer.purchases_by_hash.request_verification_code(key)
    assert (answer.purchase.status, answer.code_request.status) == ("SUCCESS", "success")
    assert [part.model_extra for part in (answer, answer.purchase, answer.code_request)] == [{}] * 3
    with pytest.raises(gmt.ConflictError):
        newer.purchases_by_hash.request_verification_code(key)
    with pytest.raises(gmt.NotFoundError):
        newer.purchases_by_hash.retrieve("abc-def-1234567890")


def test_the_newer_client_tries_a_webhook(newer):
    with receiving(Receiver(200, body=b"thanks")) as receiver:
        told = newer.webhooks.test(type="success", url=receiver.url)
        assert (told.success, told.http_code, told.response_body, told.error) == (True, 200, "thanks", None)
        assert told.model_extra == {}
    told = newer.webhooks.test(type="failed", url="https://buyer.example/hook")
    assert (told.success, told.http_code, told.error) == (False, None, "not delivered: not loopback")
    with pytest.raises(gmt.UnprocessableEntityError):
        newer.webhooks.test(type="success", url="no uri")
