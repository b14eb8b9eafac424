"""What a client's developer uses a sandbox for: its reference, its switches and its request log."""

import asyncio
import html
import io
import json
import time
from contextlib import ExitStack
from html.parser import HTMLParser

import httpx
import jsonschema
import pytest
from openapi_spec_validator import validate

from fixtures.sandbox import routes
from fixtures.sandbox.app import Sandbox
from fixtures.sandbox.profiles import PROFILES
from fixtures.sandbox.reference import describe, path_of
from fixtures.sandbox.requestlog import RequestLog
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from fixtures.sandbox.tasks import TASKS
from tests.sandbox.conftest import Api


def answer_schema(document, path, method):
    operation = document["paths"][path][method]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return {**schema, "components": document["components"]}


class TestReference:
    def test_needs_no_key_and_is_not_counted(self, shared):
        before = shared.admin.get("/admin/state").json()["requests"]
        for path in ("/docs", "/docs/", "/openapi.json"):
            assert shared.nobody.get(path).status_code == 200
        assert shared.admin.get("/admin/state").json()["requests"] == before

    def test_is_read_only(self, shared):
        for path in ("/docs", "/openapi.json"):
            refused = shared.owner.post(path, json={})
            assert (refused.status_code, refused.headers["allow"]) == (405, "GET")

    def test_document_is_valid_openapi_of_every_operation_that_is_served(self, shared):
        document = shared.nobody.get("/openapi.json").json()
        validate(document)
        assert document["info"]["version"] == shared.profile
        table = Sandbox(Settings(profile=shared.profile))._table
        served = {
            (path_of(template), method.lower())
            for template, handlers in table.items()
            for method in handlers
            if template[0] == "v1"
        }
        assert {(path, method) for path, item in document["paths"].items() for method in item} == served

    def test_document_describes_what_is_answered(self, start):
        for profile in PROFILES:
            api = start(profile=profile, seed=5)
            document = api.nobody.get("/openapi.json").json()
            pending, done = api.buy(), api.buy()
            api.script("pending", "success")
            api.advance(1200)
            page = {"page": 1, "page_size": 50}
            exchanges = [
                (routes.PURCHASES, "post", pending),
                (routes.REQUEST_CODE, "post", api.code(done["id"]).json()),
                (routes.REQUEST_CODE, "post", api.code(done["id"]).json()),
                (routes.PURCHASE, "get", api.show(done["id"])),
                (routes.REFUND, "post", api.owner.post(f"/v1/purchases/{pending['id']}/refund").json()),
                (routes.PURCHASES, "get", api.list()),
                (routes.ACCOUNTS, "get", api.owner.get("/v1/accounts", params=page).json()),
                (routes.ACCOUNT, "get", api.owner.get("/v1/accounts/US").json()),
                (routes.PROFILE, "get", api.owner.get("/v1/profile").json()),
            ]
            for template, method, answer in exchanges:
                schema = answer_schema(document, path_of(template), method)
                jsonschema.Draft202012Validator(schema).validate(answer)
            refusal = {"$ref": "#/components/schemas/Refusal", "components": document["components"]}
            jsonschema.Draft202012Validator(refusal).validate(api.owner.get("/v1/purchases/0").json())

    def test_document_describes_what_the_newer_profile_adds(self, api):
        document = api.nobody.get("/openapi.json").json()
        first = api.owner.post("/v1/purchases/bulk", json={"country_code": "US", "quantity": 2}).json()
        path = f"/v1/purchases/bulk/{first['bulk_purchase_id']}"
        ready = api.owner.get(path).json()
        told = api.admin.get(f"/admin/purchases/{api.buy()['id']}/hash").json()
        by_hash = f"/v1/purchases-by-hash/{told['hash']}"
        exchanges = [
            (routes.BULKS, "post", first),
            (routes.BULK, "get", ready),
            (routes.BY_HASH, "get", api.nobody.get(by_hash).json()),
            (routes.BY_HASH_CODE, "post", api.nobody.post(f"{by_hash}/request-code").json()),
        ]
        assert (first["item"], ready["item"]["archive_url"]) == (None, f"{path}/download")
        for template, method, answer in exchanges:
            operation = document["paths"][path_of(template)][method]
            schema = answer_schema(document, path_of(template), method)
            jsonschema.Draft202012Validator(schema).validate(answer)
            assert ("security" in operation) == (template in routes.WITHOUT_KEY)
        download = document["paths"][path_of(routes.BULK_DOWNLOAD)]["get"]["responses"]["200"]["content"]
        assert list(download) == [api.owner.get(f"{path}/download").headers["content-type"]]
        refusal = {"$ref": "#/components/schemas/Refusal", "components": document["components"]}
        jsonschema.Draft202012Validator(refusal).validate(api.nobody.get("/v1/purchases-by-hash/").json())

    def test_document_would_not_pass_what_is_not_answered(self):
        document = describe(PROFILES["2026-02"])
        schema = answer_schema(document, "/v1/purchases/{purchase_id}", "get")
        assert list(jsonschema.Draft202012Validator(schema).iter_errors({"id": "1"}))

    def test_page_shows_webhooks_and_what_an_administrator_can_do(self, shared):
        text = html.unescape(shared.nobody.get("/docs").text)
        webhooks = shared.nobody.get("/openapi.json").json()["webhooks"]
        assert ("bulk_ready" in webhooks) == (shared.profile == "2026-05")
        assert {"success", "failed"} <= set(webhooks)
        for name, item in webhooks.items():
            assert f"<code>{name}</code></h3><p>{item['post']['summary']}" in text
        assert "200 within 5 s; else it is tried again, 3 times in all: at once, after 10 s, after 30 s" in text
        switches = shared.admin.get("/admin/scenario").json()
        assert all(f'"{switch}":' in text for switch in switches)
        for task in TASKS:
            assert (task.path in text) == (shared.profile == "2026-05" or not task.needs_bulk)

    def test_every_task_of_an_administrator_is_served_and_every_one_served_is_told(self):
        table = Sandbox(Settings(profile="2026-05"))._table
        told = {(task.method, task.path) for task in TASKS}
        served = {
            (method, "/" + "/".join("{id}" if part == "{}" else part for part in template))
            for template, handlers in table.items()
            for method in handlers
            if template[0] == "admin"
        }
        assert told == served

    def test_page_shows_every_operation_and_loads_nothing(self, shared):
        response = shared.nobody.get("/docs")
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        document = shared.nobody.get("/openapi.json").json()
        for path, item in document["paths"].items():
            for method, operation in item.items():
                assert f"<code>{method.upper()} {path}</code>" in response.text
                assert f'id="{operation["operationId"]}"' in response.text
        tags, links, ids = [], [], []

        class Reader(HTMLParser):
            def handle_starttag(self, tag, attributes):
                tags.append(tag)
                values = dict(attributes)
                links.extend(filter(None, [values.get("href"), values.get("src")]))
                ids.extend(filter(None, [values.get("id")]))

        Reader().feed(response.text)
        assert not {"script", "link", "img", "iframe"} & set(tags)
        assert all(link == "openapi.json" or link.removeprefix("#") in ids for link in links)
        assert len(ids) == len(set(ids))


def refused(api, by=None):
    return (by or api.owner).post("/v1/purchases", json={"country_code": "US"})


class TestScenario:
    def test_nothing_is_in_stock_until_it_is_taken_back(self, api):
        assert api.do("scenario", out_of_stock=True)["out_of_stock"] is True
        answer = refused(api)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "out_of_stock")
        offer = api.owner.get("/v1/accounts/US").json()
        assert (offer["available"], offer["available_count"]) == (False, 0)
        assert api.purchases() == 0
        assert api.balance() == 1000
        api.do("scenario", out_of_stock=False)
        assert api.owner.get("/v1/accounts/US").json()["available"] is True
        api.buy()

    def test_a_low_balance_is_shown_and_refuses_and_comes_back(self, api):
        api.do("scenario", low_balance=True)
        answer = refused(api)
        assert (answer.status_code, answer.json()["error"]["code"]) == (402, "insufficient_balance")
        assert api.balance() == 0
        assert api.purchases() == 0
        api.do("scenario", low_balance=False)
        assert api.balance() == 1000

    def test_a_provider_that_is_down_fails_unless_a_script_says_otherwise(self, api):
        api.do("scenario", provider_down=True)
        failed, scripted = api.buy(), api.buy()
        assert api.code(failed["id"]).json()["purchase"]["status"] == "ERROR"
        api.script("success", purchase_id=scripted["id"])
        assert api.code(scripted["id"]).json()["purchase"]["status"] == "SUCCESS"
        api.do("scenario", provider_down=False)
        assert api.code(api.buy()["id"]).json()["purchase"]["status"] == "SUCCESS"

    def test_slow_answers_are_held_back_and_the_administrator_is_not(self, api):
        api.do("scenario", slow_s=0.2)
        began = time.perf_counter()
        api.owner.get("/v1/profile")
        assert time.perf_counter() - began >= 0.2
        assert api.do("scenario", slow_s=0)["slow_s"] == 0

    def test_a_rate_limit_begins_and_ends(self, api):
        api.do("scenario", rate_limit=0.01)
        assert api.owner.get("/v1/profile").status_code == 200
        limited = api.owner.get("/v1/profile")
        assert limited.status_code == 429
        assert int(limited.headers["retry-after"]) > 1
        assert api.other.get("/v1/profile").status_code == 200
        api.do("scenario", rate_limit=None)
        assert [api.owner.get("/v1/profile").status_code for _ in range(5)] == [200] * 5
        api.do("scenario", rate_limit=0.01)
        assert api.owner.get("/v1/profile").status_code == 200

    def test_switches_that_are_not_named_stay_and_all_go_back_together(self, start):
        api = start(rate_limit=50)
        usual = api.admin.get("/admin/scenario").json()
        assert usual == {
            "out_of_stock": False, "low_balance": False, "provider_down": False, "slow_s": 0.0, "rate_limit": 50,
        }  # fmt: skip
        api.do("scenario", out_of_stock=True, rate_limit=None)
        assert api.do("scenario", low_balance=True) == {
            **usual, "out_of_stock": True, "low_balance": True, "rate_limit": None,
        }  # fmt: skip
        assert api.admin.delete("/admin/scenario").json() == usual
        assert api.admin.get("/admin/scenario").json() == usual

    @pytest.mark.parametrize(
        "members",
        [
            {"out_of_stock": 1}, {"low_balance": "true"}, {"provider_down": None}, {"slow_s": -1}, {"slow_s": "1"},
            {"slow_s": True}, {"slow_s": 601}, {"rate_limit": 0}, {"rate_limit": True}, {"rate_limit": 1e10},
            {"weather": "bad"}, {"out_of_stock": True, "slow_s": -1},
        ],
    )  # fmt: skip
    def test_an_impossible_position_is_refused_and_nothing_is_turned(self, shared, members):
        before = shared.admin.get("/admin/scenario").json()
        answer = shared.admin.post("/admin/scenario", json=members)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_failed")
        assert shared.admin.get("/admin/scenario").json() == before

    def test_only_an_administrator_may_turn_them(self, shared):
        for caller in (shared.owner, shared.nobody):
            assert caller.post("/admin/scenario", json={"out_of_stock": True}).status_code == 401
            assert caller.delete("/admin/scenario").status_code == 401


@pytest.fixture
def logged():
    """A sandbox whose request log is kept in memory."""
    stream = io.StringIO()
    settings = Settings(profile="2026-05", seed=3)
    with ExitStack() as stack:
        thread = SandboxThread(settings, lambda app: RequestLog(app, settings, stream))
        api = Api(stack.enter_context(thread), stack)
        yield api, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


class TestRequestLog:
    def test_tells_each_request_in_order(self, logged):
        api, lines = logged
        purchase = api.buy()
        api.other.get("/v1/purchases/", params={"page": 1, "page_size": 50})
        api.nobody.get("/v1/accounts/US")
        api.admin.get("/admin/state")
        api.owner.get("/docs")
        told = [(line["by"], line["method"], line["path"], line["query"], line["status"]) for line in lines()]
        assert told == [
            ("owner", "POST", "/v1/purchases", [], 200),
            ("other", "GET", "/v1/purchases", ["page", "page_size"], 200),
            (None, "GET", "/v1/accounts/US", [], 401),
            ("admin", "GET", "/admin/state", [], 200),
            ("owner", "GET", "/docs", [], 200),
        ]
        assert lines()[0]["bytes"] >= len(json.dumps(purchase, ensure_ascii=False, separators=(",", ":")))
        assert all(line["ms"] > 0 and line["at"].endswith("Z") for line in lines())

    def test_shows_no_secret_wherever_a_caller_puts_it(self, logged):
        api, lines = logged
        purchase = api.buy()
        code = api.code(purchase["id"]).json()["purchase"]["verification"]
        key = api.sandbox.owner_key
        api.nobody.get(f"/v1/purchases/{key}")
        api.nobody.get(f"/{key}/v1/{key}")
        api.nobody.get("/v1/profile", params={"api_key": key, key: "1", "phone_number": purchase["phone_number"]})
        api.nobody.get("/v1/profile", headers={"x-api-key": f"{key}x"})
        api.nobody.request("PROPFIND", "/v1/profile")
        api.owner.post("/v1/purchases", content=json.dumps({"country_code": key}))
        written = json.dumps(lines())
        for secret in (
            key,
            api.sandbox.admin_key,
            purchase["phone_number"],
            code["code"],
            code["password"],
            "PROPFIND",
        ):
            assert secret not in written
        assert [line["path"] for line in lines()[2:5]] == ["/v1/purchases/(unlawful)", "(unknown)", "/v1/profile"]
        assert lines()[4]["query"] == ["(other)", "(other)", "phone_number"]
        assert lines()[6]["method"] == "another"

    def test_tells_of_a_caller_who_hung_up_and_of_an_application_that_failed(self):
        stream = io.StringIO()

        async def failing(_scope, _receive, _send):
            raise KeyError

        async def silent(_scope, _receive, _send):
            return

        async def play():
            scope = {"type": "http", "method": "GET", "path": "/docs", "query_string": b"", "headers": []}
            await RequestLog(silent, Settings(), stream)(scope, None, None)
            with pytest.raises(KeyError):
                await RequestLog(failing, Settings(), stream)(scope, None, None)

        asyncio.run(play())
        assert [json.loads(line)["status"] for line in stream.getvalue().splitlines()] == [None, None]

    def test_a_full_disk_does_not_end_what_is_watched(self, caplog):
        class Full(io.StringIO):
            def write(self, _text):
                raise OSError(28, "No space left on device")

        settings = Settings(seed=3)
        with SandboxThread(settings, lambda app: RequestLog(app, settings, Full())) as sandbox:
            for _ in range(2):
                assert httpx.get(f"{sandbox.url}/docs", trust_env=False, verify=False).status_code == 200
        assert [record.message for record in caplog.records if "log" in record.message] == [
            "the request log is incomplete: No space left on device"
        ]
