"""The load section has a table behind each chart, and data that the charts can draw whatever it holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports.html.figures import number, told
from reports.html.load import MAX_ROWS, TABLE_ROWS
from reports.html.run import run_page
from tests.record import scene
from tests.reports.html.material import Page, load_section


def page_of(**changes: Any) -> Page:
    return Page(run_page({**scene.document(), "command": "load", "load": load_section(**changes)}))


def data_of(page: Page) -> dict[str, Any]:
    found = [text for attributes, text in page.scripts if attributes.get("id") == "load-data"]
    data: dict[str, Any] = json.loads(found[0])
    return data


def flat(page: Page) -> str:
    return " ".join(page.text.split())


def test_every_chart_has_a_place_a_summary_and_a_table() -> None:
    page = page_of()
    names = [attributes["data-chart"] for attributes in page.all("figure")]
    assert names == ["breakpoint", "latency", "rate", "trouble", "flight", "generator", "distribution"]
    plots = [attributes for attributes in page.all("div") if attributes.get("class") == "plot"]
    assert len(plots) == len(names)
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in plots)
    assert "max from 400 to 400" in " ".join(plot["aria-label"] for plot in plots)
    text = flat(page)
    assert "Second p50 p90 p99 max service p50 service p99" in text
    assert "Second asked achieved requests" in text
    assert "0 9 20 50 400 8 40" in text


def test_objectives_tell_their_margin_and_those_missed_stand_on_the_first_screen() -> None:
    text = flat(page_of())
    assert "create_purchase p99 < 250ms ✓ met 88.1 ms 250 ms 64.8 % to spare" in text
    assert "all p999 < 150ms (ends the run) ✗ missed 180 ms 150 ms over by 20 %" in text
    assert "list p99 < 50ms ✗ missed – 50 ms not observed" in text
    first = text[: text.index("Load Model")]
    assert "all p999 < 150ms observed 180 ms" in first
    assert "list p99 < 50ms not observed" in first
    assert "create_purchase p99" not in first


def test_an_objective_at_its_limit_says_so() -> None:
    found = {**load_section()["objectives"][0], "expr": "findings <= 0", "observed": 0, "limit": 0, "margin": 0.0}
    assert "findings <= 0 ✓ met 0 ms 0 ms at the limit" in flat(page_of(objectives=[found]))


def test_a_limit_of_nothing_is_missed_by_a_number_and_no_share() -> None:
    count = {"expr": "findings <= 0", "observed": 2028, "limit": 0, "margin": -1.0, "ok": False, "unit": ""}
    found = {**load_section()["objectives"][0], **count}
    assert "findings <= 0 ✗ missed 2,028 0 over by 2,028" in flat(page_of(objectives=[found]))
    more = {**found, "expr": "achieved_rate >= 0%", "observed": 50, "margin": 0.0, "ok": True, "unit": "%"}
    text = flat(page_of(objectives=[more]))
    assert "achieved_rate >= 0% ✓ met 50 % 0 %" in text
    assert "over by" not in text
    assert "at the limit" not in text


def test_what_should_be_more_falls_short() -> None:
    rate = {"expr": "achieved_rate >= 95%", "observed": 76, "limit": 95, "margin": -0.2, "ok": False, "unit": "%"}
    found = {**load_section()["objectives"][0], **rate}
    assert "achieved_rate >= 95% ✗ missed 76 % 95 % short by 20 %" in flat(page_of(objectives=[found]))


def test_waits_before_a_request_leaves_are_told() -> None:
    text = flat(page_of())
    assert "schedule lag 0.12 0.09 0.22 0.28 0.55 1.80 4.03" in text
    assert "TLS handshake" not in text


def test_the_breakpoint_is_a_sentence_a_chart_and_a_table() -> None:
    page = page_of()
    text = flat(page)
    assert "The highest rate that met the objectives is 400/s; beyond it: all p999 < 150ms." in text
    assert "800 ✗ missed 800 9 200 0 % 0 % p999 was 512 ms" in text
    assert data_of(page)["steps"][0] == [200, 9, 50, 200, True]
    assert "No rate that was tried met the objectives" in flat(page_of(breakpoint={"highest": None, "steps": []}))
    assert "Breakpoint" not in flat(page_of(breakpoint=None))


def test_a_saturated_generator_is_said_above_the_figures() -> None:
    text = flat(page_of(saturated=True, saturation="use more processes"))
    assert "Saturated." in text
    assert text.index("use more processes") < text.index("Objectives Objective")


def test_the_charts_get_every_moment_and_the_tables_some() -> None:
    page = page_of(seconds=600)
    assert data_of(page)["series"]["t"] == list(range(600))
    assert f"{TABLE_ROWS} of 600 moments; timeline.csv has all." in flat(page)
    long = data_of(page_of(seconds=MAX_ROWS * 2))["series"]["t"]
    assert len(long) == MAX_ROWS
    assert (long[0], long[-1]) == (0, MAX_ROWS * 2 - 1)


def test_counts_of_a_row_that_stands_for_several_seconds_are_told_per_second() -> None:
    row = {**load_section()["timeline"][0], "span_s": 4, "requests": 4_000, "failures": 2, "p99": 50, "asked": 200}
    series = data_of(page_of(timeline=[row]))["series"]
    assert [series[name] for name in ("requests", "failures", "p99", "asked")] == [[1000], [0.5], [50], [200]]


def test_two_thousand_moments_stay_small() -> None:
    document = {**scene.document(), "load": load_section(seconds=2_000)}
    assert len(run_page(document)) < 1_000_000


def test_only_what_the_schema_requires_is_relied_on() -> None:
    least: dict[str, Any] = {
        "model": "closed", "target_rate": None, "achieved_rate": 3.5, "dropped": 0, "saturated": False,
        "operations": [{}], "objectives": [{}],
    }  # fmt: skip
    page = Page(run_page({**scene.document(), "load": least}))
    assert "Model closed Achieved 3.50 journeys/s" in flat(page)
    assert page.all("figure") == []


@pytest.mark.parametrize("odd", [[], {}, "text", 7, None, True, [7], [[]], [{}], {"a": []}, float("inf")])
def test_members_of_another_type_are_left_out(odd: Any) -> None:
    needed = {"model", "target_rate", "achieved_rate", "dropped", "saturated", "operations", "objectives"}
    load = {name: value if name in needed else odd for name, value in load_section().items()}
    load["operations"] = [dict.fromkeys(load["operations"][0], odd)]
    load["objectives"] = [dict.fromkeys(load["objectives"][0], odd)]
    data_of(Page(run_page({**scene.document(), "load": load})))


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (3.14159, "3.14"), (88.06, "88.1"), (1234.5, "1,234"), (None, "–"), (float("nan"), "–"), (True, "–"),
     ("7", "–"), (10**400, "–"), (-0.5, "-0.50")],
)  # fmt: skip
def test_numbers_are_short_and_finite(value: object, text: str) -> None:
    assert told(value) == text
    assert number(value) is None or json.dumps(number(value), allow_nan=False)
