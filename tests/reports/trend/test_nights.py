"""Nights are found in order; what cannot be set beside the newest is left out with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.errors import DocumentError
from reports.trend.nights import find_nights
from tests.record import scene
from tests.reports.compare import made as runs
from tests.reports.trend import made


def test_nights_are_in_order_of_time_wherever_they_lie(tmp_path: Path) -> None:
    for number, place in ((2, "a"), (0, "z/deep/er"), (1, "m")):
        made.put(tmp_path, place, made.load_night(number, 100.0 + number))
    found = find_nights(tmp_path)
    assert [night.values[made.P50] for night in found.nights] == [100.0, 101.0, 102.0]
    assert (found.left_out, found.others) == ((), 0)


def test_runs_of_other_commands_are_no_nights(tmp_path: Path) -> None:
    made.put(tmp_path, "gate", scene.document())
    made.put(tmp_path, "load", made.load_night(0, 100.0))
    found = find_nights(tmp_path)
    assert (len(found.nights), found.others) == (1, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not JSON"),
        ("\0\xff" * 1000, "is not JSON"),
        ("[" * 200_000, "is not JSON"),
        ("[]", "is not the result of a run"),
        ('{"schema": 99}', "has schema version 99"),
        ({"schema": 1}, "is not the result of a run"),
        (made.load_night(3, 1.0, partial=True), "it ended before its time"),
        (runs.document(command="load"), "it ended before its time"),
        (made.load_night(3, 1.0, {"saturated": True}), "its generator was saturated"),
        (made.load_night(3, 1.0, {"operations": []}), "it measured no operation"),
        (made.load_night(3, 1.0, {"operations": [{"name": 7}]}), "an operation's name is 7"),
        (made.load_night(3, float("nan")), "p50 of all is nan"),
    ],
)
def test_a_result_that_is_no_night_is_named_and_left_out(tmp_path: Path, content: Any, reason: str) -> None:
    made.directory(tmp_path, [100.0, 101.0])
    bad = made.put(tmp_path, "00-bad", content)
    found = find_nights(tmp_path)
    assert len(found.nights) == 2
    (left_out,) = found.left_out
    assert left_out.path == bad
    assert reason in left_out.reason


def test_nights_of_another_load_are_left_out_and_the_port_of_loopback_is_no_other(tmp_path: Path) -> None:
    made.put(tmp_path, "1", made.load_night(1, 100.0, {"target_rate": 80.0, "plan": "smoke"}))
    made.put(tmp_path, "2", made.load_night(2, 100.0, target="http://127.0.0.1:1"))
    made.put(tmp_path, "3", made.load_night(3, 100.0, target="http://127.0.0.1:2"))
    found = find_nights(tmp_path)
    assert [night.path.name for night in found.nights] == ["2", "3"]
    assert [run.reason for run in found.left_out] == ["plan smoke instead of nightly, rate 80 instead of 40"]
    assert found.missed_newest is None


def test_the_newest_run_is_missed_when_it_was_left_out(tmp_path: Path) -> None:
    made.directory(tmp_path, [100.0, 101.0])
    assert find_nights(tmp_path).missed_newest is None
    made.put(tmp_path, "partial", made.load_night(9, 100.0, partial=True))
    missed = find_nights(tmp_path).missed_newest
    assert missed is not None
    assert missed.path.name == "partial"


def test_an_unreadable_run_is_the_newest_when_its_name_says_so(tmp_path: Path) -> None:
    made.directory(tmp_path, [100.0, 101.0])
    made.put(tmp_path, "20200101T020000Z-load", "old and broken")
    assert find_nights(tmp_path).missed_newest is None
    made.put(tmp_path, "20260301T020000Z-load", "new and broken")
    missed = find_nights(tmp_path).missed_newest
    assert missed is not None
    assert missed.path.name == "20260301T020000Z-load"


def test_links_are_not_followed_and_hidden_directories_not_read(tmp_path: Path) -> None:
    made.directory(tmp_path, [100.0])
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    made.put(tmp_path, ".cache/one", made.load_night(5, 1.0))
    assert len(find_nights(tmp_path).nights) == 1


def test_what_is_no_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="nothing is no directory"):
        find_nights(tmp_path / "nothing")


def test_an_empty_directory_has_no_nights(tmp_path: Path) -> None:
    assert find_nights(tmp_path).nights == ()


def test_a_label_is_kept_and_made_safe(tmp_path: Path) -> None:
    made.put(tmp_path, "1", made.load_night(1, 100.0, label="4b96832\x1b[2J"))
    assert find_nights(tmp_path).nights[0].label == "4b96832\\x1b[2J"
