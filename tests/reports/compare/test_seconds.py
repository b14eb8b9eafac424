"""seconds.jsonl is read into blocks that hold every measured answer; a bad line is told by its number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports.compare.seconds import ALL, BLOCK_S, MOST_BLOCKS, pool, read_seconds
from reports.errors import DocumentError
from tests.reports.compare import made


def written(directory: Path, *lines: Any) -> Path:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (directory / "seconds.jsonl").write_text(text)
    return directory


def test_every_measured_answer_is_in_a_block_and_the_warm_up_in_none(tmp_path: Path) -> None:
    lines = [made.line(second, measured=second >= 3, phase="warm" if second < 3 else "steady") for second in range(12)]
    found = read_seconds(written(tmp_path, *lines))
    blocks = found.operations["create_purchase"]
    assert found.seconds.tolist() == [2.0, 5.0, 2.0]
    assert blocks.requests.tolist() == [6.0, 15.0, 6.0]
    assert blocks.edges.tolist() == [1.0, 2.0]
    assert blocks.counts.tolist() == [[4.0, 2.0], [10.0, 5.0], [4.0, 2.0]]


def test_all_is_the_sum_of_the_operations_unless_it_was_measured_itself(tmp_path: Path) -> None:
    both = [made.line(0), made.line(0, operation="get_purchase", failures=1, latency=[[4.0, 3]])]
    summed = read_seconds(written(tmp_path, *both)).operations[ALL]
    assert (summed.requests.tolist(), summed.failures.tolist()) == ([6.0], [1.0])
    assert dict(zip(summed.edges.tolist(), summed.counts[0].tolist(), strict=True)) == {1.0: 2.0, 2.0: 1.0, 4.0: 3.0}
    itself = read_seconds(written(tmp_path, *both, made.line(0, operation="all", requests=7))).operations[ALL]
    assert itself.requests.tolist() == [7.0]


def test_a_second_in_which_nothing_ended_was_measured_all_the_same(tmp_path: Path) -> None:
    found = read_seconds(written(tmp_path, *(made.line(second) for second in (0, 1, 2, 17, 18, 19))))
    assert found.seconds.tolist() == [5.0, 5.0, 5.0, 5.0]
    assert found.operations[ALL].requests.tolist() == [9.0, 0.0, 0.0, 9.0]


def test_blocks_of_one_phase_do_not_hold_seconds_of_another(tmp_path: Path) -> None:
    lines = [made.line(second, phase="ramp" if second < 8 else "hold") for second in range(16)]
    found = read_seconds(written(tmp_path, *lines))
    assert sorted(zip(found.strata.tolist(), found.seconds.tolist(), strict=True)) == [
        (0, 1.0), (0, 2.0), (0, 5.0), (1, 3.0), (1, 5.0),
    ]  # fmt: skip


def test_hours_are_held_in_a_bounded_number_of_longer_blocks_without_losing_an_answer(tmp_path: Path) -> None:
    found = read_seconds(written(tmp_path, *(made.line(second) for second in range(3 * MOST_BLOCKS * BLOCK_S))))
    assert MOST_BLOCKS / 2 <= found.seconds.size <= MOST_BLOCKS + 1
    assert found.seconds.sum() == 3 * MOST_BLOCKS * BLOCK_S
    assert found.operations[ALL].counts.sum() == 9 * MOST_BLOCKS * BLOCK_S


def test_two_seconds_far_apart_do_not_take_memory_for_those_between(tmp_path: Path) -> None:
    found = read_seconds(written(tmp_path, made.line(0), made.line(999_999)))
    assert found.seconds.size <= MOST_BLOCKS + 1
    assert found.seconds.sum() == 1_000_000


def test_a_last_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    written(tmp_path, made.line(0), made.line(1))
    with (tmp_path / "seconds.jsonl").open("a") as file:
        file.write('{"t": 2, "pha')
    assert read_seconds(tmp_path).operations[ALL].requests.sum() == 6


def test_an_empty_file_is_a_run_that_measured_nothing(tmp_path: Path) -> None:
    found = read_seconds(written(tmp_path))
    assert (found.operations, found.seconds.size) == ({}, 0)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("no json", "line 1 column 1"),
        ("[1]", "[1] is no object"),
        ("[" * 100_000, "line 1 column"),
        (made.line(-1), "t is -1"),
        (made.line(10**9), "t is 1000000000"),
        (made.line(0, t=True), "t is True"),
        (made.line(0, measured=1), "measured is 1"),
        (made.line(0, phase=None), "phase is None"),
        (made.line(0, operation="x" * 1000), "operation is 'xxx"),
        (made.line(0, requests=1.5), "requests is 1.5"),
        (made.line(0, failures=4), "4 failures in 3 requests"),
        (made.line(0, latency={}), "latency is {}"),
        (made.line(0, latency=[[1.0]]), "[1.0] is no pair"),
        (made.line(0, latency=[[0.0, 1]]), "a bucket's bound is 0.0"),
        (made.line(0, latency=[[float("nan"), 1]]), "line 1 column"),
        (made.line(0, latency=[[1e300, 1]]), "a bucket's bound is 1e+300"),
        (made.line(0, latency=[[1.0, -1]]), "the count of a bucket is -1"),
        (made.line(0, latency=[[1.0, 2**60]]), "the count of a bucket is 1152921504606846976"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_value(tmp_path: Path, line: Any, told: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_seconds(written(tmp_path, made.line(0), line, made.line(1)))
    message = str(caught.value)
    assert message.startswith(f"line 2 of {tmp_path / 'seconds.jsonl'} is no second of a run: ")
    assert told in message
    assert len(message) < 500


def test_a_line_without_end_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "seconds.jsonl").write_bytes(b" " * (5 * 1024 * 1024))
    with pytest.raises(DocumentError, match="line 1 of .* is beyond what a load run writes"):
        read_seconds(tmp_path)


def test_more_operations_than_an_api_has_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="line 201 .*more than 200 operations"):
        read_seconds(written(tmp_path, *(made.line(0, operation=f"o{number}") for number in range(300))))


def test_a_run_without_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="holds no seconds.jsonl"):
        read_seconds(tmp_path)


def test_pooled_runs_keep_their_phases_apart_and_every_answer(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    first = read_seconds(written(one, *(made.line(second) for second in range(10))))
    second = read_seconds(written(two, *(made.line(s, operation="refund", latency=[[7.0, 3]]) for s in range(5))))
    both = pool([first, second])
    assert both.strata.tolist() == [0, 0, 1]
    assert both.seconds.tolist() == [5.0, 5.0, 5.0]
    assert both.operations["refund"].requests.tolist() == [0.0, 0.0, 15.0]
    assert both.operations[ALL].edges.tolist() == [1.0, 2.0, 7.0]
    assert np.array_equal(both.operations[ALL].counts.sum(axis=0), [20.0, 10.0, 15.0])
