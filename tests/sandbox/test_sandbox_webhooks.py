"""Webhooks: who is told what, how often, and who is never called."""

import asyncio
import io
import json
import time
from contextlib import ExitStack

import jsonschema
import pytest

from fixtures.sandbox import receiver as receivers
from fixtures.sandbox.clock import Clock
from fixtures.sandbox.errands import Errands
from fixtures.sandbox.receiver import Receiver as Address
from fixtures.sandbox.receiver import find_receiver, post
from fixtures.sandbox.requestlog import logged
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from fixtures.sandbox.webhooks import NOT_LOOPBACK
from tests.sandbox.conftest import Api
from tests.sandbox.receivers import Receiver, receiving, saying

FAR = "https://buyer.example/hooks/code"


@pytest.fixture
def hear():
    """Run a receiver that answers with these statuses."""
    with ExitStack() as stack:
        yield lambda *statuses, **more: stack.enter_context(receiving(Receiver(*statuses, **more)))


def ask(api, purchase_id, url):
    return api.owner.post(f"/v1/purchases/{purchase_id}/request-code", json={"callback_url": url})


def lines(api, count):
    """Wait until the log has so many lines."""
    deadline = time.monotonic() + 20
    while True:
        told = api.admin.get("/admin/webhooks").json()
        if len(told["deliveries"]) >= count:
            return told["deliveries"]
        assert time.monotonic() < deadline, told
        time.sleep(0.02)


def conforms(api, name, payload):
    document = api.nobody.get("/openapi.json").json()
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(payload)


class TestWhoIsToldWhat:
    def test_a_code_that_came_is_told_with_the_purchase_and_its_hash(self, api, hear):
        receiver = hear(200)
        purchase = ask(api, api.buy()["id"], receiver.url + "?mine=1").json()["purchase"]
        receiver.await_requests(1)
        path, headers, body = receiver.requests[0]
        payload = json.loads(body)
        assert (path, headers["content-type"]) == ("/hook?mine=1", "application/json")
        assert (payload["event"], payload["purchase"]) == ("success", purchase)
        assert api.nobody.get(f"/v1/purchases-by-hash/{payload['hash']}").json() == purchase
        conforms(api, "WebhookSuccessPayload", payload)

    def test_a_code_that_never_comes_is_told(self, start, hear):
        receiver = hear(200)
        api = start(profile="2026-02", seed=3)
        api.script("failure")
        ask(api, api.buy()["id"], receiver.url)
        receiver.await_requests(1)
        payload = json.loads(receiver.requests[0][2])
        assert (payload["event"], payload["purchase"]["status"]) == ("failed", "ERROR")
        assert "hash" not in payload, "the older profile has none"
        conforms(api, "WebhookFailedPayload", payload)

    def test_while_the_code_may_still_come_there_is_nothing_to_tell(self, api, hear):
        receiver = hear(200)
        purchase_id = api.buy()["id"]
        api.script("pending", "success")
        assert ask(api, purchase_id, receiver.url).json()["purchase"]["status"] == "PENDING"
        ask(api, purchase_id, receiver.url)
        receiver.await_requests(1)
        assert [json.loads(body)["event"] for _, _, body in receiver.requests] == ["success"]

    def test_a_refused_request_tells_nobody(self, api, hear):
        receiver = hear(200)
        purchase_id = api.buy()["id"]
        api.code(purchase_id)
        assert ask(api, purchase_id, receiver.url).status_code == 409
        assert api.admin.get("/admin/webhooks").json() == {"under_way": 0, "deliveries": []}
        assert receiver.requests == []

    def test_a_request_without_a_callback_tells_nobody(self, api):
        api.code(api.buy()["id"])
        assert api.admin.get("/admin/webhooks").json() == {"under_way": 0, "deliveries": []}


class TestHowOften:
    def test_the_first_200_is_the_last_attempt(self, api, hear):
        receiver = hear(200)
        ask(api, api.buy()["id"], receiver.url)
        told = lines(api, 1)
        api.advance(3600)
        assert [(line["attempt"], line["outcome"], line["http_code"]) for line in told] == [(1, "delivered", 200)]
        assert api.admin.get("/admin/webhooks").json() == {"under_way": 0, "deliveries": told}

    def test_another_answer_is_tried_again_after_10_and_after_30_seconds(self, api, hear):
        receiver = hear(204, 500, 200)
        purchase_id = api.buy()["id"]
        ask(api, purchase_id, receiver.url)
        assert lines(api, 1)[0]["outcome"] == "will be tried again"
        api.advance(9)
        assert len(lines(api, 1)) == 1, "not before 10 seconds have passed"
        api.advance(1)
        assert lines(api, 2)[1]["http_code"] == 500
        api.advance(29)
        assert len(lines(api, 2)) == 2, "not before 30 more"
        api.advance(1)
        told = lines(api, 3)
        assert [(line["attempt"], line["outcome"]) for line in told] == [
            (1, "will be tried again"), (2, "will be tried again"), (3, "delivered"),
        ]  # fmt: skip
        assert {(line["webhook"], line["purchase_id"]) for line in told} == {("success", purchase_id)}
        assert len({body for _, _, body in receiver.requests}) == 1, "each attempt says the same"

    def test_after_the_third_attempt_it_is_given_up(self, api, hear):
        receiver = hear(503)
        ask(api, api.buy()["id"], receiver.url)
        for count, seconds in ((1, 10), (2, 30), (3, 3600)):
            lines(api, count)
            api.advance(seconds)
        told = api.admin.get("/admin/webhooks").json()
        assert [line["outcome"] for line in told["deliveries"]] == ["will be tried again"] * 2 + ["given up"]
        assert (told["under_way"], len(receiver.requests)) == (0, 3)

    def test_a_redirect_is_another_answer_and_is_not_followed(self, api, hear):
        elsewhere = hear(200)
        receiver = hear(307, headers={"location": elsewhere.url})
        ask(api, api.buy()["id"], receiver.url)
        assert lines(api, 1)[0]["http_code"] == 307
        assert elsewhere.requests == []

    def test_no_delivery_outlives_the_server(self, start, hear):
        receiver = hear(500)
        with SandboxThread(Settings(profile="2026-05")) as sandbox, ExitStack() as stack:
            api = Api(sandbox, stack)
            ask(api, api.buy()["id"], receiver.url)
            lines(api, 1)
            assert api.admin.get("/admin/webhooks").json()["under_way"] == 1
            began = time.perf_counter()
        assert time.perf_counter() - began < 8, "a retry that is 10 seconds off is not waited for"
        assert len(receiver.requests) == 1


class TestWhoIsNeverCalled:
    @pytest.mark.parametrize(
        "url",
        [
            FAR, "http://buyer.example/", "http://10.0.0.1/", "http://0.0.0.0/", "http://[::]/", "http://169.254.169.254/",
            "http://127.0.0.1.example/", "http://localhost.example/", "http://127.1/", "http://2130706433/",
            "http://0x7f000001/", "http://user@127.0.0.1/", "http://127.0.0.1@buyer.example/", "https://127.0.0.1/",
            "ftp://127.0.0.1/", "urn:isbn:0451450523", "http:///path", "http://127.0.0.1:99999/",
        ],
    )  # fmt: skip
    def test_an_address_that_is_not_of_this_machine_is_none(self, url):
        assert find_receiver(url) is None

    @pytest.mark.parametrize(
        ("url", "found"),
        [
            ("http://127.0.0.1:8000/a?b=c#d", Address("127.0.0.1", 8000, "/a?b=c")),
            ("http://127.9.9.9", Address("127.9.9.9", 80, "/")),
            ("HTTP://LOCALHOST:1/", Address("127.0.0.1", 1, "/")),
            ("http://[::1]:9/x", Address("::1", 9, "/x")),
        ],
    )
    def test_a_loopback_address_is_found_without_looking_a_name_up(self, url, found):
        assert find_receiver(url) == found

    def test_a_far_receiver_is_told_of_in_the_log_alone(self, api):
        assert ask(api, purchase_id := api.buy()["id"], FAR).json()["purchase"]["status"] == "SUCCESS"
        (line,) = lines(api, 1)
        assert {name: line[name] for name in line if name != "at"} == {
            "webhook": "success", "purchase_id": purchase_id, "receiver": None, "attempt": 0, "outcome": NOT_LOOPBACK,
        }  # fmt: skip

    def test_too_many_at_once_are_not_begun(self):
        async def attempt():
            errands = Errands(Clock(), most=2)
            started = [errands.start(errands.wait(3600)) for _ in range(3)]
            count = errands.under_way
            await errands.close()
            return started, count, errands.under_way

        assert asyncio.run(attempt()) == ([True, True, False], 2, 0)

    def test_an_errand_that_fails_is_told_to_whoever_runs_the_sandbox(self, caplog):
        async def fail():
            raise ZeroDivisionError("a fault of the sandbox")

        async def attempt():
            errands = Errands(Clock())
            errands.start(fail())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await errands.close()

        asyncio.run(attempt())
        assert "a fault of the sandbox" in caplog.text


class TestOnePost:
    def send(self, url, keep=0):
        return asyncio.run(post(find_receiver(url), b"{}", keep))

    def test_no_more_of_the_answer_is_read_than_is_wanted(self):
        with receiving(Receiver(200, body=b"x" * 10_000_000)) as receiver:
            answer = self.send(receiver.url, keep=1000)
        assert (answer.received, answer.body) == (True, b"x" * 1000)

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            (b"", "the connection failed"),
            (b"HTTP/1.1 100 Continue\r\n\r\n", "the connection failed"),
            (b"what?\r\n\r\n", "the answer is no HTTP"),
            (b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000, "the answer is no HTTP"),
        ],
    )
    def test_what_is_no_answer_is_told_as_an_error(self, data, error):
        with saying(data) as url:
            answer = self.send(url)
        assert (answer.status, answer.error, answer.received) == (None, error, False)

    def test_an_interim_answer_is_passed_over(self):
        with saying(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as url:
            assert self.send(url).received

    def test_an_answer_that_takes_too_long_is_not_waited_for(self, monkeypatch):
        monkeypatch.setattr(receivers, "TIMEOUT_S", 0.2)
        with saying(b"HTTP/1.1 200", hang=True) as url:
            answer = self.send(url)
        assert (answer.status, answer.error) == (None, "no answer within 0.2 s")

    def test_nobody_there_is_an_error(self):
        with saying(b"") as url:
            pass
        assert self.send(url).error == "the connection failed"


class TestTrial:
    def try_(self, api, **members):
        return api.owner.post("/v1/webhooks/test", json=members)

    def test_tells_what_the_receiver_answered(self, api, hear):
        receiver = hear(200, body="é".encode() * 3000)
        for event, status in (("success", "SUCCESS"), ("failed", "ERROR")):
            told = self.try_(api, url=receiver.url, type=event).json()
            assert {name: told[name] for name in ("success", "http_code", "response_body")} == {
                "success": True, "http_code": 200, "response_body": "é" * 1000,
            }  # fmt: skip
            assert isinstance(told["response_time_ms"], int)
            conforms(api, "WebhookTrial", told)
            payload = json.loads(receiver.requests[-1][2])
            assert (payload["event"], payload["purchase"]["status"]) == (event, status)
            conforms(api, f"Webhook{event.title()}Payload", payload)
        assert api.admin.get("/admin/webhooks").json()["deliveries"] == [], "trials are not stored"
        assert api.purchases() == 0

    def test_is_one_attempt_whatever_comes_of_it(self, api, hear):
        receiver = hear(202)
        told = self.try_(api, url=receiver.url, type="success").json()
        assert (told["success"], told["http_code"], told["error"]) == (False, 202, "answered 202, not 200")
        assert len(receiver.requests) == 1

    def test_of_a_far_receiver_is_a_failure(self, api):
        assert self.try_(api, url=FAR, type="failed").json() == {"success": False, "error": NOT_LOOPBACK}

    @pytest.mark.parametrize(
        "members", [{}, {"url": FAR}, {"type": "success"}, {"url": "no uri", "type": "success"},
                    {"url": FAR, "type": "bulk"}, {"url": FAR, "type": ["success"]}, {"url": 5, "type": "failed"}],
    )  # fmt: skip
    def test_of_something_else_is_refused(self, shared, members):
        answer = self.try_(shared, **members)
        assert answer.status_code == (422 if shared.profile == "2026-05" else 404)

    def test_needs_a_key(self, api):
        assert api.nobody.post("/v1/webhooks/test", json={"url": FAR, "type": "failed"}).status_code == 401


def test_the_request_log_tells_deliveries_without_what_could_be_secret(hear):
    receiver = hear(200)
    stream = io.StringIO()
    settings = Settings(profile="2026-05", seed=3)
    with SandboxThread(settings, logged(None, settings, stream)) as sandbox, ExitStack() as stack:
        api = Api(sandbox, stack)
        answer = ask(api, api.buy()["id"], f"{receiver.url}?token={sandbox.owner_key}").json()["purchase"]
        lines(api, 1)
        told = api.admin.get(f"/admin/purchases/{answer['id']}/hash").json()
        path = f"/v1/purchases-by-hash/{told['hash']}"
        assert api.nobody.get(path).status_code == 200
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    (delivery,) = [line for line in told if "webhook" in line]
    assert (delivery["webhook"], delivery["outcome"]) == ("success", "delivered")
    assert delivery["receiver"] == receiver.url.removeprefix("http://").removesuffix("/hook")
    assert "/v1/purchases-by-hash/(hash)" in {line.get("path") for line in told}
    verification = answer["verification"]
    for secret in (sandbox.owner_key, "token", path, answer["phone_number"], verification["password"]):
        assert secret not in stream.getvalue()
