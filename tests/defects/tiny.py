"""A lawful Purchases API of two owners in memory: the smallest thing that defects can be put around."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

ANNA, BORIS = "AnnasKey-7f3k", "BorisKey-9q2x"

COUNTRIES = {
    "US": ("США", "United States", "+1202555", "1.50"),
    "CA": ("Канада", "Canada", "+1613555", "2.15"),
    "RU": ("Россия", "Russia", "+7999123", "0.95"),
    "KZ": ("Казахстан", "Kazakhstan", "+7701234", "1.35"),
    "GB": ("Великобритания", "United Kingdom", "+4479001", "3.00"),
    "AQ": ("Антарктида", "Antarctica", "+6721234", "9.00"),
}
OUT_OF_STOCK = {"AQ"}
PERCENT = 10
STATUSES = {"PENDING", "SUCCESS", "ERROR", "REFUND"}
SINGLE = re.compile(r"/v1/(purchases|accounts)/([^/]+)(/request-code|/refund)?/?")
NUMBER = re.compile(r"[1-9][0-9]{0,15}")


class RefusedError(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class Tiny:
    """Everything it says follows from the ids, so that equal requests get equal answers.

    Each owner starts with purchases that a buyer cannot make: one old enough for a refund, one ERROR, one REFUND.
    Of the country named ``last`` there is one number left; ``old`` is how old those purchases are.
    """

    def __init__(
        self,
        now: datetime | None = None,
        *,
        foreign: int = 404,
        stranger: int = 401,
        last: str = "",
        old: timedelta = timedelta(hours=2),
    ) -> None:
        self.foreign = foreign
        self.sold_out = set(OUT_OF_STOCK)
        self.last = last
        self.stranger = stranger
        # Real time, for a clock that agrees with the caller's is what most servers have.
        self.now = now or datetime.now(UTC).replace(microsecond=123000)
        self.balances = {ANNA: Decimal(100), BORIS: Decimal(100)}
        self.rows: dict[int, dict[str, Any]] = {}
        self.owners: dict[int, str] = {}
        self.calls = 0
        for key in (ANNA, BORIS):
            for status in ("PENDING", "ERROR", "REFUND"):
                self.buy(key, "US", status, age=old)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.calls += 1
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        try:
            status, value = 200, self.serve(scope, body)
        except RefusedError as refused:
            status, value = refused.status, {"message": "refused"}
        headers = [(b"content-type", b"application/json"), (b"date", format_datetime(self.now, usegmt=True).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps(value)})

    def serve(self, scope: Scope, body: bytes) -> Any:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        method, path = scope["method"], scope["path"]
        key = headers.get("x-api-key", "")
        if key not in self.balances:
            raise RefusedError(self.stranger)
        match = SINGLE.fullmatch(path)
        if path.rstrip("/") == "/v1/purchases" and method in {"GET", "POST"}:
            return self.create(key, body) if method == "POST" else self.page(key, scope["query_string"].decode())
        if path.rstrip("/") == "/v1/profile" and method == "GET":
            count = sum(owner == key for owner in self.owners.values())
            money = {"amount": f"{self.balances[key]:.2f}", "currency_code": "USD"}
            return {"id": key[:4], "balance": money, "statistics": {"total_purchases": count}, "language": "en"}
        if match is None or (match[3] and method != "POST") or (not match[3] and method != "GET"):
            raise RefusedError(404 if match is None and not path.startswith("/v1/p") else 405)
        if match[1] == "accounts":
            return self.offer(match[2])
        row = self.find(key, match[2])
        if match[3] == "/request-code":
            return self.code(row)
        return self.refund(key, row) if match[3] else row

    def offer(self, code: str) -> dict[str, Any]:
        if code not in COUNTRIES:
            raise RefusedError(404)
        russian, english, _, base = COUNTRIES[code]
        price = (Decimal(base) * (100 - PERCENT) / 100).quantize(Decimal("0.01"))
        return {
            "country_code": code,
            "display_name": {"ru": russian, "en": english},
            "price": {"amount": str(price), "currency_code": "USD"},
            "discount": {"base_price": base, "percent": PERCENT},
            "available": code not in self.sold_out,
            "tags": [],
        }

    def create(self, key: str, body: bytes) -> dict[str, Any]:
        try:
            code = orjson.loads(body)["country_code"]
        except (ValueError, TypeError, KeyError, IndexError):
            raise RefusedError(422) from None
        if not isinstance(code, str) or re.fullmatch(r"[A-Z]{2}", code) is None:
            raise RefusedError(422)
        if code not in COUNTRIES or code in self.sold_out:
            raise RefusedError(400)
        if code == self.last:
            self.sold_out.add(code)
        row = self.buy(key, code, "PENDING")
        self.balances[key] -= Decimal(row["price"]["amount"])
        return row

    def buy(self, key: str, code: str, status: str, age: timedelta = timedelta()) -> dict[str, Any]:
        number = len(self.rows) + 1
        offer = self.offer(code)
        created = self.now - age + timedelta(milliseconds=number)
        self.owners[number] = key
        self.rows[number] = {
            "id": number,
            "country_code": code,
            "display_name": offer["display_name"],
            "phone_number": f"{COUNTRIES[code][2]}{number:04d}",
            "price": offer["price"],
            "status": status,
            "purchase_type": "SINGLE",
            "verification": None,
            "created_at": _stamp(created),
        }
        return self.rows[number]

    def find(self, key: str, text: str) -> dict[str, Any]:
        if NUMBER.fullmatch(text) is None or int(text) > 2**53 - 1:
            raise RefusedError(422)
        if int(text) not in self.rows:
            raise RefusedError(404)
        if self.owners[int(text)] != key:
            raise RefusedError(self.foreign)
        return self.rows[int(text)]

    def code(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["status"] != "PENDING":
            raise RefusedError(409)
        number = row["id"]
        row["verification"] = {
            "code": f"{10000 + 37 * number}",
            "password": f"secret-{number}",
            "received_at": _stamp(self.now + timedelta(seconds=20)),
        }
        row["status"] = "SUCCESS"
        status = {"status": "success", "attempt": 1, "max_attempts": 18, "next_attempt_at": None, "retry_after": None}
        return {"purchase": row, "code_request": status}

    def refund(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        created = datetime.fromisoformat(row["created_at"])
        if row["status"] != "PENDING" or self.now - created < timedelta(minutes=20):
            raise RefusedError(409)
        row["status"] = "REFUND"
        self.balances[key] += Decimal(row["price"]["amount"])
        return {
            "purchase": row,
            "refund": {"amount": row["price"], "reason": "no code", "refunded_at": _stamp(self.now)},
        }

    def page(self, key: str, query: str) -> dict[str, Any]:
        asked = dict(parse_qsl(query))
        page, size = asked.get("page", "1"), asked.get("page_size", "50")
        if NUMBER.fullmatch(page) is None or NUMBER.fullmatch(size) is None or int(size) > 50:
            raise RefusedError(422)
        if asked.get("status", "PENDING") not in STATUSES or asked.get("sort", "date_asc") not in _SORTS:
            raise RefusedError(422)
        rows = [row for number, row in self.rows.items() if self.owners[number] == key]
        rows = sorted(rows, key=_created, reverse=asked.get("sort") != "date_asc")
        rows = [row for row in rows if asked.get("status") in {None, row["status"]}]
        return _slice(rows, int(page), int(size))


_SORTS = {"date_asc", "date_desc"}


def _created(row: dict[str, Any]) -> str:
    return str(row["created_at"])


def _slice(rows: Iterable[dict[str, Any]], page: int, size: int) -> dict[str, Any]:
    items = list(rows)
    total = -(-len(items) // size)
    pagination = {"current_page": page, "total_pages": total, "has_next": page < total}
    return {"items": items[(page - 1) * size : page * size], "pagination": pagination}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
