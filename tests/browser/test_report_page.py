"""report.html in a real browser: it opens quietly, its controls work, and nothing of a target is executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.html.proof import proof_page
from reports.html.run import run_page
from tests.browser.conftest import Browser
from tests.record import scene
from tests.reports.html.material import load_section, parts, poisoned, proof

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")

PICTURES = "return [...document.querySelectorAll('.plot canvas')].map((canvas) => canvas.toDataURL());"


def killed() -> dict[str, Any]:
    return {
        **scene.document(),
        "verdict": "inconclusive",
        "partial": True,
        "clauses": [],
        "findings": [],
        "requests": 0,
    }


def loaded() -> dict[str, Any]:
    return {**scene.document(), "command": "load", "load": load_section()}


def verified() -> dict[str, Any]:
    return {**loaded(), "command": "verify", "parts": parts()}


PAGES = {
    "broken": lambda: run_page(scene.document(), lanes={1: "volley 1.1", 2: "volley 1.2"}),
    "kept": lambda: run_page({**scene.document(), "verdict": "kept", "findings": []}),
    "partial": lambda: run_page(killed()),
    "load": lambda: run_page(loaded()),
    "verification": lambda: run_page(verified()),
    "proof": lambda: proof_page(proof()),
    "hostile": lambda: run_page(poisoned(scene.document())),
    "hostile-load": lambda: run_page(poisoned(loaded())),
    "hostile-verification": lambda: run_page(poisoned(verified())),
    "hostile-proof": lambda: proof_page(poisoned(proof())),
}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("pages")
    made = {name: directory / f"{name}.html" for name in PAGES}
    for name, path in made.items():
        path.write_bytes(PAGES[name]())
    return made


@pytest.mark.parametrize("name", PAGES)
class TestEveryPage:
    def test_opens_quietly_and_asks_for_nothing_but_itself(
        self, browser: Browser, pages: dict[str, Path], name: str
    ) -> None:
        browser.open(pages[name])
        assert browser.console() == []
        # The browser's own first page asks for things of its own; data: asks for nothing.
        asked = [address for address in browser.requests() if not address.startswith(("chrome", "data:", "about:"))]
        assert asked == [pages[name].as_uri()]
        assert browser.run("return typeof window.owned") == "undefined"

    def test_fits_a_phone(self, browser: Browser, pages: dict[str, Path], name: str) -> None:
        browser.open(pages[name], width=390)
        assert browser.run("return document.scrollingElement.scrollWidth") <= 390

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_every_text_stands_out(self, browser: Browser, pages: dict[str, Path], name: str, theme: str) -> None:
        browser.open(pages[name], theme=theme)
        assert browser.run("return matchMedia('(prefers-color-scheme: dark)').matches") is (theme == "dark")
        assert browser.run(CONTRAST) == []

    def test_reads_without_scripts(self, browser: Browser, pages: dict[str, Path], name: str) -> None:
        browser.open(pages[name], scripts=False)
        assert browser.one("h1").is_displayed()
        assert not [form for form in browser.all("form.filters, button") if form.is_displayed()]
        assert all(table.is_displayed() for table in browser.all("#clause-table, #case-table"))


def rows(browser: Browser, table: str) -> list[str]:
    return [row.get_attribute("id") or "" for row in browser.all(f"#{table} tbody tr") if row.is_displayed()]


class TestClauses:
    def test_are_filtered_by_words_and_by_choice(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["broken"])
        search, output = browser.one("input[name=text]"), browser.one(".filters output")
        assert output.text == "8 of 8 clauses"
        search.send_keys("credentials LIFE")
        assert rows(browser, "clause-table") == ["clause-LIFE-3"]
        assert output.text == "1 of 8 clauses"
        search.clear()
        search.send_keys("s")
        browser.choose("select[name=verdict]", "not tested")
        assert rows(browser, "clause-table") == ["clause-AUTH-4", "clause-AUTH-5", "clause-LIFE-10"]
        browser.choose("select[name=family]", "LIFE")
        assert rows(browser, "clause-table") == ["clause-LIFE-10"]

    def test_that_are_filtered_away_come_back_when_a_link_leads_there(
        self, browser: Browser, pages: dict[str, Path]
    ) -> None:
        browser.open(pages["broken"])
        browser.one("input[name=text]").send_keys("SHAPE")
        browser.click(".untested a[href='#clause-LIFE-10']")
        browser.settle()
        assert browser.one("#clause-LIFE-10").is_displayed()
        assert browser.one(".filters output").text == "8 of 8 clauses"

    def test_of_a_proof_are_filtered_by_outcome(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["proof"])
        browser.choose("select[name=state]", "missed")
        shown = [row.get_attribute("data-case") for row in browser.all("#case-table tbody tr") if row.is_displayed()]
        assert shown == ["lists-twice"]


class TestTimeline:
    def test_is_drawn_in_real_time(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["broken"])
        first, second = (bar.rect for bar in browser.all("#finding-1 .op rect"))
        whole = browser.one("#finding-1 .timeline svg").rect
        # 42.5 ms, a wait of 57.5 ms, 42.5 ms.
        assert first["width"] == pytest.approx(second["width"], rel=0.02)
        assert second["x"] - first["x"] == pytest.approx(whole["width"] * 100 / 142.5, rel=0.02)
        assert second["y"] > first["y"]

    def test_shows_which_row_of_the_table_a_bar_is(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["broken"])
        event = "arguments[0].dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))"
        browser.run(event, browser.all("#finding-1 .op rect")[1])
        assert [row.get_attribute("data-op") for row in browser.all("tr.lit")] == ["1-2"]
        browser.run(event, browser.one("h1"))
        assert browser.all(".lit") == []


class TestCharts:
    def test_are_drawn_each_with_a_legend(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["load"])
        drawn = browser.run(
            "return [...document.querySelectorAll('figure')].map((one) => [one.dataset.chart,"
            "one.querySelectorAll('canvas').length, one.querySelectorAll('.u-series').length])"
        )
        assert drawn == [
            ["breakpoint", 1, 6], ["latency", 1, 7], ["rate", 1, 4], ["trouble", 1, 4], ["flight", 1, 2],
            ["generator", 1, 4], ["distribution", 1, 3],
        ]  # fmt: skip
        colours = browser.run(
            "return [...document.querySelectorAll('.plot canvas')].map((canvas) => new Set(new Uint32Array("
            "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size)"
        )
        assert min(colours) > 20

    def test_zoom_together_and_back(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["load"])
        before = browser.run(PICTURES)
        drag = (
            "const over = document.querySelector('[data-chart=latency] .u-over');"
            "const box = over.getBoundingClientRect();"
            "const at = (kind, share, target) => target.dispatchEvent(new MouseEvent(kind, {bubbles: true, button: 0,"
            "  clientX: box.left + box.width * share, clientY: box.top + 40, movementX: 1, movementY: 1}));"
            "at('mouseenter', 0.4, over); at('mousemove', 0.4, over); at('mousedown', 0.4, over);"
            "at('mousemove', 0.6, document); at('mousemove', 0.6, over); at('mouseup', 0.6, document);"
        )
        browser.run(drag)
        browser.settle()
        zoomed = browser.run(PICTURES)
        changed = [one != two for one, two in zip(before, zoomed, strict=True)]
        assert changed == [False, True, True, True, True, True, False]
        browser.click("#unzoom")
        browser.settle()
        assert browser.run(PICTURES) == before

    def test_change_their_axis_and_their_operation(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["load"])
        before = browser.run(PICTURES)
        browser.click("[data-chart=latency] [name=log]")
        browser.choose("[data-chart=distribution] select", "create_purchase")
        browser.settle()
        after = browser.run(PICTURES)
        assert [one != two for one, two in zip(before, after, strict=True)] == [
            False, True, False, False, False, False, True,
        ]  # fmt: skip
        assert browser.console() == []

    def test_follow_the_theme(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["load"])
        before = browser.run(PICTURES)
        button = browser.one("#theme")
        assert button.text == "Theme: system"
        button.click()
        button.click()
        assert button.text == "Theme: dark"
        browser.settle()
        assert all(one != two for one, two in zip(before, browser.run(PICTURES), strict=True))
        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
        button.click()
        assert browser.run("return getComputedStyle(document.body).backgroundColor") != ground


class TestControls:
    def test_an_open_answer_shows_the_part_that_offends(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["broken"])
        inside = (
            "const pre = document.querySelector('#finding-1 details[open] pre:has(mark)').getBoundingClientRect();"
            "const mark = document.querySelector('#finding-1 details[open] mark').getBoundingClientRect();"
            "return [pre.top, mark.top, mark.bottom, pre.bottom];"
        )
        places = browser.run(inside)
        assert places == sorted(places)

    def test_a_command_is_copied_or_at_least_selected(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["broken"])
        button = browser.one(".hero .copy")
        button.click()
        browser.settle()
        assert button.text in {"Copied", "Selected"}

    def test_the_first_stop_of_the_keyboard_skips_to_the_report(self, browser: Browser, pages: dict[str, Path]) -> None:
        browser.open(pages["broken"])
        browser.driver.switch_to.active_element.send_keys("\ue004")
        assert browser.driver.switch_to.active_element.get_attribute("href").endswith("#main")
