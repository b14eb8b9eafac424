"""A second, independent Purchases API, lawful in other ways than the sandbox: threads, seconds, late codes.

Errors are ``{"detail": …}``, timestamps have no fraction, the price is rounded down, codes arrive by
themselves a while after they were asked for, a country's provider always fails and gives the money back,
foreign purchases are 403, extra keys are refused, the slash form is a 307.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

COUNTRIES = {
    "DE": ("+4915", "Германия", "Germany", "2.35", True),
    "JP": ("+8190", "Япония", "Japan", "4.99", True),
    "KZ": ("+7701", "Казахстан", "Kazakhstan", "0.99", True),
    "US": ("+1202", "США", "United States", "1.50", True),
    "FR": ("+336", "Франция", "France", "3.10", False),
}
FAILING = "KZ"
PERCENT = Decimal("7.5")
STATUSES = ("PENDING", "SUCCESS", "ERROR", "REFUND")


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of ours
    """An answer other than 200."""

    def __init__(self, status: int, detail: str, *headers: tuple[str, str]) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class PlainShop:
    """The shop's state, behind one lock.

    Args:
        keys: API key to owner.
        code_after: seconds until a code that was asked for arrives.
    """

    def __init__(self, keys: dict[str, str], code_after: float = 0.15) -> None:
        self.keys = keys
        self.code_after = code_after
        self.lock = threading.RLock()
        self.balances = dict.fromkeys(keys.values(), Decimal("500.00"))
        self.purchases: dict[int, dict[str, Any]] = {}
        self.owners: dict[int, str] = {}
        self.due: dict[int, float] = {}

    def settle(self) -> None:
        """Let codes arrive whose time has come."""
        for number, when in list(self.due.items()):
            purchase = self.purchases[number]
            if when > time.monotonic():
                continue
            del self.due[number]
            if purchase["country_code"] == FAILING:
                purchase["status"] = "ERROR"
                self.balances[self.owners[number]] += Decimal(purchase["price"]["amount"])
            else:
                purchase["status"] = "SUCCESS"
                purchase["verification"] = {
                    "code": f"{number % 100_000:05d}",
                    "password": f"pass word {number}",
                    "received_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
                }

    def answer(self, method: str, path: str, query: list[tuple[str, str]], key: str, body: bytes) -> Any:
        """Return the JSON of a 200, or raise a Refusal."""
        with self.lock:
            self.settle()
            parts = path.strip("/").split("/")
            if parts[0] != "v1":
                raise Refusal(404, "Not Found")
            owner = self.keys.get(key)
            if owner is None:
                raise Refusal(403, "Not authenticated")
            match method, parts[1:]:
                case "POST", ["purchases"]:
                    return self.create(owner, body)
                case "GET", ["purchases"]:
                    return self.page(owner, query)
                case "GET", ["purchases", raw]:
                    return self.mine(owner, raw)
                case "POST", ["purchases", raw, "request-code"]:
                    return self.request_code(self.mine(owner, raw))
                case "POST", ["purchases", raw, "refund"]:
                    self.mine(owner, raw)
                    raise Refusal(400, "A refund is possible after 20 minutes, while no code was given")
                case "GET", ["accounts", code]:
                    return self.account(code)
                case "GET", ["profile"]:
                    return {
                        "id": owner,
                        "balance": {"amount": f"{self.balances[owner]:.2f}", "currency_code": "EUR"},
                        "statistics": {"total_purchases": list(self.owners.values()).count(owner)},
                    }
                case _, ["purchases" | "profile"] | ["purchases" | "accounts", _] | ["purchases", _, _]:
                    raise Refusal(405, "Method Not Allowed", ("Allow", "GET, POST"))
                case _:
                    raise Refusal(404, "Not Found")

    def price(self, code: str) -> str:
        base = Decimal(COUNTRIES[code][3])
        return str((base * (100 - PERCENT) / 100).quantize(Decimal("0.01"), ROUND_DOWN))

    def account(self, code: str) -> Any:
        if code not in COUNTRIES:
            raise Refusal(404, "Unknown country")
        _, russian, english, base, available = COUNTRIES[code]
        return {
            "country_code": code,
            "display_name": {"ru": russian, "en": english},
            "price": {"amount": self.price(code), "currency_code": "EUR"},
            "discount": {"base_price": base, "percent": float(PERCENT)},
            "available": available,
        }

    def create(self, owner: str, body: bytes) -> Any:
        try:
            asked = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise Refusal(400, "Could not parse the body") from None
        if not isinstance(asked, dict) or set(asked) != {"country_code"}:
            raise Refusal(422, "Expected exactly country_code")
        code = asked["country_code"]
        if not isinstance(code, str) or not re.fullmatch("[A-Z]{2}", code):
            raise Refusal(422, "country_code must be two capitals")
        if code not in COUNTRIES or not COUNTRIES[code][4]:
            raise Refusal(404, "Not available")
        if self.balances[owner] < Decimal(self.price(code)):
            raise Refusal(402, "Balance too low")
        self.balances[owner] -= Decimal(self.price(code))
        number = 2**43 + 7 * len(self.purchases)
        prefix, russian, english, *_ = COUNTRIES[code]
        self.owners[number] = owner
        self.purchases[number] = {
            "id": number,
            "country_code": code,
            "display_name": {"ru": russian, "en": english},
            "phone_number": f"{prefix}{5_550_000 + len(self.purchases)}",
            "price": {"amount": self.price(code), "currency_code": "EUR"},
            "status": "PENDING",
            "purchase_type": "SINGLE",
            "verification": None,
            "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return self.purchases[number]

    def mine(self, owner: str, raw: str) -> Any:
        if not re.fullmatch("[1-9][0-9]{0,15}", raw):
            raise Refusal(404, "Not Found")
        if int(raw) not in self.purchases:
            raise Refusal(404, "No such purchase")
        if self.owners[int(raw)] != owner:
            raise Refusal(403, "Not yours")
        return self.purchases[int(raw)]

    def request_code(self, purchase: Any) -> Any:
        if purchase["status"] != "PENDING":
            raise Refusal(409, "The code was given, or never will be")
        self.due.setdefault(purchase["id"], time.monotonic() + self.code_after)
        waiting = {"status": "pending", "attempt": 1, "max_attempts": 18, "next_attempt_at": None, "retry_after": 1}
        return {"purchase": purchase, "code_request": waiting}

    def page(self, owner: str, query: list[tuple[str, str]]) -> Any:
        asked = dict(query)
        numbers = [asked.get("page", "1"), asked.get("page_size", "20")]
        if not all(re.fullmatch("[1-9][0-9]{0,8}", number) for number in numbers) or int(numbers[1]) > 50:
            raise Refusal(400, "page and page_size out of range")
        if asked.get("sort", "date_desc") not in {"date_asc", "date_desc"}:
            raise Refusal(400, "unknown sort")
        if asked.get("status", "PENDING") not in STATUSES:
            raise Refusal(400, "unknown status")
        items = [self.purchases[number] for number in sorted(self.purchases) if self.owners[number] == owner]
        items = [item for item in items if asked.get("status", item["status"]) == item["status"]]
        if asked.get("sort", "date_desc") == "date_desc":
            items.reverse()
        page, size = int(numbers[0]), int(numbers[1])
        total = -(-len(items) // size)
        shown = items[(page - 1) * size : page * size]
        return {"items": shown, "pagination": {"current_page": page, "total_pages": total, "has_next": page < total}}


@contextlib.contextmanager
def plain_shop(shop: PlainShop) -> Iterator[str]:
    """Serve a shop on a free loopback port; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            parts = urlsplit(self.path)
            headers: tuple[tuple[str, str], ...] = ()
            if parts.path.endswith("/"):
                status, value = 307, {"detail": "moved"}
                query = f"?{parts.query}" if parts.query else ""
                headers = (("Location", parts.path.rstrip("/") + query),)
            else:
                try:
                    query_pairs = parse_qsl(parts.query, keep_blank_values=True)
                    key = self.headers.get("x-api-key") or ""
                    status, value = 200, shop.answer(self.command, unquote(parts.path), query_pairs, key, body)
                except Refusal as refusal:
                    status, value, headers = refusal.status, {"detail": refusal.detail}, refusal.headers
            with shop.lock:
                content = json.dumps(value, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            for name, text in headers:
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - named by the base class

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            """Connections that a client drops are no news."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
