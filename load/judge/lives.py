"""Judging answers in the light of those before them: the rules first, the contract's invariants for what is suspect."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from contracts.finding import Violation
from contracts.history import ApiOperation, Demand, Operation
from contracts.invariants.purchase import Claim
from contracts.monitor import Docket
from load.call import Call, Reply
from load.judge.bench import Bench
from load.judge.facts import BREAK, Facts, Kind, Kinds, is_readable
from load.judge.habits import Habits
from load.judge.operations import excerpt_of, operation_of, purchase_of
from load.judge.register import CREATED, NUMBERS, STATUS, Register, phone_number
from load.judge.retell import given, retell
from load.judge.rules import CODE, CREATE, LIST, RETRIEVE, SUSPECT, Rules
from load.judge.tally import RACED, UNIQUE

MAX_FAILING: Final = 500
"""Purchases whose last retrieve met a 500; two in a row are a finding (LIFE-6)."""

Lived = tuple[int, tuple[Violation, ...]]
"""What an answer exercised, as bits of ``load.judge.tally``, and what is wrong with it."""

_NOTHING: Final[Lived] = (0, ())


class Lives:
    """Judges answers by the purchases they show.

    A purchase is either in the register or, once something about it was suspect, known to the bench: then every
    further answer about it is judged by the contract's invariants.

    Args:
        register: what is known of every purchase.
        kinds: kinds of purchases, by number.
        bench: judges what is suspect.
        docket: where violations that follow from habit are reported.
        index: gives an operation that is told again its index.

    Attributes:
        sold: of purchases that were forgotten: phone, id, and between when and when they stood.
        seen: of the same ones: id, kind and text of the row; None where nobody asks for it.
    """

    def __init__(
        self, register: Register, kinds: Kinds, bench: Bench, docket: Docket, index: Callable[[], int]
    ) -> None:
        self._register = register
        self._kinds = kinds
        self._bench = bench
        self._docket = docket
        self._index = index
        self._rules = Rules(register)
        self._habits = Habits()
        self._failing: dict[int, Operation] = {}
        self._bought = False
        self._bought_until = 0.0
        self._served = [False] * len(NUMBERS)
        self.sold: list[tuple[int, int, float, float]] = []
        self.seen: list[tuple[int, Kind, str]] | None = None

    def show(
        self, call: Call, reply: Reply, index: int, facts: Facts | None, by: int, progress: object = None
    ) -> Lived:
        """Judge an answer that shows one purchase.

        Args:
            call: what was sent.
            reply: what came of it.
            index: its position.
            facts: what it says, None where that cannot be read.
            by: number of the operation.
            progress: ``code_request.status`` of a request-code's answer.
        """
        extra = self._count_create(reply) if by == CREATE else 0
        number = facts.number if facts is not None else None
        named = number if by == CREATE else purchase_of(call)
        if by == CREATE and facts is not None and self._is_given(facts.number):
            return extra, self._full("given again", facts.number, lambda: self._feed(call, reply, index))
        if facts is not None and number != named:
            trouble, desk = ("another purchase", by), self._bench.desk
            act = lambda: self._bring(call, reply, index, facts, named)  # noqa: E731
            return extra, self._habits.judge(trouble, desk, self._docket, act)
        if facts is None or number in self._bench.book.purchases:
            return extra, self._bring(call, reply, index, facts, named)
        bits = self._judge(facts, by, reply.sent, reply.ended, progress)
        if bits == SUSPECT:
            return extra, self._suspect(call, reply, index, facts, by)
        if self._failing:
            self._failing.pop(facts.number, None)
        if not self._served[by]:
            self._served[by] = True
            self._bench.present.add(call.operation)
        return bits | extra, ()

    def _judge(self, facts: Facts, by: int, sent: float, ended: float, progress: object) -> int:
        row = self._register.rows.get(facts.number)
        if row is None:
            bits = self._rules.weigh(facts, progress) if by == CODE else 0
            met = SUSPECT if bits == SUSPECT else self._rules.meet(facts, by, sent, ended)
            if met != SUSPECT and by == CODE:
                self._rules.note_code(self._register.rows[facts.number], sent, ended)
            return SUSPECT if met == SUSPECT else met | bits
        if by == RETRIEVE:
            return self._rules.see(row, facts, by, sent, ended)
        if by == CODE:
            return self._rules.coded(row, facts, progress, sent, ended)
        return self._rules.buy(row, facts, sent, ended)

    def page(
        self,
        call: Call,
        reply: Reply,
        index: int,
        items: list[Any],
        facts: list[Facts | None],
        *,
        lawful: bool,
        count: Callable[[Facts, int], None],
    ) -> tuple[Violation, ...]:
        """Judge the items of a page.

        Args:
            call: the list call.
            reply: its answer.
            index: its position.
            items: what the page shows.
            facts: what each item says.
            lawful: whether the page by itself is lawful, so that every item can be read.
            count: told what each item exercised beyond what invariants count.
        """
        odd: list[object] = []
        rows, rules, book = self._register.rows, self._rules, self._bench.book.purchases
        sent, ended = reply.sent, reply.ended
        for item, said in zip(items, facts, strict=True):
            if said is None or not (lawful or is_readable(item, said)) or said.number in book:
                if lawful and said is not None:
                    count(said, 0)
                if isinstance(item, dict) and type(item.get("id")) is int and item["id"] in book:
                    odd.append(item)
                continue
            row = rows.get(said.number)
            bits = rules.meet(said, LIST, sent, ended) if row is None else rules.see(row, said, LIST, sent, ended)
            count(said, max(bits, 0))
            if bits == SUSPECT:
                self._hand_over(said)
                odd.append(item)
        if not odd:
            return ()
        operation = operation_of(call, reply, index)
        return self._hear(lambda: self._bench.judge_life(excerpt_of(operation, odd), operation))

    def refuse(self, call: Call, reply: Reply, index: int, by: int) -> Lived:
        """Judge a request about one purchase that was not answered with 200."""
        number = purchase_of(call)
        if number is None:
            return _NOTHING
        if number in self._bench.book.purchases:
            return 0, self._bring(call, reply, index, None, number)
        row = self._register.rows.get(number)
        if row is None:
            return _NOTHING
        status, rules = reply.status, self._rules
        if by == CODE:
            repeated = call.aim is not None and call.aim.demand is Demand.EITHER
            bits = rules.ask(row, status, reply.sent, reply.ended, repeated=repeated)
            trouble: Hashable = ("ask", status, self._register.flags[row] & STATUS, repeated)
        else:
            bits = rules.deny(row, status, reply.sent)
            trouble = ("deny", status)
            if rules.is_failing(row, status, reply.sent):
                return self._fail(call, reply, index, number)
        if by == CODE and status in {400, 409}:
            self._bench.present.add(call.operation)
        if bits != SUSPECT:
            return bits, ()
        return 0, self._full(trouble, number, lambda: self._feed(call, reply, index))

    def act(self, call: Call, reply: Reply, index: int, document: dict[str, Any] | None) -> Lived:
        """Judge what the register has no columns for: refunds, and calls with another owner's key."""
        views = _views(document)
        for view in views:
            self._promote(view["id"])
            self._promote_holder(phone_number(f"{view.get('phone_number')}{BREAK}"))
        found = self._bring(call, reply, index, None, purchase_of(call))
        self._mind(*(view["id"] for view in views))
        bought = call.operation is ApiOperation.CREATE and reply.status == 200 and views
        return self._count_create(reply) if bought else 0, found

    def forget(self, number: int) -> bool:
        """Forget a purchase but for its id; tells whether it was in the register."""
        row = self._register.rows.get(number)
        if row is None:
            return False
        self._note_sold(number, row)
        self._note_seen(number, row)
        self._register.forget(number)
        self._failing.pop(number, None)
        return True

    def standing(self) -> list[tuple[int, int, float, float]]:
        """Return phone number, id and the time in which it certainly stood of every purchase that was bought."""
        sold, self.sold = self.sold, []
        for number, row in self._register.ids():
            self._note_sold(number, row)
            self._note_seen(number, row)
        sold += self.sold
        self.sold = []
        return sold

    def make_room(self) -> None:
        """Let the bench begin anew when it knows too many purchases."""
        if self._bench.is_full():
            self.close()

    def close(self) -> tuple[Violation, ...]:
        """Let the bench judge what it held back, and forget the purchases that it knows."""
        for number, record in self._bench.book.purchases.items():
            if record.claim is Claim.CREATED:
                self._register.given.add(number)
                phone = phone_number(f"{record.phone or ''}{BREAK}")
                if phone is not None and record.created is not None:
                    self.sold.append((phone, number, record.created.returned, record.stood))
        self._register.odd.clear()
        return self._hear(self._bench.close)

    def _note_sold(self, number: int, row: int) -> None:
        register = self._register
        phone = phone_number(register.text[row])
        if phone is not None and register.flags[row] & CREATED:
            start = max(register.acked_ended[row], register.phoned_ended[row])
            self.sold.append((phone, number, start, register.stood[row]))

    def _note_seen(self, number: int, row: int) -> None:
        if self.seen is not None:
            self.seen.append((number, self._kinds.known[self._register.kind[row]], self._register.text[row]))

    def _is_given(self, number: int) -> bool:
        """Tell whether an id is known to the bench as that of a purchase that a create acknowledged."""
        record = self._bench.book.purchases.get(number)
        return record is not None and record.created is not None

    def _feed(self, call: Call, reply: Reply, index: int) -> None:
        self._bench.judge_life(operation_of(call, reply, index))

    def _count_create(self, reply: Reply) -> int:
        """Count that a create's id was compared with those of all creates before it, some under way with it."""
        bits = UNIQUE if self._bought else 0
        if self._bought_until > reply.sent:
            bits |= RACED
        self._bought, self._bought_until = True, reply.ended
        return bits

    def _suspect(self, call: Call, reply: Reply, index: int, facts: Facts, by: int) -> tuple[Violation, ...]:
        trouble = self._trouble(facts, by, reply.sent)
        act = lambda: self._feed(call, reply, index)  # noqa: E731
        return self._full(trouble, facts.number, act, facts)

    def _trouble(self, facts: Facts, by: int, sent: float) -> Hashable:
        """Return what is suspect about a view, equal for views that break a clause in the same way."""
        register = self._register
        row = register.rows.get(facts.number)
        if row is None:
            return ("new", by, facts.number in register.given)
        flags = register.flags[row]
        head, _, proof = register.text[row].partition("\x1e")
        kind, old = self._kinds.known[facts.kind], self._kinds.known[register.kind[row]]
        changed = tuple(one == other for one, other in zip(kind[:6], old[:6], strict=True))
        phones = head.partition(BREAK)[0], facts.head.partition(BREAK)[0]
        return (
            by,
            flags,
            facts.status,
            changed,
            phones[0] == phones[1],
            phones[1] == "",
            head.partition(BREAK)[2] == facts.head.partition(BREAK)[2],
            register.settled_ended[row] < sent,
            tuple(
                one == other for one, other in zip(proof.split(BREAK), (facts.proof or "").split(BREAK), strict=False)
            ),
            facts.proof is None,
        )

    def _full(
        self, trouble: Hashable, number: int, act: Callable[[], None], facts: Facts | None = None
    ) -> tuple[Violation, ...]:
        def judge() -> None:
            if facts is None:
                self._promote(number)
            else:
                self._hand_over(facts)
            act()

        return self._habits.judge(trouble, self._bench.desk, self._docket, judge)

    def _bring(
        self, call: Call, reply: Reply, index: int, facts: Facts | None, number: int | None
    ) -> tuple[Violation, ...]:
        """Let the bench judge an operation, once it knows what the register knows of its purchases."""
        if facts is not None:
            self._hand_over(facts)
        if number is not None:
            self._promote(number)
        operation = operation_of(call, reply, index)
        found = self._hear(lambda: self._bench.judge_life(operation))
        self._mind(number)
        return found

    def _fail(self, call: Call, reply: Reply, index: int, number: int) -> Lived:
        """Hold a 500 until the next retrieve tells whether it was one moment's."""
        before = self._failing.get(number)
        operation = operation_of(call, reply, index)
        if before is None or not before.mark.precedes(operation.mark):
            if before is None and len(self._failing) < MAX_FAILING:
                self._failing[number] = operation
            return _NOTHING

        def act() -> None:
            self._bench.judge_life(before)
            self._bench.judge_life(operation)

        return 0, self._full(("failing",), number, act)

    def _mind(self, *numbers: int | None) -> None:
        """Remember the phone numbers of purchases that the bench knows."""
        for number in numbers:
            record = self._bench.book.purchases.get(number or 0)
            if record is not None and record.phone is not None:
                self._register.odd.add(record.phone)

    def _hear(self, act: Callable[[], object]) -> tuple[Violation, ...]:
        desk = self._bench.desk
        desk.heard.clear()
        desk.counted.clear()
        act()
        return tuple(desk.heard)

    def _hand_over(self, facts: Facts) -> None:
        """Tell the bench all that is known of a purchase, and of the other one that was sold with its number."""
        register = self._register
        self._promote(facts.number)
        if facts.number in register.given and facts.number not in self._bench.book.purchases:
            self._bench.tell([given(facts.number, self._index(), -1.0)])
        self._promote_holder(phone_number(facts.head))
        if facts.head[0] != BREAK:
            register.odd.add(facts.head.partition(BREAK)[0])

    def _promote_holder(self, phone: int | None) -> None:
        holder = None if phone is None else self._register.holder(phone)
        if holder is not None:
            self._promote(self._register.number[holder])

    def _promote(self, number: int) -> None:
        register = self._register
        row = register.rows.get(number)
        if row is None:
            return
        if register.text[row][0] != BREAK:
            register.odd.add(register.text[row].partition(BREAK)[0])
        self._bench.tell(retell(register, number, row, self._kinds.known[register.kind[row]], self._index))
        register.drop(number)


def _views(document: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the purchases that an answer of any operation shows, as far as they have an id."""
    if document is None:
        return []
    items = document.get("items")
    views = [document, document.get("purchase"), *(items if isinstance(items, list) else ())]
    return [view for view in views if isinstance(view, dict) and type(view.get("id")) is int]
