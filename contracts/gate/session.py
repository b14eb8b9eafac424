"""The session: every request of a gate leaves through here, and every answer is judged here."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final
from urllib.parse import urljoin, urlsplit

from contracts.asking import purchases_asked
from contracts.budget import Budget, Reservation
from contracts.checks import dates
from contracts.gate.book import Book, price_of
from contracts.gate.losses import Losses
from contracts.gate.pace import FIRST_BACK_OFF, LONGEST_BACK_OFF, Pace, TimeSpentError, wait_hint
from contracts.gate.wire import Reply, Wire
from contracts.history import OWNER, Aim, ApiOperation, Input, Operation
from contracts.interruption import interruption
from contracts.oracle import Oracle
from contracts.profiles import Profile
from contracts.reading import Reading
from contracts.routes import route
from contracts.target import Target

REDIRECTS: Final = frozenset({307, 308})
MAX_HOPS: Final = 3
_SHORTEST_WAIT: Final = 0.01
INTERRUPTED: Final = "interrupted before the answer came"
MAX_UNREACHED: Final = 5
"""Calls in a row without any answer after which the target counts as gone."""


class UnreachableError(Exception):
    """The target does not answer; nothing more can be learnt from it."""


@dataclass(slots=True)
class Counts:
    """What a run has sent so far."""

    requests: int = 0
    refused_rate: int = 0
    redirected: int = 0
    unanswered: int = 0
    notes: list[str] = field(default_factory=list)


class Session:
    """Sends, waits out rate limits, follows 307 and 308, counts money, records and judges.

    Args:
        target: where requests go.
        wire: the connections to it.
        oracle: judges every operation.
        budget: caps on purchases and spend.
        pace: the time budget.
        profile: the contract version that judges.
        seed: of every random choice.
        record: called with each operation after it was judged, in order.
    """

    def __init__(
        self,
        target: Target,
        wire: Wire,
        oracle: Oracle,
        budget: Budget,
        pace: Pace,
        profile: Profile,
        seed: int,
        record: Callable[[Operation], None],
    ) -> None:
        self.target = target
        self.oracle = oracle
        self.budget = budget
        self.pace = pace
        self.profile = profile
        self.seed = seed
        self.book = Book()
        self.counts = Counts()
        self.losses = Losses()
        self.prices: dict[str, Decimal] = {}
        self._paid: list[Decimal] = []
        self._unpriced: set[str] = set()
        self._wire = wire
        self._judged: list[Operation] = []
        self._record = record
        self._lock = threading.Lock()
        self._index = 0
        self._walks = 0
        self._slashed: set[ApiOperation] = set()
        self._unreached = 0

    def random(self, purpose: str) -> random.Random:
        """Return a generator for one purpose, so that phases do not disturb each other's choices."""
        return random.Random(f"{self.seed}:{purpose}")  # noqa: S311 - repeatable on purpose

    def name_walk(self) -> str:
        """Return a name for a page walk that no other walk of the run has."""
        self._walks += 1
        return f"walk {self._walks}"

    def note(self, text: str) -> None:
        """Keep a remark for the report, once."""
        if text not in self.counts.notes:
            self.counts.notes.append(text)

    def call(
        self,
        method: str,
        path: str,
        *,
        principal: str = OWNER,
        body: bytes = b"",
        query: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
        aim: Aim | None = None,
        walk: str = "",
        lane: str = "gate",
        follow: bool = True,
    ) -> Operation:
        """Send one request, have it judged, and return the operation.

        A 429 is waited out and the request sent again (nothing was done for it); a read without an answer
        is sent once more; a write never is. No answer is waited for beyond the run's own end.

        Args:
            method: HTTP method.
            path: path below the base URL, percent-encoded.
            principal: ``owner`` and ``other`` show their key; a stranger's key, if any, is in ``headers``.
            body: bytes of the body; labelled ``application/json`` unless ``headers`` say otherwise.
            query: decoded query pairs.
            headers: further header pairs.
            aim: what is meant by the request, where it alone does not tell.
            walk: name of the page walk it belongs to.
            lane: which connection or worker sends it.
            follow: whether 307 and 308 to the same origin are followed.

        Raises:
            BudgetSpentError: a create that a cap forbids; it was not sent.
            TimeSpentError: the time budget ended while waiting for a rate limit, or long before.
            UnreachableError: several calls in a row had no answer.
        """
        asked = route(method, path)
        if follow and asked.api_operation in self._slashed and not asked.slash:
            path += "/"
        sent = Input(method, path, tuple(query), self.headers(principal, body, headers), body)
        self.pace.check_overrun()
        began = time.perf_counter()
        back_off = FIRST_BACK_OFF
        repeated = False
        hops = 0
        while True:
            operation = self._once(sent, principal, aim, walk, lane)
            answer = operation.answer
            if answer is None and method in {"GET", "HEAD"} and not repeated and self.pace.rest > 0:
                repeated = True
                continue
            if answer is not None and answer.status == 429:
                hint = wait_hint(answer, time.time())
                self.counts.refused_rate += 1
                # A hint is believed once: one that names no time would have a create sent as fast as it is refused.
                least = _SHORTEST_WAIT if back_off == FIRST_BACK_OFF else back_off
                self.pace.wait(back_off if hint is None else max(hint, least))
                back_off = min(LONGEST_BACK_OFF, back_off * 2)
                continue
            if answer is not None and answer.status in REDIRECTS and follow and hops < MAX_HOPS:
                onward = self._onward(sent, answer.header("location"), asked.api_operation)
                if onward is not None:
                    hops += 1
                    sent = onward
                    continue
            self.pace.took(time.perf_counter() - began)
            return operation

    def rejudge(self, oracle: Oracle, profile: Profile) -> None:
        """Let another oracle judge everything so far and from now on (a profile that was detected late)."""
        with self._lock:
            self.oracle = oracle
            self.profile = profile
            for operation in self._judged:
                oracle.feed(operation)

    def check_time(self) -> None:
        """Raise where the time budget is spent.

        Raises:
            TimeSpentError: nothing more may be started.
        """
        if self.pace.left <= 0:
            raise TimeSpentError(f"the {self.pace.seconds:.0f} s of this run are over")

    def dispatch(self, operation: Operation) -> Operation:
        """Record and judge an operation that was sent by other hands (a race); returns it with its index."""
        return self._keep(operation)

    def headers(self, principal: str, body: bytes, headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return the headers of a request: the principal's key, what is accepted, what the body is."""
        given = {name.lower() for name, _ in headers}
        full = [] if "accept" in given else [("accept", "application/json")]
        key = self.target.keys.of(principal)
        if key is not None:
            full.append(("x-api-key", key))
        if body and "content-type" not in given:
            full.append(("content-type", "application/json"))
        return (*full, *headers)

    def _once(self, sent: Input, principal: str, aim: Aim | None, walk: str, lane: str) -> Operation:
        interruption.check()
        count = purchases_asked(sent)
        held = self.budget.reserve(self.dearest, count) if count else None
        began = time.perf_counter()
        reply, cut = Reply(None, "not sent", began, began), None
        try:
            with interruption.opened():
                reply = self._wire.send(sent, self.pace.rest)
        except KeyboardInterrupt as wish:
            # It may have been served all the same, and bought something: it is no less recorded than another.
            reply, cut = Reply(None, INTERRUPTED, began, time.perf_counter()), wish
        finally:
            operation = self.operation(sent, principal, reply, aim=aim, walk=walk, lane=lane)
            if held is not None:
                self.settle(held, operation)
        operation = self._keep(operation)
        if cut is not None:
            raise cut
        self._mind(operation)
        return operation

    def operation(
        self,
        sent: Input,
        principal: str,
        reply: Reply,
        *,
        aim: Aim | None = None,
        walk: str = "",
        lane: str = "gate",
    ) -> Operation:
        """Return the record of a request and its reply, not yet numbered, recorded or judged."""
        return Operation(
            index=0,
            principal=principal,
            api_operation=route(sent.method, sent.path).api_operation,
            input=sent,
            answer=reply.answer,
            invoked=reply.invoked - self.pace.start,
            returned=reply.returned - self.pace.start,
            wall=self._wall(reply),
            error=reply.error,
            lane=lane,
            walk=walk,
            aim=aim,
        )

    def _wall(self, reply: Reply) -> float:
        """Return our own clock, 0 where a target whose clock was moved does not say what time it has."""
        dated = reply.answer is not None and dates.parse(reply.answer.header("date")) is not None
        return 0.0 if self._wire.clock_moved and not dated else time.time()

    def _keep(self, operation: Operation) -> Operation:
        with self._lock:
            numbered = replace(operation, index=self._index)
            self._index += 1
            self.counts.requests += 1
            self.counts.unanswered += numbered.answer is None or numbered.answer.truncated
            self._judged.append(numbered)
            self.oracle.feed(numbered)
            reading = Reading(numbered)
            self.losses.take(reading)
            self.book.learn(reading)
            self._quote(reading)
            self._record(numbered)
        return numbered

    def _mind(self, operation: Operation) -> None:
        """Count calls in a row without an answer; several mean that the target is gone."""
        if operation.answer is not None and not operation.answer.truncated:
            self._unreached = 0
            return
        self._unreached += 1
        if self._unreached >= MAX_UNREACHED:
            why = operation.error or "an answer too long to read"
            raise UnreachableError(f"{self._unreached} calls in a row had no answer, the last: {why}")

    @property
    def dearest(self) -> Decimal | None:
        """The highest price shown or paid; None while none is known, or something on offer shows none but zero."""
        return None if self._unpriced else max([*self.prices.values(), *self._paid], default=None)

    def settle(self, held: Reservation, operation: Operation) -> None:
        """Count what a request bought.

        An answer that names less than accounts last showed the owner is not believed: it cost what was shown. Nor is
        one that names nothing, or one of several purchases that names the price of one.
        """
        reading = Reading(operation)
        views = reading.views
        paid = price_of(views[0].data.get("price")) if views else None
        if paid is None or paid <= 0:
            self.budget.settle(held, operation.outcome)
            return
        self._paid = [max([paid, *self._paid])]
        if operation.principal == OWNER:
            told = (reading.asked_country, views[0].data.get("country_code"))
            paid = max(paid, *(self.prices.get(str(country), paid) for country in told))
        self.budget.settle(held, operation.outcome, paid * held.count)

    def _quote(self, reading: Reading) -> None:
        """Remember what a purchase costs the owner."""
        value = reading.document.value if reading.route.api_operation is ApiOperation.ACCOUNT else None
        country = reading.asked_country
        if not isinstance(value, dict) or not reading.served or not country or reading.operation.principal != OWNER:
            return
        price = price_of(value.get("price"))
        if price is not None and price > 0:
            self.prices[country] = price
            self._unpriced.discard(country)
        elif value.get("available") is True:
            self._unpriced.add(country)

    def _onward(self, sent: Input, location: str | None, api_operation: ApiOperation) -> Input | None:
        """Return the request that a redirect asks for, None where it must not be followed."""
        if not location:
            return None
        base = urlsplit(self.target.url)
        try:
            there = urlsplit(urljoin(self.target.url + sent.path, location))
        except ValueError:
            self.note("a redirect to what is no URL was not followed")
            return None
        if (there.scheme, there.netloc) != (base.scheme, base.netloc):
            self.note(f"a redirect to another origin ({there.scheme}://{there.netloc[:60]}) was not followed")
            return None
        if not there.path.startswith(base.path):
            return None
        path = there.path[len(base.path) :]
        if path == sent.path:
            return None
        self.counts.redirected += 1
        if path == sent.path + "/":
            self._slashed.add(api_operation)
        return Input(sent.method, path, sent.query, sent.headers, sent.body)
