"""The machinery of one process: encoder, connections and judge, made for a run's orders."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from contracts.errors import UsageError
from contracts.finding import Severity
from contracts.history import OTHER, OWNER
from contracts.record.masking import Masker
from contracts.target import Keys, is_loopback_address
from load.call import MALFORMED, Call, Reply
from load.clock import Clock
from load.drive.engine import Judging
from load.historykeep import HistoryKeep
from load.judge.judge import Judge
from load.judge.share import Shares
from load.measure.recorder import Recorder
from load.mishaps import Mishaps
from load.orders import Orders
from load.plan.plan import Plan
from load.wire.address import Origin, resolve
from load.wire.encode import Encoder
from load.wire.engine import Counts, Engine, Hooks
from load.wire.limits import Timeouts
from load.wire.pool import Pool

LONGEST_CONNECT: Final = 5.0
"""Seconds waited for a connection, at most."""

LISTENS: Final = 20
"""Answers after which a connection is listened to before its next request, for the target may answer twice."""

SPEED: Final = "LOAD-1"
"""The clause under which every unlawful answer is found once more."""


class Machinery:
    """What calls pass through.

    Args:
        orders: of the run.
        plan: of the run.
        keys: who we are at the target.
        clock: of the run.
        recorder: told of handshakes.

    Attributes:
        encoder: turns calls into bytes.
        pool: the connections.
        judge: judges every answer.
        judging: the same, or what writes down every answer that it judges.
        shares: tells what it found.
        crashes: our own failures, by what they say.

    Raises:
        UsageError: the host does not resolve, or a target admitted as loopback is at another address.
    """

    def __init__(self, orders: Orders, plan: Plan, keys: Keys, clock: Clock, recorder: Recorder) -> None:
        origin = Origin.from_url(orders.url)
        addresses = resolve(origin, orders.addresses)
        if orders.loopback:
            for address in addresses:
                if not is_loopback_address(str(address.sockaddr[0])):
                    raise UsageError(f"{orders.url} leads to {address.sockaddr[0]}, which is not loopback")
        self.crashes: dict[str, int] = {}
        self._mishaps = Mishaps()
        self._closing = False
        self._clock = clock
        self._recorder = recorder
        self.encoder = Encoder(origin, {OWNER: keys.owner, OTHER: keys.other})
        self.wire = Engine(
            origin,
            clock.epoch,
            addresses=addresses,
            timeouts=Timeouts(min(LONGEST_CONNECT, plan.timeout), plan.timeout, plan.timeout),
            hooks=Hooks(
                connected=self._connected,
                secured=self._secured,
                failed=self._failed,
                stray=self._stray,
                crashed=self._crashed,
            ),
        )
        self.pool = Pool(self.wire, max(plan.max_connections // orders.workers, 1), listens=LISTENS)
        known = {"owner": keys.owner, "other": keys.other, "admin": keys.admin}
        secrets = {label: key for label, key in known.items() if key}
        self._masker = Masker(secrets)
        self.judge = Judge(
            orders.profile,
            secrets=tuple(secrets.values()),
            tolerances=orders.tolerances,
            severities=orders.severity_map(),
            learn=self._masker.learn_from,
        )
        if orders.workers > 1:
            self.judge.keep_seen()
        self._keep = None if orders.history is None else HistoryKeep(self.judge, Path(orders.history), secrets)
        self.judging: Judging = self._keep or self.judge
        self.shares = Shares(self.judge, self._masker, bytes.fromhex(orders.identity))

    @property
    def violations(self) -> int:
        """Unlawful answers so far: errors of every clause, or of LOAD-1, which counts answers, whichever is more."""
        errors = [finding for finding in self.judge.docket.findings if finding.severity is Severity.ERROR]
        speed = sum(finding.count for finding in errors if finding.clause == SPEED)
        return max(speed, sum(finding.count for finding in errors) - speed)

    @property
    def counts(self) -> Counts:
        """What happened to connections since the run began."""
        return self.wire.counts

    @property
    def mishaps(self) -> Mishaps:
        """What went wrong beside the answers since the run began."""
        counts = self.wire.counts
        self._mishaps.closed_idle, self._mishaps.stale = counts.closed_idle, counts.stale
        self._mishaps.out_of_step = counts.out_of_step
        return self._mishaps

    def restart(self) -> None:
        """Let the run begin now."""
        self.wire.began = self._clock.epoch

    def close(self) -> None:
        """Close every connection."""
        self._closing = True
        self.pool.close()
        trouble = None if self._keep is None else self._keep.close()
        if trouble is not None:
            self.crashes[trouble] = 1

    def _connected(self, seconds: float) -> None:
        self._recorder.handshake(self._clock.now(), seconds, None)

    def _secured(self, seconds: float) -> None:
        self._recorder.handshake(self._clock.now(), None, seconds)

    def _failed(self, _: Call, error: str, reason: str) -> None:
        # What is no HTTP is a finding with its bytes, and our own end of the run no mishap.
        if error != MALFORMED and not self._closing:
            self._mishaps.fail(error, reason)

    def _stray(self, call: Call, data: bytes) -> None:
        """Have bytes judged that no request asked for: the server is out of step, and they belong to nobody."""
        now = self._clock.now()
        self.judging.see(call, Reply(0, (), b"", MALFORMED, data, now, now, now))

    def _crashed(self, error: Exception) -> None:
        # What an exception quotes may come from an answer.
        text = self._masker.mask(f"a callback crashed: {type(error).__name__}: {error}")[:200]
        self.crashes[text] = self.crashes.get(text, 0) + 1
