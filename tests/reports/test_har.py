"""Developer tools open exchanges.har: the calls of findings, or all, as masked as the history."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.history import Answer, ApiOperation
from contracts.record.line import dumps, to_line
from reports.errors import DocumentError
from reports.har import exchanges, write_har
from reports.rundocs import build, load_run
from tests.record import scene
from tests.reports import runs
from tests.reports.published import check_har


def archive(run: Path, *, every: bool = False) -> list[dict[str, Any]]:
    document = load_run(run)
    stream = io.StringIO()
    count = write_har(document, exchanges(document, run, every=every), stream)
    entries: list[dict[str, Any]] = check_har(stream.getvalue().encode("ascii"))["log"]["entries"]
    assert len(entries) == count
    return entries


def indices(entries: list[dict[str, Any]]) -> list[int]:
    return [int(entry["comment"].split()[1]) for entry in entries]


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("kind", runs.ALL)
def test_every_archive_is_valid_by_the_published_schema(kind: str, every: bool, tmp_path: Path) -> None:
    run = runs.ALL[kind](tmp_path / kind)
    build(run, har_all=every)
    assert check_har((run / "exchanges.har").read_bytes())["log"]["version"] == "1.2"


def test_the_schema_refuses_what_is_no_archive(tmp_path: Path) -> None:
    document = json.loads("{}")
    with pytest.raises(jsonschema.ValidationError):
        check_har(json.dumps(document).encode())
    entry = archive(runs.broken(tmp_path / "run"))[0]
    del entry["response"]["content"]
    log = {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [entry]}
    with pytest.raises(jsonschema.ValidationError):
        check_har(json.dumps({"log": log}).encode())


def test_by_default_the_calls_of_findings_are_there_each_once(tmp_path: Path) -> None:
    entries = archive(runs.broken(tmp_path / "run"))
    assert indices(entries) == [1, 2, 5, 6]
    life, shape, _ = scene.findings()
    assert entries[0]["comment"] == f"operation 1 by owner; {life.id}"
    assert entries[2]["comment"] == f"operation 5 by owner; {shape.id}"


def test_all_means_every_recorded_call(tmp_path: Path) -> None:
    assert indices(archive(runs.broken(tmp_path / "run"), every=True)) == [0, 1, 2, 3, 4, 5, 6]
    assert indices(archive(runs.partial(tmp_path / "cut"), every=True)) == [0, 1, 2]


def test_a_call_is_told_as_it_was_sent_and_answered(tmp_path: Path) -> None:
    listed = archive(runs.broken(tmp_path / "run"))[2]
    assert listed["startedDateTime"] == "2026-02-23T10:15:01.000Z"
    assert listed["time"] == listed["timings"]["wait"] == 42.5
    assert listed["connection"] == "gate"
    assert listed["request"]["url"] == f"{scene.TARGET}/v1/purchases?page=1&page_size=50"
    assert listed["request"]["queryString"] == [{"name": "page", "value": "1"}, {"name": "page_size", "value": "50"}]
    assert {"name": "x-api-key", "value": "<key:owner>"} in listed["request"]["headers"]
    content = listed["response"]["content"]
    assert content["mimeType"] == "application/json"
    assert json.loads(content["text"])["items"][0]["phone_number"] == "<phone:1>\n"
    assert content["size"] == len(content["text"].encode())


def test_a_call_without_an_answer_has_status_0_and_the_reason(tmp_path: Path) -> None:
    lost = archive(runs.broken(tmp_path / "run"), every=True)[4]
    assert (lost["response"]["status"], lost["response"]["comment"]) == (0, "timeout")
    assert lost["request"]["postData"]["comment"] == "base64 of what was sent"
    assert base64.b64decode(lost["request"]["postData"]["text"]) == b'{"country_code": "US\n\xff"}'


def test_a_body_that_is_no_text_stands_in_base64(tmp_path: Path) -> None:
    call = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", raw=b"\x89PNG\xff")
    run = runs.write(tmp_path / "run", [call], scene.document(), scene.masker())
    content = archive(run, every=True)[0]["response"]["content"]
    assert (content["encoding"], base64.b64decode(content["text"])) == ("base64", b"\x89PNG\xff")


def test_a_body_that_the_history_cut_is_told_with_its_size(tmp_path: Path) -> None:
    call = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", raw=b"x" * 200_000, body=b"y" * 300_000)
    run = runs.write(tmp_path / "run", [call], scene.document(), scene.masker())
    entry = archive(run, every=True)[0]
    sent, came = entry["request"], entry["response"]
    assert (came["bodySize"], came["content"]["comment"]) == (200_000, "cut; it had 200000 bytes")
    assert (sent["bodySize"], sent["postData"]["comment"]) == (300_000, "cut; it had 300000 bytes")


def test_a_history_is_read_no_further_than_the_findings_need(tmp_path: Path) -> None:
    run = runs.broken(tmp_path / "run")
    with (run / "history.jsonl").open("ab") as history:
        history.write(b"nonsense\n")
    assert indices(archive(run)) == [1, 2, 5, 6]
    assert archive(runs.kept(tmp_path / "kept")) == []


def test_without_a_history_the_evidence_stands_for_it(tmp_path: Path) -> None:
    run = runs.broken(tmp_path / "run")
    (run / "history.jsonl").unlink()
    entries = archive(run)
    assert indices(entries) == [1, 2, 5, 6]
    assert entries[2]["request"]["url"] == f"{scene.TARGET}/v1/purchases?page=1&page_size=50"
    assert entries[2]["request"]["headers"] == []
    with pytest.raises(DocumentError, match="history.jsonl: No such file"):
        archive(run, every=True)


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b'{"index": 7}',
        b"[" * 100_000,
        dumps({**to_line(scene.operations()[0], scene.masker()), "query": [["a"]]}).strip(),
        dumps({**to_line(scene.operations()[0], scene.masker()), "invoked": 1e300}).strip(),
    ],
)
def test_a_line_that_is_no_operation_is_named(line: bytes, tmp_path: Path) -> None:
    run = runs.broken(tmp_path / "run")
    with (run / "history.jsonl").open("ab") as history:
        history.write(line + b"\n")
    with pytest.raises(DocumentError, match=r"history\.jsonl: line 8 is no operation"):
        archive(run, every=True)


@settings(deadline=None, max_examples=30)
@given(
    body=st.binary(max_size=60),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    status=st.integers(100, 599),
)
def test_any_call_that_a_history_can_hold_is_a_valid_entry(body: bytes, text: str, status: int) -> None:
    pairs = ((text, text),)
    asked = scene.call(0, ApiOperation.OTHER, "POST", f"/{text}", body=body, query=pairs, headers=pairs)
    call = replace(asked, answer=Answer(status, pairs, body))
    line = json.loads(dumps(to_line(call, scene.masker())))
    stream = io.StringIO()
    write_har(scene.document(), [line], stream)
    (entry,) = check_har(stream.getvalue().encode("ascii"))["log"]["entries"]
    assert entry["response"]["status"] == status
    assert entry["request"]["queryString"] == [{"name": text, "value": text}]
    content = entry["response"]["content"]
    assert (base64.b64decode(content["text"]) if "encoding" in content else content["text"].encode()) == body
