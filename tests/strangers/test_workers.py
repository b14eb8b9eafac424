"""Whoever reaches a master's port is a stranger: what they tell is read, or named; it never passes for a run."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from load.mishaps import Mishaps, exhausted
from tests.interruptions.child import ROOT, environment
from tests.load.hands import Hand
from tests.load.test_collect import PLAN, collector
from tests.load.test_outcome import broken, concluded, objectives

MASTER = r"""
import json, socket, types
import load.__main__
from locust.stats import RequestStats, StatsError
from contracts.errors import UsageError
from load.cast import Crew, _is_report
from load.orders import Orders
from contracts.target import Keys

entry = RequestStats().total.serialize()
lawful = {"stats": [entry], "stats_total": entry, "errors": {}, "user_count": 1, "user_classes_count": {}}
told = {"lawful": _is_report(lawful)}
unlawful = [None, [], {}, {**lawful, "stats": 3}, {**lawful, "stats_total": {}}, {**lawful, "stats": [{"name": 1}]},
            {**lawful, "errors": []}, {**lawful, "errors": {"a": {}}}, {**lawful, "user_count": "many"},
            {**lawful, "stats_total": {**entry, "response_times": 7}}, {**lawful, "user_classes_count": []}]
told["unlawful"] = [_is_report(each) for each in unlawful]

crew = Crew.__new__(Crew)
crew.workers, crew._refusal = {}, ""
crew._orders = types.SimpleNamespace(workers=9)
for data in (None, [], "x", {"name": "old\x1b]0;x\x07\u202e", "trouble": "has \x1b[31m version"}):
    crew._on_ready(None, types.SimpleNamespace(data=data, node_id="n"))
told["refusal"], told["refused"] = crew._refusal, len(crew.workers)
crew._on_ready(None, types.SimpleNamespace(data={"name": "evil\x1b[2J\r\n"}, node_id="n"))
told["names"] = [worker.name for worker in crew.workers.values()]

with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = taken.getsockname()[1]
    from load.plan.reading import parse_plan
    document = {"plan": {"rate": "1/s"}}
    orders = Orders(document=document, source="p", url="http://127.0.0.1:9", loopback=True, addresses=(),
        profile="2026-02", seed=0, identity="0" * 32, prices={}, accounts=False, max_purchases=None, max_spend=None,
        tolerances={}, severities={}, workers=1, history=None)
    try:
        Crew(orders, Keys("k" * 20), print, bind=("127.0.0.1", port), own=0)
    except UsageError as error:
        told["taken"] = str(error).replace(str(port), "PORT")
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def master() -> dict[str, Any]:
    command = [sys.executable, "-c", MASTER]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_only_a_report_that_locust_can_read_reaches_it(master: dict[str, Any]) -> None:
    assert master["lawful"] is True
    assert master["unlawful"] == [False] * 11


def test_what_a_worker_calls_itself_is_nothing_that_a_terminal_obeys(master: dict[str, Any]) -> None:
    assert master["refused"] == 0
    assert master["refusal"] == r"worker old\x1b]0;x\x07\u202e cannot take part: has \x1b[31m version"
    assert master["names"] == [r"evil\x1b[2J\r\n"]


def test_a_port_that_is_taken_is_told_in_a_line(master: dict[str, Any]) -> None:
    assert master["taken"].startswith("--master 127.0.0.1:PORT: Socket bind failure: Address already in use")
    assert master["taken"].endswith("choose another address or port")


@pytest.mark.parametrize("seconds", [5, None, [[]], [3], ["x"], [{"t": float("inf")}], [{}]])
def test_seconds_of_any_shape_are_named_and_the_totals_are_kept(seconds: Any) -> None:
    box, hand = collector(), Hand(PLAN)
    box.take("a", {**hand.share(1.1, purchases=2, spend="1.00"), "seconds": seconds})
    assert "cannot be read" in box.refused["a"]
    assert (box.purchases, box.spend) == (2, Decimal("1.00"))


JUDGED = Hand(PLAN).share(1.0)["judge"]


@pytest.mark.parametrize(
    "lie",
    [
        {"answers": -1},
        {"answers": "many"},
        {"exercised": {"NOSUCH-1": 3}},
        {"exercised": {"LIFE-3": "often"}},
        {"crashes": {"NOSUCH-1": "x"}},
        {"findings": [{}]},
        {"findings": [3]},
        {"findings": 3},
        {"findings": [{**dict.fromkeys(("cause", "title", "expected", "observed"), "x"), "clause": "LIFE-3",
                       "severity": "error", "count": 1, "samples": [], "marks": [[1, "owner", "nothing", 0.0, 1.0]]}]},
    ],
)  # fmt: skip
def test_judgements_of_any_shape_are_named_and_the_verdict_is_drawn_from_the_rest(lie: dict[str, Any]) -> None:
    box, hand = collector(), Hand(PLAN)
    box.take("liar", hand.share(1.1, judge={**JUDGED, **lie}))
    box.take("honest", Hand(PLAN).share(1.1))
    assert set(box.refused) == {"liar"}
    assert box.merge.findings == ()
    assert box.merge.answers == 0


@pytest.mark.parametrize("lie", [{"purchases": -5}, {"spend": "-1"}, {"spend": "NaN"}, {"spend": "Infinity"}])
def test_a_worker_cannot_take_purchases_back(lie: dict[str, Any]) -> None:
    box, hand = collector(), Hand(PLAN)
    box.take("a", hand.share(1.1, purchases=2, spend="1.00"))
    box.take("a", {**hand.share(2.1, purchases=3, spend="1.50"), **lie})
    assert (box.purchases, box.spend) == (2, Decimal("1.00"))
    assert "its totals cannot be read" in box.refused["a"]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EADDRNOTAVAIL])
def test_a_machine_without_connections_to_give_is_no_failure_of_the_target(number: int) -> None:
    mishaps = Mishaps()
    mishaps.fail("connect", os.strerror(number), 3)
    told = exhausted(mishaps)
    assert told is not None
    assert f"{os.strerror(number)} (3)" in told


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.ENETUNREACH])
def test_what_a_target_refuses_is_not_laid_to_this_machine(number: int) -> None:
    mishaps = Mishaps()
    mishaps.fail("connect", os.strerror(number))
    mishaps.fail("timeout", "")
    assert exhausted(mishaps) is None


def test_requests_lost_for_want_of_descriptors_are_inconclusive_and_those_the_target_refused_are_not() -> None:
    asked = objectives("error_rate < 1%")
    for reason, breaks in ((os.strerror(errno.EMFILE), []), (os.strerror(errno.ECONNREFUSED), ["LOAD-2"])):
        mishaps = Mishaps()
        mishaps.fail("connect", reason, 20)
        share = {"mishaps": mishaps.plain()}
        outcome = concluded(asked, failures=20, failed_by="connect", share=share)
        assert broken(outcome) == breaks
        assert any(reason in text for text in outcome.troubles) is not bool(breaks)


def test_what_the_target_answered_badly_is_broken_though_descriptors_ran_out() -> None:
    mishaps = Mishaps()
    mishaps.fail("connect", os.strerror(errno.EMFILE))
    outcome = concluded(objectives("error_rate < 1%"), failures=20, share={"mishaps": mishaps.plain()})
    assert broken(outcome) == ["LOAD-2"]
