"""A worker made of its recorder and its judge alone, who shares what it is told as an agent does."""

from __future__ import annotations

from typing import Any

from contracts.history import ApiOperation
from contracts.record.masking import Masker
from load.call import Call, Reply
from load.drive.books import Account
from load.judge.judge import Judge
from load.judge.share import SEED_BYTES, Shares
from load.measure.recorder import Gauges, Recorder
from load.mishaps import Mishaps
from load.plan.plan import Plan
from load.schedule import Schedule

LOOK = Call(ApiOperation.RETRIEVE, "GET", "/v1/purchases/1")


class Hand:
    """Counts what it is told.

    Args:
        plan: of the run.
    """

    def __init__(self, plan: Plan) -> None:
        self._recorder = Recorder(Schedule(plan).phases)
        self._shares = Shares(Judge("2026-02"), Masker({}), bytes(SEED_BYTES))

    def look(self, at: float, status: int = 200, takes: float = 0.01, error: str | None = None) -> None:
        """Count one look at a purchase."""
        self._recorder.record(LOOK, Reply(status, (), b"", error, b"", at, at, at + takes), lawful=True)

    def share(
        self, now: float, *, purchases: int = 0, spend: str = "0", arrivals: int = 0, dropped: int = 0, **more: Any
    ) -> dict[str, Any]:
        """Return what is new; ``more`` takes the place of parts of it."""
        seconds = self._recorder.take(now, Gauges(arrivals=arrivals, dropped=dropped))
        journeys = {"buyer": {"started": arrivals, "finished": purchases, "abandoned": 0, "crashed": 0}}
        return {
            "seconds": [second.plain() for second in seconds],
            "judge": self._shares.take(now),
            "tally": {"arrivals": arrivals, "dropped": dropped, "journeys": journeys},
            "policy": "Nothing is forgotten.",
            "purchases": purchases,
            "spend": spend,
            "spent": None,
            "mishaps": Mishaps().plain(),
            "books": Account().plain(),
            "crashes": {},
            **more,
        }
