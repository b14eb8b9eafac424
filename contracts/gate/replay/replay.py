"""A replay: a finding's steps sent again until it shows, then made short."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from contracts.budget import Budget, BudgetSpentError
from contracts.finding import Finding
from contracts.gate.levers import find_levers
from contracts.gate.pace import Pace, TimeSpentError
from contracts.gate.plan import PLANS
from contracts.gate.refusals import subject_of
from contracts.gate.replay.attempt import Attempt, attempt
from contracts.gate.replay.objection import objection_of
from contracts.gate.replay.options import RACE_TRIES, TRIES, Outcome, ReplayOptions
from contracts.gate.replay.player import Scene
from contracts.gate.replay.record import Recorded, UnreplayableError
from contracts.gate.replay.restore import Restorer
from contracts.gate.replay.script import script_of
from contracts.gate.replay.selection import marks_of, select, whole, with_lists
from contracts.gate.replay.shortening import shorten
from contracts.gate.replay.steps import Script, Together, countries_of, lingering, purchases_of
from contracts.gate.run import Listener, Silent
from contracts.gate.session import Session, UnreachableError
from contracts.gate.survey import FIRST_COUNTRIES, NoPurchasesApiError, Survey, survey
from contracts.gate.wire import UntrustedError, Wire
from contracts.history import Operation
from contracts.interruption import interruption
from contracts.monitor import Setting
from contracts.oracle import make_oracle
from contracts.profiles import get_profile
from contracts.target import Target

LISTED: Final = "what filled the lists"
EVERYTHING: Final = "everything that the run sent until then"

SHORTER: Final = 30
"""Shorter scripts that are played at most."""

SHORTENING_SHARE: Final = 0.25
"""Share of the time budget that goes into shorter scripts."""

SPARE: Final = 2
"""Purchases beyond those recorded: a create that was refused may be served now, as the look at the target may."""


MOST_PURCHASES: Final = 3 * PLANS["full"].purchases
"""Purchases of a replay for which no cap was given: a whole gate's and those of the tries."""


MOST_LIVES: Final = 2 * PLANS["deep"].purchases
"""Purchases of a recorded run beyond which only a finding's own steps are sent: telling lives apart takes long."""


class _EnoughError(Exception):
    """No shorter script is played any more."""


class Replay:
    """One finding of one run, against one target.

    Args:
        target: where requests go.
        recorded: the run.
        finding: as its ``run.json`` has it.
        options: what to do.
        record: called with each operation, in order, after it was judged.
        listener: told how it goes.
        renew: makes the target anew, as it was before the recorded run; None where that cannot be done.

    Attributes:
        script: the steps of the finding.
        tries: how often they are played where they do not fail.
        attempts: what came of each, those of wider scripts last.
        shortest: the attempt that showed the finding with the fewest steps.
        troubles: what kept the target from being tested.
        operations: everything sent, by its place in the history.
        survey: what is known of the target.
        widened: what was sent besides, as the steps alone did not fail.
        untried: what was left out for want of money or time.
    """

    def __init__(
        self,
        target: Target,
        recorded: Recorded,
        finding: Mapping[str, Any],
        options: ReplayOptions,
        record: Callable[[Operation], None],
        listener: Listener | None = None,
        renew: Callable[[], Target] | None = None,
    ) -> None:
        self.target = target
        self.options = options
        self.script: Script = ()
        self.tries = 0
        self.attempts: list[Attempt] = []
        self.shortest: Attempt | None = None
        self.troubles: list[str] = []
        self.operations: dict[int, Operation] = {}
        self.survey = Survey()
        self.notes: dict[str, None] = {}
        self.budget = Budget(0)
        self._recorded = recorded
        self._finding = finding
        self._listener = listener or Silent()
        self._renew = renew
        self._record = record
        self._wire = Wire(target, options.timeout)
        self._pace = Pace(options.seconds, sleep=interruption.sleep)
        self.widened: list[str] = []
        self.untried: list[str] = []
        self._wider: dict[str, Script] = {}
        self._session: Session | None = None
        self._prepare()

    def _prepare(self) -> None:
        """Put the scripts together, before anything is sent."""
        try:
            marked = {operation.index for operation in marks_of(self._recorded, self._finding)}
            self.script = script_of(self._recorded, select(self._recorded, self._finding), marked)
            if self.options.wider and len(self._recorded.births) > MOST_LIVES:
                self.untried.append(f"{EVERYTHING}: it made more than {MOST_LIVES:,} purchases")
            elif self.options.wider:
                chosen = {
                    LISTED: with_lists(self._recorded, self._finding),
                    EVERYTHING: whole(self._recorded, self._finding),
                }
                self._wider = {
                    name: script_of(self._recorded, indices, marked) for name, indices in chosen.items() if indices
                }
        except UnreplayableError as trouble:
            self.troubles.append(str(trouble))
        together = any(isinstance(step, Together) for step in self.script)
        self.tries = self.options.tries or (RACE_TRIES if together else TRIES)
        cap = purchases_of(self.script) * self.tries + sum(map(purchases_of, self._wider.values())) + SPARE
        cap = cap + purchases_of(self.script) * SHORTER if self.target.embedded else min(cap, MOST_PURCHASES)
        wanted = self.options.max_purchases
        allowed = cap if wanted is None else wanted
        self.budget = Budget(allowed, self.options.max_spend)
        if allowed < purchases_of(self.script):
            self.troubles.append(f"the steps buy {purchases_of(self.script)}, and the cap allows {allowed}")

    @property
    def outcome(self) -> Outcome:
        """What it came to."""
        if self.shortest is not None:
            return Outcome.FAILS
        if self.kin:
            return Outcome.DIFFERS
        played = any(one.whole for one in self.attempts)
        return Outcome.GONE if played and not self.troubles else Outcome.UNPLAYED

    @property
    def kin(self) -> tuple[Finding, ...]:
        """Error findings of the same clause that the recorded run did not have."""
        known = {finding["id"] for finding in self._recorded.document["findings"]}
        clause = self._finding["clause"]
        found = {f.id: f for one in self.attempts for f in one.others if f.clause == clause and f.id not in known}
        return tuple(found.values())

    @property
    def gaps(self) -> tuple[str, ...]:
        """Why the steps were not played as they were recorded, in any of the attempts."""
        found = dict.fromkeys(gap for one in self.attempts for gap in one.gaps)
        if self.attempts and not any(one.overlapped for one in self.attempts):
            found.setdefault("the requests at once never truly overlapped")
        return tuple(found)

    @property
    def exercised(self) -> int:
        """How often the clause was put to the test, in all attempts."""
        return sum(one.exercised for one in self.attempts)

    def run(self) -> None:
        """Look at the target, play the steps until the finding shows, and make them short.

        An interruption (KeyboardInterrupt) passes through; what was collected until then stays.
        """
        if self.troubles:
            return
        try:
            self._play()
        except (UnreachableError, NoPurchasesApiError, UntrustedError, BudgetSpentError, TimeSpentError) as error:
            self.troubles.append(str(error))
        except Exception as error:  # noqa: BLE001 - a replay that crashes has shown nothing, and must not look like a pass
            last = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {str(error)[:200]}"
            self.troubles.append(f"the replay crashed: {what} ({Path(last.filename).name}, line {last.lineno})")
        finally:
            self._wire.close()

    def _play(self) -> None:
        self._listener.phase("looking at the target", 1, 3)
        scene = self._look()
        self._listener.phase("the steps", 2, 3)
        failing = self._until_it_shows(scene, self.script, self.tries)
        for name, script in self._wider.items():
            if failing is None and self._affords(name, script):
                # What earlier tries have bought would fill the lists and move the prices.
                scene = self._anew(scene)
                self.widened.append(name)
                failing = self._until_it_shows(scene, script, 1)
        if failing is not None:
            self._listener.phase("shorter steps", 3, 3)
            self._shorten(scene, failing)

    def _look(self) -> Scene:
        """Find out what the target serves, so that a wrong key or an empty shelf is told as what it is."""
        session = self._fresh()
        self.survey = survey(session, countries_of(self.script) or FIRST_COUNTRIES[:1])
        subject = subject_of(session, self.survey)
        origin = self._recorded.origin
        return Scene(
            levers=find_levers(self.target, self._wire),
            restorer=Restorer(self._recorded.cut, subject.key, subject.wrong_key),
            timeout=self.options.timeout,
            highest=session.book.highest_id,
            here=origin.url == self.target.url,
            found=self._recorded.found,
            stock=frozenset(offer.country for offer in self.survey.in_stock),
            objection=objection_of(self._finding),
        )

    def _anew(self, scene: Scene) -> Scene:
        """Return the scene on a target on which nothing has happened yet, the same one where there is none."""
        if self._renew is None:
            return scene
        self._wire.close()
        self.target = self._renew()
        self._wire = Wire(self.target, self.options.timeout)
        return self._look()

    def _until_it_shows(self, scene: Scene, script: Script, tries: int) -> Attempt | None:
        for number in range(1, tries + 1):
            one = self._attempt(scene, script if number == 1 else lingering(script))
            self._listener.step(f"try {number} of {tries}")
            self.attempts.append(one)
            if one.shown is not None:
                self.shortest = one
                return one
            left = self.budget.left
            if left is not None and left < purchases_of(script):
                return None
        return None

    def _affords(self, name: str, script: Script) -> bool:
        """Tell whether the rest of the money and the time suffices for a wider script."""
        left, buys = self.budget.left, purchases_of(script)
        if left is not None and left < buys:
            self.untried.append(f"{name}: it buys {buys}; give it more with --max-purchases")
            return False
        if self._session is not None and len(script) * self._session.pace.per_call > self._pace.left:
            self.untried.append(f"{name}: {len(script)} steps take too long; give it more with --time")
            return False
        return True

    def _shorten(self, scene: Scene, failing: Attempt) -> None:
        ends = self._pace.elapsed + self._pace.seconds * SHORTENING_SHARE
        played: dict[Script, bool] = {failing.script: True}
        # What showed only now and then deserves more than one try when it is shorter.
        tries = min(len(self.attempts), TRIES)

        def fails(script: Script) -> bool:
            left = self.budget.left
            if left is not None and left < purchases_of(script):
                return False
            if len(played) > SHORTER or self._pace.elapsed > ends:
                raise _EnoughError
            if script in played:
                return played[script]
            self._listener.step(f"{len(script)} steps")
            played[script] = False
            for _ in range(tries):
                one = self._attempt(scene, script)
                if one.shown is not None:
                    self.shortest = one
                    played[script] = True
                    break
            return played[script]

        with contextlib.suppress(_EnoughError):
            shorten(failing.script, fails)

    def _attempt(self, scene: Scene, script: Script) -> Attempt:
        offset = len(self.operations)
        return attempt(self._fresh(), scene, script, self._finding["id"], self._finding["clause"], offset)

    def _fresh(self) -> Session:
        """Return a session whose oracle has seen nothing yet; clock, money and connections are the same."""
        options, origin = self.options, self._recorded.origin
        keys = self.target.keys
        setting = Setting(
            profile=get_profile(origin.profile),
            secrets=[key for key in (keys.owner, keys.other, keys.admin) if key],
            tolerances={clause: dict(values) for clause, values in options.tolerances.items()},
        )
        offset = len(self.operations)

        def keep(operation: Operation) -> None:
            placed = replace(operation, index=operation.index + offset)
            self.operations[placed.index] = placed
            self._record(placed)

        session = Session(
            self.target,
            self._wire,
            make_oracle(setting, options.severities),
            self.budget,
            self._pace,
            get_profile(origin.profile),
            origin.seed,
            keep,
        )
        if self._session is not None:
            session.prices.update(self._session.prices)
            for note in self._session.counts.notes:
                self.notes.setdefault(note)
        self._session = session
        return session


def others_of(attempts: Sequence[Attempt]) -> dict[str, Finding]:
    """Return, by id, the error findings besides the one that was looked for."""
    return {finding.id: finding for one in attempts for finding in one.others}
