"""The lifecycle of one purchase as a model: which answers its calls may give one after the other.

It is the same for every profile: a status that a profile lacks is the business of SHAPE-8. Much happens to a
purchase that nobody calls. An administrator refunds it from any status (LIFE-1); a provider that was asked
before, perhaps over the bot or the web site, delivers or gives up; it expires; its number is assigned
(LIFE-5). Such steps are never told: each call may find any state that can come of the last one known. A create
or request-code is thereby no more than a look at what came of it, and what it may not do is to answer with a
state that was over, or with other credentials. A refund alone moves the purchase, as it needs another state
than the one it leaves.

For the same reason a call that was refused, got no answer, or was never recorded may be left out: whatever
it did may have come about without it. So every part of a lawful history is lawful, which makes the shortest
part that is not a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from contracts.history import ApiOperation, Mark, Outcome
from contracts.linear.model import Call, Model

NOTHING: Final = ""
"""As a phone number: null, so far. As a code or password: there is none, and none will ever come."""

PENDING: Final = "PENDING"
REFUND: Final = "REFUND"

LATER: Final[Mapping[str, frozenset[str]]] = {
    PENDING: frozenset({"SUCCESS", "ERROR", "EXPIRED", REFUND}),
    "SUCCESS": frozenset({REFUND}),
    "ERROR": frozenset({REFUND}),
    "EXPIRED": frozenset({REFUND}),
    REFUND: frozenset(),
}
"""Which statuses can come after one, in any number of steps (LIFE-1)."""


class Shown(NamedTuple):
    """What one answer tells of a purchase. None where it does not tell, or not in a readable form.

    Attributes:
        status: one of ``LATER``.
        phone: the number; ``NOTHING`` where it is null.
        code: the login code. A null verification does not tell: a list may mask it, and whether REFUND keeps
            the credentials is not promised.
        password: the password; null does not tell either.
    """

    status: str
    phone: str | None = None
    code: str | None = None
    password: str | None = None


class State(NamedTuple):
    """What is known of a purchase. None where anything may still turn out to be so.

    Attributes:
        status: None before the first call that tells it.
        phone: the number; ``NOTHING`` while it is null.
        code: the login code; ``NOTHING`` when the owner got the money back instead.
        password: the password, in the same way.
    """

    status: str | None = None
    phone: str | None = None
    code: str | None = None
    password: str | None = None


Step = Call[Mark, Shown | None]
"""A call on a purchase. The answer to a refund tells nothing but that it was granted: the published sample of
it has the status from before (api-facts, section 2), and what came after is for reads to tell."""


class PurchaseLifecycle(Model[State, Mark, Shown | None]):
    """One purchase, from any moment of its life on."""

    idle_stays_idle = True
    """A status that was left never comes back, and a value once known never changes."""

    @property
    def initial(self) -> State:
        """Nothing known: what was there before the first call, that call tells."""
        return State()

    def step(self, state: State, call: Step) -> Iterable[State]:
        """Return the state that a call leaves behind, none where it contradicts the state it finds."""
        found: State | None = state
        if call.outcome is Outcome.FAIL:
            # A 409 while the code is being obtained is as lawful as one after it (LIFE-4).
            return (state,)
        if call.input.api_operation is ApiOperation.REFUND:
            found = _refunded(state)
        elif call.output is not None:
            found = _looked_at(state, call.output)
        return () if found is None else (found,)


def _refunded(state: State) -> State | None:
    """Return a purchase whose owner was given the money back: it had to be PENDING, without a code (LIFE-10)."""
    if state.status not in {None, PENDING} or state.code or state.password:
        return None
    return State(REFUND, state.phone, NOTHING, NOTHING)


def _looked_at(state: State, shown: Shown) -> State | None:
    """Return a state that has come of another one and looks as shown, None where there is none."""
    before = state.status
    if before is not None and before != shown.status and shown.status not in LATER[before]:
        return None
    known = (None if state.phone == NOTHING and shown.phone else state.phone, state.code, state.password)
    told = (shown.phone, shown.code, shown.password)
    if any(old is not None and new is not None and old != new for old, new in zip(known, told, strict=True)):
        return None
    phone, code, password = (old if new is None else new for old, new in zip(known, told, strict=True))
    return State(shown.status, phone, code, password)
