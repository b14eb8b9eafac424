"""The stateful rules over the register: surely lawful, or a matter for the contract's own invariants.

Each function says what a view or refusal exercised, as bits of ``load.judge.tally``, or ``SUSPECT``: something
that may break a clause, or that the columns of the register have no room for. What is suspect is judged again by
``contracts.invariants``; to be too strict here costs time and never a false alarm. Order comes from intervals: an
answer contradicts another only where its request was sent after the other had arrived.
"""

from __future__ import annotations

from typing import Final

from contracts.invariants.values import same_moment
from contracts.statuses import UNJUDGED
from load.judge.facts import BREAK, EXPIRED, PENDING, REFUND, SPLIT, SUCCESS, Facts
from load.judge.register import (
    ACKED_BY,
    CREATED,
    HELD,
    KNOWN_BY,
    NEVER,
    NUMBERS,
    PHONED_BY,
    RACED_CODE,
    REFUSED,
    SEEN,
    SETTLED_BY,
    STATUS,
    UNSURE,
    Register,
    phone_number,
)
from load.judge.tally import ASKED, CROSSED, ENDED, KEPT, LATER, REPEATED, SAME, SETTLED, VISIBLE
from load.judge.tally import RACED_CODE as RACED_BIT

SUSPECT: Final = -1

CREATE, LIST, RETRIEVE, CODE = range(len(NUMBERS))

_UNJUDGED: Final = UNJUDGED | {0}
_GONE: Final = frozenset({403, 404, 410})
_BROKEN: Final = frozenset({500, 501})
_FIRM: Final = frozenset({400, 402, 403, 404, 405, 409, 410, 422})
"""Statuses as ``contracts.invariants.requesting`` and ``visibility`` read them."""


class Rules:
    """Judges views and refusals by the register, and keeps it.

    Args:
        register: what is known of every purchase.
    """

    __slots__ = ("_register",)

    def __init__(self, register: Register) -> None:
        self._register = register

    def meet(self, facts: Facts, by: int, sent: float, ended: float) -> int:
        """Judge a view of a purchase that is not in the register, and enter it.

        Args:
            facts: what the view says.
            by: number of the operation that shows it.
            sent: when that was sent.
            ended: when its answer had arrived.
        """
        register = self._register
        # A number that is none is SHAPE-6's, and not compared with others.
        phone = phone_number(facts.head)
        if phone is not None and self._is_sold(phone, sent, facts.head):
            return SUSPECT
        if facts.status == PENDING and facts.proof is not None:
            return SUSPECT
        if by == CREATE:
            if facts.number in register.given:
                return SUSPECT
            claim = CREATED
        else:
            claim = HELD if by != RETRIEVE or facts.proof is not None else SEEN
        row = register.enter(facts, by, sent, ended, claim)
        if phone is not None:
            register.hold(phone, row)
        return 0

    def see(self, row: int, facts: Facts, by: int, sent: float, ended: float) -> int:
        """Judge a view of a purchase of the register, and update it."""
        register = self._register
        if register.kind[row] != facts.kind:
            return SUSPECT
        flags = register.flags[row]
        held = flags & STATUS
        _, _, head, status, proof = facts
        bits = SAME
        if register.known_ended[row] < sent:
            bits |= LATER
        if (by == LIST) != (flags >> KNOWN_BY & 7 == LIST):
            bits |= CROSSED
        if by == RETRIEVE:
            bits |= self._visible(row, flags, sent)
        settled = register.settled_ended[row] < sent
        if settled:
            bits |= SETTLED
        if held != status or register.text[row] != (head if proof is None else f"{head}{SPLIT}{proof}"):
            moved = self._move(row, facts, by, sent, ended)
            if moved == SUSPECT:
                return SUSPECT
            bits |= moved
        elif proof is not None:
            bits |= KEPT
        if status <= SUCCESS and sent > register.stood[row]:
            register.stood[row] = sent
        if register.acked_ended[row] == NEVER or not flags & (HELD | CREATED):
            self._claim(row, by, sent, ended, shown=proof is not None)
        return bits

    def buy(self, row: int, facts: Facts, sent: float, ended: float) -> int:
        """Judge a create that is answered with the id of a purchase of the register."""
        register = self._register
        if register.flags[row] & CREATED or register.known_ended[row] < sent:
            return SUSPECT
        # A view under way at the same time was answered first.
        bits = self.see(row, facts, CREATE, sent, ended)
        if bits != SUSPECT:
            # Told again as a create, whatever showed it before: nothing else says that its id was given (LIFE-7).
            register.acked_sent[row], register.acked_ended[row] = sent, ended
            register.flags[row] = register.flags[row] & ~(7 << ACKED_BY) | CREATE << ACKED_BY | CREATED
        return bits

    def ask(self, row: int, status: int, sent: float, ended: float, *, repeated: bool) -> int:
        """Judge an answer to a request-code other than a 200, and note that it was sent.

        Args:
            row: of its purchase.
            status: of the answer, 0 without one.
            sent: when it was sent.
            ended: when it was over.
            repeated: True when the sender knows it for one of several.
        """
        register = self._register
        flags = register.flags[row]
        if self._is_suspect_refusal(row, status, sent, repeated=repeated):
            return SUSPECT
        bits = self.note_code(row, sent, ended)
        if status in {0, 408} or status >= 500:
            register.flags[row] |= UNSURE
        if register.settled_ended[row] < sent:
            if flags & STATUS > SUCCESS:
                if 400 <= status < 500 and status not in _UNJUDGED:
                    register.flags[row] |= REFUSED
                    bits |= ENDED
            elif status in {400, 409} and self._has_proof(row, flags):
                bits |= REPEATED
        return bits

    def coded(self, row: int, facts: Facts, progress: object, sent: float, ended: float) -> int:
        """Judge a request-code that was answered with 200.

        Args:
            row: of its purchase.
            facts: what the answer shows of it.
            progress: ``code_request.status`` of the answer.
            sent: when it was sent.
            ended: when the answer had arrived.
        """
        register = self._register
        # After credentials or the end a conflict was due (LIFE-4, LIFE-9).
        if register.settled_ended[row] < sent:
            return SUSPECT
        bits = self.weigh(facts, progress)
        seen = SUSPECT if bits == SUSPECT else self.see(row, facts, CODE, sent, ended)
        return SUSPECT if seen == SUSPECT else bits | seen | self.note_code(row, sent, ended)

    def weigh(self, facts: Facts, progress: object) -> int:
        """Judge what a request-code's answer says of its own success (LIFE-8)."""
        if facts.status in {REFUND, EXPIRED}:
            return 0
        if facts.status == SUCCESS and (facts.proof is None or progress in ("failed", "not_requested")):
            return SUSPECT
        if facts.status == PENDING and progress in ("success", "not_requested", "failed"):
            return SUSPECT
        return ASKED

    def deny(self, row: int, status: int, sent: float) -> int:
        """Judge a retrieve that was not answered with 200."""
        flags = self._register.flags[row]
        if not flags & (HELD | CREATED):
            return 0
        if status in _GONE and self._register.known_ended[row] < sent:
            return SUSPECT
        return 0

    def is_failing(self, row: int, status: int, sent: float) -> bool:
        """Tell whether a retrieve of an acknowledged purchase met a 500 (LIFE-6)."""
        register = self._register
        return status == 500 and register.flags[row] & (HELD | CREATED) != 0 and register.acked_ended[row] < sent

    def note_code(self, row: int, sent: float, ended: float) -> int:
        """Note that a request-code was over; tells whether it overlapped the one before."""
        register = self._register
        bits = 0
        if register.asked_ended[row] != NEVER and register.asked_ended[row] >= sent:
            register.flags[row] |= RACED_CODE
            bits = RACED_BIT
        # Of request-codes the last alone is kept, with what is known of its refusal.
        register.flags[row] &= ~REFUSED
        register.asked_sent[row], register.asked_ended[row] = sent, ended
        return bits

    def _is_suspect_refusal(self, row: int, status: int, sent: float, *, repeated: bool) -> bool:
        register = self._register
        if status in _UNJUDGED:
            return False
        flags = register.flags[row]
        held = flags & STATUS
        if register.settled_ended[row] < sent:
            if held != SUCCESS:
                return status < 400 or status in _BROKEN
            if self._has_proof(row, flags):
                return not (status in {400, 409} or (repeated and 400 <= status < 500))
        if status in _BROKEN:
            return register.known_ended[row] < sent
        first = register.asked_ended[row] == NEVER and not flags & UNSURE and not repeated
        return status < 400 or (status in _FIRM and first and held == PENDING and register.known_ended[row] < sent)

    def _has_proof(self, row: int, flags: int) -> bool:
        return flags & STATUS != PENDING and SPLIT in self._register.text[row]

    def _visible(self, row: int, flags: int, sent: float) -> int:
        if not flags & (HELD | CREATED):
            return 0
        register = self._register
        return VISIBLE if register.acked_ended[row] < sent or register.known_ended[row] < sent else 0

    def _claim(self, row: int, by: int, sent: float, ended: float, *, shown: bool) -> None:
        """Note the first view outside of a list, and the first that proves whose purchase it is."""
        register = self._register
        if by != LIST and register.acked_ended[row] == NEVER:
            register.acked_sent[row], register.acked_ended[row] = sent, ended
            register.flags[row] = register.flags[row] & ~(7 << ACKED_BY) | by << ACKED_BY
        if by in {LIST, CODE} or shown:
            register.flags[row] |= HELD

    def _move(self, row: int, facts: Facts, by: int, sent: float, ended: float) -> int:
        """Judge a view that differs from what is known."""
        register = self._register
        old_head, _, old_proof = register.text[row].partition(SPLIT)
        head = old_head
        if facts.head != old_head:
            merged = self._merge_head(row, old_head, facts.head, by, sent, ended)
            if merged is None:
                return SUSPECT
            head = merged
        held, status, proof = register.flags[row] & STATUS, facts.status, facts.proof
        if held == status:
            if proof is None or not old_proof:
                if (proof is not None) != bool(old_proof):
                    return SUSPECT
            elif not _same_proof(old_proof, proof):
                return SUSPECT
            bits = KEPT if proof is not None else 0
        elif held == PENDING:
            if by == CODE and status == REFUND:
                return SUSPECT
            register.settled_sent[row], register.settled_ended[row] = sent, ended
            register.flags[row] = register.flags[row] & ~(STATUS | 7 << SETTLED_BY) | status | by << SETTLED_BY
            old_proof, bits = proof or "", 0
        elif status != PENDING or proof is not None or register.settled_ended[row] < sent:
            return SUSPECT
        else:
            bits = 0
        if head != old_head or old_proof:
            register.text[row] = f"{head}{SPLIT}{old_proof}" if old_proof else head
        return bits

    def _merge_head(self, row: int, old: str, new: str, by: int, sent: float, ended: float) -> str | None:
        """Return the head to keep, None where the two contradict each other."""
        register = self._register
        old_phone, _, old_made = old.partition(BREAK)
        new_phone, _, new_made = new.partition(BREAK)
        if old_made != new_made and not same_moment(old_made, new_made):
            return None
        if old_phone == new_phone:
            return old
        if not new_phone:
            return None if register.phoned_ended[row] < sent else old
        if old_phone:
            return None
        phone = phone_number(new)
        if phone is not None:
            if self._is_sold(phone, sent, new):
                return None
            register.hold(phone, row)
        register.phoned_sent[row], register.phoned_ended[row] = sent, ended
        register.flags[row] = register.flags[row] & ~(7 << PHONED_BY) | by << PHONED_BY
        return f"{new_phone}{BREAK}{old_made}"

    def _is_sold(self, phone: int, sent: float, text: str) -> bool:
        """Tell whether a number may belong to another purchase that still stands (LIFE-7)."""
        register = self._register
        if register.odd and text.partition(BREAK)[0] in register.odd:
            return True
        other = register.holder(phone)
        if other is None:
            return False
        return register.flags[other] & STATUS <= SUCCESS or not register.settled_ended[other] < sent


def _same_proof(one: str, other: str) -> bool:
    code, password, received = one.split(BREAK)
    other_code, other_password, other_received = other.split(BREAK)
    return code == other_code and password == other_password and same_moment(received, other_received)
