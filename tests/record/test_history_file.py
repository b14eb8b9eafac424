"""What was collected is written at once, masked, and read back as it was."""

from __future__ import annotations

import base64
import errno
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import UsageError
from contracts.history import Aim, Answer, ApiOperation, Demand, Input, Operation, Outcome
from contracts.record.historyfile import HistoryWriter, read_history
from contracts.record.line import MAX_BODY, dumps, from_line, to_line
from contracts.record.masking import Masker
from tests.record import scene

texts = st.text(max_size=20)
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
operations = st.builds(
    Operation,
    index=st.integers(0, 10**6),
    principal=texts,
    api_operation=st.sampled_from(ApiOperation),
    input=st.builds(Input, texts, texts, pairs, pairs, st.binary(max_size=50)),
    answer=st.none() | st.builds(Answer, st.integers(100, 599), pairs, st.binary(max_size=50), st.booleans()),
    invoked=st.floats(0, 10**6),
    returned=st.floats(0, 10**6),
    wall=st.floats(0, 10**10),
    error=st.none() | texts,
    lane=texts,
    walk=texts,
    aim=st.none() | st.builds(Aim, texts, texts, st.sampled_from(Demand)),
)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@settings(deadline=None)
@given(operation=operations)
def test_an_operation_without_secrets_is_read_back_as_it_was(operation: Operation) -> None:
    written = dumps(to_line(operation, Masker({})))
    assert written.count(b"\n") == 1
    assert from_line(json.loads(written)) == operation


def test_every_operation_is_in_the_file_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path, Masker({})) as history:
        for number, operation in enumerate(scene.operations(), 1):
            history.write(operation)
            assert len(lines(path)) == number == history.count
    assert [line["index"] for line in lines(path)] == [0, 1, 2, 3, 4, 5, 6]


def test_a_line_holds_what_the_design_says(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    masker = Masker({"owner": scene.OWNER_KEY, "other": scene.OTHER_KEY})
    with HistoryWriter(path, masker) as history:
        for operation in scene.operations():
            history.write(operation)
    found = lines(path)
    assert found[0] == {
        "index": 0,
        "principal": "owner",
        "operation": "create_purchase",
        "method": "POST",
        "path": "/v1/purchases",
        "query": [],
        "request_headers": [
            ["accept", "application/json"],
            ["x-api-key", "<key:owner>"],
            ["content-type", "application/json"],
        ],
        "request_body": '{"country_code": "US"}',
        "status": 200,
        "response_headers": [["content-type", "application/json"]],
        "response_body": json.dumps(scene.purchase(phone_number="<phone:1>")),
        "outcome": "ok",
        "error": None,
        "invoked": 0.5,
        "returned": 0.5425,
        "wall": 1771841701.5,
        "lane": "gate",
        "walk": "",
        "aim": None,
    }
    assert found[3]["query"] == [["x-api-key", "<key:owner>"]]
    assert ["cookie", "x-api-key=<key:owner>"] in found[3]["request_headers"]
    assert found[4]["aim"] == {"clause": "INPUT-1", "reason": "invalid UTF-8", "demand": "refuse"}
    assert (found[4]["status"], found[4]["response_body"], found[4]["error"]) == (None, None, "timeout")
    text = path.read_text("ascii")
    assert not [secret for secret in scene.SECRETS if secret in text]


def test_a_body_that_is_not_utf8_is_masked_and_kept_in_base64(tmp_path: Path) -> None:
    operation = scene.call(
        0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", raw=b'\xff{"code": "48213", "password": "open-sesame"}\x00'
    )
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path, Masker({})) as history:
        history.write(operation)
    line = lines(path)[0]
    assert line["response_body"] is None
    kept = b'\xff{"code": "<code:1>", "password": "<password:1>"}\x00'
    assert base64.b64decode(line["response_body_base64"]) == kept
    read = next(read_history(path))
    assert read.answer is not None
    assert read.answer.body == kept


def test_a_long_body_is_cut_with_a_note_and_no_secret_is_cut_in_two(tmp_path: Path) -> None:
    secret = "s3cret-s3cret-s3cret"
    body = b"x" * (MAX_BODY - 5) + secret.encode() + b"y" * 500_000
    masker = Masker({"owner": secret})
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path, masker) as history:
        history.write(scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", body=body, raw=body))
    line = lines(path)[0]
    assert len(line["request_body"]) == MAX_BODY
    assert line["request_body"].endswith("x<key:")
    assert line["request_body_cut"] == line["response_body_cut"] == len(body)
    read = next(read_history(path))
    assert read.outcome is Outcome.UNKNOWN


def test_a_secret_learnt_late_is_masked_in_what_was_written_before(tmp_path: Path) -> None:
    """A target may show a code under another name before it shows it as the code."""
    leak = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", answer={"debug": "sms 48213"})
    odd = scene.call(1, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", raw=b"\xff sms 48213")
    shown = scene.call(
        2, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", answer=scene.purchase(verification=scene.credentials())
    )
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path, Masker({})) as history:
        history.write(leak)
        history.write(odd)
        assert lines(path)[0]["response_body"] == '{"debug": "sms 48213"}'
        history.write(shown)
    found = lines(path)
    assert found[0]["response_body"] == '{"debug": "sms <code:1>"}'
    assert base64.b64decode(found[1]["response_body_base64"]) == b"\xff sms <code:1>"
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"]


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    operation = scene.operations()[1]

    def write(history: HistoryWriter, first: int) -> None:
        for index in range(first, first + 50):
            history.write(replace(operation, index=index))

    with HistoryWriter(path, Masker({})) as history:
        threads = [threading.Thread(target=write, args=(history, number * 50)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(read.index for read in read_history(path)) == list(range(400))


def test_a_full_disk_is_told_and_does_not_end_the_run(tmp_path: Path) -> None:
    class Full:
        closed = False

        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            self.closed = True

    history = HistoryWriter(tmp_path / "history.jsonl", Masker({}))
    history._file.close()
    history._file = Full()  # type: ignore[assignment]
    history.write(scene.operations()[0])
    history.write(scene.operations()[0])
    history.close()
    assert history.trouble == f"{tmp_path / 'history.jsonl'} is incomplete: No space left on device"
    assert history.count == 0


def test_a_closed_history_takes_no_more_and_closes_again(tmp_path: Path) -> None:
    history = HistoryWriter(tmp_path / "history.jsonl", Masker({}))
    history.close()
    history.close()
    history.write(scene.operations()[0])
    assert history.count == 0


@pytest.mark.parametrize("name", ["history.jsonl", "no/such/directory/history.jsonl"])
def test_a_history_that_cannot_be_made_is_bad_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / "history.jsonl").touch()
    with pytest.raises(UsageError, match=r"cannot write .*history\.jsonl: "):
        HistoryWriter(tmp_path / name, Masker({}))


class TestReading:
    good = dumps(to_line(scene.operations()[0], Masker({})))

    def test_a_last_line_that_was_cut_is_passed_over(self, tmp_path: Path) -> None:
        path = tmp_path / "history.jsonl"
        for end in (1, 40, len(self.good) - 2):
            path.write_bytes(self.good + self.good[:end])
            assert len(list(read_history(path))) == 1
        path.write_bytes(self.good + self.good[:-1])
        assert len(list(read_history(path))) == 2

    @pytest.mark.parametrize(
        ("bad", "why"),
        [
            (b"garbage", "Expecting value"),
            (b"[]", "not a JSON object"),
            (b"{}", "'aim' is missing"),
            (b'"\xff"', "codec can't decode"),
            (b"[" * 100_000, ""),
            (good.replace(b'"index":0', b'"index":"0"'), "'0' is no integer"),
            (good.replace(b'"query":[]', b'"query":{}'), "'{}' is no list of pairs"),
            (good.replace(b'"query":[]', b'"query":[["a"]]'), "not enough values"),
            (good.replace(b'"lane":"gate"', b'"lane":null'), "'None' is no text"),
            (good.replace(b"create_purchase", b"buy_purchase"), "'buy_purchase' is not a valid ApiOperation"),
            (good.replace(b'"request_body":', b'"request_body_base64":"?","request_body":'), "base64"),
        ],
    )
    def test_a_line_that_is_no_operation_is_told_by_its_number(self, tmp_path: Path, bad: bytes, why: str) -> None:
        path = tmp_path / "history.jsonl"
        path.write_bytes(self.good + bad.strip() + b"\n" + self.good)
        with pytest.raises(ValueError, match="line 2 is no operation: ") as caught:
            list(read_history(path))
        assert why in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_line_without_end_is_not_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("contracts.record.historyfile.MAX_LINE", 10_000)
        path = tmp_path / "history.jsonl"
        path.write_bytes(self.good + b" " * 20_000)
        with pytest.raises(ValueError, match="line 2 is no operation: longer than 10000 bytes"):
            list(read_history(path))
