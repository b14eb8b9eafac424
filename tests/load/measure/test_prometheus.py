"""The exposition is read by Prometheus's own parser."""

from prometheus_client.parser import text_string_to_metric_families

from load.measure.answers import Answers, Count
from load.measure.figures import ALL
from load.measure.histogram import Histogram
from load.measure.prometheus import BOUNDS_S, Snapshot, exposition


def parsed(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    found = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}
    assert len(found) == len(samples)
    return found


def answered(*times: float) -> Answers:
    answers = Answers()
    for taken in times:
        answers.record(200, Count.OK, taken, taken / 2)
    answers.record("timeout", Count.FAILURE, 10.0, 10.0)
    answers.record(429, Count.BACKPRESSURE, 0.001, 0.001)
    return answers


SNAPSHOT = Snapshot(
    operations={ALL: answered(9.9), "create_purchase": answered(0.004, 0.05, 0.25)},
    findings={("LIFE-3", "error"): 2},
    arrivals=50,
    dropped=3,
    reconnects=1,
    in_flight=7,
    users=4,
    asked_rate=12.5,
    cpu=0.25,
    loop_delay_s=0.002,
    lag=Histogram.of([0.001]),
)


def test_every_figure_is_told_once() -> None:
    found = parsed(exposition(SNAPSHOT))
    create = ("operation", "create_purchase")
    assert found["assay_requests_total", (create, ("status", "200"))] == 3
    assert found["assay_requests_total", (create, ("status", "timeout"))] == 1
    assert found["assay_failures_total", (create,)] == 1
    assert found["assay_backpressure_total", (create,)] == 1
    assert found["assay_violations_total", (("clause", "LIFE-3"), ("severity", "error"))] == 2
    assert [found[name, ()] for name in ("assay_arrivals_total", "assay_dropped_total", "assay_reconnects_total")] == [
        50,
        3,
        1,
    ]
    assert [found[name, ()] for name in ("assay_in_flight", "assay_users", "assay_asked_rate")] == [7, 4, 12.5]
    assert found["assay_generator_cpu", ()] == 0.25
    assert found["assay_generator_loop_delay_seconds", ()] == 0.002


def test_a_histogram_is_cumulative_and_ends_in_its_count() -> None:
    found = parsed(exposition(SNAPSHOT))
    operation = ("operation", "create_purchase")
    counts = [found["assay_response_seconds_bucket", (("le", repr(bound)), operation)] for bound in BOUNDS_S]
    assert counts == sorted(counts)
    by_bound = dict(zip(BOUNDS_S, counts, strict=True))
    assert [by_bound[bound] for bound in (0.0005, 0.001, 0.005, 0.05, 0.25, 5.0, 10.0)] == [0, 1, 2, 3, 4, 4, 5]
    assert found["assay_response_seconds_bucket", (("le", "+Inf"), operation)] == 5
    assert found["assay_response_seconds_count", (operation,)] == 5
    assert round(found["assay_response_seconds_sum", (operation,)], 6) == 10.305
    assert found["assay_schedule_lag_seconds_count", ()] == 1


def test_the_sum_of_the_operations_is_not_told_beside_them() -> None:
    operations = {dict(labels).get("operation") for _, labels in parsed(exposition(SNAPSHOT))}
    assert operations == {None, "create_purchase"}


def test_before_anything_happened_there_are_families_without_samples() -> None:
    families = {family.name: family.samples for family in text_string_to_metric_families(exposition(Snapshot()))}
    assert families["assay_requests"] == []
    assert "assay_asked_rate" not in families


def test_a_label_cannot_break_its_line() -> None:
    text = exposition(Snapshot(findings={('A"\\\nB', "error"): 1}))
    found = parsed(text)
    assert found["assay_violations_total", (("clause", 'A"\\\nB'), ("severity", "error"))] == 1
