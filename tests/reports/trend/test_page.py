"""trend.html shows every series and night, needs nothing else, and runs nothing that a night says."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from reports.trend.judging import Trend, judge
from reports.trend.measures import ALL, Key
from reports.trend.page import page
from tests.reports.trend import made

VOID = {"meta"}


class Page(HTMLParser):
    """The tags and texts of a page; a tag that is closed by none of its kind fails."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def count(self, tag: str, kind: str) -> int:
        return sum(name == tag and attributes.get("class") == kind for name, attributes in self.tags)


def trend(operation: str = ALL, label: str = "4b96832") -> Trend:
    values: list[float | None] = made.stepped(made.noise(3, 60), 45, 1.4).tolist()
    values[5] = None
    return judge(made.nights({made.P50: values, Key(operation, "p99"): made.noise(4, 60)}, {45: label}))


def test_every_night_of_every_series_is_drawn_and_told_in_a_table() -> None:
    found = Page(page(trend()))
    assert found.count("circle", "night") == 52 + 53
    assert found.count("circle", "newest") == 14
    assert found.count("line", "change") == 1
    assert sum(tag == "tr" for tag, _ in found.tags) == 2 * 61
    assert any(text.startswith("2026-02-15T02:00:00.000Z 4b96832: +") for text in found.texts)
    assert found.texts.count("worse") == 1


def test_dots_stay_inside_the_chart() -> None:
    for tag, attributes in Page(page(trend())).tags:
        if tag == "circle":
            assert 0 < float(attributes["cx"] or 0) < 720
            assert 0 < float(attributes["cy"] or 0) < 150


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    text = page(trend())
    found = Page(text)
    assert {"script", "link", "img", "iframe", "a"}.isdisjoint(tag for tag, _ in found.tags)
    assert not any(name in attributes for _, attributes in found.tags for name in ("src", "href", "style", "onload"))
    assert "default-src 'none'" in text


@pytest.mark.parametrize(
    "nasty", ['"><script>alert(1)</script>', "\x1b[2J\u202e", "' onload='alert(1)", "\ud800" + "m" * 5000]
)
def test_hostile_names_are_text(nasty: str) -> None:
    text = page(trend(nasty, nasty))
    found = Page(text)
    assert "script" not in {tag for tag, _ in found.tags}
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    assert not {"\x1b", "\u202e", "\ud800"} & set(text)
    assert len(text) < 200_000


def test_a_trend_of_no_nights_is_a_page_too() -> None:
    found = Page(page(judge(made.nights({made.P50: []}))))
    assert "Cannot tell: these nights do not show whether the newest are worse." in found.texts


def test_what_was_not_judged_shows_no_levels() -> None:
    few = Page(page(judge(made.nights({made.P50: made.noise(1, 3)}))))
    assert not any(" newest, " in text for text in few.texts)
    many = Page(page(judge(made.nights({made.P50: made.noise(1, 60)}))))
    assert any(" before, " in text and " newest, " in text for text in many.texts)
