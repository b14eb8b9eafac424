"""What a target answers is hostile text: nothing of it is executed, breaks a document, or is without bound."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from reports.allure import write_allure
from reports.rundocs import build, load_run
from reports.terminal import render, render_quiet
from tests.reports import runs
from tests.reports.published import check_har, check_junit, check_sarif

XML_CHARACTERS = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
MACHINE = ("junit.xml", "findings.sarif", "exchanges.har")
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that a terminal or an editor may act on."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = runs.hostile(tmp_path_factory.mktemp("hostile") / "run")
    build(run, har_all=True)
    write_allure(load_run(run), run / "allure")
    return run


def test_every_document_is_valid_by_its_schema(hostile: Path) -> None:
    check_junit((hostile / "junit.xml").read_bytes())
    check_sarif((hostile / "findings.sarif").read_bytes())
    check_har((hostile / "exchanges.har").read_bytes())


def test_every_document_is_bounded(hostile: Path) -> None:
    sizes = {name: (hostile / name).stat().st_size for name in (*MACHINE, "report.html", "report.md")}
    assert sizes["junit.xml"] < 400_000
    assert sizes["findings.sarif"] < 400_000
    # A body counts once for the call it answered, cut as the history cuts it.
    assert sizes["exchanges.har"] < 400_000
    assert sizes["report.html"] < 5_000_000
    assert sizes["report.md"] < 64_000


def test_no_line_of_a_report_is_a_megabyte(hostile: Path) -> None:
    assert max(map(len, (hostile / "junit.xml").read_text("utf-8").splitlines())) < 100_000


def test_junit_holds_what_xml_can_hold_and_markup_stays_text(hostile: Path) -> None:
    text = (hostile / "junit.xml").read_text("utf-8")
    assert XML_CHARACTERS.fullmatch(text)
    names = {element.tag for element in ET.fromstring(text).iter()}
    assert names == {
        "testsuites",
        "testsuite",
        "properties",
        "property",
        "testcase",
        "failure",
        "skipped",
        "system-out",
    }
    assert "\\x1b]0;title\\x07" in text


@pytest.mark.parametrize("name", ["findings.sarif", "exchanges.har"])
def test_documents_in_json_are_pure_ascii(hostile: Path, name: str) -> None:
    content = (hostile / name).read_bytes()
    assert all(byte in b"\n" or 32 <= byte < 127 for byte in set(content))


def test_what_viewers_show_has_nothing_that_they_obey(hostile: Path) -> None:
    log = check_sarif((hostile / "findings.sarif").read_bytes())
    texts = [result["message"]["text"] for result in log["runs"][0]["results"]]
    assert len(texts) == 5
    for text in texts:
        assert {character for character in text if unicodedata.category(character) in OBEYED} <= {"\n"}
        assert "](" not in text
    assert any("[click] (http://evil.example/)" in text for text in texts)
    assert any("\\u202eevil\\u2066" in text for text in texts)


def test_allure_results_are_json_and_attachments_are_text(hostile: Path) -> None:
    for path in (hostile / "allure").iterdir():
        text = path.read_bytes().decode("utf-8")
        if path.suffix == ".json":
            result = json.loads(text)
            assert not {c for c in result["statusDetails"]["message"] if unicodedata.category(c) in OBEYED} - {
                "\n",
                "\t",
            }
        else:
            assert XML_CHARACTERS.fullmatch(text)
            assert len(text) < 40_000


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [40, 100])
def test_a_terminal_obeys_nothing_of_it(hostile: Path, encoding: str, width: int) -> None:
    class Stream(StringIO):
        pass

    stream = Stream()
    Stream.encoding = encoding
    document = load_run(hostile)
    render(document, Console(file=stream, width=width, highlight=False, force_terminal=False), run_dir=hostile)
    shown = stream.getvalue() + render_quiet(document, hostile, ascii_only=encoding == "ascii")
    assert not {c for c in shown if unicodedata.category(c) in OBEYED} - {"\n"}
    assert len(shown) < 60_000
    assert "\\x1b]0;title\\x07" in "".join(shown.split())
    if encoding == "ascii":
        assert shown.isascii()
