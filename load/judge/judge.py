"""The judge: every answer of a load run, judged as the gate judges it at a fraction of the cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from contracts.clauses import load_clauses
from contracts.finding import Severity, Violation
from contracts.history import OWNER, ApiOperation, Operation
from contracts.invariants.pages import NEWEST_FIRST
from contracts.monitor import Setting, violation
from contracts.oracle import Oracle
from contracts.profiles import get_profile
from load.call import MALFORMED, TOO_LARGE, Call, Reply, Seen
from load.judge.bench import Bench
from load.judge.crashes import Crashes
from load.judge.facts import Facts, Kind, Kinds
from load.judge.forgetting import Forgetting, Limits
from load.judge.lives import Lives
from load.judge.newest import Newest, page_of
from load.judge.operations import operation_of
from load.judge.races import A_SECOND, Races
from load.judge.register import Register
from load.judge.rules import CODE, CREATE, RETRIEVE
from load.judge.screen import Screen
from load.judge.single import Answers, Single
from load.judge.tally import LISTED, OWED, PHONE, PROOF, VIEW, Tally

TOLD_AGAIN: Final = 10**12
"""Indices from here on belong to operations that were told again: their times are true, their bytes are gone."""


def shown_index(index: int, answers: int) -> int:
    """Return the number under which a report shows an operation: those told again come after the last answer.

    Args:
        index: as a mark has it.
        answers: how many answers there were.
    """
    return index if index < TOLD_AGAIN else answers + 1 + index - TOLD_AGAIN


_SPOILED: Final = frozenset({MALFORMED, TOO_LARGE})
_AT_SPEED: Final = ("SHAPE-", "VALUE-", "LIFE-", "AUTH-3")
"""What LOAD-1 promises of every answer."""


@dataclass(frozen=True, slots=True)
class Mask:
    """What a history with masks cannot tell: calling codes of phone numbers, and what is asked here.

    Attributes:
        withhold: asked of every violation; True leaves it out.
        key_signs: one of them stands in every text in which something stands in for a key.
    """

    withhold: Callable[[Violation], bool]
    key_signs: Sequence[bytes]


class Judge:
    """Judges every answer of one process.

    Args:
        profile: name of the contract version.
        secrets: API keys that no answer may contain.
        tolerances: configured tolerances by clause id, over the catalogue's.
        severities: configured severities by clause id, over the catalogue's.
        limits: how much is remembered.
        mask: what a masked history hides from the judgement; None for answers as they came.
        learn: told every operation that is judged in full, for findings quote its secrets.

    Attributes:
        docket: everything found and counted; up to date after ``flush``.
        answers: how many answers were judged.
        crashes: by clause id, why a check of it crashed.
    """

    def __init__(
        self,
        profile: str,
        *,
        secrets: Sequence[str] = (),
        tolerances: Mapping[str, Mapping[str, float]] | None = None,
        severities: Mapping[str, Severity] | None = None,
        limits: Limits | None = None,
        mask: Mask | None = None,
        learn: Callable[[Operation], object] | None = None,
    ) -> None:
        clauses = load_clauses()
        given = tolerances or {}
        filled = {clause.id: {**clause.tolerance, **given.get(clause.id, {})} for clause in clauses.values()}
        setting = Setting(profile=get_profile(profile), secrets=tuple(secrets), tolerances=filled)
        self.crashes: dict[str, str] = {}
        withhold = None if mask is None else mask.withhold
        self.docket = Oracle([Crashes(setting, self.crashes)], severities=severities, withhold=withhold)
        self.answers = 0
        self._tally = Tally()
        self._counts = self._tally.counts
        self._kinds = Kinds() if mask is None else Kinds(lambda country: ())  # noqa: ARG005 - no country's are shown
        self._screen = screen = Screen(setting, self._kinds, () if mask is None else mask.key_signs)
        self._register = Register()
        self._forgetting = Forgetting(limits or Limits(), self._register, self.forget)
        self._bench = Bench(setting, self.docket, severities or {}, self.crashes, withhold=withhold, learn=learn)
        self._answers = Answers(screen, self._kinds, self._register, self._bench, self.docket)
        indices = count(TOLD_AGAIN)
        self._lives = Lives(self._register, self._kinds, self._bench, self.docket, lambda: next(indices))
        self._indices = indices
        self._races = Races(setting, self.docket, self._bench.keep, self._bench.note_crash)
        self._newest = Newest()
        self._new: list[int] = []
        self._finished = False

    @property
    def evidence(self) -> Mapping[int, Operation]:
        """Operations that findings refer to, by index, as they came: nothing in them is masked."""
        return self._bench.evidence

    def see(self, call: Call, reply: Reply, index: int | None = None) -> Seen:
        """Judge one answer.

        Args:
            call: what was sent.
            reply: what came of it; replies come in the order in which they ended.
            index: its position in a history that is judged again; by default the number of answers so far.
        """
        self.answers += 1
        if index is None:
            index = self.answers
        if self._races.watched:
            self._races.note(call, reply, index)
        try:
            return self._see(call, reply, index)
        except Exception as error:  # noqa: BLE001 - a crashing check is evidence, never a pass (style, rule 4)
            self._bench.note_crash(("LOAD-1",), error)
            return Seen(reply, None, True)

    def _see(self, call: Call, reply: Reply, index: int) -> Seen:
        if reply.status != 200:
            return self._see_refusal(call, reply, index)
        operation = call.operation
        if call.principal != OWNER:
            return self._see_other(call, reply, index)
        if operation is ApiOperation.RETRIEVE:
            try:
                number = int(call.path[14:])
            except ValueError:
                return self._see_other(call, reply, index)
            single = self._answers.retrieve(call, reply, index, number)
            return self._see_purchase(call, reply, index, single, RETRIEVE)
        if operation is ApiOperation.CREATE:
            single = self._answers.create(call, reply, index)
            if single.facts is not None:
                self._new.append(single.facts.number)
                self._newest.buy(single.facts, reply.sent, reply.ended, index)
            return self._see_purchase(call, reply, index, single, CREATE)
        if operation is ApiOperation.REQUEST_CODE:
            single = self._answers.request_code(call, reply, index)
            return self._see_purchase(call, reply, index, single, CODE)
        if operation is ApiOperation.LIST:
            return self._see_page(call, reply, index)
        if operation is ApiOperation.ACCOUNT or operation is ApiOperation.PROFILE:
            single = self._answers.other(call, reply, index)
            self._counts[single.bits] += 1
            return self._end(reply, single.document, single.violations)
        return self._see_other(call, reply, index)

    def forget(self, number: int) -> None:
        """Forget a purchase that no journey will look at again."""
        self._lives.forget(number)
        self._answers.drop(number)

    def watch(self, number: int, call: Call, reply: Reply) -> None:
        """Have a purchase judged as a race: all calls about it until ``settle`` must fit into one order (RACE-3).

        Args:
            number: its id.
            call: the create that it came from.
            reply: its answer.
        """
        self._races.watch(number, call, reply, next(self._indices))

    def settle(self, number: int) -> None:
        """Judge the race for a purchase, which is over."""
        self._report_speed(self._races.settle(number))

    def flush(self, now: float) -> None:
        """Bring the docket up to date, and forget what is over; to be called about once a second.

        Args:
            now: seconds since the run began.
        """
        self._tally.flush(self.docket)
        self._counts = self._tally.counts
        self._lives.make_room()
        self._races.refill()
        self._forgetting.sweep(now)

    def finish(self) -> None:
        """Judge what was held back; further calls do nothing."""
        if self._finished:
            return
        self._finished = True
        self._tally.flush(self.docket)
        self._counts = self._tally.counts
        self._report_speed(self._lives.close())
        self.docket.finish()

    def policy(self) -> str:
        """Tell what is forgotten of a run's purchases."""
        return (
            f"{self._forgetting.policy()} Of the races, {A_SECOND} a second are held to one order of all their calls."
        )

    @property
    def forgotten(self) -> int:
        """How many purchases were forgotten."""
        return self._register.forgotten + self._bench.left

    @property
    def known(self) -> int:
        """How many purchases were ever known."""
        return len(self._register) + len(self._bench.book.purchases) + self.forgotten

    def take_new_ids(self) -> list[int]:
        """Return the ids that creates acknowledged since the last call."""
        new, self._new = self._new, []
        return new

    def take_sold(self, *, all_of_them: bool) -> list[tuple[int, int, float, float]]:
        """Return what is known of numbers that were sold: phone, id, and between when and when the purchase stood.

        Args:
            all_of_them: True for those of the purchases still known too, False for those forgotten since the last call.
        """
        if all_of_them:
            return self._lives.standing()
        sold, self._lives.sold = self._lives.sold, []
        return sold

    def keep_seen(self) -> None:
        """Keep what was shown of each purchase for ``take_seen``: other processes are shown some of them, too."""
        self._lives.seen = []

    def take_seen(self) -> list[tuple[int, Kind, str]]:
        """Return what was shown of the purchases that were forgotten since the last call; of all, at the very end."""
        seen = self._lives.seen or []
        if seen:
            self._lives.seen = []
        return seen

    def _see_purchase(self, call: Call, reply: Reply, index: int, single: Single, by: int) -> Seen:
        document, facts, bits, violations, skip = single
        if not skip:
            progress = None
            if by == CODE and document is not None:
                request = document.get("code_request")
                progress = request.get("status") if type(request) is dict else None
            lived, found = self._lives.show(call, reply, index, facts, by, progress)
            bits |= lived
            violations += found
            self._forgetting.drop_oldest()
        self._counts[bits] += 1
        if not violations:
            return Seen(reply, document, True)
        return self._end(reply, document, violations)

    def _see_page(self, call: Call, reply: Reply, index: int) -> Seen:
        single, facts = self._answers.page(call, reply, index)
        self._counts[single.bits] += 1
        document = single.document
        found = single.violations
        items = document.get("items") if document is not None else None
        if isinstance(items, list):
            lawful = not single.violations and not single.skip and single.bits & 1 == 1
            counts, kinds = self._counts, self._kinds.known

            def tell(said: Facts, bits: int) -> None:
                if lawful:
                    bits |= VIEW | (PROOF if said.proof is not None else 0) | (OWED if said.status <= 2 else 0)
                    bits |= PHONE if said.head[0] != "\x1f" and kinds[said.kind].codes else 0
                counts[bits] += 1

            found += self._lives.page(call, reply, index, items, facts, lawful=lawful, count=tell)
            if lawful:
                found += self._see_newest(call, reply, index, document, facts)
            self._forgetting.drop_oldest()
        return self._end(reply, document, found)

    def _see_newest(
        self, call: Call, reply: Reply, index: int, document: Any, facts: list[Facts | None]
    ) -> tuple[Violation, ...]:
        """Hold a first page against the purchases that it had to show (LIFE-6)."""
        query = self._screen.query(call.path)
        if query is None or (query.page, query.sort, query.status) != (1, NEWEST_FIRST, None):
            return ()
        page = page_of(facts, whole=not document["pagination"]["has_next"])
        if page is None:
            return ()
        operation = operation_of(call, reply, index)
        due, lost = self._newest.judge(page, operation.mark)
        self._counts[LISTED] += due
        if lost is None:
            return ()
        self.docket.violate(lost)
        self._bench.keep(operation, [lost])
        return (lost,)

    def _see_refusal(self, call: Call, reply: Reply, index: int) -> Seen:
        if reply.error in _SPOILED:
            return self._see_spoiled(call, reply, index)
        single = self._answers.refusal(call, reply, index)
        found, bits = single.violations, single.bits
        operation = call.operation
        if call.principal != OWNER or operation is ApiOperation.REFUND or 200 <= reply.status < 300:
            lived, more = self._lives.act(call, reply, index, single.document)
            bits |= lived
            found += more
        elif operation is ApiOperation.RETRIEVE or operation is ApiOperation.REQUEST_CODE:
            by = RETRIEVE if operation is ApiOperation.RETRIEVE else CODE
            lived, more = self._lives.refuse(call, reply, index, by)
            bits |= lived
            found += more
        if bits:
            self._counts[bits] += 1
        return self._end(reply, single.document, found)

    def _see_other(self, call: Call, reply: Reply, index: int) -> Seen:
        """Judge a call that is rare under load in full: a refund, another owner's key, an odd path."""
        single = self._answers.whole(call, reply, index)
        lived, found = self._lives.act(call, reply, index, single.document)
        self._counts[single.bits | lived] += 1
        return self._end(reply, single.document, single.violations + found)

    def _see_spoiled(self, call: Call, reply: Reply, index: int) -> Seen:
        """Report an answer that is no HTTP, or longer than any that we read: it cannot be checked at all."""
        self.docket.exercise("LOAD-1")
        operation = operation_of(call, reply, index)
        found = violation(
            "LOAD-1",
            f"{reply.error} answer".replace(" ", "-"),
            f"an answer is {reply.error}",
            operation.mark,
            expected="a whole HTTP answer of a size that can be read",
            observed=repr(reply.detail[:200]) if reply.detail else f"{reply.error}, status {reply.status}",
        )
        self.docket.violate(found)
        self._bench.keep(operation, [found])
        return Seen(reply, None, False)

    def _end(self, reply: Reply, document: dict[str, Any] | None, found: tuple[Violation, ...]) -> Seen:
        if not found:
            return Seen(reply, document, True)
        lawful = not any(self._bench.desk.is_error(one) for one in found)
        self._report_speed(found)
        return Seen(reply, document, lawful)

    def _report_speed(self, found: Sequence[Violation]) -> None:
        """Report that an answer breaks what LOAD-1 promises of all of them."""
        errors = [one for one in found if one.clause.startswith(_AT_SPEED) and self._bench.desk.is_error(one)]
        if not errors:
            return
        clauses = ", ".join(sorted({one.clause for one in errors}))
        speed = violation(
            "LOAD-1",
            "unlawful-answers",
            "an answer under load breaks the contract",
            *errors[0].marks,
            expected="every answer under load keeps SHAPE, VALUE, LIFE, AUTH-3 and LIFE-7",
            observed=f"{clauses}: {errors[0].title}",
        )
        self.docket.violate(speed)
        self._bench.file([speed])
