"""A whole run, simulated: what the documents tell is what happened, to the millisecond."""

import math

import pytest

from load.measure.ledger import Ledger
from load.measure.recorder import Gauges, Recorder
from load.measure.second import Second
from load.measure.summary import measured_part
from load.plan.arrivals import due_times
from load.plan.shapes import Shape, put_together, steady, warm_up
from tests.load.measure.build import CREATE, closed, reply

SERVICE = 0.002


def answered(due: float) -> float:
    """When a server answers that stands still for the last second of every ten."""
    stands_still = due % 10 >= 9
    return (math.floor(due / 10) * 10 + 10 if stands_still else due) + SERVICE


def simulated(shape: Shape, workers: int) -> Ledger:
    """Run the schedule in several processes, each of which hands its seconds on as plain data."""
    ledger = Ledger(shape.phases, shape.asked)
    for worker in range(workers):
        recorder = Recorder(shape.phases)
        dues = list(due_times(shape, worker=worker, workers=workers))
        events = sorted((answered(due), due) for due in dues)
        for t in range(int(shape.end) + 3):
            for ended, due in events:
                if t <= ended < t + 1:
                    recorder.record(CREATE, reply(due, ended), lawful=True)
            arrivals = sum(1 for due in dues if due < t + 1)
            in_flight = sum(1 for ended, due in events if due < t + 1 <= ended)
            for second in recorder.take(t + 1.0, Gauges(arrivals=arrivals, in_flight=in_flight)):
                ledger.add(Second.from_plain(second.plain()))
    list(closed(ledger, 99))
    return ledger


@pytest.mark.parametrize("workers", [1, 3])
def test_percentiles_under_a_server_that_stalls_are_the_true_ones(workers: int) -> None:
    shape = put_together([warm_up(5, 50), *steady(50, 45)])
    part = measured_part(simulated(shape, workers), shape.phases, shape.end, open_model=True)
    true = sorted((answered(due) - due) * 1000 for due in due_times(shape) if due >= 5)
    told = part["operations"][1]["latency_ms"]
    for name, percent in (("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99), ("p999", 99.9), ("max", 100)):
        rank = max(math.ceil(round(percent / 100 * len(true), 6)), 1)
        assert told[name] == pytest.approx(true[rank - 1], rel=0.001)
    assert told["mean"] == pytest.approx(sum(true) / len(true), rel=0.001)
    assert told["p99"] > 500 > told["p50"]


def test_rates_and_counts_of_the_run_are_the_true_ones() -> None:
    shape = put_together([warm_up(5, 50), *steady(50, 45)])
    part = measured_part(simulated(shape, 3), shape.phases, shape.end, open_model=True)
    assert part["requests"] == 45 * 50
    assert part["achieved_rate"] == pytest.approx(50, abs=0.1)
    assert [phase["requests"] for phase in part["phases"]] == [125, 2250]
    rows = {row["t"]: row for row in part["timeline"]}
    assert [rows[t]["requests"] for t in (12, 18, 19, 20)] == [50, 50, 0, 100]
    assert (rows[19]["p99"], rows[19]["in_flight"]) == (None, 50)
    assert rows[20]["max"] == pytest.approx(992, abs=15)
