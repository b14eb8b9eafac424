"""What locust is told of each second: its own figures agree with ours, and it keeps no second for ever."""

from __future__ import annotations

import json
import subprocess
import sys

TELLS = """
import gevent.monkey
gevent.monkey.patch_all()
import json
from locust.env import Environment
from load.locuststats import KEPT_S, merge
from load.measure.histogram import Histogram

environment = Environment()
began = 1_800_000_000
environment.stats.total.start_time = began
for t in range(began, began + 300):
    merge(environment, "retrieve_purchase", Histogram.of([0.01, 0.03]), {"500": 1}, size=7, wall=float(t))
    merge(environment, "create_purchase", Histogram.of([0.02]), {}, size=3, wall=float(t))
stats = environment.stats
entries = [stats.get("retrieve_purchase", "GET"), stats.get("create_purchase", "POST"), stats.total]
print(json.dumps({
    "kept": KEPT_S,
    "seconds": [[len(entry.num_reqs_per_sec), len(entry.num_fail_per_sec)] for entry in entries],
    "now": [[entry.current_rps, entry.current_fail_per_sec] for entry in entries],
    "whole": [[entry.num_requests, entry.num_failures, entry.total_content_length] for entry in entries],
}))
"""


def test_locust_keeps_a_minute_of_seconds_and_every_total() -> None:
    ran = subprocess.run([sys.executable, "-c", TELLS], capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(ran.stdout)
    kept = told["kept"] + 1
    assert told["seconds"] == [[kept, kept], [kept, 0], [kept, kept]]
    # Locust leaves the last two seconds out, which may not be whole.
    assert told["now"] == [[2.0, 1.0], [1.0, 0.0], [3.0, 1.0]]
    assert told["whole"] == [[600, 300, 2100], [300, 0, 900], [900, 300, 3000]]
