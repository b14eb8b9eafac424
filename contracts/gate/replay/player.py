"""The player: sends the steps of a script, fresh purchases in the place of the recorded ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.gate.levers import Levers
from contracts.gate.replay.objection import Objection
from contracts.gate.replay.record import UnreplayableError
from contracts.gate.replay.restore import Restorer
from contracts.gate.replay.salvo import fire_at_once
from contracts.gate.replay.steps import Call, Lever, Script, Settle, Step, Together, Walk
from contracts.gate.replay.wording import names_of
from contracts.gate.session import REDIRECTS, Session
from contracts.gate.shop import MAX_PAGES, Shop
from contracts.history import OTHER, Demand, Input, Operation, Outcome
from contracts.invariants.values import ERROR, PENDING, SUCCESS
from contracts.reading import Reading
from contracts.target import KEY_VARIABLES

WAITING_SHARE: Final = 0.1
"""Share of the time budget that may go into waiting for one slow provider."""

ROUND_S: Final = 3.0
"""Seconds after which a purchase that is still PENDING is asked about again: some targets move only then."""

_OUTCOMES: Final = {SUCCESS: "success", ERROR: "failure", PENDING: "pending"}
_ADMIN: Final = f"only a sandbox's administrator can bring that about ({KEY_VARIABLES['admin']})"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of the target before the first step.

    Attributes:
        levers: what only a sandbox lets a test do, None for other targets.
        restorer: turns recorded requests into ones that can be sent.
        timeout: seconds to wait for the answers of one volley.
        highest: the highest id that it has shown.
        here: whether it is the target of the record, so that purchases found there may still be there.
        found: recorded ids of the purchases that were there before the run.
        stock: countries that can be bought.
        objection: what the finding is where no clause's own monitor reports it.
    """

    levers: Levers | None
    restorer: Restorer
    timeout: float
    highest: int
    here: bool
    found: frozenset[int]
    stock: frozenset[str] = frozenset()
    objection: Objection | None = None


class Player:
    """Plays one script once.

    Args:
        session: through which every request leaves.
        scene: what is known of the target.

    Attributes:
        gaps: why the script was not played as it was recorded, each reason once.
        overlapped: whether every volley had requests that truly overlapped.
    """

    def __init__(self, session: Session, scene: Scene) -> None:
        self.session = session
        self.gaps: dict[str, None] = {}
        self.overlapped = True
        self._scene = scene
        self._shop = Shop(session)
        self._ids: dict[int, int] = {}
        self._names: dict[int, str] = {}

    def play(self, script: Script) -> Iterator[Step]:
        """Send every step, yielding each once it was sent.

        Raises:
            BudgetSpentError: a create that a cap forbids.
            TimeSpentError: the time budget is spent.
            UnreachableError: the target no longer answers.
        """
        self._names = names_of(script)
        for place, step in enumerate(script):
            self.session.check_time()
            if isinstance(step, Call):
                self._play_call(step, script[place + 1 :])
            elif isinstance(step, Together):
                self._play_together(step)
            elif isinstance(step, Walk):
                self._play_walk(step)
            elif isinstance(step, Lever):
                self._pull(step)
            elif isinstance(step, Settle):
                self._settle()
            yield step

    def _play_call(self, call: Call, after: Sequence[Step]) -> None:
        sent = self._input(call)
        if sent is None:
            return
        number = self._number(call.names)
        self._arrange(() if call.wanted is None else (call.wanted,), number)
        operation = self.session.call(
            sent.method,
            sent.path,
            principal=call.operation.principal,
            body=sent.body,
            query=sent.query,
            headers=sent.headers,
            aim=call.operation.aim,
            walk=call.operation.walk,
            lane=call.operation.lane,
            follow=call.operation.status not in REDIRECTS,
        )
        self._learn(call, operation)
        self._object(call, operation)
        if call.wanted is not None and number is not None:
            self._check(call, operation, number, call.wanted, after)

    def _play_together(self, step: Together) -> None:
        """Fire several requests at once and have them judged in the order in which their answers arrived."""
        session = self.session
        ready: list[tuple[Call, Input]] = []
        wanted = _wanted(step)
        for call in step.calls:
            sent = self._input(call)
            if sent is None:
                continue
            number = self._number(call.names)
            self._arrange(wanted.pop(call.names, ()), number)
            headers = session.headers(call.operation.principal, sent.body, sent.headers)
            ready.append((call, Input(sent.method, sent.path, sent.query, headers, sent.body)))
        answered, overlapped = fire_at_once(session, ready, self._scene.timeout)
        self.overlapped = self.overlapped and overlapped
        for call, operation in answered:
            self._learn(call, operation)

    def _play_walk(self, step: Walk) -> None:
        """Ask for page after page until there is no other: the list may be longer or shorter than it was."""
        first = step.first
        sent = self._input(Call(first))
        for page in range(1, MAX_PAGES + 1 if sent is not None else 1):
            assert sent is not None
            query = tuple((name, str(page) if name == "page" else value) for name, value in sent.query)
            operation = self.session.call(
                sent.method,
                sent.path,
                principal=first.principal,
                query=query,
                headers=sent.headers,
                aim=first.aim,
                walk=first.walk,
                lane=first.lane,
            )
            value = Reading(operation).document.value
            pagination = value.get("pagination") if isinstance(value, dict) else None
            follows = pagination.get("has_next") if isinstance(pagination, dict) else False
            if operation.outcome is not Outcome.OK or follows is not True or not Reading(operation).views:
                return

    def _settle(self) -> None:
        """Read every purchase as its owner, and the balance."""
        for number in dict.fromkeys(self._ids.values()):
            entry = self.session.book.get(number)
            if entry is not None:
                self._shop.retrieve(number, principal=entry.principal)
        self._shop.profile()

    def _pull(self, lever: Lever) -> None:
        name = "the clock" if lever.purchase is None else self._names[lever.purchase]
        number = self._number(lever.purchase)
        if lever.purchase is not None and number is None:
            return
        levers = self._scene.levers
        moved = False
        if levers is not None and number is None:
            moved = levers.advance(lever.seconds)
        elif levers is not None and number is not None:
            # Between two reads, so that no refusal before seems to have had its effect.
            self._shop.retrieve(number, principal=lever.owner)
            moved = levers.refund(number) if lever.action == "refund" else levers.expire(number)
            self._shop.retrieve(number, principal=lever.owner)
        if not moved and lever.needed:
            what = {"refund": "be refunded", "expire": "expire", "advance": f"move {lever.seconds / 60:.0f} minutes"}
            self._miss(f"{name} must {what[lever.action]}, and {_ADMIN}")

    def _input(self, call: Call) -> Input | None:
        """Return the request of a call, None where it cannot be sent."""
        operation = call.operation
        if operation.principal == OTHER and self.session.target.keys.other is None:
            self._miss(f"it needs a second owner: set {KEY_VARIABLES[OTHER]}")
            return None
        number = self._number(call.names)
        if call.names is not None and number is None:
            if call.marked and call.names not in self._scene.found and not self._names[call.names].startswith("#"):
                self._miss(
                    f"{self._names[call.names]} appeared in the recorded run, and no create was answered with it"
                )
            return None
        try:
            highest = max(self._scene.highest, self.session.book.highest_id)
            return self._scene.restorer.restore(operation, number, highest)
        except UnreplayableError as trouble:
            self._miss(str(trouble))
            return None

    def _number(self, recorded: int | None) -> int | None:
        """Return the id of now for a recorded one, None where there is no such purchase."""
        if recorded is None:
            return None
        if recorded in self._ids:
            return self._ids[recorded]
        if self._names[recorded].startswith("#"):
            # Its create was refused, which has been told where it had to be.
            return None
        if recorded not in self._scene.found:
            # It appeared though nothing had bought it, which may be the very defect.
            return None
        if self._scene.here and any(view.id == recorded for view in Reading(self._shop.retrieve(recorded)).views):
            self._ids[recorded] = recorded
            return recorded
        self._miss(f"{self._names[recorded]} was there before the recorded run, and is not to be had here")
        return None

    def _learn(self, call: Call, operation: Operation) -> None:
        """Remember which purchase a create made."""
        if call.makes is None:
            return
        number = next((view.id for view in Reading(operation).views if view.id is not None), None)
        if number is not None:
            self._ids[call.makes] = number
        elif Reading(operation).judgement.demand is Demand.SERVE:
            what = f"{self._names[call.makes]} cannot be bought: {_country(operation)}"
            self._miss(f"{what} was answered with {operation.status or operation.error}")

    def _object(self, call: Call, operation: Operation) -> None:
        """Report a request that the finding names, where nothing but its answer tells what is wrong."""
        objection = self._scene.objection if call.marked else None
        found = None if objection is None else objection.raised(call.operation, operation, self._scene.stock)
        if found is not None:
            self.session.oracle.exercise(found.clause)
            self.session.oracle.violate(found)

    def _arrange(self, wanted: Sequence[str], number: int | None) -> None:
        """Let the provider do what it did, where the target has a lever for that."""
        if wanted and number is not None and self._scene.levers is not None:
            self._scene.levers.provider(number, *(_OUTCOMES[status] for status in wanted))

    def _check(self, call: Call, operation: Operation, number: int, wanted: str, after: Sequence[Step]) -> None:
        """Wait for a slow provider; take note of one that did something else than was recorded."""
        entry = self.session.book.get(number)
        if entry is None or entry.principal != operation.principal:
            return
        name = "" if call.names is None else self._names[call.names]
        if operation.outcome is not Outcome.OK:
            if Reading(operation).judgement.demand is Demand.SERVE:
                self._miss(f"the code of {name} was refused with {operation.status or operation.error}")
            return
        if wanted != PENDING and entry.status == PENDING:
            self._wait(number, lambda: entry.status != PENDING, operation.principal)
        depends = wanted != PENDING or any(step.marked and call.names in step.purchases for step in after)
        if entry.status != wanted and depends:
            why = "" if self._scene.levers is not None else f"; {_ADMIN}"
            self._miss(f"the provider left {name} in {entry.status} and not in {wanted}{why}")

    def _wait(self, number: int, over: Callable[[], bool], principal: str) -> None:
        ends = self.session.pace.elapsed + self.session.pace.seconds * WAITING_SHARE
        while not over() and self.session.pace.elapsed < ends:
            self._shop.settle(number, within=min(ROUND_S, ends - self.session.pace.elapsed), principal=principal)
            if not over() and self.session.pace.elapsed < ends:
                self._shop.request_code(number, body=b"{}", principal=principal)

    def _miss(self, why: str) -> None:
        self.gaps.setdefault(why)


def _wanted(step: Together) -> dict[int | None, list[str]]:
    """Return, by purchase, the statuses that the request-codes of a volley led to, one after the other."""
    found: dict[int | None, list[str]] = {}
    for call in sorted(step.calls, key=lambda call: call.operation.index):
        if call.wanted is not None:
            found.setdefault(call.names, []).append(call.wanted)
    return found


def _country(operation: Operation) -> str:
    return Reading(operation).asked_country or "the create"
