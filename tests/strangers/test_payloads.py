"""A result from a stranger with something to run in every text: nobody who shows it runs any of it."""

from __future__ import annotations

import contextlib
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from markdown_it import MarkdownIt

from contracts import frontdoor
from contracts.errors import UsageError
from contracts.gate.replay.record import load_recorded
from reports.allure import write_allure
from reports.command import make_report
from reports.compare.command import compare
from reports.rundocs import build, load_run
from reports.trend.command import trend
from tests.reports import runs
from tests.strangers import readers

PAYLOAD: Final = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}|![i](http://evil.example/i.png)"
    "[l](javascript:alert(3)) @everyone `code` \x1b]8;;http://evil.example\x07L\x1b[31m\u202e\r\n\x9b2J "
    "=cmd|'/C calc'!A0 </script>]]>\x00\ufffe\ud800 <!-- --> https://evil.example/auto #123"
)
"""For browsers, Markdown, chat rooms, terminals, spreadsheets, XML and encoders."""

_KEPT: Final = re.compile(
    r"/(schema|command|verdict|started|spend|severity|basis|clause|expires|id|outcome|model|state|kind|profile|target"
    r"|pointer|file|principal)$"
)
"""Texts that have a form of their own."""


def poisoned(node: Any, path: str = "") -> Any:
    if isinstance(node, dict):
        return {name: poisoned(value, f"{path}/{name}") for name, value in node.items()}
    if isinstance(node, list):
        return [poisoned(value, path) for value in node]
    return node + PAYLOAD if isinstance(node, str) and not _KEPT.search(path) else node


def load_run_of(place: Path) -> Path:
    place.mkdir()
    for name, content in readers._load_run().items():
        (place / name).write_bytes(content)
    return place


@pytest.fixture(params=[runs.broken, runs.accepted, load_run_of], ids=["broken", "accepted", "load"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made: Path = request.param(tmp_path / "run")
    document = poisoned(json.loads((made / "run.json").read_bytes()))
    document["target"], document["label"] = f"http://127.0.0.1/{PAYLOAD}", PAYLOAD
    for number, finding in enumerate(document["findings"]):
        finding["id"], finding["operation"] = f"LIFE-3-{number}{PAYLOAD}", PAYLOAD
    (made / "run.json").write_text(json.dumps(document), "ascii")
    return made


def shown(call: Callable[[], object]) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        call()
    return text.getvalue()


def test_a_terminal_is_given_nothing_to_obey(place: Path, tmp_path: Path) -> None:
    report = make_report(lambda *_: {})
    for text in (
        shown(lambda: report(place)),
        shown(lambda: report(place, quiet=True)),
        shown(lambda: report(place, as_json=True)),
        shown(lambda: compare(place, place)),
        shown(lambda: trend(tmp_path, out=tmp_path / "trend")),
    ):
        assert text
        assert [line for line in text.split("\n") if not line.isprintable()] == []


def test_pages_and_documents_show_it_as_text(place: Path) -> None:
    build(place)
    page = (place / "report.html").read_text("utf-8")
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    rendered = MarkdownIt("commonmark").render((place / "report.md").read_text("utf-8"))
    assert "alert(1)" in rendered
    for tag in ("<script", "<img", "<!--", 'href="javascript', 'href="http://evil', 'src="'):
        assert tag not in rendered
    assert ET.fromstring((place / "junit.xml").read_bytes()).tag == "testsuites"
    sarif = json.loads((place / "findings.sarif").read_bytes())
    assert len(sarif["runs"][0]["results"]) == len(load_run(place)["findings"])


def test_allure_gets_its_results(place: Path, tmp_path: Path) -> None:
    written = write_allure(load_run(place), tmp_path / "allure")
    assert written == len(list((tmp_path / "allure").glob("*-result.json")))


def test_what_is_wrong_is_told_in_one_bounded_line_that_a_terminal_can_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = runs.broken(tmp_path / "run")
    document = json.loads((made / "run.json").read_bytes())
    for number, finding in enumerate(document["findings"]):
        finding["id"] = f"{number}{PAYLOAD * 200}"
    (made / "run.json").write_text(json.dumps(document), "ascii")
    with pytest.raises(UsageError) as caught:
        load_recorded(made).finding("nosuch")
    frontdoor._complain(str(caught.value))
    said = capsys.readouterr().err
    assert said.startswith("assay: ")
    assert said.removesuffix("\n").isprintable()
    assert len(said) < frontdoor.MOST_SAID + 20
