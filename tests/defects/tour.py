"""Tours: scripted sessions that meet every state and oddity, step by step."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator

from tests.defects.caller import Caller, Reply
from tests.defects.tiny import ANNA, BORIS

LABEL = (("content-type", "application/json"),)
OPEN = ("RU", "KZ", "GB", "CA", "US", "US", "US", "RU", "GB", "US", "US", "US")

BODIES = (
    b"",
    b"null",
    b'"US"',
    b"[]",
    b'["US"]',
    b'[{"country_code":"US"}]',
    b"{}",
    b'{"country_code":null}',
    b'{"country_code":840}',
    b'{"country_code":true}',
    b'{"country_code":["US"]}',
    b'{"country_code":{"code":"US"}}',
    b'{"country_code":""}',
    b'{"country_code":"us"}',
    b'{"country_code":"USA"}',
    b'{"country_code":"U"}',
    b'{"country_code":" US"}',
    b'{"country_code":"US\\n"}',
    b'{"country_code":"US\\u0000"}',
    b'{"country_code":"US\\u200b"}',
    '{"country_code":"ＵＳ"}'.encode(),
    '{"country_code":"СА"}'.encode(),
    '{"country_code":"ÚS"}'.encode(),
    b'{"country_code":"US',
    b'{"country_code":"US"}garbage',
    b'{"country_code":"US\xff"}',
    b'{"country_code":"US","country_code":"us"}',
    b'{"country_code":"US","coupon":"X","country_code":"US"}',
    b'{"country_code":"US","note":"\xff"}',
    b'"{\\"country_code\\":\\"US\\"}"',
    b'{"country":"US"}',
    b'{"country_code":"en-US"}',
    b'--b\r\nContent-Disposition: form-data; name="country_code"\r\n\r\nUS\r\n--b--\r\n',
    b"<root><country_code>US</country_code></root>",
    b"country_code=US",
    b"[" * 500 + b"]" * 500,
    b'{"country_code":"' + b"US" * 40_000 + b'"}',
    b'{"country_code":"ZZ"}',
    b'{"country_code":"UK"}',
    b'{"country_code":"AQ"}',
)

LISTS = (
    "page=1&page_size=50",
    "page=1&page_size=4",
    "page=2&page_size=4",
    "page=3&page_size=4",
    "page=9&page_size=4",
    "page=2&page_size=1",
    "page=1&page_size=50&sort=date_asc",
    "page=2&page_size=3&sort=date_asc",
    "page=1&page_size=50&status=PENDING",
    "page=1&page_size=50&status=SUCCESS",
    "page=1&page_size=50&status=ERROR",
    "page=1&page_size=50&status=REFUND",
    "page=2&page_size=2&status=SUCCESS",
    "page=1&page_size=2&status=PENDING",
    "page=0&page_size=5",
    "page=-1&page_size=5",
    "page=abc&page_size=5",
    "page=1&page_size=0",
    "page=1&page_size=51",
    "page=1&page_size=1000",
    "page=1&page_size=abc",
    "page=1&page_size=5&sort=price",
    "page=1&page_size=5&status=LOST",
    "page=1",
    "page=1&page_size=5&phone_number=1%00",
)

IDS = ("0", "-1", "9007199254740992", "99999999999999999999", "abc", "777777")
OPERATIONS = (
    ("GET", "/v1/purchases/{}"),
    ("GET", "/v1/purchases?page=1&page_size=5"),
    ("GET", "/v1/accounts/US"),
    ("GET", "/v1/profile"),
    ("POST", "/v1/purchases"),
    ("POST", "/v1/purchases/{}/request-code"),
    ("POST", "/v1/purchases/{}/refund"),
)
METHODS = (
    ("DELETE", "/v1/purchases/{}"),
    ("PUT", "/v1/purchases/{}"),
    ("PATCH", "/v1/purchases/{}"),
    ("DELETE", "/v1/purchases"),
    ("PUT", "/v1/purchases"),
    ("GET", "/v1/purchases/{}/request-code"),
)
BASIC = "Basic " + base64.b64encode(f"user:{ANNA}".encode()).decode()


async def grand_tour(caller: Caller) -> AsyncGenerator[Reply, None]:
    """Meet everything that one request after the other can meet."""
    for key in (ANNA, BORIS):
        yield await caller.get("/v1/profile", key=key)
        yield await caller.get("/v1/purchases?page=1&page_size=50", key=key, headers=[("accept-encoding", "gzip")])
    for country in ("US", "CA", "RU", "GB", "AQ", "ZZ"):
        yield await caller.get(f"/v1/accounts/{country}")
    bought = []
    for country in OPEN:
        yield await caller.get(f"/v1/accounts/{country}")
        reply = await caller.buy(country)
        yield reply
        if reply.status != 200:
            return
        number = reply.json().get("id")
        bought.append(number)
        for _ in range(2):
            yield await caller.read(number)
        yield await caller.get("/v1/purchases?page=1&page_size=4")
    yield await caller.buy("US", key=BORIS)
    async for reply in _codes(caller, bought):
        yield reply
    async for reply in _endings(caller, bought):
        yield reply
    async for reply in _lists(caller):
        yield reply
    async for reply in _strangers(caller, bought):
        yield reply
    async for reply in _near_misses(caller, bought):
        yield reply
    for key in (ANNA, BORIS):
        yield await caller.get("/v1/profile", key=key)
        yield await caller.get("/v1/purchases?page=1&page_size=50", key=key)


async def _codes(caller: Caller, bought: list[int]) -> AsyncGenerator[Reply, None]:
    for place, number in enumerate(bought[:8]):
        yield await caller.post(f"/v1/purchases/{number}/refund")
        yield await caller.code(number, body=(b"", b"{}", b"")[place % 3], headers=(LABEL, LABEL, ())[place % 3])
        for _ in range(5):
            yield await caller.read(number)
        yield await caller.get("/v1/purchases?page=1&page_size=50")
        for _ in range(2):
            yield await caller.code(number, headers=LABEL)
            yield await caller.read(number)
        yield await caller.post(f"/v1/purchases/{number}/refund", headers=LABEL)
        yield await caller.read(number)
    yield await caller.code(bought[0], body=b'{"callback_url":"https://buyer.example/told"}')


async def _endings(caller: Caller, bought: list[int]) -> AsyncGenerator[Reply, None]:
    # The first three purchases are Anna's from of old: PENDING and aged, ERROR, REFUND; the next three Boris's.
    for number in (1, 2, 3):
        yield await caller.read(number, key=BORIS)
        yield await caller.post(f"/v1/purchases/{number}/refund", key=BORIS)
        yield await caller.post(f"/v1/purchases/{number}/refund", headers=LABEL)
        yield await caller.code(number)
        for _ in range(3):
            yield await caller.read(number)
        yield await caller.get("/v1/profile")
    for number in (bought[0], bought[-1]):
        yield await caller.read(number, key=BORIS)
        yield await caller.code(number, key=BORIS)
        yield await caller.post(f"/v1/purchases/{number}/refund", key=BORIS)
        yield await caller.read(number)
    yield await caller.buy("US")


async def _lists(caller: Caller) -> AsyncGenerator[Reply, None]:
    for country in ("US", "GB") * 5:
        yield await caller.buy(country)
    for query in LISTS:
        yield await caller.get(f"/v1/purchases?{query}")
    yield await caller.get("/v1/purchases?page=1&page_size=5&status=SUCCESS", key=BORIS)
    yield await caller.get("/v1/purchases/1/", key=BORIS)
    yield await caller.get("/v1/purchases/1/", key=None)
    for path in ("purchases?page=1&page_size=5", "purchases/1", "accounts/US", "profile"):
        place, _, query = path.partition("?")
        yield await caller.get(f"/v1/{place}/?{query}")
    yield await caller.get("/v1/purchases/?page=0&page_size=5")
    yield await caller.post("/v1/purchases/", b'{"country_code":"US"}')
    yield await caller.post("/v1/purchases/", b'{"country_code":"us"}')
    yield await caller.code(1, headers=LABEL)
    yield await caller.post("/v1/purchases/1/request-code/")


async def _strangers(caller: Caller, bought: list[int]) -> AsyncGenerator[Reply, None]:
    fresh = bought[-2]
    for method, template in OPERATIONS:
        target = template.format(fresh if method == "POST" else bought[0])
        body = b'{"country_code":"US"}' if target == "/v1/purchases" else b""
        joint = "&" if "?" in target else "?"
        for key in (None, "", "wrong-key-0000", ANNA[:-1], ANNA + "x", ANNA.upper(), ANNA[:8] + "-else"):
            yield await caller.call(method, target, body, key=key)
        yield await caller.call(method, f"{target}{joint}api_key={ANNA}", body, key=None)
        for headers in ((("cookie", f"session={ANNA}"),), (("authorization", f"Bearer {ANNA}"),)):
            yield await caller.call(method, target, body, key=None, headers=headers)
        yield await caller.call(method, target, body, key=None, headers=[("authorization", BASIC)])
    # Boris's purchase of old is old enough to be refunded.
    yield await caller.post("/v1/purchases/4/refund", key=None)
    yield await caller.read(fresh)
    yield await caller.read(4, key=BORIS)


async def _near_misses(caller: Caller, bought: list[int]) -> AsyncGenerator[Reply, None]:
    for body in BODIES:
        yield await caller.post("/v1/purchases", body, headers=LABEL)
        yield await caller.get("/v1/profile")
        yield await caller.get("/v1/purchases?page=1&page_size=1")
    yield await caller.post("/v1/purchases?country_code=US", b"{}")
    for text in IDS:
        yield await caller.get(f"/v1/purchases/{text}")
        yield await caller.post(f"/v1/purchases/{text}/request-code")
        yield await caller.post(f"/v1/purchases/{text}/refund")
    yield await caller.get(f"/v1/purchases/{bought[0]}xyz")
    yield await caller.get(f"/v1/purchases/{bought[0] + 2**32}")
    yield await caller.post("/v1/purchases/777777/refund", b'{"note":"x"}', headers=LABEL)
    for method, template in METHODS:
        yield await caller.call(method, template.format(bought[-3]))
    taken = b'{"country_code":"US","quantity":2,"status":"REFUND","price":{"amount":"0.00","currency_code":"USD"}}'
    yield await caller.post("/v1/purchases", taken, headers=LABEL)


async def crowd_tour(caller: Caller) -> AsyncGenerator[Reply, None]:
    """Meet what only overlapping requests and several connections meet."""
    yield await caller.get("/v1/purchases?page=1&page_size=50", key=BORIS)
    yield await caller.get("/v1/profile")
    replies = await asyncio.gather(*(caller.buy("US", connection=number) for number in range(3)))
    for reply in replies:
        yield reply
    bought = [reply.json()["id"] for reply in replies]
    yield await caller.read(bought[0], connection=8)
    yield await caller.get("/v1/purchases?page=1&page_size=50", connection=8)
    coding = [caller.code(bought[0], connection=number) for number in range(3)]
    for reply in await asyncio.gather(*coding, caller.read(bought[0], connection=5)):
        yield reply
    yield await caller.read(bought[0], connection=9)
    for reply in await asyncio.gather(*(caller.read(number) for number in bought)):
        yield reply
    listing = "/v1/purchases?page=1&page_size=50"
    for reply in await asyncio.gather(caller.get(listing), caller.get(listing, key=BORIS)):
        yield reply
    for number in bought:
        yield await caller.read(number)
    for reply in await asyncio.gather(caller.buy("US"), caller.buy("GB"), caller.buy("US", key=BORIS)):
        yield reply
    for reply in await asyncio.gather(caller.read(bought[0]), caller.read(4, key=BORIS)):
        yield reply
    for reply in await asyncio.gather(*(caller.post("/v1/purchases/1/refund") for _ in range(2))):
        yield reply
    yield await caller.get("/v1/profile")


async def last_item_tour(caller: Caller) -> AsyncGenerator[Reply, None]:
    """Meet what only two owners meet who reach for the last number of a country at once."""
    both = [caller.buy("GB", connection=1), caller.buy("GB", key=BORIS, connection=2)]
    for reply in await asyncio.gather(*both):
        yield reply


async def long_tour(caller: Caller) -> AsyncGenerator[Reply, None]:
    """Meet what only thousands of requests meet."""
    for count in range(1100):
        reply = await caller.buy("US")
        yield reply
        if reply.status != 200:
            return
        if count % 40 == 0:
            yield await caller.get("/v1/profile")
            yield await caller.get(f"/v1/accounts/{('US', 'GB')[count // 40 % 2]}")
        number = reply.json()["id"]
        yield await caller.read(number)
        yield await caller.code(number)


async def short_tour(caller: Caller) -> AsyncGenerator[Reply, None]:
    """Buy one, look at it, and take its code."""
    reply = await caller.buy("US")
    yield reply
    yield await caller.read(reply.json()["id"])
    yield await caller.code(reply.json()["id"])
