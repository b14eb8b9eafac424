"""A true shop in memory, lawful in every step, and histories that it answered with requests overlapping."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from contracts.history import ApiOperation
from tests.invariants.build import BASE, FOREIGN_ACT, FOREIGN_READ, REFUSAL, UNKNOWN_ID, History, stamp

PRICES = {"US": Decimal("1.50"), "DE": Decimal("2.00"), "KZ": Decimal("0.90")}
OWNERS = ("owner", "other")
REFUND_AGE_S = 1200

Answer = tuple[int, Any]


@dataclass(slots=True)
class Record:
    """One purchase as the shop knows it."""

    id: int
    owner: str
    country: str
    phone: str
    price: Decimal
    made: float
    status: str = "PENDING"
    credentials: dict[str, str] | None = None
    asked: int = 0


@dataclass(slots=True)
class Shop:
    """Sells, delivers codes now or later, refunds; each call is one point in time.

    Attributes:
        balances: by owner.
        records: every purchase, by id.
        stock: how many are left, by country.
        credits_errors: whether a purchase that fails is paid back.
        masks: whether others are shown a purchase, masked, or told that there is none.
        late_numbers: whether a number is shown only once a code was asked for.
        coarse_lists: whether lists write times to the second.
        ends_old: the status that a purchase takes by itself once it may be refunded, if any.
    """

    balances: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(OWNERS, Decimal("12.00")))
    records: dict[int, Record] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=lambda: {"US": 50, "DE": 50, "KZ": 2})
    credits_errors: bool = False
    masks: bool = False
    late_numbers: bool = False
    coarse_lists: bool = False
    ends_old: str = ""

    def price(self, owner: str, country: str) -> Decimal:
        """Return what a country costs an owner: a tenth off after two codes."""
        codes = sum(r.owner == owner and r.status == "SUCCESS" for r in self.records.values())
        return PRICES[country] * (Decimal(1) if codes < 2 else Decimal("0.9"))

    def end_old(self, now: float) -> None:
        """End the purchases that nobody has come back to."""
        for record in self.records.values():
            if self.ends_old and record.status == "PENDING" and now - record.made > REFUND_AGE_S:
                record.status = self.ends_old
                if self.ends_old == "REFUND":
                    self.balances[record.owner] += record.price

    def view(self, record: Record, *, mask: bool = False) -> dict[str, Any]:
        """Show a purchase, to its owner or masked."""
        hidden = mask or (self.late_numbers and not record.asked)
        return {
            "id": record.id,
            "country_code": record.country,
            "display_name": {"ru": record.country, "en": record.country},
            "phone_number": None if hidden else record.phone,
            "price": {"amount": f"{record.price:.2f}", "currency_code": "USD"},
            "status": "PENDING" if mask else record.status,
            "purchase_type": "SINGLE",
            "verification": None if mask else record.credentials,
            "created_at": stamp(record.made),
        }

    def create(self, owner: str, country: str, now: float) -> Answer:
        """Sell one number; numbers of purchases that have ended are sold again."""
        price = self.price(owner, country)
        if self.stock[country] == 0:
            return 400, REFUSAL
        if self.balances[owner] < price:
            return 402, REFUSAL
        taken = {r.phone for r in self.records.values() if r.status in {"PENDING", "SUCCESS"}}
        phone = next(p for n in range(1000) if (p := f"+1202555{n:04d}") not in taken)
        self.stock[country] -= 1
        self.balances[owner] -= price
        number = 100 + len(self.records)
        self.records[number] = Record(number, owner, country, phone, price, now)
        return 200, self.view(self.records[number])

    def retrieve(self, owner: str, number: int) -> Answer:
        """Show a purchase to its owner; to another one masked or not at all."""
        record = self.records.get(number)
        if record is None or (record.owner != owner and not self.masks):
            return 404, REFUSAL
        return 200, self.view(record, mask=record.owner != owner)

    def request_code(self, owner: str, number: int, outcome: int, now: float) -> Answer:
        """Deliver the code, fail, or let the owner wait."""
        record = self.records.get(number)
        if record is None or record.owner != owner:
            return 404, REFUSAL
        if record.status != "PENDING":
            return 409, REFUSAL
        record.asked += 1
        if outcome < 5:
            self.deliver(record, now)
        elif outcome < 7:
            self.fail(record)
        states = {"PENDING": "pending", "SUCCESS": "success", "ERROR": "failed"}
        request = {"status": states[record.status], "attempt": record.asked, "max_attempts": 18}
        request |= {"next_attempt_at": None, "retry_after": 10 if record.status == "PENDING" else None}
        return 200, {"purchase": self.view(record), "code_request": request}

    def deliver(self, record: Record, now: float) -> None:
        """Bring the code."""
        record.status = "SUCCESS"
        record.credentials = {
            "code": f"{record.id * 7919 % 90000 + 10000}",
            "password": f"pass-{record.id}-word",
            "received_at": stamp(now),
        }

    def fail(self, record: Record) -> None:
        """Let the provider fail."""
        record.status = "ERROR"
        if self.credits_errors:
            self.balances[record.owner] += record.price

    def refund(self, owner: str, number: int, now: float) -> Answer:
        """Give the money back, where the three conditions hold."""
        record = self.records.get(number)
        if record is None or record.owner != owner:
            return 404, REFUSAL
        if record.status != "PENDING" or now - record.made < REFUND_AGE_S:
            return 409, REFUSAL
        self.give_back(record)
        money = {"amount": self.view(record)["price"], "reason": "no code", "refunded_at": stamp(now)}
        return 200, {"purchase": self.view(record), "refund": money}

    def give_back(self, record: Record) -> None:
        """Refund, as an administrator may at any time."""
        credited = record.status == "ERROR" and self.credits_errors
        record.status = "REFUND"
        if not credited:
            self.balances[record.owner] += record.price

    def page(self, owner: str, page: int, size: int, sort: str | None, status: str | None) -> Answer:
        """Show a page of an owner's purchases."""
        rows = [r for r in self.records.values() if r.owner == owner and status in {None, r.status}]
        rows.sort(key=lambda r: r.id, reverse=sort != "date_asc")
        total = -(-len(rows) // size)
        told = {"current_page": page, "total_pages": total, "has_next": page < total}
        items = [self.view(r) for r in rows[(page - 1) * size : page * size]]
        for item in items if self.coarse_lists else ():
            item["created_at"] = item["created_at"][:-5] + "Z"
        return 200, {"items": items, "pagination": told}

    def account(self, owner: str, country: str) -> Answer:
        """Show an offer."""
        price, base = self.price(owner, country), PRICES[country]
        return 200, {
            "country_code": country,
            "price": {"amount": f"{price:.2f}", "currency_code": "USD"},
            "discount": {"base_price": f"{base:.2f}", "percent": 0 if price == base else 10},
            "available": self.stock[country] > 0,
        }

    def profile(self, owner: str) -> Answer:
        """Show a balance."""
        return 200, {"id": owner, "balance": {"amount": f"{self.balances[owner]:.2f}", "currency_code": "USD"}}


@dataclass(slots=True)
class Step:
    """One thing that happens in the shop, and how long before and after it the request was under way.

    Attributes:
        kind: what happens, a number reduced to the kinds there are.
        who: which owner.
        which: which purchase, country, page size or outcome, reduced likewise.
        before: seconds from request to effect.
        after: seconds from effect to answer.
        lost: True when the answer never comes.
        lane: which connection.
    """

    kind: int
    who: int
    which: int
    before: float
    after: float
    lost: bool
    lane: int


def play(steps: list[Step], shop: Shop) -> History:
    """Play steps, ten seconds apart and each in its moment, and return what the requests saw."""
    player = _Player(shop, History(profile="2026-05"))
    for step in steps:
        player.step(step)
    return player.history


@dataclass(slots=True)
class _Player:
    shop: Shop
    history: History
    now: float = 0.0
    shift: float = 0.0
    walks: int = 0
    open_walks: list[Callable[[], bool]] = field(default_factory=list)

    def step(self, step: Step) -> None:
        """Let one thing happen, and a page of each open walk be read now and then."""
        self.now += 10
        self.shop.end_old(self.server)
        if step.lane:
            self.open_walks = [turn for turn in self.open_walks if turn()]
        moves = [
            self._create, self._create, self._create, self._retrieve, self._retrieve, self._retrieve, self._code,
            self._code, self._refund, self._look, self._look, self._list, self._walk, self._walk, self._account,
            self._refused, self._foreign, self._provider, self._admin, self._clock, self._unknown,
        ]  # fmt: skip
        moves[step.kind % len(moves)](step)

    @property
    def server(self) -> float:
        return self.now + self.shift

    def _call(self, kind: ApiOperation, step: Step, reply: Answer, **call: Any) -> None:
        date = format_datetime(BASE + timedelta(seconds=int(self.server)), usegmt=True)
        invoked, returned = self.now - step.before, self.now + step.after
        if step.lost and step.lane:
            # Given up before it took effect.
            returned = max(invoked + 0.01, self.now - min(step.after, 30))
        self.history.call(
            kind,
            invoked,
            returned,
            reply[1],
            status=None if step.lost else reply[0],
            lane=f"lane {step.lane}",
            **{"principal": OWNERS[step.who % 2], "dated": False, "headers": [("date", date)]} | call,
        )

    def _some(self, step: Step) -> Record | None:
        records = list(self.shop.records.values())
        return records[step.which % len(records)] if records else None

    def _create(self, step: Step) -> None:
        country = list(PRICES)[step.which % 3]
        reply = self.shop.create(OWNERS[step.who % 2], country, self.server)
        body = f'{{"country_code": "{country}"}}'.encode()
        self._call(ApiOperation.CREATE, step, reply, body=body)

    def _own(self, step: Step, kind: ApiOperation, reply: Any) -> None:
        record = self._some(step)
        if record is not None:
            self._call(kind, step, reply(record), principal=record.owner, number=record.id)

    def _retrieve(self, step: Step) -> None:
        self._own(step, ApiOperation.RETRIEVE, lambda r: self.shop.retrieve(r.owner, r.id))

    def _code(self, step: Step) -> None:
        outcome = step.which % 10
        self._own(
            step,
            ApiOperation.REQUEST_CODE,
            lambda r: self.shop.request_code(r.owner, r.id, outcome, self.server),
        )

    def _refund(self, step: Step) -> None:
        self._own(step, ApiOperation.REFUND, lambda r: self.shop.refund(r.owner, r.id, self.server))

    def _look(self, step: Step) -> None:
        self._call(ApiOperation.PROFILE, step, self.shop.profile(OWNERS[step.who % 2]))

    def _list(self, step: Step) -> None:
        self._page(step, 1, (1, 2, 3, 50)[step.which % 4], None, None, "")

    def _page(self, step: Step, page: int, size: int, sort: str | None, status: str | None, walk: str) -> bool:
        reply = self.shop.page(OWNERS[step.who % 2], page, size, sort, status)
        asked = {"page": page, "page_size": size, "sort": sort, "status": status}
        query = [(key, str(value)) for key, value in asked.items() if value is not None]
        self._call(ApiOperation.LIST, step, reply, query=query, walk=walk)
        return bool(reply[1]["pagination"]["has_next"]) and not step.lost

    def _walk(self, step: Step) -> None:
        """Walk, each page asked for after the one before; anything may happen between two pages."""
        self.walks += 1
        name = f"walk {self.walks}"
        statuses = [None, None, "PENDING", "SUCCESS", "ERROR", "REFUND"]
        sort, status = (None, "date_asc")[step.who // 2 % 2], statuses[step.which % 6]
        pages = itertools.count(1)

        def turn() -> bool:
            self.now += 3
            short = Step(0, step.who, 0, 1, 1, lost=False, lane=step.lane)
            return self._page(short, next(pages), 1 + step.lane, sort, status, name)

        going = turn()
        while going and step.which % 5 < 3:
            going = turn()
        if going:
            self.open_walks.append(turn)

    def _account(self, step: Step) -> None:
        country = list(PRICES)[step.which % 3]
        self._call(ApiOperation.ACCOUNT, step, self.shop.account(OWNERS[step.who % 2], country), number=country)

    def _refused(self, step: Step) -> None:
        if step.which % 2:
            self._call(ApiOperation.CREATE, step, (422, REFUSAL), body=b'{"country_code": "us"}')
        else:
            self._call(ApiOperation.CREATE, step, (401, REFUSAL), body=b"{}", principal="stranger:no key")

    def _foreign(self, step: Step) -> None:
        record = self._some(step)
        if record is None:
            return
        other = OWNERS[record.owner == OWNERS[0]]
        if step.who % 2:
            reply = self.shop.retrieve(other, record.id)
            self._call(ApiOperation.RETRIEVE, step, reply, principal=other, number=record.id, aim=FOREIGN_READ)
        else:
            self._call(ApiOperation.REFUND, step, (404, REFUSAL), principal=other, number=record.id, aim=FOREIGN_ACT)

    def _unknown(self, step: Step) -> None:
        self._call(ApiOperation.RETRIEVE, step, (404, REFUSAL), number=10**9, aim=UNKNOWN_ID)

    def _provider(self, step: Step) -> None:
        record = self._some(step)
        if record is not None and record.status == "PENDING" and record.asked:
            self.shop.deliver(record, self.server) if step.who % 2 else self.shop.fail(record)

    def _admin(self, step: Step) -> None:
        record = self._some(step)
        if record is not None and record.status != "REFUND":
            self.shop.give_back(record)

    def _clock(self, step: Step) -> None:
        self.shift += 100 * (step.which % 20)
