"""What shows only in the course of a load, driven in this process: found under its clause, and never too early."""

from __future__ import annotations

import asyncio
import time

import pytest
from starlette.types import ASGIApp

from contracts.finding import Severity
from fixtures.defects import volume
from fixtures.defects.catalogue import DEFECTS, wrap
from fixtures.sandbox.app import create_app
from fixtures.sandbox.settings import Settings
from load.call import Call, Reply, Seen
from load.journeys import JOURNEYS
from load.journeys.steps import Pause
from load.judge.judge import Judge
from tests.defects.caller import Caller
from tests.load.judge.drive import mixed, world

LIVES = 40

JUDGED = [name for name, defect in DEFECTS.items() if defect.needs == ("volume",) and set(defect.clauses) & {"LOAD-1"}]


class _InProcess:
    """Lives journeys at an app of this process and lets a judge see every answer."""

    def __init__(self, app: ASGIApp, key: str, judge: Judge) -> None:
        self._caller = Caller(app)
        self._key = key
        self._judge = judge
        self._epoch = time.perf_counter()

    async def live(self, name: str, surroundings) -> None:
        journey = JOURNEYS[name](surroundings)
        answer: Seen | tuple[Seen, ...] | None = None
        while True:
            try:
                want = journey.send(answer)
            except StopIteration:
                return
            if isinstance(want, Call):
                answer = await self._send(want)
            elif isinstance(want, tuple):
                answer = tuple(await asyncio.gather(*map(self._send, want)))
            else:
                assert isinstance(want, Pause)
                await asyncio.sleep(0)
                answer = None

    async def _send(self, call: Call) -> Seen:
        sent = time.perf_counter() - self._epoch
        headers = [("content-type", "application/json")] if call.body or call.labelled else []
        reply = await self._caller.call(call.method, call.path, call.body, key=self._key, headers=headers)
        ended = time.perf_counter() - self._epoch
        pairs = tuple((name.lower(), value) for name, value in reply.headers)
        return self._judge.see(call, Reply(reply.status, pairs, reply.body, None, b"", sent, sent, ended))


def lived(*seeded: str) -> Judge:
    """Return a judge that saw some lives at a sandbox with defects around it."""
    settings = Settings(seed=3, failure_rate=0.1, pending_rate=0.1, balance="99999.00")
    judge = Judge("2026-02", secrets=[settings.owner_key])

    async def live() -> None:
        driver = _InProcess(wrap(create_app(settings), seeded, 1), settings.owner_key, judge)
        surroundings = world(1, judge, {"US": 1})
        for name in mixed(LIVES, 1):
            await driver.live(name, surroundings)

    asyncio.run(live())
    judge.finish()
    assert judge.crashes == {}
    return judge


def errors(judge: Judge) -> set[str]:
    return {finding.clause for finding in judge.docket.findings if finding.severity is Severity.ERROR}


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the defects show after tens of answers instead of thousands."""
    monkeypatch.setattr(volume._Rare.__init__, "__defaults__", (10,))
    pool = volume._PoolSpent.__init__
    monkeypatch.setattr(volume._PoolSpent, "__init__", lambda self, _size: pool(self, 5))
    monkeypatch.setattr(volume._Crossed, "EVERY", 10)
    monkeypatch.setattr(volume._FormatBreaks, "AFTER", 60)


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("name", JUDGED)
def test_a_defect_of_volume_is_found_under_its_clause_and_under_load_1(name: str) -> None:
    found = errors(lived(name))
    assert "LOAD-1" in found
    assert found & (set(DEFECTS[name].clauses) - {"LOAD-1"})


@pytest.mark.parametrize("name", JUDGED)
def test_a_defect_that_has_not_shown_yet_is_not_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume._Crossed, "EVERY", 100_000)
    assert errors(lived(name)) == set()
