"""The machinery of one process: encoder, connections and judge, made for a run's orders."""

from __future__ import annotations

import ipaddress
from typing import Final

from contracts.errors import UsageError
from contracts.finding import Severity
from contracts.history import OTHER, OWNER
from contracts.record.masking import Masker
from contracts.target import Keys
from load.call import MALFORMED, Call, Reply
from load.clock import Clock
from load.judge.judge import Judge
from load.judge.share import Shares
from load.measure.recorder import Recorder
from load.orders import Orders
from load.plan.plan import Plan
from load.wire.address import Origin, resolve
from load.wire.encode import Encoder
from load.wire.engine import Counts, Engine, Hooks
from load.wire.limits import Timeouts
from load.wire.pool import Pool

LONGEST_CONNECT: Final = 5.0
"""Seconds waited for a connection, at most."""

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
        shares: tells what it found.
        crashes: our own failures, by what they say.

    Raises:
        UsageError: the host does not resolve, or a target admitted as loopback is at another address.
    """

    def __init__(self, orders: Orders, plan: Plan, keys: Keys, clock: Clock, recorder: Recorder) -> None:
        origin = Origin.from_url(orders.url)
        addresses = resolve(origin)
        if orders.loopback:
            for address in addresses:
                if not ipaddress.ip_address(str(address.sockaddr[0]).partition("%")[0]).is_loopback:
                    raise UsageError(f"{orders.url} leads to {address.sockaddr[0]}, which is not loopback")
        self.crashes: dict[str, int] = {}
        self._clock = clock
        self._recorder = recorder
        self.encoder = Encoder(origin, {OWNER: keys.owner, OTHER: keys.other})
        self.wire = Engine(
            origin,
            clock.epoch,
            addresses=addresses,
            timeouts=Timeouts(min(LONGEST_CONNECT, plan.timeout), plan.timeout, plan.timeout),
            hooks=Hooks(connected=self._connected, secured=self._secured, stray=self._stray, crashed=self._crashed),
        )
        self.pool = Pool(self.wire, max(plan.max_connections // orders.workers, 1))
        known = {"owner": keys.owner, "other": keys.other, "admin": keys.admin}
        secrets = {label: key for label, key in known.items() if key}
        self.judge = Judge(
            orders.profile,
            secrets=tuple(secrets.values()),
            tolerances=orders.tolerances,
            severities=orders.severity_map(),
        )
        self._masker = Masker(secrets)
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

    def restart(self) -> None:
        """Let the run begin now."""
        self.wire.began = self._clock.epoch

    def close(self) -> None:
        """Close every connection."""
        self.pool.close()

    def _connected(self, seconds: float) -> None:
        self._recorder.handshake(self._clock.now(), seconds, None)

    def _secured(self, seconds: float) -> None:
        self._recorder.handshake(self._clock.now(), None, seconds)

    def _stray(self, call: Call, data: bytes) -> None:
        """Have bytes judged that no request asked for: the server is out of step, and they belong to nobody."""
        now = self._clock.now()
        self.judge.see(call, Reply(0, (), b"", MALFORMED, data, now, now, now))

    def _crashed(self, error: Exception) -> None:
        # What an exception quotes may come from an answer.
        text = self._masker.mask(f"a callback crashed: {type(error).__name__}: {error}")[:200]
        self.crashes[text] = self.crashes.get(text, 0) + 1
